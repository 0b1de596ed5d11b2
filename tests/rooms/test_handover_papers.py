"""The papers of a leaving, filled from the case, issued, and joined to it."""

from datetime import date

import pytest

from jieli.access import operations as access
from jieli.access.types import NewPasskey
from jieli.duties.types import DutyState, Side
from jieli.handover import operations as handover
from jieli.handover import printing, queries
from jieli.handover.errors import Hostage, NotOurCertificate
from jieli.handover.printing import NoSuchPaper, Particulars, form
from jieli.handover.types import (
    Answer,
    CaseRef,
    ListKind,
    NewCommission,
    NewPromise,
    NewSettlement,
    Party,
    Role,
    Statement,
)
from jieli.papers import queries as papers
from jieli.papers.forms.ending import CooperationEnd, LeavingCertificate, ReturnDemand
from jieli.papers.forms.leaving import HandoverNotice, HandoverSheet, RefusalNote
from jieli.papers.forms.pay import OrdersAndCommission, PaySettlement
from jieli.papers.signing import Grade
from jieli.parties.types import EngagementKind
from tests.rooms import leaving
from tests.rooms.company import BY, Company
from tests.rooms.leaving import IMEI, LAST, LEAVER, NOTICE, NUMBER, duty, leaves, noon, signed

pytestmark = pytest.mark.usefixtures("db")
OPENED, ON_LAST, LATER = noon(date(2026, 9, 2)), noon(LAST), noon(date(2026, 9, 23))


@pytest.fixture
def house(db: None) -> Company:
    return leaving.firm()


@pytest.fixture
def case(house: Company) -> CaseRef:
    return leaves(house)


def printed(case: CaseRef, kind: str, *, at: int = ON_LAST, **rest: object) -> object:
    return form(queries.view(case.number, at=at), kind, at=at, with_=Particulars(**rest))  # type: ignore[arg-type]


def test_the_sheet_carries_the_four_lists_with_their_states(case: CaseRef) -> None:
    found = printed(case, HandoverSheet.kind, at=LATER, id_tail="1234")
    assert isinstance(found, HandoverSheet)
    assert found.missing() == ()
    assert [(a.handle, a.state) for a in found.accounts or ()] == [(LEAVER, "逾期未交回")]
    assert {t.serial for t in found.things or ()} == {IMEI, NUMBER}
    assert [c.customer_no for c in found.customers or ()] == ["wm-lin"]
    assert [line.count for _, line in found.data.classes() if line] == [1, 2, 0, 0]  # type: ignore[union-attr]
    assert (found.service, found.state) == ("8个月", "逾期")


def test_the_notice_puts_the_company_s_duties_beside_the_leaver_s(case: CaseRef) -> None:
    found = printed(case, HandoverNotice.kind)
    assert isinstance(found, HandoverNotice)
    assert "出具解除（终止）劳动合同证明书" in {d.name for d in found.company_duties}
    assert {"通知", "协助", "保密", "旧物回收"} <= {d.name for d in found.leaver_duties}
    assert {"第五十条", "第五百五十八条"} <= {c.article for c in found.citations}


def test_an_order_prints_an_amount_only_where_both_sides_agree(house: Company, case: CaseRef) -> None:
    lines = [
        NewCommission("D-1", company=Statement(12_000), staff=Statement(12_000)),
        NewCommission("D-2", company=Statement(3_000), staff=Statement(4_320, text="约定为 12%")),
    ]
    handover.state_commission(case=case.id, lines=lines, by=BY, at=OPENED)
    found = printed(case, OrdersAndCommission.kind)
    assert isinstance(found, OrdersAndCommission)
    assert [(o.order_no, o.fen, o.commission_fen) for o in found.orders] == [
        ("D-1", 128_000, 12_000),
        ("D-2", 36_000, None),
    ]
    assert found.orders[1].note == "公司：¥30.00；移交人：¥43.20，约定为 12%"


def test_the_settlement_keeps_what_each_side_owes_apart(case: CaseRef) -> None:
    lines = [
        NewSettlement("工资一次结清", Party.COMPANY, Statement(850_000), Statement(850_000), LAST),
        NewSettlement("借款", Party.STAFF, Statement(100_000)),
    ]
    handover.state_settlement(case=case.id, lines=lines, by=BY, at=OPENED)
    found = printed(case, PaySettlement.kind)
    assert isinstance(found, PaySettlement)
    assert [(p.item, p.kind.value, p.fen) for p in found.pays] == [
        ("工资一次结清", "应付", 850_000),
        ("借款", "借款核销", None),
    ]
    assert "社保减员" not in found.missing() and "提成" in found.missing()


def test_the_certificate_is_the_one_that_fits_the_engagement(house: Company, case: CaseRef) -> None:
    found = printed(case, LeavingCertificate.kind, id_tail="1234")
    assert isinstance(found, LeavingCertificate)
    assert (found.post, found.ended_on, found.service) == ("销售", "2026-09-18", "8个月")
    with pytest.raises(NotOurCertificate):
        printed(case, CooperationEnd.kind)


def test_a_partner_never_gets_an_employee_s_certificate(db: None) -> None:
    case = leaves(leaving.firm(EngagementKind.SERVICE))
    assert isinstance(printed(case, CooperationEnd.kind), CooperationEnd)
    with pytest.raises(NotOurCertificate):
        printed(case, LeavingCertificate.kind)


@pytest.mark.req("R0.12")
def test_the_demand_asks_for_what_is_overdue_and_for_no_money(case: CaseRef) -> None:
    found = printed(case, ReturnDemand.kind, at=LATER)
    assert isinstance(found, ReturnDemand)
    assert {i.mark for i in found.items} == {f"wecom {LEAVER}", IMEI, NUMBER}
    assert found.amounts == ()
    assert "逾期 5 天" in found.facts[0]


def test_words_that_hold_something_hostage_reach_no_paper(case: CaseRef) -> None:
    with pytest.raises(Hostage):
        printed(case, HandoverNotice.kind, contact="交还微信号后出具离职证明")
    with pytest.raises(NoSuchPaper):
        printed(case, "不良员工名单")


def test_issued_papers_join_the_case_and_the_certificate_fulfils_its_duty(
    house: Company, case: CaseRef
) -> None:
    [promise] = handover.list_promises(
        case=case.id, promises=[NewPromise(house.customers["wm-lin"], "次年赠茶两盒")], by=BY, at=OPENED
    )
    handover.answer_promise(
        case=case.id, promise=promise, answer=Answer.REFUSED, text="没有订单依据", answered_on=NOTICE, by=BY, at=OPENED
    )  # fmt: skip
    wanted = [kind for kind in printing.kinds() if kind not in (CooperationEnd.kind, RefusalNote.kind)]
    made = printing.issue_papers(number=case.number, kinds=wanted, by=BY, at=ON_LAST)
    assert [p.kind for p in made] == wanted
    assert {papers.content(p.id)[:5] for p in made} == {b"%PDF-"}
    found = queries.view(case.number, at=ON_LAST)
    assert [p.paper.id for p in found.papers] == [p.id for p in made]
    assert all(one.papers == (made[1].id,) for one in found.lists)
    certificate = duty(case, Side.COMPANY, "出具解除（终止）劳动合同证明书")
    assert (certificate.state, certificate.paper) == (DutyState.DONE, made[4].id)
    signed(made[1].id, at=ON_LAST)
    assert all(one.signed == tuple(Role) for one in queries.lists(case, at=ON_LAST))
    assert {one.kind for one in found.lists} == set(ListKind)


def test_who_has_a_passkey_is_to_sign_with_it_but_not_on_the_sheet_for_ink(
    house: Company, case: CaseRef
) -> None:
    person = access.admit_person(sign_in="heqing", name="何青", staff=house.staff[LEAVER], by=BY, at=OPENED)
    access.register_passkey(
        person=person, passkey=NewPasskey(b"c", b"d", 0), label="手机", by=BY, at=OPENED
    )  # fmt: skip
    for layout, grade in ((False, Grade.PASSKEY), (True, Grade.INK)):
        found = printed(case, HandoverSheet.kind, print_layout=layout)
        assert isinstance(found, HandoverSheet)
        assert (found.leaver_sign.grade, found.receiver_sign.grade) == (grade, Grade.INK)
