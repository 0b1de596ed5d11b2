"""Writing the book. Operations stage entries; the outermost transaction appends them as its last statements."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db import transaction

from jieli.ledger import append, locks, queries, refusals, upcasting
from jieli.ledger.append import StagedPart
from jieli.ledger.bulk import copy_records, copy_rows, inserted_as_json, update_rows
from jieli.ledger.errors import NothingWritten
from jieli.ledger.models import Log
from jieli.ledger.plain import Question
from jieli.ledger.tables import Kind, Row, sealed_fields
from jieli.ledger.types import HEARTBEAT
from jieli.ledger.values import sealed_row
from seal import part

_open: ContextVar["Book | None"] = ContextVar("open_book", default=None)


@dataclass(slots=True)
class Staged:
    """An entry being written. `index`, its place over all logs, and `time` are known once the book is closed."""

    kind: str
    at: int
    parts: list[StagedPart]
    foreign: list[bytes] = field(default_factory=list)
    told: list[Question] = field(default_factory=list)
    index: int | None = None
    time: int | None = None

    def insert(self, *rows: Row) -> None:
        """Write new rows; each becomes a part with the values of its sealed columns."""
        for same in _by_table(rows):
            _wait_for_gate(same[0])
            copy_rows(same, using=same[0].store)
            self._commit_to(same)

    def insert_spelled(
        self, model: type[Row], columns: Sequence[str], spelled: Iterable[tuple[str, Sequence[object], bytes]]
    ) -> None:
        """`insert` for thousands of rows that the caller spells out: key, record in the order of `columns`, body.

        The body must be what `insert` would commit to, byte for byte: fsck holds every part against its row.
        """
        if model.basis:
            locks.change_bases()
        rows = list(spelled)
        copy_records(model._meta.db_table, columns, (record for _, record, _ in rows), using=model.store)
        self.parts.extend(_part(body, model._meta.db_table, key) for key, _, body in rows)

    def insert_told(
        self, model: type[Row], spelled: Sequence[tuple[str, Mapping[str, object], bytes]]
    ) -> None:
        """As `insert_spelled`, one statement for all, each record as JSON has it; sent with the entry itself.

        So the rows stand when the book is closed and not before: nothing within it can read them, and what a
        constraint refuses shows there. One journey to the server less for each.
        """
        if model.store != "default":
            raise TypeError(f"{model._meta.db_table} lies in another store than the ledger")
        if model.basis:
            locks.change_bases()
        if spelled:
            self.told.append(inserted_as_json(model._meta.db_table, [record for _, record, _ in spelled]))
        self.parts.extend(_part(body, model._meta.db_table, key) for key, _, body in spelled)

    def revise(self, *rows: Row) -> None:
        """Write changed rows of `revise` tables; what they were stays in their earlier parts."""
        for same in _by_table(rows):
            model = type(same[0])
            if model.table_kind is not Kind.REVISE:
                raise TypeError(f"{model._meta.db_table} is append-only")
            _wait_for_gate(same[0])
            update_rows(same, using=model.store)
            self._commit_to(same)

    def commit_to_leaves(self, leaves: Sequence[bytes]) -> None:
        """Commit to leaves kept elsewhere (items of a batch): parts 1, 2, … whose rows prove themselves."""
        self.foreign.extend(leaves)

    def _commit_to(self, rows: Sequence[Row]) -> None:
        if not sealed_fields(type(rows[0])):
            raise TypeError(f"{rows[0]._meta.db_table} has no sealed column")
        for row in rows:
            name, key = row._meta.db_table, str(row.pk)
            body = part.row_body(table=name, id=key, row=sealed_row(row))
            self.parts.append(_part(body, name, key))


def _by_table(rows: Sequence[Row]) -> list[list[Row]]:
    return [list(group) for _, group in groupby(rows, key=type)]


def _wait_for_gate(row: Row) -> None:
    if row.basis:
        locks.change_bases()


def _part(body: bytes, table: str | None = None, key: str | None = None) -> StagedPart:
    salt = os.urandom(part.SALT_LENGTH)
    return StagedPart(salt, body, part.part_leaf(salt, body), table, key)


@dataclass
class Book:
    """The entries of one transaction, in the order in which they were staged."""

    at: int
    entries: list[Staged] = field(default_factory=list)

    def entry(self, kind: str, *, by: str, facts: Mapping[str, Any] | None = None) -> Staged:
        """Stage an entry. `by` names who acts; `facts` is canonical JSON without content and without nulls."""
        said = upcasting.marked(kind, {"by": by, **(facts or {})})
        staged = Staged(kind, self.at, [_part(part.facts_body(said))])
        self.entries.append(staged)
        return staged


@contextmanager
def book(*, at: int) -> Iterator[Book]:
    """The transaction of the book. Within another one it joins it, so that all stands or falls together.

    Crash before COMMIT: nothing happened. Crash after: everything did; nobody was told, who asks again sees it.
    """
    if (outer := _open.get()) is not None:
        yield outer
        return
    with refusals.named(), transaction.atomic(using="default", durable=True), append.one_book():
        opened = Book(at)
        token = _open.set(opened)
        try:
            yield opened
        finally:
            _open.reset(token)
        if not opened.entries:
            raise NothingWritten("账本事务结束时没有任何条目。", remedy="请报告此错误。")
        # From here to COMMIT: no rendering, no signing, no call to anybody. The lock is held for microseconds.
        append.append(opened.entries)


def heartbeat(*, by: str, at: int) -> None:
    """An hourly entry: silence in the book is visible, and so is a checkpoint or a cosignature that was deleted.

    Those are about the log and so outside it; the heartbeat counts what stands up to the last checkpoint.
    """
    last = queries.last_checkpoint()
    upto = last.size if last is not None else 0
    with book(at=at) as b:
        b.entry(HEARTBEAT, by=by, facts={"upto": upto, **queries.statements(upto)})


def open_log(*, origin: str, at: int) -> int:
    """Open the log of an installation; its origin is the name of its signing key. Idempotent for one origin."""
    with transaction.atomic(using="default", durable=True):
        locks.append_to(0)
        found = Log.objects.order_by("-id").first()
        if found is not None and found.origin == origin:
            return found.id
        opened = Log(id=found.id + 1 if found else 1, origin=origin, opened_at=at)
        copy_rows([opened])
    return opened.id
