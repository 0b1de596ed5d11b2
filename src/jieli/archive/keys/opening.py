"""The one way to an item's secret: with an opening that is already committed."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connections

from jieli.archive import ports
from jieli.archive.errors import ItemDestroyed, NotOpened
from jieli.archive.keys.store import read_secrets


def unwrap(items: Sequence[int], *, receipt: UUID) -> dict[int, bytes]:
    """The secrets of items that the committed opening `receipt` names.

    NotOpened when it is not committed or does not name them all, or when a transaction is open here: its rows
    would be seen by us alone. ItemDestroyed when one is gone, ItemUnknown when a page lacks one. A keeper
    process may later stand where this function does; it takes nothing but ids and the receipt.
    """
    if connections["default"].in_atomic_block:
        raise NotOpened("开启记录尚未提交，不能取用内容。", remedy="请先提交开启记录，再取用内容。")
    if not ports.opening_is_committed(receipt, items):
        raise NotOpened("没有已入账的开启记录涵盖这些条目。", remedy="请先登记开启（目的、权限、事项）。")
    found = read_secrets(ports.keyring(), items)
    alive = {item: secret for item, secret in found.items() if secret is not None}
    if len(alive) != len(found):
        raise ItemDestroyed([item for item, secret in found.items() if secret is None])
    return alive
