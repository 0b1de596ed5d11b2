"""The gate a second time, as plainly as it can be said: every rule looks through all rows for every message.

Written from the rules (docs/explanation/gate.md), not from the gate's code; slow, without caches, tracks or sweeps.
Only the values are shared.
"""

from datetime import timedelta

from jieli.consent.facts import Facts
from jieli.consent.types import Rules
from jieli.kernel.times import DAY, local, local_day, start_of_day

FIRST = start_of_day(local_day(1_293_840_000_000))  # 2011-01-01
# The words as docs/explanation/gate.md lists them.
ORDER = [
    "时间异常", "账号未登记", "存量待补签", "账号未签确认", "账号停用", "持有人不明", "未入职", "已离职", "岗位未启用",
    "非客户会话", "发言人不明", "文件不全", "未告知", "未同意", "未明确同意", "已撤回", "有异议待答复", "客户未告知",
    "客户未同意", "客户已撤回", "客户有异议待答复", "未成年人未获监护人同意", "节假日未录入", "法定节假日", "休息日",
    "请假", "离岗", "非工作时间",
]  # fmt: skip
MEANS = {"chat": "会话存档", "call": "通话录音"}


def naive_judge(facts: Facts, m, *, at: int, historical: bool) -> tuple[bool, bool, list[str]]:
    """Admitted?, documented later?, the words against."""
    if m.event_ms < FIRST or m.event_ms > at + DAY:
        return False, False, ["时间异常"]
    words = _words(facts, m, False)
    if not words:
        return True, False, []
    if historical:
        words = _words(facts, m, True)
    return not words, not words, sorted(words, key=ORDER.index)


def _words(facts: Facts, m, hist: bool) -> set[str]:
    return _room(facts, m, hist) if m.room else _two(facts, m, hist)


def _is_customer(facts, who, t, hist) -> bool:
    if not who or who in facts.accounts or who not in facts.identities:
        return False
    return hist or facts.identities[who].time <= t


def _two(facts, m, hist) -> set[str]:
    t, means = m.event_ms, MEANS[m.channel]
    account = m.account
    if not account:
        people = [p for p in (m.sender, *m.receivers) if p]
        ours = [p for p in people if p in facts.accounts]
        unheard_of = [p for p in people if p not in facts.identities]
        account = (ours + unheard_of + [""])[0]
    words = _account(facts, account, means, t, hist, shift=True)
    others = {m.sender, *m.receivers} - {account, ""}
    if len(others) != 1 or not _is_customer(facts, *others, t, hist):
        words.add("非客户会话")
        if m.sender == "" or (m.sender != account and m.sender not in facts.accounts):
            words.add("发言人不明")
        return words
    (customer,) = others
    said = _customer(facts, customer, means, f"account:{account}", t, hist)
    if m.sender == "":
        words.add("发言人不明")
    elif m.sender == customer or m.channel == "call":
        words |= said
    else:
        refused = any(
            _ends(s, facts) <= t and s.step.value in ("不同意", "撤回")
            for s in _steps(facts, customer, means, f"account:{account}")
        )
        tolerated = {"客户未告知"} if refused else {"客户未告知", "客户未同意", "未明确同意"}
        words |= said - tolerated
    return words


def _room(facts, m, hist) -> set[str]:
    t, means = m.event_ms, MEANS[m.channel]
    group = facts.groups.get(m.room)
    present = {m.sender, m.account or "", *m.receivers} - {""}
    if group is not None and not m.receivers:
        for member in group.members:
            begins = member.begins if hist else max(member.begins, member.time)
            if begins <= t and (member.ends is None or t < member.ends):
                present.add(member.external_id)
    words: set[str] = set()
    if m.sender in facts.accounts:
        words |= _account(facts, m.sender, means, t, hist, shift=False)
    elif _is_customer(facts, m.sender, t, hist):
        words |= _customer(facts, m.sender, means, f"room:{m.room}", t, hist)
    else:
        words.add("发言人不明")
    ours = [p for p in sorted(present) if p in facts.accounts]
    if m.sender in ours:
        ours.remove(m.sender)
        ours.insert(0, m.sender)
    best = None
    for handle in ours:
        found = _account(facts, handle, means, t, hist, shift=True)
        if best is None or len(found) < len(best):
            best = found
    words |= {"账号未登记"} if best is None else best
    if (group is not None and group.internal) or not any(_is_customer(facts, p, t, hist) for p in present):
        words.add("非客户会话")
    return words


def _account(facts, handle, means, t, hist, *, shift) -> set[str]:
    account = facts.accounts.get(handle)
    if account is None or (not hist and t < account.time):
        return {"账号未登记"}
    words = {"账号停用"} if account.closed else set()
    holder = None
    for h in account.holdings:
        if h.begins <= t and (hist or h.time <= t) and (h.ends is None or t < h.ends):
            holder = h.staff
            break
    if holder is None:
        return words | {"持有人不明"}
    if not any(s.staff == holder and s.signed_at <= t and (hist or s.time <= t) for s in account.signed):
        words.add("存量待补签" if account.stock else "账号未签确认")
    return words | _person(facts, holder, means, t, hist) | _hours(facts, holder, t, hist, shift)


def _rules(facts, t, hist) -> Rules:
    best, last = Rules(), None
    for p in facts.policies:
        if p.starts_at <= t and (hist or p.time <= t) and (last is None or p.order > last):
            best, last = p.rules, p.order
    return best


def _person(facts, staff, means, t, hist) -> set[str]:
    words = set()
    person, today = facts.staff[staff], local_day(t)
    if today < person.joined_on:
        words.add("未入职")
    if person.left_on is not None and today > person.left_on:
        words.add("已离职")
    if person.post not in _rules(facts, t, hist).posts:
        words.add("岗位未启用")
    for kind in ("劳动合同条款", "员工手册", "设备领取协议", "同意书"):
        if not any(d.kind.value == kind and _signed(d, t, hist) for d in facts.documents.get(staff, ())):
            words.add("文件不全")
    if not _told(facts, staff, means, t, hist):
        words.add("未告知")
    steps = [
        s
        for s in facts.steps.get(staff, ())
        if s.means.value == means and s.scope.value == "采集" and s.towards == ""
    ]
    found = _consent(facts, steps, t, hist)
    if not (found["explicit"] or (found["default"] and _rules(facts, t, hist).default_agree)):
        words.add("未明确同意" if found["default"] else "已撤回" if found["ended"] == "撤回" else "未同意")
    if found["objection"]:
        words.add("有异议待答复")
    return words


def _signed(document, t, hist) -> bool:
    day, today = document.signed_on, local_day(t)
    if document.time <= t and day <= today:
        return True
    return hist and day < today


def _told(facts, who, means, t, hist) -> bool:
    for s in facts.served.get(who, ()):
        covers = means in {x.value for x in s.means} and "采集" in {x.value for x in s.scopes}
        if covers and s.claimed <= t and (hist or s.time <= t):
            return True
    return False


def _steps(facts, external, means, place):
    customer = facts.identities[external].customer
    said = list(facts.steps.get(customer, ())) + list(facts.steps.get(external, ()))
    return [
        s
        for s in said
        if s.means.value == means and s.scope.value == "采集" and (s.towards == "" or s.towards == place)
    ]


def _customer(facts, external, means, place, t, hist) -> set[str]:
    fact, words = facts.identities[external], set()
    found = _consent(facts, _steps(facts, external, means, place), t, hist)
    default = found["default"] and _rules(facts, t, hist).default_agree
    if fact.minor:
        if not found["guardian"]:
            words.add("未成年人未获监护人同意")
        elif not any(g.platform for g in found["guardian"]) and not _told(
            facts, fact.customer, means, t, hist
        ):
            words.add("客户未告知")
    elif found["explicit"]:
        by_platform = any(g.platform for g in found["explicit"])
        if not by_platform and not _told(facts, fact.customer, means, t, hist):
            words.add("客户未告知")
    elif not default:
        words.add(
            "未明确同意" if found["default"] else "客户已撤回" if found["ended"] == "撤回" else "客户未同意"
        )
    if found["objection"]:
        words.add("客户有异议待答复")
    return words


def _ends(step, facts) -> int:
    """From when a refusal or withdrawal is felt."""
    newest = max(facts.policies, key=lambda p: p.order, default=None)
    return 0 if newest is not None and newest.rules.late_withdrawal else min(step.claimed, step.time)


def _consent(facts, steps, t, hist):
    ends = [s for s in steps if s.step.value in ("不同意", "撤回") and _ends(s, facts) <= t]
    standing = []
    for g in steps:
        if g.step.value != "同意" or g.claimed > t or not (hist or g.platform or g.time <= t):
            continue
        ended = False
        for e in ends:
            said_before = (g.claimed, g.order) < (min(e.claimed, e.time), e.order)
            written_before = g.order < e.order and not (g.platform and e.platform)
            ended = ended or said_before or written_before
        if not ended:
            standing.append(g)
    objection = False
    for o in steps:
        if o.step.value == "异议" and min(o.claimed, o.time) <= t:
            answers = [
                a
                for a in steps
                if a.step.value == "异议已答复"
                and a.order > o.order
                and a.claimed <= t
                and (hist or a.time <= t)
            ]
            objection = objection or not answers
    last = max(ends, key=lambda e: (min(e.claimed, e.time), e.order), default=None)
    return {
        "explicit": [g for g in standing if g.explicit],
        "default": [g for g in standing if not g.explicit],
        "guardian": [g for g in standing if g.explicit and g.guardian],
        "ended": last.step.value if last else None,
        "objection": objection,
    }


def _hours(facts, staff, t, hist, shift) -> set[str]:
    words = set()
    away = None
    for row in sorted(facts.leave.get(staff, ()), key=lambda x: x.order):
        if row.begins <= t < row.ends:
            if row.kind != "销假":
                away = row.kind
            elif hist or row.time <= t:
                away = None
    if away is not None:
        words.add("离岗" if away == "离岗" else "请假")
    if not shift:
        return words
    day = facts.days.get(local_day(t))
    kind = None if day is None else day.kind.value
    if kind is None:
        words.add("节假日未录入")
    open_rows: list = []
    blocked = False
    for row in sorted(facts.shifts.get(staff, ()), key=lambda x: x.order):
        if row.begins <= t < row.ends:
            if row.kind.value == "取消":
                open_rows, blocked = [], True
            elif hist or row.time <= t:
                open_rows.append(row)
    overtime = any(r.kind.value == "加班" for r in open_rows)
    default = _rules(facts, t, hist).default_shifts.get(facts.staff[staff].post)
    workday = kind in ("工作日", "调休上班")
    clock = local(t)
    minute = clock.hour * 60 + clock.minute
    by_default = workday and default is not None and not blocked and default.begins <= minute < default.ends
    if kind == "法定节假日":
        if not overtime:
            words.add("法定节假日")
    elif not open_rows and not by_default:
        works = (workday and default is not None) or _has_shift(facts, staff, t)
        words.add("非工作时间" if works else "休息日")
    return words


def _has_shift(facts, staff, t) -> bool:
    midnight = start_of_day(local_day(t))
    tomorrow = start_of_day(local_day(t) + timedelta(days=1))
    rows = facts.shifts.get(staff, ())
    for s in rows:
        if s.kind.value == "取消" or s.ends <= midnight or s.begins >= tomorrow:
            continue
        begins, ends = max(s.begins, midnight), min(s.ends, tomorrow)
        taken_back = [
            c
            for c in rows
            if c.kind.value == "取消" and c.order > s.order and c.begins <= begins and c.ends >= ends
        ]
        if not taken_back:
            return True
    return False
