"""Looking at leavings: the list, one case with both columns, its four lists."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer

from jieli.access.policy import reach
from jieli.access.types import Permission
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.case_acting import SEE, Number, acting
from jieli.doors.cli.frame import AsJson, command, out, table
from jieli.duties.types import DutyRef
from jieli.handover import bindings, cutting, listing, private, queries, recovery
from jieli.handover.shown import CasePaperRef, CaseView
from jieli.handover.things_types import NumberState
from jieli.handover.types import HandList, LeavingReason, LineClass, Missing, Statement
from jieli.kernel.times import local_day

app = typer.Typer()
MOST = 50


@app.command("list")
def listed(
    sign_in: As,
    text: Annotated[str, typer.Option("--text", help="姓名、工号或编号里的字。")] = "",
    shown: Annotated[
        listing.Shown | None, typer.Option("--shown", help="在办、已过最后工作日、已结案。")
    ] = None,
    reason: Annotated[LeavingReason | None, typer.Option("--reason", help="离职原因。")] = None,
    as_json: AsJson = False,
) -> None:
    """《离职交接台账》：谁、最后工作日、逾期几天、双方各差什么。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.SEE_HANDOVER)
        at, far = run.at(), reach(by, Permission.SEE_HANDOVER, at=run.at())
        wanted = listing.Asked(text=text, shown=shown or "", reason=reason or "")
        rows = list(listing.every(far, wanted, at=at))
        values = {
            "count": len(rows),
            "cases": [
                {
                    "number": r.case.number, "name": r.name, "staff_no": r.staff_no, "unit": r.unit,
                    "reason": r.case.reason.value, "last_day": r.case.last_day, "status": r.status,
                    "days_late": r.days_late, "company_lacks": _texts(r.done.company),
                    "staff_lacks": _texts(r.done.staff),
                }
                for r in rows
            ],
        }  # fmt: skip
        lines: list[list[object]] = [
            [r.case.number, r.name, r.case.reason, r.case.last_day, r.status, r.days_late or "",
             len(r.done.company), len(r.done.staff)]
            for r in rows[:MOST]
        ]  # fmt: skip
        more = f"（只列前 {MOST} 件）" if len(rows) > MOST else ""
        heads = ["编号", "姓名", "原因", "最后工作日", "状态", "逾期天数", "公司差", "移交人差"]
        run.answer(values, say=table(f"{len(rows)} 件离职交接{more}", heads, lines))


def _texts(missing: Iterable[Missing]) -> list[str]:
    return [m.text for m in missing]


@app.command("show")
def show(number: Number, sign_in: As, as_json: AsJson = False) -> None:
    """一件离职交接：进度、双方义务、各差什么、下一步、文书与往来。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, *SEE, himself=True)
        view = queries.view(number, at=on.at)
        run.answer(_whole(view, on.at), say=_told(view, on.at))


def _whole(view: CaseView, at: int) -> dict[str, Any]:
    case = view.case
    done = view.completion
    cut = cutting.cut(case.id)
    return {
        "number": case.number, "name": view.staff.name, "staff_no": view.staff.staff_no,
        "engagement": case.engagement_kind.value, "reason": case.reason.value, "notice_on": case.notice_on,
        "last_day": case.last_day, "receiver": view.receiver.name if view.receiver else "",
        "supervisor": view.supervisor.name if view.supervisor else "", "source": case.source.value,
        "stage": case.stage.value, "status": view.status, "done": done.done, "days_late": view.days_late,
        "next_step": view.next_step, "note": case.note, "snapshot": case.digest,
        "held": {cls.value: n for cls, n in view.snapshot.items()},
        "company": [_duty(d, at) for d in view.company], "leaver": [_duty(d, at) for d in view.leaver],
        "sender": [_duty(d, at) for d in view.sender], "third": [_duty(d, at) for d in view.third],
        "company_lacks": _missing(done.company), "staff_lacks": _missing(done.staff),
        "sender_lacks": _missing(done.sender),
        "route": {"body": view.route.body, "limitation": view.route.limitation, "articles": list(view.route.articles)},
        "papers": [_paper(p) for p in view.papers], "access_cut": None if cut is None else cut.verified,
        **_said(view), **_things(view),
    }  # fmt: skip


def _duty(duty: DutyRef, at: int) -> dict[str, Any]:
    return {
        "name": duty.name, "state": duty.state.value, "due": duty.due.day if duty.due else None,
        "late": duty.days_late(local_day(at)), "articles": list(duty.articles), "text": duty.text,
    }  # fmt: skip


def _missing(found: Iterable[Missing]) -> list[dict[str, str]]:
    return [{"who": m.who, "text": m.text, "code": m.code} for m in found]


def _paper(found: CasePaperRef) -> dict[str, Any]:
    return {
        "paper": found.paper.id, "kind": found.paper.kind, "number": found.paper.number,
        "sha256": found.paper.sha256, "covers": [kind.value for kind in found.covers],
        "signatures": [{"role": s.role, "name": s.name, "grade": s.grade} for s in found.signatures],
        "refusals": list(found.refusals), "deliveries": list(found.deliveries),
    }  # fmt: skip


def _said(view: CaseView) -> dict[str, Any]:
    """What both sides said, each with the id by which it is answered."""
    return {
        "commission": [
            {"order_no": c.order_no, "company": _statement(c.company), "staff": _statement(c.staff), "agreed": c.agreed}
            for c in view.commission
        ],
        "settlement": [
            {"id": s.id, "name": s.name, "owed_by": s.owed_by.value, "company": _statement(s.company),
             "staff": _statement(s.staff), "agreed": s.agreed, "paid_on": s.paid_on}
            for s in view.settlement
        ],
        "promises": [
            {"id": p.id, "text": p.text, "answer": p.answer.value if p.answer else None, "said": p.answer_text}
            for p in view.promises
        ],
        "objections": [
            {"id": o.id, "place": o.place, "by": o.by.value, "text": o.text, "answer": o.answer}
            for o in view.objections
        ],
        "attempts": [{"how": a.how, "on": a.tried_on, "outcome": a.outcome} for a in view.attempts],
        "follow_ups": [
            {"asked": f.asked.value, "confirmed": f.confirmed, "visitor": f.visitor, "on": f.visited_on}
            for f in view.follow_ups
        ],
    }  # fmt: skip


def _statement(said: Statement | None) -> dict[str, Any] | None:
    return None if said is None else {"fen": said.fen, "qualifier": said.qualifier.value, "text": said.text}


def _things(view: CaseView) -> dict[str, Any]:
    """Accounts with their test, numbers with what hangs on them, and the private part, by the person's own names."""
    case, snapshot = view.case.id, queries.snapshot(view.case.id)
    accounts = {line.subject: line.key for line in snapshot.of(LineClass.ACCOUNT) if line.subject}
    numbers = {line.subject: line.key for line in snapshot.of(LineClass.NUMBER) if line.subject}
    states, tested = recovery.states(case, accounts), recovery.progress(case, accounts)
    bound = bindings.states(case, numbers)
    return {
        "accounts": [
            {"account": key, "state": states[id_].value, "steps_missing": [s.value for s in tested[id_].missing]}
            for id_, key in accounts.items()
        ],
        "numbers": [
            _number(key, bound[id_]) for id_, key in numbers.items()
        ],
        "private": [
            {"id": p.id, "kind": p.kind.value, "label": p.label, "nature": p.nature.value if p.nature else None,
             "checked_by": p.checked_by.value if p.checked_by else None,
             "removal": p.removal.value if p.removal else None}
            for p in private.private_items(case)
        ],
    }  # fmt: skip


def _number(key: str, found: NumberState) -> dict[str, Any]:
    return {
        "number": key, "listed_at": found.given_at, "complete": found.complete, "cut_at": found.cut_at,
        "bound": [
            {"id": x.id, "kind": x.kind.value, "name": x.name, "unbound": x.unbound_at is not None}
            for x in found.bindings
        ],
    }  # fmt: skip


def _told(view: CaseView, at: int) -> Callable[[], None]:
    def say() -> None:
        late = f"，逾期 {view.days_late} 天" if view.days_late else ""
        out.print(
            f"{view.case.number} {view.staff.name}（{view.staff.staff_no}）{view.case.engagement_kind}·"
            f"{view.case.reason}，最后工作日 {view.case.last_day}："
            f"{view.status}{late}",
            f"下一步：{view.next_step or '无'}",
            sep="\n", markup=False, soft_wrap=True,
        )  # fmt: skip
        for title, duties, lacks in (
            ("公司欠的", view.company, view.completion.company),
            ("移交人欠的", view.leaver, view.completion.staff),
            ("派遣单位欠的", view.sender, view.completion.sender),
            ("第三方欠的", view.third, ()),
        ):
            if duties or lacks:
                rows: list[list[object]] = [
                    [d.name, d.state, d.due.day if d.due else "", "、".join(d.articles)] for d in duties
                ]
                table(title, ["义务", "状态", "到期", "依据"], rows)()
                for m in lacks:
                    out.print(f"  缺：{m.who}：{m.text}", markup=False, soft_wrap=True)
        out.print(
            f"争议途径：{view.route.body}，时效 {view.route.limitation}（{'、'.join(view.route.articles)}）",
            markup=False, soft_wrap=True,
        )  # fmt: skip

    return say


@app.command("lists")
def lists(number: Number, sign_in: As, as_json: AsJson = False) -> None:
    """四份清单：账号、数据、设备物品、客户；每项的状态、校验值、谁还没签。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, *SEE, himself=True)
        found = queries.lists(on.case, at=on.at)
        values = {"number": number, "lists": [_list(one) for one in found]}
        rows: list[list[object]] = [
            [one.kind, item.key, item.state, item.days_late or "", item.reason]
            for one in found
            for item in one.items
        ]
        title = "；".join(f"{one.kind} {len(one.items)} 项" for one in found)
        run.answer(values, say=table(title, ["清单", "标识", "状态", "逾期天数", "无法交接原因"], rows))


def _list(one: HandList) -> dict[str, Any]:
    return {
        "list": one.kind.value,
        "items": [
            {"key": i.key, "label": i.label, "state": i.state.value, "days_late": i.days_late, "reason": i.reason,
             "objections": list(i.objections)}
            for i in one.items
        ],
        "data": [
            {"class": d.cls.value, "count": d.count, "amount_fen": d.amount_fen, "first": d.first, "last": d.last,
             "sha256": d.digest, "note": d.note}
            for d in one.data
        ],
        "papers": list(one.papers),
        "signed": [role.value for role in one.signed],
        "unsigned": [role.value for role in one.unsigned],
    }  # fmt: skip
