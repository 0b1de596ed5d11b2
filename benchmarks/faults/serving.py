"""Deaths of the web server's processes while people ask: `jieli serve` as it stands, and browsers beside it."""

import os
import random
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.faults.installation import Installation, Running, until
from benchmarks.faults.runs import Toll, brought

ASKERS, SECONDS, PATIENCE = 6, 4.0, 20.0
_FORM, _SESSION = "jieli_form", "jieli_session"


@dataclass
class _Asked:
    """What the browsers sent: each query is sent once, and answered or not."""

    sent: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)


def web_worker(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """A process of the web server dies by SIGKILL while requests write; the next ones are answered, nothing is lost.

    An answer means that its opening is durable: exactly one row. A request that was cut off has left one or none.
    """
    brought(house)
    lot = random.Random(f"{place}:{turn}")
    session = house.must("benchmarks.faults.jobs:web_session", house.person).answer["session"]
    with _served(house) as (serve, port):
        ask = _Browser(port, session, house.matter)
        toll.expect(until(lambda: ask.ok("先看一眼"), seconds=60), "the web does not answer at all")
        asked = _under_fire(ask, f"{turn}-{house.commands}", lambda: _kill(serve.pid, place, lot))
        toll.expect(until(lambda: ask.ok("再看一眼"), seconds=60), "the web did not come back")
        toll.expect(set(_web(serve.pid)), "no web process is left")
    toll.expect(until(lambda: not _listens(port), seconds=PATIENCE), "somebody still listens after the end")
    toll.expect(not asked.refused, f"answers of {sorted(set(asked.refused))}")
    toll.expect(asked.answered, "nothing was answered at all")
    rows = house.column("SELECT query FROM reading_opening WHERE query = ANY(%s)", asked.sent)
    toll.acknowledged = toll.before_death = len(asked.answered)
    toll.lost += len(set(asked.answered) - set(rows))
    toll.doubled += len(rows) - len(set(rows))


def _under_fire(ask: "_Browser", mark: str, kill: Callable[[], None]) -> _Asked:
    """Browsers that ask for some seconds, and a death in the midst of them."""
    asked, end = _Asked(), time.monotonic() + SECONDS
    lock = threading.Lock()

    def one(who: int) -> None:
        n = 0
        while time.monotonic() < end:
            n += 1
            query = f"问{mark}-{who}-{n}"
            with lock:
                asked.sent.append(query)
            status = ask.search(query)
            with lock:
                if status == 200:
                    asked.answered.append(query)
                elif status is not None and status != 503:  # 503: told to come again
                    asked.refused.append(status)

    threads = [threading.Thread(target=one, args=(who,)) for who in range(ASKERS)]
    for thread in threads:
        thread.start()
    time.sleep(SECONDS / 4)
    kill()
    for thread in threads:
        thread.join()
    return asked


class _Browser:
    """One signed-in person, a connection for each request."""

    def __init__(self, port: int, session: str, matter: str) -> None:
        self.port, self.matter = port, matter
        token = secrets.token_hex(16)
        self.form = {"purpose": "合规审计", "matter": matter, "csrfmiddlewaretoken": token}
        self.headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"{_SESSION}={session}; {_FORM}={token}",
        }

    def search(self, query: str) -> int | None:
        """The status of a search that writes its opening; None when the connection broke."""
        connection = HTTPConnection("localhost", self.port, timeout=PATIENCE)
        try:
            connection.request(
                "POST", "/reading/search", urlencode({**self.form, "query": query}), self.headers
            )
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            time.sleep(0.05)
            return None
        finally:
            connection.close()
        return answer.status

    def ok(self, query: str) -> bool:
        return self.search(query) == 200


@contextmanager
def _served(house: Installation) -> Iterator[tuple[Running, int]]:
    """`jieli serve` on a free port, with web, worker and signer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    serve = house.start("serve", "--port", str(port), "--json")
    try:
        yield serve, port
    finally:
        os.kill(serve.pid, signal.SIGTERM)
        serve.wait()


def _listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def _children(pid: int) -> list[int]:
    """Of every thread of it: the web server starts its workers from a thread."""
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    except FileNotFoundError:
        return found  # it ended meanwhile
    return found


def _says(pid: int, word: bytes) -> bool:
    try:
        return word in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


def _web(serve: int) -> list[int]:
    """The web server's first process, and the workers that it started."""
    return [pid for pid in _children(serve) if _says(pid, b"granian")]


def _kill(serve: int, place: str, lot: random.Random) -> None:
    """SIGKILL to one worker, or to the process that keeps the workers."""
    [first] = _web(serve)
    workers = [pid for pid in _children(first) if not _says(pid, b"resource_tracker")]
    os.kill(lot.choice(workers) if place == "worker" else first, signal.SIGKILL)
