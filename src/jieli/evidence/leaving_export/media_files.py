"""The stored files of a volume's items: beside the load files, under names of our own numbers, never held whole.

What is claimed and was never stored is listed, for nobody should look for it; what is stored and cannot be taken is an
omission. Digests of single files stay in the export: none goes into the ledger, where it would outlive its file.
"""

import csv
from collections.abc import Iterator, Sequence
from hashlib import md5, sha256, sha512
from pathlib import Path

from jieli.archive.media import queries, seeking
from jieli.archive.media.errors import MediaAltered, MediaObjectMissing, MediaStoreMissing
from jieli.archive.media.types import MediaRef
from jieli.archive.types import OpenedItem
from jieli.evidence.leaving_export.types import Left, MediaFile
from jieli.kernel.errors import JieliError

FOLDER, LIST = "media", "media.csv"
NOT_FETCHED, _GONE = "附件未取回", "附件已销毁"
#: Why a stored file is not in the export, by the error that said so.
_REASONS: dict[type[JieliError], str] = {
    MediaObjectMissing: "附件在存储中缺失", MediaAltered: "附件与封存时不符", MediaStoreMissing: "没有配置附件存储",
}  # fmt: skip
#: What a file's own first bytes say → the ending and the type that it leaves with; anything else is just bytes.
_ENDINGS = {
    "amr": ("amr", "audio/AMR"), "amr-wb": ("awb", "audio/AMR-WB"), "wav": ("wav", "audio/wav"),
    "mp3": ("mp3", "audio/mpeg"), "ogg": ("ogg", "audio/ogg"), "mp4": ("mp4", "video/mp4"),
    "jpeg": ("jpg", "image/jpeg"),
    "png": ("png", "image/png"), "gif": ("gif", "image/gif"), "pdf": ("pdf", "application/pdf"),
    "zip": ("zip", "application/zip"),
}  # fmt: skip
_COLUMNS = ("file", "item", "n", "bytes", "sha256", "mediatype", "agreement", "seconds", "name")


class Taken:
    """What came of the files of a volume: those on the disk by item, and those that are not there, with why."""

    def __init__(self) -> None:
        self.files: dict[int, tuple[MediaFile, ...]] = {}
        self.left: list[Left] = []

    @property
    def all(self) -> list[MediaFile]:
        """Every file, in the order of items and numbers."""
        return [one for files in self.files.values() for one in files]


def take(folder: Path, items: Sequence[OpenedItem]) -> Taken:
    """Write the files of opened items into the volume, each checked whole. Memory: a block. MediaStoreAway."""
    kept = queries.of_items(one.item.item_id for one in items)
    found = Taken()
    for opened in items:
        stored = kept.get(opened.item.item_id, [])
        done = []
        for ref in stored:
            if ref.root is None:
                found.left.append(_left(opened, ref.n, _GONE))
                continue
            try:
                done.append(_written(folder, opened, ref))
            except tuple(_REASONS) as error:
                found.left.append(_left(opened, ref.n, _REASONS[type(error)]))
        missing = set(range(len(opened.media))) - {ref.n for ref in stored}
        found.left += [_left(opened, n, NOT_FETCHED) for n in sorted(missing)]
        if done:
            found.files[opened.item.item_id] = tuple(done)
    return found


def _left(opened: OpenedItem, n: int, reason: str) -> Left:
    ref = opened.item
    return Left(ref.item_id, ref.conversation, ref.source, ref.event_ms, f"{reason}（第 {n} 个）")


def _written(folder: Path, opened: OpenedItem, ref: MediaRef) -> MediaFile:
    ending, kind = _ENDINGS.get(ref.format, ("bin", "application/octet-stream"))
    name = f"{FOLDER}/{ref.item}.{ref.n}.{ending}"
    path = folder / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    digests = sha256(), sha512(), md5(usedforsecurity=False)
    try:
        with path.open("xb") as file:
            for chunk in seeking.whole(opened, ref):
                file.write(chunk)
                for digest in digests:
                    digest.update(chunk)
    except JieliError:
        path.unlink(missing_ok=True)
        raise
    return MediaFile(
        name, ref.item, ref.n, ref.size, digests[0].hexdigest(), digests[1].digest(), digests[2].hexdigest(), kind,
        ref.agreement.value, ref.seconds, ref.name or "",
    )  # fmt: skip


def write_list(path: Path, files: Sequence[MediaFile]) -> None:
    """The list of a volume's files; the package seals its digest."""
    with path.open("x", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        rows.writerow(_COLUMNS)
        rows.writerows(_rows(files))


def _rows(files: Sequence[MediaFile]) -> Iterator[tuple[object, ...]]:
    for x in files:
        # A name came with the file: an apostrophe keeps a spreadsheet from taking it for a formula.
        yield x.path, x.item, x.n, x.size, x.sha256, x.mediatype, x.agreement, x.seconds, f"'{x.name}"
