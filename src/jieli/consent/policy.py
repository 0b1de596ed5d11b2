"""Small rules of the gate that need one person's rows only, and the form of a policy. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from jieli.consent.errors import BadPolicy
from jieli.consent.facts import DocumentFact, RowName, ServedFact
from jieli.consent.reasons import Reason
from jieli.consent.types import DefaultShift, DocumentKind, Means, Rules, Scope
from jieli.kernel.times import start_of_day
from seal import canonical

_MINUTES_OF_DAY = 24 * 60


def employed(joined_on: date, left_on: date | None, ms: int) -> list[Reason]:
    """What stands against on the side of employment; the last day of service still counts."""
    if ms < start_of_day(joined_on):
        return [Reason.NOT_YET_EMPLOYED]
    if left_on is not None and ms >= start_of_day(left_on + timedelta(days=1)):
        return [Reason.LEFT]
    return []


def signed_from(signed_on: date, time: int, *, historical: bool) -> int:
    """From when a paper of which only the day is known counts.

    Live: once it was written down, not before its day. By its claimed time: when its day is over, or when it was
    written down on that very day; before that nobody could say it had been signed already.
    """
    begins = start_of_day(signed_on)
    seen = max(begins, time)
    return min(start_of_day(signed_on + timedelta(days=1)), seen) if historical else seen


def documents_from(
    documents: Sequence[DocumentFact], *, historical: bool
) -> dict[DocumentKind, tuple[int, RowName]]:
    """For each of the four kinds that there is: from when, and the paper (R3.15). In the order of the kinds."""
    found: dict[DocumentKind, tuple[int, RowName]] = {}
    for kind in DocumentKind:
        some = [
            (signed_from(d.signed_on, d.time, historical=historical), d.row)
            for d in documents
            if d.kind is kind
        ]
        if some:
            found[kind] = min(some)
    return found


def notice_from(
    served: Sequence[ServedFact], means: Means, *, historical: bool
) -> tuple[int, RowName] | None:
    """From when somebody has been told that this means collects; None: never (R3.3)."""
    covering = [s for s in served if means in s.means and Scope.CAPTURE in s.scopes]
    some = [(s.claimed if historical else max(s.claimed, s.time), s.row) for s in covering]
    return min(some) if some else None


def check_rules(rules: Rules) -> None:
    """BadPolicy (consent.bad_policy)."""
    if any(not post for post in (*rules.posts, *rules.default_shifts)):
        raise BadPolicy("政策中有空的岗位名称。", remedy="请写明岗位。")
    for post, shift in rules.default_shifts.items():
        if not 0 <= shift.begins < shift.ends <= _MINUTES_OF_DAY:
            raise BadPolicy(f"岗位“{post}”的默认班次起止时间不对。", remedy="请写成当日之内先后两个时刻。")


def write_rules(rules: Rules) -> str:
    """The canonical text of a policy, as its row and its ledger part carry it."""
    value = {
        "default_agree": int(rules.default_agree),
        "default_shifts": [
            {"begins": s.begins, "ends": s.ends, "post": post}
            for post, s in sorted(rules.default_shifts.items())
        ],
        "late_withdrawal": int(rules.late_withdrawal),
        "posts": sorted(rules.posts),
    }
    return canonical.encode(value).decode()


def read_rules(text: str) -> Rules:
    """The rules that `write_rules` wrote."""
    value: Any = canonical.decode(text.encode())
    return Rules(
        posts=frozenset(value["posts"]),
        default_shifts={s["post"]: DefaultShift(s["begins"], s["ends"]) for s in value["default_shifts"]},
        late_withdrawal=bool(value["late_withdrawal"]),
        default_agree=bool(value["default_agree"]),
    )
