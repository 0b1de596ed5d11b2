"""What a failed call of WeCom means to the house: errcode or no answer → the port's errors.

Sentences name the call and the number, never a parameter: tokens, secrets and names stay out of logs and screens.
"""

from jieli.kernel.errors import JieliError
from jieli.kernel.times import SECOND
from jieli.succession.ports import Busy, Limited, Misconfigured, PlatformError, Refused, Unreachable

OK = 0
BUSY = -1
TOKEN_INVALID, TOKEN_EXPIRED = 40014, 42001
NO_CUSTOMERS = 84061
NO_MEMBER = 60111
BAD_TOKEN = frozenset({TOKEN_INVALID, TOKEN_EXPIRED})

# How long to stay away: the frequency is counted by the minute (2.0 of the contract), concurrency passes at once.
_WAIT_MS = {45009: 60 * SECOND, 45033: 5 * SECOND}
_CONFIGURATION = {
    48002: "应用没有调用该接口的权限",
    60011: "应用对该成员没有权限",
    60020: "本机地址不在可信 IP 名单中",
}
_REMEDY_CONFIGURATION = "请管理员在企业微信管理后台核对可调用应用、可见范围与可信 IP，更正前不再调用。"
_REMEDY_UNKNOWN = "结果未知：请先查询转移结果，再决定是否重新提交。"


class BrokenList(PlatformError):
    """A list that never ends, or that leaves rows out: half a list would lose customers, so none is given."""

    code = "platform.broken_list"


class BadAddress(JieliError):
    """The base address would send the token in the clear."""

    code = "platform.bad_address"


class BadCall(JieliError):
    """The call breaks a limit of the platform; nothing was sent."""

    code = "platform.bad_call"


def fault(errcode: int, call: str, *, at: int) -> PlatformError:
    """The error for a whole call answered with `errcode`; `at` is when, ms, for how long to stay away."""
    if errcode == BUSY:
        return Busy(f"企业微信系统繁忙（{call}）。", errcode=errcode, remedy="请稍后再试。")
    if errcode in _WAIT_MS:
        return Limited(
            f"企业微信限制了调用频率或并发（{call}，{errcode}）。",
            errcode=errcode,
            retry_at=at + _WAIT_MS[errcode],
            remedy="到时间后会继续，已受理的部分不受影响。",
        )
    if errcode in _CONFIGURATION:
        said = f"{_CONFIGURATION[errcode]}（{call}，{errcode}）。"
        return Misconfigured(said, errcode=errcode, remedy=_REMEDY_CONFIGURATION)
    if errcode in BAD_TOKEN:
        said = f"刚取得的企业微信凭证仍不被接受（{call}，{errcode}）。"
        return Misconfigured(said, errcode=errcode, remedy="请核对企业 ID 与应用 Secret。")
    return Refused(
        f"企业微信拒绝了这次调用（{call}，{errcode}）。",
        errcode=errcode,
        remedy="请按错误码在企业微信文档中核对后处理。",
    )


def bad_secret(errcode: int) -> Misconfigured:
    """gettoken refused: wrong corp, wrong secret, or an application that was switched off."""
    return Misconfigured(
        f"企业微信不发放凭证（gettoken，{errcode}）。",
        errcode=errcode,
        remedy="请核对企业 ID 与应用 Secret。",
    )


def unreachable(call: str, why: str) -> Unreachable:
    """No usable answer. `why` is the kind of failure, never what was sent or received."""
    return Unreachable(f"企业微信没有可用的答复（{call}，{why}）。", remedy=_REMEDY_UNKNOWN)
