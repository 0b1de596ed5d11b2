"""What each role of the database is refused, table by table, by trying it (ADR 9)."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import connections
from django.db.models import Model

from jieli.ledger.tables import Kind, Row, rows

pytestmark = pytest.mark.usefixtures("db")

STORES = ("default", "keys")
#: The alias under which each role reaches the main store; for the key store only the name of the database differs.
ROLES = {"app": "default", "shred": "shred", "read": "read"}
DJANGO_ONLY = {"context", "cursor_factory", "prepare_threshold"}
Try = Callable[[str], str]


@pytest.fixture
def as_role() -> Iterator[Callable[[str, str], Try]]:
    """Of a role and a store: what tries a statement there and says how it ended ("" when it was done)."""
    opened: list[psycopg.Connection[Any]] = []

    def connect(role: str, store: str = "default") -> Try:
        params = connections[ROLES[role]].get_connection_params()
        name = connections[store].settings_dict["NAME"]
        wanted = {k: v for k, v in params.items() if k not in DJANGO_ONLY}
        opened.append(psycopg.connect(**wanted | {"dbname": name, "autocommit": True}))
        connection = opened[-1]

        def attempt(statement: str) -> str:
            try:
                connection.execute(statement)
            except psycopg.errors.InsufficientPrivilege as error:
                return str(error).partition("\n")[0]
            return ""

        return attempt

    yield connect
    for connection in opened:
        connection.close()


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
    refused = "permission denied for function archive_shred_parts"
    assert attempt("SELECT archive_shred_parts(1::smallint, 1, '[]')") == refused
    assert attempt("SELECT archive_held('{1}')").startswith("permission denied for table archive_")
    standing_there = owner_sql(
        "SELECT proname FROM pg_proc p WHERE pronamespace = 'public'::regnamespace"
        " AND prorettype <> 'trigger'::regtype AND NOT EXISTS (SELECT FROM pg_depend d"
        " WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e') ORDER BY proname"
    )
    assert [name for (name,) in standing_there] == [
        "archive_held", "archive_shred", "archive_shred_parts", "archive_sweep_segments",
    ]  # fmt: skip


@pytest.mark.parametrize("role", ["app", "read"])
def test_no_other_role_may_call_a_function_that_destroys(as_role: Callable[..., Try], role: str) -> None:
    attempt = as_role(role)
    answers = {
        name: attempt(f"SELECT {name}({arguments})")
        for name, arguments in (
            ("archive_shred", "gen_random_uuid()"),
            ("archive_sweep_segments", ""),
            ("archive_shred_parts", "1::smallint, 1, '[]'"),
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
