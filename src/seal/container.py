"""The package container (ADR 10): a zip with exactly one spelling for given names and bytes.

Every file stored, UTF-8 names, version 20, dated 1980-01-01, attributes 0, no comment, no descriptor, no extra
field; PDFs first by their number, then all others bytewise by name. The reader builds anew every byte that is
not content and compares; content is bound by its CRC-32 here and by SHA256SUMS one step later.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from seal.errors import SealError

MAX_CONTAINER = 2**32 - 1
MAX_FILES = 65_535 - 1
MAX_NAME = 255
CHUNK = 1 << 20
_PIECE = 1 << 16  # where bytes are only looked at: small enough to stay in the processor's cache

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION, _FLAGS, _DATE = 20, 0x0800, (1 << 5) | 1
_PDF = re.compile(r"([0-9]{2,4})-[^/]+\.pdf", re.ASCII | re.DOTALL)


def order_key(name: str) -> tuple[int, int, bytes]:
    """Where a file stands: numbered PDFs first by number, the rest bytewise by name."""
    match = _PDF.fullmatch(name)
    return (0, int(match[1]), name.encode("utf-8")) if match else (1, 0, name.encode("utf-8"))


def is_pdf(name: str) -> bool:
    """Whether a name is that of a numbered PDF."""
    return _PDF.fullmatch(name) is not None


def check_names(names: Iterable[str]) -> None:
    """Refuse names that some system could not unpack or would read differently, and a wrong order."""
    last: tuple[int, int, bytes] | None = None
    folded: set[bytes] = set()
    for name in names:
        _check_name(name)
        key, fold = order_key(name), name.encode("utf-8").lower()
        if last is not None and key <= last:
            raise SealError("container.order", "The files do not stand in canonical order.")
        if fold in folded:
            raise SealError("container.name", "Two file names differ in the case of ASCII letters only.")
        last = key
        folded.add(fold)
    if len(folded) > MAX_FILES:
        raise SealError("container.count", "A package holds fewer than 65,535 files; make several packages.")


def _check_name(name: str) -> None:
    bad = any(char < " " or char in '\\:*?"<>|\x7f' for char in name)
    try:
        length = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        bad, length = True, 0
    if bad or not 0 < length <= MAX_NAME or any(part in ("", ".", "..") for part in name.split("/")):
        raise SealError("container.name", "A file name in a package must be short, relative and plain.")


def local_header(name: bytes, crc: int, size: int) -> bytes:
    """What stands before a file's bytes."""
    return _LOCAL.pack(b"PK\x03\x04", _VERSION, _FLAGS, 0, 0, _DATE, crc, size, size, len(name), 0) + name


def central_header(name: bytes, crc: int, size: int, offset: int) -> bytes:
    """A file's line in the central directory."""
    head = (b"PK\x01\x02", _VERSION, _VERSION, _FLAGS, 0, 0, _DATE, crc, size, size, len(name))
    return _CENTRAL.pack(*head, 0, 0, 0, 0, 0, offset) + name


def end_record(count: int, size: int, offset: int) -> bytes:
    """The last 22 bytes."""
    return _END.pack(b"PK\x05\x06", 0, 0, count, count, size, offset, 0)


END_LENGTH = _END.size


@dataclass(frozen=True, slots=True)
class Member:
    """One file: its CRC-32, its length, and where its bytes begin in the container."""

    name: str
    crc: int
    size: int
    start: int


class Container:
    """An opened package whose bytes are known to be canonical. Reads files lazily; use it in a ``with``."""

    def __init__(self, source: BinaryIO) -> None:
        """Parse, rebuild and compare all of ``source`` (seekable, owned from now on)."""
        self._source = source
        self.members = {member.name: member for member in _read_members(source)}
        # each file is read once for both: its checksum judges it now, its digest is asked for by the next step
        self._digests = {member.name: _digest(source, member) for member in self.members.values()}

    @classmethod
    def open(cls, path: Path) -> Container:
        """Open a package file; :class:`SealError` ``container.*`` when it is not a canonical one."""
        try:
            source = path.open("rb")
        except OSError:
            raise SealError("container.open", "The package cannot be opened; check the path.") from None
        try:
            return cls(source)
        except BaseException:
            source.close()
            raise

    def __enter__(self) -> Container:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.close()

    def read(self, name: str, *, limit: int) -> bytes:
        """All bytes of a file that may have at most ``limit`` of them."""
        if self.members[name].size > limit:
            raise SealError("container.large", "A file of the package is larger than its kind can be.")
        return b"".join(self.chunks(name))

    def chunks(self, name: str, piece: int = CHUNK) -> Iterator[bytes]:
        """The bytes of a file in pieces, of at most 1 MiB if nothing else is asked for."""
        member = self.members[name]
        at, end = member.start, member.start + member.size
        while at < end:
            chunk = _read(self._source, at, min(piece, end - at))
            at += len(chunk)
            yield chunk

    def digest(self, name: str) -> str:
        """SHA-256 of a file in lower-case hex; taken while the container was opened."""
        return self._digests[name]

    def lines(self, name: str, *, limit: int) -> Iterator[bytes]:
        """The lines of a file without their newlines, each of at most ``limit`` bytes, the last one ended too."""
        pieces: list[bytes] = []  # of the line that is still open; joined once, however long it becomes
        held = 0
        for chunk in self.chunks(name, _PIECE):
            pieces.append(chunk)
            held += len(chunk)
            if b"\n" in chunk:
                *whole, rest = b"".join(pieces).split(b"\n")
                if max(map(len, whole)) > limit:
                    raise SealError("container.line", "A line of the package is longer than its kind can be.")
                yield from whole
                pieces, held = [rest], len(rest)
            if held > limit:
                raise SealError("container.line", "A line of the package is longer than its kind can be.")
        if held:
            raise SealError("container.line", "The last line of a file in the package has no newline.")


def _read(source: BinaryIO, at: int, size: int) -> bytes:
    try:
        source.seek(at)
        data = source.read(size)
    except OSError:
        raise SealError("container.read", "The package cannot be read; copy it again.") from None
    if len(data) != size:
        raise SealError("container.short", "The package is cut short; copy it again.")
    return data


def _read_members(source: BinaryIO) -> list[Member]:
    wrong = SealError(
        "container.form", "The package is not a canonical container; ask for the original file."
    )
    length = source.seek(0, 2)
    if not END_LENGTH <= length <= MAX_CONTAINER:
        raise SealError("container.size", "A package is a file of 22 bytes to 4 GiB.")
    end = _read(source, length - END_LENGTH, END_LENGTH)
    count, size, offset = _END.unpack(end)[4:7]
    largest = (_CENTRAL.size + MAX_NAME) * count
    if (
        end != end_record(count, size, offset)
        or offset + size + END_LENGTH != length
        or count > MAX_FILES
        or size > largest
    ):
        raise wrong
    central = _read(source, offset, size)
    members: list[Member] = []
    at = position = 0
    while at < size:
        name, crc, data_size, next_at = _parse_central(central, at, wrong)
        if central[at:next_at] != central_header(name, crc, data_size, position):
            raise wrong
        header = local_header(name, crc, data_size)
        start = position + len(header)
        if start + data_size > offset or _read(source, position, len(header)) != header:
            raise wrong
        members.append(Member(_decode_name(name), crc, data_size, start))
        position, at = start + data_size, next_at
    if position != offset or len(members) != count:
        raise wrong
    check_names(member.name for member in members)
    return members


def _parse_central(central: bytes, at: int, wrong: SealError) -> tuple[bytes, int, int, int]:
    if at + _CENTRAL.size > len(central):
        raise wrong
    fields = _CENTRAL.unpack_from(central, at)
    crc, size, name_length = fields[7], fields[8], fields[10]
    end = at + _CENTRAL.size + name_length
    if end > len(central):
        raise wrong
    return central[at + _CENTRAL.size : end], crc, size, end


def _decode_name(name: bytes) -> str:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        raise SealError("container.name", "A file name in the package is not UTF-8.") from None


def _digest(source: BinaryIO, member: Member) -> str:
    crc, at, end = 0, member.start, member.start + member.size
    digest = sha256()
    while at < end:
        chunk = _read(source, at, min(_PIECE, end - at))
        crc = zlib.crc32(chunk, crc)
        digest.update(chunk)
        at += len(chunk)
    if crc != member.crc:
        raise SealError(
            "container.crc", "A file of the package was changed or damaged; ask for the original."
        )
    return digest.hexdigest()
