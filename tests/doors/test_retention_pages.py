"""保存多久: both sides see the same periods, with their articles; a person sees how much of his, and until when."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from django.test import Client

from jieli.access.types import Role
from jieli.archive import operations, retention
from jieli.archive import queries as archived
from jieli.archive.types import HoldScope
from jieli.consent.models import Document
from jieli.doors.web import door
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY
from jieli.law import queries as law
from jieli.ledger.operations import book
from jieli.matters import operations as matters
from jieli.matters.types import Involved, MatterKind, PersonKind
from jieli.papers import operations as paper_operations
from jieli.papers import queries as papers
from jieli.parties import operations as party_operations
from jieli.parties import queries as parties
from jieli.parties.types import NewStaff
from tests.conftest import NOW
from tests.doors import sample, sample_talk
from tests.rooms.rows_of_cases import dispute, put, thread
from tests.rooms.test_retention_records import opening

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
    # The sample's own approvals and duties are due as well (ADR 33): what was said is not.
    assert "聊天记录：" not in held
    assert "1 人的记录仍在仲裁时效之内或事项未结" in held


def test_who_may_not_see_the_ledger_does_not_see_the_page(as_person: As, house: sample.Sample) -> None:
    lead = as_person(sample.person("lead", Role.SALES_LEAD))
    assert lead.get("/retention/").status_code == 404


PLAN = {"code": "chat", "reason": "每季清理"}


@pytest.fixture
def later(house: sample.Sample, monkeypatch: pytest.MonkeyPatch) -> sample.Sample:
    """Four years on: what was said then is due."""
    sample_talk.talked(house)
    monkeypatch.setattr(door, "now", lambda profile: LATER)
    return house


def test_a_plan_is_asked_for_agreed_to_and_carried_out_on_pages_alone(
    as_person: As, later: sample.Sample
) -> None:
    admin, yan = as_person(administrator()), as_person(sample.person("yan", Role.COMPLIANCE))
    asking = text(admin, "/retention/")
    assert "提请销毁" in asking and "聊天记录：" in asking
    assert 'href="/retention/" aria-current="page"' in asking
    assert "提请审批</button>" not in text(yan, "/retention/")
    answer = admin.post("/retention/propose", PLAN, follow=True)
    told = answer.content.decode()
    assert "等待您以外的人审批" in told and "等待审批" in told
    assert 'value="chat"' not in told
    [plan] = retention.state(at=LATER).plans
    assert "没有可以执行的计划" in admin.post("/retention/run", follow=True).content.decode()
    assert "到期销毁" in text(yan, "/approvals/")
    yan.post(f"/approvals/{plan.request}", {"decision": "agree", "reason": ""})
    assert "现在执行已批准的计划" in text(admin, "/retention/")
    assert "现在执行已批准的计划" not in text(yan, "/retention/")
    done = admin.post("/retention/run", follow=True).content.decode()
    assert "已执行 1 个计划" in done and "没有在办的计划" in done
    assert archived.certificate(plan.id) is not None


def test_papers_whose_classes_have_all_ended_go_on_pages_alone(as_person: As, later: sample.Sample) -> None:
    admin, yan = as_person(administrator()), as_person(sample.person("yan", Role.COMPLIANCE))
    paper, alone = received("劳动合同"), received("便条")
    document = Document(
        id=new_id(LATER), staff_id=left_long_ago(), kind="劳动合同条款", signed_on=date(2021, 2, 3), title="",
        paper=paper,
    )  # fmt: skip
    with book(at=LATER) as b:
        b.entry("test.cite", by="person:a", facts={}).insert(document)
    asking = text(admin, "/retention/")
    assert 'value="contract"' in asking and "劳动合同文本：1 条" in asking
    assert "另有 1 份文书没有登记用途" in asking
    assert (
        admin.post("/retention/propose", {"code": "contract", "reason": "每年清理"}, follow=True).status_code
        == 200
    )
    [plan] = retention.state(at=LATER).plans
    yan.post(f"/approvals/{plan.request}", {"decision": "agree", "reason": ""})
    assert "已执行 1 个计划" in admin.post("/retention/run", follow=True).content.decode()
    done = archived.certificate(plan.id)
    assert done is not None and done.backups_gone_by > done.live_gone_at
    assert (papers.paper(paper).destroyed, papers.paper(alone).destroyed) == (True, False)


def received(kind: str) -> UUID:
    return paper_operations.receive(
        kind=kind, title=f"某人的{kind}", content=b"%PDF-1.7 x", media_type="application/pdf", by="person:a", at=LATER
    ).id  # fmt: skip


def left_long_ago() -> UUID:
    unit = next(iter(parties.units_by_code().values()))
    person = NewStaff("E900", "离职员工", unit, "店员", date(2019, 1, 2), left_on=date(2022, 3, 1))
    party_operations.register_staff([person], by="person:a", at=LATER)
    return parties.staff_by_no()["E900"].id


def administrator() -> UUID:
    return sample.person("admin", Role.SYSTEM)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"code": "chat"}, "console.mistyped"),
        ({"reason": "清理"}, "console.mistyped"),
        ({"code": "chat", "reason": "  "}, "console.mistyped"),
        ({"code": "call", "reason": "清理"}, "archive.nothing_due"),
        ({"code": "log", "reason": "清理"}, "archive.unknown_class"),
        ({"code": "x' OR 1", "reason": "清理"}, "archive.unknown_class"),
    ],
)
def test_a_plan_that_cannot_be_says_why_and_keeps_what_was_typed(
    as_person: As, later: sample.Sample, values: dict[str, str], code: str
) -> None:
    answer = as_person(administrator()).post("/retention/propose", values)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert code in page
    assert values.get("reason", "").strip() in page
    assert retention.state(at=LATER).plans == ()


@pytest.mark.parametrize("role", [Role.AUDIT, Role.COMPLIANCE, Role.SALES_LEAD])
@pytest.mark.parametrize("address", ["/retention/propose", "/retention/run"])
def test_who_may_not_destroy_finds_no_such_address(
    as_person: As, later: sample.Sample, role: Role, address: str
) -> None:
    assert as_person(sample.person("other", role)).post(address, PLAN).status_code == 404
    assert as_person(administrator()).get(address).status_code == 405
    assert retention.state(at=LATER).plans == ()


def test_a_class_that_no_plan_destroys_says_why(as_person: As, house: sample.Sample) -> None:
    page = text(as_person(sample.person("audit", Role.AUDIT)), "/retention/")
    for one in retention.defaults()[1]:
        assert one.stays in page
    assert page.count("不由计划销毁") == sum(bool(one.stays) for one in retention.defaults()[1])


def test_what_was_looked_for_is_due_as_well_and_asked_of_the_room_that_keeps_it(
    as_person: As, later: sample.Sample
) -> None:
    matter = matters.open_matter(kind=MatterKind.LEAK, title=None, people=[], by="person:yan", at=NOW)
    opening(matter.id, NOW)
    admin = as_person(administrator())
    assert "查阅记录（谁看过什么）：" not in text(admin, "/retention/")
    matters.close(number=matter.number, by="person:yan", at=NOW)
    assert "查阅记录（谁看过什么）：1 条" in text(admin, "/retention/")
    answer = admin.post("/retention/propose", {"code": "opening", "reason": "每年清理"}, follow=True)
    assert "已提请销毁查阅记录（谁看过什么） 1 条" in answer.content.decode()


def test_holds_are_listed_with_who_and_why_and_released_on_the_page(
    as_person: As, house: sample.Sample
) -> None:
    yan = as_person(sample.person("yan", Role.COMPLIANCE, name="严律"))
    who = sample.person("lead", Role.LEGAL, name="高岚")
    assert "没有人提出的保全" in text(yan, "/retention/holds")
    placed = operations.hold(
        scope=HoldScope.PERSON, target=str(house.staff["1001"]), ground="主张提成", by=f"person:{who}", at=NOW
    )
    assert 'href="/retention/holds"' in text(yan, "/retention/")
    page = text(yan, "/retention/holds")
    for words in ("1 项保全", "员工 1001 李敏", "主张提成", "高岚"):
        assert words in page
    bare = yan.post(f"/retention/holds/{placed.id}/release", {"reason": " "})
    assert (bare.status_code, "没有填写" in bare.content.decode()) == (400, True)
    assert [hold.released_at for hold in archived.holds()] == [None]
    done = yan.post(f"/retention/holds/{placed.id}/release", {"reason": "已和解"}, follow=True)
    assert "已解除这项保全" in done.content.decode() and "没有人提出的保全" in done.content.decode()
    again = yan.post(f"/retention/holds/{placed.id}/release", {"reason": "已和解"})
    assert (again.status_code, "archive.unknown_hold" in again.content.decode()) == (400, True)
    for other in (Role.SYSTEM, Role.AUDIT):
        stranger = as_person(sample.person(f"not-{other.name.lower()}", other))
        assert stranger.get("/retention/holds").status_code == 404
        assert stranger.post(f"/retention/holds/{placed.id}/release", {"reason": "x"}).status_code == 404
        assert "/retention/holds" not in text(stranger, "/retention/")


def test_cases_are_counted_with_their_rows_and_what_keeps_them_and_go_by_a_plan_of_their_class(
    as_person: As, later: sample.Sample
) -> None:
    who = later.staff["1001"]
    put(*dispute(thread(MatterKind.DISPUTE, who, at=NOW), who), at=NOW)
    admin, yan = as_person(administrator()), as_person(sample.person("yan", Role.COMPLIANCE))
    page = text(admin, "/retention/")
    assert "争议与仲裁材料：" in page and "含 14 行登记里的字句" in page
    assert "另有 1 案，可清空 14 行" in page
    hold = operations.hold(scope=HoldScope.PERSON, target=str(who), ground="主张", by="person:a", at=LATER)
    held = text(admin, "/retention/")
    assert "另有 1 案，可清空 0 行" in held and "争议与仲裁材料：" not in held
    operations.release(hold=hold.id, reason="了结", by="person:a", at=LATER)
    admin.post("/retention/propose", {"code": "dispute", "reason": "每年清理"})
    [plan] = retention.state(at=LATER).plans
    yan.post(f"/approvals/{plan.request}", {"decision": "agree", "reason": ""})
    answer = admin.post("/retention/run", follow=True)
    assert "已执行 1 个计划" in answer.content.decode()
    assert "另有 1 案" not in text(admin, "/retention/")
