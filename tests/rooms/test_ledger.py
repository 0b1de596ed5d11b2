"""The book: entries commit to rows, tiles fill, and fsck names whatever was changed behind its back."""

import pickle
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.db.utils import IntegrityError, ProgrammingError
from psycopg.conninfo import make_conninfo

from jieli.access.models import User
from jieli.kernel.ids import new_id
from jieli.kernel.times import HOUR, MINUTE
from jieli.ledger import append, checks, fsck, locks, queries, stored, upcasting, walking, whole
from jieli.ledger.errors import ClockWentBack, NoLog, NothingWritten
from jieli.ledger.operations import book, heartbeat, open_log
from jieli.ledger.stored import StoredTree
from jieli.ledger.types import Pulse, Silence
from jieli.ledger.upcasting import LaterSchema
from jieli.parties.models import Unit
from jieli.wiring import start
from seal.errors import SealError
from seal.part import parse_entry
from seal.tiles import TileTree
from seal.tree import Tree, leaf_hash, root, verify_consistency, verify_inclusion
from tests.conftest import NOW

pytestmark = pytest.mark.usefixtures("db")
Sql = Callable[..., list[tuple[Any, ...]]]


def person(name: str, at: int = NOW) -> User:
    return User(id=new_id(at), sign_in=name, name=name, password="")


def admit(*names: str, at: int = NOW) -> list[User]:
    people = [person(n) for n in names]
    with book(at=at) as b:
        b.entry("access.admit", by="system:test").insert(*people)
    return people


def findings() -> set[str]:
    return {f.code for f in fsck.run(checks.checks({})).findings}


def test_an_entry_commits_to_its_facts_and_to_each_row_written() -> None:
    people = admit("李敏", "周航")
    entry = queries.entries([0])[0]
    leaves = queries.part_leaves([0])[0]
    assert parse_entry(entry.data).count == 3
    assert root(leaves) == entry.commitment
    [version] = queries.history("access_user", people[0].id)
    assert version.values == {"id": str(people[0].id), "name": "李敏", "sign_in": "李敏"}


def test_a_revision_keeps_what_was() -> None:
    [user] = admit("李敏")
    user.name = "李敏敏"
    with book(at=NOW + 5) as b:
        b.entry("access.rename", by="system:test").revise(user)
    versions = queries.history("access_user", user.id)
    assert [v.values and v.values["name"] for v in versions] == ["李敏", "李敏敏"]
    assert queries.first_recorded("access_user")[str(user.id)].entry == 0
    assert findings() == set()


def test_many_revisions_in_one_statement_are_the_same_as_one_by_one() -> None:
    """From a hundred rows on they go over a passing table; twice in one book, for it is used again."""
    people = admit(*(f"many{n}" for n in range(250)))
    with book(at=NOW + MINUTE) as b:
        for word in ("改", "又改"):
            for person in people:
                person.name = f"{word}{person.sign_in}"
            b.entry("access.rename", by="system:test").revise(*people)
    stored = dict(User.objects.filter(sign_in__startswith="many").values_list("sign_in", "name"))
    assert stored == {f"many{n}": f"又改many{n}" for n in range(250)}
    assert [len(queries.history("access_user", p.id)) for p in people[:3]] == [3, 3, 3]
    assert findings() == set()


def test_nested_books_stand_or_fall_together() -> None:
    with pytest.raises(RuntimeError, match="stop"), book(at=NOW) as outer:
        outer.entry("access.admit", by="system:test").insert(person("甲"))
        with book(at=NOW) as inner:
            inner.entry("access.admit", by="system:test").insert(person("乙"))
        raise RuntimeError("stop")
    assert User.objects.count() == 0
    assert queries.head(1).size == 0


def test_a_book_without_an_entry_is_refused() -> None:
    with pytest.raises(NothingWritten), book(at=NOW):
        pass


def test_time_never_runs_backwards() -> None:
    admit("甲", at=NOW)
    admit("乙", at=NOW - MINUTE)
    assert [e.time for e in queries.entries([0, 1]).values()] == [NOW, NOW]
    with pytest.raises(ClockWentBack):
        admit("丙", at=NOW - 11 * MINUTE)


def test_tiles_of_300_entries_give_the_same_root_and_proofs_as_the_entries() -> None:
    with book(at=NOW) as b:
        for n in range(300):
            b.entry("access.note", by="system:test", facts={"n": n})
    leaves = [leaf_hash(queries.entries([n])[n].data) for n in range(300)]
    tree = TileTree(300, queries.tile)
    assert tree.root() == root(leaves)
    assert findings() == set()


def test_thirty_threads_append_without_a_gap() -> None:
    barrier = threading.Barrier(8)

    def write(name: str) -> None:
        barrier.wait()
        for n in range(5):
            admit(f"{name}{n}")
        connections.close_all()

    threads = [threading.Thread(target=write, args=(f"t{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert queries.head(1).size == 40
    assert findings() == set()


def test_the_application_may_neither_change_nor_delete_entries() -> None:
    admit("甲")
    for statement in (
        "UPDATE ledger_entry SET time = 1",
        "DELETE FROM ledger_part",
        "DELETE FROM access_user",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE ledger_entry SET time = time + 1 WHERE index = 1", "ledger.entry_leaf"),
        ("UPDATE ledger_entry SET kind = 'access.other' WHERE index = 1", "ledger.entry_leaf"),
        ("UPDATE ledger_entry SET leaf = sha256('x') WHERE index = 1", "ledger.entry_leaf"),
        ("DELETE FROM ledger_entry WHERE index = 1", "ledger.entry_gap"),
        ("UPDATE ledger_part SET body = '{}' WHERE entry = 1 AND n = 1", "ledger.part_leaf"),
        ("UPDATE ledger_part SET row_id = 'x' WHERE entry = 1 AND n = 1", "ledger.part_row"),
        ("UPDATE ledger_part SET salt = NULL, body = NULL, shredded_in = 2 WHERE n = 1 AND entry = 1",
         "ledger.part_lost"),
        ("DELETE FROM ledger_part WHERE entry = 1 AND n = 1", "ledger.part_count"),
        ("UPDATE access_user SET name = 'x' WHERE name = '乙'", "ledger.row_changed"),
        ("DELETE FROM access_user WHERE name = '乙'", "ledger.row_missing"),
    ],
)  # fmt: skip
def test_fsck_names_what_the_owner_changed(statement: str, code: str, owner_sql: Sql) -> None:
    for name in ("甲", "乙", "丙"):
        admit(name)
    assert findings() == set()
    owner_sql(statement)
    assert code in findings()


def test_fsck_names_a_row_that_no_entry_wrote(owner_sql: Sql) -> None:
    admit("甲")
    owner_sql(
        "INSERT INTO matters_matter (id, kind, number, title, opened_on)"
        " VALUES (gen_random_uuid(), '争议', 'M-2026-0009', 'x', '2026-09-01')"
    )
    assert findings() == {"ledger.row_unknown"}


def test_a_changed_tile_is_found(owner_sql: Sql) -> None:
    with book(at=NOW) as b:
        for n in range(256):
            b.entry("access.note", by="system:test", facts={"n": n})
    owner_sql("UPDATE ledger_tile SET root = sha256('x')")
    assert findings() == {"ledger.tile"}


def test_a_log_is_opened_once_for_its_origin() -> None:
    assert open_log(origin="test.jieli.example/log", at=NOW) == 1
    assert queries.origin() == "test.jieli.example/log"


def test_a_broken_reference_is_refused_before_the_lock_is_taken(
    other_connection: Callable[..., psycopg.Connection[Any]],
) -> None:
    """What Django defers to COMMIT would otherwise be judged while every other writer waits."""
    other = other_connection()
    other.execute("SELECT pg_advisory_xact_lock(%s, %s)", [locks._HOUSE, locks.LOG + 1])
    lost = Unit(id=new_id(NOW), code="S9", name="无主部", entity_id=new_id(NOW))
    with pytest.raises(IntegrityError), book(at=NOW) as b:
        b.entry("parties.register_units", by="system:test").insert(lost)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
    assert queries.head(1).size == 0


def test_an_entry_goes_to_the_newest_log_and_none_without_a_log(owner_sql: Sql) -> None:
    open_log(origin="second.jieli.example/log", at=NOW)
    admit("甲")
    assert (queries.head(1).size, queries.head(2).size) == (0, 1)
    owner_sql("DELETE FROM ledger_part; DELETE FROM ledger_entry; DELETE FROM ledger_log")
    with pytest.raises(NoLog):
        admit("乙")


@pytest.fixture
def long_log(owner_sql: Sql) -> list[bytes]:
    """66,000 leaves with the tiles that our own code makes of them: enough for a tile of the second level."""
    owner_sql(
        "INSERT INTO ledger_entry SELECT 1, i, 1, 'access.note', 0, 1, sha256('x'), sha256(i::text::bytea)"
        " FROM generate_series(0, 65999) i"
    )
    leaves = [sha256(str(n).encode()).digest() for n in range(66_000)]
    append.fill_tiles(1, 0, leaves[:300])
    append.fill_tiles(1, 300, leaves[300:])
    return leaves


def test_proofs_from_stored_tiles_are_those_of_the_whole_tree(long_log: list[bytes]) -> None:
    rng = random.Random(7)
    sizes = [
        1,
        2,
        255,
        256,
        257,
        511,
        65_536,
        65_537,
        65_792,
        66_000,
        *(rng.randrange(1, 66_000) for _ in range(9)),
    ]
    assert queries.roots(sizes, upto=66_000) == {size: root(long_log[:size]) for size in sizes}
    tree, stored = Tree(long_log), StoredTree(1, 66_000)
    chosen = [0, 255, 256, 65_535, 65_536, 65_999, *(rng.randrange(66_000) for _ in range(300))]
    assert queries.inclusion_proofs(chosen, 66_000) == {index: tree.inclusion(index) for index in chosen}
    assert {old: queries.consistency_proof(old, 66_000) for old in sizes} == {
        old: tree.consistency(old) for old in sizes
    }
    for size in sizes:
        top, index = root(long_log[:size]), rng.randrange(size)
        path = stored.inclusion(index, size)
        verify_inclusion(leaf=long_log[index], index=index, size=size, path=path, root=top)
        earlier = rng.randrange(1, size + 1)
        verify_consistency(
            old=earlier, size=size, old_root=root(long_log[:earlier]), root=top,
            path=stored.consistency(earlier, size),
        )  # fmt: skip


def test_many_proofs_ask_for_their_tiles_once(long_log: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[set[tuple[int, int]]] = []
    read = stored.tiles
    monkeypatch.setattr(
        stored, "tiles", lambda log, size, keys: (asked.append(keys), read(log, size, keys))[1]
    )
    chosen = random.Random(3).sample(range(66_000), 400)
    queries.inclusion_proofs(chosen, 66_000)
    assert [len([key for key in keys if key[0] == 0]) for keys in asked] == [
        len({index // 256 for index in chosen} | {65_999 // 256})
    ]


def test_a_missing_or_shortened_tile_gives_no_proof(long_log: list[bytes], owner_sql: Sql) -> None:
    owner_sql("UPDATE ledger_tile SET data = substr(data, 1, 8160) WHERE level = 0 AND n = 3")
    with pytest.raises(SealError, match="length"):
        queries.inclusion_proofs([3 * 256], 66_000)
    owner_sql("DELETE FROM ledger_tile WHERE level = 0 AND n = 3")
    with pytest.raises(SealError, match="length"):
        queries.inclusion_proofs([3 * 256], 66_000)
    assert len(queries.inclusion_proofs([4 * 256], 66_000)[4 * 256]) == 17


def signed_at(owner_sql: Sql, size: int) -> None:
    """A checkpoint of this size stands there, and no other: what it says is not looked at."""
    owner_sql("DELETE FROM ledger_checkpoint")
    owner_sql(f"INSERT INTO ledger_checkpoint VALUES (1, {size}, 'x', 'x', 0)")


def stands() -> stored.Stands:
    found = stored.stands()
    assert found is not None
    return found


def test_the_edge_read_with_the_head_gives_the_roots_of_both_sizes(
    long_log: list[bytes], owner_sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[set[tuple[int, int]]] = []
    monkeypatch.setattr(stored, "tiles", lambda log, size, keys: asked.append(keys) or {})
    sizes, earlier = (66_000, 65_792, 65_537, 65_536, 65_535), (0, 1, 255, 256, 511, 32_768, 65_280, 65_300)
    roots = {one: root(long_log[:one]) for one in (*sizes, *earlier)}
    for size in sizes:  # the log is cut short from one to the next
        owner_sql(f"DELETE FROM ledger_entry WHERE index >= {size}")
        owner_sql(f"DELETE FROM ledger_tile WHERE (n + 1) << 8 * (level + 1) > {size}")
        for signed in earlier:
            signed_at(owner_sql, signed)
            found = stands()
            assert (found.size, found.signed) == (size, signed)
            assert found.tree().roots([size, signed]) == {size: roots[size], signed: roots[signed]}
    assert asked == []


def test_nothing_of_the_edge_is_read_when_the_head_is_signed(long_log: list[bytes], owner_sql: Sql) -> None:
    signed_at(owner_sql, 66_000)
    assert dict(stands().edge) == {}


def test_an_edge_that_is_cut_short_gives_no_root(long_log: list[bytes], owner_sql: Sql) -> None:
    signed_at(owner_sql, 3 * 256 + 5)
    owner_sql("UPDATE ledger_tile SET data = substr(data, 1, 8160) WHERE level = 0 AND n = 3")
    with pytest.raises(SealError, match="length"):
        stands().tree().roots([66_000, 3 * 256 + 5])
    owner_sql("DELETE FROM ledger_tile WHERE level = 0 AND n = 3")
    with pytest.raises(SealError, match="length"):
        stands().tree().roots([66_000, 3 * 256 + 5])


def notes(count: int, *, at: int = NOW) -> None:
    with book(at=at) as b:
        for n in range(count):
            b.entry("access.note", by="system:test", facts={"n": n})


DAMAGES = [
    "DELETE FROM ledger_entry WHERE index = 255",
    "DELETE FROM ledger_entry WHERE index = 256",
    "DELETE FROM ledger_entry WHERE index BETWEEN 200 AND 600",
    "UPDATE ledger_entry SET index = 5000000 WHERE index = 699",
    "UPDATE ledger_entry SET time = time - 1 WHERE index = 512",
    "UPDATE ledger_entry SET kind = 'Not a kind' WHERE index = 300",
    "UPDATE ledger_entry SET commitment = sha256('x') WHERE index = 300",
    "UPDATE ledger_entry SET log = 7 WHERE index = 300",
    "UPDATE ledger_entry SET count = 9 WHERE index = 3",
    "UPDATE ledger_part SET entry = 900 WHERE entry = 10",
    "UPDATE ledger_part SET n = 4 WHERE entry = 10",
    "UPDATE ledger_part SET log = 7 WHERE entry = 10",
    "UPDATE ledger_part SET body = '{}', leaf = sha256('\\x00'::bytea || salt || '{}') WHERE entry = 10",
    "UPDATE ledger_part SET row_table = 'access_user', row_id = 'x' WHERE entry = 10",
    "UPDATE ledger_part SET salt = NULL, body = NULL, shredded_in = 600 WHERE entry = 256",
    "UPDATE ledger_tile SET data = data || data WHERE n = 1",
    "UPDATE ledger_tile SET n = 9 WHERE n = 1",
    "UPDATE ledger_tile SET level = 1 WHERE n = 1",
    "UPDATE ledger_tile SET log = 2 WHERE n = 1",
    "DELETE FROM ledger_tile WHERE n = 0",
]


TABLES = ("ledger_entry", "ledger_part", "ledger_tile")


def test_ranges_name_the_damage_that_one_walk_names(owner_sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    """One walk, ranges of a tile each, and ranges that others walk over connections of their own."""
    notes(700)
    admit("甲", "乙")
    for table in TABLES:
        owner_sql(f"CREATE TEMP TABLE kept_{table} AS TABLE {table}")
    assert list(whole.check_book({})) == []
    for damage in DAMAGES:
        owner_sql(damage)
        at_once = {f.code for f in whole.check_book({})}
        with monkeypatch.context() as small, ThreadPoolExecutor(2) as others:
            small.setattr(whole, "RANGE", 256)
            in_ranges = {f.code for f in whole.check_book({})}
            by_others = {f.code for f in whole.check_book({}, others)}
        assert (damage, in_ranges, by_others) == (damage, at_once, at_once)
        assert at_once != set(), damage
        for table in TABLES:
            owner_sql(f"DELETE FROM {table}; INSERT INTO {table} TABLE kept_{table}")
    for table in TABLES:
        owner_sql(f"DROP TABLE kept_{table}")


def test_what_a_walk_hands_over_goes_between_processes(db: None) -> None:
    notes(300)
    span = walking.Span(1, 0, 256, frozenset({"access.note"}))
    address = connections["default"].cursor().connection.info
    walked, found = walking.walk_alone(make_conninfo(address.dsn, password=address.password), None, span)
    assert pickle.loads(pickle.dumps((walked, found))) == (walked, found)  # noqa: S301 - our own
    assert (walked.entries, walked.parts, len(walked.waiting), list(walked.roots)) == (256, 256, 256, [0])


@pytest.fixture
def invented() -> Iterator[str]:
    """A kind whose facts had a `who`, then a `person`, and have a list of `people` today."""
    kind = "access.invented"
    yield kind
    upcasting.forget(kind)


def test_facts_of_every_version_are_read_in_the_present_shape(invented: str) -> None:
    def write(**facts: Any) -> None:
        with book(at=NOW) as b:
            b.entry(invented, by="system:test", facts=facts)

    write(who="甲")
    upcasting.upcaster(invented, leaves=1)(
        lambda f: {"person": f["who"], **{k: v for k, v in f.items() if k != "who"}}
    )
    write(person="乙")
    upcasting.upcaster(invented, leaves=2)(
        lambda f: {"people": [f["person"]], **{k: v for k, v in f.items() if k != "person"}}
    )
    write(people=["丙", "丁"])
    assert queries.facts([0, 1, 2]) == {
        n: {"by": "system:test", "people": people} for n, people in enumerate([["甲"], ["乙"], ["丙", "丁"]])
    }
    assert findings() == set()
    upcasting.forget(invented)
    assert queries.facts([0]) == {0: {"by": "system:test", "who": "甲"}}
    with pytest.raises(LaterSchema):
        queries.facts([2])


def test_upcasters_come_in_order_and_their_mark_belongs_to_the_book(invented: str) -> None:
    with pytest.raises(ValueError, match="leaves version 1"):
        upcasting.upcaster(invented, leaves=2)(dict)
    with pytest.raises(ValueError, match="belongs to the book"), book(at=NOW) as b:
        b.entry(invented, by="system:test", facts={"schema": 1})
    with pytest.raises(LaterSchema):
        upcasting.upcast(invented, 0, {})


def test_hours_without_a_heartbeat_are_named_and_are_no_damage() -> None:
    assert queries.pulse() == Pulse(None, ())
    for hour in (0, 1, 2, 7, 8):
        heartbeat(by="system:test", at=NOW + hour * HOUR)
    notes(2, at=NOW + 9 * HOUR)
    notes(1, at=NOW + 13 * HOUR)
    last, gap = NOW + 8 * HOUR, Silence(NOW + 2 * HOUR, NOW + 7 * HOUR, 2, 0)
    assert queries.pulse() == Pulse(last, (gap, Silence(last, NOW + 13 * HOUR, 4, 3)))
    assert queries.pulse(until=NOW + 20 * HOUR).silences[1].end == NOW + 20 * HOUR
    assert queries.pulse(longest=6 * HOUR).silences == ()
    report = fsck.run(checks.checks({}))
    assert report.clean
    assert [(n.code, n.id) for n in report.notes] == [("ledger.silence", "2"), ("ledger.silence", "4")]
    assert "2026-09-22 00:13 至 2026-09-22 05:13" in report.notes[0].sentence


def test_a_filled_ledger_of_the_first_schema_is_carried_to_the_newest(owner_sql: Sql) -> None:
    """Migrate back, fill as the first schema allows, and forward again: every row stands and proves itself."""
    call_command("migrate", "ledger", "0001", database="owner", verbosity=0, interactive=False)
    notes(300)
    heartbeat(by="system:test", at=NOW)
    before = {t: owner_sql(f"SELECT * FROM {t} ORDER BY 1, 2, 3") for t in TABLES}
    start.migrate()
    assert {
        t: [row[: len(before[t][0])] for row in owner_sql(f"SELECT * FROM {t} ORDER BY 1, 2, 3")]
        for t in TABLES
    } == before
    admit("甲")
    assert queries.head(1).size == 302
    assert findings() == set()
