"""What every table must say of itself, read from the models and from the catalogue."""

from django.apps import apps
from django.db import models

from jieli.ledger.tables import Kind, Row, declared, rows
from tests.house.source import ROOMS

ORDER = {room: n for n, room in enumerate(ROOMS)}


def test_every_table_of_a_room_is_a_row() -> None:
    ours = [m for m in apps.get_models() if m.__module__.startswith("jieli.")]
    assert [m.__name__ for m in ours if not issubclass(m, Row)] == []


def test_every_table_has_a_kind() -> None:
    assert [m.__name__ for m in rows() if not isinstance(getattr(m, "table_kind", None), Kind)] == []


def test_every_column_is_declared() -> None:
    undeclared = [
        f"{m._meta.db_table}.{f.column}" for m in rows() for f in m._meta.concrete_fields if not declared(f)
    ]
    assert undeclared == []


def test_no_column_invents_its_time() -> None:
    auto = [
        f"{m._meta.db_table}.{f.column}"
        for m in rows()
        for f in m._meta.concrete_fields
        if getattr(f, "auto_now", False) or getattr(f, "auto_now_add", False) or callable(f.default)
        if f.default is not dict and f.default is not list and f.default is not models.NOT_PROVIDED
    ]
    assert auto == []


def test_foreign_keys_point_down_and_protect() -> None:
    wrong = []
    for m in rows():
        for f in m._meta.concrete_fields:
            if isinstance(f, models.ForeignKey):
                up = ORDER[f.related_model._meta.app_label] > ORDER[m._meta.app_label]
                if up or f.remote_field.on_delete is not models.PROTECT:
                    wrong.append(f"{m._meta.db_table}.{f.column}")
    assert wrong == []


def test_the_catalogue_has_the_tables_of_the_models_and_no_others(db: None) -> None:
    from django.db import connections

    from jieli.wiring.databases import STORE_OWNERS

    for store, owner in STORE_OWNERS.items():
        with connections[owner].cursor() as cursor:
            standing = set(connections[owner].introspection.table_names(cursor)) - {"django_migrations"}
        named = {
            m._meta.db_table
            for m in apps.get_models(include_auto_created=True)
            if getattr(m, "store", "default") == store
        }
        assert standing == named


def test_the_application_has_just_the_rights_that_the_kinds_give(db: None) -> None:
    from django.db import connections

    wanted = {
        Kind.APPEND: {"SELECT", "INSERT"},
        Kind.REVISE: {"SELECT", "INSERT", "UPDATE"},
        Kind.FREE: {"SELECT", "INSERT", "UPDATE", "DELETE"},
    }
    for alias in ("default", "keys"):
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
                " WHERE grantee = 'jieli_app' AND table_schema = 'public'"
            )
            found: dict[str, set[str]] = {}
            for table, privilege in cursor.fetchall():
                found.setdefault(table, set()).add(privilege)
        ours = [m for m in rows() if m.store == alias]
        assert {m._meta.db_table: found.get(m._meta.db_table) for m in ours} == {
            m._meta.db_table: wanted[m.table_kind] for m in ours
        }


def test_every_foreign_key_is_judged_at_the_end_of_a_transaction(db: None) -> None:
    """A restore fills one table after another and asks none of them for its order."""
    from django.db import connections

    from jieli.wiring.databases import STORE_OWNERS

    found = []
    for owner in STORE_OWNERS.values():
        with connections[owner].cursor() as cursor:
            cursor.execute(
                "SELECT conrelid::regclass::text, conname, condeferrable AND condeferred FROM pg_constraint"
                " WHERE contype = 'f' AND connamespace = 'public'::regnamespace"
            )
            found += cursor.fetchall()
    assert len(found) > 50
    assert [f"{table}.{name}" for table, name, deferred in found if not deferred] == []


def test_a_restore_can_keep_every_trigger_of_the_house_quiet(db: None) -> None:
    """Those that fire even for a replica would be set back to firing as others do, and so be weaker afterwards."""
    from django.db import connections

    from jieli.wiring.databases import STORE_OWNERS

    found = []
    for owner in STORE_OWNERS.values():
        with connections[owner].cursor() as cursor:
            cursor.execute("SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal")
            found += cursor.fetchall()
    assert len(found) > 5
    assert [name for name, enabled in found if enabled not in ("O", b"O")] == []
