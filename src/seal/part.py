"""Parts and entries (ADR 1): an operation writes parts, and the log's entry commits to them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from seal import tree
from seal.canonical import INTEGER_LIMIT, Value, encode
from seal.errors import SealError
from seal.shape import Shape

SALT_LENGTH = 16
_KIND = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", re.ASCII)
_KEYS = frozenset({"commitment", "count", "kind", "time", "v"})


def part_leaf(salt: bytes, body: bytes) -> bytes:
    """SHA-256(0x00 || salt || canonical body); the salt is 16 random bytes."""
    if len(salt) != SALT_LENGTH:
        raise SealError("part.salt", "The salt of a part has 16 bytes.")
    return sha256(b"\x00" + salt + body).digest()


def facts_body(facts: Mapping[str, object]) -> bytes:
    """The canonical body of part 0: the operation's own facts."""
    return encode({"facts": dict(facts)})


def row_body(*, table: str, id: str | int, row: Mapping[str, object]) -> bytes:
    """The canonical body of a part that stands for one row written, with the values of its sealed columns."""
    return encode({"id": id, "row": dict(row), "table": table})


def check_body(body: Value, n: int) -> None:
    """Refuse a body that is not the facts (part 0) or a row (any other part)."""
    shape = Shape(body, code="part.body")
    if n == 0:
        shape.only({"facts"}).object("facts")
        return
    shape.only({"id", "row", "table"}).object("row")
    if type(shape.raw("id")) not in (str, int) or not shape.text("table"):
        raise SealError("part.body", "A part names the table and the id of its row.")


def commitment(leaves: Sequence[bytes]) -> bytes:
    """The RFC 6962 root over the leaves of an entry's parts, of which there is at least one."""
    if not leaves:
        raise SealError("part.none", "An entry commits to at least one part.")
    return tree.root(leaves)


@dataclass(frozen=True, slots=True)
class Entry:
    """One leaf of the log: what kind of operation, when (ms UTC), how many parts, and their root."""

    kind: str
    time: int
    count: int
    commitment: bytes

    def encode(self) -> bytes:
        """The entry's canonical bytes, the leaf data of the log."""
        return entry_bytes(kind=self.kind, time=self.time, count=self.count, commitment=self.commitment)

    def leaf(self) -> bytes:
        """The leaf hash in the log."""
        return tree.leaf_hash(self.encode())


def entry_bytes(*, kind: str, time: int, count: int, commitment: bytes) -> bytes:
    """Canonical ``{"commitment":hex,"count":n,"kind":"room.verb","time":ms,"v":1}``."""
    whole = 0 <= time < INTEGER_LIMIT and 1 <= count < INTEGER_LIMIT
    if not whole or len(commitment) != 32 or len(kind) > 100 or not _KIND.fullmatch(kind):
        raise SealError(
            "entry.value", "An entry has a kind room.verb, a time, a count of parts and a 32-byte root."
        )
    text = f'{{"commitment":"{commitment.hex()}","count":{count},"kind":"{kind}","time":{time},"v":1}}'
    return text.encode("ascii")


def parse_entry(data: bytes) -> Entry:
    """Read an entry strictly."""
    shape = Shape.of(data, code="entry.shape").only(_KEYS)
    if shape.integer("v") != 1:
        raise SealError("entry.version", "The entry is of a later version; use a newer verifier.")
    entry = Entry(
        kind=shape.text("kind"),
        time=shape.integer("time"),
        count=shape.integer("count", least=1),
        commitment=shape.hex("commitment", 32),
    )
    if entry.encode() != data:
        raise SealError("entry.value", "The entry is not in canonical form.")
    return entry
