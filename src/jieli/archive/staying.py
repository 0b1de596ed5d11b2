"""Which papers of a person stay after he was erased, until when, and under which article (ADR 26, ADR 28)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from jieli.archive import records, retention
from jieli.archive.types_retention import KeptPaper, RetentionClass
from jieli.kernel.times import local_day
from jieli.law import queries as law
from jieli.papers import queries as papers

#: What nobody filed under a purpose waits for a person; what nothing keeps goes with the next plan.
UNFILED = "没有登记用途，须由人核对后登记"
OVER = "期限已满，随下一个销毁计划"


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
    version, classes = retention.policy()
    reasons: dict[UUID, list[KeptPaper]] = {key: [] for key in ids}
    for one in records.kept_papers(ids, policy=version, today=local_day(at)):
        reasons[one.paper].append(one)
    refs, known = papers.papers(ids), {c.code: c for c in classes}
    found = [
        Staying(key, refs[key].kind, refs[key].number, _until(why), _ground(why, known))
        for key, why in reasons.items()
    ]
    return sorted(found, key=lambda s: (s.until is None, s.until or date.max, s.kind, str(s.paper)))


def _until(why: Sequence[KeptPaper]) -> date | None:
    """The last day of the longest period; None where any reason has no day."""
    days = [one.until for one in why]
    return max(day for day in days if day is not None) if days and None not in days else None


def _ground(why: Sequence[KeptPaper], known: Mapping[str, RetentionClass]) -> str:
    return "；".join(dict.fromkeys(_said(one, known) for one in why)) or OVER


def _said(one: KeptPaper, known: Mapping[str, RetentionClass]) -> str:
    match one.kind:
        case "期限":
            return f"{class_words(known[one.code or ''])}，保存到 {one.until:%Y-%m-%d}"
        case "未结" if one.code is not None:
            return f"{class_words(known[one.code])}，{one.what} 尚未了结"
        case "未结":
            return str(one.what)
        case "未登记":
            return UNFILED
        case _:
            return f"保全（{one.kind}）：{one.what}"


def class_words(one: RetentionClass) -> str:
    """A class with its articles, as a paper cites them."""
    cited = "、".join(f"《{c.law}》{c.article}" for c in law.cite_all(one.articles))
    return f"{one.name}（{cited}）"


#: Of which class the rows of a room are that name somebody beside its papers.
_CLASS_OF = {
    "consent": "consent", "evidence": "dispute", "handover": "handover", "succession": "handover", "assets": "handover",
    "duties": "handover", "matters": "handover", "approvals": "handover", "reading": "opening",
}  # fmt: skip


def ground_of_table(table: str) -> str:
    """Under which class, and so which articles, rows of a table of another room are kept; "" where none is told."""
    if table.startswith("papers_"):
        return "随所在的文书"
    code = _CLASS_OF.get(table.partition("_")[0])
    known = {c.code: c for c in retention.policy()[1]}
    return class_words(known[code]) if code is not None else ""
