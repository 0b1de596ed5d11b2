"""`jieli hold` and `jieli shred`: what is held stays, what is destroyed is gone with two dates on paper."""

from pathlib import Path

from jieli.kernel.times import DAY
from tests.conftest import NOW
from tests.doors.cli import TALK, Jieli, bring, items, matter

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
    assert "hold：" in again
    assert jieli.refused("shred", "conversation", talk, *WHY)["code"] == "archive.held"


def test_who_may_not_and_what_is_not_there_are_told_so(jieli: Jieli, tmp_path: Path) -> None:
    bring(jieli, tmp_path, *TALK)
    nobody = "00000000-0000-4000-8000-000000000000"
    for words, code in (
        (("shred", "items", 1, "--reason", "到期", "--as", "yan"), "access.forbidden"),
        (("hold", "place", "条目", 1, "--reason", "争议", "--as", "admin"), "access.forbidden"),
        (("shred", "items", 1, *WHY), "archive.nothing_to_shred"),
        (("shred", "items", 1, *WHY, "--matter", "M-2026-0404"), "matters.unknown"),
        (("hold", "place", "条目", "x", *HELD), "archive.unknown_hold"),
        (("hold", "place", "会话", 99, *HELD), "archive.unknown_hold"),
        (("hold", "place", "人", "何青", *HELD), "archive.unknown_hold"),
        (("hold", "place", "类别", "screen", *HELD), "archive.unknown_hold"),
        (("hold", "release", nobody, *HELD), "archive.unknown_hold"),
    ):
        assert jieli.refused(*words)["code"] == code
    assert len(items(jieli)) == 1


def test_a_matter_is_opened_listed_and_closed(jieli: Jieli) -> None:
    number = matter(jieli)
    jieli.at += 1
    more = jieli.said("matter", "open", "何青离职", "--kind", "离职", "--staff", "HeQing", "--as", "yan")
    assert "number：M-2026-0002" in more
    found = jieli.answer("matter", "list", "--as", "yan")
    assert [(m["number"], m["kind"]) for m in found["matters"]] == [(number, "争议"), ("M-2026-0002", "离职")]
    assert "何青离职" in jieli.said("matter", "list", "--as", "yan")
    assert jieli.answer("matter", "close", number, "--as", "yan")["closed_on"] == "2026-09-21"
    assert jieli.refused("matter", "close", number, "--as", "yan")["code"] == "matters.closed"
    assert jieli.refused("matter", "list", "--as", "admin")["code"] == "access.forbidden"
    asked = ("search", "明前", "--purpose", "投诉溯源", "--matter", number, "--as", "yan")
    assert jieli.refused(*asked)["code"] == "reading.matter_not_open"
