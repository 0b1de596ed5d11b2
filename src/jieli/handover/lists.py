"""The four lists of a written hand-over (R0.47, R0.12, R0.35), computed from what the rooms below know now.

Many cases at once, a constant number of queries. Accounts, numbers and devices follow the assets room; groups,
customers and content follow what was entered as handed over.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from jieli.assets import queries as assets
from jieli.assets.types import AccountRef, AccountState, HoldingSpan
from jieli.handover.models import CasePaper, DataRow, Handed, Objection, SnapshotLine, Unable
from jieli.handover.types import CaseRef, DataClass, HandList, ItemState, LineClass, ListItem, ListKind, Role
from jieli.handover.types import DataRow as Data
from jieli.kernel.times import local_day
from jieli.papers import queries as papers
from jieli.papers.signing import SignatureRef

#: Which classes of the snapshot stand on which list. Orders stand on their own paper.
CLASSES: Mapping[ListKind, tuple[LineClass, ...]] = {
    ListKind.ACCOUNTS: (LineClass.ACCOUNT, LineClass.GROUP),
    ListKind.DEVICES: (LineClass.DEVICE, LineClass.NUMBER),
    ListKind.CUSTOMERS: (LineClass.CUSTOMER,),
}
_BACK = {
    AccountState.DELIVERED: ItemState.DELIVERED,
    AccountState.RECOVERED: ItemState.RECOVERED,
    AccountState.IN_USE: ItemState.RECOVERED,
    AccountState.REGISTERED: ItemState.HANDED,
    AccountState.UNSIGNED_STOCK: ItemState.HANDED,
    AccountState.LEAVING: ItemState.DELIVERED,
    AccountState.CLOSED: ItemState.HANDED,
}


@dataclass(frozen=True, slots=True)
class _Known:
    """Everything that decides the states of items, fetched together for all cases."""

    at: int
    accounts: Mapping[UUID, AccountRef]
    holdings: Mapping[UUID, Sequence[HoldingSpan]]
    handed: frozenset[tuple[UUID, str, str]]
    unable: Mapping[tuple[UUID, str, str], str]
    objections: Mapping[tuple[UUID, UUID], Sequence[str]]


def lists_of(cases: Sequence[CaseRef], *, at: int) -> dict[UUID, tuple[HandList, ...]]:
    """The four lists of each case, in the order of `ListKind`."""
    ids = [c.id for c in cases]
    lines: dict[UUID, list[SnapshotLine]] = defaultdict(list)
    wanted = [cls.value for classes in CLASSES.values() for cls in classes]
    for line in SnapshotLine.objects.filter(case_id__in=ids, cls__in=wanted).order_by("cls", "key"):
        lines[line.case_id].append(line)
    known = _known(ids, [line for some in lines.values() for line in some], at)
    data, carried = _data(ids), _carried(ids)
    return {case.id: _lists(case, lines[case.id], data[case.id], carried[case.id], known) for case in cases}


def _known(ids: Sequence[UUID], lines: Sequence[SnapshotLine], at: int) -> _Known:
    things = {line.subject for line in lines if line.cls != LineClass.CUSTOMER.value and line.subject}
    objections: dict[tuple[UUID, UUID | None], list[str]] = defaultdict(list)
    said = Objection.objects.filter(case_id__in=ids, subject__isnull=False).order_by("made_on", "id")
    for case, subject, text in said.values_list("case_id", "subject", "text"):
        objections[case, subject].append(text)
    unable = Unable.objects.filter(case_id__in=ids).order_by("stated_on", "id")
    by_item = {(case, subject): texts for (case, subject), texts in objections.items() if subject}
    return _Known(
        at,
        assets.accounts_by_id(things),
        assets.holdings_of(things),
        frozenset(Handed.objects.filter(case_id__in=ids).values_list("case_id", "cls", "key")),
        {(u.case_id, u.cls, u.key): f"{u.reason}（{u.stated_by}陈述）" for u in unable},
        by_item,
    )


def _data(ids: Sequence[UUID]) -> dict[UUID, list[Data]]:
    found: dict[UUID, list[Data]] = defaultdict(list)
    for row in DataRow.objects.filter(case_id__in=ids):
        found[row.case_id].append(
            Data(
                DataClass(row.cls), row.count, row.amount_fen, row.first, row.last, bytes(row.digest).hex(),
                row.note or "",
            )
        )  # fmt: skip
    order = list(DataClass)
    for rows in found.values():
        rows.sort(key=lambda d: order.index(d.cls))
    return found


@dataclass(frozen=True, slots=True)
class _Carrier:
    """A paper that carries lists, and who has signed it."""

    paper: UUID
    covers: tuple[str, ...]
    roles: frozenset[Role]


def _carried(ids: Sequence[UUID]) -> dict[UUID, list[_Carrier]]:
    rows = list(CasePaper.objects.filter(case_id__in=ids).order_by("id"))
    signed = papers.signatures([row.paper for row in rows])
    found: dict[UUID, list[_Carrier]] = defaultdict(list)
    for row in rows:
        found[row.case_id].append(
            _Carrier(row.paper, tuple(row.covers), signed_roles(signed.get(row.paper, ())))
        )
    return found


def signed_roles(signatures: Sequence[SignatureRef]) -> frozenset[Role]:
    """Which of the three have signed. Who signed as 移交人 counts in no other role, whatever he signed."""
    leavers = {s.signer for s in signatures if s.role == Role.LEAVER.value and s.signer is not None}
    words = {role.value: role for role in Role}
    return frozenset(
        words[s.role]
        for s in signatures
        if s.role in words and (s.role == Role.LEAVER.value or s.signer not in leavers)
    )


def _lists(
    case: CaseRef,
    lines: Sequence[SnapshotLine],
    data: Sequence[Data],
    carried: Sequence[_Carrier],
    known: _Known,
) -> tuple[HandList, ...]:
    made = []
    for kind in ListKind:
        carriers = [c for c in carried if kind.value in c.covers]
        # Signatures on different versions of a list are not added up: the version most have signed counts.
        best = max((c.roles for c in carriers), key=len, default=frozenset())
        items = (
            [_content(case, row, known) for row in data]
            if kind is ListKind.DATA
            else [_item(case, line, known) for line in lines if LineClass(line.cls) in CLASSES[kind]]
        )
        made.append(
            HandList(
                kind,
                tuple(items),
                tuple(data) if kind is ListKind.DATA else (),
                tuple(c.paper for c in carriers),
                tuple(role for role in Role if role in best),
            )
        )
    return tuple(made)


def _item(case: CaseRef, line: SnapshotLine, known: _Known) -> ListItem:
    where = (case.id, line.cls, line.key)
    objections = tuple(known.objections.get((case.id, line.subject), ())) if line.subject else ()
    state = _state(case, line, known)
    reason = known.unable.get(where, "")
    if state is ItemState.WAITING and reason:
        return ListItem(
            line.key, line.label, ItemState.UNABLE, line.subject, reason=reason, objections=objections
        )
    return _dated(case, line.key, line.label, line.subject, state, known.at, objections)


def _state(case: CaseRef, line: SnapshotLine, known: _Known) -> ItemState:
    if (case.id, line.cls, line.key) in known.handed:
        return ItemState.HANDED
    if line.cls == LineClass.CUSTOMER.value or line.subject is None:
        return ItemState.WAITING
    account = known.accounts.get(line.subject)
    if account is not None and account.state in (
        AccountState.CLOSED,
        AccountState.DELIVERED,
        AccountState.RECOVERED,
    ):
        return _BACK[account.state]
    if any(s.staff_id == case.staff_id and s.holds(known.at) for s in known.holdings.get(line.subject, ())):
        return ItemState.WAITING
    return ItemState.HANDED if account is None else _BACK[account.state]


def _content(case: CaseRef, row: Data, known: _Known) -> ListItem:
    handed = (case.id, ListKind.DATA.value, row.cls.value) in known.handed
    # Nothing to hand over of a class that is empty: it is on the list, and says so.
    state = ItemState.HANDED if handed or row.count == 0 else ItemState.WAITING
    return _dated(case, row.cls.value, f"{row.cls.value} {row.count}", None, state, known.at, ())


def _dated(
    case: CaseRef,
    key: str,
    label: str,
    subject: UUID | None,
    state: ItemState,
    at: int,
    objections: tuple[str, ...],
) -> ListItem:
    """Not returned after the exit day is 逾期未交回, with the days (R0.12)."""
    late = days_late(case.last_day, at=at) if state is ItemState.WAITING else 0
    return ListItem(
        key, label, ItemState.OVERDUE if late else state, subject, days_late=late, objections=objections
    )


def days_late(last_day: date, *, at: int) -> int:
    """Days since the last day of work; 0 until it is over."""
    return max(0, (local_day(at) - last_day).days)
