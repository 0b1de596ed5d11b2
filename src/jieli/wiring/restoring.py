"""Restoring a backup into an empty installation without bringing back what was destroyed, and without a fork (ADR 19).

Everything is judged before anything is loaded. Crash at any place: the mark in the home says which restore was under
way, and the same command goes on from what stands; no other command should run before it has ended.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import reach
from jieli.ledger import fsck, queries, restoring, succeeding
from jieli.ledger.lost import RESTORED
from jieli.ledger.operations import book
from jieli.ledger.outside import OpenedEntry, Outside
from jieli.ledger.restoring import Base, Replayed
from jieli.matters import queries as matters
from jieli.wiring import (
    backup,
    checks,
    dumping,
    log_rotation,
    new_log,
    ports,
    replaying,
    restored_clock,
    restored_keys,
    restoring_media,
    signing_keys,
    start,
)  # fmt: skip
from jieli.wiring.backup import Manifest
from jieli.wiring.copies import Copies
from jieli.wiring.custody import custody
from jieli.wiring.home import Home, home_of, write_secret
from jieli.wiring.profile import Profile
from jieli.wiring.seen import Asked, Judged, judge

BY = "system:restore"


class NotEmpty(JieliError):
    """The installation has data: a restore would mix two histories."""

    code = "restore.not_empty"


class Busy(JieliError):
    """Another command restores into this installation."""

    code = "restore.busy"


class TailLost(JieliError):
    """Somebody outside saw more of the log than there is left anywhere."""

    code = "restore.tail_lost"


class NothingLost(JieliError):
    """A new log was asked for, and nobody saw more of the old one than is left: it can simply go on."""

    code = "restore.nothing_lost"


class Unclean(JieliError):
    """What was loaded does not agree with its own ledger."""

    code = "restore.unclean"


@dataclass(frozen=True)
class Restored:
    """What a restore did: entries put back, what was done again, and how the installation stands now.

    `succeeded_by` is the origin of the new log and `vkey` its public key, where the old one could not go on; else "".
    """

    origin: str
    succeeded_by: str
    vkey: str
    base: int
    to: int
    judged: Judged
    replayed: tuple[Replayed, ...]
    items: int
    held_back: int
    released: int
    expired: bool
    clean: bool
    notes: tuple[str, ...]
    matters: tuple[str, ...] = ()  # numbers of the matters that the tail had opened; they are not given again

    def count(self, *kinds: str) -> int:
        """How many entries of these kinds wrote something again."""
        return sum(1 for one in self.replayed if one.kind in kinds and one.written)

    @property
    def skipped(self) -> int:
        """Rows of the tail that could not be written again, for what they speak of is lost too."""
        return sum(one.skipped for one in self.replayed)


def alone(profile: Profile) -> AbstractContextManager[None]:
    """One restore into an installation at a time, or Busy: two would make and load the same tables."""
    taken = Busy("另一条命令正在恢复到这个安装。", remedy="请等它结束；中断了的，再运行同一条命令。")
    return signing_keys.locked(home_of(profile).root / "restore.lock", taken)


def restore(
    profile: Profile,
    directory: Path,
    *,
    outside_directory: Path,
    keys: Path | None = None,
    shown: Sequence[Path] = (),
    without_witness: bool = False,
    new_origin: str = "",
    at: int,
) -> Restored:
    """Restore a backup; `outside_directory`: an export made with `--for-restore`; `shown`: checkpoints others hold.

    `new_origin`: the name of a new log, for the case that a witness saw more than there is left anywhere (ADR 19).
    Errors: NotEmpty, BackupDamaged, OutsideDamaged, Forked (nothing is loaded), TailLost (nothing is loaded),
    NothingLost (nothing is loaded), ClockWentBack (nothing is loaded), OriginTaken, WitnessAway, KeyringMissing (put
    the root key back, then again), Unclean.
    """
    home = home_of(profile)
    start.connect(start.addresses(profile))
    manifest = backup.read(directory, keys)
    _check_empty(home, manifest)
    there, believed = restored_keys.opened(home, manifest, outside_directory)
    copies = Copies(manifest, there)
    copies.check()
    at = restored_clock.acts_at(home, manifest, there, demo=profile.demo, at=at)
    trusted, mine = restored_keys.trusted(home, manifest), restored_keys.held(home, there.head.origin)
    asked = Asked(copies, trusted, mine, believed.at)
    judged = judge(profile, asked, shown, at=at, without_witness=without_witness)
    _check_tail(judged, new_origin, manifest)
    opened = _opened(manifest, there)
    _load(home, manifest)
    restored_clock.set_demo(home, manifest, demo=profile.demo, at=at)
    ports.fill(profile, at=at)
    restoring_media.put_back(manifest, at=at)
    restored_keys.remember(home, believed, there.head.origin)
    before = _sound(profile, manifest, at=at)
    done = replaying.Done((), 0, 0)
    if not _written(before, there, manifest, new_origin):
        tail = _Tail(there, before, opened, manifest.values["log"])
        done = (
            _put_back(tail, home, at=at)
            if not new_origin
            else _succeed(tail, home, judged, new_origin, at=at)
        )
    reach("restore.after_commit")
    old = manifest.values["log"]
    vkey = new_log.take_over(home, new_origin, before=old) if new_origin else ""
    if not new_origin:
        log_rotation.settle(home, log=old)
    held = replaying.finish(by=BY, at=at)
    restoring_media.remove_destroyed(by=BY, at=at)
    (home.root / start.RESTORING).unlink(missing_ok=True)
    report = fsck.run(checks.all_checks(profile, at=at))
    return Restored(
        there.head.origin, new_origin, vkey, before.size, max(before.size, there.head.size), judged, done.replayed,
        done.items, held, done.released, manifest.keys["until"] < at, report.clean,
        tuple(n.sentence for n in report.notes), tuple(matters.lost_numbers(log=old, start=before.size)),
    )  # fmt: skip


def _check_tail(judged: Judged, new_origin: str, manifest: Manifest) -> None:
    """With a tail that is lost even outside only a new log can go on, and without only the old one."""
    if new_origin:
        new_log.check_origin(new_origin, manifest.values["origin"])
    if judged.ahead and not new_origin:
        raise TailLost(
            f"{judged.ahead} 见过 {judged.most} 条，备份与外部副本合起来只到 {judged.reach} 条："
            f"{judged.lost}已经丢失，照此接续会使账本分叉，已拒绝。未载入任何内容。",
            remedy="请先找更新的外部副本（jieli ledger export --for-restore 的目录）；确实没有，"
            "再以 --new-origin 新名称 另起新账本：旧账本封存，新账本第 0 条写明所接续与所丢失的。",
        )
    if new_origin and not judged.ahead:
        raise NothingLost(
            f"没有人见过比 {judged.reach} 条更多的账本，旧账本可以接续，不得另起新账本。未载入任何内容。",
            remedy="请去掉 --new-origin 再恢复；见证方手里有更新的检查点的，请以 --witness 给出。",
        )


def _check_empty(home: Home, manifest: Manifest) -> None:
    mark = home.root / start.RESTORING
    if mark.exists():
        if mark.read_text().strip() != manifest.digest:
            raise NotEmpty(
                "这里正在恢复另一份备份。", remedy="请用同一份备份继续，或换一个空的安装目录与数据库。"
            )
        return
    if not (dumping.is_empty("default") and dumping.is_empty("keys")):
        raise NotEmpty(
            "这个安装已有数据，恢复会把两段历史混在一起，已拒绝。",
            remedy="请给出空的安装目录（JIELI_HOME）与空的数据库。",
        )


def _load(home: Home, manifest: Manifest) -> None:
    """The home's files, then the key store, then the main store; what stands already is left."""
    home.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home.root / start.RESTORING).write_text(manifest.digest + "\n")
    for name, text in manifest.values["public"].items():
        if not (home.root / name).exists():
            (home.root / name).write_text(text)
    if custody().keeper is None:
        for name in manifest.keys["ring"]:
            if not (home.keys / name).exists():
                write_secret(
                    home.keys / name, (manifest.keys_directory / backup.RING / name).read_text("ascii")
                )
    reach("restore.after_files")
    folders = {"keys": manifest.keys_directory / backup.STORE, "default": manifest.directory / backup.MAIN}
    said = {"keys": (manifest.keys, manifest.key_tables), "default": (manifest.values, manifest.main_tables)}
    for store, folder in folders.items():
        values, tables = said[store]
        if dumping.is_empty(store):
            dumping.migrate_to(store, values["migrations"])
            dumping.load(store, folder, tables, values["sequences"])
    start.migrate()


def _sound(profile: Profile, manifest: Manifest, *, at: int) -> Base:
    """What was loaded is the log that the manifest names, and agrees with itself; the log as the backup had it."""
    values = manifest.values
    log = queries.live_log()
    if log == values["log"] and queries.head(log).size == values["size"]:
        report = fsck.run(checks.all_checks(profile, at=at))
        now = restoring.base()
        wrong = [f.sentence for f in restoring_media.of_rows(report.findings)]
        if now.root.hex() != values["root"]:
            wrong.append("账本的根与备份清单不符。")
        if wrong:
            raise Unclean(
                f"载入的备份有 {len(wrong)} 处不符：{wrong[0]}",
                remedy="请换用另一份备份；jieli fsck 列出全部。",
            )
        return now
    return Base(values["size"], bytes.fromhex(values["root"]), values["checkpoint"] or None)


def _written(before: Base, there: Outside, manifest: Manifest, new_origin: str) -> bool:
    """Whether the transaction that puts back and does again has committed before a crash."""
    if queries.live_log() != manifest.values["log"]:
        if queries.origin() != new_origin:
            raise NotEmpty(
                f"这里的恢复已另起新账本 {queries.origin()}。", remedy="请以同一条命令（同一新名称）继续。"
            )
        return True
    last = queries.entries_of_kind(RESTORED, limit=1, log=manifest.values["log"])
    said = queries.facts([last[0].index]) if last else {}
    return any(
        f["from"] == before.size and f["to"] == max(before.size, there.head.size) for f in said.values()
    )


def _opened(manifest: Manifest, there: Outside) -> list[OpenedEntry]:
    """What the tail had done, each checked against its commitment before anything is loaded."""
    size, head = manifest.values["size"], there.head
    return there.opened(size, head.size) if head.size > size else []


@dataclass(frozen=True)
class _Tail:
    """All that is left of what came after the backup, in the log `log`."""

    there: Outside
    before: Base
    opened: list[OpenedEntry]
    log: int


def _put_back(tail: _Tail, home: Home, *, at: int) -> replaying.Done:
    """One transaction: the tail, the entry that names it, and everything that is done again."""
    mine = restored_keys.held(home, tail.there.head.origin)
    with book(at=at) as b:
        replaying.keep_others_out()
        restoring.put_back(b, tail.there, tail.before, by=BY, at=at)
        restored_keys.say_lost_change(b, mine, tail.there.keys, by=BY)
        done = replaying.replay(b, tail.opened, tail.before.size, log=tail.log, by=BY, at=at)
        reach("restore.before_commit_of_replay")
    return done


def _succeed(tail: _Tail, home: Home, judged: Judged, origin: str, *, at: int) -> replaying.Done:
    """One transaction: the old log as far as it is left, the new one with its entry 0, and what is done again there."""
    signers = new_log.signers(home, origin, like=tail.log)
    lost = succeeding.Lost(judged.most, judged.ahead)
    with book(at=at) as b:
        replaying.keep_others_out()
        succeeding.succeed(b, tail.there, tail.before, lost, signers=signers, by=BY, at=at)
        done = replaying.replay(b, tail.opened, tail.before.size, log=tail.log, by=BY, at=at)
        reach("restore.before_commit_of_replay")
    return done
