"""Bringing messages in, through the real importer, beside three plain ways; and what of it lies on the disk."""

import statistics
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks import baselines, house
from benchmarks.house import House
from benchmarks.measure import Result, Taken, taken
from jieli.capture.operations import admit
from jieli.connectors.jsonline import bounded_lines
from jieli.connectors.wecom import lines as wecom
from jieli.wiring.postgres import Server

SINGLES = 2_000
GIN, TANTIVY = "COPY + GIN(tsvector) of plaintext bigrams", "tantivy, plaintext bigrams, commits of 5,000"


@dataclass
class Ingested:
    """What was measured, and the house of the last turn, which the other benchmarks go on with."""

    house: House
    results: list[Result]
    notes: dict[str, object]


def bring_in(opened: House, path: Path, expected: int, *, place: str = "bench.jsonl") -> Taken:
    """Import a file as the command does; every message of it has to be admitted."""
    with path.open("rb") as file, taken(opened.server) as t:
        report = admit(
            source=wecom.SOURCE, platform=house.PLATFORM, place=place, by=house.BY, at=house.NOW,
            lines=wecom.parse(bounded_lines(file)),
        )  # fmt: skip
    if report.admitted != expected:
        raise RuntimeError(f"{report.admitted} of {expected} messages were admitted: {dict(report.reasons)}")
    return t


def run(server: Server, path: Path, *, turns: int) -> Ingested:
    """`turns` times each way, one after the other so that a busy moment of the machine meets them all."""
    lines = path.read_bytes().splitlines(keepends=True)
    ours: list[Taken] = []
    gin: list[Taken] = []
    rival: list[Taken] = []
    rival_bytes = 0
    for turn in range(turns):
        opened = house.open_house(server, turn)
        house.found_company()
        before = _sizes(opened)
        ours.append(bring_in(opened, path, len(lines)))
        gin.append(baselines.copy_with_gin(server, "postgres", lines))
        if baselines.tantivy_available():
            took, rival_bytes = baselines.with_tantivy(lines)
            rival.append(took)
    singles = [baselines.insert_one_by_one(server, "postgres", lines[:SINGLES]) for _ in range(turns)]
    results = _rates(ours, gin, rival, singles, len(lines)) + _size_results(
        opened, before, path, len(lines), rival_bytes
    )
    spread = [round(len(lines) / t.wall) for t in ours]
    notes: dict[str, object] = {
        "ingest_messages_per_second_by_turn": spread, "gin_by_turn": [round(len(lines) / t.wall) for t in gin],
        "tantivy": bool(rival) or "absent: the package tantivy is not installed",
    }  # fmt: skip
    return Ingested(opened, results, notes)


def _rates(
    ours: list[Taken], gin: list[Taken], rival: list[Taken], singles: list[Taken], number: int
) -> list[Result]:
    def rate(found: list[Taken], of: int = number) -> float:
        return of / statistics.median(t.wall for t in found)

    def cost(found: list[Taken], of: int = number) -> float:
        return 1e6 * statistics.median(t.cpu for t in found) / of

    client = 1e6 * statistics.median(t.client for t in ours) / number
    unit = "messages/s"
    results = [
        Result("ingest", rate(ours), unit, GIN, rate(gin)),
        Result("ingest.cpu", cost(ours), "µs of processor/message", GIN, cost(gin)),
        Result("ingest.cpu_client", client, "µs of processor/message"),
        Result("ingest.singles", rate(ours), unit, "one INSERT and commit a message", rate(singles, SINGLES)),
    ]
    if rival:
        results.insert(1, Result("ingest.tantivy", rate(ours), unit, TANTIVY, rate(rival)))
        results.append(
            Result("ingest.cpu_tantivy", cost(ours), "µs of processor/message", TANTIVY, cost(rival))
        )
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
        Result("size.total", sum(grown.values()), unit, "the line as received", line),
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
