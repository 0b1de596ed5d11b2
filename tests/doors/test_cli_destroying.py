"""`jieli shred`, `hold`, `retention`: what cannot be taken back needs a reason, and takes exactly what was named."""

from pathlib import Path

import pytest

from jieli.parties import operations as parties
from jieli.parties import queries as register
from jieli.parties.types import CustomerSource, NewCustomer
from tests.doors.cli import TALK, Jieli, bring, items

WHY = ("--reason", "客户请求", "--as", "admin")


@pytest.fixture
def item(jieli: Jieli, tmp_path: Path) -> int:
    """The number of a message that a search finds."""
    bring(jieli, tmp_path, *TALK)
    found: int = items(jieli)[0]["item"]
    return found


def test_a_class_named_twice_is_refused_and_nothing_is_stored(jieli: Jieli) -> None:
    why = ("--reason", "制度修订", "--as", "yan")
    assert jieli.refused("retention", "set", "chat=12", "chat=24", *why)["code"] == "cli.not_months"
    assert jieli.answer("retention", "show", "--as", "yan")["version"] == 0


@pytest.mark.parametrize("reason", ["", "   ", "……", "\u200b\u2060"])
def test_nothing_is_destroyed_held_released_or_changed_without_a_reason(
    jieli: Jieli, item: int, reason: str
) -> None:
    placed = jieli.answer("hold", "place", "条目", item, "--reason", "争议", "--as", "yan")["hold"]
    for words, who in (
        (("shred", "items", item), "admin"),
        (("shred", "conversation", 1), "admin"),
        (("shred", "person", "wm-lin"), "admin"),
        (("shred", "person", "wm-lin", "--with-register"), "admin"),
        (("hold", "place", "条目", item), "yan"),
        (("hold", "release", placed), "yan"),
        (("retention", "set", "chat=12"), "yan"),
        (("retention", "propose", "chat"), "admin"),
        (("retention", "run", "chat"), "admin"),
    ):
        told = jieli.refused(*words, "--reason", reason, "--as", who)
        assert told["code"] == "archive.no_reason"
    assert jieli.answer("hold", "list", "--as", "yan")["in_force"] == 1
    assert jieli.answer("shred", "list", "--all", "--as", "admin")["destructions"] == []


def test_a_reason_that_is_too_long_is_refused_with_its_length(jieli: Jieli, item: int) -> None:
    told = jieli.refused("shred", "items", item, "--reason", "长" * 10_000, "--as", "admin")
    assert told["code"] == "archive.reason_too_long"
    assert "10000" in told["error"] and "1000 个字" in told["remedy"]
    assert (
        jieli.answer("shred", "items", item, "--reason", f"  {'长' * 1_000} ", "--as", "admin")["items"] == 1
    )


def test_a_list_with_a_number_that_is_not_there_destroys_nothing_until_the_others_are_asked_for(
    jieli: Jieli, item: int
) -> None:
    wrong = ["9" * 30, 99_999_999, *range(7_000_000, 7_000_030)]
    told = jieli.refused("shred", "items", item, 99_999_999, *WHY)
    assert (told["code"], "99999999" in told["error"]) == ("archive.not_all_there", True)
    told = jieli.refused("shred", "items", item, *wrong, *WHY)
    assert "32 条不存在" in told["error"] and "7000019" in told["error"] and "7000020" not in told["error"]
    assert len(items(jieli)) == 1
    done = jieli.answer("shred", "items", item, item, *wrong, "--those-there", *WHY)
    assert (done["items"], done["not_there"]) == (1, 32)
    again = jieli.refused("shred", "items", item, 99_999_999, "--those-there", *WHY)
    assert again["code"] == "archive.nothing_to_shred"


def test_people_are_told_how_many_of_a_list_were_not_there(jieli: Jieli, item: int) -> None:
    said = jieli.said("shred", "items", item, 99_999_999, "--those-there", *WHY)
    assert "所列编号中有 1 条不存在或先前已经销毁，不在其内。" in said


def test_namesakes_are_not_counted_as_what_is_left_of_an_erased_person(jieli: Jieli) -> None:
    name = register.customers_by_no()["wm-lin"].name
    same = [NewCustomer(number, name, CustomerSource.ORDER) for number in ("C0100", "C0101")]
    parties.register_customers(same, by="system:test", at=jieli.at)
    jieli.answer("matter", "open", f"{name}的请求", "--kind", "请求", "--as", "yan")
    done = jieli.answer("shred", "person", "wm-lin", "--with-register", *WHY)
    assert done["namesakes"] == 2
    assert [(one["table"], one["called"]) for one in done["still_named"]] == [
        ("matters_matter", "事项的名称")
    ]
    said = jieli.said("shred", "person", "C0100", "--with-register", *WHY)
    assert "同名的他人 1 行，登记在别的编号下，与本人无关" in said
    assert "事项的名称 1 行，请求、泄露、事件与审批的办理记录" in said.replace("\n", "")
    assert "M-2026-0001 尚未了结" in said
    assert "parties_customer" not in said and "，。" not in said
