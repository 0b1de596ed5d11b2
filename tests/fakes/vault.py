"""A Vault for tests: the transit engine's documented HTTP behaviour, on this machine, in this process.

Keys with versions, `min_decryption_version`, rotate, config, encrypt (which makes a key that is not there), decrypt,
rewrap; tokens with or without the right; sealed; namespaces; and whatever answer a test puts in its way.
"""

import base64
import binascii
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN, POOR_TOKEN = "hvs.CANARYtokenOfTheFakeVault0001", "hvs.tokenWithoutAnyPolicy0002"
TEXT = re.compile(r"vault:v(\d+):(.*)", re.S)
TOO_OLD = "ciphertext or signature version is disallowed by policy (too old)"


@dataclass
class Key:
    versions: dict[int, bytes] = field(default_factory=lambda: {1: os.urandom(32)})
    min_decryption: int = 1
    exportable: bool = False

    @property
    def latest(self) -> int:
        return max(self.versions)

    def told(self, name: str) -> dict[str, Any]:
        return {
            "name": name, "type": "aes256-gcm96", "latest_version": self.latest, "exportable": self.exportable,
            "min_decryption_version": self.min_decryption, "min_encryption_version": 0, "deletion_allowed": False,
            "allow_plaintext_backup": False, "supports_encryption": True, "supports_decryption": True,
            "keys": {str(n): 1_790_000_000 for n in self.versions if n >= self.min_decryption},
        }  # fmt: skip


class Refused(Exception):
    """An answer with errors: its status and Vault's words."""

    def __init__(self, status: int, *words: str) -> None:
        super().__init__(status)
        self.status, self.words = status, words


@dataclass
class Vault:
    """What the server knows; a test turns its screws."""

    url: str = ""
    namespace: str = ""
    mount: str = "transit"
    sealed: bool = False
    instead: tuple[int, bytes] | None = None  # answered to everything
    keys: dict[str, Key] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> dict[str, Any] | None:
        self.asked.append(f"{method} {path}")
        if self.sealed:
            raise Refused(503, "Vault is sealed")
        if headers.get("X-Vault-Namespace", "") != self.namespace or not path.startswith(
            f"/v1/{self.mount}/"
        ):
            raise Refused(404, f'no handler for route "{path.removeprefix("/v1/")}". route entry not found.')
        if headers.get("X-Vault-Token") != TOKEN:
            raise Refused(403, "permission denied")
        words = path.removeprefix(f"/v1/{self.mount}/").split("/")
        try:
            given = json.loads(body or b"{}")
        except ValueError:
            raise Refused(400, "failed to parse JSON input") from None
        return self._transit(method, words, given)

    def _transit(self, method: str, words: list[str], given: dict[str, Any]) -> dict[str, Any] | None:
        match (method, *words):
            case ("GET", "keys", name):
                if name not in self.keys:
                    raise Refused(404)
                return self.keys[name].told(name)
            case ("POST" | "PUT", "keys", name):
                key = self.keys.setdefault(name, Key(exportable=bool(given.get("exportable"))))
                return key.told(name)
            case ("POST" | "PUT", "keys", name, "rotate"):
                key = self._key(name)
                key.versions[key.latest + 1] = os.urandom(32)
                return key.told(name)
            case ("POST" | "PUT", "keys", name, "config"):
                key = self._key(name)
                wanted = int(given.get("min_decryption_version", key.min_decryption))
                if wanted > key.latest:
                    raise Refused(400, "cannot set min decryption version higher than the latest key version")
                key.min_decryption = max(wanted, 1)
                return key.told(name)
            case ("POST" | "PUT", "encrypt", name):
                return self._sealed(
                    self.keys.setdefault(name, Key()), _bytes(given.get("plaintext"), "plaintext")
                )
            case ("POST" | "PUT", "decrypt", name):
                return {
                    "plaintext": base64.b64encode(_open(self._key(name), given.get("ciphertext"))).decode()
                }
            case ("POST" | "PUT", "rewrap", name):
                return self._sealed(self._key(name), _open(self._key(name), given.get("ciphertext")))
        raise Refused(404, "unsupported path")

    def _key(self, name: str) -> Key:
        if name not in self.keys:
            raise Refused(400, "encryption key not found")
        return self.keys[name]

    def _sealed(self, key: Key, plaintext: bytes) -> dict[str, Any]:
        nonce = os.urandom(12)
        data = nonce + AESGCM(key.versions[key.latest]).encrypt(nonce, plaintext, None)
        text = f"vault:v{key.latest}:{base64.b64encode(data).decode()}"
        return {"ciphertext": text, "key_version": key.latest}


def _bytes(text: Any, name: str) -> bytes:
    if not isinstance(text, str):
        raise Refused(400, f"missing {name} to encrypt")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(400, f"illegal base64 data in {name}") from None


def _open(key: Key, text: Any) -> bytes:
    found = TEXT.fullmatch(str(text or ""))
    if found is None:
        raise Refused(400, "invalid ciphertext: no prefix")
    version = int(found[1])
    if version < key.min_decryption:
        raise Refused(400, TOO_OLD)
    if version > key.latest:
        raise Refused(400, "invalid ciphertext: version is too new")
    try:
        data = base64.b64decode(found[2], validate=True)
        return AESGCM(key.versions[version]).decrypt(data[:12], data[12:], None)
    except (binascii.Error, ValueError, InvalidTag):
        raise Refused(400, "cipher: message authentication failed") from None


class _Handler(BaseHTTPRequestHandler):
    vault: Vault

    def _do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, said = 200, b""
        if self.vault.instead is not None:
            status, said = self.vault.instead
        else:
            try:
                found = self.vault.answer(self.command, self.path, self.headers, body)
                said = json.dumps(
                    {"request_id": "fake", "lease_id": "", "data": found, "warnings": None}
                ).encode()
            except Refused as refused:
                status, said = refused.status, json.dumps({"errors": list(refused.words)}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_PUT = _do  # noqa: N815 - the names that the server looks for

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: what is asked is noted in `Vault.asked`."""


@contextmanager
def running() -> Iterator[Vault]:
    """A Vault on a free port, unsealed and empty."""
    vault = Vault()
    handler = type("Handler", (_Handler,), {"vault": vault})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        vault.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield vault
        finally:
            server.shutdown()
            thread.join()
