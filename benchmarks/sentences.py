"""Messages of a made-up company: sentences recombined by a seeded generator, as lines of the WeCom archive.

The sentences are those of the test dialogues where they lie beside the clone, else a small stock invented here.
Which of the two it was stands in the report: figures of the one do not compare with figures of the other.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import orjson

from jieli.kernel.times import SHANGHAI, to_ms

SEED = 20_260_921
DIALOGUES = Path(__file__).resolve().parents[2] / "shared" / "data" / "dialogues"
FILES = ("service_crosswoz.jsonl", "peer_chat_kdconv.jsonl", "calls_synthetic.jsonl")
FIRST_DAY, LAST_DAY = date(2026, 7, 6), date(2026, 9, 18)  # weeks without a holiday
STAFF, CUSTOMERS = 40, 600
#: So many messages belong to one conversation, from which a package is made.
LONG_CONVERSATION = 1_000

OPENINGS = (
    "您好，",
    "在吗？",
    "打扰一下，",
    "刚开完会，",
    "谢谢！",
    "好的，",
    "嗯嗯，",
    "麻烦您，",
    "",
    "",
    "",
    "",
)
THINGS = (
    "春季班的讲义", "第三单元的录播", "上个月的发票", "暑期集训营", "一对一辅导", "试听课", "教材快递", "补课名额",
    "数学竞赛班", "英语口语小班", "退费申请", "分班测试", "家长会", "学习报告", "作业批改", "老师的微信", "优惠券",
)  # fmt: skip
DEEDS = (
    "什么时候能安排", "已经给您登记好了", "还要再等两天", "我帮您问一下教务", "可以改到周六上午", "孩子说没有收到",
    "请您核对一下金额", "名额只剩最后几个", "需要家长签字确认", "我们这边查不到", "明天下午给您回复", "价格有变动吗",
    "怎么还没有动静", "能不能换成晚上", "按合同可以办理", "昨天就寄出去了", "和之前说的不一样", "听着还不错",
)  # fmt: skip
ENDINGS = (
    "",
    "",
    "，您看可以吗？",
    "，辛苦了。",
    "，不着急。",
    "，请尽快。",
    "，谢谢老师！",
    "，到时候联系。",
    "。",
)


@dataclass(frozen=True)
class Corpus:
    """The sentences that messages are made of, and where they come from."""

    name: str
    sentences: tuple[str, ...]


def corpus() -> Corpus:
    """The test dialogues' sentences, or the invented ones where these are absent."""
    paths = [DIALOGUES / name for name in FILES]
    if not all(path.exists() for path in paths):
        rng = random.Random(SEED)
        made = (
            rng.choice(OPENINGS) + rng.choice(THINGS) + rng.choice(DEEDS) + rng.choice(ENDINGS)
            for _ in range(20_000)
        )
        return Corpus("invented", tuple(made))
    texts = (orjson.loads(line)["text"] for path in paths for line in path.read_bytes().splitlines() if line)
    return Corpus("test dialogues", tuple(text for text in texts if len(text) <= 80))


def staff_handle(n: int) -> str:
    return f"GuWen{n:03d}"


def customer_id(n: int) -> str:
    return f"wm-kehu-{n:05d}"


def texts(number: int, found: Corpus) -> list[str]:
    """So many texts, all in memory."""
    return list(stream(number, found))


def stream(number: int, found: Corpus) -> Iterator[str]:
    """So many texts: a sentence, one in five with a second one, one in ten with an order or telephone number."""
    rng = random.Random(SEED + 1)
    for n in range(number):
        text = rng.choice(found.sentences)
        if rng.random() < 0.2:
            text += rng.choice(found.sentences)[:20]
        chance = rng.random()
        if chance < 0.07:
            text += f" 订单号{20_260_700_000_000 + n * 7}"
        elif chance < 0.1:
            text += f" 电话139{rng.randrange(10**8):08d}"
        yield text


def _mornings() -> list[int]:
    days = [FIRST_DAY + timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]
    return [
        to_ms(datetime(day.year, day.month, day.day, 9, tzinfo=SHANGHAI)) for day in days if day.weekday() < 5
    ]


_Said = tuple[int, int, bool]  # instant, customer, whether the customer speaks


def _days(number: int, rng: random.Random, customers: int, long: int) -> Iterator[list[_Said]]:
    """The messages of each day in order of time: dialogues of 4 to 20 in working hours, one day in memory at a time.

    The first `long` messages that are drawn, on whatever days, are of the first customer.
    """
    mornings = _mornings()
    lengths: list[list[tuple[int, int]]] = [[] for _ in mornings]
    made = 0
    while made < number:
        customer = 0
        if made >= long:
            customer = 1 + min(int(rng.expovariate(6 / customers)), customers - 2)
        length = min(rng.randint(4, 20), number - made)
        rng.choice(lengths).append((customer, length))
        made += length
    for morning, dialogues in zip(mornings, lengths, strict=True):
        day = []
        for customer, length in dialogues:
            at = morning + rng.randrange(8 * 3_600_000)
            for _ in range(length):
                at += rng.randint(5_000, 60_000)
                day.append((at, customer, rng.random() < 0.5))
        yield sorted(day)


def lines(
    made: Sequence[str],
    *,
    prefix: str = "m",
    staff: int = STAFF,
    customers: int = CUSTOMERS,
    long: int = LONG_CONVERSATION,
) -> Iterator[bytes]:
    """A line of the WeCom archive for each text, in order of time, with its newline.

    Each customer speaks with one account; some `long` messages, or all if fewer, with the first one.
    """
    return streamed_lines(made, len(made), prefix=prefix, staff=staff, customers=customers, long=long)


def streamed_lines(
    made: Iterable[str],
    number: int,
    *,
    prefix: str = "m",
    staff: int = STAFF,
    customers: int = CUSTOMERS,
    long: int = LONG_CONVERSATION,
) -> Iterator[bytes]:
    """`lines` of so many texts that are not in memory: ten million are made as they are written."""
    rng = random.Random(SEED + 2)
    said = (one for day in _days(number, random.Random(SEED + 4), customers, long) for one in day)
    for n, ((at, customer, asks), text) in enumerate(zip(said, made, strict=True)):
        sides = [customer_id(customer), staff_handle(customer % staff)]
        if not asks:
            sides.reverse()
        line = {
            "msgid": f"{prefix}-{n:08d}-{rng.randrange(10**10):010d}", "action": "send", "from": sides[0],
            "tolist": [sides[1]], "roomid": "", "msgtime": at, "msgtype": "text", "text": {"content": text},
        }  # fmt: skip
        yield orjson.dumps(line) + b"\n"
