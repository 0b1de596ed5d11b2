"""One import of many millions: the rate of its last part beside the first, its memory, and searches on the way.

In ten steps of one size, a million each at full length. After each step segments are merged till no tier is full, as
the worker does, and the tables' statistics are made anew, as PostgreSQL does by itself in time: outside the clock.
A shorter import (`--long 200000`) gives the same figures, and none of them is held against a bar.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

import psycopg

from benchmarks import house, ingest, measure
from benchmarks.house import House
from benchmarks.measure import Result, each, forget_peak, peak_bytes, percentile, taken
from benchmarks.searching import Asker, queries
from jieli.archive import operations as archive
from jieli.archive import segments
from jieli.archive.types import MAX_BATCH
from jieli.capture.report import Receipt
from jieli.wiring.postgres import Server

STEPS, MESSAGES = 10, 10_000_000
#: After so many steps searches are measured, and how many times what they took after the first they may take.
BARS: dict[int, tuple[float, float] | None] = {1: None, 5: (3, 2), 10: (6, 3)}
QUERIES, ROUNDS = 40, 3


@dataclass(frozen=True)
class _Asked:
    """What searches of one kind took at one size: the 95th percentile in ms, and processor ms of each."""

    p95: float
    cpu: float


@dataclass
class Long:
    """What was measured, and under which load."""

    results: list[Result] = field(default_factory=list)
    notes: dict[str, object] = field(default_factory=dict)


@dataclass
class _Steps:
    """The import under way: what each step took, and what searches took after some of them."""

    opened: House
    asker: Asker
    wanted: dict[str, list[str]]
    step: int
    kept: int = 0
    begun: float = field(default_factory=perf_counter)
    durations: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    searches: dict[int, dict[str, _Asked]] = field(default_factory=dict)
    loads: list[float] = field(default_factory=list)

    def progress(self, receipt: Receipt) -> None:
        """After each batch: at the end of a step the clock stands still, for all that is no import."""
        self.kept += receipt.admitted
        if self.kept < self.step * (len(self.durations) + 1):
            return
        self.durations.append(perf_counter() - self.begun)
        self.peaks.append(peak_bytes())
        self.loads.append(measure.load()[0])
        merge_all()
        if len(self.durations) in BARS:
            self.searches[len(self.durations)] = searched(self.opened, self.asker, self.wanted)
        forget_peak()
        self.begun = perf_counter()


def run(server: Server, path: Path, number: int, texts: Sequence[str], *, n: int) -> Long:
    """Import a file of `number` messages in one go; `texts` are those that queries are drawn from.

    ValueError if a step would end within a batch: the clock stops between batches only.
    """
    if number % (STEPS * MAX_BATCH):
        raise ValueError(f"the messages of the long import must be a multiple of {STEPS * MAX_BATCH:,}")
    opened = ingest.fresh(server, n)
    steps = _Steps(opened, Asker(*house.reader("bench.long")), queries(texts, QUERIES), number // STEPS)
    forget_peak()
    ingest.bring_in(opened, path, number, progress=steps.progress)
    first, last = steps.step / steps.durations[0], steps.step / steps.durations[-1]
    found = Long(notes={
        "long_messages": number, "long_load_by_step": steps.loads,
        "long_messages_per_second_by_step": [round(steps.step / took) for took in steps.durations],
        "long_segments": len(segments.live()),
    })  # fmt: skip
    found.results = [
        Result(
            "long.last_tenth", last, ingest.UNIT, "the first tenth", first, bar=0.6, stretch=0.9, by_ratio=True
        ),
        Result(
            "long.memory", steps.peaks[-1] / 2**20, "MiB", "in the first tenth", steps.peaks[0] / 2**20,
            bar=1.1, at_most=True, by_ratio=True,
        ),
        *_beside_first(steps.searches),
    ]  # fmt: skip
    if number < MESSAGES:
        found.results = [replace(one, bar=None, stretch=None) for one in found.results]
    return found


def merge_all() -> None:
    """Merge till no tier is full, and sweep what was replaced."""
    while months := segments.months_to_merge():
        for month in months:
            archive.merge_month(month)
    archive.sweep()


def searched(opened: House, asker: Asker, wanted: dict[str, list[str]]) -> dict[str, _Asked]:
    """What searches take now, by kind, each query some times; the first round warms and does not count."""
    for name in (opened.main, opened.keys):
        with psycopg.connect(opened.server.dsn(name), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
    found = {}
    for kind, asked in wanted.items():
        each(asker.search, asked)
        with taken(opened.server) as t:
            times = each(asker.search, ROUNDS * asked)
        found[kind] = _Asked(percentile(times, 0.95), 1_000 * t.cpu / len(times))
    return found


def _beside_first(searches: dict[int, dict[str, _Asked]]) -> list[Result]:
    first = searches[1]
    found = []
    for steps, bars in BARS.items():
        for kind, asked in searches.get(steps, {}).items():
            name = f"long.search.{kind}.at_{steps}_tenths"
            if bars is None:
                found += [
                    Result(f"{name}.p95", asked.p95, "ms"),
                    Result(f"{name}.cpu", asked.cpu, "ms of processor"),
                ]
                continue
            found.append(
                Result(
                    f"{name}.p95", asked.p95, "ms", "after the first tenth", first[kind].p95, bar=bars[0],
                    stretch=bars[1], at_most=True, by_ratio=True,
                )
            )  # fmt: skip
            found.append(
                Result(f"{name}.cpu", asked.cpu, "ms of processor", "after the first tenth", first[kind].cpu)
            )
    return found
