"""Making an installation's keys, its log and its own trust policy, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import reach
from jieli.ledger import checkpoints, log_keys, queries
from jieli.ledger.log_keys import Step
from jieli.ledger.operations import open_log
from jieli.wiring import policy_file, signing_keys
from jieli.wiring.custody import custody, kept_here
from jieli.wiring.home import Home, home_of
from jieli.wiring.keeper import make_ring
from jieli.wiring.keeper_line import SocketKeeper
from jieli.wiring.profile import Profile
from jieli.wiring.signer import read_key
from jieli.wiring.signing_keys import NOW, HeldKeys
from seal import note
from seal.keys import ED25519, Signer, parse_vkey


class BadOrigin(JieliError):
    """The name of a log cannot be used."""

    code = "keys.bad_origin"


@dataclass(frozen=True)
class Made:
    """The public side of an installation's keys."""

    origin: str
    vkey: str
    fingerprint: str
    new: bool
    also: tuple[str, ...] = ()  # vkeys beside the first


_WORD = {kind: word for word, kind in signing_keys.WORDS.items()}
BY = "system:keys"


class OpenedWithout(JieliError):
    """The log was opened without these kinds of keys."""

    code = "keys.opened_without"


def init(
    profile: Profile, *, origin: str, witness_lines: list[str], at: int, also: Sequence[str] = ()
) -> Made:
    """Make the keyring and the signing keys, open the log, sign the empty log, and write the trust policy.

    `also`: words for keys beside Ed25519 (ADR 16), named in the log's first entry. The origin is fixed here for ever.
    Where a keeper elsewhere has the keyring none is made here. Run again it changes nothing. Crash in between: what
    is missing is made by the next run, for each step finds what the one before left.
    """
    if not origin or any(c.isspace() or c == "+" for c in origin):
        raise BadOrigin(
            "账本名称不能为空，也不能含空格或加号。", remedy="请用域名加路径，如 jieli.example.cn/log。"
        )
    home, keeper, kinds = home_of(profile), custody().keeper, signing_keys.kinds(also)
    elsewhere = keeper is not None and not kept_here(home)
    if keeper is not None and elsewhere:
        SocketKeeper(keeper).status()  # KeeperAway before anything is made
    new = not home.log_key.exists()
    signers = _signers(home, origin, kinds)
    if not elsewhere and not home.keys.exists():
        make_ring(home.root)
    vkeys = [one.vkey.format() for one in signers]
    _write_policy(home, vkeys, witness_lines)
    open_log(origin=origin, at=at)
    checkpoints.first_checkpoint(HeldKeys(home), at=at)
    if len(vkeys) > 1 and not log_keys.changes() and _signed_opening(signers):
        reach("logkeys.before_named")
        log_keys.enter(Step.NAMED, old=[], new=vkeys, by=BY, at=at)
    return Made(origin, vkeys[0], fingerprint(vkeys[0]), new, tuple(vkeys[1:]))


def _signers(home: Home, origin: str, also: tuple[int, ...]) -> list[Signer]:
    """The keys of the opening, Ed25519 first, made where they are not there: before there is a policy, no later."""
    wanted = (ED25519, *also)
    if home.log_key.exists():
        if (name := read_key(home).name) != origin:
            raise BadOrigin(f"本安装的账本已命名为 {name}。", remedy="名称一经建立不可更改。")
        here = [one.kind for one in signing_keys.present(home, NOW)]
        if home.policy.exists() and (missing := [kind for kind in also if kind not in here]):
            raise OpenedWithout(
                "账本建立时没有这种签名密钥。",
                remedy=f"请用 jieli keys rotate-log --also {_WORD[missing[0]]} 在更换公钥时加上。",
            )
        wanted = tuple(kind for kind in signing_keys.INFIX if kind in {*here, *also})
    return signing_keys.make(home, NOW, origin, wanted)


def _signed_opening(signers: list[Signer]) -> bool:
    """Whether the empty log's checkpoint bears all of their lines: only then were they the keys of the opening."""
    lines = {
        (one.name, one.id) for c in queries.checkpoints(sizes=[0]) for one in note.parse(c.note.encode()).signatures
    }  # fmt: skip
    return {(one.name, one.vkey.id) for one in signers} <= lines


def fingerprint(vkey: str) -> str:
    """SHA-256 of a public key in groups of four, to be read out over the telephone."""
    digest = sha256(parse_vkey(vkey).material).hexdigest()[:32]
    return " ".join(digest[i : i + 4] for i in range(0, 32, 4))


def _write_policy(home: Home, vkeys: list[str], witness_lines: list[str]) -> None:
    """`witness_lines` are "NAME VKEY URL"; all of them must vouch, for a company names few and each on purpose."""
    if home.policy.exists():
        return
    names = [line.split(" ")[0] for line in witness_lines]
    lines = [*(f"log {vkey}" for vkey in vkeys), *(f"witness {line}" for line in witness_lines)]
    lines += [f"group witnesses all {' '.join(names)}", "quorum witnesses"] if names else ["quorum none"]
    policy_file.write(home, "".join(line + "\n" for line in lines))
