"""An item's fields and its row as they are digested (ADR 1): one place for depositing, opening and checking."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from seal import canonical
from seal.item import item_leaf, row_digest

Fields = list[tuple[str, bytes]]


def fields_of(
    *,
    raw: bytes,
    text: str,
    sender: str,
    receivers: bytes,
    event_ms: int,
    media: Sequence[Mapping[str, Any]],
) -> Fields:
    """The fields of an item in their order; an empty one is absent. `receivers` as `receivers_json` gives it."""
    fields = [("raw", raw)]
    if text:
        fields.append(("text", text.encode()))
    if sender:
        fields.append(("sender", sender.encode()))
    if receivers:
        fields.append(("receivers", receivers))
    fields.append(("time", b"%d" % event_ms))
    for n, claim in enumerate(media):
        fields.append((f"media.{n}", canonical.encode(dict(claim))))
    return fields


def receivers_json(receivers: Iterable[str]) -> bytes:
    """The canonical JSON of receivers; nothing for none."""
    found = list(receivers)
    return canonical.encode(found) if found else b""


def quoted(text: str) -> str:
    """A string as canonical JSON spells it."""
    return canonical.encode(text).decode()


def cached(spell: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of one argument that remembers: the same words come again and again within a batch."""
    known: dict[Any, Any] = {}

    def look(value: Any) -> Any:
        found = known.get(value)
        if found is None:
            found = known[value] = spell(value)
        return found

    return look


def row_json(
    *,
    item_id: int,
    conversation: int,
    source: str,
    message_key: bytes,
    event_at: int,
    channel: str,
    msgtype: str,
    recalls: bytes | None,
    basis_id: int,
    cipher_sha256: bytes,
) -> bytes:
    """The canonical JSON of an item's sealed columns, written out: a dictionary would cost four times as much.

    `source`, `channel` and `msgtype` come `quoted`. A test holds it against `sealed_row`, byte for byte.
    """
    back = f'"recalls":"{recalls.hex()}",' if recalls else ""
    return (
        f'{{"basis_id":{basis_id},"channel":{channel},"cipher_sha256":"{cipher_sha256.hex()}"'
        f',"conversation":{conversation},"event_at":{event_at},"item_id":{item_id}'
        f',"message_key":"{message_key.hex()}","msgtype":{msgtype},{back}"source":{source}}}'
    ).encode()


def leaf_of(fields_digest: bytes, row: bytes) -> bytes:
    """The item's leaf from its fields digest and its row's canonical JSON."""
    return item_leaf(fields_digest, row_digest(row))
