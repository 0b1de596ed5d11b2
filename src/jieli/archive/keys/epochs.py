"""Wrap epochs: a new key for every page, the old one destroyed after its backups; and sweeping what a crash left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, transaction
from django.db.models import Count

from jieli.archive import locks, ports
from jieli.archive.keys.errors import RotationUnderWay
from jieli.archive.keys.kept import KeptKeyring
from jieli.archive.keys.pages import PAGES_A_BATCH, seal_page
from jieli.archive.keys.ring import HeldKeyring, Keyring, epoch_name
from jieli.archive.keys.root import fingerprint
from jieli.archive.keys.store import current_epoch, held, opened, opened_index_key, rewrapped, save
from jieli.archive.models import Batch, IndexKey, KeyPage, WrapEpoch
from jieli.archive.policy import KEY_BACKUP_DAYS, ORPHAN_AFTER
from jieli.archive.types import EpochState
from jieli.kernel.failpoints import reach
from jieli.kernel.times import DAY
from jieli.ledger.operations import book

_PAGES_AT_ONCE = 64
_LOCK = 0x6A6B  # the key store's own: one rotation at a time
#: Told after each step of a rotation: pages and index keys moved so far, and how many there are in all.
Progress = Callable[[int, int], None]


def rotate(*, by: str, at: int, progress: Progress | None = None) -> int:
    """Open a new wrap epoch and move every page and index key under its key; the new epoch's number.

    The old key goes out of use here and is destroyed `KEY_BACKUP_DAYS` later by `destroy_old_epochs`. A crash
    on the way: pages stand under either key and both open; `finish_rotation` moves the rest. Entries are
    committed before what they announce, so a crash may repeat one, never lose one. Deposits and openings go on
    meanwhile. RotationUnderWay if another process is at it.
    """
    ring = ports.keyring()
    with _one_at_a_time():
        _finish(ring, by=by, at=at, progress=progress)
        old = current_epoch()
        new = old + 1
        reach("rotate.before_key")
        print_of_new = _add(ring, new)
        reach("rotate.after_key")
        with book(at=at) as b:
            b.entry("archive.epoch_opened", by=by, facts={"epoch": new})
        reach("rotate.after_entry")
        with transaction.atomic(using="keys", durable=True):
            WrapEpoch.objects.filter(id=old).update(state=EpochState.LEAVING.value)
            WrapEpoch(
                id=new, state=EpochState.CURRENT.value, fingerprint=print_of_new, opened_at=at
            ).save(using="keys", force_insert=True)  # fmt: skip
        reach("rotate.after_epoch")
        _finish(ring, by=by, at=at, progress=progress)
    return new


def unfinished() -> list[int]:
    """The epochs that are being left: a rotation stopped, or is under way."""
    return list(
        WrapEpoch.objects.filter(state=EpochState.LEAVING.value).order_by("id").values_list("id", flat=True)
    )


def listed() -> list[dict[str, Any]]:
    """Every epoch, oldest first: state, fingerprint of its key, when it was opened, retired, due and destroyed.

    `pages` and `index_keys` together are what a rotation moves.
    """
    pages = dict(KeyPage.objects.values_list("epoch").annotate(n=Count("id")))
    indexes = dict(IndexKey.objects.values_list("epoch").annotate(n=Count("pk")))
    return [
        {
            "epoch": row.id, "state": row.state, "fingerprint": row.fingerprint, "pages": pages.get(row.id, 0),
            "index_keys": indexes.get(row.id, 0), "opened_at": row.opened_at, "retired_at": row.retired_at,
            "destroy_after": row.destroy_after, "destroyed_at": row.destroyed_at,
        }
        for row in WrapEpoch.objects.order_by("id")
    ]  # fmt: skip


def finish_rotation(*, by: str, at: int, progress: Progress | None = None) -> int:
    """Move what still stands under keys that are being left, and retire those; how many were moved.

    Idempotent; run at start and by the worker. RotationUnderWay if another process is at it.
    """
    if not unfinished():
        return 0
    with _one_at_a_time():
        return _finish(ports.keyring(), by=by, at=at, progress=progress)


def _finish(ring: Keyring, *, by: str, at: int, progress: Progress | None) -> int:
    total = 0
    for old in unfinished():
        moved = move_everything(ring, old, progress)
        reach("rotate.before_retired")
        with book(at=at) as b:
            b.entry("archive.epoch_retired", by=by, facts={"epoch": old, "moved": moved})
        reach("rotate.after_retired")
        WrapEpoch.objects.filter(id=old).update(
            state=EpochState.RETIRED.value, retired_at=at, destroy_after=at + KEY_BACKUP_DAYS * DAY
        )
        total += moved
    return total


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """No two processes rotate at once. The database drops the lock when the process dies, however it dies."""
    with connections["keys"].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if cursor.fetchone() != (True,):
            raise RotationUnderWay(
                "另一进程正在换期。", remedy="请等它结束；中断的换期会由后台进程接着做完。"
            )
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _add(ring: Keyring, epoch: int) -> str:
    """Make the key of an epoch, where the keyring is; its fingerprint."""
    if isinstance(ring, KeptKeyring):
        return ring.keeper.add_epoch(epoch)
    own = held(ring)
    own.add_epoch(epoch)
    return fingerprint(epoch_name(epoch), own.epoch_key(epoch))


def move_everything(ring: Keyring, old: int, progress: Progress | None = None) -> int:
    """Encrypt every page and index key of an old epoch under the current one; how many."""
    moved, waiting = 0, _under(old) if progress else 0
    while count := move_some(ring, old):
        moved += count
        if progress:
            progress(moved, max(moved, waiting))
        reach("rotate.between_pages")
    return moved


def _under(epoch: int) -> int:
    return KeyPage.objects.filter(epoch=epoch).count() + IndexKey.objects.filter(epoch=epoch).count()


def move_some(ring: Keyring, old: int) -> int:
    """One step of `move_everything`, committed when this returns; how many, 0 when nothing is left."""
    if isinstance(ring, KeptKeyring):
        return ring.keeper.move(old)
    own = held(ring)
    with transaction.atomic(using="keys", durable=True):
        epoch = current_epoch()
        pages = list(KeyPage.objects.select_for_update().filter(epoch=old).order_by("id")[:_PAGES_AT_ONCE])
        save([rewrapped(own, page, opened(own, page), epoch) for page in pages if page.sealed])
        KeyPage.objects.filter(id__in=[p.id for p in pages if not p.sealed]).update(epoch=epoch)
        keys = list(IndexKey.objects.select_for_update().filter(epoch=old))
        for row in keys:
            _rewrap_index_key(own, row, epoch)
        IndexKey.objects.bulk_update(keys, ["epoch", "revision", "nonce", "sealed"])
        reach("rotate.before_commit")
    return len(pages) + len(keys)


def _rewrap_index_key(ring: HeldKeyring, row: IndexKey, epoch: int) -> None:
    key = opened_index_key(ring, row)
    row.epoch, row.revision = epoch, row.revision + 1
    row.nonce, row.sealed = seal_page(
        ring.epoch_key(epoch), page=-row.month, epoch=epoch, revision=row.revision, secrets=key
    )


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
            _destroy(ring, epoch)
        reach("destroy.after_key")
        with book(at=at) as b:
            b.entry("archive.epoch_destroyed", by=by, facts={"epoch": epoch})
        reach("destroy.after_entry")
        WrapEpoch.objects.filter(id=epoch).update(state=EpochState.DESTROYED.value, destroyed_at=at)
    return gone


def _destroy(ring: Keyring, epoch: int) -> None:
    if isinstance(ring, KeptKeyring):
        ring.keeper.destroy_epoch(epoch)
    else:
        held(ring).destroy_epoch(epoch)


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
