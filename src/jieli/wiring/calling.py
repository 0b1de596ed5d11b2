"""The signer's line: a socket to which anybody of this installation comes who needs a checkpoint.

All who wait are answered by one round, so that many callers cost what one costs. A caller that went away (killed, or
out of patience) costs the others nothing. Crash of the signer: its callers hear nothing, and are told to come again.
"""

import json
import logging
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jieli.kernel.errors import JieliError

_log = logging.getLogger(__name__)

#: So many may wait to be let in. With a short queue the system turns the next one away as if there were no signer.
QUEUE = 128
#: So long a caller waits, all in all: a round may ask several witnesses and authorities, one after the other.
PATIENCE = 60.0
_AGAIN, _TELL = 0.05, 5.0


class NobodyAnswers(JieliError):
    """No signer listens."""

    code = "signer.away"


class NoAnswer(JieliError):
    """A signer listens, but did not answer in time, or went away in the middle."""

    code = "signer.no_answer"


@contextmanager
def listening(path: Path, *, a_round: float) -> Iterator[socket.socket]:
    """The line, open; `next_callers` waits for `a_round` seconds at most. Whoever opens it holds the signer's lock."""
    path.unlink(missing_ok=True)  # with the lock in hand: a socket file here is a dead signer's
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(QUEUE)
        listener.settimeout(a_round)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


def next_callers(listener: socket.socket) -> list[socket.socket]:
    """Everybody who waits, once somebody does; nobody after a round's time without."""
    callers: list[socket.socket] = []
    patience = listener.gettimeout()
    try:
        while len(callers) < QUEUE:
            callers.append(listener.accept()[0])
            listener.settimeout(0)
    except (TimeoutError, BlockingIOError):
        return callers  # nobody else is there
    finally:
        listener.settimeout(patience)
    return callers


def answer(callers: Sequence[socket.socket], found: Mapping[str, Any]) -> None:
    """Tell all of them; one that is gone or does not listen is left alone."""
    said = json.dumps(found).encode() + b"\n"
    for caller in callers:
        try:
            caller.settimeout(_TELL)
            caller.sendall(said)
        except OSError as gone:
            _log.info("a caller went away before it was answered: %s", type(gone).__name__)


def asked(path: Path, *, patience: float = PATIENCE) -> dict[str, Any]:
    """What the signer answers. NobodyAnswers where none listens; NoAnswer where one does and gives none."""
    end = time.monotonic() + patience
    with socket.socket(socket.AF_UNIX) as caller:
        _connect(caller, path, end)
        try:
            caller.settimeout(max(_AGAIN, end - time.monotonic()))
            found: dict[str, Any] = json.loads(b"".join(iter(lambda: caller.recv(4_096), b"")))
        except (OSError, ValueError) as error:
            raise _no_answer() from error
    return found


def _connect(caller: socket.socket, path: Path, end: float) -> None:
    caller.settimeout(_TELL)
    while True:
        try:
            return caller.connect(str(path))
        except BlockingIOError as full:  # the queue is full: there is a signer, and others are before us
            if time.monotonic() > end:
                raise _no_answer() from full
            time.sleep(_AGAIN)
        except OSError as error:
            raise NobodyAnswers(
                "没有签名进程在等候。", remedy="请启动 jieli serve 或 jieli ledger sign 后再次运行。"
            ) from error


def _no_answer() -> NoAnswer:
    return NoAnswer(
        "签名进程在运行，但没有在时限内答复（见证方或时间戳机构可能很慢，或机器很忙）。",
        remedy="请稍后再次运行；查看 jieli ledger status 与签名进程的日志。",
    )
