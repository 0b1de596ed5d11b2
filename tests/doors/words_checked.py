"""Finds what does not belong on a screen: a key for programs, a notation of Python, an instant as a number."""

import re
from collections.abc import Iterable

# before a colon at the start of a line, or at the start of one of several pairs: a word of a program
_KEY = re.compile(r"^\s*[a-z][a-z0-9_]*：|(?:· |；)[a-z][a-z_]* ")
_NOTATION = re.compile(
    r"\b(?:True|False|None)\b|\[\]|\{\}|\[['\"{\[(\d]|\{['\"]|\(['\"]|<[A-Z]\w+[.:]|\b(?:UUID|PosixPath|datetime)\b"
)
_MILLISECONDS = re.compile(r"(?<![0-9a-f.-])1[5-9]\d{11}(?![0-9a-f])")


def misprints(lines: Iterable[str]) -> list[str]:
    """The lines that hold any of it."""
    return [one for one in lines if any(p.search(one) for p in (_KEY, _NOTATION, _MILLISECONDS))]
