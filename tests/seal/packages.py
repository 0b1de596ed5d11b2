"""Builds small but complete packages, with their keys, for tests of every verifier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zlib import crc32

from seal import checkpoint, cosignature, item, note, part
from seal.canonical import decode, encode
from seal.checkpoint import Checkpoint
from seal.container import Container, central_header, end_record, local_header, order_key
from seal.keys import COSIGNATURE, ED25519, SM2, Signer, parse_signer, signer_of
from seal.package import About, Closed, Opened, Package
from seal.tree import Tree

ORIGIN = "log.sample.example/jieli"
MADE = 1_790_000_000_000  # 2026-09-21, ms UTC
COSIGNED = 1_790_000_100  # s UTC
OLD_SIZE, SIZE = 3, 5
NOTICE = "《工作账号告知书》样张：工作账号中的会话会被留存。\n".encode()
SM2_SECRET = (
    "PRIVATE+KEY+log.sample.example/jieli+607a900e+/2ppZWxpLnNtMi52MQrAsWwzSwkadxAcL/9WTmaiiIoi"
    "4ghItP4+KZv1MPlGUG+lkEtt5/vYfPIqRPoHEkUJzbzk/Or/yWUM6xROrIdMuH6UEbVvEiVeAwqH1HaiV7n5Xkr43/"
    "9AHUBpbli/lFE="
)
PDF = b"%PDF-1.4\n% sample list of evidence\n%%EOF\n"


def signer(name: str, *, kind: int = ED25519, seed: str = "") -> Signer:
    """A key that is the same in every run."""
    return signer_of(name, digest(f"key {seed or name} {kind}"), kind=kind)


def sm2_signer(name: str = ORIGIN) -> Signer:
    """One SM2 key of the log, made once and kept: the library makes none from a seed."""
    return (
        parse_signer(SM2_SECRET)
        if name == ORIGIN
        else signer_of(name, parse_signer(SM2_SECRET).seed, kind=SM2)
    )


def digest(label: str) -> bytes:
    """Thirty-two bytes that look random and are the same in every run."""
    return sha256(label.encode()).digest()


@dataclass(frozen=True)
class Built:
    """A package on disk, and what a verifier may be given beside it."""

    path: Path
    log: Signer
    witnesses: tuple[Signer, ...]
    policy: bytes
    roots: bytes | None


@dataclass(frozen=True)
class _Entry:
    kind: str
    bodies: tuple[bytes, ...]
    items: tuple[tuple[bytes, dict[str, object], list[tuple[str, bytes]]], ...] = ()

    def salt(self, n: int) -> bytes:
        return digest(f"salt {self.kind} {n}")[:16]

    def leaves(self) -> list[bytes]:
        leaves = [part.part_leaf(self.salt(n), body) for n, body in enumerate(self.bodies)]
        for secret, row, fields in self.items:
            leaves.append(
                item.item_leaf(item.fields_digest_of(secret, fields)[0], item.row_digest(encode(row)))
            )
        return leaves

    def entry(self, at: int) -> bytes:
        leaves = self.leaves()
        return part.entry_bytes(
            kind=self.kind, time=MADE + at, count=len(leaves), commitment=part.commitment(leaves)
        )


def policy_text(
    log: Signer, witnesses: tuple[Signer, ...], *, quorum: int | None = None, more: tuple[Signer, ...] = ()
) -> bytes:
    """A policy that trusts ``log`` and asks for ``quorum`` of the witnesses (default: all, none without any)."""
    lines = ["# sample policy", *(f"log {one.vkey.format()}" for one in (log, *more))]
    lines += [f"witness w{n} {one.vkey.format()}" for n, one in enumerate(witnesses)]
    if witnesses and quorum != 0:
        names = " ".join(f"w{n}" for n in range(len(witnesses)))
        lines.append(f"group all-of-them {quorum or len(witnesses)} {names}")
        lines.append("quorum all-of-them")
    else:
        lines.append("quorum none")
    return "".join(line + "\n" for line in lines).encode()


def signed_checkpoint(
    log: Signer, size: int, root: bytes, witnesses: tuple[Signer, ...] = (), more: tuple[Signer, ...] = ()
) -> bytes:
    """A checkpoint by ``log`` and ``more`` keys of it, cosigned."""
    head = Checkpoint(log.name, size, root)
    lines = [checkpoint.signature(head, one, time=COSIGNED + size) for one in more]
    lines += [
        note.Signature(one.name, one.vkey.id, cosignature.cosign(head.text(), one, time=COSIGNED + size))
        for one in witnesses
    ]
    return note.add(checkpoint.sign(head, log), lines)


def build(
    path: Path,
    *,
    seed: str = "sample",
    origin: str = ORIGIN,
    witness_count: int = 1,
    stamp: Callable[[bytes], bytes] | None = None,
    roots: bytes | None = None,
    clock: str = "demo",
    more: tuple[Signer, ...] = (),
    cosigner: int = COSIGNATURE,
    sm3: bool = False,
    kind: str = "conversation",
    take: tuple[int, ...] = (0, 2, 3),
) -> Built:
    """Write a complete package: a notice as served, two messages (one with a field closed), an omission, a PDF.

    ``stamp`` answers an RFC 3161 response over the bytes it is given (``Authority.stamp``). Another ``seed``
    gives another log key and the same content. ``take`` says which of the five entries go in (0 has the notice);
    ``more`` keys of the log sign too.
    """
    log = signer(origin, seed=f"{seed} log")
    names = tuple(f"witness{n}.sample.example" for n in range(witness_count))
    witnesses = tuple(signer(name, kind=cosigner, seed=f"{seed} {name}") for name in names)
    policy = policy_text(log, witnesses, more=more)
    entries = _entries()
    leaves = [part.parse_entry(entry.entry(at)).leaf() for at, entry in enumerate(entries)]
    tree = Tree(leaves)
    about = About(
        kind=kind,
        origin=origin,
        made=MADE,
        clock=clock,
        matter="样例事项",
        purpose="争议举证",
        not_proved=("聊天软件当时向用户显示过这些文字", "此外没有说过别的话"),
    )
    with Package(about, policy=policy, sm3=sm3) as package:
        for size in (OLD_SIZE, SIZE):
            root = Tree(leaves[:size]).root()
            package.add_checkpoint(signed_checkpoint(log, size, root, witnesses, more))
            if stamp is not None:
                package.add_timestamp(size, stamp(Checkpoint(origin, size, root).text()))
        package.add_consistency(OLD_SIZE, tree.consistency(OLD_SIZE))
        _fill(package, entries, tree, take)
        package.write(path)
    return Built(path, log, witnesses, policy, roots)


def _entries() -> tuple[_Entry, ...]:
    served = sha256(NOTICE).hexdigest()
    notice = part.row_body(
        table="consent.notice", id=7, row={"paper": f"sha256:{served}", "served": MADE - 5000}
    )
    messages = tuple(_message(n, text) for n, text in enumerate(("您好，报价单已经发您邮箱", "收到，谢谢")))
    sealed = part.facts_body({"by": "法务一", "papers": [f"sha256:{sha256(PDF).hexdigest()}"]})
    return (
        _Entry("consent.serve", (part.facts_body({"by": "人事一"}), notice)),
        _Entry("ledger.beat", (part.facts_body({}),)),
        _Entry("archive.deposit", (part.facts_body({"by": "worker", "items": 2}),), messages),
        _Entry("evidence.seal", (sealed,)),
        _Entry("ledger.beat", (part.facts_body({"n": 2}),)),
    )


def _message(n: int, text: str) -> tuple[bytes, dict[str, object], list[tuple[str, bytes]]]:
    raw = encode({"from": "kehu01", "msgtime": MADE - 1000 + n, "text": text, "to": ["xiaoshou01"]})
    fields = [
        ("raw", raw),
        ("text", text.encode()),
        ("sender", b"kehu01"),
        ("receivers", encode(["xiaoshou01"])),
        ("time", str(MADE - 1000 + n).encode()),
        ("media.0", encode({"size": 1024, "sha256": digest("media").hex()})),
    ]
    row: dict[str, object] = {"batch": 1, "ciphertext": digest(f"cipher {n}").hex(), "position": n}
    return digest(f"secret {n}"), row, fields


def _fill(package: Package, entries: tuple[_Entry, ...], tree: Tree, take: tuple[int, ...]) -> None:
    for index in take:
        entry = entries[index]
        package.add_entry(index, entry.entry(index), tree.inclusion(index))
        inner = Tree(entry.leaves())
        for n, body in enumerate(entry.bodies):
            _add_part(package, index, n, inner, entry.salt(n), body)
        for at, (secret, row, fields) in enumerate(entry.items):
            n = len(entry.bodies) + at
            package.add_item(
                entry=index, n=n, path=inner.inclusion(n), row=row, fields=_show(secret, fields, at)
            )
    package.add_served(NOTICE)
    package.add_pdf("01-证据目录.pdf", PDF)
    package.add_omission(what="语音通话", count=2, reason="缺少质检使用同意")


def _add_part(package: Package, index: int, n: int, inner: Tree, salt: bytes, body: bytes) -> None:
    value = decode(body)
    assert isinstance(value, dict)
    package.add_part(entry=index, n=n, path=inner.inclusion(n), salt=salt, body=value)


def _show(secret: bytes, fields: list[tuple[str, bytes]], at: int) -> dict[str, Opened | Closed]:
    """The first message all open; of the second the sender stays closed."""
    expanded = item.expand(secret, 1)
    shown: dict[str, Opened | Closed] = {}
    for name, data in fields:
        salt = item.field_salt(expanded, name)
        closed = at == 1 and name in ("raw", "sender")
        shown[name] = Closed(item.field_digest(name, salt, data)) if closed else Opened(salt, data)
    return shown


def files_of(path: Path) -> dict[str, bytes]:
    """Every file of a package."""
    with Container.open(path) as container:
        return {name: container.read(name, limit=1 << 30) for name in container.members}


def remade(files: Mapping[str, bytes], changes: Mapping[str, bytes | None]) -> bytes:
    """A package's bytes with files changed, added, or (None) removed, its digests and container made anew.

    It is what an attacker can do without any key: steps 1 and 2 of the verification pass.
    """
    kept = {name: data for name, data in {**files, **changes}.items() if data is not None}
    if "SHA256SUMS" not in changes:
        kept.pop("SHA256SUMS")
        names = sorted(kept, key=lambda name: name.encode())
        kept["SHA256SUMS"] = "".join(f"{sha256(kept[name]).hexdigest()}  {name}\n" for name in names).encode()
    return packed(kept)


def packed(files: Mapping[str, bytes]) -> bytes:
    """The canonical container of these files, in memory."""
    body, central = b"", b""
    for name in sorted(files, key=order_key):
        data, encoded = files[name], name.encode()
        central += central_header(encoded, crc32(data), len(data), len(body))
        body += local_header(encoded, crc32(data), len(data)) + data
    return body + central + end_record(len(files), len(central), len(body))
