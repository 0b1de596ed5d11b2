"""保存多久: both sides see the same periods, with their articles; a person sees how much of his, and until when."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client

from jieli.access.types import Role
from jieli.archive import operations
from jieli.archive.types import HoldScope
from jieli.doors.web import door
from jieli.kernel.times import DAY
from jieli.law import queries as law
from jieli.matters import operations as matters
from jieli.matters.types import Involved, MatterKind, PersonKind
from tests.conftest import NOW
from tests.doors import sample, sample_talk

As = Callable[[UUID], Client]
LATER = NOW + 4 * 366 * DAY
ARTICLES = ("PIPL-19", "CC-188", "LCL-50", "CSL-23", "PIPL-56", "NDSR-12", "LDMA-27")


@pytest.fixture
def house(archive_open: None) -> sample.Sample:
    found = sample.full()
    sample_talk.consented(found, "1001", "1002")
    return found


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_a_person_sees_which_of_his_records_are_kept_until_when_and_on_what_ground(
    as_person: As, house: sample.Sample
) -> None:
    sample_talk.talked(house)
    me = as_person(sample.person("p1001", name="李敏", staff=house.staff["1001"]))
    assert 'href="/me/kept"' in text(me, "/me/")
    page = text(me, "/me/kept")
    assert "与您有关的" in page and "最迟保存到" in page
    assert "36 个月" in page
    for article in law.cite_all(ARTICLES):
        assert f"《{article.law}》{article.article}" in page
    assert "保全：" not in page
    operations.hold(
        scope=HoldScope.PERSON, target=str(house.staff["1001"]), ground="主张提成", by="person:a", at=NOW
    )
    assert "保全：主张提成" in text(me, "/me/kept")


def test_nobody_sees_what_is_kept_of_another(as_person: As, house: sample.Sample) -> None:
    sample_talk.talked(house)
    other = as_person(sample.person("p1005", name="陈嘉树", staff=house.staff["1005"]))
    assert "没有保存与您有关的聊天或通话" in text(other, "/me/kept")
    assert as_person(sample.person("guest", name="访客")).get("/me/kept").status_code == 404


def test_the_company_sees_the_same_periods_what_is_due_and_what_keeps_it(
    as_person: As, house: sample.Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample_talk.talked(house)
    auditor = as_person(sample.person("audit", Role.AUDIT))
    assert "没有到期的内容" in text(auditor, "/retention/")
    monkeypatch.setattr(door, "now", lambda profile: LATER)
    assert 'href="/retention/"' in text(auditor, "/ledger/")
    page = text(auditor, "/retention/")
    assert "条已经到期，可以提请销毁" in page
    assert "没有在办的计划" in page
    for article in law.cite_all(ARTICLES):
        assert f"《{article.law}》{article.article}" in page
    operations.propose(code="chat", reason="每季清理", by="person:admin", at=LATER)
    assert "等待审批" in text(auditor, "/retention/")
    matters.open_matter(
        kind=MatterKind.DISPUTE, title="提成争议", by="person:yan", at=LATER,
        people=[Involved(PersonKind.STAFF, house.staff["1001"], "当事人")],
    )  # fmt: skip
    operations.keep_limits(at=LATER)
    held = text(auditor, "/retention/")
    assert "都受保全，不能销毁" in held
    assert "1 人的记录仍在仲裁时效之内或事项未结" in held


def test_who_may_not_see_the_ledger_does_not_see_the_page(as_person: As, house: sample.Sample) -> None:
    lead = as_person(sample.person("lead", Role.SALES_LEAD))
    assert lead.get("/retention/").status_code == 404
