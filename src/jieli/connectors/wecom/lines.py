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
from typing import Any

from jieli.capture.types import (
    CALL,
    CHAT,
    MAX_ID,
    ConsentLine,
    Incoming,
    Malformed,
    MediaClaim,
    Parsed,
    SwitchLine,
)
from jieli.connectors.jsonline import SENTENCES as COMMON
from jieli.connectors.jsonline import (
    UnreadableError,
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


def parse(lines: Iterable[bytes], *, first_line: int = 1) -> Iterator[Parsed]:
    """One value per line that is not blank, in order; never an exception for what a line holds.

    ``lines`` are bytes with or without their newlines, as an open file or ``bounded_lines`` gives them.
    ``first_line`` is the number of the first one, so that a file can be read in slices.
    """
    for number, line in numbered(lines, first_line):
        try:
            yield _read(line, number)
        except UnreadableError as problem:
            yield Malformed(number, problem.column, f"wecom.{problem.code}", SENTENCES[problem.code])


def _read(line: bytes, number: int) -> Parsed:
    message = load_object(line, "text")
    message_id, action, msgtype, sender, room, receivers = _envelope(message)
    if not message_id:
        raise UnreadableError("no_msgid")
    if action == "switch":
        return SwitchLine(message_id, _id(message.get("user")), _time(message.get("time")), number)
    if not action or not msgtype:
        raise UnreadableError("no_msgtype" if action else "no_action")
    if msgtype == "agree" or msgtype == "disagree":
        return _consent(line, number, message)
    if not receivers and not room:
        raise UnreadableError("no_parties")
    channel, recalls = CHAT, ""
    media: tuple[MediaClaim, ...] = ()
    if msgtype == "text":
        body = message.get("text")
        content = body.get("content") if type(body) is dict else None
        text = visible(content) if type(content) is str else ""
    else:
        text, media = extract(msgtype, message)
        if msgtype in CALL_TYPES:
            channel = CALL
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


def _envelope(message: dict[str, Any]) -> tuple[str, str, str, str, str, tuple[str, ...]]:
    """msgid, action, msgtype, from, roomid, tolist; what is missing is "" or empty."""
    get = message.get
    message_id, action, msgtype = get("msgid", ""), get("action", ""), get("msgtype", "")
    sender, room, names = get("from", ""), get("roomid", ""), get("tolist")
    if type(names) is list and len(names) == 1:
        try:
            together = "".join((message_id, action, msgtype, sender, room, names[0]))
        except TypeError:
            together = "\n"
        # Clean and short together, so each of them is: one look instead of six.
        if len(together) <= MAX_ID and together.isprintable():
            return message_id, action, msgtype, sender, room, (names[0],) if names[0] else ()
    if type(names) is not list:
        names = [names]
    receivers = tuple(dict.fromkeys(name for name in map(_id, names) if name))
    return _id(message_id), _id(action), _id(msgtype), _id(sender), _id(room), receivers


def _consent(line: bytes, number: int, message: dict[str, Any]) -> ConsentLine:
    message_id, _, msgtype, sender, room, receivers = _envelope(message)
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
