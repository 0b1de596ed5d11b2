"""A depository (存证) in this process, and the same one behind HTTP: digests in, receipts out, each digest once."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from jieli.connectors.stamp.deposit import read_receipt
from jieli.kernel.times import from_ms
from jieli.ledger.ports import DepositKind, Receipt, Unreachable


@dataclass
class FakeDepository:
    """The port without a network. `pending` answers that the receipt is not made out yet, so many times."""

    at: int
    name: str = "notary.example"
    kind: DepositKind = DepositKind.NOTARY
    token: str | None = None
    pending: int = 0
    answers: dict[str, bytes] = field(default_factory=dict)  # digest → another body than the right one
    kept: dict[str, bytes] = field(default_factory=dict)
    asked: list[bytes] = field(default_factory=list)  # every request body, as it came

    def deposit(self, digest: bytes) -> Receipt:
        status, body = self.post(json.dumps({"algorithm": "SHA-256", "digest": digest.hex()}).encode())
        try:
            if status in (200, 201):
                return read_receipt(body, digest)
        except ValueError as error:
            raise Unreachable("存证机构给出的回执无法识别。") from error
        raise Unreachable("存证机构没有给出回执。")

    def post(self, body: bytes, authorization: str | None = None) -> tuple[int, bytes]:
        """The contract: what `POST /deposits` answers."""
        self.asked.append(body)
        if self.token is not None and authorization != f"Bearer {self.token}":
            return 401, b"{}"
        asked = json.loads(body)
        if set(asked) != {"algorithm", "digest"} or asked["algorithm"] != "SHA-256":
            return 400, b"{}"
        digest = asked["digest"]
        if self.pending:
            self.pending -= 1
            return 202, b"{}"
        if digest in self.answers:
            return 200, self.answers[digest]
        if digest in self.kept:
            return 200, self.kept[digest]
        receipt = {
            "number": f"GZ-{sha256(digest.encode()).hexdigest()[:8]}", "algorithm": "SHA-256", "digest": digest,
            "time": f"{from_ms(self.at):%Y-%m-%dT%H:%M:%SZ}", "机构": "样例公证处（虚构）",
        }  # fmt: skip
        self.kept[digest] = json.dumps(receipt, ensure_ascii=False, indent=1).encode()
        return 201, self.kept[digest]


@contextmanager
def depository_server(behind: FakeDepository) -> Iterator[str]:
    """The same depository at an address of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = 404, b"{}"
            if self.path == "/v1/deposits":
                status, answer = behind.post(body, self.headers.get("Authorization"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing on the test's screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
