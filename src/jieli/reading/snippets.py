"""The piece of a text around the first place where it holds the query. Pure."""

from bisect import bisect_right
from collections.abc import Callable

from jieli.archive.index.fold import fold, folded_starts

AROUND = 20


def snippet(text: str, query: str, *, around: int = AROUND) -> str | None:
    """Up to `around` characters on each side of the first match, … where something was cut; None without a match.

    The match is that of folded strings, the snippet is the text as it was written.
    """
    return snippets_of(query, around=around)(text)


def snippets_of(query: str, *, around: int = AROUND) -> Callable[[str], str | None]:
    """`snippet` for one query and many texts: the query is folded once."""
    folded = fold(query)

    def cut(text: str) -> str | None:
        place = fold(text).find(folded)
        if place < 0 or not folded:
            return None
        # The fold commutes with cutting, so each character's own fold says where it begins in the folded text.
        starts = folded_starts(text)
        first = bisect_right(starts, place) - 1
        last = bisect_right(starts, place + len(folded) - 1) - 1
        low, high = max(0, first - around), min(len(text), last + 1 + around)
        return f"{'…' if low else ''}{text[low:high]}{'…' if high < len(text) else ''}"

    return cut
