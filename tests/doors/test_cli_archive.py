"""`jieli hold` and `jieli shred`: what is held stays, what is destroyed is gone with two dates on paper."""

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from jieli.doors.cli import frame
from jieli.kernel.times import DAY
from tests.conftest import NOW
from tests.doors.cli import TALK, Jieli, bring, items, matter
from tests.rooms.company import chat

WHY = ("--reason", "客户请求", "--as", "admin")
HELD = ("--reason", "争议", "--as", "yan")


def test_what_is_destroyed_is_gone_and_certified_with_two_dates(jieli: Jieli, tmp_path: Path) -> None:
    bring(jieli, tmp_path, *TALK)
    [found] = items(jieli)
    done = jieli.answer("shred", "items", found["item"], *WHY, "--matter", matter(jieli))
    assert done["items"] == 1
    assert done["live_gone_at"] == NOW
    assert done["backups_gone_by"] > NOW + 7 * DAY
    assert items(jieli) == []
    assert jieli.refused("shred", "items", found["item"], *WHY)["code"] == "archive.nothing_to_shred"
    said = jieli.said("shred", "conversation", found["conversation"], *WHY)
    for words in ("已销毁 2 条", "主存储：2026-09-21", "已不可恢复", "最后备份："):
        assert words in said
    paper = tmp_path / "销毁证明.pdf"
    jieli.answer("shred", "paper", done["shred"], "--as", "admin", "--out", paper)
    assert paper.read_bytes().startswith(b"%PDF")
    again = jieli.refused("shred", "paper", done["shred"], "--as", "admin", "--out", paper)
    assert (again["code"], str(paper) in again["error"]) == ("cli.file_there", True)
    nowhere = ("--as", "admin", "--out", tmp_path / "nowhere" / "p.pdf")
    assert jieli.refused("shred", "paper", done["shred"], *nowhere)["code"] == "cli.cannot_write"
    assert items(jieli, "下午") == []
    assert jieli.answer("fsck")["clean"] is True


def test_what_is_held_is_refused_until_the_hold_is_released(jieli: Jieli, tmp_path: Path) -> None:
    bring(jieli, tmp_path, *TALK)
    [found] = items(jieli)
    item, talk = found["item"], found["conversation"]
    placed = jieli.answer("hold", "place", "条目", item, *HELD, "--matter", matter(jieli))
    assert (placed["scope"], placed["target"]) == ("条目", str(item))
    for words in (("items", item), ("conversation", talk)):
        refused = jieli.refused("shred", *words, *WHY)
        assert refused["code"] == "archive.held"
        assert "明前茶" not in str(refused)
    assert len(items(jieli)) == 1
    assert jieli.answer("hold", "release", placed["hold"], *HELD) == {"released": placed["hold"]}
    assert jieli.answer("shred", "items", item, *WHY)["items"] == 1
    again = jieli.said("hold", "place", "会话", talk, *HELD)
    assert f"已保全：会话 {talk}。保全编号 " in again
    assert jieli.refused("shred", "conversation", talk, *WHY)["code"] == "archive.held"


def test_who_may_not_and_what_is_not_there_are_told_so(jieli: Jieli, tmp_path: Path) -> None:
    bring(jieli, tmp_path, *TALK)
    nobody = "00000000-0000-4000-8000-000000000000"
    for words, code in (
        (("shred", "items", 1, "--reason", "到期", "--as", "yan"), "access.forbidden"),
        (("hold", "place", "条目", 1, "--reason", "争议", "--as", "admin"), "access.forbidden"),
        (("shred", "items", 1, *WHY), "archive.nothing_to_shred"),
        (("shred", "items", 1, *WHY, "--matter", "M-2026-0404"), "matters.unknown"),
        (("hold", "place", "条目", "x", *HELD), "archive.unknown_hold_target"),
        (("hold", "place", "条目", "9" * 30, *HELD), "archive.unknown_hold_target"),
        (("hold", "place", "会话", 99, *HELD), "archive.unknown_hold_target"),
        (("hold", "place", "会话", "9" * 30, *HELD), "archive.unknown_hold_target"),
        (("hold", "place", "人", "何青", *HELD), "wiring.unknown_subject"),
        (("hold", "place", "人", nobody, *HELD), "wiring.unknown_subject"),
        (("shred", "person", "E9999", *WHY), "wiring.unknown_subject"),
        (("shred", "person", "HeQing", "--kind", "客户", *WHY), "wiring.unknown_subject"),
        (("hold", "place", "类别", "screen", *HELD), "archive.unknown_hold_target"),
        (("hold", "release", nobody, *HELD), "archive.unknown_hold"),
    ):
        assert jieli.refused(*words)["code"] == code
    assert len(items(jieli)) == 1


def test_a_matter_is_opened_listed_and_closed(jieli: Jieli) -> None:
    number = matter(jieli)
    jieli.at += 1
    more = jieli.said("matter", "open", "何青离职", "--kind", "离职", "--staff", "HeQing", "--as", "yan")
    assert "M-2026-0002" in more
    found = jieli.answer("matter", "list", "--as", "yan")
    assert [(m["number"], m["kind"]) for m in found["matters"]] == [(number, "争议"), ("M-2026-0002", "离职")]
    assert "何青离职" in jieli.said("matter", "list", "--as", "yan")
    assert jieli.answer("matter", "close", number, "--as", "yan")["closed_on"] == "2026-09-21"
    assert jieli.refused("matter", "close", number, "--as", "yan")["code"] == "matters.closed"
    assert jieli.refused("matter", "list", "--as", "admin")["code"] == "access.forbidden"
    asked = ("search", "明前", "--purpose", "投诉溯源", "--matter", number, "--as", "yan")
    assert jieli.refused(*asked)["code"] == "reading.matter_not_open"


def refused_when_named(jieli: Jieli, *words: object) -> dict[str, str]:
    """The error of a command that first says on the screen whom it means; machines get the error alone."""
    told, coded = jieli(*words), jieli(*words, "--json")
    assert (told.exit_code, coded.exit_code) == (1, 1)
    found: dict[str, str] = json.loads(coded.stdout)
    assert told.stdout.startswith("将销毁 ")
    assert told.stderr.replace("\n", "") == f"{found['error']}{found['remedy']}［{found['code']}］"
    return found


YEARS = 4 * 366 * DAY
PLENTY = ("--reason", "每季清理", "--as", "admin")


def due(jieli: Jieli) -> dict[str, int]:
    """Class → how many are due, for those where something is."""
    found = jieli.answer("retention", "show", "--as", "yan")
    return {c["class"]: c["due"] for c in found["classes"] if c["due"]}


def test_a_person_goes_with_both_halves_of_his_talk(jieli: Jieli, tmp_path: Path) -> None:
    others = chat(9, "明前茶还有货吗", sender="wm-gu", to="HeQing", when="2026-09-18 11:00")
    bring(jieli, tmp_path, *TALK, others)
    assert len(items(jieli)) == 2
    gone = jieli.company.customers["wm-lin"]
    done = jieli.answer("shred", "person", gone, *WHY)
    assert done["items"] == len(TALK)
    [left] = items(jieli)
    assert left["conversation"] != done["shred"]
    assert jieli.answer("shred", "list", "--as", "admin") == {"unfinished": []}
    assert "0 项销毁尚未办完" in jieli.said("shred", "list", "--as", "admin")
    assert refused_when_named(jieli, "shred", "person", gone, *WHY)["code"] == "archive.nothing_to_shred"
    assert (
        jieli.refused("shred", "person", gone, "--reason", "x", "--as", "yan")["code"] == "access.forbidden"
    )
    assert jieli.answer("fsck")["clean"] is True


def test_a_person_is_erased_from_the_registers_too_and_the_command_says_where_he_is_still_named(
    jieli: Jieli, tmp_path: Path
) -> None:
    bring(jieli, tmp_path, *TALK)
    gone = jieli.company.customers["wm-lin"]
    placed = jieli.answer("hold", "place", "人", gone, *HELD)
    refused = refused_when_named(jieli, "shred", "person", gone, "--with-register", *WHY)
    assert refused["code"] == "archive.person_kept"
    jieli.answer("hold", "release", placed["hold"], *HELD)
    done = jieli.answer("shred", "person", gone, "--with-register", *WHY)
    assert (done["items"], done["register_rows"]) == (len(TALK), 2)
    assert {one["table"] for one in done["still_named"]} <= {"consent_step", "consent_notice"}
    refused = refused_when_named(jieli, "shred", "person", gone, "--with-register", *WHY)
    assert refused["code"] == "archive.unknown_person"
    other = jieli.company.customers["wm-gu"]
    said = jieli.said("shred", "person", other, "--with-register", *WHY)
    assert "登记已清空 2 行" in said and "这些字样仍见于：" in said
    paper = tmp_path / "销毁证明.pdf"
    jieli.answer("shred", "paper", done["shred"], "--as", "admin", "--out", paper)
    assert paper.read_bytes().startswith(b"%PDF")
    assert jieli.answer("fsck")["clean"] is True


def test_what_is_past_its_time_goes_only_when_somebody_else_agreed(jieli: Jieli, tmp_path: Path) -> None:
    bring(jieli, tmp_path, *TALK)
    assert due(jieli) == {}
    assert jieli.refused("retention", "propose", "chat", *PLENTY)["code"] == "archive.nothing_due"
    jieli.at += YEARS
    assert due(jieli) == {"chat": 3}
    plan = jieli.answer("retention", "propose", "chat", *PLENTY)
    assert (plan["class"], plan["items"]) == ("chat", 3)
    assert jieli.answer("retention", "run", "--as", "admin")["plans"] == 0
    own = jieli.refused("approve", "decide", plan["request"], "同意", "--as", "admin")
    assert own["code"] == "access.forbidden"
    jieli.answer("approve", "decide", plan["request"], "同意", "--as", "yan")
    assert jieli.answer("retention", "show", "--as", "yan")["plans"][0]["approved"] is True
    done = jieli.answer("retention", "run", "--as", "admin")
    assert (done["plans"], done["items"]) == (1, 3)
    assert (due(jieli), items(jieli)) == ({}, [])
    paper = tmp_path / "销毁证明.pdf"
    jieli.answer("shred", "paper", done["shreds"][0], "--as", "admin", "--out", paper)
    assert paper.read_bytes().startswith(b"%PDF")


def test_one_person_may_destroy_what_is_due_on_his_own_word_but_never_what_is_held(
    jieli: Jieli, tmp_path: Path
) -> None:
    bring(jieli, tmp_path, *TALK)
    item = items(jieli)[0]["item"]
    jieli.answer("hold", "place", "条目", item, *HELD)
    jieli.at += YEARS
    shown = jieli.said("retention", "show", "--as", "yan")
    for words in (
        "chat 聊天记录：36 个月，自消息发生之日",
        "个人信息保护法第十九条",
        "劳动合同文本",
        "劳动合同法第五十条",
    ):
        assert words in shown
    bare = jieli.refused("retention", "run", "chat", "--as", "admin")
    assert bare["code"] == "archive.no_reason"
    assert (
        jieli.refused("retention", "run", "chat", "--reason", "x", "--as", "yan")["code"]
        == "access.forbidden"
    )
    assert jieli.refused("retention", "run", "log", *PLENTY)["code"] == "archive.unknown_class"
    assert "已销毁 2 条" in jieli.said("retention", "run", "chat", *PLENTY)
    assert [found["item"] for found in items(jieli)] == [item]
    assert jieli.refused("retention", "run", "chat", *PLENTY)["code"] == "archive.nothing_due"
    by_hand = jieli.refused("hold", "place", "时效", item, *HELD)
    assert by_hand["code"] == "archive.hold_by_rule"


def test_periods_are_changed_with_a_reason_and_not_below_the_law(jieli: Jieli) -> None:
    why = ("--reason", "制度修订", "--as", "yan")
    assert jieli.answer("retention", "set", "chat=12", "log=12", *why) == {"version": 1}
    found = jieli.answer("retention", "show", "--as", "yan")
    months = {c["class"]: c["months"] for c in found["classes"]}
    assert (found["version"], months["chat"], months["log"], months["call"]) == (1, 12, 12, 24)
    for words, code in (
        ("contract=12", "archive.retention_too_short"),
        ("log=5", "archive.retention_too_short"),
        ("gossip=12", "archive.unknown_class"),
        ("chat", "cli.not_months"),
        ("chat=1201", "archive.retention_too_long"),
        ("chat=99999999999", "archive.retention_too_long"),
        ("chat=9999999999999", "cli.not_months"),
    ):
        assert jieli.refused("retention", "set", words, *why)["code"] == code
    refused = jieli.refused("retention", "set", "chat=12", "--reason", "x", "--as", "admin")
    assert refused["code"] == "access.forbidden"


def test_periods_can_be_read_on_a_screen_of_eighty_columns(
    jieli: Jieli, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("retention", "show", "--as", "yan")
    monkeypatch.setattr(frame.out, "_width", 80)
    said = jieli.said(*words)
    lines = said.splitlines()
    assert max(cell_len(line.rstrip()) for line in lines) <= 80
    assert "  依据：劳动争议调解仲裁法第二十七条、" in said
    assert "LDMA" not in said
    whole = "".join(line.strip() for line in lines)
    for one in jieli.answer(*words)["classes"]:
        assert f"{one['class']} {one['name']}：{one['months']} 个月，自{one['from']}" in whole
        assert one["stays"] in whole
    assert len(lines) < 5 * 12
