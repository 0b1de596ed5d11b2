"""Steps 8 and 9: who vouches for the newest checkpoint, and since when its entries are fixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seal import note, policy, timestamp
from seal.errors import UnvouchedError
from seal.keys import Vkey
from seal.policy import Policy
from seal.verify.contents import Contents
from seal.verify.report import Draft, TimeStatement, Unchecked


@dataclass(frozen=True, slots=True)
class TimeFixed:
    """Entries below ``size`` existed no later than ``time`` (ms UTC), says ``source``."""

    size: int
    time: int
    source: str


def check_signatures(contents: Contents, named: Policy | None, draft: Draft, times: list[TimeFixed]) -> None:
    """Step 8. Signatures of keys that the verifier's or the package's own policy names must be right.

    :class:`UnvouchedError` if there is no policy, if it names no log that signed, or if its quorum is not met.
    """
    relied_on = set(named.vkeys()) if named is not None else set()
    own = contents.policy.vkeys()
    # what the maker names beyond the verifier's policy may be of an algorithm that is not at hand: said, not judged
    checked = [key for key in own if key in relied_on or key.checkable()]
    draft.unchecked += _unchecked(contents, [key for key in own if key not in checked])
    for head in contents.heads.values():
        note.verify(head.note, checked)
    if named is None:
        raise UnvouchedError("trust.no_policy", "No policy was given; name whom you trust with --policy.")
    for size, head in sorted(contents.heads.items()):
        decision = policy.evaluate(named, head.checkpoint, head.note)
        if decision.log_ok:
            timed = [(name, at) for name, at in decision.witnesses if at]
            times += [TimeFixed(size, at * 1000, f"witness {name}") for name, at in timed]
    draft.log, draft.witnesses = decision.log, decision.witnesses
    if not decision.log_ok:
        raise UnvouchedError("trust.log", "No log that your policy names has signed the newest checkpoint.")
    if not decision.quorum_ok:
        raise UnvouchedError("trust.quorum", "Fewer witnesses cosigned than your policy asks for.")


def _unchecked(contents: Contents, keys: Sequence[Vkey]) -> tuple[Unchecked, ...]:
    """Which of ``keys`` have lines on the checkpoints, and of what algorithm they are."""
    lines = {(one.name, one.id) for head in contents.heads.values() for one in head.note.signatures}
    return tuple(Unchecked(key.name, key.label) for key in keys if (key.name, key.id) in lines)


def check_timestamps(contents: Contents, roots: bytes, times: list[TimeFixed]) -> None:
    """Step 9: every timestamp is over its checkpoint's note text and leads to one of the roots."""
    for size, _n, response in contents.timestamps:
        token = timestamp.verify(response, contents.heads[size].note.text, roots=roots)
        times.append(TimeFixed(size, token.latest, "timestamp"))


def statements(entries: Sequence[int], times: Sequence[TimeFixed]) -> tuple[TimeStatement, ...]:
    """For each entry the earliest time by a timestamp, and by each witness; equal neighbours joined."""
    found: list[TimeStatement] = []
    for source in sorted({fixed.source for fixed in times}):
        mine = sorted((fixed.size, fixed.time) for fixed in times if fixed.source == source)
        # the earliest time among all checkpoints from this one up
        for at in range(len(mine) - 2, -1, -1):
            mine[at] = (mine[at][0], min(mine[at][1], mine[at + 1][1]))
        at, joined = 0, -1
        for entry in entries:
            while at < len(mine) and mine[at][0] <= entry:
                at += 1
            if at == len(mine):
                break
            if joined >= 0 and found[joined].time == mine[at][1]:
                found[joined] = TimeStatement(found[joined].first, entry, mine[at][1], source)
            else:
                joined = len(found)
                found.append(TimeStatement(entry, entry, mine[at][1], source))
    return tuple(found)
