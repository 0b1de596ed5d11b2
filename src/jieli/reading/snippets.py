"""The piece of a text around the first place where it holds the query. Pure."""

from bisect import bisect_right
from collections.abc import Callable, Sequence

from jieli.archive.index.fold import fold, fold_each, folded_starts

AROUND = 20


def snippet(text: str, query: str, *, around: int = AROUND) -> str | None:
    """Up to `around` characters on each side of the first match, … where something was cut; None without a match.

    The match is that of folded strings, the snippet is the text as it was written.
    """
    return snippets_of(query, around=around)([text])[0]


def snippets_of(query: str, *, around: int = AROUND) -> Callable[[Sequence[str]], list[str | None]]:
    """`snippet` for one query and many texts: the query is folded once, and the texts in one go."""
    folded = fold(query)

    def cut(texts: Sequence[str]) -> list[str | None]:
        pairs = zip(texts, fold_each(texts), strict=True)
        return [_around(text, each, whole, folded, around) for text, (each, whole) in pairs]

    return cut


def _around(text: str, each: str, whole: bool, folded: str, around: int) -> str | None:
    """The piece of one text; `whole` says that each of its characters folds to exactly one."""
    place = each.find(folded)
    if place < 0 or not folded:
        return None
    first, last = place, place + len(folded) - 1
    if not whole:
        # The fold commutes with cutting, so each character's own fold says where it begins in the folded text.
        starts = folded_starts(text)
        first, last = (bisect_right(starts, at) - 1 for at in (first, last))
    low, high = max(0, first - around), min(len(text), last + 1 + around)
    return f"{'…' if low else ''}{text[low:high]}{'…' if high < len(text) else ''}"
