"""What both sides say in a leaving: orders and commission, settlement, promises, objections, reasons. Bulk.

A later statement of a side replaces its earlier one; the earlier stays in the book. Nothing said by one side is
changed by what the other says. Every text is checked for hostages before it is kept (W11).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from jieli.handover.errors import BadDay, NotInCase, NoWords
from jieli.handover.hostage import check_text
from jieli.handover.models import (
    Case,
    Commission,
    DataRow,
    Handed,
    Objection,
    Promise,
    Settlement,
    SnapshotLine,
    Unable,
)
from jieli.handover.reading import locked
from jieli.handover.types import (
    Answer,
    DataClass,
    LineClass,
    ListKind,
    NewCommission,
    NewPromise,
    NewSettlement,
    Party,
    Statement,
)
from jieli.kernel.ids import new_id
from jieli.kernel.times import local_day
from jieli.ledger.operations import book
from jieli.parties import queries as parties

_NAMES = {Party.COMPANY: "company", Party.STAFF: "staff"}


def state_commission(*, case: UUID, lines: Sequence[NewCommission], by: str, at: int) -> None:
    """What one or both sides say of orders in progress, by order number; a side given as None is left as it was."""
    for line in lines:
        _check_said(line.company, line.staff)
    with book(at=at) as b:
        row = locked(case)
        known = {c.order_no: c for c in Commission.objects.filter(case=row)}
        new: list[Commission] = []
        changed: list[Commission] = []
        for line in lines:
            found = known.get(line.order_no)
            kept = found or Commission(id=new_id(at), case=row, order_no=line.order_no, product=line.product)
            _say(kept, {Party.COMPANY: line.company, Party.STAFF: line.staff})
            kept.product = line.product or kept.product
            (changed if found else new).append(kept)
        entry = b.entry("handover.state_commission", by=by, facts=_facts(row, len(lines)))
        entry.insert(*new)
        entry.revise(*changed)


def state_settlement(*, case: UUID, lines: Sequence[NewSettlement], by: str, at: int) -> None:
    """Lines of 工资及费用结算单, by name and who owes. Amounts owed by each side stand apart; nothing is netted."""
    for line in lines:
        _words(line.name)
        check_text(line.name)
        _check_said(line.company, line.staff)
    with book(at=at) as b:
        row = locked(case)
        known = {(s.name, s.owed_by): s for s in Settlement.objects.filter(case=row)}
        new: list[Settlement] = []
        changed: list[Settlement] = []
        for line in lines:
            found = known.get((line.name, line.owed_by.value))
            kept = found or Settlement(id=new_id(at), case=row, name=line.name, owed_by=line.owed_by.value)
            _say(kept, {Party.COMPANY: line.company, Party.STAFF: line.staff})
            kept.pay_by = line.pay_by or kept.pay_by
            (changed if found else new).append(kept)
        entry = b.entry("handover.state_settlement", by=by, facts=_facts(row, len(lines)))
        entry.insert(*new)
        entry.revise(*changed)


def record_payment(*, case: UUID, line: UUID, paid_on: date, paper: UUID, by: str, at: int) -> None:
    """A line of the settlement was paid, shown by a receipt."""
    _past(paid_on, at)
    with book(at=at) as b:
        row = locked(case)
        found = _one(Settlement, row, line)
        found.paid_on, found.paper = paid_on, paper
        b.entry("handover.record_payment", by=by, facts=_facts(row, 1)).revise(found)


def list_promises(*, case: UUID, promises: Sequence[NewPromise], by: str, at: int) -> list[UUID]:
    """Promises to customers as the leaver lists them (承诺接续单); each waits for the company's written answer."""
    for p in promises:
        _words(p.text)
    if set(parties.customer({p.customer for p in promises})) != {p.customer for p in promises}:
        raise NotInCase("承诺所指的客户未登记。", remedy="请先登记客户。")
    with book(at=at) as b:
        row = locked(case)
        rows = [
            Promise(
                id=new_id(at),
                case=row,
                customer_id=p.customer,
                text=p.text.strip(),
                promised_on=p.promised_on,
            )
            for p in promises
        ]
        b.entry("handover.list_promises", by=by, facts=_facts(row, len(rows))).insert(*rows)
    return [r.id for r in rows]


def answer_promise(
    *, case: UUID, promise: UUID, answer: Answer, text: str = "", answered_on: date, by: str, at: int
) -> None:
    """The company confirms or refuses a promise in writing; a refusal says why. A later answer replaces an earlier."""
    _past(answered_on, at)
    if answer is Answer.REFUSED:
        _words(text)
    with book(at=at) as b:
        row = locked(case)
        found = _one(Promise, row, promise)
        found.answer, found.answer_text, found.answered_on = answer.value, text.strip() or None, answered_on
        b.entry("handover.answer_promise", by=by, facts=_facts(row, 1)).revise(found)


def object_to(
    *,
    case: UUID,
    place: str,
    text: str,
    party: Party = Party.STAFF,
    subject: UUID | None = None,
    made_on: date,
    by: str,
    at: int,
) -> UUID:
    """Somebody objects to a list, a paper or one line (异议栏). It is printed as said and never removed."""
    _words(place, text)
    _past(made_on, at)
    with book(at=at) as b:
        row = locked(case)
        made = Objection(
            id=new_id(at), case=row, place=place, subject=subject, party=party.value, text=text.strip(),
            made_on=made_on,
        )  # fmt: skip
        b.entry("handover.object", by=by, facts=_facts(row, 1)).insert(made)
    return made.id


def answer_objection(*, case: UUID, objection: UUID, text: str, answered_on: date, by: str, at: int) -> None:
    """The other side answers an objection; the objection itself stays as it was made."""
    _words(text)
    _past(answered_on, at)
    check_text(text)
    with book(at=at) as b:
        row = locked(case)
        found = _one(Objection, row, objection)
        found.answer, found.answered_on = text.strip(), answered_on
        b.entry("handover.answer_objection", by=by, facts=_facts(row, 1)).revise(found)


def hand_items(
    *,
    case: UUID,
    kind: ListKind,
    keys: Iterable[str] | None = None,
    handed_on: date,
    paper: UUID | None = None,
    by: str,
    at: int,
) -> int:
    """Items of the data or customer list, or groups, were handed over in fact: all of the list when `keys` is None.

    Accounts, numbers and devices change hands through the assets room. Returns how many were new.
    """
    _past(handed_on, at)
    with book(at=at) as b:
        row = locked(case)
        offered = _offered(row, kind)
        chosen = {key for _, key in offered} if keys is None else set(keys)
        if chosen - {key for _, key in offered}:
            raise NotInCase("所列项目中有不在该清单上的。", remedy="请按清单逐项选择。")
        done = set(Handed.objects.filter(case=row).values_list("cls", "key"))
        rows = [
            Handed(id=new_id(at), case=row, cls=cls, key=key, handed_on=handed_on, paper=paper)
            for cls, key in offered
            if key in chosen and (cls, key) not in done
        ]
        b.entry("handover.hand_items", by=by, facts=_facts(row, len(rows))).insert(*rows)
    return len(rows)


def _offered(row: Case, kind: ListKind) -> list[tuple[str, str]]:
    if kind is ListKind.DATA:
        return [(ListKind.DATA.value, cls.value) for cls in DataClass]
    classes = {
        ListKind.ACCOUNTS: (LineClass.GROUP,),
        ListKind.CUSTOMERS: (LineClass.CUSTOMER,),
        ListKind.DEVICES: (),
    }[kind]
    found = SnapshotLine.objects.filter(case=row, cls__in=[cls.value for cls in classes])
    return list(found.order_by("cls", "key").values_list("cls", "key"))


def cannot_hand(
    *, case: UUID, cls: LineClass, key: str, reason: str, party: Party, stated_on: date, by: str, at: int
) -> None:
    """Why one item cannot be handed over (无法交接原因), and who says so. It stays on the list with the reason."""
    _words(reason)
    _past(stated_on, at)
    with book(at=at) as b:
        row = locked(case)
        if not SnapshotLine.objects.filter(case=row, cls=cls.value, key=key).exists():
            raise NotInCase("该项目不在交接清单上。", remedy="请按清单选择。")
        made = Unable(
            id=new_id(at), case=row, cls=cls.value, key=key, reason=reason.strip(), stated_by=party.value,
            stated_on=stated_on,
        )  # fmt: skip
        b.entry("handover.cannot_hand", by=by, facts=_facts(row, 1)).insert(made)


def record_spending(
    *,
    case: UUID,
    count: int,
    amount_fen: int,
    first: date,
    last: date,
    sha256: str,
    note: str = "",
    by: str,
    at: int,
) -> None:
    """The fourth class of content (R0.35): vouchers of what the firm spent, counted outside and hashed (64 hex)."""
    if count < 1 or amount_fen < 0 or last < first or len(sha256) != 64:
        raise NoWords("投入凭证的数量、金额、期间或校验值不完整。", remedy="请核对导出的凭证清单。")
    with book(at=at) as b:
        row = locked(case)
        found = DataRow.objects.get(case=row, cls=DataClass.SPENDING.value)
        found.count, found.amount_fen, found.first, found.last = count, amount_fen, first, last
        found.digest, found.note = bytes.fromhex(sha256), note.strip() or None
        b.entry("handover.record_spending", by=by, facts=_facts(row, 1)).revise(found)


def _say(row: Commission | Settlement, said: Mapping[Party, Statement | None]) -> None:
    for party, statement in said.items():
        if statement is None:
            continue
        side = _NAMES[party]
        setattr(row, f"{side}_fen", statement.fen)
        setattr(row, f"{side}_qualifier", None if statement.fen is None else statement.qualifier.value)
        setattr(row, f"{side}_text", statement.text.strip() or None)


def _check_said(*said: Statement | None) -> None:
    for statement in said:
        if statement is not None:
            check_text(statement.text)
            if statement.fen is None:
                _words(statement.text)


def _one(model: Any, row: Case, key: UUID) -> Any:
    found = model.objects.filter(case=row, id=key).first()
    if found is None:
        raise NotInCase("这一行不属于该离职交接。", remedy="请刷新页面后重试。")
    return found


def _words(*texts: str) -> None:
    if not all(text.strip() for text in texts):
        raise NoWords("有必须写明的内容没有写。", remedy="请补全后重新提交。")


def _past(day: date, at: int) -> None:
    if day > local_day(at):
        raise BadDay("所填日期晚于今天。", remedy="请核对日期。")


def _facts(row: Case, count: int) -> dict[str, Any]:
    return {"case": str(row.id), "lines": count}
