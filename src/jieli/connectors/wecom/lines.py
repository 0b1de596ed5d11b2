"""Decrypted messages of the WeCom archive (会话内容存档), one JSON object a line, into values for capture.

Each line gives exactly one value, or none when it is blank; one that cannot be read is ``Malformed`` alone.
Choices where the platform's documents are silent or exports differ:
- ``msgtime``, ``agree_time``, ``time`` are milliseconds. Digits in a string are accepted, the unit is never
  guessed: a time in seconds becomes 1970 and the gate refuses it as 时间异常.
- ``tolist`` may be one string; repeated receivers count once; ``roomid`` may be missing.
- ``from`` missing → sender "" (发言人不明 at the gate). Neither receiver nor room → malformed.
- agree / disagree: the customer is who the body names, or the sender when it names nobody. A doubtful
  agreement (no time of its own, body and sender differ, towards nobody) is malformed; a refusal in the same
  state is kept, with the message's time if need be, for a withdrawal must never be lost.
- A repeated key anywhere in the line, also a body's, is refused; see ``jsonline`` for what that costs.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from jieli.capture.types import (
    CALL,
    CHAT,
    MAX_ID,
    MAX_JSON_INTEGER,
    ConsentLine,
    Incoming,
    Malformed,
    Parsed,
    SwitchLine,
)
from jieli.connectors.jsonline import SENTENCES as COMMON
from jieli.connectors.jsonline import (
    UnreadableError,
    has_no_control,
    identifier,
    load_object,
    numbered,
    visible,
    whole_number,
)
from jieli.connectors.wecom.structures import CALL_TYPES, extract

SOURCE = "wecom"

SENTENCES = {
    **COMMON,
    "no_msgid": "此行没有 msgid，无法去重与核对。请确认文件是解密后的会话存档消息。",
    "no_action": "此行没有 action。请确认文件是解密后的会话存档消息。",
    "no_msgtype": "此行没有 msgtype。请确认文件是解密后的会话存档消息。",
    "bad_id": "此行的编号过长、含控制字符或不是文本。请向导出方重新取得该行。",
    "bad_time": "此行的时间缺失或不是毫秒整数。请向导出方重新取得该行。",
    "no_parties": "此行既无接收人也无群编号，不知属于哪个会话。请向导出方重新取得该行。",
    "consent_unclear": "此行的同意或拒绝未写明何人对何人，不能采用。请用平台接口重新查询该客户的同意状态。",
}


class _Envelope(NamedTuple):
    """What many lines of a file share: the same people, one to one or in a room, with the same kind of message.

    `plain`: sent words between people, of which only the words, the time and the id have still to be looked at.
    """

    action: str
    msgtype: str
    sender: str
    room: str
    receivers: tuple[str, ...]
    plain: bool


#: Envelopes seen before in a file, by their five values as they stand in the line. Forgotten when there are too many,
#: and those of large rooms are not kept, so that no file makes them grow.
Seen = dict[tuple[Any, ...], _Envelope]
_MOST_SEEN, _MOST_NAMES = 8_000, 32


def parse(lines: Iterable[bytes], *, first_line: int = 1, seen: Seen | None = None) -> Iterator[Parsed]:
    """One value per line that is not blank, in order; never an exception for what a line holds.

    ``lines`` are bytes with or without their newlines, as an open file or ``bounded_lines`` gives them.
    ``first_line`` is the number of the first one, so that a file can be read in slices. Memory holds one line and a
    bounded number of names; who reads lines one by one hands the same ``seen``, at first empty, to each call.
    """
    seen = {} if seen is None else seen
    for number, line in numbered(lines, first_line):
        try:
            yield _read(line, number, seen)
        except UnreadableError as problem:
            yield Malformed(number, problem.column, f"wecom.{problem.code}", SENTENCES[problem.code])


def _read(line: bytes, number: int, seen: Seen) -> Parsed:
    message = load_object(line, "text")
    message_id, event_ms = message.get("msgid", ""), message.get("msgtime")
    envelope, clean = envelope_of(message, seen), has_no_control(line)
    if not (clean and type(message_id) is str and len(message_id) <= MAX_ID):
        message_id = _id(message_id)
    if not message_id:
        raise UnreadableError("no_msgid")
    action, msgtype, sender, room, receivers, plain = envelope
    if not plain:
        return _other(line, number, message, message_id, envelope)
    if not (type(event_ms) is int and 0 <= event_ms <= MAX_JSON_INTEGER):
        event_ms = _time(event_ms)
    body = message.get("text")
    text = body.get("content") if type(body) is dict else None
    if type(text) is not str:
        text = ""
    elif not clean:
        text = visible(text)
    values = (
        SOURCE, message_id, line, action, CHAT, sender, receivers, room, event_ms, msgtype, text, (), "", number,
    )  # fmt: skip
    # What Incoming(…) does, without its call: a million are made.
    return tuple.__new__(Incoming, values)


def _other(line: bytes, number: int, message: dict[str, Any], message_id: str, envelope: _Envelope) -> Parsed:
    """A line that is not plainly words sent."""
    action, msgtype, sender, room, receivers, _ = envelope
    if action == "switch":
        return SwitchLine(message_id, _id(message.get("user")), _time(message.get("time")), number)
    if not action or not msgtype:
        raise UnreadableError("no_msgtype" if action else "no_action")
    if msgtype == "agree" or msgtype == "disagree":
        return _consent(line, number, message, message_id, envelope)
    if not receivers and not room:
        raise UnreadableError("no_parties")
    text, media = extract(msgtype, message)
    channel = CALL if msgtype in CALL_TYPES else CHAT
    recalls = ""
    if action == "recall" or msgtype == "revoke":
        body = message.get("revoke")
        recalls = _id(body.get("pre_msgid")) if type(body) is dict else ""
    event_ms = _time(message.get("msgtime"))
    return Incoming(
        SOURCE,
        message_id,
        line,
        action,
        channel,
        sender,
        receivers,
        room,
        event_ms,
        msgtype,
        text,
        media,
        recalls,
        number,
    )


def envelope_of(message: dict[str, Any], seen: Seen) -> _Envelope:
    """action, msgtype, from, roomid, tolist; what is missing is "" or empty."""
    get = message.get
    action, msgtype, sender, room = get("action", ""), get("msgtype", ""), get("from", ""), get("roomid", "")
    names = get("tolist")
    shape = (action, msgtype, sender, room, tuple(names) if type(names) is list else names)
    try:
        found = seen.get(shape)
    except TypeError:  # a list or an object among them: no envelope that repeats
        return _looked_at(action, msgtype, sender, room, names)
    if found is None:
        found = _looked_at(action, msgtype, sender, room, names)
        if shape == found[:5] and len(found.receivers) <= _MOST_NAMES:
            if len(seen) >= _MOST_SEEN:
                seen.clear()
            seen[shape] = found
    return found


def _looked_at(action: Any, msgtype: Any, sender: Any, room: Any, names: Any) -> _Envelope:
    if type(names) is not list:
        names = [names]
    receivers = tuple(dict.fromkeys(name for name in map(_id, names) if name))
    action, msgtype, sender, room = _id(action), _id(msgtype), _id(sender), _id(room)
    plain = msgtype == "text" and action not in ("", "switch", "recall") and bool(receivers or room)
    return _Envelope(action, msgtype, sender, room, receivers, plain)


def _consent(
    line: bytes, number: int, message: dict[str, Any], message_id: str, envelope: _Envelope
) -> ConsentLine:
    _, msgtype, sender, room, receivers, _ = envelope
    agreed = msgtype == "agree"
    body = message.get(msgtype)
    body = body if type(body) is dict else {}
    customer = _id(body.get("userid")) or sender
    at_ms = whole_number(body.get("agree_time" if agreed else "disagree_time"))
    staff = tuple(receiver for receiver in receivers if receiver != customer)
    if not customer or (agreed and (customer != sender or not (staff or room))):
        raise UnreadableError("consent_unclear")
    if at_ms is None:
        if agreed:
            raise UnreadableError("bad_time")
        at_ms = _time(message.get("msgtime"))
    return ConsentLine(SOURCE, message_id, line, customer, staff, room, agreed, at_ms, number)


def _id(value: Any) -> str:
    found = identifier(value)
    if found is None:
        raise UnreadableError("bad_id")
    return found


def _time(value: Any) -> int:
    found = whole_number(value)
    if found is None:
        raise UnreadableError("bad_time")
    return found
