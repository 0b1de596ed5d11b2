"""What stays of a destroyed item or row, as the intent seals it before anything is taken (ADR 27)."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from hashlib import sha256

from django.db.models import Q

from jieli.archive.case_words import GOES
from jieli.archive.media_models import Media
from jieli.archive.models import Conversation, Item, ItemBasis
from jieli.ledger.tables import Row, rows
from jieli.ledger.values import sealed_row
from jieli.parties.types import ERASED
from seal import canonical

#: What the shred role's function takes from a row of each table; it says the same in SQL.
TAKEN: Mapping[type[Row], tuple[str, ...]] = {
    ItemBasis: ("speaker_kind", "speaker", "account", "holder", "rows"),
    Conversation: ("room", "counterparty"),
    Media: ("name", "root", "sha256"),
    Item: ("basis_id", "cipher_sha256", "ciphertext", "fields_digest"),
}
#: The same of other rooms' tables, whose rows stay at home: of registers (ADR 26), of records that a plan empties,
#: and of papers with what stands beside them (ADR 28).
OF_OTHERS: Mapping[str, tuple[str, ...]] = {
    "parties_staff": ("name", "phone"),
    "parties_customer": ("name", "phone", "region", "industry", "minor", "health"),
    "parties_customer_identity": ("external_id",),
    "succession_customer_need": ("value",),
    "reading_opening": ("query", "account", "party"),
    "papers_paper": ("title", "sha256", "facts_digest"),
    "papers_signature": ("sha256", "signer", "evidence"),
    "papers_refusal": ("refuser",),
    "papers_delivery": ("to",),
}


def _own_word(row: Row) -> str:
    return f"erased:{row.pk}"


def _nobody(row: Row) -> str:
    return ERASED


def _nothing(row: Row) -> str:
    return ""


def _nobodies(row: Row) -> list[str]:
    return [ERASED]


#: What it writes instead, where a column may not be empty. Of rows of cases `case_words` says it.
INSTEAD: Mapping[str, Mapping[str, Callable[[Row], str | list[str]]]] = {
    "access_user": {"name": _nobody, "sign_in": _own_word},
    "access_credential": {"label": _nobody},
    "assets_group_member": {"external_id": _own_word},
    "papers_answer": {"who": _own_word},
    "papers_signature": {"signer_name": _nobody},
    "papers_refusal": {"refuser_name": _nobody, "reason": _nothing, "witnesses": _nobodies},
    "papers_delivery": {"to_name": _nobody, "address": _nothing, "number": _own_word},
    "papers_delivery_result": {"who": _nothing},
    "papers_seal_use": {"handler": _nobody},
}
_SOME = 2_000


def _table(name: str) -> type[Row]:
    """A table that a destruction may empty; KeyError for any other."""
    known = {model._meta.db_table: model for model in rows()}
    others = {*OF_OTHERS, *INSTEAD, *GOES}
    return {table: m for table, m in known.items() if m in TAKEN or table in others}[name]


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
    table = row._meta.db_table
    for name in TAKEN.get(type(row), OF_OTHERS.get(table, ())):
        setattr(after, name, None)
    for name, word in INSTEAD.get(table, {}).items():
        setattr(after, name, word(row))
    for name, rest in GOES.get(table, {}).items():
        setattr(after, name, rest(row, name))
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
    if not sealed_as:
        return []
    # Rows are asked for by their mark, not by the ids of parts: somebody's hand may have been in these.
    model = _table(table)
    marked = any(field.name == "shredded_in" for field in model._meta.concrete_fields)
    found = model._base_manager.filter(Q(shredded_in__isnull=False) if marked else Q()).iterator(_SOME)
    return [
        str(row.pk) for row in found if str(row.pk) in sealed_as and digest(row) != sealed_as[str(row.pk)]
    ]
