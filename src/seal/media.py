"""Media in blocks (ADR 17), and an excerpt of them that proves against the whole file.

An excerpt is a folder: ``excerpt.json`` (block numbers, salts and sizes, the hashes of what is left out, the register's
part), ``proof.tlog`` (the entry under a checkpoint) and the bytes themselves, end to end, in the file that
``excerpt.json`` names. Any bytes in, only :class:`SealError` out.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from os import fstat
from pathlib import Path

from seal import checkpoint, policy, proof, tree
from seal.canonical import Value, encode
from seal.encoding import from_hex
from seal.errors import MismatchError, SealError, UnvouchedError
from seal.part import SALT_LENGTH, check_body, parse_entry, part_leaf
from seal.policy import Policy
from seal.shape import Shape

TAG = b"jieli.media.v1\n"
TABLE = "archive_media"
CLAIM, PROOF = "excerpt.json", "proof.tlog"
MAX_BLOCK = 1024 * 1024
#: The longest ``excerpt.json``: a day of seconds, each with its salt.
MAX_CLAIM = 16 * 1024 * 1024
_KEYS = frozenset({"blocks", "body", "entry", "file", "hashes", "kind", "n", "path", "salt", "v"})
_KIND = "jieli.excerpt"
_OF_SOUND = "秒"  # the unit of a recording's row
_NAME = re.compile(r"excerpt\.[a-z0-9]{1,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Piece:
    """A block in the clear: its number, its salt and its bytes."""

    n: int
    salt: bytes
    data: bytes

    def __repr__(self) -> str:
        return f"Piece({self.n})"  # content never reaches a log


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What an excerpt was found to be: ``spans`` are the first and last block of each stretch that is shown.

    ``seconds``: of a recording, how many blocks from 1 on are a second each (0 of any other file); block 0 is its head.
    """

    item: int
    media: int
    blocks: int
    of: int
    size: int
    sha256: str
    entry: int
    checkpoint: int
    log: str
    witnesses: tuple[str, ...]
    spans: tuple[tuple[int, int], ...] = ()
    seconds: int = 0

    def stretches(self) -> list[tuple[int, int]]:
        """The spans without a recording's head: more than one, and what is heard was not said in one go."""
        if not self.seconds:
            return list(self.spans)
        return [(max(first, 1), last) for first, last in self.spans if last]


def block_leaf(salt: bytes, data: bytes) -> bytes:
    """SHA-256(0x00 || salt || bytes of the block)."""
    return part_leaf(salt, data)


def absent_hashes(leaves: Sequence[bytes], shown: Sequence[int]) -> list[bytes]:
    """The roots of the largest subtrees without a shown leaf, from left to right; ``shown`` rises."""
    found: list[bytes] = []
    spans = [(0, len(leaves))]
    while spans:
        start, size = spans.pop()
        if not _any(shown, start, size):
            found.append(tree.root(leaves[start : start + size]))
        elif size > 1:
            left = _split(size)
            spans += [(start + left, size - left), (start, left)]
    return found


def root_of(size: int, shown: Mapping[int, bytes], hashes: Iterable[bytes]) -> bytes:
    """The root over ``size`` leaves from the shown ones and the hashes of :func:`absent_hashes`."""
    rest = iter(hashes)
    numbers = sorted(shown)
    if not numbers or numbers[0] < 0 or numbers[-1] >= size:
        raise SealError("excerpt.blocks", "The blocks of an excerpt are blocks of its file, at least one.")
    root = _fold(0, size, numbers, shown, rest)
    if next(rest, None) is not None:
        raise SealError("excerpt.hashes", "The excerpt holds more hashes than its blocks leave open.")
    return root


def _fold(
    start: int, size: int, numbers: Sequence[int], shown: Mapping[int, bytes], rest: Iterator[bytes]
) -> bytes:
    if not _any(numbers, start, size):
        found = next(rest, None)
        if found is None:
            raise SealError("excerpt.hashes", "The excerpt holds fewer hashes than its blocks leave open.")
        return found
    if size == 1:
        return shown[start]
    left = _split(size)
    below = _fold(start, left, numbers, shown, rest)
    return tree.node_hash(below, _fold(start + left, size - left, numbers, shown, rest))


def _any(numbers: Sequence[int], start: int, size: int) -> bool:
    at = bisect_left(numbers, start)
    return at < len(numbers) and numbers[at] < start + size


def _split(size: int) -> int:
    """The largest power of two below ``size``: where RFC 6962 parts a tree."""
    return 1 << ((size - 1).bit_length() - 1)


def write_claim(
    *,
    file: str,
    pieces: Sequence[tuple[int, bytes, int]],
    hashes: Sequence[bytes],
    entry: int,
    n: int,
    salt: bytes,
    body: Mapping[str, object],
    path: Sequence[bytes],
) -> bytes:
    """The bytes of ``excerpt.json``; ``pieces`` are (number, salt, size) of the blocks whose bytes ``file`` holds."""
    return encode(
        {
            "blocks": [[number, block_salt.hex(), size] for number, block_salt, size in pieces],
            "body": dict(body),
            "entry": entry,
            "file": file,
            "hashes": [one.hex() for one in hashes],
            "kind": _KIND,
            "n": n,
            "path": [one.hex() for one in path],
            "salt": salt.hex(),
            "v": 1,
        }
    )


def verify_excerpt(folder: Path, *, trusted: Policy | None = None) -> Excerpt:
    """Check an excerpt from its bytes to the checkpoint.

    :class:`MismatchError` where something does not agree, :class:`UnvouchedError` where all agrees but nobody whom
    ``trusted`` names signed the checkpoint, :class:`SealError` for what is no excerpt. Memory: one block and the
    hashes.
    """
    claim = _claim(_read(folder / CLAIM, MAX_CLAIM))
    row = _row(claim)
    blocks, root = row.integer("blocks", least=1), row.hex("root", 32)
    shown = dict(_leaves(folder, claim))
    if root_of(blocks, shown, _hashes(claim)) != root:
        raise MismatchError("excerpt.root", "The blocks of the excerpt are not those of the registered file.")
    proved = proof.parse(_read(folder / PROOF, proof.MAX_PROOF))
    _check_entry(claim, proved)
    head, signed = checkpoint.parse(proved.checkpoint)
    tree.verify_inclusion(
        leaf=tree.leaf_hash(proved.extra or b""), index=proved.index, size=head.size, path=list(proved.path),
        root=head.root,
    )  # fmt: skip
    if trusted is None:
        raise UnvouchedError("trust.no_policy", "No policy was given; name whom you trust with --policy.")
    decision = policy.evaluate(trusted, head, signed)
    if not decision.log_ok:
        raise UnvouchedError("trust.log", "No log that your policy names has signed the checkpoint.")
    if not decision.quorum_ok:
        raise UnvouchedError("trust.quorum", "Fewer witnesses cosigned than your policy asks for.")
    return Excerpt(
        item=row.integer("item"), media=row.integer("n"), blocks=len(shown), of=blocks, size=row.integer("size"),
        sha256=row.hex("sha256", 32).hex(), entry=proved.index, checkpoint=head.size, log=decision.log or "",
        witnesses=tuple(name for name, _ in decision.witnesses), spans=_spans(shown), seconds=_seconds(row),
    )  # fmt: skip


def _spans(shown: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Numbers that rise, joined where one follows the other."""
    found: list[tuple[int, int]] = []
    for n in shown:
        if found and found[-1][1] == n - 1:
            found[-1] = found[-1][0], n
        else:
            found.append((n, n))
    return tuple(found)


def _seconds(row: Shape) -> int:
    return (
        row.integer("seconds")
        if row.has("unit") and row.text("unit") == _OF_SOUND and row.has("seconds")
        else 0
    )


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            # no more room is taken than the file has, whatever it might have been
            data = file.read(min(limit, fstat(file.fileno()).st_size) + 1)
    except OSError:
        raise SealError("excerpt.file", f"The excerpt has no {path.name} that can be read.") from None
    if len(data) > limit:
        raise SealError("excerpt.file", f"The {path.name} of the excerpt is longer than it can be.")
    return data


def _claim(data: bytes) -> Shape:
    claim = Shape.of(data, code="excerpt.shape").only(_KEYS)
    if claim.integer("v") != 1 or claim.text("kind") != _KIND:
        raise SealError("excerpt.version", "The excerpt is of a later version; use a newer verifier.")
    if not _NAME.fullmatch(claim.text("file")) or claim.text("file") == CLAIM:
        raise SealError("excerpt.name", "The bytes of an excerpt lie in excerpt.SUFFIX beside its claim.")
    return claim


def _row(claim: Shape) -> Shape:
    body = claim.object("body")
    check_body(body, claim.integer("n", least=1))
    shape = Shape(body, code="excerpt.shape")
    if shape.text("table") != TABLE:
        raise SealError("excerpt.table", "The excerpt names a register that is not that of media.")
    row = Shape(shape.object("row"), code="excerpt.shape")
    if missing := {"blocks", "item", "n", "root", "sha256", "size"} - shape.object("row").keys():
        raise SealError("excerpt.row", f"The register's row lacks {min(missing)}: the file was destroyed.")
    return row


def _leaves(folder: Path, claim: Shape) -> Iterator[tuple[int, bytes]]:
    """(number, leaf) of each block of the file, which must end with the last of them."""
    last = -1
    try:
        with (folder / claim.text("file")).open("rb") as file:
            for block in claim.array("blocks"):
                n, salt, size = _block(block)
                if n <= last:
                    raise SealError("excerpt.blocks", "The blocks of an excerpt rise in number.")
                data, last = file.read(size), n
                if len(data) != size:
                    raise MismatchError("excerpt.short", "The bytes of the excerpt end before its blocks do.")
                yield n, block_leaf(salt, data)
            if file.read(1):
                raise MismatchError(
                    "excerpt.long", "The excerpt holds bytes that belong to none of its blocks."
                )
    except OSError:
        raise SealError("excerpt.file", "The bytes of the excerpt cannot be read.") from None


def _block(value: Value) -> tuple[int, bytes, int]:
    if type(value) is not list or len(value) != 3:
        raise SealError("excerpt.blocks", "A block is given as its number, salt and size.")
    n, salt, size = value
    if type(n) is not int or n < 0 or type(size) is not int or not 1 <= size <= MAX_BLOCK:
        raise SealError("excerpt.blocks", "A block has a number and from 1 byte to 1 MiB.")
    return n, from_hex(salt, length=SALT_LENGTH, code="excerpt.blocks"), size


def _hashes(claim: Shape) -> list[bytes]:
    return [from_hex(one, length=32, code="excerpt.hashes") for one in claim.array("hashes")]


def _check_entry(claim: Shape, proved: proof.Proof) -> None:
    """The part stands in the entry, and the entry is the one that the proof is about."""
    entry = parse_entry(proved.extra or b"")
    if proved.index != claim.integer("entry"):
        raise MismatchError("excerpt.entry", "The proof is about another entry than the excerpt names.")
    if claim.integer("n") >= entry.count:
        raise MismatchError("excerpt.part", "The entry has not so many parts.")
    tree.verify_inclusion(
        leaf=part_leaf(claim.hex("salt", SALT_LENGTH), encode(claim.object("body"))), index=claim.integer("n"),
        size=entry.count, path=claim.hashes("path"), root=entry.commitment,
    )  # fmt: skip


def digest_of(path: Path) -> str:
    """SHA-256 of a file in hex, read a piece at a time."""
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(MAX_BLOCK):
            digest.update(chunk)
    return digest.hexdigest()
