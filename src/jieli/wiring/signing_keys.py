"""The files of the log's signing keys: which there are, what they are called, and how they take turns (ADR 24).

`log.key` is the Ed25519 key in use, `log.mldsa.key` and `log.sm2.key` stand beside it; `next….key` are those of a
rotation that has begun, `retired/<id>.key` those that sign no more. A key in use is found by its vkey under either
name, so that nothing here has to happen at once.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from jieli.archive.keys import files
from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import reach
from jieli.wiring.home import Home
from seal.errors import NoCryptoError
from seal.keys import ED25519, MLDSA, SM2, Signer, generate, parse_signer

#: What people call the kinds of keys, and what stands in a file's name.
WORDS = {"mldsa": MLDSA, "sm2": SM2}
INFIX = {ED25519: "", MLDSA: ".mldsa", SM2: ".sm2"}
NOW, NEXT = "log", "next"


class NoKeys(JieliError):
    """This installation has no signing key yet, or lacks one that the ledger asks for."""

    code = "signer.no_keys"


class NoSuchKind(JieliError):
    """A kind of signature that the log cannot bear."""

    code = "keys.no_such_kind"


class NotAtHand(JieliError):
    """The algorithm is not installed here."""

    code = "keys.not_at_hand"


class NotTheLogs(JieliError):
    """A file bears a name of the log's keys and holds another key."""

    code = "keys.not_the_logs"


class KeysBusy(JieliError):
    """Another command is changing the log's keys."""

    code = "keys.busy"


def kinds(words: Sequence[str]) -> tuple[int, ...]:
    """The kinds that people named (`mldsa`, `sm2`, also `mldsa,sm2`), each once, in their order in a note."""
    asked = [word.strip() for given in words for word in given.split(",") if word.strip()]
    if strange := [word for word in asked if word not in WORDS]:
        raise NoSuchKind(f"没有“{strange[0][:20]}”这一种签名。", remedy=f"可写：{'、'.join(WORDS)}。")
    return tuple(kind for word, kind in WORDS.items() if word in asked)


def path_of(home: Home, turn: str, kind: int) -> Path:
    """Where the key of a kind lies, the present or the next one."""
    return home.log_key.with_name(f"{turn}{INFIX[kind]}.key")


def retired_path(home: Home, key_id: str) -> Path:
    """Where a key lies that signs no more."""
    return home.log_key.parent / "retired" / f"{key_id}.key"


def make(home: Home, turn: str, origin: str, wanted: Sequence[int]) -> list[Signer]:
    """The keys of these kinds, made where they are not there yet. Crash in between: the next run makes the rest."""
    for kind in wanted:
        path = path_of(home, turn, kind)
        if not path.exists():
            try:
                secret = generate(origin, kind=kind).secret()
            except NoCryptoError as error:
                raise NotAtHand(
                    "本机没有这种签名的算法库。",
                    remedy="SM2 需要 gmssl-pyx，ML-DSA-44 需要 cryptography 48 以上。",
                ) from error
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.parent.chmod(0o700)
            files.write(path, secret)
            reach("logkeys.after_key")
    found = [read(path_of(home, turn, kind)) for kind in wanted]
    if any((one.name, one.kind) != (origin, kind) for one, kind in zip(found, wanted, strict=True)):
        raise NotTheLogs(
            f"signer 目录里的 {turn}.key 一类文件不是账本 {origin} 的签名密钥。",
            remedy="请移走该文件后再试。",
        )
    return found


def read(path: Path) -> Signer:
    """One signing key; SealError without a part of it where the file is no key."""
    return parse_signer(path.read_text("ascii", errors="replace").strip())


def present(home: Home, turn: str) -> list[Signer]:
    """The keys of a turn that are there, Ed25519 first."""
    found = []
    for kind in INFIX:
        with suppress(FileNotFoundError):
            found.append(read(path_of(home, turn, kind)))
    return found


class HeldKeys:
    """The signer's keys by what the ledger asks for. Files are read anew when a key is asked for that is not held."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._held: dict[str, Signer] = {}

    def __call__(self, origin: str, named: tuple[str, ...] | None) -> list[Signer]:
        """The keys with these vkeys; those of the opening where none are named. NoKeys for one that is not there."""
        if named is None:
            return [one for one in present(self._home, NOW) if one.name == origin]
        if any(vkey not in self._held for vkey in named):
            self._read()
        if missing := [vkey for vkey in named if vkey not in self._held]:
            raise NoKeys(
                f"缺少账本的签名密钥 {missing[0].split('+')[1]}：账本规定由它签名，拒绝少签。",
                remedy="请把密钥文件放回 signer 目录；新密钥丢失的，请运行 jieli keys rotate-log --abandon。",
            )
        return [self._held[vkey] for vkey in named]

    def _read(self) -> None:
        # In this order: a key that a rotation renames meanwhile is found under the one name or the other.
        for turn in (NEXT, NOW):
            self._held.update((one.vkey.format(), one) for one in present(self._home, turn))


@contextmanager
def locked(path: Path, taken: JieliError) -> Iterator[None]:
    """One process at a time, or the error `taken`; the kernel drops the lock when the process dies, however it dies."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise taken from error
        yield


def changing(home: Home) -> AbstractContextManager[None]:
    """One change of the keys at a time. Not the signer's lock: it signs on while they change."""
    taken = KeysBusy("另一条命令正在更换账本密钥。", remedy="请等它结束。")
    return locked(home.log_key.with_name("keys.lock"), taken)


def settle(home: Home, signing: Sequence[str], gone: Sequence[str]) -> None:
    """Lay the files where they belong, now that `signing` alone sign and `gone` do not; keys of neither kind stay.

    Crash in between: every signing key lies under one of its names at every moment, there is always a `log.key`, and
    the next run goes on.
    """
    for one in present(home, NOW):
        if one.vkey.format() in gone:
            path, following = path_of(home, NOW, one.kind), path_of(home, NEXT, one.kind)
            _keep_aside(home, path, one)
            reach("logkeys.after_aside")
            if following.exists():
                following.replace(path)
            else:
                path.unlink()
    for one in present(home, NEXT):
        path = path_of(home, NEXT, one.kind)
        if one.vkey.format() in gone:
            _keep_aside(home, path, one)
            path.unlink()
        elif one.vkey.format() in signing and not path_of(home, NOW, one.kind).exists():
            path.replace(path_of(home, NOW, one.kind))
    files.sync(home.log_key.parent)


def _keep_aside(home: Home, path: Path, one: Signer) -> None:
    where = retired_path(home, one.vkey.id.hex())
    where.parent.mkdir(exist_ok=True, mode=0o700)
    if not where.exists():
        os.link(path, where)
    files.sync(where.parent)


def lying_about(home: Home) -> dict[str, Path]:
    """The secrets of retired keys that still lie here, by key id."""
    found = [path.with_suffix("") for path in home.log_key.parent.glob("retired/*.key.gone")]
    return {path.stem: path for path in sorted([*home.log_key.parent.glob("retired/*.key"), *found])}


def destroy(home: Home) -> list[str]:
    """Overwrite and remove the secrets of retired keys; their ids. A backup or a flash disk may still hold them.

    Crash in between: the next run goes on.
    """
    gone = lying_about(home)
    for path in gone.values():
        files.destroy(path)
    return list(gone)
