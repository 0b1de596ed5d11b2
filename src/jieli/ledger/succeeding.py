"""A new log for one whose tail is lost even outside: going on would make a second history under one name (ADR 19).

All of it happens in the transaction of one open book: a crash before its COMMIT leaves the backup as it was loaded,
and one log.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import reach
from jieli.ledger import append, checkpoints, locks, log_keys, queries, restoring
from jieli.ledger.bulk import copy_rows
from jieli.ledger.errors import ClockWentBack
from jieli.ledger.fsck import Finding, Note
from jieli.ledger.lost import SUCCEEDS, succeeds
from jieli.ledger.models import Checkpoint, Log
from jieli.ledger.operations import Book, Staged
from jieli.ledger.outside import Outside
from jieli.ledger.restoring import Base
from jieli.ledger.stored import StoredTree
from seal import checkpoint
from seal.errors import SealError
from seal.keys import Signer
from seal.tree import EMPTY_ROOT


class OriginTaken(JieliError):
    """A new log needs a name that no log of this installation has had."""

    code = "ledger.origin_taken"


@dataclass(frozen=True, slots=True)
class Lost:
    """How many entries of the old log somebody saw, and who that is."""

    seen: int
    by: str


def succeed(
    book: Book, outside: Outside, before: Base, lost: Lost, *, signers: Sequence[Signer], by: str, at: int
) -> Staged:
    """Bring the old log to all that is left of it, open a log named by `signers`, and stage its entry 0.

    The entry names the old log's origin, size, root and last checkpoint, the entries that came back without their
    parts (`from`, `to`), and how many somebody saw (`seen`): those from `to` on are lost altogether. Must be the first
    thing staged in the book; what is staged after it goes into the new log, and nothing ever again into the old one.
    """
    old = queries.live_log()
    locks.append_to(old)
    size, kinds = restoring.put_back_tail(old, outside, before, at=at)
    stands = queries.head(old)
    if at + append.CLOCK_DRIFT < stands.time:
        raise ClockWentBack(
            "本机时钟比旧账本最后一条记录早十分钟以上，拒绝写入。", remedy="请校准时钟后重试。"
        )
    last = queries.last_checkpoint(old)
    facts: dict[str, Any] = {
        "log": old, "origin": queries.origin(old), "size": size, "root": StoredTree(old, size).root().hex(),
        "from": before.size, "to": size, "seen": lost.seen, "seen_by": lost.by, "kinds": kinds,
    }  # fmt: skip
    if last is not None:
        facts["checkpoint"] = last.note
    # An entry's time never runs backwards, from one log to the next neither (ADR 2).
    book.at = max(book.at, stands.time)
    _open(old + 1, signers, at=book.at)
    reach("restore.after_new_log")
    staged = book.entry(SUCCEEDS, by=by, facts=facts)
    if len(signers) > 1:
        vkeys = [one.vkey.format() for one in signers]
        log_keys.stage(book, log_keys.Step.NAMED, old=[], new=vkeys, by=by)
    return staged


def _open(log: int, signers: Sequence[Signer], *, at: int) -> None:
    """The log with its first checkpoint, over nothing: from then on a log without a checkpoint is a damaged one."""
    signer = signers[0]
    if Log.objects.filter(origin=signer.name).exists():
        raise OriginTaken(f"账本名 {signer.name} 已经用过。", remedy="请为新账本另起一个从未用过的名称。")
    head = checkpoint.Checkpoint(signer.name, 0, EMPTY_ROOT)
    note = checkpoints.note_of(head, signer, signers[1:], at=at)
    copy_rows([Log(id=log, origin=signer.name, opened_at=at)])
    copy_rows([Checkpoint(log=log, size=0, root=EMPTY_ROOT, note=note, signed_at=at)])
    append.log_opened()


@dataclass(frozen=True, slots=True)
class Earlier:
    """A closed log: how many entries it has, the origin of the log that goes on for it, and how many were lost."""

    log: int
    origin: str
    size: int
    succeeded_by: str
    lost: int

    def told(self) -> str:
        """Its size and what goes on for it, in words."""
        gone = f"，其后至少 {self.lost:,} 条已丢失" if self.lost else ""
        return f"{self.size:,} 条{gone}；由 {self.succeeded_by} 接续"


def earlier() -> list[Earlier]:
    """The logs before the live one, oldest first, as the next log's entry 0 tells of each."""
    found = []
    for log, following in pairwise(queries.logs()):
        size, said = queries.head(log).size, succeeds(following) or {}
        seen = said.get("seen")
        lost = max(seen - size, 0) if isinstance(seen, int) else 0
        found.append(Earlier(log, queries.origin(log), size, queries.origin(following), lost))
    return found


def check_succession() -> Iterator[Finding | Note]:
    """Each log after the first one names the log before it as it stands, and logs are numbered without a gap."""
    logs = queries.logs()
    for expected, log in enumerate(logs, 1):
        if log != expected:
            yield _finding(log, f"账本编号不连续：应为 {expected}，实为 {log}。")
            return
    for log in logs[1:]:
        yield from _check(log)


def _finding(log: int, sentence: str) -> Finding:
    return Finding("ledger.predecessor", "ledger_log", str(log), sentence)


def _check(log: int) -> Iterator[Finding | Note]:
    old, said = log - 1, succeeds(log)
    if said is None:
        yield _finding(log, f"账本 {log} 的第 0 条没有写明它接续哪一本账。")
        return
    size = queries.head(old).size
    try:
        root = StoredTree(old, size).root().hex()
    except SealError:
        return  # a tile is missing: the walk over that log names it
    last = queries.last_checkpoint(old)
    stands = {"log": old, "origin": queries.origin(old), "size": size, "root": root}
    wrong = [name for name, value in stands.items() if said.get(name) != value]
    if said.get("checkpoint") != (last.note if last is not None else None):
        wrong.append("checkpoint")
    if wrong:
        yield _finding(
            log, f"账本 {old} 与账本 {log} 第 0 条所写的不符（{'、'.join(wrong)}）：旧账本被改动。"
        )
        return
    seen = said.get("seen")
    sentence = f"账本 {log} 接续账本 {old}（{said['origin']}，到 {size} 条）"
    if isinstance(seen, int) and seen > size:
        sentence += (
            f"；其后至少 {seen - size} 条（第 {size} 至 {seen - 1} 条）已丢失，{said.get('seen_by')} 见过"
        )
    yield Note("ledger.succeeded", "ledger_log", str(log), sentence + "。")
