"""The keyring: a directory of files that only the house's account may read (0700, files 0600).

`root.key` is the root key in hex. Every other file is a key encrypted under it (AES-256-GCM, associated data the
file's name): `digest.key` for digests of message ids, `epoch-000001.key` … for the wrap epochs. Destroying an
epoch is removing its file. The directory never lies in a data directory or in the main database's backups.
"""

import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jieli.archive.errors import KeyringExists, KeyringMismatch, KeyringMissing, KeyringUnsafe

KEY_BYTES, NONCE_BYTES, DIGEST_BYTES = 32, 12, 16
ROOT, DIGEST = "root.key", "digest.key"
_TAG = b"jieli.keyring.v1\n"


def fingerprint(name: str, key: bytes) -> str:
    """Eight bytes that tell a key without giving it away: `1f2e-3d4c-5b6a-7988`."""
    digest = sha256(_TAG + b"fingerprint\n" + name.encode() + b"\n" + key).hexdigest()[:16]
    return "-".join(digest[n : n + 4] for n in range(0, 16, 4))


def epoch_name(epoch: int) -> str:
    """The file of a wrap epoch's key."""
    return f"epoch-{epoch:06d}.key"


@dataclass(repr=False)
class Keyring:
    """The keys in memory. Only this class reads the files, and only `add_epoch` and `destroy_epoch` change them."""

    directory: Path
    root: bytes
    digest: bytes
    epochs: dict[int, bytes]
    index_keys: dict[int, bytes] = field(default_factory=dict)  # unwrapped once, by month

    def __repr__(self) -> str:
        return f"Keyring({self.fingerprints()[ROOT]})"

    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of each key by its file's name."""
        named = {ROOT: self.root, DIGEST: self.digest} | {epoch_name(n): k for n, k in self.epochs.items()}
        return {name: fingerprint(name, key) for name, key in sorted(named.items())}

    def epoch_key(self, epoch: int) -> bytes:
        """The key of a wrap epoch; KeyringMissing once it was destroyed. One that another process made is read."""
        path = self.directory / epoch_name(epoch)
        if epoch not in self.epochs:
            if not path.exists():
                raise KeyringMissing(
                    f"密钥环中没有第 {epoch} 期的封装密钥。",
                    remedy="它可能已按期销毁；否则请从密钥备份恢复。",
                )
            self.epochs[epoch] = _unwrapped(self.root, path)
        return self.epochs[epoch]

    def message_keys(self, ids: Iterable[tuple[str, str]]) -> list[bytes]:
        """Keyed digests (16 bytes) of (source, message id): equal ids are found again, none can be guessed back."""
        key = self.digest
        return [
            blake2b(f"{source}\0{one}".encode(), digest_size=DIGEST_BYTES, key=key).digest()
            for source, one in ids
        ]

    def conversation_key(self, identity: bytes) -> bytes:
        """The keyed digest (16 bytes) of a conversation's canonical identity."""
        return blake2b(identity, digest_size=DIGEST_BYTES, key=self.digest, person=b"conversation").digest()

    def add_epoch(self, epoch: int) -> None:
        """Make the key of a new wrap epoch; on disk before this returns. One that is there already stays."""
        if (self.directory / epoch_name(epoch)).exists():
            self.epoch_key(epoch)
        else:
            key = secrets.token_bytes(KEY_BYTES)
            _write(self.directory / epoch_name(epoch), _wrapped(self.root, epoch_name(epoch), key))
            _sync(self.directory)
            self.epochs[epoch] = key

    def destroy_epoch(self, epoch: int) -> None:
        """Remove an epoch's key: overwritten, then unlinked, both on disk before this returns.

        Overwriting may miss old blocks on flash storage; what it held was encrypted under the root key.
        """
        path = self.directory / epoch_name(epoch)
        if path.exists():
            with path.open("r+b") as file:
                file.write(b"0" * path.stat().st_size)
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            _sync(self.directory)
        self.epochs.pop(epoch, None)


def init(home: Path) -> Keyring:
    """Make the keyring in `<home>/keys`: root key, digest key, first epoch. KeyringExists if there is one.

    Made under another name and renamed when complete: a crash in between leaves `keys.part`, which the next
    call removes, and never half a keyring.
    """
    directory, part = home / "keys", home / "keys.part"
    if directory.exists():
        raise KeyringExists("密钥环已经存在，不会覆盖。", remedy="如要另建，请换一个数据目录。")
    if part.exists():
        for file in part.iterdir():
            file.unlink()
        part.rmdir()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    part.mkdir(mode=0o700)
    ring = Keyring(part, secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES), {})
    _write(part / ROOT, ring.root.hex())
    _write(part / DIGEST, _wrapped(ring.root, DIGEST, ring.digest))
    ring.add_epoch(1)
    part.rename(directory)
    _sync(home)
    ring.directory = directory
    return ring


def load(home: Path) -> Keyring:
    """Read the keyring of `<home>/keys`.

    Errors: KeyringMissing, KeyringUnsafe (others may read it), KeyringMismatch (a file does not decrypt under
    the root key).
    """
    directory = home / "keys"
    if not directory.is_dir():
        raise KeyringMissing("没有找到密钥环。", remedy="请先运行 jieli keys init。")
    for path in (directory, *directory.glob("*.key")):
        if path.stat().st_mode & 0o077:
            raise KeyringUnsafe(
                f"密钥环的 {path.name} 可被本机其他账户读取。",
                remedy="请将目录权限设为 0700、文件设为 0600。",
            )
    try:
        root = bytes.fromhex((directory / ROOT).read_text("ascii").strip())
    except (OSError, ValueError):
        raise KeyringMissing("根密钥文件缺失或无法读取。", remedy="请用两张托管单恢复根密钥。") from None
    if len(root) != KEY_BYTES:
        raise KeyringMissing("根密钥文件长度不对。", remedy="请用两张托管单恢复根密钥。")
    epochs = {
        int(path.stem.removeprefix("epoch-")): _unwrapped(root, path)
        for path in directory.glob("epoch-*.key")
    }
    return Keyring(directory, root, _unwrapped(root, directory / DIGEST), epochs)


def _wrapped(root: bytes, name: str, key: bytes) -> str:
    nonce = os.urandom(NONCE_BYTES)
    return (nonce + AESGCM(root).encrypt(nonce, key, _TAG + name.encode())).hex()


def _unwrapped(root: bytes, path: Path) -> bytes:
    try:
        data = bytes.fromhex(path.read_text("ascii").strip())
        key = AESGCM(root).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _TAG + path.name.encode())
    except OSError:
        raise KeyringMissing(f"密钥文件 {path.name} 缺失。", remedy="请从密钥备份恢复。") from None
    except (ValueError, InvalidTag):
        raise KeyringMismatch(
            f"密钥文件 {path.name} 与根密钥不符。", remedy="请核对是否取自同一套密钥备份。"
        ) from None
    return key


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
