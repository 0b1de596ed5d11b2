"""The newest 50 messages that hold a query: ours with its ledger row, decryption and check, beside plaintext SQL."""

import random
import resource
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg

from benchmarks import baselines, house
from benchmarks.house import House
from benchmarks.measure import Result, each, percentile, taken
from benchmarks.sentences import SEED
from jieli.access.types import Person
from jieli.archive import operations as archive
from jieli.archive import segments
from jieli.reading import operations as reading

LIMIT = 50
PURPOSE = "合规审计"
GIN_SQL = "SELECT id, text FROM plain_gin WHERE tokens @@ %s::tsquery AND text LIKE %s ORDER BY event_at DESC LIMIT 50"
LIKE_SQL = "SELECT id, text FROM plain_gin WHERE text LIKE %s ORDER BY event_at DESC LIMIT 50"


@dataclass(frozen=True)
class Asker:
    """Who searches here, and for which matter."""

    person: Person
    matter: str

    def search(self, query: str) -> int:
        """One search as the console makes it; how many it shows."""
        page = reading.search(
            query=query, purpose=PURPOSE, matter=self.matter, by=self.person, at=house.NOW, limit=LIMIT
        )
        return len(page.shown)


def queries(texts: Sequence[str], number: int) -> dict[str, list[str]]:
    """Queries of four kinds: frequent pairs, four characters found seldom or never, and runs of digits."""
    rng = random.Random(SEED + 3)
    pairs: Counter[str] = Counter()
    fours: Counter[str] = Counter()
    for text in texts:
        pairs.update({p for p in baselines.bigrams(text) if _is_han(p)})
        fours.update({f for n in range(len(text) - 3) if _is_han(f := text[n : n + 4])})
    frequent = [pair for pair, _ in pairs.most_common(number)]
    few = max(2, len(texts) // 10_000)
    rare = rng.sample(sorted(four for four, count in fours.items() if count <= few), number)
    common = [pair for pair, _ in pairs.most_common(400)]
    absent: list[str] = []
    while len(absent) < number:
        made = rng.choice(common) + rng.choice(common)
        if made not in fours and made not in absent:
            absent.append(made)
    orders = [text.partition("订单号")[2][:14] for text in texts if "订单号" in text]
    digits = [order[-8:] for order in rng.sample(orders, min(number, len(orders)))]
    return {"frequent": frequent, "rare": rare, "absent": absent, "digits": digits}


def _is_han(text: str) -> bool:
    return all("一" <= c <= "鿿" for c in text)


def run(opened: House, texts: Sequence[str], *, number: int) -> list[Result]:
    """p50 and p95 in ms for each kind of query, as the segments lie after an import and again merged."""
    asker = Asker(*house.reader())
    wanted = queries(texts, number)
    results = _measured(opened, asker, {k: wanted[k] for k in ("frequent", "rare")}, name="search.unmerged")
    results += _merged(opened)
    return results + _measured(opened, asker, wanted, name="search")


def _merged(opened: House) -> list[Result]:
    """Merge to the end: its cost, the memory it took beyond what was there, and the index's bytes before and after."""
    before, kept = _index_bytes(opened), _resident()
    messages = sum(manifest.documents for _, manifest in segments.live())
    with taken(opened.server) as t:
        while months := segments.months_to_merge():
            for month in months:
                archive.merge_month(month)
        archive.sweep()
    grown = _resident() - kept
    with psycopg.connect(opened.main_dsn(), autocommit=True) as connection:
        connection.execute("VACUUM FULL ANALYZE archive_segment_row")
        connection.execute("VACUUM ANALYZE")
    each = "bytes/message"
    return [
        Result("merge.cpu", 1e6 * t.cpu / messages, "µs of processor/message"),
        Result("merge.memory", grown, "MiB beyond the process"),
        Result("size.index_unmerged", before / messages, each),
        Result("size.index_merged", _index_bytes(opened) / messages, each),
    ]


def _index_bytes(opened: House) -> int:
    with psycopg.connect(opened.main_dsn(), autocommit=True) as connection:
        found = connection.execute("SELECT pg_total_relation_size('archive_segment_row')").fetchone()
    return int(found[0]) if found else 0


def _resident() -> float:
    """The most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _measured(opened: House, asker: Asker, wanted: dict[str, list[str]], *, name: str) -> list[Result]:
    results = []
    plain = opened.server.dsn("postgres")
    with (
        psycopg.connect(plain, autocommit=True) as connection,
        psycopg.connect(plain, autocommit=True) as full,
    ):

        def gin(query: str) -> int:
            found = connection.execute(GIN_SQL, (baselines.tsquery(query), f"%{query}%"))
            return len(found.fetchall())

        def like(query: str) -> int:
            return len(connection.execute(LIKE_SQL, (f"%{query}%",)).fetchall())

        def scan(query: str) -> int:
            # Every row is read, whatever the order asked for: the bar speaks of a full scan.
            return len(full.execute(LIKE_SQL, (f"%{query}%",)).fetchall())

        for setting in ("enable_indexscan", "enable_bitmapscan", "max_parallel_workers_per_gather"):
            full.execute(f"SET {setting} = 0")
        for kind, asked in wanted.items():
            _agree(asker.search, like, asked)
            # One query after the other, each in all three ways: a busy moment meets them all.
            timed = [[each(way, [query])[0] for way in (asker.search, gin, scan)] for query in asked]
            ours, with_gin, scanned = (list(times) for times in zip(*timed, strict=True))
            costs = [_cost(opened, way, asked) for way in (asker.search, gin, scan)]
            results.append(
                Result(f"{name}.{kind}.cpu", costs[0], "ms of processor", "GIN(tsvector) + LIKE", costs[1])
            )
            results.append(
                Result(f"{name}.{kind}.cpu.scan", costs[0], "ms of processor", "LIKE '%…%' scan", costs[2])
            )
            for label, part in (("p50", 0.5), ("p95", 0.95)):
                value = percentile(ours, part)
                line = f"{name}.{kind}.{label}"
                results.append(Result(line, value, "ms", "GIN(tsvector) + LIKE", percentile(with_gin, part)))
                results.append(_beside_scan(f"{line}.scan", value, percentile(scanned, part)))
    return results


def _beside_scan(line: str, value: float, scan: float) -> Result:
    """Of a merged index the 95th percentile has to be a twentieth of a full scan's, better a fortieth."""
    judged = ".p95" in line and "unmerged" not in line
    return Result(
        line, value, "ms", "LIKE '%…%' scan", scan, bar=0.05 if judged else None, at_most=True,
        stretch=0.025 if judged else None, by_ratio=judged,
    )  # fmt: skip


def _cost(opened: House, way: Callable[[str], int], asked: Sequence[str]) -> float:
    """Processor ms a search, client and server together: steadier than wall time where others work too."""
    with taken(opened.server) as t:
        each(way, asked)
    return 1_000 * t.cpu / len(asked)


def _agree(ours: Callable[[str], int], plain: Callable[[str], int], asked: Sequence[str]) -> None:
    """A fast wrong answer is no answer: the fold may find more than LIKE does, never less."""
    for query in asked[:5]:
        if (shown := ours(query)) < (known := plain(query)):
            raise RuntimeError(f"a search showed {shown} messages of {known}")
