"""Backups of both stores, and the export of the log with what a restore needs beside it (ADR 19)."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.db import transaction

from jieli.archive import locks as archive_locks
from jieli.archive.keys import ring
from jieli.archive.media import ports as media_ports
from jieli.archive.policy import KEY_BACKUP_DAYS, MAIN_BACKUP_DAYS
from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import reach
from jieli.kernel.times import DAY
from jieli.ledger import exporting, locks, log_keys, outside, queries
from jieli.ledger.exporting import Exported
from jieli.ledger.outside import Wanted
from jieli.ledger.stored import StoredTree
from jieli.papers.types import Clock
from jieli.wiring import backup_media, dumping, media, signing_keys
from jieli.wiring.custody import custody
from jieli.wiring.dumping import BackupDamaged, Dumped
from jieli.wiring.home import Home, home_of
from jieli.wiring.profile import Profile
from jieli.wiring.signer import public_keys
from seal import canonical
from seal.errors import SealError

FORMAT = "jieli.backup.v1"
MANIFEST, MAIN, KEYS, STORE, RING = "manifest.json", "main", "keys", "store", "ring"
#: Files of the home that are public and belong to a restored installation.
PUBLIC = ("trust.policy", "tsa-ca.pem")

_HOLDS = frozenset({"archive_hold", "archive_hold_release"})
_STEPS = frozenset({"consent_step"})
_REFUSED = Wanted(_STEPS, "step", frozenset({"不同意"}))
#: What a restore must do again: by kind of entry, the rows that say what (ADR 19). Nothing of it names a person.
KEPT = {
    "archive.shred": Wanted(frozenset({"archive_shred", "archive_tombstone"})),
    "archive.retention_plan": Wanted(frozenset({"archive_retention_plan"})),
    "archive.hold": Wanted(_HOLDS),
    "archive.release": Wanted(_HOLDS),
    "archive.limits": Wanted(_HOLDS),
    "consent.withdraw": Wanted(_STEPS),
    "consent.object": Wanted(_STEPS),
    "consent.give": _REFUSED,
    "consent.record_platform_consents": _REFUSED,
    "access.end_grants": Wanted(frozenset({"access_grant"})),
    "access.end_passkey": Wanted(frozenset({"access_credential"})),
    log_keys.KIND: Wanted(frozenset()),
}


class BackupExists(JieliError):
    """There is something where the backup should stand."""

    code = "backup.exists"


class InsideHome(JieliError):
    """The backup would stand in the installation that it is to outlive."""

    code = "backup.inside_home"


class Busy(JieliError):
    """Another command writes a backup of this installation."""

    code = "backup.busy"


class CannotWriteBackup(JieliError):
    """The machine refused to write a backup; nothing stands under its name."""

    code = "backup.cannot_write"


@dataclass(frozen=True)
class Backup:
    """A whole backup: where, how far its log reaches, and until when its keys may be kept (ms UTC)."""

    directory: Path
    size: int
    signed: int
    rows: int
    keys_until: int
    main_until: int
    media: dict[str, Any]


def export(
    profile: Profile, directory: Path, *, for_restore: bool = False, log: int | None = None
) -> Exported:
    """Export a signed log, by default the live one, as plain files; with `for_restore` what a restore must know."""
    done = exporting.export(directory, public_keys(home_of(profile)), log=log)
    if for_restore:
        aged = MAIN_BACKUP_DAYS * DAY
        outside.keep_open(directory, KEPT, upto=done.size, backups_ms=aged, log=log)
    return done


def alone(profile: Profile) -> AbstractContextManager[None]:
    """One backup of a home at a time, or Busy: a second would clear what the first is writing under the same name."""
    taken = Busy("另一条命令正在备份这个安装。", remedy="请等它结束，再运行一次。")
    return signing_keys.locked(home_of(profile).root / "backup.lock", taken)


def backup(profile: Profile, directory: Path, *, at: int, fetch_media: bool = False) -> Backup:
    """Write both stores, as they are at one moment, and the media into a new directory.

    Media in a bucket stay there and are listed, unless `fetch_media`.

    Crash: `<directory>.part` is left, which the next call removes; a directory with the name itself is whole.
    """
    home = home_of(profile)
    part = directory.with_name(directory.name + ".part")
    with _whole_or_nothing(directory, part):
        _check_place(directory, home)
        queries.live_log()  # without one there is nothing to keep, and nothing is begun
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700, parents=True)
        (part / KEYS).mkdir(mode=0o700)  # apart: of parents that are made along the way the mode is not ours
        media.fill(profile)
        with _one_moment() as stores:
            values = _log(stores["default"]) | {"format": FORMAT, "taken_at": at, "version": version("jieli")}
            objects = backup_media.named(stores["default"])
            main = dumping.dump(stores["default"], "default", part / MAIN)
            kept = dumping.dump(stores["keys"], "keys", part / KEYS / STORE)
            values |= _store("default", stores["default"], main)
            secret = _store("keys", stores["keys"], kept)
        until = at + KEY_BACKUP_DAYS * DAY
        secret |= {
            "format": FORMAT,
            "taken_at": at,
            "until": until,
            "ring": _keep_ring(home, part / KEYS / RING),
        }
        _write(part / KEYS / MANIFEST, secret)
        values |= {
            "media": backup_media.keep(objects, part, media_ports.store(), fetch=fetch_media),
            "keys_manifest": dumping.digest(part / KEYS / MANIFEST),
            "until": at + MAIN_BACKUP_DAYS * DAY,
            "clock": (Clock.DEMO if profile.demo and home.demo_clock.exists() else Clock.REAL).value,
            "public": {
                name: (home.root / name).read_text() for name in PUBLIC if (home.root / name).exists()
            },
        }
        _write(part / MANIFEST, values)
        os.sync()
        reach("backup.before_rename")
        part.rename(directory)
    rows = sum(one.rows for one in (*main, *kept))
    return Backup(directory, values["size"], values["signed"], rows, until, values["until"], values["media"])


def _check_place(directory: Path, home: Home) -> None:
    """A new name, and not within the home: what takes the installation away would take its backup along."""
    if directory.resolve().is_relative_to(home.root.resolve()):
        raise InsideHome(
            f"{directory} 在安装目录（JIELI_HOME）里面：安装目录一旦丢失，备份也一同丢失。",
            remedy="请给出安装目录以外的目录，最好在另一块磁盘上。",
        )
    if directory.exists():
        raise BackupExists(f"{directory} 已经存在，不会覆盖。", remedy="请给出一个新的目录名。")


@contextmanager
def _whole_or_nothing(directory: Path, part: Path) -> Iterator[None]:
    """What the machine refuses becomes one sentence, and gives its room back: a database may be waiting for it."""
    try:
        yield
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        left = f"{part.name} 清除不了，请手工删除。" if os.path.lexists(part) else "写了一半的已清除。"
        raise CannotWriteBackup(
            f"备份 {directory} 没有写成（{errno.errorcode.get(error.errno or 0, '?')}）。",
            remedy=f"没有写完的不算备份，也不得此名；{left}请检查磁盘空间、权限与介质后再次运行：从头写一份。",
        ) from error


@contextmanager
def _one_moment() -> Iterator[dict[str, Any]]:
    """Both stores as they are while nothing is between them: no deposit, no destruction. Held only to look."""
    with dumping.snapshot_later() as (main, keys):
        with transaction.atomic("default"):
            locks.destroy_one_at_a_time()
            archive_locks.no_deposits()
            main.begin()
            keys.begin()
        yield {"default": main.connection, "keys": keys.connection}


def _log(main: Any) -> dict[str, Any]:
    """How far the log reaches in the snapshot, its root there, and its last checkpoint."""
    log = queries.live_log()
    [(size,)] = main.execute("SELECT count(*) FROM ledger_entry WHERE log = %s", [log]).fetchall()
    signed = main.execute(
        "SELECT size, note FROM ledger_checkpoint WHERE log = %s ORDER BY size DESC LIMIT 1", [log]
    ).fetchone()
    found = {
        "log": log,
        "origin": queries.origin(log),
        "size": size,
        "root": StoredTree(log, size).root().hex(),
    }
    return found | {"signed": signed[0] if signed else 0, "checkpoint": signed[1] if signed else ""}


def _store(store: str, connection: Any, dumped: list[Dumped]) -> dict[str, Any]:
    return {
        "migrations": dumping.migrations(store),
        "sequences": dumping.sequences(connection),
        "tables": [
            {"table": d.table, "columns": d.columns, "rows": d.rows, "sha256": d.sha256} for d in dumped
        ],
    }


def _keep_ring(home: Home, folder: Path) -> dict[str, str]:
    """The keyring's wrapped files, never the root key; nothing where a keeper holds it, who keeps its own."""
    folder.mkdir(mode=0o700)
    if custody().keeper is not None or not home.keys.is_dir():
        return {}
    found = {}
    for path in sorted(home.keys.iterdir()):
        if path.name == ring.ELSEWHERE or (path.suffix == ".key" and path.name != ring.ROOT):
            target = folder / path.name
            target.touch(mode=0o600)
            target.write_bytes(path.read_bytes())
            found[path.name] = dumping.digest(target)
    return found


def _write(path: Path, values: dict[str, Any]) -> None:
    path.touch(mode=0o600)
    path.write_bytes(canonical.encode(values) + b"\n")


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself, read and held against its files."""

    directory: Path
    values: dict[str, Any]
    keys_directory: Path
    keys: dict[str, Any]

    @property
    def main_tables(self) -> list[Dumped]:
        return [Dumped(**one) for one in self.values["tables"]]

    @property
    def key_tables(self) -> list[Dumped]:
        return [Dumped(**one) for one in self.keys["tables"]]

    @property
    def media(self) -> dict[str, Any]:
        """What is said of media; nothing in a backup that was made before they were in it."""
        found: dict[str, Any] = self.values.get("media", {})
        return found

    @property
    def digest(self) -> str:
        return dumping.digest(self.directory / MANIFEST)


def read(directory: Path, keys: Path | None = None) -> Manifest:
    """Read a backup and hold every file against its digest; `keys` where its part with the keys lies elsewhere."""
    apart = keys or directory / KEYS
    values, secret = _manifest(directory / MANIFEST), _manifest(apart / MANIFEST)
    dumping.check_version(values.get("version", ""), version("jieli"))
    if dumping.digest(apart / MANIFEST) != values["keys_manifest"]:
        raise BackupDamaged("密钥部分与主库部分不是同一次备份。", remedy="请给出同一次备份的 keys 文件夹。")
    found = Manifest(directory, values, apart, secret)
    dumping.check_files(directory / MAIN, found.main_tables)
    dumping.check_files(apart / STORE, found.key_tables)
    for name, digest in secret["ring"].items():
        if dumping.digest(apart / RING / name) != digest:
            raise BackupDamaged(f"备份中的 {name} 与清单不符。", remedy="请换用另一份备份。")
    for _ in backup_media.listed(directory, found.media):
        pass  # the list is what the manifest says; each object is looked at when it goes back
    return found


def _manifest(path: Path) -> dict[str, Any]:
    dumping.digest(path)  # says in a sentence that it is not there
    try:
        values: Any = canonical.decode(path.read_bytes().rstrip(b"\n"))
    except SealError:
        values = None
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise BackupDamaged(f"{path.parent} 里的清单无法读取。", remedy="请给出 jieli backup 写成的目录。")
    return values
