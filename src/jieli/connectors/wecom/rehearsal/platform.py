"""The rehearsal platform as one object: its people, its clock, its faults, and a log of every call it got."""

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from jieli.connectors.wecom.callback import Callback
from jieli.connectors.wecom.rehearsal import rules, state
from jieli.connectors.wecom.rehearsal.endpoints import CALLS, Denied, World, said
from jieli.connectors.wecom.rehearsal.faults import Kind, Ordering, Orders
from jieli.connectors.wecom.rehearsal.server import Reply, Server
from jieli.kernel.errors import JieliError
from jieli.kernel.times import MINUTE, SECOND

CORP = "wwyanlian"
OPENS_NOTHING = "yanlian"  # the rehearsal's secret: it guards invented people on this machine
LIFE = 7_200  # seconds that a token lives
NO_TOKEN, UNKNOWN_TOKEN, OLD_TOKEN = 41001, 40014, 42001
WRONG_CORP, WRONG_SECRET, BAD_JSON, UNKNOWN_CALL, TOO_OFTEN = 40013, 40001, 47001, 40060, 45009


class UnknownHere(JieliError):
    """The rehearsal platform knows no such member, customer or running transfer."""

    code = "rehearsal.unknown"


@dataclass(frozen=True)
class Logged:
    """A call as it arrived: moment in ms, path below cgi-bin, parameters without token and secret, errcode decided.

    `answered` is False when the answer never went out whole: the connection was cut, or it was no JSON.
    """

    at: int
    call: str
    given: dict[str, Any]
    errcode: int
    answered: bool


@dataclass(frozen=True)
class Delivery:
    """A callback as the platform would POST it: the three parameters of its address, and the body."""

    msg_signature: str
    timestamp: str
    nonce: str
    body: bytes


class Rehearsal(Ordering):
    """`clock` gives ms, and the platform's own time may be moved on from it with `advance`.

    `page_size` is the most rows of any page, `per_minute` the calls of one kind in a minute before 45009, `seed` as
    `state` describes it. As a context it serves on 127.0.0.1 at `base` (`port` 0 = any free one).
    """

    def __init__(
        self,
        *,
        clock: Callable[[], int],
        seed: Mapping[str, Any] | None = None,
        page_size: int = 1_000,
        per_minute: int | None = None,
        port: int = 0,
    ) -> None:
        self.corpid, self.secret = CORP, OPENS_NOTHING
        self._given_clock, self._moved = clock, 0
        self.state = state.load(seed or {})
        self.orders = Orders()
        self.calls: list[Logged] = []
        self.page_size, self.per_minute = page_size, per_minute
        self._tokens: dict[str, int] = {}
        self._lock = Lock()
        self._server = Server(self, port=port)

    # Serving

    def __enter__(self) -> "Rehearsal":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._server.start()

    def stop(self) -> None:
        """Stop serving; what the platform knows stays."""
        self._server.stop()

    @property
    def base(self) -> str:
        """The address to give to `Api(base=…)`."""
        return f"http://127.0.0.1:{self._server.port}/cgi-bin"

    # Time and people

    def clock(self) -> int:
        """The platform's time, ms."""
        return self._given_clock() + self._moved

    def advance(self, ms: int) -> None:
        """Move the platform's time on; what falls due happens in its order."""
        with self._lock:
            self._moved += ms
            rules.settle(self.state, self.clock())

    def add_member(self, userid: str, **fields: Any) -> None:
        """A member; fields of `state.Member`."""
        with self._lock:
            self.state.members[userid] = state.Member(userid, **fields)

    def add_customer(self, external_userid: str, *, of: Iterable[str], name: str = "", **fields: Any) -> None:
        """A customer of these members; fields of `state.Customer`."""
        follows = {userid: state.Follow(createtime=self.clock() // SECOND) for userid in of}
        with self._lock:
            self.state.customers[external_userid] = state.Customer(external_userid, name, follows, **fields)

    def add_group(self, chat_id: str, *, owner: str, **fields: Any) -> None:
        """A group chat; fields of `state.Group`."""
        with self._lock:
            self.state.groups[chat_id] = state.Group(chat_id, owner, **fields)

    def resign(self, userid: str, *, deleted: bool = False) -> None:
        """The member leaves now; `deleted` also takes him off the list, so that user/get answers 60111."""
        with self._lock:
            member = self._member(userid)
            member.left_at, member.deleted = self.clock(), deleted

    def refuse(self, external_userid: str) -> None:
        """The customer chooses 暂不添加 now; UnknownHere when nothing is running for him."""
        with self._lock:
            now = self.clock()
            rules.settle(self.state, now)
            transfer = next(
                (t for t in self.state.transfers if t.customer == external_userid and t.running), None
            )
            if transfer is None:
                raise UnknownHere("该客户没有进行中的接替。", remedy="请先提交转移，并在 24 小时内拒绝。")
            rules.refuse(self.state, transfer, at=now)

    def expire_tokens(self) -> None:
        """Every token given out so far has ended: 42001."""
        self._tokens = dict.fromkeys(self._tokens, 0)

    # What happened

    def calls_to(self, call: str) -> list[Logged]:
        """The calls of one path, in order."""
        return [c for c in self.calls if c.call == call]

    def submissions(self) -> Counter[tuple[str, str, str, str]]:
        """How often (path, handover, takeover, customer) was asked for, whatever was answered."""
        return Counter(
            (c.call, str(c.given["handover_userid"]), str(c.given["takeover_userid"]), str(customer))
            for c in self.calls
            if c.call.endswith("transfer_customer")
            for customer in c.given["external_userid"]
        )

    def followers(self, external_userid: str) -> set[str]:
        """Whose customer he is now."""
        return set(self.state.customers[external_userid].follows)

    def deliveries(self, callback: Callback, *, after: int = 0) -> list[Delivery]:
        """The transfer_fail callbacks since the first `after` of them, sealed for this callback."""
        made = []
        for number, notice in enumerate(self.state.notices[after:], after):
            message = (
                f"<xml><ToUserName>{self.corpid}</ToUserName><CreateTime>{notice.at // SECOND}</CreateTime>"
                "<MsgType>event</MsgType><Event>change_external_contact</Event>"
                f"<ChangeType>transfer_fail</ChangeType><FailReason>{notice.reason}</FailReason>"
                f"<UserID>{notice.takeover}</UserID><ExternalUserID>{notice.customer}</ExternalUserID></xml>"
            )
            stamp, nonce = str(notice.at // SECOND), str(number)
            sealed, signature = callback.seal(
                message, timestamp=stamp, nonce=nonce, random=secrets.token_bytes(16)
            )
            body = f"<xml><ToUserName>{self.corpid}</ToUserName><Encrypt>{sealed}</Encrypt></xml>"
            made.append(Delivery(signature, stamp, nonce, body.encode()))
        return made

    @property
    def steering(self) -> Mapping[str, Callable[..., None]]:
        """What can be ordered over HTTP, by its name below /rehearsal/."""
        return {
            "clock": lambda advance_ms: self.advance(advance_ms),
            "member": self.add_member,
            "customer": self.add_customer,
            "group": self.add_group,
            "resign": self.resign,
            "refuse": self.refuse,
            "fail": self.fail,
            "cut": self.cut,
            "reject": self.reject,
            "tokens": self.expire_tokens,
        }

    # Answering

    def answer(self, method: str, call: str, parameters: Mapping[str, str], body: bytes) -> Reply:
        """What goes out for one request below /cgi-bin/."""
        with self._lock:
            now = self.clock()
            rules.settle(self.state, now)
            hidden = {"access_token", "corpid", "corpsecret"}
            given: dict[str, Any] = {k: v for k, v in parameters.items() if k not in hidden}
            fault = self.orders.next_fault(call)
            if fault is not None and fault.kind in {Kind.HTTP, Kind.LOST}:
                self.calls.append(Logged(now, call, _log(given, body), 0, answered=False))
                return Reply(None if fault.kind is Kind.LOST else b"", status=fault.value)
            try:
                if fault is not None and fault.kind is Kind.ERRCODE:
                    raise Denied(fault.value)
                said_now = self._done(method, call, parameters, given, body, now)
                errcode = 0
            except Denied as denied:
                said_now, errcode = {}, denied.errcode
            unheard = fault is not None and fault.kind in {Kind.CUT, Kind.GARBLED}
            self.calls.append(Logged(now, call, _log(given, body), errcode, answered=not unheard))
        if unheard and fault is not None:
            return Reply(None if fault.kind is Kind.CUT else fault.text.encode())
        late = fault.value / 1_000 if fault is not None and fault.kind is Kind.LATE else 0.0
        whole = {"errcode": errcode, "errmsg": said(errcode), **said_now}
        return Reply(content=json.dumps(whole, ensure_ascii=False).encode(), late=late)

    def _done(
        self,
        method: str,
        call: str,
        parameters: Mapping[str, str],
        given: dict[str, Any],
        body: bytes,
        now: int,
    ) -> dict[str, Any]:
        if (method, call) == ("GET", "gettoken"):
            return self._gettoken(parameters, now)
        self._check_token(parameters.get("access_token", ""), now)
        known = CALLS.get((method, call))
        if known is None:
            raise Denied(UNKNOWN_CALL)
        recent = sum(c.call == call and now - c.at < MINUTE for c in self.calls)
        if self.per_minute is not None and recent >= self.per_minute:
            raise Denied(TOO_OFTEN)
        if method == "POST":
            given = {**given, **_object(body)}
        return known(World(self.state, self.orders, now, self.page_size), given)

    def _gettoken(self, parameters: Mapping[str, str], now: int) -> dict[str, Any]:
        if parameters.get("corpid") != self.corpid:
            raise Denied(WRONG_CORP)
        if parameters.get("corpsecret") != self.secret:
            raise Denied(WRONG_SECRET)
        token = f"yanlian-{secrets.token_hex(16)}"
        self._tokens[token] = now + LIFE * SECOND
        return {"access_token": token, "expires_in": LIFE}

    def _check_token(self, token: str, now: int) -> None:
        if not token:
            raise Denied(NO_TOKEN)
        until = self._tokens.get(token)
        if until is None or now >= until:
            raise Denied(UNKNOWN_TOKEN if until is None else OLD_TOKEN)

    def _member(self, userid: str) -> state.Member:
        found = self.state.members.get(userid)
        if found is None:
            raise UnknownHere("演练平台没有该成员。", remedy="请先登记成员。")
        return found


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        raise Denied(BAD_JSON) from None
    if not isinstance(found, dict):
        raise Denied(BAD_JSON)
    return found


def _log(given: dict[str, Any], body: bytes) -> dict[str, Any]:
    """The parameters for the log; a body that is no object is left out."""
    try:
        return {**given, **(_object(body) if body else {})}
    except Denied:
        return given
