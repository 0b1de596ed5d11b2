"""What a load did, as plain values that print as JSON. It names lines and columns, never what stood in them."""

from dataclasses import asdict, dataclass
from typing import Any

from jieli.kernel.errors import JieliError


class CannotLoad(JieliError):
    """The load could not begin: nothing was read, nothing written."""

    code = "load.cannot_load"


@dataclass(frozen=True, slots=True)
class RowError:
    """A fault: line as editors count (0: the whole file), header of the column or "", code, sentence, remedy."""

    file: str
    line: int
    column: str
    code: str
    sentence: str
    remedy: str


@dataclass(frozen=True, slots=True)
class FileReport:
    """Rows of a sheet: each is new, changed, unchanged or refused."""

    file: str
    encoding: str
    rows: int
    new: int
    changed: int
    unchanged: int
    refused: int
    errors: tuple[RowError, ...]


@dataclass(frozen=True, slots=True)
class LoadReport:
    """`files` in the order loaded; `unknown` are CSV files in the directory that no sheet is called."""

    files: tuple[FileReport, ...]
    unknown: tuple[str, ...]

    @property
    def errors(self) -> tuple[RowError, ...]:
        """Every fault, file by file, by line."""
        return tuple(error for file in self.files for error in file.errors)

    def total(self, what: str) -> int:
        """The sum over all sheets of new, changed, unchanged, refused or rows."""
        return sum(getattr(file, what) for file in self.files)

    def as_json(self) -> dict[str, Any]:
        """Counts first, then sheets, then faults."""
        totals = {what: self.total(what) for what in ("rows", "new", "changed", "unchanged", "refused")}
        files = [{k: v for k, v in asdict(file).items() if k != "errors"} for file in self.files]
        errors = [asdict(error) for error in self.errors]
        return {**totals, "files": files, "errors": errors, "unknown": list(self.unknown)}
