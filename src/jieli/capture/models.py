"""Tables of the imports: who brought in what, how much was refused and why. Nothing here holds content."""

from django.db import models
from django.db.models import Q

from jieli.ledger.tables import Kind, Row, free, sealed


class Run(Row):
    """An import as it was begun. Its batches say what came of it; one that died has fewer of them."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    source = sealed(models.TextField())
    platform = sealed(models.TextField())
    place = sealed(models.TextField(), personal=True)
    historical = sealed(models.BooleanField())
    reason = sealed(models.TextField(null=True), personal=True)
    by = sealed(models.TextField())
    begun_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "capture_run"
        constraints = [
            models.CheckConstraint(
                condition=Q(historical=False) | Q(reason__isnull=False), name="capture_run_historical_reason"
            ),
        ]


class RunBatch(Row):
    """Lines of a run decided together, in one transaction with what was kept of them (`deposit`: archive's batch)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    run = sealed(models.ForeignKey(Run, on_delete=models.PROTECT))
    number = sealed(models.IntegerField())
    first_line = sealed(models.BigIntegerField())
    last_line = sealed(models.BigIntegerField())
    admitted = sealed(models.IntegerField())
    documented_later = sealed(models.IntegerField())
    refused = sealed(models.IntegerField())
    duplicates = sealed(models.IntegerField())
    malformed = sealed(models.IntegerField())
    switches = sealed(models.IntegerField())
    statements = sealed(models.IntegerField())
    deposit = sealed(models.BigIntegerField(null=True))

    class Meta:
        db_table = "capture_run_batch"
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="capture_run_batch_once")]


class Cursor(Row):
    """How far a source has been decided: the last line of a file, or the sequence number of a platform's queue.

    Files are not skipped by it: a file of the same name may hold other lines, and what is kept already is found
    by message id. A connector that pulls goes on from here.
    """

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    source = sealed(models.TextField())
    place = sealed(models.TextField(), personal=True)
    position = sealed(models.BigIntegerField())

    class Meta:
        db_table = "capture_cursor"
        constraints = [models.UniqueConstraint(fields=["source", "place"], name="capture_cursor_once")]


class Tally(Row):
    """How many messages of an account were refused on a day for a reason; `account` None: no registered account.

    `count`: messages against which this reason stood. `first`: messages of which it was the first reason, so
    that these add up to the messages refused.
    """

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    account = sealed(models.UUIDField(null=True))
    day = sealed(models.DateField())
    reason = sealed(models.TextField())
    count = sealed(models.IntegerField())
    first = sealed(models.IntegerField())

    class Meta:
        db_table = "capture_tally"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "day", "reason"], name="capture_tally_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(count__gte=1, first__gte=0), name="capture_tally_counts"),
        ]


class Refusal(Row):
    """All that is left of a refused message, and not for long: a keyed digest of (source, message id), 16 bytes."""

    table_kind = Kind.FREE
    parted = False
    digest = free(models.BinaryField(primary_key=True))
    expires_at = free(models.BigIntegerField())

    class Meta:
        db_table = "capture_refusal"
        indexes = [models.Index(fields=["expires_at"], name="capture_refusal_expiry")]


class Mapping(Row):
    """The rules under which a source of dialogues is read: part of what its items mean, so it never changes."""

    table_kind = Kind.APPEND
    source = sealed(models.TextField(primary_key=True))
    rules = sealed(models.TextField(), personal=True)

    class Meta:
        db_table = "capture_mapping"
