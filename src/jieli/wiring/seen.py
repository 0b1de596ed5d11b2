"""How much of a log others have seen, asked before a restore: who saw more than we have saw a tail that is lost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jieli.connectors.witness import HttpWitness
from jieli.kernel.errors import JieliError
from jieli.kernel.times import SECOND
from jieli.ledger.ports import Conflict, Refused, Unreachable, Witness
from jieli.ledger.restoring import Forked
from jieli.wiring.copies import Copies
from jieli.wiring.profile import Profile
from seal import checkpoint, note
from seal.errors import SealError
from seal.keys import Signer, Vkey
from seal.policy import Policy


class WitnessAway(JieliError):
    """A witness that could say how far it saw the log gave no answer."""

    code = "restore.witness_away"


class NotShown(JieliError):
    """What was given as somebody's checkpoint is none of this log's."""

    code = "restore.not_a_checkpoint"


@dataclass(frozen=True)
class Judged:
    """`reach`: how far backup and outside go together. `ahead`: who saw more ("" for nobody), and `most`: how much."""

    reach: int
    most: int
    ahead: str
    asked: tuple[str, ...]
    silent: tuple[str, ...]

    @property
    def lost(self) -> str:
        """The entries that somebody saw and nobody has, in words."""
        last = self.most - 1
        return f"第 {self.reach} 条" if last == self.reach else f"第 {self.reach} 至 {last} 条"


@dataclass(frozen=True)
class Asked:
    """What is asked about: a backup and what is outside of it, by whom the house trusts; `mine` sign for it here.

    `believed` says whose line counts under a checkpoint of a size.
    """

    copies: Copies
    known: Policy
    mine: Sequence[Signer]
    believed: Callable[[int], Sequence[Vkey]]


def judge(profile: Profile, asked: Asked, shown: Sequence[Path], *, at: int, without_witness: bool) -> Judged:
    """Ask every witness that has an address, and read what others brought. Forked where one saw another history."""
    known, reach = asked.known, asked.copies.reach
    seen: dict[str, int] = {path.name: _shown(path, asked) for path in shown}
    silent: list[str] = []
    beside = dict(profile.witness_urls)
    for key in known.witnesses.values():
        url = beside.get(key.name) or known.urls.get(key.format())
        if url is None:
            silent.append(key.name)
            continue
        try:
            seen[key.name] = _ask(HttpWitness(name=key.name, url=url), asked, at=at)
        except Unreachable as error:
            if not without_witness:
                raise WitnessAway(
                    f"见证方 {key.name} 没有答复，无法知道它见过多少条；照此接续可能使账本分叉。",
                    remedy="请等它恢复；确实不再有它，可加 --without-witness，以后它会拒绝见证。",
                ) from error
            silent.append(key.name)
    most = max(seen.values(), default=0)
    ahead = next((name for name, size in seen.items() if size == most and size > reach), "")
    return Judged(reach, most, ahead, tuple(seen), tuple(silent))


def _ask(witness: Witness, asked: Asked, *, at: int) -> int:
    """How many entries a witness has seen. Ours is shown again with `old 0`; one that knows the log names its size."""
    manifest, there = asked.copies.manifest, asked.copies.there
    mine = there.head.size >= manifest.values["signed"]
    size = there.head.size if mine else manifest.values["signed"]
    text = _with_mine(there.log_note if mine else manifest.values["checkpoint"], asked.mine, at=at)
    try:
        answer = witness.add_checkpoint(old=0, proof=[], note=text)
        if not isinstance(answer, Conflict):
            return 0
        told = answer.size
        if 0 < told <= size:
            proof = asked.copies.consistency(told, size) if told < size else []
            witness.add_checkpoint(old=told, proof=proof, note=text)
    except Refused as error:
        raise Forked(
            f"见证方 {witness.name} 见过的是另一份账本：备份与外部副本同它见过的不一致，拒绝恢复。未载入任何内容。",
            remedy="请保留备份与外部副本，与见证方核对，并另找未被改动的外部副本。",
        ) from error
    return told


def _with_mine(text: str, mine: Sequence[Signer], *, at: int) -> str:
    """A checkpoint with lines by the keys held here as well: a witness may no longer take those that signed it then.

    Only what was signed before is signed again, so nothing can fork by it; nobody is given it but who is asked.
    """
    if not text:
        return text
    head, signed = checkpoint.parse(text.encode())
    there = {(line.name, line.id) for line in signed.signatures}
    fresh = [one for one in mine if one.name == head.origin and (one.name, one.vkey.id) not in there]
    lines = [checkpoint.signature(head, one, time=at // SECOND) for one in fresh]
    return note.add(text.encode(), lines).decode() if lines else text


def _shown(path: Path, asked: Asked) -> int:
    """The size of a checkpoint that somebody holds; Forked where it is of another history of the same log.

    One that is larger than the outside copy is held against the backup, as far as that reaches.
    """
    origin = asked.copies.there.head.origin
    try:
        head, signed = checkpoint.parse(path.read_bytes())
        # Retired keys are among them: somebody may hold what one of these signed in its time. A witness of the
        # policy signs only what it saw signed, and what it returns on a stick bears its own line alone.
        ours = [key for key in asked.believed(head.size) if key.name == origin]
        verified = note.verify(signed, [*ours, *asked.known.witnesses.values()])
    except (OSError, SealError) as error:
        raise NotShown(
            f"{path.name} 不是可读的检查点。", remedy="请给出检查点文件或见证方交还的 cosigned。"
        ) from error
    if head.origin != origin or not verified:
        raise NotShown(
            f"{path.name} 不是本账本签出的检查点，也没有信任策略中见证方的签名。",
            remedy="请核对信任策略中的账本公钥；见证方不在策略里的，请给出它的文件夹里的 checkpoint。",
        )
    if head.size <= asked.copies.reach and asked.copies.root(head.size) != head.root:
        whose = "外部副本" if head.size <= asked.copies.there.head.size else "备份"
        raise Forked(
            f"{path.name} 所见的前 {head.size} 条与{whose}不同：账本已经分叉，拒绝恢复。未载入任何内容。",
            remedy="请保留两份，查明哪一份被改写。",
        )
    return head.size
