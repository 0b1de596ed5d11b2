"""What happens to people and accounts in the course of the month, each at its time."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jieli.assets import operations as assets
from jieli.assets.policy import Event as Of
from jieli.assets.queries import accounts
from jieli.consent import operations as consent
from jieli.consent.types import Means, Scope, SubjectKind
from jieli.kernel.times import MINUTE
from jieli.papers import operations as papers
from jieli.papers.types import MediaType
from jieli.wiring.demo.clients import Attitude
from jieli.wiring.demo.days import YEAR, august, day, moment
from jieli.wiring.demo.grounds import ALL, BY, Grounds
from jieli.wiring.demo.people import OFFICER, Case
from jieli.wiring.demo.scans import scan
from jieli.wiring.demo.things import SHARED, SHARED_AFTER
from jieli.wiring.load import load_company

PLATFORM = "wecom"


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that is done at a moment; `title` is told while it happens."""

    at: int
    title: str
    act: Callable[[Grounds], object]


def happenings(supplement: Path) -> list[Happening]:
    """All of them, in order of time. `supplement` are the sheets that are sent in once more."""
    return [
        Happening(august(31, "22:30"), "录入 2026 年放假安排", _calendar),
        Happening(moment(day(8), "10:00"), "公用客服账号移交并签收", _hand_over),
        Happening(moment(day(12), "15:00"), "一名员工撤回同意", _staff_withdraws),
        Happening(moment(day(14), "20:00"), "几位客户撤回同意", _customers_withdraw),
        Happening(moment(day(15), "11:00"), "一名员工提出异议", _staff_objects),
        Happening(
            moment(day(16), "09:00"), "补签承诺书、变更班次、销假", lambda g: _supplement(g, supplement)
        ),
        Happening(moment(day(17), "20:00"), "几位客户提出异议", _customers_object),
        Happening(moment(day(18), "15:00"), "书面答复员工的异议", _answer),
        Happening(moment(day(18), "18:30"), "停用一个账号", _close),
    ]


def _calendar(grounds: Grounds) -> None:
    consent.load_calendar(YEAR, by=grounds.actor(OFFICER), at=grounds.clock.now)


def _hand_over(grounds: Grounds) -> None:
    """The shared account gets a holder again, who signs that it is no property of his (R0.48)."""
    at, account = grounds.clock.now, accounts(PLATFORM, [SHARED])[SHARED].id
    assets.hand_over(asset_id=account, to_staff=grounds.staff[SHARED_AFTER], begins_at=at, by=BY, at=at)
    promise = papers.receive(
        kind="工作账号使用承诺书", title="公用客服账号承诺书", content=scan("演示扫描件：公用客服账号承诺书"),
        media_type=MediaType.PNG.value, by=grounds.actor(SHARED_AFTER), at=at,
    )  # fmt: skip
    assets.acknowledge(
        account_id=account, staff_id=grounds.staff[SHARED_AFTER], paper=promise.id, signed_at=at,
        by=grounds.actor(SHARED_AFTER), at=at,
    )  # fmt: skip


def _of_case(grounds: Grounds, case: Case) -> str:
    return next(e.no for e in grounds.world.staff if e.case is case)


def _staff_withdraws(grounds: Grounds) -> None:
    who, at = _of_case(grounds, Case.WITHDRAWS), grounds.clock.now
    consent.withdraw(
        subject_kind=SubjectKind.STAFF, subject=grounds.staff[who], means=Means.CHAT, scopes=ALL,
        claimed_at=at, by=grounds.actor(who), at=at,
    )  # fmt: skip


def _staff_objects(grounds: Grounds) -> None:
    who, at = _of_case(grounds, Case.OBJECTS), grounds.clock.now
    consent.object_(
        subject_kind=SubjectKind.STAFF, subject=grounds.staff[who], means=Means.CHAT,
        scopes=(Scope.CAPTURE,), claimed_at=at, by=grounds.actor(who), at=at,
    )  # fmt: skip


def _answer(grounds: Grounds) -> None:
    who, at = _of_case(grounds, Case.OBJECTS), grounds.clock.now
    consent.answer_objection(
        subject_kind=SubjectKind.STAFF, subject=grounds.staff[who], means=Means.CHAT, scope=Scope.CAPTURE,
        reply="午休时段已从班次中扣除；是否继续由您决定，撤回不影响工资和岗位。",
        claimed_at=at, by=grounds.actor(OFFICER), at=at,
    )  # fmt: skip


def _customers_withdraw(grounds: Grounds) -> None:
    for no in _thinking(grounds, Attitude.WITHDRAWS):
        at = grounds.clock.on(MINUTE)
        consent.withdraw(
            subject_kind=SubjectKind.CUSTOMER, subject=grounds.customers[no], means=Means.CHAT,
            scopes=(Scope.CAPTURE,), claimed_at=at, by=BY, at=at,
        )  # fmt: skip


def _customers_object(grounds: Grounds) -> None:
    for no in _thinking(grounds, Attitude.OBJECTS):
        at = grounds.clock.on(MINUTE)
        consent.object_(
            subject_kind=SubjectKind.CUSTOMER, subject=grounds.customers[no], means=Means.CHAT,
            scopes=(Scope.CAPTURE,), claimed_at=at, by=BY, at=at,
        )  # fmt: skip


def _thinking(grounds: Grounds, attitude: Attitude) -> list[str]:
    return [c.no for c in grounds.world.clients if c.attitude is attitude and c.external_id]


def _supplement(grounds: Grounds, directory: Path) -> None:
    load_company(directory, by=BY, at=grounds.clock.now)


def _close(grounds: Grounds) -> None:
    handle = next(e.handle for e in grounds.world.staff if e.case is Case.ACCOUNT_CLOSES)
    account = accounts(PLATFORM, [handle])[handle].id
    assets.mark_accounts(Of.CLOSED, account_ids=[account], by=BY, at=grounds.clock.now)
