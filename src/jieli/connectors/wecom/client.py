"""One way to call WeCom's server API: token, retries, and what every failure means.

The token and the secret travel in the address, as the platform demands. So addresses are never logged (httpx would),
and errors are raised `from None`: a traceback must not lead to the request.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import httpx

from jieli.connectors.wecom import errors
from jieli.kernel.times import SECOND

BASE = "https://qyapi.weixin.qq.com/cgi-bin"
TIMEOUT = 10.0  # seconds
RETRIES = (0.5, 1.0, 2.0)  # seconds before each of at most three repetitions of a call answered with -1
_EARLY = 300 * SECOND  # a token is replaced this long before it ends, for our clock and theirs differ
_THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}

Json = dict[str, Any]


def _without_parameters(record: logging.LogRecord) -> bool:
    """Cut the parameters off every address httpx logs: the platform wants its token there."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            a.copy_with(query=None, fragment=None) if isinstance(a, httpx.URL) else a for a in record.args
        )
    return True


logging.getLogger("httpx").addFilter(_without_parameters)


@dataclass
class Tokens:
    """Access tokens by (base, corp, secret), shared by every client that is given the same object."""

    _kept: dict[tuple[str, str, str], tuple[str, int]] = field(default_factory=dict, repr=False)
    lock: Lock = field(default_factory=Lock, repr=False)

    def get(self, key: tuple[str, str, str], at: int) -> str | None:
        """The token, unless it ends too soon."""
        token, until = self._kept.get(key, ("", 0))
        return token if token and at < until else None

    def put(self, key: tuple[str, str, str], token: str, until: int) -> None:
        """Keep a token until `until`, ms."""
        self._kept[key] = (token, until)

    def forget(self, key: tuple[str, str, str], token: str) -> None:
        """Drop a token the platform refused, unless another thread has already fetched a newer one."""
        if self._kept.get(key, ("", 0))[0] == token:
            del self._kept[key]


class Api:
    """Calls as one application of one corp. `clock` gives ms, `sleep` waits seconds; both are the caller's.

    Raises the errors of `succession.ports`. Safe for several threads; close it, or use it as a context.
    """

    def __init__(
        self,
        *,
        corpid: str,
        secret: str,
        clock: Callable[[], int],
        sleep: Callable[[float], None] = time.sleep,
        base: str = BASE,
        timeout: float = TIMEOUT,
        tokens: Tokens | None = None,
    ) -> None:
        self._base = base.rstrip("/")
        self.rehearsal = _rehearsal(self._base)
        self._key = (self._base, corpid, secret)
        self._clock, self._sleep = clock, sleep
        self._tokens = tokens or Tokens()
        # A proxy of the surroundings must not stand between us and a server on this machine.
        self._http = httpx.Client(timeout=timeout, trust_env=not self.rehearsal, follow_redirects=False)

    def __enter__(self) -> "Api":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def get(self, call: str, **parameters: str) -> Json:
        """The answer of a GET, errcode 0."""
        return self._called(call, parameters, None)

    def post(self, call: str, body: Mapping[str, Any]) -> Json:
        """The answer of a POST, errcode 0."""
        return self._called(call, {}, body)

    def pages(self, call: str, body: Mapping[str, Any]) -> Iterator[Json]:
        """The answers of a POST that takes a cursor, page by page; BrokenList when a cursor comes again."""
        seen: set[str] = set()
        cursor = ""
        while True:
            answer = self.post(call, {**body, "cursor": cursor} if cursor else body)
            yield answer
            cursor = str(answer.get("next_cursor") or "")
            if not cursor or answer.get("is_last") is True:
                return
            if cursor in seen:
                raise errors.BrokenList(
                    f"企业微信的列表翻页不前进（{call}）。", remedy="请稍后重新拉取；本次未采用任何一页。"
                )
            seen.add(cursor)

    def _called(self, call: str, parameters: Mapping[str, str], body: Mapping[str, Any] | None) -> Json:
        refreshed, waits = False, iter(RETRIES)
        while True:
            token = self._token()
            answer = self._sent(call, {**parameters, "access_token": token}, body)
            code = answer["errcode"]
            if code == errors.OK:
                return answer
            if code in errors.BAD_TOKEN and not refreshed:
                # The platform checks the token before it does anything, so asking again cannot do it twice.
                refreshed = True
                self._tokens.forget(self._key, token)
                continue
            wait = next(waits, None) if code == errors.BUSY else None
            if wait is None:
                raise errors.fault(code, call, at=self._clock())
            self._sleep(wait)

    def _token(self) -> str:
        with self._tokens.lock:  # one thread fetches, the others wait for its token
            if token := self._tokens.get(self._key, self._clock()):
                return token
            _, corpid, secret = self._key
            waits = iter(RETRIES)
            while True:
                asked_at = self._clock()
                answer = self._sent("gettoken", {"corpid": corpid, "corpsecret": secret}, None)
                wait = next(waits, None) if answer["errcode"] == errors.BUSY else None
                if wait is None:
                    break
                self._sleep(wait)
            return self._kept(answer, asked_at)

    def _kept(self, answer: Json, asked_at: int) -> str:
        code = answer["errcode"]
        if code in {errors.BUSY, 45009, 45033, 60020}:
            raise errors.fault(code, "gettoken", at=asked_at)
        if code != errors.OK:
            raise errors.bad_secret(code)
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(seconds, int):
            raise errors.unreachable("gettoken", "答复不完整")
        life = seconds * SECOND
        self._tokens.put(self._key, token, asked_at + life - min(_EARLY, life // 10))
        return token

    def _sent(self, call: str, parameters: Mapping[str, str], body: Mapping[str, Any] | None) -> Json:
        """One request, one JSON object with an integer errcode; everything else is Unreachable."""
        method, address = ("GET" if body is None else "POST"), f"{self._base}/{call}"
        try:
            answer = self._http.request(method, address, params=dict(parameters), json=body)
            said = answer.json() if answer.status_code == httpx.codes.OK else None
        except httpx.HTTPError as error:
            raise errors.unreachable(call, type(error).__name__) from None
        except ValueError:
            raise errors.unreachable(call, "答复不是 JSON") from None
        if said is None:
            raise errors.unreachable(call, f"HTTP {answer.status_code}")
        if not isinstance(said, dict):
            raise errors.unreachable(call, "答复不是 JSON 对象")
        code = said.get("errcode")  # never taken as 0 when absent: an empty object would read as "all done"
        if isinstance(code, bool) or not isinstance(code, int):
            raise errors.unreachable(call, "错误码不是整数")
        return said


def rows(answer: Json, key: str, call: str) -> list[Json]:
    """The list of objects under `key`; Unreachable when the answer holds something else there."""
    found = answer.get(key, [])
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise errors.unreachable(call, f"{key} 不是列表")
    return found


def _rehearsal(base: str) -> bool:
    """Whether the base is a server on this machine; BadAddress for any other one without TLS."""
    url = httpx.URL(base)
    if url.host in _THIS_MACHINE:
        return True
    if url.scheme != "https" or not url.host:
        raise errors.BadAddress(
            "企业微信接口地址必须以 https 开头。", remedy=f"请改为 {BASE}，或演练平台在本机的地址。"
        )
    return False
