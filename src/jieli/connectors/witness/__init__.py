"""A witness spoken to over HTTP: C2SP tlog-witness to the letter."""

import httpx

from jieli.ledger.ports import Conflict, Cosigned, Refused, Unreachable
from seal.errors import SealError
from seal.note import parse_lines
from seal.witness import SIZE, format_request

TIMEOUT = 10.0  # seconds; the signer asks again in the next round


class HttpWitness:
    """The port `ledger.ports.Witness` over `POST <prefix>/add-checkpoint`."""

    def __init__(self, *, name: str, url: str) -> None:
        self.name = name
        self._url = url.rstrip("/") + "/add-checkpoint"

    def add_checkpoint(self, *, old: int, proof: list[bytes], note: str) -> Cosigned | Conflict:
        """See the port. A 4xx that says the log is not the one it saw is Refused, never Unreachable."""
        try:
            answer = httpx.post(self._url, content=format_request(old, proof, note.encode()), timeout=TIMEOUT)
        except httpx.HTTPError as error:
            raise self._unreachable() from error
        if answer.status_code == httpx.codes.OK:
            return Cosigned(self._lines(answer.content))
        if answer.status_code == httpx.codes.CONFLICT and answer.headers.get("content-type") == SIZE:
            return Conflict(self._size(answer.text))
        if answer.status_code in {400, 403, 404, 422}:
            raise Refused(
                f"见证方 {self.name} 拒绝了检查点（{answer.status_code}）。",
                remedy="若为 422，账本与它见过的不一致：请停止写入并运行 jieli fsck。",
            )
        raise self._unreachable()

    def _lines(self, content: bytes) -> tuple[str, ...]:
        try:
            return tuple(s.line() for s in parse_lines(content))
        except SealError as error:
            raise self._unreachable() from error

    def _size(self, text: str) -> int:
        digits = text.removesuffix("\n")
        if not digits.isascii() or not digits.isdigit() or len(digits) > 19:
            raise self._unreachable()
        return int(digits)

    def _unreachable(self) -> Unreachable:
        return Unreachable(f"见证方 {self.name} 没有可用的答复。", remedy="签名进程会在下一轮重试。")
