"""A command's answer in words: the same values that ``--json`` gives, each under its Chinese label.

What is empty is 无, yes and no are 是 and 否, an instant is a wall clock in Shanghai. No key for programs and no
notation of Python ever reaches a screen.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any

from jieli.doors.cli.labels import INSTANTS, LABELS, VALUES
from jieli.kernel.times import local

NOTHING = "无"
_MINUTE = "%Y-%m-%d %H:%M"
Names = Mapping[str, str]


def lines(values: Mapping[str, Any], names: Names | None = None) -> list[str]:
    """The answer, a line for each value; lists and tables within it stand below their label, further in."""
    return list(_mapping(values, {**LABELS, **(names or {})}, ""))


def label(key: object, names: Names = LABELS) -> str:
    """The word for a key. A key that is itself a name (a 工号, a file's) stays what it is."""
    return names.get(str(key), str(key))


def _mapping(values: Mapping[str, Any], names: Names, indent: str) -> Iterator[str]:
    for key, value in values.items():
        yield from _named(key, value, names, indent)


def _named(key: object, value: Any, names: Names, indent: str) -> Iterator[str]:
    word = label(key, names)
    if isinstance(value, Mapping) and value:
        yield f"{indent}{word}："
        yield from _mapping(value, names, indent + "  ")
    elif _several(value) and any(isinstance(one, Mapping) or _several(one) for one in value):
        yield f"{indent}{word}："
        for one in value:
            yield f"{indent}  · {_flat(key, one, names)}"
    else:
        yield f"{indent}{word}：{_flat(key, value, names)}"


def _flat(key: object, value: Any, names: Names) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "；".join(f"{label(k, names)} {_flat(k, v, names)}" for k, v in value.items()) or NOTHING
    if _several(value):
        return "、".join(_flat(key, one, names) for one in value) or NOTHING
    return _plain(str(key), value)


def _several(value: Any) -> bool:
    return isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes)


def _plain(key: str, value: Any) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Enum):
        return _plain(key, value.value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return _wall_clock(value)
    if isinstance(value, int) and key in INSTANTS:
        return local(value).strftime(_MINUTE) if value else NOTHING
    if isinstance(value, str) and key in INSTANTS:
        return _clock(value)
    return VALUES.get(value, value) if isinstance(value, str) else str(value)


def _clock(text: str) -> str:
    """A moment that was written for programs; what is none stays as it is."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if len(text) == len(date.min.isoformat()) else _wall_clock(found)


def _wall_clock(moment: datetime) -> str:
    """In Shanghai, whatever zone it was given in; without any it is taken for Shanghai's."""
    shown = moment if moment.tzinfo is None else local(int(moment.timestamp() * 1000))
    return shown.strftime(_MINUTE)
