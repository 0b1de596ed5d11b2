"""A witness without a network: the request goes out as a file by hand, the cosignature comes back as one (ADR 21).

The bytes are those of tlog-witness; only the carrier differs. A lost or old stick loses nothing: the witness keeps
its own state and refuses what does not continue it, and we take nothing back that is not over our own checkpoint.
"""

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jieli.kernel.errors import JieliError
from jieli.ledger import queries, succeeding
from jieli.ledger.bulk import copy_rows
from jieli.ledger.checkpoints import RefusesToSign, tree
from jieli.ledger.exporting import NothingSigned, files_in
from jieli.ledger.models import Cosignature
from seal import checkpoint, note
from seal.errors import SealError
from seal.keys import Vkey
from seal.witness import format_request
from seal.witness_files import COSIGNED, REQUEST, kept_size, write_together

INSTRUCTIONS, LOG_KEYS, CHECKPOINT = "说明.txt", "log.vkey", "checkpoint"


class NothingToTake(JieliError):
    """The folder holds no cosignature of a witness that the policy names."""

    code = "ledger.nothing_to_take"


class ForeignCheckpoint(JieliError):
    """What the witness cosigned is no checkpoint of this log."""

    code = "ledger.foreign_checkpoint"


class KitNotWritten(JieliError):
    """The machine refused to write a kit; the folder is as it was."""

    code = "ledger.kit_not_written"


class EarlierLog(JieliError):
    """What came back is over the log that this one goes on for."""

    code = "ledger.earlier_log"


@dataclass(frozen=True, slots=True)
class Kit:
    """What was written into the folder: a request from size `old` to `size`, for logs signed by `keys`."""

    old: int
    size: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """A cosignature that came back; `new` unless it was taken before."""

    witness: str
    size: int
    new: bool


def write_kit(directory: Path, keys: Sequence[Vkey], *, witness: str | None = None) -> Kit:
    """Write the newest checkpoint with the proof that the witness needs, and what to do with it.

    The proof begins at the size that the witness left in the folder the last time, else at the last one we have
    a cosignature of `witness` for, else at nothing. RefusesToSign when the witness is ahead of us: we lost a tail.
    KitNotWritten where the machine refuses: what lay in the folder lies there as it was, and nothing of the new kit.
    """
    try:
        return _write_kit(directory, keys, witness)
    except OSError as error:
        raise KitNotWritten(
            f"见证文件夹 {directory} 没有写成（{errno.errorcode.get(error.errno or 0, '?')}），里面没有这一次的内容。",
            remedy="请勿把它交给见证方。请检查介质的空间与权限，腾出空间或换一个，再运行一次。",
        ) from error


def _write_kit(directory: Path, keys: Sequence[Vkey], witness: str | None) -> Kit:
    last = queries.last_checkpoint()
    if last is None:
        raise NothingSigned("账本还没有已签的检查点，无从见证。", remedy="请先运行 jieli ledger sign。")
    _check_folder(directory)
    left = kept_size(directory)
    old = left if left is not None else queries.last_cosigned(witness) if witness else 0
    if old > last.size:
        raise _ahead(old, last.size)
    proof = tree(last.size).consistency(old) if 0 < old < last.size else []
    directory.mkdir(parents=True, exist_ok=True)
    shown = tuple(key.format() for key in keys)
    files = {
        LOG_KEYS: "".join(key + "\n" for key in shown).encode(),
        CHECKPOINT: last.note.encode(),
        INSTRUCTIONS: _instructions(queries.origin(), last.size, shown).encode(),
        REQUEST: format_request(old, proof, last.note.encode()),
    }
    write_together(directory, files)  # the request last: it alone is what a witness signs
    return Kit(old, last.size, shown)


def _check_folder(directory: Path) -> None:
    """EarlierLog for a stick that went to and fro with a log before this one: its `size` says nothing of ours."""
    try:
        head, _ = checkpoint.parse((directory / CHECKPOINT).read_bytes())
    except (FileNotFoundError, SealError):
        return  # empty, or nothing that says whose it is
    if head.origin in {old.origin for old in succeeding.earlier()}:
        raise EarlierLog(
            f"这个文件夹是旧账本 {head.origin} 的，里面记的是见证方见过它多少条，与新账本无关。",
            remedy="请另给一个空文件夹；旧文件夹请留存。",
        )


def _ahead(seen: int, signed: int) -> RefusesToSign:
    return RefusesToSign(
        f"见证方已见证到 {seen} 条，本账本只签到 {signed} 条：账本被回退。",
        remedy="请停止写入，从备份恢复，或按 jieli restore 另起新账本。",
    )


def take_cosignatures(directory: Path, witnesses: Sequence[Vkey], *, at: int) -> list[Taken]:
    """Keep the cosignatures that came back in a folder; those kept already are not kept twice.

    Raises NothingToTake, ForeignCheckpoint (another text than the one we signed at that size: somebody shows the
    witness another log), RefusesToSign (it has seen more than we have), EarlierLog (an honest one was on the road
    while another log began).
    """
    path = directory / COSIGNED
    if not path.is_file():
        raise NothingToTake(
            "文件夹里没有见证签名。", remedy="请在见证方的机器上运行 jieli witness sign-offline。"
        )
    with files_in(directory):
        data = path.read_bytes()
    try:
        head, signed = checkpoint.parse(data)
        verified = note.verify(signed, witnesses)
    except SealError as error:
        raise NothingToTake(f"见证签名不成立（{error.code}）。", remedy="请让见证方重新签一次。") from error
    _check_live(head)
    last = queries.last_checkpoint()
    most = last.size if last is not None else 0
    if head.origin == queries.origin() and head.size > most:
        raise _ahead(head.size, most)
    ours = queries.checkpoints(sizes=[head.size])
    if not ours or note.parse(ours[0].note.encode()).text != signed.text:
        raise ForeignCheckpoint(
            f"见证方签的检查点（{head.size} 条）不是本账本签出的那一个。",
            remedy="有人向见证方出示过另一份账本：请停止写入，保存该文件夹，并运行 jieli fsck。",
        )
    if not verified:
        raise NothingToTake(
            "签名的见证方不在本安装的信任策略里。", remedy="请先把它的公钥写入 trust.policy 的 witness 行。"
        )
    return _store(ours[0].size, signed, {(v.key.name, v.key.id) for v in verified}, at=at)


def _check_live(head: checkpoint.Checkpoint) -> None:
    """EarlierLog for a log before the live one that agrees with what is left of it; ForeignCheckpoint if it differs."""
    for old in succeeding.earlier():
        if old.origin != head.origin:
            continue
        if head.size <= old.size and queries.roots([head.size], upto=old.size, log=old.log) != {
            head.size: head.root
        }:
            raise ForeignCheckpoint(
                f"见证方签的检查点（{head.size} 条）不是旧账本 {old.origin} 签出的那一个。",
                remedy="有人向见证方出示过另一份旧账本：请保存该文件夹，并运行 jieli fsck。",
            )
        gone = (
            f"，其中后 {head.size - old.size} 条在旧账本里已丢失"
            if head.size > old.size
            else "，与旧账本相符"
        )
        raise EarlierLog(
            f"这是旧账本 {old.origin} 的见证（{head.size} 条{gone}）：它已由 {old.succeeded_by} 接续，不再收见证。",
            remedy="请另用一个空文件夹为新账本做一份：jieli witness kit；旧文件夹请留存。",
        )


def _store(size: int, signed: note.Note, known: set[tuple[str, bytes]], *, at: int) -> list[Taken]:
    here = {name for name, _ in queries.checkpoints(sizes=[size])[0].cosignatures}
    lines = [s for s in signed.signatures if (s.name, s.id) in known]
    log = queries.live_log()
    copy_rows(
        [
            Cosignature(log=log, size=size, witness=s.name, line=s.line(), received_at=at)
            for s in lines
            if s.name not in here
        ]
    )
    return [Taken(s.name, size, s.name not in here) for s in lines]


def _instructions(origin: str, size: int, keys: tuple[str, ...]) -> str:
    shown = "\n".join(f"    {key}" for key in keys)
    pinned = " ".join(f"--log '{key}'" for key in keys)
    return f"""接力账本 · 见证说明

您受邀为账本 {origin} 作见证。您只会看到它的条数和一个哈希，看不到任何内容。
您的签名说的是：到此刻为止，这个账本是您上次见过的那个账本的延续，没有被改写。

一、第一次（在您自己的、公司控制不了的机器上，可以不联网）

    jieli witness init 见证目录 --name 您的名称（如 witness.example.cn）

屏幕上打印的公钥交给公司。见证目录里有您的私钥和您见过的账本大小：请只留在您手中，
备份一份，不要放进这个 U 盘。目录若丢失，请停用这把密钥，另建一个见证方。

二、核对账本公钥：请当面或打电话向公司核对，逐字相同才继续

{shown}

三、每次收到 U 盘（本文件夹）

    jieli witness sign-offline 本文件夹 --witness 见证目录 {pinned}

（--log 只在第一次需要；以后账本换了公钥而没有事先告诉您的，不要加，打电话问。）

  · 打印“已见证”：把 U 盘交还公司即可。
  · 打印“需要从……条起的证明”：也把 U 盘交还，公司会据此另做一份。
  · 打印“账本被改写或被回退”：不要签，留下 U 盘，通知账本所涉及的人。

四、公司收回之后

    jieli ledger take-cosignatures 本文件夹

本文件夹的文件：add-checkpoint 是请求（上次大小、一致性证明、检查点），checkpoint 是账本
{size} 条时的检查点，log.vkey 是账本公钥；您签之后多出 cosigned 与 size。格式均为公开的
C2SP tlog-witness，任何符合该规范的程序都能代替 jieli。
"""
