"""Steps 4 to 7: whether the package holds together, from the opened fields up to the newest checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from seal import item as items
from seal import part as parts
from seal import tree
from seal.canonical import Value, encode
from seal.errors import MismatchError
from seal.verify.contents import Contents


@dataclass(slots=True)
class Sealed:
    """What step 4 finds on its way: counts, and which digests the opened parts name (digest -> entry)."""

    items: int = 0
    parts: int = 0
    digests: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Paper:
    """A PDF of the package (or its omissions); an opened part of ``entry`` names its digest, or none does."""

    name: str
    digest: str
    entry: int | None


def check_parts(contents: Contents, sealed: Sealed) -> None:
    """Step 4: items and parts lead to their entries, and every served paper is named by an opened part."""
    for part in contents.parts():
        leaf = parts.part_leaf(part.salt, encode(part.body))
        _lead(contents, part.entry, part.n, leaf, part.path)
        _collect(part.body, part.entry, sealed.digests)
        sealed.parts += 1
    for item in contents.items():
        leaf = items.item_leaf(items.fields_digest(item.fields), items.row_digest(item.row))
        _lead(contents, item.entry, item.n, leaf, item.path)
        sealed.items += 1
    for name in contents.served:
        if _digest(contents, f"served/{name}") != name or name not in sealed.digests:
            raise MismatchError("package.served", "A served paper is not the one that an opened part names.")


def _lead(contents: Contents, index: int, n: int, leaf: bytes, path: list[bytes]) -> None:
    entry = contents.entries.get(index)
    if entry is None:
        raise MismatchError(
            "package.entry", "An item or part names an entry that the package does not prove."
        )
    tree.verify_inclusion(leaf=leaf, index=n, size=entry.count, path=path, root=entry.commitment)


def _collect(value: Value, entry: int, digests: dict[str, int]) -> None:
    """Every string that is a SHA-256, bare or after ``sha256:``."""
    if isinstance(value, str):
        digest = value.removeprefix("sha256:")
        if len(digest) == 64:
            digests.setdefault(digest, entry)
    elif isinstance(value, list):
        for one in value:
            _collect(one, entry, digests)
    elif isinstance(value, dict):
        for one in value.values():
            _collect(one, entry, digests)


def check_entries(contents: Contents) -> None:
    """Step 5: every entry leads to the newest checkpoint."""
    newest = contents.newest
    for index, proof in contents.proofs.items():
        if proof.checkpoint != newest.data:
            raise MismatchError("proof.checkpoint", "A proof uses another checkpoint than the newest one.")
        tree.verify_inclusion(
            leaf=tree.leaf_hash(proof.extra or b""),
            index=index,
            size=newest.checkpoint.size,
            path=proof.path,
            root=newest.checkpoint.root,
        )


def check_prefixes(contents: Contents) -> None:
    """Step 6: every older checkpoint is a prefix of the newest one."""
    newest = contents.newest.checkpoint
    if contents.consistency.keys() != contents.heads.keys() - {newest.size}:
        raise MismatchError("package.consistency", "Each older checkpoint needs one consistency proof.")
    for size, path in contents.consistency.items():
        tree.verify_consistency(
            old=size,
            size=newest.size,
            old_root=contents.heads[size].checkpoint.root,
            root=newest.root,
            path=path,
        )


def check_counts(contents: Contents, sealed: Sealed) -> None:
    """Step 7: what ``package.json`` counts is what is there, omissions among it."""
    found = {
        "checkpoints": len(contents.heads),
        "entries": len(contents.proofs),
        "items": sealed.items,
        "papers": len(contents.papers),
        "parts": sealed.parts,
        "served": len(contents.served),
        "timestamps": len(contents.timestamps),
    }
    omitted = sum(omission.count for omission in contents.omissions)
    if found != contents.about.counts or omitted != contents.about.omissions:
        raise MismatchError("package.counts", "The package does not hold as many things as it says.")


def papers(contents: Contents, sealed: Sealed) -> tuple[Paper, ...]:
    """Each PDF and the list of omissions, with the entry that seals it, if an opened part names its digest."""
    names = [*contents.papers, *(["omissions.jsonl"] if contents.omissions else [])]
    named = [(name, _digest(contents, name)) for name in names]
    return tuple(Paper(name, digest, sealed.digests.get(digest)) for name, digest in named)


def _digest(contents: Contents, name: str) -> str:
    digest = sha256()
    for chunk in contents.container.chunks(name):
        digest.update(chunk)
    return digest.hexdigest()
