"""Tables of reading: each opening before its content, whom it concerns, and what turned out not to be shown."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from jieli.ledger.tables import Kind, Row, sealed
from jieli.reading.types import OpeningKind, Purpose, SystemPurpose


class Opening(Row):
    """Somebody was about to be shown these items. Committed before any of them was decrypted.

    `by` is the reader, `role` and `unit` what he read as; `items` are all the candidates, shown or not;
    `left_out` how many were not opened, by reason; `approval` what allowed it where the purpose needs one.
    """

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    kind = sealed(models.TextField())
    by = sealed(models.TextField())
    role = sealed(models.TextField())
    unit = sealed(models.TextField())
    purpose = sealed(models.TextField())
    matter = sealed(models.UUIDField(db_index=True))
    query = sealed(models.TextField(null=True), personal=True)
    conversation = sealed(models.BigIntegerField(null=True))
    account = sealed(models.UUIDField(null=True), personal=True)
    party = sealed(models.UUIDField(null=True), personal=True)
    from_ms = sealed(models.BigIntegerField(null=True))
    to_ms = sealed(models.BigIntegerField(null=True))
    items = sealed(ArrayField(models.BigIntegerField()))
    left_out = sealed(models.JSONField())
    approval = sealed(models.UUIDField(null=True))
    at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "reading_opening"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[k.value for k in OpeningKind]), name="reading_opening_kind"
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=[p.value for p in (*Purpose, *SystemPurpose)]),
                name="reading_opening_purpose",
            ),
        ]
        indexes = [GinIndex(fields=["items"], name="reading_opening_items")]


class Concern(Row):
    """An opening concerns a staff member: by how many of its items, and as what. His own page lists it."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    opening = sealed(models.ForeignKey(Opening, on_delete=models.PROTECT))
    staff = sealed(models.UUIDField(db_index=True), personal=True)
    capacities = sealed(ArrayField(models.TextField()))
    items = sealed(models.IntegerField())

    class Meta:
        db_table = "reading_concern"
        constraints = [models.UniqueConstraint(fields=["opening", "staff"], name="reading_concern_once")]


class Unshown(Row):
    """Items that were opened and then not shown (已开启未显示), for this reason. Without a row: all were shown."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    opening = sealed(models.ForeignKey(Opening, on_delete=models.PROTECT))
    reason = sealed(models.TextField())
    items = sealed(ArrayField(models.BigIntegerField()))

    class Meta:
        db_table = "reading_unshown"
        constraints = [models.UniqueConstraint(fields=["opening", "reason"], name="reading_unshown_once")]
