"""Readers that verify everything they are shown while several writers write and the signer signs."""

import json
import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from django.db import connections

from jieli.ledger import checkpoints, queries, serving
from jieli.ledger.operations import book
from seal import checkpoint, tiles, tree
from seal.errors import SealError
from seal.keys import Signer
from seal.log_reader import read_checkpoint, read_log
from seal.tiles import Tile, TileTree

WRITERS, READERS = 3, 2
#: A reader checks the whole log once in so many looks, and so many single entries at each look.
WHOLE_EVERY, SINGLES = 20, 8
#: What a run does; each at least `least` times.
COUNTED = ("entries", "checkpoints", "inclusions", "consistencies", "whole")


@dataclass
class Hammered:
    """What was done and seen; `faults` must be empty."""

    entries: int = 0
    checkpoints: int = 0
    looks: int = 0
    inclusions: int = 0
    consistencies: int = 0
    whole: int = 0
    faults: list[str] = field(default_factory=list)


def hammer(signer: Signer, *, seconds: float, at: int, seed: int = 1, least: int = 0) -> Hammered:
    """Write, sign and verify for so many seconds; every acknowledged entry is looked for at the end.

    Goes on, however slow the machine, until each thing that is counted was done `least` times, or one failed.
    """
    done, lock, told = Hammered(), threading.Lock(), dict[int, str]()
    end, working = time.monotonic() + seconds, list[Hammered]()

    def going() -> bool:
        if done.faults:
            return False
        short = any(sum(getattr(mine, name) for mine in working) < least for name in COUNTED)
        return short or time.monotonic() < end

    def one(work: Callable[[random.Random, Hammered], None], rng: random.Random) -> None:
        mine = Hammered()
        working.append(mine)
        try:
            while going():
                work(rng, mine)
        except Exception as error:  # noqa: BLE001 - a thread's fault is told by the one that started it
            mine.faults.append(f"{work.__name__}: {type(error).__name__}: {error}")
        finally:
            connections.close_all()
        with lock:
            for name, value in vars(mine).items():
                setattr(done, name, getattr(done, name) + value)

    def write(rng: random.Random, mine: Hammered) -> None:
        with book(at=at) as b:
            numbers = [rng.getrandbits(40) for _ in range(rng.randint(1, 40))]
            made = [b.entry("access.note", by="system:hammer", facts={"n": n}) for n in numbers]
        with lock:
            told.update({e.index: "access.note" for e in made if e.index is not None})
        mine.entries += len(made)

    def sign(rng: random.Random, mine: Hammered) -> None:
        mine.checkpoints += checkpoints.sign_head(signer, at=at) is not None
        time.sleep(0.03)

    heads: dict[int, checkpoint.Checkpoint] = {}

    def look(rng: random.Random, mine: Hammered) -> None:
        _look(signer, heads, rng, mine)

    works = [sign, *[write] * WRITERS, *[look] * READERS]
    threads = [
        threading.Thread(target=one, args=(work, random.Random(f"{seed}:{n}")))
        for n, work in enumerate(works)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _count(signer, told, done, at=at)
    return done


def read(path: str) -> bytes | None:
    """A file of the log as it is served to strangers."""
    log = queries.live_log()
    if path == "checkpoint":
        found = serving.checkpoint(log)
    else:
        found = serving.bundle(log, path) if path.startswith("tile/entries/") else serving.tile(log, path)
    return found.data if found is not None else None


def _fetch(level: int, n: int, width: int) -> bytes:
    return read(Tile(level, n, width).path()) or b""


def _look(
    signer: Signer, heads: dict[int, checkpoint.Checkpoint], rng: random.Random, mine: Hammered
) -> None:
    """One reader's look: the newest head, its relation to the head of this thread's last look, some entries."""
    me = threading.get_ident()
    head, _ = read_checkpoint(read, [signer.vkey])
    seen, heads[me] = heads.get(me), head
    shown = TileTree(head.size, _fetch)
    mine.looks += 1
    if seen is not None and 0 < seen.size <= head.size:
        path = shown.consistency(seen.size)
        tree.verify_consistency(
            old=seen.size, size=head.size, old_root=seen.root, root=head.root, path=path
        )  # fmt: skip
        mine.consistencies += 1
    elif seen is not None and seen.size > head.size:
        raise SealError("hammer.rollback", f"{head.size} entries were shown after {seen.size}.")
    for index in [rng.randrange(head.size) for _ in range(SINGLES if head.size else 0)]:
        tree.verify_inclusion(
            leaf=tree.leaf_hash(_entry(index, head.size)), index=index, size=head.size,
            path=shown.inclusion(index), root=head.root,
        )  # fmt: skip
        mine.inclusions += 1
    if mine.looks % WHOLE_EVERY == 1:
        read_log(read, [signer.vkey])
        mine.whole += 1


def _entry(index: int, size: int) -> bytes:
    n = index // tiles.WIDTH
    bundle = Tile("entries", n, min(tiles.WIDTH, size - n * tiles.WIDTH))
    return tiles.unpack_entries(read(bundle.path()) or b"")[index % tiles.WIDTH]


def _count(signer: Signer, told: dict[int, str], done: Hammered, *, at: int) -> None:
    """Every acknowledged entry stands once, under the index that was told, and the whole log agrees with itself."""
    checkpoints.sign_head(signer, at=at)
    found = queries.entries(sorted(told))
    lost = [index for index, kind in told.items() if index not in found or found[index].kind != kind]
    if lost or len(told) != done.entries:
        done.faults.append(
            f"{len(lost)} of {done.entries} acknowledged entries are lost, {len(told)} have an index"
        )
    if read_log(read, [signer.vkey]).head.size != queries.head(queries.live_log()).size:
        done.faults.append("the last checkpoint does not cover the log")


def job(seconds: str) -> None:
    """As a child of the installation: prints what was done."""
    from jieli.doors.clock import now
    from jieli.wiring import signer, start
    from jieli.wiring.home import home_of
    from jieli.wiring.profile import profile

    start.ready(profile())
    home = home_of(profile())
    with signer.alone(home):
        json.dump(
            asdict(hammer(signer.read_key(home), seconds=float(seconds), at=now(profile()))), sys.stdout
        )
