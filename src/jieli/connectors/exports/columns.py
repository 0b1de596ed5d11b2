"""The columns that the flat load files share, as text."""

import json
from hashlib import sha256

from jieli.evidence.leaving_export.types import PROOF, Line
from jieli.kernel.times import local

COLUMNS = (
    "item", "conversation", "source", "channel", "msgtype", "time", "time_ms", "sender", "sender_name", "receivers",
    "room", "account", "text", "text_sha256", "media", "files", "documented_later", "ledger_entry", "ledger_n", "proof",
)  # fmt: skip


def cells(line: Line) -> tuple[str, ...]:
    """The values of a line, in the order of COLUMNS; lists are JSON arrays, times stand in China and in ms UTC."""
    return (
        str(line.item), str(line.conversation), line.source, line.channel, line.msgtype,
        local(line.event_ms).isoformat(timespec="milliseconds"), str(line.event_ms), line.sender, line.sender_name,
        json.dumps(line.receivers, ensure_ascii=False), line.room, line.account, line.text,
        sha256(line.text.encode()).hexdigest(), json.dumps(line.media, ensure_ascii=False, sort_keys=True),
        json.dumps([one.path for one in line.files]),
        "1" if line.documented_later else "0", str(line.entry), str(line.n), PROOF,
    )  # fmt: skip
