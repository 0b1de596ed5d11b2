"""vCon (draft-ietf-vcon-vcon-core-04, syntax 0.4.0): one JSON container for each conversation of a volume, unsigned."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha512
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID, uuid5

from jieli.evidence.leaving_export.types import PROOF, Line, Volume
from jieli.kernel.times import from_ms

SYNTAX = "0.4.0"
#: Of our own making, so that the same part of the same conversation always has the same name.
_SPACE = UUID("5d0c6a52-4d0f-5c7b-8e53-6f2b7a1d9c34")


def write(volume: Volume, lines: Sequence[Line]) -> Iterator[tuple[str, bytes]]:
    """`vcon/CONVERSATION.json` for each; of one that goes on in the next volume this is a part."""
    for conversation, group in groupby(lines, key=attrgetter("conversation")):
        found = json.dumps(_container(volume, conversation, list(group)), ensure_ascii=False, indent=1)
        yield f"vcon/{conversation}.json", found.encode()


def _container(volume: Volume, conversation: int, lines: Sequence[Line]) -> dict[str, Any]:
    people = dict.fromkeys(who for line in lines for who in (line.sender, *line.receivers))
    names = {line.sender: line.sender_name for line in lines if line.sender_name}
    places = {who: place for place, who in enumerate(people)}
    return {
        "vcon": SYNTAX,
        "uuid": str(uuid5(_SPACE, f"{volume.origin}\n{volume.number}\n{conversation}")),
        "created_at": _time(volume.made),
        "subject": f"会话 {conversation}（第 {volume.number} 卷）",
        "parties": [{"name": names.get(who) or who or "（发送方不明）"} for who in people],
        "dialog": [_dialog(line, places) for line in lines],
        "attachments": [
            {
                "purpose": "proof", "start": _time(volume.made), "party": 0, "dialog": 0,
                "mediatype": "application/json", "encoding": "json",
                "body": {
                    "package": f"../{PROOF}", "origin": volume.origin,
                    "participants": list(people),
                    "items": [{"item": x.item, "entry": x.entry, "n": x.n} for x in lines],
                },
            },
            *(
                {
                    "purpose": "file", "start": _time(x.event_ms), "party": places[x.sender], "dialog": n,
                    "mediatype": file.mediatype, "filename": file.path.rpartition("/")[2], "url": f"../{file.path}",
                    "content_hash": written_hash(file.sha512),
                }
                for n, x in enumerate(lines)
                for file in x.files
            ),
        ],
        "analysis": [],
    }  # fmt: skip


def _dialog(line: Line, places: dict[str, int]) -> dict[str, Any]:
    sender = places[line.sender]
    return {
        "type": "text",
        "start": _time(line.event_ms),
        "parties": [sender, *dict.fromkeys(places[who] for who in line.receivers if places[who] != sender)],
        "originator": sender,
        "mediatype": "text/plain",
        "encoding": "none",
        "body": line.text,
        "content_hash": content_hash(line.text.encode()),
        "application": line.source,
        "message_id": str(line.item),
    }


def content_hash(data: bytes) -> str:
    """SHA-512 as the draft writes it: the algorithm, a hyphen, base64url without padding."""
    return written_hash(sha512(data).digest())


def written_hash(digest: bytes) -> str:
    """The same of a digest that is known."""
    return "sha512-" + urlsafe_b64encode(digest).decode().rstrip("=")


def _time(ms: int) -> str:
    return from_ms(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
