"""A company's 账号管理制度: four chapters, lawful procedure, version and day (R0.46)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jieli.evidence.assessments.rulebook import articles, rulebook
from jieli.evidence.assessments.view import Answer, FactView
from jieli.law.verdicts import Certainty, Fact, Finding, Missing, Verdict

OK, INCOMPLETE = "RULES_OK", "RULES_INCOMPLETE"


@dataclass(frozen=True, slots=True)
class AccountRules:
    """The rules as handed in: the titles of their chapters, version and first day."""

    chapters: tuple[str, ...]
    version: str = ""
    effective_from: date | None = None


def check(rules: AccountRules, facts: Sequence[Fact] = ()) -> Verdict:
    """What the rules lack: a chapter by name, the procedure, version or day."""
    book, view = rulebook("account_rules"), FactView(facts)
    findings: list[Finding] = []
    missing: list[Missing] = []
    for row in book.data["chapters"]:
        there = any(word in title for title in rules.chapters for word in row["words"])
        state = "FOUND" if there else "ABSENT"
        findings.append(book.finding(f"{row['code']}.{state}", (), f"CHAPTER.{state}", name=row["name"]))
        if not there:
            missing.append(book.missing(row["code"]))
    for code, name in (("DEMOCRATIC", "rules.democratic"), ("PUBLISHED", "rules.published")):
        asked = view.ask(name)
        state = asked.answer.value if asked.answer in (Answer.YES, Answer.NO) else "OPEN"
        findings.append(book.finding(f"{code}.{state}", asked.facts))
        if state != "YES":
            missing.append(book.missing(code))
    if not rules.version.strip():
        missing.append(book.missing("VERSION"))
    if rules.effective_from is None:
        missing.append(book.missing("EFFECTIVE"))
    elif rules.version.strip():
        day = rules.effective_from.isoformat()
        findings.append(book.finding("VERSION", version=rules.version, day=day))
    code = INCOMPLETE if missing else OK
    return Verdict(
        issue=book.data["issue"],
        code=code,
        certainty=Certainty.SHOULD,
        text=book.text(code),
        findings=tuple(findings),
        articles=articles(book.data["articles"], findings=findings),
        missing=tuple(missing),
    )
