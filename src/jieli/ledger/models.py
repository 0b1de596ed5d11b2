"""Tables of the book: all append-only. Parts alone can be shredded, and only by the shred function."""

from django.db import models
from django.db.models import F, Q

from jieli.ledger.ports import DepositKind
from jieli.ledger.tables import Kind, Row, derived, free, one_of, sealed


class Log(Row):
    """One live log an installation; one that lost its tail is followed by a new one, never continued."""

    table_kind = Kind.APPEND
    parted = False
    id = free(models.SmallIntegerField(primary_key=True))
    origin = derived(models.TextField(unique=True))
    opened_at = free(models.BigIntegerField())

    class Meta:
        db_table = "ledger_log"


class Entry(Row):
    """A leaf of the log; `leaf` is the hash of the canonical bytes that the other columns spell (ADR 1)."""

    table_kind = Kind.APPEND
    parted = False
    pk = models.CompositePrimaryKey("log", "index")
    log = sealed(models.SmallIntegerField())
    index = sealed(models.BigIntegerField())
    v = sealed(models.SmallIntegerField())
    kind = sealed(models.TextField())
    time = sealed(models.BigIntegerField())
    count = sealed(models.IntegerField())
    commitment = sealed(models.BinaryField())
    leaf = derived(models.BinaryField())

    class Meta:
        db_table = "ledger_entry"
        constraints = [
            models.CheckConstraint(condition=Q(index__gte=0, count__gte=1), name="ledger_entry_counts"),
        ]
        indexes = [models.Index(fields=["log", "kind", "index"], name="ledger_entry_kind")]


class Part(Row):
    """What an entry commits to: part 0 the facts, part n a row written. Salt and body go together when shredded."""

    table_kind = Kind.APPEND
    parted = False
    pk = models.CompositePrimaryKey("log", "entry", "n")
    log = sealed(models.SmallIntegerField())
    entry = sealed(models.BigIntegerField())
    n = sealed(models.IntegerField())
    leaf = sealed(models.BinaryField())
    salt = sealed(models.BinaryField(null=True))
    body = sealed(models.BinaryField(null=True), personal=True)
    row_table = derived(models.TextField(null=True))
    row_id = derived(models.TextField(null=True))
    shredded_in = sealed(models.BigIntegerField(null=True))

    class Meta:
        db_table = "ledger_part"
        constraints = [
            models.CheckConstraint(
                condition=Q(salt__isnull=False, body__isnull=False, shredded_in__isnull=True)
                | Q(salt__isnull=True, body__isnull=True, shredded_in__isnull=False),
                name="ledger_part_whole_or_shredded",
            ),
            models.CheckConstraint(
                condition=Q(shredded_in__isnull=True) | Q(shredded_in__gt=F("entry")),
                name="ledger_part_shredded_later",
            ),
        ]
        indexes = [models.Index(fields=["row_table", "row_id", "entry", "n"], name="ledger_part_row")]


class Tile(Row):
    """A full tile of 256 hashes; partial ones are computed when served. `root` is its hash one level up."""

    table_kind = Kind.APPEND
    parted = False
    pk = models.CompositePrimaryKey("log", "level", "n")
    log = derived(models.SmallIntegerField())
    level = derived(models.SmallIntegerField())
    n = derived(models.BigIntegerField())
    data = derived(models.BinaryField())
    root = derived(models.BinaryField())

    class Meta:
        db_table = "ledger_tile"


class Checkpoint(Row):
    """A head the signer signed: the note's text and the log's own signature lines."""

    table_kind = Kind.APPEND
    parted = False
    pk = models.CompositePrimaryKey("log", "size")
    log = sealed(models.SmallIntegerField())
    size = sealed(models.BigIntegerField())
    root = derived(models.BinaryField())
    note = sealed(models.TextField())
    signed_at = free(models.BigIntegerField())

    class Meta:
        db_table = "ledger_checkpoint"


class Cosignature(Row):
    """A witness's line under a checkpoint."""

    table_kind = Kind.APPEND
    parted = False
    pk = models.CompositePrimaryKey("log", "size", "witness")
    log = sealed(models.SmallIntegerField())
    size = sealed(models.BigIntegerField())
    witness = sealed(models.TextField())
    line = sealed(models.TextField())
    received_at = free(models.BigIntegerField())

    class Meta:
        db_table = "ledger_cosignature"


class Timestamp(Row):
    """An RFC 3161 response over a checkpoint's note text."""

    table_kind = Kind.APPEND
    parted = False
    pk = models.CompositePrimaryKey("log", "size", "authority")
    log = sealed(models.SmallIntegerField())
    size = sealed(models.BigIntegerField())
    authority = free(models.TextField())
    response = sealed(models.BinaryField())
    received_at = free(models.BigIntegerField())

    class Meta:
        db_table = "ledger_timestamp"


class Deposit(Row):
    """A receipt for the digest of a checkpoint's note text that was deposited elsewhere (存证), as it came (ADR 21)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    log = sealed(models.SmallIntegerField())
    size = sealed(models.BigIntegerField())
    depository = sealed(models.TextField())
    kind = sealed(models.TextField())
    digest = sealed(models.BinaryField())
    number = sealed(models.TextField())
    stated_at = sealed(models.BigIntegerField())
    receipt = sealed(models.BinaryField())
    received_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "ledger_deposit"
        constraints = [
            one_of("ledger_deposit_kind", "kind", DepositKind),
            models.UniqueConstraint(fields=["log", "size", "depository"], name="ledger_deposit_once"),
        ]
