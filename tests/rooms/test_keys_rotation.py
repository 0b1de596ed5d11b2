"""Rotation and the destroying of old keys, killed at every step: whatever stands opens, and going on finishes it."""

import os
import signal
import warnings
from collections.abc import Callable

import pytest
from django.db import connections

from jieli.archive import keys, opening, operations, ports
from jieli.archive.errors import KeyringMismatch, KeyringMissing, PageDamaged
from jieli.archive.keys import epochs, pages, store
from jieli.archive.keys.errors import RotationUnderWay
from jieli.archive.models import IndexKey, KeyPage, WrapEpoch
from jieli.archive.policy import KEY_BACKUP_DAYS
from jieli.archive.types import EpochState
from jieli.kernel import failpoints
from jieli.kernel.times import DAY
from jieli.ledger import queries as ledger
from jieli.wiring import rotation
from tests.conftest import NOW
from tests.rooms.test_archive_samples import OPENING, codes, keep, ring, sample

__all__ = ["ring"]
BY = {"by": "system:worker"}
DUE = NOW + 1 + KEY_BACKUP_DAYS * DAY


def killed_at(point: str, work: Callable[[], object]) -> int:
    """Run `work` in a forked process that dies at a fail point; the signal that ended it, 0 for none."""
    connections.close_all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside a test runner's own threads
        child = os.fork()
    if child == 0:
        try:
            os.environ[failpoints.VARIABLE] = point
            work()
            os._exit(0)
        finally:
            os._exit(70)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kinds() -> list[str]:
    stored = ledger.entries(range(ledger.head(1).size)).values()
    return [entry.kind for entry in stored if "epoch" in entry.kind]


def talk() -> list[int]:
    """Three batches, so three pages and an index key."""
    return [item for n in range(3) for item in keep([sample(n * 10), sample(n * 10 + 1)])]


def started_anew(held: keys.HeldKeyring) -> keys.HeldKeyring:
    """The keyring as the next process finds it, its store open."""
    read = keys.load(held.directory.parent)
    store.open_store(read, at=DUE)
    ports.use(keyring=read)
    return read


# Where it dies, and whether the present epoch is the new one by then.
ROTATING = [
    ("rotate.before_key", 1), ("keys.before_rename", 1), ("rotate.after_key", 1), ("rotate.after_entry", 1),
    ("rotate.after_epoch", 2), ("rotate.before_commit:1", 2), ("rotate.before_commit:3", 2),
    ("rotate.between_pages:1", 2), ("rotate.between_pages:2", 2), ("rotate.before_retired", 2),
    ("rotate.after_retired", 2),
]  # fmt: skip


@pytest.mark.parametrize(("point", "epoch"), ROTATING)
def test_a_rotation_killed_anywhere_is_gone_on_with(
    point: str, epoch: int, ring: keys.HeldKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = talk()
    monkeypatch.setattr(epochs, "_PAGES_AT_ONCE", 1)
    assert killed_at(point, lambda: operations.rotate(at=NOW + 1, **BY)) == -signal.SIGKILL
    read = started_anew(ring)
    assert store.current_epoch() == epoch
    read.index_keys.clear()
    assert len(opening.open_items(ids, receipt=OPENING)) == 6
    later = keep([sample(90)], at=NOW + 2)
    done = rotation.renew(at=NOW + 3, **BY)
    assert (done.epoch, done.resumed) == (2, epoch == 2)
    assert set(KeyPage.objects.values_list("epoch", flat=True)) == {2}
    assert set(IndexKey.objects.values_list("epoch", flat=True)) == {2}
    assert dict(WrapEpoch.objects.values_list("id", "state")) == {1: "已退役", 2: "使用中"}
    assert set(kinds()) == {"archive.epoch_opened", "archive.epoch_retired"}
    assert len(opening.open_items(ids + later, receipt=OPENING)) == 7
    assert codes() == set()


@pytest.mark.parametrize(
    "point", ["destroy.renamed", "destroy.overwritten", "destroy.after_key", "destroy.after_entry"]
)
def test_a_destruction_of_an_old_key_killed_anywhere_is_gone_on_with(
    point: str, ring: keys.HeldKeyring
) -> None:
    ids = talk()
    operations.rotate(at=NOW + 1, **BY)
    assert killed_at(point, lambda: operations.destroy_old_epochs(at=DUE, **BY)) == -signal.SIGKILL
    started_anew(ring)
    assert len(opening.open_items(ids, receipt=OPENING)) == 6
    assert operations.destroy_old_epochs(at=DUE + 1, **BY) == [1]
    assert sorted(file.name for file in ring.directory.iterdir()) == [
        "digest.key", "epoch-000002.key", "root.key"
    ]  # fmt: skip
    assert WrapEpoch.objects.get(id=1).state == EpochState.DESTROYED.value
    assert kinds()[-1] == "archive.epoch_destroyed"


def test_a_missing_key_is_no_crash_before_its_time(ring: keys.HeldKeyring) -> None:
    talk()
    operations.rotate(at=NOW + 1, **BY)
    (ring.directory / "epoch-000001.key").unlink()
    read = keys.load(ring.directory.parent)
    with pytest.raises(KeyringMissing, match="第 1 期"):
        store.open_store(read, at=DUE - 1)
    assert store.open_store(read, at=DUE) == 2


def test_two_processes_do_not_rotate_at_once(
    ring: keys.HeldKeyring, other_connection: Callable[..., object]
) -> None:
    talk()
    with other_connection("keys") as other:  # type: ignore[attr-defined]
        other.execute("SELECT pg_advisory_lock(%s)", [epochs._LOCK])
        with pytest.raises(RotationUnderWay, match="另一进程"):
            operations.rotate(at=NOW + 1, **BY)
    assert store.current_epoch() == 1
    assert not ring.has_epoch(2)
    assert kinds() == []


def test_a_rotation_tells_how_far_it_is_and_reading_and_writing_go_on(
    ring: keys.HeldKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = talk()
    monkeypatch.setattr(epochs, "_PAGES_AT_ONCE", 1)
    told = []

    def look(moved: int, of: int) -> None:
        told.append((moved, of))
        assert len(opening.open_items(ids, receipt=OPENING)) == 6
        keep([sample(100 + moved)], at=NOW + 1)

    done = rotation.renew(at=NOW + 1, progress=look, **BY)
    assert told == [(2, 4), (3, 4), (4, 4)]
    assert (done.epoch, done.resumed, done.moved, done.rewrapped) == (2, False, 4, 0)
    assert set(KeyPage.objects.values_list("epoch", flat=True)) == {2}
    assert codes() == set()


def test_a_page_of_the_old_epoch_does_not_open_with_the_new_key(ring: keys.HeldKeyring) -> None:
    talk()
    before = KeyPage.objects.order_by("id").first()
    operations.rotate(at=NOW + 1, **BY)
    assert before is not None
    with pytest.raises(PageDamaged):
        pages.open_page(
            ring.epoch_key(2), page=before.id, epoch=1, revision=before.revision, nonce=bytes(before.nonce),
            sealed=bytes(before.sealed),
        )  # fmt: skip
    with pytest.raises(KeyringMismatch):
        ring.wrapping.open("digest.key", (ring.directory / "epoch-000002.key").read_text().strip())
