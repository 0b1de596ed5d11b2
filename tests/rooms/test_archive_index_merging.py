"""Merging and rebuilding in the database: crashes, erasures and writers at the worst moment, and nothing is lost."""

import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connections

from jieli.access.errors import Forbidden
from jieli.access.types import Person, Role
from jieli.archive import destruction, operations, queries, rebuilding, segments
from jieli.archive.index import tiers
from jieli.archive.index.errors import IndexCorrupt
from jieli.archive.index.segment import month_of
from jieli.archive.keys import Keyring
from jieli.archive.models import Segment
from jieli.archive.types import ShredScope
from jieli.kernel import failpoints
from jieli.kernel.times import DAY, MINUTE
from jieli.matters import operations as matters
from jieli.reading import operations as reading
from jieli.reading import queries as openings
from jieli.reading.errors import MatterNotOpen, PurposeDenied
from jieli.reading.rebuilding import rebuild_index
from jieli.reading.types import OpeningKind, SystemPurpose
from tests.conftest import NOW
from tests.rooms.child_process import Tell, run_in_child
from tests.rooms.company import BY, Company, bring, chat, company, open_vault, reader, thread, vault
from tests.rooms.test_archive_samples import codes, keep, ring, sample
from tests.rooms.test_capture import findings

__all__ = ["company", "ring", "vault"]
Sql = Callable[..., list[tuple[Any, ...]]]
MONTH = 202609


def found(query: str = "续费提醒") -> list[int]:
    return [ref.item_id for ref in queries.search_candidates(query, limit=200).items]


def live() -> list[int]:
    return sorted(Segment.objects.filter(replaced_by__isnull=True).values_list("documents", flat=True))


def pieces(count: int = 8) -> list[int]:
    """So many batches of two messages in one month, each a segment."""
    batches = [
        keep([sample(2 * n + i, text=f"续费提醒 {2 * n + i}") for i in range(2)]) for n in range(count)
    ]
    return [item for batch in batches for item in batch]


def at_the_swap(monkeypatch: pytest.MonkeyPatch, work: Callable[[], object]) -> None:
    """Let something happen, on connections of its own, when a merge has written and not yet taken its lock."""
    errors: list[BaseException] = []

    def aside() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - shown by the test's own thread
            errors.append(error)
        finally:
            connections.close_all()

    def reached(name: str) -> None:
        if name == "index.before_swap":
            monkeypatch.setattr(segments, "reach", failpoints.reach)
            other = threading.Thread(target=aside)
            other.start()
            other.join(120)
            assert not other.is_alive()
            assert errors == []

    monkeypatch.setattr(segments, "reach", reached)


def test_an_erasure_during_a_merge_is_not_undone_by_it(
    ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = pieces()
    at_the_swap(
        monkeypatch,
        lambda: operations.shred_items(items=ids[3:5], reason="本人请求", by=BY, at=NOW + 1),
    )
    assert operations.merge_month(MONTH) == 8  # the second try, of segments rewritten meanwhile
    assert live() == [14]
    assert found() == [item for item in ids[::-1] if item not in ids[3:5]]
    operations.sweep()
    assert codes() == set()


def test_a_tombstone_during_a_merge_begins_it_anew(ring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = pieces()

    def intend() -> None:
        destruction.intend(
            items=ids[:1], scope=ShredScope.ITEMS, target=None, reason="本人请求", by=BY, at=NOW + 1
        )

    at_the_swap(monkeypatch, intend)
    assert operations.merge_month(MONTH) == 8
    assert live() == [15]


def test_writers_and_readers_do_not_wait_for_a_merge(ring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = pieces()
    late: list[int] = []
    at_the_swap(monkeypatch, lambda: late.extend(keep([sample(99, text="续费提醒 又一条")])) or found())
    assert operations.merge_month(MONTH) == 8
    assert live() == [1, 16]
    assert found() == [*late, *ids[::-1]]


def test_a_search_goes_on_over_segments_that_were_replaced_and_swept_under_it(
    ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = pieces()
    real, asked = segments.fetch, []

    def fetch(wanted: Any) -> Any:
        asked.append(len(wanted))
        if len(asked) == 2:
            monkeypatch.setattr(segments, "fetch", real)
            assert operations.merge_month(MONTH) == 8
            operations.sweep()
        return real(wanted)

    monkeypatch.setattr(segments, "fetch", fetch)
    assert found() == ids[::-1]
    assert len(asked) >= 2  # it was under the first search that they went


def test_two_merges_of_one_month_do_the_work_once(ring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces()
    seen: list[int] = []
    at_the_swap(monkeypatch, lambda: seen.append(operations.merge_month(MONTH)))
    assert operations.merge_month(MONTH) == 8
    assert seen == [0]


def merge_in_child(tell: Tell, home: Path) -> None:
    open_vault(home)
    tell(operations.merge_month(MONTH))


@pytest.mark.parametrize("place", ["index.merge_rows", "index.before_swap", "index.after_swap"])
def test_a_merge_killed_anywhere_changes_nothing_and_the_next_one_merges(
    ring: Keyring, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    ids = pieces()
    monkeypatch.setenv(failpoints.VARIABLE, place)
    assert run_in_child(merge_in_child, ring.directory.parent) == (-signal.SIGKILL, [])
    monkeypatch.delenv(failpoints.VARIABLE)
    assert live() == [2] * 8
    assert found() == ids[::-1]
    assert codes() == set()
    assert operations.merge_month(MONTH) == 8
    assert (live(), found()) == ([16], ids[::-1])


def test_a_settled_month_is_merged_to_the_end(ring: Keyring) -> None:
    pieces(3)
    assert segments.months_to_merge() == segments.months_to_merge(at=NOW) == []
    later = NOW + (tiers.SETTLED_AFTER_DAYS + 31) * DAY
    assert segments.months_to_merge(at=later) == [MONTH]
    assert segments.merge_month(MONTH, at=later) == 3
    assert live() == [6]
    assert segments.months_to_merge(at=later) == []


@pytest.mark.parametrize(
    ("sizes", "merged"),
    [
        ([5_000] * 7, []),
        ([5_000] * 8, list(range(8))),
        ([1] * 8 + [5_000] * 8, list(range(8))),
        ([5_000] * 100, list(range(64))),
        ([300_000] * 4, [0, 1, 2]),
        ([600_000, 600_000, 3], []),
        ([600_000] + [300_000] * 3, [1, 2, 3]),
    ],
)
def test_tiers_are_merged_when_full_and_never_beyond_the_cap(sizes: list[int], merged: list[int]) -> None:
    assert tiers.next_merge(list(enumerate(sizes))) == merged
    assert sum(sizes[n] for n in merged) <= tiers.MOST_DOCUMENTS


# Rebuilding.


@pytest.fixture
def talk(company: Company) -> list[int]:
    """Messages of three months, five of them."""
    days = ["2026-07-06", "2026-08-10", "2026-08-11", "2026-09-17", "2026-09-18"]
    bring(chat(n, f"龙井第{n}批到了", when=f"{day} 10:0{n}") for n, day in enumerate(days))
    return found("龙井")[::-1]


@pytest.fixture
def keeper(talk: list[int]) -> Person:
    return reader(Role.SYSTEM, name="管机器")


@pytest.fixture
def matter(talk: list[int]) -> str:
    return thread("检索索引损坏")


def instants() -> Iterator[int]:
    for n in range(10**6):
        yield NOW + MINUTE + n


def rebuilt(by: Person, matter: str, **wanted: Any) -> Any:
    ticking = instants()
    return rebuild_index(matter=matter, by=by, clock=lambda: next(ticking), **wanted)


def test_a_damaged_index_is_made_anew_from_the_items_under_openings_that_show_nothing(
    talk: list[int], keeper: Person, matter: str, company: Company, owner_sql: Sql
) -> None:
    owner_sql("DELETE FROM archive_segment_row WHERE row = 0")
    with pytest.raises(IndexCorrupt):
        found("龙井")
    told: list[tuple[int, int]] = []
    done = rebuilt(keeper, matter, tell=lambda month, items: told.append((month, items)))
    assert told == [(202607, 1), (202608, 2), (202609, 2)]
    assert (done.items, done.openings, done.segments, done.unreadable) == (5, 3, 3, ())
    assert found("龙井") == talk[::-1]
    assert findings() == set()
    records = openings.openings()
    assert {(r.kind, r.purpose, r.by) for r in records} == {
        (OpeningKind.REBUILD, SystemPurpose.REBUILD, keeper.actor)
    }
    assert sorted(item for r in records for item in r.items) == talk
    assert openings.openings_concerning(company.staff["HeQing"]) == []


def test_a_lost_index_comes_back_whole_and_a_ghost_in_it_goes(
    talk: list[int], keeper: Person, matter: str, owner_sql: Sql
) -> None:
    owner_sql("DELETE FROM archive_segment_row")
    owner_sql("DELETE FROM archive_segment")
    assert "archive.not_indexed" in findings()
    rebuilt(keeper, matter)
    assert found("龙井") == talk[::-1]
    assert findings() == set()


def test_what_is_written_or_erased_while_a_month_is_rebuilt_is_right_afterwards(
    talk: list[int], keeper: Person, matter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    real = rebuilding.Rebuilding.put_in_place

    def meanwhile(self: Any, month: int, pieces: Any) -> int:
        if month == MONTH:
            done.append("once")
            bring([chat("late", "龙井又到了", when="2026-09-18 15:00")])
            operations.shred_items(items=talk[4:], reason="本人请求", by=BY, at=NOW + MINUTE)
        return real(self, month, pieces)

    monkeypatch.setattr(rebuilding.Rebuilding, "put_in_place", meanwhile)
    rebuilt(keeper, matter)
    newest, *others = found("龙井")
    assert newest > max(talk)
    assert others == talk[3::-1]
    assert (findings(), done) == (set(), ["once"])


def rebuild_in_child(tell: Tell, home: Path, sign_in: str, matter: str) -> None:
    from jieli.access import queries as access

    open_vault(home)
    by = access.person_by_sign_in(sign_in)
    assert by is not None
    tell(rebuilt(by, matter).months)


def test_a_rebuilding_that_was_killed_goes_on_from_its_month(
    company: Company, talk: list[int], keeper: Person, matter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(failpoints.VARIABLE, "rebuild.after_opening:2")
    assert run_in_child(rebuild_in_child, company.home, keeper.sign_in, matter) == (-signal.SIGKILL, [])
    monkeypatch.delenv(failpoints.VARIABLE)
    assert found("龙井") == talk[::-1]
    assert rebuilt(keeper, matter, resume=True).months == (202608, 202609)
    assert rebuilt(keeper, matter, months=[202607]).months == (202607,)
    assert found("龙井") == talk[::-1]
    assert findings() == set()


def test_rebuilding_needs_its_permission_and_a_matter_and_is_no_purpose_to_read_for(
    talk: list[int], keeper: Person, matter: str
) -> None:
    officer = reader(Role.COMPLIANCE)
    with pytest.raises(Forbidden):
        rebuilt(officer, matter)
    with pytest.raises(PurposeDenied):
        reading.search(query="龙井", purpose=SystemPurpose.REBUILD.value, matter=matter, by=officer, at=NOW)
    matters.close(number=matter, by=BY, at=NOW)
    with pytest.raises(MatterNotOpen):
        rebuilt(keeper, matter)
    assert openings.openings() == []


def test_an_item_that_is_not_as_it_was_sealed_is_named_and_keeps_no_other_from_being_found(
    talk: list[int], keeper: Person, matter: str, owner_sql: Sql
) -> None:
    owner_sql(
        "UPDATE archive_item SET ciphertext = ciphertext || '\\x00'::bytea WHERE item_id = %s", [talk[4]]
    )
    assert rebuilt(keeper, matter).unreadable == (talk[4],)
    assert found("龙井") == talk[3::-1]
    assert "archive.not_indexed" in findings()


def test_the_months_of_rebuilding_are_those_of_the_index(talk: list[int], keeper: Person) -> None:
    with rebuilding.begin() as under_way:
        assert under_way.months == [202607, 202608, 202609]
        found_by_month = [list(under_way.pieces(month)) for month in under_way.months]
    assert found_by_month == [[talk[:1]], [talk[1:3]], [talk[3:]]]
    assert month_of(np.array([rebuilding.first_ms(MONTH)])).tolist() == [MONTH]
