"""Which duties a leaving lays on both sides, by engagement and reason: a table of the release with a version.

The table is data (`duties.json`); what is checked when it is read: every article can be cited, every word is
known, and every engagement × reason gives both sides the four duties of CC-558 by their names (R0.21).
"""

import json
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from jieli.duties.types import NewDuty, Side
from jieli.handover.errors import BadDutyTable
from jieli.handover.types import LeavingReason, Route
from jieli.law.deadlines import Due, due_after, due_after_years, due_on
from jieli.law.queries import cite_all
from jieli.parties.types import EngagementKind

_FILE = Path(__file__).parent / "duties.json"

#: The four names of CC-558.
POST_CONTRACT = ("通知", "协助", "保密", "旧物回收")
#: The four blocks of the exit form (R0.43).
BLOCKS = ("O1", "O2", "O3", "O4")
CERTIFICATE, SEVERANCE = "certificate", "severance"
DUE_RULES = ("last_day", "notice_day", "month_end", "plus_15", "two_years", "handover_done", "agreed", "none")


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A row of the table. `basis` says whether the day is the law's or the firm's own rule."""

    code: str
    name: str
    engagements: tuple[EngagementKind, ...]
    reasons: tuple[LeavingReason, ...]
    owed_by: Side
    owed_to: Side
    articles: tuple[str, ...]
    text: str
    due: str
    block: str
    post_contract: str
    continuing: bool
    basis: str

    def applies(self, kind: EngagementKind, reason: LeavingReason) -> bool:
        return kind in self.engagements and reason in self.reasons


@dataclass(frozen=True, slots=True)
class DutyTable:
    version: str
    rows: tuple[DutyRow, ...]
    routes: Mapping[EngagementKind, Route]

    def of(self, kind: EngagementKind, reason: LeavingReason) -> tuple[DutyRow, ...]:
        """The duties of one leaving, in the table's order."""
        return tuple(row for row in self.rows if row.applies(kind, reason))


@cache
def table() -> DutyTable:
    """The table of this release; BadDutyTable (handover.bad_duty_table) if it does not hold together."""
    return parse(_FILE.read_text("utf-8"))


def parse(text: str) -> DutyTable:
    """Read a table and check it. BadDutyTable; law.unknown_article, law.not_citable for an article."""
    try:
        raw = json.loads(text)
        rows = tuple(_row(r) for r in raw["duties"])
        routes = {
            EngagementKind(kind): Route(r["body"], r["limitation"], tuple(r["articles"]))
            for kind, r in raw["routes"].items()
        }
        found = DutyTable(str(raw["version"]), rows, routes)
    except (ValueError, KeyError, TypeError) as error:
        raise BadDutyTable("义务表无法读取。", remedy="请恢复随版本发布的义务表。") from error
    _check(found)
    return found


def _row(r: Mapping[str, Any]) -> DutyRow:
    reasons = tuple(LeavingReason) if r["reasons"] == "*" else tuple(map(LeavingReason, r["reasons"]))
    return DutyRow(
        r["code"], r["name"], tuple(map(EngagementKind, r["engagements"])), reasons, Side(r["owed_by"]),
        Side(r["owed_to"]), tuple(r["articles"]), r["text"], r["due"], r["block"], r["post_contract"],
        bool(r["continuing"]), r["basis"],
    )  # fmt: skip


def _check(found: DutyTable) -> None:
    cite_all(article for row in found.rows for article in row.articles)
    cite_all(article for route in found.routes.values() for article in route.articles)
    if any(row.due not in DUE_RULES for row in found.rows):
        raise _bad("义务表中有不认识的到期规则。")
    if set(found.routes) != set(EngagementKind):
        raise _bad("义务表没有写全各用工类型的争议途径。")
    for kind in EngagementKind:
        for reason in LeavingReason:
            _check_leaving(found.of(kind, reason), kind, reason)


def _check_leaving(rows: Sequence[DutyRow], kind: EngagementKind, reason: LeavingReason) -> None:
    where = f"“{kind}·{reason}”"
    names = [(row.owed_by, row.name) for row in rows]
    if len(names) != len(set(names)):
        raise _bad(f"{where}有重名的义务。")
    other = Side.THIRD if reason is LeavingReason.DEATH else Side.STAFF
    for side in (Side.COMPANY, other):
        if sorted(r.post_contract for r in rows if r.owed_by is side and r.post_contract) != sorted(
            POST_CONTRACT
        ):
            raise _bad(f"{where}的{side}一方缺少后合同义务。")
    certificates = [row for row in rows if row.code == CERTIFICATE]
    if len(certificates) != 1 or certificates[0].due not in ("last_day", "agreed"):
        raise _bad(f"{where}的证明义务须有且只有一项，且不得等待交接。")
    if any(row.due == "handover_done" and row.code != SEVERANCE for row in rows):
        raise _bad(f"{where}有经济补偿以外的义务在等待交接。")


def _bad(sentence: str) -> BadDutyTable:
    return BadDutyTable(sentence, remedy="请恢复随版本发布的义务表。")


def due_day(rule: str, *, notice_on: date, last_day: date) -> Due | None:
    """The due day of a rule, by CC-201/203 for periods; None where no day can be named yet."""
    match rule:
        case "last_day":
            return due_on(last_day)
        case "notice_day":
            return due_on(min(notice_on, last_day))
        case "month_end":
            return due_on(last_day.replace(day=monthrange(last_day.year, last_day.month)[1]))
        case "plus_15":
            return due_after(last_day, 15)
        case "two_years":
            return due_after_years(last_day, 2)
        case "handover_done" | "agreed" | "none":
            return None
    raise _bad("义务表中有不认识的到期规则。")


def duties_of(
    kind: EngagementKind,
    reason: LeavingReason,
    *,
    matter: UUID,
    person: UUID,
    case: UUID,
    notice_on: date,
    last_day: date,
) -> list[NewDuty]:
    """The duties of both sides for one leaving, ready to be laid."""
    return [
        NewDuty(
            name=row.name,
            owed_by=row.owed_by,
            owed_to=row.owed_to,
            articles=row.articles,
            text=row.text,
            matter=matter,
            person=person,
            subject=case,
            starts_on=last_day if row.continuing else notice_on,
            due=due_day(row.due, notice_on=notice_on, last_day=last_day),
            continuing=row.continuing,
        )
        for row in table().of(kind, reason)
    ]


def code_of(kind: EngagementKind, reason: LeavingReason, owed_by: Side, name: str) -> str:
    """The table's code of a duty by side and name; empty for one that the table does not hold."""
    return next((r.code for r in table().of(kind, reason) if (r.owed_by, r.name) == (owed_by, name)), "")
