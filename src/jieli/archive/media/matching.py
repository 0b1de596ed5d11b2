"""Which recording belongs to which call, where the call record claims none: by its own words, else by number and time.

Pure. A file goes to a call only if it fits that call alone and the call fits that file alone; whatever could be two is
listed with all it could be, and is never guessed.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jieli.archive.types import OpenedItem
from jieli.kernel.times import SHANGHAI, to_ms

#: How far a recorder's clock and moment may be from the call record's start, in seconds.
TOLERANCE_S = 60
_TIME = re.compile(
    r"(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[-_T. ]?(\d\d)[-_.:]?(\d\d)[-_.:]?(\d\d)(?!\d)", re.ASCII
)
_DIGITS = re.compile(r"\d{3,20}", re.ASCII)
_CELLS = re.compile(rb'[",;|]+')
#: A name that a record may be known by: shorter ones are durations and extensions.
_A_NAME = 8
#: Shorter ones are extensions, queues or counters: they may speak for a call and never against one.
_A_NUMBER = 7
_AT_HOME = 11


@dataclass(frozen=True, slots=True)
class Recording:
    """What a file's name says: instants (ms UTC; a name without a zone is China's time) and digits that are numbers."""

    path: Path
    at: int | None
    numbers: frozenset[str]

    @property
    def named(self) -> frozenset[bytes]:
        """As what a call record may name it: with its ending and without, but never a bare number."""
        words = {self.path.name, self.path.stem}
        return frozenset(
            one.encode("utf-8", "replace") for one in words if len(one) >= _A_NAME and not one.isdigit()
        )


@dataclass(frozen=True, slots=True)
class Call:
    """A call without a claim: when it began, the numbers that took part, and the words of its record."""

    item: int
    at: int
    numbers: frozenset[str]
    cells: frozenset[bytes]

    def __repr__(self) -> str:
        return f"Call({self.item})"


@dataclass(frozen=True, slots=True)
class Matched:
    """The files that fit one call each, and those that fit several, or one that others fit too, with all of them."""

    pairs: tuple[tuple[Path, int], ...]
    ambiguous: tuple[tuple[Path, tuple[int, ...]], ...]


def recording_of(path: Path) -> Recording:
    """What the name of a file says."""
    found = _TIME.search(path.stem)
    at = _instant(found) if found else None
    rest = path.stem
    if found is not None and at is not None:
        rest = f"{rest[: found.start()]} {rest[found.end() :]}"
    return Recording(path, at, frozenset(number_of(one) for one in _DIGITS.findall(rest)))


def _instant(found: re.Match[str]) -> int | None:
    try:
        return to_ms(datetime(*map(int, found.groups()), tzinfo=SHANGHAI))  # type: ignore[misc,arg-type]
    except ValueError:
        return None


def number_of(text: str) -> str:
    """A telephone number without China's own prefix, digits only."""
    digits = "".join(c for c in text if c in "0123456789")
    if len(digits) > _AT_HOME:
        digits = digits.removeprefix("00").removeprefix("86") if digits.startswith(("0086", "86")) else digits
    return digits


def call_of(opened: OpenedItem) -> Call:
    """What an opened call says of itself."""
    numbers = frozenset(number_of(one) for one in (opened.sender, *opened.receivers)) - {""}
    return Call(opened.item.item_id, opened.item.event_ms, numbers, frozenset(_CELLS.split(opened.raw)))


def fits(recording: Recording, call: Call, tolerance_s: int = TOLERANCE_S) -> bool:
    """Whether a file may be this call's: its record names it, or number and start agree and no number is another's."""
    if recording.named & call.cells:
        return True
    if recording.at is None or abs(recording.at - call.at) > tolerance_s * 1_000:
        return False
    against = {one for one in recording.numbers if len(one) >= _A_NUMBER} - call.numbers
    return bool(recording.numbers & call.numbers) and not against


def matched(fitting: Iterable[tuple[Path, int]]) -> Matched:
    """Pairs out of all that fit: a file with one call that no other file fits; the rest is ambiguous."""
    calls: dict[Path, set[int]] = {}
    files: dict[int, set[Path]] = {}
    for path, item in fitting:
        calls.setdefault(path, set()).add(item)
        files.setdefault(item, set()).add(path)
    pairs, ambiguous = [], []
    for path, items in sorted(calls.items()):
        [first, *others] = sorted(items)
        if others or len(files[first]) > 1:
            ambiguous.append((path, (first, *others)))
        else:
            pairs.append((path, first))
    return Matched(tuple(pairs), tuple(ambiguous))


def candidates(
    opened: Sequence[OpenedItem], recordings: Sequence[Recording], tolerance_s: int
) -> list[tuple[Path, OpenedItem]]:
    """The calls among these items that some file fits, each with that file: what is not there need not be kept."""
    known: dict[str | bytes, list[Recording]] = {}
    for recording in recordings:
        names: list[str | bytes] = [*recording.named, *recording.numbers]
        for key in names:
            known.setdefault(key, []).append(recording)
    found = []
    for one in opened:
        if one.item.channel != "call" or one.media:
            continue
        call = call_of(one)
        keys: list[str | bytes] = [*call.cells, *call.numbers]
        some = {r.path: r for key in keys for r in known.get(key, ())}
        found += [(r.path, one) for r in some.values() if fits(r, call, tolerance_s)]
    return found
