"""Writing a leaving: opening, what both sides say, papers, follow-up and the end."""

from jieli.handover.closing import (
    add_paper,
    close,
    close_noted,
    declare_policy,
    follow_up,
    fulfil_duty,
    issue_certificate,
    record_attempt,
)
from jieli.handover.opening import open_case, open_cases
from jieli.handover.statements import (
    answer_objection,
    answer_promise,
    cannot_hand,
    hand_items,
    list_promises,
    object_to,
    record_payment,
    record_spending,
    state_commission,
    state_settlement,
)

__all__ = [
    "add_paper",
    "answer_objection",
    "answer_promise",
    "cannot_hand",
    "close",
    "close_noted",
    "declare_policy",
    "follow_up",
    "fulfil_duty",
    "hand_items",
    "issue_certificate",
    "list_promises",
    "object_to",
    "open_case",
    "open_cases",
    "record_attempt",
    "record_payment",
    "record_spending",
    "state_commission",
    "state_settlement",
]
