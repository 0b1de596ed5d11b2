"""Lines of the forms from the values of a case. Pure: no register is asked, no clock is read."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from jieli.assets.types import AccountRef
from jieli.duties.types import DutyRef, DutyState, Side
from jieli.handover.shown import CasePaperRef, CaseView
from jieli.handover.types import (
    Answer,
    AttemptRef,
    CommissionLine,
    DataClass,
    DataRow,
    HandList,
    ItemState,
    ListItem,
    ListKind,
    ObjectionRef,
    Party,
    PromiseLine,
    SettlementLine,
    Statement,
)
from jieli.papers.forms.customers import PromiseLine as PrintedPromise
from jieli.papers.forms.ending import AttemptLine, PaperLine, ReturnLine
from jieli.papers.forms.leaving import AccountLine, CustomerLine, DataInventory, DataLine, ThingLine
from jieli.papers.forms.parts import DutyLine, money
from jieli.papers.forms.pay import OrderLine, PayKind, PayLine, TaskLine
from jieli.parties.types import CustomerRef, Qualifier
from jieli.parties.types import OrderRef as Order

_UNITS = {
    DataClass.CUSTOMERS: "名", DataClass.TRADE: "笔", DataClass.TALK: "个会话", DataClass.SPENDING: "份",
}  # fmt: skip
_ANSWERS = {Answer.CONFIRMED: "确认", Answer.REFUSED: "不确认"}
#: The expected lines of the settlement that are no amounts, and the duty of the table that each is.
_TASKS = {
    "社会保险减员": "社保减员", "住房公积金封存": "公积金封存", "档案和社会保险关系转移": "档案转移",
    "书面告知竞业限制是否启动": "竞业限制启动或解除",
}  # fmt: skip
_KINDS = {
    "报销": PayKind.REIMBURSE,
    "借款": PayKind.LOAN,
    "个人所得税": PayKind.WITHHELD,
    "社会保险": PayKind.WITHHELD,
}


def duty_lines(owed: Iterable[DutyRef]) -> tuple[DutyLine, ...]:
    """Duties as a column; one of the sender's says so."""
    return tuple(
        DutyLine(
            f"{d.owed_by}：{d.name}" if d.owed_by in (Side.SENDER, Side.THIRD) else d.name,
            d.due.day.isoformat()
            if d.due and not d.continuing
            else ("持续" if d.continuing else "无固定日期"),
            d.state.value,
            (d.note or d.reason) if d.state is not DutyState.OPEN else "",
        )
        for d in owed
    )


def account_lines(found: HandList, accounts: Mapping[UUID, AccountRef]) -> tuple[AccountLine, ...]:
    """附件一. What the register does not know stays blank for the pen."""
    lines = []
    for item in found.items:
        account = accounts.get(item.subject) if item.subject else None
        platform, _, handle = item.key.partition(" ")
        lines.append(
            AccountLine(
                platform,
                handle,
                (account.number or "") if account else "",
                "",
                "",
                item.state.value,
                _note(item),
            )
        )
    return tuple(lines)


def thing_lines(found: HandList) -> tuple[ThingLine, ...]:
    """附件三: phones by IMEI, numbers by themselves."""
    return tuple(
        ThingLine("工作手机或号码卡", item.key, "", "", item.state.value, _note(item)) for item in found.items
    )


def _note(item: ListItem) -> str:
    late = f"逾期 {item.days_late} 天" if item.days_late else ""
    return "；".join(part for part in (late, item.reason, *item.objections) if part)


def data_inventory(rows: Sequence[DataRow]) -> DataInventory:
    """附件二: the four classes (R0.35)."""
    made = {
        r.cls: DataLine(r.count, _UNITS[r.cls], _day(r.first), _day(r.last), r.digest, _data_note(r))
        for r in rows
    }
    return DataInventory(
        customers=made.get(DataClass.CUSTOMERS),
        trades=made.get(DataClass.TRADE),
        talks=made.get(DataClass.TALK),
        inputs=made.get(DataClass.SPENDING),
    )


def _data_note(row: DataRow) -> str:
    amount = f"合计 {money(row.amount_fen)}" if row.amount_fen is not None else ""
    return "；".join(part for part in (amount, row.note) if part)


def customer_lines(
    found: HandList, customers: Mapping[UUID, CustomerRef], receiver: str
) -> tuple[CustomerLine, ...]:
    """附件四. Who receives is the plan's to say; until then the case's receiver stands there."""
    lines = []
    for item in found.items:
        customer = customers.get(item.subject) if item.subject else None
        source = customer.source.value if customer else "不明"
        name = customer.name if customer else item.label
        lines.append(CustomerLine(item.key, name, source, "", receiver, item.state.value))
    return tuple(lines)


def commission_lines(
    found: CaseView, orders: Mapping[str, Order], customers: Mapping[UUID, CustomerRef]
) -> tuple[OrderLine, ...]:
    """Orders as both sides state them. A commission is printed as known only where both name the same exact one."""
    return tuple(_commission(line, orders.get(line.order_no), customers) for line in found.commission)


def _commission(
    line: CommissionLine, order: Order | None, customers: Mapping[UUID, CustomerRef]
) -> OrderLine:
    agreed = line.company.fen if line.agreed and line.company else None
    said = "双方一致" if line.agreed else f"公司：{_said(line.company)}；移交人：{_said(line.staff)}"
    if order is None:
        return OrderLine(
            line.order_no, "", line.product, 0, "在途", agreed, "", "", f"订单未登记，金额不详；{said}"
        )
    who = customers[order.customer].name if order.customer in customers else ""
    product = line.product or order.product
    vague = "" if order.qualifier is Qualifier.EXACT else f"金额为{order.qualifier}数；"
    return OrderLine(line.order_no, who, product, order.amount_fen, "在途", agreed, "", "", f"{vague}{said}")


def _said(statement: Statement | None) -> str:
    if statement is None:
        return "未陈述"
    qualifier = "" if statement.qualifier is Qualifier.EXACT else f"（{statement.qualifier}）"
    amount = "" if statement.fen is None else money(statement.fen) + qualifier
    return "，".join(part for part in (amount, statement.text) if part)


def pay_lines(lines: Iterable[SettlementLine]) -> tuple[PayLine, ...]:
    """Amounts of 工资及费用结算单; the company's own word counts for what it owes, 待核 where the sides differ."""
    return tuple(
        PayLine(
            line.name,
            _kind(line),
            line.company.fen if line.agreed and line.company else None,
            f"公司：{_said(line.company)}；移交人：{_said(line.staff)}",
            "财务" if line.owed_by is Party.COMPANY else "移交人",
            _day(line.pay_by),
            f"{line.paid_on} 已付" if line.paid_on else "",
        )
        for line in lines
    )


def _kind(line: SettlementLine) -> PayKind:
    found = next((kind for word, kind in _KINDS.items() if word in line.name), None)
    return found or (PayKind.LOAN if line.owed_by is Party.STAFF else PayKind.DUE)


def task_lines(owed: Iterable[DutyRef]) -> tuple[TaskLine, ...]:
    """The duties of the firm or sender that are no amounts, by the names that HR expects."""
    return tuple(
        TaskLine(
            _TASKS[d.name], "人力" if d.owed_by is Side.COMPANY else d.owed_by.value,
            d.due.day.isoformat() if d.due else "", d.state.value, d.note,
        )
        for d in owed if d.name in _TASKS
    )  # fmt: skip


def return_lines(found: CaseView) -> tuple[ReturnLine, ...]:
    """What has not come back: accounts and things; content and customers are asked for by their lists."""
    wanted = (ListKind.ACCOUNTS, ListKind.DEVICES)
    back = (ItemState.WAITING, ItemState.OVERDUE)
    return tuple(
        ReturnLine(one.kind.value.removesuffix("清单"), item.key, "当面或邮寄交还", found.case.last_day.isoformat())
        for one in found.lists if one.kind in wanted
        for item in one.items if item.state in back
    )  # fmt: skip


def promise_lines(
    promises: Iterable[PromiseLine], customers: Mapping[UUID, CustomerRef]
) -> tuple[PrintedPromise, ...]:
    """承诺接续单. What has no answer yet prints 待答复."""
    return tuple(
        PrintedPromise(
            customers[p.customer].name if p.customer in customers else "不明", p.text, _day(p.promised_on), None,
            _ANSWERS[p.answer] if p.answer else "待答复", p.answer_text, "", "",
        )
        for p in promises
    )  # fmt: skip


def attempt_lines(attempts: Iterable[AttemptRef]) -> tuple[AttemptLine, ...]:
    """Tries to reach the leaver, witnesses named."""
    return tuple(
        AttemptLine(
            a.tried_on.isoformat(), a.how,
            "人力" + (f"（见证：{'、'.join(a.witnesses)}）" if a.witnesses else ""), a.outcome,
        )
        for a in attempts
    )  # fmt: skip


def paper_lines(kept: Iterable[CasePaperRef]) -> tuple[PaperLine, ...]:
    """The papers of the case: signatures with their grade, refusals as refusals."""
    return tuple(
        PaperLine(
            p.paper.kind, p.paper.number,
            "；".join([*(f"{s.role}{s.name}（{s.grade}）" for s in p.signatures), *(f"拒签 {r}" for r in p.refusals)])
            or "未签署",
            "；".join(p.deliveries) or "未送达",
        )
        for p in kept
    )  # fmt: skip


def objections(said: Iterable[ObjectionRef]) -> str:
    """异议栏: as each was made, with the answer beside it."""
    return "；".join(f"{o.place}：{o.text}" + (f"（答复：{o.answer}）" if o.answer else "") for o in said)


def unable(lists: Iterable[HandList]) -> str:
    """无法交接原因, item by item."""
    return "；".join(f"{i.key}：{i.reason}" for one in lists for i in one.items if i.reason)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
