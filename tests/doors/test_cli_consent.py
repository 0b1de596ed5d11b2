"""`jieli consent`: a notice, its service, a yes, a no, an objection and its answer, and what is still missing."""

import json
from pathlib import Path
from typing import Any

import pytest

from jieli.consent import queries
from jieli.consent.types import Means, NewNotice, Scope
from jieli.kernel.times import DAY, HOUR
from tests.conftest import NOW
from tests.doors.cli import TALK, Jieli, bring, items
from tests.rooms.company import sh

STAFF = ("--kind", "员工", "--as", "yan")
CHAT = ("--means", "会话存档", "--scope", "采集")
FILLED: dict[str, Any] = {
    "kind": "员工", "title": "会话存档告知书", "text": "只保存与客户的沟通。", "means": ["会话存档"],
    "scopes": ["采集", "质检使用"], "purpose": "客户沟通留痕", "hours": "班次之内", "use": "投诉溯源",
    "retention": "三年", "categories": "文字", "contact": "青禾茶业 010-5550-0188", "rights": "随时查阅、撤回",
    "summary": "同意的是与客户的沟通被保存；其余可以拒绝。",
}  # fmt: skip


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    return written(tmp_path)


def written(directory: Path, **changed: Any) -> Path:
    """The file of a notice; an item given as None is left out."""
    path = directory / "notice.json"
    said = {k: v for k, v in (FILLED | changed).items() if v is not None}
    path.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    return path


def in_force(jieli: Jieli, staff_no: str = "LuChuan") -> frozenset[tuple[Means, Scope]]:
    return queries.person(jieli.company.staff[staff_no], at=jieli.at + HOUR).in_force


def test_from_a_notice_to_a_yes_and_back_again(jieli: Jieli, paper: Path) -> None:
    yes = (Means.CHAT, Scope.CAPTURE)
    for words in (["--json"], []):
        assert jieli("consent", "withdraw", "LuChuan", *CHAT, *STAFF, *words).exit_code == 0
    assert yes not in in_force(jieli)
    notice = jieli.answer("consent", "publish", paper, "--as", "yan")["notice"]
    served = ("consent", "serve", "LuChuan", "HeQing", "--notice", notice, "--how", "当面签收", *STAFF)
    assert jieli.answer(*served) == {"served": 2}
    assert "已送达：2" in jieli.said(*served)
    jieli.at = NOW + HOUR
    give = ("consent", "give", "LuChuan", *CHAT, "--scope", "质检使用", "--notice", notice, *STAFF)
    assert len(jieli.answer(*give)["consents"]) == 2
    assert "同意：" in jieli.said(*give)
    assert {yes, (Means.CHAT, Scope.QUALITY)} <= in_force(jieli)
    assert jieli.answer("consent", "withdraw", "LuChuan", *CHAT, *STAFF) == {"withdrawn": 1}
    assert yes not in in_force(jieli)
    assert (Means.CHAT, Scope.QUALITY) in in_force(jieli)


def test_a_withdrawal_holds_from_when_the_person_says_he_gave_it(jieli: Jieli, tmp_path: Path) -> None:
    claimed = sh("2026-09-18 10:01")
    jieli.answer("consent", "withdraw", "HeQing", *CHAT, *STAFF, "--at-ms", claimed)
    done = bring(jieli, tmp_path, *TALK)
    assert (done["admitted"], done["files"][0]["reasons"]) == (1, {"已撤回": 2})
    [kept] = items(jieli)
    assert kept["text"] == "明前茶还有吗？"


def test_an_objection_waits_for_a_written_answer(jieli: Jieli) -> None:
    assert jieli.answer("consent", "object", "HeQing", *CHAT, *STAFF) == {"objections": 1}
    assert "异议：1" in jieli.said("consent", "object", "HeQing", *CHAT, *STAFF)
    jieli.at = NOW + HOUR
    answer = ("consent", "answer", "HeQing", *CHAT, *STAFF, "--reply")
    assert jieli.refused(*answer, " ")["code"] == "consent.no_such_objection"
    assert "已答复：" in jieli.said(*answer, "已核对，只保存与客户的沟通。")
    assert set(jieli.answer(*answer, "补充说明。")) == {"answered"}
    other = ("consent", "answer", "LuChuan", *CHAT, *STAFF, "--reply", "好的。")
    assert jieli.refused(*other)["code"] == "consent.no_such_objection"


def test_the_gap_table_is_empty_for_who_has_everything_and_names_what_others_lack(jieli: Jieli) -> None:
    assert jieli.answer("consent", "gaps", "--as", "yan") == {"count": 0, "gaps": []}
    jieli.answer("consent", "withdraw", "HeQing", *CHAT, *STAFF)
    jieli.at = NOW + HOUR
    assert jieli.answer("consent", "gaps", "--as", "yan") == {
        "count": 1, "gaps": [{"staff_no": "HeQing", "missing": ["未同意"]}],
    }  # fmt: skip
    said = jieli.said("consent", "gaps", "--as", "yan")
    for words in ("1 人尚不能记录", "何青", "门店一部", "未同意"):
        assert words in said
    assert "撤回" not in said


def test_the_days_of_a_year_and_a_policy_are_entered_once(jieli: Jieli, tmp_path: Path) -> None:
    assert jieli.answer("consent", "calendar", 2026, "--as", "yan") == {
        "year": 2026,
        "new": 0,
        "unchanged": 365,
    }
    assert "未变：365" in jieli.said("consent", "calendar", 2026, "--as", "yan")
    assert jieli.refused("consent", "calendar", 2999, "--as", "yan")["code"] == "consent.calendar_unknown"
    rules = tmp_path / "rules.json"
    rules.write_text(
        '{"posts": ["客服"], "default_shifts": {"客服": {"begins": 540, "ends": 1080}}}', "utf-8"
    )
    assert jieli.answer("consent", "policy", rules, "--as", "yan") == {"version": 2}
    assert "版本：3" in jieli.said("consent", "policy", rules, "--as", "yan")
    done = bring(jieli, tmp_path, *TALK)
    assert (done["admitted"], done["files"][0]["reasons"]) == (3, {})  # a policy holds from its entry on


BAD_RULES = [
    "",
    "[]",
    '{"posts": 1}',
    '{"posts": [], "silent": true}',
    '{"posts": [], "default_shifts": {"客服": 1}}',
]


def test_a_policy_that_cannot_be_read_is_refused(jieli: Jieli, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    assert jieli.refused("consent", "policy", rules, "--as", "yan")["code"] == "cli.bad_policy"
    for text in BAD_RULES:
        rules.write_text(text, "utf-8")
        assert jieli.refused("consent", "policy", rules, "--as", "yan")["code"] == "cli.bad_policy"
    rules.write_text('{"posts": [""]}', "utf-8")
    assert jieli.refused("consent", "policy", rules, "--as", "yan")["code"] == "consent.bad_policy"


def test_a_notice_that_cannot_be_read_is_refused_without_repeating_it(jieli: Jieli, tmp_path: Path) -> None:
    publish = ("consent", "publish", tmp_path / "notice.json", "--as", "yan")
    assert jieli.refused(*publish)["code"] == "cli.bad_notice"
    for changed in ({"means": ["偷听器"]}, {"kind": "偷听器"}, {"偷听器": "一"}, {"scopes": 7}):
        written(tmp_path, **changed)
        refused = jieli.refused(*publish)
        assert refused["code"] == "cli.bad_notice"
        assert "偷听器" not in str(refused)
    assert "retention" in refused["remedy"]
    assert set(FILLED) == set(NewNotice.__dataclass_fields__)


def test_what_cannot_be_said_is_refused_with_its_code(jieli: Jieli, paper: Path) -> None:
    notice = jieli.answer("consent", "publish", paper, "--as", "yan")["notice"]
    nowhere = "00000000-0000-4000-8000-000000000000"
    give, serve = ("consent", "give", "HeQing"), ("consent", "serve", "HeQing", "--how", "当面")
    customer = ("--kind", "客户", "--as", "yan")
    for words, code in (
        ((*give, *CHAT, "--notice", notice, *STAFF), "consent.no_notice"),  # not served
        ((*give, "--means", "定位", "--scope", "采集", "--notice", notice, *STAFF), "consent.no_notice"),
        ((*give, *CHAT, "--notice", nowhere, *STAFF), "cli.unknown_notice"),
        ((*serve, "--notice", nowhere, *STAFF), "cli.unknown_notice"),
        ((*serve, "--notice", notice, *customer), "cli.unknown_notice"),
        ((*serve, "--notice", notice, *STAFF, "--at-ms", NOW + DAY), "consent.claimed_in_future"),
        (("consent", "withdraw", "nobody", *CHAT, *STAFF), "wiring.unknown_subject"),
        (("consent", "object", "HeQing", *CHAT, "--kind", "员工", "--as", "admin"), "access.forbidden"),
        (("consent", "gaps", "--as", "nobody"), "cli.nobody"),
    ):
        assert jieli.refused(*words)["code"] == code
