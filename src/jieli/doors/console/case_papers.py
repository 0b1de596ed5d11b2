"""Acts on the papers of a leaving: issue, certificate, take in, sign by hand, refuse, deliver."""

from collections.abc import Sequence
from uuid import UUID

from jieli.doors.console.case_form import Act, Ask, Field, of, papers_of
from jieli.doors.console.reading import Mistyped
from jieli.doors.console.typed import choice
from jieli.handover import operations, printing, queries
from jieli.handover.hostage import CERTIFICATE, check_condition, check_text
from jieli.handover.types import CaseRef, ListKind, Role
from jieli.papers import operations as papers
from jieli.papers import queries as kept
from jieli.papers.forms.ending import CooperationEnd, LeavingCertificate
from jieli.papers.forms.leaving import HandoverNotice, HandoverSheet
from jieli.papers.signing import Channel, Grade, Outcome
from jieli.papers.types import Clock
from jieli.parties.types import EngagementKind
from jieli.wiring.ports import seal_papers
from jieli.wiring.profile import profile

FIRST = (HandoverSheet.kind, HandoverNotice.kind)
CERTIFICATES = (LeavingCertificate.kind, CooperationEnd.kind)
SIGNERS = (*(r.value for r in Role), "直属部门", "信息技术", "行政", "财务", "人力")


def _clock() -> Clock:
    return Clock.DEMO if profile().demo else Clock.REAL


def _issue_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    rest = (k for k in printing.kinds() if k not in FIRST and k not in CERTIFICATES)
    return (
        Field("kinds", "生成哪些文书", "many", tuple((k, f"《{k}》") for k in (*FIRST, *rest))),
        Field("print", "打印（骑缝章版）：留出骑缝章位和手签栏", "tick", needed=False),
        Field("id_tail", "身份证后四位", needed=False, hint="不填则印“待填”，由本人手写。"),
        Field("place", "交接地点", needed=False),
        Field("contact", "公司联系人及电话", needed=False),
    )


def _issue(ask: Ask) -> str:
    """Sets and seals outside of any book; then papers and case in one."""
    chosen = [kind for kind in ask.many("kinds") if kind in printing.kinds()]
    if not chosen:
        raise Mistyped("没有选择文书。", remedy="请至少选一种。")
    seal_papers(profile())
    with_ = printing.Particulars(
        id_tail=ask.text("id_tail"), place=ask.text("place"), contact=ask.text("contact"),
        print_layout=ask.tick("print"), clock=_clock(),
    )  # fmt: skip
    made = printing.issue_papers(number=ask.case.number, kinds=chosen, with_=with_, by=ask.by, at=ask.at)
    return f"已生成 {len(made)} 份：{'、'.join(f'《{p.kind}》{p.number}' for p in made)}"


def first_papers(case: CaseRef, *, by: str, at: int) -> str:
    """《离职工作交接单》 and 《离职交接通知书》 of a case just opened: a name in, the sheet out."""
    seal_papers(profile())
    with_ = printing.Particulars(clock=_clock())
    made = printing.issue_papers(number=case.number, kinds=FIRST, with_=with_, by=by, at=at)
    return f"已生成 {'、'.join(f'《{p.kind}》{p.number}' for p in made)}"


def _certificate_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    return (
        Field("id_tail", "身份证后四位", needed=False, hint="不填则印“待填”。"),
        Field("print", "打印（骑缝章版）：留出用印位置", "tick", needed=False),
        Field("condition", "出具的条件", "long", needed=False,
              hint="应当空着。写了条件（如“交还账号后出具”）会被拒绝，并说明依据。"),
    )  # fmt: skip


def _certificate(ask: Ask) -> str:
    """Never on a condition: what is typed there is refused with its reason (W11)."""
    condition = ask.text("condition")
    check_text(condition)
    check_condition(CERTIFICATE, condition)
    seal_papers(profile())
    labour = ask.case.engagement_kind in (EngagementKind.LABOUR, EngagementKind.DISPATCH)
    with_ = printing.Particulars(id_tail=ask.text("id_tail"), print_layout=ask.tick("print"), clock=_clock())
    made = printing.issue_papers(
        number=ask.case.number, kinds=[CERTIFICATES[0] if labour else CERTIFICATES[1]], with_=with_, by=ask.by,
        at=ask.at,
    )  # fmt: skip
    return f"《{made[0].kind}》已出具，编号 {made[0].number}"


def _add_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    return (
        Field("kind", "文书名称", hint="如：离职工作交接单、解除协议。"),
        Field("file", "扫描件", "file"),
        Field("covers", "它载有哪些清单", "many", of(ListKind), needed=False),
    )


def _add(ask: Ask) -> str:
    name = ask.needed("kind", "文书名称")
    covers = [ListKind(word) for word in ask.many("covers") if word in set(ListKind)]
    paper = ask.proof("file", name)
    operations.add_paper(case=ask.case.id, paper=paper, covers=covers, by=ask.by, at=ask.at)
    return f"《{name}》已收入案卷"


def _paper(case: CaseRef, instant: int) -> Field:
    return Field("paper", "文书", "pick", papers_of(case, instant))


def _sign_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    return (
        _paper(case, instant),
        Field("role", "以什么身份", "pick", tuple((s, s) for s in SIGNERS)),
        Field("name", "签署人姓名"),
        Field("signed_on", "签署日期", "day"),
        Field("proof", "手签页照片或扫描件", "file", hint="系统不代任何人签字，也不描摹签名。"),
    )


def _sign(ask: Ask) -> str:
    """Ink: the photograph of the signed page."""
    paper, name, role = _own(ask), ask.needed("name", "签署人姓名"), ask.needed("role", "以什么身份")
    if role not in SIGNERS:
        raise Mistyped("没有选择“以什么身份”。", remedy="请从所列各项中选择。")
    papers.sign(
        paper=paper, role=role, signer=None, signer_name=name, grade=Grade.INK,
        scan=ask.proof("proof", "手签页"), signed_at=ask.day_ms("signed_on", "签署日期"), by=ask.by, at=ask.at,
    )  # fmt: skip
    return f"{role}{name}的手签已登记"


def _own(ask: Ask) -> UUID:
    """A paper of this case, not of another."""
    paper = ask.id("paper", "文书")
    if str(paper) not in {value for value, _ in papers_of(ask.case, ask.at)}:
        raise Mistyped("这份文书不在案卷里。", remedy="请从案卷页面重新进入。")
    return paper


def _refuse_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    return (
        _paper(case, instant),
        Field("role", "以什么身份", "pick", tuple((s, s) for s in SIGNERS)),
        Field("name", "拒签人姓名"),
        Field("reason", "他说的理由", "long", hint="照他的话写；没有说明理由的，写“未说明”。"),
        Field("witnesses", "见证人", "long", hint="至少一名，每行一人。"),
        Field("proof", "现场照片或录像截图", "file", needed=False),
    )


def _refuse(ask: Ask) -> str:
    paper, name = _own(ask), ask.needed("name", "拒签人姓名")
    papers.refuse(
        paper=paper, role=ask.needed("role", "以什么身份"), refuser=None, refuser_name=name,
        reason=ask.needed("reason", "他说的理由"), witnesses=ask.names("witnesses"),
        proof=ask.scan("proof", "拒签现场"), by=ask.by, at=ask.at,
    )  # fmt: skip
    return f"{name}拒签已登记；没有任何人代签"


def _deliver_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    return (
        _paper(case, instant),
        Field("name", "送给谁"),
        Field("channel", "怎样送", "pick", of(Channel)),
        Field("address", "送达地址、号码或账号"),
        Field("number", "快递单号", needed=False, hint="邮政快递必须有单号。"),
        Field("sent_on", "送出日期", "day"),
    )


def _deliver(ask: Ask) -> str:
    paper, channel = _own(ask), choice(Channel, ask.request.POST, "channel", "怎样送")
    name = ask.needed("name", "送给谁")
    staff = queries.view(ask.case.number, at=ask.at).staff
    papers.deliver(
        paper=paper, to=staff.id if name == staff.name else None, to_name=name, channel=channel,
        address=ask.needed("address", "送达地址"), number=ask.text("number"),
        sent_at=ask.day_ms("sent_on", "送出日期"), by=ask.by, at=ask.at,
    )  # fmt: skip
    return f"已登记以{channel}送给{name}；有结果时再登记结果"


def _result_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    view = queries.view(case.number, at=instant)
    sent = kept.deliveries([p.paper.id for p in view.papers])
    names = {p.paper.id: p.paper.kind for p in view.papers}
    options = tuple(
        (str(d.id), f"《{names[d.paper]}》{d.channel}→{d.to_name}") for some in sent.values() for d in some
    )
    return (
        Field("delivery", "哪一次送达", "pick", options),
        Field("outcome", "结果", "pick", of(Outcome)),
        Field("who", "谁签收的", needed=False),
        Field(
            "proof", "回执、底单照片", "file", hint="带注记结案至少要有一次附凭证的送达结果。", needed=False
        ),
    )


def _result(ask: Ask) -> str:
    outcome = choice(Outcome, ask.request.POST, "outcome", "结果")
    delivery = ask.id("delivery", "哪一次送达")
    if str(delivery) not in {value for value, _ in _result_fields(ask.case, ask.at)[0].options}:
        raise Mistyped("这次送达不在案卷里。", remedy="请从案卷页面重新进入。")
    papers.delivery_result(
        delivery=delivery, outcome=outcome, who=ask.text("who"), proof=ask.scan("proof", "送达回执"),
        outcome_at=ask.at, by=ask.by, at=ask.at,
    )  # fmt: skip
    return f"送达结果已登记：{outcome}"


ACTS = (
    Act(
        "issue", "生成交接单", "文书照案卷现在的内容生成并编号；内容有变时另出一份，旧的保留。",
        "生成交接单", _issue_fields, _issue, alone=True,
    ),
    Act(
        "certificate", "出具离职证明",
        "证明只有四项：合同期限、终止日期、岗位、工作年限；没有原因，没有评语，也没有条件。",
        "出具证明", _certificate_fields, _certificate, alone=True,
    ),
    Act("paper", "收入文书", "把已有的文书扫描件收进案卷。", "收入案卷", _add_fields, _add),
    Act(
        "sign", "登记手签", "登记本人在纸面上的签字，附照片；等级写作“线下”。", "登记手签", _sign_fields, _sign
    ),
    Act("refuse", "拒签登记", "拒签是一条单独的记录，不会变成任何形式的签字。", "登记拒签", _refuse_fields, _refuse),
    Act("deliver", "送达登记", "登记怎样、何时、送到哪里；结果以后再登记。", "登记送达", _deliver_fields, _deliver),
    Act("result", "登记送达结果", "签收、查看、退回、拒收、无人应答。", "登记结果", _result_fields, _result),
)  # fmt: skip
