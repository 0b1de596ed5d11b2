"""The invented firm and its forty people. Names, numbers and the firm are made up; nobody real is meant."""

from dataclasses import dataclass
from datetime import date
from enum import Enum, auto

ENTITY, ENTITY_CODE = "济南澜序知行素养教育科技有限公司", "LX"
#: Shaped like a 统一社会信用代码, with a check character that no register would give.
ENTITY_USCC = "91370100MA00DEMX00"
SENDER = "鲁岚渡人力资源服务有限公司"

UNITS = {
    "LX-XS": ("销售中心", ""),
    "LX-XS1": ("销售一部", "LX-XS"),
    "LX-XS2": ("销售二部", "LX-XS"),
    "LX-KF": ("客服部", ""),
    "LX-JW": ("教务部", ""),
    "LX-CW": ("财务部", ""),
    "LX-RS": ("人事部", ""),
    "LX-IT": ("信息技术部", ""),
    "LX-HG": ("合规部", ""),
}


class Case(Enum):
    """What is particular about somebody, so that the gate has something to say. ORDINARY: everything is in order."""

    ORDINARY = auto()
    PAPER_MISSING = auto()
    NOT_TOLD = auto()
    REFUSES = auto()
    ACCOUNT_CLOSES = auto()
    DEFAULT_AGREE = auto()
    WITHDRAWS = auto()
    OBJECTS = auto()
    JOINS_LATER = auto()
    LEAVES = auto()
    SIGNS_LATE = auto()
    NEVER_SIGNED = auto()
    OTHER_POST = auto()
    NO_ACCOUNT = auto()


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody of the firm; `handle` is the WeCom account's name, "" without one."""

    no: str
    name: str
    handle: str
    unit: str
    post: str
    joined: date
    case: Case
    left: date | None = None
    engagement: str = "劳动"


_NAMES = (
    ("秦语薇", "QinYuwei"), ("邵启航", "ShaoQihang"), ("葛一诺", "GeYinuo"), ("田思源", "TianSiyuan"),
    ("卢静好", "LuJinghao"), ("孟凡星", "MengFanxing"), ("谭知夏", "TanZhixia"), ("姚景行", "YaoJingxing"),
    ("冷秋白", "LengQiubai"), ("穆晓棠", "MuXiaotang"), ("戚云舒", "QiYunshu"), ("管仲宁", "GuanZhongning"),
    ("丁若水", "DingRuoshui"), ("阮青禾", "RuanQinghe"), ("鲍子墨", "BaoZimo"), ("柴向晚", "ChaiXiangwan"),
    ("毕小满", "BiXiaoman"), ("安可依", "AnKeyi"), ("祁东篱", "QiDongli"), ("容念慈", "RongNianci"),
    ("霍晨曦", "HuoChenxi"), ("纪明澈", "JiMingche"), ("路清欢", "LuQinghuan"), ("车行简", "CheXingjian"),
    ("苗望舒", "MiaoWangshu"), ("左知微", "ZuoZhiwei"), ("房一鸣", "FangYiming"), ("牟子衿", "MuZijin"),
    ("隋远山", "SuiYuanshan"), ("初南溪", "ChuNanxi"), ("栾星野", "LuanXingye"), ("曲映雪", "QuYingxue"),
    ("战书同", "ZhanShutong"), ("矫安然", "JiaoAnran"), ("宫瑞雪", "GongRuixue"), ("解语桐", "XieYutong"),
    ("昝家声", "ZanJiasheng"), ("巩立言", "GongLiyan"), ("顾知返", "GuZhifan"), ("佟守正", "TongShouzheng"),
)  # fmt: skip

#: Who is particular, by the number of his place; the others are ordinary.
_CASES = {
    3: Case.PAPER_MISSING, 6: Case.NOT_TOLD, 9: Case.REFUSES, 10: Case.ACCOUNT_CLOSES, 12: Case.DEFAULT_AGREE,
    14: Case.WITHDRAWS, 16: Case.OBJECTS, 17: Case.JOINS_LATER, 18: Case.LEAVES, 19: Case.SIGNS_LATE,
    20: Case.NEVER_SIGNED, **dict.fromkeys(range(28, 34), Case.OTHER_POST),
    **dict.fromkeys(range(34, 41), Case.NO_ACCOUNT),
}  # fmt: skip
_POSTS = (
    (10, "LX-XS1", "销售"), (20, "LX-XS2", "销售"), (27, "LX-KF", "客服"), (33, "LX-JW", "教务老师"),
    (35, "LX-CW", "财务"), (37, "LX-RS", "人事"), (38, "LX-IT", "信息技术"), (40, "LX-HG", "合规"),
)  # fmt: skip
_ENGAGEMENTS = {8: "劳务", 15: "派遣", 26: "派遣", 31: "其他"}

HERO_SELLER = "E0001"
JOINS_ON, LEAVES_ON = date(2026, 9, 7), date(2026, 9, 15)
#: The compliance officer who searches, reads and has the package made, and the administrator who destroys.
OFFICER, KEEPER = "E0040", "E0038"


def employees() -> list[Employee]:
    """All forty, by staff number."""
    return [_employee(place, name, handle) for place, (name, handle) in enumerate(_NAMES, 1)]


def _employee(place: int, name: str, handle: str) -> Employee:
    unit, post = next((unit, post) for last, unit, post in _POSTS if place <= last)
    case = _CASES.get(place, Case.ORDINARY)
    joined = JOINS_ON if case is Case.JOINS_LATER else date(2021 + place % 5, 1 + place % 12, 1 + place % 27)
    return Employee(
        no=f"E{place:04d}",
        name=name,
        handle="" if case is Case.NO_ACCOUNT else handle,
        unit=unit,
        post=post,
        joined=joined,
        case=case,
        left=LEAVES_ON if case is Case.LEAVES else None,
        engagement=_ENGAGEMENTS.get(place, "劳动"),
    )


def with_accounts(staff: list[Employee]) -> list[Employee]:
    """Those who have a WeCom account of the firm."""
    return [e for e in staff if e.handle]


def ordinary(staff: list[Employee]) -> list[Employee]:
    """Those about whom nothing stands against recording while they are at work."""
    return [e for e in staff if e.case is Case.ORDINARY]
