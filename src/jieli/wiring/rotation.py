"""What is done with an installation's keyring after it was made: rotate, print and read sheets, tell how it stands."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jieli.archive import ports
from jieli.archive.keys import escrow, ring
from jieli.archive.keys.drill import DRILLED, Drill, drill, print_sheets
from jieli.archive.keys.epochs import Progress, finish_rotation, listed, rotate, unfinished
from jieli.archive.keys.kept import KeptKeyring
from jieli.archive.keys.ring import HeldKeyring
from jieli.archive.keys.store import current_epoch
from jieli.kernel.errors import JieliError
from jieli.ledger import queries as ledger
from jieli.wiring import log_rotation
from jieli.wiring.custody import custody, kept_here, keyring
from jieli.wiring.home import home_of
from jieli.wiring.keeper_line import SocketKeeper
from jieli.wiring.profile import Profile


class NoSheets(JieliError):
    """A drill of a keyring whose root key is a file needs both sheets."""

    code = "keys.no_sheets"


class SheetUnreadable(JieliError):
    """The file of an escrow sheet cannot be read."""

    code = "keys.sheet_unreadable"


class CannotPutDown(JieliError):
    """An escrow sheet cannot stand where it was asked for."""

    code = "keys.cannot_put_down"


class NotHere(JieliError):
    """The keyring is not this installation's to restore: a keeper has it, or a Vault its root."""

    code = "keys.not_here"


@dataclass(frozen=True)
class Rotated:
    """The epoch that encrypts now, whether an interrupted rotation was only finished, and files wrapped anew."""

    epoch: int
    resumed: bool
    moved: int
    rewrapped: int


def renew(*, by: str, at: int, progress: Progress | None = None) -> Rotated:
    """Rotate the wrap epoch; one that was interrupted is finished instead, and nothing new begun.

    Afterwards the keyring's files are wrapped by the newest version of the root. The archive's ports are filled.
    """
    moved, resumed = 0, bool(unfinished())
    steps = _Counted(progress)
    if resumed:
        moved = finish_rotation(by=by, at=at, progress=progress)
    else:
        rotate(by=by, at=at, progress=steps)
        moved = steps.moved
    own = ports.keyring()
    if isinstance(own, KeptKeyring):
        rewrapped = own.keeper.renew()
    else:
        rewrapped = own.renew() if isinstance(own, HeldKeyring) else 0
    return Rotated(current_epoch(), resumed, moved, rewrapped)


class _Counted:
    def __init__(self, further: Progress | None) -> None:
        self.moved, self._further = 0, further

    def __call__(self, moved: int, of: int) -> None:
        self.moved = moved
        if self._further is not None:
            self._further(moved, of)


def sheets(first: Path, second: Path) -> tuple[str, str]:
    """The text of two sheets; SheetUnreadable names the file."""
    return _sheet(first), _sheet(second)


def _sheet(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError):
        raise SheetUnreadable(
            f"读不到托管单 {path.name}。", remedy="请给出键入后的文本文件（UTF-8）。"
        ) from None


def put_down(both: tuple[str, str], paths: tuple[Path, Path]) -> None:
    """Each sheet into a new file of mode 0600; CannotPutDown where one stands already or cannot be made."""
    for sheet, path in zip(both, paths, strict=True):
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError:
            raise _cannot(path) from None
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(sheet)


def check_free(paths: tuple[Path, Path]) -> None:
    """CannotPutDown before a sheet is made for nothing: something stands there, or no file can."""
    for path in paths:
        if path.exists() or not os.access(path.parent, os.W_OK):
            raise _cannot(path)
    if paths[0] == paths[1]:
        raise _cannot(paths[1])


def _cannot(path: Path) -> CannotPutDown:
    return CannotPutDown(f"不能写到 {path.name}。", remedy="请给出两个尚不存在的文件名，目录须已有且可写。")


def escrow_to(paths: tuple[Path, Path] | None, *, by: str, at: int) -> tuple[str, str] | None:
    """Make a pair of sheets, into two files or, without any, to be shown; entered in the ledger before that."""
    if paths is not None:
        check_free(paths)
    both = print_sheets(by=by, at=at)
    if paths is None:
        return both
    put_down(both, paths)
    return None


def drill_with(paths: tuple[Path, Path] | None, *, by: str, at: int) -> Drill:
    """`archive.keys.drill` with the sheets of two files; NoSheets where the root key is a file and none were given."""
    own = ports.keyring()
    if paths is None and isinstance(own, HeldKeyring) and own.wrapping.place == "file":
        raise NoSheets("没有给出托管单。", remedy="请用 --first 和 --second 给出两张托管单键入后的文件。")
    return drill(sheets(*paths) if paths is not None else None, by=by, at=at)


def restore(profile: Profile, first: Path, second: Path) -> dict[str, str]:
    """Read two sheets back into `root.key` where there is none; the fingerprints of what it opens.

    Errors: EscrowUnreadable, SheetUnreadable, KeyringExists, KeyringMismatch, NotHere. Nothing is written on any.
    """
    settings = custody()
    if settings.keeper is not None or settings.vault is not None:
        raise NotHere(
            "本安装的根密钥不在本机文件里，不能由托管单恢复。",
            remedy="请在守护进程的账户下恢复；根密钥在 Vault 的，请用 Vault 的恢复办法。",
        )
    return ring.restore(home_of(profile).root, escrow.from_sheets(*sheets(first, second)))


def status(profile: Profile) -> dict[str, Any]:
    """Epochs with their fingerprints and dates, where the root key lives, who holds it, and the last drill."""
    own = keyring(home_of(profile))
    kept = isinstance(own, KeptKeyring)
    told = own.keeper.status() if isinstance(own, KeptKeyring) else _own_status(own)
    last = ledger.entries_of_kind(DRILLED, limit=1)
    return {
        "place": told["place"],
        "holder": "keeper" if kept else "process",
        "keeper": _keeper(profile) if kept else None,
        "fingerprints": told["fingerprints"],
        "epochs": listed(),
        "unfinished": unfinished(),
        "last_drill": {"entry": last[0].index, "at": last[0].time} if last else None,
        "log": log_rotation.status(profile),
    }


def _keeper(profile: Profile) -> dict[str, Any]:
    """Where the keeper listens, as which account, and whether `jieli serve` runs it along."""
    asked = custody().keeper
    if asked is None:
        return {}
    account = SocketKeeper(asked).account()
    return {
        "socket": str(asked),
        "account": account,
        "same_account": account == os.geteuid(),
        "with_serve": kept_here(home_of(profile)),
    }


def _own_status(own: ring.Keyring) -> dict[str, Any]:
    if not isinstance(own, HeldKeyring):
        raise TypeError("a keyring is either held or kept")
    return {"place": own.wrapping.place, "fingerprints": own.fingerprints()}
