"""The lawful grounds, entered before anything is recorded: people, policy, notices, consents (P1)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from jieli.access import operations as access
from jieli.access.queries import person
from jieli.access.types import Person, Role
from jieli.consent import operations as consent
from jieli.consent.types import (
    DefaultShift,
    Means,
    NewConsent,
    Rules,
    Scope,
    StatedBy,
    Step,
    SubjectKind,
)
from jieli.kernel.times import MINUTE
from jieli.parties import queries as parties
from jieli.wiring.demo.calls import called
from jieli.wiring.demo.clients import Attitude, Client
from jieli.wiring.demo.clock import DemoClock
from jieli.wiring.demo.hours import STANDING
from jieli.wiring.demo.month import World
from jieli.wiring.demo.notices import customer_notice, staff_notice
from jieli.wiring.demo.people import KEEPER, OFFICER, Case, Employee
from jieli.wiring.demo.things import EXTENSIONS

BY = "system:demo"
ALL = (Scope.CAPTURE, Scope.QUALITY, Scope.EVIDENCE, Scope.SERVICE)
#: Of the exchange's extensions these have holders who agreed to recorded calls; of those called, so many customers.
CALL_AGREED, CALLED_AGREED = frozenset({"E0021", "E0022", "E0023"}), 14


@dataclass
class Grounds:
    """Who is who in the house: ids by the firm's own numbers, and how each person's entries name him."""

    world: World
    clock: DemoClock
    staff: dict[str, UUID] = field(default_factory=dict)
    customers: dict[str, UUID] = field(default_factory=dict)
    persons: dict[str, UUID] = field(default_factory=dict)
    notices: dict[tuple[SubjectKind, Means], UUID] = field(default_factory=dict)
    statements: int = 0

    def find_people(self) -> None:
        """Learn the ids under which the registers know everybody."""
        self.staff = {no: ref.id for no, ref in parties.staff_by_no([e.no for e in self.world.staff]).items()}
        found = parties.customers_by_no([c.no for c in self.world.clients])
        self.customers = {no: ref.id for no, ref in found.items()}

    def actor(self, staff_no: str) -> str:
        """How an entry names somebody who acts for himself."""
        return f"person:{self.persons[staff_no]}"

    def reader(self, staff_no: str) -> Person:
        """Somebody as the rooms that ask for permission want him."""
        found = person(self.persons[staff_no])
        if found is None:
            raise KeyError(staff_no)
        return found


def admit_people(grounds: Grounds) -> None:
    """Everybody gets a door of his own; two get the roles that the month needs."""
    clock = grounds.clock
    for e in grounds.world.staff:
        grounds.persons[e.no] = access.admit_person(
            sign_in=e.no.lower(), name=e.name, staff=grounds.staff[e.no], by=BY, at=clock.now
        )
    for staff_no, role in ((OFFICER, Role.COMPLIANCE), (KEEPER, Role.SYSTEM)):
        access.grant_role(
            person=grounds.persons[staff_no], role=role, begins_at=clock.now, by=BY, at=clock.now
        )


def set_rules(grounds: Grounds) -> None:
    """The policy: sales and service people only; service people without a roster keep standing hours."""
    rules = Rules(default_shifts={"客服": DefaultShift(*STANDING)})
    consent.set_policy(rules, starts_at=grounds.clock.now, by=grounds.actor(OFFICER), at=grounds.clock.now)


def tell_everybody(grounds: Grounds) -> int:
    """Publish the notices and serve them, to all but one member of the staff; how many were served."""
    by, clock = grounds.actor(OFFICER), grounds.clock
    told_staff = [grounds.staff[e.no] for e in grounds.world.staff if e.case is not Case.NOT_TOLD]
    told = {SubjectKind.STAFF: told_staff, SubjectKind.CUSTOMER: list(grounds.customers.values())}
    makers = {SubjectKind.STAFF: staff_notice, SubjectKind.CUSTOMER: customer_notice}
    served = 0
    for kind, make in makers.items():
        for means in (Means.CHAT, Means.CALL):
            notice = consent.publish_notice(make(means), by=by, at=clock.now)
            grounds.notices[kind, means] = notice
            served += len(
                consent.serve(
                    notice=notice, subject_kind=kind, subjects=told[kind], claimed_at=clock.now,
                    how="企业微信送达，系统留痕", by=by, at=clock.now,
                )
            )  # fmt: skip
    return served


def staff_answer(grounds: Grounds) -> None:
    """Each member of the staff answers for himself, from his own door, a minute after the other."""
    for e in grounds.world.staff:
        said = list(_staff_statements(grounds, e))
        if said:
            consent.give(said, by=grounds.actor(e.no), at=grounds.clock.on(MINUTE))
            grounds.statements += len(said)


def _staff_statements(grounds: Grounds, e: Employee) -> Iterator[NewConsent]:
    if not e.handle or e.case is Case.NOT_TOLD:
        return
    step = Step.REFUSE if e.case is Case.REFUSES else Step.AGREE
    scopes = ALL if int(e.no[1:]) % 5 or e.case is not Case.ORDINARY else (Scope.CAPTURE, Scope.EVIDENCE)
    for scope in scopes:
        explicit = e.case is not Case.DEFAULT_AGREE
        yield _of(
            grounds, SubjectKind.STAFF, grounds.staff[e.no], Means.CHAT, scope, step=step, explicit=explicit
        )
    if e.no in EXTENSIONS.values():
        step = Step.AGREE if e.no in CALL_AGREED else Step.REFUSE
        for scope in (Scope.CAPTURE, Scope.EVIDENCE):
            yield _of(grounds, SubjectKind.STAFF, grounds.staff[e.no], Means.CALL, scope, step=step)


def customers_answer(grounds: Grounds) -> None:
    """Customers who authorise more than the platform asks for, guardians of pupils, and those who agree to calls."""
    said = [c for client in grounds.world.clients for c in _customer_statements(grounds, client)]
    for client in called(grounds.world.clients)[:CALLED_AGREED]:
        who = grounds.customers[client.no]
        said += [
            _of(grounds, SubjectKind.CUSTOMER, who, Means.CALL, scope, guardian=client.minor)
            for scope in (Scope.CAPTURE, Scope.EVIDENCE)
        ]
    consent.give(said, by=BY, at=grounds.clock.now)
    grounds.statements += len(said)


def _customer_statements(grounds: Grounds, client: Client) -> Iterable[NewConsent]:
    scopes = {Attitude.AUTHORISES: ALL, Attitude.GUARDED: (Scope.CAPTURE, Scope.EVIDENCE)}
    who, guardian = grounds.customers[client.no], client.minor
    for scope in scopes.get(client.attitude, ()):
        yield _of(grounds, SubjectKind.CUSTOMER, who, Means.CHAT, scope, guardian=guardian)


def _of(
    grounds: Grounds, kind: SubjectKind, who: UUID, means: Means, scope: Scope,
    *, step: Step = Step.AGREE, explicit: bool = True, guardian: bool = False,
) -> NewConsent:  # fmt: skip
    return NewConsent(
        subject_kind=kind, subject=who, means=means, scope=scope, claimed_at=grounds.clock.now,
        notice=grounds.notices[kind, means], step=step, stated_by=StatedBy.SELF, explicit=explicit,
        guardian=guardian,
    )  # fmt: skip
