"""What the archive needs from above and outside, filled by wiring once at start."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from jieli.archive.errors import PortEmpty
from jieli.archive.keys.ring import Keyring
from jieli.archive.types import Extracted

#: (source, extractor version, raw line) → the fields derived from it. Must be pure: the same for ever.
Extract = Callable[[str, int, bytes], Extracted]
#: The same for many lines of one source and version, in their order.
ExtractAll = Callable[[str, int, Sequence[bytes]], list[Extracted]]
#: (receipt, item ids) → whether a committed opening of that id names all of these items.
ConfirmOpening = Callable[[UUID, Sequence[int]], bool]
#: (before ms, most) → the records of a class that are older and not emptied yet, oldest first, as (id, ms).
DueRecords = Callable[[int, int], list[tuple[UUID, int]]]


@dataclass
class _Ports:
    keyring: Keyring | None = None
    extract: Extract | None = None
    extract_all: ExtractAll | None = None
    confirm_opening: ConfirmOpening | None = field(default=None)
    records: dict[str, DueRecords] = field(default_factory=dict)


_ports = _Ports()


def use(
    *,
    keyring: Keyring | None = None,
    extract: Extract | None = None,
    extract_all: ExtractAll | None = None,
    confirm_opening: ConfirmOpening | None = None,
    records: Mapping[str, DueRecords] | None = None,
) -> None:
    """Fill the ports that are given; the others stay. An `extract` without its `extract_all` ends the old one."""
    _ports.keyring = keyring or _ports.keyring
    if extract is not None:
        _ports.extract, _ports.extract_all = extract, extract_all
    _ports.confirm_opening = confirm_opening or _ports.confirm_opening
    _ports.records.update(records or {})


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


def extract_all(source: str, version: int, raws: Sequence[bytes]) -> list[Extracted]:
    """The derived fields of raw lines of one source, in their order: as `extract` gives each of them."""
    if _ports.extract_all is None:
        return [extract(source, version, raw) for raw in raws]
    return _ports.extract_all(source, version, raws)


def opening_is_committed(receipt: UUID, items: Sequence[int]) -> bool:
    """Whether the opening stands in the ledger and names these items; nobody to ask means no."""
    return _ports.confirm_opening is not None and _ports.confirm_opening(receipt, items)


def due_records(code: str, before: int, most: int) -> list[tuple[UUID, int]]:
    """The records of a class that a room above keeps and that are past their time; nobody to ask means none."""
    asked = _ports.records.get(code)
    return asked(before, most) if asked is not None else []
