"""A mail server on this machine that takes, refuses or drops messages, one connection at a time."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread


@dataclass
class MailServer:
    """`replies` changes what a verb is answered ("" hangs up); `taken` is every message as it arrived."""

    port: int = 0
    replies: dict[str, str] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)


ANSWERS = {"EHLO": "250 mail.example", "DATA": "354 go on", ".": "250 taken", "QUIT": "221 bye"}


@contextmanager
def mail_server(**replies: str) -> Iterator[MailServer]:
    told = MailServer(replies=replies)

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 mail.example\r\n")
            while line := self.rfile.readline():
                verb = line.split(None, 1)[0].decode().upper()
                told.verbs.append(verb)
                if verb == "DATA" and "DATA" not in told.replies:
                    self.wfile.write(b"354 go on\r\n")
                    rows = iter(self.rfile.readline, b".\r\n")
                    told.taken.append(b"".join(rows).decode())
                    verb = "END"
                answer = told.replies.get(verb, ANSWERS.get(verb, "250 ok"))
                if not answer:
                    return
                self.wfile.write(f"{answer}\r\n".encode())

    with socketserver.TCPServer(("127.0.0.1", 0), Session) as server:
        told.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
