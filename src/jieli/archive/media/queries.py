"""Reading about media without their content."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import Count, Q, Sum

from jieli.archive.media import ports
from jieli.archive.media.errors import MediaUnknown
from jieli.archive.media.types import (
    Agreement,
    Figures,
    MediaRef,
    Refusal,
    RefusedFile,
    RemovalState,
    Standing,
    Unit,
)
from jieli.archive.models import Media

#: Kinds of message that carry no file of their own.
_WORDS_ONLY = ["text", "revoke", "agree", "disagree"]
#: Kinds that may carry several: they wait for more when one has come.
_SEVERAL = ["mixed", "chatrecord", "note"]


def _ref(row: Media) -> MediaRef:
    return MediaRef(
        id=row.id, item=row.item, n=row.n, format=row.format, unit=Unit(row.unit), size=row.size,
        blocks=row.blocks, seconds=row.seconds, stored=row.stored, address=bytes(row.address),
        agreement=Agreement(row.agreement), at=row.at, name=row.name,
        root=None if row.root is None else bytes(row.root),
        sha256=None if row.sha256 is None else bytes(row.sha256),
    )  # fmt: skip


def media(item: int, n: int) -> MediaRef:
    """The file n of an item; MediaUnknown when none was kept, or it was destroyed."""
    row = Media.objects.filter(item=item, n=n, shredded_in__isnull=True).first()
    if row is None:
        raise MediaUnknown(item, n)
    return _ref(row)


def of_items(items: Iterable[int]) -> dict[int, list[MediaRef]]:
    """The files of items, by item in the order of their numbers, emptied ones among them."""
    found: dict[int, list[MediaRef]] = {}
    for row in Media.objects.filter(item__in=list(items)).order_by("item", "n"):
        found.setdefault(row.item, []).append(_ref(row))
    return found


def emptied(addresses: Iterable[bytes]) -> set[bytes]:
    """Those of these addresses whose rows were emptied: their items are destroyed."""
    found = Media.objects.filter(address__in=list(addresses), shredded_in__isnull=False)
    return {bytes(address) for address in found.values_list("address", flat=True)}


def waiting_items(*, after: int = 0, limit: int) -> list[int]:
    """Living items that may claim a file which has not come, in order of their ids, above `after`."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT i.item_id FROM archive_item i WHERE i.item_id > %s AND i.shredded_in IS NULL"
            " AND (i.channel = 'call' OR i.msgtype <> ALL(%s))"
            " AND NOT EXISTS (SELECT FROM archive_tombstone t WHERE t.item_id = i.item_id)"
            " AND (i.msgtype = ANY(%s) OR NOT EXISTS (SELECT FROM archive_media m WHERE m.item = i.item_id))"
            " ORDER BY i.item_id LIMIT %s",
            [after, _WORDS_ONLY, _SEVERAL, limit],
        )
        return [row[0] for row in cursor.fetchall()]


#: The last refusal of each place that no file has taken since, of living items.
_REFUSED = """
SELECT DISTINCT ON (r.item, r.n) r.item, r.n, r.reason, r.by, r.at, count(*) OVER (PARTITION BY r.item, r.n)
FROM archive_media_refusal r
WHERE NOT EXISTS (SELECT FROM archive_media m WHERE m.item = r.item AND m.n = r.n)
    AND EXISTS (SELECT FROM archive_item i WHERE i.item_id = r.item AND i.shredded_in IS NULL)
    AND NOT EXISTS (SELECT FROM archive_tombstone t WHERE t.item_id = r.item)
"""


def refused(items: Iterable[int]) -> dict[tuple[int, int], RefusedFile]:
    """Which files of these items were refused and have not come since, by item and number."""
    found = _refused(
        _REFUSED + " AND r.item = ANY(%s) ORDER BY r.item, r.n, r.at DESC, r.id DESC", [list(items)]
    )
    return {(one.item, one.n): one for one in found}


def all_refused(*, after: int = 0, limit: int) -> list[RefusedFile]:
    """Every such file, by item above `after`, at most `limit` of them."""
    query = _REFUSED + " AND r.item > %s ORDER BY r.item, r.n, r.at DESC, r.id DESC LIMIT %s"
    return _refused(query, [after, limit])


def refused_items(*, after: int = 0, limit: int) -> list[int]:
    """Items with such a file, in order of their ids, above `after`."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT item FROM ({_REFUSED} AND r.item > %s ORDER BY r.item, r.n, r.at DESC) AS last"  # noqa: S608
            " ORDER BY item LIMIT %s",
            [after, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def _refused(query: str, params: list[Any]) -> list[RefusedFile]:
    with connections["default"].cursor() as cursor:
        cursor.execute(query, params)
        return [
            RefusedFile(item, n, Refusal(reason), by, at, times)
            for item, n, reason, by, at, times in cursor.fetchall()
        ]


def figures(source: str, *, from_ms: int, to_ms: int) -> Figures:
    """Files of a source's living items of a half-open window: kept, refused, and items for which nothing came yet."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "WITH here AS MATERIALIZED (SELECT i.item_id, i.channel = 'call' OR i.msgtype <> ALL(%s) AS may"  # noqa: S608 - ours
            " FROM archive_item i WHERE i.source = %s AND i.event_at >= %s AND i.event_at < %s"
            "  AND i.shredded_in IS NULL"
            "  AND NOT EXISTS (SELECT FROM archive_tombstone t WHERE t.item_id = i.item_id)"
            f"), out AS MATERIALIZED (SELECT item, reason FROM ({_REFUSED} ORDER BY r.item, r.n, r.at DESC, r.id DESC)"
            "  AS last WHERE item IN (SELECT item_id FROM here))"
            " SELECT 'kept', count(*) FROM archive_media m JOIN here h ON h.item_id = m.item"
            " UNION ALL SELECT reason, count(*) FROM out GROUP BY reason"
            " UNION ALL SELECT 'waiting', count(*) FROM here h WHERE h.may"
            "  AND NOT EXISTS (SELECT FROM archive_media m WHERE m.item = h.item_id)"
            "  AND NOT EXISTS (SELECT FROM out o WHERE o.item = h.item_id)",
            [_WORDS_ONLY, source, from_ms, to_ms],
        )
        counted = dict(cursor.fetchall())
    kept, waiting = counted.pop("kept"), counted.pop("waiting")
    return Figures(kept, {one: counted[one.value] for one in Refusal if one.value in counted}, waiting)


def standing() -> Standing:
    """Where media lie, how the store protects them, how many there are, and how many objects wait to be removed."""
    store = ports.store()
    living = Q(shredded_in__isnull=True)
    found = Media.objects.aggregate(
        files=Count("id", filter=living), size=Sum("size", filter=living), gone=Count("id", filter=~living)
    )
    removed = Count("id", filter=Q(mediaremoval__state=RemovalState.REMOVED.value))
    done = Media.objects.filter(~living).aggregate(done=removed)["done"]
    return Standing(
        store.place(), store.lock(), found["files"], found["size"] or 0, found["gone"], found["gone"] - done
    )


def locked_objects(shred: UUID) -> list[int]:
    """Of a destruction's media, until when (ms) the store's own lock keeps each object that is still there."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT r.locked_until FROM archive_tombstone t JOIN archive_media m ON m.item = t.item_id"
            " JOIN archive_media_removal r ON r.media_id = m.id AND r.state = %s"
            " WHERE t.shred_id = %s AND NOT EXISTS"
            " (SELECT FROM archive_media_removal d WHERE d.media_id = m.id AND d.state = %s) ORDER BY 1",
            [RemovalState.LOCKED.value, shred, RemovalState.REMOVED.value],
        )
        return [row[0] for row in cursor.fetchall()]
