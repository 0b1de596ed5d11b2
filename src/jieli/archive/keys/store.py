"""The key store: pages of secrets and index keys, written before the main store and never in its transaction.

Each function takes the keyring of this process: with a `HeldKeyring` it works here, with a `KeptKeyring` the keeper
does it and this process never sees a page's secrets.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db import connections, transaction

from jieli.archive.errors import ItemUnknown, KeyringMismatch, KeyStoreNotOpen
from jieli.archive.keys.errors import NotTheKeeper
from jieli.archive.keys.kept import KeptKeyring
from jieli.archive.keys.pages import (
    DESTROYED,
    NONCE_BYTES,
    PAGE_SECRETS,
    PAGES_A_BATCH,
    SECRET_BYTES,
    TAG_BYTES,
    open_alone,
    open_page,
    page_of,
    seal_page,
    without,
)
from jieli.archive.keys.ring import HeldKeyring, Keyring, epoch_name
from jieli.archive.keys.root import fingerprint
from jieli.archive.models import IndexKey, KeyPage, WrapEpoch
from jieli.archive.types import EpochState
from jieli.kernel.failpoints import reach
from jieli.ledger.bulk import copy_records
from jieli.ledger.plain import array, meanwhile, prepared

_COLUMNS = ("id", "epoch", "revision", "nonce", "sealed", "made_at")
_PAGES = "SELECT id, epoch, revision, nonce, sealed FROM archive_key_page WHERE id = ANY($1::bigint[])"
#: Up to so many items a page their secrets are read one by one: a page is 32 KiB, and more than fits between two
#: processes would wait until the opening is committed. Of a page that looks whole, or nothing.
FEW_A_PAGE = 4
_ALONE = f"""
SELECT w.item, p.epoch, p.nonce, w.place, substr(p.sealed, w.place * {SECRET_BYTES} + 1, {SECRET_BYTES})
FROM unnest($1::bigint[], $2::bigint[], $3::int[]) AS w (item, page, place) JOIN archive_key_page p ON p.id = w.page
WHERE octet_length(p.sealed) >= (w.place + 1) * {SECRET_BYTES} + {TAG_BYTES} AND octet_length(p.nonce) = {NONCE_BYTES}
"""  # noqa: S608 - our own numbers


@dataclass(frozen=True, slots=True)
class SealedPages:
    """Pages by id (id, epoch, revision, nonce, bytes), single secrets by item (item, epoch, nonce, place, bytes)."""

    pages: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    alone: dict[int, tuple[Any, ...]] = field(default_factory=dict)


def open_store(ring: HeldKeyring, *, at: int) -> int:
    """Let the store's first epoch be the keyring's; the current epoch's number. Idempotent.

    KeyringMismatch when the store was written with another keyring. A retired epoch whose time has come may have lost
    its key to a crash in `destroy_old_epochs`, which must be able to start again and finish.
    """
    if not WrapEpoch.objects.exists():
        first = max(ring.epochs)
        with connections["keys"].cursor() as cursor:
            # Two starting at once: one inserts, the other finds it.
            cursor.execute(
                "INSERT INTO archive_wrap_epoch (id, state, fingerprint, opened_at) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                [first, EpochState.CURRENT.value, _fingerprint(ring, first), at],
            )
    for epoch in WrapEpoch.objects.exclude(state=EpochState.DESTROYED.value):
        due = epoch.state == EpochState.RETIRED.value and (epoch.destroy_after or at + 1) <= at
        if due and not ring.has_epoch(epoch.id):
            continue
        if _fingerprint(ring, epoch.id) != epoch.fingerprint:
            raise KeyringMismatch(
                "密钥环与密钥库不配套。", remedy="请核对密钥环的指纹，使用建立该密钥库时的密钥环。"
            )
    return current_epoch()


def held(ring: Keyring) -> HeldKeyring:
    """The keyring as one with its keys; NotTheKeeper in a process that has none."""
    if isinstance(ring, HeldKeyring):
        return ring
    raise NotTheKeeper(
        "密钥环由守护进程保管，本进程不能直接使用。",
        remedy="请以守护进程的账户运行此操作，并取消 JIELI_KEEPER。",
    )


def _fingerprint(ring: HeldKeyring, epoch: int) -> str:
    return fingerprint(epoch_name(epoch), ring.epoch_key(epoch))


def current_epoch() -> int:
    """The wrap epoch that encrypts; KeyStoreNotOpen before `open_store`."""
    found = WrapEpoch.objects.filter(state=EpochState.CURRENT.value).values_list("id", flat=True).first()
    if found is None:
        raise KeyStoreNotOpen("密钥库尚未启用。", remedy="请先运行 jieli keys init。")
    return found


def write_pages(ring: Keyring, *, batch: int, secrets: bytes, at: int) -> None:
    """Keep the secrets of a batch, in the order of its items; committed when this returns.

    Crash after it and before the main transaction commits: pages without a batch, swept an hour later.
    """
    if isinstance(ring, KeptKeyring):
        reach("keys.before_store")
        ring.keeper.wrap(batch=batch, secrets=secrets, at=at)
        reach("keys.after_store")
        return
    ring = held(ring)
    epoch = current_epoch()
    key, step = ring.epoch_key(epoch), PAGE_SECRETS * SECRET_BYTES
    records = []
    for number, start in enumerate(range(0, len(secrets), step)):
        page = batch * PAGES_A_BATCH + number
        nonce, sealed = seal_page(
            key, page=page, epoch=epoch, revision=0, secrets=secrets[start : start + step]
        )
        records.append((page, epoch, 0, nonce, sealed, at))
    reach("keys.before_store")
    with transaction.atomic(using="keys", durable=True):
        copy_records("archive_key_page", _COLUMNS, records, using="keys")
    reach("keys.after_store")


@contextmanager
def sealed_pages(ring: Keyring, items: Iterable[int]) -> Iterator[SealedPages]:
    """The pages of these items, read while the block runs, for `read_secrets` behind it: they stay sealed till then.

    Empty where a keeper has the keyring: it reads them itself. A secret that is destroyed in between is still in
    them: whoever opens them looks at the tombstones after the block, and a tombstone comes before its erasure.
    """
    found = SealedPages()
    wanted = [] if isinstance(ring, KeptKeyring) else [(item, *page_of(item)) for item in set(items)]
    if not wanted:
        yield found
        return
    numbers = {page for _, page, _ in wanted}
    few = len(wanted) <= FEW_A_PAGE * len(numbers)
    asked = (_ALONE, [*map(array, zip(*wanted, strict=True))]) if few else (_PAGES, [array(numbers)])
    with meanwhile(*asked, using="keys") as rows:
        yield found
    (found.alone if few else found.pages).update((row[0], row) for row in rows)


def read_secrets(
    ring: Keyring, items: Iterable[int], *, read: SealedPages | None = None
) -> dict[int, bytes | None]:
    """The secret of each item, None where it was destroyed. ItemUnknown for one that no page holds.

    For the process that holds the keyring; the others go through `unwrap`. `read` are pages from `sealed_pages`: what
    it has of single secrets is only as good as the items that they open (`open_alone`), so the keeper takes none.
    """
    ring = held(ring)
    wanted = set(items)
    found: dict[int, bytes | None] = {**_alone(ring, wanted, read)} if read else {}
    missing = []
    ordered = sorted(wanted - found.keys())
    # In binary and without models: a search of fifty may need fifty pages, 1.6 MB of them.
    pages = dict(read.pages) if read else {}
    if numbers := {page_of(i)[0] for i in ordered} - pages.keys():
        pages.update((page[0], page) for page in prepared(_PAGES, [array(numbers)], using="keys"))
    for number, group in groupby(ordered, key=lambda item: page_of(item)[0]):
        secrets = _opened(ring, *pages[number]) if number in pages else b""
        for item in group:
            place = page_of(item)[1] * SECRET_BYTES
            secret = secrets[place : place + SECRET_BYTES]
            if len(secret) != SECRET_BYTES:
                missing.append(item)
            found[item] = None if secret == DESTROYED else secret
    if missing:
        raise ItemUnknown(missing)
    return found


def _alone(ring: HeldKeyring, wanted: Collection[int], read: SealedPages) -> dict[int, bytes]:
    """The secrets that were read alone, by item. That one has gone only its whole page can say: it is absent."""
    of_epoch: dict[int, list[tuple[Any, ...]]] = {}
    for item, epoch, *of_page in read.alone.values():
        if item in wanted:
            of_epoch.setdefault(epoch, []).append((item, of_page))
    found: dict[int, bytes] = {}
    for epoch, some in of_epoch.items():
        secrets = open_alone(ring.epoch_key(epoch), [sealed for _, sealed in some])
        found.update(zip((item for item, _ in some), secrets, strict=True))
    return {item: secret for item, secret in found.items() if secret != DESTROYED}


def opened(ring: Keyring, page: KeyPage) -> bytes:
    """The secrets of a page, end to end; nothing for a swept one.

    Without the keyring: as many places, zeros where a secret was destroyed and ones where it stands, as the keeper
    tells it. That is all fsck asks of a page.
    """
    if not page.sealed:
        return b""
    if isinstance(ring, KeptKeyring):
        return b"".join(bytes([mark]) * SECRET_BYTES for mark in ring.keeper.shape(page.id))
    return _opened(held(ring), page.id, page.epoch, page.revision, bytes(page.nonce), bytes(page.sealed))


def _opened(ring: HeldKeyring, page: int, epoch: int, revision: int, nonce: bytes, sealed: bytes) -> bytes:
    if not sealed:
        return b""
    return open_page(
        ring.epoch_key(epoch), page=page, epoch=epoch, revision=revision, nonce=nonce, sealed=sealed
    )


def erase(ring: Keyring, items: Sequence[int]) -> set[int]:
    """Rewrite pages without the secrets of these items; committed when this returns.

    Returns the epochs under which older copies of the rewritten pages may still lie in backups. Idempotent:
    a second call finds the secrets gone and rewrites nothing.
    """
    if isinstance(ring, KeptKeyring):
        return ring.keeper.erase(items)
    ring = held(ring)
    places: dict[int, list[int]] = {}
    for item in items:
        number, place = page_of(item)
        places.setdefault(number, []).append(place)
    left = set()
    with transaction.atomic(using="keys", durable=True):
        epoch = current_epoch()
        changed = []
        for page in KeyPage.objects.select_for_update().filter(id__in=places).order_by("id"):
            before = opened(ring, page)
            after = without(before, [p for p in places[page.id] if p * SECRET_BYTES < len(before)])
            if after != before:
                left.add(page.epoch)
                changed.append(rewrapped(ring, page, after, epoch))
        save(changed)
    return left


def rewrapped(ring: HeldKeyring, page: KeyPage, secrets: bytes, epoch: int) -> KeyPage:
    """The page with these secrets under an epoch's key, one revision on; not yet saved."""
    page.epoch, page.revision = epoch, page.revision + 1
    page.nonce, page.sealed = seal_page(
        ring.epoch_key(epoch), page=page.id, epoch=epoch, revision=page.revision, secrets=secrets
    )
    return page


def save(pages: Sequence[KeyPage]) -> None:
    """Write rewrapped pages, in the caller's transaction on the key store."""
    KeyPage.objects.bulk_update(pages, ["epoch", "revision", "nonce", "sealed"], batch_size=256)


def index_keys(ring: Keyring, months: Iterable[int]) -> Mapping[int, bytes]:
    """The index keys of event months (202403); one that is new is made, and committed when this returns."""
    if isinstance(ring, KeptKeyring):
        return ring.fetch_index_keys(months)
    ring = held(ring)
    known = ring.index_keys
    wanted = {month for month in months if month not in known}
    if wanted:
        found = {k.month for k in IndexKey.objects.filter(month__in=wanted)}
        if missing := wanted - found:
            _make_index_keys(ring, sorted(missing))
        for row in IndexKey.objects.filter(month__in=wanted):
            known[row.month] = opened_index_key(ring, row)
    return known


def _make_index_keys(ring: HeldKeyring, months: Sequence[int]) -> None:
    epoch = current_epoch()
    with transaction.atomic(using="keys", durable=True), connections["keys"].cursor() as cursor:
        for month in months:
            nonce, sealed = seal_page(
                ring.epoch_key(epoch), page=-month, epoch=epoch, revision=0, secrets=os.urandom(SECRET_BYTES)
            )
            # Two deposits may both see a new month: the first key stands, and both read it back.
            cursor.execute(
                "INSERT INTO archive_index_key (month, epoch, revision, nonce, sealed)"
                " VALUES (%s, %s, 0, %s, %s) ON CONFLICT DO NOTHING",
                [month, epoch, nonce, sealed],
            )


def opened_index_key(ring: HeldKeyring, row: IndexKey) -> bytes:
    """An index key in the clear."""
    return open_page(
        ring.epoch_key(row.epoch), page=-row.month, epoch=row.epoch, revision=row.revision,
        nonce=bytes(row.nonce), sealed=bytes(row.sealed),
    )  # fmt: skip
