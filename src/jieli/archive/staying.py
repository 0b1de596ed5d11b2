"""Which papers and cases of a person stay after he was erased, until when, and why (ADR 26, ADR 28, ADR 30)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from jieli.archive import cases, records, retention
from jieli.archive.case_words import GOES
from jieli.archive.erasing import Named
from jieli.archive.types_retention import KeptPaper, RetentionClass
from jieli.kernel.times import local_day
from jieli.law import queries as law
from jieli.matters import queries as matters
from jieli.papers import queries as papers

#: What nobody filed under a purpose waits for a person; what nothing keeps goes with the next plan.
UNFILED = "没有登记用途，须由人核对后登记"
OVER = "期限已满，随下一个销毁计划"
#: Rows that are still no case: a duty that waits, a device; and tables that no plan reaches (`word_ways` says why).
NO_CLASS = "还不属于可以到期的案或登记"
NO_PLAN = "登记行，没有销毁计划"


@dataclass(frozen=True, slots=True)
class Staying:
    """A paper that stays: its kind and number as the register has them, the last day where there is one, and why.

    `until` is None while something is open, a hold stands, or nobody filed it; `ground` says so in a sentence.
    """

    paper: UUID
    kind: str
    number: str
    until: date | None
    ground: str


def papers_of(person: UUID, *, at: int) -> list[Staying]:
    """Every paper that concerns somebody and is not destroyed, in the order of its last day, open ones last."""
    ids = records.papers_of(person)
    refs = papers.papers(ids)
    reasons, known = _reasons(records.kept_papers, ids, at=at)
    found = [
        Staying(key, refs[key].kind, refs[key].number, _until(why), _ground(why, known))
        for key, why in reasons.items()
    ]
    return sorted(found, key=lambda s: (s.until is None, s.until or date.max, s.kind, str(s.paper)))


def _until(why: Sequence[KeptPaper]) -> date | None:
    """The last day of the longest period; None where any reason has no day."""
    days = [one.until for one in why]
    return max(day for day in days if day is not None) if days and None not in days else None


def _ground(why: Sequence[KeptPaper], known: Mapping[str, RetentionClass], *, unfiled: str = UNFILED) -> str:
    return "；".join(dict.fromkeys(_said(one, known, unfiled) for one in why)) or OVER


def _said(one: KeptPaper, known: Mapping[str, RetentionClass], unfiled: str) -> str:
    match one.kind:
        case "期限":
            return f"{class_words(known[one.code or ''])}，保存到 {one.until:%Y-%m-%d}"
        case "未结" if one.code is not None:
            return f"{class_words(known[one.code])}，{one.what} 尚未了结"
        case "未结":
            return str(one.what)
        case "未登记":
            return unfiled
        case _:
            return f"保全（{one.kind}）：{one.what}"


def class_words(one: RetentionClass) -> str:
    """A class with its articles, as a paper cites them."""
    cited = "、".join(f"《{c.law}》{c.article}" for c in law.cite_all(one.articles))
    return f"{one.name}（{cited}）"


@dataclass(frozen=True, slots=True)
class Words:
    """Words in rows that stay: whose (a table, or a case with its number), in how many rows, until when, and why.

    `until` is None where no day can be told: something is open, a hold stands, no plan reaches them, or they are over.
    """

    where: str
    rows: int
    until: date | None
    ground: str


def cases_of(person: UUID, *, at: int) -> list[Words]:
    """Every case that concerns somebody and is not emptied, in the order of its last day, open ones last."""
    ids = cases.of_person(person)
    numbers = matters.matters(ids)
    reasons, known = _reasons(cases.kept, ids, at=at)
    found = [
        Words(
            f"事项 {numbers[key].number}" if key in numbers else "同意登记", len(cases.rows([key])),
            _until(reasons[key]), _ground(reasons[key], known, unfiled=NO_CLASS),
        )
        for key in ids
    ]  # fmt: skip
    return sorted(found, key=lambda w: (w.until is None, w.until or date.max, w.where))


def where_named(named: Sequence[Named], *, at: int) -> list[Words]:
    """What becomes of the words that still name an erased person, table by table."""
    known = {c.code: c for c in retention.policy()[1]}
    return [_of_table(one, known, at=at) for one in named]


def _of_table(one: Named, known: Mapping[str, RetentionClass], *, at: int) -> Words:
    if one.table.startswith("papers_"):
        return Words(one.table, one.rows, None, "随所在的文书")
    if one.table == known["opening"].table:
        return Words(one.table, one.rows, None, class_words(known["opening"]))
    if one.table not in GOES:
        return Words(one.table, one.rows, None, NO_PLAN)
    reasons, classes = _reasons(cases.kept, cases.of_rows(one.ids), at=at)
    every = [reason for some in reasons.values() for reason in some]
    return Words(
        one.table, one.rows, _until(every), _ground(every, classes, unfiled=NO_CLASS) if reasons else NO_CLASS
    )


class _Kept(Protocol):
    """Who says what keeps papers, or cases."""

    def __call__(self, ids: Sequence[UUID], /, *, policy: int, today: date) -> Sequence[KeptPaper]: ...


def _reasons(
    kept: _Kept, ids: Sequence[UUID], *, at: int
) -> tuple[dict[UUID, list[KeptPaper]], Mapping[str, RetentionClass]]:
    """What keeps each of these papers or cases under the policy in force, and its classes."""
    version, classes = retention.policy()
    reasons: dict[UUID, list[KeptPaper]] = {key: [] for key in ids}
    for one in kept(ids, policy=version, today=local_day(at)):
        reasons[one.paper].append(one)
    return reasons, {c.code: c for c in classes}
