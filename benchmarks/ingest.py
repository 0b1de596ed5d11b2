"""Bringing messages in, through the real importer, beside three plain ways; and what of it lies on the disk."""

import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import thread_time
from typing import Any
from unittest.mock import patch

import psycopg

from benchmarks import baselines, house
from benchmarks.house import House
from benchmarks.measure import Result, Taken, taken
from jieli.capture.gates import RunGate
from jieli.capture.operations import admit
from jieli.capture.report import Receipt
from jieli.connectors.jsonline import bounded_lines
from jieli.connectors.wecom import lines as wecom
from jieli.consent.answers import Answers
from jieli.consent.gate import Gate
from jieli.wiring.postgres import Server

SINGLES, GATE_MESSAGES = 20_000, 100_000
#: So many houses are opened for each turn.
HOUSES_A_TURN = 3
GIN, TANTIVY = "COPY + GIN(tsvector) of plaintext bigrams", "tantivy, plaintext bigrams, commits of 5,000"
SAVE = "Django save(), one INSERT and commit a message"
UNIT, COST = "messages/s", "µs of processor/message"


@dataclass
class Ingested:
    """What was measured, and the house of the last turn, which the other benchmarks go on with."""

    house: House
    results: list[Result]
    notes: dict[str, object]


@dataclass
class _Turns:
    """What each way took, turn by turn."""

    ours: list[Taken] = field(default_factory=list)
    gin: list[Taken] = field(default_factory=list)
    rival: list[Taken] = field(default_factory=list)
    rival_bytes: int = 0


def bring_in(
    opened: House,
    path: Path,
    expected: int,
    *,
    place: str = "bench.jsonl",
    progress: Callable[[Receipt], None] | None = None,
) -> Taken:
    """Import a file as the command does; every message of it has to be admitted."""
    with path.open("rb") as file, taken(opened.server) as t:
        report = admit(
            source=wecom.SOURCE, platform=house.PLATFORM, place=place, by=house.BY, at=house.NOW,
            lines=wecom.parse(bounded_lines(file)), progress=progress,
        )  # fmt: skip
    if report.admitted != expected:
        raise RuntimeError(f"{report.admitted} of {expected} messages were admitted: {dict(report.reasons)}")
    return t


def run(server: Server, path: Path, number: int, *, turns: int) -> Ingested:
    """`turns` times each way, one after the other so that a busy moment of the machine meets them all."""
    results = [
        _beside_singles(server, path, min(number, SINGLES), turns),
        _gate(server, path, min(number, GATE_MESSAGES), turns),
    ]
    found = _Turns()
    for turn in range(turns):
        opened = fresh(server, 2 * turns + turn)
        before = _sizes(opened)
        found.ours.append(bring_in(opened, path, number))
        with path.open("rb") as lines:
            found.gin.append(baselines.copy_with_gin(server, "postgres", lines))
        if baselines.tantivy_available():
            with path.open("rb") as lines:
                took, found.rival_bytes = baselines.with_tantivy(lines)
            found.rival.append(took)
    results = _rates(found, number) + results + _size_results(opened, before, path, number, found.rival_bytes)
    notes: dict[str, object] = {
        "ingest_messages_per_second_by_turn": [round(number / t.wall) for t in found.ours],
        "gin_by_turn": [round(number / t.wall) for t in found.gin],
        "tantivy_by_turn": [round(number / t.wall) for t in found.rival]
        or "absent: the package tantivy is not installed",
    }
    return Ingested(opened, results, notes)


def fresh(server: Server, n: int) -> House:
    """A house of its own with the company in it, and nothing said yet."""
    opened = house.open_house(server, n)
    house.found_company()
    return opened


def _head(path: Path, number: int) -> Path:
    """So many of the first lines, as a file."""
    head = path.with_suffix(f".{number}")
    with path.open("rb") as lines:
        head.write_bytes(b"".join(islice(lines, number)))
    return head


def _beside_singles(server: Server, path: Path, number: int, turns: int) -> Result:
    """The head of the file, ours and message by message."""
    head = _head(path, number)
    ours, singles = [], []
    for turn in range(turns):
        ours.append(bring_in(fresh(server, turn), head, number))
        with head.open("rb") as lines:
            singles.append(baselines.save_one_by_one(server, "postgres", lines))
    rates = [number / statistics.median(t.wall for t in found) for found in (ours, singles)]
    return Result("ingest.singles", rates[0], UNIT, SAVE, rates[1], bar=20, by_ratio=True)


def _gate(server: Server, path: Path, number: int, turns: int) -> Result:
    """What the gate takes of an import, in an import of its own, without what the watch itself takes."""
    head = _head(path, number)
    found = []
    for turn in range(turns):
        opened = fresh(server, turns + turn)
        with _gate_watched() as spent:
            bring_in(opened, head, number)
        found.append(1e6 * spent[0] / number)
    return Result("ingest.gate", statistics.median(found), COST, bar=1.5, at_most=True)


@contextmanager
def _gate_watched() -> Iterator[list[float]]:
    """Processor seconds inside the gate, reading its facts and answering, in a list of one.

    Of the thread it runs in: meanwhile another one reads the next batch. Looking at a thread's clock takes longer
    than an answer: what as many looks at nothing take is taken off at the end.
    """
    spent, depth, looks = [0.0], [0], [0]

    def watched(call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **named: Any) -> Any:
            depth[0] += 1
            begun = thread_time()
            try:
                return call(*args, **named)
            finally:
                depth[0] -= 1
                if not depth[0]:
                    spent[0] += thread_time() - begun
                    looks[0] += 1

        return timed

    with ExitStack() as stack:
        for owner, name in ((RunGate, "for_batch"), (Gate, "answers"), (Answers, "at")):
            stack.enter_context(patch.object(owner, name, watched(getattr(owner, name))))
        yield spent
    answered, asked = spent[0], looks[0]
    spent[0], nothing = 0.0, watched(lambda: None)
    for _ in range(asked):
        nothing()
    spent[0] = answered - spent[0]


def _rates(found: _Turns, number: int) -> list[Result]:
    def rate(of: list[Taken]) -> float:
        return number / statistics.median(t.wall for t in of)

    def cost(of: list[Taken]) -> float:
        return 1e6 * statistics.median(t.cpu for t in of) / number

    client = 1e6 * statistics.median(t.client for t in found.ours) / number
    results = [
        Result("ingest", rate(found.ours), UNIT, GIN, rate(found.gin), bar=1.2, stretch=2.5, by_ratio=True),
        Result("ingest.cpu", cost(found.ours), COST, GIN, cost(found.gin)),
        Result("ingest.cpu_client", client, COST),
    ]
    if found.rival:
        ours, rival = rate(found.ours), rate(found.rival)
        results.insert(
            1, Result("ingest.tantivy", ours, UNIT, TANTIVY, rival, bar=0.4, stretch=1, by_ratio=True)
        )
        results.append(Result("ingest.cpu_tantivy", cost(found.ours), COST, TANTIVY, cost(found.rival)))
    return results


def _table_bytes(dsn: str, where: str = "TRUE") -> int:
    """Tables of a database with their indexes and TOAST, in bytes, after a VACUUM that finishes pending lists."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        found = connection.execute(
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            f" WHERE n.nspname = 'public' AND c.relkind = 'r' AND {where}"
        ).fetchone()
    return int(found[0]) if found else 0


def _sizes(opened: House) -> dict[str, int]:
    """What lies on the disk, by kind, in bytes."""
    main, keys = opened.main_dsn(), opened.server.dsn(opened.keys)
    kept = "relname IN ('archive_item', 'archive_batch', 'archive_conversation')"
    return {
        "items": _table_bytes(main, kept),
        "bases": _table_bytes(main, "relname = 'archive_basis'"),
        "ledger": _table_bytes(main, "relname LIKE 'ledger%'"),
        "index": _table_bytes(main, "relname LIKE 'archive_segment%'"),
        "secrets": _table_bytes(keys, "relname LIKE 'archive%'"),
    }


def _gin_bytes(opened: House) -> int:
    """The plain way's index: the tsvector column and the GIN index on it."""
    with psycopg.connect(opened.server.dsn("postgres"), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE plain_gin")
        index = connection.execute("SELECT pg_relation_size('plain_gin_tokens')").fetchone()
        column = connection.execute("SELECT sum(pg_column_size(tokens)) FROM plain_gin").fetchone()
    return (index[0] if index else 0) + (column[0] if column else 0)


def _size_results(
    opened: House, before: dict[str, int], path: Path, number: int, rival_bytes: int
) -> list[Result]:
    """Bytes a message, without what the registers took before the first one came in."""
    line = path.stat().st_size / number
    grown = {kind: (size - before[kind]) / number for kind, size in _sizes(opened).items()}
    unit = "bytes/message"
    with psycopg.connect(opened.main_dsn()) as connection:
        bases = connection.execute("SELECT count(*) FROM archive_basis").fetchone()
    results = [
        Result("ingest.bases", (bases[0] if bases else 0) / number, "rows of grounds/message"),
        Result(
            "size.total",
            sum(grown.values()),
            unit,
            "the line as received",
            line,
            bar=4,
            stretch=3,
            at_most=True,
            by_ratio=True,
        ),
        Result("size.items", grown["items"], unit, "the line as received", line),
        Result("size.bases", grown["bases"], unit),
        Result("size.ledger", grown["ledger"], unit),
        Result("size.secrets", grown["secrets"], unit),
        Result(
            "size.index", grown["index"], unit, "tsvector column + GIN index", _gin_bytes(opened) / number
        ),
    ]
    if rival_bytes:
        other = "tantivy, text stored"
        results.append(Result("size.index_tantivy", grown["index"], unit, other, rival_bytes / number))
    return results
