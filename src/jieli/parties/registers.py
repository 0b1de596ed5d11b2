"""Writing a register in bulk, keyed by what people write on paper.

A row whose key is new is inserted, one that differs is revised, one that does not differ is left alone, and so is
one that was emptied (ADR 26), whatever the file still says. If nothing is left to do, nothing is written, not even
an entry. One entry a call, no query per row.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from uuid import UUID

from jieli.kernel.ids import new_id
from jieli.ledger import locks
from jieli.ledger.operations import book
from jieli.ledger.tables import Row
from jieli.parties.types import Outcome

#: Keys asked for in one query: keeps a statement of a hundred thousand keys away from the planner.
BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row as it should be: `values` are compared and revised, `initial` counts for a new row only."""

    values: Mapping[str, Any]
    initial: Mapping[str, Any] = field(default_factory=dict)
    id: UUID | None = None  # of a new row, where something else in the same call points to it


@dataclass(frozen=True, slots=True)
class Changes:
    new: list[Row]
    changed: list[Row]
    unchanged: int

    def outcome(self) -> Outcome:
        return Outcome(len(self.new), len(self.changed), self.unchanged)


class _NothingLeftError(Exception):
    """Another writer did the same work while we waited for the lock: the transaction is given up, empty."""


def existing(
    model: type[Row], key: Sequence[str], keys: Iterable[tuple[Any, ...]]
) -> dict[tuple[Any, ...], Row]:
    """The rows of these natural keys, by key; one query for each ten thousand."""
    found: dict[tuple[Any, ...], Row] = {}
    for some in _batches(list(dict.fromkeys(keys))):
        columns = {f"{name}__in": list({k[i] for k in some}) for i, name in enumerate(key)}
        for row in model._base_manager.using(model.store).filter(**columns):
            found[tuple(getattr(row, name) for name in key)] = row
    return found


def _batches(keys: list[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def compare(model: type[Row], wanted: Sequence[Wanted], *, key: Sequence[str], at: int) -> Changes:
    """What would have to be written. The names in `key` and `values` are attribute names (`unit_id`)."""
    plain = [Wanted({n: _plain(v) for n, v in w.values.items()}, w.initial, w.id) for w in wanted]
    keys = [tuple(w.values[name] for name in key) for w in plain]
    if len(set(keys)) != len(keys):
        raise ValueError(f"{model._meta.db_table}: a natural key stands twice in one call")
    present = existing(model, key, keys)
    new: list[Row] = []
    changed: list[Row] = []
    for natural, one in zip(keys, plain, strict=True):
        row = present.get(natural)
        if row is None:
            initial = {n: _plain(v) for n, v in one.initial.items()}
            new.append(model(pk=one.id or new_id(at), **one.values, **initial))  # type: ignore[misc]
        elif getattr(row, "shredded_in", None) is not None:
            continue  # counted as unchanged
        elif any(getattr(row, n) != v for n, v in one.values.items()):
            for name, value in one.values.items():
                setattr(row, name, value)
            changed.append(row)
    return Changes(new, changed, len(plain) - len(new) - len(changed))


def put(
    compared: Callable[[], Changes],
    *,
    kind: str,
    by: str,
    at: int,
    facts: Mapping[str, Any] | None = None,
    before: Callable[[Row], Row] | None = None,
) -> Outcome:
    """Bring a register to what is wanted, as one entry of `kind`; no entry when nothing differs.

    `compared` is asked once without the lock, so that loading the same file again waits for nobody, and again
    under it before writing. `before` makes, for each new row, the row that must stand before it (an account's
    asset).
    """
    looked = compared()
    if not looked.new and not looked.changed:
        return looked.outcome()
    try:
        with book(at=at) as b:
            locks.change_bases()
            changes = compared()
            if not changes.new and not changes.changed:
                raise _NothingLeftError
            outcome = changes.outcome()
            counts = {"changed": outcome.changed, "new": outcome.new}
            entry = b.entry(kind, by=by, facts={**counts, **(facts or {})})
            entry.insert(*[before(row) for row in changes.new if before is not None])
            # Revised first: a period that was closed makes room for the one that follows it.
            entry.revise(*changes.changed)
            entry.insert(*changes.new)
    except _NothingLeftError:
        return Outcome(unchanged=looked.outcome().new + looked.outcome().changed + looked.unchanged)
    return outcome
