"""What `jieli plan` answers about a plan: values for machines, tables for people."""

from typing import Any
from uuid import UUID

from jieli.approvals import queries as approvals
from jieli.doors.cli import named
from jieli.doors.cli.frame import out, table
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local, local_day
from jieli.law import queries as law
from jieli.succession import pages, queries
from jieli.succession.types import PLAN_APPROVAL, AssignmentRef, Phase, PlanRef, Preflight


def plan_values(plan: PlanRef, *, at: int) -> dict[str, Any]:
    """A plan in short."""
    request = approvals.request(plan.request) if plan.request else None
    approved = approvals.approved(PLAN_APPROVAL, plan.id, plan.digest, at=at)
    return {
        "plan": str(plan.id),
        "state": plan.state.value,
        "mode": plan.mode.value,
        "rule_version": plan.rule_version,
        "customers": plan.customers,
        "assigned": plan.assigned,
        "unassigned": plan.customers - plan.assigned,
        "digest": plan.digest.hex(),
        "request": str(plan.request) if plan.request else None,
        "request_state": request.state.value if request else None,
        "approval": str(approved.id) if approved else None,
        "balance": {
            "privacy_impact": plan.balance.privacy_impact,
            "business_need": plan.balance.business_need,
            "alternative": plan.balance.alternative,
        },
    }


def whole(plan: PlanRef, *, at: int) -> dict[str, Any]:
    """A plan with every line, its reasons, its load, and who is left with whom."""
    lines = queries.assignments(plan.id)
    numbers = named.staff_numbers({who for a in lines for who in (a.receiver, a.owner) if who} | {plan.owner})
    spans = queries.windows(plan.id)
    return plan_values(plan, at=at) | {
        "formula": pages.formula(),
        "batches": {phase.value: len(queries.batches(plan.id, phase)) for phase in Phase},
        "windows": {
            phase.value: [local(span.opens).isoformat() if span.opens else None, local(span.closes).isoformat()]
            for phase, span in spans.items()
        },
        "lines": [_line(a, numbers) for a in lines],
        "left": [_left(x, numbers) for x in pages.left(plan.id, today=local_day(at))],
        "loads": [_load(x) for x in pages.loads(plan.id)],
        "overrides": [
            {"customer_no": o.customer_no, "reason": o.reason, "by": o.made_by} for o in queries.overrides(plan.id)
        ],
    }  # fmt: skip


def _line(a: AssignmentRef, numbers: dict[UUID, str]) -> dict[str, Any]:
    return {
        "assignment": str(a.id),
        "customer_no": a.customer_no,
        "receiver": numbers[a.receiver] if a.receiver else None,
        "phase": a.phase.value if a.phase else None,
        "state": a.state.value,
        "why": pages.explained(a),
    }


def _left(x: pages.Left, numbers: dict[UUID, str]) -> dict[str, Any]:
    return {
        "customer_no": x.customer_no,
        "state": x.state.value,
        "reasons": list(x.reasons),
        "remedies": list(x.remedies),
        "owner": numbers.get(x.owner, x.owner_name),
        "due_on": x.due_on.isoformat(),
        "days_late": x.days_late,
    }


def _load(x: pages.Load) -> dict[str, Any]:
    return {
        "staff_no": x.staff_no,
        "before": x.before,
        "given": x.given,
        "after": x.after,
        "capacity": x.capacity,
        "score": x.score,
        "against": list(x.against),
    }


def say_whole(shown: dict[str, Any]) -> None:
    """The same for people: one line of state, then three tables."""
    approved = "已批准" if shown["approval"] else shown["request_state"] or shown["state"]
    rule = f"规则第{shown['rule_version']}版" if shown["rule_version"] else "没有适用的规则"
    out.print(
        f"{approved}：{shown['customers']} 名客户，{shown['assigned']} 名已有接手人，"
        f"{shown['unassigned']} 名待定（{rule}）",
        markup=False,
    )
    rows: list[list[object]] = [
        [x["customer_no"], x["receiver"] or "—", x["phase"] or "—", x["state"], x["why"]]
        for x in shown["lines"]
    ]
    table("", ["客户", "接手人", "阶段", "状态", "为何"], rows)()
    left: list[list[object]] = [
        [x["customer_no"], "；".join(x["reasons"]), "；".join(x["remedies"]), x["owner"], x["due_on"]]
        for x in shown["left"]
    ]
    table(f"待定 {len(left)} 名", ["客户", "原因", "怎样才能分配", "责任人", "期限"], left)()
    loads: list[list[object]] = [
        [x["staff_no"], x["before"], x["after"], x["capacity"], x["score"], "；".join(x["against"])]
        for x in shown["loads"]
    ]
    table("接手人", ["工号", "现有", "接手后", "上限", "得分", "不能接手的原因"], loads)()


def move_values(move: pages.Move) -> dict[str, Any]:
    """What one change by hand would do."""
    return {
        "possible": not move.against,
        "against": list(move.against),
        "departs_from": list(move.departs_from),
        "score_before": move.score_before,
        "score_after": move.score_after,
        "load_after": move.load_after,
        "capacity": move.capacity,
    }


def preflight_values(found: Preflight) -> dict[str, Any]:
    """The three sections, the verdict, and every article cited with the version of its text (R2.5)."""
    cited = dict.fromkeys(found.verdict.articles)
    for section in found.sections:
        cited.update(dict.fromkeys(article for check in section.checks for article in check.articles))
    return {
        "code": found.code.value,
        "text": found.verdict.text,
        "sections": [
            {
                "name": s.name,
                "light": s.light.value,
                "articles": list(s.articles),
                "checks": [{"code": c.code, "light": c.light.value, "text": c.text} for c in s.checks],
            }
            for s in found.sections
        ],
        "findings": [
            {"code": f.code, "text": f.text, "articles": list(f.articles)} for f in found.verdict.findings
        ],
        "missing": [{"what": m.code, "text": m.text, "who": m.who} for m in found.verdict.missing],
        "open_points": list(found.verdict.open_points),
        "articles": {article: _version(article) for article in cited},
    }


def _version(article: str) -> str:
    """The version of an article's text; empty where the registry holds none that may be printed."""
    try:
        return law.cite(article).version
    except JieliError:
        return ""


def say_preflight(shown: dict[str, Any]) -> None:
    """The sections as a table, the verdict above it."""
    rows: list[list[object]] = [
        [s["name"], c["light"], c["text"]] for s in shown["sections"] for c in s["checks"]
    ]
    table(f"{shown['code']}：{shown['text']}", ["方面", "结果", "说明"], rows)()
    for point in shown["open_points"]:
        out.print(f"待核实：{point}", markup=False)
