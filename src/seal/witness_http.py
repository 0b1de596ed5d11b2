"""The witness over HTTP: ``POST <prefix>/add-checkpoint`` and ``GET <prefix>/<origin hash>/checkpoint``."""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any

from seal.witness import MAX_BODY, TEXT, Answer, Witness

Connection = socket | tuple[bytes, socket]

SECONDS = 10
MAX_CONNECTIONS = 64


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness over at most ``MAX_CONNECTIONS`` connections at a time; further ones are closed."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], witness: Witness, *, prefix: str = "") -> None:
        super().__init__(address, _Handler)
        self.witness = witness
        self.prefix = prefix.rstrip("/")
        self._slots = threading.BoundedSemaphore(MAX_CONNECTIONS)

    def process_request(self, request: Connection, client_address: Any) -> None:
        """Take a slot before a thread, so that a flood of connections costs no memory."""
        if self._slots.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Connection, client_address: Any) -> None:
        """Give the slot back when the connection ends."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, request: Connection, client_address: Any) -> None:
        """A peer that hangs up is no event; anything else is."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    protocol_version = "HTTP/1.1"
    server_version = "seal-witness"
    sys_version = ""
    timeout = SECONDS

    def do_POST(self) -> None:
        if self.path != self.server.prefix + "/add-checkpoint":
            self._say(404, "There is only add-checkpoint here.", close=True)
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or self.headers.get("Transfer-Encoding"):
            self._say(411, "The request must state its length.", close=True)
        elif len(length) > 9 or int(length) > MAX_BODY:
            self._say(413, "The request is too long.", close=True)
        else:
            self._add(int(length))

    def do_GET(self) -> None:
        prefix, path = self.server.prefix + "/", self.path
        found = None
        if path.startswith(prefix) and path.endswith("/checkpoint"):
            found = self.server.witness.latest(path[len(prefix) : -len("/checkpoint")])
        if found is None:
            self._say(404, "This witness has cosigned no checkpoint of that log.")
        else:
            self._answer(Answer(200, TEXT, found))

    def _add(self, length: int) -> None:
        body = self.rfile.read(length)
        if len(body) != length:
            self.close_connection = True
            return
        self._answer(self.server.witness.add_checkpoint(body))

    def _say(self, status: int, message: str, *, close: bool = False) -> None:
        # an unread body would be taken for the next request of the connection
        self.close_connection = self.close_connection or close
        self._answer(Answer(status, TEXT, message.encode("ascii") + b"\n"))

    def _answer(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: what comes over the network does not reach a log."""


def serve(host: str, port: int, witness: Witness, *, prefix: str = "") -> None:
    """Serve until the process is told to end."""
    with WitnessServer((host, port), witness, prefix=prefix) as server:
        server.serve_forever()
