"""The index against reading through real dialogues: 2,500 queries at each stage of depositing, merging, erasing."""

import hashlib
import random
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import orjson
import pytest

from jieli.archive import segments
from jieli.archive.index import fold_table, tiers
from jieli.archive.index.fold import fold
from jieli.archive.index.merging import Merging, documents
from jieli.archive.index.search import Wanted, candidates
from jieli.archive.index.segment import Segment, build_segments, month_of
from jieli.archive.index.tokens import Tokens, query_of
from jieli.kernel.times import DAY
from tests.shared_data import shared

FILES = (
    "service_crosswoz", "peer_chat_kdconv", "group_lines_zh_tw", "calls_synthetic", "calls_risk_synthetic",
)  # fmt: skip
SEED = 20_260_921
BEGIN = 1_719_763_200_000  # 2024-07-01 00:00 in Shanghai
MESSAGES = 10_000  # of 43,000: a quarter of a minute is enough for a suite
A_DAY = 40
BATCH = 1_500
TO_TRADITIONAL = dict(zip(fold_table.SIMPLIFIED, fold_table.TRADITIONAL, strict=True))
PRESENT = {"frequent": 400, "rare": 500, "digits": 400, "script": 300, "any": 400}
ABSENT = 500
#: One query in so many is also asked of the segments as PostgreSQL has them.
STORED = 3


def key_of_month(month: int) -> bytes:
    return hashlib.sha256(b"%d" % month).digest()


@dataclass
class Corpus:
    """All texts folded, in the order in which they arrive, with the time of each and a string to look through."""

    texts: list[str]
    folded: list[str]
    times: np.ndarray

    def __post_init__(self) -> None:
        self.whole = "\n".join(self.folded)
        self.starts = np.cumsum([0, *(len(text) + 1 for text in self.folded)]).tolist()

    def holding(self, query: str) -> frozenset[int]:
        """The documents whose folded text holds the folded query, by looking through everything."""
        wanted, found, at = fold(query), set(), 0
        while (at := self.whole.find(wanted, at)) >= 0:
            number = bisect_right(self.starts, at) - 1
            found.add(number)
            at = self.starts[number + 1]
        return frozenset(found)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Each message comes some minutes after the one before; one in twenty is 1 to 400 days late."""
    rng = random.Random(SEED)
    texts = []
    for name in FILES:
        lines = shared(f"dialogues/{name}.jsonl").read_bytes().splitlines()
        texts += [orjson.loads(line)["text"] for line in lines]
    texts = [text.replace("\n", " ") for text in texts]
    texts = rng.sample(texts, MESSAGES)
    late = [rng.randint(1, 400) * DAY if rng.random() < 0.05 else 0 for _ in texts]
    times = [BEGIN + n * (DAY // A_DAY) - back for n, back in enumerate(late)]
    assert 400 < sum(back > 0 for back in late) < 600
    return Corpus(texts, [fold(text) for text in texts], np.array(times, np.int64))


def pieces(texts: Sequence[str], rng: random.Random) -> Iterator[str]:
    """Substrings of 2 to 8 characters, each length as often, without end."""
    for n in range(10**7):
        text, length = rng.choice(texts), 2 + n % 7
        start = rng.randrange(max(1, len(text) - length + 1))
        if len(fold(text[start : start + length])) >= 2:
            yield text[start : start + length]


@pytest.fixture(scope="module")
def queries(corpus: Corpus) -> dict[str, dict[str, frozenset[int]]]:
    """By class: query → the documents that hold it, whenever they come."""
    rng = random.Random(SEED + 1)
    pairs: Counter[str] = Counter()
    for text in corpus.folded:
        pairs.update({text[n : n + 2] for n in range(len(text) - 1)})
    runs = [run for text in corpus.texts for run in re.findall("[0-9A-Za-zＡ-Ｚ０-９]{2,}", text)]
    lines = shared("dialogues/group_lines_zh_tw.jsonl").read_bytes().splitlines()
    taiwan = [fold(orjson.loads(line)["text"]) for line in lines]
    turned = (piece.translate(str.maketrans(TO_TRADITIONAL)) for piece in pieces(corpus.folded, rng))
    script = (one for two in zip(turned, pieces(taiwan, rng), strict=False) for one in two)
    sources = {
        "frequent": (pair for pair, _ in pairs.most_common()),
        "rare": (p for p in pieces(corpus.texts, rng) if len(corpus.holding(p)) <= 4),
        "digits": pieces(runs, rng),
        "script": (p for p in script if fold(p) != p or rng.random() < 0.1),
        "any": pieces(corpus.texts, rng),
    }
    taken: dict[str, dict[str, frozenset[int]]] = {}
    seen: set[str] = set()
    for kind, source in sources.items():
        fresh = (p for p in source if p not in seen and not seen.add(p))
        taken[kind] = {p: corpus.holding(p) for p in islice(fresh, PRESENT[kind])}
    nowhere = (p for q in pieces(corpus.texts, rng) if (p := q[::-1]) not in seen and not seen.add(p))
    taken["absent"] = dict(islice(((p, frozenset()) for p in nowhere if not corpus.holding(p)), ABSENT))
    return taken


@dataclass
class Index:
    """Segments as the database keeps them: numbers, replaced ones, tombstones."""

    corpus: Corpus
    live: dict[int, Segment] = field(default_factory=dict)
    dead: set[int] = field(default_factory=set)
    deposited: int = 0
    number: int = 0
    largest_block: int = 0
    tokens: dict[tuple[str, int], Tokens] = field(default_factory=dict)

    def fetch(self, wanted: Sequence[Wanted]) -> Mapping[Wanted, bytes]:
        return {one: self.live[one.segment].rows[one.row] for one in wanted}

    def keep(self, segment: Segment) -> None:
        self.number += 1
        self.live[self.number] = segment

    def deposit(self, count: int) -> None:
        ids = np.arange(self.deposited, min(self.deposited + count, len(self.corpus.texts)), dtype=np.int64)
        texts = [self.corpus.texts[n] for n in ids.tolist()]
        for segment in build_segments(ids, self.corpus.times[ids], texts, key_of_month):
            self.keep(segment)
        self.deposited = int(ids[-1]) + 1

    def replace(self, numbers: Collection[int]) -> None:
        """One segment without the dead in the place of these."""
        sources = [(n, self.live[n].manifest) for n in numbers]
        size = sum(len(data) for n in numbers for row, data in self.live[n].rows.items() if row >= 0)
        merging = Merging(sources, self.fetch, size=size, dead=lambda ids: self.dead & set(ids.tolist()))
        rows: dict[int, bytes] = {}
        for block in merging.blocks():
            self.largest_block = max(self.largest_block, sum(len(data) for _, data in block))
            rows.update(block)
        for number in numbers:
            del self.live[number]
        if merging.manifest is not None:
            self.keep(Segment(merging.manifest, rows))

    def merge(self, *, settled: bool = False) -> None:
        while True:
            months: dict[int, list[tuple[int, int]]] = {}
            for number, one in self.live.items():
                months.setdefault(one.manifest.month, []).append((number, one.manifest.documents))
            groups = [tiers.next_merge(sizes, settled=settled) for sizes in months.values()]
            if not any(groups):
                return
            for group in filter(None, groups):
                self.replace(group)

    def erase(self, ids: Collection[int]) -> None:
        self.dead |= set(ids)
        holding = [
            number
            for number, one in self.live.items()
            if self.dead & set(documents(number, one.manifest, self.fetch)[0].tolist())
        ]
        for number in holding:
            self.replace([number])

    def search(self, query: str, *, stored: bool = False) -> list[int]:
        """What a reader is shown: candidates whose text matches, in the order in which they come.

        With `stored`, of the segments that PostgreSQL has, by its own list of them and its own rows.
        """
        wanted = fold(query)
        manifests = [(number, one.manifest) for number, one in self.live.items()]
        fetch = self.fetch
        if stored:
            manifests, fetch = segments.live(), segments.fetch
        # A caller who stops soon, and one who wants a page, are led through the segments by different ways.
        enough = (1, 51)[len(query) % 2]
        found = candidates(self._tokens(query), manifests, fetch, enough=enough)
        return [one.document for one in found if wanted in self.corpus.folded[one.document]]

    def _tokens(self, query: str) -> Callable[[int], Tokens]:
        """Tokens by month, each made once: at a later stage they are the same."""
        asked = query_of(query)

        def of_month(month: int) -> Tokens:
            if (query, month) not in self.tokens:
                self.tokens[query, month] = asked.tokens(key_of_month(month))
            return self.tokens[query, month]

        return of_month

    def wrong(
        self, queries: Mapping[str, Mapping[str, frozenset[int]]], *, stored: bool = False
    ) -> list[str]:
        """The queries whose answer is not that of looking through everything, newest first."""
        times = self.corpus.times.tolist()
        bad = []
        for asked in queries.values():
            for query, everywhere in asked.items():
                right = [n for n in everywhere if n < self.deposited and n not in self.dead]
                right.sort(key=lambda n: (times[n], n), reverse=True)
                if self.search(query, stored=stored) != right:
                    bad.append(query)
        return bad


def every(
    nth: int, queries: Mapping[str, Mapping[str, frozenset[int]]]
) -> dict[str, dict[str, frozenset[int]]]:
    """Every n-th query of each class."""
    return {kind: dict(list(asked.items())[::nth]) for kind, asked in queries.items()}


@pytest.mark.usefixtures("db")
def test_every_query_finds_what_reading_everything_finds_at_every_stage_of_merging(
    corpus: Corpus, queries: dict[str, dict[str, frozenset[int]]]
) -> None:
    assert sum(len(asked) for kind, asked in queries.items() if kind != "absent") == 2_000
    assert len(queries["absent"]) == 500
    assert min(len(found) for found in queries["frequent"].values()) > 50
    index, rng = Index(corpus), random.Random(SEED + 2)
    third = len(corpus.texts) // 3

    while index.deposited < third:
        index.deposit(BATCH)
    pieces_before = len(index.live)
    assert index.wrong(queries) == []  # as deposited, in small pieces

    index.merge()
    while index.deposited < 2 * third:
        index.deposit(BATCH)
        index.erase(rng.sample(range(index.deposited), 40))
    assert index.wrong(queries) == []  # merged and fresh pieces side by side, some rewritten

    while index.deposited < len(corpus.texts):
        index.deposit(BATCH)
        index.merge()
    index.erase(rng.sample(range(index.deposited), 400))
    assert index.wrong(queries) == []  # tiers merged as they filled
    segments.write(list(index.live.values()))
    assert len(segments.live()) == len(index.live)
    asked = every(STORED, queries)
    assert sum(map(len, asked.values())) == 836
    assert index.wrong(asked, stored=True) == []  # the same as PostgreSQL has them

    index.merge(settled=True)
    months = [one.manifest.month for one in index.live.values()]
    assert len(months) == len(set(months)) < pieces_before
    assert set(months) == set(month_of(corpus.times).tolist())
    assert index.wrong(queries) == []  # one segment a month
    left = sum(one.manifest.documents for one in index.live.values())
    assert left == len(corpus.texts) - len(index.dead)
