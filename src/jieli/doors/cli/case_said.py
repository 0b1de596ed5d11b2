"""What both sides say in a leaving: duties done, items handed, commission, settlement, promises, objections."""

from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from jieli.connectors.files.company_cells import money
from jieli.connectors.files.tables import CellError
from jieli.doors.cli.acting import As
from jieli.doors.cli.case_acting import (
    THINGS,
    NeededProof,
    NotAnAmount,
    NotOnTheList,
    Number,
    On,
    Proof,
    Which,
    acting,
    sides,
    statement,
    writing,
)
from jieli.doors.cli.frame import AsJson, command
from jieli.doors.cli.given import content_of, day_or_today
from jieli.duties import queries as duties
from jieli.duties.types import Side
from jieli.handover import operations
from jieli.handover.types import (
    Answer,
    LineClass,
    ListKind,
    NewCommission,
    NewPromise,
    NewSettlement,
    Party,
)
from jieli.parties import queries as parties

app = typer.Typer()
Who = Annotated[Party, typer.Option("--party", help="这是谁的陈述：公司 或 移交人。")]
Amount = Annotated[str | None, typer.Option("--amount", help="金额（元），如 1280.50、近17万。")]
Said = Annotated[str | None, typer.Option("--said", help="说明。")]


@app.command("duty-done")
def duty_done(
    number: Number,
    name: Annotated[str, typer.Argument(help="义务的名称，如 社会保险减员。")],
    sign_in: As,
    side: Annotated[
        Side, typer.Option("--side", help="谁的义务：公司、员工、派遣单位、第三方。")
    ] = Side.COMPANY,
    on_day: On = None,
    note: Annotated[str, typer.Option("--note", help="以什么证明：回执编号、流水号等。")] = "",
    proof: Proof = None,
    as_json: AsJson = False,
) -> None:
    """登记一项义务已履行，附凭证或写明以什么证明。持续义务不会因此履行完毕。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        found = [d for d in duties.of_matter(on.case.matter) if (d.owed_by, d.name) == (side, name)]
        if not found:
            raise NotOnTheList(f"{side}没有这项义务。", remedy="请按 jieli case show 所列填写。")
        with writing(on) as b:
            operations.fulfil_duty(
                case=on.case.id, duty=found[0].id, paper=on.scan(proof, "履行凭证"), note=note,
                done_on=day_or_today(on_day, on.at), by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"duty": name, "state": duties.duty(found[0].id).state.value})


@app.command("hand")
def hand(
    number: Number,
    kind: Annotated[ListKind, typer.Option("--list", help="账号清单（群）、数据清单、客户清单。")],
    sign_in: As,
    key: Annotated[list[str] | None, typer.Option("--key", help="只登记这几项；缺省为整份清单。")] = None,
    on_day: On = None,
    proof: Proof = None,
    as_json: AsJson = False,
) -> None:
    """登记群、数据、客户已经交付；账号按恢复测试，设备按验收登记。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        with writing(on) as b:
            new = operations.hand_items(
                case=on.case.id, kind=kind, keys=key or None, handed_on=day_or_today(on_day, on.at),
                paper=on.scan(proof, "交接凭证"), by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"list": kind.value, "new": new})


@app.command("unable")
def unable(
    number: Number,
    cls: Annotated[LineClass, typer.Option("--class", help="账号、号码、设备、群、客户。")],
    key: Annotated[str, typer.Option("--key", help="清单上的标识。")],
    reason: Annotated[str, typer.Option("--reason", help="无法交接的原因。")],
    party: Who,
    sign_in: As,
    on_day: On = None,
    as_json: AsJson = False,
) -> None:
    """登记一项无法交接及其原因；它仍留在清单上。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, *THINGS, himself=True)
        with writing(on) as b:
            operations.cannot_hand(
                case=on.case.id, cls=cls, key=key, reason=reason, party=party, stated_on=day_or_today(on_day, on.at),
                by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"key": key})


@app.command("object")
def object_(
    number: Number,
    text: Annotated[str, typer.Argument(help="异议；按原话印在文书上。")],
    place: Annotated[str, typer.Option("--place", help="对哪份清单或文书。")],
    sign_in: As,
    party: Annotated[Party, typer.Option("--party", help="谁的异议。")] = Party.STAFF,
    on_day: On = None,
    as_json: AsJson = False,
) -> None:
    """登记异议：原样保留，不能删改。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, himself=True)
        with writing(on) as b:
            made = operations.object_to(
                case=on.case.id, place=place, text=text, party=party, made_on=day_or_today(on_day, on.at),
                by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"objection": made})


@app.command("answer")
def answer(
    number: Number,
    objection: Which,
    text: Annotated[str, typer.Argument(help="书面答复。")],
    sign_in: As,
    on_day: On = None,
    as_json: AsJson = False,
) -> None:
    """书面答复一项异议；异议本身保持原样。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        with writing(on) as b:
            operations.answer_objection(
                case=on.case.id, objection=objection, text=text, answered_on=day_or_today(on_day, on.at),
                by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b)


@app.command("commission")
def commission(
    number: Number,
    order_no: Annotated[str, typer.Argument(help="订单号。")],
    party: Who,
    sign_in: As,
    amount: Amount = None,
    said: Said = None,
    product: Annotated[str, typer.Option("--product", help="产品。")] = "",
    as_json: AsJson = False,
) -> None:
    """写下一方对一笔在途订单提成的陈述；两方数字并列，互不改动。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, himself=True)
        line = NewCommission(order_no, product, **sides(party, statement(amount, said)))
        with writing(on) as b:
            operations.state_commission(case=on.case.id, lines=[line], by=on.by, at=on.at)
        on.told(b, {"order_no": order_no})


@app.command("settlement")
def settlement(
    number: Number,
    name: Annotated[str, typer.Argument(help="项目：工资、提成、未休年假折算、报销、借款…")],
    owed_by: Annotated[Party, typer.Option("--owed-by", help="由谁支付。")],
    party: Who,
    sign_in: As,
    amount: Amount = None,
    said: Said = None,
    pay_by: Annotated[str | None, typer.Option("--pay-by", help="最迟支付日。")] = None,
    as_json: AsJson = False,
) -> None:
    """写下一方对一项结算的陈述；双方应付的分列，不自行抵扣。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, himself=True)
        until = None if pay_by is None else day_or_today(pay_by, on.at)
        line = NewSettlement(name, owed_by, **sides(party, statement(amount, said)), pay_by=until)
        with writing(on) as b:
            operations.state_settlement(case=on.case.id, lines=[line], by=on.by, at=on.at)
        on.told(b, {"name": name})


@app.command("paid")
def paid(
    number: Number, line: Which, proof: NeededProof, sign_in: As, on_day: On = None, as_json: AsJson = False
) -> None:
    """登记一项结算已支付，附付款凭证。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        with writing(on) as b:
            operations.record_payment(
                case=on.case.id, line=line, paid_on=day_or_today(on_day, on.at), paper=on.proof(proof, "付款凭证"),
                by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b)


@app.command("promise")
def promise(
    number: Number,
    text: Annotated[str, typer.Argument(help="承诺了什么：赠课、退费、折扣…")],
    customer: Annotated[str, typer.Option("--customer", help="客户编号。")],
    sign_in: As,
    on_day: Annotated[str | None, typer.Option("--on", help="哪一天承诺的。")] = None,
    as_json: AsJson = False,
) -> None:
    """登记移交人所列的对客户的承诺，等公司书面答复。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, himself=True)
        known = parties.customers_by_no([customer]).get(customer)
        if known is None:
            raise NotOnTheList(f"没有编号为 {customer} 的客户。", remedy="请核对客户编号。")
        said = NewPromise(known.id, text, None if on_day is None else day_or_today(on_day, on.at))
        with writing(on) as b:
            [made] = operations.list_promises(case=on.case.id, promises=[said], by=on.by, at=on.at)
        on.told(b, {"promise": made})


@app.command("answer-promise")
def answer_promise(
    number: Number,
    promise: Which,
    answer: Annotated[Answer, typer.Option("--answer", help="确认 或 不予确认。")],
    sign_in: As,
    text: Annotated[str, typer.Option("--said", help="说明；不予确认的必须写明理由。")] = "",
    on_day: On = None,
    as_json: AsJson = False,
) -> None:
    """书面确认或不予确认一项对客户的承诺；客户看得到。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        with writing(on) as b:
            operations.answer_promise(
                case=on.case.id, promise=promise, answer=answer, text=text, answered_on=day_or_today(on_day, on.at),
                by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"answer": answer.value})


@app.command("spending")
def spending(
    number: Number,
    vouchers: Annotated[Path, typer.Argument(help="凭证清单的导出文件；只取校验值，不留存。")],
    count: Annotated[int, typer.Option("--count", help="凭证数。")],
    amount: Annotated[str, typer.Option("--amount", help="合计（元）。")],
    first: Annotated[str, typer.Option("--first", help="最早一张的日期。")],
    last: Annotated[str, typer.Option("--last", help="最晚一张的日期。")],
    sign_in: As,
    note: Annotated[str, typer.Option("--note", help="说明。")] = "",
    as_json: AsJson = False,
) -> None:
    """登记投入凭证（数据清单第四类）：张数、合计、期间和导出文件的校验值。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        try:
            fen = money(amount).fen
        except CellError as wrong:
            raise NotAnAmount(f"金额{wrong.sentence}", remedy=wrong.remedy) from wrong
        digest = sha256(content_of(vouchers)).hexdigest()
        with writing(on) as b:
            operations.record_spending(
                case=on.case.id, count=count, amount_fen=fen, first=day_or_today(first, on.at),
                last=day_or_today(last, on.at), sha256=digest, note=note, by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"sha256": digest})
