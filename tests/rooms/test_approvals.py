"""Four eyes on exactly one thing: never one's own, never to oneself, once, until it is revoked or over."""

import threading
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.core.management import call_command
from django.db import IntegrityError, connections

from jieli.access.errors import Forbidden
from jieli.access.types import GrantRef, Person, Role
from jieli.approvals import operations, queries
from jieli.approvals.errors import (
    BadRequest,
    Decided,
    Expired,
    Interested,
    NoSuchRequest,
    NotApproved,
    NotEnabled,
    NotRevocable,
    OwnRequest,
    PapersMissing,
    ReceiptUsed,
)
from jieli.approvals.models import Decision, Request
from jieli.approvals.types import INHERITANCE, REQUIRED, DecisionRef, RequestRef, RequestState
from jieli.kernel.errors import JieliError
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY, local_day
from jieli.ledger import checks, fsck
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.wiring import start
from tests.conftest import NOW
from tests.rooms.kept_papers import keep

BY = "system:test"
KIND = "接续方案"
TODAY = local_day(NOW)
PLAN, RECEIVER, PAPER = (new_id(NOW + n) for n in range(3))
DIGEST, CHANGED = sha256(b"plan").digest(), sha256(b"another plan").digest()


def person(name: str, *roles: Role, staff: UUID | None = None) -> Person:
    grants = tuple(GrantRef(new_id(NOW), role.value, None, None, NOW - DAY, None, None) for role in roles)
    return Person(new_id(NOW), name, name, staff, grants)


LEAD = person("销售主管", Role.SALES_LEAD)
CHIEF, COUNSEL = person("合规负责人", Role.COMPLIANCE), person("法务", Role.LEGAL)
INTERESTED = person("接手的合规", Role.COMPLIANCE, staff=RECEIVER)


def ask(**changed: Any) -> RequestRef:
    wanted: dict[str, Any] = {
        "kind": KIND, "subject": PLAN, "digest": DIGEST, "scope": "客户12名", "reason": "员工离职", "by": LEAD.actor,
        "at": NOW,
    }  # fmt: skip
    return operations.open_request(**(wanted | changed))


def decide(asked: RequestRef, by: Person = CHIEF, agree: bool = True, at: int = NOW + 1) -> DecisionRef:
    return operations.decide(request=asked.id, agree=agree, reason="已核对名单", by=by, at=at)


def outside(**changed: Any) -> DecisionRef:
    wanted: dict[str, Any] = {
        "kind": KIND, "subject": PLAN, "digest": DIGEST, "system": "蓝凌OA", "number": "HR-2026-118",
        "applicant": "周敏", "approver": "郑凯", "decided_on": TODAY, "paper": PAPER, "by": BY, "at": NOW,
    }  # fmt: skip
    keep(PAPER)
    return operations.record_outside(**(wanted | changed))


def sound() -> bool:
    return fsck.run(checks.checks({})).findings == ()


@pytest.mark.req("R2.16")
def test_somebody_else_approves_exactly_this_and_nothing_else(db: None) -> None:
    asked = ask()
    assert [r.id for r in queries.waiting(KIND)] == [asked.id]
    with pytest.raises(NotApproved) as refused:
        queries.check_approved(KIND, PLAN, DIGEST, at=NOW)
    assert refused.value.code == "approvals.not_approved"
    made = decide(asked)
    found = queries.check_approved(KIND, PLAN, DIGEST, at=NOW + 1)
    assert (found.id, found.request, found.approver, found.applicant, found.scope) == (
        made.id, asked.id, CHIEF.actor, LEAD.actor, "客户12名",
    )  # fmt: skip
    assert queries.approval(made.id, at=NOW + 1) == found
    assert queries.approved(KIND, PLAN, DIGEST, at=NOW) is None  # nothing holds before it was decided
    assert queries.approved(KIND, PLAN, CHANGED, at=NOW + 1) is None
    assert queries.approved("接续规则", PLAN, DIGEST, at=NOW + 1) is None
    assert queries.approved(KIND, new_id(NOW), DIGEST, at=NOW + 1) is None
    assert queries.waiting() == []
    assert [r.state for r in queries.history(KIND, PLAN)] == [RequestState.APPROVED]
    assert [e.kind for e in ledger.entries_of_kind("approvals.decide")] == ["approvals.decide"]
    assert sound()


@pytest.mark.req("R2.16")
def test_nobody_approves_his_own_request(db: None) -> None:
    asked = ask(by=CHIEF.actor)
    with pytest.raises(OwnRequest) as refused:
        decide(asked, by=CHIEF)
    assert refused.value.code == "approvals.own_request"
    assert queries.request(asked.id).state is RequestState.WAITING


@pytest.mark.req("R2.16")
@pytest.mark.parametrize("excluded", [RECEIVER, INTERESTED.id])
def test_a_receiver_does_not_approve_what_is_given_to_him(db: None, excluded: UUID) -> None:
    asked = ask(excluded=[excluded, excluded])
    assert asked.excluded == (excluded,)
    with pytest.raises(Interested) as refused:
        decide(asked, by=INTERESTED)
    assert refused.value.code == "approvals.interested"
    decide(asked, by=COUNSEL)


@pytest.mark.parametrize(
    "who", [LEAD, person("员工", Role.STAFF), person("信息", Role.IT), person("管理员", Role.SYSTEM)]
)
def test_whoever_may_not_approve_decides_revokes_and_enables_nothing(db: None, who: Person) -> None:
    asked = ask(by=BY)
    with pytest.raises(Forbidden):
        decide(asked, by=who)
    with pytest.raises(Forbidden):
        operations.revoke(request=asked.id, reason="不要", by=who, at=NOW + 1)
    with pytest.raises(Forbidden):
        allow(by=who)
    assert Decision.objects.count() == 0


@pytest.mark.req("R2.16")
def test_an_approval_ends_with_its_time(db: None) -> None:
    asked = ask(expires_at=NOW + DAY)
    decide(asked)
    assert queries.approved(KIND, PLAN, DIGEST, at=NOW + DAY - 1) is not None
    assert queries.approved(KIND, PLAN, DIGEST, at=NOW + DAY) is None
    late = ask(expires_at=NOW + DAY)
    with pytest.raises(Expired):
        decide(late, at=NOW + DAY)
    assert [r.id for r in queries.waiting(at=NOW)] == [late.id]
    assert queries.waiting(at=NOW + DAY) == []


@pytest.mark.req("R2.16")
def test_an_approval_is_revoked_for_good_and_the_past_stays(db: None) -> None:
    asked = ask()
    decide(asked)
    operations.revoke(request=asked.id, reason="名单有误", by=COUNSEL, at=NOW + 5)
    assert queries.approved(KIND, PLAN, DIGEST, at=NOW + 5) is None
    assert queries.approved(KIND, PLAN, DIGEST, at=NOW + 4) is not None
    found = queries.request(asked.id)
    assert (found.state, found.revoked_by, found.revoked_reason) == (
        RequestState.REVOKED, COUNSEL.actor, "名单有误",
    )  # fmt: skip
    with pytest.raises(NotRevocable):
        operations.revoke(request=asked.id, reason="再来", by=COUNSEL, at=NOW + 6)
    with pytest.raises(Decided):
        decide(asked, by=COUNSEL, at=NOW + 6)
    decide(ask(at=NOW + 7), at=NOW + 8)
    assert queries.approved(KIND, PLAN, DIGEST, at=NOW + 8) is not None
    assert sound()


def test_the_applicant_withdraws_what_still_waits(db: None) -> None:
    asked = ask()
    operations.revoke(request=asked.id, reason="改方案", by=LEAD, at=NOW + 1)
    assert queries.waiting() == []
    with pytest.raises(Decided):
        decide(asked)


def test_a_rejection_has_a_reason_approves_nothing_and_cannot_be_revoked(db: None) -> None:
    asked = ask()
    with pytest.raises(BadRequest):
        operations.decide(request=asked.id, agree=False, reason=" ", by=CHIEF, at=NOW)
    decide(asked, agree=False)
    assert queries.approved(KIND, PLAN, DIGEST, at=NOW + 1) is None
    assert queries.request(asked.id).state is RequestState.REJECTED
    with pytest.raises(NotRevocable):
        operations.revoke(request=asked.id, reason="撤", by=COUNSEL, at=NOW + 2)
    with pytest.raises(Decided) as again:
        decide(asked, by=COUNSEL)
    assert again.value.code == "approvals.decided"


@pytest.mark.parametrize(
    "changed", [{"kind": " "}, {"scope": ""}, {"reason": " "}, {"digest": b"short"}, {"expires_at": NOW}]
)
def test_a_request_says_what_why_how_far_and_how_long(db: None, changed: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        ask(**changed)
    assert Request.objects.count() == 0


def test_what_does_not_exist_is_unknown(db: None) -> None:
    for act in (
        lambda: queries.request(new_id(NOW)),
        lambda: operations.decide(request=new_id(NOW), agree=True, reason="", by=CHIEF, at=NOW),
        lambda: operations.revoke(request=new_id(NOW), reason="撤", by=CHIEF, at=NOW),
    ):
        with pytest.raises(NoSuchRequest):
            act()


def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told(db: None) -> None:
    asked = ask()
    start, outcomes = threading.Barrier(2), list[str]()

    def run(by: Person, agree: bool) -> None:
        try:
            start.wait()
            decide(asked, by=by, agree=agree)
            outcomes.append("decided")
        except JieliError as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    both = [threading.Thread(target=run, args=args) for args in ((CHIEF, True), (COUNSEL, False))]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(outcomes) == ["approvals.decided", "decided"]
    assert Decision.objects.count() == 1
    assert sound()


# ── decisions made elsewhere ──


def test_an_outside_approval_counts_from_its_entry_with_its_number_and_proof(db: None) -> None:
    made = outside(decided_on=TODAY - timedelta(days=3))
    found = queries.check_approved(KIND, PLAN, DIGEST, at=NOW)
    assert (found.id, found.outside, found.approver, found.decided_at) == (
        made.id, "蓝凌OA HR-2026-118", "郑凯", NOW,
    )  # fmt: skip
    assert queries.approved(KIND, PLAN, DIGEST, at=NOW - 1) is None
    kept = queries.request(made.request)
    assert kept.decision is not None
    assert (kept.decision.paper, kept.decision.decided_on, kept.number) == (
        PAPER, TODAY - timedelta(days=3), "HR-2026-118",
    )  # fmt: skip
    operations.revoke(request=made.request, reason="撤单", by=CHIEF, at=NOW + 1)
    assert queries.approved(KIND, PLAN, DIGEST, at=NOW + 1) is None
    assert sound()


@pytest.mark.req("R2.16")
@pytest.mark.parametrize("approver", ["周敏", " 周敏 "])
def test_an_outside_approval_by_its_applicant_is_refused(db: None, approver: str) -> None:
    with pytest.raises(OwnRequest):
        outside(approver=approver)
    assert Request.objects.count() == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"number": " "},
        {"system": ""},
        {"applicant": ""},
        {"approver": ""},
        {"decided_on": TODAY + timedelta(days=1)},
    ],
)
def test_an_outside_receipt_that_lacks_something_is_refused(db: None, changed: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        outside(**changed)


def test_an_outside_document_does_not_approve_a_changed_plan(db: None) -> None:
    outside()
    with pytest.raises(ReceiptUsed):
        outside(digest=CHANGED)
    outside(digest=CHANGED, number="HR-2026-119")
    outside(subject=new_id(NOW))  # one document may cover several plans
    assert queries.approved(KIND, PLAN, CHANGED, at=NOW) is not None


# ── enabling ──


def allow(**changed: Any) -> Any:
    wanted: dict[str, Any] = {
        "what": INHERITANCE, "papers": dict.fromkeys(REQUIRED[INHERITANCE], PAPER), "note": "首次启用",
        "from_day": TODAY, "by": CHIEF, "at": NOW,
    }  # fmt: skip
    keep(PAPER)
    return operations.enable(**(wanted | changed))


@pytest.mark.req("R2.15")
@pytest.mark.parametrize("lacking", REQUIRED[INHERITANCE])
def test_inheritance_is_not_enabled_without_every_paper_and_the_missing_one_is_named(
    db: None, lacking: str
) -> None:
    papers = {kind: PAPER for kind in REQUIRED[INHERITANCE] if kind != lacking}
    with pytest.raises(PapersMissing, match=f"《{lacking}》"):
        allow(papers=papers)
    with pytest.raises(NotEnabled) as refused:
        queries.check_enabled(INHERITANCE, at=NOW)
    assert refused.value.code == "approvals.not_enabled"
    assert all(f"《{kind}》" in str(refused.value) for kind in REQUIRED[INHERITANCE])


@pytest.mark.req("R2.15")
def test_an_enablement_holds_from_its_entry_and_day_until_its_last_day_or_its_end(db: None) -> None:
    made = allow(from_day=TODAY + timedelta(days=1), until=TODAY + timedelta(days=2))
    assert queries.enabled(INHERITANCE, at=NOW) is None
    assert queries.check_enabled(INHERITANCE, at=NOW + DAY) == made
    assert queries.enabled(INHERITANCE, at=NOW + 2 * DAY) == made
    assert queries.enabled(INHERITANCE, at=NOW + 3 * DAY) is None
    past = allow(from_day=TODAY - timedelta(days=9), at=NOW + 1)
    assert (
        queries.enabled(INHERITANCE, at=NOW) is None
    )  # a day claimed earlier gives nothing before the entry
    assert queries.enabled(INHERITANCE, at=NOW + 1) == past
    operations.disable(enablement=past.id, reason="评估过期", by=COUNSEL, at=NOW + 2)
    assert queries.enabled(INHERITANCE, at=NOW + 2) is None
    with pytest.raises(NotRevocable):
        operations.disable(enablement=past.id, reason="再撤", by=COUNSEL, at=NOW + 3)
    assert [e.id for e in queries.enablements(INHERITANCE)] == [made.id, past.id]
    assert sound()


@pytest.mark.parametrize(
    "changed",
    [
        {"what": " ", "papers": {"说明": PAPER}},
        {"what": "其他", "papers": {}},
        {"until": TODAY - timedelta(days=1)},
    ],
)
def test_an_enablement_of_nothing_or_for_no_time_is_refused(db: None, changed: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        allow(**changed)


# ── the database, last judge ──


def decision(asked: RequestRef, **changed: Any) -> Decision:
    wanted: dict[str, Any] = {
        "request_id": asked.id, "applicant": asked.applicant, "approver": CHIEF.actor, "agree": True, "reason": "",
        "decided_at": NOW, "decided_on": TODAY,
    }  # fmt: skip
    return Decision(id=new_id(NOW), **(wanted | changed))


def write(row: Decision) -> None:
    with book(at=NOW) as b:
        b.entry("approvals.decide", by=BY).insert(row)


@pytest.mark.req("R2.16")
def test_the_database_refuses_an_applicant_as_approver_whatever_the_decision_claims(db: None) -> None:
    asked = ask()
    with pytest.raises((IntegrityError, psycopg.IntegrityError), match="approvals_decision_four_eyes"):
        write(decision(asked, approver=asked.applicant))
    with pytest.raises((IntegrityError, psycopg.IntegrityError), match="approvals_decision_true_applicant"):
        write(decision(asked, applicant="person:somebody", approver=asked.applicant))
    assert Decision.objects.count() == 0


def test_the_database_refuses_a_second_decision_and_a_changed_one(
    db: None, other_connection: Callable[..., psycopg.Connection[Any]]
) -> None:
    asked = ask()
    decide(asked)
    with pytest.raises((IntegrityError, psycopg.IntegrityError), match="request_id"):
        write(decision(asked, approver=COUNSEL.actor))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        other_connection().execute("UPDATE approvals_decision SET agree = false")


def test_the_key_to_the_true_applicant_waits_for_the_end_also_where_there_were_decisions_before(
    db: None, owner_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    decide(ask())
    asked = "SELECT condeferred FROM pg_constraint WHERE conname = 'approvals_decision_true_applicant'"
    call_command("migrate", "approvals", "0001", database="owner", verbosity=0, interactive=False)
    before = owner_sql(asked)
    start.migrate()  # with all that rests on it, which went with it
    assert (before, owner_sql(asked)) == ([(False,)], [(True,)])
    with pytest.raises(IntegrityError):
        owner_sql("UPDATE approvals_decision SET applicant = applicant || 'x'")
    assert sound()
