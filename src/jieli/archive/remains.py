"""What stays of a destroyed item or row, as the intent seals it before anything is taken (ADR 27)."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from hashlib import sha256

from django.db.models import Q

from jieli.access.models import Credential, User
from jieli.archive.media_models import Media
from jieli.archive.models import Conversation, Item, ItemBasis
from jieli.assets.models import GroupMember
from jieli.ledger.tables import Row, rows
from jieli.ledger.values import sealed_row
from jieli.parties.models import Customer, CustomerIdentity, Staff
from jieli.parties.types import ERASED
from seal import canonical

#: What the shred role's function takes from a row of each table; it says the same in SQL.
TAKEN: Mapping[type[Row], tuple[str, ...]] = {
    ItemBasis: ("speaker_kind", "speaker", "account", "holder", "rows"),
    Conversation: ("room", "counterparty"),
    Media: ("name", "root", "sha256"),
    Item: ("basis_id", "cipher_sha256", "ciphertext", "fields_digest"),
    Staff: ("name", "phone"),
    Customer: ("name", "phone", "region", "industry", "minor", "health"),
    CustomerIdentity: ("external_id",),
}


def _own_word(row: Row) -> str:
    return f"erased:{row.pk}"


def _nobody(row: Row) -> str:
    return ERASED


#: What it writes instead, where a column may not be empty.
INSTEAD: Mapping[type[Row], Mapping[str, Callable[[Row], str]]] = {
    User: {"name": _nobody, "sign_in": _own_word},
    Credential: {"label": _nobody},
    GroupMember: {"external_id": _own_word},
}
#: The same of rooms above this one, by table.
ABOVE: Mapping[str, tuple[str, ...]] = {"reading_opening": ("query", "account", "party")}
_SOME = 2_000


def _table(name: str) -> type[Row]:
    """A table that a destruction may empty; KeyError for any other."""
    return {m._meta.db_table: m for m in rows() if m in TAKEN or m in INSTEAD or m._meta.db_table in ABOVE}[
        name
    ]


def digest(row: Row) -> bytes:
    """SHA-256 of the body of a row as it stands; of an item its leaf is in it too."""
    table = row._meta.db_table
    values = sealed_row(row)
    key = str(row.pk)
    if isinstance(row, Item):
        key, values = str(row.item_id), {**values, "leaf": bytes(row.leaf).hex()}
    return sha256(canonical.encode({"id": key, "row": values, "table": table})).digest()


def emptied(row: Row) -> Row:
    """A row as it will be once it is emptied."""
    after = copy(row)
    for name in TAKEN.get(type(row), ABOVE.get(row._meta.db_table, ())):
        setattr(after, name, None)
    for name, word in INSTEAD.get(type(row), {}).items():
        setattr(after, name, word(row))
    return after


def is_emptied(row: Row) -> bool:
    """Whether nothing that a destruction takes is left in a row."""
    return all(getattr(row, name) is None for name in TAKEN[type(row)])


def of_items(items: Sequence[int]) -> dict[int, bytes]:
    """What will stay of these items, by item; without their ciphertext, which is not read for it."""
    found = Item.objects.filter(item_id__in=list(items)).defer("ciphertext", "fields_digest")
    return {row.item_id: digest(emptied(row)) for row in found.iterator(_SOME)}


def of_rows(keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    """What will stay of these rows, given as (table, id); KeyError for a table that no destruction empties."""
    wanted: dict[str, list[str]] = {}
    for table, key in keys:
        wanted.setdefault(table, []).append(key)
    return {
        (table, str(row.pk)): digest(emptied(row))
        for table, ids in wanted.items()
        for row in _table(table)._base_manager.filter(Q(pk__in=ids)).iterator(_SOME)
    }


def altered(table: str, sealed_as: Mapping[str, bytes]) -> list[str]:
    """The emptied rows of a table that are not what the intent to destroy them sealed, given by id."""
    # Where rows bear no mark, those are emptied of which an intent sealed what stays.
    marked = _table(table) in TAKEN
    emptied_ones = Q(shredded_in__isnull=False) if marked else Q(pk__in=list(sealed_as))
    found = _table(table)._base_manager.filter(emptied_ones).iterator(_SOME)
    return [str(row.pk) for row in found if digest(row) != sealed_as.get(str(row.pk), digest(row))]
