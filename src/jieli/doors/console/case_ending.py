"""Acts on the duties and the end of a leaving: fulfil, hand over, settle, answer, ask, close."""

from collections.abc import Sequence

from jieli.connectors.files import company_cells
from jieli.connectors.files.tables import CellError
from jieli.doors.console.case_form import Act, Ask, Field, of
from jieli.doors.console.reading import Mistyped
from jieli.doors.console.typed import choice
from jieli.duties.types import DutyState
from jieli.handover import operations, queries
from jieli.handover.types import Answer, CaseRef, Confirmation, ListKind, NewSettlement, Party, Statement


def _duty_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    view = queries.view(case.number, at=instant)
    every = (*view.company, *view.leaver, *view.sender, *view.third)
    options = tuple((str(d.id), f"{d.owed_by}：{d.name}") for d in every if d.state is DutyState.OPEN)
    return (
        Field("duty", "义务", "pick", options),
        Field("done_on", "哪天履行的", "day"),
        Field(
            "note",
            "以什么证明",
            "long",
            hint="回执编号、付款流水号等；有扫描件的可以只传扫描件。",
            needed=False,
        ),
        Field("proof", "凭证", "file", needed=False),
    )


def _duty(ask: Ask) -> str:
    operations.fulfil_duty(
        case=ask.case.id, duty=ask.id("duty", "义务"), paper=ask.scan("proof", "履行凭证"), note=ask.text("note"),
        done_on=ask.day("done_on", "哪天履行的"), by=ask.by, at=ask.at,
    )  # fmt: skip
    return "已登记履行"


def _hand_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    kinds = of(ListKind, ListKind.DEVICES)
    return (
        Field(
            "kind",
            "哪一份清单",
            "pick",
            kinds,
            hint="账号、号码、设备按恢复测试和验收登记；这里登记群、数据和客户。",
        ),
        Field("handed_on", "交接日期", "day"),
        Field("proof", "凭证", "file", needed=False),
    )


def _hand(ask: Ask) -> str:
    kind = choice(ListKind, ask.request.POST, "kind", "哪一份清单")
    new = operations.hand_items(
        case=ask.case.id, kind=kind, handed_on=ask.day("handed_on", "交接日期"),
        paper=ask.scan("proof", "交接凭证"), by=ask.by, at=ask.at,
    )  # fmt: skip
    return f"{kind}新登记 {new} 项已交付"


def _settle_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    return (
        Field("name", "项目", hint="工资、提成、未休年假折算、报销、借款……"),
        Field("owed_by", "由谁支付", "pick", of(Party)),
        Field("party", "这是谁的陈述", "pick", of(Party)),
        Field(
            "amount",
            "金额（元）",
            hint="约数写成 近17万；另一方的数字不会被改动，也不自行抵扣。",
            needed=False,
        ),
        Field("said", "说明", "long", needed=False),
        Field("pay_by", "最迟支付日", "day", needed=False),
    )


def _settle(ask: Ask) -> str:
    party = choice(Party, ask.request.POST, "party", "这是谁的陈述")
    said = _statement(ask)
    line = NewSettlement(
        ask.needed("name", "项目"), choice(Party, ask.request.POST, "owed_by", "由谁支付"),
        company=said if party is Party.COMPANY else None, staff=said if party is Party.STAFF else None,
        pay_by=ask.day("pay_by", "最迟支付日") if ask.text("pay_by") else None,
    )  # fmt: skip
    operations.state_settlement(case=ask.case.id, lines=[line], by=ask.by, at=ask.at)
    return f"“{line.name}”已写下{party}的陈述"


def _statement(ask: Ask) -> Statement:
    amount = ask.text("amount")
    if not amount:
        return Statement(text=ask.text("said"))
    try:
        money = company_cells.money(amount)
    except CellError as wrong:
        raise Mistyped(f"“金额”{wrong.sentence}", remedy=wrong.remedy) from None
    return Statement(money.fen, money.qualifier, ask.text("said"))


def _pay_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    view = queries.view(case.number, at=instant)
    options = tuple((str(s.id), s.name) for s in view.settlement if s.paid_on is None)
    return (
        Field("line", "哪一项", "pick", options),
        Field("paid_on", "支付日期", "day"),
        Field("proof", "付款凭证", "file"),
    )


def _pay(ask: Ask) -> str:
    operations.record_payment(
        case=ask.case.id, line=ask.id("line", "哪一项"), paid_on=ask.day("paid_on", "支付日期"),
        paper=ask.proof("proof", "付款凭证"), by=ask.by, at=ask.at,
    )  # fmt: skip
    return "支付已登记"


def _objection_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    open_ = [o for o in queries.view(case.number, at=instant).objections if o.answered_on is None]
    return (
        Field(
            "objection", "哪一项异议", "pick", tuple((str(o.id), f"{o.place}：{o.text[:40]}") for o in open_)
        ),
        Field("text", "书面答复", "long", hint="异议本身保持原样，与答复一起印在文书上。"),
    )


def _objection(ask: Ask) -> str:
    operations.answer_objection(
        case=ask.case.id, objection=ask.id("objection", "哪一项异议"), text=ask.needed("text", "书面答复"),
        answered_on=ask.today, by=ask.by, at=ask.at,
    )  # fmt: skip
    return "异议已书面答复"


def _promise_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    open_ = [p for p in queries.view(case.number, at=instant).promises if p.answer is None]
    return (
        Field("promise", "哪一项承诺", "pick", tuple((str(p.id), p.text[:60]) for p in open_)),
        Field("answer", "公司的答复", "pick", of(Answer)),
        Field("text", "说明", "long", hint="不予确认的必须写明理由。", needed=False),
    )


def _promise(ask: Ask) -> str:
    answer = choice(Answer, ask.request.POST, "answer", "公司的答复")
    operations.answer_promise(
        case=ask.case.id, promise=ask.id("promise", "哪一项承诺"), answer=answer, text=ask.text("text"),
        answered_on=ask.today, by=ask.by, at=ask.at,
    )  # fmt: skip
    return f"承诺已答复：{answer}"


def _attempt_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    return (
        Field("how", "怎样联系的", hint="如：电话、上门、邮政快递。"),
        Field("tried_on", "哪一天", "day"),
        Field("outcome", "结果", hint="如：无人接听、退回。"),
        Field(
            "witnesses", "见证人", "long", hint="每行一人。失联或死亡的，结案前合计至少两名。", needed=False
        ),
        Field("proof", "凭证", "file", needed=False),
    )


def _attempt(ask: Ask) -> str:
    operations.record_attempt(
        case=ask.case.id, how=ask.needed("how", "怎样联系的"), tried_on=ask.day("tried_on", "哪一天"),
        outcome=ask.needed("outcome", "结果"), witnesses=ask.names("witnesses"),
        proof=ask.scan("proof", "联系凭证"), by=ask.by, at=ask.at,
    )  # fmt: skip
    return "这次联系已登记"


def _follow_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    return (
        Field("asked", "问的是", "pick", of(Confirmation)),
        Field("confirmed", "答复", "pick", (("yes", "是"), ("no", "否"))),
        Field("who", "谁答复的"),
        Field("visitor", "回访人"),
        Field("visited_on", "回访日期", "day"),
        Field("proof", "回访凭证", "file", needed=False),
    )


def _follow(ask: Ask) -> str:
    asked = choice(Confirmation, ask.request.POST, "asked", "问的是")
    said = ask.needed("confirmed", "答复")
    operations.follow_up(
        case=ask.case.id, asked=asked, confirmed=said == "yes", who=ask.needed("who", "谁答复的"),
        visitor=ask.needed("visitor", "回访人"), visited_on=ask.day("visited_on", "回访日期"),
        paper=ask.scan("proof", "回访凭证"), by=ask.by, at=ask.at,
    )  # fmt: skip
    return f"回访已登记：{asked}，{'是' if said == 'yes' else '否'}"


def _nothing(case: CaseRef, instant: int) -> Sequence[Field]:
    return ()


def _close(ask: Ask) -> str:
    operations.close(case=ask.case.id, by=ask.by, at=ask.at)
    return "已结案；保密等持续义务不因结案而终止"


def _note_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    return (Field("note", "注记", "long", hint="为什么无法取得对方确认；结案时还缺什么会自动附上。"),)


def _noted(ask: Ask) -> str:
    operations.close_noted(case=ask.case.id, note=ask.text("note"), by=ask.by, at=ask.at)
    return "已带注记结案；没有任何人代签"


ACTS = (
    Act(
        "duty", "登记已履行", "写明哪天、以什么证明。持续义务不会被标为履行完毕。", "登记已履行", _duty_fields, _duty
    ),
    Act("hand", "登记已交付", "该清单上还没交付的各项一并登记。", "登记已交付", _hand_fields, _hand),
    Act("settle", "写下一项结算", "两方各写各的数字，不互相改动、不自行抵扣。", "写下", _settle_fields, _settle),
    Act("pay", "登记支付", "附付款凭证。", "登记支付", _pay_fields, _pay),
    Act(
        "answer-objection", "答复异议", "答复之后异议仍保持原样。", "提交答复", _objection_fields, _objection
    ),
    Act(
        "answer-promise", "答复对客户的承诺", "书面确认或不予确认；客户的页面上会看到。", "提交答复",
        _promise_fields, _promise,
    ),
    Act(
        "attempt", "登记一次联系", "联系不上移交人时，每次都登记；三次之后可以带注记结案。", "登记",
        _attempt_fields, _attempt,
    ),
    Act(
        "follow-up", "回访", "结案前要问两个问题：账号恢复使用了吗，证明拿到了吗。", "登记回访", _follow_fields, _follow
    ),
    Act(
        "close", "结案",
        "结案后这件交接不能再改，持续义务继续有效。双方都办结、私人内容已清除、回访已确认，才能结案。",
        "结案", _nothing, _close, final=True,
    ),
    Act(
        "close-noted", "带注记结案",
        "对方拒签或联系不上时使用：须有附凭证的送达结果、三次联系，公司自己的义务已办完。结案后不能再改。",
        "带注记结案", _note_fields, _noted, final=True,
    ),
)  # fmt: skip
