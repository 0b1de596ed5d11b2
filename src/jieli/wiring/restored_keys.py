"""The log's keys in a restore: whose lines are believed, and how it goes on where they were changed since (ADR 24)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from jieli.ledger import log_keys, outside, queries
from jieli.ledger.exporting import reader
from jieli.ledger.log_keys import Step
from jieli.ledger.operations import Book
from jieli.ledger.outside import Outside, OutsideDamaged
from jieli.wiring import key_chain, policy_file, signing_keys
from jieli.wiring.backup import Manifest
from jieli.wiring.home import Home
from jieli.wiring.key_chain import Chain
from jieli.wiring.signing_keys import NEXT, NOW
from seal import checkpoint, note, policy
from seal.checkpoint import Checkpoint
from seal.errors import SealError
from seal.keys import Signer, Vkey, parse_vkey
from seal.note import Note


class UnprovedKey(OutsideDamaged):
    """An outside copy is signed by a key that only the copy itself names."""

    code = "restore.unproved_key"


class RetiredKey(OutsideDamaged):
    """An outside copy is signed by a key that the log had retired before it reached that size."""

    code = "restore.retired_key"


def _text(home: Home, manifest: Manifest) -> str:
    if home.policy.exists():
        return home.policy.read_text("utf-8")
    brought: str = manifest.values["public"].get("trust.policy", "")
    return brought


def trusted(home: Home, manifest: Manifest) -> policy.Policy:
    """The home's own policy; the one that the backup brings along where there is none."""
    return policy.parse(_text(home, manifest).encode())


def held(home: Home, origin: str) -> list[Signer]:
    """The keys that a person carried into this home to sign the log with, those of a rotation under way last."""
    found: list[Signer] = []
    with suppress(PermissionError):  # another account signs here: then the policy alone says whom to believe
        found = [one for turn in (NOW, NEXT) for one in signing_keys.present(home, turn)]
    return [one for one in found if one.name == origin]


@dataclass(frozen=True, slots=True)
class Believed:
    """Whose lines a restore believes, and at which size of the log (ADR 29).

    `now`: those the policy names, and those a person carried here; `before`: those the policy remembers as retired;
    `chain`: what a checkpoint that one of `now` signed proves of those that signed before.
    """

    now: tuple[Vkey, ...]
    before: tuple[Vkey, ...]
    witnesses: tuple[Vkey, ...]
    chain: Chain = field(default_factory=Chain)

    def at(self, size: int) -> tuple[Vkey, ...]:
        """Whose line under a checkpoint of this size counts. A retired key counts for what it signed in its time."""
        gone = self.chain.retired_at(size)
        before = [key for key in self.before if key.format() not in gone]
        return tuple(dict.fromkeys([*self.now, *before, *_read(self.chain.signing(size)), *self.witnesses]))

    def ever(self) -> tuple[Vkey, ...]:
        """Every key of the log that is known by any of these ways."""
        return tuple(dict.fromkeys([*self.now, *self.before, *_read(self.chain.named())]))


def _read(vkeys: Sequence[str]) -> list[Vkey]:
    found = []
    for one in vkeys:
        with suppress(SealError):  # nobody can have signed by it
            found.append(parse_vkey(one))
    return found


def believed(home: Home, manifest: Manifest) -> Believed:
    """Whose lines are believed before any copy was looked at."""
    text = _text(home, manifest)
    found = policy.parse(text.encode())
    mine = [one.vkey for one in held(home, manifest.values["origin"])]
    now = tuple(dict.fromkeys([*found.logs, *mine]))
    return Believed(now, policy_file.retired_in(text), tuple(found.witnesses.values()))


def opened(home: Home, manifest: Manifest, directory: Path) -> tuple[Outside, Believed]:
    """The outside copy, and whose lines are believed, with what copy and backup prove of the log's earlier keys.

    The copy's own word makes no key believed: one that signed it alone must be proved by what a present key signed.
    Errors: OutsideDamaged, RetiredKey, UnprovedKey, BackupDamaged.
    """
    known = believed(home, manifest)
    known = replace(known, chain=key_chain.of_backup(manifest, known.now))
    try:
        head, signed = checkpoint.parse(reader(directory)("checkpoint") or b"")
    except SealError:
        return outside.open_outside(directory, ()), known  # says what is wrong with it
    _check_key(known, head, signed)
    there = outside.open_outside(directory, known.at(head.size))
    learned = key_chain.of_outside(there, known.now)
    if learned.upto > known.chain.upto:
        known = replace(known, chain=learned)
    return replace(there, keys=(*known.ever(), *known.witnesses)), known


def _check_key(known: Believed, head: Checkpoint, signed: Note) -> None:
    lines = {line.id for line in signed.signatures if line.name == head.origin}
    if lines & {key.id for key in known.at(head.size) if key.name == head.origin}:
        return
    gone = {
        key.id: index for vkey, index in known.chain.retired_at(head.size).items() for key in _read([vkey])
    }
    for line in lines & gone.keys():
        raise RetiredKey(
            f"外部副本有 {head.size} 条，只有公钥 {line.hex()} 的签名；它在第 {gone[line]} 条已经停用，"
            "此后签的不作数。未载入任何内容。",
            remedy="请查明谁还有旧私钥，换用另一份外部副本。",
        )
    raise UnprovedKey(
        f"外部副本由公钥 {'、'.join(sorted(line.hex() for line in lines)) or '（无）'} 签名：信任策略、signer 目录"
        "都没有它，现用公钥签过的账本也没有写过它；副本自己的话不能作证。未载入任何内容。",
        remedy="请换用另一份外部副本；确是早年公钥的，请凭纸面核对后在 trust.policy 加一行“# retired 公钥”再恢复。",
    )


def remember(home: Home, known: Believed, origin: str) -> None:
    """Keep in the policy, as retired, who is proved to have signed earlier: fsck asks for their lines (ADR 24)."""
    now = {key.format() for key in known.now}
    if gone := [vkey for vkey in known.chain.named() if vkey not in now]:
        policy_file.remember(home, origin, gone)


def say_lost_change(book: Book, mine: Sequence[Signer], keys: Sequence[Vkey], *, by: str) -> None:
    """Write down a change of the live log's keys whose entries are lost: the keys it asks for are gone.

    Otherwise nobody could ever sign it again. Nothing is written where the keys asked for are here, or some of them:
    then a file is missing, which the signer names.
    """
    said = log_keys.changes()
    asked = said[-1].signing if said else _signed_by(keys)
    here = [one.vkey.format() for one in mine]
    if not asked or not here or set(asked) <= set(here):
        return
    if said and said[-1].step is Step.BEGUN and set(said[-1].new) <= set(here):
        log_keys.stage(book, Step.FINISHED, old=said[-1].old, new=said[-1].new, by=by)
    elif not set(asked) & set(here):
        log_keys.stage(book, Step.BEGUN, old=asked, new=here, by=by)
        log_keys.stage(book, Step.FINISHED, old=asked, new=here, by=by)


def _signed_by(keys: Sequence[Vkey]) -> tuple[str, ...]:
    """Who signed the newest checkpoint, where no entry speaks of keys: those of the opening."""
    last = queries.last_checkpoint()
    if last is None:
        return ()
    names = {(key.name, key.id): key.format() for key in keys}
    lines = note.parse(last.note.encode()).signatures
    return tuple(names[one.name, one.id] for one in lines if (one.name, one.id) in names)
