"""A witness spoken to over HTTP: C2SP tlog-witness to the letter."""

import httpx

from jieli.ledger.ports import Conflict, Cosigned, Refused, Unreachable
from seal import note as notes
from seal.errors import SealError
from seal.keys import Vkey
from seal.note import parse_lines
from seal.witness import SIZE, format_request

TIMEOUT = 10.0  # seconds; the signer asks again in a later round
MOST = 64 * 1024  # bytes of an answer; signature lines are a few hundred


class HttpWitness:
    """The port `ledger.ports.Witness` over `POST <prefix>/add-checkpoint`.

    With `key`, only a line that this key made over the very checkpoint counts as an answer.
    """

    def __init__(self, *, name: str, url: str, key: Vkey | None = None) -> None:
        self.name = name
        self._key = key
        self._url = url.rstrip("/") + "/add-checkpoint"

    def add_checkpoint(self, *, old: int, proof: list[bytes], note: str) -> Cosigned | Conflict:
        """See the port: 422, and 409 with our own size, are Refused; 400, 403 and 404 are Unreachable."""
        try:
            answer = httpx.post(self._url, content=format_request(old, proof, note.encode()), timeout=TIMEOUT)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable() from error
        if len(answer.content) > MOST:
            raise self._unreachable()
        if answer.status_code == httpx.codes.OK:
            return Cosigned(self._lines(answer.content, note))
        if answer.status_code == httpx.codes.CONFLICT:
            return self._conflict(answer, old)
        if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
            raise self._refused(422)
        if answer.status_code in {400, 403, 404}:
            # It does not know this log or its key (yet): nothing is said against the log, so nothing stops.
            raise Unreachable(
                f"见证方 {self.name} 不认识本账本或它的公钥（{answer.status_code}）。",
                remedy="请把账本公钥交给见证方登记；签名进程会在后面的轮次重试。",
            )
        raise self._unreachable()

    def _conflict(self, answer: httpx.Response, old: int) -> Conflict:
        if answer.headers.get("content-type", "").partition(";")[0] != SIZE:
            raise self._unreachable()
        size = self._size(answer.text)
        if size == old:
            # The sizes agree and yet it objects: it cosigned another root of this size.
            raise self._refused(409)
        return Conflict(size)

    def _lines(self, content: bytes, note: str) -> tuple[str, ...]:
        try:
            lines = parse_lines(content)
            if self._key is not None:
                text = notes.parse(note.encode()).text
                mine = [s for s in lines if (s.name, s.id) == (self._key.name, self._key.id)]
                # A wrong line kept would make every package over this checkpoint fail.
                if not notes.verify(notes.Note(text, tuple(mine)), [self._key]):
                    raise self._unreachable()
                lines = tuple(mine)
        except SealError as error:
            raise self._unreachable() from error
        return tuple(s.line() for s in lines)

    def _size(self, text: str) -> int:
        digits = text.removesuffix("\n")
        if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
            raise self._unreachable()
        return int(digits)

    def _refused(self, status: int) -> Refused:
        return Refused(
            f"见证方 {self.name} 拒绝了检查点（{status}）：账本与它见过的不一致。",
            remedy="请停止写入，运行 jieli fsck，并与见证方核对。",
        )

    def _unreachable(self) -> Unreachable:
        return Unreachable(f"见证方 {self.name} 没有可用的答复。", remedy="签名进程会在后面的轮次重试。")
