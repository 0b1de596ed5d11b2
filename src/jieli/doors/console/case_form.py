"""What an act on a leaving asks for and how it is shown: one form, one page, one confirmation for all of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from django.http import HttpRequest

from jieli.access.types import Permission
from jieli.doors.console import typed
from jieli.doors.console.reading import Mistyped
from jieli.doors.web.door import at, me
from jieli.handover import queries
from jieli.handover.types import CaseRef
from jieli.kernel.times import local_day, start_of_day

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Field:
    """A field of a form. `kind`: text, long, day, file, pick (a select), many (checkboxes), tick, kept (hidden)."""

    name: str
    label: str
    kind: str = "text"
    options: Options = ()
    hint: str = ""
    needed: bool = True


@dataclass(frozen=True)
class Filled:
    """A field as shown: with what was typed before, or what the address brought along."""

    field: Field
    value: str
    chosen: tuple[str, ...]


@dataclass(frozen=True)
class Ask:
    """Somebody acts on a case: the request, and the case as it stood when it came."""

    request: HttpRequest
    case: CaseRef

    @property
    def by(self) -> str:
        return me(self.request).actor

    @property
    def at(self) -> int:
        return at(self.request)

    @property
    def staff(self) -> UUID | None:
        """The staff record of who acts."""
        return me(self.request).staff

    def text(self, name: str) -> str:
        return typed.words(self.request.POST, name)

    def needed(self, name: str, label: str) -> str:
        return typed.needed(self.request.POST, name, label)

    def day(self, name: str, label: str) -> date:
        return typed.day(self.request.POST, name, label)

    @property
    def today(self) -> date:
        return local_day(self.at)

    def day_ms(self, name: str, label: str) -> int:
        """The first instant of a day, and now where it is today."""
        found = self.day(name, label)
        return self.at if found == self.today else start_of_day(found)

    def tick(self, name: str) -> bool:
        return self.request.POST.get(name) == "yes"

    def many(self, name: str) -> list[str]:
        return [word for word in self.request.POST.getlist(name) if word]

    def id(self, name: str, label: str) -> UUID:
        """An id that the form brought along."""
        found = typed.key(self.text(name))
        if found is None:
            raise Mistyped(f"没有选择“{label}”。", remedy="请从案卷页面重新进入。")
        return found

    def names(self, name: str) -> list[str]:
        """Names of people, one a line or with commas between them."""
        text = self.text(name)
        for mark in "，、,；;":
            text = text.replace(mark, "\n")
        return [word.strip() for word in text.splitlines() if word.strip()]

    def scan(self, name: str, kind: str) -> UUID | None:
        return typed.scan(self.request, name, kind=kind, title=self.title(kind), by=self.by, at=self.at)

    def proof(self, name: str, kind: str) -> UUID:
        return typed.proof(
            self.request, name, kind, kind=kind, title=self.title(kind), by=self.by, at=self.at
        )

    def title(self, kind: str) -> str:
        return f"{self.case.number} {kind}"


@dataclass(frozen=True)
class Act:
    """Something done to a leaving. `then` says before what will happen; `final` ones cannot be undone and are named.

    `alone`: it opens the book itself, more than once or outside of rendering; else the act and its scans are one.
    """

    what: str
    title: str
    then: str
    button: str
    fields: Callable[[CaseRef, int], Sequence[Field]]
    do: Callable[[Ask], str]
    permissions: tuple[Permission, ...] = (Permission.MANAGE_HANDOVER,)
    final: bool = False
    alone: bool = False


def fill(fields: Iterable[Field], request: HttpRequest, instant: int) -> list[Filled]:
    """The form with what was typed, or with what the address names; a day starts as today."""
    values = request.POST if request.method == "POST" else request.GET
    today = f"{local_day(instant):%Y-%m-%d}"
    made = []
    for one in fields:
        known = typed.words(values, one.name)
        if not known and one.kind == "day" and one.needed and request.method != "POST":
            known = today
        chosen = tuple(values.getlist(one.name))
        if one.kind == "many" and request.method != "POST" and not chosen:
            chosen = tuple(value for value, _ in one.options[:1])
        made.append(Filled(one, known, chosen))
    return made


def of(kind: type[StrEnum], *left_out: StrEnum) -> Options:
    """The words of an enum as options."""
    return tuple((word.value, word.value) for word in kind if word not in left_out)


def papers_of(case: CaseRef, instant: int) -> Options:
    """The papers of a case as options, the newest first."""
    kept = queries.view(case.number, at=instant).papers
    return tuple(
        (str(p.paper.id), f"《{p.paper.kind}》{p.paper.number or p.paper.title}") for p in reversed(kept)
    )
