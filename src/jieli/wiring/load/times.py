"""Sheets of working time: 班次, 请假."""

from uuid import UUID

from jieli.connectors.files.tables import TableRow
from jieli.consent import operations as consent
from jieli.consent.types import NewLeave, NewShift, ShiftKind
from jieli.kernel.times import DAY
from jieli.parties.queries import staff_by_no
from jieli.parties.types import Outcome
from jieli.wiring.load.rows import Loading, RefusedRow, Rows, find, seen, values

#: The consent room takes no longer ones; told here by row, so that one wrong line does not refuse the sheet.
LONGEST_SHIFT = 2 * DAY


def _period(row: TableRow) -> tuple[int, int]:
    if row["ends"] <= row["begins"]:
        raise RefusedRow(
            "ends", "load.ends_before_it_begins", "结束不晚于开始。", "请核对时间；跨夜班写次日日期。"
        )
    return row["begins"], row["ends"]


def _one_span(new: NewShift | NewLeave) -> tuple[UUID, int, int]:
    """A span once a sheet: two words for it would take turns at each load."""
    return new.staff_id, new.begins_ms, new.ends_ms


def load_shifts(rows: Rows, loading: Loading) -> Outcome:
    """班次.csv; a shift without a word for its kind is 班次."""
    staff = staff_by_no(seen(rows.table, "staff_no"))

    def make(row: TableRow) -> NewShift:
        person = find(staff, row["staff_no"], "staff_no", "员工").id
        begins, ends = _period(row)
        if ends - begins > LONGEST_SHIFT:
            raise RefusedRow("ends", "load.shift_too_long", "一个班次超过两天。", "请核对下班日期。")
        return NewShift(person, begins, ends, row["kind"] or ShiftKind.REGULAR)

    built = rows.build(make, key=_one_span)
    if not built:
        return Outcome()
    done = consent.load_shifts(values(built), by=loading.by, at=loading.at)
    return Outcome(new=done.new, unchanged=done.unchanged)


def load_leave(rows: Rows, loading: Loading) -> Outcome:
    """请假.csv"""
    staff = staff_by_no(seen(rows.table, "staff_no"))

    def make(row: TableRow) -> NewLeave:
        person = find(staff, row["staff_no"], "staff_no", "员工").id
        return NewLeave(person, *_period(row), row["kind"])

    built = rows.build(make, key=_one_span)
    if not built:
        return Outcome()
    done = consent.load_leave(values(built), by=loading.by, at=loading.at)
    return Outcome(new=done.new, unchanged=done.unchanged)
