"""Destroying items: intended, unlisted, secrets gone, emptied, certified. Each step commits and can be repeated.

1. `archive.shred`: one transaction writes the intent and a tombstone for each item, which a trigger refuses for
   held ones; both seal what will stay (ADR 27). From here on nobody finds the item.
2. The index segments are rewritten without it, and the old ones deleted by the shred role.
3. Its secret's page is rewritten without the secret and committed in the key store.
4. The shred role's function empties ciphertext and personal columns; it asks for holds again. Of a person, what was
   admitted since the intent goes first, by an intent of its own: emptied rows no longer say that it is his.
5. `archive.shredded` and the certificate.

A crash between two steps, or a hold placed meanwhile, leaves an intent without a certificate, which
`finish_destructions` takes up at the next start.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from uuid import UUID

from django.db import DatabaseError, IntegrityError, connections, transaction

from jieli.archive import holds, ports, queries, remains, segments, taking
from jieli.archive.errors import Held, NotAllThere, NothingToShred
from jieli.archive.keys.store import erase
from jieli.archive.models import Certificate, Item, KeyPage, Shred, Tombstone
from jieli.archive.policy import backups_gone_by
from jieli.archive.reasons import written
from jieli.archive.types import POSITIONS, CertificateRef, Progress, ShredScope, Step
from jieli.kernel.failpoints import reach
from jieli.kernel.ids import new_id
from jieli.ledger import locks
from jieli.ledger.operations import book

_HELD = "JL001"  # what the triggers and the shred function raise for held items
LEFTOVERS = "其所属条目已先后销毁"
#: So many secrets go in one transaction of the key store: a page is 32 KiB, and each may need one of its own.
ERASED_AT_ONCE = 4_096
#: So many numbers are named in a refusal.
_NAMED = 20


def shred_items(
    *,
    items: Sequence[int],
    reason: str,
    by: str,
    at: int,
    matter: UUID | None = None,
    those_there: bool = False,
) -> CertificateRef:
    """Destroy items for good; their certificate. Held names what is held, and then nothing is destroyed.

    NotAllThere while any of them is unknown or destroyed already, unless `those_there` asks for the others alone;
    NothingToShred where that is all of them. NoReason, ReasonTooLong.
    """
    reason = written(reason)
    with book(at=at):
        locks.destroy_one_at_a_time()
        intent = intend(
            items=_judged(items, those_there), scope=ShredScope.ITEMS, target=None, reason=reason, by=by, at=at,
            matter=matter,
        )  # fmt: skip
    return finish(intent, by=by, at=at)


def _judged(items: Sequence[int], those_there: bool) -> list[int]:
    """The items of a list that are there: numbers are soon mistyped, and a wrong one may be a right one's place."""
    wanted = set(items)
    found = [item for item, _ in taking.living([item for item in wanted if 0 <= item < 2**63])]
    if (lost := sorted(wanted - set(found))) and found and not those_there:
        some = "、".join(str(item) for item in lost[:_NAMED])
        more = f" 等 {len(lost)} 条" if len(lost) > _NAMED else ""
        raise NotAllThere(
            f"所列 {len(wanted)} 条中有 {len(lost)} 条不存在或已经销毁：{some}{more}。什么也没有销毁。",
            remedy="请核对编号；只销毁其余的，请写明（命令行加 --those-there）。",
        )
    return found


def shred_conversation(
    *, conversation: int, reason: str, by: str, at: int, matter: UUID | None = None
) -> CertificateRef:
    """Destroy a whole conversation: every item, and who talked with whom. NoReason, ReasonTooLong."""
    reason = written(reason)
    found = [ref.item_id for ref in queries.items_of_conversation(conversation) if not ref.tombstoned]
    intent = intend(
        items=found, scope=ShredScope.CONVERSATION, target=str(conversation), reason=reason, by=by, at=at,
        matter=matter,
    )  # fmt: skip
    return finish(intent, by=by, at=at)


def shred_person(
    *, person: UUID, reason: str, by: str, at: int, matter: UUID | None = None
) -> CertificateRef:
    """Destroy every item that goes with a person: `taking.of_person` has the rule. Registers are not touched.

    What was said before and is admitted until the end goes too; what is said afterwards is not meant.
    NoReason, ReasonTooLong.
    """
    reason = written(reason)
    intent = intend(
        items=taking.of_person(person), scope=ShredScope.PERSON, target=str(person), reason=reason, by=by, at=at,
        matter=matter,
    )  # fmt: skip
    return finish(intent, by=by, at=at)


def intend(
    *,
    items: Sequence[int],
    scope: ShredScope,
    target: str | None,
    reason: str,
    by: str,
    at: int,
    matter: UUID | None = None,
    id: UUID | None = None,
    records: Sequence[tuple[str, str]] = (),
) -> UUID:
    """Step 1: intent and tombstones, however many. Held, or NothingToShred if none of the items is there any more.

    Holds of 时效 are brought up to date first. The entry's facts name the parts (of bases and conversations) that
    lose their last item and go with it, and what stays of their rows. `id` where the destruction carries out a
    retention plan; `records` are rows of other rooms that such a plan covers, as (table, id).
    """
    with book(at=at) as b:
        locks.destroy_one_at_a_time()
        holds.keep_limits(at=at)
        found = taking.living(items)
        ids = [item for item, _ in found]
        ending = taking.parts_that_end(ids, scope, target, records)
        if not found and not ending.parts:
            raise NothingToShred("没有可销毁的条目。", remedy="它们可能已经销毁；请查看销毁证明。")
        if held := taking.in_the_way(ids, wish=taking.wished(scope, matter)):
            raise Held(held)
        row = Shred(
            id=id or new_id(at), scope=scope.value, target=target, reason=reason, matter=matter, items=len(ids),
            by=by, at=at,
        )  # fmt: skip
        facts = {"items": len(ids), **ending._asdict(), "shred": str(row.id)}
        stays = remains.of_items(ids)
        entry = b.entry("archive.shred", by=by, facts=facts)
        entry.insert(row)
        with held_is_named(ids):
            entry.insert(
                *(
                    Tombstone(item_id=item, conversation=talk, shred=row, stays=stays[item])
                    for item, talk in found
                )
            )
        reach("shred.before_commit")
    return row.id


@contextmanager
def held_is_named(items: Sequence[int]) -> Iterator[None]:
    """The database's own refusal as our error: the check before it is a courtesy, this one decides."""
    try:
        yield
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) != _HELD:
            raise
        raise Held(dict.fromkeys(items, ())) from None


def finish(intent: UUID, *, by: str, at: int) -> CertificateRef:
    """Steps 2 to 5 of a destruction, from wherever it stopped. Held if a hold came in between.

    Crash before the certificate: all of it is done again, the search for late messages too.
    """
    reach("shred.after_intent")  # here and not in `intend`, which a plan calls within a book of its own
    row = Shred.objects.get(id=intent)
    items = list(Tombstone.objects.filter(shred=intent).order_by("item_id").values_list("item_id", flat=True))
    unlist(items)
    reach("shred.after_unlist")
    left = erase_secrets(items)
    reach("shred.after_secrets")
    for begun in taking.late_intents(row):
        finish(begun, by=by, at=at)
    while late := late_or_emptied(row, items):
        reach("shred.late_found")
        with suppress(NothingToShred):  # another process finished them meanwhile
            destroy_late(row, late, by=by, at=at)
    reach("shred.after_emptied")
    done = certify(intent, left, by=by, at=at)
    reach("shred.after_certified")
    return done


def unlist(items: Sequence[int]) -> None:
    """Step 2: no segment holds these items any more, and no replaced segment is left."""
    events = dict(Item.objects.filter(item_id__in=list(items)).values_list("item_id", "event_at"))
    if events:
        segments.rewrite_without(events)
    segments.sweep()


def erase_secrets(items: Sequence[int]) -> set[int]:
    """Step 3: the secrets leave their pages. Held if a hold was placed since; no hold can be while this runs.

    Returns the wrap epochs whose keys opened the pages as they were: backups of those must run out.
    """
    with transaction.atomic(using="default", durable=True):
        locks.destroy_one_at_a_time()
        alive = Item.objects.filter(item_id__in=list(items), shredded_in__isnull=True)
        if held := queries.covering(list(alive.values_list("item_id", flat=True))):
            raise Held(held)
        left: set[int] = set()
        for start in range(0, len(items), ERASED_AT_ONCE):
            left |= erase(ports.keyring(), items[start : start + ERASED_AT_ONCE])
        return left


def late_or_emptied(row: Shred, items: Sequence[int]) -> list[int]:
    """Step 4, unless messages of the person whom the intent names came since: then these, and nothing is emptied.

    Imports that have begun end first and no other begins, so that none can come between the look and the emptying.
    """
    if row.scope not in (ShredScope.PERSON.value, ShredScope.REGISTER.value) or queries.certificate(row.id):
        empty(row.id, items)
        return []
    with transaction.atomic(using="default", durable=True):
        locks.change_bases()
        if late := taking.late(row):
            return late
        empty(row.id, items)
    return []


def destroy_late(row: Shred, items: Sequence[int], *, by: str, at: int) -> CertificateRef:
    """Destroy what came of a person after the intent `row`, for its reason and under its matter."""
    scope = ShredScope.PERSON if row.scope == ShredScope.REGISTER.value else ShredScope.ITEMS
    intent = intend(
        items=items, scope=scope, target=row.target, reason=row.reason, by=by, at=at, matter=row.matter
    )
    return finish(intent, by=by, at=at)


def empty(intent: UUID, items: Sequence[int]) -> None:
    """Step 4: the shred role empties what the intent names. Crash before its COMMIT: nothing is emptied."""
    with held_is_named(items), transaction.atomic(using="shred"), connections["shred"].cursor() as cursor:
        cursor.execute("SELECT archive_shred(%s)", [intent])
        reach("shred.before_emptied")


def certify(intent: UUID, left: set[int], *, by: str, at: int) -> CertificateRef:
    """Step 5: the confirming entry and the certificate; the one that is there if it was written before.

    After a crash the epochs that the pages were under are no longer known: then every epoch up to the present
    one is named, which can only make the second date later.
    """
    if (found := queries.certificate(intent)) is not None:
        return found
    row = Shred.objects.get(id=intent)
    certificate = Certificate(
        id=new_id(at), shred=row, items=row.items, live_gone_at=at,
        epochs=sorted(left) or _epochs_of(intent), backups_gone_by=backups_gone_by(at),
    )  # fmt: skip
    facts = {"certificate": str(certificate.id), "items": row.items, "shred": str(intent)}
    try:
        with book(at=at) as b:
            b.entry("archive.shredded", by=by, facts=facts).insert(certificate)
            reach("shred.before_certified")
    except IntegrityError:
        # Two processes finished the same destruction: the other's certificate stands.
        if queries.certificate(intent) is None:
            raise
    return queries.certificates([intent])[intent]


def _epochs_of(intent: UUID) -> list[int]:
    batches = {
        i // POSITIONS for i in Tombstone.objects.filter(shred=intent).values_list("item_id", flat=True)
    }
    newest = KeyPage.objects.filter(id__in=[batch * 64 for batch in batches]).order_by("-epoch").first()
    return list(range(1, newest.epoch + 1)) if newest else []


def progress() -> list[Progress]:
    """Every destruction that is not certified, oldest first, and how far it is; a hold may be what keeps it there."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT s.id, s.scope, s.items, s.at, count(i.item_id) FROM archive_shred s"
            " LEFT JOIN archive_tombstone t ON t.shred_id = s.id"
            " LEFT JOIN archive_item i ON i.item_id = t.item_id AND i.conversation = t.conversation"
            "  AND i.shredded_in IS NOT NULL"
            " WHERE NOT EXISTS (SELECT FROM archive_certificate c WHERE c.shred_id = s.id)"
            " GROUP BY s.id ORDER BY s.at, s.id"
        )
        return [
            Progress(key, ShredScope(scope), items, at, Step.EMPTIED if items == emptied else Step.INTENDED)
            for key, scope, items, at, emptied in cursor.fetchall()
        ]


def finish_destructions(*, by: str, at: int) -> list[UUID]:
    """Take up every destruction that a crash or a hold stopped; run at start. Returns those still held."""
    held = []
    for intent in queries.unfinished_shreds():
        try:
            finish(intent, by=by, at=at)
        except Held:
            held.append(intent)
    shred_leftovers(by=by, at=at)
    return held


def shred_leftovers(*, by: str, at: int) -> UUID | None:
    """Empty bases whose items went in several destructions at once: none of these was the last when it looked."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "WITH hit AS MATERIALIZED (SELECT DISTINCT item_id / 65536 AS batch FROM archive_tombstone),"
            " used AS MATERIALIZED (SELECT DISTINCT i.basis_id FROM hit JOIN archive_item i"
            "  ON i.item_id BETWEEN hit.batch * 65536 AND hit.batch * 65536 + 65535 WHERE i.basis_id IS NOT NULL)"
            " SELECT b.id FROM hit JOIN archive_basis b ON b.batch_id = hit.batch"
            " LEFT JOIN used u ON u.basis_id = b.id WHERE b.shredded_in IS NULL AND u.basis_id IS NULL"
        )
        keys = [("archive_basis", str(row[0])) for row in cursor.fetchall()]
    ending = taking.ending(keys)
    if not ending.parts:
        return None
    with book(at=at) as b:
        row = Shred(id=new_id(at), scope=ShredScope.ITEMS.value, reason=LEFTOVERS, items=0, by=by, at=at)
        facts = {"items": 0, **ending._asdict(), "shred": str(row.id)}
        b.entry("archive.shred", by=by, facts=facts).insert(row)
    finish(row.id, by=by, at=at)
    return row.id
