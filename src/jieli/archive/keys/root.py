"""The root key behind a port: what wraps every other key of the keyring, wherever it lives.

`FileRoot` has it in memory, read from `root.key`. Others (Vault) never show it: they are asked to wrap and unwrap.
"""

import os
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jieli.archive.errors import KeyringMismatch

KEY_BYTES, NONCE_BYTES = 32, 12
TAG = b"jieli.keyring.v1\n"
ROOT = "root.key"


class Root(Protocol):
    """Wraps keys. `name` is the file that will hold the text; no text opens under another name."""

    @property
    def place(self) -> str:
        """Where the root key lives, for people and for the ledger: `file`, or `vault:transit/jieli`."""

    def fingerprint(self) -> str:
        """What tells this root from another without giving it away."""

    def seal(self, name: str, key: bytes) -> str:
        """The text of a key's file."""

    def open(self, name: str, text: str) -> bytes:
        """The key again; KeyringMismatch if this root did not seal it under this name."""

    def renew(self, name: str, text: str) -> str:
        """The same key under the newest version of the root; the text itself where that is the newest."""


def fingerprint(name: str, key: bytes) -> str:
    """Eight bytes that tell a key without giving it away: `1f2e-3d4c-5b6a-7988`."""
    digest = sha256(TAG + b"fingerprint\n" + name.encode() + b"\n" + key).hexdigest()[:16]
    return "-".join(digest[n : n + 4] for n in range(0, 16, 4))


@dataclass(frozen=True)
class FileRoot:
    """A root key in memory."""

    key: bytes = field(repr=False)
    place: str = "file"

    def fingerprint(self) -> str:
        """As it stands on the escrow sheets."""
        return fingerprint(ROOT, self.key)

    def seal(self, name: str, key: bytes) -> str:
        """See the port: nonce ‖ AES-256-GCM in hex, the name as associated data."""
        nonce = os.urandom(NONCE_BYTES)
        return (nonce + AESGCM(self.key).encrypt(nonce, key, TAG + name.encode())).hex()

    def open(self, name: str, text: str) -> bytes:
        """See the port."""
        try:
            data = bytes.fromhex(text)
            return AESGCM(self.key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], TAG + name.encode())
        except (ValueError, InvalidTag):
            raise mismatch(name) from None

    def renew(self, name: str, text: str) -> str:
        """See the port: a file's root key has one version."""
        return text


def mismatch(name: str) -> KeyringMismatch:
    """A key file that the root did not seal."""
    return KeyringMismatch(f"密钥文件 {name} 与根密钥不符。", remedy="请核对是否取自同一套密钥备份。")
