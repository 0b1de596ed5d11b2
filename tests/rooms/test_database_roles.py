"""What each role of the database is refused, table by table, by trying it (ADR 9)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.apps import apps
from django.db import connections
from django.db.models import Model

from jieli.archive import keys, opening, operations
from jieli.archive.types import HoldScope
from jieli.ledger.tables import Kind, Row, rows
from tests.conftest import NOW
from tests.rooms.test_archive_samples import OPENING, codes, keep, ring, sample

__all__ = ["ring"]
pytestmark = pytest.mark.usefixtures("db")

STORES = ("default", "keys")
#: The alias under which each role reaches the main store; for the key store only the name of the database differs.
ROLES = {"app": "default", "shred": "shred", "read": "read"}
#: What `archive_shred` calls for the parts that an intent names; nobody may call them but it.
_ENTRY, _ROWS = "1::smallint, 1, '[]'", "'{}'::uuid[]"
#: What the one function calls, with arguments of the right types: nobody else may call any of them.
INNER = {
    **dict.fromkeys(
        (
            "archive_shred_parts", "archive_shred_archived", "archive_shred_registers", "archive_shred_openings",
            "archive_shred_papers", "archive_shred_cases",
        ),
        _ENTRY,
    ),
    **{f"case_rows_emptied_in_{room}": _ROWS for room in ("below", "evidence", "handover", "succession")},
    "register_rows_emptied_in_succession": _ROWS,
}  # fmt: skip
DJANGO_ONLY = {"context", "cursor_factory", "prepare_threshold"}
Try = Callable[[str], str]


@pytest.fixture
def as_connection() -> Iterator[Callable[[str, str], psycopg.Connection[Any]]]:
    """A connection of a role to a store."""
    opened: list[psycopg.Connection[Any]] = []

    def connect(role: str, store: str) -> psycopg.Connection[Any]:
        params = connections[ROLES[role]].get_connection_params()
        name = connections[store].settings_dict["NAME"]
        wanted = {k: v for k, v in params.items() if k not in DJANGO_ONLY}
        opened.append(psycopg.connect(**wanted | {"dbname": name, "autocommit": True}))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture
def as_role(as_connection: Callable[[str, str], psycopg.Connection[Any]]) -> Callable[..., Try]:
    """Of a role and a store: what tries a statement there and says how it ended ("" when it was done)."""

    def connect(role: str, store: str = "default") -> Try:
        connection = as_connection(role, store)

        def attempt(statement: str) -> str:
            try:
                connection.execute(statement)
            except psycopg.errors.InsufficientPrivilege as error:
                return str(error).partition("\n")[0]
            return ""

        return attempt

    return connect


def tables(store: str, *kinds: Kind) -> list[type[Row]]:
    """The house's tables of a store that are of these kinds."""
    return [m for m in rows() if m.store == store and m.table_kind in kinds]


def standing(store: str) -> list[str]:
    """The names of all tables of a store, the framework's too."""
    found = {m._meta.db_table for m in apps.get_models(include_auto_created=True) if store_of(m) == store}
    return sorted(found | {"django_migrations"})


def store_of(model: type[Model]) -> str:
    return getattr(model, "store", "default")


def updates(models: Iterable[type[Model]]) -> dict[str, str]:
    """Statement → table, one for each column; no column is read, so that nothing but UPDATE is asked for."""
    return {
        f'UPDATE "{m._meta.db_table}" SET "{f.column}" = DEFAULT': m._meta.db_table
        for m in models
        for f in m._meta.concrete_fields
    }


def writes(names: Iterable[str]) -> dict[str, str]:
    return {
        statement.format(f'"{name}"'): name
        for name in names
        for statement in ("INSERT INTO {} DEFAULT VALUES", "DELETE FROM {}", "TRUNCATE {}")
    }


def allowed(attempt: Try, statements: dict[str, str]) -> dict[str, str]:
    """The statements that did not end in the server's own refusal for their table, and how they ended."""
    answers = {statement: attempt(statement) for statement in statements}
    return {s: a for s, a in answers.items() if a != f"permission denied for table {statements[s]}"}


@pytest.mark.parametrize("store", STORES)
def test_the_application_may_delete_from_no_table_that_proves_something(
    as_role: Callable[..., Try], store: str
) -> None:
    proving = [m._meta.db_table for m in tables(store, Kind.APPEND, Kind.REVISE)]
    assert len(proving) >= 3
    assert allowed(as_role("app", store), {f'DELETE FROM "{name}"': name for name in proving}) == {}


def test_the_application_may_update_no_column_of_a_table_that_is_only_appended_to(
    as_role: Callable[..., Try],
) -> None:
    statements = updates(tables("default", Kind.APPEND))
    assert len(statements) > 150
    assert allowed(as_role("app"), statements) == {}


@pytest.mark.parametrize("store", STORES)
def test_the_application_may_truncate_no_table_at_all(as_role: Callable[..., Try], store: str) -> None:
    assert allowed(as_role("app", store), {f'TRUNCATE "{name}"': name for name in standing(store)}) == {}


@pytest.mark.parametrize("store", STORES)
def test_the_application_may_do_what_the_kinds_of_its_tables_give(
    as_role: Callable[..., Try], store: str
) -> None:
    attempt = as_role("app", store)
    revised = [f"{statement} WHERE false" for statement in updates(tables(store, Kind.REVISE, Kind.FREE))]
    freed = [f'DELETE FROM "{m._meta.db_table}" WHERE false' for m in tables(store, Kind.FREE)]
    seen = [f'SELECT FROM "{name}"' for name in standing(store)]
    assert {statement: attempt(statement) for statement in revised + freed + seen} == dict.fromkeys(
        revised + freed + seen, ""
    )


@pytest.mark.parametrize("store", STORES)
def test_the_reading_role_may_select_and_nothing_else(as_role: Callable[..., Try], store: str) -> None:
    attempt = as_role("read", store)
    names = standing(store)
    models = [m for m in apps.get_models(include_auto_created=True) if store_of(m) == store]
    assert {name: attempt(f'SELECT * FROM "{name}"') for name in names} == dict.fromkeys(names, "")
    assert allowed(attempt, writes(names) | updates(models)) == {}


@pytest.mark.parametrize("store", STORES)
def test_the_destroying_role_may_touch_no_table_itself(as_role: Callable[..., Try], store: str) -> None:
    attempt = as_role("shred", store)
    names = standing(store)
    models = [m for m in apps.get_models(include_auto_created=True) if store_of(m) == store]
    selects = {f'SELECT FROM "{name}"': name for name in names}
    assert allowed(attempt, selects | writes(names) | updates(models)) == {}


def test_the_destroying_role_may_call_its_two_functions_and_no_other(
    as_role: Callable[..., Try], owner_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    attempt = as_role("shred")
    with pytest.raises(psycopg.DatabaseError, match=r"archive\.not_intended"):
        attempt("SELECT archive_shred(gen_random_uuid())")
    assert attempt("SELECT archive_sweep_segments()") == ""
    for inner, arguments in INNER.items():
        assert attempt(f"SELECT {inner}({arguments})") == f"permission denied for function {inner}"
    assert attempt("SELECT archive_held('{1}')").startswith("permission denied for table archive_")
    standing_there = owner_sql(
        "SELECT proname, prosecdef, has_function_privilege('jieli_shred', p.oid, 'EXECUTE') FROM pg_proc p"
        " WHERE pronamespace = 'public'::regnamespace AND prorettype <> 'trigger'::regtype"
        " AND provolatile = 'v' AND NOT EXISTS (SELECT FROM pg_depend d"
        " WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e') ORDER BY proname"
    )
    mighty = ["archive_shred", "archive_sweep_segments"]
    assert standing_there == [
        (name, name in mighty, name in mighty) for name in sorted([*mighty, *INNER])
    ]  # every other function is STABLE or IMMUTABLE: it cannot write


@pytest.mark.parametrize("role", ["app", "read"])
def test_no_other_role_may_call_a_function_that_destroys(as_role: Callable[..., Try], role: str) -> None:
    attempt = as_role(role)
    answers = {
        name: attempt(f"SELECT {name}({arguments})")
        for name, arguments in (
            ("archive_shred", "gen_random_uuid()"),
            ("archive_sweep_segments", ""),
            *INNER.items(),
        )
    }
    assert answers == {name: f"permission denied for function {name}" for name in answers}


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("role", list(ROLES))
@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE jieli_owner",
        "SET session_replication_role = 'replica'",
        "CREATE TABLE public.aside (id integer)",
        "CREATE FUNCTION public.aside() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE django_migrations DISABLE TRIGGER ALL",
        "DROP TABLE django_migrations",
        "CREATE ROLE aside",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('PG_VERSION')",
    ],
)
def test_no_serving_role_may_become_another_or_change_what_stands(
    as_role: Callable[..., Try], role: str, store: str, statement: str
) -> None:
    assert as_role(role, store)(statement).startswith(
        ("permission denied", "must be owner of", "must be superuser")
    )


@pytest.mark.parametrize(
    "statement", ["SELECT nextval('archive_batch_id_seq')", "CREATE TEMP TABLE aside ()"]
)
@pytest.mark.parametrize("role", ["read", "shred"])
def test_only_the_application_may_take_numbers_or_make_passing_tables(
    as_role: Callable[..., Try], role: str, statement: str
) -> None:
    assert as_role(role)(statement).startswith("permission denied")
    assert as_role("app")(statement) == ""


#: Ways to make what is kept disappear, on the main store, each as several statements; {item}, {batch} and {shred}
#: are a held item, its batch and an intent that was never entered. None of them is `archive_shred` on an intent.
WAYS = {
    "delete": (
        "DELETE FROM archive_item WHERE item_id = {item}",
        "DELETE FROM archive_hold",
        "DELETE FROM ledger_part",
        "WITH gone AS (DELETE FROM archive_basis RETURNING 1) SELECT count(*) FROM gone",
    ),
    "truncate": (
        "TRUNCATE archive_item",
        "TRUNCATE archive_hold CASCADE",
        "TRUNCATE archive_batch, archive_basis RESTART IDENTITY CASCADE",
    ),
    "update": (
        "UPDATE archive_item SET ciphertext = ''",
        "UPDATE archive_item SET conversation = 0, item_id = item_id + 1",
        "SELECT * FROM archive_item FOR UPDATE",
        "UPDATE archive_hold SET target = 'x'",
    ),
    "tombstone": (
        "INSERT INTO archive_tombstone (item_id, conversation, shred_id) VALUES ({item}, 1, '{shred}')",
        "UPDATE archive_tombstone SET item_id = {item}",
        "INSERT INTO archive_tombstone SELECT item_id, conversation, '{shred}' FROM archive_item",
    ),
    "functions": (
        "SELECT archive_shred(NULL)",
        "SELECT archive_shred('{shred}')",
        "SELECT archive_shred((SELECT id FROM archive_hold LIMIT 1))",
        "SELECT archive_shred_parts(1::smallint, 0, '[[1, 1]]')",
        "CREATE OR REPLACE FUNCTION archive_held(bigint[]) RETURNS TABLE (item_id bigint, hold uuid)"
        " LANGUAGE sql AS 'SELECT 1::bigint, NULL::uuid WHERE false'",
        "ALTER FUNCTION archive_shred(uuid) SECURITY INVOKER",
    ),
    "tricks": (
        "INSERT INTO archive_item SELECT * FROM archive_item"
        " ON CONFLICT (item_id, conversation) DO UPDATE SET ciphertext = ''",
        "INSERT INTO archive_item SELECT * FROM archive_item",
        "MERGE INTO archive_item i USING archive_hold h ON true WHEN MATCHED THEN DELETE",
        "MERGE INTO archive_item i USING archive_hold h ON true WHEN MATCHED THEN UPDATE SET ciphertext = ''",
        "SELECT setval('archive_batch_id_seq', 1)",
        "ALTER SEQUENCE archive_batch_id_seq RESTART",
        "COPY archive_item TO PROGRAM 'true'",
        "COPY archive_item FROM '/etc/hostname'",
        "CREATE RULE gone AS ON SELECT TO archive_item DO INSTEAD SELECT 1",
    ),
    "triggers": (
        "ALTER TABLE archive_tombstone DISABLE TRIGGER archive_tombstone_asks",
        "ALTER TABLE archive_tombstone DISABLE TRIGGER ALL",
        "DROP TRIGGER archive_tombstone_asks ON archive_tombstone",
        "SET session_replication_role = 'replica'",
        "ALTER TABLE archive_item ENABLE ROW LEVEL SECURITY",
    ),
    "roles": (
        "SET ROLE jieli_owner",
        "SET ROLE jieli_shred_owner",
        "SET SESSION AUTHORIZATION jieli_owner",
        "GRANT DELETE ON archive_item TO CURRENT_USER",
        "ALTER TABLE archive_item OWNER TO CURRENT_USER",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "REASSIGN OWNED BY jieli_owner TO CURRENT_USER",
    ),
    "cascade": (
        "DROP TABLE archive_item CASCADE",
        "DROP SCHEMA public CASCADE",
        "DROP OWNED BY jieli_owner CASCADE",
        "DELETE FROM archive_conversation",
        "ALTER TABLE archive_tombstone ADD FOREIGN KEY (item_id) REFERENCES archive_batch ON DELETE CASCADE",
        "ALTER TABLE archive_item DROP COLUMN ciphertext",
    ),
}
#: Done without an error, and without effect: a grant of what one has not is only warned of.
NO_ERROR = {"GRANT DELETE ON archive_item TO CURRENT_USER"}
#: The same on the key store. The application may UPDATE pages there, for destroying rewrites them: fsck and the
#: keeper stand behind that (ADR 18), not the server's rights.
WAYS_TO_KEYS = (
    "DELETE FROM archive_key_page",
    "TRUNCATE archive_key_page",
    "DROP TABLE archive_key_page CASCADE",
    "ALTER TABLE archive_key_page ALTER COLUMN sealed TYPE text",
    "DELETE FROM archive_wrap_epoch",
    "DELETE FROM archive_index_key",
    "TRUNCATE archive_index_key, archive_wrap_epoch",
    "MERGE INTO archive_key_page p USING archive_wrap_epoch e ON true WHEN MATCHED THEN DELETE",
    "SET ROLE jieli_owner",
)
OVERWRITES = (
    "UPDATE archive_key_page SET sealed = ''",
    "UPDATE archive_index_key SET sealed = ''",
    "INSERT INTO archive_key_page SELECT * FROM archive_key_page ON CONFLICT (id) DO UPDATE SET sealed = ''",
)


@dataclass
class HeldItem:
    id: int
    before: list[tuple[Any, ...]]


@pytest.fixture
def held_item(ring: keys.Keyring, owner_sql: Callable[..., list[tuple[Any, ...]]]) -> HeldItem:
    """An item under a hold, and everything that is kept of it, its key and its hold."""
    [item] = keep([sample(0)])
    operations.hold(scope=HoldScope.ITEM, target=str(item), ground="争议", by="person:a", at=NOW)
    return HeldItem(item, everything(owner_sql))


def everything(owner_sql: Callable[..., list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    tables = (
        "archive_item",
        "archive_basis",
        "archive_conversation",
        "archive_hold",
        "archive_tombstone",
        "ledger_part",
    )
    found = [row for table in tables for row in owner_sql(f"SELECT t::text FROM {table} t ORDER BY 1")]
    return found + owner_sql("SELECT t::text FROM archive_key_page t ORDER BY 1", store="keys")


def refusal(connection: psycopg.Connection[Any], statement: str) -> str:
    """How the server refused a statement; "" if it did it."""
    try:
        connection.execute(statement)
    except psycopg.Error as error:
        return str(error).partition("\n")[0]
    return ""


@pytest.mark.parametrize("role", list(ROLES))
def test_no_way_to_delete_by_sql_is_open_to_any_serving_role(
    role: str,
    as_connection: Callable[[str, str], psycopg.Connection[Any]],
    held_item: HeldItem,
    owner_sql: Callable[..., list[tuple[Any, ...]]],
) -> None:
    names = {"item": held_item.id, "batch": held_item.id // 65_536, "shred": UUID(int=0xBAD)}
    main, key_store = as_connection(role, "default"), as_connection(role, "keys")
    done = {s for way in WAYS.values() for s in way if not refusal(main, s.format(**names))}
    assert done <= NO_ERROR
    assert {s for s in WAYS_TO_KEYS if not refusal(key_store, s)} == set()
    # What the server did not refuse opened no door either.
    assert all(refusal(main, s.format(**names)) for way in ("delete", "truncate") for s in WAYS[way])
    assert len(WAYS) >= 8
    assert everything(owner_sql) == held_item.before
    assert len(opening.open_items([held_item.id], receipt=OPENING)) == 1
    assert codes() == set()


@pytest.mark.parametrize("role", ["shred", "read"])
def test_pages_of_keys_are_overwritten_by_nobody_but_the_application(
    role: str, as_connection: Callable[[str, str], psycopg.Connection[Any]], held_item: HeldItem
) -> None:
    key_store = as_connection(role, "keys")
    assert {s: refusal(key_store, s).startswith("permission denied") for s in OVERWRITES} == dict.fromkeys(
        OVERWRITES, True
    )
    assert len(opening.open_items([held_item.id], receipt=OPENING)) == 1


def test_an_overwritten_page_of_keys_is_found(
    held_item: HeldItem, as_connection: Callable[[str, str], psycopg.Connection[Any]]
) -> None:
    assert refusal(as_connection("app", "keys"), "UPDATE archive_key_page SET sealed = nonce || nonce") == ""
    assert "archive.page_damaged" in codes()


def test_tables_that_shadow_the_holds_deceive_no_trigger(
    held_item: HeldItem, as_connection: Callable[[str, str], psycopg.Connection[Any]]
) -> None:
    app = as_connection("app", "default")
    shred = UUID(int=0xBAD)
    for table in ("archive_hold", "archive_hold_release"):
        app.execute(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table})")
    app.execute("SET search_path = pg_temp, public")
    columns = "(id, scope, reason, items, by, at)"
    app.execute(f"INSERT INTO archive_shred {columns} VALUES (%s, '条目', '绕过', 1, 'a', 0)", [shred])
    tombstone = (
        "INSERT INTO archive_tombstone (item_id, conversation, shred_id)"
        " SELECT item_id, conversation, %s FROM archive_item"
    )
    with pytest.raises(psycopg.DatabaseError, match=r"archive\.held"):
        app.execute(tombstone, [shred])
    with pytest.raises(psycopg.DatabaseError, match=r"archive\.not_intended"):
        as_connection("shred", "default").execute("SELECT archive_shred(%s)", [shred])
    assert len(opening.open_items([held_item.id], receipt=OPENING)) == 1
