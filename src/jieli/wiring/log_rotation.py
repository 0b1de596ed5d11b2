"""Rotating the log's signing keys with an overlap, and how they stand (ADR 24).

The ledger decides who signs; this writes its entries, and makes the policy and the key files agree with the last one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import reach
from jieli.ledger import log_keys, places, queries
from jieli.ledger.log_keys import Change, Step
from jieli.ledger.ports import Unreachable, Witness
from jieli.wiring import policy_file, signing_keys
from jieli.wiring.home import Home, home_of
from jieli.wiring.profile import Profile
from jieli.wiring.signer import trusted, witnesses
from jieli.wiring.signing_keys import INFIX, NEXT, NOW, NoKeys
from seal import note
from seal.keys import Vkey, parse_vkey


class NoRotation(JieliError):
    """No rotation of the log's keys has begun."""

    code = "keys.no_rotation"


class NotSignedYet(JieliError):
    """No checkpoint bears the new keys' lines yet, so nobody can tell that they work."""

    code = "keys.not_signed_yet"


class WitnessUnaware(JieliError):
    """A witness does not accept the new keys, or gave no answer."""

    code = "keys.witness_unaware"


class Muddled(JieliError):
    """Things were asked for that exclude each other."""

    code = "keys.muddled"


@dataclass(frozen=True, slots=True)
class Rotation:
    """Where a rotation stands: its step, the vkeys that go and those that come, whether this run only went on."""

    step: Step
    old: tuple[str, ...]
    new: tuple[str, ...]
    resumed: bool
    aside: tuple[str, ...] = ()  # ids of retired keys whose secrets still lie here
    unasked: tuple[str, ...] = ()  # witnesses without an address, who have to be told in person


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks of the log's keys; without `finish` and `abandon`: that a rotation begins."""

    finish: bool = False
    abandon: bool = False
    also: tuple[str, ...] = ()
    without_witness: bool = False
    destroy_old: bool = False


def rotate(profile: Profile, wish: Wish, *, by: str, at: int) -> tuple[Rotation, list[str]]:
    """Begin, finish or abandon, then destroy retired secrets if asked; where it stands, and the ids destroyed."""
    also = signing_keys.kinds(wish.also)
    if wish.finish + wish.abandon + bool(also) > 1:
        raise Muddled("--finish、--abandon、--also 只能给一个。", remedy="请分次办理。")
    if wish.destroy_old and (wish.finish or wish.abandon) and not _under_way():
        # Nothing to end: a new log, or a rotation given up, left a secret of its own.
        done = _standing(profile)
    elif wish.finish:
        done = finish(profile, by=by, at=at, without_witness=wish.without_witness)
    elif wish.abandon:
        done = abandon(profile, by=by, at=at)
    else:
        done = begin(profile, also=also, by=by, at=at)
    destroyed = destroy(profile) if wish.destroy_old else []
    return replace(done, aside=() if wish.destroy_old else done.aside), destroyed


def begin(profile: Profile, *, also: Sequence[int] = (), by: str, at: int) -> Rotation:
    """Make new keys of every kind in use and of those in `also`, and let both sign from the next checkpoint on.

    One that has begun is gone on with instead. Crash before the entry: the next run takes the keys that lie there.
    """
    home = home_of(profile)
    trusted(home)  # says in a sentence if there is nothing to rotate yet
    with signing_keys.changing(home):
        last = _settled(home)
        if last is not None and last.step is Step.BEGUN:
            return _told(profile, last, resumed=True)
        origin = queries.origin()
        old = last.signing if last is not None else _opening(home, origin)
        kept = {parse_vkey(vkey).kind for vkey in old}
        wanted = [kind for kind in INFIX if kind in kept or kind in also]
        new = [one.vkey.format() for one in signing_keys.make(home, NEXT, origin, wanted)]
        reach("logkeys.before_entry")
        log_keys.enter(Step.BEGUN, old=old, new=new, by=by, at=at)
        reach("logkeys.after_entry")
        return _told(profile, _after(home), resumed=False)


def finish(profile: Profile, *, by: str, at: int, without_witness: bool = False) -> Rotation:
    """Let the new keys alone sign. NotSignedYet before they have; WitnessUnaware where a witness would be lost.

    Once finished it only makes files and policy agree again. Crash after the entry: the next run does so.
    """
    home = home_of(profile)
    with signing_keys.changing(home):
        last = _settled(home)
        if last is not None and last.step is Step.FINISHED:
            return _told(profile, last, resumed=True)
        last = _begun(last)
        shown = _signed_by_new(last)
        if not without_witness:
            _check_known(witnesses(profile), shown)
        log_keys.enter(Step.FINISHED, old=last.old, new=last.new, by=by, at=at)
        reach("logkeys.after_finish")
        return _told(profile, _after(home), resumed=False)


def abandon(profile: Profile, *, by: str, at: int) -> Rotation:
    """Give a rotation up: the old keys sign on, the new ones are retired."""
    home = home_of(profile)
    with signing_keys.changing(home):
        last = _begun(_settled(home))
        log_keys.enter(Step.ABANDONED, old=last.old, new=last.new, by=by, at=at)
        reach("logkeys.after_abandon")
        return _told(profile, _after(home), resumed=False)


def _under_way() -> bool:
    """Whether there is a rotation to finish, or a finished one whose files may have to be laid right."""
    said = log_keys.changes()
    return bool(said) and said[-1].step in (Step.BEGUN, Step.FINISHED)


def _standing(profile: Profile) -> Rotation:
    """How the keys stand where no rotation is under way. NoRotation where no retired secret lies here either."""
    home = home_of(profile)
    if not signing_keys.lying_about(home):
        raise NoRotation(
            "没有正在进行的账本公钥更换，也没有已停用的私钥可销毁。", remedy="请核对 jieli keys status。"
        )
    with signing_keys.changing(home):
        last = _settled(home)
        signing = last.signing if last is not None else _opening(home, queries.origin())
        return _told(profile, Change(0, 0, Step.NAMED, (), tuple(signing)), resumed=True)


def destroy(profile: Profile) -> list[str]:
    """Destroy the secrets of retired keys that lie here; their ids."""
    with signing_keys.changing(home_of(profile)):
        return signing_keys.destroy(home_of(profile))


def _begun(last: Change | None) -> Change:
    if last is None or last.step is not Step.BEGUN:
        raise NoRotation("没有正在进行的账本公钥更换。", remedy="请先运行 jieli keys rotate-log。")
    return last


def _opening(home: Home, origin: str) -> tuple[str, ...]:
    """The keys of the opening, of which no entry speaks."""
    found = tuple(one.vkey.format() for one in signing_keys.present(home, NOW) if one.name == origin)
    if not found:
        raise NoKeys("没有账本签名密钥。", remedy="请先运行 jieli keys init，或从托管恢复。")
    return found


def settle(home: Home, *, log: int) -> None:
    """Make policy and files agree with what a log, live or closed, says of its keys; idempotent."""
    with signing_keys.changing(home):
        _settled(home, log)


def _settled(home: Home, log: int | None = None) -> Change | None:
    """The last change, once policy and files agree with it."""
    said = log_keys.changes(log=log)
    if not said:
        return None
    signing, gone = said[-1].signing, _gone(said)
    before = home.policy.read_text("utf-8")
    # The new ones first: papers name the first key of the policy, and that one should stay.
    first = [*said[-1].new, *said[-1].old] if said[-1].step is Step.BEGUN else list(signing)
    after = policy_file.with_log(before, queries.origin(log), trusted=first, gone=gone)
    if after != before:
        policy_file.write(home, after)
        reach("logkeys.after_policy")
    # In an overlap the new keys wait under their own name, for they may still be given up.
    signing_keys.settle(home, () if said[-1].step is Step.BEGUN else signing, gone)
    return said[-1]


def _after(home: Home) -> Change:
    """The change just entered, settled."""
    if (last := _settled(home)) is None:
        raise LookupError("an entry about the log's keys was written and is not there")
    return last


def _gone(said: Sequence[Change]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(vkey for change in said for vkey in change.retired))


def _signed_by_new(last: Change) -> str:
    """The newest checkpoint with the lines of the new keys alone; NotSignedYet where one of them is missing."""
    newest = queries.last_checkpoint()
    new = [parse_vkey(vkey) for vkey in last.new]
    if newest is not None:
        signed = note.parse(newest.note.encode())
        lines = tuple(s for s in signed.signatures if any((s.name, s.id) == (k.name, k.id) for k in new))
        if len(note.verify(note.Note(signed.text, lines), new)) == len(new):
            return note.Note(signed.text, lines).format().decode()
    raise NotSignedYet(
        "还没有检查点由新公钥签过。", remedy="请让签名进程运行一轮（jieli ledger checkpoint），再结束更换。"
    )


def _check_known(asked: Sequence[Witness], shown: str) -> None:
    """Show every witness a checkpoint that only the new keys signed. Refused passes: it saw another log."""
    unaware = []
    for witness in asked:
        try:
            witness.add_checkpoint(old=0, proof=[], note=shown)
        except Unreachable:
            unaware.append(witness.name)
    if unaware:
        raise WitnessUnaware(
            f"见证方 {'、'.join(unaware)} 不认新公钥，或没有答复：此时停用旧公钥，它就不再为本账本见证。",
            remedy="请把新公钥告诉它（当面或打电话核对）再试；确实不再需要它的，加 --without-witness。",
        )


def _told(profile: Profile, last: Change, *, resumed: bool) -> Rotation:
    home = home_of(profile)
    asked = {witness.name for witness in witnesses(profile)}
    unasked = tuple(k.name for k in trusted(home).witnesses.values() if k.name not in asked)
    return Rotation(last.step, last.old, last.new, resumed, tuple(signing_keys.lying_about(home)), unasked)


def status(profile: Profile) -> dict[str, Any]:
    """Who signs the log, what is being changed, and which retired keys still lie here. Shows public keys only."""
    home = home_of(profile)
    said = log_keys.changes()
    last = said[-1] if said else None
    signing = last.signing if last else tuple(key.format() for key in trusted(home).logs)
    live = queries.live_log()
    here, aside = _here(home), signing_keys.lying_about(home)
    return {
        "signing": [{**_shown(parse_vkey(vkey)), "here": None if here is None else vkey in here} for vkey in signing],
        "step": last.step.value if last else None,
        "entry": places.place(live, last.index) if last else None,
        "at": last.time if last else None,
        "new": list(last.new) if last and last.step is Step.BEGUN else [],
        "retired": [
            {**_shown(parse_vkey(vkey)), "entry": places.place(live, change.index), "at": change.time,
             "secret_here": parse_vkey(vkey).id.hex() in aside}
            for change in said
            for vkey in change.retired
        ],
    }  # fmt: skip


def _here(home: Home) -> set[str] | None:
    """The vkeys whose secrets lie here; None where this account may not look."""
    try:
        return {one.vkey.format() for turn in (NOW, NEXT) for one in signing_keys.present(home, turn)}
    except PermissionError:
        return None


def _shown(key: Vkey) -> dict[str, str]:
    return {"vkey": key.format(), "id": key.id.hex(), "kind": key.label}
