"""The one way to an item's secret: with an opening that is already committed."""

from collections.abc import Callable, Sequence
from uuid import UUID

from django.db import connections

from jieli.archive import ports
from jieli.archive.errors import ItemDestroyed, NotOpened
from jieli.archive.keys.kept import KeptKeyring
from jieli.archive.keys.ring import Keyring
from jieli.archive.keys.store import SealedPages, read_secrets


def unwrap(items: Sequence[int], *, receipt: UUID, read: SealedPages | None = None) -> dict[int, bytes]:
    """The secrets of items that the committed opening `receipt` names.

    NotOpened when it is not committed or does not name them all, or when a transaction is open here: its rows
    would be seen by us alone. ItemDestroyed when one is gone, ItemUnknown when a page lacks one. Where a keeper
    has the keyring it is asked, and asks its own connection for the opening. `read` are pages that were read, and not
    opened, since these items were found.
    """
    if connections["default"].in_atomic_block:
        raise NotOpened("开启记录尚未提交，不能取用内容。", remedy="请先提交开启记录，再取用内容。")
    ring = ports.keyring()
    if isinstance(ring, KeptKeyring):
        return ring.keeper.unwrap(items, receipt=receipt)
    return released(ring, items, receipt=receipt, confirm=ports.opening_is_committed, read=read)


def released(
    ring: Keyring,
    items: Sequence[int],
    *,
    receipt: UUID,
    confirm: Callable[[UUID, Sequence[int]], bool],
    read: SealedPages | None = None,
) -> dict[int, bytes]:
    """The secrets, in the process that has the keyring; see `unwrap` for the errors."""
    if not confirm(receipt, items):
        raise NotOpened("没有已入账的开启记录涵盖这些条目。", remedy="请先登记开启（目的、权限、事项）。")
    found = read_secrets(ring, items, read=read)
    alive = {item: secret for item, secret in found.items() if secret is not None}
    if len(alive) != len(found):
        raise ItemDestroyed([item for item, secret in found.items() if secret is None])
    return alive
