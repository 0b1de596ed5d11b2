"""Writes the canonical container to ``<name>.partial`` and renames it: a package is finished or absent."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import file_digest
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from seal.container import (
    END_LENGTH,
    MAX_CONTAINER,
    central_header,
    check_names,
    end_record,
    local_header,
)
from seal.errors import SealError

#: Is told how far a container is: "file" after each file, "whole" before its name, "named" when it has it.
Watch = Callable[[str], object]


def unwatched(step: str) -> None:
    """Nobody needs to know."""


class ContainerWriter:
    """Streams files into a new container; use it in a ``with``, and name the files in canonical order.

    Leaving the block normally makes the file appear, durable, under its name; leaving it by an error removes the
    partial file. A crash leaves only ``.partial``, which the next writer of that name overwrites. ``sha256`` is the
    digest of the finished file, in hex.
    """

    def __init__(self, path: Path, *, watch: Watch = unwatched) -> None:
        self.path = path
        self._watch = watch
        self._partial = path.with_name(path.name + ".partial")
        self._names: list[str] = []
        self._central: list[bytes] = []
        self._position = 0
        self.sha256 = ""
        if path.exists():
            raise SealError("container.exists", "A file of that name is there already; choose another name.")
        # 0600: a package holds what people wrote
        descriptor = os.open(self._partial, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600)
        self._file: BinaryIO = os.fdopen(descriptor, "w+b")

    def __enter__(self) -> ContainerWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            try:
                self._finish()
            except BaseException:
                self._abandon()
                raise
        else:
            self._abandon()

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write one file; its header is filled in behind it, so that nothing is held in memory."""
        check_names([*self._names[-1:], name])
        encoded = name.encode("utf-8")
        header_at = self._position
        self._write(local_header(encoded, 0, 0))
        size = crc = 0
        for chunk in chunks:
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
            self._write(chunk)
        self._file.seek(header_at)
        self._file.write(local_header(encoded, crc, size))
        self._file.seek(self._position)
        self._names.append(name)
        self._central.append(central_header(encoded, crc, size, header_at))
        self._watch("file")

    def _write(self, data: bytes) -> None:
        if self._position + len(data) > MAX_CONTAINER - END_LENGTH:
            raise SealError("container.large", "A package may not reach 4 GiB; make several packages.")
        self._file.write(data)
        self._position += len(data)

    def _finish(self) -> None:
        check_names(self._names)
        central = b"".join(self._central)
        offset = self._position
        self._write(central)
        self._file.write(end_record(len(self._names), len(central), offset))
        self._file.flush()
        with ThreadPoolExecutor(1) as beside:  # while the disk is waited for
            digest = beside.submit(_sha256, self._partial)
            os.fsync(self._file.fileno())
            self.sha256 = digest.result()
        self._file.close()
        self._watch("whole")
        # a crash before the rename leaves no package, one after it a whole package
        self._partial.rename(self.path)
        sync_directory(self.path.parent)
        self._watch("named")

    def _abandon(self) -> None:
        self._file.close()
        with suppress(FileNotFoundError):
            self._partial.unlink()


def _sha256(path: Path) -> str:
    with path.open("rb", buffering=0) as file:
        return file_digest(file, "sha256").hexdigest()


def sync_directory(path: Path) -> None:
    """Make renames within a directory durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
