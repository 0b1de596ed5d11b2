"""`jieli hold list`, and people named by their numbers: a hold is found again, and nobody needs an id of ours."""

from pathlib import Path

from pypdf import PdfReader

from jieli.access.types import Role
from jieli.parties import operations as parties
from jieli.parties.types import NewCustomer
from tests.doors.cli import TALK, Jieli, bring, items, matter
from tests.rooms.company import BY, reader

WHY = ("--reason", "客户请求", "--as", "admin")
HELD = ("--reason", "争议", "--as", "yan")


def test_a_person_is_destroyed_by_the_number_the_house_gives_him_and_named_before(
    jieli: Jieli, tmp_path: Path
) -> None:
    bring(jieli, tmp_path, *TALK)
    said = jieli.said("shred", "person", "wm-lin", *WHY)
    assert said.index("将销毁 客户 wm-lin 林晚 的全部内容。") < said.index("已销毁 3 条")
    erased = jieli.said("shred", "person", "wm-lin", "--with-register", *WHY)
    assert "将销毁 客户 wm-lin 林晚 的全部内容，连同登记。" in erased
    coded = jieli("shred", "person", "wm-lin", "--with-register", *WHY, "--json")
    assert '"archive.unknown_person"' in coded.stdout


def test_a_number_of_two_people_is_refused_until_it_is_said_which(jieli: Jieli) -> None:
    parties.register_customers([NewCustomer("HeQing", "何先生")], by=BY, at=jieli.at)
    refused = jieli.refused("hold", "place", "人", "HeQing", *HELD)
    assert refused["code"] == "wiring.ambiguous_subject"
    assert "员工 HeQing 何青，也是客户 HeQing 何先生" in refused["error"]
    placed = jieli.answer("hold", "place", "人", "HeQing", "--kind", "客户", *HELD)
    assert placed["what"] == "客户 HeQing 何先生"
    also = jieli.refused("shred", "person", "HeQing", *WHY)
    assert also["code"] == "wiring.ambiguous_subject"


def test_holds_are_found_again_with_what_who_why_and_since_when(jieli: Jieli, tmp_path: Path) -> None:
    bring(jieli, tmp_path, *TALK)
    [found] = items(jieli)
    number = matter(jieli)
    jieli.answer("hold", "place", "人", "wm-lin", *HELD, "--matter", number)
    jieli.at += 1
    talk = jieli.answer("hold", "place", "会话", found["conversation"], *HELD)
    jieli.at += 1
    jieli.answer("hold", "place", "类别", "chat", *HELD)
    jieli.at += 1
    by_id = jieli.answer("hold", "place", "人", jieli.company.staff["HeQing"], *HELD)
    listed = jieli.answer("hold", "list", "--as", "yan")
    assert (listed["in_force"], listed["by_rule"], listed["count"]) == (4, 0, 4)
    first = listed["holds"][0]
    assert (first["scope"], first["what"], first["number"], first["matter"]) == (
        "人", "客户 wm-lin 林晚", "wm-lin", number,
    )  # fmt: skip
    assert (first["placed_by"], first["reason"], first["released_at"]) == ("yan", "争议", None)
    assert [one["what"] for one in listed["holds"][1:]] == [
        f"会话 {found['conversation']}", "全部聊天记录", "员工 HeQing 何青",
    ]  # fmt: skip
    assert listed["holds"][3]["hold"] == by_id["hold"]
    assert [
        h["number"] for h in jieli.answer("hold", "list", "--matter", number, "--as", "yan")["holds"]
    ] == ["wm-lin"]
    said = jieli.said("hold", "list", "--as", "yan")
    for words in ("客户 wm-lin 林晚（人）：争议", "yan 2026-09-21 放置", f"事项 {number}", first["hold"]):
        assert words in said
    assert "已解除保全" in jieli.said("hold", "release", talk["hold"], *HELD)
    assert jieli.answer("hold", "list", "--as", "yan")["count"] == 3
    assert jieli.answer("hold", "list", "--all", "--as", "yan")["count"] == 4
    assert "2026-09-21 已解除" in jieli.said("hold", "list", "--all", "--as", "yan")
    assert jieli.refused("hold", "list", "--as", "admin")["code"] == "access.forbidden"
    assert (
        jieli.refused("hold", "list", "--matter", "M-2026-0404", "--as", "yan")["code"] == "matters.unknown"
    )


def test_a_refusal_names_the_holds_to_whoever_may_hold_and_to_nobody_else(
    jieli: Jieli, tmp_path: Path
) -> None:
    bring(jieli, tmp_path, *TALK)
    item = items(jieli)[0]["item"]
    placed = jieli.answer("hold", "place", "条目", item, *HELD)["hold"]
    whole = jieli.answer("hold", "place", "人", "wm-lin", *HELD)["hold"]
    reader(Role.SYSTEM, Role.LEGAL, name="both")
    why = ("--reason", "客户请求", "--as", "both")
    told = jieli.refused("shred", "items", item, *why)
    assert told["code"] == "archive.held"
    assert f"{placed}（条目 {item}，yan 2026-09-21 放置）" in told["error"]
    assert whole in told["error"]
    kept = jieli("shred", "person", "wm-lin", "--with-register", *why, "--json").stdout
    assert '"archive.person_kept"' in kept
    assert whole in kept and placed not in kept
    for words in (("items", item), ("conversation", items(jieli)[0]["conversation"])):
        silent = jieli.refused("shred", *words, *WHY)
        assert silent["code"] == "archive.held"
        assert placed not in str(silent) and "yan" not in str(silent)


def test_the_help_offers_only_what_can_be_placed_by_hand(jieli: Jieli) -> None:
    said = jieli.said("hold", "place", "--help")
    assert "条目|会话|人|类别" in said.replace(" ", "")
    assert "时效由规则放置" in said
    assert "|时效" not in said


def printed(pdf: Path) -> str:
    return "".join(page.extract_text() for page in PdfReader(pdf).pages).replace("\n", "")


def test_a_certificate_says_whom_it_concerns_by_number_or_that_it_does_not_say(
    jieli: Jieli, tmp_path: Path
) -> None:
    bring(jieli, tmp_path, *TALK)
    [found] = items(jieli)
    item, talk = found["item"], found["conversation"]
    for words, concerned in (
        (("items", item), "这 1 条的发言人与对方（不列名）"),
        (("conversation", talk), f"会话 {talk} 的各方；谁与谁已随内容销毁，不再列名"),
        (("person", "wm-lin", "--with-register"), "客户 wm-lin，以及与其一对一会话的对方（不列名）"),
    ):
        done = jieli.answer("shred", *words, *WHY)
        paper = tmp_path / f"{words[0]}.pdf"
        jieli.answer("shred", "paper", done["shred"], "--as", "admin", "--out", paper)
        assert concerned in printed(paper)
        assert "林晚" not in printed(paper)
