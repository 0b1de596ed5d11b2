"""What can go wrong in the archive; index errors stand in `archive.index.errors`."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from jieli.kernel.errors import JieliError


class KeyringExists(JieliError):
    """A keyring is never overwritten: what it encrypts would be lost."""

    code = "archive.keyring_exists"


class KeyringMissing(JieliError):
    """No keyring, or a file of it is absent or cannot be read as what it should be."""

    code = "archive.keyring_missing"


class KeyringUnsafe(JieliError):
    """Files of the keyring can be read by other accounts of this machine."""

    code = "archive.keyring_unsafe"


class KeyringMismatch(JieliError):
    """The keyring is not the one that this key store was written with, or it was tampered with."""

    code = "archive.keyring_mismatch"


class EscrowUnreadable(JieliError):
    """A typed-in escrow sheet has an error; the sentence names the line."""

    code = "archive.escrow_unreadable"


class KeyStoreNotOpen(JieliError):
    """The key store has no current wrap epoch."""

    code = "archive.key_store_not_open"


class PageDamaged(JieliError):
    """A page of secrets does not decrypt: it was changed, or its key is not the right one."""

    code = "archive.page_damaged"


class ItemDestroyed(JieliError):
    """The item was destroyed, or is being destroyed."""

    code = "archive.destroyed"

    def __init__(self, items: Sequence[int]) -> None:
        some = "、".join(str(i) for i in items[:3])
        more = f" 等 {len(items)} 条" if len(items) > 3 else ""
        super().__init__(f"条目 {some}{more}已销毁，内容无法恢复。", remedy="可出示销毁证明。")
        self.items = tuple(items)


class ItemUnknown(JieliError):
    """No such item, or its secret is not in the key store."""

    code = "archive.unknown_item"

    def __init__(self, items: Sequence[int]) -> None:
        some = "、".join(str(i) for i in items[:3])
        super().__init__(f"没有条目 {some} 或其密钥。", remedy="请运行 jieli fsck 查明。")
        self.items = tuple(items)


class ItemAltered(JieliError):
    """What stands in the database is not what was sealed."""

    code = "archive.altered"

    def __init__(self, item: int, what: str) -> None:
        super().__init__(f"条目 {item} 的{what}与封存时不符。", remedy="请勿使用该条目，并运行 jieli fsck。")
        self.item = item


class NotOpened(JieliError):
    """Content is asked for without a committed opening that names these items."""

    code = "archive.not_opened"


class PortEmpty(JieliError):
    """Wiring has not filled a port of the archive."""

    code = "archive.port_empty"


class Held(JieliError):
    """A hold stands in the way of a destruction. `holds` names for each item the holds that cover it."""

    code = "archive.held"

    def __init__(self, holds: Mapping[int, Sequence[UUID]]) -> None:
        super().__init__(
            f"{len(holds)} 条记录处于保全之中，不能销毁。",
            remedy="请先由提出保全的人解除保全，或将这些条目除外。",
        )
        self.holds = dict(holds)


class HoldUnknown(JieliError):
    """No such hold, or it was released before."""

    code = "archive.unknown_hold"


class HoldTargetUnknown(HoldUnknown):
    """What a hold is to keep is no item, conversation, person or class."""

    code = "archive.unknown_hold_target"


class HoldByRule(HoldUnknown):
    """A hold of 时效 asked for by hand."""

    code = "archive.hold_by_rule"


class TooLate(JieliError):
    """A hold on something that is already destroyed."""

    code = "archive.too_late"


class NothingToShred(JieliError):
    """Nothing of what was named is still there."""

    code = "archive.nothing_to_shred"


class NotAllThere(JieliError):
    """Some of the items that were named one by one are unknown or destroyed already."""

    code = "archive.not_all_there"


class NoReason(JieliError):
    """Nobody said why; what cannot be taken back, or stays in the book for good, needs it."""

    code = "archive.no_reason"


class ReasonTooLong(JieliError):
    """A reason longer than an entry keeps."""

    code = "archive.reason_too_long"


class AlreadyKept(JieliError):
    """The message is in the archive already: two imports met."""

    code = "archive.already_kept"


class IndexBusy(JieliError):
    """Segments kept being replaced while a search read them."""

    code = "archive.index_busy"


class RetentionUnknown(JieliError):
    """No such class of records, or none that the archive itself can destroy; or no such plan."""

    code = "archive.unknown_class"


class RetentionTooShort(JieliError):
    """A period below what the law prescribes, or no period at all."""

    code = "archive.retention_too_short"


class RetentionTooLong(JieliError):
    """A period beyond what can be counted as one."""

    code = "archive.retention_too_long"


class NothingDue(JieliError):
    """Nothing of a class is past its time, or all of it is held."""

    code = "archive.nothing_due"


class PersonKept(JieliError):
    """A hold, an open matter, a dispute of late or a contract keeps somebody in the registers (ADR 26).

    `holds` are those among the reasons.
    """

    code = "archive.person_kept"

    def __init__(self, sentence: str, *, remedy: str, holds: Sequence[UUID] = ()) -> None:
        super().__init__(sentence, remedy=remedy)
        self.holds = tuple(holds)


class PersonUnknown(JieliError):
    """Nobody of this id stands in the registers, or not any more."""

    code = "archive.unknown_person"
