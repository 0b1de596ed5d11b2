"""Papers to PDF: typeset offline from our own templates, the same data always to the same bytes."""

import json
from dataclasses import fields, is_dataclass
from enum import Enum
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import segno
import typst

from jieli.kernel.times import SECOND, local
from jieli.papers import fonts
from jieli.papers.errors import PaperNotRendered
from jieli.papers.facts import code_of, name_of
from jieli.papers.forms.parts import FormPaper, Grid
from jieli.papers.signing import GRADE_LINES
from jieli.papers.text import pieces
from jieli.papers.types import Template

#: The typesetter may read files of this folder and no others; templates import nothing from elsewhere.
ROOT: Final = Path(__file__).parent / "templates"
#: Of the sheet in templates/layout.typ, in points: the width of a table, of its number column, of a cell's inset.
_TABLE, _NUMBERS, _INSET, _CELL_EM = 464.0, 34.0, 8.0, 9.5
_WEEKDAYS = "一二三四五六日"


def render(data: Template) -> bytes:
    """The PDF/A of a paper. Pure: its date is the data's, nothing is read from clock, network or system fonts.

    The standard refuses a glyph that is missing. Should a text hold a cluster that no face sets, the paper is set
    again with everything unusual marked by its code point. PaperNotRendered then means a fault of the house.
    """
    try:
        return _compile(data, sure=False)
    except typst.TypstError:
        return _set_surely(data)


def _set_surely(data: Template) -> bytes:
    try:
        return _compile(data, sure=True)
    except typst.TypstError as error:
        raise _fault(data) from error


def _compile(data: Template, *, sure: bool) -> bytes:
    told = _form(data, sure) if isinstance(data, FormPaper) else _printable(data, sure)
    said = json.dumps(
        {"called": name_of(data), "code": _code(data), "grades": GRADE_LINES, **told}, ensure_ascii=True
    )
    compiler = typst.Compiler(root=str(ROOT), font_paths=fonts.collection(), ignore_system_fonts=True)
    made = compiler.compile(
        input=str(ROOT / f"{data.template}.typ"),
        format="pdf",
        sys_inputs={"data": said, "faces": fonts.families()},
        timestamp=data.head.at // SECOND,
        pdf_standards="a-2u",
    )
    if not isinstance(made, bytes):
        raise _fault(data)
    return made


def _form(data: FormPaper, sure: bool) -> dict[str, Any]:
    """A form for its template: its sections, not its fields."""
    return {
        "is": type(data).__name__,
        "head": _printable(data.head, sure),
        "print_layout": data.print_layout,
        "sections": [_grid(s, sure) if isinstance(s, Grid) else _printable(s, sure) for s in data.sections()],
    }


def _grid(grid: Grid, sure: bool) -> dict[str, Any]:
    """A table with its cells cut to what their columns hold."""
    whole = _TABLE - (_NUMBERS if grid.numbered else 0)
    rooms = [(whole * width / sum(grid.widths) - _INSET) / _CELL_EM for width in grid.widths]
    cells = [[pieces(v, sure=sure, room=r) for v, r in zip(row, rooms, strict=True)] for row in grid.rows]
    return {**_printable(grid, sure), "rows": cells}


def _code(data: Template) -> dict[str, Any]:
    """The page's code as runs of dark modules: row, first column, length. The template draws it as one shape."""
    made = segno.make(code_of(data), error="m", micro=False, boost_error=False)
    runs = []
    for y, line in enumerate(made.matrix):
        x = 0
        for dark, run in groupby(line):
            width = len(list(run))
            if dark:
                runs.append((y, x, width))
            x += width
    return {"size": len(made.matrix), "runs": runs}


def _fault(data: Template) -> PaperNotRendered:
    return PaperNotRendered(f"文书《{data.kind}》排版失败。", remedy="请报告此错误，并附上模板名称与版本。")


def moment(ms: int) -> str:
    """An instant as it is printed: 2026-11-21 周六 18:00:05."""
    at = local(ms)
    return f"{at:%Y-%m-%d} 周{_WEEKDAYS[at.weekday()]} {at:%H:%M:%S}"


def _printable(value: Any, sure: bool) -> Any:
    """A value for the template's JSON: text as pieces, moments as printed, records with their type's name."""
    if is_dataclass(value) and not isinstance(value, type):
        told = {
            f.name: moment(got) if f.metadata.get("moment") else _printable(got, sure)
            for f in fields(value)
            for got in (getattr(value, f.name),)
        }
        return {"is": type(value).__name__, **told}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return pieces(value, sure=sure)
    if isinstance(value, tuple):
        return [_printable(v, sure) for v in value]
    return value
