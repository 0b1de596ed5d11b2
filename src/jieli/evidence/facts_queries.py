"""Reading what was stated: facts as rules take them, exhibits, losses. A fixed number of queries for a dispute."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from jieli.evidence.assessments.amounts import Amount, total
from jieli.evidence.assessments.losses import Head, LossRow
from jieli.evidence.disputes_types import (
    AmountRef,
    Basis,
    DefenceKind,
    ExhibitRef,
    Issue,
    Legality,
    Party,
)
from jieli.evidence.models import AmountStated, DefenceRow, Exhibit, FactRow, LostCustomer, Relief
from jieli.law.verdicts import Fact, Period, Precision, ProofState, StatedBy
from jieli.ledger import queries as ledger
from jieli.parties.types import Qualifier

#: The key under which a rule looks for a defence that was raised.
DEFENCE_KEYS = {
    DefenceKind.NOT_USED: "defence.not_used",
    DefenceKind.SHARED: "defence.shared",
    DefenceKind.NO_INTENT: "defence.no_intent",
}


@dataclass(frozen=True, slots=True)
class Stated:
    """What an assessment is given: facts that still stand, losses not withdrawn, exhibits that may prove nothing."""

    facts: tuple[Fact, ...]
    losses: tuple[LossRow, ...]
    quarantined: frozenset[str]


def stated(dispute: UUID) -> Stated:
    """Everything that rules read of a dispute, reliefs and defences among it as facts."""
    facts = [*standing(dispute), *_from_reliefs(dispute), *_from_defences(dispute)]
    return Stated(tuple(facts), losses(dispute), quarantined(dispute))


def standing(dispute: UUID) -> list[Fact]:
    """Facts that no later statement replaced, in the order in which they were stated."""
    rows = list(FactRow.objects.filter(dispute_id=dispute).order_by("ordinal"))
    replaced = {row.replaces for row in rows}
    return _facts([row for row in rows if row.id not in replaced])


def history(dispute: UUID, key: str) -> list[Fact]:
    """Everything that was ever stated of a key, replaced or not, oldest first."""
    return _facts(list(FactRow.objects.filter(dispute_id=dispute, key=key).order_by("ordinal")))


def _facts(rows: list[FactRow]) -> list[Fact]:
    recorded = ledger.first_recorded("evidence_fact", [row.id for row in rows]) if rows else {}
    return [
        Fact(
            id=str(row.id),
            key=row.key,
            value=row.value,
            stated_by=StatedBy(row.stated_by),
            proof=ProofState(row.proof),
            event=period(row),
            recorded=recorded[str(row.id)].time,
            exhibits=tuple(str(e) for e in row.exhibits),
            note=row.note or "",
        )
        for row in rows
    ]


def _from_reliefs(dispute: UUID) -> list[Fact]:
    """What is claimed in money, and on which basis: one amount over all lines, its qualifier kept."""
    rows = list(Relief.objects.filter(dispute_id=dispute, issue=Issue.DAMAGES.value).order_by("ordinal"))
    sums = [a for row in rows if (a := relief_amount(row))]
    bases = {row.ground for row in rows if row.ground}
    found = []
    if sums:
        found.append(_claimed(f"relief-amount:{rows[0].id}", "claim.amount", _spelled(total(sums))))
    if len(bases) == 1:
        found.append(_claimed(f"relief-basis:{rows[0].id}", "claim.basis", bases.pop()))
    return found


def _claimed(id: str, key: str, value: str) -> Fact:
    return Fact(id, key, value, StatedBy.COMPANY, ProofState.CLAIMED)


def _spelled(amount: Amount) -> str:
    """An amount as `amounts.parse` reads it back."""
    number = f"{amount.fen // 100}.{amount.fen % 100:02d}"
    if amount.exact:
        return number
    return f"{number}余" if amount.qualifier is Qualifier.OVER else f"{amount.qualifier.value}{number}"


def _from_defences(dispute: UUID) -> list[Fact]:
    rows = DefenceRow.objects.filter(dispute_id=dispute).order_by("ordinal")
    return [
        Fact(
            f"defence:{row.id}",
            DEFENCE_KEYS[DefenceKind(row.kind)],
            "是",
            StatedBy.STAFF if row.raised_by == Party.STAFF.value else StatedBy.COMPANY,
            ProofState.CLAIMED,
        )
        for row in rows
        if DefenceKind(row.kind) in DEFENCE_KEYS
    ]


def losses(dispute: UUID) -> tuple[LossRow, ...]:
    """Lost customers not withdrawn, in the order in which they were listed."""
    rows = LostCustomer.objects.filter(dispute_id=dispute, withdrawn__isnull=True).order_by("ordinal")
    return tuple(
        LossRow(
            id=str(row.id),
            head=Head(row.head),
            customer=row.customer,
            course=row.course,
            lost=period(row),
            attempts=row.attempts,
            exhibits=tuple(str(e) for e in row.exhibits),
            fen=row.fen,
        )
        for row in rows
    )


def exhibits(dispute: UUID) -> tuple[ExhibitRef, ...]:
    """Exhibits in the order in which they were put in."""
    return tuple(
        ExhibitRef(
            id=row.id,
            number=row.number,
            paper=row.paper,
            party=StatedBy(row.party),
            proves=row.proves,
            legality=Legality(row.legality),
            grounds=row.grounds or "",
        )
        for row in Exhibit.objects.filter(dispute_id=dispute).order_by("ordinal")
    )


def quarantined(dispute: UUID) -> frozenset[str]:
    """The ids of exhibits that may feed no verdict."""
    rows: Iterable[UUID] = Exhibit.objects.filter(
        dispute_id=dispute, legality=Legality.QUARANTINED.value
    ).values_list("id", flat=True)
    return frozenset(str(row) for row in rows)


def amounts(dispute: UUID) -> tuple[AmountRef, ...]:
    """Sums that were stated, in order."""
    return tuple(
        AmountRef(
            row.id,
            row.what,
            Amount(row.amount_fen, Qualifier(row.qualifier), row.loss_type, StatedBy(row.stated_by)),
        )
        for row in AmountStated.objects.filter(dispute_id=dispute).order_by("ordinal")
    )


def relief_amount(row: Relief) -> Amount | None:
    """The sum of a relief with its qualifier."""
    if row.amount_fen is None or row.qualifier is None:
        return None
    by = StatedBy(row.stated_by) if row.stated_by else None
    return Amount(row.amount_fen, Qualifier(row.qualifier), row.loss_type or "", by)


def relief_basis(row: Relief) -> Basis | None:
    return Basis(row.ground) if row.ground else None


def period(row: FactRow | LostCustomer) -> Period | None:
    """The time of a row, as exactly as it was stated."""
    if row.first is None or row.last is None or row.precision is None:
        return None
    return Period(row.first, row.last, Precision(row.precision))
