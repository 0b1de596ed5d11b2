"""Holds as people read them: what is kept, who placed it, why; and whom to ask where one stands in the way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from jieli.access import queries as persons
from jieli.archive import queries as archive
from jieli.archive.errors import Held, PersonKept
from jieli.archive.holds import RULE
from jieli.archive.retention import defaults
from jieli.archive.types import HoldRef, HoldScope
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local
from jieli.matters import queries as matters
from jieli.wiring.subjects import Somebody, everybody

#: How many holds a refusal names; `jieli hold list` names all.
MOST_NAMED = 3
_OF_PEOPLE = (HoldScope.PERSON, HoldScope.LIMITATION)
_PERSON = "person:"


@dataclass(frozen=True, slots=True)
class HoldTold:
    """A hold in words: `what` it keeps, who placed it; `who` where it keeps a person, `matter` its number or ""."""

    hold: HoldRef
    what: str
    who: Somebody | None
    placed_by: str
    matter: str

    def short(self) -> str:
        """For a refusal: its id, who placed it and when."""
        return f"{self.hold.id}（{self.what}，{self.placed_by} {local(self.hold.at):%Y-%m-%d} 放置）"


def by_people(found: Sequence[HoldRef]) -> tuple[list[HoldRef], int]:
    """Of these the holds in force that people placed, and how many the rule of 时效 did: those nobody releases."""
    in_force = [hold for hold in found if hold.released_at is None]
    placed = [hold for hold in in_force if hold.scope is not HoldScope.LIMITATION]
    return placed, len(in_force) - len(placed)


def tell(found: Sequence[HoldRef]) -> list[HoldTold]:
    """These holds in words, in their order. One query for each kind of name."""
    who = everybody({UUID(h.target) for h in found if h.scope in _OF_PEOPLE})
    actors = {h.by for h in found if h.by.startswith(_PERSON)}
    names = persons.names([UUID(actor.removeprefix(_PERSON)) for actor in actors])
    numbers = {key: m.number for key, m in matters.matters(h.matter for h in found if h.matter).items()}
    classes = {one.channel: one.name for one in defaults()[1] if one.channel}
    told = []
    for hold in found:
        of = who.get(UUID(hold.target)) if hold.scope in _OF_PEOPLE else None
        number = numbers.get(hold.matter, "") if hold.matter is not None else ""
        told.append(HoldTold(hold, _what(hold, of, classes), of, _placer(hold.by, names), number))
    return told


def _what(hold: HoldRef, who: Somebody | None, classes: dict[str, str]) -> str:
    if hold.scope in _OF_PEOPLE:
        return str(who) if who is not None else "登记中没有的人"
    if hold.scope is HoldScope.CLASS:
        return f"全部{classes.get(hold.target, hold.target)}"
    return f"{hold.scope.value} {hold.target}"


def _placer(actor: str, names: dict[UUID, str]) -> str:
    if actor == RULE:
        return "规则（时效）"
    if not actor.startswith(_PERSON):
        return actor
    return names.get(UUID(actor.removeprefix(_PERSON)), "不明")


def naming(error: Held | PersonKept) -> JieliError:
    """The same refusal with the ids and placers of the holds: only for whoever may place and release them.

    The error itself where no hold explains it.
    """
    ids = _ids(error)
    found = [hold for hold in archive.holds() if hold.id in ids]
    if not found:
        return error
    told = "、".join(one.short() for one in tell(found[:MOST_NAMED]))
    more = f" 等 {len(found)} 项" if len(found) > MOST_NAMED else ""
    return JieliError(
        f"{error.sentence}保全：{told}{more}。",
        remedy=f"{error.remedy}解除见 jieli hold release。",
        code=error.code,
    )


def _ids(error: Held | PersonKept) -> set[UUID]:
    if isinstance(error, PersonKept):
        return set(error.holds)
    named = _together(error.holds.values())
    return named or _together(archive.covering(sorted(error.holds)).values())


def _together(some: Iterable[Sequence[UUID]]) -> set[UUID]:
    return {hold for holds in some for hold in holds}
