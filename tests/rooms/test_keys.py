"""Keys: the ring on disk, the sheets on paper, pages that open one way only, and epochs that end."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.archive import keys, opening, operations, ports, queries
from jieli.archive.errors import (
    EscrowUnreadable,
    ItemUnknown,
    KeyringExists,
    KeyringMismatch,
    KeyringMissing,
    KeyringUnsafe,
    KeyStoreNotOpen,
    PageDamaged,
)
from jieli.archive.keys import epochs, escrow, pages, store
from jieli.archive.keys.ring import ROOT, Keyring, fingerprint
from jieli.archive.models import IndexKey, KeyPage, WrapEpoch
from jieli.archive.policy import KEY_BACKUP_DAYS
from jieli.archive.types import POSITIONS, EpochState
from jieli.kernel.times import DAY, HOUR
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from tests.conftest import NOW
from tests.rooms.test_archive_samples import EXTRACTOR, OPENING, SOURCE, codes, keep, ring, sample

__all__ = ["ring"]
Sql = Callable[..., list[tuple[Any, ...]]]
BY = {"by": "system:worker"}


def test_a_keyring_is_read_back_as_it_was_made(tmp_path: Path) -> None:
    made = keys.init(tmp_path)
    read = keys.load(tmp_path)
    assert read.fingerprints() == made.fingerprints()
    assert (read.root, read.digest, read.epochs) == (made.root, made.digest, made.epochs)
    assert set(made.fingerprints()) == {"root.key", "digest.key", "epoch-000001.key"}


def test_only_our_account_can_read_the_keyring(tmp_path: Path) -> None:
    directory = keys.init(tmp_path).directory
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()} == {0o600}
    (directory / "digest.key").chmod(0o640)
    with pytest.raises(KeyringUnsafe, match=r"digest\.key"):
        keys.load(tmp_path)


def test_only_the_root_key_stands_in_the_clear(tmp_path: Path) -> None:
    made = keys.init(tmp_path)
    files = {file.name: file.read_text() for file in made.directory.iterdir()}
    assert [name for name, text in files.items() if made.root.hex() in text] == [ROOT]
    assert not any(made.digest.hex() in text or made.epochs[1].hex() in text for text in files.values())


def test_a_keyring_is_never_overwritten_and_a_half_made_one_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "keys.part").mkdir()
    (tmp_path / "keys.part" / "root.key").write_text("half")
    made = keys.init(tmp_path)
    with pytest.raises(KeyringExists):
        keys.init(tmp_path)
    assert keys.load(tmp_path).root == made.root


@pytest.mark.parametrize("text", ["", "zz", "ab" * 31])
def test_a_spoiled_root_key_is_reported_as_such(text: str, tmp_path: Path) -> None:
    directory = keys.init(tmp_path).directory
    (directory / "root.key").write_text(text)
    with pytest.raises(KeyringMissing, match="托管单"):
        keys.load(tmp_path)


def test_missing_and_foreign_files_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(KeyringMissing, match="keys init"):
        keys.load(tmp_path)
    one, two = keys.init(tmp_path / "one").directory, keys.init(tmp_path / "two").directory
    (one / "epoch-000001.key").write_bytes((two / "epoch-000001.key").read_bytes())
    with pytest.raises(KeyringMismatch, match="epoch-000001"):
        keys.load(tmp_path / "one")
    (two / "digest.key").unlink()
    with pytest.raises(KeyringMissing, match=r"digest\.key"):
        keys.load(tmp_path / "two")


def test_two_sheets_give_the_root_key_and_one_gives_nothing(tmp_path: Path) -> None:
    made = keys.init(tmp_path)
    first, second = escrow.escrow(made)
    expected = made.fingerprints()[ROOT]
    assert escrow.restore(first, second, expected=expected) == made.root
    assert escrow.restore(second, first, expected=expected) == made.root
    assert made.root.hex() not in first + second
    assert expected in first and expected in second
    with pytest.raises(EscrowUnreadable, match="不是一对"):
        escrow.restore(first, first, expected=expected)
    with pytest.raises(EscrowUnreadable, match="不是一对"):
        escrow.restore(first, escrow.escrow(made)[1], expected=expected)


def test_a_mistyped_line_of_a_sheet_is_named(tmp_path: Path) -> None:
    made = keys.init(tmp_path)
    first, second = escrow.escrow(made)
    lines = first.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("5 "))
    spoiled = lines[at][3:].translate(str.maketrans("0123456789abcdef", "123456789abcdef0"))
    lines[at] = lines[at][:3] + spoiled
    with pytest.raises(EscrowUnreadable, match="第 5 行"):
        escrow.restore("\n".join(lines), second, expected=made.fingerprints()[ROOT])
    with pytest.raises(EscrowUnreadable, match="第 1 行"):
        escrow.restore("", second, expected=made.fingerprints()[ROOT])


def test_fingerprints_tell_keys_and_names_apart() -> None:
    same = fingerprint("a", bytes(32))
    assert same == fingerprint("a", bytes(32))
    assert len({same, fingerprint("b", bytes(32)), fingerprint("a", bytes([1] * 32))}) == 3


@given(st.binary(min_size=32, max_size=320), st.integers(0, 2**40), st.integers(1, 9), st.integers(0, 9))
def test_a_page_opens_only_as_what_it_was_sealed(
    secrets: bytes, page: int, epoch: int, revision: int
) -> None:
    key = bytes(range(32))
    nonce, sealed = pages.seal_page(key, page=page, epoch=epoch, revision=revision, secrets=secrets)
    whole = {"page": page, "epoch": epoch, "revision": revision, "nonce": nonce, "sealed": sealed}
    assert pages.open_page(key, **whole) == secrets  # type: ignore[arg-type]
    for name in ("page", "epoch", "revision"):
        with pytest.raises(PageDamaged):
            pages.open_page(key, **(whole | {name: whole[name] + 1}))  # type: ignore[operator, arg-type]
    with pytest.raises(PageDamaged):
        pages.open_page(bytes(32), **whole)  # type: ignore[arg-type]


@given(st.integers(1, 2**36), st.integers(0, POSITIONS - 1))
def test_each_item_has_a_place_of_its_own(batch: int, position: int) -> None:
    page, place = pages.page_of(batch * POSITIONS + position)
    assert page // pages.PAGES_A_BATCH == batch
    assert (page % pages.PAGES_A_BATCH) * pages.PAGE_SECRETS + place == position


@given(st.binary(min_size=96, max_size=96), st.lists(st.integers(0, 2)))
def test_destroying_secrets_leaves_their_neighbours(secrets: bytes, places: list[int]) -> None:
    after = pages.without(secrets, places)
    parts = [after[n * 32 : n * 32 + 32] for n in range(3)]
    expected = [[secrets[n * 32 : n * 32 + 32], bytes(32)][n in places] for n in range(3)]
    assert parts == expected


def test_message_keys_are_equal_for_equal_ids_alone(tmp_path: Path) -> None:
    made, other = keys.init(tmp_path / "a"), keys.init(tmp_path / "b")
    ids = [("s", "1"), ("s", "2"), ("t", "1"), ("s", "1")]
    digests = made.message_keys(ids)
    assert (len(set(digests)), digests[0]) == (3, digests[3])
    assert {len(one) for one in digests} == {16}
    assert not set(digests) & set(other.message_keys(ids))


def test_a_batch_of_several_pages_opens_whole(ring: Keyring) -> None:
    ids = keep([sample(n) for n in range(2_050)])
    assert [p % 64 for p in KeyPage.objects.order_by("id").values_list("id", flat=True)] == [0, 1, 2]
    picked = [ids[0], ids[1_023], ids[1_024], ids[2_049]]
    assert [one.text for one in opening.open_items(picked, receipt=OPENING)] == [
        sample(n).text for n in (0, 1_023, 1_024, 2_049)
    ]
    with pytest.raises(ItemUnknown):
        store.read_secrets(ring, [ids[2_049] + 1])
    assert codes() == set()


def test_no_two_items_share_a_secret(ring: Keyring) -> None:
    ids = keep([sample(n) for n in range(50)]) + keep([sample(n) for n in range(50, 60)])
    assert len(set(store.read_secrets(ring, ids).values())) == 60


def test_pages_are_committed_before_the_batch_and_swept_when_it_never_came(ring: Keyring) -> None:
    kept = keep([sample(0)])
    with pytest.raises(RuntimeError, match="crash"), book(at=NOW):
        operations.deposit(source=SOURCE, items=[sample(2)], extractor=EXTRACTOR, by="system:capture", at=NOW)
        raise RuntimeError("crash")
    assert KeyPage.objects.count() == 2
    assert operations.sweep_orphans(at=NOW + HOUR - 1, **BY) == 0
    assert codes(at=NOW + HOUR) == set()
    assert codes(at=NOW + HOUR + 1) == {"archive.page_orphan"}
    assert operations.sweep_orphans(at=NOW + HOUR + 1, **BY) == 1
    assert operations.sweep_orphans(at=NOW + HOUR + 2, **BY) == 0
    assert [len(bytes(p.sealed)) for p in KeyPage.objects.order_by("id")] == [32 + 16, 0]
    assert len(opening.open_items(kept, receipt=OPENING)) == 1
    assert codes(at=NOW + HOUR + 2) == set()


def test_rotation_moves_everything_and_the_old_key_opens_nothing_any_more(ring: Keyring) -> None:
    ids = keep([sample(n) for n in range(1_100)])
    old = ring.epochs[1]
    assert operations.rotate(at=NOW + 1, **BY) == 2
    assert set(KeyPage.objects.values_list("epoch", flat=True)) == {2}
    assert set(IndexKey.objects.values_list("epoch", flat=True)) == {2}
    for page in KeyPage.objects.all():
        with pytest.raises(PageDamaged):
            pages.open_page(
                old, page=page.id, epoch=page.epoch, revision=page.revision, nonce=bytes(page.nonce),
                sealed=bytes(page.sealed),
            )  # fmt: skip
    ring.index_keys.clear()
    assert len(queries.search_candidates("您好").items) == 50
    assert len(opening.open_items(ids[::100], receipt=OPENING)) == 11
    assert len(keep([sample(2_000)], at=NOW + 2)) == 1
    assert codes() == set()


def test_the_old_key_is_destroyed_when_its_backups_are_gone_and_not_before(ring: Keyring) -> None:
    keep([sample(0)])
    operations.rotate(at=NOW + 1, **BY)
    due = NOW + 1 + KEY_BACKUP_DAYS * DAY
    assert operations.destroy_old_epochs(at=due - 1, **BY) == []
    assert (ring.directory / "epoch-000001.key").exists()
    assert operations.destroy_old_epochs(at=due, **BY) == [1]
    assert not (ring.directory / "epoch-000001.key").exists()
    assert WrapEpoch.objects.get(id=1).state == EpochState.DESTROYED.value
    with pytest.raises(KeyringMissing, match="第 1 期"):
        ring.epoch_key(1)
    kinds = [e.kind for e in ledger.entries(range(ledger.head(1).size)).values()]
    assert [k for k in kinds if "epoch" in k] == [
        "archive.epoch_opened", "archive.epoch_retired", "archive.epoch_destroyed"
    ]  # fmt: skip
    assert keys.load(ring.directory.parent).fingerprints() == ring.fingerprints()
    assert store.open_store(ring, at=due) == 2


def test_a_page_written_late_under_a_retired_key_is_moved_before_the_key_goes(ring: Keyring) -> None:
    ids = keep([sample(0)])
    operations.rotate(at=NOW + 1, **BY)
    page = KeyPage.objects.get()
    store.save([store.rewrapped(ring, page, store.opened(ring, page), 1)])
    operations.destroy_old_epochs(at=NOW + 1 + KEY_BACKUP_DAYS * DAY, **BY)
    assert KeyPage.objects.get().epoch == 2
    assert len(opening.open_items(ids, receipt=OPENING)) == 1


def test_a_process_with_an_older_view_of_the_keyring_finds_the_new_key(ring: Keyring) -> None:
    ids = keep([sample(0)])
    other = keys.load(ring.directory.parent)
    operations.rotate(at=NOW + 1, **BY)
    ports.use(keyring=other)
    ids += keep([sample(2)], at=NOW + 2)
    assert len(opening.open_items(ids, receipt=OPENING)) == 2
    assert operations.rotate(at=NOW + 3, **BY) == 3
    assert ring.epoch_key(3) == other.epoch_key(3)


def test_a_rotation_that_crashed_is_finished(ring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = keep([sample(n) for n in range(3)])

    def crash(*_: object) -> int:
        raise RuntimeError("crash")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="crash"):
        patched.setattr(epochs, "move_everything", crash)
        operations.rotate(at=NOW + 1, **BY)
    assert len(opening.open_items(ids, receipt=OPENING)) == 3
    later = keep([sample(9)], at=NOW + 2)
    operations.finish_rotation(at=NOW + 3, **BY)
    assert set(KeyPage.objects.values_list("epoch", flat=True)) == {2}
    assert len(opening.open_items(ids + later, receipt=OPENING)) == 4


def test_a_key_store_of_another_keyring_is_refused(ring: Keyring, tmp_path: Path) -> None:
    with pytest.raises(KeyringMismatch):
        store.open_store(keys.init(tmp_path / "other"), at=NOW)


@pytest.mark.usefixtures("db")
def test_nothing_is_kept_before_the_key_store_is_open(tmp_path: Path) -> None:
    ports.use(keyring=keys.init(tmp_path))
    with pytest.raises(KeyStoreNotOpen):
        keep([sample(0)])


def test_secrets_never_stand_in_the_main_store(ring: Keyring, owner_sql: Sql) -> None:
    ids = keep([sample(n) for n in range(3)])
    tables = [row[0] for row in owner_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    dump = "".join(str(owner_sql(f'SELECT t::text FROM "{table}" t')) for table in tables)
    stored = "".join(str(owner_sql("SELECT t::text FROM archive_key_page t", store="keys")))
    secrets = [secret or b"" for secret in store.read_secrets(ring, ids).values()]
    assert len(secrets) == 3
    assert not any(secret.hex() in dump + stored for secret in [*secrets, ring.root, ring.epochs[1]])
