"""The log at its public addresses: a stranger's reader verifies it, and nothing beyond what was signed is there."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest
from django.test import Client

from jieli.ledger import checkpoints, queries
from jieli.ledger.operations import book
from seal import checkpoint, tiles
from seal.errors import MismatchError, UnvouchedError
from seal.keys import Signer, generate
from seal.log_reader import read_log
from seal.tree import verify_consistency
from tests.conftest import NOW, ORIGIN
from tests.doors import sample

As = Callable[[UUID], Client]
SIGNED, WRITTEN = 600, 610


@dataclass
class Site:
    """The log as two browsers see it: a stranger's and that of somebody signed in."""

    signer: Signer
    stranger: Client
    member: Client
    prefix: str

    def read(self, path: str) -> bytes | None:
        found = self.member.get(self.prefix + path)
        return found.content if found.status_code == 200 else None


def write(count: int) -> None:
    with book(at=NOW) as b:
        for n in range(count):
            b.entry("access.note", by="system:test", facts={"n": n})


@pytest.fixture
def site(stranger: Client, as_person: As) -> Site:
    signer = generate(ORIGIN)
    checkpoints.first_checkpoint(signer, at=NOW)
    member = as_person(sample.person("member"))
    log = queries.live_log()
    write(SIGNED - queries.head(log).size)
    checkpoints.sign_head(signer, at=NOW)
    write(WRITTEN - SIGNED)
    return Site(signer, stranger, member, f"/log/{log}/")


def test_a_reader_that_believes_nothing_verifies_the_served_log(site: Site) -> None:
    whole = read_log(site.read, [site.signer.vkey])
    assert (whole.head.origin, whole.head.size, whole.entries) == (ORIGIN, SIGNED, SIGNED)
    with pytest.raises(UnvouchedError):
        read_log(site.read, [generate(ORIGIN).vkey])


FILES = ["tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/88"]


def test_a_reader_finds_one_flipped_bit_in_any_file(site: Site) -> None:
    kept = {path: site.read(path) or b"" for path in ["checkpoint", *FILES, "tile/0/001", "tile/entries/000"]}
    assert read_log(kept.get, [site.signer.vkey]).entries == SIGNED
    for path in FILES:
        bent = {**kept, path: kept[path][:40] + bytes([kept[path][40] ^ 1]) + kept[path][41:]}
        with pytest.raises(MismatchError):
            read_log(bent.get, [site.signer.vkey])


def test_a_reader_without_the_entries_needs_no_sign_in(site: Site) -> None:
    def read(path: str) -> bytes | None:
        found = site.stranger.get(site.prefix + path)
        return found.content if found.status_code == 200 else None

    assert read_log(read, [site.signer.vkey], entries=False).head.size == SIGNED
    with pytest.raises(MismatchError):
        read_log(read, [site.signer.vkey])


def test_strangers_read_checkpoint_and_tiles_and_are_asked_to_sign_in_for_entries(site: Site) -> None:
    head = site.stranger.get(site.prefix + "checkpoint")
    assert (head.status_code, head["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert head["Cache-Control"] == "public, max-age=1"
    assert checkpoint.parse(head.content)[0].size == SIGNED
    tile = site.stranger.get(site.prefix + "tile/0/001")
    assert (tile.status_code, tile["Content-Type"], len(tile.content)) == (
        200,
        "application/octet-stream",
        8_192,
    )
    assert tile["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in tile
    asked = site.stranger.get(site.prefix + "tile/entries/001")
    assert (asked.status_code, asked["Location"].split("?")[0]) == (302, "/sign-in")
    bundle = site.member.get(site.prefix + "tile/entries/001")
    assert (bundle.status_code, len(tiles.unpack_entries(bundle.content))) == (200, 256)
    assert "no-store" in bundle["Cache-Control"]
    assert "public" not in bundle["Cache-Control"]
    assert site.stranger.head(site.prefix + "checkpoint").status_code == 200
    assert site.stranger.post(site.prefix + "checkpoint").status_code == 405


ABSENT = [
    "tile/0/002", "tile/0/002.p/89", "tile/0/002.p/98", "tile/0/003", "tile/0/003.p/1",  # beyond the signed size
    "tile/1/000", "tile/1/000.p/3", "tile/2/000.p/1", "tile/63/000.p/1",  # levels that it does not have
    "tile/0/2.p/88", "tile/0/0002.p/88", "tile/0/x000/002.p/88", "tile/0/002.p/088", "tile/0/002.p/0",
    "tile/0/002.p/256", "tile/0/000.p/256", "tile/00/000", "tile/64/000", "tile/-1/000", "tile/0/000/",
    "tile/0/000.p/", "tile/0/", "tile/0", "tile/", "tile", "tile/0/000.p/1/2", "tile/8/0/000", "tile/data/000",
    "tile/0/x999/x999/x999/x999/x999/x999/999", "tile/0/\u0660\u0660\u0660", "tile/0/000%0A", "", "checkpoint/",
    "tile/0/../0/000", "checkpoint.txt",
]  # fmt: skip


def test_what_was_not_signed_or_is_spelt_otherwise_is_not_there(site: Site) -> None:
    entries = [path.replace("tile/0/", "tile/entries/") for path in ABSENT]
    there = [p for p in ABSENT if site.stranger.get(site.prefix + p).status_code != 404]
    there += [p for p in ABSENT + entries if site.member.get(site.prefix + p).status_code != 404]
    assert there == []


def test_every_width_that_a_signed_size_had_is_served_and_equals_the_wider_one(site: Site) -> None:
    whole = site.read("tile/0/002.p/88") or b""
    for width in (1, 40, 87):
        assert site.read(f"tile/0/002.p/{width}") == whole[: 32 * width]
    full = site.read("tile/entries/000") or b""
    part = site.read("tile/entries/000.p/7") or b""
    assert full.startswith(part)
    assert len(tiles.unpack_entries(part)) == 7


def test_another_number_is_another_log_and_none_of_ours(site: Site) -> None:
    others = ["0", "2", "01", "-1", "99999", "1.0", "x"]
    paths = [f"/log/{log}/{path}" for log in others for path in ("checkpoint", "tile/0/000")]
    assert {path: site.stranger.get(path).status_code for path in paths} == dict.fromkeys(paths, 404)


def test_without_a_signed_checkpoint_there_is_nothing(stranger: Client) -> None:
    write(300)
    log = queries.live_log()
    assert stranger.get(f"/log/{log}/checkpoint").status_code == 404
    assert stranger.get(f"/log/{log}/tile/0/000").status_code == 404


def test_an_installation_without_a_log_has_no_addresses(
    stranger: Client, owner_sql: Callable[..., object]
) -> None:
    owner_sql("TRUNCATE ledger_log CASCADE")
    assert stranger.get("/log/1/checkpoint").status_code == 404
    assert stranger.get("/log/1/tile/0/000").status_code == 404


def test_a_served_log_that_grew_is_still_the_one_before(site: Site) -> None:
    before = read_log(site.read, [site.signer.vkey]).head
    checkpoints.sign_head(site.signer, at=NOW)
    after = read_log(site.read, [site.signer.vkey]).head
    assert (before.size, after.size) == (SIGNED, WRITTEN)
    path = checkpoints.tree(after.size).consistency(before.size)
    verify_consistency(
        old=before.size, size=after.size, old_root=before.root, root=after.root, path=path
    )  # fmt: skip
