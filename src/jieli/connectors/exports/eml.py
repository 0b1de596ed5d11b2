"""EML: one mail for each day of a conversation, readable as it opens, with each message as a mail of its own inside.

Everything is written in plain ASCII: names in headers as encoded words (RFC 2047), bodies in base64, so that no text
can begin a header, end a part, or be changed by who carries it. The platform's own ids and the millisecond stand in
headers that begin with X-Jieli.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from email.utils import format_datetime
from itertools import groupby

from jieli.evidence.leaving_export.types import PROOF, Line, Volume
from jieli.kernel.times import local, local_day

#: So many bytes of UTF-8, as an encoded word behind our longest header's name, stay within a row of 76 (RFC 2047).
_WORD_BYTES = 33
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,54}[A-Za-z0-9]|[A-Za-z0-9]")
#: What ends a line somewhere, and NUL: in a name that stands before an address readers of mail refuse the whole header.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ATOM = re.compile(r"[A-Za-z0-9_-]{1,48}")


def write(volume: Volume, lines: Sequence[Line]) -> Iterator[tuple[str, bytes]]:
    """`eml/CONVERSATION/DAY.eml`, the day in China. A day that goes on in the next volume is parted there too."""
    for (conversation, day), group in groupby(lines, key=lambda x: (x.conversation, local_day(x.event_ms))):
        yield (
            f"eml/{conversation}/{day.isoformat()}.eml",
            _day(volume, conversation, list(group)).encode("ascii"),
        )


def _day(volume: Volume, conversation: int, lines: Sequence[Line]) -> str:
    boundary = f"=_jieli_{volume.number}_{conversation}_{lines[0].item}"
    first = lines[0]
    subject = f"会话 {conversation} {local_day(first.event_ms).isoformat()}（{len(lines)} 条）"
    head = [
        _address("From", [("接力导出", "export")], "jieli"),
        _words("Subject", subject),
        f"Date: {format_datetime(local(first.event_ms))}",
        f"Message-ID: <day.{volume.number}.{conversation}.{first.item}@jieli.invalid>",
        f"X-Jieli-Proof: {PROOF}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{boundary}"',
    ]
    parts = ["\r\n".join([*_text_headers(), "", *_base64(transcript(lines))])]
    parts += [
        "\r\n".join(["Content-Type: message/rfc822", "Content-Disposition: attachment", "", _message(line)])
        for line in lines
    ]
    body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return "\r\n".join(head) + f"\r\n\r\n{body}--{boundary}--\r\n"


def transcript(lines: Sequence[Line]) -> str:
    """The day as one reads it. Words are set in, so that no text can be read as somebody else's line."""
    found = []
    for line in lines:
        who = _CONTROL.sub(" ", line.sender_name or line.sender) or "（发送方不明）"
        files = "".join(f"［附件 {x.path}］\n" for x in line.files)
        found.append(
            f"{local(line.event_ms):%H:%M:%S} {who}\n{_set_in(line.text or f'（{line.msgtype}）')}\n{files}"
        )
    return "\n".join(found)


def _set_in(text: str) -> str:
    return "\n".join(f"    {row}" for row in text.splitlines())


def _message(line: Line) -> str:
    head = [
        _address("From", [(line.sender_name or line.sender, line.sender)], line.source),
        _address("To", [(who, who) for who in line.receivers], line.source),
        _words("Subject", f"会话 {line.conversation} 条目 {line.item}"),
        f"Date: {format_datetime(local(line.event_ms))}",
        f"Message-ID: <{line.item}@jieli.invalid>",
        f"X-Jieli-Item: {line.item}",
        f"X-Jieli-Time-Ms: {line.event_ms}",
        f"X-Jieli-Ledger: {line.entry}.{line.n}",
        _words("X-Jieli-Sender", line.sender),
        *(_words("X-Jieli-Receiver", who) for who in line.receivers),
        *(f"X-Jieli-File: {x.path}" for x in line.files),
        *(f"X-Jieli-File-SHA256: {x.sha256}" for x in line.files),
        *(_words("X-Jieli-Room", line.room) for _ in line.room[:1]),
        "MIME-Version: 1.0",
        *_text_headers(),
    ]
    return "\r\n".join([*(h for h in head if h), "", *_base64(line.text)])


def _text_headers() -> list[str]:
    return ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64"]


def _base64(text: str) -> list[str]:
    data = b64encode(text.encode()).decode()
    return [data[at : at + 76] for at in range(0, len(data), 76)]


def encoded_words(text: str) -> list[str]:
    """A text as encoded words, cut between characters; one plain word where nothing needs to be encoded."""
    if _PLAIN.fullmatch(text):
        return [text]
    pieces, piece = [], b""
    for character in text:
        more = character.encode()
        if len(piece) + len(more) > _WORD_BYTES:
            pieces.append(piece)
            piece = b""
        piece += more
    return [f"=?utf-8?B?{b64encode(one).decode()}?=" for one in [*pieces, piece]]


def _words(name: str, text: str) -> str:
    return f"{name}: " + "\r\n ".join(encoded_words(text))


def _address(name: str, people: Sequence[tuple[str, str]], source: str) -> str:
    """A header of addresses that lead nowhere (RFC 2606): the platform's id where it is an atom, else in hex.

    A control character in a name becomes a space; the CSV has the name as it is.
    """
    found = []
    for words, who in people:
        local_part = who if _ATOM.fullmatch(who) else f"x{who.encode().hex()[:40]}"
        shown = "\r\n ".join(encoded_words(_CONTROL.sub(" ", words)))
        found.append(f"{shown}\r\n <{local_part}@{_domain(source)}>")
    return f"{name}: " + ",\r\n ".join(found) if found else ""


def _domain(source: str) -> str:
    return f"{re.sub(r'[^a-z0-9]+', '-', source.lower()).strip('-')[:60] or 'jieli'}.invalid"
