"""Rows to the database by COPY: constraints still judge, and ten thousand rows are one statement."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from struct import Struct
from typing import Any

from django.db import connections
from django.db.models import Model
from psycopg.copy import LibpqWriter

from jieli.ledger.plain import Question, execute

#: Below this many rows one statement of Django's own is quicker than a passing table.
FEW = 100
#: Up to so many rows are inserted by a statement with their values beside it.
ONE_MESSAGE = 10
#: How COPY's binary form begins and ends; between them stand rows: how many columns, then length and bytes of each.
_HEAD, _END = b"PGCOPY\n\xff\r\n\x00" + bytes(8), b"\xff\xff"
#: More than any batch: until so many bytes lie unsent the driver does not wait for the server.
_UNSENT = 1 << 30
_length = Struct("!i").pack
_NULL = _length(-1)


def copy_rows(rows: Sequence[Model], *, using: str = "default") -> None:
    """Insert rows of one table. Either all stand or the caller's transaction fails."""
    if not rows:
        return
    connection = connections[using]
    fields = type(rows[0])._meta.concrete_fields
    table, columns = type(rows[0])._meta.db_table, [f.column or "" for f in fields]
    records = ([f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields] for row in rows)
    if len(rows) > ONE_MESSAGE:
        copy_records(table, columns, records, using=using)
    else:
        _insert_records(table, columns, list(records), using)


def _insert_records(table: str, columns: list[str], records: list[list[object]], using: str) -> None:
    """By one statement, which costs one round trip where COPY costs two: on a busy machine each is a wait."""
    quote = connections[using].ops.quote_name
    places = iter(range(1, len(columns) * len(records) + 1))
    values = ", ".join("(" + ", ".join(f"${next(places)}" for _ in columns) + ")" for _ in records)
    statement = f"INSERT INTO {quote(table)} ({', '.join(map(quote, columns))}) VALUES {values}"  # noqa: S608
    execute(statement, [value for record in records for value in record], using=using)


def inserted_as_json(table: str, records: Sequence[Mapping[str, object]]) -> Question:
    """The statement that inserts records, each a mapping from its columns, all the same, to what JSON has: UUIDs go
    as text, no bytes. At least one.

    One statement and one value, however many records: the server reads thousands of numbers quicker from JSON than
    they are adapted here one by one.
    """
    quote = connections["default"].ops.quote_name
    columns = ", ".join(map(quote, records[0]))
    statement = (
        f"INSERT INTO {quote(table)} ({columns}) SELECT {columns}"  # noqa: S608 - our own names
        f" FROM json_populate_recordset(NULL::{quote(table)}, $1::json)"
    )
    return statement, [json.dumps(records, default=str)]


def copy_records(
    table: str, columns: Sequence[str], records: Iterable[Sequence[object]], *, using: str = "default"
) -> None:
    """Insert records of a table, given its column names in their order: plain ones, or each as `bytes`.

    Bytes are a row as COPY's binary form has it; all records of a call are of one kind.
    """
    rest = iter(records)
    first = next(rest, None)
    if first is None:
        return
    every = chain([first], rest)
    if isinstance(first, bytes):
        with sending(table, columns, every, using=using):  # type: ignore[arg-type]
            return
    connection = connections[using]
    # Django translates errors of execute() alone; a broken constraint must look the same from COPY.
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(_statement(table, columns, using)) as copy,
    ):
        for record in every:
            copy.write_row(record)


def copy_spelled(
    table: str, columns: Sequence[str], chunks: Iterable[bytes], *, using: str = "default"
) -> None:
    """Insert rows given in COPY's binary form and wait for the server; what it has not taken yet is not held."""
    connection = connections[using]
    statement = _statement(table, columns, using) + " (FORMAT BINARY)"
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        _hand_over(copy, chunks)


@contextmanager
def sending(
    table: str, columns: Sequence[str], chunks: Iterable[bytes], *, using: str = "default"
) -> Iterator[None]:
    """Insert rows given in COPY's binary form; the block runs while the server is still inserting them.

    The rows are handed over before the block, which must not use the connection. Leaving it waits for the server:
    broken constraints show there, as they do from Django. If the block fails its own error counts, for the
    transaction ends either way.
    """
    connection = connections[using]
    with connection.cursor() as cursor, connection.wrap_database_errors:
        # Not waiting for the server here is the point: what it has not taken lies in the driver's buffer.
        writer = LibpqWriter(cursor.cursor, flush_threshold=_UNSENT)
        copying = cursor.copy(_statement(table, columns, using) + " (FORMAT BINARY)", writer=writer)
        copy = copying.__enter__()
        try:
            _hand_over(copy, chunks)
        except BaseException as error:
            copying.__exit__(type(error), error, error.__traceback__)
            raise
        with ThreadPoolExecutor(1, "copy") as beside:
            inserted = beside.submit(copying.__exit__, None, None, None)
            yield
        inserted.result()


def _hand_over(copy: Any, chunks: Iterable[bytes]) -> None:
    copy.write(_HEAD)
    for chunk in chunks:
        copy.write(chunk)
    copy.write(_END)


def _statement(table: str, columns: Sequence[str], using: str) -> str:
    quote = connections[using].ops.quote_name
    return f"COPY {quote(table)} ({', '.join(map(quote, columns))}) FROM STDIN"


def binary_value(data: bytes | None) -> bytes:
    """A value as COPY's binary form has it: its length and its bytes. None is NULL."""
    return _NULL if data is None else _length(len(data)) + data


def update_rows(rows: Sequence[Model], *, using: str = "default") -> None:
    """Write every column of changed rows of one table: thousands go to a passing table by COPY and over in one UPDATE.

    Django's own bulk update spells a CASE for each row and column, which for a thousand rows costs seconds.
    """
    if not rows:
        return
    model = type(rows[0])
    if len(rows) < FEW:
        names = [f.name for f in model._meta.concrete_fields if not f.primary_key]
        model._base_manager.using(using).bulk_update(rows, names, batch_size=FEW)
        return
    connection = connections[using]
    quote = connection.ops.quote_name
    table, passing = quote(model._meta.db_table), f"revised_{model._meta.db_table}"
    key = quote(model._meta.pk.column or "")
    columns = [quote(f.column or "") for f in model._meta.concrete_fields if not f.primary_key]
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {quote(passing)} (LIKE {table}) ON COMMIT DROP")
    fields = model._meta.concrete_fields
    records = ([f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields] for row in rows)
    copy_records(passing, [f.column or "" for f in fields], records, using=using)
    changed = ", ".join(f"{c} = r.{c}" for c in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} t SET {changed} FROM {quote(passing)} r WHERE t.{key} = r.{key}")  # noqa: S608
        cursor.execute(f"DROP TABLE {quote(passing)}")
