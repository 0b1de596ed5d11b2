"""A package of many items, for measuring: ``many_items(path, items=10_000, batch=100)``."""

from __future__ import annotations

import io
import time
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

from seal import item, part
from seal.canonical import encode
from seal.package import About, Opened, Package
from seal.tree import Tree
from tests.seal.packages import MADE, ORIGIN, digest, policy_text, signed_checkpoint, signer

WORDS = (
    "您好",
    "报价单已经发您邮箱",
    "请查收",
    "合同今天能签吗",
    "好的收到",
    "明天下午三点",
    "付款方式按原来的",
)


def many_items(path: Path, *, items: int, batch: int) -> bytes:
    """Write a package whose ``items`` messages came in batches, one entry a batch; gives its policy."""
    log = signer(ORIGIN)
    policy = policy_text(log, ())
    batches = [_batch(first, min(batch, items - first)) for first in range(0, items, batch)]
    entries = [entry for entry, _facts, _lines in batches]
    tree = Tree([part.parse_entry(entry).leaf() for entry in entries])
    about = About("conversation", ORIGIN, MADE, "demo", "样例事项", "争议举证", ("样例",))
    with Package(about, policy=policy) as package:
        package.add_checkpoint(signed_checkpoint(log, len(entries), tree.root()))
        for index, (entry, (salt, facts), lines) in enumerate(batches):
            package.add_entry(index, entry, tree.inclusion(index))
            leaves = [part.part_leaf(salt, encode(facts)), *(leaf for leaf, _row, _fields in lines)]
            inner = Tree(leaves)
            package.add_part(entry=index, n=0, path=inner.inclusion(0), salt=salt, body=facts)
            for n, (_leaf, row, fields) in enumerate(lines, start=1):
                package.add_item(entry=index, n=n, path=inner.inclusion(n), row=row, fields=fields)
        package.write(path)
    return policy


_Line = tuple[bytes, dict[str, object], dict[str, Opened]]


def _batch(first: int, count: int) -> tuple[bytes, tuple[bytes, dict[str, object]], list[_Line]]:
    lines = [_message(n) for n in range(first, first + count)]
    salt, facts = digest(f"salt {first}")[:16], {"facts": {"by": "worker", "first": first, "items": count}}
    leaves = [part.part_leaf(salt, encode(facts)), *(leaf for leaf, _row, _fields in lines)]
    root = part.commitment(leaves)
    entry = part.entry_bytes(kind="archive.deposit", time=MADE + first, count=len(leaves), commitment=root)
    return entry, (salt, facts), lines


def _message(n: int) -> _Line:
    text = "，".join(WORDS[(n + at) % len(WORDS)] for at in range(1 + n % 4))
    sender, receiver = (f"kehu{n % 50:04}", "xiaoshou01")[:: 1 if n % 2 else -1]
    raw = encode({"from": sender, "msgid": digest(f"id {n}").hex()[:24], "msgtime": MADE + n, "msgtype": "text",
                  "roomid": "", "seq": n, "text": {"content": text}, "tolist": [receiver]})  # fmt: skip
    fields = [("raw", raw), ("text", text.encode()), ("sender", sender.encode()),
              ("receivers", encode([receiver])), ("time", str(MADE + n).encode())]  # fmt: skip
    row: dict[str, object] = {
        "basis_id": n // 8, "channel": "chat", "cipher_sha256": digest(f"cipher {n}").hex(), "conversation": n % 50,
        "event_at": MADE + n, "item_id": n, "message_key": digest(f"key {n}").hex(), "msgtype": "text",
        "source": "wecom",
    }  # fmt: skip
    secret = digest(f"secret {n}")
    expanded = item.expand(secret)
    leaf = item.item_leaf(item.fields_digest_of(secret, fields)[0], item.row_digest(encode(row)))
    return leaf, row, {name: Opened(item.field_salt(expanded, name), data) for name, data in fields}


def reading(folder: Path) -> float:
    """Seconds of processor to read and hash every file of an unpacked package."""
    before = time.process_time()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            sha256(file.read_bytes()).digest()
    return time.process_time() - before


def unpacked(package: Path, folder: Path) -> Path:
    """The files of a package in a folder."""
    with ZipFile(io.BytesIO(package.read_bytes())) as files:
        files.extractall(folder)
    return folder
