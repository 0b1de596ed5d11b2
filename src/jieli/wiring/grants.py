"""What each database role may do, read off the models (ADR 9). A table without a kind gets no rights at all."""

from django.apps import apps
from django.db import connections
from django.db.models import Model

from jieli.ledger.tables import Kind, Row
from jieli.wiring.databases import STORE_OWNERS
from jieli.wiring.postgres import APP, READ, SHRED

RIGHTS = {
    Kind.APPEND: "SELECT, INSERT",
    Kind.REVISE: "SELECT, INSERT, UPDATE",
    Kind.FREE: "SELECT, INSERT, UPDATE, DELETE",
}


def rights(model: type[Model]) -> str:
    """What the application may do with a table; framework tables prove nothing and are free."""
    return RIGHTS[model.table_kind] if issubclass(model, Row) else RIGHTS[Kind.FREE]


def grant(store: str) -> None:
    """Give the roles their rights on every table of a store. Run by the owner after each migration; idempotent."""
    connection = connections[STORE_OWNERS[store]]
    with connection.cursor() as cursor:
        quote = connection.ops.quote_name
        existing = set(connection.introspection.table_names(cursor))
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {APP}, {SHRED}, {READ}")
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            if getattr(model, "store", "default") != store or table not in existing:
                continue
            cursor.execute(f"REVOKE ALL ON {quote(table)} FROM {APP}, {SHRED}, {READ}")
            cursor.execute(f"GRANT {rights(model)} ON {quote(table)} TO {APP}")
            cursor.execute(f"GRANT SELECT ON {quote(table)} TO {READ}")
        cursor.execute(f"GRANT SELECT ON django_migrations TO {APP}, {READ}")
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP}")
