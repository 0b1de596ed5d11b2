"""What WeCom sends us by itself: signed, encrypted notices. Each is only a reason to look, never a result.

The scheme is the platform's (WXBizMsgCrypt, AES-256-CBC and SHA-1), not ours. What does not verify, is not ours, or
is old is refused before anything in it is read.
"""

import base64
import binascii
import hmac
import struct
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from threading import Lock
from xml.etree import ElementTree

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from jieli.kernel.errors import JieliError
from jieli.kernel.times import MINUTE, SECOND

BLOCK = 32
MAX_BODY = 1 << 20
WINDOW = 10 * MINUTE  # a notice signed longer ago, or further ahead, is taken for a replay
_HEAD = 20  # 16 random bytes and the length of the message


class BadCallback(JieliError):
    """Not a notice of our platform to us. The sentence never says which check failed in detail, nor any content."""

    code = "platform.callback_refused"


class StaleCallback(BadCallback):
    """Rightly signed, but not now: a replay, or a clock that is wrong."""

    code = "platform.callback_stale"


@dataclass(frozen=True, slots=True)
class Event:
    """A verified notice. `key` is the same for every delivery of it: what later stores dedupe by."""

    key: str
    name: str
    change: str
    member: str
    customer: str
    created_s: int
    fields: Mapping[str, str] = field(repr=False)
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class TransferWake:
    """transfer_fail: somebody's customer did not go over. Tells neither from whom nor by which endpoint: so poll.

    `takeover` is who was to take over; `reason` is customer_refused or customer_limit_exceed.
    """

    takeover: str
    customer: str
    reason: str


def transfer_wake(event: Event) -> TransferWake | None:
    """The wake-up in a transfer_fail, or nothing for any other event."""
    if event.name != "change_external_contact" or event.change != "transfer_fail":
        return None
    return TransferWake(event.member, event.customer, event.fields.get("FailReason", ""))


class Callback:
    """Verifies and opens what the platform sends to one application.

    `token` and `aes_key` (43 characters) are set in the platform's console, `receive_id` is the corp id. Keeps the
    keys of the last `remember` notices: after a restart a second delivery counts as new, so effects must be idempotent.
    """

    def __init__(self, *, token: str, aes_key: str, receive_id: str, remember: int = 10_000) -> None:
        self._token, self._receive_id = token, receive_id.encode()
        try:
            self._key = base64.b64decode(aes_key + "=", validate=True)
        except (binascii.Error, ValueError):
            self._key = b""
        if len(self._key) != 32 or len(aes_key) != 43 or not token or not receive_id:
            raise BadCallback(
                "回调的 Token、EncodingAESKey 或企业 ID 不完整。", remedy="请按管理后台重新填写。"
            )
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._remember, self._lock = remember, Lock()

    def echo(self, *, msg_signature: str, timestamp: str, nonce: str, echostr: str) -> str:
        """The text to answer to the platform's GET when the address is set up."""
        self._check_signature(msg_signature, timestamp, nonce, echostr)
        return _text(self._open(echostr))

    def receive(self, *, msg_signature: str, timestamp: str, nonce: str, body: bytes, at: int) -> Event:
        """The event in a POST body; BadCallback or StaleCallback. A second delivery comes back as `repeated`."""
        encrypted = _elements(body).get("Encrypt", "")
        self._check_signature(msg_signature, timestamp, nonce, encrypted)
        if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
            raise _refused()
        if abs(int(timestamp) * SECOND - at) > WINDOW:
            raise StaleCallback(
                "回调的时间与本机相差过大，未处理。",
                remedy="若多次出现，请校准服务器时间；结果以定时查询为准。",
            )
        message = self._open(encrypted)
        return _event(message, repeated=self._again(sha256(message).hexdigest()))

    def seal(self, message: str, *, timestamp: str, nonce: str, random: bytes) -> tuple[str, str]:
        """(encrypted, msg_signature) of a message, as the platform makes them: for answers and the rehearsal."""
        plain = message.encode()
        data = random[:16].rjust(16, b"0") + struct.pack(">I", len(plain)) + plain + self._receive_id
        pad = BLOCK - len(data) % BLOCK
        encryptor = self._cipher().encryptor()
        sealed = encryptor.update(data + bytes([pad]) * pad) + encryptor.finalize()
        encrypted = base64.b64encode(sealed).decode()
        return encrypted, self._signature(timestamp, nonce, encrypted)

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))

    def _signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        parts = sorted([self._token, timestamp, nonce, encrypted])
        return sha1("".join(parts).encode()).hexdigest()  # noqa: S324 - the platform's scheme

    def _check_signature(self, said: str, timestamp: str, nonce: str, encrypted: str) -> None:
        right = self._signature(timestamp, nonce, encrypted)
        if not encrypted or not hmac.compare_digest(right.encode(), said.encode()):
            raise _refused()

    def _open(self, encrypted: str) -> bytes:
        """The message inside; refused unless padding, length and receiver are right."""
        try:
            sealed = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError):
            raise _refused() from None
        if not sealed or len(sealed) % 16:
            raise _refused()
        decryptor = self._cipher().decryptor()
        data = decryptor.update(sealed) + decryptor.finalize()
        pad = data[-1]
        if not 1 <= pad <= BLOCK or data[-pad:] != bytes([pad]) * pad or len(data) - pad < _HEAD:
            raise _refused()
        (length,) = struct.unpack(">I", data[16:_HEAD])
        # A length beyond the end leaves no receiver, and is refused by that.
        message, receiver = data[_HEAD : _HEAD + length], data[_HEAD + length : -pad]
        if not hmac.compare_digest(receiver, self._receive_id):
            raise _refused()
        return message

    def _again(self, key: str) -> bool:
        with self._lock:
            known = key in self._seen
            self._seen[key] = None
            if len(self._seen) > self._remember:
                self._seen.popitem(last=False)
            return known


def _event(message: bytes, *, repeated: bool) -> Event:
    found = _elements(message)
    created = found.get("CreateTime", "")
    return Event(
        key=sha256(message).hexdigest(),
        name=found.get("Event", ""),
        change=found.get("ChangeType", ""),
        member=found.get("UserID", ""),
        customer=found.get("ExternalUserID", ""),
        created_s=int(created) if created.isascii() and created.isdigit() and len(created) <= 12 else 0,
        fields=found,
        repeated=repeated,
    )


def _elements(body: bytes) -> dict[str, str]:
    """Texts of the elements below the root. Anything that declares a type or an entity is refused unparsed."""
    text = _text(body)
    if len(body) > MAX_BODY or "<!DOCTYPE" in text:
        raise _refused()
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - without a DOCTYPE there are no entities to expand
    except (ElementTree.ParseError, ValueError):
        raise _refused() from None
    return {child.tag: (child.text or "").strip() for child in root}


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _refused() from None


def _refused() -> BadCallback:
    return BadCallback("回调未通过校验，未处理。", remedy="请核对回调的 Token、EncodingAESKey 与企业 ID。")
