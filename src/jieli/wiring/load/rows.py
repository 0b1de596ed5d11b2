"""The rows of one sheet on their way into a room: references found, doubles and faults set aside."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from jieli.connectors.files.company import Sheet
from jieli.connectors.files.tables import Problem, Table, TableRow
from jieli.kernel.errors import JieliError

K = TypeVar("K")
V = TypeVar("V")
N = TypeVar("N")


@dataclass(frozen=True, slots=True)
class Loading:
    """What holds for the whole load."""

    directory: Path
    by: str
    at: int
    sign_within_days: int


class RefusedRow(Exception):
    """This row cannot go in; caught where rows are built, never seen outside."""

    def __init__(self, column: str, code: str, sentence: str, remedy: str) -> None:
        super().__init__(code)
        self.column, self.code, self.sentence, self.remedy = column, code, sentence, remedy


@dataclass(frozen=True, slots=True)
class Built(Generic[N]):
    """A value ready for its room, and the line it came from."""

    line: int
    value: N


@dataclass(slots=True)
class Rows:
    """A sheet as read, and every fault found so far."""

    sheet: Sheet
    table: Table
    problems: list[Problem] = field(default_factory=list)

    def build(self, make: Callable[[TableRow], N], key: Callable[[N], Hashable]) -> list[Built[N]]:
        """Make a value of each row. A row that cannot be made, or whose key stood above, is set aside."""
        found: list[Built[N]] = []
        lines: dict[Hashable, int] = {}
        for row in self.table.rows:
            try:
                value = make(row)
                if (first := lines.setdefault(key(value), row.line)) != row.line:
                    raise RefusedRow(
                        "", "load.row_twice", f"与第 {first} 行登记的是同一对象。", "请只保留一行。"
                    )
            except RefusedRow as refused:
                self.refuse(row.line, refused.column, refused.code, refused.sentence, refused.remedy)
            except JieliError as refused:
                self.refuse(row.line, "", refused.code, refused.sentence, refused.remedy)
            else:
                found.append(Built(row.line, value))
        return found

    def refuse(self, line: int, name: str, code: str, sentence: str, remedy: str) -> None:
        """Set a row aside; `name` is the column's name in code, or "" where no single column is at fault."""
        self.problems.append(Problem(line, self.sheet.header(name) if name else "", code, sentence, remedy))

    def refuse_some(self, built: Sequence[Built[N]], refused: Mapping[int, JieliError]) -> list[Built[N]]:
        """Set aside those built rows, by position, against which an error speaks; the others are returned."""
        for n, error in sorted(refused.items()):
            self.refuse(built[n].line, "", error.code, error.sentence, error.remedy)
        return [one for n, one in enumerate(built) if n not in refused]


def find(known: Mapping[K, V], key: K, column: str, what: str) -> V:
    """What a row refers to; the row is refused where nobody has registered it."""
    if key not in known:
        raise RefusedRow(
            column, "load.unknown_reference", f"所指的{what}不存在或未能装载。", f"请先登记该{what}。"
        )
    return known[key]


def values(built: Sequence[Built[N]]) -> list[N]:
    """The values alone, in order."""
    return [one.value for one in built]


def seen(table: Table, name: str) -> set[str]:
    """The different entries of a column that are not empty: what to ask the registers for, in one query."""
    return {row[name] for row in table.rows if row[name] is not None}
