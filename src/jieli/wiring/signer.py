"""The signer: the one process that holds the log's signing key, and how others ask it for a checkpoint."""

import fcntl
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jieli.connectors.stamp import HttpAuthority
from jieli.connectors.stamp.deposit import HttpDepository
from jieli.connectors.witness import HttpWitness
from jieli.kernel.errors import JieliError
from jieli.ledger import checkpoints, queries, standing
from jieli.ledger.checkpoints import Round
from jieli.ledger.deposits import deposit_when_due
from jieli.ledger.patience import Patience
from jieli.ledger.ports import DepositKind, Unreachable
from jieli.wiring.home import Home, home_of
from jieli.wiring.profile import BadProfile, Profile
from seal import policy
from seal.keys import Signer, Vkey, parse_signer

ROUND_SECONDS = 1.0  # signs at most once a second
BY = "system:signer"


class SignerRuns(JieliError):
    """Another signer holds the lock of this installation."""

    code = "signer.runs"


class NoKeys(JieliError):
    """This installation has no signing key yet."""

    code = "signer.no_keys"


def trusted(home: Home) -> policy.Policy:
    """The installation's own policy."""
    if not home.policy.exists():
        raise NoKeys("尚未建立密钥与账本。", remedy="请先运行 jieli keys init。")
    return policy.parse(home.policy.read_bytes())


def public_keys(home: Home) -> tuple[Vkey, ...]:
    """The public keys of the log and its witnesses, as fsck needs them."""
    known = trusted(home)
    return (*known.logs, *known.witnesses.values())


def trusted_if_any(home: Home) -> policy.Policy | None:
    """The installation's own policy; None before `jieli keys init`."""
    return trusted(home) if home.policy.exists() else None


def witnesses(profile: Profile) -> list[HttpWitness]:
    """The witnesses of the installation's policy that have an address, there or in the profile.

    One without an address is asked by hand (`jieli witness kit`).
    """
    known = trusted(home_of(profile))
    beside = dict(profile.witness_urls)
    if strangers := set(beside) - {key.name for key in known.witnesses.values()}:
        raise BadProfile(
            f"JIELI_WITNESS_URL 中的“{min(strangers)[:40]}”不是信任策略中的见证方。",
            remedy="请核对名称，或先把它的公钥写入 trust.policy。",
        )
    found = [
        (key, beside.get(key.name) or known.urls.get(key.format())) for key in known.witnesses.values()
    ]  # fmt: skip
    return [HttpWitness(name=key.name, url=url, key=key) for key, url in found if url]


def authorities(profile: Profile) -> list[HttpAuthority]:
    """The timestamp authority of the profile, if one is named."""
    if profile.timestamp_url is None:
        return []
    roots = home_of(profile).timestamp_roots
    return [HttpAuthority(name="demo" if profile.demo else "tsa", url=profile.timestamp_url, roots=roots)]


def depositories(profile: Profile) -> list[HttpDepository]:
    """The depositories (存证) of the profile, named by their hosts; a token lies in `<home>/deposit/<host>.token`."""
    found = []
    for kind, url in profile.deposit_urls:
        if kind not in set(DepositKind):
            raise BadProfile(
                f"JIELI_DEPOSIT_URL 中没有“{kind[:40]}”这一类存证。",
                remedy=f"可写：{'、'.join(DepositKind)}。",
            )
        host = urlsplit(url).netloc
        kept = home_of(profile).root / "deposit" / f"{host.replace(':', '_')}.token"
        token = kept.read_text().strip() if kept.exists() else None
        found.append(HttpDepository(name=host, kind=DepositKind(kind), url=url, token=token))
    return found


def read_key(home: Home) -> Signer:
    """The signing key. Call it in the signer process only."""
    if not home.log_key.exists():
        raise NoKeys("没有账本签名密钥。", remedy="请先运行 jieli keys init，或从托管恢复。")
    return parse_signer(home.log_key.read_text().strip())


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """One signer an installation: the kernel drops the lock when the process dies, however it dies."""
    home.log_key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home.log_key.parent / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SignerRuns("签名进程已在运行。", remedy="同一安装只能有一个签名进程。") from error
        yield


@dataclass(frozen=True)
class _Outside:
    """Everybody whom the signer asks, and how long each is left alone after giving no answer."""

    witnesses: Sequence[HttpWitness]
    authorities: Sequence[HttpAuthority]
    depositories: Sequence[HttpDepository]
    trusted: policy.Policy
    patience: Patience


def _outside(profile: Profile) -> _Outside:
    known = trusted(home_of(profile))
    return _Outside(
        witnesses(profile), authorities(profile), depositories(profile), known, Patience()
    )  # fmt: skip


def sign_once(profile: Profile, *, at: int) -> dict[str, Any]:
    """Confirm with the witnesses how far they saw the log, then sign the head and have it vouched for."""
    home = home_of(profile)
    with alone(home):
        outside = _outside(profile)
        _confirm(outside, at=at)
        return _round(read_key(home), outside, at=at)()


def _confirm(outside: _Outside, *, at: int) -> None:
    for witness in outside.witnesses:
        try:
            checkpoints.confirm(witness, at=at)
        except Unreachable:
            # A witness that is away vouches for nothing and refuses nothing: the round says so, and asks it again.
            outside.patience.failed(witness.name, at=at)


def _round(signer: Signer, outside: _Outside, *, at: int) -> Callable[[], dict[str, Any]]:
    """One round; called, the result says what came of it. Most rounds have nobody who asks."""
    before, waits = queries.last_checkpoint(), outside.patience
    done = checkpoints.run_round(signer, outside.witnesses, outside.authorities, at=at, patience=waits)
    lost = deposit_when_due(outside.depositories, by=BY, at=at, patience=waits)

    def answer() -> dict[str, Any]:
        judged = standing.standing(queries.checkpoints(sizes=[done.size])[0], outside.trusted)
        return {
            **as_json(done),
            "unreachable": [*done.unreachable, *lost],
            "counts": judged.counts,
            "clock": standing.clock_faults(before, judged.stamps, at=at),
        }

    return answer


def serve(profile: Profile, *, clock: Callable[[], int], stop: Callable[[], bool]) -> None:
    """Sign whenever the head moved, and answer who asks over the socket, until told to stop."""
    home = home_of(profile)
    with alone(home), _listening(home.signer_socket) as listener:
        outside = _outside(profile)
        _confirm(outside, at=clock())
        signer = read_key(home)
        while not stop():
            caller = _next_caller(listener)
            done = _round(signer, outside, at=clock())
            if caller is not None:
                with caller:
                    caller.sendall(json.dumps(done()).encode() + b"\n")


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    path.unlink(missing_ok=True)  # we hold the lock: a socket file here is a dead signer's
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(8)
        listener.settimeout(ROUND_SECONDS)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


def _next_caller(listener: socket.socket) -> socket.socket | None:
    try:
        caller, _ = listener.accept()
    except TimeoutError:
        return None
    return caller


def as_json(done: Round) -> dict[str, Any]:
    """A round as the signer answers it."""
    return {
        "checkpoint": done.size,
        "witnessed": list(done.witnessed),
        "stamped": list(done.stamped),
        "unreachable": list(done.unreachable),
    }


def ask(profile: Profile) -> dict[str, Any]:
    """Ask the signer for a checkpoint over everything committed so far.

    Nobody answers: the demo starts a signer for one round; production answers `pending` and the signer
    catches up when it is started again.
    """
    answer = _asked(home_of(profile).signer_socket)
    if answer is None:
        return _one_round() if profile.demo else {"checkpoint": "pending"}
    return answer


def _asked(path: Path) -> dict[str, Any] | None:
    """What the signer answers; None when there is none, or when it died while it was asked."""
    try:
        with socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(60)
            caller.connect(str(path))
            answer = b"".join(iter(lambda: caller.recv(4_096), b""))
            found: dict[str, Any] = json.loads(answer)
    except (OSError, ValueError):
        return None
    return found


def _one_round() -> dict[str, Any]:
    command = [sys.executable, "-m", "jieli", "ledger", "sign", "--once", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"checkpoint": "pending"}
    found: dict[str, Any] = json.loads(done.stdout)
    return found
