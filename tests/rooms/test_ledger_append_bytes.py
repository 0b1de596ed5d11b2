"""However the rows travel to the server, what stands in the tables and is signed is the same, byte for byte."""

from collections.abc import Callable
from hashlib import sha256
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from jieli.ledger import checkpoints, operations, plain, queries
from jieli.ledger.append import StagedPart
from jieli.ledger.operations import book
from seal.keys import signer_of
from seal.part import part_leaf, row_body
from seal.tree import root
from tests.conftest import NOW, ORIGIN

Sql = Callable[..., list[tuple[Any, ...]]]
#: Entries of each book: one message, a tile completed in one, COPY with two tiles completed, one again, and two
#: in which a tile is completed by its last and its first entry.
BOOKS = (1, 100, 200, 600, 7, 116, 1, 255)
#: Row ids as no table has them: what an array's spelling could mistake for its own signs.
ROWS = ('a"b', "back\\slash", "{curly,comma}", "NULL", "", "人员 1")
#: What the version that inserted arrays of hexadecimals, and tiles by COPY, left behind for the same entries.
STOOD = "0029c3b6a0aad0906405e49c0442cf45819d9e233d5330ef7e5a8e160ad1fb43"


def test_entries_parts_tiles_and_notes_are_the_bytes_they_were(
    db: None, owner_sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    salts = count()
    drawn = SimpleNamespace(urandom=lambda n: next(salts).to_bytes(n, "big"))
    monkeypatch.setattr(operations, "os", drawn)
    signer = signer_of(ORIGIN, bytes(range(32)))
    checkpoints.first_checkpoint(signer, at=NOW)
    for turn, entries in enumerate(BOOKS):
        with book(at=NOW + turn) as b:
            for n in range(entries):
                staged = b.entry("access.note", by="system:test", facts={"n": n, "turn": turn})
                for row in ROWS[: n % 3 + turn % 4]:
                    body = row_body(table="access_user", id=row, row={"n": n})
                    salt = bytes([n % 256]) * 16
                    staged.parts.append(StagedPart(salt, body, part_leaf(salt, body), "access_user", row))
        checkpoints.sign_head(signer, at=NOW + turn)
    tables = {
        "ledger_entry": "log, index", "ledger_part": "log, entry, n", "ledger_tile": "log, level, n",
        "ledger_checkpoint": "log, size",
    }  # fmt: skip
    stand = {name: owner_sql(f"SELECT * FROM {name} ORDER BY {order}") for name, order in tables.items()}
    spelled = repr({name: [[_plain(v) for v in row] for row in rows] for name, rows in stand.items()})
    leaves = [leaf for (leaf,) in plain.rows("SELECT leaf FROM ledger_entry ORDER BY index", [])]
    assert [len(stand["ledger_entry"]), len(stand["ledger_tile"])] == [sum(BOOKS), sum(BOOKS) // 256]
    last = queries.last_checkpoint()
    assert last is not None
    assert (last.size, last.root) == (len(leaves), root(leaves))
    assert sha256(spelled.encode()).hexdigest() == STOOD


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def test_a_statement_that_is_a_transaction_by_itself_is_refused_within_another(db: None) -> None:
    with pytest.raises(RuntimeError), book(at=NOW) as b:
        b.entry("access.note", by="system:test")
        plain.alone("SELECT 1", [])
    assert queries.head(queries.live_log()).size == 0
