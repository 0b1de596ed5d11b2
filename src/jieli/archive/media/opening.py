"""Media in the clear, block by block, each checked before it goes on. Reading alone comes here, after its row."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from jieli.archive.media import ports
from jieli.archive.media.errors import BadExcerpt, MediaAltered
from jieli.archive.media.sealing import Place, decrypted
from jieli.archive.media.types import MediaRef
from jieli.archive.types import OpenedItem
from jieli.ledger import queries as ledger
from seal.media import TABLE, Piece, block_leaf
from seal.tree import Frontier


def pieces(opened: OpenedItem, ref: MediaRef) -> Iterator[Piece]:
    """The blocks of a file whose item was opened; at the end its root, digest and size are held against its row.

    MediaAltered, MediaObjectMissing, MediaStoreAway. Whoever takes blocks keeps them apart until the end was reached.
    """
    leaves, digest, size = Frontier(), sha256(), 0
    # A file was sealed under the name of the log that its row went into.
    place = Place(ledger.origins_of(TABLE, [ref.id])[str(ref.id)], ref.item, ref.n)
    for piece in decrypted(place, opened.secret, ports.store().read(ref.address), blocks=ref.blocks):
        leaves.append(block_leaf(piece.salt, piece.data))
        digest.update(piece.data)
        size += len(piece.data)
        yield piece
    if (leaves.root(), digest.digest(), size) != (ref.root, ref.sha256, ref.size):
        raise MediaAltered(ref.item, ref.n)


def take(opened: OpenedItem, ref: MediaRef, out: Path) -> None:
    """Write the file to `out`, which must not exist: whole and checked, or not at all. Memory: a block.

    Crash in between leaves `out` with `.partial`, readable by its owner only.
    """
    with fresh(out) as file:
        for piece in pieces(opened, ref):
            file.write(piece.data)


@contextmanager
def fresh(out: Path) -> Iterator[BinaryIO]:
    """A new file that has its name once everything went well; BadExcerpt where it cannot be made."""
    partial = out.with_name(out.name + ".partial")
    if out.exists():
        raise BadExcerpt("同名文件已存在，从不覆盖。", remedy="请另选文件名。")
    try:
        partial.unlink(missing_ok=True)  # of a crash; it was never whole
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        raise BadExcerpt("不能写到这个位置。", remedy="请给出一个可写目录中的新文件名。") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.rename(out)
    finally:
        partial.unlink(missing_ok=True)
