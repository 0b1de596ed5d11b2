"""Rules: proposed by one, approved by another, in force from a day on."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.db.models import Max

import jieli.approvals.operations as approvals
from jieli.kernel.ids import new_id
from jieli.ledger.operations import book
from jieli.succession import locks, queries, ruletable
from jieli.succession.errors import RuleInvalid
from jieli.succession.models import Rule
from jieli.succession.types import RULE_APPROVAL, RuleContent, RuleRef, RuleRow


def propose_rule(
    *,
    name: str,
    content: RuleContent,
    rationale: str,
    customer_need: str,
    effective_from: date,
    paper: UUID | None = None,
    by: str,
    at: int,
) -> RuleRef:
    """Enter the next version of the rule and ask for its approval (kind 接续规则), of exactly this digest.

    `rationale` says why it suits the business, `customer_need` what customers need (R2.19). RuleInvalid
    (succession.rule_invalid). A rule that counts from a day already past counts only from its approval all the same.
    """
    ruletable.check_content(content)
    said = {"name": name.strip(), "rationale": rationale.strip(), "customer_need": customer_need.strip()}
    if not all(said.values()):
        raise RuleInvalid("规则缺少名称、制定理由或客户需求说明。", remedy="请补全后再提交。")
    content = ruletable.settled(content)
    digest = ruletable.digest(content=content, effective=effective_from.isoformat(), **said)
    with book(at=at) as b:
        row = Rule(
            id=new_id(at), version=_next_version(), content=ruletable.to_json(content), digest=digest,
            effective_from=effective_from, paper=paper, proposed_by=by, proposed_at=at, **said,
        )  # fmt: skip
        b.entry("succession.propose_rule", by=by, facts={"rule": str(row.id), "version": row.version}).insert(
            row
        )
        approvals.open_request(
            kind=RULE_APPROVAL, subject=row.id, digest=digest, scope=f"{row.name}第{row.version}版",
            reason=row.rationale, by=by, at=at,
        )  # fmt: skip
    return queries.rule(row.id)


def propose_rule_table(
    *,
    name: str,
    rows: Sequence[RuleRow],
    rationale: str,
    customer_need: str,
    effective_from: date,
    paper: UUID | None = None,
    by: str,
    at: int,
) -> RuleRef:
    """`propose_rule` with the rows of the table editor; RuleInvalid names the row."""
    content = ruletable.rows_to_content(rows)
    return propose_rule(
        name=name, content=content, rationale=rationale, customer_need=customer_need,
        effective_from=effective_from, paper=paper, by=by, at=at,
    )  # fmt: skip


def _next_version() -> int:
    locks.new_rule()
    return (Rule.objects.aggregate(last=Max("version"))["last"] or 0) + 1
