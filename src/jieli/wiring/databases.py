"""Which database connection serves whom: four roles on the main store, and the key store apart.

`default` is the application's role, `owner` migrates, `shred` may call the shred functions, `read` may only read;
`keys` and `keys_owner` lead to the key store.
"""

from dataclasses import dataclass
from typing import Any

from psycopg.conninfo import conninfo_to_dict

ALIASES = ("default", "owner", "shred", "read", "keys", "keys_owner")
STORE_OWNERS = {"default": "owner", "keys": "keys_owner"}


@dataclass(frozen=True)
class Addresses:
    """One libpq connection string for each alias."""

    default: str
    owner: str
    shred: str
    read: str
    keys: str
    keys_owner: str


NOWHERE = Addresses(*["host=/nonexistent dbname=nowhere user=nobody"] * len(ALIASES))


def django_settings(found: Addresses = NOWHERE) -> dict[str, dict[str, Any]]:
    """DATABASES for Django. Until a process is told better they lead nowhere: enough to load models and to lint."""
    return {alias: _one(getattr(found, alias)) for alias in ALIASES}


def _one(dsn: str) -> dict[str, Any]:
    parts = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value is not None}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": parts,
        "TEST": {"MIGRATE": False},
    }


class Router:
    """Sends each table to the store its model names, and migrations to that store's owner."""

    def db_for_read(self, model: type[Any], **_: Any) -> str:
        return getattr(model, "store", "default")

    db_for_write = db_for_read

    def allow_relation(self, one: Any, other: Any, **_: Any) -> bool:
        return getattr(one, "store", "default") == getattr(other, "store", "default")

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool:
        store = hints.get("store")
        if store is None and model_name is not None:
            from django.apps import apps

            store = getattr(apps.get_model(app_label, model_name), "store", "default")
        return db == STORE_OWNERS[store or "default"]
