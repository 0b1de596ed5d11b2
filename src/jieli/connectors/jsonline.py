"""One line in, one JSON object out, strictly: what two readers could read differently is refused.

``load_object`` reads with orjson. A repeated key (of which one reader keeps the first, another the last) is
found exactly and almost always cheaply: a JSON text holds at least as many colons as keys, so when there are
as many colons as keys came out, none was lost; only otherwise the line is read again, key by key.
Integers outside 64 bits are read as floats by orjson: no such number is used here, ``raw`` keeps its digits.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import orjson

from jieli.capture.types import MAX_ID, MAX_JSON_INTEGER

MAX_LINE = 1 << 20
MAX_DEPTH = 64  # where keys are looked at one by one; deeper would ask too much of the second reader
BOM = b"\xef\xbb\xbf"

_NEWLINE, _COLON = b"\n:"
_ENDS = frozenset((b"\n", b""))
_BACKSLASH, _DEL, _C2 = b"\\\x7f\xc2"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DIGITS = re.compile(r"[0-9]{1,16}")

# What every line format can find wrong; a format adds its own. No sentence ever quotes the line.
SENTENCES = {
    "too_long": "此行超过 1 MiB，未读入。请向导出方核对该行，拆分或更正后重新导入。",
    "not_utf8": "此行不是 UTF-8 编码。请将文件转换为 UTF-8 后重新导入。",
    "not_json": "此行不是合法的 JSON。请向导出方重新取得该行。",
    "not_object": "此行不是 JSON 对象。请确认每行是一条消息。",
    "duplicate_key": "此行有重复的键，不同程序会读出不同内容。请向导出方重新取得该行。",
    "too_deep": "此行嵌套过深。请向导出方核对该行。",
}


class UnreadableError(Exception):
    """A line that cannot be read: a code without the format's prefix, and where. It quotes nothing."""

    def __init__(self, code: str, column: int = 1) -> None:
        super().__init__(code)
        self.code = code
        self.column = column


def bounded_lines(file: BinaryIO, limit: int = MAX_LINE) -> Iterator[bytes]:
    """The lines of a file with their newlines, never holding much more than ``limit`` bytes.

    Of a longer line only a head of ``limit`` + 2 bytes is given (which a parser then reports as too long),
    its rest is passed over.
    """
    read, most = file.readline, limit + 2
    while head := read(most):
        last = head
        while last[-1:] not in _ENDS:
            last = read(limit)
        yield head


def numbered(lines: Iterable[bytes], first_line: int = 1) -> Iterator[tuple[int, bytes]]:
    """Each line that is not blank, with its number and without its newline (LF or CR LF).

    A byte order mark is taken off line 1; a file read in slices says which line a slice begins with.
    """
    for number, line in enumerate(lines, first_line):
        if line[-2:] == b"}\n" and number != 1:  # nearly all lines of an import: one look instead of four
            yield number, line[:-1]
            continue
        if line.endswith(b"\n"):
            line = line[:-2] if line.endswith(b"\r\n") else line[:-1]
        if number == 1:
            line = line.removeprefix(BOM)
        if line and not line.isspace():
            yield number, line


def load_object(line: bytes, body: str = "") -> dict[str, Any]:
    """The JSON object of a line without its newline. Raises ``UnreadableError`` and nothing else.

    ``body`` names the key that most likely holds the only object inside: it saves counting, nothing more.
    """
    if len(line) > MAX_LINE:
        raise UnreadableError("too_long")
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _why_not(line, error) from None
    if type(value) is not dict:
        raise UnreadableError("not_object")
    # By numbers, because bytes in bytes would be looked for at seven times the cost.
    if _NEWLINE in line:
        raise UnreadableError("not_json", line.index(_NEWLINE) + 1)
    # Some of the keys are never more than all of them, so equality with the colons settles it already here.
    keys, inner, colons = len(value), value.get(body), line.count(_COLON)
    if type(inner) is dict:
        keys += len(inner)
    if keys != colons:
        after_strings = _colons_after_strings(line)
        if keys != after_strings and _count_keys(value) not in (colons, after_strings):
            _refuse_repeated_keys(line)
    return value


def identifier(value: object) -> str | None:
    """The value as an identifier, "" when absent or null; None when it is none that can be kept."""
    if type(value) is str:
        if len(value) <= MAX_ID and (value.isprintable() or not _CONTROL.search(value)):
            return value
        return None
    return "" if value is None else None


def whole_number(value: object) -> int | None:
    """A count, a size or a time: an integer or its decimal digits, 0 … 2^53 - 1; otherwise None."""
    if type(value) is str and _DIGITS.fullmatch(value):
        value = int(value)
    if type(value) is int and 0 <= value <= MAX_JSON_INTEGER:
        return value
    return None


def has_no_control(line: bytes) -> bool:
    """Whether no string of a line of JSON can hold a control character; False: some may, look at each.

    Inside strings JSON spells those below U+0020 with a backslash; DEL is one byte, and U+0080 to U+009F begin with
    C2 in UTF-8. Looking for three bytes costs a tenth of looking at every character.
    """
    return not (_BACKSLASH in line or _DEL in line or _C2 in line)


def visible(text: str) -> str:
    """The text with each control character that nobody sees (all but tab and line feed) made a space."""
    return _UNSEEN.sub(" ", text) if _UNSEEN.search(text) else text


def _why_not(line: bytes, error: orjson.JSONDecodeError) -> UnreadableError:
    try:
        line.decode()
    except UnicodeDecodeError as undecodable:
        return UnreadableError("not_utf8", undecodable.start + 1)
    return UnreadableError("not_json", error.pos + 1)


def _count_keys(value: dict[str, Any]) -> int:
    """The keys of the object and of all within it, level by level."""
    total = 0
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        deeper = []
        for found in level:
            if type(found) is dict:
                total += len(found)
                found = found.values()
            deeper += [inner for inner in found if type(inner) is dict or type(inner) is list]
        if not deeper:
            return total
        level = deeper
    raise UnreadableError("too_deep")


def _colons_after_strings(line: bytes) -> int:
    """At least the number of keys: before the colon of a key stands its quote or white space."""
    return line.count(b'":') + line.count(b" :") + line.count(b"\t:") + line.count(b"\r:")


def _refuse_repeated_keys(line: bytes) -> None:
    # Numbers stay text: their size must not decide whether the line can be looked at.
    json.loads(line.decode(), object_pairs_hook=_unique, parse_int=str, parse_float=str)


def _unique(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise UnreadableError("duplicate_key")
