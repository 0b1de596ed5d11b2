"""How the value of a sealed column is written into a part: ADR 1's canonical JSON, no nulls, no floats."""

from datetime import date, datetime, time
from enum import Enum
from typing import Any
from uuid import UUID

from django.db import models
from django.db.backends.postgresql.psycopg_any import Range

from jieli.kernel.times import to_ms
from jieli.ledger.tables import sealed_fields


def sealed_value(value: Any) -> Any:
    """The canonical form of a column's value; TypeError for a type no sealed column may have."""
    match value:
        case bool():
            return int(value)
        case Enum():
            return sealed_value(value.value)
        case int() | str():
            return value
        case UUID() | time():
            return str(value)
        case bytes() | memoryview():
            return bytes(value).hex()
        case datetime():
            return to_ms(value)
        case date():
            return value.isoformat()
        case list() | tuple():
            return [sealed_value(v) for v in value]
        case dict():
            return {k: sealed_value(v) for k, v in value.items() if v is not None}
        case Range():
            return _range(value)
    raise TypeError(f"a sealed column cannot hold {type(value).__name__}")


def _range(value: Range) -> Any:
    if value.isempty or (not value.lower_inc and value.lower is not None) or value.upper_inc:
        raise TypeError("a sealed range is half open and not empty")
    ends = {"from": value.lower, "to": value.upper}
    return {name: sealed_value(end) for name, end in ends.items() if end is not None}


def sealed_row(row: models.Model) -> dict[str, Any]:
    """The sealed columns of a row by column name; empty ones are absent."""
    found = {f.column or "": getattr(row, f.attname) for f in sealed_fields(type(row))}
    return {name: sealed_value(value) for name, value in found.items() if value is not None}
