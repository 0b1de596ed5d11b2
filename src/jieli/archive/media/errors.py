"""What can go wrong with media. No error says what a file holds or what it is called."""

from jieli.kernel.errors import JieliError


class MediaStoreMissing(JieliError):
    """No place for media was configured in this process."""

    code = "media.no_store"


class MediaStoreAway(JieliError):
    """The store cannot be reached, or refused."""

    code = "media.store_away"


class MediaObjectMissing(JieliError):
    """The store has no object at an address that a row names."""

    code = "media.object_missing"

    def __init__(self, address: bytes) -> None:
        super().__init__(
            f"存储中没有对象 {address.hex()[:16]}…。", remedy="请运行 jieli fsck，并从存储的备份恢复该对象。"
        )


class MediaAltered(JieliError):
    """A stored object is not what was sealed."""

    code = "media.altered"

    def __init__(self, item: int, n: int) -> None:
        super().__init__(
            f"条目 {item} 的第 {n} 个附件与封存时不符。", remedy="请勿使用该附件，并运行 jieli fsck。"
        )


class MediaUnknown(JieliError):
    """No file was kept for this item and number."""

    code = "media.unknown"

    def __init__(self, item: int, n: int) -> None:
        super().__init__(
            f"条目 {item} 没有存入第 {n} 个附件。", remedy="请用 jieli media list 查看已存的附件。"
        )


class MediaKept(JieliError):
    """The place is taken: a file is never replaced."""

    code = "media.already_kept"

    def __init__(self, item: int, n: int) -> None:
        super().__init__(f"条目 {item} 的第 {n} 个附件早已存入。", remedy="附件不能更换；请核对编号。")


class MediaNotClaimed(JieliError):
    """The item has no such claim."""

    code = "media.not_claimed"


class MediaDiffers(JieliError):
    """The file is not the one that the platform claimed."""

    code = "media.differs"


class MediaEmpty(JieliError):
    """A file without a byte, or none at all."""

    code = "media.empty"


class MediaUnreadable(MediaEmpty):
    """There is no file at that place on this machine, or none that may be read: that says nothing of the file."""


class MediaChanged(JieliError):
    """The file was changed while it was being read."""

    code = "media.changed"


class MediaNotCovered(JieliError):
    """No checkpoint covers the entry of a file yet."""

    code = "media.not_covered"


class BadExcerpt(JieliError):
    """What was asked for is no stretch of the file."""

    code = "media.bad_excerpt"


class NotPlayable(JieliError):
    """No playable copy can be made."""

    code = "media.not_playable"
