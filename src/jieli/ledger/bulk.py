"""Rows to the database by COPY: constraints still judge, and ten thousand rows are one statement."""

from collections.abc import Iterable, Sequence

from django.db import connections
from django.db.models import Model

#: Below this many rows one statement of Django's own is quicker than a passing table.
FEW = 100


def copy_rows(rows: Sequence[Model], *, using: str = "default") -> None:
    """Insert rows of one table. Either all stand or the caller's transaction fails."""
    if not rows:
        return
    connection = connections[using]
    fields = type(rows[0])._meta.concrete_fields
    records = ([f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields] for row in rows)
    copy_records(type(rows[0])._meta.db_table, [f.column or "" for f in fields], records, using=using)


def copy_records(
    table: str, columns: Sequence[str], records: Iterable[Sequence[object]], *, using: str = "default"
) -> None:
    """Insert plain records of a table, given its column names in their order."""
    connection = connections[using]
    quoted = ", ".join(connection.ops.quote_name(c) for c in columns)
    statement = f"COPY {connection.ops.quote_name(table)} ({quoted}) FROM STDIN"
    # Django translates errors of execute() alone; a broken constraint must look the same from COPY.
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        for record in records:
            copy.write_row(record)


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
