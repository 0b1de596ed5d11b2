"""Tables of the archive. Items and index rows are what a cluster distributes: no foreign key in or out (ADR 12)."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from jieli.archive.media_models import Media as Media
from jieli.archive.media_models import MediaRefusal as MediaRefusal
from jieli.archive.media_models import MediaRemoval as MediaRemoval
from jieli.archive.types import EpochState, HoldScope
from jieli.ledger.tables import Kind, Row, derived, free, sealed


class Conversation(Row):
    """Who talks with whom through what: a room, or one company account and one counterparty.

    It names the account, never its holder, so it survives a handover. `key` is a keyed digest of the identity
    (16 bytes): it stays when the rest is destroyed, so that a destroyed message fetched again is still known. Who
    talks on afterwards gets a new row with the same key.
    """

    table_kind = Kind.APPEND
    id = sealed(models.BigIntegerField(primary_key=True))
    source = sealed(models.TextField())
    key = sealed(models.BinaryField())
    room = sealed(models.TextField(null=True), personal=True)
    account = sealed(models.UUIDField(null=True))
    counterparty = sealed(models.TextField(null=True), personal=True)
    shredded_in = derived(models.BigIntegerField(null=True))

    class Meta:
        db_table = "archive_conversation"
        constraints = [
            models.CheckConstraint(
                condition=Q(shredded_in__isnull=False, room__isnull=True, counterparty__isnull=True)
                | Q(
                    room__isnull=False,
                    account__isnull=True,
                    counterparty__isnull=True,
                    shredded_in__isnull=True,
                )
                | Q(
                    room__isnull=True,
                    account__isnull=False,
                    counterparty__isnull=False,
                    shredded_in__isnull=True,
                ),
                name="archive_conversation_one_identity",
            ),
            models.UniqueConstraint(
                fields=["key"], condition=Q(shredded_in__isnull=True), name="archive_conversation_living"
            ),
        ]
        indexes = [
            models.Index(fields=["account"], name="archive_conversation_account"),
            models.Index(fields=["key"], name="archive_conversation_key"),
        ]


class Batch(Row):
    """Items deposited together: one entry of the ledger. Item n of it has the id batch · 65,536 + n."""

    table_kind = Kind.APPEND
    id = sealed(models.BigIntegerField(primary_key=True))
    source = sealed(models.TextField())
    extractor = sealed(models.IntegerField())
    fold = sealed(models.IntegerField())
    count = sealed(models.IntegerField())

    class Meta:
        db_table = "archive_batch"
        constraints = [
            models.CheckConstraint(condition=Q(count__gte=1, count__lte=65_536), name="archive_batch_size"),
        ]


class ItemBasis(Row):
    """On what footing items of a batch were admitted: who spoke, through which account, held by whom, on which rows.

    Items of a batch with the same footing share one row. Emptied with the last item that refers to it.
    `rows` are what the gate relied on, in short or as [table, id] (ADR 25; `cited` reads both); `scopes` what
    speaker and holder both agreed to.
    """

    table_kind = Kind.APPEND
    id = sealed(models.BigIntegerField(primary_key=True))
    batch = sealed(models.ForeignKey(Batch, on_delete=models.PROTECT, db_index=False))
    speaker_kind = sealed(models.TextField(null=True))
    speaker = sealed(models.UUIDField(null=True), personal=True)
    account = sealed(models.UUIDField(null=True), personal=True)
    holder = sealed(models.UUIDField(null=True), personal=True)
    rows = sealed(ArrayField(ArrayField(models.TextField(), size=2), null=True), personal=True)
    documented_later = sealed(models.BooleanField())
    scopes = sealed(ArrayField(models.TextField()))
    shredded_in = derived(models.BigIntegerField(null=True))

    class Meta:
        db_table = "archive_basis"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    shredded_in__isnull=True, speaker_kind__isnull=False, speaker__isnull=False,
                    account__isnull=False, holder__isnull=False, rows__isnull=False,
                )
                | Q(
                    shredded_in__isnull=False, speaker_kind__isnull=True, speaker__isnull=True,
                    account__isnull=True, holder__isnull=True, rows__isnull=True,
                ),
                name="archive_basis_whole_or_shredded",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["batch"], name="archive_basis_batch"),
            models.Index(fields=["speaker"], name="archive_basis_speaker"),
            models.Index(fields=["holder"], name="archive_basis_holder"),
            models.Index(fields=["account"], name="archive_basis_account"),
        ]


class Item(Row):
    """A recorded message or call. Its leaf stands in its batch's entry (ADR 1), so it needs no part of its own.

    The sealed columns are exactly those of the row digest; `leaf` is computed from them and `fields_digest`,
    and `ciphertext` is bound by `cipher_sha256`. All four of these, and `basis_id`, are emptied when destroyed:
    what stays is that an item was there, when, in which conversation, and its leaf.
    The key is (item_id, conversation) in this order, because most look-ups name the item.
    """

    table_kind = Kind.APPEND
    parted = False
    pk = models.CompositePrimaryKey("item_id", "conversation")
    item_id = sealed(models.BigIntegerField())
    conversation = sealed(models.BigIntegerField())
    source = sealed(models.TextField())
    message_key = sealed(models.BinaryField())
    event_at = sealed(models.BigIntegerField())
    channel = sealed(models.TextField())
    msgtype = sealed(models.TextField())
    recalls = sealed(models.BinaryField(null=True))
    basis_id = sealed(models.BigIntegerField(null=True), personal=True)
    cipher_sha256 = sealed(models.BinaryField(null=True))
    ciphertext = derived(models.BinaryField(null=True), personal=True)
    fields_digest = derived(models.BinaryField(null=True))
    leaf = derived(models.BinaryField())
    shredded_in = derived(models.BigIntegerField(null=True))

    class Meta:
        db_table = "archive_item"
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "source", "message_key"], name="archive_item_message"
            ),
            models.CheckConstraint(
                condition=Q(
                    shredded_in__isnull=True, basis_id__isnull=False, cipher_sha256__isnull=False,
                    ciphertext__isnull=False, fields_digest__isnull=False,
                )
                | Q(
                    shredded_in__isnull=False, basis_id__isnull=True, cipher_sha256__isnull=True,
                    ciphertext__isnull=True, fields_digest__isnull=True,
                ),
                name="archive_item_whole_or_shredded",
            ),
        ]  # fmt: skip
        # Next to nothing to keep, and enough to see that nothing old is there.
        indexes = [BrinIndex(fields=["event_at"], name="archive_item_event")]


class Shred(Row):
    """The intent to destroy: what, for which reason. Its tombstones name the items."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    scope = sealed(models.TextField())
    target = sealed(models.TextField(null=True))
    reason = sealed(models.TextField())
    matter = sealed(models.UUIDField(null=True))
    items = sealed(models.IntegerField())
    by = sealed(models.TextField())
    at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "archive_shred"


class Tombstone(Row):
    """An item that is being destroyed: found by nobody from here on. A trigger refuses one for a held item.

    `stays` seals what the emptied item will be (ADR 27); rows of earlier versions have none.
    """

    table_kind = Kind.APPEND
    item_id = sealed(models.BigIntegerField(primary_key=True))
    conversation = sealed(models.BigIntegerField())
    shred = sealed(models.ForeignKey(Shred, on_delete=models.PROTECT))
    stays = sealed(models.BinaryField(null=True))

    class Meta:
        db_table = "archive_tombstone"


class RetentionPolicy(Row):
    """How long each class is kept from now on: `months` is canonical JSON. Version 0 is the data file itself."""

    table_kind = Kind.APPEND
    version = sealed(models.IntegerField(primary_key=True))
    defaults = sealed(models.TextField())
    months = sealed(models.TextField())
    reason = sealed(models.TextField())
    by = sealed(models.TextField())
    at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "archive_retention_policy"


class RetentionPlan(Row):
    """What of a class is to go: events before `before`, items up to `newest`. Its destruction has its id (ADR 20)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    policy = sealed(models.IntegerField())
    code = sealed(models.TextField())
    channel = sealed(models.TextField())
    before = sealed(models.BigIntegerField())
    newest = sealed(models.BigIntegerField())
    items = sealed(models.IntegerField())
    reason = sealed(models.TextField())
    by = sealed(models.TextField())
    at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "archive_retention_plan"


class Certificate(Row):
    """That a destruction is complete, with its two dates.

    `live_gone_at`: the secrets' pages were rewritten and committed. `backups_gone_by`: the latest day on which
    the wrap-epoch keys of the old pages, and the backups of the main database, are gone too.
    """

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    shred = sealed(models.OneToOneField(Shred, on_delete=models.PROTECT))
    items = sealed(models.IntegerField())
    live_gone_at = sealed(models.BigIntegerField())
    epochs = sealed(ArrayField(models.IntegerField()))
    backups_gone_by = sealed(models.BigIntegerField())

    class Meta:
        db_table = "archive_certificate"


class Hold(Row):
    """Somebody says: this must be kept. Nothing that a hold covers can be destroyed; many may cover one item.

    Placed for a matter, a review or a request, or by any person for a claim of his own (`ground`).
    """

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    scope = sealed(models.TextField(choices=[(s.value, s.value) for s in HoldScope]))
    target = sealed(models.TextField())
    ground = sealed(models.TextField(), personal=True)
    matter = sealed(models.UUIDField(null=True))
    by = sealed(models.TextField())
    at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "archive_hold"
        indexes = [models.Index(fields=["scope", "target"], name="archive_hold_target")]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope__in=[s.value for s in HoldScope]), name="archive_hold_scope"
            ),
        ]


class HoldRelease(Row):
    """A hold ended. Releasing deletes nothing."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    hold = sealed(models.OneToOneField(Hold, on_delete=models.PROTECT))
    reason = sealed(models.TextField(), personal=True)
    by = sealed(models.TextField())
    at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "archive_hold_release"


class Segment(Row):
    """A piece of the search index: documents of one event month. Derived from the items, replaced by merging."""

    table_kind = Kind.REVISE
    parted = False
    id = derived(models.BigIntegerField(primary_key=True))
    month = derived(models.IntegerField())
    documents = derived(models.IntegerField())
    first_ms = derived(models.BigIntegerField())
    last_ms = derived(models.BigIntegerField())
    shard_bits = derived(models.SmallIntegerField())
    mark = derived(models.BigIntegerField())
    #: The segment that took its place, 0 where nothing was left; null while it is searched.
    replaced_by = derived(models.BigIntegerField(null=True))

    class Meta:
        db_table = "archive_segment"
        indexes = [
            models.Index(
                fields=["month"], name="archive_segment_live", condition=Q(replaced_by__isnull=True)
            ),
        ]


class SegmentRow(Row):
    """Bytes of a segment: row n ≥ 0 is shard n of its tokens, row -1 - p its page p of documents."""

    table_kind = Kind.APPEND
    parted = False
    pk = models.CompositePrimaryKey("row", "segment")
    row = derived(models.IntegerField())
    segment = derived(models.BigIntegerField())
    data = derived(models.BinaryField())

    class Meta:
        db_table = "archive_segment_row"
        indexes = [models.Index(fields=["segment"], name="archive_segment_row_segment")]


class WrapEpoch(Row):
    """A time during which one key encrypts pages and index keys; the key itself lies in the keyring."""

    store = "keys"
    table_kind = Kind.REVISE
    parted = False
    id = free(models.IntegerField(primary_key=True))
    state = free(models.TextField(choices=[(s.value, s.value) for s in EpochState]))
    fingerprint = free(models.TextField())
    opened_at = free(models.BigIntegerField())
    retired_at = free(models.BigIntegerField(null=True))
    destroy_after = free(models.BigIntegerField(null=True))
    destroyed_at = free(models.BigIntegerField(null=True))

    class Meta:
        db_table = "archive_wrap_epoch"
        constraints = [
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state=EpochState.CURRENT.value),
                name="archive_epoch_one_current",
            ),
        ]


class KeyPage(Row):
    """Secrets of up to 1,024 items of one batch; id = batch · 64 + page. A secret of zeros is a destroyed one.

    An empty `sealed` is a page whose batch never came to be: swept.
    """

    store = "keys"
    table_kind = Kind.REVISE
    parted = False
    id = free(models.BigIntegerField(primary_key=True))
    epoch = free(models.IntegerField())
    revision = free(models.IntegerField())
    nonce = free(models.BinaryField())
    sealed = free(models.BinaryField())
    made_at = free(models.BigIntegerField())

    class Meta:
        db_table = "archive_key_page"
        indexes = [models.Index(fields=["epoch"], name="archive_key_page_epoch")]


class IndexKey(Row):
    """The key of an event month's search tokens (month as 202403), encrypted as a page is."""

    store = "keys"
    table_kind = Kind.REVISE
    parted = False
    month = free(models.IntegerField(primary_key=True))
    epoch = free(models.IntegerField())
    revision = free(models.IntegerField())
    nonce = free(models.BinaryField())
    sealed = free(models.BinaryField())

    class Meta:
        db_table = "archive_index_key"
