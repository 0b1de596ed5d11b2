"""An item's fields and its row as they are digested (ADR 1): one place for depositing, opening and checking."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256, shake_256
from struct import Struct, iter_unpack
from typing import Any

from seal import canonical
from seal.item import TAG, fields_digest_of

Fields = list[tuple[str, bytes]]
_LEAF = b"\x00" + TAG
#: The content key and five salts: what a secret is expanded to where there are no media.
SECRET = 32
_EXPANDED = SECRET * 6
_salts = Struct(f"{SECRET}s" * 6).unpack
_RAW, _TEXT, _SENDER, _RECEIVERS, _TIME = b"raw\0", b"text\0", b"sender\0", b"receivers\0", b"time\0"
#: Hashes begun: a copy costs two thirds of a new one, for which OpenSSL looks the algorithm up each time.
_begun = sha256().copy
_leaf_begun = sha256(_LEAF).copy
_raw_begun, _text_begun, _sender_begun, _receivers_begun, _time_begun = (
    sha256(name).copy for name in (_RAW, _TEXT, _SENDER, _RECEIVERS, _TIME)
)


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


def digest_and_key(
    secret: bytes,
    raw: bytes,
    text: str,
    sender: str,
    receivers: bytes,
    event_ms: int,
    media: Sequence[Mapping[str, Any]],
    expanded: bytes = b"",
) -> tuple[bytes, bytes]:
    """An item's fields digest and its content key; `expanded` is `seal.item.expand(secret)` where it is at hand.

    Most items have exactly the five fields, and these are written out here; all others go
    through `fields_digest_of`. A test holds the two against each other.
    """
    if media or not text or not sender or not receivers:
        fields = fields_of(
            raw=raw, text=text, sender=sender, receivers=receivers, event_ms=event_ms, media=media
        )
        return fields_digest_of(secret, fields)
    salts = expanded or shake_256(TAG + secret).digest(_EXPANDED)
    lines = (
        f"raw {sha256(_RAW + salts[32:64] + raw).hexdigest()}\n"
        f"text {sha256(_TEXT + salts[64:96] + text.encode()).hexdigest()}\n"
        f"sender {sha256(_SENDER + salts[96:128] + sender.encode()).hexdigest()}\n"
        f"receivers {sha256(_RECEIVERS + salts[128:160] + receivers).hexdigest()}\n"
        f"time {sha256(_TIME + salts[160:192] + b'%d' % event_ms).hexdigest()}\n"
    )
    return sha256(lines.encode()).digest(), salts[:32]


def five_digest(
    salts: bytes, raw: bytes, text: bytes, sender: bytes, receivers: bytes, event_ms: bytes
) -> bytes:
    """The fields digest of an item that has exactly the five fields, by their bytes; `salts` as `expand` gives them.

    A test holds it against `digest_and_key`.
    """
    raw_, text_, sender_ = _raw_begun(), _text_begun(), _sender_begun()
    receivers_, time_, whole = _receivers_begun(), _time_begun(), _begun()
    raw_.update(salts[32:64] + raw)
    text_.update(salts[64:96] + text)
    sender_.update(salts[96:128] + sender)
    receivers_.update(salts[128:160] + receivers)
    time_.update(salts[160:192] + event_ms)
    lines = (
        f"raw {raw_.hexdigest()}\ntext {text_.hexdigest()}\nsender {sender_.hexdigest()}\n"
        f"receivers {receivers_.hexdigest()}\ntime {time_.hexdigest()}\n"
    )
    whole.update(lines.encode())
    return whole.digest()


def digests_and_keys(messages: Iterable[Sequence[Any]], secrets: bytes) -> Iterator[tuple[bytes, bytes]]:
    """`digest_and_key` of many: (event_ms, raw, text, sender, receivers, claims) each; message n has the n-th secret.

    Written out again, for it is half of what a message costs before its verdict. A test holds the two together.
    """
    heard_of, spoken = cached(receivers_json), cached(str.encode)
    digested, expand, tag, most = sha256, shake_256, TAG, _EXPANDED
    for (event_ms, raw, text, sender, receivers, media), (secret,) in zip(
        messages, iter_unpack(f"{SECRET}s", secrets), strict=True
    ):
        heard = heard_of(receivers)
        if media or not text or not sender or not heard:
            yield digest_and_key(secret, raw, text, sender, heard, event_ms, media)
            continue
        key, of_raw, of_text, of_sender, of_heard, of_time = _salts(expand(tag + secret).digest(most))
        lines = (
            f"raw {digested(_RAW + of_raw + raw).hexdigest()}\n"
            f"text {digested(_TEXT + of_text + text.encode()).hexdigest()}\n"
            f"sender {digested(_SENDER + of_sender + spoken(sender)).hexdigest()}\n"
            f"receivers {digested(_RECEIVERS + of_heard + heard).hexdigest()}\n"
            f"time {digested(_TIME + of_time + str(event_ms).encode()).hexdigest()}\n"
        )
        yield digested(lines.encode()).digest(), key


def receivers_json(receivers: Iterable[str]) -> bytes:
    """The canonical JSON of receivers; nothing for none."""
    found = list(receivers)
    return canonical.encode(found) if found else b""


@lru_cache(maxsize=1_024)
def receivers_known(receivers: tuple[str, ...]) -> bytes:
    """As `receivers_json`: the two sides of a conversation are spelled once, not once a message."""
    return receivers_json(receivers)


def quoted(text: str) -> str:
    """A string as canonical JSON spells it."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'  # nothing in it to escape: an id, a name of a table
    return canonical.encode(text).decode()


class _Known(dict[Any, Any]):
    """What a function said, by its argument."""

    def __init__(self, spell: Callable[[Any], Any]) -> None:
        self.spell = spell

    def __missing__(self, value: Any) -> Any:
        found = self[value] = self.spell(value)
        return found


def cached(spell: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of one argument that remembers: the same words come again and again within a batch.

    What it knows it says without a step of Python.
    """
    return _Known(spell).__getitem__


def row_json(
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
    of_row, leaf = _begun(), _leaf_begun()
    of_row.update(row)
    leaf.update(fields_digest + of_row.digest())
    return leaf.digest()
