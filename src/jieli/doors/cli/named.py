"""What people name at the command line by its natural key: staff, customers, plans, days, and files on disk."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from jieli.connectors.files.tables import Column, TableRow, read_table
from jieli.doors.cli.given import NoFile, day, receive
from jieli.kernel.errors import JieliError
from jieli.kernel.times import DAY, SECOND, start_of_day
from jieli.ledger.operations import book
from jieli.matters import queries as matters
from jieli.parties import queries as parties
from jieli.succession import queries as succession
from jieli.succession.types import PlanRef
from jieli.wiring.subjects import UnknownSubject


class BadSheet(JieliError):
    """A sheet whose first fault is told with its line."""

    code = "cli.bad_sheet"


class NoPlan(JieliError):
    """The matter has no living plan."""

    code = "cli.no_plan"


def staff(number: str) -> UUID:
    """The id behind a 工号."""
    return staff_all([number])[0]


def staff_all(numbers: Iterable[str]) -> list[UUID]:
    """The ids behind some 工号, in their order; UnknownSubject names the first that nobody has."""
    wanted = list(numbers)
    found = parties.staff_by_no(wanted)
    return [_known(found, number, "员工").id for number in wanted]


def customers(numbers: Iterable[str]) -> list[UUID]:
    """The ids behind some 客户编号, in their order."""
    wanted = list(numbers)
    found = parties.customers_by_no(wanted)
    return [_known(found, number, "客户").id for number in wanted]


def _known(found: dict[str, Any], number: str, kind: str) -> Any:
    if number not in found:
        raise UnknownSubject(f"没有编号为 {number} 的{kind}。", remedy="请核对编号，或先用 jieli load 登记。")
    return found[number]


def staff_numbers(ids: Collection[UUID]) -> dict[UUID, str]:
    """工号 by id, for answers."""
    return {key: ref.staff_no for key, ref in parties.staff(ids).items()}


def customer_numbers(ids: Collection[UUID]) -> dict[UUID, str]:
    """客户编号 by id, for answers."""
    return {key: ref.customer_no for key, ref in parties.customer(ids).items()}


def plan(number: str) -> PlanRef:
    """The living plan of a matter; NoPlan while none was made, or the last one was voided."""
    found = succession.living_plan(matters.matter(number).id)
    if found is None:
        raise NoPlan(f"事项 {number} 没有在办的接续方案。", remedy="请先用 jieli plan make 做方案。")
    return succession.plan(found)


def end_of(text: str | None) -> int | None:
    """The last second of a day that is named inclusively, ms."""
    return None if text is None else start_of_day(day(text)) + DAY - SECOND


@contextmanager
def with_paper(path: Path | None, *, kind: str, by: str, at: int) -> Iterator[UUID | None]:
    """The kept paper, in one transaction with what it proves; without a path there is neither."""
    if path is None:
        yield None
        return
    with book(at=at):
        yield receive(path, kind=kind, by=by, at=at)


def text_cell(text: str) -> str:
    """A cell as it stands."""
    return text


def sheet(path: Path, *columns: str, needed: Sequence[str] = ()) -> list[TableRow]:
    """The rows of a CSV whose cells are texts by these headers; BadSheet tells the first fault and its line."""
    if not path.is_file():
        raise NoFile("文件不存在。", remedy="请核对路径。")
    table = read_table(path, [Column(name, name, text_cell, name in needed) for name in columns])
    if table.problems:
        first = table.problems[0]
        where = f"第 {first.line} 行" + (f"“{first.column}”列" if first.column else "")
        raise BadSheet(f"{where}：{first.sentence}", remedy=first.remedy)
    return table.rows


def per_customer(rows: Iterable[TableRow]) -> dict[UUID, list[TableRow]]:
    """Rows of a sheet under the customer that each names in 客户编号."""
    listed = list(rows)
    known = parties.customers_by_no({row["客户编号"] for row in listed})
    found: dict[UUID, list[TableRow]] = {}
    for row in listed:
        found.setdefault(_known(known, row["客户编号"], "客户").id, []).append(row)
    return found
