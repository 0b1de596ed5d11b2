"""Reads lines of ``items.jsonl`` quickly. What it cannot read quickly goes to :func:`seal.verify.lines.read_item`.

The items of a package look alike. From a line that was read in full a *form* is kept: which fields it has, which of
them are opened, and the columns of its row. A line that is, to the letter, such a form filled with hex, plain numbers
and plain words is canonical by construction, so it needs no JSON parser. Whatever is in any way odd is read in full:
the answers and the errors are those of the full reading, only sooner.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from seal import item as items
from seal.canonical import decode
from seal.errors import SealError
from seal.verify.lines import read_item

_FORMS = 16  # how many are kept
_BARE = 4096  # how many fillings a form remembers
_HEX = b"0123456789abcdef"
_HASH = 64 + 3  # of a path: a hash in quotes and the comma behind it
_LEAF = b"\x00" + items.TAG
_NUMBER = "(?:0|[1-9][0-9]{0,14})"  # sixteen digits may reach 2^53: read in full
_LONG = '"[^"]*"'  # hex, as the bare form shows
_WORD = r'"([ !#-\[\]-~]{0,64})"'  # printable ASCII without quote and backslash
_PLAIN_KEY = re.compile(r"[ !#-\[\]-~]*")
_HEX_TEXT = re.compile("[0-9a-f]{16,}")
_from_hex = bytes.fromhex


class Item(NamedTuple):
    """A line: its place, its path (hashes joined), its leaf hash."""

    entry: int
    n: int
    path: bytes
    leaf: bytes


class _Field(NamedTuple):
    """A field of a form: its group, and for an opened one what is hashed before it and what its bytes must be."""

    group: int
    prefix: str
    skip: int
    fits: Callable[[bytes], bool] | None


@dataclass(frozen=True, slots=True)
class _Form:
    """``bare`` is a line of this form without hex digits, for each length of path and each set of words met."""

    line: re.Pattern[str]
    text: str
    fields: tuple[_Field, ...]
    digests: str
    place: int  # of the group of n; the path's is the next, then the row, then its words
    bare: dict[tuple[str | int, ...], bytes] = field(default_factory=dict)


class LeanReader:
    """Reads one line after the other; keeps the forms it met."""

    def __init__(self) -> None:
        self._forms: list[_Form] = []

    def read(self, line: bytes) -> Item:
        """The item of a line; :class:`SealError` as :func:`seal.verify.lines.read_item` gives it."""
        if line.isascii():
            text = line.decode("ascii")
            for form in self._forms:
                match = form.line.fullmatch(text)
                if match is not None:
                    return _fill(form, line, match.groups()) or self._full(line)
        return self._full(line)

    def _full(self, line: bytes) -> Item:
        item = read_item(line)
        form = _form_of(line)
        if form is not None and all(form.text != kept.text for kept in self._forms):
            self._forms = [form, *self._forms[: _FORMS - 1]]
        leaf = items.item_leaf(items.fields_digest(item.fields), items.row_digest(item.row))
        return Item(item.entry, item.n, b"".join(item.path), leaf)


def _fill(form: _Form, line: bytes, values: tuple[str, ...]) -> Item | None:
    """The item, if all that fills the form is hex where hex belongs; None: the full reading says what it is."""
    place = form.place
    path = values[place + 1]
    count = (len(path) + 1) // _HASH
    bare = form.bare.get((count, *values[place + 3 :])) or _bare(form, count, values[place + 3 :])
    if line.translate(None, _HEX) != bare or count > 64 or len(path) + 1 != _HASH * count + (not count):
        return None
    if not (path[::_HASH] == path[65::_HASH] == '"' * count and path[66::_HASH] == "," * (count - 1)):
        return None
    digests = []
    try:
        hashes = _from_hex(path[1:-1].replace('","', ""))
        for at, prefix, skip, fits in form.fields:
            if fits is None:
                digests.append(values[at])
                continue
            hashed = _from_hex(prefix + values[at + 1] + values[at])
            if not fits(hashed[skip:]):
                return None
            digests.append(sha256(hashed).hexdigest())
    except ValueError:  # an odd count of digits
        return None
    fields = sha256(form.digests.format(*digests).encode("ascii")).digest()
    row = sha256(values[place + 2].encode("ascii")).digest()
    return Item(int(values[0]), int(values[place]), hashes, sha256(_LEAF + fields + row).digest())


def _bare(form: _Form, count: int, words: tuple[str, ...]) -> bytes:
    text = form.text.replace("\x00", ",".join(['""'] * count))
    for word in words:
        text = text.replace("\x01", word, 1)
    bare = text.encode("ascii").translate(None, _HEX)
    if len(form.bare) < _BARE:
        form.bare[(count, *words)] = bare
    return bare


def _form_of(line: bytes) -> _Form | None:
    """The form of a line that was read in full; None where it has none that could be filled so."""
    value: Any = decode(line)
    row = _row_of(value["row"])
    if row is None:
        return None
    texts, patterns, fields, at = [], [], {}, 1
    for name, shown in value["fields"].items():  # canonical: in the order of the line
        opened = "bytes" in shown
        texts.append(f'"{name}":' + ('{"bytes":"","salt":""}' if opened else '{"digest":""}'))
        hole = r'\{"bytes":"([^"]*)","salt":"([^"]{64})"\}' if opened else r'\{"digest":"([^"]{64})"\}'
        patterns.append(re.escape(f'"{name}":') + hole)
        prefix = name.encode() + b"\x00"
        fields[name] = _Field(at, prefix.hex(), len(prefix) + 32, _fits(name) if opened else None)
        at += 2 if opened else 1
    order = sorted(fields, key=items.salt_offset)
    pattern = (
        rf'\{{"entry":({_NUMBER}),"fields":\{{{",".join(patterns)}\}},"n":([1-9][0-9]{{0,14}})'
        rf',"path":\[([^\]]*)\],"row":({row[1]})\}}'
    )
    return _Form(
        line=re.compile(pattern),
        text=f'{{"entry":,"fields":{{{",".join(texts)}}},"n":,"path":[\x00],"row":{row[0]}}}',
        fields=tuple(fields[name] for name in order),
        digests="".join(name + " {}\n" for name in order),
        place=at,
    )


def _row_of(row: dict[str, object]) -> tuple[str, str] | None:
    """A row's text without its values, and its pattern, if it holds nothing but plain strings and integers."""
    texts, patterns = [], []
    for name, value in row.items():
        if type(value) not in (str, int) or not _PLAIN_KEY.fullmatch(name):
            return None
        key = f'"{name}":'
        if isinstance(value, int):
            texts.append(key)
            patterns.append(re.escape(key) + _NUMBER)
        elif _HEX_TEXT.fullmatch(str(value)):
            texts.append(key + '""')
            patterns.append(re.escape(key) + _LONG)
        else:
            texts.append(key + '"\x01"')
            patterns.append(re.escape(key) + _WORD)
    return "{" + ",".join(texts) + "}", r"\{" + ",".join(patterns) + r"\}"


def _fits(name: str) -> Callable[[bytes], bool]:
    """Whether opened bytes are of the field's kind, as :func:`seal.item.check_field` says; False if in doubt."""
    if name == "raw":
        return lambda data: b"\n" not in data
    if name == "time":
        return lambda data: data.isdigit() and len(data) <= 15 and (data[0] != 48 or data == b"0")
    if name in ("text", "sender"):
        return _is_text
    return lambda data: len(data) < 1024 and _checks(name, data)


def _is_text(data: bytes) -> bool:
    try:
        return data.decode("utf-8") != ""
    except UnicodeDecodeError:
        return False


@lru_cache(maxsize=1024)
def _checks(name: str, data: bytes) -> bool:
    """The receivers of a conversation are the same again and again."""
    try:
        items.check_field(name, data)
    except SealError:
        return False
    return True
