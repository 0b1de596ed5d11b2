"""Places: one number that carries the order of entries over all logs of an installation (ADR 19).

In the first log the place of an entry is its index, so nothing written before there was a second log changes. Inside
one log (proofs, checkpoints, tiles, packages) an entry is named by its index alone.
"""

from collections.abc import Iterable

#: How many entries a log may have before places of two logs would meet.
SPAN = 1 << 40
#: The place of a row of a table that has columns `log` and, under the name that is filled in, the index.
SQL = "((({0}.log - 1)::bigint << 40) + {0}.{1})"


def place(log: int, index: int) -> int:
    """The place of an entry of a log."""
    return (log - 1) * SPAN + index


def log_of(place: int) -> int:
    """The log that a place is in."""
    return place // SPAN + 1


def index_of(place: int) -> int:
    """The index that a place has within its log."""
    return place % SPAN


def by_log(places: Iterable[int]) -> dict[int, list[int]]:
    """Indexes by log, logs in rising order: nearly always one, so a question is asked once."""
    found: dict[int, list[int]] = {}
    for one in sorted(set(places)):
        found.setdefault(one // SPAN + 1, []).append(one % SPAN)
    return found


def numbered(place: int) -> str:
    """A place as people are told it: in the first log the index, "1,017"; later "2 · 17"."""
    log, index = log_of(place), index_of(place)
    return f"{index:,}" if log == 1 else f"{log} · {index:,}"
