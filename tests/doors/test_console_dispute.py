"""争议 on the console: what can be proved today, what is missing, who can supply it; facts, exhibits, verdicts."""

import re
from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jieli.access.types import Role
from jieli.doors.console import dispute_actions
from jieli.doors.console.dispute_shown import TONES, WORDS
from jieli.doors.console.reading import Mistyped
from jieli.evidence import disputes_queries as queries
from jieli.evidence import facts_operations
from jieli.evidence.disputes_types import Issue
from jieli.law.verdicts import Period, Precision
from tests.conftest import NOW
from tests.doors import sample
from tests.rooms.test_disputes import BY, Case, assess, attach, case, opened, settled, state

__all__ = ["case"]
pytestmark = pytest.mark.usefixtures("db")
As = Callable[[UUID], Client]
PHOTO = b"\x89PNG\r\n\x1a\n a photograph"


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def post(client: Client, address: str, status: int = 302, **values: object) -> str:
    response = client.post(address, values)
    assert response.status_code == status, re.sub(r"<[^>]+>", "", response.content.decode())[-900:]
    return response.content.decode()


def legal(as_person: As) -> Client:
    return as_person(sample.person("legal", Role.LEGAL, name="秦法"))


def act(one: Case, what: str) -> str:
    return f"/disputes/{one.number}/act/{what}"


def test_an_empty_list_teaches_and_a_dispute_is_opened_with_its_matter(as_person: As) -> None:
    client = legal(as_person)
    assert "还没有登记过争议" in text(client, "/disputes/")
    given = {"title": "返还账号", "cause": "侵权责任纠纷", "claimant": "公司", "person_label": "前任客服"}
    refused = post(client, "/disputes/new/", 400, **given)
    assert "争的是哪个账号" in refused
    assert 'value="返还账号"' in refused
    post(client, "/disputes/new/", **given, account_label="客服微信")
    page = text(client, "/disputes/")
    assert "1 件争议未结" in page
    assert "尚未评析" in page


def test_before_anything_is_judged_both_issues_stand_there(case: Case, as_person: As) -> None:
    page = text(legal(as_person), f"/disputes/{case.number}/")
    places = [page.index(h) for h in ("前提　归属", "焦点一　交还", "焦点二　赔偿")]
    assert places == sorted(places)
    assert "还没有评析" in page


@pytest.mark.req("R0.4", "R0.16")
def test_assessed_both_issues_stand_apart_and_in_order_with_what_is_missing(
    case: Case, as_person: As
) -> None:
    client = legal(as_person)
    post(client, act(case, "assess"))
    page = text(client, f"/disputes/{case.number}/")
    assert "今天：应当交还，赔偿依据不足" in re.sub(
        r"<[^>]+>", "", page[page.index("<h1>") : page.index("</h1>")]
    )
    cards = page[page.index('id="verdicts"') : page.index('id="reliefs"')]
    places = [cards.index(h) for h in ("前提　归属", "焦点一　交还", "焦点二　赔偿", "责任")]
    assert places == sorted(places)
    damages = cards[places[2] :]
    for missing in ("因果关系证据", "往期转化率", "客户行为记录", "计算过程"):
        assert missing in damages
    assert "谁能提供" in damages
    assert cards.count("非法律意见") == 4
    assert "近17万元(约数)" in page


@pytest.mark.req("R0.22")
def test_a_verdict_shows_its_facts_their_entry_and_the_exact_text_of_its_articles(
    case: Case, as_person: As
) -> None:
    client = legal(as_person)
    post(client, act(case, "assess"))
    page = text(client, f"/disputes/{case.number}/")
    cards = page[page.index('id="verdicts"') : page.index('id="reliefs"')]
    assert "注册所用设备、手机号是否由公司提供" in cards
    assert "证1" in cards
    assert re.search(r"账本第 <span class=\"num\">\d+</span> 条", cards)
    from jieli.law.queries import cite

    cited = next(a for a in queries.dispute(case.number).assessments[Issue.DAMAGES].verdict.articles)
    assert cite(cited).text[0][:20] in cards


@pytest.mark.req("R0.8")
def test_a_claim_without_proof_is_shown_as_such_and_keeps_its_month(case: Case, as_person: As) -> None:
    page = text(legal(as_person), f"/disputes/{case.number}/")
    facts = page[page.index('id="facts"') :]
    assert "员工自称，未举证" in facts
    assert "2023-03至2023-05" in facts


def test_a_fact_is_stated_with_its_exhibit_and_what_was_typed_stays(case: Case, as_person: As) -> None:
    client, address = legal(as_person), act(case, "fact")
    assert "?key=loss.conversion" in text(client, address)
    form = text(client, f"{address}?key=loss.conversion")
    assert "180/1500" in form
    given = {
        "key": "loss.conversion",
        "value": "百分之十二",
        "stated_by": "公司",
        "proof": "自称",
        "note": "上一年",
    }
    refused = post(client, address, 400, **given)
    assert "填写不合要求" in refused
    assert "百分之十二" in refused
    exhibit = str(case.exhibits["证5"])
    proved = given | {"value": "180/1500", "proof": "已证", "event": "2025"}
    assert "没有证据" in post(client, address, 400, **proved)
    post(client, address, **proved, exhibits=[exhibit])
    page = text(client, f"/disputes/{case.number}/")
    assert "180/1500" in page
    text(client, f"{address}?key=nobody.asks", 404)


def test_a_later_fact_asks_for_another_assessment_and_a_correction_replaces(
    case: Case, as_person: As
) -> None:
    assess(case, NOW - 1)
    client, address = legal(as_person), act(case, "fact")
    kind = str(case.facts["rules"])
    post(
        client, address, key="rules.by_company", value="不明", stated_by="公司", proof="自称", replaces=kind
    )  # fmt: skip
    assert "请<a" in (page := text(client, f"/disputes/{case.number}/"))
    assert "重新评析" in page
    assert [f.value for f in case.view().facts if f.key == "rules.by_company"] == ["不明"]


def test_an_exhibit_is_kept_as_it_came_and_can_be_fetched(case: Case, as_person: As) -> None:
    client = legal(as_person)
    photo = SimpleUploadedFile("a.png", PHOTO, "image/png")
    post(client, act(case, "exhibit"), title="聊天照片", party="公司", proves="账号曾用于接待", file=photo)
    [new] = [e for e in case.view().exhibits if e.number == "证6"]
    got = client.get(f"/disputes/{case.number}/papers/{new.paper}")
    assert got.content == PHOTO
    text(client, f"/disputes/{case.number}/papers/{UUID(int=9)}", 404)
    wrong = SimpleUploadedFile("a.exe", b"MZ", "image/png")
    page = post(
        client, act(case, "exhibit"), 400, title="程序", party="公司", proves="无", file=wrong
    )  # fmt: skip
    assert "只能上传" in page
    assert len(case.view().exhibits) == 6


@pytest.mark.req("R3.4")
def test_a_quarantined_exhibit_is_named_and_feeds_no_verdict(case: Case, as_person: As) -> None:
    client = legal(as_person)
    post(client, act(case, "quarantine"), exhibit=str(case.exhibits["证2"]), grounds="取得方式待核")
    post(client, act(case, "assess"))
    page = text(client, f"/disputes/{case.number}/")
    assert "1 份已隔离" in page
    assert "不进入评析。取得方式待核" in page
    assert "归属未能认定" in page
    post(client, act(case, "readmit"), exhibit=str(case.exhibits["证2"]), grounds="来源已核实")
    post(client, act(case, "assess"))
    assert "归公司" in text(client, f"/disputes/{case.number}/")


@pytest.mark.req("R0.32")
def test_terms_have_their_days_and_a_visit_confirms_each_side(case: Case, as_person: As) -> None:
    settled(case)
    client = legal(as_person)
    page = text(client, f"/disputes/{case.number}/")
    assert "配合找回密码" in page
    assert "2026-10-12" in page
    assert page.count("未确认") >= 2
    post(client, act(case, "follow-up"), visited_on="2026-09-21", visitor="经办人", account_restored="yes")
    page = text(client, f"/disputes/{case.number}/")
    assert "账号已恢复，证明未确认收到" in page


def test_a_relief_keeps_its_qualifier_and_the_choice_between_two_grounds(case: Case, as_person: As) -> None:
    client, address = legal(as_person), act(case, "relief")
    both = post(client, address, 400, issue="赔偿", text="另赔", amount="约3万元", basis="违约")
    assert "请择一选择" in both
    assert "约3万元" in both
    post(client, address, issue="赔偿", text="另赔", amount="约3万元", basis="侵权")
    assert "约3万元(约数)" in text(client, f"/disputes/{case.number}/")


def test_losses_and_their_lack_are_listed(case: Case, as_person: As) -> None:
    from tests.rooms.test_disputes import lost

    facts_operations.list_losses(number=case.number, losses=lost(40, case.exhibits["证1"]), by=BY, at=NOW)
    page = text(legal(as_person), f"/disputes/{case.number}/")
    assert "另有 10 名客户" in page


def test_the_page_asks_as_many_queries_whatever_was_stated(case: Case, as_person: As) -> None:
    client = legal(as_person)
    assess(case)
    text(client, f"/disputes/{case.number}/")
    with CaptureQueriesContext(connections["default"]) as few:
        text(client, f"/disputes/{case.number}/")
    more = [{"number": f"证{n}", "title": f"材料{n}", "proves": "损失"} for n in range(6, 10)]
    exhibits = case.exhibits | attach(case.number, more)
    for _ in range(3):
        state(case.number, exhibits, "w1b")
    with CaptureQueriesContext(connections["default"]) as more:
        text(client, f"/disputes/{case.number}/")
    assert len(more) == len(few) < 50
    with CaptureQueriesContext(connections["default"]) as one:
        text(client, "/disputes/")
    opened()
    with CaptureQueriesContext(connections["default"]) as two:
        page = text(client, "/disputes/?shown=未结")
    assert len(one) == len(two)
    assert "2 件符合" in page


def test_who_does_not_manage_disputes_finds_nothing(case: Case, as_person: As) -> None:
    client = as_person(sample.person("hr", Role.PEOPLE))
    absent = text(client, "/disputes/M-2026-9999/", 404)
    for address in ("/disputes/", "/disputes/new/", f"/disputes/{case.number}/", act(case, "fact")):
        assert text(client, address, 404) == absent
    counsel = legal(as_person)
    assert text(counsel, "/disputes/M-2026-9999/", 404) == absent
    text(counsel, act(case, "nothing"), 404)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", None),
        ("2023-05-20", Period.of_day(date(2023, 5, 20))),
        ("2023-5", Period.of_month(2023, 5)),
        ("2023", Period.of_year(2023)),
        ("2023-03至2023-05", Period(date(2023, 3, 1), date(2023, 5, 31), Precision.MONTH)),
    ],
)
def test_a_time_is_read_no_more_exactly_than_it_was_written(typed: str, meant: Period | None) -> None:
    assert dispute_actions.period(typed) == meant


@pytest.mark.parametrize(
    "typed", ["去年", "2023-13", "2023-02-30", "2023-05至2023-03", "2023至2024-02", "至", "0000"]
)
def test_what_is_no_time_is_refused(typed: str) -> None:
    with pytest.raises(Mistyped):
        dispute_actions.period(typed)


def test_every_code_that_rules_give_has_its_word() -> None:
    from pathlib import Path

    import jieli.evidence.assessments as rules

    source = Path(rules.__file__).parent
    given = {
        code
        for path in source.rglob("*")
        if path.suffix in (".py", ".json")
        for code in re.findall(
            r"\"((?:OWN|RETURN|DMG|LIABILITY)_[A-Z]+(?:_[A-Z]+)*)\"", path.read_text("utf-8")
        )
    }
    assert given == set(WORDS) == set(TONES)
