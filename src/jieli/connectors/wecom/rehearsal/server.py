"""The rehearsal platform over HTTP, on this machine alone.

Below /cgi-bin/ it is the platform. Below /rehearsal/ it is steered, with JSON bodies:
POST clock {"advance_ms"} · member {"userid", …} · customer {"external_userid", "of", …} · group {"chat_id", "owner", …}
· resign {"userid", "deleted"} · refuse {"external_userid"} · fail {"errcode", "call", "times"}
· cut {"call", "applied", "times"} · reject {"key", "errcode", "times"}; GET clock · calls · followers?external_userid=
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from jieli.kernel.errors import JieliError

HERE = "127.0.0.1"
MAX_BODY = 1 << 20
STEER, PLATFORM = "/rehearsal/", "/cgi-bin/"


@dataclass(frozen=True)
class Reply:
    """What goes out, `late` seconds from now: an HTTP status and bytes; None hangs up without a word."""

    content: bytes | None
    status: int = 200
    late: float = 0.0


class Platform(Protocol):
    """What the server asks of the platform, and how it is steered."""

    calls: list[Any]

    def answer(self, method: str, call: str, parameters: Mapping[str, str], body: bytes) -> Reply: ...
    def clock(self) -> int: ...
    def followers(self, external_userid: str) -> set[str]: ...
    @property
    def steering(self) -> Mapping[str, Callable[..., None]]: ...


class Server:
    """`port` 0 takes any free one; the port is known from the start, requests are answered after `start`."""

    def __init__(self, platform: Platform, *, port: int) -> None:
        self._platform, self._wanted = platform, port
        self._http: ThreadingHTTPServer | None = None
        self._thread: Thread | None = None
        self._ended = Event()

    @property
    def port(self) -> int:
        """Where it listens; 0 while it does not."""
        return 0 if self._http is None else self._http.server_port

    def start(self) -> None:
        """Listen, and answer in threads."""
        platform, self._ended = self._platform, Event()
        over = self._ended

        class Handler(_Handler):
            served, ended = platform, over

        self._http = ThreadingHTTPServer((HERE, self._wanted), Handler)
        self._http.daemon_threads = True
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; a second stop does nothing. Nobody sleeps on for an answer that was to be late."""
        self._ended.set()
        if self._http is not None and self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._http.server_close()
            self._http = None


class _Handler(BaseHTTPRequestHandler):
    served: Platform
    ended: Event

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: addresses hold tokens."""

    def do_GET(self) -> None:
        self._take(b"")

    def do_POST(self) -> None:
        said = self.headers.get("Content-Length", "0")
        length = int(said) if said.isdigit() else 0
        if length > MAX_BODY:
            self._reply(Reply(b"", status=413))
            return
        self._take(self.rfile.read(length))

    def _take(self, body: bytes) -> None:
        url = urlsplit(self.path)
        parameters = dict(parse_qsl(url.query, keep_blank_values=True))
        if url.path.startswith(PLATFORM):
            call = url.path.removeprefix(PLATFORM)
            self._reply(self.served.answer(self.command, call, parameters, body))
        elif url.path.startswith(STEER):
            self._reply(self._steered(url.path.removeprefix(STEER), parameters, body))
        else:
            self._reply(Reply(b"", status=404))

    def _steered(self, what: str, parameters: Mapping[str, str], body: bytes) -> Reply:
        if self.command == "GET":
            return self._looked(what, parameters)
        # A page in a browser cannot send this type to another origin without asking first.
        verb = self.served.steering.get(what)
        if verb is None or self.headers.get_content_type() != "application/json":
            return _json({"error": "演练：没有这个操作"}, status=404)
        try:
            given = json.loads(body or b"{}")
            verb(**given)
        except JieliError as error:
            return _json(error.as_json(), status=400)
        except (TypeError, ValueError):
            return _json({"error": "演练：参数不符"}, status=400)
        return _json({"at": self.served.clock()})

    def _looked(self, what: str, parameters: Mapping[str, str]) -> Reply:
        if what == "clock":
            return _json({"at": self.served.clock()})
        if what == "calls":
            return _json({"calls": [asdict(c) for c in list(self.served.calls)]})
        if what == "followers":
            try:
                found = self.served.followers(parameters.get("external_userid", ""))
            except KeyError:
                return _json({"error": "演练：没有该客户"}, status=404)
            return _json({"followers": sorted(found)})
        return _json({"error": "演练：没有这个操作"}, status=404)

    def _reply(self, reply: Reply) -> None:
        self.close_connection = True
        self.ended.wait(reply.late)
        if reply.content is None:
            return  # the connection is closed without an answer: what the caller sees when we die here
        try:
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(reply.content)))
            self.end_headers()
            self.wfile.write(reply.content)
        except ConnectionError:
            self.close_connection = True  # the caller did not wait: that is what a late answer rehearses


def _json(found: Mapping[str, Any], *, status: int = 200) -> Reply:
    return Reply(json.dumps(found, ensure_ascii=False).encode(), status=status)
