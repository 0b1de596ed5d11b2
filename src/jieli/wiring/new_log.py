"""The keys of a log that succeeds a lost one, and their lines in the trust policy (ADR 19).

They are made under a name of their own before the transaction that opens the log, and take their place after COMMIT:
whoever gives up before that has the old log's keys where they were. Every step finds what a crash left of it.
"""

from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import reach
from jieli.ledger import log_keys, queries
from jieli.wiring import log_rotation, policy_file, signing_keys
from jieli.wiring.home import Home
from jieli.wiring.keys import BadOrigin
from jieli.wiring.signing_keys import NEXT, NOW
from seal.keys import ED25519, Signer, parse_vkey

SUCCESSOR = "successor"


class OldName(JieliError):
    """The new log was to bear the name of the lost one."""

    code = "restore.old_name"


def check_origin(origin: str, before: str) -> None:
    """A name that a log can have, and not that of the log whose tail is lost; BadOrigin, OldName."""
    if any(c.isspace() or c == "+" for c in origin):
        raise BadOrigin("账本名称不能含空格或加号。", remedy="请用域名加路径，如 jieli.example.cn/log/2。")
    if origin == before:
        raise OldName(
            "新账本不能与旧账本同名：那正是要避免的分叉。", remedy="请另起名称，如在旧名称后加 /2。"
        )


def signers(home: Home, origin: str, *, like: int) -> list[Signer]:
    """The new log's signing keys, Ed25519 first, of the kinds that sign the log `like` or lie here for it.

    Made once, found again after a crash. Only signer and restore call this. NotAtHand where an algorithm is missing.
    """
    for one in signing_keys.present(home, SUCCESSOR):
        if one.name != origin:
            # A restore given up before COMMIT had another name; nothing was ever signed for anybody with this key.
            signing_keys.path_of(home, SUCCESSOR, one.kind).unlink()
    said = log_keys.changes(log=like)
    kinds = {parse_vkey(vkey).kind for vkey in (said[-1].signing if said else ())} | {ED25519}
    kinds |= {one.kind for one in signing_keys.present(home, NOW) if one.name == queries.origin(like)}
    made = signing_keys.make(home, SUCCESSOR, origin, [kind for kind in signing_keys.INFIX if kind in kinds])
    reach("restore.after_new_key")
    return made


def take_over(home: Home, origin: str, *, before: int) -> str:
    """After COMMIT: the policy names the new log first and goes on naming the old one; the new keys sign.

    What the old log, `before`, says of its keys is in the policy first; its keys are kept aside as retired ones, for
    nothing may be signed with them again. Idempotent; the Ed25519 public key.
    """
    last = signing_keys.path_of(home, SUCCESSOR, ED25519)
    if not last.exists():  # done before
        return signing_keys.read(home.log_key).vkey.format()
    log_rotation.settle(home, log=before)
    # A crash may have left some under the one name and some under the other.
    found = [one for turn in (NOW, SUCCESSOR) for one in signing_keys.present(home, turn)]
    there = {one.kind: one for one in found if one.name == origin}
    mine = [there[kind].vkey.format() for kind in signing_keys.INFIX if kind in there]
    policy_file.write(
        home, policy_file.with_log(home.policy.read_text("utf-8"), origin, trusted=mine, gone=[])
    )
    reach("restore.after_policy")
    for turn in (NOW, NEXT):
        for old in signing_keys.present(home, turn):
            if old.name != origin:
                aside = signing_keys.retired_path(home, old.vkey.id.hex())
                aside.parent.mkdir(exist_ok=True, mode=0o700)
                signing_keys.path_of(home, turn, old.kind).replace(aside)
    reach("restore.after_old_key")
    # Ed25519 last: while it waits this is not done.
    for one in reversed(signing_keys.present(home, SUCCESSOR)):
        signing_keys.path_of(home, SUCCESSOR, one.kind).replace(signing_keys.path_of(home, NOW, one.kind))
    return mine[0]
