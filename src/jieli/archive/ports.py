"""What the archive needs from above and outside, filled by wiring once at start."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from jieli.archive.errors import PortEmpty
from jieli.archive.keys.ring import Keyring
from jieli.archive.types import Extracted

#: (source, extractor version, raw line) → the fields derived from it. Must be pure: the same for ever.
Extract = Callable[[str, int, bytes], Extracted]
#: (receipt, item ids) → whether a committed opening of that id names all of these items.
ConfirmOpening = Callable[[UUID, Sequence[int]], bool]


@dataclass
class _Ports:
    keyring: Keyring | None = None
    extract: Extract | None = None
    confirm_opening: ConfirmOpening | None = field(default=None)


_ports = _Ports()


def use(
    *,
    keyring: Keyring | None = None,
    extract: Extract | None = None,
    confirm_opening: ConfirmOpening | None = None,
) -> None:
    """Fill the ports that are given; the others stay as they are."""
    _ports.keyring = keyring or _ports.keyring
    _ports.extract = extract or _ports.extract
    _ports.confirm_opening = confirm_opening or _ports.confirm_opening


def keyring() -> Keyring:
    """The keyring of this process: its own, or one that the keeper keeps for it.

    PortEmpty where it has none (a process that must not open anything).
    """
    if _ports.keyring is None:
        raise PortEmpty("本进程没有装入密钥环。", remedy="请先运行 jieli keys init，或在密钥进程中执行。")
    return _ports.keyring


def extract(source: str, version: int, raw: bytes) -> Extracted:
    """The derived fields of a raw line."""
    if _ports.extract is None:
        raise PortEmpty("没有装入消息解析器。", remedy="请报告此错误。")
    return _ports.extract(source, version, raw)


def opening_is_committed(receipt: UUID, items: Sequence[int]) -> bool:
    """Whether the opening stands in the ledger and names these items; nobody to ask means no."""
    return _ports.confirm_opening is not None and _ports.confirm_opening(receipt, items)
