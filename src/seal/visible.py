"""Lines for people: whatever words stand in them, a line stays one line and does nothing but be read.

The free words of a package (what it does not prove, what was left out and why, names) stand under no signature. Shown
as they are, a newline, an ESC or a control of writing direction in them could clear the screen, turn a line round, or
write a verdict of their own beneath ours.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

# controls (a line feed too), format characters (with those of direction), separators of lines, halves of pairs
_UNSEEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})


def visible(words: str) -> str:
    """The words as one line: what cannot be seen stands as ``\\u001b``, past U+FFFF as ``\\U000e0041``.

    Doing it twice changes nothing. Chinese, emoji, rare characters and combining marks stay as they are.
    """
    if words.isprintable():
        return words
    return "".join(_escape(one) if unicodedata.category(one) in _UNSEEN else one for one in words)


def text_of(lines: Iterable[str]) -> str:
    """Text for people: each line made visible, each ended by a line feed. Nothing else may end a line."""
    return "".join(f"{visible(line)}\n" for line in lines)


def _escape(one: str) -> str:
    number = ord(one)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
