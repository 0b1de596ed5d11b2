"""`jieli plan`, before anybody leaves: the rule, who is fit to receive, and what customers need and said."""

import json
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from jieli.access.types import Permission
from jieli.approvals import queries as approvals
from jieli.doors.cli import named
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.frame import AsJson, command, table
from jieli.doors.cli.given import day, receive
from jieli.kernel.times import local_day
from jieli.ledger.operations import book
from jieli.parties import queries as parties
from jieli.succession import notices, operations, queries
from jieli.succession.ruletable import content_to_rows, from_json, rows_to_content
from jieli.succession.types import (
    RULE_APPROVAL,
    ConsentKind,
    ConsentStep,
    CriterionKind,
    RuleContent,
    RuleRef,
    RuleRow,
    TrainingContent,
    Wish,
)
from jieli.wiring.subjects import UnknownSubject

#: The table of a rule as Excel saves it; cells as `RuleRow` says.
RULE_COLUMNS = ("项目", "类别", "取值", "接手人", "力度", "数字")
Paper = Annotated[Path | None, typer.Option("--paper", help="依据的扫描件（PDF、JPG、PNG）。")]
Customers = Annotated[list[str], typer.Argument(help="客户编号，可多个。")]


def propose(
    file: Annotated[Path, typer.Argument(help="规则表（CSV）或规则内容（JSON）。")],
    sign_in: As,
    name: Annotated[str, typer.Option("--name", help="规则名称。")],
    rationale: Annotated[str, typer.Option("--rationale", help="制定理由：与业务特点的关系。")],
    customer_need: Annotated[str, typer.Option("--customer-need", help="客户需求说明。")],
    effective: Annotated[str | None, typer.Option("--from", help="生效日；缺省为今天。")] = None,
    paper: Paper = None,
    as_json: AsJson = False,
) -> None:
    """提出新的一版接续规则，并提交审批；批准之前不生效。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.MANAGE_PLAN), run.at()
        content = _content(file)
        with named.with_paper(paper, kind="接续规则", by=by.actor, at=at) as kept:
            made = operations.propose_rule(
                name=name, content=content, rationale=rationale, customer_need=customer_need,
                effective_from=day(effective) if effective else local_day(at), paper=kept,
                by=by.actor, at=at,
            )  # fmt: skip
        request = approvals.history(RULE_APPROVAL, made.id)[-1]
        run.answer(
            {"version": made.version, "rule": made.id, "digest": made.digest.hex(), "request": request.id}
        )


def _content(file: Path) -> RuleContent:
    if file.suffix.lower() == ".json":
        try:
            return from_json(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise named.BadSheet(
                "规则文件无法读取。", remedy="文件应是一个 JSON 对象（UTF-8），与 rules --json 所示相同。"
            ) from error
    rows = named.sheet(file, *RULE_COLUMNS, needed=("项目",))
    return rows_to_content([RuleRow(*(row[c] or "" for c in RULE_COLUMNS)) for row in rows])


def rules(sign_in: As, as_json: AsJson = False) -> None:
    """各版接续规则及其审批；没有生效的规则时给出风险提示。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.SEE_HANDOVER)
        at = run.at()
        inforce = queries.rule_in_force(at=at)
        found = queries.rules()
        risks = queries.rule_findings(at=at)
        values = {
            "in_force": inforce.version if inforce else None,
            "rules": [_rule(ref, at) for ref in found],
            "findings": [{"code": f.code, "text": f.text, "articles": list(f.articles)} for f in risks],
        }
        rows: list[list[object]] = [[r.version, r.name, r.effective_from, _state(r)] for r in found]
        title = "；".join(f.text for f in risks) or f"适用第 {inforce.version if inforce else 0} 版"
        run.answer(values, say=table(title, ["版次", "名称", "生效日", "审批"], rows))


def _state(ref: RuleRef) -> str:
    return approvals.history(RULE_APPROVAL, ref.id)[-1].state.value


def _rule(ref: RuleRef, at: int) -> dict[str, Any]:
    rows = [[row.section, row.kind, row.value, row.targets, row.force, row.number]
            for row in content_to_rows(ref.content)]  # fmt: skip
    return {
        "version": ref.version, "name": ref.name, "effective_from": ref.effective_from, "state": _state(ref),
        "approved": queries.rule_approval(ref, at=at) is not None, "rationale": ref.rationale,
        "customer_need": ref.customer_need, "rows": rows,
    }  # fmt: skip


def training(
    staff: Annotated[list[str], typer.Argument(help="通过培训的工号，可多个。")],
    content: Annotated[TrainingContent, typer.Option("--content", help="法律法规 或 操作规范。")],
    passed: Annotated[str, typer.Option("--passed", help="通过之日。")],
    until: Annotated[str, typer.Option("--until", help="有效期末日。")],
    sign_in: As,
    score: Annotated[int | None, typer.Option("--score", help="测验得分。")] = None,
    paper: Paper = None,
    as_json: AsJson = False,
) -> None:
    """登记培训：两类都通过且在有效期内，才可以接手客户。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.MANAGE_PLAN), run.at()
        with named.with_paper(paper, kind="培训记录", by=by.actor, at=at) as kept:
            operations.record_training(
                staff=named.staff_all(staff), content=content, passed_on=day(passed),
                valid_until=day(until), score=score, paper=kept, by=by.actor, at=at,
            )  # fmt: skip
        run.answer({"recorded": len(set(staff)), "content": content.value, "valid_until": until})


def commitment(
    staff: Annotated[str, typer.Argument(help="工号。")],
    signed: Annotated[str, typer.Option("--signed", help="签署之日。")],
    paper: Annotated[Path, typer.Option("--paper", help="签署的《隐私保护承诺书》扫描件。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """登记接手人签署的隐私保护承诺书。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.MANAGE_PLAN), run.at()
        with book(at=at):
            kept = receive(paper, kind="隐私保护承诺书", by=by.actor, at=at)
            operations.record_commitment(
                staff=named.staff(staff), paper=kept, signed_on=day(signed), by=by.actor, at=at
            )
        run.answer({"staff_no": staff, "paper": kept})


def needs(
    file: Annotated[Path, typer.Argument(help="客户需求（CSV）：客户编号、语言、资质。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """登记客户对服务人员的语言与资质需求。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_PLAN)
        kinds = (CriterionKind.LANGUAGE, CriterionKind.QUALIFICATION)
        rows = named.per_customer(
            named.sheet(file, "客户编号", *(k.value for k in kinds), needed=("客户编号",))
        )
        wanted = [
            (customer, kind, row[kind.value])
            for customer, found in rows.items()
            for row in found
            for kind in kinds
            if row[kind.value]
        ]
        changed = operations.record_needs(needs=wanted, by=by.actor, at=run.at())
        run.answer({"customers": len(rows), "changed": changed})


def wish(
    customers: Customers,
    said: Annotated[Wish, typer.Option("--wish", help="拒绝接替、不再联系我 或 愿意接续。")],
    channel: Annotated[str, typer.Option("--channel", help="经何种途径表示，如 电话。")],
    sign_in: As,
    stated: Annotated[
        int | None, typer.Option("--at-ms", help="表示的时间（毫秒，UTC）；缺省为现在。")
    ] = None,
    paper: Paper = None,
    as_json: AsJson = False,
) -> None:
    """登记客户主动表示的意愿；最后一次表示为准。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.MANAGE_PLAN), run.at()
        with named.with_paper(paper, kind="客户意愿凭证", by=by.actor, at=at) as kept:
            operations.record_wish(
                customers=named.customers(customers), wish=said, stated_at=at if stated is None else stated,
                channel=channel, paper=kept, by=by.actor, at=at,
            )  # fmt: skip
        run.answer({"customers": len(customers), "wish": said.value})


def consent(
    customers: Customers,
    kind: Annotated[ConsentKind, typer.Option("--kind", help="向其他主体提供 或 监护人同意。")],
    paper: Annotated[Path, typer.Option("--paper", help="客户同意（或撤回）的凭证。")],
    sign_in: As,
    entity: Annotated[str | None, typer.Option("--entity", help="接收主体的法人代码。")] = None,
    step: Annotated[ConsentStep, typer.Option("--step", help="同意 或 撤回。")] = ConsentStep.AGREE,
    stated: Annotated[
        int | None, typer.Option("--at-ms", help="表示的时间（毫秒，UTC）；缺省为现在。")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """登记客户的单独同意：向其他主体提供，或监护人同意。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.MANAGE_PLAN), run.at()
        with book(at=at):
            kept = receive(paper, kind="客户单独同意", by=by.actor, at=at)
            operations.record_consent(
                customers=named.customers(customers), kind=kind,
                entity=_entity(entity) if entity else None, step=step,
                stated_at=at if stated is None else stated, paper=kept, by=by.actor, at=at,
            )  # fmt: skip
        run.answer({"customers": len(customers), "kind": kind.value, "step": step.value})


def _entity(code: str) -> UUID:
    found = parties.entities_by_code().get(code)
    if found is None:
        raise UnknownSubject("没有这个法人代码。", remedy="请核对法人代码，或先用 jieli load 登记。")
    return found


def contact(
    entity: Annotated[str, typer.Argument(help="法人代码。")],
    uscc: Annotated[str, typer.Option("--uscc", help="统一社会信用代码。")],
    phone: Annotated[str, typer.Option("--phone", help="客服电话。")],
    mail: Annotated[str, typer.Option("--mail", help="投诉邮箱。")],
    desk: Annotated[str, typer.Option("--desk", help="受理投诉的部门。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """公布客户联系与投诉渠道；没有公布，就不能告知客户。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_PLAN)
        notices.set_service_contact(
            entity=_entity(entity), uscc=uscc, phone=phone, mail=mail, desk=desk, by=by.actor, at=run.at()
        )
        run.answer({"entity": entity, "phone": phone, "mail": mail, "desk": desk})
