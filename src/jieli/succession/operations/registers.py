"""Who may receive, and what customers need, wish and consent to."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from jieli.kernel.ids import new_id
from jieli.kernel.times import local_day
from jieli.ledger.operations import book
from jieli.parties import queries as parties
from jieli.succession.errors import RegisterInvalid
from jieli.succession.models import Commitment, CustomerConsent, CustomerNeed, CustomerWish, Training
from jieli.succession.types import (
    ConsentKind,
    ConsentStep,
    CriterionKind,
    TrainingContent,
    Wish,
)


def record_training(
    *,
    staff: Sequence[UUID],
    content: TrainingContent,
    passed_on: date,
    valid_until: date,
    score: int | None = None,
    paper: UUID | None = None,
    by: str,
    at: int,
) -> None:
    """These staff members passed a training; it counts through `valid_until` (R2.20). Entered twice it stands once."""
    if not passed_on <= min(valid_until, local_day(at)):
        raise RegisterInvalid("培训通过日不能晚于今天或有效期末日。", remedy="请核对日期。")
    known = Training.objects.filter(staff_id__in=staff, content=content.value, passed_on=passed_on)
    have = set(known.values_list("staff_id", flat=True))
    rows = [
        Training(
            id=new_id(at), staff_id=who, content=content.value, passed_on=passed_on, valid_until=valid_until,
            score=score, paper=paper,
        )
        for who in dict.fromkeys(staff)
        if who not in have
    ]  # fmt: skip
    if rows:
        with book(at=at) as b:
            b.entry("succession.record_training", by=by, facts={"count": len(rows)}).insert(*rows)


def record_commitment(*, staff: UUID, paper: UUID, signed_on: date, by: str, at: int) -> None:
    """A staff member signed the privacy promise (R2.12). Entered twice it stands once."""
    if signed_on > local_day(at):
        raise RegisterInvalid("签署日不能晚于今天。", remedy="请核对日期。")
    if Commitment.objects.filter(staff_id=staff, paper=paper).exists():
        return
    row = Commitment(id=new_id(at), staff_id=staff, paper=paper, signed_on=signed_on)
    with book(at=at) as b:
        b.entry("succession.record_commitment", by=by, facts={"staff": str(staff)}).insert(row)


def record_needs(*, needs: Iterable[tuple[UUID, CriterionKind, str]], by: str, at: int) -> int:
    """Languages and qualifications that customers need (R2.19); a later word replaces the earlier. How many changed.

    Of an erased customer nothing is recorded (ADR 26).
    """
    said = list(needs)
    erased = parties.erased_customers({customer for customer, _, _ in said})
    wanted = {(customer, kind): value.strip() for customer, kind, value in said if customer not in erased}
    if any(kind not in (CriterionKind.LANGUAGE, CriterionKind.QUALIFICATION) for _, kind in wanted):
        raise RegisterInvalid(
            "客户需求只登记语言与资质；地域和行业在客户登记中。", remedy="请改在客户登记中填写。"
        )
    with book(at=at) as b:
        entry = b.entry("succession.record_needs", by=by, facts={"asked": len(wanted)})
        found = CustomerNeed.objects.select_for_update().filter(customer_id__in={c for c, _ in wanted})
        present = {(row.customer_id, CriterionKind(row.kind)): row for row in found.order_by("id")}
        changed = [row for key, row in present.items() if key in wanted and row.value != wanted[key]]
        for row in changed:
            row.value = wanted[row.customer_id, CriterionKind(row.kind)]
        new = [
            CustomerNeed(id=new_id(at), customer_id=customer, kind=kind.value, value=value)
            for (customer, kind), value in wanted.items()
            if (customer, kind) not in present
        ]
        if changed:
            entry.revise(*changed)
        if new:
            entry.insert(*new)
    return len(changed) + len(new)


def record_wish(
    *,
    customers: Sequence[UUID],
    wish: Wish,
    stated_at: int,
    channel: str,
    paper: UUID | None = None,
    by: str,
    at: int,
) -> None:
    """What customers said of being handed on, through which channel. The word said last counts (R2.9)."""
    _past(stated_at, at)
    if not customers or not channel.strip():
        raise RegisterInvalid("没有写明客户，或客户经何种途径表示。", remedy="请补全后再登记。")
    rows = [
        CustomerWish(
            id=new_id(at), customer_id=customer, wish=wish.value, stated_at=stated_at,
            channel=channel.strip(), paper=paper,
        )
        for customer in dict.fromkeys(customers)
    ]  # fmt: skip
    with book(at=at) as b:
        b.entry("succession.record_wish", by=by, facts={"count": len(rows)}).insert(*rows)


def record_consent(
    *,
    customers: Sequence[UUID],
    kind: ConsentKind,
    entity: UUID | None = None,
    step: ConsentStep = ConsentStep.AGREE,
    stated_at: int,
    paper: UUID,
    by: str,
    at: int,
) -> None:
    """Separate consents, or their withdrawal: to be given to `entity` (PIPL-23), or a guardian's (PIPL-31)."""
    _past(stated_at, at)
    if (entity is not None) != (kind is ConsentKind.ENTITY) or not customers:
        raise RegisterInvalid(
            "向其他主体提供的同意须写明主体，监护人同意不写主体。", remedy="请更正后再登记。"
        )
    rows = [
        CustomerConsent(
            id=new_id(at), customer_id=customer, kind=kind.value, entity_id=entity, step=step.value,
            stated_at=stated_at, paper=paper,
        )
        for customer in dict.fromkeys(customers)
    ]  # fmt: skip
    with book(at=at) as b:
        b.entry("succession.record_consent", by=by, facts={"count": len(rows)}).insert(*rows)


def _past(stated_at: int, at: int) -> None:
    if stated_at > at:
        raise RegisterInvalid("表示的时间不能晚于现在。", remedy="请核对时间。")
