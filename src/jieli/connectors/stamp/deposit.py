"""存证 over HTTP, by a contract of our own that an adapter to any depository can speak. Only a digest leaves.

The contract (docs/how-to/witness.md prints it for whoever writes an adapter):

- `POST <url>/deposits`, `Authorization: Bearer <token>` if one was given, body `{"algorithm":"SHA-256","digest":"<64
  lower-case hex digits>"}`, and nothing else about us. The digest is the request's identity: asked again, the
  depository answers with the same receipt.
- 200 or 201: the receipt, a JSON object of at most 64 KiB with at least `number` (its own, 1 to 200 characters),
  `algorithm` and `digest` as asked, and `time` (`2026-09-21T08:00:00Z`, seconds, UTC). More may stand in it:
  signatures, a chain's transaction, a file in base64. It is kept byte for byte.
- 202: taken, but the receipt is not made out yet. We ask again later.
- Anything else is no answer; we ask again later.
"""

import json
from datetime import UTC, datetime
from typing import Any

import httpx

from jieli.kernel.times import to_ms
from jieli.ledger.ports import DepositKind, Receipt, Unreachable

TIMEOUT = 15.0
MAX_RECEIPT = 64 * 1024
MAX_NUMBER = 200
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class HttpDepository:
    """The port `ledger.ports.Depository` over the contract above."""

    def __init__(self, *, name: str, kind: DepositKind, url: str, token: str | None = None) -> None:
        self.name = name
        self.kind = kind
        self._url = url.rstrip("/") + "/deposits"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def deposit(self, digest: bytes) -> Receipt:
        """See the port. A receipt over another digest counts as no answer."""
        asked = {"algorithm": "SHA-256", "digest": digest.hex()}
        try:
            answer = httpx.post(self._url, json=asked, headers=self._headers, timeout=TIMEOUT)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable("没有可用的答复") from error
        if answer.status_code == httpx.codes.ACCEPTED:
            raise self._unreachable("已受理，回执尚未出具")
        if answer.status_code not in (httpx.codes.OK, httpx.codes.CREATED):
            raise self._unreachable(f"没有受理（{answer.status_code}）")
        try:
            return read_receipt(answer.content, digest)
        except ValueError as error:
            raise self._unreachable("给出的回执无法识别，或不是我们的摘要") from error

    def _unreachable(self, what: str) -> Unreachable:
        return Unreachable(f"存证机构 {self.name} {what}。", remedy="签名进程会在后面的轮次重试。")


def read_receipt(raw: bytes, digest: bytes) -> Receipt:
    """What a receipt of the contract says; ValueError unless it is one over this digest."""
    if len(raw) > MAX_RECEIPT:
        raise ValueError("a receipt is longer than 64 KiB")
    found: Any = json.loads(raw)
    if not isinstance(found, dict):
        raise ValueError("a receipt is a JSON object")
    number, time = found.get("number"), found.get("time")
    if (found.get("algorithm"), found.get("digest")) != ("SHA-256", digest.hex()):
        raise ValueError("a receipt names the digest that was deposited")
    if not isinstance(number, str) or not 0 < len(number) <= MAX_NUMBER or not number.isprintable():
        raise ValueError("a receipt bears a number")
    if not isinstance(time, str):
        raise ValueError("a receipt states a time")
    return Receipt(number, to_ms(datetime.strptime(time, _TIME).replace(tzinfo=UTC)), raw)
