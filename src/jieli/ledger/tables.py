"""How a table says what its columns are, so that fsck and the grants can be read off the models.

Each column is `sealed` (an entry commits to its value), `derived` (can be computed again from sealed ones) or
`free` (neither, and nothing rests on it); and personal or not. A house test refuses an undeclared column.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, ClassVar, TypeVar

from django.db import models
from django.db.models import Q

F = TypeVar("F", bound="models.Field[Any, Any]")


class Kind(Enum):
    """What the application may do with the rows of a table; deletion is in neither."""

    APPEND = "append"
    REVISE = "revise"
    FREE = "free"  # sessions, queues, caches: nothing a proof rests on


class Column(Enum):
    SEALED = "sealed"
    DERIVED = "derived"
    FREE = "free"


@dataclass(frozen=True)
class Declared:
    column: Column
    personal: bool


def _declare(field: F, column: Column, personal: bool) -> F:
    field.declared = Declared(column, personal)  # type: ignore[attr-defined]
    return field


def sealed(field: F, *, personal: bool = False) -> F:
    """A column whose value a ledger part carries."""
    return _declare(field, Column.SEALED, personal)


def derived(field: F, *, personal: bool = False) -> F:
    """A column that fsck computes again from sealed ones."""
    return _declare(field, Column.DERIVED, personal)


def free(field: F, *, personal: bool = False) -> F:
    """A column on which no proof rests."""
    return _declare(field, Column.FREE, personal)


def one_of(name: str, column: str, words: Iterable[StrEnum], *, null: bool = False) -> models.CheckConstraint:
    """A column holds one of these words, or nothing where `null` says so: the database is the last judge."""
    known = Q(**{f"{column}__in": [word.value for word in words]})
    return models.CheckConstraint(
        condition=known | Q(**{f"{column}__isnull": True}) if null else known, name=name
    )


class Row(models.Model):
    """A table of the house. `table_kind` decides the grants; `store` names the database that keeps it."""

    table_kind: ClassVar[Kind]
    store: ClassVar[str] = "default"
    #: True where the ledger holds one part for each row; the ledger's own tables and the items prove themselves.
    parted: ClassVar[bool] = True
    #: True where a row may be a reason why recording is lawful: writing it waits for the gate's readers.
    basis: ClassVar[bool] = False

    class Meta:
        abstract = True


def declared(field: "models.Field[Any, Any]") -> Declared | None:
    """What a column says of itself; nothing when it was forgotten."""
    found = getattr(field, "declared", None)
    return found if isinstance(found, Declared) else None


def sealed_fields(model: type[models.Model]) -> list["models.Field[Any, Any]"]:
    """The sealed columns of a table, by column name: the order in which parts print them."""
    fields = [f for f in model._meta.concrete_fields if (d := declared(f)) and d.column is Column.SEALED]
    return sorted(fields, key=lambda f: f.column or "")


def rows() -> list[type[Row]]:
    """Every table of the house whose app is installed, by table name."""
    from django.apps import apps

    return sorted((m for m in apps.get_models() if issubclass(m, Row)), key=lambda m: m._meta.db_table)
