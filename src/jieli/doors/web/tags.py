"""How values are written on every screen: instants, days, money, states. Loaded as built-ins."""

from datetime import date
from uuid import UUID

from django import template

from jieli.doors.places import clock_of
from jieli.kernel.times import local
from jieli.ledger import places

register = template.Library()
WEEK = "一二三四五六日"

#: Words of state → how they are drawn. Colour never stands alone: each tone has a shape of its own.
TONES = {
    "proved": ("已见证", "已封存", "已盖时间戳", "已恢复", "同意"),
    "due": ("存量待补签", "离职待交", "已交付未恢复", "未见证", "无时间戳", "有异议待答复", "异议"),
    "late": ("不明", "逾期", "文件不全"),
    "plain": ("登记", "使用中", "公司库存", "员工", "撤回", "不同意", "异议已答复"),
    "over": ("停用", "已离职", "已停用"),
}
TONE_OF = {word: tone for tone, words in TONES.items() for word in words}


#: What people here call the platforms whose codes stand in the tables.
PLATFORMS = {
    "wecom": "企业微信", "wechat": "微信", "dingtalk": "钉钉", "feishu": "飞书", "phone": "电话", "taobao": "淘宝",
    "tmall": "天猫", "jd": "京东", "pdd": "拼多多", "douyin": "抖音", "kuaishou": "快手", "xiaohongshu": "小红书",
    "weibo": "微博", "bilibili": "哔哩哔哩",
}  # fmt: skip


@register.filter
def platform(code: str) -> str:
    """A platform by its Chinese name; one that has none here by its code."""
    return PLATFORMS.get(code, code)


@register.filter
def moment(ms: int | None) -> str:
    """An instant as China's wall clock shows it: 2026-11-21 周六 18:00."""
    if ms is None:
        return ""
    when = local(ms)
    return f"{when:%Y-%m-%d} 周{WEEK[when.weekday()]} {when:%H:%M}"


@register.filter
def day(value: int | date | None) -> str:
    """A day: 2026-11-21 周六."""
    if value is None:
        return ""
    found = local(value) if isinstance(value, int) else value
    return f"{found:%Y-%m-%d} 周{WEEK[found.weekday()]}"


@register.filter
def count(value: int) -> str:
    """A number with its thousands apart."""
    return f"{value:,}"


@register.filter
def entry(place: int) -> str:
    """The number of an entry of the book: 1,017, and 2 · 17 in the second log."""
    return places.numbered(place)


@register.filter
def amount(size: int) -> str:
    """A number of bytes as people say it: 13 字节, 1.6 KB, 2.4 MB."""
    if size < 1024:
        return f"{size} 字节"
    for unit, least in (("GB", 1024**3), ("MB", 1024**2)):
        if size >= least:
            return f"{size / least:.1f} {unit}"
    return f"{size / 1024:.1f} KB"


@register.filter
def clock(seconds: int) -> str:
    """A length of sound: 0:20."""
    return clock_of(seconds)


@register.filter
def money(fen: int) -> str:
    """An amount in fen: ¥2,980.00."""
    sign, rest = ("-" if fen < 0 else ""), abs(fen)
    return f"{sign}¥{rest // 100:,}.{rest % 100:02d}"


@register.filter
def short(value: UUID | bytes | memoryview) -> str:
    """The beginning of an id or digest, enough to tell two apart when read aloud."""
    if isinstance(value, UUID):
        return value.hex[-8:]  # its beginning is a time, which its neighbours share
    return bytes(value).hex()[:8]


@register.inclusion_tag("web/badge.html")
def badge(word: str, tone: str = "") -> dict[str, str]:
    """A state: its word with a shape."""
    return {"word": str(word), "tone": tone or TONE_OF.get(str(word), "plain")}
