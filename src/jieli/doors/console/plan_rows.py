"""The customers of a plan as a list: what the address asks for, a page of it, all of it for Excel."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.http import urlencode

from jieli.doors.console import typed
from jieli.parties.types import CustomerRef, StaffRef
from jieli.succession import pages
from jieli.succession.notices import Moments
from jieli.succession.types import AssignmentRef, CustomerState, Phase

PAGE = 50
NOBODY = "none"
HEADINGS = [
    "客户编号",
    "客户",
    "接手人",
    "接手人工号",
    "时段",
    "状态",
    "为何分给他",
    "告知",
    "责任人",
    "期限",
]


@dataclass(frozen=True)
class Asked:
    """What narrows the list; an empty word narrows nothing. `after` is the last 客户编号 of the page before."""

    text: str = ""
    receiver: str = ""
    state: str = ""
    phase: str = ""
    after: str = ""

    @property
    def any(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.text or self.receiver or self.state or self.phase)


@dataclass(frozen=True)
class Row:
    """A customer of the plan with names; `told` is what was last said to him, in words."""

    line: AssignmentRef
    customer: str
    receiver: StaffRef | None
    why: str
    told: str


@dataclass(frozen=True)
class Found:
    rows: tuple[Row, ...]
    matching: int
    following: str


def asked(values: Any) -> Asked:
    """What a query string asks for; whatever cannot be meant is left out."""
    receiver, state, phase = (typed.words(values, name) for name in ("receiver", "state", "phase"))
    return Asked(
        text=typed.words(values, "q")[:100],
        receiver=receiver if receiver == NOBODY or typed.key(receiver) else "",
        state=state if state in set(CustomerState) else "",
        phase=phase if phase in set(Phase) else "",
        after=typed.words(values, "after")[:100],
    )


def found(rows: Sequence[Row], wanted: Asked) -> Found:
    """A page of those that match, by 客户编号."""
    matching = [row for row in rows if _matches(row, wanted)]
    rest = [row for row in matching if row.line.customer_no > wanted.after]
    shown = rest[:PAGE]
    return Found(tuple(shown), len(matching), shown[-1].line.customer_no if len(rest) > PAGE else "")


def _matches(row: Row, wanted: Asked) -> bool:
    text = wanted.text.casefold()
    who = str(row.line.receiver) if row.line.receiver else NOBODY
    return (
        (not text or text in row.line.customer_no.casefold() or text in row.customer.casefold())
        and (not wanted.receiver or who == wanted.receiver)
        and (not wanted.state or row.line.state == wanted.state)
        and (not wanted.phase or row.line.phase == wanted.phase)
    )


def rows(
    lines: Sequence[AssignmentRef],
    customers: Mapping[UUID, CustomerRef],
    people: Mapping[UUID, StaffRef],
    told: Mapping[UUID, Moments],
) -> list[Row]:
    """Every line of a plan with names, its reasons in words, and what the customer was told."""
    return [
        Row(
            line,
            customers[line.customer].name if line.customer in customers else "不明",
            people.get(line.receiver) if line.receiver else None,
            pages.explained(line),
            _told(told.get(line.customer)),
        )
        for line in lines
    ]


def _told(said: Moments | None) -> str:
    if said is None:
        return "尚未告知"
    if said.closed_at:
        return said.closed_why
    if said.reminder_at:
        return f"已提醒，{said.reminder_outcome}" if said.reminder_outcome else "已提醒"
    if said.notice_at:
        return f"已告知，{said.notice_outcome}" if said.notice_outcome else "已告知"
    return "平台已通知" if said.platform else "本人已道别" if said.farewell_at else "尚未告知"


def cells(shown: Sequence[Row], people: Mapping[UUID, StaffRef], wanted: Asked) -> Iterator[list[str]]:
    """The lines of the export."""
    for row in shown:
        if not _matches(row, wanted):
            continue
        owner = people.get(row.line.owner) if row.line.owner else None
        yield [
            row.line.customer_no, row.customer, row.receiver.name if row.receiver else "",
            row.receiver.staff_no if row.receiver else "", row.line.phase.value if row.line.phase else "",
            row.line.state.value, row.why, row.told, owner.name if owner else "",
            row.line.due_on.isoformat() if row.line.due_on else "",
        ]  # fmt: skip


def narrowed(**what: str) -> str:
    """The list narrowed so, as the end of an address."""
    return f"?{urlencode(what)}#listed"
