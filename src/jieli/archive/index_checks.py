"""What fsck asks of the search index: every segment readable and as registered, and the same documents as the items.

Streamed: a segment passes in blocks, and which documents stand where lies in a passing table, so that a house of ten
million messages needs no more memory than a small one.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import connections

from jieli.archive import opening, ports, segments
from jieli.archive.index import segment as codec
from jieli.archive.index.errors import IndexCorrupt
from jieli.archive.index.merging import Merging, documents
from jieli.archive.index.rows import Int64s
from jieli.archive.index.tokens import tokens_of_texts
from jieli.archive.keys.store import index_keys
from jieli.archive.models import Segment
from jieli.ledger.fsck import Finding

_TABLE = "checked_document"
#: (code, table of the finding, its sentence, what to look for): one row a finding, its first column the item.
_QUESTIONS = (
    (
        "archive.still_indexed", "archive_segment", "已销毁的条目 {} 仍在索引中。",
        "SELECT DISTINCT d.item_id FROM checked_document d JOIN archive_item i ON i.item_id = d.item_id"
        " WHERE i.shredded_in IS NOT NULL ORDER BY 1",
    ),
    (
        "archive.indexed_twice", "archive_segment", "条目 {} 被索引两次。",
        "SELECT item_id FROM checked_document WHERE live GROUP BY item_id HAVING count(*) > 1 ORDER BY 1",
    ),
    (
        "archive.not_indexed", "archive_item", "条目 {} 不在检索索引中。",
        "SELECT i.item_id FROM archive_item i WHERE NOT EXISTS"
        " (SELECT FROM archive_tombstone t WHERE t.item_id = i.item_id) AND NOT EXISTS"
        " (SELECT FROM checked_document d WHERE d.item_id = i.item_id AND d.live) ORDER BY 1",
    ),
    (
        "archive.index_time", "archive_item", "条目 {} 在索引中的时间不符。",
        "SELECT DISTINCT i.item_id FROM archive_item i JOIN checked_document d ON d.item_id = i.item_id AND d.live"
        " WHERE d.event_at <> i.event_at AND NOT EXISTS"
        " (SELECT FROM archive_tombstone t WHERE t.item_id = i.item_id) ORDER BY 1",
    ),
    (
        "archive.index_ghost", "archive_segment", "索引中的条目 {} 不存在。",
        "SELECT DISTINCT d.item_id FROM checked_document d WHERE d.live AND NOT EXISTS"
        " (SELECT FROM archive_item i WHERE i.item_id = d.item_id) AND NOT EXISTS"
        " (SELECT FROM archive_tombstone t WHERE t.item_id = d.item_id) ORDER BY 1",
    ),
    (
        "archive.index_orphan", "archive_segment_row", "索引行属于不存在的分段 {}。",
        "SELECT DISTINCT r.segment FROM archive_segment_row r"
        " WHERE NOT EXISTS (SELECT FROM archive_segment s WHERE s.id = r.segment) ORDER BY 1",
    ),
)  # fmt: skip


def check_index() -> Iterator[Finding]:
    """Every living item stands in exactly one live segment at its time; no destroyed one in any; no row too many."""
    _run(f"DROP TABLE IF EXISTS pg_temp.{_TABLE}")
    _run(f"CREATE TEMPORARY TABLE {_TABLE} (item_id bigint, event_at bigint, live boolean)")
    try:
        extent = {row[0]: row[1:] for row in _rows(_EXTENT)}
        for row in Segment.objects.order_by("id"):
            yield from _segment(row, extent.get(row.id, (0, 0, 0)))
        _run(f"CREATE INDEX ON {_TABLE} (item_id)")
        _run(f"ANALYZE {_TABLE}")
        for code, table, sentence, query in _QUESTIONS:
            for (found,) in _rows(query):
                yield Finding(code, table, str(found), sentence.format(found))
    finally:
        _run(f"DROP TABLE IF EXISTS pg_temp.{_TABLE}")


_EXTENT = "SELECT segment, count(*), min(row), max(row) FROM archive_segment_row GROUP BY segment"


def _segment(row: Segment, extent: tuple[int, ...]) -> Iterator[Finding]:
    """Read all of a segment; what it says of itself must be what it holds. Its documents are noted."""
    try:
        known = segments.manifest(row)
        ids, times = documents(row.id, known, segments.fetch)
        merging = Merging(
            [(row.id, known)], segments.fetch, size=segments.shard_bytes([row.id]), dead=lambda _: ()
        )
        for _ in merging.blocks():
            pass  # decoding is the check
    except IndexCorrupt as error:
        yield Finding("archive.segment", "archive_segment", str(row.id), f"分段 {row.id}：{error.sentence}")
        return
    _note(ids, times, live=row.replaced_by is None)
    said = (row.first_ms, row.last_ms, known.shards + known.pages, -known.pages, known.shards - 1)
    replaced = row.replaced_by is None or row.replaced_by > row.id or row.replaced_by == 0
    if said != (int(times[0]), int(times[-1]), *extent) or not replaced:
        yield Finding(
            "archive.segment", "archive_segment", str(row.id), f"分段 {row.id} 的登记与其内容不符。"
        )


def _note(ids: Int64s, times: Int64s, *, live: bool) -> None:
    with (
        connections["default"].cursor() as cursor,
        cursor.copy(f"COPY {_TABLE} FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types(["int8", "int8", "bool"])
        for item, event in zip(ids.tolist(), times.tolist(), strict=True):
            copy.write_row((item, event, live))


def check_postings(receipt: UUID, items: Sequence[int]) -> Iterator[Finding]:
    """The tokens of these items stand in the live segments: each segment that they fill is built anew and compared."""
    texts = {one.item.item_id: one.text for one in opening.open_items(items, receipt=receipt)}
    for row in Segment.objects.filter(replaced_by__isnull=True).order_by("id"):
        ids, times = documents(row.id, segments.manifest(row), segments.fetch)
        if not set(ids.tolist()) <= texts.keys():
            continue
        key = index_keys(ports.keyring(), [row.month])[row.month]
        tokens = tokens_of_texts([texts[i] for i in ids.tolist()], key)
        anew = codec.build(row.month, ids, times, tokens, shard_bits=row.shard_bits)
        if dict(anew.rows) != dict(segments.load(row).rows):
            sentence = f"分段 {row.id} 与其条目的内容不符，应重建。"
            yield Finding("archive.postings", "archive_segment", str(row.id), sentence)


def _run(statement: str) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute(statement)


def _rows(query: str) -> list[tuple[Any, ...]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
