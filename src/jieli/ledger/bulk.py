"""Rows to the database by COPY: constraints still judge, and ten thousand rows are one statement."""

from collections.abc import Iterable, Sequence

from django.db import connections
from django.db.models import Model


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
