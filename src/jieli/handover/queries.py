"""Reading leavings. Everything returned is a value; each answer is a constant number of queries."""

from uuid import UUID

from jieli.handover.certificate import certificate
from jieli.handover.completion import completions, lacking_to_close, lacking_to_note
from jieli.handover.lists import lists_of
from jieli.handover.models import Case, Promise
from jieli.handover.overview import overview
from jieli.handover.reading import lines, refs, unknown
from jieli.handover.types import CaseRef, Completion, HandList, PromiseLine, Snapshot
from jieli.handover.views import promise_line, view

__all__ = [
    "case",
    "case_of",
    "cases",
    "certificate",
    "completion",
    "completions",
    "lacking_to_close",
    "lacking_to_note",
    "lists",
    "lists_of",
    "open_cases",
    "overview",
    "promises_to",
    "snapshot",
    "view",
]


def case(number: str) -> CaseRef:
    """The leaving of a matter's number; NoSuchCase (handover.unknown)."""
    found = refs(Case.objects.select_related("matter").filter(matter__number=number))
    if not found:
        raise unknown()
    return found[0]


def cases(ids: "set[UUID] | list[UUID]") -> dict[UUID, CaseRef]:
    """Leavings by their own id, those that exist."""
    return {c.id: c for c in refs(Case.objects.select_related("matter").filter(id__in=ids))}


def case_of(staff: UUID) -> CaseRef | None:
    """The open leaving of somebody, else his newest; None if he never left."""
    rows = Case.objects.select_related("matter").filter(staff_id=staff).order_by("-closed_on", "-opened_at")
    found = refs(rows)
    return next((c for c in found if c.open), found[0] if found else None)


def open_cases() -> list[CaseRef]:
    """Leavings not closed, the earliest last day first."""
    rows = Case.objects.select_related("matter").filter(closed_on__isnull=True)
    return refs(rows.order_by("last_day", "id"))


def snapshot(case: UUID) -> Snapshot:
    """What was held when the case was opened, with the digest that the book has; NoSuchCase."""
    digest = Case.objects.filter(id=case).values_list("digest", flat=True).first()
    if digest is None:
        raise unknown()
    return Snapshot(bytes(digest).hex(), tuple(lines(case)))


def lists(case: CaseRef, *, at: int) -> tuple[HandList, ...]:
    """The four lists of one leaving as they stand."""
    return lists_of([case], at=at)[case.id]


def completion(case: CaseRef, *, at: int) -> Completion:
    """Whether one hand-over is 完成, and what each side still owes."""
    return completions([case], at=at)[case.id]


def promises_to(customers: "set[UUID] | list[UUID]") -> dict[UUID, list[PromiseLine]]:
    """Promises to customers that leavers listed, with the company's answers: what a customer's card shows."""
    found: dict[UUID, list[PromiseLine]] = {key: [] for key in customers}
    for row in Promise.objects.filter(customer_id__in=customers).order_by("id"):
        found[row.customer_id].append(promise_line(row))
    return found
