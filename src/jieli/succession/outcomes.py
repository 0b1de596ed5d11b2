"""What a platform's answer means: every number to one class, every class to what happens next. Pure.

The numbers are those of the platform's documents and of the open libraries that speak it; one that nobody knows is
kept as it is and shown to a person, never guessed at.
"""

from dataclasses import dataclass
from enum import StrEnum

from jieli.kernel.times import DAY, HOUR, MINUTE, SECOND

NINETY_DAYS = 90 * DAY
LIMITS = frozenset({45009, 45033})  # frequency, concurrency: of the whole company
CONFIGURATION = frozenset({48002, 60011, 60020})  # everything stops until a person has mended it
MAX_RETRIES = 3  # after a -1: three more calls, no fourth
BACKOFF = (10 * SECOND, MINUTE, 5 * MINUTE)
LIMITED = HOUR  # how long to wait after 45009 or 45033 if the platform does not say


class Subject(StrEnum):
    """What a call passes on."""

    CUSTOMERS = "客户"
    GROUPS = "客户群"


class SubmissionState(StrEnum):
    """Where one call stands. 提交中 after a crash means: nobody knows whether the platform heard it."""

    READY = "待提交"
    CALLING = "提交中"
    UNKNOWN = "结果不明"
    ANSWERED = "已答复"
    NOT_DONE = "未受理"
    WITHDRAWN = "已撤回"


class Outcome(StrEnum):
    """What came of one customer or group in one call."""

    ACCEPTED = "已受理"
    RUNNING = "已在转移中"
    DONE = "已转移"  # groups: done at once
    NOT_DONE = "未受理"
    RETRY = "稍后重试"
    WAIT_DATE = "等待期满"
    WRONG_WAY = "改走另一接口"
    TAKER_UNFIT = "接替人不可用"
    TAKER_FULL = "接替人已满"
    CONFIGURATION = "配置错误"
    FAILED = "不能转移"
    WITHDRAWN = "已撤回"


#: Outcomes after which the platform works on the pair: its results decide, and nobody asks again.
RUNNING = frozenset({Outcome.ACCEPTED, Outcome.RUNNING})


@dataclass(frozen=True, slots=True)
class Meaning:
    """One number: what came of the item, and the sentence a person reads."""

    outcome: Outcome
    text: str


_M, _O = Meaning, Outcome
CODES: dict[int, Meaning] = {
    0: _M(_O.ACCEPTED, "平台已受理，等待接替"),
    -1: _M(_O.RETRY, "平台繁忙"),
    40014: _M(_O.RETRY, "访问凭证失效"),
    42001: _M(_O.RETRY, "访问凭证过期"),
    45009: _M(_O.RETRY, "接口调用过于频繁"),
    45033: _M(_O.RETRY, "接口并发超限"),
    48002: _M(_O.CONFIGURATION, "应用没有该接口权限"),
    60011: _M(_O.CONFIGURATION, "应用对成员没有管理权限"),
    60020: _M(_O.CONFIGURATION, "服务器地址不在可信名单"),
    40096: _M(_O.FAILED, "外部联系人标识无效"),
    40097: _M(_O.WRONG_WAY, "该成员尚未离职"),
    40098: _M(_O.TAKER_UNFIT, "接替人未实名认证"),
    40099: _M(_O.TAKER_FULL, "接替人客户数已达上限"),
    40100: _M(_O.RUNNING, "该客户正在转接中"),
    40128: _M(_O.WAIT_DATE, "该客户九十日内已转接两次"),
    40129: _M(_O.RUNNING, "该客户正在转接中"),
    40130: _M(_O.FAILED, "原跟进人与接替人为同一人"),
    40131: _M(_O.FAILED, "离职人员并非该客户的跟进人"),
    40132: _M(_O.FAILED, "团队号暂不支持转移"),
    84061: _M(_O.FAILED, "双方没有好友关系"),
    84074: _M(_O.FAILED, "应用没有该客户的权限"),
    60111: _M(_O.FAILED, "平台上没有该成员"),
    90500: _M(_O.WRONG_WAY, "群主尚未离职"),
    90501: _M(_O.FAILED, "不是客户群"),
    90502: _M(_O.WRONG_WAY, "群主已离职"),
}


def meaning(code: int) -> Meaning:
    """What a number says of an item; an unknown one is a failure that shows the number."""
    return CODES.get(code) or Meaning(Outcome.FAILED, "平台返回未知错误码")


def group_outcome(code: int) -> Outcome:
    """A group that was accepted has its new owner at once."""
    return Outcome.DONE if code == 0 else meaning(code).outcome


def next_try(code: int, *, attempt: int, at: int, retry_at: int = 0) -> int | None:
    """From when (ms) an item may be asked for again; None when it has been asked often enough or never may.

    `attempt` counts calls so far, 1 for the first. Limits of frequency do not count as attempts made in vain.
    """
    what = meaning(code).outcome
    if what is Outcome.WAIT_DATE:
        return at + NINETY_DAYS
    if what is not Outcome.RETRY:
        return None
    if code in LIMITS:
        return max(retry_at, at + SECOND) if retry_at else at + LIMITED
    return at + BACKOFF[attempt - 1] if attempt <= MAX_RETRIES else None
