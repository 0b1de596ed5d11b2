"""`jieli import`, `jieli search`, `jieli read`: from a file to words on a terminal, and every refusal on the way."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer
from typer.testing import CliRunner, Result

from jieli.access.types import Role
from jieli.capture import queries as capture
from jieli.capture.models import Run
from jieli.doors.cli import frame
from jieli.doors.cli.import_ import import_
from jieli.doors.cli.search import read, search
from jieli.ledger import queries as ledger
from jieli.reading import queries as reading
from jieli.reading.models import Opening
from jieli.wiring.profile import Profile, read_profile
from tests.conftest import NOW
from tests.rooms.company import Company, chat, company, reader, thread, vault
from tests.rooms.test_capture import MIXED, agreement
from tests.shared_data import shared

__all__ = ["company", "vault"]

app = typer.Typer()
app.command("import")(import_)
app.command("search")(search)
app.command("read")(read)

Jieli = Callable[..., Result]


@pytest.fixture
def jieli(company: Company, monkeypatch: pytest.MonkeyPatch) -> Jieli:
    """The command line on this test's house, at NOW."""
    profile: Profile = read_profile({"JIELI_HOME": str(company.home)})
    monkeypatch.setattr(frame, "profile", lambda: profile)
    monkeypatch.setattr(frame, "now", lambda profile: NOW)
    monkeypatch.setattr(frame.start, "ready", lambda profile: None)
    reader(Role.COMPLIANCE, name="yan")
    reader(Role.IT, name="it")

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "msgs.jsonl"
    path.write_bytes(b"\n".join(MIXED) + b"\n")
    return path


def test_an_import_acknowledges_batches_and_closes_with_an_account(jieli: Jieli, file: Path) -> None:
    done = jieli("import", file, "--format", "wecom", "--as", "it")
    assert done.exit_code == 0
    acknowledged = [line for line in done.output.splitlines() if line.startswith("已入账 #")]
    index = int(acknowledged[0].removeprefix("已入账 #").partition("：")[0])
    assert ledger.entries([index])[index].kind == "capture.admit"
    assert "第 1–8 行，存入 2，拒收 3，重复 1，读不出 1" in acknowledged[0]
    for words in ("客户未同意", "非工作时间", "非客户会话", "wecom.not_json", "msgs.jsonl"):
        assert words in done.output
    assert "broken" not in done.output


def test_the_same_as_one_json_object(jieli: Jieli, file: Path) -> None:
    done = json.loads(jieli("import", file, "--format", "wecom", "--as", "it", "--json").output)
    assert {name: done[name] for name in ("read", "admitted", "refused", "duplicates", "malformed", "switches")} == {
        "read": 7, "admitted": 2, "refused": 3, "duplicates": 1, "malformed": 1, "switches": 1,
    }  # fmt: skip
    [one] = done["files"]
    assert one["malformed_lines"] == [{"line": 3, "column": 18, "code": "wecom.not_json"}]
    assert one["reasons"] == {"客户未同意": 1, "非工作时间": 1, "非客户会话": 1}
    assert one["expected"] is None


@pytest.mark.req("R3.29")
def test_a_disagreement_at_the_end_of_a_file_counts_for_its_beginning(jieli: Jieli, tmp_path: Path) -> None:
    path = tmp_path / "msgs.jsonl"
    path.write_bytes(
        chat(1, "我同意过吗", when="2026-09-18 10:05")
        + b"\n"
        + agreement(2, "wm-lin", "2026-09-18 10:00", agreed=False)
    )
    done = json.loads(jieli("import", path, "--format", "wecom", "--as", "it", "--json").output)
    assert (done["admitted"], done["refused"], done["statements"]) == (0, 1, 1)


def test_a_file_of_which_nothing_could_be_read_ends_with_one(jieli: Jieli, tmp_path: Path) -> None:
    path = tmp_path / "not.jsonl"
    path.write_bytes(b"hello\nworld\n")
    done = jieli("import", path, "--format", "wecom", "--as", "it", "--json")
    assert (done.exit_code, json.loads(done.output)["malformed"]) == (1, 2)


REFUSALS = [
    (["--as", "nobody"], "cli.nobody"),
    (["--as", "it", "--historical", "--reason", "补录"], "access.forbidden"),
    (["--as", "yan", "--historical"], "capture.reason_missing"),
    (["--as", "clerk"], "access.forbidden"),
]


@pytest.mark.parametrize(("words", "code"), REFUSALS)
def test_who_may_not_import_is_told_so_and_nothing_begins(
    jieli: Jieli, file: Path, words: list[str], code: str
) -> None:
    reader(Role.SALES_LEAD, name="clerk")
    done = jieli("import", file, "--format", "wecom", "--json", *words)
    assert (done.exit_code, json.loads(done.output)["code"]) == (1, code)
    assert Run.objects.count() == 0


def test_a_historical_import_is_a_permission_of_its_own(jieli: Jieli, file: Path) -> None:
    done = jieli("import", file, "--format", "wecom", "--as", "yan", "--historical", "--reason", "上线前存档")
    assert done.exit_code == 0
    assert Run.objects.get().reason == "上线前存档"


@pytest.mark.parametrize("words", [["--format", "dialogue", "--platform", "wecom"], ["--format", "dialogue"]])
def test_dialogues_need_a_mapping_and_a_platform(jieli: Jieli, file: Path, words: list[str]) -> None:
    done = jieli("import", file, "--as", "it", "--json", *words)
    assert (done.exit_code, json.loads(done.output)["code"]) == (1, "import.missing_option")


def test_a_file_that_is_not_there_is_an_error_without_a_traceback(jieli: Jieli, tmp_path: Path) -> None:
    done = jieli("import", tmp_path / "none", "--format", "wecom", "--as", "it", "--json")
    assert (done.exit_code, json.loads(done.output)["code"]) == (1, "import.unreadable")


def mapping(expected: dict[str, Any], **changed: Any) -> bytes:
    rule = {
        "prefix": "tea-", "kind": "chat", "account": "HeQing", "start": "2026-09-18T10:00:00+08:00", "every_s": 600,
        "speakers": {"staff": "@account", "customer": ["wm-lin", "wm-no"]},
    }  # fmt: skip
    return orjson.dumps(
        {
            "format": "jieli.dialogue-mapping", "version": 1, "source": "dialogue.tea", "rules": [rule | changed],
            "expected": expected,
        }
    )  # fmt: skip


@pytest.fixture
def dialogues(tmp_path: Path) -> Path:
    path = tmp_path / "tea.jsonl"
    turns = [(n, turn) for n in range(2) for turn in range(4)]
    path.write_bytes(
        b"\n".join(
            orjson.dumps(
                {
                    "dialogue_id": f"tea-{n}", "turn": turn, "speaker": ["customer", "staff"][turn % 2],
                    "text": f"明前茶的第{n}{turn}句",
                }
            )
            for n, turn in turns
        )
    )  # fmt: skip
    return path


def test_dialogues_are_compared_with_what_was_expected_and_open_again(
    jieli: Jieli, dialogues: Path, tmp_path: Path
) -> None:
    rules = tmp_path / "mapping.json"
    rules.write_bytes(mapping({"admitted": 6, "refused": {"客户未同意": 2}}))
    words = (
        "import",
        dialogues,
        "--format",
        "dialogue",
        "--mapping",
        rules,
        "--platform",
        "wecom",
        "--as",
        "it",
    )
    assert "与映射所写的预期条数一致" in jieli(*words).output
    rules.write_bytes(mapping({"admitted": 7, "refused": {"非工作时间": 1}}))
    again = jieli(*words)
    assert "存入预期 7 条，实为 6 条" in again.output
    assert "非工作时间预期 1 条，实为 0 条" in again.output
    found = json.loads(jieli(*asked("明前茶"), "--json").output)
    assert [item["text"] for item in found["items"]] == [
        f"明前茶的第{n}句" for n in ("13", "11", "03", "02", "01", "00")
    ]
    rules.write_bytes(mapping({}, account="LuChuan"))
    other = jieli(*words, "--json")
    assert (other.exit_code, json.loads(other.output)["code"]) == (1, "capture.mapping_changed")
    assert capture.mapping_rules("dialogue.tea") is not None


def test_call_records_of_both_layouts_go_through_the_gate(jieli: Jieli) -> None:
    for layout in ("asterisk", "freeswitch"):
        path = shared(f"call_records/{layout}_master_made.csv")
        done = json.loads(jieli("import", path, "--format", f"calls-{layout}", "--as", "it", "--json").output)
        assert done["admitted"] == 0
        assert done["refused"] == done["read"] > 0
        assert set(done["files"][0]["first_reasons"]) <= {"账号未登记"}


def test_the_shared_wecom_lines_are_all_accounted_for(jieli: Jieli) -> None:
    path = shared("wecom_samples/wecom_messages_example.jsonl")
    done = json.loads(jieli("import", path, "--format", "wecom", "--as", "it", "--json").output)
    lines = len([line for line in path.read_bytes().splitlines() if line.strip()])
    assert done["read"] + done["malformed"] == lines


def asked(
    query: str, *more: str, purpose: str = "投诉溯源", sign_in: str = "yan", matter: str = ""
) -> list[str]:
    number = matter or thread()
    return ["search", query, "--purpose", purpose, "--matter", number, "--as", sign_in, *more]


@pytest.mark.req("R3.7")
def test_a_search_shows_words_after_its_row_and_the_whole_conversation_reads(
    jieli: Jieli, file: Path
) -> None:
    jieli("import", file, "--format", "wecom", "--as", "it")
    done = jieli(*asked("明前"))
    assert done.exit_code == 0
    assert "明前茶还有吗？" in done.output
    assert "林晚" in done.output
    [record] = reading.openings()
    assert f"已先入账 #{record.entry}" in done.output
    one = json.loads(jieli(*asked("明前"), "--json").output)["items"][0]
    whole = jieli(
        "read", "--conversation", str(one["conversation"]), "--purpose", "投诉溯源", "--matter", thread(),
        "--as", "yan", "--json",
    )  # fmt: skip
    assert [item["text"] for item in json.loads(whole.output)["items"]] == [
        "明前茶还有吗？",
        "有的，给您留着。",
    ]
    single = jieli(
        "read", "--item", str(one["item"]), "--purpose", "投诉溯源", "--matter", thread(), "--as", "yan"
    )
    assert "明前茶还有吗？" in single.output


@pytest.mark.req("R3.7", "R3.2")
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"purpose": "员工忠诚度分析"}, "reading.purpose_denied"),
        ({"sign_in": "it"}, "access.forbidden"),
        ({"matter": "M-2026-0404"}, "reading.matter_not_open"),
        ({"query": "茶"}, "search.too_short"),
    ],
)
def test_what_may_not_be_searched_is_refused_and_leaves_nothing(
    jieli: Jieli, file: Path, changed: dict[str, str], code: str
) -> None:
    jieli("import", file, "--format", "wecom", "--as", "it")
    done = jieli(*asked(**({"query": "明前"} | changed)), "--json")
    assert (done.exit_code, json.loads(done.output)["code"]) == (1, code)
    assert Opening.objects.count() == 0


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["--from", "2026-09-18", "--to", "2026-09-18"], 1),
        (["--from", "2026-09-18T10:01"], 0),
        (["--party", "wm-lin"], 1),
        (["--party", "LuChuan"], 0),
        (["--account", "HeQing"], 1),
    ],
)
def test_a_search_is_narrowed_by_words_people_use(
    jieli: Jieli, file: Path, words: list[str], count: int
) -> None:
    jieli("import", file, "--format", "wecom", "--as", "it")
    assert json.loads(jieli(*asked("明前", *words), "--json").output)["count"] == count


HALF_PAST = "2026-09-01T09:30"
OPTIONS = [
    ["--from", "昨天"], ["--account", "nobody"], ["--from", "2026-13-01"], ["--to", "9999-12-31"],
]  # fmt: skip


@pytest.mark.parametrize("words", OPTIONS)
def test_an_option_that_names_nothing_is_refused(jieli: Jieli, words: list[str]) -> None:
    done = jieli(*asked("明前", *words), "--json")
    assert (done.exit_code, json.loads(done.output)["code"]) == (1, "cli.bad_option")
    assert not Opening.objects.exists()


@pytest.mark.parametrize(("begin", "end"), [("2026-10-01", "2026-09-01"), (HALF_PAST, HALF_PAST)])
def test_a_span_in_which_nothing_can_lie_is_refused_and_no_opening_entered(
    jieli: Jieli, begin: str, end: str
) -> None:
    done = jieli(*asked("明前", "--from", begin, "--to", end), "--json")
    assert (done.exit_code, json.loads(done.output)["code"]) == (1, "reading.empty_window")
    assert not Opening.objects.exists()


def test_a_time_beyond_the_calendar_is_not_called_a_wrong_spelling(jieli: Jieli) -> None:
    done = jieli(*asked("明前", "--to", "9999-12-31"), "--json")
    assert "超出历法" in json.loads(done.output)["error"]


@pytest.mark.parametrize("number", ["0", "999999", "-1", "9" * 23])
def test_a_conversation_that_is_none_is_told_so_and_nothing_is_entered(jieli: Jieli, number: str) -> None:
    asked_for = ("read", "--purpose", "投诉溯源", "--matter", thread(), "--as", "yan", "--json")
    done = jieli(*asked_for, "--conversation", number)
    assert (done.exit_code, json.loads(done.output)["code"]) == (1, "archive.unknown_conversation")
    done = jieli(*asked_for, "--item", "9" * 23)
    assert (done.exit_code, json.loads(done.output)["code"]) == (1, "archive.unknown_item")
    assert not Opening.objects.exists()


def test_reading_needs_a_conversation_or_items_and_not_both(jieli: Jieli) -> None:
    for words in ([], ["--conversation", "1", "--item", "1"]):
        done = jieli("read", "--purpose", "投诉溯源", "--matter", thread(), "--as", "yan", "--json", *words)
        assert (done.exit_code, json.loads(done.output)["code"]) == (1, "cli.bad_option")
