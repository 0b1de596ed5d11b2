"""Media in a directory. An object is written under another name, on disk before it gets its own."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from jieli.archive.media.errors import MediaObjectMissing
from jieli.archive.media.types import StoredObject
from jieli.connectors.storage import CHUNK, address_of, away, name_of
from jieli.kernel.failpoints import reach

_UPLOADS = "uploads"


class Directory:
    """A MediaStore. Directories 0700, files 0400; `uploads/` holds what is being written."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, address: bytes, chunks: Iterable[bytes], *, at: int) -> None:
        """Crash before the rename leaves a file in `uploads/`, which is swept; after it the object stands."""
        target = self._root / name_of(address)
        partial = self._root / _UPLOADS / f"{address.hex()}.{os.getpid()}"
        try:
            for folder in (partial.parent, target.parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial.unlink(missing_ok=True)
            try:
                self._write(partial, chunks)
                reach("upload.before_rename")
                partial.rename(target)
            finally:
                partial.unlink(missing_ok=True)
            for folder in (target.parent, self._root):
                _sync(folder)
        except OSError as error:
            raise away(error.strerror or type(error).__name__) from None

    def _write(self, partial: Path, chunks: Iterable[bytes]) -> None:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
                reach("upload.in_store")
            file.flush()
            os.fsync(file.fileno())

    def read(self, address: bytes, start: int = 0) -> Iterator[bytes]:
        """The object's bytes by the MiB."""
        try:
            with (self._root / name_of(address)).open("rb") as file:
                file.seek(start)
                while chunk := file.read(CHUNK):
                    yield chunk
        except FileNotFoundError:
            raise MediaObjectMissing(address) from None
        except OSError as error:
            raise away(error.strerror or type(error).__name__) from None

    def link(self, address: bytes, target: Path) -> bool:
        """Give an object a second name at `target`; False where that stands on another file system."""
        try:
            os.link(self._root / name_of(address), target)
        except FileNotFoundError:
            raise MediaObjectMissing(address) from None
        except OSError:
            return False
        return True

    def objects(self) -> Iterator[StoredObject]:
        """Folder by folder; what is no object of ours is passed over."""
        for folder in sorted(self._root.iterdir()) if self._root.is_dir() else ():
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                address = address_of(f"{folder.name}/{path.name}")
                if address is not None:
                    found = path.stat()
                    yield StoredObject(address, found.st_size, int(found.st_mtime * 1000))

    def remove(self, address: bytes, *, at: int) -> int | None:
        """Unlinked, and on disk when this returns. A directory has no lock of its own."""
        path = self._root / name_of(address)
        try:
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                _sync(path.parent)
        except OSError as error:
            raise away(error.strerror or type(error).__name__) from None
        return None

    def end_unfinished(self, *, before: int) -> int:
        """Files in `uploads/` that nobody wrote to since."""
        folder = self._root / _UPLOADS
        old = [p for p in folder.iterdir() if p.stat().st_mtime * 1000 < before] if folder.is_dir() else []
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def place(self) -> str:
        """The path."""
        return f"目录 {self._root}"

    def lock(self) -> str:
        """None: files of mode 0400 keep nobody out who has the account."""
        return ""


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
