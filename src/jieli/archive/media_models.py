"""Tables of media (ADR 17); the files themselves lie in a directory or a bucket."""

from django.db import models
from django.db.models import Q

from jieli.archive.media.types import Agreement, Refusal, RemovalState, Unit
from jieli.ledger.tables import Kind, Row, derived, one_of, sealed


class Media(Row):
    """A file of an item: what it is, which stored object holds it, and whether it is the one the platform claimed.

    `root` is over its blocks, `sha256` over its bytes: both, and the name it came under, are emptied with the item.
    `address` is the digest of ciphertext and stays, so that the object can be found and removed. `seconds` counts the
    blocks that are seconds of sound.
    """

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    item = sealed(models.BigIntegerField())
    n = sealed(models.SmallIntegerField())
    format = sealed(models.TextField())
    unit = sealed(models.TextField())
    size = sealed(models.BigIntegerField())
    blocks = sealed(models.BigIntegerField())
    seconds = sealed(models.BigIntegerField())
    stored = sealed(models.BigIntegerField())
    address = sealed(models.BinaryField())
    agreement = sealed(models.TextField())
    by = sealed(models.TextField())
    at = sealed(models.BigIntegerField())
    name = sealed(models.TextField(null=True), personal=True)
    root = sealed(models.BinaryField(null=True), personal=True)
    sha256 = sealed(models.BinaryField(null=True), personal=True)
    shredded_in = derived(models.BigIntegerField(null=True))

    class Meta:
        db_table = "archive_media"
        constraints = [
            models.UniqueConstraint(fields=["item", "n"], name="archive_media_place"),
            models.UniqueConstraint(fields=["address"], name="archive_media_address"),
            one_of("archive_media_unit", "unit", Unit),
            one_of("archive_media_agreement", "agreement", Agreement),
            models.CheckConstraint(
                condition=Q(
                    shredded_in__isnull=True, name__isnull=False, root__isnull=False, sha256__isnull=False
                )
                | Q(shredded_in__isnull=False, name__isnull=True, root__isnull=True, sha256__isnull=True),
                name="archive_media_whole_or_shredded",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="archive_media_shredded", condition=Q(shredded_in__isnull=False)
            ),
        ]


class MediaRefusal(Row):
    """A file of an item that was brought or asked for and did not come in: why, and when. Nothing of the file."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    item = sealed(models.BigIntegerField())
    n = sealed(models.SmallIntegerField())
    reason = sealed(models.TextField())
    by = sealed(models.TextField())
    at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "archive_media_refusal"
        constraints = [one_of("archive_media_refusal_reason", "reason", Refusal)]
        indexes = [models.Index(fields=["item", "n", "at"], name="archive_media_refusal_place")]


class MediaRemoval(Row):
    """What became of the object of a destroyed item: removed, or kept by the store's own lock until `locked_until`."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    media = sealed(models.ForeignKey(Media, on_delete=models.PROTECT))
    state = sealed(models.TextField())
    locked_until = sealed(models.BigIntegerField(null=True))
    at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "archive_media_removal"
        constraints = [
            models.UniqueConstraint(fields=["media", "state"], name="archive_media_removal_once"),
            one_of("archive_media_removal_state", "state", RemovalState),
            models.CheckConstraint(
                condition=Q(state=RemovalState.LOCKED.value, locked_until__isnull=False)
                | Q(state=RemovalState.REMOVED.value, locked_until__isnull=True),
                name="archive_media_removal_until",
            ),
        ]
