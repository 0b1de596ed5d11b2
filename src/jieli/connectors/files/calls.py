"""Call records of a telephone system (CSV without a header): who called whom and when, never what was said.

Two layouts. ``asterisk``: Master.csv, 16 columns and, where the site logs them, uniqueid and userfield.
``freeswitch``: the default template of mod_cdr_csv, the first 15 columns (sites append their own).
- Times are local and without zone: the caller names the zone. One that the zone has twice or never (a change
  of summer time) is malformed, for nobody could say which instant it means.
- One human call may give several rows (queue, transfer), even with the same uniqueid. Each row is a record of
  its own; ``CallRecord.call`` tells which belong together. The message's id is made of uniqueid, start and
  both channels (asterisk) or is the uuid (freeswitch), so the same row read again has the same id.
- The receiver is the number called; where a queue was called and somebody answered, the number of the second
  channel (PJSIP/8003-00000018), for that person took part in the call and the queue did not.
- A recording is claimed where the row names one: Asterisk's userfield, where the dial plan writes the file into it
  (extractor version 2; rows that were kept under version 1 claim none).
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from jieli.capture.types import CALL, Incoming, Malformed, MediaClaim
from jieli.connectors.jsonline import MAX_LINE, UnreadableError, identifier, numbered, whole_number
from jieli.connectors.jsonline import SENTENCES as COMMON
from jieli.kernel.times import SHANGHAI, to_ms

SOURCE = "pbx"
MSGTYPE = "call_record"

SENTENCES = {
    **{code: COMMON[code] for code in ("too_long", "not_utf8")},
    "not_csv": "此行不是合法的 CSV（引号不成对）。请向导出方重新取得该行。",
    "columns": "此行的列数与话单格式不符。请核对所选格式（asterisk 或 freeswitch）。",
    "bad_id": "此行的主叫、被叫或话单编号缺失、过长或含控制字符。请向导出方重新取得该行。",
    "bad_time": "此行的时间不是“年-月-日 时:分:秒”，或结束早于开始。请核对格式，且文件不应有标题行。",
    "ambiguous_time": "此行的时间在所给时区内不存在或出现两次。请由导出方改用 UTC 后重新导入。",
    "bad_number": "此行的时长不是整数秒。请核对所选格式。",
}


class Layout(NamedTuple):
    """Which column (from 0) holds what; -1 = not in this layout."""

    fewest: int
    most: int
    caller: int
    called: int
    start: int
    answer: int
    end: int
    duration: int
    talk: int
    outcome: int
    call: int
    channel: int = -1
    other_channel: int = -1
    application: int = -1
    recording: int = -1


LAYOUTS = {
    "asterisk": Layout(16, 18, 1, 2, 9, 10, 11, 12, 13, 14, 16, 5, 6, 7, 17),
    "freeswitch": Layout(15, 64, 1, 2, 4, 5, 6, 7, 8, 9, 10),
}

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_ENDPOINT = re.compile(r"[A-Za-z0-9]+/([0-9]{2,20})-[0-9a-f]{8}")
_SOUND_FILE = re.compile(r"[^\x00-\x1f]{1,250}\.(?:wav|WAV|mp3|amr|awb|ogg|gsm)")
_BREAK = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One row of a telephone system. Times in ms UTC (None: not answered), durations in seconds.

    ``called`` is the number called, ``answered_by`` who answered behind a queue ("" where not known).
    """

    record_id: str
    call: str
    caller: str
    called: str
    answered_by: str
    start_ms: int
    answer_ms: int | None
    end_ms: int
    duration_s: int
    talk_s: int
    outcome: str
    recording: str = ""


def parse(
    lines: Iterable[bytes], layout: str, *, zone: ZoneInfo = SHANGHAI, first_line: int = 1
) -> Iterator[Incoming | Malformed]:
    """One value per line that is not blank; channel "call", no text; never an exception for a line.

    ``layout`` is a key of ``LAYOUTS`` (another one is a KeyError, the caller's mistake).
    """
    shape = LAYOUTS[layout]
    for number, line in numbered(lines, first_line):
        try:
            found = _record(line, shape, zone)
        except UnreadableError as problem:
            yield Malformed(number, problem.column, f"pbx.{problem.code}", SENTENCES[problem.code])
            continue
        yield Incoming(
            source=SOURCE,
            message_id=found.record_id,
            raw=line,
            action="send",
            channel=CALL,
            sender=found.caller,
            receivers=(found.answered_by or found.called,),
            room="",
            event_ms=found.start_ms,
            msgtype=MSGTYPE,
            text="",
            media=_claims(found.recording),
            recalls="",
            line=number,
        )


def record(raw: bytes, layout: str, *, zone: ZoneInfo = SHANGHAI) -> CallRecord:
    """What a row says, from the raw bytes that were kept. Raises ``UnreadableError``."""
    return _record(raw, LAYOUTS[layout], zone)


def _record(line: bytes, shape: Layout, zone: ZoneInfo) -> CallRecord:
    row = _columns(line, shape)
    start_ms, end_ms = _instant(row[shape.start], zone), _instant(row[shape.end], zone)
    answer_ms = _instant(row[shape.answer], zone) if row[shape.answer] else None
    if end_ms < start_ms:
        raise UnreadableError("bad_time")
    call = row[shape.call] if shape.call < len(row) else ""
    record_id, answered_by = call, ""
    if shape.channel >= 0:
        other = row[shape.other_channel]
        record_id = "|".join((call, row[shape.start], row[shape.channel], other))
        endpoint = _ENDPOINT.fullmatch(other)
        if endpoint and answer_ms is not None and row[shape.application] == "Queue":
            answered_by = endpoint.group(1)
    caller, called = row[shape.caller], row[shape.called]
    if not record_id or not called or any(identifier(name) is None for name in (record_id, caller, called)):
        raise UnreadableError("bad_id")
    return CallRecord(
        record_id=record_id,
        call=call or record_id,
        caller=caller,
        called=called,
        answered_by=answered_by,
        start_ms=start_ms,
        answer_ms=answer_ms,
        end_ms=end_ms,
        duration_s=_seconds(row[shape.duration]),
        talk_s=_seconds(row[shape.talk]),
        outcome=row[shape.outcome],
        recording=_recording(row[shape.recording]) if 0 <= shape.recording < len(row) else "",
    )


def _recording(cell: str) -> str:
    """The file that a dial plan wrote into its own field (Asterisk: userfield); "" for any other words there."""
    found = _SOUND_FILE.fullmatch(cell.removeprefix("audio:"))
    return found[0] if found and identifier(found[0]) is not None else ""


def _claims(recording: str) -> tuple[MediaClaim, ...]:
    """What the record says of its recording: where it lies, and its name; no size and no digest."""
    if not recording:
        return ()
    return (MediaClaim("recording", recording.rpartition("/")[2], recording, "", "", None),)


def _columns(line: bytes, shape: Layout) -> list[str]:
    if len(line) > MAX_LINE:
        raise UnreadableError("too_long")
    try:
        text = line.decode()
    except UnicodeDecodeError as undecodable:
        raise UnreadableError("not_utf8", undecodable.start + 1) from None
    broken = _BREAK.search(text)
    if broken:
        raise UnreadableError("not_csv", broken.start() + 1)
    try:
        row = next(csv.reader([text], strict=True))
    except csv.Error:
        raise UnreadableError("not_csv") from None
    if not shape.fewest <= len(row) <= shape.most:
        raise UnreadableError("columns")
    return row


def _instant(text: str, zone: ZoneInfo) -> int:
    if not _TIME.fullmatch(text):
        raise UnreadableError("bad_time")
    try:
        local = datetime.fromisoformat(text).replace(tzinfo=zone)
        twice_or_never = local.utcoffset() != local.replace(fold=1).utcoffset()
        instant = to_ms(local.astimezone(UTC))
    except (ValueError, OverflowError):
        raise UnreadableError("bad_time") from None
    if twice_or_never:
        raise UnreadableError("ambiguous_time")
    if instant < 0:
        raise UnreadableError("bad_time")
    return instant


def _seconds(text: str) -> int:
    found = whole_number(text)
    if found is None:
        raise UnreadableError("bad_number")
    return found
