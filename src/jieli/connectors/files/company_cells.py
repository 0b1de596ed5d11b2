"""How the cells of a company's sheets are read. Each takes trimmed text, gives a value or CellError."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from jieli.connectors.files.tables import CellError
from jieli.kernel.times import SHANGHAI, to_ms
from jieli.parties.types import Qualifier

MAX_TEXT, MAX_IDENTIFIER = 500, 200
V = TypeVar("V")

#: What people call a platform, and the stable word under which its accounts, groups and messages are kept.
PLATFORMS = {
    "企业微信": "wecom",
    "企微": "wecom",
    "微信": "wechat",
    "钉钉": "dingtalk",
    "飞书": "feishu",
    "电话": "phone",
}

_SCIENTIFIC = re.compile(r"\d(\.\d+)?[Ee]\+\d+")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_MOMENT = re.compile(_DAY.pattern + r"(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_AMOUNT = re.compile(r"([近约超])?[¥￥]?(\d{1,3}(?:,\d{3})+|\d{1,12})(\.\d{1,6})?(万)?(余)?元?")


def text(cell: str) -> str:
    """Words of a person; no control characters, at most 500 long."""
    if len(cell) > MAX_TEXT:
        raise CellError("cell.too_long", f"超过 {MAX_TEXT} 个字。", "请缩短。")
    if any(unicodedata.category(c) in {"Cc", "Cs", "Co"} for c in cell):
        raise CellError("cell.control_character", "含有换行、控制字符或无法识别的字符。", "请删去后重填。")
    return cell


def identifier(cell: str) -> str:
    """A number or id that must come through letter by letter."""
    if _SCIENTIFIC.fullmatch(cell):
        raise CellError(
            "cell.scientific", "编号被 Excel 改成了科学计数法，末尾数字已丢失。",
            "请把该列设为“文本”格式，从原始资料重新填写。",
        )  # fmt: skip
    if len(cell) > MAX_IDENTIFIER:
        raise CellError("cell.too_long", f"超过 {MAX_IDENTIFIER} 个字符。", "请核对编号。")
    # Excel keeps leading zeros behind an apostrophe; it is no part of the number.
    return text(cell.removeprefix("'"))


def platform(cell: str) -> str:
    """The stable word of a platform: Chinese names are translated, other words kept in lower case."""
    if any(c.isspace() for c in cell):
        raise CellError(
            "cell.platform", "平台名称中不能有空格。", "请填 企业微信、微信、钉钉、飞书、电话 或英文代码。"
        )
    return PLATFORMS.get(cell, identifier(cell).lower())


def day(cell: str) -> date:
    """A day: 2024-03-01, 2024/3/1, 2024.3.1 or 2024年3月1日."""
    if not (found := _DAY.fullmatch(cell)):
        raise CellError("cell.day", "不是日期。", "请写成 2024-03-01。")
    return _day(found)


def _day(found: "re.Match[str]") -> date:
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise CellError("cell.day", "没有这一天。", "请核对日期。") from None


def moment(cell: str) -> int:
    """A moment on a wall clock in China, in ms UTC: a day (its first instant), or a day with hours and minutes."""
    if not (found := _MOMENT.fullmatch(cell)):
        raise CellError("cell.moment", "不是时间。", "请写成 2024-03-01 或 2024-03-01 09:30。")
    on = _day(found)
    hour, minute, second = (int(n or 0) for n in found.groups()[3:])
    try:
        at = datetime(on.year, on.month, on.day, hour, minute, second, tzinfo=SHANGHAI)
    except ValueError:
        raise CellError("cell.moment", "没有这一时刻。", "请核对时间。") from None
    return to_ms(at)


def yes_no(cell: str) -> bool:
    """是 or 否, nothing else: a 1 or a Y may mean anything."""
    if cell not in {"是", "否"}:
        raise CellError("cell.yes_no", "只能填“是”或“否”。", "请改正。")
    return cell == "是"


def one_of(words: Mapping[str, V]) -> Callable[[str], V]:
    """A reader of one word of a few."""

    def read(cell: str) -> V:
        if cell not in words:
            raise CellError("cell.word", f"只能填 {'、'.join(words)}。", "请改正。")
        return words[cell]

    return read


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in fen and how exactly it is known (R0.5)."""

    fen: int
    qualifier: Qualifier


def money(cell: str) -> Money:
    """An amount in yuan: 1280, 1,280.50, 近17万, 17万余元. What is not whole fen is refused."""
    found = _AMOUNT.fullmatch(cell)
    if not found or (found[1] and found[5]):
        raise CellError("cell.amount", "不是金额。", "请写成 1280 或 1280.50（元），约数写成 近17万。")
    fen = Decimal(found[2].replace(",", "") + (found[3] or "")) * 100 * (10_000 if found[4] else 1)
    if fen != int(fen):
        raise CellError("cell.amount", "金额小于一分。", "请写到分为止。")
    return Money(int(fen), Qualifier(found[1] or found[5] or Qualifier.EXACT))
