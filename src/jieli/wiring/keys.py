"""Making an installation's keys, its log and its own trust policy, once."""

from dataclasses import dataclass
from hashlib import sha256

from jieli.kernel.errors import JieliError
from jieli.ledger import checkpoints
from jieli.ledger.operations import open_log
from jieli.wiring.custody import custody
from jieli.wiring.home import Home, home_of, write_secret
from jieli.wiring.keeper import make_ring
from jieli.wiring.keeper_line import SocketKeeper
from jieli.wiring.profile import Profile
from jieli.wiring.signer import read_key
from seal import policy
from seal.keys import generate, parse_vkey


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


def init(profile: Profile, *, origin: str, witness_lines: list[str], at: int) -> Made:
    """Make the keyring and the signing key, open the log, sign the empty log, and write the trust policy.

    The origin is fixed here for ever. Where a keeper has the keyring none is made here. Run again it changes
    nothing. Crash in between: what is missing is made by the next run, for each step finds what the one before left.
    """
    if not origin or any(c.isspace() or c == "+" for c in origin):
        raise BadOrigin(
            "账本名称不能为空，也不能含空格或加号。", remedy="请用域名加路径，如 jieli.example.cn/log。"
        )
    home, keeper = home_of(profile), custody().keeper
    if keeper is not None:
        SocketKeeper(keeper).status()  # KeeperAway before anything is made
    new = not home.log_key.exists()
    if new:
        write_secret(home.log_key, generate(origin).secret() + "\n")
    signer = read_key(home)
    if signer.name != origin:
        raise BadOrigin(f"本安装的账本已命名为 {signer.name}。", remedy="名称一经建立不可更改。")
    if keeper is None and not home.keys.exists():
        make_ring(home.root)
    _write_policy(home, signer.vkey.format(), witness_lines)
    open_log(origin=origin, at=at)
    checkpoints.first_checkpoint(signer, at=at)
    vkey = signer.vkey.format()
    return Made(origin, vkey, fingerprint(vkey), new)


def fingerprint(vkey: str) -> str:
    """SHA-256 of a public key in groups of four, to be read out over the telephone."""
    digest = sha256(parse_vkey(vkey).material).hexdigest()[:32]
    return " ".join(digest[i : i + 4] for i in range(0, 32, 4))


def _write_policy(home: Home, vkey: str, witness_lines: list[str]) -> None:
    """`witness_lines` are "NAME VKEY URL"; all of them must vouch, for a company names few and each on purpose."""
    if home.policy.exists():
        return
    names = [line.split(" ")[0] for line in witness_lines]
    lines = [f"log {vkey}", *(f"witness {line}" for line in witness_lines)]
    lines += [f"group witnesses all {' '.join(names)}", "quorum witnesses"] if names else ["quorum none"]
    text = "\n".join(lines) + "\n"
    policy.parse(text.encode())
    fresh = home.policy.with_suffix(".new")
    fresh.write_text(text)
    fresh.rename(home.policy)
