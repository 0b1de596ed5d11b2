"""Reading about media without their content."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connections
from django.db.models import Count, Q, Sum

from jieli.archive.media import ports
from jieli.archive.media.errors import MediaUnknown
from jieli.archive.media.types import Agreement, MediaRef, RemovalState, Standing, Unit
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
