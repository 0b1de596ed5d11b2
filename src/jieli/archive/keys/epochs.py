"""Wrap epochs: a new key for every page, the old one destroyed after its backups; and sweeping what a crash left."""

from django.db import connections, transaction

from jieli.archive import locks, ports
from jieli.archive.keys.pages import PAGES_A_BATCH, seal_page
from jieli.archive.keys.ring import Keyring, epoch_name, fingerprint
from jieli.archive.keys.store import current_epoch, opened, opened_index_key, rewrapped, save
from jieli.archive.models import Batch, IndexKey, KeyPage, WrapEpoch
from jieli.archive.policy import KEY_BACKUP_DAYS, ORPHAN_AFTER
from jieli.archive.types import EpochState
from jieli.kernel.times import DAY
from jieli.ledger.operations import book

_PAGES_AT_ONCE = 64


def rotate(*, by: str, at: int) -> int:
    """Open a new wrap epoch and move every page and index key under its key; the new epoch's number.

    The old key goes out of use here and is destroyed `KEY_BACKUP_DAYS` later by `destroy_old_epochs`. A crash
    on the way: pages stand under either key and both open; `finish_rotation` moves the rest. Entries are
    committed before what they announce, so a crash may repeat one, never lose one.
    """
    ring = ports.keyring()
    finish_rotation(by=by, at=at)
    old = current_epoch()
    new = old + 1
    ring.add_epoch(new)
    with book(at=at) as b:
        b.entry("archive.epoch_opened", by=by, facts={"epoch": new})
    with transaction.atomic(using="keys", durable=True):
        WrapEpoch.objects.filter(id=old).update(state=EpochState.LEAVING.value)
        WrapEpoch(
            id=new, state=EpochState.CURRENT.value, fingerprint=fingerprint(epoch_name(new), ring.epoch_key(new)),
            opened_at=at,
        ).save(using="keys", force_insert=True)  # fmt: skip
    finish_rotation(by=by, at=at)
    return new


def finish_rotation(*, by: str, at: int) -> None:
    """Move what still stands under keys that are being left, and retire those. Idempotent; run at start."""
    ring = ports.keyring()
    for old in WrapEpoch.objects.filter(state=EpochState.LEAVING.value).values_list("id", flat=True):
        moved = move_everything(ring, old)
        with book(at=at) as b:
            b.entry("archive.epoch_retired", by=by, facts={"epoch": old, "moved": moved})
        WrapEpoch.objects.filter(id=old).update(
            state=EpochState.RETIRED.value, retired_at=at, destroy_after=at + KEY_BACKUP_DAYS * DAY
        )


def move_everything(ring: Keyring, old: int) -> int:
    """Encrypt every page and index key of an old epoch under the current one; how many."""
    moved = 0
    while count := _move_some(ring, old):
        moved += count
    return moved


def _move_some(ring: Keyring, old: int) -> int:
    with transaction.atomic(using="keys", durable=True):
        epoch = current_epoch()
        pages = list(KeyPage.objects.select_for_update().filter(epoch=old).order_by("id")[:_PAGES_AT_ONCE])
        save([rewrapped(ring, page, opened(ring, page), epoch) for page in pages if page.sealed])
        KeyPage.objects.filter(id__in=[p.id for p in pages if not p.sealed]).update(epoch=epoch)
        keys = list(IndexKey.objects.select_for_update().filter(epoch=old))
        for row in keys:
            key = opened_index_key(ring, row)
            row.epoch, row.revision = epoch, row.revision + 1
            row.nonce, row.sealed = seal_page(
                ring.epoch_key(epoch), page=-row.month, epoch=epoch, revision=row.revision, secrets=key
            )
        IndexKey.objects.bulk_update(keys, ["epoch", "revision", "nonce", "sealed"])
    return len(pages) + len(keys)


def destroy_old_epochs(*, by: str, at: int) -> list[int]:
    """Destroy the keys of retired epochs whose time has come; which.

    A page that a slow deposit committed under such a key after its retirement is moved first, while no deposit
    is under way. Order: key file gone, then the entry, then the row; a crash in between is finished by the next
    call.
    """
    ring = ports.keyring()
    due = WrapEpoch.objects.filter(state=EpochState.RETIRED.value, destroy_after__lte=at).order_by("id")
    gone = list(due.values_list("id", flat=True))
    for epoch in gone:
        with transaction.atomic(using="default", durable=True):
            locks.no_deposits()
            move_everything(ring, epoch)
            ring.destroy_epoch(epoch)
        with book(at=at) as b:
            b.entry("archive.epoch_destroyed", by=by, facts={"epoch": epoch})
        WrapEpoch.objects.filter(id=epoch).update(state=EpochState.DESTROYED.value, destroyed_at=at)
    return gone


def sweep_orphans(*, by: str, at: int) -> int:
    """Empty pages older than an hour whose batch never came to be; how many.

    While it looks no deposit is between its pages and its rows, so a slow one is never taken for a dead one.
    """
    with transaction.atomic(using="default", durable=True):
        locks.no_deposits()
        old = KeyPage.objects.filter(made_at__lt=at - ORPHAN_AFTER).exclude(sealed=b"")
        pages = list(old.values_list("id", flat=True))
        batches = {page // PAGES_A_BATCH for page in pages}
        known = set(Batch.objects.filter(id__in=batches).values_list("id", flat=True))
        orphans = [page for page in pages if page // PAGES_A_BATCH not in known]
        with transaction.atomic(using="keys", durable=True), connections["keys"].cursor() as cursor:
            cursor.execute(
                "UPDATE archive_key_page SET sealed = '', nonce = '', revision = revision + 1 WHERE id = ANY(%s)",
                [orphans],
            )
    if orphans:
        with book(at=at) as b:
            b.entry("archive.orphans_swept", by=by, facts={"pages": len(orphans)})
    return len(orphans)
