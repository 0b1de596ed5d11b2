"""Advisory locks on files (flock), as descriptors: the kernel lets go of them when the last holder dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import PostgresError


def try_lock(path: Path, *, shared: bool = False) -> int | None:
    """A descriptor holding the lock on `path`, or None if somebody else holds it. Never waits.

    The lock belongs to the open file: forked children and inherited descriptors hold it too, programs
    started by exec do not.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def wait_lock(path: Path, *, shared: bool = False, timeout: float) -> int:
    """As `try_lock`, waiting up to `timeout` seconds; then PostgresError `postgres.lock_busy`."""
    deadline = time.monotonic() + timeout
    while (descriptor := try_lock(path, shared=shared)) is None:
        if time.monotonic() > deadline:
            raise PostgresError(
                "postgres.lock_busy",
                f"The lock {path} stayed taken for {timeout:.0f} s; "
                "look for a hanging jieli process and end it, then try again.",
            )
        time.sleep(0.01)
    return descriptor


@contextmanager
def locked(path: Path, *, timeout: float = 30.0) -> Iterator[None]:
    """Hold the lock on `path` for the length of a block."""
    descriptor = wait_lock(path, timeout=timeout)
    try:
        yield
    finally:
        os.close(descriptor)


def write_whole(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace `path` by `text`, durably: after a crash there is the old file or the new one, never half."""
    part = path.with_name(path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        os.fchmod(descriptor, mode)
        stream.write(text)
        stream.flush()
        os.fsync(descriptor)
    part.replace(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
