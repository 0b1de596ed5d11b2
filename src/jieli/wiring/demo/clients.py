"""Three hundred invented customers: parents and pupils, and what each thinks of being recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from random import Random

from jieli.wiring.demo.people import HERO_SELLER, Case, Employee, ordinary, with_accounts

COUNT, HERO = 300, "C0001"
PHONE_ONLY = 10


class Attitude(Enum):
    """What a customer says about being recorded; AUTHORISES also for quality, evidence and continued service."""

    AGREES = auto()
    AUTHORISES = auto()
    SILENT = auto()
    REFUSES = auto()
    WITHDRAWS = auto()
    OBJECTS = auto()
    GUARDED = auto()  # a minor whose guardian agreed
    UNGUARDED = auto()  # a minor for whom nobody did


@dataclass(frozen=True, slots=True)
class Client:
    """A customer; `external_id` is the platform's id ("": known by telephone only), `seller` a staff number."""

    no: str
    name: str
    attitude: Attitude
    external_id: str
    phone: str
    seller: str
    source: str
    region: str
    minor: bool
    health: bool
    kid: str
    age: int
    grade: str


_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱尤许何吕施张孔曹严华金魏陶姜谢邹喻柏窦章苏潘葛范彭郎鲁韦昌马苗"
_PUPILS = (
    "小满",
    "豆豆",
    "一一",
    "可可",
    "安安",
    "乐乐",
    "桐桐",
    "果果",
    "小鱼",
    "阳阳",
    "糖糖",
    "米粒",
    "小宇",
    "萱萱",
)
_REGIONS = ("历下区", "市中区", "槐荫区", "天桥区", "历城区", "长清区", "章丘区", "高新区")
_SOURCES = ("购课订单",) * 6 + ("广告",) * 2 + ("个人关系",)
_GRADES = ("幼儿园大班", "一年级", "二年级", "三年级", "四年级", "五年级", "六年级")
_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def clients(staff: Sequence[Employee], rng: Random) -> list[Client]:
    """All three hundred, by customer number; the first is the one whose conversation is proved."""
    sellers = _sellers(list(staff))
    return [_client(n, sellers[n % len(sellers)], rng) for n in range(1, COUNT + 1)]


def _sellers(staff: list[Employee]) -> list[str]:
    """Who serves whom, in turn: ordinary people serve four times as many as those whose words are mostly refused."""
    some = [e.no for e in ordinary(staff)]
    others = [e.no for e in with_accounts(staff) if e.case not in (Case.ORDINARY, Case.JOINS_LATER)]
    return some * 4 + others


def _client(n: int, seller: str, rng: Random) -> Client:
    attitude = _attitude(n)
    minor = attitude in (Attitude.GUARDED, Attitude.UNGUARDED)
    kid = rng.choice(_PUPILS)
    surname = _SURNAMES[n % len(_SURNAMES)]
    place = rng.randrange(len(_GRADES))
    return Client(
        no=f"C{n:04d}",
        name=f"{surname}同学" if minor else surname + rng.choice(("女士", "女士", "女士", "先生")),
        attitude=attitude,
        external_id="" if n > COUNT - PHONE_ONLY else "wmDEMO" + "".join(rng.choices(_ALPHABET, k=20)),
        phone=f"1990000{2000 + n}" if n % 10 in (0, 1) else "",
        seller=HERO_SELLER if n == 1 else seller,
        source="不明" if n % 15 == 7 else rng.choice(_SOURCES),
        region=rng.choice(_REGIONS),
        minor=minor,
        health=n % 29 == 4,
        kid=kid,
        age=6 + place,
        grade=_GRADES[place],
    )


def _attitude(n: int) -> Attitude:
    """By number, so that each kind is there: most agree, some stay silent, a few refuse, withdraw or object."""
    if n == 1:
        return Attitude.AUTHORISES
    if n % 11 == 5:
        return Attitude.UNGUARDED if n % 3 == 0 else Attitude.GUARDED
    kinds = {0: Attitude.SILENT, 3: Attitude.AUTHORISES, 6: Attitude.AUTHORISES, 9: Attitude.SILENT}
    if n % 47 == 12:
        return Attitude.WITHDRAWS
    if n % 61 == 20:
        return Attitude.OBJECTS
    return Attitude.REFUSES if n % 19 == 8 else kinds.get(n % 14, Attitude.AGREES)
