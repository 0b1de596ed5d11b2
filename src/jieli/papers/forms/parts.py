"""What a form is made of: a few kinds of sections that one template sets, and words that many forms share.

A form's dataclass says what the paper needs; `sections` says how it is told. Values are plain: strings, integers,
days as `YYYY-MM-DD`, amounts in fen. Nothing here reads a clock, a table or a file.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from jieli.papers.signing import GRADE_LINES, Grade
from jieli.papers.types import Citation, Labelled, Template

#: A field of the layout alone: it changes the sheet, not what the paper says, and is no part of its facts.
LAYOUT = MappingProxyType({"layout": True})


@dataclass(frozen=True, slots=True)
class Fields:
    """Label and value, one under the other; `title` may be empty."""

    title: str
    rows: tuple[Labelled, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table whose head stands on every sheet. `widths` are parts of the whole; `gap` is what is missing, in red."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]
    empty: str = "无"
    gap: str = ""
    numbered: bool = True


@dataclass(frozen=True, slots=True)
class Paragraphs:
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for one signature: in which role, of whom (may be empty), and by which grade."""

    role: str
    name: str
    grade: Grade

    @property
    def grade_line(self) -> str:
        return GRADE_LINES[self.grade]


@dataclass(frozen=True, slots=True)
class SignOff:
    """Places for signatures. `said` is what is signed there; `apart` gives each its own box with an opinion (会签)."""

    title: str
    said: str
    slots: tuple[Slot, ...]
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Articles:
    title: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Annex:
    """Begins a new sheet."""

    title: str


Section = Fields | Grid | Paragraphs | SignOff | Articles | Annex


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPaper(Template, ABC):
    """What every form shares. `print_layout` adds places for 骑缝章 at the edge; it says nothing else."""

    template: ClassVar[str] = "form"
    kind: ClassVar[str] = "文书"
    print_layout: bool = field(default=False, metadata=LAYOUT)

    @abstractmethod
    def sections(self) -> tuple[Section, ...]:
        """The paper's body, in order."""


@dataclass(frozen=True, slots=True)
class DutyLine:
    """What one side owes the other: `state` is the duty's own word (待办, 已履行, 持续, 不再适用)."""

    name: str
    due: str
    state: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who is to sign, and how; the name may be empty on a sheet that is filled in by hand."""

    name: str
    grade: Grade = Grade.INK


def duties(title: str, lines: tuple[DutyLine, ...]) -> Grid:
    """One side's duties as a table."""
    return Grid(
        title=title,
        head=("事项", "到期日", "状态", "备注"),
        rows=tuple((d.name, d.due, d.state, d.note) for d in lines),
        widths=(40, 16, 14, 30),
    )


def slot(role: str, signer: Signer) -> Slot:
    """The place where a signer signs in a role."""
    return Slot(role, signer.name, signer.grade)


def money(fen: int) -> str:
    """An amount as it is printed: 1234567 fen is ¥12,345.67."""
    sign, fen = ("-" if fen < 0 else ""), abs(fen)
    return f"{sign}¥{fen // 100:,}.{fen % 100:02d}"


def rows(*pairs: tuple[str, str]) -> tuple[Labelled, ...]:
    """Label and value pairs for `Fields`."""
    return tuple(Labelled(label, value) for label, value in pairs)
