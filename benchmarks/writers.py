"""Several writers at once, each a process of its own: how they share the log's lock, and what an importer leaves them.

This module is where a spawned process begins: it loads the rooms before it imports them.
"""

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from jieli.wiring import start

start.load()

from benchmarks import house  # noqa: E402
from benchmarks.house import House  # noqa: E402
from benchmarks.measure import Result, percentile  # noqa: E402
from jieli.access.models import User  # noqa: E402
from jieli.capture.operations import admit  # noqa: E402
from jieli.connectors.jsonline import bounded_lines  # noqa: E402
from jieli.connectors.wecom import lines as wecom  # noqa: E402
from jieli.kernel.ids import new_id  # noqa: E402
from jieli.ledger.operations import book  # noqa: E402
from jieli.wiring import ports  # noqa: E402
from jieli.wiring.databases import Addresses  # noqa: E402
from jieli.wiring.profile import Profile  # noqa: E402

WRITERS, APPENDS, PAUSE = 8, 400, 0.02
#: So many messages keep an importer busy for longer than the small appends beside it take.
BESIDE = 150_000
_new = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class _Place:
    """Where a process connects to."""

    addresses: Addresses
    profile: Profile


def small_append(name: str) -> None:
    """An operation of the everyday kind: one row, one entry of two parts, durable."""
    row = User(id=new_id(house.NOW), sign_in=name, name=name, password="")
    with book(at=house.NOW) as b:
        b.entry("bench.note", by=house.BY).insert(row)


def _write(place: _Place, name: str, number: int, pause: float, together: Any, out: Any) -> None:
    start.connect(place.addresses)
    small_append(f"{name}-first")
    together.wait()
    begun, took = time.perf_counter(), []
    for n in range(number):
        before = time.perf_counter()
        small_append(f"{name}-{n}")
        took.append((before, 1_000 * (time.perf_counter() - before)))
        time.sleep(pause)
    out.put((begun, time.perf_counter(), took))


def _import(place: _Place, path: Path, turn: int, together: Any, out: Any) -> None:
    start.connect(place.addresses)
    ports.fill(place.profile, at=house.NOW)
    together.wait()
    begun = time.perf_counter()
    with path.open("rb") as file:
        report = admit(
            source=wecom.SOURCE, platform=house.PLATFORM, place=f"beside-{turn}", by=house.BY, at=house.NOW,
            lines=wecom.parse(bounded_lines(file)),
        )  # fmt: skip
    out.put((begun, time.perf_counter(), report.admitted))


def _all(work: Sequence[tuple[Any, tuple[Any, ...]]]) -> list[Any]:
    """Run pieces of work at the same moment, each in a process of its own; what each put out, in no order."""
    together, out = _new.Barrier(len(work)), _new.Queue()
    processes = [_new.Process(target=f, args=(*arguments, together, out)) for f, arguments in work]
    for process in processes:
        process.start()
    found = [out.get(timeout=600) for _ in processes]
    for process in processes:
        process.join()
    return found


def _rate(place: _Place, name: str, writers: int) -> float:
    each = APPENDS // writers
    found = _all([(_write, (place, f"{name}-{w}", each, 0.0)) for w in range(writers)])
    took: float = max(end for _, end, _ in found) - min(begun for begun, _, _ in found)
    return writers * each / took


def run(opened: House, path: Path, *, turns: int) -> list[Result]:
    """All figures, in a house of their own on the same server; the process goes back to `opened` at the end."""
    try:
        own = house.open_house(opened.server, 9_500)
        house.found_company()
        with tempfile.TemporaryDirectory() as place, path.open("rb") as lines:
            head = Path(place) / "beside.jsonl"
            head.write_bytes(b"".join(islice(lines, BESIDE)))
            return _run(own, head, turns)
    finally:
        start.connect(start.addresses_on(opened.server, main=opened.main, keys=opened.keys))


def _run(opened: House, path: Path, turns: int) -> list[Result]:
    """Eight writers beside one, in turns; then one that appends now and then while `path` is imported."""
    place = _Place(start.addresses_on(opened.server, main=opened.main, keys=opened.keys), opened.profile)
    one, eight = [], []
    for turn in range(turns):
        one.append(_rate(place, f"one-{turn}", 1))
        eight.append(_rate(place, f"eight-{turn}", WRITERS))
    alone = _appends(place, "alone", [])
    beside = _appends(place, "beside", [(_import, (place, path, 0))])
    return [
        Result(
            "ledger.writers", statistics.median(eight), "small appends/s", "one writer", statistics.median(one),
            bar=0.8, by_ratio=True,
        ),
        Result("ledger.small_append.alone.p95", percentile(alone, 0.95), "ms"),
        Result("ledger.small_append.p50", percentile(beside, 0.5), "ms", "nobody else writes", percentile(alone, 0.5)),
        Result(
            "ledger.small_append.p95", percentile(beside, 0.95), "ms", "nobody else writes", percentile(alone, 0.95),
            bar=30, at_most=True,
        ),
    ]  # fmt: skip


def _appends(place: _Place, name: str, beside: Sequence[tuple[Any, tuple[Any, ...]]]) -> list[float]:
    """How long appends took, now and then; with an importer beside, only those that it was there for."""
    found = _all([(_write, (place, name, APPENDS, PAUSE)), *beside])
    [times] = [took for _, _, took in found if isinstance(took, list)]
    until = min((end for _, end, took in found if not isinstance(took, list)), default=float("inf"))
    return [took for begun, took in times if begun < until]
