"""The private part (practice 3.2): the person marks it, the house looks at metadata only, and opens nothing.

A thing in dispute is opened elsewhere, with the person there or by a neutral reader; here stands who was present.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from django.db.models import Q

from jieli.archive.queries import conversations, conversations_of_account
from jieli.archive.types import ConversationRef
from jieli.assets.queries import accounts_by_id
from jieli.handover.errors import NotInCase, NoWords
from jieli.handover.models import SnapshotLine
from jieli.handover.models.things import PrivateItem
from jieli.handover.reading import locked
from jieli.handover.things_errors import NobodyPresent, WrongNature
from jieli.handover.things_types import (
    CheckedBy,
    Decision,
    Nature,
    NewPrivate,
    PrivateKind,
    PrivateRef,
    Removal,
)
from jieli.handover.types import LineClass
from jieli.kernel.ids import new_id
from jieli.ledger.operations import book
from jieli.parties.queries import identities


def mark_private(*, case: UUID, items: Sequence[NewPrivate], by: str, at: int) -> list[UUID]:
    """The person marks what is his own, before the house looks at anything; ids in the order given.

    The same kind and name again is the same thing and is left as it was. NoWords (handover.no_words) for a thing
    without a name, NotInCase for a conversation that the archive does not have.
    """
    for item in items:
        if not item.label.strip() or not item.where.strip() or item.count < 1:
            raise NoWords("私人内容没有写明名称、位置或数量。", remedy="请写明，但不必写内容。")
    wanted = {item.conversation for item in items if item.conversation is not None}
    if set(conversations(wanted)) != wanted:
        raise NotInCase("所指的会话不在档案中。", remedy="请从会话列表中选择。")
    others = _others(wanted)
    with book(at=at) as b:
        row = locked(case)
        known = {(p.kind, p.label): p.pk for p in PrivateItem.objects.filter(case=row)}
        made = [
            PrivateItem(
                id=new_id(at), case=row, kind=item.kind.value, label=item.label.strip(), place=item.where.strip(),
                decision=item.decision.value, count=item.count, conversation=item.conversation, present=[],
                **others.get(item.conversation, {"platform": item.platform, "counterparty": item.counterparty}),
            )
            for item in items
            if (item.kind.value, item.label.strip()) not in known
        ]  # fmt: skip
        b.entry("handover.mark_private", by=by, facts={"case": str(case), "items": len(made)}).insert(*made)
    known |= {(p.kind, p.label): p.pk for p in made}
    return [known[(item.kind.value, item.label.strip())] for item in items]


def _others(wanted: Collection[int]) -> dict[int | None, dict[str, str]]:
    """Who the other side of an archived conversation is, as the archive knows it and not as anybody says it."""
    refs = [c for c in conversations(wanted).values() if c.account and c.counterparty]
    accounts = accounts_by_id({c.account for c in refs if c.account})
    return {
        c.id: {"platform": accounts[c.account].platform, "counterparty": c.counterparty}
        for c in refs
        if c.account in accounts and c.counterparty
    }


def check_private(*, case: UUID, by: str, at: int) -> dict[Nature, int]:
    """Look at whatever nobody looked at yet, by metadata alone: is the other side among our customers?

    Known by an identity on that platform: 与客户有关. Not known: 私人. Nothing to look up (a file, a photograph):
    私人 by the person's own statement. Returns how many of each; asks one question a platform.
    """
    with book(at=at) as b:
        row = locked(case)
        waiting = list(PrivateItem.objects.select_for_update().filter(case=row, nature__isnull=True))
        customers = _customers(waiting)
        for item in waiting:
            item.nature, item.checked_by = (word.value for word in _judged(item, customers))
            item.checked_at = at
        facts = {"case": str(case), "items": len(waiting)}
        b.entry("handover.check_private", by=by, facts=facts).revise(*waiting)
    return {nature: sum(1 for i in waiting if i.nature == nature.value) for nature in Nature}


def _customers(waiting: Sequence[PrivateItem]) -> set[tuple[str, str]]:
    asked: dict[str, set[str]] = defaultdict(set)
    for platform, other in filter(None, map(_other_side, waiting)):
        asked[platform].add(other)
    return {(platform, known) for platform, others in asked.items() for known in identities(platform, others)}


def _other_side(item: PrivateItem) -> tuple[str, str] | None:
    if item.platform and item.counterparty:
        return item.platform, item.counterparty
    return None


def _judged(item: PrivateItem, customers: set[tuple[str, str]]) -> tuple[Nature, CheckedBy]:
    other = _other_side(item)
    if other is None:
        return Nature.PRIVATE, CheckedBy.STATEMENT
    return Nature.CUSTOMER if other in customers else Nature.PRIVATE, CheckedBy.METADATA


def dispute_private(*, case: UUID, item: UUID, by: str, at: int) -> None:
    """Either side holds against what the metadata said. handover.private_state for a thing that is already gone."""
    with book(at=at) as b:
        row = _one(case, item)
        if row.nature is None or row.nature == Nature.DISPUTED.value or row.removal is not None:
            raise WrongNature("该项还没有核对、已在争议中，或已经清除。", remedy="请刷新后查看。")
        row.nature = Nature.DISPUTED.value
        b.entry("handover.dispute_private", by=by, facts={"case": str(case), "item": str(item)}).revise(row)


def resolve_private(
    *,
    case: UUID,
    item: UUID,
    nature: Nature,
    checked_by: CheckedBy,
    present: Sequence[str],
    opened_at: int,
    by: str,
    at: int,
) -> None:
    """A disputed thing was opened: with the person there or by a neutral reader, and what it turned out to be.

    NobodyPresent (handover.nobody_present) unless those who stood by are named and one of the two ways was taken;
    handover.private_state for a thing that is not in dispute. What was in it is written nowhere.
    """
    names = [name.strip() for name in present if name.strip()]
    if checked_by not in (CheckedBy.PRESENT, CheckedBy.NEUTRAL) or not names or opened_at > at:
        raise NobodyPresent(
            "有争议的内容只能在本人在场时，或由工会、中立人查看，并登记在场人。",
            remedy="请补录在场人后再登记。",
        )
    if nature is Nature.DISPUTED:
        raise WrongNature("查看之后仍写作有争议。", remedy="请写明私人或与客户有关；不能确定的暂不登记。")
    with book(at=at) as b:
        row = _one(case, item)
        if row.nature != Nature.DISPUTED.value:
            raise WrongNature("该项不在争议中。", remedy="请刷新后查看。")
        row.nature, row.checked_by = nature.value, checked_by.value
        row.present, row.checked_at = names, opened_at
        b.entry("handover.resolve_private", by=by, facts={"case": str(case), "item": str(item)}).revise(row)


def record_removed(
    *,
    case: UUID,
    item: UUID,
    removal: Removal,
    removed_at: int,
    proof: UUID | None = None,
    by: str,
    at: int,
) -> None:
    """Something private outside the archive is gone: by the person's own hand, by a reset, from a cloud.

    handover.private_state for what is not private, already gone, or in the archive, whose keys `purge` destroys.
    """
    with book(at=at) as b:
        row = _one(case, item)
        if row.nature != Nature.PRIVATE.value or row.removal is not None or removed_at > at:
            raise WrongNature("该项不是已核对的私人内容，或已经清除。", remedy="请刷新后查看。")
        if row.conversation is not None or removal is Removal.SHREDDED:
            raise WrongNature("档案中的会话只能由清除流程销毁。", remedy="请在审计、交接、留存之后执行清除。")
        row.removal, row.removed_at, row.removed_by, row.proof = removal.value, removed_at, by, proof
        b.entry("handover.record_removed", by=by, facts={"case": str(case), "item": str(item)}).revise(row)


def _one(case: UUID, item: UUID) -> PrivateItem:
    row = PrivateItem.objects.select_for_update().filter(case=locked(case), id=item).first()
    if row is None:
        raise NotInCase("没有这一项私人内容。", remedy="请刷新后重新选择。")
    return row


def private_items(case: UUID) -> list[PrivateRef]:
    """Everything marked in a leaving, in the order in which it was marked."""
    return refs(Q(case_id=case))


def kept_from_receiver(case: UUID) -> frozenset[int]:
    """Conversations that no export to the receiver may hold (R0.34).

    All that were marked and are not shown to be with a customer: those in dispute and those not yet looked at too.
    """
    marked = PrivateItem.objects.filter(case_id=case, conversation__isnull=False)
    mine = marked.filter(Q(nature__isnull=True) | ~Q(nature=Nature.CUSTOMER.value))
    return frozenset(key for key in mine.values_list("conversation", flat=True) if key is not None)


def for_receiver(case: UUID) -> tuple[list[ConversationRef], int]:
    """The conversations of a case's accounts that the receiver may have listed, and how many are held back (R0.34)."""
    lines = SnapshotLine.objects.filter(case_id=case, cls=LineClass.ACCOUNT.value, subject__isnull=False)
    accounts = list(lines.order_by("key").values_list("subject", flat=True))
    found = [ref for account in accounts if account for ref in conversations_of_account(account)]
    kept = kept_from_receiver(case)
    return [ref for ref in found if ref.id not in kept and not ref.destroyed], len(kept)


def remaining(case: UUID) -> list[PrivateRef]:
    """Private things that the person wanted gone and that are still there: after a purge, none (R3.14)."""
    return [ref for ref in private_items(case) if ref.to_remove and ref.removal is None]


def refs(which: Q) -> list[PrivateRef]:
    """Rows as values."""
    return [
        PrivateRef(
            r.id, PrivateKind(r.kind), r.label, r.place, Decision(r.decision), r.count, r.conversation,
            Nature(r.nature) if r.nature else None, CheckedBy(r.checked_by) if r.checked_by else None,
            tuple(r.present), Removal(r.removal) if r.removal else None, r.removed_at, r.removed_by or "", r.shred,
        )
        for r in PrivateItem.objects.filter(which).order_by("id")
    ]  # fmt: skip
