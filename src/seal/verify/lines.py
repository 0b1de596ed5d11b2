"""The lines of a package's three lists, each read into its one form; nothing is believed yet."""

from __future__ import annotations

from dataclasses import dataclass

from seal import item as items
from seal import part as parts
from seal.canonical import Value, encode
from seal.errors import SealError
from seal.shape import Shape


@dataclass(frozen=True, slots=True)
class ItemLine:
    """A line of ``items.jsonl``; ``fields`` in their order, each (name, digest)."""

    entry: int
    n: int
    path: list[bytes]
    row: bytes
    fields: list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class PartLine:
    """A line of ``parts.jsonl``."""

    entry: int
    n: int
    path: list[bytes]
    salt: bytes
    body: Value


@dataclass(frozen=True, slots=True)
class Omission:
    """A line of ``omissions.jsonl``."""

    what: str
    count: int
    reason: str


def read_omission(line: bytes) -> Omission:
    """One line of ``omissions.jsonl``."""
    shape = Shape.of(line, code="omission.shape").only({"count", "reason", "what"})
    return Omission(shape.text("what"), shape.integer("count", least=1), shape.text("reason"))


def rising(last: tuple[int, int], place: tuple[int, int]) -> tuple[int, int]:
    """The place, which must be above the last one: so no place stands twice."""
    if place <= last:
        raise SealError("package.order", "Items or parts are not in rising order of entry and n.")
    return place


def read_item(line: bytes) -> ItemLine:
    """One line of ``items.jsonl``; opened fields are already digests here."""
    shape = Shape.of(line, code="item.shape").only({"entry", "fields", "n", "path", "row"})
    fields = []
    for name in sorted(shape.object("fields"), key=items.salt_offset):
        field = Shape(shape.object("fields")[name], code="item.shape")
        if field.has("digest"):
            fields.append((name, field.only({"digest"}).hex("digest", 32)))
            continue
        field.only({"bytes", "salt"})
        data = field.hex("bytes", None)
        items.check_field(name, data)
        fields.append((name, items.field_digest(name, field.hex("salt", 32), data)))
    if not fields:
        raise SealError("item.shape", "An item has at least one field.")
    row = encode(shape.object("row"))
    return ItemLine(shape.integer("entry"), shape.integer("n", least=1), shape.hashes("path"), row, fields)


def read_part(line: bytes) -> PartLine:
    """One line of ``parts.jsonl``."""
    shape = Shape.of(line, code="part.shape").only({"body", "entry", "n", "path", "salt"})
    n = shape.integer("n")
    parts.check_body(shape.raw("body"), n)
    salt = shape.hex("salt", parts.SALT_LENGTH)
    return PartLine(shape.integer("entry"), n, shape.hashes("path"), salt, shape.raw("body"))
