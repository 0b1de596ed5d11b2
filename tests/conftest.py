"""The suite's database: two fresh ones a run on the private server, or on the server JIELI_TEST_SERVER names.

Tests commit for real, as the application's own role; after each one the tables are emptied by their owner.
"""

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from jieli.wiring import databases, postgres, start

os.environ["COLUMNS"] = "200"  # tables are printed as wide as this, whatever runs the suite
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")  # how busy the machine is says nothing of the code
start.load()  # before any test module imports a model; where the databases are is known only later

pytest_plugins = ["tests.door_record"]
ORIGIN = "test.jieli.example/log"
NOW = 1_790_000_000_000  # 2026-09-21, a Monday: the instant at which most tests act


@contextmanager
def _cluster() -> Iterator[postgres.Cluster]:
    if dsn := os.environ.get("JIELI_TEST_SERVER"):
        # Roles belong to the server: every run on it must know the same passwords, or two would lock each other out.
        home = Path(tempfile.gettempdir()) / f"jieli-test-{sha256(dsn.encode()).hexdigest()[:12]}"
        home.mkdir(mode=0o700, exist_ok=True)
        server = postgres.External(dsn, home)
        postgres.create_roles(server, adopt=True)
        yield server
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield postgres.ensure(Path(temporary), durable=False)
        postgres.discard(Path(temporary))


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    with _cluster() as found:
        yield found


@pytest.fixture(scope="session")
def _house(cluster: postgres.Cluster) -> Iterator[None]:
    suffix = secrets.token_hex(4)
    main, keys = f"jieli_test_{suffix}", f"jieli_test_{suffix}_keys"
    from django.db import connections

    start.connect(start.addresses_on(cluster, main=main, keys=keys))
    start.migrate()
    yield
    connections.close_all()
    for name in (main, keys):
        postgres.drop_database(cluster, name)


@pytest.fixture
def db(_house: None) -> Iterator[None]:
    """An empty house with its log open."""
    from jieli.ledger.operations import open_log
    from jieli.wiring.extraction import forget_mappings

    forget_mappings()
    open_log(origin=ORIGIN, at=NOW)
    yield
    _empty()


@pytest.fixture(autouse=True, scope="session")
def _patience() -> Iterator[None]:
    """What answers on this machine may be as slow as the machine is busy: nobody gives it up for that."""
    from jieli.connectors import stamp, vault, witness
    from jieli.connectors.stamp import deposit
    from jieli.connectors.witness import log_site

    with pytest.MonkeyPatch.context() as patched:
        for connector in (stamp, deposit, vault, witness, log_site):
            patched.setattr(connector, "TIMEOUT", 120.0)
        yield


#: From this many rows on a table is emptied by TRUNCATE.
MANY = 2_000


def _empty() -> None:
    from django.db import connections

    connections["default"].close()
    for owner in databases.STORE_OWNERS.values():
        with connections[owner].cursor() as cursor:
            names = connections[owner].introspection.table_names(cursor)
            tables = [f'"{t}"' for t in names if t != "django_migrations"]
            if not tables:
                continue
            # Emptying a table costs more than looking into it, and most tests write few.
            counts = " UNION ALL ".join(
                f"(SELECT '{t}', count(*) FROM (SELECT 1 FROM {t} LIMIT {MANY}) few)" for t in tables
            )
            cursor.execute(counts)
            used = {name: rows for name, rows in cursor.fetchall() if rows}
            # A connection forgotten in a transaction would make this wait for ever: better to name the test.
            cursor.execute("SET lock_timeout = '120s'")
            if max(used.values(), default=0) < MANY:
                # One transaction, for the foreign keys ask at its end. TRUNCATE would take every table that points
                # to one of these along, and each costs new files for it and its indexes.
                cursor.execute("; ".join(["BEGIN", *(f"DELETE FROM {t}" for t in used), "COMMIT"]))
            else:
                cursor.execute(f"TRUNCATE {', '.join(used)} CASCADE")
            cursor.execute(
                "SELECT schemaname, sequencename FROM pg_sequences"
                # the migrations' table is not emptied
                " WHERE last_value IS NOT NULL AND sequencename <> 'django_migrations_id_seq'"
            )
            for schema, sequence in cursor.fetchall():
                cursor.execute(f'ALTER SEQUENCE "{schema}"."{sequence}" RESTART')


@pytest.fixture
def owner_sql(db: None) -> Callable[..., list[tuple[Any, ...]]]:
    """Run a statement as the owner of the tables: what an administrator with bad intentions can do."""

    def run(
        statement: str, params: Sequence[object] = (), *, store: str = "default"
    ) -> list[tuple[Any, ...]]:
        from django.db import connections

        with connections[databases.STORE_OWNERS[store]].cursor() as cursor:
            cursor.execute(statement, params)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def other_connection(db: None) -> Callable[..., psycopg.Connection[Any]]:
    """A connection of its own to the main store: a second process, as far as the database can tell."""
    from django.db import connections

    opened: list[psycopg.Connection[Any]] = []

    def connect(alias: str = "default") -> psycopg.Connection[Any]:
        params = connections[alias].get_connection_params()
        params.pop("context", None), params.pop("cursor_factory", None)
        opened.append(psycopg.connect(**{k: v for k, v in params.items() if k != "prepare_threshold"}))
        return opened[-1]

    yield connect  # type: ignore[misc]
    for connection in opened:
        connection.close()
