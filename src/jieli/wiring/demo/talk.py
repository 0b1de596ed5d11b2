"""Scenes filled in for two people: what each of them sends, in order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from jieli.wiring.demo.clients import Client
from jieli.wiring.demo.scenes import AFTER, CLASSES, SALES

COURSES = ("少儿编程", "口才表达", "创意美术", "书法", "围棋", "科学实验", "绘本阅读", "乐高机械")
CAMPUSES = ("泉城路", "奥体中路", "经十西路", "洪家楼")
_TEACHERS = ("韩老师", "米老师", "辛老师", "白老师", "路老师", "时老师")
_TIMES = ("上午九点半", "上午十点", "下午两点", "下午四点半", "晚上六点半", "晚上七点")
_DAYS = (
    "周三",
    "周四",
    "周五",
    "周六",
    "周日",
    "下周一",
    "下周二",
    "下周六",
    "九月十二号",
    "九月十九号",
    "二十八号",
)
_MONTHS = ("六月", "七月", "八月", "上个月", "下个月")

#: What people add to a short answer; nothing in it is of weight.
_ADDED = {
    True: (
        "我先记下来，有变动您再告诉我。", "这两天上班忙，回复慢了别介意。", "孩子爸爸也在旁边看，说没问题。",
        "您先忙，我这边不着急。", "那之后就按您说的来办。", "有事您直接留言，我下班统一看。",
        "{kid}听见了，在旁边直点头。", "麻烦您费心了，回头再联系。", "上次也是您帮忙的，一直记着呢。",
        "要是改到{day}，提前说一声就行。",
    ),
    False: (
        "有问题随时找我，上班时间都在。", "我这边同步登记，系统里能查到。", "您不用专门跑一趟，线上就能办。",
        "如果时间有变，我会提前半天告诉您。", "这一条我也转给{teacher}了，他会留意。",
        "{campus}前台也知道，您到了直接说名字就行。", "记录都在，后面换谁接待都看得到。",
        "您看还有没有漏掉的，我一起办。", "{kid}那边我也会多留心。", "下班前我再给您回一条消息确认。",
    ),
}  # fmt: skip
SHORT, ADDS_PERCENT = 22, 75


@dataclass(frozen=True, slots=True)
class Turn:
    """One message: said by the customer or by the firm; `kind` as the platform names it, `words` what it holds."""

    by_customer: bool
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Scene:
    title: str
    lines: tuple[str, ...]


def scenes() -> tuple[Scene, ...]:
    """Every scene, in the order written."""
    found = []
    for text in (SALES, CLASSES, AFTER):
        for block in text.split("## ")[1:]:
            title, *lines = block.strip().splitlines()
            found.append(Scene(title, tuple(lines)))
    return tuple(found)


def filling(client: Client, rng: Random) -> dict[str, str]:
    """What the slots of a scene mean for a customer today."""
    hours = rng.choice((24, 36, 48, 72, 96))
    return {
        "parent": client.name, "kid": client.kid, "age": str(client.age), "grade": client.grade,
        "course": rng.choice(COURSES), "campus": rng.choice(CAMPUSES), "teacher": rng.choice(_TEACHERS),
        "time": rng.choice(_TIMES), "day": rng.choice(_DAYS), "month": rng.choice(_MONTHS), "hours": str(hours),
        "half": str(hours // 2), "price": f"{hours * rng.choice((120, 135, 142, 158))}",
        "gift": rng.choice(("四课时", "六课时", "两次体验课", "一套教具", "八课时")),
    }  # fmt: skip


def turns(lines: Sequence[str], slots: Mapping[str, str], rng: Random, *, chatty: bool) -> Iterator[Turn]:
    """The messages of a scene; `chatty` people add a few words to a short answer."""
    for line in lines:
        by_customer, mark, rest = line[0] == "客", line[1], line[2:]
        if mark == "：":
            words = rng.choice(rest.split(" / "))
            if chatty and len(words) < SHORT and words.endswith("。") and rng.randrange(100) < ADDS_PERCENT:
                words += rng.choice(_ADDED[by_customer])
            words = words.format_map(slots)
            yield Turn(by_customer, "text", words)
        else:
            kind, _, words = rest.partition("：")
            yield Turn(by_customer, kind, words.format_map(slots))
