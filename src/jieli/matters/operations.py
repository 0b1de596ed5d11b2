"""Opening and closing matters."""

from collections.abc import Sequence
from datetime import date

from django.db import connections

from jieli.kernel.ids import new_id
from jieli.kernel.times import local_day
from jieli.ledger.operations import Staged, book
from jieli.matters import queries
from jieli.matters.errors import MatterClosed, MatterDates
from jieli.matters.models import Matter, MatterPerson
from jieli.matters.types import Involved, MatterKind, MatterRef


def open_matter(
    *,
    kind: MatterKind,
    title: str,
    people: Sequence[Involved] = (),
    by: str,
    at: int,
    opened_on: date | None = None,
) -> MatterRef:
    """Open a matter and name whom it concerns. `opened_on` may lie in the past; the number is of the year of `at`."""
    today = local_day(at)
    opened = today if opened_on is None else opened_on
    if opened > today:
        raise MatterDates("立案日期不能晚于今天。", remedy="请更正立案日期。")
    with book(at=at) as b:
        row = Matter(
            id=new_id(at), kind=kind.value, number=_next_number(today.year), title=title, opened_on=opened
        )
        entry = b.entry(queries.OPEN, by=by, facts={"matter": str(row.id), "number": row.number})
        entry.insert(row)
        _name(entry, row, people, at=at)
    return queries.refs([row])[0]


def name_people(*, number: str, people: Sequence[Involved], by: str, at: int) -> MatterRef:
    """Name more people whom an open matter concerns; those already named so are left as they are."""
    with book(at=at) as b:
        row = _locked(number)
        entry = b.entry("matters.name_people", by=by, facts={"matter": str(row.id)})
        known = queries.refs([row])[0].people
        _name(entry, row, [p for p in people if p not in known], at=at)
    return queries.refs([row])[0]


def close(*, number: str, by: str, at: int, closed_on: date | None = None) -> MatterRef:
    """Close a matter; MatterClosed when it already is."""
    today = local_day(at)
    with book(at=at) as b:
        row = _locked(number)
        row.closed_on = today if closed_on is None else closed_on
        if not row.opened_on <= row.closed_on <= today:
            raise MatterDates("结案日期须在立案日与今天之间。", remedy="请更正结案日期。")
        b.entry("matters.close", by=by, facts={"matter": str(row.id), "number": row.number}).revise(row)
    return queries.refs([row])[0]


def _next_number(year: int) -> str:
    """The number after the last of the year. Whoever opens a matter meanwhile waits until we commit or fail.

    A failed transaction gives its number back, for the next reads the table again: so there is no gap. Numbers of
    matters that a restore lost stand on papers outside, and are passed over.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute("LOCK TABLE matters_matter IN SHARE ROW EXCLUSIVE MODE")
    return queries.numbered(year, queries.last_given(year) + 1)


def _locked(number: str) -> Matter:
    row = Matter.objects.select_for_update().filter(number=number).first()
    if row is None:
        raise queries.unknown()
    if row.closed_on is not None:
        raise MatterClosed("事项已经结案。", remedy="如有新的情况，请另立事项。")
    return row


def _name(entry: Staged, row: Matter, people: Sequence[Involved], *, at: int) -> None:
    entry.insert(
        *(
            MatterPerson(id=new_id(at), matter=row, person_kind=p.kind.value, person=p.person, role=p.role)
            for p in dict.fromkeys(people)
        )
    )
