"""Signing the head of the log and collecting what others say of it. Runs in the signer process alone.

Crash before a checkpoint is stored: the next round signs the same or a later head. Crash between storing
and cosigning: the witness has not seen it, or has; its 409 at the next start tells which.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from django.db import transaction

from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import reach
from jieli.kernel.times import SECOND
from jieli.ledger import log_keys, queries, stored
from jieli.ledger.bulk import copy_rows
from jieli.ledger.errors import NoLog
from jieli.ledger.log_keys import SignersOf
from jieli.ledger.models import Checkpoint, Cosignature, Timestamp
from jieli.ledger.patience import Patience
from jieli.ledger.plain import alone
from jieli.ledger.ports import Conflict, Cosigned, Refused, TimestampAuthority, Unreachable, Witness
from jieli.ledger.standing import unstamped
from jieli.ledger.stored import StoredTree
from jieli.ledger.types import CheckpointRef
from seal import checkpoint, note
from seal.keys import ED25519, Signer
from seal.tree import EMPTY_ROOT

STAMPS_A_ROUND = 4


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


def tree(size: int) -> StoredTree:
    """The log's tree at a size, read from stored tiles."""
    return StoredTree(queries.live_log(), size)


_SIGNED = "INSERT INTO ledger_checkpoint (log, size, root, note, signed_at) VALUES ($1, $2, $3, $4, $5)"


def sign_head(signer: Signer | SignersOf, *, at: int) -> CheckpointRef | None:
    """Sign the present head and store the checkpoint; None when it is signed already.

    `signer` is the log's only key, or finds those that the entries below the head name (ADR 24). Refuses to sign a
    log that shrank, or in which the last signed root is no longer a prefix.
    """
    stands = stored.stands()
    if stands is None:
        raise NoLog("账本尚未建立。", remedy="请先运行 jieli keys init。")
    log, size, signed = stands.log, stands.size, stands.signed
    if signed is None and size:
        raise RefusesToSign(
            "账本已有条目，却没有任何已签检查点，拒绝签名。",
            remedy="请从备份恢复，或按 jieli restore 另起新账本。",
        )
    if size == signed:
        return None
    roots = {} if signed is None or signed > size else stands.tree().roots([size, signed])
    if signed is not None and roots.get(signed) != stands.signed_root:
        raise RefusesToSign(
            "账本与上一次签名的检查点不一致，拒绝签名。", remedy="请运行 jieli fsck 查明被改动之处。"
        )
    root = roots.get(size, EMPTY_ROOT)
    text = signed_note(checkpoint.Checkpoint(stands.origin, size, root), signer, at=at)
    reach("checkpoint.before_store")
    alone(_SIGNED, [log, size, root, text, at])
    reach("checkpoint.after_store")
    return CheckpointRef(size, root, text, at, (), ())


def signed_note(head: checkpoint.Checkpoint, signer: Signer | SignersOf, *, at: int) -> str:
    """The note of a head with a line by each key in force at its size, Ed25519 first; time stands in ML-DSA lines."""
    if isinstance(signer, Signer):
        return checkpoint.sign(head, signer).decode()
    mine = signer(head.origin, log_keys.signing(head.size, log_keys.changes()))
    first = next((one for one in mine if one.kind == ED25519), None)
    if first is None:
        raise RefusesToSign(
            "没有账本的 Ed25519 签名密钥。", remedy="请先运行 jieli keys init，或从托管恢复。"
        )
    return note_of(head, first, [one for one in mine if one is not first], at=at)


def note_of(head: checkpoint.Checkpoint, first: Signer, others: Sequence[Signer], *, at: int) -> str:
    """A head signed by an Ed25519 key and by further ones; `at` (ms) stands in lines of ML-DSA."""
    more = [checkpoint.signature(head, one, time=at // SECOND) for one in others]
    data = checkpoint.sign(head, first)
    return (note.add(data, more) if more else data).decode()


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
        answer = _again(witness, last, answer)
    _keep(witness, last, answer, at=at)


def _again(witness: Witness, shown: CheckpointRef, told: Conflict) -> Cosigned | Conflict:
    """Show the newest checkpoint once more, from the size that the witness named; one ahead of us stops us."""
    if told.size > shown.size:
        raise RefusesToSign(
            f"见证方已见证到 {told.size} 条，本账本只签到 {shown.size} 条：账本被回退，拒绝签名。",
            remedy="请从备份恢复，或按 jieli restore 另起新账本。",
        )
    proof = tree(shown.size).consistency(told.size) if 0 < told.size < shown.size else []
    return witness.add_checkpoint(old=told.size, proof=proof, note=shown.note)


def cosign(witness: Witness, shown: CheckpointRef, *, at: int) -> None:
    """Have a witness cosign our newest checkpoint. RefusesToSign when it has seen a later one than that.

    A witness that was away at the start is asked here for the first time: what `confirm` would have found is
    found now.
    """
    seen = queries.last_cosigned(witness.name)
    proof = tree(shown.size).consistency(seen) if 0 < seen < shown.size else []
    answer = witness.add_checkpoint(old=seen, proof=proof, note=shown.note)
    if isinstance(answer, Conflict):
        answer = _again(witness, shown, answer)
    _keep(witness, shown, answer, at=at)


def _has(c: CheckpointRef, witness: Witness) -> bool:
    return any(name == witness.name for name, _ in c.cosignatures)


def _keep(witness: Witness, shown: CheckpointRef, answer: Cosigned | Conflict, *, at: int) -> None:
    lines = () if isinstance(answer, Conflict) else answer.lines
    mine = [s.line() for line in lines for s in note.parse_lines(line.encode()) if s.name == witness.name]
    if not mine:
        raise Unreachable(
            f"见证方 {witness.name} 的答复里没有它的签名。", remedy="请核对见证方的名称与公钥。"
        )
    if not _has(queries.checkpoints(sizes=[shown.size])[0], witness):
        row = Cosignature(
            log=queries.live_log(), size=shown.size, witness=witness.name, line=mine[0], received_at=at
        )
        reach("checkpoint.before_cosignature")
        _store(row)


def stamp(authority: TimestampAuthority, shown: CheckpointRef, *, at: int) -> None:
    """Have the note text of a checkpoint time-stamped; the response is stored as it came."""
    text = note.parse(shown.note.encode()).text
    response = authority.stamp(text)
    name = authority.name
    reach("checkpoint.before_timestamp")
    _store(
        Timestamp(log=queries.live_log(), size=shown.size, authority=name, response=response, received_at=at)
    )


def run_round(
    signer: Signer | SignersOf,
    witnesses: Sequence[Witness],
    authorities: Sequence[TimestampAuthority],
    *,
    at: int,
    patience: Patience | None = None,
) -> Round:
    """Sign the head if it moved, then ask for what the newest checkpoint still lacks, and a few older stamps.

    A witness or an authority that cannot be reached does not stop the round, and is asked again when `patience`
    allows; one that *refuses* ends it, after the others have been asked.
    """
    signed = sign_head(signer, at=at) is not None
    last = queries.last_checkpoint()
    if last is None:
        raise RefusesToSign("账本还没有检查点。", remedy="请先运行 jieli keys init。")
    waits = Patience() if patience is None else patience
    refusals: list[JieliError] = []
    lost: list[str] = []
    for witness in witnesses:
        if not _has(last, witness):
            lost += _asked(witness.name, partial(cosign, witness, last, at=at), waits, refusals, at=at)
    for authority in authorities:
        lost += _asked(authority.name, partial(_stamp_waiting, authority, at=at), waits, refusals, at=at)
    if refusals:
        raise refusals[0]
    now = queries.checkpoints(sizes=[last.size])[0]
    seen, stamped = tuple(n for n, _ in now.cosignatures), tuple(n for n, _ in now.timestamps)
    return Round(now.size, signed, seen, stamped, tuple(lost))


def _asked(
    who: str, question: Callable[[], None], waits: Patience, refusals: list[JieliError], *, at: int
) -> list[str]:
    """Ask one of those outside, if its wait is over; its name when it gave nothing."""
    if not waits.may_ask(who, at=at):
        return [who]
    try:
        question()
    except Unreachable:
        waits.failed(who, at=at)
        return [who]
    except (Refused, RefusesToSign) as error:
        refusals.append(error)
    waits.answered(who)
    return []


def _stamp_waiting(authority: TimestampAuthority, *, at: int) -> None:
    """Stamp what waits, newest first: the newest covers the others, which a package may already quote."""
    for shown in reversed(queries.checkpoints(sizes=unstamped(authority.name, at=at, limit=STAMPS_A_ROUND))):
        stamp(authority, shown, at=at)


def first_checkpoint(signer: Signer | SignersOf, *, at: int) -> None:
    """Sign the empty log, once, when it is opened: from then on a log without a checkpoint is a damaged one."""
    if queries.last_checkpoint() is None and queries.head(queries.live_log()).size == 0:
        empty = checkpoint.Checkpoint(queries.origin(), 0, tree(0).root())
        text = signed_note(empty, signer, at=at)
        _store(Checkpoint(log=queries.live_log(), size=0, root=empty.root, note=text, signed_at=at))


__all__ = [
    "Refused",
    "RefusesToSign",
    "Round",
    "confirm",
    "first_checkpoint",
    "run_round",
    "sign_head",
    "signed_note",
]
