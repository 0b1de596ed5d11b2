"""What one side of a message comes to at an instant. Pure values."""

from typing import NamedTuple
from uuid import UUID

from jieli.consent.facts import RowName
from jieli.consent.reasons import Reason
from jieli.consent.types import Scope, SubjectKind

EVERY_SCOPE = frozenset(Scope)


class Side(NamedTuple):
    """One side at an instant: what stands against it, or the rows it rests on and what it agreed to.

    A tuple, for every account has another one each day and a tuple is made in a third of the time of an object.
    """

    reasons: frozenset[Reason] = frozenset()
    rows: tuple[RowName, ...] = ()
    scopes: frozenset[Scope] = EVERY_SCOPE
    speaker: tuple[SubjectKind, UUID] | None = None  # None: the holder of the account speaks
    account: UUID | None = None
    holder: UUID | None = None
    #: The rows as a set, but for those last ones that are cited for the hours of work alone; empty: not looked at.
    #: One object over many days, so that whoever joins the side to another looks once whether they share a row.
    cited: frozenset[RowName] = frozenset()
    hours: tuple[RowName, ...] = ()


def against(*reasons: Reason) -> Side:
    """A side against which these reasons stand."""
    return Side(frozenset(reasons))
