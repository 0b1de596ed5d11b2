"""The ``dialogue`` format: conversations without times and ids, and a mapping that says who was who.

A line is ``{"dialogue_id": str, "turn": int from 0, "speaker": str, "text": str}``; further keys are left in
``raw``. The mapping is one JSON file (``docs/reference/import-formats.md`` has an example)::

    {"format": "jieli.dialogue-mapping", "version": 1,
     "source": "dialogue" or "dialogue.<name>",   (optional) the name the items are kept under
     "rules":     [{"prefix": str, FIELDS}],      all dialogues whose id begins so; the longest prefix wins
     "dialogues": [{"dialogue_id": str, FIELDS}], one dialogue; its fields replace those of its rule
     "expected":  {…}}                            (optional) counts by reason, verbatim for the caller

    FIELDS
      kind      "chat" | "call" | "group"           a call's turns carry channel "call"
      account   REF                                 the company's account in it
      speakers  {role: REF | null}                  null: nobody knows who spoke
      members   REF list                            (optional) further receivers
      room      str                                 (optional, group only) default "{dialogue_id}"
      start     ISO 8601 with offset                start of the dialogue
      step_s    int                                 (optional, 30) seconds from turn to turn
      every_s   int                                 (optional, 0) seconds from dialogue to dialogue, by number

A REF is a platform id, or a list of which the dialogue's number picks one (number mod length); the number is
the digits at the end of the dialogue's id. "@account" stands for the account, "{dialogue_id}" inside a REF or
room for the dialogue's id. Times follow from the two files alone: start + number * every_s + turn * step_s.
The message's id is ``<dialogue_id>#<turn>``: the same file read again, or in pieces, gives the same items.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from jieli.capture.types import CALL, CHAT, Incoming, Malformed
from jieli.connectors.files.mapping import ACCOUNT, PLACE, DialogueMapping, Refs, Rule, number_of
from jieli.connectors.jsonline import SENTENCES as COMMON
from jieli.connectors.jsonline import (
    UnreadableError,
    identifier,
    load_object,
    numbered,
    visible,
    whole_number,
)

MAX_DIALOGUE_ID = 200
MAX_TURN = 999_999

SENTENCES = {
    **COMMON,
    "no_dialogue_id": "此行没有 dialogue_id，或其过长、含控制字符。请补全后重新导入。",
    "bad_turn": "此行的 turn 不是 0 至 999999 的整数。请更正后重新导入。",
    "no_speaker": "此行没有 speaker。请补全后重新导入；无人知道是谁时，请在映射中写 null。",
    "no_text": "此行没有 text。请补全后重新导入。",
    "no_rule": "映射文件没有适用于此对话的规则。请增加前缀规则或单独一行。",
    "unmapped_speaker": "映射文件没有写明此角色是谁。请在 speakers 中补上；无人知道时写 null。",
    "bad_time": "由映射得出的时间超出范围。请核对映射中的 start 与 every_s。",
    "bad_ref": "由映射得出的编号过长。请缩短映射中的引用或群编号。",
}


class _Cast:
    """Who is who in one dialogue: a rule with the dialogue's id and number put in."""

    def __init__(self, dialogue_id: str, rule: Rule) -> None:
        number = number_of(dialogue_id)
        account = _pick(rule.account, dialogue_id, number, "")
        self.dialogue_id = dialogue_id
        self.speakers = {
            role: _pick(refs, dialogue_id, number, account) if refs else ""
            for role, refs in rule.speakers.items()
        }
        members = (_pick((ref,), dialogue_id, number, account) for ref in rule.members)
        people = dict.fromkeys([account, *self.speakers.values(), *members])
        self.room = rule.room.replace(PLACE, dialogue_id)
        self.start_ms = rule.start_ms + number * rule.every_ms
        self.step_ms = rule.step_ms
        self.channel = CALL if rule.kind == "call" else CHAT
        self.receivers = {
            sender: tuple(name for name in people if name and name != sender)
            for sender in self.speakers.values()
        }
        self.sound = all(identifier(name) is not None for name in (*people, self.room))


def parse(
    lines: Iterable[bytes], mapping: DialogueMapping, *, first_line: int = 1
) -> Iterator[Incoming | Malformed]:
    """One value per line that is not blank, in order; never an exception for what a line holds."""
    cast: _Cast | None = None
    for number, line in numbered(lines, first_line):
        try:
            spoken = load_object(line)
            dialogue_id = _dialogue_id(spoken)
            if cast is None or cast.dialogue_id != dialogue_id:
                cast = _cast(dialogue_id, mapping)
            yield _read(line, number, spoken, cast, mapping.source)
        except UnreadableError as problem:
            yield Malformed(number, problem.column, f"dialogue.{problem.code}", SENTENCES[problem.code])


def _dialogue_id(spoken: dict[str, Any]) -> str:
    dialogue_id = identifier(spoken.get("dialogue_id"))
    if not dialogue_id or len(dialogue_id) > MAX_DIALOGUE_ID:
        raise UnreadableError("no_dialogue_id")
    return dialogue_id


def _cast(dialogue_id: str, mapping: DialogueMapping) -> _Cast:
    rule = mapping.rule_for(dialogue_id)
    if rule is None:
        raise UnreadableError("no_rule")
    cast = _Cast(dialogue_id, rule)
    if not cast.sound:
        raise UnreadableError("bad_ref")
    return cast


def _read(line: bytes, number: int, spoken: dict[str, Any], cast: _Cast, source: str) -> Incoming:
    turn, role, text = spoken.get("turn"), spoken.get("speaker"), spoken.get("text")
    if type(turn) is not int or not 0 <= turn <= MAX_TURN:
        raise UnreadableError("bad_turn")
    if type(role) is not str or not role:
        raise UnreadableError("no_speaker")
    if type(text) is not str:
        raise UnreadableError("no_text")
    sender = cast.speakers.get(role)
    if sender is None:
        raise UnreadableError("unmapped_speaker")
    event_ms = whole_number(cast.start_ms + turn * cast.step_ms)
    if event_ms is None:
        raise UnreadableError("bad_time")
    return Incoming(
        source=source,
        message_id=f"{cast.dialogue_id}#{turn}",
        raw=line,
        action="send",
        channel=cast.channel,
        sender=sender,
        receivers=cast.receivers[sender],
        room=cast.room,
        event_ms=event_ms,
        msgtype="text",
        text=visible(text),
        media=(),
        recalls="",
        line=number,
    )


def _pick(refs: Refs, dialogue_id: str, number: int, account: str) -> str:
    ref = refs[number % len(refs)]
    return account if ref == ACCOUNT else ref.replace(PLACE, dialogue_id)
