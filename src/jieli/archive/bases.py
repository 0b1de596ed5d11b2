"""What the items of a batch rest on: equal footings share one row, written out for COPY and for the ledger at once.

A model and its values would cost ten times as much, and there is a row for every few messages. A test holds what is
written here against the model, byte for byte.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from struct import Struct
from typing import Any
from uuid import UUID

from jieli.archive import cited, rows
from jieli.archive.types import NewItem
from jieli.ledger.bulk import binary_value

COLUMNS = (
    "id", "batch_id", "documented_later", "speaker", "account", "holder", "speaker_kind", "rows", "scopes",
)  # fmt: skip
#: What an item rests on: speaker's kind, speaker, account, holder, rows relied on as `cited` writes them,
#: documented later, scopes.
Footing = tuple[str, UUID, UUID, UUID, str | tuple[cited.Ground, ...], bool, tuple[str, ...]]

_Resting = tuple[Any, ...]
#: Seven fields in a row, from `speaker_kind` to `scopes`, and which of them are the rows relied on.
_resting: Callable[[NewItem], _Resting] = itemgetter(
    slice(NewItem._fields.index("speaker_kind"), NewItem._fields.index("scopes") + 1)
)
_RELIED = NewItem._fields.index("basis_rows") - NewItem._fields.index("speaker_kind")
# How many columns, then length and value of the first six.
_HEAD = Struct("!h iq iq i? i16s i16s i16s")
_TEXT_OID = 25
_NO_ARRAY = Struct("!iii").pack(0, 0, _TEXT_OID)
# Dimensions, no nulls, the elements' type; then length and lower bound of each dimension.
_LIST, _PAIRS = Struct("!iii ii"), Struct("!iii ii ii")


def places(items: Sequence[NewItem]) -> tuple[list[int], list[Footing]]:
    """The different footings of a batch, and for each item the place of its own among them."""
    # Callers share the objects of a footing, so their identities answer most questions without hashing them.
    quick: dict[int, tuple[_Resting, int]] = {}
    slow: dict[Footing, int] = {}
    scopes = rows.cached(lambda found: tuple(sorted(str(getattr(s, "value", s)) for s in found)))
    found: list[int] = []
    look, note = quick.get, found.append
    for seven in map(_resting, items):
        known = look(id(seven[_RELIED]))
        # Equal for who shares the objects, without a step of Python; who does not pays for it and gets the same.
        if known is None or known[0] != seven:
            kind, speaker, account, holder, relied, later, said = seven
            footing = kind, speaker, account, holder, cited.written(relied), later, scopes(said)
            known = quick[id(relied)] = seven, slow.setdefault(footing, len(slow))
        note(known[1])
    return found, list(slow)


def spelled(batch: int, bases: Mapping[int, Footing]) -> Iterator[tuple[str, bytes, bytes]]:
    """Each basis as its key, its row in the order of COLUMNS as COPY has it, and the canonical body of its part."""
    quoted, listed, written = rows.cached(rows.quoted), rows.cached(_list), rows.cached(str)
    scopes_json = rows.cached(lambda found: f"[{','.join(map(quoted, found))}]")
    kinds: Callable[[Any], bytes] = rows.cached(lambda kind: binary_value(kind.encode()))
    pairs = _Pairs(quoted)
    for number, (kind, speaker, account, holder, relied, later, scopes) in bases.items():
        if isinstance(relied, str):
            # Letters, digits, - and _: nothing in it to escape.
            shown, on = f'"{relied}"', _list((relied,))
        else:
            shown, on = pairs.both(relied)
        body = (
            f'{{"id":"{number}","row":{{"account":"{written(account)}","batch_id":{batch}'
            f',"documented_later":{later:d},"holder":"{written(holder)}","id":{number}'
            f',"rows":[{shown}],"scopes":{scopes_json(scopes)}'
            f',"speaker":"{speaker}","speaker_kind":{quoted(kind)}}},"table":"archive_basis"}}'
        )
        head = _HEAD.pack(
            len(COLUMNS), 8, number, 8, batch, 1, later,
            16, speaker.bytes, 16, account.bytes, 16, holder.bytes,
        )  # fmt: skip
        yield str(number), head + kinds(kind) + on + listed(scopes), body.encode()


class _Pairs(dict[tuple[str, str], tuple[str, bytes]]):
    """(table, id) as canonical JSON and as two elements of an array, spelled once each."""

    def __init__(self, quoted: Callable[[Any], str]) -> None:
        self.quoted = quoted

    def __missing__(self, row: tuple[str, str]) -> tuple[str, bytes]:
        table, key = row
        shown = f"[{self.quoted(table)},{self.quoted(key)}]"
        found = self[row] = shown, binary_value(table.encode()) + binary_value(key.encode())
        return found

    def both(self, relied: Sequence[cited.Ground]) -> tuple[str, bytes]:
        """All of them as the inside of a JSON array, and as a value of type text[][]."""
        found = [self[row] for row in relied]
        array = _NO_ARRAY
        if found:
            array = _PAIRS.pack(2, 0, _TEXT_OID, len(found), 1, 2, 1) + b"".join([data for _, data in found])
        return ",".join([shown for shown, _ in found]), binary_value(array)


def _list(words: Sequence[str]) -> bytes:
    """Words as a value of type text[]."""
    if not words:
        return binary_value(_NO_ARRAY)
    elements = b"".join([binary_value(word.encode()) for word in words])
    return binary_value(_LIST.pack(1, 0, _TEXT_OID, len(words), 1) + elements)
