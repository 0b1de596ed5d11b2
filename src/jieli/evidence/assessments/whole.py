"""All issues of a dispute at once, in their fixed order: 归属, 焦点一 交还, 焦点二 赔偿, 责任 (R0.16)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from jieli.evidence.assessments import damages, liability, ownership, return_duty
from jieli.evidence.assessments.amounts import Amount
from jieli.evidence.assessments.liability import LiabilityMap
from jieli.evidence.assessments.losses import HeadSum, LossRow
from jieli.evidence.assessments.rulebook import names, rulebook
from jieli.evidence.assessments.view import screen
from jieli.law.verdicts import Fact, Verdict

#: The two issues in dispute, with the headings of the report, always both and in this order.
FOCI = (("交还", "焦点一 交还"), ("赔偿", "焦点二 赔偿"))
ISSUES = ("归属", "交还", "赔偿", "责任")


@dataclass(frozen=True, slots=True)
class Whole:
    """Every verdict of a dispute. `set_aside` are facts that rested on quarantined exhibits alone."""

    ownership: Verdict
    return_duty: Verdict
    damages: Verdict
    liability: LiabilityMap
    supported: Amount
    heads: tuple[HeadSum, ...]
    set_aside: tuple[str, ...]

    def verdicts(self) -> dict[str, Verdict]:
        """The four verdicts by issue, in order."""
        found = (self.ownership, self.return_duty, self.damages, self.liability.verdict)
        return dict(zip(ISSUES, found, strict=True))


def assess(facts: Sequence[Fact], rows: Sequence[LossRow] = (), quarantined: Collection[str] = ()) -> Whole:
    """Judge everything that can be judged; 交还 leans on 归属, 赔偿 and 责任 on 交还, never the other way."""
    usable, aside = screen(facts, quarantined)
    owned = ownership.assess(usable)
    owed = return_duty.assess(usable, owned)
    found = damages.assess(usable, owed, rows, quarantined)
    return Whole(
        ownership=owned,
        return_duty=owed,
        damages=found.verdict,
        liability=liability.assess(usable, owed, found.verdict),
        supported=found.supported,
        heads=found.heads,
        set_aside=aside,
    )


def rules_version() -> str:
    """The versions of all rules in one word, kept with every assessment: a change of any one shows."""
    return " ".join(f"{name}@{rulebook(name).version}" for name in names())
