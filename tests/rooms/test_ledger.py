"""The book: entries commit to rows, tiles fill, and fsck names whatever was changed behind its back."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections
from django.db.utils import ProgrammingError

from jieli.access.models import User
from jieli.kernel.ids import new_id
from jieli.kernel.times import MINUTE
from jieli.ledger import checks, fsck, queries
from jieli.ledger.errors import ClockWentBack, NothingWritten
from jieli.ledger.operations import book, open_log
from seal.part import parse_entry
from seal.tiles import TileTree
from seal.tree import leaf_hash, root
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
