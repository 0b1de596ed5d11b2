"""What is wrong with a keyring, all of it at once: `ring.load` stops at the first, and who mends wants the list."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from jieli.archive.errors import KeyringMismatch, KeyringMissing, KeyringUnsafe
from jieli.archive.keys import files, ring
from jieli.archive.keys.root import Root, fingerprint
from jieli.archive.models import WrapEpoch
from jieli.archive.types import EpochState
from jieli.kernel.errors import JieliError

_OTHERS = 0o077
#: The file (or the directory, or "root.key" for a root that lives elsewhere), and what is wrong with it.
Wrong = tuple[str, JieliError]


def faults(home: Path, root: Root | None, *, at: int) -> Iterator[Wrong]:
    """Each file of `<home>/keys` that is missing, from another house, or readable by others, with its remedy.

    Held against the key store's epochs too: DatabaseError where it does not answer. A root that cannot be reached is
    one fault, and nothing that it wraps is judged then. The keyring itself must be there.
    """
    directory = home / "keys"
    yield from _readable(directory)
    lost = [path for path in _wanted(directory, at) if not path.exists()]
    for path in lost:
        yield _missing(path.name)
    try:
        wrapping = ring.root_of(directory, root)
    except JieliError as error:
        yield ring.ROOT, error
        return
    found: dict[str, str] = {}
    for path in sorted({directory / ring.DIGEST, *directory.glob("epoch-*.key")} - set(lost)):
        try:
            found[path.name] = fingerprint(path.name, wrapping.open(path.name, files.read(path)))
        except KeyringMismatch:
            yield path.name, _foreign(path.name)
        except JieliError as error:
            yield path.name, error
            if not isinstance(error, KeyringMissing):
                return  # the root's own keeper is away: the other files would say the same again
    yield from of_another_store(found, at=at)


def of_another_store(found: Mapping[str, str], *, at: int) -> Iterator[Wrong]:
    """By the fingerprints of a keyring's files: the keys that are not those with which the key store was written."""
    for epoch in _in_use(at):
        name = ring.epoch_name(epoch.id)
        if found.get(name, epoch.fingerprint) != epoch.fingerprint:
            error = KeyringMismatch(
                f"密钥文件 {name} 不是写成这个密钥库的那一把。",
                remedy="请换成建立这个密钥库时的密钥环，或与主库同一次备份的密钥库。",
            )
            yield name, error


def absent(found: Mapping[str, str], *, at: int) -> Iterator[Wrong]:
    """By the same: the keys that the key store needs and a keyring elsewhere does not have."""
    for epoch in _in_use(at):
        if ring.epoch_name(epoch.id) not in found:
            yield _missing(ring.epoch_name(epoch.id))


def _in_use(at: int) -> list[WrapEpoch]:
    """Epochs whose key must be there. One that is due may have lost it to a crash in its destruction, which goes on."""
    rows = WrapEpoch.objects.exclude(state=EpochState.DESTROYED.value).order_by("id")
    return [
        row
        for row in rows
        if row.state != EpochState.RETIRED.value or row.destroy_after is None or row.destroy_after > at
    ]


def _wanted(directory: Path, at: int) -> list[Path]:
    named = [ring.epoch_name(epoch.id) for epoch in _in_use(at)]
    return [directory / name for name in (ring.DIGEST, *named)]


def _readable(directory: Path) -> Iterator[Wrong]:
    for path in (directory, *sorted(directory.glob("*.key"))):
        if path.stat().st_mode & _OTHERS:
            mode = "0700" if path == directory else "0600"
            error = KeyringUnsafe(
                f"密钥环的 {path.name} 可被本机其他账户读取。", remedy=f"请运行 chmod {mode} '{path}'。"
            )
            yield path.name, error


def _missing(name: str) -> Wrong:
    return name, KeyringMissing(
        f"密钥文件 {name} 缺失，由它封装的内容读不出来。",
        remedy=f"请从密钥备份（keys/ring）取回 {name}，放进密钥环的目录，权限 0600。",
    )


def _foreign(name: str) -> KeyringMismatch:
    return KeyringMismatch(
        f"密钥文件 {name} 与根密钥不符：出自另一套密钥，或已损坏。",
        remedy=f"请从本安装的密钥备份（keys/ring）取回 {name}。",
    )
