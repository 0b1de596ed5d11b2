"""Reads lines of ``items.jsonl`` quickly. What it cannot read quickly goes to :func:`seal.verify.lines.read_item`.

The items of a package look alike. From a line that was read in full a *form* is kept: which fields it has, which of
them are opened, and the columns of its row. A line that is, to the letter, such a form filled with hex, plain numbers
and plain words is canonical by construction, so it needs no JSON parser. Whatever is in any way odd is read in full:
the answers and the errors are those of the full reading, only sooner.
"""

from __future__ import annotations

import re
from binascii import unhexlify
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from operator import itemgetter
from typing import Any, NamedTuple

from seal import item as items
from seal.canonical import decode
from seal.errors import SealError
from seal.verify.lines import read_item

_FORMS = 16  # how many are kept
_KNOWN = 512  # how many values of a field are remembered
_HASH = 64 + 3  # of a path: a hash in quotes and the comma behind it
_NEAR = 4  # so many hashes of a path are read anew; what is behind them is nearly always the line's before
_MOST_HASHES = 64
_LEAF = b"\x00" + items.TAG
_ROW = '],"row":'
_ROW_AT = len(_ROW)
_QUOTE = ord('"')
_NUMBER = "(?:0|[1-9][0-9]{0,14})"  # sixteen digits may reach 2^53: read in full
_LONG = '"([^"]*)"'  # hex, as decoding it shows
_WORD = r'"[ !#-\[\]-~]{0,64}"'  # printable ASCII without quote and backslash
_PLAIN_KEY = re.compile(r"[ !#-\[\]-~]*")
_HEX_TEXT = re.compile("[0-9a-f]{16,}")

#: A line: its entry, its n, its path (hashes joined), its leaf hash. A bare tuple: there are many of them.
Item = tuple[int, int, bytes, bytes]


class _Field(NamedTuple):
    """A field of a form: its group, what is hashed before its salt, and for an opened one what its bytes must be."""

    group: int
    prefix: bytes
    fits: Callable[[bytes], bool] | None


@dataclass(frozen=True, slots=True)
class _Form:
    """``head`` matches a line up to its path, ``row`` what stands behind that; what is hex is a group of either.

    ``fields`` stand in the order of the line, ``order`` brings their digests into the order of ``digests``.
    """

    head: re.Pattern[bytes]
    row: re.Pattern[bytes]
    fields: tuple[_Field, ...]
    order: Callable[[list[str]], tuple[str, ...]]
    digests: str


class LeanReader:
    """Reads one line after the other; keeps the forms it met."""

    def __init__(self) -> None:
        self._forms: list[_Form] = []
        # the far end of the last path: as it stands there, and its hashes
        self._far: tuple[bytes, bytes] = b"", b""

    def read(self, line: bytes) -> Item:
        """The item of a line; :class:`SealError` as :func:`seal.verify.lines.read_item` gives it."""
        if line.isascii():
            for form in self._forms:
                match = form.head.match(line)
                if match is not None:
                    item = self._fill(form, line, match.groups(), match.end())
                    if item is not None:
                        return item
        return self._full(line)

    def _full(self, line: bytes) -> Item:
        item = read_item(line)
        form = _form_of(line)
        if form is not None and all(form.head != kept.head or form.row != kept.row for kept in self._forms):
            self._forms = [form, *self._forms[: _FORMS - 1]]
        leaf = items.item_leaf(items.fields_digest(item.fields), items.row_digest(item.row))
        return item.entry, item.n, b"".join(item.path), leaf

    def _fill(self, form: _Form, line: bytes, values: tuple[bytes, ...], begin: int) -> Item | None:
        """The item, if all that fills the form is hex where hex belongs; None: another form, or the full reading."""
        end = line.find(b"]", begin)
        row = form.row.fullmatch(line, end)
        near = begin + _NEAR * _HASH
        if row is None:
            return None
        if near < end:
            hashes, far = _hashes(line[begin : near - 1]), self._far_end(line[near - 1 : end])
        else:
            hashes, far = _hashes(line[begin:end]), b""
        if hashes is None or far is None:
            return None
        data = _unhex(b"".join((hashes, *values[1:-1], *row.groups())))
        if data is None:
            return None
        at = len(hashes) >> 1
        path = data[:at] + far
        digests = []
        for group, prefix, fits in form.fields:
            if fits is None:
                digests.append(values[group].decode("ascii"))
                at += 32
                continue
            length = len(values[group])
            salt = at + (length >> 1)
            shown = data[at:salt]
            at = salt + 32
            if length & 1 or not fits(shown):
                return None
            digests.append(sha256(prefix + data[salt:at] + shown).hexdigest())
        fields = sha256((form.digests % form.order(digests)).encode("ascii")).digest()
        sealed = sha256(line[end + _ROW_AT : -1]).digest()
        return int(values[0]), int(values[-1]), path, sha256(_LEAF + fields + sealed).digest()

    def _far_end(self, text: bytes) -> bytes | None:
        """The hashes of the far end of a path, from the comma before it on; neighbours share it to the letter."""
        if text != self._far[0]:
            hashes = _hashes(text[1:]) if text[:1] == b"," and len(text) > 1 else None
            far = None if hashes is None else _unhex(hashes)
            if far is None or len(far) > 32 * (_MOST_HASHES - _NEAR):
                return None
            self._far = text, far
        return self._far[1]


def _hashes(path: bytes) -> bytes | None:
    """The hashes of a path joined, if it is none or hashes in quotes with a comma between each two."""
    hashes = path[1:-1].replace(b'","', b"")
    count = len(hashes) // 64
    if len(path) + 1 != _HASH * count + (not count):
        return None
    if path[66::_HASH] != b"," * (count - 1) or (count and not path[0] == path[-1] == _QUOTE):
        return None
    return hashes


def _unhex(text: bytes) -> bytes | None:
    """The bytes of lower-case hex; None for anything else."""
    try:
        data = unhexlify(text)
    except ValueError:  # an odd count of digits, or none
        return None
    return data if text.lower() == text else None  # capitals


def _form_of(line: bytes) -> _Form | None:
    """The form of a line that was read in full; None where it has none that could be filled so."""
    value: Any = decode(line)
    row = _row_of(value["row"])
    if row is None:
        return None
    patterns, fields, names, group = [], [], [], 1
    for name, shown in value["fields"].items():  # canonical: in the order of the line
        opened = "bytes" in shown
        hole = r'\{"bytes":"([^"]*)","salt":"([^"]{64})"\}' if opened else r'\{"digest":"([^"]{64})"\}'
        patterns.append(re.escape(f'"{name}":') + hole)
        fields.append(_Field(group, name.encode() + b"\x00", _fits(name) if opened else None))
        names.append(name)
        group += 2 if opened else 1
    order = sorted(range(len(names)), key=lambda at: items.salt_offset(names[at]))
    head = rf'\{{"entry":({_NUMBER}),"fields":\{{{",".join(patterns)}\}},"n":([1-9][0-9]{{0,14}}),"path":\['
    return _Form(
        head=re.compile(head.encode("ascii")),
        row=re.compile((re.escape(_ROW) + row + r"\}").encode("ascii")),
        fields=tuple(fields),
        order=itemgetter(*order) if len(order) > 1 else tuple,
        digests="".join(names[at] + " %s\n" for at in order),
    )


def _row_of(row: dict[str, object]) -> str | None:
    """A row's pattern, if it holds nothing but plain strings and integers."""
    patterns = []
    for name, value in row.items():
        if type(value) not in (str, int) or not _PLAIN_KEY.fullmatch(name):
            return None
        text = _LONG if _HEX_TEXT.fullmatch(str(value)) else _WORD
        hole = _NUMBER if isinstance(value, int) else text
        patterns.append(re.escape(f'"{name}":') + hole)
    return r"\{" + ",".join(patterns) + r"\}"


def _fits(name: str) -> Callable[[bytes], bool]:
    """Whether opened bytes are of the field's kind, as :func:`seal.item.check_field` says; False if in doubt."""
    if name == "raw":
        return lambda data: b"\n" not in data
    if name == "time":
        return lambda data: data.isdigit() and len(data) <= 15 and (data[0] != 48 or data == b"0")
    if name == "text":
        return _is_text
    if name == "sender":
        return lru_cache(maxsize=_KNOWN)(_is_text)

    # the receivers of a conversation, too, are the same again and again
    @lru_cache(maxsize=_KNOWN)
    def checks(data: bytes) -> bool:
        try:
            items.check_field(name, data)
        except SealError:
            return False
        return True

    return checks


def _is_text(data: bytes) -> bool:
    try:
        return data.decode("utf-8") != ""
    except UnicodeDecodeError:
        return False
