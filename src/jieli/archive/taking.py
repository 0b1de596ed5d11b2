"""What a destruction takes: a person's items, what is in its way, and the parts that lose their last item with it."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connections

from jieli.archive import erasing, queries, remains
from jieli.archive.models import Conversation, Hold, Shred
from jieli.archive.types import HoldScope, ShredScope
from jieli.assets import queries as assets
from jieli.ledger import queries as ledger
from jieli.matters import queries as matters
from jieli.matters.types import MatterKind
from jieli.parties import queries as parties


class Ending(NamedTuple):
    """Parts that a destruction empties, as [entry, n], and for each what stays of its row (ADR 27), in hex."""

    parts: list[list[int]]
    stays: list[str]


def living(items: Sequence[int]) -> list[tuple[int, int]]:
    """(item, conversation) of those that no destruction has taken yet, in order; an unknown id is absent."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT i.item_id, i.conversation FROM archive_item i WHERE i.item_id = ANY(%s) AND NOT EXISTS"
            " (SELECT FROM archive_tombstone t WHERE t.item_id = i.item_id) ORDER BY 1",
            [list(items)],
        )
        return [(item, talk) for item, talk in cursor.fetchall()]


def of_person(person: UUID) -> list[int]:
    """The living items that go with a person (ADR 20), in order.

    His own words everywhere. Of one-to-one conversations both halves: for a customer every one in which he spoke or
    whose other end the register says he is, for staff what came while he held the account. In a room, where others
    speak too, only his own words.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "WITH his AS (SELECT b.id, b.batch_id, b.speaker = %(who)s AS said, b.speaker_kind FROM archive_basis b"
            "  WHERE b.speaker = %(who)s OR b.holder = %(who)s), own AS ("
            " SELECT i.item_id, i.conversation, h.said, h.speaker_kind FROM his h JOIN archive_item i"
            "  ON i.basis_id = h.id"
            "  AND i.item_id BETWEEN h.batch_id * 65536 AND h.batch_id * 65536 + 65535),"
            " talks AS (SELECT DISTINCT o.conversation AS id FROM own o JOIN archive_conversation c"
            "  ON c.id = o.conversation WHERE o.said AND o.speaker_kind = '客户' AND c.counterparty IS NOT NULL"
            "  UNION SELECT unnest(%(known)s::bigint[])), taken AS ("
            " SELECT o.item_id FROM own o JOIN archive_conversation c ON c.id = o.conversation"
            "  WHERE o.said OR c.counterparty IS NOT NULL"
            "  UNION SELECT i.item_id FROM talks t JOIN archive_item i ON i.conversation = t.id)"
            " SELECT t.item_id FROM taken t WHERE NOT EXISTS"
            " (SELECT FROM archive_tombstone d WHERE d.item_id = t.item_id) ORDER BY 1",
            {"who": person, "known": _conversations_with(person)},
        )
        return [row[0] for row in cursor.fetchall()]


def late(row: Shred) -> list[int]:
    """What goes with the person of this intent and is not taken yet: it was admitted after the intent was written.

    Of the scope 人 only what was said before the intent: he stays in the registers, and may have gone on talking
    while a hold kept the destruction waiting. Of 人及登记 everything.
    """
    found = of_person(UUID(row.target)) if row.target else []
    if row.scope == ShredScope.REGISTER.value or not found:
        return found
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT item_id FROM archive_item WHERE item_id = ANY(%s) AND event_at <= %s ORDER BY 1",
            [found, row.at],
        )
        return [item for (item,) in cursor.fetchall()]


def late_intents(row: Shred) -> list[UUID]:
    """Later destructions of the same person that are not certified: a crash left them, and they are finished first.

    Else a conversation would keep its name: the one intent finds the other's items still there, the other does not
    name the conversation.
    """
    if row.target is None or row.scope not in (ShredScope.PERSON.value, ShredScope.REGISTER.value):
        return []
    rows = Shred.objects.filter(target=row.target, certificate__isnull=True)
    recorded = ledger.first_recorded("archive_shred", [row.id, *rows.values_list("id", flat=True)])
    entries = {UUID(key): one.entry for key, one in recorded.items()}
    return sorted((key for key, entry in entries.items() if entry > entries[row.id]), key=entries.__getitem__)


def _conversations_with(customer: UUID) -> list[int]:
    """One-to-one conversations whose other end is a customer by the register, whether he ever spoke there or not."""
    names = parties.identities_of([customer])[customer]
    found = Conversation.objects.filter(counterparty__in={name for _, name in names}, account__isnull=False)
    rows = list(found.values_list("id", "account", "counterparty"))
    accounts = assets.accounts_by_id({account for _, account, _ in rows if account is not None})
    return [
        key
        for key, account, name in rows
        if account in accounts and (accounts[account].platform, name) in names
    ]


def wished(scope: ShredScope, matter: UUID | None) -> bool:
    """Whether a person concerned wants it: then holds of 时效 give way (ADR 20), as `archive_held` has it."""
    if scope is ShredScope.OWN:
        return True
    found = matters.matters([matter]).get(matter) if matter is not None else None
    return found is not None and found.kind is MatterKind.REQUEST


def in_the_way(items: Sequence[int], *, wish: bool) -> dict[int, list[UUID]]:
    """The holds that stop a destruction of these items, by item."""
    found = queries.covering(items)
    if not (wish and found):
        return found
    ids = {hold for holds in found.values() for hold in holds}
    soft = set(Hold.objects.filter(id__in=ids, scope=HoldScope.LIMITATION.value).values_list("id", flat=True))
    kept = {item: [hold for hold in holds if hold not in soft] for item, holds in found.items()}
    return {item: holds for item, holds in kept.items() if holds}


def parts_that_end(
    items: Sequence[int], scope: ShredScope, target: str | None, records: Sequence[tuple[str, str]] = ()
) -> Ending:
    """The parts of bases and conversations that have no other living item, of the items' media, and of `records`.

    Of a conversation whose items were named one by one its name stays: somebody chose these items, not the talk.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "WITH gone AS MATERIALIZED (SELECT unnest(%s::bigint[]) AS item_id), touched AS MATERIALIZED ("
            " SELECT DISTINCT b.id, b.batch_id FROM gone g JOIN archive_item i ON i.item_id = g.item_id"
            "  JOIN archive_basis b ON b.id = i.basis_id), used AS MATERIALIZED ("
            " SELECT DISTINCT o.basis_id FROM (SELECT DISTINCT batch_id FROM touched) d JOIN archive_item o"
            "  ON o.item_id BETWEEN d.batch_id * 65536 AND d.batch_id * 65536 + 65535"
            "  LEFT JOIN gone g ON g.item_id = o.item_id WHERE g.item_id IS NULL AND o.basis_id IS NOT NULL)"
            " SELECT t.id FROM touched t LEFT JOIN used u ON u.basis_id = t.id WHERE u.basis_id IS NULL",
            [list(items)],
        )
        keys = [("archive_basis", str(row[0])) for row in cursor.fetchall()]
        cursor.execute(
            "SELECT m.id FROM archive_media m WHERE m.item = ANY(%s) AND m.shredded_in IS NULL", [list(items)]
        )
        keys += [("archive_media", str(row[0])) for row in cursor.fetchall()]
        if scope in (ShredScope.PERSON, ShredScope.OWN, ShredScope.CLASS, ShredScope.REGISTER):
            keys += [("archive_conversation", str(talk)) for talk in _talks_that_end(items)]
    if scope is ShredScope.CONVERSATION and target is not None:
        keys.append(("archive_conversation", target))
    if scope is ShredScope.REGISTER and target is not None:
        keys += erasing.standing_of(UUID(target))
    return ending([*keys, *records])


def _talks_that_end(items: Sequence[int]) -> list[int]:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "WITH gone AS MATERIALIZED (SELECT unnest(%s::bigint[]) AS item_id), touched AS MATERIALIZED ("
            " SELECT DISTINCT i.conversation FROM gone g JOIN archive_item i ON i.item_id = g.item_id),"
            " used AS MATERIALIZED (SELECT DISTINCT o.conversation FROM touched t JOIN archive_item o"
            "  ON o.conversation = t.conversation LEFT JOIN gone g ON g.item_id = o.item_id"
            "  WHERE g.item_id IS NULL AND o.shredded_in IS NULL)"
            " SELECT t.conversation FROM touched t LEFT JOIN used u ON u.conversation = t.conversation"
            " WHERE u.conversation IS NULL",
            [list(items)],
        )
        return [row[0] for row in cursor.fetchall()]


def ending(keys: Sequence[tuple[str, str]]) -> Ending:
    """The parts of these rows in order, with what will stay of each row."""
    stays = remains.of_rows(keys)
    found = sorted((part.entry, part.n, key) for key, parts in ledger.parts(keys).items() for part in parts)
    return Ending([[entry, n] for entry, n, _ in found], [stays[key].hex() for _, _, key in found])
