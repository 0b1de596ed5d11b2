"""The line to the key keeper (ADR 18): frames over a unix socket, and the side of those who ask.

A frame is four bytes of length, big-endian, and so many bytes of canonical JSON. One question and one answer a
connection. An answer is `{"answer": …}` or `{"error": {code, sentence, remedy}}`, some errors with `items`.
"""

import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from jieli.archive import errors
from jieli.archive.keys import errors as keeping
from jieli.connectors.vault import errors as vault
from jieli.kernel.errors import JieliError
from jieli.wiring.home import SOCKET_NAME_LIMIT
from seal import canonical
from seal.errors import SealError

LARGEST = 1 << 20  # bytes of a frame's body
ITEMS_AT_ONCE = 5_000
PATIENCE = 60.0  # seconds a caller waits: a Vault behind the keeper may be slow
_LENGTH = struct.Struct(">I")
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: as the kernel knows them


class BadFrame(Exception):
    """What came is no frame: too large, cut off, late, or not canonical."""


def send(line: socket.socket, value: object) -> None:
    """Send one frame; BadFrame for a value that is too large, OSError when the other side is gone."""
    body = canonical.encode(value)
    if len(body) > LARGEST:
        raise BadFrame
    line.sendall(_LENGTH.pack(len(body)) + body)


def receive(line: socket.socket, *, seconds: float) -> dict[str, Any]:
    """One frame, whole within so many seconds however slowly it drips; BadFrame for anything else."""
    until = time.monotonic() + seconds
    (length,) = _LENGTH.unpack(_exactly(line, _LENGTH.size, until))
    if length > LARGEST:
        raise BadFrame
    try:
        value = canonical.decode(_exactly(line, length, until))
    except SealError:
        raise BadFrame from None
    if not isinstance(value, dict):
        raise BadFrame
    return value


def _exactly(line: socket.socket, wanted: int, until: float) -> bytes:
    parts = []
    while wanted:
        left = until - time.monotonic()
        if left <= 0:
            raise BadFrame
        line.settimeout(left)
        try:
            part = line.recv(min(wanted, 65_536))
        except TimeoutError:
            raise BadFrame from None
        if not part:
            raise BadFrame
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)


def account_of(line: socket.socket) -> int:
    """The user id of the process at the other end, as the kernel knows it."""
    packed = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(packed)[1])


class SocketKeeper:
    """The archive's port `keys.kept.Keeper` over the keeper's socket. KeeperAway whenever no whole answer comes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def digest_key(self) -> bytes:
        """See the port."""
        return bytes.fromhex(self._ask("digest_key", str))

    def index_keys(self, months: Sequence[int]) -> dict[int, bytes]:
        """See the port."""
        found = self._ask("index_keys", dict, months=list(months))
        return {int(month): bytes.fromhex(key) for month, key in found.items()}

    def wrap(self, *, batch: int, secrets: bytes, at: int) -> None:
        """See the port."""
        self._ask("wrap", int, batch=batch, secrets=secrets.hex(), at=at)

    def unwrap(self, items: Sequence[int], *, receipt: UUID) -> dict[int, bytes]:
        """See the port; in pieces, each under the same opening."""
        found: dict[int, bytes] = {}
        for some in _pieces(items):
            answer = self._ask("unwrap", dict, items=some, receipt=str(receipt))
            found.update((int(item), bytes.fromhex(secret)) for item, secret in answer.items())
        return found

    def erase(self, items: Sequence[int]) -> set[int]:
        """See the port; in pieces: a crash between is finished by the destruction that asked."""
        return {epoch for some in _pieces(items) for epoch in self._ask("erase", list, items=some)}

    def shape(self, page: int) -> bytes:
        """See the port."""
        return bytes.fromhex(self._ask("shape", str, page=page))

    def add_epoch(self, epoch: int) -> str:
        """See the port."""
        return str(self._ask("add_epoch", str, epoch=epoch))

    def move(self, old: int) -> int:
        """See the port."""
        return int(self._ask("move", int, old=old))

    def destroy_epoch(self, epoch: int) -> None:
        """See the port."""
        self._ask("destroy_epoch", int, epoch=epoch)

    def renew(self) -> int:
        """See the port."""
        return int(self._ask("renew", int))

    def status(self) -> Mapping[str, Any]:
        """See the port."""
        found: dict[str, Any] = self._ask("status", dict)
        return found

    def account(self) -> int:
        """The user id under which the keeper runs, as the kernel knows it."""
        try:
            with self._line() as line:
                return account_of(line)
        except OSError:
            raise self._away() from None

    def _line(self) -> socket.socket:
        line = socket.socket(socket.AF_UNIX)
        try:
            line.settimeout(PATIENCE)
            line.connect(str(self.path))
        except OSError:
            line.close()
            raise
        return line

    def _ask(self, question: str, kind: type, **given: object) -> Any:
        if len(str(self.path).encode()) > SOCKET_NAME_LIMIT:
            raise self._away()
        try:
            with self._line() as line:
                # A keeper that turns us away may have hung up before we had asked: its reason is on the line.
                with suppress(BrokenPipeError, ConnectionResetError):
                    send(line, {"ask": question, **given})
                found = receive(line, seconds=PATIENCE)
        except (OSError, BadFrame):
            raise self._away() from None
        if isinstance(found.get("error"), dict):
            raise raised(found["error"])
        if not isinstance(found.get("answer"), kind):
            raise self._away()
        return found["answer"]

    def _away(self) -> keeping.KeeperAway:
        return keeping.KeeperAway(
            "密钥守护进程没有答复。", remedy="请启动 jieli keys keep，并核对 JIELI_KEEPER 与套接字的权限。"
        )


def _pieces(items: Sequence[int]) -> Iterator[list[int]]:
    wanted = list(dict.fromkeys(items))
    return (wanted[n : n + ITEMS_AT_ONCE] for n in range(0, len(wanted), ITEMS_AT_ONCE))


def told(error: JieliError) -> dict[str, Any]:
    """An error as the keeper sends it."""
    found: dict[str, Any] = {"code": error.code, "sentence": error.sentence, "remedy": error.remedy}
    items = error.holds if isinstance(error, errors.Held) else getattr(error, "items", None)
    return found | ({"items": list(items)} if items else {})


def raised(said: Mapping[str, Any]) -> JieliError:
    """The error that the keeper sent, of the class that it had there where callers tell it from others."""
    code, items = str(said.get("code")), said.get("items")
    if code in _OF_ITEMS and isinstance(items, list):
        return _OF_ITEMS[code]([int(item) for item in items])
    kind = _BY_CODE.get(code, JieliError)
    return kind(str(said.get("sentence")), remedy=str(said.get("remedy")), code=code)


_OF_ITEMS: dict[str, Callable[[Sequence[int]], JieliError]] = {
    errors.ItemDestroyed.code: errors.ItemDestroyed,
    errors.ItemUnknown.code: errors.ItemUnknown,
    errors.Held.code: lambda items: errors.Held(dict.fromkeys(items, ())),
}
_BY_CODE: dict[str, type[JieliError]] = {
    kind.code: kind
    for kind in (
        errors.KeyringMissing, errors.KeyringMismatch, errors.KeyringUnsafe, errors.KeyStoreNotOpen,
        errors.PageDamaged, errors.NotOpened, keeping.KeeperRefuses, keeping.NotTheKeeper, vault.VaultUnreachable,
        vault.VaultSealed, vault.VaultDenied, vault.VaultTokenUnusable, vault.VaultKeyMissing, vault.VaultTooOld,
        vault.VaultRefused,
    )
}  # fmt: skip
