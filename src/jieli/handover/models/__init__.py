"""Tables of the handover room: the case and what is said in it, and the things that come back."""

from jieli.handover.models.case import (
    Attempt,
    Case,
    CasePaper,
    Commission,
    DataRow,
    FollowUp,
    Handed,
    Objection,
    Policy,
    Promise,
    Settlement,
    SnapshotLine,
    Unable,
)
from jieli.handover.models.things import (
    AccessCut,
    Binding,
    DataRecovery,
    LateAttempt,
    NumberLeave,
    PrivateItem,
    StepRecord,
)

__all__ = [
    "AccessCut",
    "Attempt",
    "Binding",
    "Case",
    "CasePaper",
    "Commission",
    "DataRecovery",
    "DataRow",
    "FollowUp",
    "Handed",
    "LateAttempt",
    "NumberLeave",
    "Objection",
    "Policy",
    "PrivateItem",
    "Promise",
    "Settlement",
    "SnapshotLine",
    "StepRecord",
    "Unable",
]
