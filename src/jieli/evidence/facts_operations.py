"""Stating facts, putting in exhibits, listing losses. What was stated is replaced by a later row, never changed."""

from collections.abc import Sequence
from uuid import UUID

from jieli.evidence import facts_queries as queries
from jieli.evidence.assessments import losses as loss_rules
from jieli.evidence.assessments.amounts import Amount
from jieli.evidence.assessments.losses import Head, LossRow
from jieli.evidence.disputes_locks import check_open, known_exhibits, locked, next_ordinal, unknown
from jieli.evidence.disputes_types import Legality, NewExhibit, NewFact, NewLoss
from jieli.evidence.errors import BadFact, BadLoss
from jieli.evidence.facts import check
from jieli.evidence.models import AmountStated, Dispute, Exhibit, FactRow, LostCustomer
from jieli.kernel.ids import new_id
from jieli.law.verdicts import Period, ProofState, StatedBy
from jieli.ledger.operations import book
from jieli.papers import queries as papers

#: Stated by way of a relief or a defence, so that a claim stands in one place alone.
_ELSEWHERE = ("claim.", "defence.")


def attach_exhibits(*, number: str, exhibits: Sequence[NewExhibit], by: str, at: int) -> list[UUID]:
    """Put papers in as exhibits, numbered 证1, 证2 … where no number is given; their ids in order.

    papers.unknown for a paper that is not kept; BadFact where nothing is said that it proves.
    """
    for one in exhibits:
        papers.paper(one.paper)
        if not one.proves.strip():
            raise BadFact("没有写明证明目的。", remedy="请写明这份证据要证明什么。")
    with book(at=at) as b:
        dispute = locked(number)
        first = next_ordinal(dispute.exhibits.all())
        rows = [
            Exhibit(
                id=new_id(at), dispute=dispute, ordinal=n, number=one.number.strip() or f"证{n}",
                paper=one.paper, party=one.party.value, proves=one.proves.strip(),
                legality=Legality.LAWFUL.value,
            )
            for n, one in enumerate(exhibits, first)
        ]  # fmt: skip
        _check_numbers(dispute, [row.number for row in rows])
        b.entry("evidence.attach", by=by, facts=_facts(dispute, len(rows))).insert(*rows)
    return [row.id for row in rows]


def _check_numbers(dispute: Dispute, numbers: Sequence[str]) -> None:
    taken = Exhibit.objects.filter(dispute=dispute, number__in=numbers).exists()
    if taken or len(set(numbers)) != len(numbers):
        raise BadFact("证据编号已被使用。", remedy="请换一个编号，或留空由系统编号。")


def quarantine(*, exhibit: UUID, grounds: str, by: str, at: int) -> None:
    """Keep an exhibit away from every verdict, and why; it stays on file for counsel (R3.4)."""
    if not grounds.strip():
        raise BadFact("没有写明隔离理由。", remedy="请写明取得方式的问题。")
    _set_legality(exhibit, Legality.QUARANTINED, grounds.strip(), by=by, at=at)


def readmit(*, exhibit: UUID, grounds: str, by: str, at: int) -> None:
    """Let a quarantined exhibit count again, and why."""
    if not grounds.strip():
        raise BadFact("没有写明解除隔离的理由。", remedy="请写明合法性如何得到确认。")
    _set_legality(exhibit, Legality.LAWFUL, grounds.strip(), by=by, at=at)


def _set_legality(exhibit: UUID, legality: Legality, grounds: str, *, by: str, at: int) -> None:
    with book(at=at) as b:
        row = Exhibit.objects.select_for_update().filter(id=exhibit).first()
        if row is None:
            raise unknown()
        check_open(row.dispute)
        row.legality, row.grounds = legality.value, grounds
        facts = {"exhibit": str(exhibit), "legality": legality.value}
        b.entry("evidence.legality", by=by, facts=facts).revise(row)


def state_facts(*, number: str, facts: Sequence[NewFact], by: str, at: int) -> list[UUID]:
    """State facts; their ids in order.

    BadFact (evidence.bad_fact), BadAmount (evidence.bad_amount) for a key or value no rule takes, for 已证 without
    an exhibit, for an exhibit or a replaced fact of another dispute.
    """
    for one in facts:
        check_statement(one)
    with book(at=at) as b:
        dispute = locked(number)
        known_exhibits(dispute, {e for one in facts for e in one.exhibits})
        _check_replaced(dispute, facts)
        first = next_ordinal(dispute.facts.all())
        rows = [_fact(dispute, n, one, at) for n, one in enumerate(facts, first)]
        b.entry("evidence.state_facts", by=by, facts=_facts(dispute, len(rows))).insert(*rows)
    return [row.id for row in rows]


def check_statement(one: NewFact) -> None:
    """BadFact, BadAmount for a statement that no dispute could take, whatever stands in it already."""
    if one.key.startswith(_ELSEWHERE):
        raise BadFact("诉请与抗辩不作为事实登记。", remedy="请登记为诉讼请求或抗辩。")
    check(one.key, one.value)
    if one.proof is ProofState.PROVED and not one.exhibits:
        raise BadFact("标为“已证”而没有证据。", remedy="请附上证据，或改为“自称”。")


def check_loss(one: NewLoss) -> None:
    """BadLoss for a row that names no customer or course, or counts nothing."""
    if not one.customer.strip() or not one.course.strip() or one.attempts < 0:
        raise BadLoss("损失行没有客户、课程，或联系次数不对。", remedy="请逐个写明客户、课程和联系尝试。")
    if one.fen is not None and one.fen <= 0:
        raise BadLoss("减少的收入须大于零。", remedy="请填写已证的减少额，或留空。")


def _check_replaced(dispute: Dispute, facts: Sequence[NewFact]) -> None:
    """A replaced fact is of this dispute, of the same key, and not replaced yet."""
    wanted = [one.replaces for one in facts if one.replaces]
    if not wanted:
        return
    keys = dict(FactRow.objects.filter(dispute=dispute, id__in=wanted).values_list("id", "key"))
    gone = FactRow.objects.filter(replaces__in=wanted).exists()
    differs = any(one.replaces and keys.get(one.replaces) != one.key for one in facts)
    if gone or differs or len(set(wanted)) != len(wanted):
        raise BadFact("要更正的陈述不存在、已被更正或不是同一事项。", remedy="请刷新后更正最新的一条。")


def _fact(dispute: Dispute, ordinal: int, one: NewFact, at: int) -> FactRow:
    return FactRow(
        id=new_id(at), dispute=dispute, ordinal=ordinal, key=one.key, value=one.value.strip(),
        stated_by=one.stated_by.value, proof=one.proof.value, exhibits=list(one.exhibits),
        note=one.note.strip() or None, replaces=one.replaces, **_period(one.event),
    )  # fmt: skip


def _period(event: Period | None) -> dict[str, object]:
    if event is None:
        return {"first": None, "last": None, "precision": None}
    return {"first": event.first, "last": event.last, "precision": event.precision.value}


def list_losses(*, number: str, losses: Sequence[NewLoss], by: str, at: int) -> list[UUID]:
    """List lost customers; their ids in order.

    DoubleCounting (evidence.double_counted) for a customer and course that stand already, under any head.
    """
    for one in losses:
        check_loss(one)
    with book(at=at) as b:
        dispute = locked(number)
        known_exhibits(dispute, {e for one in losses for e in one.exhibits})
        new = [_loss_row(one) for one in losses]
        loss_rules.check_no_double([*queries.losses(dispute.id), *new])
        first = next_ordinal(dispute.losses.all())
        rows = [
            LostCustomer(
                id=new_id(at), dispute=dispute, ordinal=n, head=row.head.value, customer=row.customer,
                course=row.course, attempts=row.attempts, exhibits=list(one.exhibits), fen=row.fen, **_period(row.lost),
            )
            for n, (row, one) in enumerate(zip(new, losses, strict=True), first)
        ]  # fmt: skip
        b.entry("evidence.list_losses", by=by, facts=_facts(dispute, len(rows))).insert(*rows)
    return [row.id for row in rows]


def _loss_row(one: NewLoss) -> LossRow:
    return LossRow(
        id="", head=Head(one.head), customer=one.customer.strip(), course=one.course.strip(), lost=one.lost,
        attempts=one.attempts, exhibits=tuple(str(e) for e in one.exhibits), fen=one.fen,
    )  # fmt: skip


def withdraw_loss(*, number: str, loss: UUID, reason: str, by: str, at: int) -> None:
    """Take a row out of the loss, and why; it stays in the book."""
    if not reason.strip():
        raise BadLoss("没有写明撤回理由。", remedy="请写明理由。")
    with book(at=at) as b:
        dispute = locked(number)
        row = LostCustomer.objects.filter(dispute=dispute, id=loss, withdrawn__isnull=True).first()
        if row is None:
            raise unknown()
        row.withdrawn = reason.strip()
        b.entry("evidence.withdraw_loss", by=by, facts={"loss": str(loss)}).revise(row)


def state_amount(*, number: str, what: str, amount: Amount, stated_by: StatedBy, by: str, at: int) -> UUID:
    """State a sum with its qualifier."""
    if not what.strip() or not amount.loss_type.strip():
        raise BadFact(
            "没有写明是什么金额。", remedy="请写明金额名称和损失类型（可得利益、直接损失、合理费用）。"
        )
    with book(at=at) as b:
        dispute = locked(number)
        row = AmountStated(
            id=new_id(at), dispute=dispute, ordinal=next_ordinal(dispute.amounts.all()),
            what=what.strip(), amount_fen=amount.fen, qualifier=amount.qualifier.value,
            loss_type=amount.loss_type, stated_by=stated_by.value,
        )  # fmt: skip
        b.entry("evidence.state_amount", by=by, facts=_facts(dispute, 1)).insert(row)
    return row.id


def _facts(dispute: Dispute, rows: int) -> dict[str, object]:
    return {"dispute": str(dispute.id), "rows": rows}
