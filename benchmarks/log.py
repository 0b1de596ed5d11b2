"""The log beside its rivals on the same disk in the same run: appending, proofs, checking all of it, bytes an entry.

What is compared. Ours: 100 operations' entries, each with its part (salt, facts) and the indexes over both, durable
after one commit, and a signed checkpoint over them in a second one, after the last signed root was found again.
tlog-scales: 100 entries as files, their hashes and a signed checkpoint, each file fsynced; no parts, no rows.
Proofs are asked for with nothing in memory: a new connection, a new reader.
"""

import multiprocessing
import random
import statistics
import tempfile
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from pathlib import Path

from django.db import connections

from benchmarks import house
from benchmarks.house import House
from benchmarks.measure import Result, each, taken
from benchmarks.sentences import SEED
from jieli.ledger import checkpoints, queries
from jieli.ledger.operations import book
from jieli.ledger.whole import check_book
from jieli.wiring import start
from jieli.wiring.home import home_of
from jieli.wiring.postgres import Server
from jieli.wiring.signer import read_key
from seal.tree import leaf_hash, verify_inclusion

MILLION, BATCH, PROOFS, LARGE = 1_000_000, 100, 1_000, 5_000
TLOG, PYMERKLE, BARE = (
    "tlog-scales",
    "the better of tlog-scales and pymerkle on SQLite",
    "hashlib, leaf and node",
)


def run(opened: House, *, batches: int, entries: int, turns: int) -> list[Result]:
    """All figures, in a house of their own on the same server; the process goes back to `opened` at the end."""
    try:
        with tempfile.TemporaryDirectory() as place:
            return _run(opened.server, Path(place), batches, entries, turns)
    finally:
        start.connect(start.addresses_on(opened.server, main=opened.main, keys=opened.keys))


def _run(server: Server, place: Path, batches: int, entries: int, turns: int) -> list[Result]:
    own = house.open_house(server, 9_000)
    results = [_appending(own, place, batches)]
    size = _fill(entries)
    used = _sizes()
    results.append(Result("ledger.bytes", used / size, "bytes/entry of one part", bar=1_024, at_most=True))
    results.append(_proving(place, size, turns))
    results.append(_checking(size, turns))
    return results


def _data(n: int) -> bytes:
    return b'{"facts":{"by":"system:benchmark","n":%d}}' % n


def _appending(own: House, place: Path, batches: int) -> Result:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from tlog_scales import signing, writer

    signer = read_key(home_of(own.profile))
    log = writer.TilesWriter.create(place / "small", house.ORIGIN)
    theirs = signing.PlainEd25519Signer(house.ORIGIN, Ed25519PrivateKey.generate())

    def ours(turn: int) -> None:
        with book(at=house.NOW) as b:
            for n in range(BATCH):
                b.entry("bench.note", by=house.BY, facts={"n": turn * BATCH + n})
        checkpoints.sign_head(signer, at=house.NOW)

    def rival(turn: int) -> None:
        for n in range(BATCH):
            log.add_leaf(_data(turn * BATCH + n))
        log.commit([theirs])

    mine, others = [], []
    for turn in range(batches):
        mine += each(ours, [turn])
        others += each(rival, [turn])
    rate, other = (1_000 * BATCH / statistics.median(t) for t in (mine, others))
    return Result(
        "ledger.append_checkpoint", rate, "entries/s", TLOG, other, bar=0.8, stretch=2, by_ratio=True
    )


def _fill(entries: int) -> int:
    """The house's own way of writing, 5,000 entries a transaction; the size of the log then."""
    for turn in range(entries // LARGE):
        with book(at=house.NOW) as b:
            for n in range(LARGE):
                b.entry("bench.note", by=house.BY, facts={"n": turn * LARGE + n})
    return queries.head(queries.live_log()).size


def _sizes() -> int:
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE ledger_entry, ledger_part, ledger_tile")
        cursor.execute(
            "SELECT sum(pg_total_relation_size(t::regclass)) FROM unnest(%s::text[]) t",
            [["ledger_entry", "ledger_part", "ledger_tile"]],
        )
        return int(cursor.fetchone()[0])


def _proving(place: Path, size: int, turns: int) -> Result:
    from pymerkle import SqliteTree  # type: ignore[import-untyped]
    from tlog_scales import backend, reader, signing, writer

    log = writer.TilesWriter.create(place / "large", house.ORIGIN)
    for at in range(0, size, 10_000):
        for n in range(at, min(at + 10_000, size)):
            log.add_leaf(_data(n))
        log.commit([signing.DummySigner()])
    path = place / "pymerkle.db"
    with SqliteTree(str(path)) as tree:
        tree.append_entries([_data(n) for n in range(size)], chunksize=10_000)
    chosen = random.Random(SEED + 5).sample(range(size), PROOFS)
    root = checkpoints.tree(size).root()
    rates: dict[str, list[float]] = {"ours": [], "tlog": [], "pymerkle": []}
    for _ in range(turns):
        connections["default"].close()
        with taken() as t:
            paths = queries.inclusion_proofs(chosen, size)
        rates["ours"].append(PROOFS / t.wall)
        with taken() as t:
            cold = reader.TilesReader(backend.LocalBackend(place / "large"))
            cold.set_size(size)
            for index in chosen:
                cold.get_inclusion_proof(index, size)
        rates["tlog"].append(PROOFS / t.wall)
        with taken() as t, SqliteTree(str(path)) as again:
            for index in chosen[:20]:  # about ten a second: all of them would take minutes
                again.prove_inclusion(index + 1, size)
        rates["pymerkle"].append(20 / t.wall)
    for index, entry in queries.entries(chosen[:50]).items():
        verify_inclusion(leaf=leaf_hash(entry.data), index=index, size=size, path=paths[index], root=root)
    ours, *others = (statistics.median(rates[name]) for name in ("ours", "tlog", "pymerkle"))
    return Result(
        "ledger.proofs_cold", ours, "proofs/s", PYMERKLE, max(others), bar=3, stretch=5, by_ratio=True
    )


def _bare(leaves: int) -> None:
    peaks: list[bytes] = []
    for n in range(leaves):
        hash_ = sha256(b"\x00" + n.to_bytes(8, "big") * 12).digest()
        full = n
        while full & 1:
            hash_ = sha256(b"\x01" + peaks.pop() + hash_).digest()
            full >>= 1
        peaks.append(hash_)


def _checking(size: int, turns: int) -> Result:
    """Entries, parts, commitments and tiles from storage, two leaves an entry, one process a core."""
    leaves, took, bare = 2 * size, [], []
    with ProcessPoolExecutor(
        multiprocessing.cpu_count(), mp_context=multiprocessing.get_context("spawn")
    ) as others:
        list(others.map(abs, range(multiprocessing.cpu_count())))
        for _ in range(turns):
            with taken() as t:
                found = list(check_book({}, others))
            if found:
                raise RuntimeError(f"the log of the benchmark does not verify: {found[0].code}")
            took.append(leaves / t.wall)
            with taken() as t:
                _bare(leaves)
            bare.append(leaves / t.wall)
    return Result(
        "ledger.check", statistics.median(took), "leaves/s", BARE, statistics.median(bare),
        bar=0.4, stretch=0.6, by_ratio=True,
    )  # fmt: skip
