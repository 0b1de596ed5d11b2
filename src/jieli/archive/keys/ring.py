"""The keyring: a directory of files that only the house's account may read (0700, files 0600).

`root.key` is the root key in hex; or `root.vault` says which key of a Vault is the root. Every other file is a key
wrapped by the root: `digest.key` for digests of message ids, `epoch-000001.key` … for the wrap epochs. Destroying an
epoch is removing its file. The directory never lies in a data directory or in the main database's backups.
"""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from jieli.archive.errors import KeyringExists, KeyringMismatch, KeyringMissing
from jieli.archive.keys import files
from jieli.archive.keys.root import KEY_BYTES, ROOT, FileRoot, Root, fingerprint

DIGEST_BYTES = 16
DIGEST, ELSEWHERE = "digest.key", "root.vault"

__all__ = ["DIGEST", "ROOT", "HeldKeyring", "Keyring", "epoch_name", "fingerprint", "init", "load", "restore"]


def epoch_name(epoch: int) -> str:
    """The file of a wrap epoch's key."""
    return f"epoch-{epoch:06d}.key"


class Keyring(ABC):
    """What every process that works with items has: the service keys. Who has more is a `HeldKeyring`."""

    index_keys: dict[int, bytes]  # unwrapped once, by month

    @property
    @abstractmethod
    def digest(self) -> bytes:
        """The key of the digests of message ids and conversations."""

    def message_keys(self, ids: Iterable[tuple[str, str]]) -> list[bytes]:
        """Keyed digests (16 bytes) of (source, message id): equal ids are found again, none can be guessed back."""
        keyed = blake2b(digest_size=DIGEST_BYTES, key=self.digest)  # its key is a block that is digested once
        found = []
        for source, one in ids:
            digesting = keyed.copy()
            digesting.update(f"{source}\0{one}".encode())
            found.append(digesting.digest())
        return found

    def conversation_key(self, identity: bytes) -> bytes:
        """The keyed digest (16 bytes) of a conversation's canonical identity."""
        return blake2b(identity, digest_size=DIGEST_BYTES, key=self.digest, person=b"conversation").digest()


@dataclass(repr=False)
class HeldKeyring(Keyring):
    """The keys in memory. Only this class reads the files; `add_epoch`, `destroy_epoch` and `renew` change them."""

    directory: Path
    wrapping: Root
    own_digest: bytes
    epochs: dict[int, bytes]
    index_keys: dict[int, bytes] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"HeldKeyring({self.wrapping.fingerprint()})"

    @property
    def digest(self) -> bytes:
        return self.own_digest

    @property
    def root(self) -> bytes:
        """The root key itself; KeyringMissing where it lives elsewhere and never comes here."""
        if isinstance(self.wrapping, FileRoot):
            return self.wrapping.key
        raise KeyringMissing(
            "根密钥不在本机，不能取出。", remedy="它由 Vault 保管，请使用 Vault 自己的备份与恢复。"
        )

    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of each key by its file's name."""
        name = ROOT if isinstance(self.wrapping, FileRoot) else ELSEWHERE
        named = {DIGEST: self.digest} | {epoch_name(n): k for n, k in self.epochs.items()}
        found = {name: self.wrapping.fingerprint()} | {n: fingerprint(n, key) for n, key in named.items()}
        return dict(sorted(found.items()))

    def has_epoch(self, epoch: int) -> bool:
        """Whether the key of a wrap epoch is still there."""
        return (self.directory / epoch_name(epoch)).exists()

    def epoch_key(self, epoch: int) -> bytes:
        """The key of a wrap epoch; KeyringMissing once it was destroyed. One that another process made is read."""
        if epoch not in self.epochs:
            if not self.has_epoch(epoch):
                raise KeyringMissing(
                    f"密钥环中没有第 {epoch} 期的封装密钥。",
                    remedy="它可能已按期销毁；否则请从密钥备份恢复。",
                )
            self.epochs[epoch] = _opened(self.wrapping, self.directory / epoch_name(epoch))
        return self.epochs[epoch]

    def add_epoch(self, epoch: int) -> None:
        """Make the key of a new wrap epoch; on disk before this returns. One that is there already stays."""
        if self.has_epoch(epoch):
            self.epoch_key(epoch)
        else:
            key = secrets.token_bytes(KEY_BYTES)
            files.write(self.directory / epoch_name(epoch), self.wrapping.seal(epoch_name(epoch), key))
            self.epochs[epoch] = key

    def destroy_epoch(self, epoch: int) -> None:
        """Remove an epoch's key; gone from the disk before this returns. Idempotent, and goes on after a crash."""
        files.destroy(self.directory / epoch_name(epoch))
        self.epochs.pop(epoch, None)

    def renew(self) -> int:
        """Wrap every key by the newest version of the root; how many files changed. A crash leaves some: again."""
        changed = 0
        for path in sorted(self.directory.glob("*.key")):
            if path.name != ROOT:
                before = files.read(path)
                after = self.wrapping.renew(path.name, before)
                if after != before:
                    files.write(path, after)
                    changed += 1
        return changed


def init(home: Path, root: Root | None = None) -> HeldKeyring:
    """Make the keyring in `<home>/keys`: root key, digest key, first epoch. KeyringExists if there is one.

    With `root` the root key lives elsewhere and only its name is kept. Made under another name and renamed when
    complete: a crash in between leaves `keys.part`, which the next call removes, and never half a keyring.
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
    wrapping = root or FileRoot(secrets.token_bytes(KEY_BYTES))
    ring = HeldKeyring(part, wrapping, secrets.token_bytes(KEY_BYTES), {})
    if isinstance(wrapping, FileRoot):
        files.write(part / ROOT, wrapping.key.hex())
    else:
        files.write(part / ELSEWHERE, wrapping.place)
    files.write(part / DIGEST, wrapping.seal(DIGEST, ring.digest))
    ring.add_epoch(1)
    part.rename(directory)
    files.sync(home)
    ring.directory = directory
    return ring


def load(home: Path, root: Root | None = None) -> HeldKeyring:
    """Read the keyring of `<home>/keys`; `root` for one whose root key lives elsewhere.

    Errors: KeyringMissing, KeyringUnsafe (others may read it), KeyringMismatch (a file was not wrapped by this root,
    or the keyring names another one).
    """
    directory = home / "keys"
    if not directory.is_dir():
        raise KeyringMissing("没有找到密钥环。", remedy="请先运行 jieli keys init。")
    files.check_private(directory)
    return held(directory, root_of(directory, root))


def held(directory: Path, wrapping: Root) -> HeldKeyring:
    """The keyring of a directory as this root opens it, whatever root key lies there."""
    epochs = {
        int(path.stem.removeprefix("epoch-")): _opened(wrapping, path)
        for path in sorted(directory.glob("epoch-*.key"))
    }
    return HeldKeyring(directory, wrapping, _opened(wrapping, directory / DIGEST), epochs)


def place_of(directory: Path) -> str | None:
    """Where a keyring says that its root key lives, without reading the key; None where there is neither."""
    if (directory / ROOT).exists():
        return "file"
    return files.read(directory / ELSEWHERE) if (directory / ELSEWHERE).exists() else None


def root_of(directory: Path, root: Root | None) -> Root:
    """The root that a keyring names, `root` where it lives elsewhere; KeyringMissing, KeyringMismatch."""
    if not (directory / ELSEWHERE).exists():
        if root is not None:
            raise KeyringMismatch(
                "密钥环的根密钥在文件里，设置却指向 Vault。",
                remedy="请删除 JIELI_VAULT_ADDR；根密钥放在哪里，建立时就已固定。",
            )
        return FileRoot(_root_key(directory / ROOT))
    named = files.read(directory / ELSEWHERE)
    if root is None:
        raise KeyringMissing(
            "密钥环的根密钥在 Vault 里，本进程没有它的地址。",
            remedy="请设 JIELI_VAULT_ADDR 与 JIELI_VAULT_TOKEN_FILE。",
        )
    if root.place != named:
        raise KeyringMismatch(
            f"密钥环的根密钥是 {named}，设置指向 {root.place}。",
            remedy="请更正 JIELI_VAULT_MOUNT 与 JIELI_VAULT_KEY。",
        )
    return root


def _root_key(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError):
        raise KeyringMissing("根密钥文件缺失或无法读取。", remedy="请用两张托管单恢复根密钥。") from None
    if len(key) != KEY_BYTES:
        raise KeyringMissing("根密钥文件长度不对。", remedy="请用两张托管单恢复根密钥。")
    return key


def _opened(wrapping: Root, path: Path) -> bytes:
    if not path.exists():
        raise KeyringMissing(f"密钥文件 {path.name} 缺失。", remedy="请从密钥备份恢复。")
    return wrapping.open(path.name, files.read(path))


def restore(home: Path, root: bytes) -> dict[str, str]:
    """Put a root key back into `<home>/keys`; the fingerprints of what it opens there.

    KeyringExists if a root is there, KeyringMismatch if a key file beside it was wrapped by another. Nothing is written
    before all that is known.
    """
    directory = home / "keys"
    if place_of(directory) is not None:
        raise KeyringExists("这里已有根密钥，不会覆盖。", remedy="如要恢复到别处，请换一个数据目录。")
    wrapping = FileRoot(root)
    found = {path.name: _opened(wrapping, path) for path in sorted(directory.glob("*.key"))}
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.mkdir(mode=0o700, exist_ok=True)
    files.check_private(directory)
    files.write(directory / ROOT, root.hex())
    return {ROOT: wrapping.fingerprint()} | {name: fingerprint(name, key) for name, key in found.items()}
