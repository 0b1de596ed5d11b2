"""The faces papers are set in, and which characters they can show. They come as wheels: no system font is used."""

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import typst
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

from jieli.papers.errors import PaperNotRendered

#: In the order in which a character looks for a face. No italics among them.
FACES: Final = (
    ("Noto Sans CJK SC", "manimgx_fonts_cjk", "NotoSansCJK-VF.otf.ttc", 2),
    ("Noto Sans", "manimgx_fonts", "NotoSans[wght].ttf", 0),
    ("Noto Emoji", "manimgx_fonts", "NotoEmoji[wght].ttf", 0),
    ("Noto Sans Symbols", "manimgx_fonts", "NotoSansSymbols[wght].ttf", 0),
    ("Noto Sans Arabic", "manimgx_fonts", "NotoSansArabic[wght].ttf", 0),
    ("Noto Sans Hebrew", "manimgx_fonts", "NotoSansHebrew[wght].ttf", 0),
    ("Noto Sans Thai", "manimgx_fonts", "NotoSansThai[wght].ttf", 0),
    ("Noto Sans Lao", "manimgx_fonts", "NotoSansLao[wght].ttf", 0),
    ("Noto Sans Khmer", "manimgx_fonts", "NotoSansKhmer[wght].ttf", 0),
    ("Noto Sans Myanmar", "manimgx_fonts", "NotoSansMyanmar[wght].ttf", 0),
    ("Noto Sans Devanagari", "manimgx_fonts", "NotoSansDevanagari[wght].ttf", 0),
)


@cache
def folder(package: str) -> Path:
    """Where a wheel of fonts lies; PaperNotRendered when it is not installed."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise PaperNotRendered(f"缺少字体包 {package}。", remedy="请重新安装接力及其依赖。")
    return Path(spec.origin).parent


@cache
def collection() -> typst.Fonts:
    """The faces as the typesetter wants them; read once."""
    paths = sorted({str(folder(package)) for _, package, _, _ in FACES})
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=paths)


@cache
def families() -> str:
    """The names of the faces for the templates, joined by `|`."""
    return "|".join(name for name, _, _, _ in FACES)


@cache
def _faces() -> tuple[dict[int, str], ...]:
    found = []
    for _, package, file, number in FACES:
        with TTFont(folder(package) / file, fontNumber=number, lazy=True) as font:
            found.append(dict(font.getBestCmap()))
    return tuple(found)


class Shown:
    """Which face shows a character, and which characters paper cannot tell apart from another one.

    Two code points that share a glyph (NBSP and space, ⼯ and 工) look alike and come out of the PDF as one: only
    the one people type stands for itself.
    """

    def __init__(self, faces: Sequence[dict[int, str]]) -> None:
        self._faces = faces
        self._itself: dict[int, int] = {}
        self._twins: dict[int, int] = {}
        for number, glyphs in enumerate(faces):
            first: dict[str, int] = {}
            for code in sorted(glyphs, key=_preference):
                if code in self._itself or code in self._twins:
                    continue
                if (other := first.setdefault(glyphs[code], code)) == code:
                    self._itself[code] = number
                else:
                    self._twins[code] = other

    def face(self, code: int) -> int | None:
        """The number of the first face that shows the character as itself."""
        return self._itself.get(code)

    def covers(self, face: int, code: int) -> bool:
        """Whether a face has a glyph for the character, so that it may stand upon one of that face."""
        return code in self._faces[face]

    def twin(self, code: int) -> int | None:
        """The character that looks the same, when there is one."""
        return self._twins.get(code)


@cache
def shown() -> Shown:
    """What our faces show; read from them once."""
    return Shown(_faces())


_COMPATIBLE: Final = (range(0x2E80, 0x2FE0), range(0xF900, 0xFB00), range(0x2F800, 0x2FA20))


def _preference(code: int) -> tuple[bool, bool, int]:
    """The code point people type comes first: one of GBK's, and none made only for round trips with older sets."""
    try:
        typed = bool(chr(code).encode("gbk"))
    except UnicodeEncodeError:
        typed = False
    return any(code in r for r in _COMPATIBLE), not typed, code
