"""Signing the head of the log and collecting what others say of it. Runs in the signer process alone.

Crash before a checkpoint is stored: the next round signs the same or a later head. Crash between storing
and cosigning: the witness has not seen it, or has; its 409 at the next start tells which.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import reach
from jieli.ledger import queries
from jieli.ledger.bulk import copy_rows
from jieli.ledger.models import Checkpoint, Cosignature, Timestamp
from jieli.ledger.ports import Conflict, Refused, TimestampAuthority, Unreachable, Witness
from jieli.ledger.types import CheckpointRef
from seal import checkpoint, note
from seal.keys import Signer
from seal.tiles import TileTree


class RefusesToSign(JieliError):
    """Signing now would vouch for a log that is not the one signed before."""

    code = "ledger.refuses_to_sign"


@dataclass(frozen=True)
class Round:
    """What one round did: the checkpoint that now covers the head, and who could not be reached."""

    size: int
    signed: bool
    witnessed: tuple[str, ...]
    stamped: tuple[str, ...]
    unreachable: tuple[str, ...]


def tree(size: int) -> TileTree:
    """The log's tree at a size, read from stored tiles."""
    return TileTree(size, queries.tile)


def sign_head(signer: Signer, *, at: int) -> CheckpointRef | None:
    """Sign the present head and store the checkpoint; None when it is signed already.

    Refuses to sign a log that shrank, or in which the last signed root is no longer a prefix.
    """
    head = queries.head(queries.live_log())
    last = queries.last_checkpoint()
    if last is None and head.size:
        raise RefusesToSign(
            "账本已有条目，却没有任何已签检查点，拒绝签名。",
            remedy="请从备份恢复，或按 jieli restore 另起新账本。",
        )
    if last is not None:
        if head.size == last.size:
            return None
        if head.size < last.size or tree(last.size).root() != last.root:
            raise RefusesToSign(
                "账本与上一次签名的检查点不一致，拒绝签名。", remedy="请运行 jieli fsck 查明被改动之处。"
            )
    root = tree(head.size).root()
    text = checkpoint.sign(checkpoint.Checkpoint(queries.origin(), head.size, root), signer).decode()
    reach("checkpoint.before_store")
    _store(Checkpoint(log=head.log, size=head.size, root=root, note=text, signed_at=at))
    reach("checkpoint.after_store")
    return queries.checkpoints(sizes=[head.size])[0]


def _store(row: Checkpoint | Cosignature | Timestamp) -> None:
    with transaction.atomic(using="default", durable=True):
        copy_rows([row])


def confirm(witness: Witness, *, at: int) -> None:
    """At start: ask how far the witness has seen the log, and refuse to go on if it saw more or other.

    The last stored checkpoint is shown again with `old 0`; a witness that knows the log answers with its size.
    """
    last = queries.last_checkpoint()
    if last is None:
        return
    answer = witness.add_checkpoint(old=0, proof=[], note=last.note)
    if isinstance(answer, Conflict):
        if answer.size > last.size:
            raise RefusesToSign(
                f"见证方已见证到 {answer.size} 条，本账本只签到 {last.size} 条：账本被回退，拒绝签名。",
                remedy="请从备份恢复，或按 jieli restore 另起新账本。",
            )
        proof = tree(last.size).consistency(answer.size) if 0 < answer.size < last.size else []
        answer = witness.add_checkpoint(old=answer.size, proof=proof, note=last.note)
    _keep(witness, last, answer, at=at)


def cosign(witness: Witness, shown: CheckpointRef, *, at: int) -> bool:
    """Have a witness cosign a checkpoint; False when it has gone ahead to a later one of ours."""
    seen = queries.last_cosigned(witness.name)
    proof = tree(shown.size).consistency(seen) if 0 < seen < shown.size else []
    answer = witness.add_checkpoint(old=seen, proof=proof, note=shown.note)
    if isinstance(answer, Conflict) and answer.size <= shown.size:
        proof = tree(shown.size).consistency(answer.size) if 0 < answer.size < shown.size else []
        answer = witness.add_checkpoint(old=answer.size, proof=proof, note=shown.note)
    return _keep(witness, shown, answer, at=at)


def _has(c: CheckpointRef, witness: Witness) -> bool:
    return any(name == witness.name for name, _ in c.cosignatures)


def _keep(witness: Witness, shown: CheckpointRef, answer: object, *, at: int) -> bool:
    if isinstance(answer, Conflict):
        return False
    lines = tuple(getattr(answer, "lines", ()))
    mine = [s.line() for line in lines for s in note.parse_lines(line.encode()) if s.name == witness.name]
    if not mine:
        raise Unreachable(
            f"见证方 {witness.name} 的答复里没有它的签名。", remedy="请核对见证方的名称与公钥。"
        )
    if not _has(queries.checkpoints(sizes=[shown.size])[0], witness):
        row = Cosignature(
            log=queries.live_log(), size=shown.size, witness=witness.name, line=mine[0], received_at=at
        )
        _store(row)
    return True


def stamp(authority: TimestampAuthority, shown: CheckpointRef, *, at: int) -> None:
    """Have the note text of a checkpoint time-stamped; the response is stored as it came."""
    text = note.parse(shown.note.encode()).text
    response = authority.stamp(text)
    name = authority.name
    _store(
        Timestamp(log=queries.live_log(), size=shown.size, authority=name, response=response, received_at=at)
    )


def run_round(
    signer: Signer, witnesses: Sequence[Witness], authorities: Sequence[TimestampAuthority], *, at: int
) -> Round:
    """Sign the head if it moved, then ask for what the newest checkpoint still lacks.

    A witness or an authority that cannot be reached does not stop the round; one that *refuses* does.
    """
    signed = sign_head(signer, at=at) is not None
    last = queries.last_checkpoint()
    if last is None:
        raise RefusesToSign("账本还没有检查点。", remedy="请先运行 jieli keys init。")
    lost: list[str] = []
    for witness in witnesses:
        if not _has(last, witness):
            try:
                cosign(witness, last, at=at)
            except Unreachable:
                lost.append(witness.name)
    for authority in authorities:
        if authority.name not in {name for name, _ in last.timestamps}:
            try:
                stamp(authority, last, at=at)
            except Unreachable:
                lost.append(authority.name)
    now = queries.checkpoints(sizes=[last.size])[0]
    seen, stamped = tuple(n for n, _ in now.cosignatures), tuple(n for n, _ in now.timestamps)
    return Round(now.size, signed, seen, stamped, tuple(lost))


def first_checkpoint(signer: Signer, *, at: int) -> None:
    """Sign the empty log, once, when it is opened: from then on a log without a checkpoint is a damaged one."""
    if queries.last_checkpoint() is None and queries.head(queries.live_log()).size == 0:
        empty = checkpoint.Checkpoint(queries.origin(), 0, tree(0).root())
        text = checkpoint.sign(empty, signer).decode()
        _store(Checkpoint(log=queries.live_log(), size=0, root=empty.root, note=text, signed_at=at))


__all__ = ["Refused", "RefusesToSign", "Round", "confirm", "first_checkpoint", "run_round", "sign_head"]
