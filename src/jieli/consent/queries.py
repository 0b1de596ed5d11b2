"""Reading for screens: what is recorded of somebody and why not, what he was told and said, who lacks what.

Everything returned is a value; a fixed number of queries for any number of people.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

import jieli.assets.queries as assets
import jieli.parties.queries as parties
from jieli.assets.types import AccountState
from jieli.consent.facts import Facts
from jieli.consent.models import ConsentStep, Notice, Served
from jieli.consent.reasons import Reason, ordered, remedy
from jieli.consent.shifts import Duty
from jieli.consent.sides import Bench
from jieli.consent.snapshot import served_facts, staff_facts, step_facts
from jieli.consent.types import DocumentKind, Means, Scope, StatedBy, Step, SubjectKind
from jieli.ledger import queries as ledger
from jieli.ledger.plain import Asked, array
from jieli.parties.types import StaffRef

#: The two means that fill the archive; the others have no source of messages.
ARCHIVED = (Means.CHAT, Means.CALL)


@dataclass(frozen=True, slots=True)
class Against:
    """A reason and what can be done, as a screen prints them."""

    reason: Reason
    remedy: str


@dataclass(frozen=True, slots=True)
class MeansState:
    """Whether a means records a person at an instant, in a conversation with a customer who agreed."""

    means: Means
    recorded: bool
    against: tuple[Against, ...]
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class NoticeServed:
    """A notice as it was served, its text and the digest that was sealed."""

    id: UUID
    title: str
    version: int
    sha256: bytes
    text: str
    means: tuple[Means, ...]
    scopes: tuple[Scope, ...]
    claimed_at: int
    how: str
    recorded_at: int
    entry: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with the entry that holds it; `answered` only for objections."""

    id: UUID
    means: Means
    scope: Scope
    step: Step
    claimed_at: int
    stated_by: StatedBy
    explicit: bool
    towards: str
    reply: str
    entry: int
    recorded_at: int


@dataclass(frozen=True, slots=True)
class Person:
    """The page of one staff member: first what is recorded and what not, then what he was told and said."""

    staff: UUID
    means: tuple[MeansState, ...]
    in_force: frozenset[tuple[Means, Scope]]
    notices: tuple[NoticeServed, ...]
    statements: tuple[Statement, ...]
    missing_documents: tuple[DocumentKind, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A staff member who holds an account, and all he lacks, in words for the list. Nothing says who refused."""

    staff: UUID
    staff_no: str
    name: str
    unit: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of a unit's staff who hold accounts: how many were told, agreed, have all papers, signed, and all of these."""

    unit: str
    staff: int
    notified: int
    agreed: int
    documents: int
    signed: int
    complete: int


def person(staff: UUID, *, at: int) -> Person:
    """What is recorded of a staff member now, and what is not and why (R3.34, R3.35)."""
    facts = _facts([staff], at)
    bench = Bench(facts, historical=False)
    states = tuple(_state(bench, staff, means, at) for means in ARCHIVED)
    in_force = {
        (means, scope)
        for means in Means
        for scope, track in bench.consents(staff, means).items()
        if track.at(at).explicit is not None and not track.at(at).objection
    }
    return Person(
        staff,
        states,
        frozenset(in_force),
        tuple(notices_served(staff)),
        tuple(statements(staff)),
        _missing_documents(facts, staff),
    )


def _facts(staff: Collection[UUID], at: int) -> Facts:
    """What is known of these staff members at an instant, without their accounts."""
    return Facts(
        since=at,
        until=at,
        served=served_facts(staff),
        steps=step_facts(staff, platform="", external_ids=()),
        **staff_facts(staff, since=at, until=at),
    )


def _state(bench: Bench, staff: UUID, means: Means, at: int) -> MeansState:
    own, duty = bench.own(staff, means).at(at), bench.duty(staff, at)
    reasons = ordered([*own.reasons, *_time_reasons(duty)])
    scopes = frozenset() if reasons else own.scopes
    return MeansState(means, not reasons, tuple(Against(r, remedy(r)) for r in reasons), scopes)


def _time_reasons(duty: Duty) -> tuple[Reason, ...]:
    return (*duty.off_shift, *duty.away)


def _missing_documents(facts: Facts, staff: UUID) -> tuple[DocumentKind, ...]:
    present = {d.kind for d in facts.documents.get(staff, ())}
    return tuple(kind for kind in DocumentKind if kind not in present)


def spoke_against(people: Collection[UUID]) -> Asked[set[UUID]]:
    """Which of these ever refused, withdrew or objected to anything: of all others nothing can have ended."""
    asked = "SELECT DISTINCT subject FROM consent_step WHERE subject = ANY($1::uuid[]) AND step <> $2::text"
    return Asked((asked, [array(people), Step.AGREE.value]), lambda found: {subject for (subject,) in found})


def notices_served(subject: UUID) -> list[NoticeServed]:
    """Every notice that reached somebody, oldest entry first."""
    rows = list(Served.objects.filter(subject=subject).select_related("notice"))
    marks = ledger.first_recorded("consent_served", [r.pk for r in rows])
    found = [
        NoticeServed(
            r.notice.id, r.notice.title, r.notice.version, bytes(r.notice.sha256), r.notice.text,
            tuple(map(Means, r.notice.means)), tuple(map(Scope, r.notice.scopes)), r.claimed_at, r.how,
            marks[str(r.pk)].time, marks[str(r.pk)].entry,
        )
        for r in rows if str(r.pk) in marks
    ]  # fmt: skip
    return sorted(found, key=lambda n: n.entry)


def statements(subject: UUID) -> list[Statement]:
    """Everything a person said, and everything platforms say he said under his ids, in the order of the book."""
    ids = parties.identities_of([subject])[subject]
    rows = list(ConsentStep.objects.filter(subject=subject))
    for platform, external_id in ids:
        rows += ConsentStep.objects.filter(platform=platform, external_id=external_id)
    marks = ledger.first_recorded("consent_step", [r.pk for r in rows])
    found = [
        Statement(
            r.id, Means(r.means), Scope(r.scope), Step(r.step), r.claimed_at, StatedBy(r.stated_by), r.explicit,
            r.towards, r.reply, marks[str(r.pk)].entry, marks[str(r.pk)].time,
        )
        for r in rows if str(r.pk) in marks
    ]  # fmt: skip
    return sorted(found, key=lambda s: s.entry)


def notices(kind: SubjectKind) -> dict[UUID, tuple[str, int]]:
    """Title and version of every notice written to staff, or to customers."""
    rows = Notice.objects.filter(kind=kind.value).values_list("id", "title", "version")
    return {key: (title, version) for key, title, version in rows}


def gaps(*, at: int, platform: str, means: Means = Means.CHAT) -> list[Gap]:
    """Who holds an account of a platform and may not be recorded, and all that is missing (go-live table).

    Time of day, leave and rest days are no gaps. By unit, then 工号. A refusal reads the same as silence here.
    """
    people, lacking, _ = _lacking(platform, means, at)
    found = [
        Gap(p.id, p.staff_no, p.name, p.unit_name, tuple(lacking[p.id]))
        for p in people.values()
        if lacking[p.id]
    ]
    return sorted(found, key=lambda g: (g.unit, g.staff_no))


def coverage(*, at: int, platform: str, means: Means = Means.CHAT) -> list[Coverage]:
    """告知与同意覆盖率 by unit; counts only, nobody is named (R3.34)."""
    people, lacking, reasons = _lacking(platform, means, at)
    units: dict[str, list[UUID]] = defaultdict(list)
    for p in people.values():
        units[p.unit_name].append(p.id)

    def without(ids: Iterable[UUID], *against: Reason) -> int:
        return sum(1 for i in ids if not reasons[i] & set(against))

    return [
        Coverage(
            unit, len(ids),
            notified=without(ids, Reason.NOT_NOTIFIED),
            agreed=without(ids, Reason.NOT_AGREED, Reason.NOT_EXPLICIT, Reason.WITHDRAWN, Reason.OBJECTION_OPEN),
            documents=without(ids, Reason.DOCUMENTS_INCOMPLETE),
            signed=without(ids, Reason.ACCOUNT_UNSIGNED, Reason.ACCOUNT_NOT_ACKNOWLEDGED),
            complete=sum(1 for i in ids if not lacking[i]),
        )
        for unit, ids in sorted(units.items())
    ]  # fmt: skip


def _lacking(
    platform: str, means: Means, at: int
) -> tuple[dict[UUID, StaffRef], dict[UUID, list[str]], dict[UUID, set[Reason]]]:
    """Holders of accounts at an instant; what each lacks in words; and the reasons behind."""
    accounts = {ref.id: ref for ref in assets.accounts(platform).values()}
    signed = assets.acknowledgements(accounts.keys())
    unsigned: dict[UUID, set[Reason]] = defaultdict(set)
    for key, holding in assets.holders_at(accounts.keys(), at).items():
        if holding is None or holding.staff_id is None or accounts[key].state is AccountState.CLOSED:
            continue
        known = unsigned[holding.staff_id]
        if holding.staff_id not in {s.staff_id for s in signed[key] if s.signed_at <= at}:
            stock = accounts[key].state is AccountState.UNSIGNED_STOCK
            known.add(Reason.ACCOUNT_UNSIGNED if stock else Reason.ACCOUNT_NOT_ACKNOWLEDGED)
    people = parties.staff(unsigned.keys())
    facts = _facts(unsigned.keys(), at)
    bench = Bench(facts, historical=False)
    reasons = {who: unsigned[who] | bench.own(who, means).at(at).reasons for who in people}
    words = {who: _words(facts, who, ordered(found)) for who, found in reasons.items()}
    return people, words, reasons


_REFUSED_ALIKE = {Reason.WITHDRAWN, Reason.NOT_EXPLICIT, Reason.OBJECTION_OPEN}


def _words(facts: Facts, staff: UUID, reasons: Iterable[Reason]) -> list[str]:
    found: list[str] = []
    for reason in reasons:
        word = Reason.NOT_AGREED.value if reason in _REFUSED_ALIKE else reason.value
        if reason is Reason.DOCUMENTS_INCOMPLETE:
            found += [f"缺{kind.value}" for kind in _missing_documents(facts, staff)] or [word]
        elif word not in found:
            found.append(word)
    return found
