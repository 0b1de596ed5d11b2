"""What each WeCom message type holds: which words a person saw, which files belong to it.

The table covers the types of the official documents and the spellings seen in exports. A type that is not in
it, or a body that is not as described, gives no words and no files, and never an error: the raw line is kept.
JSON inside strings (mixed, chatrecord, note) is read part by part; a part that cannot be read is passed over.
Words come in the order of the table, joined by line feeds. A change here changes ``EXTRACTOR_VERSION``.
"""

from typing import Any, NamedTuple

from jieli.capture.types import MediaClaim
from jieli.connectors.jsonline import UnreadableError, load_object, visible, whole_number

MAX_NESTING = 8

Word = str | tuple[str, tuple[str, ...]]  # a field, or a list and the fields of its members (none: strings)


class Shape(NamedTuple):
    """One message type: where its body stands ("" = at the top), its words, its file, its parts."""

    bodies: tuple[str, ...]
    words: tuple[Word, ...] = ()
    media: str = ""
    size: str = ""
    parts: tuple[str, ...] = ()


SHAPES: dict[str, Shape] = {
    "text": Shape(("text",), ("content",)),
    "image": Shape(("image",), media="image", size="filesize"),
    "voice": Shape(("voice",), media="voice", size="voice_size"),
    "video": Shape(("video",), media="video", size="filesize"),
    "emotion": Shape(("emotion",), media="emotion", size="imagesize"),
    "file": Shape(("file",), ("filename",), media="file", size="filesize"),
    "revoke": Shape(("revoke",)),
    "card": Shape(("card",), ("corpname",)),
    "location": Shape(("location",), ("title", "address")),
    "link": Shape(("link",), ("title", "description")),
    "weapp": Shape(("weapp",), ("title", "description", "displayname")),
    "chatrecord": Shape(("chatrecord",), ("title",), parts=("item",)),
    "mixed": Shape(("mixed",), parts=("item",)),
    "note": Shape(("info", "note"), parts=("items", "item")),
    "todo": Shape(("todo",), ("title", "content")),
    "vote": Shape(("vote", ""), ("votetitle", ("voteitem", ()))),
    "collect": Shape(("collect",), ("title", "room_name", ("details", ("ques",)))),
    "redpacket": Shape(("redpacket",), ("wish",)),
    "external_redpacket": Shape(("redpacket", "external_redpacket"), ("wish",)),
    "meeting": Shape(("meeting",), ("topic", "address", "remarks")),
    "meeting_notification": Shape(("info", "meeting_notification"), ("content",)),
    "docmsg": Shape(("doc", "docmsg"), ("title",)),
    "markdown": Shape(("info", "markdown"), ("content", "markdown")),
    "news": Shape(("info", "news"), (("item", ("title", "description")),)),
    "calendar": Shape(("calendar",), ("title", "creatorname", ("attendeename", ()), "place", "remarks")),
    "meeting_voice_call": Shape(
        ("meeting_voice_call", "meetingvoicecall"), (("demofiledata", ("filename",)),), media="recording"
    ),
    "voip_doc_share": Shape(("voip_doc_share", "voipdocshare"), ("filename",), media="file", size="filesize"),
    "sphfeed": Shape(("sphfeed",), ("sph_name", "feed_desc")),
    "voiptext": Shape(("info", "voiptext")),
    "qydiskfile": Shape(("info", "qydiskfile"), ("filename",)),
    "solitaire": Shape(("info", "solitaire"), ("solitaire_content",)),
}
SHAPES["meetingvoicecall"] = SHAPES["meeting_voice_call"]
SHAPES["voipdocshare"] = SHAPES["voip_doc_share"]

# Said aloud, or shown while it was said. A voiptext is only the trace of a call inside the chat.
CALL_TYPES = frozenset({"meeting_voice_call", "meetingvoicecall", "voip_doc_share", "voipdocshare"})

_HEX = frozenset("0123456789abcdef")


def extract(msgtype: str, message: dict[str, Any]) -> tuple[str, tuple[MediaClaim, ...]]:
    """The searchable words and the claimed files of a message whose type and envelope have been read."""
    shape = SHAPES.get(msgtype)
    if shape is None:
        return "", ()
    words: list[str] = []
    media: list[MediaClaim] = []
    for key in shape.bodies:
        body = message.get(key) if key else message
        if type(body) is dict:
            _gather(shape, body, words, media, MAX_NESTING)
            break
    return visible("\n".join(words)), tuple(media)


def _gather(
    shape: Shape, body: dict[str, Any], words: list[str], media: list[MediaClaim], depth: int
) -> None:
    for word in shape.words:
        _add_words(word, body, words)
    if shape.media:
        media.append(_claim(shape, body))
    for key in shape.parts:
        parts = body.get(key)
        if type(parts) is list and depth:
            for part in parts:
                _add_part(part, words, media, depth - 1)


def _add_words(word: Word, body: dict[str, Any], words: list[str]) -> None:
    if isinstance(word, str):
        values = [body.get(word)]
    else:
        name, fields = word
        members = body.get(name)
        if type(members) is not list:
            return
        values = members
        if fields:
            values = [m.get(field) for m in members if type(m) is dict for field in fields]
    words.extend(value for value in values if type(value) is str and value)


def _add_part(part: Any, words: list[str], media: list[MediaClaim], depth: int) -> None:
    """One member of a forwarded record, a mixed message or a note; what cannot be read adds nothing."""
    if type(part) is not dict:
        return
    kind = part.get("type", part.get("msg_type"))
    shape = SHAPES.get(kind.removeprefix("ChatRecord").lower()) if type(kind) is str else None
    if shape is None:
        return
    content = part.get("content")
    if type(content) is str:
        try:
            content = load_object(content.encode())
        except UnreadableError:
            return
    if type(content) is dict:
        _gather(shape, content, words, media, depth)


def _claim(shape: Shape, body: dict[str, Any]) -> MediaClaim:
    digest = _string(body.get("md5sum")).lower()
    if len(digest) != 32 or not _HEX.issuperset(digest):
        digest = ""
    return MediaClaim(
        kind=shape.media,
        name=_string(body.get("filename")),
        locator=_string(body.get("sdkfileid")),
        algorithm="md5",
        digest=digest,
        size=whole_number(body.get(shape.size)) if shape.size else None,
    )


def _string(value: Any) -> str:
    return visible(value) if type(value) is str else ""
