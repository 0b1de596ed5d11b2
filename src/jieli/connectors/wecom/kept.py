"""Many kept lines of the archive at once: of those that are plainly words between people, what the reader gives.

A package opens ten thousand of them. What is not plainly that is left to `lines.parse`, which decides every doubt;
a test holds the two against each other.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from jieli.capture.types import MAX_ID, MAX_JSON_INTEGER
from jieli.connectors.jsonline import MAX_LINE, UnreadableError, has_no_control
from jieli.connectors.wecom.lines import Seen, envelope_of

#: Text, sender, receivers.
Words = tuple[str, str, tuple[str, ...]]


def words(raws: Sequence[bytes], seen: Seen) -> list[Words | None]:
    """Of each line the words, who sent them and to whom, as `lines.parse` gives them; None where it has to be asked.

    `seen` as `lines.parse` takes it. Never an exception for what a line holds.
    """
    loads = orjson.loads
    found: list[Words | None] = []
    for raw in raws:
        try:
            message: Any = loads(raw)
        except orjson.JSONDecodeError:
            found.append(None)
            continue
        found.append(_words(raw, message, seen) if type(message) is dict else None)
    return found


def _words(raw: bytes, message: dict[str, Any], seen: Seen) -> Words | None:
    get = message.get
    body, message_id, event_ms, names = get("text"), get("msgid"), get("msgtime"), get("tolist")
    if type(body) is not dict or type(message_id) is not str or type(event_ms) is not int:
        return None
    # As many colons as keys: none of them was there twice.
    if len(message) + len(body) != raw.count(b":") or raw[-1:] != b"}" or b"\n" in raw or len(raw) > MAX_LINE:
        return None
    text = body.get("content")
    usual = 0 < len(message_id) <= MAX_ID and 0 <= event_ms <= MAX_JSON_INTEGER
    if type(text) is not str or not usual or not has_no_control(raw):
        return None
    shape = get("action", ""), get("msgtype", ""), get("from", ""), get("roomid", ""), names
    try:
        envelope = seen.get((*shape[:4], tuple(names) if type(names) is list else names))
        envelope = envelope or envelope_of(message, seen)
    except (TypeError, UnreadableError):
        return None
    return (text, envelope.sender, envelope.receivers) if envelope.plain else None
