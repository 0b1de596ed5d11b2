"""Tables of what comes back: steps worked through, numbers and what hangs on them, the private part, access."""

from django.db import models
from django.db.models import Q

from jieli.handover.models.case import Case
from jieli.handover.things_types import (
    Card,
    CheckedBy,
    Decision,
    LateAct,
    Nature,
    PrivateKind,
    Removal,
    ServiceKind,
    StepResult,
)
from jieli.ledger.tables import Kind, Row, one_of, sealed

_PROTECT = models.PROTECT


class StepRecord(Row):
    """A step of a card was tried; the newest try of a step counts, of two at one instant the one entered later (`n`).

    Of help with a password nothing can be written but which step and how it ended: there is no room for a secret.
    """

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    case = sealed(models.ForeignKey(Case, on_delete=_PROTECT))
    card = sealed(models.TextField())
    subject = sealed(models.ForeignKey("assets.Asset", on_delete=_PROTECT, related_name="+"))
    n = sealed(models.IntegerField())
    step = sealed(models.TextField())
    result = sealed(models.TextField())
    reason = sealed(models.TextField(null=True), personal=True)
    paper = sealed(models.UUIDField(null=True))
    tester = sealed(models.UUIDField(null=True))
    tested_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "handover_step"
        constraints = [
            models.UniqueConstraint(fields=["case", "card", "subject", "n"], name="handover_step_in_order"),
            one_of("handover_step_card", "card", Card),
            one_of("handover_step_result", "result", StepResult),
            models.CheckConstraint(
                condition=~Q(card=Card.HELP.value) | Q(reason__isnull=True), name="handover_step_no_secret"
            ),
            models.CheckConstraint(
                condition=Q(result=StepResult.WAIVED.value, reason__isnull=False)
                | ~Q(result=StepResult.WAIVED.value),
                name="handover_step_left_out_with_reason",
            ),
        ]


class NumberLeave(Row):
    """A number on its way out of a person's life: the list given to him, declared whole, and the cut."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    case = sealed(models.ForeignKey(Case, on_delete=_PROTECT))
    number = sealed(models.ForeignKey("assets.Number", on_delete=_PROTECT, related_name="+"))
    given_at = sealed(models.BigIntegerField())
    paper = sealed(models.UUIDField(null=True))
    complete_at = sealed(models.BigIntegerField(null=True))
    cut_at = sealed(models.BigIntegerField(null=True))

    class Meta:
        db_table = "handover_number_leave"
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="handover_number_leave_once")]


class Binding(Row):
    """Something of the person's own that he says hangs on the number (解绑清单)."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    leave = sealed(models.ForeignKey(NumberLeave, on_delete=_PROTECT))
    kind = sealed(models.TextField())
    name = sealed(models.TextField(), personal=True)
    declared_at = sealed(models.BigIntegerField())
    unbound_at = sealed(models.BigIntegerField(null=True))

    class Meta:
        db_table = "handover_binding"
        constraints = [
            models.UniqueConstraint(fields=["leave", "kind", "name"], name="handover_binding_once"),
            one_of("handover_binding_kind", "kind", ServiceKind),
        ]


class PrivateItem(Row):
    """Something that the person marked as his own: how he names it, never what is in it."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    case = sealed(models.ForeignKey(Case, on_delete=_PROTECT))
    kind = sealed(models.TextField())
    label = sealed(models.TextField(), personal=True)
    place = sealed(models.TextField(), personal=True)
    decision = sealed(models.TextField())
    count = sealed(models.IntegerField())
    platform = sealed(models.TextField(null=True))
    counterparty = sealed(models.TextField(null=True), personal=True)
    conversation = sealed(models.BigIntegerField(null=True))
    nature = sealed(models.TextField(null=True))
    checked_by = sealed(models.TextField(null=True))
    checked_at = sealed(models.BigIntegerField(null=True))
    present = sealed(models.JSONField(), personal=True)
    removal = sealed(models.TextField(null=True))
    removed_at = sealed(models.BigIntegerField(null=True))
    removed_by = sealed(models.TextField(null=True))
    proof = sealed(models.UUIDField(null=True))
    shred = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "handover_private_item"
        constraints = [
            models.UniqueConstraint(fields=["case", "kind", "label"], name="handover_private_once"),
            one_of("handover_private_kind", "kind", PrivateKind),
            one_of("handover_private_decision", "decision", Decision),
            one_of("handover_private_nature", "nature", Nature, null=True),
            one_of("handover_private_checked", "checked_by", CheckedBy, null=True),
            one_of("handover_private_removal", "removal", Removal, null=True),
            models.CheckConstraint(condition=Q(count__gte=1), name="handover_private_count"),
            models.CheckConstraint(
                condition=Q(removal__isnull=True) | Q(nature=Nature.PRIVATE.value),
                name="handover_private_only_private_goes",
            ),
        ]


class DataRecovery(Row):
    """Data recovery on a returned phone was begun, and on what footing (R3.31); never beyond the work domain."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    case = sealed(models.ForeignKey(Case, on_delete=_PROTECT))
    device = sealed(models.ForeignKey("assets.Device", on_delete=_PROTECT, related_name="+"))
    notice = sealed(models.UUIDField())
    purpose = sealed(models.TextField())
    approval = sealed(models.UUIDField())
    witnesses = sealed(models.JSONField(), personal=True)
    begun_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "handover_data_recovery"


class AccessCut(Row):
    """Staff access was ended at the end of service, and asked again whether anything was left (P7)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    case = sealed(models.OneToOneField(Case, on_delete=_PROTECT))
    cut_at = sealed(models.BigIntegerField())
    persons = sealed(models.IntegerField())
    grants = sealed(models.IntegerField())
    accounts = sealed(models.IntegerField())
    verified = sealed(models.BooleanField())

    class Meta:
        db_table = "handover_access_cut"


class LateAttempt(Row):
    """Somebody tried what was his while he worked here, after he had left: an incident (R2.26)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    case = sealed(models.ForeignKey(Case, on_delete=_PROTECT))
    act = sealed(models.TextField())
    tried_at = sealed(models.BigIntegerField())
    matter = sealed(models.OneToOneField("matters.Matter", on_delete=_PROTECT))

    class Meta:
        db_table = "handover_late_attempt"
        constraints = [one_of("handover_late_attempt_act", "act", LateAct)]
