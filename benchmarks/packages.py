"""Packages of many items: the machine files made and verified beside plain files, and PDF pages for themselves.

"The same files" are the package's own machine files. Two plain tools have them, in the same process and turn by turn:
one writes them as a stored zip, as a package is one (`zipfile`: each file's SHA-256 and CRC-32, synced to the disk,
renamed, the folder synced), and reads that zip and hashes each file; the other does without the container, file by file
(`.loose`), which is less work than any package can be. Neither parses, decrypts, checks or counts anything, and neither
hashes a second time what it wrote, as ours does for the register. Ratios to both are shown and held against the bar.
"""

import os
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import file_digest, sha256
from io import BytesIO
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import patch
from zipfile import ZIP_STORED, ZipFile

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
#: The plain files take some 30 ms, and up to twice that now and then: fewer turns give a ratio that jumps with them.
LEAST_TURNS = 7
WRITING, READING = (
    "hashing the same files and writing them as a zip",
    "reading the same zip and hashing its files",
)
WRITING_LOOSE, READING_LOOSE = (
    "hashing and writing the same files one by one",
    "reading and hashing them one by one",
)
#: What the plain reader takes at once: small enough to stay in the processor's cache, as ours reads.
PIECE = 1 << 16
#: Stands in for a paper where the machine files alone are measured.
NO_PAPER = [("01-证据目录.pdf", b"%PDF-1.4\n%%EOF\n")]


@dataclass
class _Turns:
    """What each way took, turn by turn."""

    make: list[Taken] = field(default_factory=list)
    write: list[Taken] = field(default_factory=list)
    verify: list[Taken] = field(default_factory=list)
    read: list[Taken] = field(default_factory=list)
    write_loose: list[Taken] = field(default_factory=list)
    read_loose: list[Taken] = field(default_factory=list)


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
        evidence.make_conversation_packages(
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
    """Every way in each turn, so that a busy moment of the machine meets them all; the plain ones before and after."""
    trusted = policy.parse(maker.world.policy)
    with ZipFile(made) as packed:
        files = {name: packed.read(name) for name in packed.namelist() if not name.endswith(".pdf")}
    kept = maker.place / "files"
    kept.mkdir()
    _write_loose(kept, files)
    found = _Turns()
    for _ in range(max(turns, LEAST_TURNS)):
        _write_plainly(found, maker.place, files)
        with taken(maker.opened.server) as t:
            maker.make().unlink()
        found.make.append(t)
        _write_plainly(found, maker.place, files)
        _read_plainly(found, made, kept)
        with taken() as t:
            report = verify_package(made, policy=trusted)
        if report.exit_code:
            raise RuntimeError(f"a package just made does not verify: {report.exit_code}")
        found.verify.append(t)
        _read_plainly(found, made, kept)
    return found


def _write_plainly(found: _Turns, place: Path, files: dict[str, bytes]) -> None:
    zipped, loose = place / "plain.zip", place / "loose"
    with taken() as t:
        _write(zipped, files)
    found.write.append(t)
    zipped.unlink()
    loose.mkdir()
    with taken() as t:
        _write_loose(loose, files)
    found.write_loose.append(t)
    shutil.rmtree(loose)  # a machine that keeps them all would write others back while the next are measured


def _read_plainly(found: _Turns, made: Path, kept: Path) -> None:
    with taken() as t:
        _read(made)
    found.read.append(t)
    with taken() as t:
        _read_loose(kept)
    found.read_loose.append(t)


def _write(path: Path, files: dict[str, bytes]) -> None:
    """Each file hashed and written into one zip, whole and on the disk before it has its name, as a package is."""
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        with ZipFile(file, "w", ZIP_STORED) as packed:
            for name, content in files.items():
                sha256(content).hexdigest()
                packed.writestr(name, content)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
    _sync(path.parent)


def _write_loose(folder: Path, files: dict[str, bytes]) -> None:
    """Each file hashed and written, and all of them on the disk."""
    for name, content in files.items():
        sha256(content).hexdigest()
        (folder / name.replace("/", "_")).write_bytes(content)
    for path in [*folder.iterdir(), folder]:
        _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _read(path: Path) -> None:
    with ZipFile(path) as packed:
        for name in packed.namelist():
            with packed.open(name) as file:
                digest = sha256()
                while piece := file.read(PIECE):
                    digest.update(piece)
                digest.hexdigest()


def _read_loose(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb", buffering=0) as file:
            file_digest(file, "sha256").hexdigest()


def _median(of: Sequence[Taken], what: Callable[[Taken], float]) -> float:
    return 1_000 * statistics.median(what(t) for t in of)


def _spread(of: Sequence[Taken], what: Callable[[Taken], float]) -> float:
    """How far the middle half of the turns lie apart, as a part of their median."""
    low, middle, high = statistics.quantiles([what(t) for t in of], n=4)
    return (high - low) / middle


def _results(found: _Turns, items: int, made: Path) -> list[Result]:
    results = []
    for name, ours, plain, beside in (
        ("package.machine.make", found.make, found.write, WRITING),
        ("package.machine.make.loose", found.make, found.write_loose, WRITING_LOOSE),
        ("package.machine.verify", found.verify, found.read, READING),
        ("package.machine.verify.loose", found.verify, found.read_loose, READING_LOOSE),
    ):
        for kind, what in (("", lambda t: t.wall), (".cpu", lambda t: t.cpu)):
            results.append(
                Result(
                    name + kind, _median(ours, what), f"ms/{items} items", beside, _median(plain, what),
                    bar=BAR, at_most=True, stretch=STRETCH, by_ratio=True,
                )
            )  # fmt: skip
            unit = f"of its median; {beside}: {_spread(plain, what):.2f}"
            results.append(Result(f"{name}{kind}.spread", _spread(ours, what), unit))
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
