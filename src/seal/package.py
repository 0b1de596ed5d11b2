"""Writes evidence packages (ADR 10). The verifier never imports this module: it reads formats, not our mind."""

from __future__ import annotations

import tempfile
from binascii import hexlify
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import new as new_digest
from hashlib import sha256
from itertools import islice
from operator import itemgetter, lt
from pathlib import Path
from struct import Struct
from types import TracebackType
from typing import IO, NamedTuple

from seal import checkpoint as checkpoints
from seal import policy as policies
from seal.canonical import encode
from seal.container import CHUNK, is_pdf, order_key
from seal.container_writer import ContainerWriter, Watch, unwatched
from seal.encoding import to_base64
from seal.errors import NoCryptoError, SealError
from seal.item import salt_offset
from seal.note import Note
from seal.proof import Proof
from seal.tree import Tree

_SPOOL = 32 * 1024 * 1024
_PIECE = 64 * 1024  # small pieces stay in the processor's cache on their way through
_TOGETHER = 32  # and so do lines that are joined as soon as so many are there


@dataclass(frozen=True, slots=True)
class About:
    """What a package says of itself: ``kind`` conversation, matter or receipt, ``made`` in ms, ``clock``."""

    kind: str
    origin: str
    made: int
    clock: str
    matter: str
    purpose: str
    not_proved: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """A field of an item that is shown: its salt (32 bytes) and its bytes."""

    salt: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """A field of an item that stays closed: only its digest."""

    digest: bytes


#: An item all of whose fields are shown: n, the canonical JSON of its row's sealed columns, then of its fields the
#: names, the salts (32 bytes each) joined, and the bytes of each.
OpenedLine = tuple[int, bytes, tuple[str, ...], bytes, Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class _Sealed:
    """An entry and its path to the newest checkpoint."""

    data: bytes
    path: tuple[bytes, ...]


class Package:
    """Collects one package and writes it once; use it in a ``with``.

    Items and parts go to a spool, large ones to disk, so add them in the order of (entry, n).
    """

    def __init__(self, about: About, *, policy: bytes, sm3: bool = False) -> None:
        """``policy`` is whom the maker relies on; ``sm3`` adds SM3SUMS, which verifiers before 0.2 refuse (ADR 16)."""
        self.about = about
        self._sm3 = sm3
        self._policy = policy
        self._keys = {(key.name, key.id) for key in policies.parse(policy).vkeys()}
        self._files: dict[str, bytes | Path] = {}
        self._notes: dict[int, bytes] = {}
        self._entries: dict[int, _Sealed] = {}
        self._omissions: list[bytes] = []
        self._omitted = 0
        self._lines = {name: _Lines() for name in ("items.jsonl", "parts.jsonl")}
        self._digests: dict[str, str] = {}  # of files that were added, so that none is read twice for it
        self._bound: tuple[list[str], int] | None = None

    def __enter__(self) -> Package:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lines in self._lines.values():
            lines.close()

    def add_pdf(self, name: str, source: bytes | Path) -> None:
        """A paper for people, named ``NN-….pdf``; its number gives its place."""
        if not is_pdf(name):
            raise SealError("package.pdf", "A PDF in a package is named by a number, a hyphen and a title.")
        self._add(name, source)

    def add_checkpoint(self, note: bytes) -> None:
        """A checkpoint of the log; lines of keys that the package's policy does not name are left out."""
        checkpoint, signed = checkpoints.parse(note)
        kept = tuple(one for one in signed.signatures if (one.name, one.id) in self._keys)
        if checkpoint.origin != self.about.origin or checkpoint.size in self._notes or not kept:
            raise SealError(
                "package.checkpoint",
                "A checkpoint is of another log, twice here, or signed by no key of the policy.",
            )
        self._notes[checkpoint.size] = Note(signed.text, kept).format()
        self._add(f"checkpoints/{checkpoint.size}", self._notes[checkpoint.size])

    def add_consistency(self, size: int, path: Iterable[bytes]) -> None:
        """The proof that the checkpoint of ``size`` is a prefix of the newest one."""
        text = "".join(to_base64(value) + "\n" for value in path)
        self._add(f"consistency/{size}", text.encode("ascii"))

    def add_timestamp(self, size: int, response: bytes) -> None:
        """An RFC 3161 response over SHA-256 of the note text of the checkpoint of ``size``."""
        n = 1
        while f"timestamps/{size}.{n}.tsr" in self._files:
            n += 1
        self._add(f"timestamps/{size}.{n}.tsr", response)

    def add_entry(self, index: int, entry: bytes, path: Iterable[bytes]) -> None:
        """An entry of the log with its inclusion path in the newest checkpoint."""
        if index in self._entries:
            raise SealError("package.entry", "An entry was added twice.")
        self._entries[index] = _Sealed(entry, tuple(path))

    def add_item(
        self,
        *,
        entry: int,
        n: int,
        path: Sequence[bytes],
        row: Mapping[str, object],
        fields: Mapping[str, Opened | Closed],
    ) -> None:
        """An item: its place in its entry, its row's sealed columns, its fields opened or closed."""
        shown: dict[str, object] = {}
        for name, value in fields.items():
            salt_offset(name)
            if isinstance(value, Opened):
                shown[name] = {"bytes": value.data.hex(), "salt": value.salt.hex()}
            else:
                shown[name] = {"digest": value.digest.hex()}
        line = {
            "entry": entry,
            "fields": shown,
            "n": n,
            "path": [one.hex() for one in path],
            "row": dict(row),
        }
        self._lines["items.jsonl"].add(entry, n, encode(line))

    def add_items(self, entry: int, tree: Tree, lines: Iterable[OpenedLine]) -> None:
        """Items of one entry with all their fields opened, in the order of n; ``tree`` is over the entry's leaves.

        The same bytes as :meth:`add_item` writes, for thousands at a time: what the paths of two items share is
        spelled once. The rows must be canonical, as those are that lead to their leaves.
        """
        paths_of, forms, kept = _Paths(tree).of, dict[tuple[str, ...], _Form](), self._lines["items.jsonl"]
        lines = iter(lines)
        while some := list(islice(lines, _TOGETHER)):
            written, places = [], [line[0] for line in some]
            for (n, row, names, salts, shown), path in zip(some, paths_of(places), strict=True):
                form = forms.get(names)
                if form is None:
                    form = forms[names] = _form(entry, names)
                text, several, split, ordered = form
                if len(salts) != split.size >> 1 or len(shown) != several:
                    raise SealError(
                        "item.order", "Each field of an item has its bytes and a salt of 32 bytes."
                    )
                holes = *map(hexlify, shown), *split.unpack(hexlify(salts)), n, path, row
                written.append(text % ordered(holes))
            kept.follow_all(entry, places)
            kept.write(b"".join(written))

    def add_part(
        self, *, entry: int, n: int, path: Sequence[bytes], salt: bytes, body: Mapping[str, object]
    ) -> None:
        """An opened part: its place in its entry, its salt and body."""
        line = {
            "body": dict(body),
            "entry": entry,
            "n": n,
            "path": [one.hex() for one in path],
            "salt": salt.hex(),
        }
        self._lines["parts.jsonl"].add(entry, n, encode(line))

    def add_part_bytes(self, entry: int, n: int, tree: Tree, salt: bytes, body: bytes) -> None:
        """As :meth:`add_part`, of a body whose canonical bytes are at hand: ``tree`` has their leaf at n."""
        path = b",".join([b'"%b"' % hexlify(one) for one in tree.inclusion(n)])
        form = b'{"body":%b,"entry":%d,"n":%d,"path":[%b],"salt":"%b"}'
        self._lines["parts.jsonl"].add(entry, n, form % (body, entry, n, path, hexlify(salt)))

    def add_served(self, data: bytes) -> str:
        """A notice or paper as served; gives its digest, which an opened part must name."""
        digest = sha256(data).hexdigest()
        self._files[f"served/{digest}"] = data
        self._digests[f"served/{digest}"] = digest
        return digest

    def add_omission(self, *, what: str, count: int, reason: str) -> None:
        """Something that belongs here and is not: what, how many, and why."""
        self._omissions.append(encode({"count": count, "reason": reason, "what": what}) + b"\n")
        self._omitted += count

    def omissions(self) -> bytes:
        """``omissions.jsonl`` as it stands: its digest can be sealed in the ledger before the package is written."""
        return b"".join(self._omissions)

    def bound(self) -> list[str]:
        """What a register names so that nothing can be taken out, added or exchanged: ``files:``, ``about:`` and
        ``parts:``, each with a SHA-256 in hex, as package-format.md defines them.

        Everything is in the package by then, but for the register's own part, which is its last one, and what leads
        to the newest checkpoint; :meth:`write` refuses anything else.
        """
        parts = self._lines["parts.jsonl"]
        self._bound = self._fixed(), parts.count
        return [*self._bound[0], f"parts:{parts.sha256.hexdigest()}"]

    def _fixed(self) -> list[str]:
        names = [name for name in self._files if is_pdf(name) or name.startswith("served/")]
        digests = {name: self._digest_of(name) for name in names}
        digests["items.jsonl"] = self._lines["items.jsonl"].sha256.hexdigest()
        digests["omissions.jsonl"] = sha256(self.omissions()).hexdigest()
        digests["policy"] = sha256(self._policy).hexdigest()
        about = encode(self._free())
        return [f"files:{sha256(_sums(digests)).hexdigest()}", f"about:{sha256(about).hexdigest()}"]

    def _digest_of(self, name: str) -> str:
        if name not in self._digests:
            self._digests[name] = _digest(self._files[name], "sha256")
        return self._digests[name]

    def _check_bound(self) -> None:
        """A package that is not as it was bound would be refused by whoever verifies it."""
        if self._bound is None:
            return
        fixed, parts = self._bound
        if self._fixed() != fixed or self._lines["parts.jsonl"].count > parts + 1:
            raise SealError(
                "package.bound", "Something was added after the package was bound; make it again."
            )

    def write(self, path: Path, *, watch: Watch = unwatched) -> str:
        """Write the package to ``path``, which must not exist: whole and durable, or not at all. Gives its SHA-256.

        ``watch`` is told how far it is, as :data:`seal.container_writer.Watch` says.
        """
        if not self._notes:
            raise SealError("package.checkpoint", "A package needs a checkpoint.")
        self._check_bound()
        files: dict[str, bytes | Path | _Lines] = {**self._files, **self._lines}
        newest = max(self._notes)
        for index, sealed in self._entries.items():
            proof = Proof(index, sealed.path, self._notes[newest], sealed.data)
            files[f"proofs/{index}.tlog-proof"] = proof.format()
        files["policy"] = self._policy
        files["omissions.jsonl"] = self.omissions()
        files["package.json"] = encode(self._facts(newest)) + b"\n"
        if self._sm3:
            files["SM3SUMS"] = _sums({name: _digest(source, "sm3") for name, source in files.items()})
        digests = {
            name: self._digest_of(name) if name in self._files else _digest(source, "sha256")
            for name, source in files.items()
        }
        files["SHA256SUMS"] = _sums(digests)
        with ContainerWriter(path, watch=watch) as writer:
            for name in sorted(files, key=order_key):
                source = files[name]
                if isinstance(source, Path):
                    writer.add(name, _same(_chunks(source), digests[name]))
                else:
                    writer.add(name, _chunks(source))
        return writer.sha256

    def _facts(self, newest: int) -> dict[str, object]:
        counts = {
            "checkpoints": len(self._notes),
            "entries": len(self._entries),
            "items": self._lines["items.jsonl"].count,
            "papers": sum(is_pdf(name) for name in self._files),
            "parts": self._lines["parts.jsonl"].count,
            "served": sum(name.startswith("served/") for name in self._files),
            "timestamps": sum(name.startswith("timestamps/") for name in self._files),
        }
        return {**self._free(), "counts": counts, "size": newest}

    def _free(self) -> dict[str, object]:
        """``package.json`` but for what is known at the end only: how much there is, and the newest checkpoint."""
        about = self.about
        return {
            "clock": about.clock,
            "kind": about.kind,
            "made": about.made,
            "matter": about.matter,
            "not_proved": list(about.not_proved),
            "omissions": self._omitted,
            "origin": about.origin,
            "purpose": about.purpose,
            "v": 2 if self._sm3 else 1,
        }

    def _add(self, name: str, source: bytes | Path) -> None:
        if name in self._files:
            raise SealError("package.twice", "A file was added to the package twice.")
        self._files[name] = source


class _Form(NamedTuple):
    """How items of one entry that have the same fields are spelled.

    ``text`` is a line with holes for the hex of each field's bytes and salt, then n, path and row; ``split`` parts
    the hex of all salts; ``ordered`` brings all bytes, all salts, n, path and row into the order of the holes.
    """

    text: bytes
    fields: int
    split: Struct
    ordered: Callable[[tuple[bytes | int, ...]], tuple[bytes | int, ...]]


def _form(entry: int, names: Sequence[str]) -> _Form:
    """The form of items with these fields, all opened: the names sorted, as canonical JSON has them."""
    if not names or len({salt_offset(name) for name in names}) != len(names):
        raise SealError("item.order", "An item has at least one field, and each once.")
    count = len(names)
    order = sorted(range(count), key=names.__getitem__)
    shown = ",".join(f'"{names[at]}":{{"bytes":"%b","salt":"%b"}}' for at in order)
    text = f'{{"entry":{entry:d},"fields":{{{shown}}},"n":%d,"path":[%b],"row":%b}}\n'
    holes = [hole for at in order for hole in (at, count + at)]
    rest = range(2 * count, 2 * count + 3)
    return _Form(text.encode("ascii"), count, Struct("64s" * count), itemgetter(*holes, *rest))


class _Lines:
    """Lines in the order of (entry, n): pieces in memory, and from 32 MiB on an unnamed temporary file."""

    def __init__(self) -> None:
        self.count = 0
        self.sha256 = sha256()
        self._last = (-1, -1)
        self._pieces: list[bytes] = []
        self._held = 0
        self._file: IO[bytes] | None = None

    def follow(self, entry: int, n: int) -> None:
        """Count a line, which must stand behind the last one."""
        if (entry, n) <= self._last:
            raise SealError(
                "package.order", "Items and parts are added in the order of entry and n, each once."
            )
        self._last = (entry, n)
        self.count += 1

    def follow_all(self, entry: int, places: Sequence[int]) -> None:
        """As :meth:`follow`, of many lines of one entry."""
        if not places:
            return
        self.follow(entry, places[0])
        if not all(map(lt, places, islice(places, 1, None))):
            self.follow(entry, places[0])  # it stands there already: refused
        self._last = (entry, places[-1])
        self.count += len(places) - 1

    def add(self, entry: int, n: int, line: bytes) -> None:
        self.follow(entry, n)
        self.write(line + b"\n")

    def write(self, lines: bytes) -> None:
        """Keep lines that were counted; their digest goes along, so that they are not read once more for it."""
        self.sha256.update(lines)
        if self._file is not None:
            self._file.write(lines)
            return
        self._pieces.append(lines)
        self._held += len(lines)
        if self._held > _SPOOL:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115
            self._file.writelines(self._pieces)
            self._pieces.clear()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def chunks(self) -> Iterator[bytes]:
        if self._file is None:
            yield from self._pieces
            return
        self._file.seek(0)
        while chunk := self._file.read(_PIECE):
            yield chunk


class _Paths:
    """Inclusion paths of one tree as lines spell them; the way from a node upward is spelled once for all below it."""

    def __init__(self, tree: Tree) -> None:
        self._levels = tree.levels
        self._leaves = tree.levels[0]
        self._above: list[dict[int, bytes]] = [{} for _ in tree.levels]

    def of(self, places: Iterable[int]) -> list[bytes]:
        """Of each leaf the hashes in quotes, the leaf's sibling first, with commas between."""
        leaves, found = self._leaves, []
        size, known = len(leaves), self._above[min(1, len(self._above) - 1)]
        for n in places:
            if not 0 <= n < size:
                raise SealError("tree.index", "The index must be below the size of the tree.")
            sibling = n ^ 1
            if sibling == size:  # alone, or at a ragged edge
                found.append(self._from(0, n)[1:])
                continue
            above = known.get(n >> 1)
            if above is None:
                above = known[n >> 1] = self._from(1, n >> 1)
            found.append(b'"%b"%b' % (hexlify(leaves[sibling]), above))
        return found

    def _from(self, level: int, k: int) -> bytes:
        """The way upward from a node, a comma before each hash."""
        nodes = self._levels[level]
        if len(nodes) == 1:
            return b""
        known = self._above[level + 1]
        above = known.get(k >> 1)
        if above is None:
            above = known[k >> 1] = self._from(level + 1, k >> 1)
        return b',"%b"%b' % (hexlify(nodes[k ^ 1]), above) if k ^ 1 < len(nodes) else above


def _chunks(source: bytes | Path | _Lines) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
    elif isinstance(source, _Lines):
        yield from source.chunks()
    else:
        with source.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


def _sums(digests: Mapping[str, str]) -> bytes:
    names = sorted(digests, key=lambda name: name.encode("utf-8"))
    return "".join(f"{digests[name]}  {name}\n" for name in names).encode("utf-8")


def _digest(source: bytes | Path | _Lines, algorithm: str) -> str:
    if isinstance(source, _Lines) and algorithm == "sha256":
        return source.sha256.hexdigest()
    try:
        digest = new_digest(algorithm)
    except ValueError:
        raise NoCryptoError("package.no_sm3", "No SM3 at hand; use a Python whose OpenSSL has it.") from None
    for chunk in _chunks(source):
        digest.update(chunk)
    return digest.hexdigest()


def _same(chunks: Iterable[bytes], wanted: str) -> Iterator[bytes]:
    """Hand a file's chunks on, and fail if it changed between the digest and the writing."""
    digest = sha256()
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != wanted:
        raise SealError("package.changed", "A source file changed while the package was made; make it again.")
