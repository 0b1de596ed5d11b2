"""Searching all shared dialogues, as far as the gate admitted them, against reading the source files through."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import orjson

from jieli.access.types import Person, Role
from jieli.archive import operations as archive
from jieli.archive.index.fold import fold
from jieli.capture.judging import account_of
from jieli.capture.operations import admit, keep_mapping
from jieli.capture.types import Incoming
from jieli.connectors.files import dialogue
from jieli.connectors.files.mapping import load_mapping
from jieli.consent import operations as consent
from jieli.consent import snapshot
from jieli.consent.types import GateMessage, Means, Scope, SubjectKind
from jieli.kernel.times import DAY, MINUTE
from jieli.reading import operations as reading
from jieli.reading.policy import MOST_A_PAGE
from jieli.reading.types import LeftOut, NotShown, Purpose
from tests.conftest import NOW
from tests.rooms.company import BY, PLATFORM, Company, reader, sh, thread
from tests.rooms.naive_gate import naive_judge
from tests.rooms.test_capture_dialogues import FILES, MAPPING, SOURCE, company, rule, vault
from tests.shared_data import shared

__all__ = ["company", "vault"]

# As in the import's own test, but the lines from Taiwan have speakers, or nothing in Traditional script were kept.
RULES = {
    **MAPPING,
    "rules": [
        *MAPPING["rules"][:-1],
        rule(
            "g0v-", "group", account="LuChuan", members=["wm-0"], start="2026-06-04T10:00:00+08:00", every_s=7200,
            speakers={"member_unknown": ["wm-0", "wm-none", "LuChuan", "wm-1"]},
        ),
    ],
}  # fmt: skip

# Asked and written: fifty asked in Traditional script of texts in Simplified, then fifty the other way round. Some
# have more hits than a page holds.
PAIRS_TEXT = """
餐館/餐馆 餐廳/餐厅 營業/营业 電話/电话 評分/评分 門票/门票 遊玩/游玩 價格/价格 飯店/饭店 賓館/宾馆
風景/风景 國家/国家 電影/电影 導演/导演 演員/演员 專輯/专辑 發行/发行 樂隊/乐队 創作/创作 銀行/银行
賬戶/账户 轉賬/转账 驗證碼/验证码 密碼/密码 訂單/订单 快遞/快递 優惠/优惠 會員/会员 問題/问题 請問/请问
謝謝/谢谢 對不起/对不起 幫您/帮您 確認/确认 聯繫/联系 查詢/查询 辦理/办理 開戶/开户 風險/风险 詐騙/诈骗
網絡/网络 鏈接/链接 點擊/点击 退貨/退货 購買/购买 質量/质量 烤鴨/烤鸭 雞肉/鸡肉 號碼/号码 溫泉/温泉
现在/現在 手机/手機 发票/發票 应该/應該 资料/資料 载具/載具 觉得/覺得 条码/條碼 社会/社會 开始/開始
发现/發現 已经/已經 比较/比較 语言/語言 为什么/為什麼 开放/開放 机器/機器 参与/參與 网路/網路 关系/關係
讨论/討論 变成/變成 东西/東西 然后/然後 资讯/資訊 电子/電子 无法/無法 系统/系統 设计/設計 民众/民眾
小时/小時 语音/語音 店员/店員 感觉/感覺 欢迎/歡迎 发展/發展 历史/歷史 两个/兩個 著作权/著作權 虽然/雖然
人类/人類 讯息/訊息 解决/解決 科学/科學 频道/頻道 妈妈/媽媽 台风/颱風 报导/報導 脸书/臉書 太阳/太陽
"""
PAIRS = dict(pair.split("/") for pair in PAIRS_TEXT.split())
ALNUM = re.compile("[0-9A-Za-z]")
SEED = 20_260_921
#: Of every three runs of so many lines one is kept: the whole way once, the many queries are asked of the index alone.
RUN = 400

#: What a message is known by: when, from whom, to whom, and its words.
Key = tuple[int, str, tuple[str, ...], str]


@dataclass(frozen=True)
class Line:
    """A line of the source files, with its folded text and what the plain gate says of it."""

    key: Key
    folded: str
    admitted: bool

    @property
    def silenced(self) -> bool:
        """Somebody whose objection stands said it or held the account it came through."""
        _, sender, receivers, _ = self.key
        return sender == "wm-objects" or "FangZhou" in (sender, *receivers)


@dataclass
class Found:
    """All pages of one search."""

    keys: list[Key] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    not_shown: Counter[NotShown] = field(default_factory=Counter)
    pages: int = 0


def parsed() -> Iterator[Incoming]:
    mapping = load_mapping(orjson.dumps(RULES))
    for name in FILES:
        with shared(f"dialogues/{name}").open("rb") as file:
            for n, line in enumerate(dialogue.parse(file, mapping)):
                assert isinstance(line, Incoming)
                if n // RUN % 3 == 0:
                    yield line


def judged(house: Company) -> list[Line]:
    """Every line of the source files; whether it should be kept, by the plain second implementation."""
    messages = list(parsed())
    asked = [
        GateMessage(m.channel, m.event_ms, handle, m.room, m.sender, m.receivers)
        for m in messages
        for handle in [None if m.room else account_of(m, house.accounts)]
    ]
    facts, _ = snapshot.read(
        platform=PLATFORM,
        people={p for m in asked for p in (m.sender, *m.receivers)},
        rooms={m.room for m in asked},
        since=sh("2011-01-02 00:00"),
        until=NOW + DAY,
    )
    lines = []
    for m, question in zip(messages, asked, strict=True):
        text = orjson.loads(m.raw)["text"]
        good, _, _ = naive_judge(facts, question, at=NOW, historical=False)
        lines.append(Line((m.event_ms, m.sender, m.receivers, text), fold(text), good))
    return lines


def hits(lines: Iterable[Line], query: str) -> list[Key]:
    wanted = fold(query)
    return sorted(line.key for line in lines if wanted in line.folded)


def pieces(texts: Sequence[str], rng: random.Random) -> Iterator[str]:
    """Substrings of 2 to 8 characters, each length as often, without end."""
    for n in range(10**6):
        length = 2 + n % 7
        text = rng.choice(texts)
        start = rng.randrange(max(1, len(text) - length + 1))
        if len(text) >= length and len(fold(text[start : start + length])) >= 2:
            yield text[start : start + length]


def choose(lines: Sequence[Line]) -> dict[str, list[str]]:
    """120 different queries of five kinds."""
    rng = random.Random(SEED)
    kept = [line.folded for line in lines if line.admitted]
    refused = [line.folded for line in lines if not line.admitted]
    kept_texts = sorted({line.key[3] for line in lines if line.admitted})
    refused_texts = sorted({line.key[3] for line in lines if not line.admitted})
    lettered = [text for text in kept_texts if ALNUM.search(text)]
    everything = "\n".join(kept + refused)
    said = [line.key[3] for line in lines if line.admitted and not line.silenced]

    def count(piece: str) -> int:
        wanted = fold(piece)
        return sum(wanted in text for text in kept)

    def few(piece: str) -> bool:
        return 0 < count(piece) < MOST_A_PAGE

    def only_refused(piece: str) -> bool:
        return count(piece) == 0

    def absent(piece: str) -> bool:
        return fold(piece) not in everything

    taken: set[str] = set(PAIRS)

    def take(amount: int, source: Iterator[str]) -> list[str]:
        found: list[str] = []
        while len(found) < amount:
            piece = next(source)
            if piece not in taken:
                taken.add(piece)
                found.append(piece)
        return found

    return {
        "letters": take(40, (p for p in pieces(lettered, rng) if ALNUM.search(p) and few(p))),
        "words": take(20, (p for p in pieces(kept_texts, rng) if not ALNUM.search(p) and few(p))),
        "pairs": [asked for asked, other in PAIRS.items() if any(other in text for text in said)][:30],
        "refused": take(15, (p for p in pieces(refused_texts, rng) if only_refused(p))),
        "absent": take(15, (p[::-1] for p in pieces(kept_texts, rng) if absent(p[::-1]))),
    }


def search_all(query: str, *, matter: str, by: Person, at: int) -> Found:
    """Every page of a search, by its cursors to the end."""
    found, cursor = Found(), None
    while found.pages == 0 or cursor is not None:
        page = reading.search(
            query=query, purpose=Purpose.COMPLAINT.value, matter=matter, by=by, at=at, cursor=cursor,
            limit=MOST_A_PAGE,
        )  # fmt: skip
        found.keys += [(s.event_ms, s.sender, s.receivers, s.text) for s in page.shown]
        found.ids += [s.item_id for s in page.shown]
        found.left_out.update(page.left_out)
        found.not_shown.update(page.not_shown)
        found.pages, cursor = found.pages + 1, page.following
    return found


def newest_first(found: Found) -> list[int]:
    """The ids as they should stand: by the time of the event, then by id, both falling."""
    times = [key[0] for key in found.keys]
    return [item for _, item in sorted(zip(times, found.ids, strict=True), reverse=True)]


def keep_all(lines: Sequence[Line]) -> None:
    keep_mapping(source=SOURCE, rules=RULES, by=BY, at=NOW)
    report = admit(source=SOURCE, platform=PLATFORM, place="shared", lines=parsed(), by=BY, at=NOW)
    assert report.admitted == sum(line.admitted for line in lines) > 1_300
    assert report.refused == sum(not line.admitted for line in lines) > 11_000
    assert len(report.reasons) > 15


def answer_objections(house: Company, *, at: int) -> None:
    for kind, who in (
        (SubjectKind.STAFF, house.staff["FangZhou"]),
        (SubjectKind.CUSTOMER, house.customers["wm-objects"]),
    ):
        for means in (Means.CHAT, Means.CALL):
            consent.answer_objection(
                subject_kind=kind, subject=who, means=means, scope=Scope.CAPTURE, reply="已核对，留存有据。",
                claimed_at=at, by=BY, at=at,
            )  # fmt: skip


def test_searches_find_what_reading_the_files_finds_and_nothing_refused_or_destroyed(
    company: Company,
) -> None:
    lines = judged(company)
    keep_all(lines)
    chosen = choose(lines)
    queries = [query for kind in chosen.values() for query in kind]
    assert (len(queries), len(set(queries))) == (120, 120)
    assert {len(q) for q in chosen["letters"]} == {len(q) for q in chosen["words"]} == set(range(2, 9))
    officer, matter = reader(Role.COMPLIANCE), thread()

    kept = [line for line in lines if line.admitted]
    shown = [line for line in kept if not line.silenced]
    before = {q: search_all(q, matter=matter, by=officer, at=NOW + MINUTE) for q in queries}
    assert [q for q in queries if sorted(before[q].keys) != hits(shown, q)] == []
    assert [q for q in queries if before[q].ids != newest_first(before[q])] == []
    silenced = {q: len(hits(kept, q)) - len(hits(shown, q)) for q in queries}
    assert [q for q in queries if before[q].left_out.total() < silenced[q]] == []
    assert {why for found in before.values() for why in found.left_out} == {LeftOut.OBJECTION}
    assert {why for found in before.values() for why in found.not_shown} == {NotShown.NO_MATCH}
    assert [q for q in chosen["pairs"] if not any(PAIRS[q] in key[3] for key in before[q].keys)] == []
    assert [q for q in chosen["refused"] if before[q].keys or not hits(lines, q)] == []
    assert [q for q in chosen["absent"] if before[q].keys or hits(lines, q)] == []
    assert max(found.pages for found in before.values()) <= 2

    places = {key: item for found in before.values() for key, item in zip(found.keys, found.ids, strict=True)}
    once = Counter(line.key for line in kept)
    doomed = random.Random(SEED).sample(sorted(key for key in places if once[key] == 1), 50)
    items = [places[key] for key in doomed]
    archive.shred_items(items=items, reason="本人请求", by=BY, at=NOW + 2 * MINUTE)
    answer_objections(company, at=NOW + 3 * MINUTE)

    alive = [line for line in kept if line.key not in set(doomed)]
    after = {q: search_all(q, matter=matter, by=officer, at=NOW + 4 * MINUTE) for q in queries}
    assert [q for q in queries if sorted(after[q].keys) != hits(alive, q)] == []
    assert [q for q in queries if after[q].left_out] == []
    assert sum(len(hits(kept, q)) > len(after[q].keys) for q in queries) > 10
    assert sum(len(found.keys) for found in after.values()) > 1_000
