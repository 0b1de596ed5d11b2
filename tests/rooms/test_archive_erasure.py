"""A person who was erased is nowhere: every table of both stores, every file of the home, the index, old backups.

By brute force: what was planted is looked for in every value of every table, as text and as bytes, in each spelling.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.db import connections

from jieli.archive import checks, cited, keys, opening, operations, queries, segments
from jieli.archive.errors import KeyringMissing, PageDamaged
from jieli.archive.keys.pages import SECRET_BYTES, open_page
from jieli.archive.keys.store import opened, read_secrets
from jieli.archive.media import ports as media_ports
from jieli.archive.media import queries as media
from jieli.archive.media import removing
from jieli.archive.models import Item, KeyPage
from jieli.archive.policy import EPOCH_DAYS, KEY_BACKUP_DAYS, MAIN_BACKUP_DAYS
from jieli.archive.types import POSITIONS, OpenedItem
from jieli.connectors.storage import name_of
from jieli.connectors.storage.directory import Directory
from jieli.kernel.times import DAY
from jieli.wiring import backup_media, databases
from tests.conftest import NOW
from tests.rooms.planted_files import PlantedFile, back_up_media, plant
from tests.rooms.test_archive_samples import OPENING, OTHER_CUSTOMER, codes, keep, ring, sample

__all__ = ["ring"]
Sql = Callable[..., list[tuple[Any, ...]]]

GONE = UUID("7f3a0000-0000-4000-8000-00000000c0de")
HIS = (("consent_step", str(UUID(int=5))), ("parties_customer", str(GONE)))
NAME, HANDLE, WORDS = "卞金丝雀", "wm-canary-7f3a", "canary-7f3a 的地址是榴花巷九号"
LATER = {"by": "person:desk", "reason": "本人请求删除"}


def values() -> Iterator[tuple[str, str, bytes]]:
    """(store, table, every column of every row as bytes): bytes as they are, all else as PostgreSQL prints it."""
    for store, owner in databases.STORE_OWNERS.items():
        connection = connections[owner]
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')
                for row in cursor.fetchall():
                    for value in row:
                        plain = bytes(value) if isinstance(value, memoryview | bytes) else str(value).encode()
                        yield store, table, plain


def spellings(word: str) -> list[bytes]:
    """A word as it may stand somewhere: UTF-8, UTF-16, hex of either, JSON escapes; case does not matter."""
    plain = [word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")]
    escaped = "".join(f"\\u{ord(c):04x}" for c in word).encode()
    return [*plain, *(p.hex().encode() for p in plain), escaped]


def found_in(needles: list[bytes], hay: bytes) -> bool:
    low = hay.lower()
    return any(needle in hay or needle.lower() in low for needle in needles)


def places(needles: list[bytes], home: Path) -> set[str]:
    """The tables and files that hold any of these."""
    tables = {f"{store}.{table}" for store, table, value in values() if found_in(needles, value)}
    files = {p.name for p in home.rglob("*") if p.is_file() and found_in(needles, p.read_bytes())}
    return tables | files


def secrets_in_pages(ring: keys.HeldKeyring) -> bytes:
    return b"".join(opened(ring, page) for page in KeyPage.objects.order_by("id"))


@dataclass
class Planted:
    items: list[int]
    others: list[int]
    ciphertexts: list[bytes]
    secrets: list[bytes]


@pytest.fixture
def store(ring: keys.HeldKeyring, tmp_path: Path) -> Iterator[Directory]:
    made = Directory(tmp_path / "media")
    media_ports.use(made)
    yield made
    media_ports.use(None)


@pytest.fixture
def files(
    ring: keys.HeldKeyring, store: Directory, planted: "Planted", tmp_path: Path
) -> tuple[PlantedFile, PlantedFile]:
    """One of the canary's files and one of another person, both in the store."""
    his = (f"{WORDS}，附照片\n" * 400).encode()
    theirs = ("试听课的课程表，周六上午十点\n" * 400).encode()
    folder = tmp_path / "in"
    first = plant(ring, store, planted.items[0], his, name=f"{NAME}的地址.txt", folder=folder)
    return first, plant(ring, store, planted.others[0], theirs, name="课程表.txt", folder=folder)


@pytest.fixture
def planted(ring: keys.HeldKeyring) -> Planted:
    """The canary's talk among other people's, in two batches and a room; what only erasing may make vanish."""
    told = f"我是{NAME}，{WORDS}"
    ids, others = [], []
    for n in (0, 20):
        batch = [
            sample(n, text=told, person=HANDLE, customer=GONE, basis_rows=HIS),
            sample(n + 1, text=f"{NAME}您好，{WORDS}，记下了", person=HANDLE, customer=GONE),
            sample(n + 2, person="wm-else", customer=OTHER_CUSTOMER),
            sample(n + 4, text=told, person=HANDLE, customer=GONE, room="room-1"),
            sample(n + 6, person="wm-else", customer=OTHER_CUSTOMER, room="room-1"),
        ]
        found = keep(batch)
        ids += [found[0], found[1], found[3]]
        others += [found[2], found[4]]
    sealed = dict(Item.objects.filter(item_id__in=ids).values_list("item_id", "ciphertext"))
    secrets = read_secrets(ring, ids)
    return Planted(ids, others, [bytes(sealed[i] or b"") for i in ids], [secrets[i] or b"" for i in ids])


def test_an_erased_person_is_nowhere_by_brute_force(
    ring: keys.HeldKeyring, planted: Planted, tmp_path: Path
) -> None:
    in_short = (cited.cell(("parties_customer", str(GONE))) or "")[1:]
    words = [s for word in (NAME, HANDLE, WORDS, str(GONE), GONE.hex, in_short) for s in spellings(word)]
    ciphers = [piece for c in planted.ciphertexts for piece in (c, c.hex().encode())]
    assert {"default.archive_conversation", "default.archive_basis", "default.ledger_part"} <= places(
        words, tmp_path
    )
    assert places(spellings(in_short), tmp_path) == {"default.archive_basis", "default.ledger_part"}
    assert places(ciphers, tmp_path) == {"default.archive_item"}
    assert all(secret in secrets_in_pages(ring) for secret in planted.secrets)
    assert NAME in opening.open_items(planted.items, receipt=OPENING)[0].text

    done = operations.shred_person(person=GONE, at=NOW + 1, **LATER)

    assert done.items == len(planted.items)
    # The intent says whom it was about, in a sealed column; nothing else does.
    rest = places(words, tmp_path)
    assert rest <= {"default.archive_shred", "default.ledger_part"}
    assert places([s for word in (NAME, HANDLE, WORDS) for s in spellings(word)], tmp_path) == set()
    assert places(ciphers, tmp_path) == set()
    kept = secrets_in_pages(ring)
    assert not any(secret in kept for secret in planted.secrets)
    assert kept.count(bytes(SECRET_BYTES)) == len(planted.items)
    spoken: list[OpenedItem] = opening.open_items(planted.others, receipt=OPENING)
    assert [one.item.item_id for one in spoken] == planted.others
    assert codes() == set()


def test_a_file_of_an_erased_person_is_nowhere_by_brute_force_and_the_others_stays(
    ring: keys.HeldKeyring,
    store: Directory,
    planted: Planted,
    files: tuple[PlantedFile, PlantedFile],
    tmp_path: Path,
) -> None:
    his, theirs = files
    words = spellings(f"{NAME}的地址")
    assert {"default.archive_media", "default.ledger_part"} <= places(words, tmp_path)
    assert places(his.needles(), tmp_path) == {Path(name_of(his.address)).name}
    assert places([his.keys.content, his.keys.salts, his.plain, WORDS.encode()], tmp_path) == set()
    assert his.opened_with(read_secrets(ring, [planted.items[0]]).values())

    operations.shred_person(person=GONE, at=NOW + 1, **LATER)
    removed = removing.remove_destroyed(by="system:worker", at=NOW + 2)

    assert (removed.removed, removed.locked) == (1, 0)
    assert [one.address for one in store.objects()] == [theirs.address]
    assert places([*words, *spellings(WORDS)], tmp_path) == set()
    assert places(his.needles(), tmp_path) == set()
    assert not his.opened_with(all_secrets(ring))
    [kept] = media.of_items(planted.others)[planted.others[0]]
    assert (kept.name, kept.address) == ("课程表.txt", theirs.address)
    assert theirs.opened_with(all_secrets(ring))
    assert codes() == set()


def all_secrets(ring: keys.HeldKeyring) -> list[bytes]:
    """Every secret that is left."""
    kept = secrets_in_pages(ring)
    return [kept[at : at + SECRET_BYTES] for at in range(0, len(kept), SECRET_BYTES)]


def test_no_posting_of_an_erased_person_is_left_in_any_segment(planted: Planted) -> None:
    assert {ref.item_id for ref in queries.search_candidates("榴花巷").items} == set(planted.items)
    operations.shred_person(person=GONE, at=NOW + 1, **LATER)
    stored = [segments.load(row) for row in segments.Segment.objects.all()]
    listed = {int(i) for one in stored for i in segments.codec.documents_of(one)[0]}
    assert listed == set(planted.others)
    # Each segment is, byte for byte, what the survivors' texts alone would make.
    assert list(checks.check_postings(OPENING, planted.others)) == []
    assert [queries.search_candidates(word).items for word in ("榴花巷", NAME, "canary")] == [()] * 3


@dataclass
class Backup:
    """The key store, the keyring and the media as they were copied one night, into files."""

    directory: Path
    made_at: int

    def secrets(self, rings: list[keys.HeldKeyring]) -> dict[int, bytes]:
        """Every secret of its pages that any of these keyrings opens, by item."""
        found: dict[int, bytes] = {}
        for page, epoch, revision, nonce, sealed in orjson.loads((self.directory / "pages").read_bytes()):
            for one in rings:
                try:
                    plain = open_page(
                        one.epoch_key(epoch), page=page, epoch=epoch, revision=revision, nonce=bytes.fromhex(nonce),
                        sealed=bytes.fromhex(sealed),
                    )  # fmt: skip
                except (KeyringMissing, PageDamaged):
                    continue
                first = (page // 64) * POSITIONS + (page % 64) * 1_024
                for n in range(len(plain) // SECRET_BYTES):
                    found[first + n] = plain[n * SECRET_BYTES : (n + 1) * SECRET_BYTES]
        return found


def back_up(home: Path, to: Path, store: Directory, *, at: int) -> Backup:
    directory = to / str(at)
    directory.mkdir(parents=True)
    back_up_media(store, directory)
    rows = KeyPage.objects.values_list("id", "epoch", "revision", "nonce", "sealed")
    copied = [
        (i, epoch, revision, bytes(nonce).hex(), bytes(sealed).hex())
        for i, epoch, revision, nonce, sealed in rows
    ]
    (directory / "pages").write_bytes(orjson.dumps(copied))
    shutil.copytree(home / "keys", directory / "keys")
    return Backup(directory, at)


def by_the_policy(backups: list[Backup], *, at: int) -> list[Backup]:
    """What is left of backups that are kept as long as they may be: their keys so long, all else a little longer."""
    for one in backups:
        if at - one.made_at >= KEY_BACKUP_DAYS * DAY:
            shutil.rmtree(one.directory / "keys", ignore_errors=True)
            (one.directory / "pages").unlink(missing_ok=True)
        if at - one.made_at >= MAIN_BACKUP_DAYS * DAY:
            shutil.rmtree(one.directory)
    return [one for one in backups if one.directory.exists()]


def with_keys(backups: list[Backup]) -> list[Backup]:
    """Those of which the keys are left."""
    return [one for one in backups if (one.directory / "pages").exists()]


def readable(backups: list[Backup], ring: keys.HeldKeyring, planted: Planted) -> list[bool]:
    """Of each backup: whether any erased secret can be had from it, with every keyring that still lies anywhere."""
    rings = [ring, *(keys.load(b.directory) for b in backups)]
    return [bool(set(planted.secrets) & set(b.secrets(rings).values())) for b in backups]


def holding(backups: list[Backup], file: PlantedFile) -> list[bool]:
    """Of each backup: whether the object of a file lies in it."""
    where = [b.directory / backup_media.FOLDER / name_of(file.address) for b in backups]
    return [path.exists() and path.read_bytes() == file.sealed for path in where]


def test_after_the_second_date_no_backup_kept_by_the_policy_opens_what_was_erased(
    ring: keys.HeldKeyring,
    store: Directory,
    planted: Planted,
    files: tuple[PlantedFile, PlantedFile],
    tmp_path: Path,
) -> None:
    home, vault, (his, theirs) = tmp_path / "home", tmp_path / "vault", files
    private = back_up(home, tmp_path / "private", store, at=NOW)
    pages_only = Backup(private.directory, NOW)
    nightly = [back_up(home, vault, store, at=NOW)]
    certificate = operations.shred_person(person=GONE, at=NOW + 1, **LATER)
    removing.remove_destroyed(by="system:worker", at=NOW + 2)
    assert readable(nightly, ring, planted) == [True]  # date one alone does not reach the backups
    assert holding(nightly, his) == [True]
    rotated = NOW
    for night in range(5, 1 + (certificate.backups_gone_by - NOW) // DAY, 5):
        at = NOW + night * DAY
        if at - rotated >= EPOCH_DAYS * DAY:
            operations.rotate(by="system:worker", at=at)
            rotated = at
        operations.destroy_old_epochs(by="system:worker", at=at)
        nightly = by_the_policy(nightly, at=at)
        nightly.append(back_up(home, vault, store, at=at))
    end = certificate.backups_gone_by
    operations.destroy_old_epochs(by="system:worker", at=end)
    nightly = by_the_policy(nightly, at=end)
    keyed = with_keys(nightly)
    assert readable(keyed, ring, planted) == [False] * 6
    # Of the file nothing either: not the object, not a key that opens a copy of it; another person's is in each.
    assert (holding(nightly, his), holding(nightly, theirs)) == ([False] * 7, [True] * 7)
    assert places([*his.needles(), *spellings(WORDS)], vault) == set()
    rings = [ring, *(keys.load(b.directory) for b in keyed)]
    left = [secret for b in keyed for secret in b.secrets(rings).values()]
    assert (his.opened_with(left), theirs.opened_with(left)) == (False, True)
    # The old dump, kept against the policy: with the keyring that survived it opens nothing.
    assert not set(planted.secrets) & set(pages_only.secrets([ring]).values())
    later = queries.certificate(certificate.shred)
    assert later is not None and later.epochs_gone_at is not None and later.epochs_gone_at <= end
    assert len(opening.open_items(planted.others, receipt=OPENING)) == len(planted.others)
    # And what policy cannot reach: somebody who kept that night's keyring as well.
    assert readable([private], ring, planted) == [True]
    assert holding([private], his) == [True]


def test_ten_thousand_items_go_in_one_intent(ring: keys.HeldKeyring, owner_sql: Sql) -> None:
    ids = []
    for k in range(2):
        ids += keep([sample(n, person=f"wm-{n % 60}") for n in range(k * 5_000, k * 5_000 + 5_000)])
    [(before,)] = owner_sql("SELECT count(*) FROM ledger_entry")
    done = operations.shred_items(items=ids, at=NOW + 1, **LATER)
    [(after,)] = owner_sql("SELECT count(*) FROM ledger_entry")
    assert (done.items, after - before) == (10_000, 2)
    assert secrets_in_pages(ring) == bytes(SECRET_BYTES * 10_000)
    assert owner_sql("SELECT count(*) FROM archive_segment") == [(0,)]
