"""Situations at the gate, as data: what was written down and when, one message, and what must come of it.

All people are invented. Times are those of Shanghai. A situation is the ordinary house (`ORDINARY`) without the rows
whose tags it names, and with further rows; every row says when it was written, and rows enter the book in that order.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from jieli.consent import facts as f
from jieli.consent.loading import known_days
from jieli.consent.reasons import Reason
from jieli.consent.types import (
    CALL,
    CHAT,
    DefaultShift,
    DocumentKind,
    GateMessage,
    Means,
    Rules,
    Scope,
    ShiftKind,
    Step,
)
from jieli.kernel.times import SHANGHAI, to_ms

ALL_SCOPES = tuple(Scope)
R = Reason  # stands in every line of the table below


def sh(text: str) -> int:
    """Milliseconds of a wall clock time in Shanghai."""
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI))


def ident(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"jieli.test/{name}")


@dataclass(frozen=True)
class Written:
    """A row: its tag, when it was written, what it is, and what it says."""

    tag: str
    when: int
    what: str
    says: dict[str, Any]


def wrote(tag: str, when: str | int, what: str, **says: Any) -> Written:
    return Written(tag, sh(when) if isinstance(when, str) else when, what, says)


@dataclass
class _Register:
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    identities: dict[str, f.IdentityFact] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    staff: dict[UUID, f.StaffFact] = field(default_factory=dict)
    lists: dict[str, dict[Any, list[Any]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    policies: list[f.PolicyFact] = field(default_factory=list)

    def account(
        self, name: Any, time: int, order: Any, handle: str, stock: bool = False, closed: bool = False
    ) -> None:
        self.accounts[handle] = {
            "row": name, "id": ident(handle), "handle": handle, "stock": stock, "closed": closed, "time": time,
        }  # fmt: skip

    def holding(
        self, name: Any, time: int, order: Any, handle: str, staff: str | None, begins: int,
        ends: int | None = None,
    ) -> None:  # fmt: skip
        who = ident(staff) if staff else None
        self.lists["holdings"][handle].append(f.HoldingFact(name, who, begins, ends, time))

    def signed(self, name: Any, time: int, order: Any, handle: str, staff: str, signed_at: int) -> None:
        self.lists["signed"][handle].append(f.SignedFact(name, ident(staff), signed_at, time))

    def person(
        self, name: Any, time: int, order: Any, staff: str, post: str = "销售", joined: date = date(2026, 1, 5),
        left: date | None = None,
    ) -> None:  # fmt: skip
        self.staff[ident(staff)] = f.StaffFact(name, ident(staff), post, joined, left)

    def identity(self, name: Any, time: int, order: Any, who: str, minor: bool = False) -> None:
        self.identities[who] = f.IdentityFact((name,), who, ident(f"customer {who}"), minor, time)

    def group(self, name: Any, time: int, order: Any, room: str, internal: bool = False) -> None:
        self.groups[room] = {"row": name, "room": room, "internal": internal}

    def member(
        self, name: Any, time: int, order: Any, room: str, who: str, begins: int, ends: int | None = None
    ) -> None:
        self.lists["members"][room].append(f.MemberFact(name, who, begins, ends, time))

    def served(
        self, name: Any, time: int, order: Any, subject: UUID, claimed: int,
        means: Iterable[Means] = (Means.CHAT, Means.CALL), scopes: Iterable[Scope] = ALL_SCOPES,
    ) -> None:  # fmt: skip
        fact = f.ServedFact(name, frozenset(means), frozenset(scopes), claimed, time)
        self.lists["served"][subject].append(fact)

    def step(
        self, name: Any, time: int, order: Any, subject: UUID | str, step: Step, claimed: int,
        means: Means = Means.CHAT, scope: Scope = Scope.CAPTURE, platform: bool = False, explicit: bool = True,
        guardian: bool = False, towards: str = "",
    ) -> None:  # fmt: skip
        fact = f.StepFact(
            name, means, scope, step, claimed, platform, explicit, guardian, towards, order, time
        )
        self.lists["steps"][subject].append(fact)

    def document(self, name: Any, time: int, order: Any, staff: str, kind: DocumentKind, day: date) -> None:
        self.lists["documents"][ident(staff)].append(f.DocumentFact(name, kind, day, time))

    def shift(
        self, name: Any, time: int, order: Any, staff: str, begins: int, ends: int,
        kind: ShiftKind = ShiftKind.REGULAR,
    ) -> None:  # fmt: skip
        self.lists["shifts"][ident(staff)].append(f.ShiftFact(name, begins, ends, kind, order, time))

    def leave(
        self, name: Any, time: int, order: Any, staff: str, begins: int, ends: int, kind: str = "年假"
    ) -> None:
        self.lists["leave"][ident(staff)].append(f.LeaveFact(name, begins, ends, kind, order, time))

    def policy(self, name: Any, time: int, order: Any, starts_at: int, rules: Rules) -> None:
        self.policies.append(f.PolicyFact(name, starts_at, rules, order, time))


DAYS = {day: f.DayFact(("day", str(day)), kind) for day, kind in known_days(2026).items()}


def facts_of(rows: Iterable[Written], *, since: int, until: int) -> f.Facts:
    """The facts as the gate would read them, each row with its place in the book."""
    register = _Register()
    for entry, row in enumerate(sorted(rows, key=lambda r: r.when)):
        getattr(register, row.what)((row.what, f"{row.tag}#{entry}"), row.when, (entry, 1), **row.says)
    lists = register.lists
    return f.Facts(
        since=since,
        until=until,
        accounts={
            h: f.AccountFact(**a, holdings=lists["holdings"][h], signed=lists["signed"][h])
            for h, a in register.accounts.items()
        },
        identities=register.identities,
        groups={
            room: f.GroupFact(**g, members=lists["members"][room]) for room, g in register.groups.items()
        },
        staff=register.staff,
        days=DAYS,
        policies=register.policies,
        **{name: lists[name] for name in ("served", "steps", "documents", "shifts", "leave")},
    )


# -- the ordinary house ------------------------------------------------------------------------------


def _staff(name: str) -> list[Written]:
    day = date(2026, 8, 31)
    return [
        wrote(f"{name} staff", "2026-08-31 09:00", "person", staff=name),
        wrote(f"{name} account", "2026-08-31 09:01", "account", handle=name),
        wrote(f"{name} holding", "2026-08-31 09:02", "holding", handle=name, staff=name, begins=sh("2026-08-01")),
        wrote(
            f"{name} signed", "2026-08-31 09:03", "signed", handle=name, staff=name, signed_at=sh("2026-08-31 08:00")
        ),
        *(
            wrote(f"{name} {kind.value}", "2026-08-31 10:00", "document", staff=name, kind=kind, day=day)
            for kind in DocumentKind
        ),
        wrote(f"{name} served", "2026-09-01 09:00", "served", subject=ident(name), claimed=sh("2026-09-01 08:30")),
        *(
            wrote(
                f"{name} {means.value} {scope.value}", "2026-09-01 09:30", "step",
                subject=ident(name), step=Step.AGREE, claimed=sh("2026-09-01 09:10"), means=means, scope=scope,
            )
            for means in (Means.CHAT, Means.CALL) for scope in (Scope.CAPTURE, Scope.QUALITY)
        ),
        *(
            wrote(
                f"{name} shift", "2026-09-01 12:00", "shift",
                staff=name, begins=sh(f"2026-09-{d:02} 09:00"), ends=sh(f"2026-09-{d:02} 18:00"),
            )
            for d in (2, 3, 4, 7, 8, 9, 10, 11, 25, 28)
        ),
    ]  # fmt: skip


def _agree(who: str, *towards: str) -> list[Written]:
    says = {"subject": who, "step": Step.AGREE, "claimed": sh("2026-09-02 10:00"), "platform": True}
    return [wrote(f"{who} agrees", "2026-09-02 11:00", "step", **says, towards=place) for place in towards]


def _customer(who: str) -> list[Written]:
    return [
        wrote(f"{who} identity", "2026-09-01 08:00", "identity", who=who),
        *_agree(who, "account:wang", "account:zhao", "room:r1"),
    ]


ORDINARY: list[Written] = [
    *_staff("wang"),
    *_staff("zhao"),
    wrote("saturday", "2026-09-04 12:00", "shift", staff="wang", begins=sh("2026-09-12 13:00"),
          ends=sh("2026-09-12 21:00")),
    *_customer("lin"),
    *_customer("he"),
    *_customer("su"),
    wrote("r1", "2026-09-01 08:00", "group", room="r1"),
    wrote("r0", "2026-09-01 08:00", "group", room="r0", internal=True),
    wrote("lin told", "2026-09-02 09:00", "served", subject=ident("customer lin"), claimed=sh("2026-09-02 09:00")),
    wrote("lin calls", "2026-09-02 09:30", "step", subject=ident("customer lin"), step=Step.AGREE,
          claimed=sh("2026-09-02 09:20"), means=Means.CALL),
]  # fmt: skip

ROOM = ("wang", "zhao", "lin", "he", "su")


def chat(
    when: str, sender: str, *receivers: str, room: str = "", account: str | None = "wang"
) -> GateMessage:
    return GateMessage(CHAT, sh(when), None if room else account, room, sender, receivers)


def call(when: str, sender: str, *receivers: str) -> GateMessage:
    return GateMessage(CALL, sh(when), "wang", "", sender, receivers)


def in_room(when: str, sender: str, people: Sequence[str] = ROOM, room: str = "r1") -> GateMessage:
    return GateMessage(CHAT, sh(when), None, room, sender, tuple(p for p in people if p != sender))


ADMITTED: tuple[R, ...] = ()
MONDAY, TUESDAY = "2026-09-07 10:00", "2026-09-08 10:00"
IMPORT = sh("2026-09-30 09:00")


@dataclass(frozen=True)
class Situation:
    title: str
    message: GateMessage
    expected: tuple[R, ...]
    without: tuple[str, ...] = ()
    rows: tuple[Written, ...] = ()
    historical: bool = False
    late: bool = False  # documented_later

    def written(self) -> list[Written]:
        return [*(row for row in ORDINARY if row.tag not in self.without), *self.rows]

    def facts(self) -> f.Facts:
        return facts_of(self.written(), since=sh("2010-01-01"), until=IMPORT)


def _said(when: str, subject: UUID | str, step: Step, claimed: str | None = None, **says: Any) -> Written:
    return wrote("said", when, "step", subject=subject, step=step, claimed=sh(claimed or when), **says)


WANG, LIN = ident("wang"), ident("customer lin")
S = Situation

SITUATIONS: list[Situation] = [
    S("上班时间员工对已同意的客户说话", chat(MONDAY, "wang", "lin"), ADMITTED),
    S("上班时间已同意的客户说话", chat(MONDAY, "lin", "wang"), ADMITTED),
    S("来源没有写明是哪个账号，也认得出", chat(MONDAY, "lin", "wang", account=None), ADMITTED),
    S("周六二十点半在获批班次之内", chat("2026-09-12 20:30", "wang", "lin"), ADMITTED),
    S("同样的时刻但当日休息", chat("2026-09-12 20:30", "wang", "lin"), (R.REST_DAY,), without=("saturday",)),
    S("工作日没有排班的人当日休息", chat("2026-09-14 10:00", "wang", "lin"), (R.REST_DAY,)),
    S("下班以后员工说话", chat("2026-09-07 21:30", "wang", "lin"), (R.OFF_SHIFT,)),
    S("夜里十一点客户说话", chat("2026-09-07 23:00", "lin", "wang"), (R.OFF_SHIFT,)),
    S("下班那一刻", chat("2026-09-07 18:00", "wang", "lin"), (R.OFF_SHIFT,)),
    S("上班那一刻", chat("2026-09-07 09:00", "wang", "lin"), ADMITTED),
    S("本人申请并获批的加班", chat("2026-09-07 21:30", "wang", "lin"), ADMITTED,
      rows=(wrote("x", "2026-09-07 17:00", "shift", staff="wang", begins=sh("2026-09-07 18:00"),
                  ends=sh("2026-09-07 22:00"), kind=ShiftKind.OVERTIME),)),
    S("加班单事后才录入", chat("2026-09-07 21:30", "wang", "lin"), (R.OFF_SHIFT,),
      rows=(wrote("x", "2026-09-08 09:00", "shift", staff="wang", begins=sh("2026-09-07 18:00"),
                  ends=sh("2026-09-07 22:00"), kind=ShiftKind.OVERTIME),)),
    S("法定节假日只有排班", chat("2026-09-25 10:00", "wang", "lin"), (R.PUBLIC_HOLIDAY,)),
    S("法定节假日有获批的加班", chat("2026-09-25 10:00", "wang", "lin"), ADMITTED,
      rows=(wrote("x", "2026-09-24 17:00", "shift", staff="wang", begins=sh("2026-09-25 09:00"),
                  ends=sh("2026-09-25 12:00"), kind=ShiftKind.OVERTIME),)),
    S("班次被取消", chat(MONDAY, "wang", "lin"), (R.REST_DAY,),
      rows=(wrote("x", "2026-09-06 09:00", "shift", staff="wang", begins=sh("2026-09-07 09:00"),
                  ends=sh("2026-09-07 18:00"), kind=ShiftKind.CANCELLED),)),
    S("班次只取消下午", chat("2026-09-07 15:00", "wang", "lin"), (R.OFF_SHIFT,),
      rows=(wrote("x", "2026-09-06 09:00", "shift", staff="wang", begins=sh("2026-09-07 13:00"),
                  ends=sh("2026-09-07 18:00"), kind=ShiftKind.CANCELLED),)),
    S("请假那天", chat(MONDAY, "wang", "lin"), (R.ON_LEAVE,),
      rows=(wrote("x", "2026-09-06 09:00", "leave", staff="wang", begins=sh("2026-09-07"), ends=sh("2026-09-08")),)),
    S("请假后提前销假", chat("2026-09-07 15:00", "wang", "lin"), ADMITTED,
      rows=(wrote("x", "2026-09-06 09:00", "leave", staff="wang", begins=sh("2026-09-07"), ends=sh("2026-09-08")),
            wrote("y", "2026-09-07 14:00", "leave", staff="wang", begins=sh("2026-09-07 13:00"),
                  ends=sh("2026-09-08"), kind="销假"))),
    S("销假事后才录入", chat("2026-09-07 15:00", "wang", "lin"), (R.ON_LEAVE,),
      rows=(wrote("x", "2026-09-06 09:00", "leave", staff="wang", begins=sh("2026-09-07"), ends=sh("2026-09-08")),
            wrote("y", "2026-09-08 14:00", "leave", staff="wang", begins=sh("2026-09-07 13:00"),
                  ends=sh("2026-09-08"), kind="销假"))),
    S("离岗期间", chat(MONDAY, "lin", "wang"), (R.OFF_POST,),
      rows=(wrote("x", "2026-09-06 09:00", "leave", staff="wang", begins=sh("2026-09-07"), ends=sh("2026-09-08"),
                  kind="离岗"),)),
    S("没有录入日历的年份", chat("2025-09-08 10:00", "wang", "lin"),
      (R.ACCOUNT_UNKNOWN, R.NOT_A_CUSTOMER)),
    S("追溯导入也要有日历", chat("2025-12-30 10:00", "wang", "lin"), (R.CALENDAR_UNKNOWN, R.REST_DAY), historical=True,
      without=("wang holding", "wang signed", "wang served", "wang 会话存档 采集", "wang staff", "lin agrees",
               *(f"wang {kind.value}" for kind in DocumentKind)),
      rows=(wrote("x", "2026-09-01 07:00", "person", staff="wang", joined=date(2025, 1, 6)),
            wrote("x", "2026-09-01 07:00", "holding", handle="wang", staff="wang", begins=sh("2025-01-06")),
            wrote("x", "2026-09-01 07:00", "signed", handle="wang", staff="wang", signed_at=sh("2025-01-06 09:00")),
            wrote("x", "2026-09-01 07:00", "served", subject=WANG, claimed=sh("2025-01-06 09:00")),
            _said("2026-09-01 07:10", WANG, Step.AGREE, "2025-01-06 10:00"),
            *(wrote("x", "2026-09-01 07:00", "document", staff="wang", kind=kind, day=date(2025, 1, 6))
              for kind in DocumentKind))),
    S("存量账号没有补签", chat(MONDAY, "wang", "lin"), (R.ACCOUNT_UNSIGNED,), without=("wang account", "wang signed"),
      rows=(wrote("x", "2026-08-31 09:01", "account", handle="wang", stock=True),)),
    S("新账号没有签确认", chat(MONDAY, "wang", "lin"), (R.ACCOUNT_NOT_ACKNOWLEDGED,), without=("wang signed",)),
    S("换了人，新持有人没有签确认", chat(TUESDAY, "wang", "lin"), (R.ACCOUNT_NOT_ACKNOWLEDGED,),
      without=("wang holding",),
      rows=(wrote("x", "2026-09-08 08:00", "holding", handle="wang", staff="zhao", begins=sh("2026-09-08")),)),
    S("账号没有登记", chat(MONDAY, "lin", "qian", account="qian"),
      (R.ACCOUNT_UNKNOWN, R.CUSTOMER_NOT_AGREED)),
    S("账号后来才登记", chat("2026-08-31 08:00", "wang", "lin"), (R.ACCOUNT_UNKNOWN, R.NOT_A_CUSTOMER)),
    S("账号已停用", chat(MONDAY, "wang", "lin"), (R.ACCOUNT_CLOSED,), without=("wang account",),
      rows=(wrote("x", "2026-08-31 09:01", "account", handle="wang", closed=True),)),
    S("账号在公司库存", chat(TUESDAY, "lin", "wang"), (R.HOLDER_UNKNOWN,), without=("wang holding",),
      rows=(wrote("x", "2026-09-08 08:00", "holding", handle="wang", staff=None, begins=sh("2026-09-08")),)),
    S("交接中的空档", chat(TUESDAY, "wang", "lin"), (R.HOLDER_UNKNOWN,), without=("wang holding",),
      rows=(wrote("x", "2026-08-31 09:02", "holding", handle="wang", staff="wang", begins=sh("2026-08-01"),
                  ends=sh("2026-09-08 09:00")),)),
    S("交接事后才录入", chat(TUESDAY, "wang", "lin"), (R.HOLDER_UNKNOWN,), without=("wang holding",),
      rows=(wrote("x", "2026-09-08 12:00", "holding", handle="wang", staff="wang", begins=sh("2026-09-08")),)),
    S("已经离职", chat(TUESDAY, "wang", "lin"), (R.LEFT,), without=("wang staff",),
      rows=(wrote("x", "2026-08-31 09:00", "person", staff="wang", left=date(2026, 9, 7)),)),
    S("最后工作日还算在职", chat(MONDAY, "wang", "lin"), ADMITTED, without=("wang staff",),
      rows=(wrote("x", "2026-08-31 09:00", "person", staff="wang", left=date(2026, 9, 7)),)),
    S("还没有入职", chat(MONDAY, "wang", "lin"), (R.NOT_YET_EMPLOYED,), without=("wang staff",),
      rows=(wrote("x", "2026-08-31 09:00", "person", staff="wang", joined=date(2026, 9, 8)),)),
    S("行政岗位默认不启用", chat(MONDAY, "wang", "lin"), (R.POST_NOT_RECORDED,), without=("wang staff",),
      rows=(wrote("x", "2026-08-31 09:00", "person", staff="wang", post="行政"),)),
    S("政策列入的岗位", chat(MONDAY, "wang", "lin"), ADMITTED, without=("wang staff",),
      rows=(wrote("x", "2026-08-31 09:00", "person", staff="wang", post="课程顾问"),
            wrote("x", "2026-09-06 09:00", "policy", starts_at=0, rules=Rules(posts=frozenset({"课程顾问"}))))),
    S("政策生效以前", chat("2026-09-04 10:00", "wang", "lin"), (R.POST_NOT_RECORDED,), without=("wang staff",),
      rows=(wrote("x", "2026-08-31 09:00", "person", staff="wang", post="课程顾问"),
            wrote("x", "2026-09-06 09:00", "policy", starts_at=0, rules=Rules(posts=frozenset({"课程顾问"}))))),
    S("不排班岗位的默认班次", chat("2026-09-14 10:00", "wang", "lin"), ADMITTED,
      rows=(wrote("x", "2026-09-06 09:00", "policy", starts_at=0,
                  rules=Rules(default_shifts={"销售": DefaultShift(9 * 60, 18 * 60)})),)),
    S("默认班次不管休息日", chat("2026-09-13 10:00", "wang", "lin"), (R.REST_DAY,),
      rows=(wrote("x", "2026-09-06 09:00", "policy", starts_at=0,
                  rules=Rules(default_shifts={"销售": DefaultShift(9 * 60, 18 * 60)})),)),
    S("默认班次之外", chat("2026-09-14 19:00", "wang", "lin"), (R.OFF_SHIFT,),
      rows=(wrote("x", "2026-09-06 09:00", "policy", starts_at=0,
                  rules=Rules(default_shifts={"销售": DefaultShift(9 * 60, 18 * 60)})),)),
    *(
        S(f"缺{kind.value}", chat(MONDAY, "wang", "lin"), (R.DOCUMENTS_INCOMPLETE,), without=(f"wang {kind.value}",))
        for kind in DocumentKind
    ),
    S("同意书当天后来才录入", chat(MONDAY, "wang", "lin"), (R.DOCUMENTS_INCOMPLETE,), without=("wang 同意书",),
      rows=(wrote("x", "2026-09-07 11:00", "document", staff="wang", kind=DocumentKind.CONSENT_FORM,
                  day=date(2026, 9, 7)),)),
    S("没有告知", chat(MONDAY, "wang", "lin"), (R.NOT_NOTIFIED,), without=("wang served",)),
    S("告知没有写到这种方式", chat(MONDAY, "wang", "lin"), (R.NOT_NOTIFIED,), without=("wang served",),
      rows=(wrote("x", "2026-09-01 09:00", "served", subject=WANG, claimed=sh("2026-09-01 08:30"),
                  means=(Means.CALL,)),)),
    S("录音的同意打不开会话存档", chat(MONDAY, "wang", "lin"), (R.NOT_AGREED,), without=("wang 会话存档 采集",)),
    S("会话存档的同意打不开录音", call(MONDAY, "wang", "lin"), (R.NOT_AGREED,), without=("wang 通话录音 采集",)),
    S("同意质检不等于同意采集", chat(MONDAY, "lin", "wang"), (R.NOT_AGREED,), without=("wang 会话存档 采集",)),
    S("员工不同意", chat(MONDAY, "wang", "lin"), (R.NOT_AGREED,),
      rows=(_said("2026-09-06 09:00", WANG, Step.REFUSE),)),
    S("员工撤回之后", chat(MONDAY, "wang", "lin"), (R.WITHDRAWN,),
      rows=(_said("2026-09-06 09:00", WANG, Step.WITHDRAW),)),
    S("员工撤回之前的消息，撤回以后才拉取", chat("2026-09-04 10:00", "wang", "lin"), ADMITTED,
      rows=(_said("2026-09-06 09:00", WANG, Step.WITHDRAW),)),
    S("政策规定撤回及于此后拉取的消息", chat("2026-09-04 10:00", "wang", "lin"), (R.WITHDRAWN,),
      rows=(_said("2026-09-06 09:00", WANG, Step.WITHDRAW),
            wrote("x", "2026-09-06 10:00", "policy", starts_at=0, rules=Rules(late_withdrawal=True)))),
    S("撤回补录，自所称时间起算", chat("2026-09-04 10:00", "wang", "lin"), (R.WITHDRAWN,),
      rows=(_said("2026-09-10 09:00", WANG, Step.WITHDRAW, "2026-09-03 09:00"),)),
    S("撤回后重新同意", chat(MONDAY, "wang", "lin"), ADMITTED,
      rows=(_said("2026-09-05 09:00", WANG, Step.WITHDRAW), _said("2026-09-06 09:00", WANG, Step.AGREE))),
    S("撤回后才录入的旧同意不能复活", chat(MONDAY, "wang", "lin"), (R.WITHDRAWN,),
      rows=(_said("2026-09-05 09:00", WANG, Step.WITHDRAW),
            _said("2026-09-06 09:00", WANG, Step.AGREE, "2026-09-04 09:00"))),
    S("补录的撤回针对先补录的同意", chat(TUESDAY, "wang", "lin"), (R.WITHDRAWN,), without=("wang 会话存档 采集",),
      rows=(_said("2026-09-07 11:00", WANG, Step.AGREE, "2026-09-07 09:00"),
            _said("2026-09-07 12:00", WANG, Step.WITHDRAW, "2026-09-07 10:00"))),
    S("后写的撤回所称时间更早，也终止先写的同意", chat(TUESDAY, "wang", "lin"), (R.WITHDRAWN,),
      without=("wang 会话存档 采集",),
      rows=(_said("2026-09-07 11:00", WANG, Step.AGREE, "2026-09-07 09:00"),
            _said("2026-09-07 12:00", WANG, Step.WITHDRAW, "2026-09-07 08:00"))),
    S("当天补签之后", chat("2026-09-07 15:00", "wang", "lin"), ADMITTED, without=("wang signed",),
      rows=(wrote("x", "2026-09-07 11:00", "signed", handle="wang", staff="wang", signed_at=sh("2026-09-07 09:00")),)),
    S("消息之后才签的确认", chat(MONDAY, "wang", "lin"), (R.ACCOUNT_NOT_ACKNOWLEDGED,), without=("wang signed",),
      rows=(wrote("x", "2026-09-07 11:00", "signed", handle="wang", staff="wang", signed_at=sh("2026-09-07 09:00")),)),
    S("同意晚于消息，在线导入不放行", chat("2026-09-01 09:29", "wang", "lin"), (R.NOT_AGREED, R.REST_DAY)),
    S("同意录入晚于消息，在线导入不放行", chat(MONDAY, "wang", "lin"), (R.NOT_AGREED,), without=("wang 会话存档 采集",),
      rows=(_said("2026-09-20 09:00", WANG, Step.AGREE, "2026-09-01 09:10"),)),
    S("同意录入晚于消息，追溯导入放行并注明", chat(MONDAY, "wang", "lin"), ADMITTED, without=("wang 会话存档 采集",),
      rows=(_said("2026-09-20 09:00", WANG, Step.AGREE, "2026-09-01 09:10"),), historical=True, late=True),
    S("追溯导入中本来就有依据的不注明", chat(MONDAY, "wang", "lin"), ADMITTED, historical=True),
    S("追溯导入也不越过撤回", chat(MONDAY, "wang", "lin"), (R.WITHDRAWN,), historical=True,
      rows=(_said("2026-09-06 09:00", WANG, Step.WITHDRAW),)),
    S("员工默认同意", chat(MONDAY, "wang", "lin"), (R.NOT_EXPLICIT,), without=("wang 会话存档 采集",),
      rows=(_said("2026-09-01 09:30", WANG, Step.AGREE, explicit=False),)),
    S("员工异议没有答复", chat(MONDAY, "wang", "lin"), (R.OBJECTION_OPEN,),
      rows=(_said("2026-09-06 09:00", WANG, Step.OBJECT),)),
    S("员工异议已经答复", chat(MONDAY, "wang", "lin"), ADMITTED,
      rows=(_said("2026-09-05 09:00", WANG, Step.OBJECT), _said("2026-09-06 09:00", WANG, Step.ANSWERED))),
    S("客户默认同意", chat(MONDAY, "lin", "wang"), (R.NOT_EXPLICIT,), without=("lin agrees",),
      rows=(_said("2026-09-02 11:00", "lin", Step.AGREE, platform=True, explicit=False, towards="account:wang"),)),
    S("律师以政策认可默认同意", chat(MONDAY, "lin", "wang"), ADMITTED, without=("lin agrees",),
      rows=(_said("2026-09-02 11:00", "lin", Step.AGREE, platform=True, explicit=False, towards="account:wang"),
            wrote("x", "2026-09-03 09:00", "policy", starts_at=0, rules=Rules(default_agree=True)))),
    S("客户没有表示时客户说话", chat(MONDAY, "lin", "wang"), (R.CUSTOMER_NOT_AGREED,), without=("lin agrees",)),
    S("客户没有表示时员工说话", chat(MONDAY, "wang", "lin"), ADMITTED, without=("lin agrees",)),
    S("客户不同意时客户说话", chat(MONDAY, "lin", "wang"), (R.CUSTOMER_NOT_AGREED,),
      rows=(_said("2026-09-06 09:00", "lin", Step.REFUSE, platform=True, towards="account:wang"),)),
    S("客户不同意时员工说话也不记录", chat(MONDAY, "wang", "lin"), (R.CUSTOMER_NOT_AGREED,),
      rows=(_said("2026-09-06 09:00", "lin", Step.REFUSE, platform=True, towards="account:wang"),)),
    S("客户只对另一个账号不同意", chat(MONDAY, "lin", "wang"), ADMITTED,
      rows=(_said("2026-09-06 09:00", "lin", Step.REFUSE, platform=True, towards="account:zhao"),)),
    S("客户只在群里同意过", chat(MONDAY, "lin", "wang"), (R.CUSTOMER_NOT_AGREED,), without=("lin agrees",),
      rows=tuple(_agree("lin", "room:r1"))),
    S("客户本人向公司撤回", chat(MONDAY, "lin", "wang"), (R.CUSTOMER_WITHDRAWN,),
      rows=(_said("2026-09-06 09:00", LIN, Step.WITHDRAW),)),
    S("平台两次表示以平台时间为序", chat(MONDAY, "lin", "wang"), ADMITTED,
      rows=(_said("2026-09-20 09:00", "lin", Step.REFUSE, "2026-09-01 10:00", platform=True),)),
    S("平台同意自平台时间起算", chat("2026-09-02 10:30", "lin", "wang"), ADMITTED),
    S("客户异议没有答复", chat(MONDAY, "wang", "lin"), (R.CUSTOMER_OBJECTION_OPEN,),
      rows=(_said("2026-09-06 09:00", LIN, Step.OBJECT),)),
    S("公司代述的客户同意没有告知", chat(MONDAY, "he", "wang"), (R.CUSTOMER_NOT_NOTIFIED,), without=("he agrees",),
      rows=(_said("2026-09-06 09:00", ident("customer he"), Step.AGREE),)),
    S("未成年人，平台的同意不够", chat(MONDAY, "wang", "lin"), (R.GUARDIAN_MISSING,), without=("lin identity",),
      rows=(wrote("x", "2026-09-01 08:00", "identity", who="lin", minor=True),)),
    S("未成年人，监护人已同意", chat(MONDAY, "lin", "wang"), ADMITTED, without=("lin identity",),
      rows=(wrote("x", "2026-09-01 08:00", "identity", who="lin", minor=True),
            _said("2026-09-02 10:00", LIN, Step.AGREE, guardian=True))),
    S("通话，双方都同意", call(MONDAY, "wang", "lin"), ADMITTED),
    S("通话，客户没有同意录音", call(MONDAY, "wang", "he"), (R.CUSTOMER_NOT_AGREED,)),
    S("打给母亲，不是客户", call(MONDAY, "wang", "13900000000"), (R.NOT_A_CUSTOMER,)),
    S("陌生人来电", call(MONDAY, "13900000000", "wang"), (R.NOT_A_CUSTOMER, R.SPEAKER_UNKNOWN)),
    S("没有写明发言人", chat(MONDAY, "", "lin"), (R.SPEAKER_UNKNOWN,)),
    S("同事之间", chat(MONDAY, "wang", "zhao"), (R.NOT_A_CUSTOMER,)),
    S("客户是消息之后才登记的", chat(MONDAY, "lin", "wang"), (R.NOT_A_CUSTOMER, R.SPEAKER_UNKNOWN),
      without=("lin identity",), rows=(wrote("x", "2026-09-08 09:00", "identity", who="lin"),)),
    S("时间早于二〇一一年", chat("2010-12-31 23:59", "wang", "lin"), (R.TIME_IMPLAUSIBLE,)),
    S("时间在导入之后一天以上", chat("2026-10-01 09:01", "wang", "lin"), (R.TIME_IMPLAUSIBLE,)),
    S("什么都没有", chat(MONDAY, "wang", "lin"),
      (R.ACCOUNT_NOT_ACKNOWLEDGED, R.POST_NOT_RECORDED, R.DOCUMENTS_INCOMPLETE, R.NOT_NOTIFIED, R.NOT_AGREED,
       R.REST_DAY),
      without=("wang staff", "wang signed", "wang served", "wang shift", "wang 会话存档 采集", "wang 同意书"),
      rows=(wrote("x", "2026-08-31 09:00", "person", staff="wang", post="财务"),)),
    # groups: the speaker's own consent, and one member account that may record and is at work
    S("群：客户说话，有同事当班", in_room(MONDAY, "lin"), ADMITTED),
    S("群：员工说话", in_room(MONDAY, "zhao"), ADMITTED),
    S("群：一人不同意，只拒他一人", in_room(MONDAY, "su"), (R.CUSTOMER_NOT_AGREED,),
      rows=(_said("2026-09-06 09:00", "su", Step.REFUSE, platform=True, towards="room:r1"),)),
    S("群：一人不同意，别的客户照常", in_room(MONDAY, "lin"), ADMITTED,
      rows=(_said("2026-09-06 09:00", "su", Step.REFUSE, platform=True, towards="room:r1"),)),
    S("群：一人不同意，同事照常", in_room(MONDAY, "wang"), ADMITTED,
      rows=(_said("2026-09-06 09:00", "su", Step.REFUSE, platform=True, towards="room:r1"),)),
    S("群：一对一的同意不及于群", in_room(MONDAY, "lin"), (R.CUSTOMER_NOT_AGREED,), without=("lin agrees",),
      rows=tuple(_agree("lin", "account:wang"))),
    S("群：供应商说话", in_room(MONDAY, "supplier", (*ROOM, "supplier")), (R.SPEAKER_UNKNOWN,)),
    S("群：供应商在场，客户说话", in_room(MONDAY, "lin", (*ROOM, "supplier")), ADMITTED),
    S("群：没有发言人", in_room(MONDAY, ""), (R.SPEAKER_UNKNOWN,)),
    S("群：默认同意的客户", in_room(MONDAY, "lin"), (R.NOT_EXPLICIT,), without=("lin agrees",),
      rows=(_said("2026-09-02 11:00", "lin", Step.AGREE, platform=True, explicit=False, towards="room:r1"),)),
    S("群：只有一个同事当班也可", in_room("2026-09-12 20:30", "lin"), ADMITTED),
    S("群：下班的同事说话，另一人当班", in_room("2026-09-12 20:30", "zhao"), ADMITTED),
    S("群：请假的同事说话，另一人当班", in_room(MONDAY, "zhao"), (R.ON_LEAVE,),
      rows=(wrote("x", "2026-09-06 09:00", "leave", staff="zhao", begins=sh("2026-09-07"), ends=sh("2026-09-08")),)),
    S("群：同事没有同意，只拒他一人", in_room(MONDAY, "zhao"), (R.NOT_AGREED,), without=("zhao 会话存档 采集",)),
    S("群：无人当班", in_room("2026-09-07 23:00", "lin"), (R.OFF_SHIFT,)),
    S("群：无人有依据时列出差得最少的账号", in_room(MONDAY, "lin"), (R.NOT_AGREED,),
      without=("wang 会话存档 采集", "zhao 会话存档 采集", "zhao served")),
    S("群：没有公司账号", in_room(MONDAY, "lin", ("lin", "he")), (R.ACCOUNT_UNKNOWN,)),
    S("群：只有同事", in_room(MONDAY, "wang", ("wang", "zhao")), (R.NOT_A_CUSTOMER,)),
    S("群：登记为内部群", in_room(MONDAY, "wang", room="r0"), (R.NOT_A_CUSTOMER,)),
    S("群：只有同事和供应商", in_room(MONDAY, "wang", ("wang", "zhao", "supplier")), (R.NOT_A_CUSTOMER,)),
    S("群：来源没有成员名单，按登记的成员", GateMessage(CHAT, sh(MONDAY), None, "r1", "lin", ()), ADMITTED,
      rows=(wrote("m", "2026-09-02 08:00", "member", room="r1", who="wang", begins=sh("2026-09-02")),)),
    S("群：登记的成员已退群", GateMessage(CHAT, sh(MONDAY), None, "r1", "lin", ()), (R.ACCOUNT_UNKNOWN,),
      rows=(wrote("m", "2026-09-02 08:00", "member", room="r1", who="wang", begins=sh("2026-09-02"),
                  ends=sh("2026-09-05")),)),
]  # fmt: skip
