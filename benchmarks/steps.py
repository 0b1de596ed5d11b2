"""Where the time of an import goes: a watch on every step of the real run, each without the steps inside it.

Processor seconds of the step's thread, and wall seconds, in which the waiting for the server lies. What is made a
batch ahead (`parse`, `digests`, and `index` where all of a batch is admitted) goes on in another thread beside the
other steps, so that their wall seconds are more than the whole; `first_thread` and `beside` say what each thread
computes. A watch costs under a microsecond and stands only where a call is made once a batch or seldom.
"""

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from threading import get_ident, local
from time import perf_counter, thread_time
from typing import Any
from unittest.mock import patch

from django.db import connections

from benchmarks import house
from benchmarks.house import House
from benchmarks.measure import Result
from jieli.archive import bases, deposits, drafts, ports, segments
from jieli.capture import batches, judging, operations
from jieli.capture.gates import RunGate
from jieli.capture.judging import Judging
from jieli.connectors.wecom import lines as wecom
from jieli.consent import snapshot
from jieli.ledger import append

MESSAGES, TURNS = 50_000, 5
UNIT = "µs/message"

#: Where a watch is put in the real run: the step's name, the object, its attribute. What no watch sees is `other`.
CALLS: tuple[tuple[str, Any, str], ...] = (
    ("message_keys", judging, "_digests"),
    ("known", judging, "known"),
    ("places", Judging, "_placed"),
    ("gate", Judging, "_ask"),
    ("gate", RunGate, "for_batch"),
    ("grounds", snapshot, "read"),
    ("grounds", snapshot, "more"),
    ("grounds", snapshot, "at_other_times"),
    ("judge", judging, "_sort"),
    ("tally", operations, "_refuse"),
    ("report", operations, "_row"),
    ("report", operations, "_move_cursor"),
    ("deposit", operations, "deposit"),
    ("conversations", deposits, "_conversations"),
    ("pages", deposits, "write_pages"),
    ("bases", bases, "places"),
    ("index", deposits, "_indexed"),
    ("index_rows", segments, "write"),
    ("ledger", append, "append"),
    ("digests", drafts, "draft"),
    ("index", drafts, "_listed"),
)
#: Steps that give one value after another.
STREAMS: tuple[tuple[str, Any, str], ...] = (
    ("parse", batches, "slices"),
    ("seal", deposits, "sealed_rows"),
    ("bases", bases, "spelled"),
)
#: The first half of an import; the gate with the reading of its grounds and with what it says of each message.
FIRST_HALF = (
    "parse", "message_keys", "known", "places", "gate", "grounds", "judge", "tally", "report",
)  # fmt: skip
GATE = ("places", "gate", "grounds", "judge")

Spent = dict[str, list[float]]  # processor, wall


def run(opened: House, path: Path) -> list[Result]:
    """The table of steps, a message: medians of five imports of 50,000 (or of the whole file where it is smaller)."""
    with path.open("rb") as file:
        lines = [line for line, _ in zip(file, range(MESSAGES), strict=False)]
    turns = [_import(lines, turn) for turn in range(TURNS)]
    results = []
    for place, unit in ((0, "µs of processor/message"), (1, UNIT)):
        found = [{name: 1e6 * spent[place] / len(lines) for name, spent in turn.items()} for turn in turns]
        for turn in found:
            turn["gate_whole"] = sum(turn.get(name, 0.0) for name in GATE)
            turn["first_half"] = sum(turn.get(name, 0.0) for name in FIRST_HALF)
        names = sorted({name for turn in found for name in turn})
        medians = {name: statistics.median(turn.get(name, 0.0) for turn in found) for name in names}
        suffix = ("", ".wall")[place]
        results += [Result(f"step.{name}{suffix}", medians[name], unit) for name in names]
    return results


def _import(lines: list[bytes], turn: int) -> Spent:
    """One import of these lines under message ids of their own: the same lines are other messages then."""
    fresh = [line.replace(b'"msgid":"', b'"msgid":"s%d-' % turn, 1) for line in lines]
    with _watches() as watch:
        begun = perf_counter()
        watch.enter("other")
        report = operations.admit(
            source=wecom.SOURCE, platform=house.PLATFORM, place=f"steps-{turn}", by=house.BY, at=house.NOW,
            lines=wecom.parse(fresh, first_line=2),
        )  # fmt: skip
        watch.leave()
        ended = perf_counter()
    if report.admitted != len(lines):
        raise RuntimeError("the messages of a step were not admitted whole")
    processor = sum(spent[0] for spent in watch.spent.values())
    threads = {"first_thread": [processor - watch.beside, 0.0], "beside": [watch.beside, 0.0]}
    return {**watch.spent, **threads, "whole": [processor, ended - begun]}


class _Watch:
    """What each step took without the steps inside it."""

    def __init__(self) -> None:
        self.spent: Spent = defaultdict(lambda: [0.0, 0.0])
        self.beside = 0.0  # processor seconds of steps in other threads than the one that made the watch
        self._first = get_ident()
        self._threads = local()

    @property
    def _open(self) -> list[tuple[str, float, float]]:
        """The steps that are under way in this thread, the innermost last."""
        if not hasattr(self._threads, "open"):
            self._threads.open = []
        found: list[tuple[str, float, float]] = self._threads.open
        return found

    def _stop(self, processor: float, wall: float) -> None:
        name, since, begun = self._open[-1]
        spent = self.spent[name]
        spent[0] += processor - since
        spent[1] += wall - begun
        if get_ident() != self._first:
            self.beside += processor - since

    def enter(self, name: str) -> None:
        now = thread_time(), perf_counter()
        if self._open:
            self._stop(*now)
        self._open.append((name, *now))

    def leave(self) -> None:
        now = thread_time(), perf_counter()
        self._stop(*now)
        self._open.pop()
        if self._open:
            self._open[-1] = (self._open[-1][0], *now)

    def call(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(work)
        def timed(*args: Any, **named: Any) -> Any:
            self.enter(name)
            try:
                return work(*args, **named)
            finally:
                self.leave()

        return timed

    def stream(self, name: str, work: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
        @wraps(work)
        def timed(*args: Any, **named: Any) -> Iterator[Any]:
            values = self.call(name, work)(*args, **named)
            following = self.call(name, lambda: next(values, self))
            while (value := following()) is not self:
                yield value

        return timed


@contextmanager
def _watches() -> Iterator[_Watch]:
    watch = _Watch()
    ports.keyring()  # an empty port would be a fault of ours, not of the import
    with ExitStack() as stack:
        for name, owner, attribute in CALLS:
            work = watch.call(name, getattr(owner, attribute))
            stack.enter_context(patch.object(owner, attribute, work))
        for name, owner, attribute in STREAMS:
            streaming = watch.stream(name, getattr(owner, attribute))
            stack.enter_context(patch.object(owner, attribute, streaming))
        store = connections["default"]
        stack.enter_context(patch.object(store, "commit", watch.call("commit", store.commit)))
        yield watch
