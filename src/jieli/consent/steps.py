"""Making the row of one statement."""

from uuid import UUID

from jieli.consent.models import ConsentStep
from jieli.consent.types import Means, Scope, StatedBy, Step, SubjectKind
from jieli.kernel.ids import new_id


def new_step(
    at: int,
    subject_kind: SubjectKind,
    subject: UUID | None,
    means: Means,
    scope: Scope,
    step: Step,
    claimed_at: int,
    stated_by: StatedBy,
    **others: object,
) -> ConsentStep:
    """A row not yet written; what is not named is empty."""
    optional = {
        "platform": "", "external_id": "", "explicit": True, "guardian": False, "towards": "", "message": "",
        "reply": "",
    }  # fmt: skip
    return ConsentStep(
        id=new_id(at), subject_kind=subject_kind.value, subject=subject, means=means.value, scope=scope.value,
        step=step.value, claimed_at=claimed_at, stated_by=stated_by.value, **(optional | others),
    )  # fmt: skip
