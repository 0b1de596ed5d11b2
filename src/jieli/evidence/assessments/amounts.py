"""Money as it is stated: 近17万 is not 17万 (R0.5). Fen, with how exactly they are known."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from jieli.evidence.errors import BadAmount
from jieli.law.verdicts import StatedBy
from jieli.parties.types import Qualifier

_WAN = 1_000_000  # fen in 一万元
_TEXT = re.compile(r"^(近|约|超)?(\d[\d,]*(?:\.\d+)?)(万)?(余)?(?:元)?(?:\(约数\))?$")


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum in fen, how exactly it is known, which loss it is and who states it. Both may be left open."""

    fen: int
    qualifier: Qualifier = Qualifier.EXACT
    loss_type: str = ""
    stated_by: StatedBy | None = None

    @property
    def exact(self) -> bool:
        return self.qualifier is Qualifier.EXACT

    def text(self) -> str:
        """As it is printed: 近17万元(约数), 14万余元(约数), 10,012.80元."""
        number = f"{self.fen // _WAN}万" if self.fen and self.fen % _WAN == 0 else f"{self.fen / 100:,.2f}"
        if self.exact:
            return f"{number}元" if self.fen else "0元"
        if self.qualifier is Qualifier.OVER:
            return f"{number}余元(约数)"
        return f"{self.qualifier.value}{number}元(约数)"


ZERO = Amount(0)


def parse(text: str) -> Amount:
    """An amount as somebody wrote it: 2980, 2,980.00元, 近17万元, 14万余元. BadAmount (evidence.bad_amount)."""
    found = _TEXT.match(text.strip().replace("，", ",").replace(" ", ""))
    if found is None:
        raise BadAmount("金额写法无法识别。", remedy="请写成“2980.00元”或“近17万元”这样的形式。")
    before, number, wan, over = found.groups()
    if before and over:
        raise BadAmount("金额同时写了两种约数。", remedy="请只保留一种。")
    whole, _, part = number.replace(",", "").partition(".")
    scale = 6 if wan else 2
    if len(part) > scale:
        raise BadAmount("金额小于一分。", remedy="请按分填写。")
    fen = int(whole) * 10**scale + int(part.ljust(scale, "0") or "0")
    return Amount(fen, Qualifier(before or over or Qualifier.EXACT.value))


def weakest(amounts: Iterable[Amount]) -> Qualifier:
    """How exactly something computed from these is known: a single inexact part makes the whole inexact."""
    inexact = [a.qualifier for a in amounts if not a.exact]
    if not inexact:
        return Qualifier.EXACT
    return inexact[0] if len(set(inexact)) == 1 else Qualifier.ABOUT


def total(amounts: Iterable[Amount]) -> Amount:
    """A sum that keeps the qualifier of its parts; differing ones together are 约."""
    parts = list(amounts)
    return Amount(sum(a.fen for a in parts), weakest(parts))
