"""Acts on a dispute as pages: state a fact, put in an exhibit, ask, answer, assess again, visit."""

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from jieli.access.types import Permission
from jieli.doors.console import typed
from jieli.doors.console.case_form import Field, Filled, of
from jieli.doors.console.dispute import found
from jieli.doors.console.reading import Mistyped
from jieli.doors.web.door import at, me, permitted
from jieli.evidence import disputes_operations as operations
from jieli.evidence import facts, facts_operations, settlement
from jieli.evidence.assessments.amounts import parse
from jieli.evidence.disputes_types import (
    Basis,
    DefenceKind,
    DisputeView,
    Issue,
    Legality,
    NewExhibit,
    NewFact,
    NewFollowUp,
    NewRelief,
    Party,
)
from jieli.evidence.facts import FactKind
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local_day
from jieli.law.verdicts import Period, Precision, ProofState, StatedBy
from jieli.ledger.operations import book
from jieli.ledger.places import numbered

_TIME = re.compile(r"^(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?$")
#: Facts that are stated as reliefs and defences and nowhere else.
ELSEWHERE = ("claim.", "defence.")
KIND_HINTS = {
    FactKind.MONEY: "例如 2980.00元、近17万元；约数照写，不要改成整数。",
    FactKind.RATIO: "分子/分母，例如 180/1500。",
    FactKind.PERCENT: "0 到 100 之间的数。",
    FactKind.COUNT: "整数。",
}


@dataclass(frozen=True)
class Ask:
    """Somebody acts on a dispute."""

    request: HttpRequest
    view: DisputeView

    @property
    def number(self) -> str:
        return self.view.matter.number

    @property
    def by(self) -> str:
        return me(self.request).actor

    @property
    def at(self) -> int:
        return at(self.request)

    def text(self, name: str) -> str:
        """What was typed, or what the address brought along."""
        return typed.words(self.request.POST if self.request.method == "POST" else self.request.GET, name)

    def needed(self, name: str, label: str) -> str:
        return typed.needed(self.request.POST, name, label)


@dataclass(frozen=True)
class Act:
    """Something entered into a dispute; `then` says before what will happen."""

    what: str
    title: str
    then: str
    button: str
    fields: Callable[[Ask], Sequence[Field]]
    do: Callable[[Ask], str]


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(Permission.MANAGE_DISPUTES)
def act(request: HttpRequest, number: str, what: str) -> HttpResponseBase:
    """One act: GET says what it does and asks, POST does it; what was typed stays when it is refused."""
    wanted = ACTS.get(what)
    if wanted is None:
        raise Http404
    ask = Ask(request, found(number))
    error: JieliError | None = None
    if request.method == "POST":
        try:
            with book(at=ask.at) as b:
                told = wanted.do(ask)
            entry = b.entries[-1].index or 0
            messages.success(request, f"{told}。已写入账本第 {numbered(entry)} 条。", extra_tags="proved")
            return HttpResponseRedirect(reverse("dispute", args=[number]))
        except JieliError as refused:
            error = refused
    fields = [_filled(ask, one) for one in wanted.fields(ask)]
    values = {
        "act": wanted,
        "view": ask.view,
        "open": ask.view.closed_on is None,
        "fields": fields,
        "files": any(f.field.kind == "file" for f in fields),
        "choosing": _keys() if what == "fact" and not ask.text("key") else [],
        "error": error,
    }
    return render(request, "console/dispute_act.html", values, status=400 if error else 200)


def _filled(ask: Ask, one: Field) -> Filled:
    values = ask.request.POST if ask.request.method == "POST" else ask.request.GET
    known = typed.words(values, one.name)
    if not known and one.kind == "day" and ask.request.method != "POST":
        known = f"{local_day(ask.at):%Y-%m-%d}"
    return Filled(one, known, tuple(values.getlist(one.name)))


# ---- facts


def _keys() -> list[tuple[str, list[facts.FactKey]]]:
    """Everything that can be stated, by group."""
    groups: dict[str, list[facts.FactKey]] = {}
    for key in facts.keys().values():
        if not key.key.startswith(ELSEWHERE):
            groups.setdefault(key.group, []).append(key)
    return list(groups.items())


def _fact_fields(ask: Ask) -> list[Field]:
    name = ask.text("key")
    if not name:
        return []
    asked = facts.keys().get(name)
    if asked is None:
        raise Http404
    numbers = tuple((str(e.id), f"{e.number} {e.proves}") for e in ask.view.exhibits)
    earlier = tuple((f.id, f"{f.value}（{facts.standing(f)}）") for f in ask.view.facts if f.key == name)
    made = [
        Field("key", "", "kept"),
        _value_field(asked),
        Field("stated_by", "谁说的", "pick", of(StatedBy)),
        Field("proof", "有没有证明", "pick", of(ProofState), "“已证”必须勾选下面的证据；没有证据的就是“自称”。"),
        Field("event", "什么时候的事", hint="2023-05-20、2023-05、2023，或 2023-03至2023-05。", needed=False),
        Field("note", "说明", "long", needed=False),
    ]  # fmt: skip
    if numbers:
        made.insert(4, Field("exhibits", "凭哪些证据", "many", numbers, needed=False))
    if earlier:
        options = (("", "不更正，另作一条陈述"), *earlier)
        made.append(
            Field("replaces", "更正以前的哪一条", "maybe", options, "原来的仍留着，可以查。", needed=False)
        )
    return made


def _value_field(asked: facts.FactKey) -> Field:
    if asked.kind is FactKind.YES_NO:
        return Field("value", asked.label, "pick", tuple((w, w) for w in ("是", "否", "不明")))
    if asked.kind is FactKind.CHOICE:
        return Field("value", asked.label, "pick", tuple((w, w) for w in asked.choices))
    return Field("value", asked.label, "text", (), KIND_HINTS.get(asked.kind, ""))


def _state(ask: Ask) -> str:
    posted = ask.request.POST
    replaced = typed.words(posted, "replaces")
    new = NewFact(
        key=ask.needed("key", "事实项"),
        value=ask.needed("value", "内容"),
        stated_by=typed.choice(StatedBy, posted, "stated_by", "谁说的"),
        proof=typed.choice(ProofState, posted, "proof", "有没有证明"),
        event=period(typed.words(posted, "event")),
        exhibits=tuple(key for text in posted.getlist("exhibits") if (key := typed.key(text)) is not None),
        note=typed.words(posted, "note"),
        replaces=typed.key(replaced),
    )
    facts_operations.state_facts(number=ask.number, facts=[new], by=ask.by, at=ask.at)
    return f"已登记“{facts.key(new.key).label}”"


def period(text: str) -> Period | None:
    """A time as exactly as it was written: a day, a month, a year, or from one to another of the same kind."""
    if not text:
        return None
    parts = [_TIME.match(part.strip()) for part in text.split("至")]
    if not 1 <= len(parts) <= 2 or any(p is None for p in parts):
        raise _not_a_time()
    ends = [_span(p.groups()) for p in parts if p is not None]
    if ends[0][2] is not ends[-1][2] or ends[-1][1] < ends[0][0]:
        raise _not_a_time()
    return Period(ends[0][0], ends[-1][1], ends[0][2])


def _span(groups: tuple[str | None, ...]) -> tuple[date, date, Precision]:
    year, month, day = (int(g) if g else None for g in groups)
    try:
        if day is not None:
            found_day = date(year or 0, month or 0, day)
            return found_day, found_day, Precision.DAY
        if month is not None:
            last = monthrange(year or 0, month)[1]
            return date(year or 0, month, 1), date(year or 0, month, last), Precision.MONTH
        return date(year or 0, 1, 1), date(year or 0, 12, 31), Precision.YEAR
    except ValueError:
        raise _not_a_time() from None


def _not_a_time() -> Mistyped:
    return Mistyped(
        "“什么时候的事”不是时间。", remedy="请写成 2023-05-20、2023-05、2023 或 2023-03至2023-05。"
    )


# ---- exhibits


def _exhibit_fields(ask: Ask) -> list[Field]:
    return [
        Field("title", "名称"),
        Field("party", "谁提供的", "pick", of(StatedBy)),
        Field("proves", "要证明什么", "long"),
        Field("number", "编号", hint="不填就接着编：证1、证2……", needed=False),
        Field("file", "材料", "file"),
    ]


def _attach(ask: Ask) -> str:
    title = ask.needed("title", "名称")
    party = typed.choice(StatedBy, ask.request.POST, "party", "谁提供的")
    proves = ask.needed("proves", "要证明什么")
    kept = typed.proof(ask.request, "file", "材料", kind="证据材料", title=title, by=ask.by, at=ask.at)
    new = NewExhibit(kept, party, proves, ask.text("number"))
    facts_operations.attach_exhibits(number=ask.number, exhibits=[new], by=ask.by, at=ask.at)
    return f"已收入证据“{title}”"


def _exhibits(legality: Legality) -> Callable[[Ask], Sequence[Field]]:
    def fields(ask: Ask) -> list[Field]:
        options = tuple(
            (str(e.id), f"{e.number} {e.proves}") for e in ask.view.exhibits if e.legality is legality
        )
        return [Field("exhibit", "哪一份证据", "pick", options), Field("grounds", "理由", "long")]

    return fields


def _exhibit(ask: Ask) -> UUID:
    key = typed.key(ask.text("exhibit"))
    if key not in {e.id for e in ask.view.exhibits} or key is None:
        raise Mistyped("没有选择证据。", remedy="请从所列证据中选择。")
    return key


def _quarantine(ask: Ask) -> str:
    facts_operations.quarantine(
        exhibit=_exhibit(ask), grounds=ask.needed("grounds", "理由"), by=ask.by, at=ask.at
    )
    return "证据已隔离，不再进入评析"


def _readmit(ask: Ask) -> str:
    facts_operations.readmit(
        exhibit=_exhibit(ask), grounds=ask.needed("grounds", "理由"), by=ask.by, at=ask.at
    )
    return "已解除隔离"


# ---- asked, answered, judged, visited


def _relief_fields(ask: Ask) -> list[Field]:
    return [
        Field("issue", "关于哪一项", "pick", of(Issue)),
        Field("text", "请求什么", "long"),
        Field("amount", "金额", hint="没有金额的不填。约数照写，例如 近17万元。", needed=False),
        Field(
            "basis",
            "依据",
            "maybe",
            (("", "不涉及金额"), *of(Basis)),
            "有金额的，违约和侵权只能选一种。",
            needed=False,
        ),
    ]


def _claim(ask: Ask) -> str:
    amount, basis = ask.text("amount"), ask.text("basis")
    new = NewRelief(
        typed.choice(Issue, ask.request.POST, "issue", "关于哪一项"),
        ask.needed("text", "请求什么"),
        typed.choice(Basis, ask.request.POST, "basis", "依据") if basis else None,
        parse(amount) if amount else None,
    )
    operations.claim(number=ask.number, reliefs=[new], by=ask.by, at=ask.at)
    return "已登记诉讼请求"


def _defence_fields(ask: Ask) -> list[Field]:
    return [
        Field("kind", "哪一种", "pick", of(DefenceKind)),
        Field("raised_by", "谁提出", "pick", of(Party)),
        Field("text", "内容", "long"),
        Field("raised_on", "提出日期", "day"),
    ]


def _defend(ask: Ask) -> str:
    operations.raise_defence(
        number=ask.number,
        kind=typed.choice(DefenceKind, ask.request.POST, "kind", "哪一种"),
        raised_by=typed.choice(Party, ask.request.POST, "raised_by", "谁提出"),
        text=ask.needed("text", "内容"),
        raised_on=typed.day(ask.request.POST, "raised_on", "提出日期"),
        by=ask.by,
        at=ask.at,
    )
    return "已登记抗辩"


def _assess(ask: Ask) -> str:
    operations.assess(number=ask.number, by=ask.by, at=ask.at)
    return "已按现在的事实重新评析，以前的评析都留着"


def _visit_fields(ask: Ask) -> list[Field]:
    return [
        Field("visited_on", "回访日期", "day"),
        Field("visitor", "谁回访的"),
        Field("account_restored", "账号已恢复使用", "tick", needed=False),
        Field("certificate_received", "离职证明已收到", "tick", needed=False),
        Field("note", "双方怎么说", "long", needed=False),
        Field("file", "回访记录", "file", needed=False),
    ]


def _visit(ask: Ask) -> str:
    kept = typed.scan(ask.request, "file", kind="回访记录", title=ask.number, by=ask.by, at=ask.at)
    visit = NewFollowUp(
        typed.day(ask.request.POST, "visited_on", "回访日期"),
        ask.needed("visitor", "谁回访的"),
        ask.text("account_restored") == "yes",
        ask.text("certificate_received") == "yes",
        ask.text("note"),
        kept,
    )
    settlement.follow_up(number=ask.number, visit=visit, by=ask.by, at=ask.at)
    return "已登记回访"


def _nothing(ask: Ask) -> list[Field]:
    return []


ACTS = {
    one.what: one
    for one in (
        Act(
            "fact",
            "登记一项事实",
            "登记的是谁怎么说、凭什么证明；评析只看登记的事实。写错了用更正，原来的一条仍可查。",
            "登记",
            _fact_fields,
            _state,
        ),
        Act(
            "exhibit",
            "收入一份证据",
            "原样收存，算出校验值并写入账本；以后任何改动都看得出来。",
            "收入",
            _exhibit_fields,
            _attach,
        ),
        Act(
            "quarantine",
            "隔离一份证据",
            "取得方式有问题的证据不进入任何评析，但留存备查；只凭它证明的事实退为“争议”。",
            "隔离",
            _exhibits(Legality.LAWFUL),
            _quarantine,
        ),
        Act(
            "readmit",
            "解除隔离",
            "合法性得到确认之后，这份证据重新可以用于评析。",
            "解除隔离",
            _exhibits(Legality.QUARANTINED),
            _readmit,
        ),
        Act("relief", "登记一项请求", "每项请求各有自己的评析，互不替代。", "登记", _relief_fields, _claim),
        Act(
            "defence",
            "登记一项抗辩",
            "只登记提出了什么；能不能成立，要看事实和证据。",
            "登记",
            _defence_fields,
            _defend,
        ),
        Act(
            "assess",
            "评析",
            "按现在登记的事实和现行规则逐项评析。事实和规则不变，结论就不变；以前的评析都留着。",
            "评析",
            _nothing,
            _assess,
        ),
        Act(
            "follow-up",
            "登记回访",
            "调解或和解之后，账号恢复和证明收到都得到确认，才能结案。",
            "登记",
            _visit_fields,
            _visit,
        ),
    )
}
