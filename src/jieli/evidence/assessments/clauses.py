"""Clauses of contracts and handbooks: K1–K3 about customers (R2.13), and a fixed share of the price as penalty
(R3.22, R3.23), which is void for 劳动 and reducible for everybody else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from jieli.evidence.assessments.amounts import ZERO, Amount, parse, total
from jieli.evidence.assessments.rulebook import Rulebook, articles, rulebook
from jieli.evidence.assessments.view import Answer, FactView
from jieli.evidence.facts import key
from jieli.law.verdicts import Certainty, Fact, Finding, Missing, Verdict

OK, INCOMPLETE, RISK, VOID = "CLAUSE_OK", "CLAUSE_INCOMPLETE", "CLAUSE_RISK", "CLAUSE_VOID"
_CERTAINTY = {
    OK: Certainty.LIKELY,
    INCOMPLETE: Certainty.SHOULD,
    RISK: Certainty.MAYBE,
    VOID: Certainty.LIKELY,
}
_LABOUR = "劳动"


def check_customer_clauses(text: str, facts: Sequence[Fact] = ()) -> Verdict:
    """K1 and K2 must stand there; a K3 that reaches beyond the last day is a non-compete and must meet its terms.

    The text is read for words, sentence by sentence; what a sentence means stays with counsel.
    """
    book, view = rulebook("clauses"), FactView(facts)
    found = {row["code"]: _sentence(text, row["all"], row["any"]) for row in book.data["k"]}
    findings: list[Finding] = []
    missing: list[Missing] = []
    for row in book.data["k"]:
        state = "FOUND" if found[row["code"]] else "ABSENT"
        findings.append(book.finding(f"{row['code']}.{state}", (), f"K.{state}", name=row["name"]))
        if not found[row["code"]] and row["code"] in book.data["required"]:
            missing.append(book.missing(row["code"]))
    risk = False
    if found["K3"]:
        said, lacking = _beyond(book, view, found["K3"])
        findings += said
        missing += lacking
        risk = bool(lacking) or said[0].code == "K3.DURING"
    code = RISK if risk else INCOMPLETE if missing else OK
    return _verdict(book, code, findings, missing)


def _sentence(text: str, wanted: Sequence[str], one_of: Sequence[str]) -> str:
    """The first sentence with all the words and one of the others; empty where there is none."""
    for sentence in text.replace("；", "。").replace(";", "。").replace("\n", "。").split("。"):
        if all(w in sentence for w in wanted) and any(w in sentence for w in one_of):
            return sentence
    return ""


def _beyond(book: Rulebook, view: FactView, sentence: str) -> tuple[list[Finding], list[Missing]]:
    """Whether K3 reaches past the last day, and which terms of a non-compete it lacks."""
    after = view.ask("clause.post_employment")
    reaches = after.yes or any(w in sentence for w in book.data["after_words"])
    if after.no and not any(w in sentence for w in book.data["after_words"]):
        return [book.finding("K3.ONLY_DURING", after.facts)], []
    findings = [book.finding("K3.AFTER" if reaches else "K3.DURING", after.facts)]
    missing: list[Missing] = []
    for need in book.data["k3_needs"]:
        asked = view.ask(need["key"])
        state = asked.answer.value if asked.answer in (Answer.YES, Answer.NO) else "OPEN"
        name = key(need["key"]).label
        findings.append(
            book.finding(f"K3.{need['code']}.{state}", asked.facts, f"K3.NEEDS.{state}", name=name)
        )
        if state != "YES":
            missing.append(book.missing(need["code"]))
    return findings, missing


@dataclass(frozen=True, slots=True)
class Penalty:
    """A clause that asks for a fixed percentage of the price, and what is claimed under it."""

    percent: int
    claim: Amount | None = None
    proved_loss: Amount = ZERO

    def base(self) -> Amount | None:
        """The price that the claim implies, as inexact as the claim itself."""
        if self.claim is None or not self.percent:
            return None
        return Amount(int(Fraction(self.claim.fen * 100, self.percent)), self.claim.qualifier)


def check_penalty(penalty: Penalty, facts: Sequence[Fact] = ()) -> Verdict:
    """A fixed share of the price: CLAUSE_VOID for 劳动, CLAUSE_RISK(可请求酌减) for everybody else.

    ValueError unless the percentage lies between 1 and 100.
    """
    if not 1 <= penalty.percent <= 100:
        raise ValueError("a percentage lies between 1 and 100")
    book, view = rulebook("clauses"), FactView(facts)
    kind = view.settled("engagement.kind")
    basis = "PENALTY.LABOUR" if kind == _LABOUR else "PENALTY.SERVICE" if kind else "PENALTY.OTHER"
    findings = [book.finding(basis, view.ids("engagement.kind")), book.finding("PENALTY.FORM")]
    missing: list[Missing] = []
    for code, name in (("M1", "clause.costs_deducted"), ("M2", "clause.customers_lost")):
        asked = view.ask(name)
        state = asked.answer.value if asked.answer in (Answer.YES, Answer.NO) else "OPEN"
        findings.append(book.finding(f"{code}.{state}", asked.facts))
        if state != "YES":
            missing.append(book.missing(code))
    said, lacking = _base(book, view, penalty)
    findings += said
    return _verdict(book, VOID if kind == _LABOUR else RISK, findings, missing + lacking)


def _base(book: Rulebook, view: FactView, penalty: Penalty) -> tuple[list[Finding], list[Missing]]:
    """The base that the claim implies against the deals that are proved (R3.23)."""
    base = penalty.base()
    if base is None or penalty.claim is None:
        return [], []
    said = [book.finding("BASE", claim=penalty.claim.text(), percent=penalty.percent, base=base.text())]
    deals = view.evidenced("clause.deal_amount")
    proved = total(parse(f.value) for f in deals)
    if not deals:
        said.append(book.finding("BASE.NONE", base=_plain(base)))
    else:
        state = "MET" if proved.fen >= base.fen else "SHORT"
        words = {"proved": proved.text(), "base": base.text()}
        said.append(book.finding(f"BASE.{state}", [f.id for f in deals], **words))
    over = penalty.claim.fen * 10 > penalty.proved_loss.fen * 13
    if over and view.settled("engagement.kind") not in ("", _LABOUR):
        words = {"due": penalty.claim.text(), "proved": penalty.proved_loss.text()}
        said.append(book.finding("PENALTY.EXCESS", **words))
    return said, [] if proved.fen >= base.fen else [book.missing("DEALS")]


def _plain(amount: Amount) -> str:
    """35万 rather than 35万元(约数), as the sentence of R3.23 has it."""
    return Amount(amount.fen).text().removesuffix("元")


def _verdict(book: Rulebook, code: str, findings: Sequence[Finding], missing: Sequence[Missing]) -> Verdict:
    return Verdict(
        issue=book.data["issue"],
        code=code,
        certainty=_CERTAINTY[code],
        text=book.text(code),
        findings=tuple(findings),
        articles=articles(findings=findings),
        missing=tuple(missing),
    )
