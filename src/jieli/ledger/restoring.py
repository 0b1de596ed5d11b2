"""Putting a lost tail back so that the log does not fork, and saying in the log what was lost (ADR 19).

All of it happens in the transaction of one open book: a crash before its COMMIT leaves the backup as it was loaded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import reach
from jieli.ledger import locks, log_keys, queries, upcasting
from jieli.ledger.append import fill_tiles
from jieli.ledger.bulk import copy_rows
from jieli.ledger.lost import RESTORED
from jieli.ledger.models import Checkpoint, Cosignature, Entry, Part
from jieli.ledger.operations import Book, Staged
from jieli.ledger.outside import OpenedEntry, Outside, WrittenRow, kinds
from jieli.ledger.stored import StoredTree
from jieli.ledger.tables import Kind, Row, rows, sealed_fields
from jieli.ledger.types import ENTRY_VERSION
from seal.part import Entry as SealedEntry
from seal.part import part_leaf


class Forked(JieliError):
    """The backup and what was kept outside are not one history."""

    code = "restore.forked"


@dataclass(frozen=True, slots=True)
class Base:
    """The log as the backup holds it: how many entries, their root, and the last checkpoint's note if any."""

    size: int
    root: bytes
    note: str | None


def base() -> Base:
    """The log as it stands now."""
    size = queries.head(queries.live_log()).size
    last = queries.last_checkpoint()
    return Base(size, StoredTree(queries.live_log(), size).root(), last.note if last else None)


def put_back(book: Book, outside: Outside, before: Base, *, by: str, at: int) -> Staged:
    """Bring back the entries that the backup lacks, without their parts, and stage the entry that names them.

    Must be the first thing staged in the book, and nothing else may write to this log: the entry follows the tail.
    """
    log = queries.live_log()
    locks.append_to(log)
    size, lost = put_back_tail(log, outside, before, at=at)
    facts: dict[str, Any] = {"from": before.size, "to": size, "root": before.root.hex(), "kinds": lost}
    if before.note is not None:
        facts["checkpoint"] = before.note
    return book.entry(RESTORED, by=by, facts=facts)


def put_back_tail(log: int, outside: Outside, before: Base, *, at: int) -> tuple[int, dict[str, int]]:
    """Insert the entries that the backup lacks, and their checkpoint; how far the log reaches now, and their kinds.

    Entries about the log's keys come back with their parts, for who signs at a size follows from them (ADR 24).

    The log's lock is held. Somebody must name the range in the same transaction.
    """
    size, lost = before.size, dict[str, int]()
    for bundle in outside.entries(before.size, outside.head.size) if outside.head.size > size else ():
        _insert(log, size, bundle)
        size += len(bundle)
        for kind, count in kinds(bundle).items():
            lost[kind] = lost.get(kind, 0) + count
    if size > before.size:
        _insert_parts(log, outside.opened(before.size, size, kind=log_keys.KIND))
        if StoredTree(log, size).root() != outside.head.root:
            raise Forked(
                "接回的记录与外部副本的根不符。", remedy="请保留备份与外部副本，不要写入，报告此错误。"
            )
        _keep_checkpoint(log, outside, at=at)
    reach("restore.after_tail")
    return size, lost


def _insert(log: int, size: int, entries: Sequence[SealedEntry]) -> None:
    """Entries of a log of `size`, without parts, and the tiles that they fill."""
    leaves = [entry.leaf() for entry in entries]
    copy_rows(
        [
            Entry(
                log=log, index=index, v=ENTRY_VERSION, kind=e.kind, time=e.time, count=e.count,
                commitment=e.commitment, leaf=leaf,
            )
            for index, (e, leaf) in enumerate(zip(entries, leaves, strict=True), size)
        ]
    )  # fmt: skip
    fill_tiles(log, size, leaves)


def _insert_parts(log: int, opened: Sequence[OpenedEntry]) -> None:
    copy_rows(
        [
            Part(log=log, entry=one.index, n=n, leaf=part_leaf(salt, body), salt=salt, body=body)
            for one in opened
            for n, (salt, body) in enumerate(one.parts)
        ]
    )


def _keep_checkpoint(log: int, outside: Outside, *, at: int) -> None:
    head = outside.head
    copy_rows([Checkpoint(log=log, size=head.size, root=head.root, note=outside.log_note, signed_at=at)])
    copy_rows(
        [
            Cosignature(log=log, size=head.size, witness=name, line=line, received_at=at)
            for name, line in outside.cosignatures()
        ]
    )


@dataclass(frozen=True, slots=True)
class Replayed:
    """Rows written again for one entry of the tail; `skipped`: they stand already, or what they refer to is lost."""

    kind: str
    written: int
    skipped: int


def replay(book: Book, lost: OpenedEntry, *, by: str, facts: Mapping[str, Any]) -> Replayed:
    """Stage an entry of the same kind that writes the rows of a lost one again, under their ids.

    Rows of append tables that stand already, rows of registers that are not here, and rows that refer to others which
    are not, are passed over; with none left nothing is staged. `facts` as the lost entry had stored them, so far as
    they still hold.
    """
    staged: Staged | None = None
    written = 0
    tables = {model._meta.db_table: model for model in rows()}
    for table, group in groupby(lost.rows, key=lambda row: row.table):
        some = list(group)
        fresh = _writable(tables[table], some)
        if not fresh:
            continue
        if staged is None:
            said = {k: v for k, v in upcasting.present(lost.kind, dict(facts)).items() if k != "by"}
            staged = book.entry(lost.kind, by=by, facts=said)
        if tables[table].table_kind is Kind.REVISE:
            staged.revise(*fresh)
        else:
            staged.insert(*fresh)
        written += len(fresh)
    return Replayed(lost.kind, written, len(lost.rows) - written)


def _writable(model: type[Row], some: Sequence[WrittenRow]) -> list[Row]:
    key = model._meta.pk
    ids = [_value(key, row.id) for row in some]
    there = model._base_manager.using(model.store).in_bulk(ids)
    revise = model.table_kind is Kind.REVISE
    found = []
    for row, number in zip(some, ids, strict=True):
        if (number in there) is not revise:
            continue
        written = there[number] if revise else model()
        for column in sealed_fields(model):
            given = row.values.get(column.column or "")
            setattr(written, column.attname, None if given is None else _value(column, given))
        found.append(written)
    return _with_targets(model, found)


def _with_targets(model: type[Row], some: list[Row]) -> list[Row]:
    """Those whose foreign keys lead somewhere."""
    for one in model._meta.concrete_fields:
        if not isinstance(one, models.ForeignKey):
            continue
        wanted = {getattr(row, one.attname) for row in some} - {None}
        there = set(one.related_model._base_manager.filter(pk__in=wanted).values_list("pk", flat=True))
        some = [
            row for row in some if getattr(row, one.attname) is None or getattr(row, one.attname) in there
        ]
    return some


def _value(column: "models.Field[Any, Any]", given: Any) -> Any:
    """The value of a column from its canonical form: what `values.sealed_value` made of it."""
    if isinstance(column, models.ForeignKey):
        return _value(column.target_field, given)
    if isinstance(column, ArrayField):
        return [_value(column.base_field, one) for one in given]
    if isinstance(column, models.BinaryField):
        return bytes.fromhex(given)
    if isinstance(column, models.UUIDField):
        return UUID(given)
    if isinstance(column, models.DateField) and not isinstance(column, models.DateTimeField):
        return date.fromisoformat(given)
    if isinstance(column, models.BooleanField):
        return bool(given)
    if isinstance(column, models.IntegerField):
        return int(given)
    if isinstance(column, models.TextField):
        return given
    raise TypeError(f"a row of the tail cannot be written again: {type(column).__name__}")
