"""The four heads under which a refusal may be answered for, their elements, and where they overlap (R0.44)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jieli.evidence.assessments.amounts import ZERO, Amount
from jieli.evidence.assessments.return_duty import bound
from jieli.evidence.assessments.rulebook import Rulebook, articles, rulebook
from jieli.evidence.assessments.view import Answer, Asked, FactView
from jieli.law.verdicts import Certainty, Fact, Finding, Verdict

#: The key in the rules that stands for element E1 of damages.
_HARM = "@E1"


@dataclass(frozen=True, slots=True)
class Element:
    """One thing that must be proved; OPEN is not NO."""

    code: str
    name: str
    answer: Answer
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeadOfLiability:
    """One ground of liability with its elements in order."""

    code: str
    name: str
    elements: tuple[Element, ...]
    articles: tuple[str, ...]

    @property
    def made_out(self) -> bool:
        return all(e.answer is Answer.YES for e in self.elements)


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two heads may be claimed for together, by their codes."""

    pair: tuple[str, str]
    rule: str
    text: str
    articles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LiabilityMap:
    """All four heads, all six overlaps, and the verdict that says so."""

    heads: tuple[HeadOfLiability, ...]
    overlaps: tuple[Overlap, ...]
    election: str
    verdict: Verdict


def assess(facts: Sequence[Fact], owed: Verdict, damaged: Verdict) -> LiabilityMap:
    """The map of liability; heads, elements and overlaps in the order of the rules.

    Not handing back is a breach only where it was due (`owed`); else it says nothing. Loss and cause stand as the
    verdict on damages (`damaged`) found them, so that the two never disagree.
    """
    book, view = rulebook("liability"), FactView(facts)
    harm = _harm(damaged)
    heads = tuple(_head(view, row, bound(owed), harm) for row in book.data["heads"])
    overlaps = tuple(
        Overlap((o["pair"][0], o["pair"][1]), o["rule"], o["text"], tuple(o["articles"]))
        for o in book.data["overlaps"]
    )
    election = view.chosen("claim.basis")
    findings = [f for head in heads for f in _said(book, head)]
    if election:
        findings.append(book.finding("ELECTION", view.ids("claim.basis"), basis=f"已选择{election}"))
    else:
        findings.append(book.finding("ELECTION.OPEN", view.ids("claim.basis")))
    code = "LIABILITY_MAPPED"
    verdict = Verdict(
        issue=book.data["issue"],
        code=code,
        certainty=Certainty.MAYBE if any(h.made_out for h in heads) else Certainty.OPEN,
        text=book.text(code, count=sum(h.made_out for h in heads)),
        findings=tuple(findings),
        articles=articles(*(h.articles for h in heads), *(o.articles for o in overlaps), findings=findings),
        missing=() if election else (book.missing("ELECTION"),),
        notes=tuple(f"{o.rule}：{o.text}" for o in overlaps),
    )
    return LiabilityMap(heads, overlaps, election, verdict)


def _head(view: FactView, row: Mapping[str, object], owed: bool, harm: Asked) -> HeadOfLiability:
    elements: list[Mapping[str, object]] = row["elements"]  # type: ignore[assignment]
    return HeadOfLiability(
        code=str(row["code"]),
        name=str(row["name"]),
        elements=tuple(_element(view, e, owed, harm) for e in elements),
        articles=tuple(row["articles"]),  # type: ignore[arg-type]
    )


def _element(view: FactView, row: Mapping[str, object], owed: bool, harm: Asked) -> Element:
    """Met by one of its keys, `key:否` by a no. A key with a word after it counts only where return was due."""
    answers: list[Answer] = []
    facts: list[str] = []
    keys: list[str] = row["keys"]  # type: ignore[assignment]
    for name in keys:
        key, _, wanted = name.partition(":")
        asked = harm if key == _HARM else view.ask(key)
        facts += asked.facts
        answer = _turned(asked.answer) if wanted == "否" else asked.answer
        answers.append(Answer.OPEN if wanted and not owed else answer)
    refuted = all(a is Answer.NO for a in answers)
    answer = Answer.YES if Answer.YES in answers else Answer.NO if refuted else Answer.OPEN
    return Element(str(row["code"]), str(row["name"]), answer, tuple(facts))


def _harm(damaged: Verdict) -> Asked:
    """Element E1 as the verdict on damages has it."""
    answers = {"E1.MET": Answer.YES, "E1.NO": Answer.NO, "E1.OPEN": Answer.OPEN}
    found = next((f for f in damaged.findings if f.code in answers), None)
    return Asked(_HARM, answers[found.code], found.facts) if found else Asked(_HARM, Answer.OPEN, ())


def _turned(answer: Answer) -> Answer:
    return {Answer.YES: Answer.NO, Answer.NO: Answer.YES}.get(answer, answer)


def _said(book: Rulebook, head: HeadOfLiability) -> list[Finding]:
    met = sum(e.answer is Answer.YES for e in head.elements)
    whole = len(head.elements)
    found = [book.finding(f"{head.code}.{met}OF{whole}", (), "HEAD", name=head.name, met=met, all=whole)]
    for e in head.elements:
        code = f"{head.code}.{e.code}.{e.answer}"
        found.append(book.finding(code, e.facts, f"ELEMENT.{e.answer}", name=e.name))
    return found


def recoverable(found: LiabilityMap, sums: Mapping[str, Amount]) -> Amount:
    """The most that can be got: the greatest of the sums of heads made out, never their total.

    Of 违约 and 侵权 only the elected one counts, and neither while none is elected (CC-186).
    """
    elected = {"违约": "BREACH", "侵权": "TORT"}.get(found.election)
    shut_out = {"BREACH", "TORT"} - {elected}
    open_heads = [h.code for h in found.heads if h.made_out and h.code not in shut_out]
    return max((sums[c] for c in open_heads if c in sums), key=lambda a: a.fen, default=ZERO)
