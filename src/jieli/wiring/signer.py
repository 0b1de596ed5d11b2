"""The signer: the one process that holds the log's signing key, and how others ask it for a checkpoint."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
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
from jieli.wiring import calling, policy_file, signing_keys
from jieli.wiring.home import Home, home_of
from jieli.wiring.profile import BadProfile, Profile
from jieli.wiring.signing_keys import NOW, HeldKeys, NoKeys, path_of, read
from seal import policy
from seal.keys import ED25519, Signer, Vkey

ROUND_SECONDS = 1.0  # signs at most once a second
AGAIN_SECONDS = 0.2  # while somebody else signs
BY = "system:signer"


class SignerRuns(JieliError):
    """Another signer holds the lock of this installation."""

    code = "signer.runs"


class NoSignature(JieliError):
    """A signer started for one round did not finish it."""

    code = "signer.no_signature"


def trusted(home: Home) -> policy.Policy:
    """The installation's own policy."""
    if not home.policy.exists():
        raise NoKeys("尚未建立密钥与账本。", remedy="请先运行 jieli keys init。")
    return policy.parse(home.policy.read_bytes())


def public_keys(home: Home) -> tuple[Vkey, ...]:
    """The public keys of the log and its witnesses, as fsck and the export need them: the log's retired ones too."""
    known = trusted(home)
    return (*known.logs, *policy_file.retired(home), *known.witnesses.values())


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
    """The log's Ed25519 signing key, the first of a checkpoint's. Call it where keys are made, and in the signer."""
    if not home.log_key.exists():
        raise NoKeys("没有账本签名密钥。", remedy="请先运行 jieli keys init，或从托管恢复。")
    return read(path_of(home, NOW, ED25519))


def alone(home: Home) -> AbstractContextManager[None]:
    """One signer an installation."""
    taken = SignerRuns("签名进程已在运行。", remedy="同一安装只能有一个签名进程。")
    return signing_keys.locked(home.log_key.with_name("lock"), taken)


@dataclass(frozen=True)
class _Outside:
    """Everybody whom the signer asks, and how long each is left alone after giving no answer."""

    witnesses: Sequence[HttpWitness]
    authorities: Sequence[HttpAuthority]
    depositories: Sequence[HttpDepository]
    trusted: policy.Policy
    patience: Patience


def _outside(profile: Profile, patience: Patience | None = None) -> _Outside:
    known, waits = trusted(home_of(profile)), Patience() if patience is None else patience
    return _Outside(witnesses(profile), authorities(profile), depositories(profile), known, waits)


def sign_once(profile: Profile, *, at: int) -> dict[str, Any]:
    """Confirm with the witnesses how far they saw the log, then sign the head and have it vouched for."""
    home = home_of(profile)
    with alone(home):
        outside = _outside(profile)
        _confirm(outside, at=at)
        return _round(_held(home), outside, at=at)()


def _held(home: Home) -> HeldKeys:
    read_key(home)  # NoKeys before anybody is asked for anything
    return HeldKeys(home)


def _confirm(outside: _Outside, *, at: int) -> None:
    for witness in outside.witnesses:
        try:
            checkpoints.confirm(witness, at=at)
        except Unreachable:
            # A witness that is away vouches for nothing and refuses nothing: the round says so, and asks it again.
            outside.patience.failed(witness.name, at=at)


def _round(signer: HeldKeys, outside: _Outside, *, at: int) -> Callable[[], dict[str, Any]]:
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
    with alone(home), calling.listening(home.signer_socket, a_round=ROUND_SECONDS) as listener:
        signer, outside, stood = _held(home), _outside(profile), _stands(home)
        _confirm(outside, at=clock())
        while not stop():
            callers = calling.next_callers(listener)
            if (now := _stands(home)) != stood:  # a rotation changed the policy, or somebody named a witness
                outside, stood = _outside(profile, outside.patience), now
            done = _round(signer, outside, at=clock())
            if callers:
                with ExitStack() as stack:
                    for caller in callers:
                        stack.enter_context(caller)
                    calling.answer(callers, done())


def _stands(home: Home) -> tuple[int, int]:
    """Which policy file stands there: it is always replaced whole."""
    found = home.policy.stat()
    return found.st_ino, found.st_mtime_ns


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

    Nobody listens: the demo starts a signer for one round; production answers `pending`, and `why`, and the signer
    catches up when it is started again. One that listens and does not answer is waited for, never doubled.
    """
    end = time.monotonic() + calling.PATIENCE
    while True:
        try:
            return calling.asked(home_of(profile).signer_socket)
        except calling.NobodyAnswers as away:
            found = _one_round() if profile.demo else _pending(away)
        except calling.NoAnswer as silent:
            return _pending(silent)
        # another process signs its one round at this moment: it may have looked at the head before us
        if found.get("code") != SignerRuns.code or time.monotonic() > end:
            return found
        time.sleep(AGAIN_SECONDS)


def _pending(error: JieliError) -> dict[str, Any]:
    return {"checkpoint": "pending", "code": error.code, "why": f"{error.sentence}{error.remedy}"}


def _one_round() -> dict[str, Any]:
    command = [sys.executable, "-m", "jieli", "ledger", "sign", "--once", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        found = {}
    if done.returncode == 0 and found:
        return found
    if "code" not in found:  # it died, or what went wrong has no sentence: its own words are in its log
        return _pending(
            NoSignature(f"签名一轮没有完成（退出码 {done.returncode}）。", remedy="请稍后再次运行。")
        )
    words = f"签名一轮没有完成：{found.get('error', '')}{found.get('remedy', '')}"
    return {"checkpoint": "pending", "code": found["code"], "why": words}
