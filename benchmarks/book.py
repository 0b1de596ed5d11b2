"""The ledger: entries and checkpoints, cold proofs, checking the whole of it, and packages."""

import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import psycopg

from benchmarks import house, log
from benchmarks.house import House
from benchmarks.measure import Result, each, percentile, taken
from benchmarks.searching import Asker
from benchmarks.sentences import customer_id, staff_handle
from jieli.archive import checks as archive_checks
from jieli.archive import queries as archive
from jieli.archive.types import ConversationKey
from jieli.assets import queries as assets
from jieli.evidence import operations as evidence
from jieli.ledger import checkpoints, fsck, queries
from jieli.ledger import checks as ledger_checks
from jieli.ledger.operations import book
from jieli.wiring.home import home_of
from jieli.wiring.outside import outside
from jieli.wiring.signer import public_keys, read_key
from seal import policy
from seal.keys import Signer
from seal.verify import verify_package

BATCH, PROOFS, SLOW_PROOFS = 100, 1_000, 20


def run(opened: House, asker: Asker, *, batches: int, turns: int, entries: int = log.MILLION) -> list[Result]:
    """All figures of the ledger, on the house that the messages came into."""
    signer = read_key(home_of(opened.profile))
    return [
        *_appending(opened, signer, batches),
        *_verifying(opened, turns),
        *_packaging(opened, signer, asker, turns),
        *log.run(opened, batches=batches, entries=entries, turns=turns),
    ]


def _appending(opened: House, signer: Signer, batches: int) -> list[Result]:
    """100 entries and a signed checkpoint, again and again; beside COPY and commit of the same bytes without a tree."""

    def ours(turn: int) -> None:
        with book(at=house.NOW) as b:
            for n in range(BATCH):
                b.entry("bench.note", by=house.BY, facts={"turn": turn, "n": n})
        checkpoints.sign_head(signer, at=house.NOW)

    with taken(opened.server) as t:
        times = each(ours, range(batches))
    cost = 1e6 * t.cpu / (BATCH * batches)
    with psycopg.connect(opened.server.dsn("postgres")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS plain_log (n bigint PRIMARY KEY, body bytea)")

        def plain(turn: int) -> None:
            with connection.cursor() as cursor, cursor.copy("COPY plain_log FROM STDIN") as copy:
                for n in range(BATCH):
                    body = b'{"facts":{"by":"system:benchmark","n":%d,"turn":%d}}' % (n, turn)
                    copy.write_row((turn * BATCH + n, body))
            connection.commit()

        others = each(plain, range(batches))
    rate, other = (1_000 * BATCH / statistics.median(t) for t in (times, others))
    name = "COPY and commit of the same 100 rows, no tree, no signature"
    return [
        Result("ledger.append", rate, "entries/s", name, other),
        Result("ledger.append.cpu", cost, "µs of processor/entry"),
        Result("ledger.append.p50", percentile(times, 0.5), "ms/100 entries", name, percentile(others, 0.5)),
        Result(
            "ledger.append.p95", percentile(times, 0.95), "ms/100 entries", name, percentile(others, 0.95)
        ),
    ]


def _verifying(opened: House, turns: int) -> list[Result]:
    """Every entry, part, item's leaf, tile and checkpoint looked at; beside hashing as many 100-byte leaves."""
    size = queries.head(queries.live_log()).size
    leaves = size + sum(entry.count for entry in queries.entries(range(size)).values())
    checks = [
        *ledger_checks.checks(dict(archive_checks.FOREIGN)),
        *ledger_checks.checkpoint_checks(public_keys(home_of(opened.profile))),
    ]
    took, bare = [], []
    for _ in range(turns):
        with taken() as t:
            findings = fsck.run(checks).findings
        if findings:
            raise RuntimeError(f"the log of the benchmark does not verify: {findings[0].code}")
        took.append(t.wall)
        with taken() as t:
            for n in range(leaves):
                sha256(b"\x00" + n.to_bytes(8, "big") * 12).digest()
        bare.append(t.wall)
    rate, other = (leaves / statistics.median(t) for t in (took, bare))
    return [Result("ledger.verify", rate, "leaves/s", "bare hashlib loop over as many leaves", other)]


def _conversation() -> int:
    account = assets.accounts(house.PLATFORM)[staff_handle(0)].id
    key = ConversationKey("wecom", account=account, counterparty=customer_id(0))
    found = archive.conversation(key)
    if found is None:
        raise RuntimeError("the long conversation is not in the archive")
    return found.id


def _packaging(opened: House, signer: Signer, asker: Asker, turns: int) -> list[Result]:
    """A package of the long conversation, made and verified; beside writing and reading as many bytes."""
    world = replace(outside(opened.profile), checkpoint=lambda: checkpoints.sign_head(signer, at=house.NOW))
    trusted = policy.parse(home_of(opened.profile).policy.read_bytes())
    conversation = _conversation()
    with tempfile.TemporaryDirectory() as place:
        paths = _numbered(Path(place))

        def make() -> Path:
            path = next(paths)
            [made] = evidence.make_conversation_packages(
                conversation=conversation, purpose="争议举证", matter=asker.matter, by=asker.person, at=house.NOW,
                path=path, outside=world,
            )  # fmt: skip
            counted.append(made.items)
            return path

        def verify() -> None:
            if verify_package(made, policy=trusted).exit_code:
                raise RuntimeError("a package just made does not verify")

        def write() -> None:
            with next(paths).open("wb") as file:
                file.write(content)
                os.fsync(file.fileno())

        counted: list[int] = []
        made = make()
        content = made.read_bytes()
        making, verifying = _median(make, turns), _median(verify, turns)
        writing, reading = _median(write, turns), _median(lambda: made.read_bytes(), turns)
    unit, kib = f"ms/{counted[0]} items", len(content) / 1_024
    return [
        Result("package.make", 1_000 * making, unit, f"write and fsync of {kib:,.0f} KiB", 1_000 * writing),
        Result("package.verify", 1_000 * verifying, unit, f"reading {kib:,.0f} KiB", 1_000 * reading),
        Result("package.size", len(content) / counted[0], "bytes/item"),
    ]


def _numbered(place: Path) -> Iterator[Path]:
    n = 0
    while True:
        n += 1
        yield place / f"{n}.zip"


def _median(work: Callable[[], object], turns: int) -> float:
    return statistics.median(each(lambda _: work(), range(turns))) / 1_000
