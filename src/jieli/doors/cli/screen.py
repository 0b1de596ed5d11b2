"""Where the command line writes to people: words are words, whoever typed them.

A customer's name out of a foreign export, a reason, a sentence of somebody else's server may hold rich's markup, an
emoji's code, a newline or a control character. Here each string given to be printed, alone or as a cell or a title of a
table, is one line that is only read (`seal.visible`); rich's own markup and emoji codes are off. What is on several
lines is several strings. JSON for programs goes out as it is.
"""

from typing import Any

from rich.console import Console
from rich.text import Text

from seal.visible import visible


class Screen(Console):
    """A console that takes no orders from what it prints."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    def render_str(self, text: str, **named: Any) -> Text:
        """Every string comes by here, a table's cells and titles too: a line of its own, without orders in it."""
        return super().render_str(visible(text), **{**named, "markup": False, "emoji": False})


def several(words: str) -> Text:
    """Words that may be on several lines, as a message is: their own line feeds stay, nothing else does anything.

    For a cell of a table alone, whose frame says where it ends.
    """
    return Text("\n".join(visible(line) for line in words.split("\n")))
