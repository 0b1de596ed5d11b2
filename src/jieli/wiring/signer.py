"""The signer: the one process that holds the log's signing key, and how others ask it for a checkpoint."""

import fcntl
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jieli.connectors.stamp import HttpAuthority
from jieli.connectors.witness import HttpWitness
from jieli.kernel.errors import JieliError
from jieli.ledger import checkpoints
from jieli.ledger.checkpoints import Round
from jieli.ledger.ports import Unreachable
from jieli.wiring.home import Home, home_of
from jieli.wiring.profile import Profile
from seal import policy
from seal.keys import Signer, Vkey, parse_signer

ROUND_SECONDS = 1.0  # signs at most once a second


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


def witnesses(home: Home) -> list[HttpWitness]:
    """The witnesses of the installation's policy that carry an address."""
    known = trusted(home)
    return [
        HttpWitness(name=key.name, url=known.urls[key.format()])
        for key in known.witnesses.values()
        if key.format() in known.urls
    ]


def authorities(profile: Profile) -> list[HttpAuthority]:
    """The timestamp authority of the profile, if one is named."""
    if profile.timestamp_url is None:
        return []
    roots = home_of(profile).timestamp_roots
    return [HttpAuthority(name="demo" if profile.demo else "tsa", url=profile.timestamp_url, roots=roots)]


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


def sign_once(profile: Profile, *, at: int) -> Round:
    """Confirm with the witnesses how far they saw the log, then sign the head and have it vouched for."""
    home = home_of(profile)
    with alone(home):
        _confirm(home, at=at)
        return checkpoints.run_round(read_key(home), witnesses(home), authorities(profile), at=at)


def _confirm(home: Home, *, at: int) -> None:
    for witness in witnesses(home):
        try:
            checkpoints.confirm(witness, at=at)
        except Unreachable:
            continue  # a witness that is away vouches for nothing, and refuses nothing: the round says so


def serve(profile: Profile, *, clock: Callable[[], int], stop: Callable[[], bool]) -> None:
    """Sign whenever the head moved, and answer who asks over the socket, until told to stop."""
    home = home_of(profile)
    with alone(home), _listening(home.signer_socket) as listener:
        _confirm(home, at=clock())
        signer, outside = read_key(home), (witnesses(home), authorities(profile))
        while not stop():
            caller = _next_caller(listener)
            done = checkpoints.run_round(signer, *outside, at=clock())
            if caller is not None:
                with caller:
                    caller.sendall(json.dumps(as_json(done)).encode() + b"\n")


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
