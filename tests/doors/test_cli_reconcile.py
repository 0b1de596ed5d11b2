"""`jieli reconcile` and `jieli rebuild tiles`: what is missing is named, what is derived is made anew."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from jieli.access.types import Role
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from tests.conftest import NOW
from tests.doors.cli import TALK, Jieli, bring
from tests.rooms.company import chat, reader

Sql = Callable[..., list[tuple[Any, ...]]]
NIGHT = chat(8, "夜里的一句秘密", when="2026-09-18 23:10")
LOST = chat(9, "从未导入的一句", when="2026-09-18 14:10")


@pytest.fixture
def file(jieli: Jieli, tmp_path: Path) -> Path:
    bring(jieli, tmp_path, *TALK, NIGHT)
    path = tmp_path / "delivered.jsonl"
    path.write_bytes(b"\n".join([*TALK, NIGHT, b"{broken"]) + b"\n")
    return path


def test_a_complete_delivery_ends_with_zero_and_stands_in_the_ledger(jieli: Jieli, file: Path) -> None:
    words = ("reconcile", file, "--format", "wecom", "--as", "admin")
    found = jieli.answer(*words)
    assert {k: found[k] for k in ("complete", "messages", "admitted", "refused", "unreadable", "missing")} == {
        "complete": True, "messages": 4, "admitted": 3, "refused": 1, "unreadable": 1, "missing": 0,
    }  # fmt: skip
    assert [(u["file"], u["line"], u["code"]) for u in found["unreadable_lines"]] == [
        (file.name, 5, "wecom.not_json")
    ]
    assert ledger.facts([found["entry"]])[found["entry"]]["refused"] == 1
    said = jieli.said(*words)
    for word in ("完整：来源交付的都有着落", "已存入", "读不出的行"):
        assert word in said
    assert "秘密" not in said


def test_gaps_are_listed_by_account_and_hour_and_end_with_one(jieli: Jieli, file: Path) -> None:
    file.write_bytes(b"\n".join([*TALK, NIGHT, LOST]))
    words = ("reconcile", file, "--format", "wecom", "--as", "yan")
    coded, told = jieli(*words, "--json"), jieli(*words)
    assert (coded.exit_code, told.exit_code) == (1, 1)
    assert json.loads(coded.stdout)["gaps"] == [
        {
            "account": "HeQing", "hour": "2026-09-18T14:00:00+08:00", "delivered": 1, "missing": 1,
            "again": "平台仍保留，可重新拉取",
        }
    ]  # fmt: skip
    for word in ("HeQing", "2026-09-18 14 时", "不完整"):
        assert word in told.stdout
    assert "从未导入" not in coded.output + told.output


def test_an_empty_file_is_never_complete_in_either_format(jieli: Jieli, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    for words in (("wecom",), ("counts", "--platform", "wecom")):
        asked = ("reconcile", empty, "--format", *words, "--as", "admin")
        coded, told = jieli(*asked, "--json"), jieli(*asked)
        assert (coded.exit_code, told.exit_code) == (1, 1)
        found = json.loads(coded.stdout)
        assert (found["complete"], found["nothing_read"]) == (False, True)
        assert ledger.facts([found["entry"]])[found["entry"]]["complete"] == 0
        assert "什么也没有读出来" in told.stdout
        assert "都有着落" not in told.stdout


def test_counts_dialogues_and_refusals_of_the_command(jieli: Jieli, file: Path, tmp_path: Path) -> None:
    counts = tmp_path / "counts.csv"
    counts.write_text("hour,account,count\n2026-09-18T10,HeQing,3\n2026-09-18T23,HeQing,1\n")
    found = jieli.answer("reconcile", counts, "--format", "counts", "--platform", "wecom", "--as", "admin")
    assert (found["by_counts"], found["admitted"], found["refused_by_tally"]) == (True, 3, 1)
    reader(Role.SALES_LEAD, name="clerk")
    words = ("reconcile", counts, "--format")
    for more, code in (
        (("wecom", "--as", "clerk"), "access.forbidden"),
        (("counts", "--as", "admin"), "import.missing_option"),
        (("dialogue", "--platform", "wecom", "--as", "admin"), "import.missing_option"),
    ):
        assert jieli.refused(*words, *more)["code"] == code
    gone = ("reconcile", tmp_path / "none", "--format", "wecom", "--as", "admin")
    assert jieli.refused(*gone)["code"] == "import.unreadable"


def test_dialogues_are_reconciled_under_the_mapping_they_came_in_with(jieli: Jieli, tmp_path: Path) -> None:
    rules = {
        "format": "jieli.dialogue-mapping", "version": 1, "source": "dialogue.tea",
        "rules": [
            {
                "prefix": "tea-", "kind": "chat", "account": "HeQing", "start": "2026-09-18T10:00:00+08:00",
                "speakers": {"staff": "@account", "customer": "wm-lin"},
            }
        ],
    }  # fmt: skip
    mapping, talk = tmp_path / "mapping.json", tmp_path / "tea.jsonl"
    mapping.write_bytes(orjson.dumps(rules))
    turns = [{"dialogue_id": "tea-0", "turn": n, "speaker": "customer", "text": "明前茶"} for n in range(3)]
    talk.write_bytes(b"\n".join(map(orjson.dumps, turns)))
    options = (talk, "--format", "dialogue", "--mapping", mapping, "--platform", "wecom", "--as", "admin")
    jieli.answer("import", *options)
    assert jieli.answer("reconcile", *options)["admitted"] == 3
    rules["rules"][0]["speakers"]["customer"] = "wm-gu"  # type: ignore[index]
    mapping.write_bytes(orjson.dumps(rules))
    assert jieli.refused("reconcile", *options)["code"] == "capture.mapping_changed"


def fill(entries: int) -> None:
    with book(at=NOW) as b:
        for _ in range(entries):
            b.entry("test.filled", by="system:test")


def test_tiles_are_made_anew_where_they_differ_and_nowhere_else(
    jieli: Jieli, signing: None, owner_sql: Sql
) -> None:
    fill(1_200)
    jieli.answer("ledger", "checkpoint")
    was = owner_sql("SELECT level, n, data, root FROM ledger_tile ORDER BY level, n")
    assert jieli.answer("rebuild", "tiles", "--as", "admin")["made"] == []
    owner_sql("UPDATE ledger_tile SET data = decode(repeat('00', 8192), 'hex') WHERE n = 1 AND level = 0")
    owner_sql("DELETE FROM ledger_tile WHERE n = 3 AND level = 0")
    owner_sql(
        "INSERT INTO ledger_tile SELECT log, level, 99, data, root FROM ledger_tile WHERE n = 0 AND level = 0"
    )
    owner_sql(
        "INSERT INTO ledger_tile SELECT log, 2, 0, data, root FROM ledger_tile WHERE n = 0 AND level = 0"
    )
    assert jieli("fsck", "--json").exit_code == 1
    found = jieli.answer("rebuild", "tiles", "--as", "admin")
    assert (found["tiles"], found["made"], found["removed"]) == (len(was), ["0/1", "0/3"], 2)
    assert owner_sql("SELECT level, n, data, root FROM ledger_tile ORDER BY level, n") == was
    assert ledger.entries([found["entry"]])[found["entry"]].kind == "ledger.retiled"
    assert jieli.answer("fsck")["clean"] is True
    assert "重建 0 个" in jieli.said("rebuild", "tiles", "--as", "admin")


def test_no_tiles_are_made_of_entries_that_nobody_signed(jieli: Jieli, signing: None, owner_sql: Sql) -> None:
    words = ("rebuild", "tiles", "--as")
    fill(600)
    jieli.answer("ledger", "checkpoint")
    assert jieli.refused(*words, "yan")["code"] == "access.forbidden"
    was = owner_sql("SELECT n, data FROM ledger_tile ORDER BY n")
    owner_sql("UPDATE ledger_checkpoint SET root = decode(repeat('00', 32), 'hex')")
    assert jieli.refused(*words, "admin")["code"] == "ledger.entries_differ"
    owner_sql("UPDATE ledger_entry SET time = time + 1 WHERE index = 300")
    assert "条目 300" in jieli.refused(*words, "admin")["error"]
    assert owner_sql("SELECT n, data FROM ledger_tile ORDER BY n") == was
