"""Which items may not be opened now, and why: destroyed, out of reach, no scope, withdrawn, objected to.

Purely from what others say: the archive of the item, access of the reader's reach, consent of what speaker and
holder said about this use and when.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from jieli.access.policy import reach
from jieli.access.types import Permission, Person
from jieli.archive.types import ItemRef
from jieli.assets import queries as assets
from jieli.consent.queries import spoke_against
from jieli.consent.snapshot import step_facts
from jieli.consent.timeline import consent_over_time
from jieli.consent.types import MEANS_OF, Means, Scope
from jieli.ledger.plain import Asked
from jieli.reading.policy import SCOPE_OF
from jieli.reading.types import LeftOut, Purpose


def sift(
    items: Sequence[ItemRef], *, purpose: Purpose, by: Person, at: int, against: set[UUID] | None = None
) -> tuple[list[ItemRef], dict[LeftOut, list[int]]]:
    """The items that may be opened, in their order, and the ids of the others by the first reason against each.

    `against` is the answer to `said_against(items)` where somebody has just asked for it.
    """
    scope = SCOPE_OF[purpose]
    outside = _outside(items, by=by, at=at)
    people = said_against(items).answer() if against is None and items else against
    ended, objected = _silenced(people or set(), scope, at=at)
    silent = bool(ended or objected)  # nearly nobody ever is: then nobody is looked for among them
    wanted = scope.value
    good: list[ItemRef] = []
    left: dict[LeftOut, list[int]] = {}
    for item in items:
        said = _speaking(item) if silent else _NOBODY
        if item.tombstoned or item.destroyed:
            why = LeftOut.DESTROYED
        elif item.item_id in outside:
            why = LeftOut.OUT_OF_REACH
        elif wanted not in item.scopes:
            why = LeftOut.NO_SCOPE
        elif said & ended:
            why = LeftOut.WITHDRAWN
        elif said & objected:
            why = LeftOut.OBJECTION
        else:
            good.append(item)
            continue
        left.setdefault(why, []).append(item.item_id)
    return good, left


def _outside(items: Iterable[ItemRef], *, by: Person, at: int) -> set[int]:
    """Items of accounts that the reader's grants do not cover. A grant for one unit covers no account here."""
    far = reach(by, Permission.READ, at=at)
    if far.everything:
        return set()
    accounts = {item.account for item in items if item.account is not None}
    inside = {ref.id for ref in assets.accounts_by_id(accounts).values() if ref.entity_id in far.entities}
    return {item.item_id for item in items if item.account not in inside}


Said = set[tuple[UUID, Means]]
_NOBODY: Said = set()


def _speaking(item: ItemRef) -> Said:
    means = MEANS_OF[item.channel]
    return {(who, means) for who in (item.speaker, item.holder) if who is not None}


def said_against(items: Iterable[ItemRef]) -> Asked[set[UUID]]:
    """Which of those who spoke or held ever said anything but yes: to be asked along with something else."""
    # items of one basis name the very same objects: each is hashed once, not once an item
    named = {id(who): who for item in items for who in (item.speaker, item.holder)}
    return spoke_against({who for who in named.values() if who is not None})


def _silenced(people: set[UUID], scope: Scope, *, at: int) -> tuple[Said, Said]:
    """Who has ended this use since, and who objects to it or to the collecting itself, each by means.

    Having withdrawn 采集 ends new collecting only: what was lawfully collected before is judged by its event.
    """
    ended: Said = set()
    objected: Said = set()
    facts = step_facts(people, platform="", external_ids=()) if people else {}
    for who, steps in facts.items():
        if not isinstance(who, UUID):
            continue
        for means in {step.means for step in steps}:
            for asked in {scope, Scope.CAPTURE}:
                mine = [s for s in steps if s.means is means and s.scope is asked]
                said = consent_over_time(mine, historical=False, late_withdrawal=False).at(at)
                if said.objection:
                    objected.add((who, means))
                if asked is not Scope.CAPTURE and said.ended is not None and said.explicit is None:
                    ended.add((who, means))
    return ended, objected
