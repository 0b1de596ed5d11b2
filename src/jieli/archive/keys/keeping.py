"""What the keeper does for others, and what it makes sure of first. No sockets here: those stand in wiring.

It believes what its own connections say, never the caller: to the main store it can only read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from jieli.archive import queries
from jieli.archive.errors import Held
from jieli.archive.keys import store
from jieli.archive.keys.epochs import move_some
from jieli.archive.keys.errors import KeeperRefuses
from jieli.archive.keys.opening import released
from jieli.archive.keys.pages import DESTROYED, PAGE_SECRETS, SECRET_BYTES
from jieli.archive.keys.ring import HeldKeyring, epoch_name
from jieli.archive.keys.root import fingerprint
from jieli.archive.models import IndexKey, Item, KeyPage, Tombstone, WrapEpoch
from jieli.archive.ports import ConfirmOpening
from jieli.archive.types import MAX_BATCH, EpochState

_REPORT = "若非有人试探，请报告此错误。"


@dataclass(frozen=True)
class Keeping:
    """The port `keys.kept.Keeper`, in the process that holds the keyring.

    `confirm` asks this process's own connection whether an opening is committed; `clock` is its own clock, in
    milliseconds.
    """

    ring: HeldKeyring
    confirm: ConfirmOpening
    clock: Callable[[], int]

    def digest_key(self) -> bytes:
        """See the port."""
        return self.ring.digest

    def index_keys(self, months: Sequence[int]) -> dict[int, bytes]:
        """See the port."""
        known = store.index_keys(self.ring, months)
        return {month: known[month] for month in months}

    def wrap(self, *, batch: int, secrets: bytes, at: int) -> None:
        """See the port; KeeperRefuses where pages of this batch stand already, and they stay as they are."""
        if not 0 < len(secrets) <= MAX_BATCH * SECRET_BYTES or len(secrets) % SECRET_BYTES:
            raise KeeperRefuses("密钥的数目不对。", remedy=_REPORT)
        try:
            store.write_pages(self.ring, batch=batch, secrets=secrets, at=at)
        except IntegrityError:
            raise KeeperRefuses(f"批次 {batch} 已有密钥页，不会改写。", remedy=_REPORT) from None

    def unwrap(self, items: Sequence[int], *, receipt: UUID) -> dict[int, bytes]:
        """See the port."""
        return released(self.ring, items, receipt=receipt, confirm=self.confirm)

    def erase(self, items: Sequence[int]) -> set[int]:
        """See the port; KeeperRefuses for an item without a tombstone, Held for one that a hold covers."""
        wanted = list(set(items))
        if Tombstone.objects.filter(item_id__in=wanted).count() != len(wanted):
            raise KeeperRefuses("有条目没有已入账的销毁意图，不能毁去密钥。", remedy="请先登记销毁。")
        alive = Item.objects.filter(item_id__in=wanted, shredded_in__isnull=True)
        if holds := queries.covering(list(alive.values_list("item_id", flat=True))):
            raise Held(holds)
        return store.erase(self.ring, wanted)

    def shape(self, page: int) -> bytes:
        """See the port; PageDamaged or KeyringMissing as in the process that holds the keyring."""
        row = KeyPage.objects.filter(id=page).first()
        secrets = store.opened(self.ring, row) if row is not None else b""
        places = range(0, min(len(secrets), PAGE_SECRETS * SECRET_BYTES), SECRET_BYTES)
        return bytes(secrets[n : n + SECRET_BYTES] != DESTROYED for n in places)

    def add_epoch(self, epoch: int) -> str:
        """See the port; KeeperRefuses any number but the next one."""
        if epoch != store.current_epoch() + 1:
            raise KeeperRefuses(f"第 {epoch} 期不是下一期。", remedy="请重新运行 jieli keys rotate。")
        self.ring.add_epoch(epoch)
        return fingerprint(epoch_name(epoch), self.ring.epoch_key(epoch))

    def move(self, old: int) -> int:
        """See the port."""
        if old >= store.current_epoch():
            raise KeeperRefuses(f"第 {old} 期没有退出使用。", remedy="请重新运行 jieli keys rotate。")
        return move_some(self.ring, old)

    def destroy_epoch(self, epoch: int) -> None:
        """See the port."""
        row = WrapEpoch.objects.filter(id=epoch, state=EpochState.RETIRED.value).first()
        if row is None or row.destroy_after is None or row.destroy_after > self.clock():
            raise KeeperRefuses(f"第 {epoch} 期的封装密钥未到销毁之日。", remedy="请核对守护进程的时钟。")
        if KeyPage.objects.filter(epoch=epoch).exists() or IndexKey.objects.filter(epoch=epoch).exists():
            raise KeeperRefuses(f"第 {epoch} 期还有密钥页。", remedy="请先做完换期。")
        self.ring.destroy_epoch(epoch)

    def renew(self) -> int:
        """See the port."""
        return self.ring.renew()

    def status(self) -> Mapping[str, Any]:
        """See the port."""
        return {"place": self.ring.wrapping.place, "fingerprints": self.ring.fingerprints()}
