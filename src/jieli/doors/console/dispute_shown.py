"""A dispute in the words of its page: verdict cards with their facts and articles, who can supply what is missing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jieli.evidence import facts
from jieli.evidence.disputes_types import AssessmentRef, DisputeView, Issue
from jieli.law.queries import cite_all
from jieli.law.types import Citation
from jieli.law.verdicts import Certainty, Fact, Missing, ProofState, Verdict
from jieli.ledger import queries as ledger
from jieli.ledger.types import Recorded

#: The code of a verdict in words, and how it is drawn. Green stands only where something is proved.
WORDS = {
    "OWN_COMPANY": "归公司", "OWN_EMPLOYEE": "归员工", "OWN_MIXED": "部分归公司，部分归员工",
    "OWN_UNDETERMINED": "归属未能认定", "RETURN_DUE": "应当交还", "RETURN_NOT_DUE": "不须交还",
    "RETURN_UNDETERMINED": "是否交还未能认定", "DMG_SUPPORTED": "全部有依据", "DMG_PARTIAL": "部分有依据",
    "DMG_DISCRETIONARY": "数额须酌定", "DMG_UNSUPPORTED": "依据不足", "LIABILITY_MAPPED": "责任逐项列明",
}  # fmt: skip
TONES = {
    "OWN_COMPANY": "proved", "OWN_EMPLOYEE": "proved", "OWN_MIXED": "due", "OWN_UNDETERMINED": "due",
    "RETURN_DUE": "proved", "RETURN_NOT_DUE": "proved", "RETURN_UNDETERMINED": "due", "DMG_SUPPORTED": "proved",
    "DMG_PARTIAL": "due", "DMG_DISCRETIONARY": "due", "DMG_UNSUPPORTED": "late", "LIABILITY_MAPPED": "plain",
}  # fmt: skip
#: 归属 is the ground on which the two issues in dispute stand; 责任 follows from them.
HEADINGS = (
    (Issue.OWNERSHIP, "前提　归属"),
    (Issue.RETURN, "焦点一　交还"),
    (Issue.DAMAGES, "焦点二　赔偿"),
    (Issue.LIABILITY, "责任"),
)
PROOF_TONES = {
    ProofState.PROVED: "proved",
    ProofState.ADMITTED: "proved",
    ProofState.CLAIMED: "due",
    ProofState.DISPUTED: "due",
}
MOST_FACTS = 8
_OTHERS = {"relief-amount": "诉讼请求的金额", "relief-basis": "请求权基础", "defence": "抗辩"}


@dataclass(frozen=True)
class ShownFact:
    """A fact as a card or the list of facts shows it: its question, its answer, who states it and how it stands."""

    id: str
    key: str
    label: str
    value: str
    standing: str
    tone: str
    event: str
    entry: int
    exhibits: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class Step:
    """A finding with the articles and facts it rests on, the first of them where they are many."""

    text: str
    facts: tuple[ShownFact, ...]
    more: int
    articles: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """A verdict under its heading; `verdict` None while not assessed."""

    heading: str
    issue: Issue
    verdict: Verdict | None
    word: str
    tone: str
    steps: tuple[Step, ...]
    articles: tuple[Citation, ...]
    supported: str
    assessed_at: int


@dataclass(frozen=True)
class Lacking:
    """What somebody could supply today, over all issues."""

    who: str
    items: tuple[tuple[str, Missing], ...]


def shown_facts(view: DisputeView) -> dict[str, ShownFact]:
    """Every standing fact by id, each with the entry of the book that holds it: one query."""
    ids = [f.id for f in view.facts]
    entries = ledger.first_recorded("evidence_fact", ids) if ids else {}
    numbers = {str(e.id): e.number for e in view.exhibits}
    return {f.id: _fact(f, entries, numbers) for f in view.facts}


def _fact(fact: Fact, entries: Mapping[str, Recorded], numbers: Mapping[str, str]) -> ShownFact:
    known = facts.keys().get(fact.key)
    return ShownFact(
        fact.id, fact.key, known.label if known else fact.key, fact.value,
        facts.standing(fact).replace(",", "，"), PROOF_TONES[fact.proof], fact.event.text() if fact.event else "",
        entries[fact.id].entry if fact.id in entries else 0,
        tuple(numbers[e] for e in fact.exhibits if e in numbers), fact.note,
    )  # fmt: skip


def cards(view: DisputeView, known: Mapping[str, ShownFact]) -> list[Card]:
    """The verdicts in their fixed order; a lost customer is named as what a finding counts."""
    lost = {x.id: _other(x.id, f"{x.customer}，{x.course}") for x in view.losses}
    known = {**lost, **known}
    return [_card(heading, issue, view.assessments.get(issue), known) for issue, heading in HEADINGS]


def _card(
    heading: str, issue: Issue, ref: AssessmentRef | None, known: Mapping[str, ShownFact]
) -> Card:  # fmt: skip
    if ref is None:
        return Card(heading, issue, None, "尚未评析", "plain", (), (), "", 0)
    verdict = ref.verdict
    named = [a for f in verdict.findings for a in f.articles]
    articles = cite_all(dict.fromkeys((*named, *verdict.articles)))
    titles = {c.id: c.title() for c in articles}
    steps = tuple(
        Step(
            f.text, tuple(_named(i, known) for i in f.facts[:MOST_FACTS]), max(0, len(f.facts) - MOST_FACTS),
            tuple(titles[a] for a in f.articles),
        )
        for f in verdict.findings
    )  # fmt: skip
    return Card(
        heading, issue, verdict, WORDS.get(verdict.code, "不足以认定"), tone(verdict), steps,
        articles, ref.supported.text() if ref.supported else "", ref.assessed_at,
    )  # fmt: skip


def tone(verdict: Verdict) -> str:
    """How a verdict is drawn: what is only more likely than not is not drawn as proved."""
    drawn = TONES.get(verdict.code, "due")
    unsure = verdict.certainty in (Certainty.LIKELY, Certainty.MAYBE, Certainty.PRIOR)
    return "plain" if unsure and drawn == "proved" else drawn


def _named(id: str, known: Mapping[str, ShownFact]) -> ShownFact:
    """A fact of a verdict: a statement, or what a relief or defence says; one corrected since is said to be."""
    if id in known:
        return known[id]
    return _other(id, _OTHERS.get(id.partition(":")[0], "此后更正或撤回的陈述"))


def _other(id: str, label: str) -> ShownFact:
    return ShownFact(id, "", label, "", "", "plain", "", 0, (), "")


def lacking(found: Sequence[Card]) -> list[Lacking]:
    """What is missing by who can supply it, in the order of the issues; the same thing once."""
    by: dict[str, dict[str, tuple[str, Missing]]] = {}
    for card in found:
        for missing in card.verdict.missing if card.verdict else ():
            by.setdefault(missing.who or "未写明", {}).setdefault(missing.text, (card.issue.value, missing))
    return [Lacking(who, tuple(items.values())) for who, items in by.items()]


def grouped(found: Iterable[ShownFact]) -> list[tuple[str, list[ShownFact], int]]:
    """Facts by the group of their question in the order of the form, and how many of each are evidenced."""
    order = list(facts.keys())
    groups: dict[str, list[ShownFact]] = {}
    for fact in sorted(found, key=lambda f: order.index(f.key) if f.key in order else len(order)):
        known = facts.keys().get(fact.key)
        groups.setdefault(known.group if known else "其他", []).append(fact)
    return [(name, some, sum(f.tone == "proved" for f in some)) for name, some in groups.items()]


def stale(view: DisputeView) -> bool:
    """Whether something was stated after the newest assessment."""
    judged = max((a.assessed_at for a in view.assessments.values()), default=0)
    return bool(judged) and any((f.recorded or 0) > judged for f in view.facts)
