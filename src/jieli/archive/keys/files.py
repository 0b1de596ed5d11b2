"""Key files: written whole or not at all, 0600, on disk before anybody relies on them; destroyed in steps that go on.

A `.new` beside a file is one that a crash kept from its name; a `.gone` is one whose destruction a crash stopped.
"""

import os
from pathlib import Path

from jieli.archive.errors import KeyringMissing, KeyringUnsafe
from jieli.kernel.failpoints import reach


def write(path: Path, text: str) -> None:
    """Write a key file, or replace it; on disk when this returns. Crash before the rename: the old state stands."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    reach("keys.before_rename")
    fresh.rename(path)
    sync(path.parent)


def read(path: Path) -> str:
    """The text of a key file; KeyringMissing where there is none, or what is there is no text."""
    try:
        return path.read_text("ascii").strip()
    except (OSError, ValueError):
        raise KeyringMissing(f"密钥文件 {path.name} 缺失或无法读取。", remedy="请从密钥备份恢复。") from None


def destroy(path: Path) -> None:
    """Remove a key file: out of its name, overwritten, unlinked. Crash in between: the next call goes on.

    It loses its name first, so that no start ever meets a key file of zeros. Overwriting may miss old blocks on
    flash storage; what they held is wrapped by the root.
    """
    gone = path.with_name(path.name + ".gone")
    if path.exists():
        path.rename(gone)
        sync(path.parent)
    reach("destroy.renamed")
    if gone.exists():
        with gone.open("r+b") as file:
            file.write(b"0" * gone.stat().st_size)
            file.flush()
            os.fsync(file.fileno())
        reach("destroy.overwritten")
        gone.unlink()
        sync(path.parent)


def check_private(directory: Path) -> None:
    """KeyringUnsafe when another account of this machine may read the keyring or a key of it."""
    for path in (directory, *directory.glob("*.key")):
        if path.stat().st_mode & 0o077:
            raise KeyringUnsafe(
                f"密钥环的 {path.name} 可被本机其他账户读取。",
                remedy="请将目录权限设为 0700、文件设为 0600。",
            )


def sync(directory: Path) -> None:
    """What was made, renamed or removed in a directory is on disk when this returns."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
