"""Packages whose making is registered in the ledger, as the house makes them, and what can be done to them keyless."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from seal import part
from seal.canonical import Value, encode
from seal.package import About, Package
from seal.tree import Tree
from tests.seal.packages import (
    MADE,
    ORIGIN,
    PDF,
    SIZE,
    Built,
    _add_part,
    _entries,
    _Entry,
    _fill,
    files_of,
    policy_text,
    remade,
    signed_checkpoint,
    signer,
)

OMISSIONS = encode({"count": 2, "reason": "缺少质检使用同意", "what": "语音通话"}) + b"\n"
REGISTER = 4
ABOUT = About("conversation", ORIGIN, MADE, "demo", "", "", ())


def named(*contents: bytes) -> list[Value]:
    """Digests as a register names them."""
    return [f"sha256:{sha256(one).hexdigest()}" for one in contents]


def whole(path: Path, **more: Value) -> Built:
    """As :func:`registered`, by a register that binds all of it, as the house makes them now; ``more`` as there."""
    entries = _entries()
    with Package(ABOUT, policy=policy_text(signer(ORIGIN), ())) as draft:
        _fill(draft, entries, _tree(entries), (0, 2))
        bound: list[Value] = [*draft.bound()]
    columns: dict[str, Any] = {"digests": [*named(PDF, OMISSIONS), *bound], **more}
    return registered(path, alone=True, **columns)


def _tree(entries: tuple[_Entry, ...]) -> Tree:
    return Tree([part.parse_entry(entry.entry(at)).leaf() for at, entry in enumerate(entries)])


def registered(path: Path, *, about: str = "conversation", alone: bool = False, **changed: Value) -> Built:
    """The sample package with the part that registers it; ``about`` is its kind, and ``changed`` columns of
    the register say something else than it holds. ``alone``: nothing else is opened of the register's entry."""
    row: dict[str, Value] = {
        "digests": named(PDF, OMISSIONS), "items": 2, "kind": "conversation", "omitted": 2, "subject": "12",
    }  # fmt: skip
    body = part.row_body(table="evidence_package", id="r1", row={**row, **changed})
    entries = (*_entries()[:REGISTER], _Entry("evidence.sealed", (part.facts_body({}), body)))
    tree = _tree(entries)
    log = signer(ORIGIN)
    policy = policy_text(log, ())
    with Package(replace(ABOUT, kind=about), policy=policy) as package:
        package.add_checkpoint(signed_checkpoint(log, SIZE, tree.root()))
        _fill(package, entries, tree, (0, 2) if alone else (0, 2, REGISTER))
        if alone:
            package.add_entry(REGISTER, entries[REGISTER].entry(REGISTER), tree.inclusion(REGISTER))
            _add_part(package, REGISTER, 1, Tree(entries[REGISTER].leaves()), entries[REGISTER].salt(1), body)
        package.write(path)
    return Built(path, log, (), policy, None)


def counted(path: Path, changes: dict[str, bytes | None]) -> bytes:
    """The package with files changed and everything counted anew: what nobody needs a key for."""
    files = {name: data for name, data in {**files_of(path), **changes}.items() if data is not None}
    about = json.loads(files["package.json"])
    about["counts"] |= {
        "items": files["items.jsonl"].count(b"\n"), "parts": files["parts.jsonl"].count(b"\n"),
        "papers": sum(name.endswith(".pdf") for name in files),
        "served": sum(name.startswith("served/") for name in files),
    }  # fmt: skip
    about["omissions"] = sum(json.loads(line)["count"] for line in files["omissions.jsonl"].splitlines())
    return remade(files_of(path), {**changes, "package.json": encode(about) + b"\n"})
