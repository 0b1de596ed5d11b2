"""An invented tutoring firm whose people leave: staff, accounts, customers and approved plans; and its platform.

The platform in memory plays by the same rules as the rehearsal server, without a wire between.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from uuid import UUID

import pytest

from jieli.access.types import Role
from jieli.approvals import operations as approvals
from jieli.approvals.types import REQUIRED
from jieli.assets import operations as assets
from jieli.assets import queries as asset_queries
from jieli.assets.types import AccountType, HolderKind, NewAccount, NewHolding
from jieli.connectors.wecom.rehearsal import rules
from jieli.connectors.wecom.rehearsal.state import Customer, Follow, Group, Member, State
from jieli.kernel import failpoints
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY, SECOND, local_day
from jieli.ledger import append
from jieli.ledger.operations import book
from jieli.matters import operations as matters
from jieli.matters.types import MatterKind
from jieli.parties import operations as parties
from jieli.parties import queries as party_queries
from jieli.parties.types import (
    EngagementKind,
    NewCustomer,
    NewEngagement,
    NewEntity,
    NewIdentity,
    NewStaff,
    NewUnit,
)
from jieli.succession import notices
from jieli.succession.models import Assignment, Candidate, Plan
from jieli.succession.ports import MemberState, PlatformCustomer, TransferResult, check_approval
from jieli.succession.types import ENABLEMENT, PLAN_APPROVAL, CustomerState, Mode, Phase, PlanState
from tests.conftest import NOW
from tests.rooms.company import reader
from tests.rooms.kept_papers import keep

BY = "system:test"
LAST_MINUTE = NOW + 6 * DAY
PAPER = UUID(int=0xFA9E)


@dataclass
class InMemory:
    """The platform without a wire. `now` is its clock; orders are used up one by one."""

    now: int = NOW
    state: State = field(default_factory=State)
    codes: dict[str, list[int]] = field(default_factory=dict)  # errcodes for an item, then as the rules say
    errors: list[Exception] = field(default_factory=list)  # whole calls that fail before anything is done
    cuts: list[Exception] = field(default_factory=list)  # whole calls that are done and then not answered
    calls: list[tuple[bool, str, str, tuple[str, ...], str, str]] = field(default_factory=list)
    accepted: Counter[tuple[bool, str, str, str]] = field(default_factory=Counter)
    doubles: list[str] = field(default_factory=list)
    unnamed: set[str] = field(default_factory=set)

    def customers_of(self, userid: str) -> list[PlatformCustomer]:
        found = self.state.customers_of(userid)
        return [PlatformCustomer(c.external_userid, c.name, "", 1, 0) for c in found]

    def transfer(
        self,
        *,
        resigned: bool,
        handover: str,
        takeover: str,
        customers: Sequence[str],
        message: str = "",
        approval: str,
    ) -> dict[str, int]:
        check_approval(approval)
        rules.settle(self.state, self.now)
        self.calls.append((resigned, handover, takeover, tuple(customers), approval, message))
        if self.errors:
            raise self.errors.pop(0)
        answer = {c: self._item(resigned, handover, takeover, c) for c in customers}
        if self.cuts:
            raise self.cuts.pop(0)
        return {c: code for c, code in answer.items() if c not in self.unnamed}

    def _item(self, resigned: bool, handover: str, takeover: str, customer: str) -> int:
        ordered = self.codes.get(customer)
        if ordered:
            return ordered.pop(0)
        code = rules.ask(
            self.state, resigned=resigned, handover=self.state.members[handover],
            takeover=self.state.members[takeover], customer=customer, now=self.now,
        )  # fmt: skip
        self.accepted[(resigned, handover, takeover, customer)] += code == 0
        self.doubles += [customer] if code in (40100, 40129) else []
        return code

    def results(self, *, resigned: bool, handover: str, takeover: str) -> list[TransferResult]:
        rules.settle(self.state, self.now)
        found = rules.results(self.state, resigned=resigned, handover=handover, takeover=takeover)
        return [TransferResult(t.customer, int(t.status), rules.takeover_time(t)) for t in found]

    def unassigned(self) -> list[tuple[str, str, int]]:
        found = rules.unassigned(self.state, self.now)
        return [(m.userid, c, (m.left_at or 0) // SECOND) for m, c in found]

    def transfer_groups(
        self, *, resigned: bool, rooms: Sequence[str], new_owner: str, approval: str
    ) -> dict[str, int]:
        check_approval(approval)
        self.calls.append((resigned, "", new_owner, tuple(rooms), approval, ""))
        moved = {
            r: rules.move_group(self.state, on_job=not resigned, chat_id=r, new_owner=new_owner, now=self.now)
            for r in rooms
        }
        if self.cuts:
            raise self.cuts.pop(0)
        return moved

    def contact_way(self, userid: str) -> str:
        return f"https://work.example/ca/{userid}"

    def member(self, userid: str) -> MemberState:
        member = self.state.members.get(userid)
        return MemberState(userid, 0 if member is None else 5 if member.resigned else 1)

    def resign(self, userid: str) -> None:
        self.state.members[userid].left_at = self.now

    def answer(self, customer: str, *codes: int) -> None:
        self.codes.setdefault(customer, []).extend(codes)


@dataclass
class Relay:
    """Everybody by the name used on the platform."""

    entity: UUID
    staff: dict[str, UUID]
    customers: dict[str, UUID]
    plans: dict[str, UUID]  # by leaver
    approvals: dict[str, UUID]
    platform: InMemory

    @property
    def plan(self) -> UUID:
        return next(iter(self.plans.values()))

    def states(self) -> dict[str, str]:
        names = {key: name for name, key in self.customers.items()}
        rows = Assignment.objects.values_list("customer_id", "state")
        return {names[c]: state for c, state in sorted(rows, key=lambda r: names[r[0]])}

    def state(self, external: str) -> CustomerState:
        return CustomerState(self.states()[external])


def external(n: int) -> str:
    return f"wm{n:04d}"


def found_relay(
    *,
    customers: int = 6,
    leavers: Sequence[str] = ("li",),
    receivers: Sequence[str] = ("wang", "zhao"),
    phase: Phase = Phase.NOTICE,
    at: int = NOW,
) -> Relay:
    """A firm whose plans are approved: customers are dealt to leavers and then to receivers, in turn."""
    parties.register_entities([NewEntity("QM", "青木教育科技有限公司", "91370000MA3EXAMPLE")], by=BY, at=at)
    entity = party_queries.entities_by_code()["QM"]
    parties.register_units([NewUnit("X1", "学习顾问部", entity)], by=BY, at=at)
    unit = party_queries.units_by_code()["X1"]
    names = {"li": "李清", "wang": "王岚", "zhao": "赵屿", "sun": "孙禾"}
    people = [*leavers, *receivers, "boss"]
    joined = date(2024, 3, 1)
    parties.register_staff(
        [NewStaff(p, names.get(p, f"员工{p}"), unit, "学习顾问", joined) for p in people], by=BY, at=at
    )
    staff = {no: ref.id for no, ref in party_queries.staff_by_no().items()}
    engaged = [NewEngagement(staff[p], entity, EngagementKind.LABOUR, joined) for p in people]
    parties.register_engagements(engaged, by=BY, at=at)
    ids = [external(n) for n in range(customers)]
    parties.register_customers([NewCustomer(x, f"客户{x}") for x in ids], by=BY, at=at)
    known = {no: ref.id for no, ref in party_queries.customers_by_no().items()}
    parties.register_identities([NewIdentity(known[x], "wecom", x) for x in ids], by=BY, at=at)
    accounts = [NewAccount("wecom", p, AccountType.WORK_CHAT, entity) for p in people]
    assets.register_accounts(accounts, by=BY, at=at)
    held = asset_queries.accounts("wecom")
    holdings = [NewHolding(held[p].id, HolderKind.STAFF, at - 30 * DAY, staff_id=staff[p]) for p in people]
    assets.load_holdings(holdings, by=BY, at=at)
    notices.set_service_contact(
        entity=entity, uscc="91370000MA3EXAMPLE", phone="400-000-0000", mail="kefu@example.cn", desk="合规部",
        by=BY, at=at,
    )  # fmt: skip
    judge = reader(Role.COMPLIANCE, name="严规", at=at)
    keep(PAPER, at=at)
    papers = dict.fromkeys(REQUIRED[ENABLEMENT], PAPER)
    approvals.enable(what=ENABLEMENT, papers=papers, note="", from_day=local_day(at), by=judge, at=at)
    relay = Relay(entity, staff, known, {}, {}, InMemory(at))
    for n, leaver in enumerate(leavers):
        _plan(relay, leaver, receivers, ids[n :: len(leavers)], phase, number=n + 1, at=at)
    relay.platform.state.members.update({p: Member(p) for p in people})
    for n, x in enumerate(ids):
        owner = leavers[n % len(leavers)]
        relay.platform.state.customers[x] = Customer(x, follows={owner: Follow()})
    return relay


def _plan(
    relay: Relay, leaver: str, receivers: Sequence[str], ids: Sequence[str], phase: Phase, *, number: int, at: int
) -> None:  # fmt: skip
    matter = matters.open_matter(kind=MatterKind.LEAVING, title="离职", by=BY, at=at)
    boss = relay.staff["boss"]
    plan = Plan(
        id=new_id(at), matter_id=matter.id, leaver_id=relay.staff[leaver], mode=Mode.MANUAL.value,
        notice_on=local_day(at), last_minute=LAST_MINUTE, state=PlanState.SUBMITTED.value, owner_id=boss,
        due_on=local_day(LAST_MINUTE + 10 * DAY), privacy_impact="最小必要", business_need="持续服务",
        alternative="不转移会话", digest=sha256(leaver.encode()).digest(), made_by=BY, made_at=at, solver="手动",
    )  # fmt: skip
    lines = [
        Assignment(
            id=new_id(at), plan=plan, customer_id=relay.customers[x], phase=phase.value,
            receiver_id=relay.staff[receivers[n % len(receivers)]], state=CustomerState.PLANNED.value,
            reasons=[], remedies=[],
        )
        for n, x in enumerate(ids)
    ]  # fmt: skip
    fit = [
        Candidate(
            id=new_id(at), plan=plan, staff_id=relay.staff[r], entity=relay.entity, tenure_months=12,
            contribution_fen=0, score=500, capacity=1_000, load=0, reserved=0, obstacles=[],
        )
        for r in receivers
    ]  # fmt: skip
    with book(at=at) as b:
        entry = b.entry("succession.plan", by=BY)
        entry.insert(plan)
        entry.insert(*lines)
        entry.insert(*fit)
    decided = approvals.record_outside(
        kind=PLAN_APPROVAL, subject=plan.id, digest=bytes(plan.digest), system="OA", number=f"A{number}",
        applicant="主管", approver="总监", decided_on=local_day(at), paper=PAPER, by=BY, at=at,
    )  # fmt: skip
    relay.plans[leaver], relay.approvals[leaver] = plan.id, decided.id


def add_groups(relay: Relay, owner: str, rooms: Sequence[str]) -> None:
    relay.platform.state.groups.update({r: Group(r, owner) for r in rooms})


class PowerCut(BaseException):
    """The machine stops here."""


class Crash:
    """Stops at the n-th passage of each place in turn; `fired` counts the stops."""

    def __init__(self, points: Sequence[tuple[str, int]]) -> None:
        self.left = list(points)
        self.passed = 0
        self.fired = 0

    def arm(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(failpoints, "reach", self.reach)
        monkeypatch.setattr(append, "reach", self.reach)

    def reach(self, name: str) -> None:
        if not self.left or name != self.left[0][0]:
            return
        self.passed += 1
        if self.passed == self.left[0][1]:
            self.left.pop(0)
            self.passed, self.fired = 0, self.fired + 1
            raise PowerCut
