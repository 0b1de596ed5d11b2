"""The log's keys in a restore: whose lines are believed, and how it goes on where they were changed since (ADR 24)."""

from collections.abc import Sequence
from contextlib import suppress

from jieli.ledger import log_keys, queries
from jieli.ledger.log_keys import Step
from jieli.ledger.operations import Book
from jieli.wiring import policy_file, signing_keys
from jieli.wiring.backup import Manifest
from jieli.wiring.home import Home
from jieli.wiring.signing_keys import NEXT, NOW
from seal import note, policy
from seal.keys import Signer, Vkey


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


def known(home: Home, manifest: Manifest) -> tuple[Vkey, ...]:
    """Whose lines are believed: those of the policy, of the keys it remembers as retired, and of those held here.

    A copy made before a rotation bears the old key's line, one made after it the new one's, whichever of them the
    policy at hand names; what a backup of before knows nothing of is known by the key that was carried here.
    """
    text = _text(home, manifest)
    found = policy.parse(text.encode())
    mine = [one.vkey for one in held(home, manifest.values["origin"])]
    return tuple(
        dict.fromkeys([*found.logs, *policy_file.retired_in(text), *mine, *found.witnesses.values()])
    )


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
