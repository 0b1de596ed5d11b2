"""Messages as WeCom's archive gives them after decryption: one JSON object a line."""

import json
from dataclasses import dataclass, field
from hashlib import md5, sha256
from typing import Any

from jieli.wiring.demo.talk import Turn

_EXTERNAL = "wmDEMO"


@dataclass(frozen=True, slots=True)
class Line:
    """A line and the moment by which it is put in its place; `data` without its newline."""

    ms: int
    data: bytes


@dataclass
class Desk:
    """Gives messages their ids. Lines come in any order and are sorted by time in the end."""

    lines: list[Line] = field(default_factory=list)
    _count: int = 0

    def say(
        self, turn: Turn, *, sender: str, receivers: list[str], ms: int, room: str = "", recalls: str = ""
    ) -> str:
        """A message; its id. `recalls` is the id of a message taken back."""
        return self.put(
            ms, "recall" if recalls else "send", turn.kind, body_of(turn, ms, recalls),
            sender=sender, receivers=receivers, room=room,
        )  # fmt: skip

    def put(
        self, ms: int, action: str, msgtype: str, body: dict[str, Any],
        *, sender: str, receivers: list[str], room: str = "", claimed_ms: int | None = None,
    ) -> str:  # fmt: skip
        """A line of any kind; `claimed_ms` is the time it states, where that is not its own."""
        msgid = self.new_id(external=any(_is_external(p) for p in (sender, *receivers)))
        envelope = {
            "msgid": msgid, "action": action, "from": sender, "tolist": receivers, "roomid": room,
            "msgtime": ms if claimed_ms is None else claimed_ms, "msgtype": msgtype, **body,
        }  # fmt: skip
        self.add(ms, envelope)
        return msgid

    def new_id(self, *, external: bool) -> str:
        """The next message id, shaped as the platform's are."""
        self._count += 1
        digest = sha256(b"demo %d" % self._count).hexdigest()[:12]
        return f"dm{self._count:06d}{digest}{'_external' if external else ''}"

    def add(self, ms: int, value: dict[str, Any]) -> None:
        """An object as it stands."""
        self.raw(ms, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def raw(self, ms: int, data: bytes) -> None:
        """Bytes as they stand."""
        self.lines.append(Line(ms, data))

    def consent(self, customer: str, *, receivers: list[str], agreed: bool, ms: int, room: str = "") -> None:
        """The platform says what a customer answered."""
        word, when = ("agree", "agree_time") if agreed else ("disagree", "disagree_time")
        body = {word: {"userid": customer, when: ms}}
        self.put(ms, "send", word, body, sender=customer, receivers=receivers, room=room)


def _is_external(person: str) -> bool:
    return person.startswith(_EXTERNAL)


def body_of(turn: Turn, ms: int, recalls: str = "") -> dict[str, Any]:
    """The object beside the envelope, as the platform's documents describe it for this type."""
    first, _, second = turn.words.partition("|")
    claim = _claim(f"{turn.kind} {turn.words} {ms}")
    match turn.kind:
        case "text":
            return {"text": {"content": turn.words}}
        case "revoke":
            return {"revoke": {"pre_msgid": recalls}}
        case "image" | "video":
            return {turn.kind: {**claim, "filesize": 90_000 + ms % 40_000}}
        case "voice":
            return {"voice": {**claim, "voice_size": 8_000 + ms % 9_000, "play_length": 5 + ms % 40}}
        case "emotion":
            return {"emotion": {**claim, "type": 1, "width": 120, "height": 120, "imagesize": 6_000}}
        case "file":
            extension = first.rpartition(".")[2]
            return {
                "file": {**claim, "filename": first, "fileext": extension, "filesize": 150_000 + ms % 9_000}
            }
        case "link":
            address = "https://demo.example/" + claim["md5sum"][:8]
            return {"link": {"title": first, "description": second, "link_url": address, "image_url": ""}}
        case "weapp":
            return {
                "weapp": {
                    "title": first,
                    "description": "",
                    "username": "demo@app",
                    "displayname": "澜序家长端",
                }
            }
        case "location":
            where = {"longitude": 117, "latitude": 36, "zoom": 15}
            return {"location": {**where, "title": first, "address": second}}
        case unknown:
            return {unknown: {"content": turn.words}}


def _claim(of: str) -> dict[str, str]:
    digest = md5(of.encode(), usedforsecurity=False).hexdigest()
    return {"sdkfileid": f"demo-{digest[:16]}", "md5sum": digest}
