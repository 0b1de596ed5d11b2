"""The words of every judgment of the house: Fact, Finding, Verdict (P10). Values only; nothing is judged here.

An amount or a day inside a fact's `value` is text as it was stated, its qualifier kept (近17万 stays 近17万).
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

#: Printed with every verdict, on screen and on paper.
NOT_LEGAL_ADVICE = "非法律意见"


class StatedBy(StrEnum):
    """Who stated a fact."""

    COMPANY = "公司"
    STAFF = "员工"
    THIRD = "第三方"
    DOCUMENT = "书证"


class ProofState(StrEnum):
    """How a fact stands proved; only the middle two count as evidenced."""

    CLAIMED = "自称"
    ADMITTED = "对方认可"
    PROVED = "已证"
    DISPUTED = "争议"


class Certainty(StrEnum):
    """How far a verdict goes; there is no score behind it."""

    MUST = "必须"
    SHOULD = "应当"
    LIKELY = "更可能"
    MAYBE = "可能"
    PRIOR = "优先"
    OPEN = "不足以认定"


class Precision(StrEnum):
    """How exactly a time is known."""

    DAY = "日"
    MONTH = "月"
    YEAR = "年"


@dataclass(frozen=True, slots=True)
class Period:
    """When something was, as exactly as it was stated: `first` and `last` are days, both inside.

    ValueError when the last lies before the first.
    """

    first: date
    last: date
    precision: Precision

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a period ends before it begins")

    @classmethod
    def of_day(cls, day: date) -> "Period":
        return cls(day, day, Precision.DAY)

    @classmethod
    def of_month(cls, year: int, month: int) -> "Period":
        return cls(date(year, month, 1), date(year, month, monthrange(year, month)[1]), Precision.MONTH)

    @classmethod
    def of_year(cls, year: int) -> "Period":
        return cls(date(year, 1, 1), date(year, 12, 31), Precision.YEAR)

    def text(self) -> str:
        """As it is printed, never more exact than it was stated: 2026-11-20, 2026-11, 2026, or 2024至2026."""
        length = {Precision.DAY: 10, Precision.MONTH: 7, Precision.YEAR: 4}[self.precision]
        first, last = self.first.isoformat()[:length], self.last.isoformat()[:length]
        return first if first == last else f"{first}至{last}"


@dataclass(frozen=True, slots=True)
class Fact:
    """What was stated, by whom, how it stands proved, when it was and when it was recorded (ledger index's time, ms).

    `id` names the fact inside one assessment, `key` what it is about (a rule looks it up by that), `value` what was
    stated; `exhibits` are ids of papers or items.
    """

    id: str
    key: str
    value: str
    stated_by: StatedBy
    proof: ProofState
    event: Period | None = None
    recorded: int | None = None
    exhibits: tuple[str, ...] = ()
    note: str = ""

    @property
    def evidenced(self) -> bool:
        """Whether a rule may rest on it as more than a claim."""
        return self.proof in (ProofState.ADMITTED, ProofState.PROVED)


@dataclass(frozen=True, slots=True)
class Finding:
    """One step of a verdict: its stable code, one sentence, the ids of the facts and articles it rests on."""

    code: str
    text: str
    facts: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """What is not there and would change the verdict, and who can supply it."""

    code: str
    text: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one issue, findings in the order in which they were reached: same facts, same verdict.

    `articles` are statute ids, cited by `law.queries.cite`. An unknown is an open point, never a no.
    """

    issue: str
    code: str
    certainty: Certainty
    text: str
    findings: tuple[Finding, ...]
    articles: tuple[str, ...]
    missing: tuple[Missing, ...] = ()
    open_points: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
