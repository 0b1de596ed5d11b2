"""The tables of the evidence room: packages that leave the house, and disputes with what was stated in them."""

from jieli.evidence.models.dispute import (
    AmountStated,
    AssessmentRow,
    DefenceRow,
    Dispute,
    Exhibit,
    FactRow,
    LostCustomer,
    OutcomeRow,
    Relief,
)
from jieli.evidence.models.package import PackageRecord
from jieli.evidence.models.settlement import FollowUp, Settlement, Term

__all__ = [
    "AmountStated",
    "AssessmentRow",
    "DefenceRow",
    "Dispute",
    "Exhibit",
    "FactRow",
    "FollowUp",
    "LostCustomer",
    "OutcomeRow",
    "PackageRecord",
    "Relief",
    "Settlement",
    "Term",
]
