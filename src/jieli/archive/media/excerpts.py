"""A stretch of a file with its proof against the whole (ADR 17): a folder that `seal excerpt` verifies by itself."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jieli.archive.media.errors import BadExcerpt, MediaNotCovered
from jieli.archive.media.opening import fresh, pieces
from jieli.archive.media.types import MediaRef, Unit
from jieli.archive.media.words import README
from jieli.archive.types import OpenedItem
from jieli.ledger import places
from jieli.ledger import queries as ledger
from jieli.ledger import standing as standings
from jieli.ledger.standing import Standing
from jieli.ledger.types import OpenedPart
from seal import canonical
from seal.media import CLAIM, PROOF, TABLE, absent_hashes, block_leaf, write_claim
from seal.policy import Policy
from seal.proof import Proof
from seal.tree import Tree

_SUFFIX = {"amr": "amr", "amr-wb": "awb", "wav": "wav"}
_BLOCK = 64 * 1024
#: So much of a file an excerpt may hold that is made in memory, in bytes.
MOST_AT_ONCE = 32 * 1024 * 1024


def blocks_between(ref: MediaRef, start: int, stop: int) -> list[int]:
    """The blocks that hold `start` up to `stop` (exclusive): seconds of sound with the file's head, or bytes.

    Bytes are rounded outward to whole blocks. BadExcerpt where there is nothing in between.
    """
    if ref.unit is Unit.SECONDS:
        first, last, head = start + 1, min(stop, ref.seconds), [0]
    else:
        first, last, head = start // _BLOCK, min(-(-stop // _BLOCK), ref.blocks) - 1, []
    # outward rounding must not show the last block to who asked for what is behind it
    beyond = ref.unit is Unit.BYTES and start >= ref.size
    if start < 0 or stop <= start or first > last or beyond:
        length = f"{ref.seconds} 秒" if ref.unit is Unit.SECONDS else f"{ref.size} 字节"
        raise BadExcerpt(f"这一段不在文件之内：全长 {length}。", remedy="请核对起止；止不含在内。")
    return [*head, *range(first, last + 1)]


class Shown(NamedTuple):
    """How many blocks an excerpt shows, and who stands for the checkpoint that proves it."""

    blocks: int
    standing: Standing


def write_excerpt(
    opened: OpenedItem,
    ref: MediaRef,
    out: Path,
    *,
    start: int,
    stop: int,
    trusted: Policy | None,
    cover: Callable[[], object],
) -> Shown:
    """Write the folder `out`, which must not exist. The whole file is read and checked.

    Memory: a block, and 32 bytes for each block of the file. `cover` asks the signer, when no checkpoint covers the
    file's entry yet; of those that do, the newest that counts under `trusted` proves it, or else the newest. Crash in
    between leaves the folder with `.partial`.
    """
    shown = blocks_between(ref, start, stop)
    part, proof, standing = _proved(ref, trusted, cover)
    folder = _folder(out)
    with fresh(folder / name_of(ref)) as file:
        rest = _cut(opened, ref, shown, part, proof, file.write)
    for other, data in rest.items():
        with fresh(folder / other) as file:
            file.write(data)
    folder.rename(out)
    return Shown(len(shown), standing)


def excerpt_files(
    opened: OpenedItem,
    ref: MediaRef,
    *,
    start: int,
    stop: int,
    trusted: Policy | None,
    cover: Callable[[], object],
) -> dict[str, bytes]:
    """What `write_excerpt` writes, by name: for a door that sends it, and leaves nothing on a disk.

    BadExcerpt for a stretch of more than MOST_AT_ONCE, which goes by the command line; none is held in memory.
    """
    shown = blocks_between(ref, start, stop)
    if len(shown) * -(-ref.size // ref.blocks) > MOST_AT_ONCE:
        raise BadExcerpt(
            f"这一段超过 {MOST_AT_ONCE // 1024 // 1024} MiB，网页上摘录不了。",
            remedy="请分几段，或用 jieli media excerpt 写到目录。",
        )
    part, proof, _ = _proved(ref, trusted, cover)
    held: list[bytes] = []
    rest = _cut(opened, ref, shown, part, proof, held.append)
    return {name_of(ref): b"".join(held), **rest}


def name_of(ref: MediaRef) -> str:
    """What the bytes of an excerpt are called."""
    return f"excerpt.{_SUFFIX.get(ref.format, 'bin')}"


def _proved(
    ref: MediaRef, trusted: Policy | None, cover: Callable[[], object]
) -> tuple[OpenedPart, Proof, Standing]:
    [part] = ledger.parts([(TABLE, ref.id)])[(TABLE, str(ref.id))]
    return part, *_proof(part.entry, trusted, cover)


def _cut(
    opened: OpenedItem,
    ref: MediaRef,
    shown: Sequence[int],
    part: OpenedPart,
    proof: Proof,
    write: Callable[[bytes], object],
) -> dict[str, bytes]:
    """Read and check the whole file, give the shown blocks to `write`; the files that lie beside them, by name."""
    wanted, leaves, listed = set(shown), list[bytes](), list[tuple[int, bytes, int]]()
    for piece in pieces(opened, ref):
        leaves.append(block_leaf(piece.salt, piece.data))
        if piece.n in wanted:
            write(piece.data)
            listed.append((piece.n, piece.salt, len(piece.data)))
    body: dict[str, Any] = dict(canonical.decode(part.body))  # type: ignore[arg-type]
    claim = write_claim(
        file=name_of(ref), pieces=listed, hashes=absent_hashes(leaves, shown),
        entry=places.index_of(part.entry), n=part.n,
        salt=part.salt, body=body, path=_path(part),
    )  # fmt: skip
    return {CLAIM: claim, PROOF: proof.format(), "README.txt": README.encode()}


def check_place(out: Path) -> None:
    """BadExcerpt where no folder `out` can be begun: asked before anything is opened for it."""
    if out.exists() or _partial(out).exists():
        raise BadExcerpt("同名目录已存在，从不覆盖。", remedy="请另选目录，或先移走带 .partial 的半成品。")
    if not out.parent.is_dir():
        raise BadExcerpt("不能写到这个位置。", remedy="请给出一个可写目录中的新目录名。")


def _partial(out: Path) -> Path:
    return out.with_name(out.name + ".partial")


def _folder(out: Path) -> Path:
    check_place(out)
    partial = _partial(out)
    try:
        partial.mkdir(mode=0o700)
    except OSError:
        raise BadExcerpt("不能写到这个位置。", remedy="请给出一个可写目录中的新目录名。") from None
    return partial


def _path(part: OpenedPart) -> list[bytes]:
    return Tree(ledger.part_leaves([part.entry])[part.entry]).inclusion(part.n)


def _proof(entry: int, trusted: Policy | None, cover: Callable[[], object]) -> tuple[Proof, Standing]:
    """The entry under a checkpoint of its log, with the lines of all who vouched; MediaNotCovered without one."""
    found = standings.best_over(entry, trusted)
    if found is None:
        cover()
        found = standings.best_over(entry, trusted)
    if found is None:
        raise MediaNotCovered(
            "签名进程尚未签出覆盖该附件的检查点。", remedy="请确认签名进程在运行，稍后重试。"
        )
    chosen, standing = found
    path = ledger.inclusion_proofs([entry], chosen.size)[entry]
    data = ledger.entries([entry])[entry].data
    return Proof(places.index_of(entry), tuple(path), chosen.cosigned_note.encode(), data), standing
