"""The piece of a text around the first place where it holds the query. Pure."""

from bisect import bisect_right

from jieli.archive.index.fold import fold, fold_texts

AROUND = 20


def snippet(text: str, query: str, *, around: int = AROUND) -> str | None:
    """Up to `around` characters on each side of the first match, … where something was cut; None without a match.

    The match is that of folded strings, the snippet is the text as it was written.
    """
    folded = fold(query)
    place = fold(text).find(folded)
    if place < 0 or not folded:
        return None
    # The fold commutes with cutting, so each character's own fold says where it begins in the folded text.
    starts = fold_texts(list(text)).starts.tolist()
    first = bisect_right(starts, place) - 1
    last = bisect_right(starts, place + len(folded) - 1) - 1
    low, high = max(0, first - around), min(len(text), last + 1 + around)
    return f"{'…' if low else ''}{text[low:high]}{'…' if high < len(text) else ''}"
