"""The loss, customer by customer: what a row must say to be counted, and the sums in fen (R0.13, R0.26, R0.28)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from jieli.evidence.assessments.amounts import Amount, parse, weakest
from jieli.evidence.assessments.rulebook import rulebook
from jieli.evidence.assessments.view import FactView
from jieli.evidence.errors import BadLoss, DoubleCounting
from jieli.law.verdicts import Fact, Missing, Period, ProofState
from jieli.parties.types import Qualifier


class Head(StrEnum):
    """The two heads of R0.28."""

    UNCONVERTED = "H1"
    UNKEPT = "H2"


@dataclass(frozen=True, slots=True)
class LossRow:
    """One customer and one course that were lost: when, how often he was tried to be reached, what shows his conduct.

    `fen` is the proved fall of income of a row of H2; a row of H1 is reckoned from rate and price.
    """

    id: str
    head: Head
    customer: str
    course: str
    lost: Period | None = None
    attempts: int = 0
    exhibits: tuple[str, ...] = ()
    fen: int | None = None

    def counted(self, quarantined: Collection[str]) -> bool:
        """Whether it says enough, and by a lawful exhibit."""
        lawful = any(e not in quarantined for e in self.exhibits)
        return (
            self.lost is not None
            and self.attempts > 0
            and lawful
            and (self.head is Head.UNCONVERTED or bool(self.fen))
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """The evidenced data of E2 and the deductions; None where not evidenced.

    Where evidence disagrees, the figure least favourable to the claimant is taken: nothing is claimed too much.
    """

    rate: Fact | None
    price: Fact | None
    cost: Fact | None
    avoidable: Fact | None
    own_fault: Fact | None
    foreseeable: Fact | None


@dataclass(frozen=True, slots=True)
class HeadSum:
    """What one head comes to, costs taken off."""

    head: Head
    rows: int
    amount: Amount


def check_no_double(rows: Sequence[LossRow]) -> None:
    """DoubleCounting (evidence.double_counted) where a customer and a course stand twice, under any head."""
    seen: set[tuple[str, str]] = set()
    for row in rows:
        pair = (row.customer, row.course)
        if pair in seen:
            raise DoubleCounting(
                "同一客户的同一课程重复计入损失。", remedy="请在“未转化”与“维护中断”中只保留一项。"
            )
        seen.add(pair)


def counted(rows: Sequence[LossRow], found: "Figures", quarantined: Collection[str]) -> list[LossRow]:
    """The rows that say enough, by id. Beside proved falls of income, a row without rate and price is set aside.

    So a further row never takes away what another one proves.
    """
    kept = sorted((r for r in rows if r.counted(quarantined)), key=lambda r: r.id)
    reckonable = found.rate is not None and found.price is not None
    if reckonable or all(r.head is Head.UNCONVERTED for r in kept):
        return kept
    return [r for r in kept if r.head is Head.UNKEPT]


def figures(view: FactView) -> Figures:
    """The figures that are evidenced, with a source where one is needed."""
    rates = [f for f in view.evidenced("loss.conversion") if f.event is not None and _sourced(f)]
    return Figures(
        rate=min(rates, key=lambda f: (ratio(f), f.id), default=None),
        price=min(
            (f for f in view.evidenced("loss.unit_price") if _sourced(f)),
            key=lambda f: (parse(f.value).fen, f.id),
            default=None,
        ),
        cost=_highest(view, "loss.cost_share"),
        avoidable=_highest(view, "loss.avoidable_share"),
        own_fault=_highest(view, "loss.own_fault_share"),
        foreseeable=min(
            view.evidenced("loss.foreseeable"), key=lambda f: (parse(f.value).fen, f.id), default=None
        ),
    )


def _sourced(fact: Fact) -> bool:
    """A figure needs its voucher, unless the other side admits it."""
    return bool(fact.exhibits) or fact.proof is ProofState.ADMITTED


def _highest(view: FactView, key: str) -> Fact | None:
    return max(view.evidenced(key), key=lambda f: (share(f), f.id), default=None)


def ratio(fact: Fact) -> Fraction:
    """180/1500 as a fraction, never more than one."""
    part, _, whole = fact.value.partition("/")
    return min(Fraction(1), Fraction(int(part), int(whole)))


def share(fact: Fact | None) -> Fraction:
    """30 (percent) as a fraction; nothing is no deduction."""
    return Fraction(fact.value) / 100 if fact else Fraction(0)


def reckon(rows: Sequence[LossRow], found: Figures) -> list[HeadSum]:
    """Both heads after costs, each rounded down to the fen; rows must be such as are counted."""
    net = 1 - share(found.cost)
    sums: list[HeadSum] = []
    lost = [r for r in rows if r.head is Head.UNCONVERTED]
    if lost and found.rate and found.price:
        price = parse(found.price.value)
        gross = len(lost) * ratio(found.rate) * price.fen * net
        sums.append(HeadSum(Head.UNCONVERTED, len(lost), Amount(int(gross), price.qualifier)))
    unkept = [r for r in rows if r.head is Head.UNKEPT]
    if unkept:
        gross = sum(r.fen or 0 for r in unkept) * net
        sums.append(HeadSum(Head.UNKEPT, len(unkept), Amount(int(gross))))
    return sums


def cut(sums: Sequence[HeadSum], found: Figures, *, contract: bool) -> Amount:
    """What remains after mitigation (CC-591), own fault (CC-592/1173) and, in contract, foreseeability (CC-584)."""
    left = Fraction(sum(s.amount.fen for s in sums))
    left *= (1 - share(found.avoidable)) * (1 - share(found.own_fault))
    qualifier: Qualifier = weakest(s.amount for s in sums)
    if contract and found.foreseeable:
        cap = parse(found.foreseeable.value)
        if cap.fen < left:
            return Amount(cap.fen, cap.qualifier)
    return Amount(int(left), qualifier)


@dataclass(frozen=True, slots=True)
class LossForm:
    """The form of a loss: 投入 → 客户名单 → 失联 → 未转化课程 → 金额. `vouchers` are exhibits of the investment."""

    text: str
    vouchers: tuple[str, ...] = ()
    rows: tuple[LossRow, ...] = ()
    claim: Amount | None = None


def check_form(form: LossForm) -> tuple[Missing, ...]:
    """What keeps the form from being complete; empty when it is.

    Adjectives are no numbers: BadLoss (evidence.bad_loss) where the text says 大量, 重大 … and no customer is listed.
    """
    book = rulebook("loss_form")
    said = [w for w in book.data["refused"] if w in form.text]
    if said and not form.rows:
        raise BadLoss(
            f"损失说明只写了“{'、'.join(said)}”，没有列出一名客户。",
            remedy="请逐个列出客户、失联时间、联系尝试和课程。",
        )
    check_no_double(form.rows)
    lacking = {
        "VOUCHERS": not form.vouchers,
        "ROWS": not form.rows,
        "LOST": any(r.lost is None or r.attempts < 1 for r in form.rows),
        "COURSE": any(not r.course.strip() for r in form.rows),
        "AMOUNT": form.claim is None,
    }
    return tuple(book.missing(code) for code, yes in lacking.items() if yes)
