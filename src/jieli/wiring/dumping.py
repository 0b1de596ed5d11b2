"""The tables of a store as files, and files as tables again: PostgreSQL's own COPY text, gzipped, one file a table.

Any later major version reads it. The schema comes from the migrations that the manifest names, so nothing here knows
what a table means.
"""

import gzip
import hashlib
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql
from psycopg.conninfo import make_conninfo

from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import reach
from jieli.ledger import tables
from jieli.wiring.databases import STORE_OWNERS

#: How far sequences jump when a backup is loaded: ids given after it stand on papers outside, and are not given again.
JUMP = 1_000_000
_CHUNK = 1 << 20


class BackupDamaged(JieliError):
    """A file of the backup is not what the manifest says."""

    code = "restore.backup_damaged"


class OtherVersion(JieliError):
    """The backup was made by a program that knows other tables."""

    code = "restore.other_version"


@dataclass(frozen=True, slots=True)
class Dumped:
    """One table as it lies in a file."""

    table: str
    columns: list[str]
    rows: int
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.table}.copy.gz"


class Later:
    """A connection of its own to a store, as its owner, that sees the state of the moment in which it is told to."""

    def __init__(self, store: str) -> None:
        connection = connections[STORE_OWNERS[store]]
        connection.ensure_connection()
        raw = connection.connection
        self.connection = psycopg.connect(make_conninfo(raw.info.dsn, password=raw.info.password))

    def begin(self) -> None:
        """From now on, this state."""
        self.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        self.connection.execute("SELECT 1")  # the state is that of the first statement


@contextmanager
def snapshot_later() -> Iterator[tuple[Later, Later]]:
    """Connections to the main store and the key store, opened before anybody has to wait for them."""
    main, keys = Later("default"), Later("keys")
    try:
        yield main, keys
    finally:
        main.connection.close()
        keys.connection.close()


def dump(connection: "psycopg.Connection[Any]", store: str, folder: Path) -> list[Dumped]:
    """Write every table of the house in a store. Sessions and other tables of the framework are left out."""
    folder.mkdir(mode=0o700, parents=True)
    found = []
    for model in tables.rows():
        if model.store == store:
            columns = [f.column for f in model._meta.concrete_fields if f.column]
            found.append(_dump(connection, model._meta.db_table, columns, folder))
    return found


def _dump(connection: "psycopg.Connection[Any]", table: str, columns: list[str], folder: Path) -> Dumped:
    path = folder / f"{table}.copy.gz"
    path.touch(mode=0o600)
    with connection.cursor() as cursor:
        with (
            gzip.GzipFile(path, "wb", compresslevel=1, mtime=0) as file,
            cursor.copy(_copy(table, columns) + sql.SQL(" TO STDOUT")) as copy,
        ):
            for chunk in copy:
                file.write(chunk)
        rows = cursor.rowcount
    reach("backup.after_table")
    return Dumped(table, columns, rows, digest(path))


def _copy(table: str, columns: Sequence[str]) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({})").format(sql.Identifier(table), names)


def digest(path: Path) -> str:
    """SHA-256 of a file; BackupDamaged where there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BackupDamaged(f"备份中的 {path.name} 缺失或无法读取。", remedy="请换用另一份备份。") from error


def sequences(connection: "psycopg.Connection[Any]") -> dict[str, int]:
    """The last number that each sequence gave; unused ones are absent."""
    found = connection.execute(
        "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
    ).fetchall()
    return dict(found)


def migrations(store: str) -> list[list[str]]:
    """The migrations that a store has seen: app and name."""
    applied = MigrationRecorder(connections[STORE_OWNERS[store]]).applied_migrations()
    return sorted([app, name] for app, name in applied)


def is_empty(store: str) -> bool:
    """Whether no table of the house in this store has a row; also where there are no tables yet."""
    connection = connections[STORE_OWNERS[store]]
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        for model in tables.rows():
            if model.store == store and model._meta.db_table in existing:
                table = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")  # noqa: S608 - our own names
                if cursor.fetchone()[0]:
                    return False
    return True


def migrate_to(store: str, wanted: Sequence[Sequence[str]]) -> None:
    """Make the tables that a backup knows. OtherVersion where this program does not know them, or has newer ones."""
    targets = {(app, name) for app, name in wanted}
    if {(app, name) for app, name in migrations(store)} - targets:
        raise OtherVersion(
            "目标数据库的表比备份的新，不能载入。", remedy="请给出全新的空数据库；载入后会自动升级。"
        )
    executor = MigrationExecutor(connections[STORE_OWNERS[store]])
    graph = executor.loader.graph
    if targets - graph.nodes.keys():
        raise _newer()
    ordered = [one for one, _ in executor.migration_plan(graph.leaf_nodes())]
    plan = [(one, False) for one in ordered if (one.app_label, one.name) in targets]
    executor.migrate(None, plan=plan)


def _newer() -> OtherVersion:
    return OtherVersion("备份由更新的程序版本写成。", remedy="请先安装该版本，再恢复。")


def check_version(made_by: str, here: str) -> None:
    """OtherVersion for a backup that a newer version made; one from before versions were noted says nothing.

    Versions are numbers with dots; what follows the last number (a candidate's mark) is not compared.
    """
    if _numbers(made_by) > _numbers(here):
        raise OtherVersion(
            f"备份由接力 {made_by} 写成，这里是较旧的 {here}，不能恢复。",
            remedy=f"请安装 {made_by} 或更新的版本，再恢复；未载入任何内容。",
        )


def _numbers(text: str) -> tuple[int, ...]:
    found = re.match(r"\d+(?:\.\d+)*", text, re.ASCII)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def check_files(folder: Path, dumped: Sequence[Dumped]) -> None:
    """Every file is what the manifest says; BackupDamaged names the first that is not."""
    for one in dumped:
        if digest(folder / one.file) != one.sha256:
            raise BackupDamaged(f"备份中的 {one.file} 与清单不符。", remedy="请换用另一份备份。")


def load(store: str, folder: Path, dumped: Sequence[Dumped], last: dict[str, int]) -> None:
    """Fill the empty tables of a store: all of it in one transaction, in which no trigger of the house speaks.

    They would ask of each row what was asked when it was written. Foreign keys are judged at the end, so that no table
    has to be loaded before another. Crash before COMMIT: the tables are as empty as before.
    """
    connection = connections[STORE_OWNERS[store]]
    with transaction.atomic(using=STORE_OWNERS[store], durable=True), connection.cursor() as cursor:
        _defer(cursor)
        for one in dumped:
            cursor.execute(_trigger("DISABLE", one.table))
            statement = _copy(one.table, one.columns) + sql.SQL(" FROM STDIN")
            with (
                gzip.open(folder / one.file, "rb") as file,
                connection.wrap_database_errors,
                cursor.copy(statement) as copy,
            ):
                shutil.copyfileobj(file, copy, _CHUNK)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for one in dumped:
            cursor.execute(_trigger("ENABLE", one.table))
        for name, value in last.items():
            cursor.execute("SELECT setval(%s, %s)", [f'public."{name}"', value + JUMP])
        reach("restore.before_commit")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _defer(cursor: Any) -> None:
    """Foreign keys that judge each row at once wait for the end too: the tables of older backups have one."""
    cursor.execute(
        "SELECT relname, conname FROM pg_constraint JOIN pg_class c ON c.oid = conrelid"
        " WHERE contype = 'f' AND NOT condeferrable AND connamespace = 'public'::regnamespace"
    )
    for table, name in cursor.fetchall():
        statement = sql.SQL("ALTER TABLE {} ALTER CONSTRAINT {} DEFERRABLE INITIALLY DEFERRED")
        cursor.execute(statement.format(sql.Identifier(table), sql.Identifier(name)))


def _trigger(verb: str, table: str) -> sql.Composed:
    return sql.SQL("ALTER TABLE {} {} TRIGGER USER").format(sql.Identifier(table), sql.SQL(verb))


#: Rows of a table as words of COPY text.
Lines = Iterator[list[str]]
#: The word for no value.
NULL = r"\N"


def lines(folder: Path, dumped: Sequence[Dumped], table: str, names: Sequence[str]) -> Lines:
    """Some columns of each row of a table as a backup's file has them, in no order; nothing is loaded."""
    [one] = [d for d in dumped if d.table == table]
    places = [one.columns.index(name) for name in names]
    with gzip.open(folder / one.file, "rt", encoding="utf-8") as file:
        for line in file:
            words = line.rstrip("\n").split("\t")
            yield [words[at] for at in places]


def binary(word: str) -> bytes:
    """The bytes that a word of COPY text stands for."""
    return bytes.fromhex(word.removeprefix("\\\\x"))


def leaves(folder: Path, dumped: Sequence[Dumped], log: int) -> Iterator[tuple[int, bytes]]:
    """Index and leaf of each entry of a log as a backup's file has them, in no order."""
    for found, index, leaf in lines(folder, dumped, "ledger_entry", ("log", "index", "leaf")):
        if int(found) == log:
            yield int(index), binary(leaf)
