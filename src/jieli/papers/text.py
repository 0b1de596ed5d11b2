"""Text that people wrote, made ready for paper: nothing is dropped, nothing is interpreted, nothing is hidden.

What has no form of its own on paper (control characters, zero width, direction overrides, another face's glyph) is
printed as its code point in 〚U+202E〛, so that whoever reads the paper sees it and can write the original again.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from jieli.papers.fonts import shown

Piece = str | dict[str, str]

OPEN, CLOSE = "〚", "〛"
ZWJ, EMOJI_STYLE = "\u200d", "\ufe0f"
#: Invisible though their category does not say so: fillers, selectors, blanks.
_BLANK: Final = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x2800, 0x3164, 0xFFA0}).union(
    range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000)
)
_SPACES: Final = frozenset(" \u3000\n")
#: So many characters may stand without a place to break a line; longer runs are cut into pieces of six.
_LONGEST, _PIECE = 14, 6
#: How wide a character is set, in em, rounded up: enough to say where a run has to be cut in a narrow column.
_NARROW, _DIGIT, _PLAIN, _CAPITAL, _WIDE = 0.36, 0.56, 0.6, 0.76, 1.0


def mark(char: str) -> str:
    """How a character that cannot be shown is printed; with the one it looks like, when there is one."""
    twin = shown().twin(ord(char))
    looks = f"{chr(twin)} " if twin is not None and not chr(twin).isspace() else ""
    return f"{OPEN}{looks}U+{ord(char):04X}{CLOSE}"


def pieces(text: str, *, sure: bool = False, room: float | None = None) -> str | list[Piece]:
    """The text for a template: a string when it is plain, else strings and marks, a line may break between them.

    With `sure`, whatever is not of the main face or combines with its neighbours is marked too. With `room`, in em,
    no run is wider than that: what stands in a column cannot run into the next.
    """
    found: list[Piece] = []
    start = 0
    for i, plain in enumerate(_plain_sure(text) if sure else _plain(text)):
        if plain:
            continue
        found.extend(_broken(text[start:i], room))
        found.append({"mark": mark(text[i])})
        start = i + 1
    found.extend(_broken(text[start:], room))
    if not found:
        return ""
    return found[0] if len(found) == 1 and isinstance(found[0], str) else found


def printed(text: str) -> str:
    """What the paper says for a text, in one string: what comes out when the PDF is read by a program.

    In scripts whose letters change shape or order (Arabic, Thai, Indic) the sheet is right, but programs differ in
    what they read from it; there the machine files of a package are the text.
    """
    made = pieces(text)
    if isinstance(made, str):
        return made
    return "".join(p if isinstance(p, str) else p["mark"] for p in made)


_MARK: Final = re.compile(f"{OPEN}(?:[^{OPEN}{CLOSE}] )?U\\+([0-9A-F]{{4,6}}){CLOSE}")


def original(paper: str) -> str:
    """The text that was printed so: the inverse of `printed`."""
    return _MARK.sub(lambda m: chr(int(m[1], 16)), paper)


def _plain(text: str) -> Iterator[bool]:
    """For each character whether it is printed as itself. A combining one needs a base whose face knows it."""
    faces, base, before = shown(), None, ""
    for char, after in zip(text, (text + " ")[1:], strict=True):
        code, category = ord(char), unicodedata.category(char)
        if char in _SPACES:
            plain, base = True, None
        elif char == ZWJ:
            plain = _pictured(before) and unicodedata.category(after) == "So"
        elif char == EMOJI_STYLE:
            plain = before != "" and unicodedata.category(before) == "So"
        elif not _visible(char, category):
            plain = False
        elif _merges(before, char):
            plain = False  # the face would set both as one glyph, and the PDF could not say which it was
        elif category[0] == "M":
            plain = base is not None and faces.face(code) is not None and faces.covers(base, code)
        else:
            plain = (face := faces.face(code)) is not None
            base = face
        if not plain:
            base = None
        before = char if plain else ""
        yield plain


def _plain_sure(text: str) -> Iterator[bool]:
    for char in text:
        category = unicodedata.category(char)
        alone = category[0] != "M" and _visible(char, category)
        yield char in _SPACES or (alone and shown().face(ord(char)) == 0)


def _merges(before: str, char: str) -> bool:
    return char > "\u02ff" and before != "" and len(unicodedata.normalize("NFC", before + char)) == 1


def _visible(char: str, category: str) -> bool:
    return category[0] not in "CZ" and char not in (OPEN, CLOSE) and ord(char) not in _BLANK


def _pictured(char: str) -> bool:
    return char != "" and (
        unicodedata.category(char) == "So" or char == EMOJI_STYLE or 0x1F3FB <= ord(char) <= 0x1F3FF
    )


def _broken(text: str, room: float | None) -> Iterator[str]:
    """Cut runs without a natural break into pieces, so that no word can run off the paper or out of its column."""
    start = run = 0
    wide = 0.0
    for i, char in enumerate(text):
        if i and _breaks_before(text[i - 1], char):
            run, wide = i, 0.0
        long = i - run >= _LONGEST and i - start >= _PIECE and (i - run) % _PIECE == 0
        full = room is not None and i > run and wide + _width(char) > room
        if (long or full) and not _joined(text[i - 1], char):
            yield text[start:i]
            start, wide = i, 0.0
        wide += _width(char)
    if start < len(text):
        yield text[start:]


def _width(char: str) -> float:
    if char > "\u024f":
        return _WIDE
    if char in "0123456789¥":
        return _DIGIT
    if char in ".,:;'|!-()[]/ iljtf":
        return _NARROW
    return _CAPITAL if char.isupper() or char in "@%&mw" else _PLAIN


def _breaks_before(before: str, char: str) -> bool:
    return before in " \n" or (_ideograph(before) and _ideograph(char))


def _ideograph(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U0003ffff"


def _joined(before: str, char: str) -> bool:
    """Whether the two make one picture or letter, which must not be torn."""
    flags = 0x1F1E6 <= ord(before) <= 0x1F1FF and 0x1F1E6 <= ord(char) <= 0x1F1FF
    return (
        flags
        or before == ZWJ
        or char in (ZWJ, EMOJI_STYLE)
        or 0x1F3FB <= ord(char) <= 0x1F3FF
        or unicodedata.category(char)[0] == "M"
    )
