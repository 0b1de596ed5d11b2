"""Packages of many items: the machine files made and verified beside plain files, and PDF pages for themselves.

"The same files" are the package's own machine files, unpacked: written and hashed, or read and hashed, one by one.
"""

import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from io import BytesIO
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import patch
from zipfile import ZipFile

from pypdf import PdfReader

from benchmarks import house, ingest, sentences
from benchmarks.house import House
from benchmarks.measure import Result, Taken, taken
from benchmarks.sentences import Corpus, customer_id, staff_handle
from jieli.archive import queries as archive
from jieli.archive.types import ConversationKey
from jieli.assets import queries as assets
from jieli.evidence import operations as evidence
from jieli.evidence.types import Outside
from jieli.ledger import checkpoints
from jieli.papers.rendering import render
from jieli.reading.types import Window
from jieli.wiring.home import home_of
from jieli.wiring.outside import outside
from jieli.wiring.postgres import Server
from jieli.wiring.signer import read_key
from seal import policy
from seal.verify import verify_package

ITEMS = 10_000
#: So many items are printed to measure pages: printing takes a thousand times what proving takes.
PRINTED = 300
BAR, STRETCH = 12.0, 6.0
WRITING, READING = "writing and hashing the same files", "reading and hashing the same files"
#: Stands in for a paper where the machine files alone are measured.
NO_PAPER = [("01-证据目录.pdf", b"%PDF-1.4\n%%EOF\n")]


@dataclass
class _Turns:
    """What each way took, turn by turn."""

    make: list[Taken] = field(default_factory=list)
    write: list[Taken] = field(default_factory=list)
    verify: list[Taken] = field(default_factory=list)
    read: list[Taken] = field(default_factory=list)


@dataclass(frozen=True)
class _Maker:
    """Makes packages of one long conversation, each under a name of its own."""

    opened: House
    conversation: int
    reader: tuple[Any, str]
    world: Outside
    place: Path
    numbers: Iterator[int] = field(default_factory=count)

    def make(self, window: Window = evidence.ANYWHERE) -> Path:
        path = self.place / f"{next(self.numbers)}.zip"
        person, matter = self.reader
        evidence.make_conversation_package(
            conversation=self.conversation, purpose="争议举证", matter=matter, by=person, at=house.NOW,
            path=path, outside=self.world, window=window,
        )  # fmt: skip
        return path


def run(server: Server, corpus: Corpus, *, turns: int, n: int, items: int = ITEMS) -> list[Result]:
    """In a house of its own: a conversation of `items` messages comes in, and leaves as packages."""
    with tempfile.TemporaryDirectory() as place:
        maker = _maker(server, corpus, Path(place), n, items)
        with patch.object(evidence, "_papers", lambda *_: NO_PAPER):
            made = maker.make()
            found = _measured(maker, made, turns)
            results = _results(found, items, made)
        return [*results, _pages(maker)]


def _maker(server: Server, corpus: Corpus, place: Path, n: int, items: int) -> _Maker:
    opened = house.open_house(server, n)
    house.found_company()
    lines = place / "messages.jsonl"
    with lines.open("wb") as file:
        file.writelines(sentences.streamed_lines(sentences.stream(items, corpus), items, long=items))
    ingest.bring_in(opened, lines, items)
    signer = read_key(home_of(opened.profile))
    world = replace(outside(opened.profile), checkpoint=lambda: checkpoints.sign_head(signer, at=house.NOW))
    account = assets.accounts(house.PLATFORM)[staff_handle(0)].id
    found = archive.conversation(ConversationKey("wecom", account=account, counterparty=customer_id(0)))
    if found is None:
        raise RuntimeError("the long conversation is not in the archive")
    return _Maker(opened, found.id, house.reader("bench.packages"), world, place)


def _measured(maker: _Maker, made: Path, turns: int) -> _Turns:
    """Every way once a turn, so that a busy moment of the machine meets them all."""
    trusted = policy.parse(maker.world.policy)
    with ZipFile(made) as packed:
        files = {name: packed.read(name) for name in packed.namelist() if not name.endswith(".pdf")}
    kept = maker.place / "files"
    kept.mkdir()
    _write(kept, files)
    found = _Turns()
    for turn in range(turns):
        into = maker.place / f"written-{turn}"
        into.mkdir()
        with taken() as t:
            _write(into, files)
        found.write.append(t)
        with taken(maker.opened.server) as t:
            maker.make().unlink()
        found.make.append(t)
        with taken() as t:
            _read(kept, files)
        found.read.append(t)
        with taken() as t:
            report = verify_package(made, policy=trusted)
        if report.exit_code:
            raise RuntimeError(f"a package just made does not verify: {report.exit_code}")
        found.verify.append(t)
    return found


def _write(folder: Path, files: dict[str, bytes]) -> None:
    """Each file hashed and written, and all of them on the disk, as a package is when it is done."""
    for name, content in files.items():
        sha256(content).hexdigest()
        (folder / name.replace("/", "_")).write_bytes(content)
    for name in files:
        descriptor = os.open(folder / name.replace("/", "_"), os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def _read(folder: Path, files: dict[str, bytes]) -> None:
    for name in files:
        sha256((folder / name.replace("/", "_")).read_bytes()).hexdigest()


def _median(of: Sequence[Taken], what: Callable[[Taken], float]) -> float:
    return 1_000 * statistics.median(what(t) for t in of)


def _results(found: _Turns, items: int, made: Path) -> list[Result]:
    results = []
    for name, ours, plain, beside in (
        ("package.machine.make", found.make, found.write, WRITING),
        ("package.machine.verify", found.verify, found.read, READING),
    ):
        for kind, what in (("", lambda t: t.wall), (".cpu", lambda t: t.cpu)):
            results.append(
                Result(
                    name + kind, _median(ours, what), f"ms/{items} items", beside, _median(plain, what),
                    bar=BAR, at_most=True, stretch=STRETCH, by_ratio=True,
                )
            )  # fmt: skip
    return [*results, Result("package.machine.size", made.stat().st_size / items, "bytes/item")]


def _pages(maker: _Maker) -> Result:
    """The first messages of the conversation as a package with all its papers: pages a second of printing."""
    first = archive.items_of_conversation(maker.conversation)[:PRINTED]
    spent, pages = 0.0, 0

    def timed(paper: Any) -> bytes:
        nonlocal spent, pages
        begun = perf_counter()
        content = render(paper)
        spent += perf_counter() - begun
        pages += len(PdfReader(BytesIO(content)).pages)
        return content

    with patch.object(evidence, "render", timed):
        maker.make(Window(to_ms=first[-1].event_ms + 1))
    return Result("package.pages", pages / spent, "pages/s of the papers")
