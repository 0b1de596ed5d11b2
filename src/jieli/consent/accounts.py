"""An account with whoever holds it, at an instant. Pure.

From day to day only the hours of work change. So what an account rests on apart from them is put together once, and
joined to the duty of each stretch.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from jieli.consent.facts import AccountFact, HoldingFact, RowName
from jieli.consent.reasons import Reason
from jieli.consent.shifts import Duty
from jieli.consent.side import Side, against
from jieli.consent.timeline import FOREVER, Track, holds_from


@dataclass(frozen=True, slots=True)
class Held:
    """One holding; `signed` are the holder's signatures for the account in the register's order: from when, row."""

    row: RowName
    begins: int
    ends: int
    own: Track[Side] | None  # what is true of the holder at any hour; None where nobody holds it
    duty: Callable[[int], Duty] | None  # what stands against him on the side of his time
    signed: tuple[tuple[int, RowName], ...]


def held(
    fact: AccountFact,
    holding: HoldingFact,
    own: Track[Side] | None,
    duty: Callable[[int], Duty] | None,
    *,
    historical: bool,
) -> Held:
    """A holding of an account with its holder's own side, hours and signatures."""
    signed = [
        (holds_from(s.signed_at, s.time, historical=historical), s.row)
        for s in fact.signed
        if s.staff == holding.staff
    ]
    begins = holds_from(holding.begins, holding.time, historical=historical)
    return Held(holding.row, begins, holding.ends or FOREVER, own, duty, tuple(signed))


class AccountSide:
    """The account's side of a message, worked out for an instant by calling it."""

    __slots__ = ("_at_work", "_fact", "_held", "_historical", "_last", "_settled")

    def __init__(
        self,
        fact: AccountFact,
        holdings: Iterable[Held],
        *,
        at_work: bool,
        historical: bool,
    ) -> None:
        self._fact, self._held = fact, tuple(holdings)
        self._at_work, self._historical = at_work, historical
        #: What was settled last, and of what it was made: holding, signature, the holder's own side.
        self._last: tuple[Held, RowName, Side] | None = None
        self._settled = Side()

    def __call__(self, ms: int) -> Side:
        fact = self._fact
        if not self._historical and ms < fact.time:
            return against(Reason.ACCOUNT_UNKNOWN)
        holding = next((h for h in self._held if h.begins <= ms < h.ends), None)
        if holding is None or holding.own is None or holding.duty is None:
            closed = (Reason.ACCOUNT_CLOSED,) if fact.closed else ()
            return against(*closed, Reason.HOLDER_UNKNOWN)
        signed = next((row for begins, row in holding.signed if begins <= ms), None)
        own, duty = holding.own.at(ms), holding.duty(ms)
        off_shift = duty.off_shift if self._at_work else ()
        if signed is None or fact.closed or own.reasons or duty.away or off_shift:
            return Side(own.reasons.union(self._standing_against(signed), duty.away, off_shift))
        settled = self._settle(holding, signed, own)
        return _at_work(settled, duty.rows) if self._at_work else settled

    def _standing_against(self, signed: RowName | None) -> list[Reason]:
        reasons = [Reason.ACCOUNT_CLOSED] if self._fact.closed else []
        if signed is None:
            reasons.append(Reason.ACCOUNT_UNSIGNED if self._fact.stock else Reason.ACCOUNT_NOT_ACKNOWLEDGED)
        return reasons

    def _settle(self, holding: Held, signed: RowName, own: Side) -> Side:
        """The side without the hours of work; the one given last, if that was made of the same."""
        last = self._last
        if last is None or not (last[0] is holding and last[1] is signed and last[2] is own):
            rows = tuple(dict.fromkeys((self._fact.row, holding.row, signed, *own.rows)))
            self._last = holding, signed, own
            self._settled = Side(
                rows=rows, scopes=own.scopes, account=self._fact.id, holder=own.holder, cited=frozenset(rows)
            )
        return self._settled


def _at_work(side: Side, rows: tuple[RowName, ...]) -> Side:
    """The side resting on these rows of the roster and the calendar too, each cited once."""
    cited = side.cited
    hours = tuple(dict.fromkeys(row for row in rows if row not in cited))
    return Side(
        side.reasons, side.rows + hours, side.scopes, side.speaker, side.account, side.holder, cited, hours
    )
