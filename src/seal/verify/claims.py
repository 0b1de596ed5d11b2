"""Steps 4 to 7: whether the package holds together, from the opened fields up to the newest checkpoint."""

from __future__ import annotations

from dataclasses import dataclass

from seal import tree
from seal.errors import MismatchError
from seal.verify.contents import Contents
from seal.verify.leads import Leads
from seal.verify.register import Register, check_register


@dataclass(frozen=True, slots=True)
class Paper:
    """A PDF of the package (or its omissions); an opened part of ``entry`` names its digest, or none does."""

    name: str
    digest: str
    entry: int | None


def check_parts(contents: Contents, leads: Leads) -> None:
    """Step 4: items and parts lead to their entries, and every served paper is named by an opened part."""
    if leads.error is not None:
        raise leads.error
    for name in contents.served:
        if contents.container.digest(f"served/{name}") != name or name not in leads.digests:
            raise MismatchError("package.served", "A served paper is not the one that an opened part names.")


def check_entries(contents: Contents) -> None:
    """Step 5: every entry leads to the newest checkpoint."""
    newest = contents.newest
    walk = tree.InclusionWalk(newest.checkpoint.size, newest.checkpoint.root)
    for index, proof in contents.proofs.items():
        if proof.checkpoint != newest.data:
            raise MismatchError("proof.checkpoint", "A proof uses another checkpoint than the newest one.")
        walk.verify(leaf=tree.leaf_hash(proof.extra or b""), index=index, path=b"".join(proof.path))


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


def check_counts(contents: Contents, leads: Leads) -> Register | None:
    """Step 7: what ``package.json`` counts is what is there, omissions among it, and what the ledger registers of it.

    Gives the register that the package is under; None where nothing in it says so.
    """
    found = {
        "checkpoints": len(contents.heads),
        "entries": len(contents.proofs),
        "items": leads.items,
        "papers": len(contents.papers),
        "parts": leads.parts,
        "served": len(contents.served),
        "timestamps": len(contents.timestamps),
    }
    omitted = sum(omission.count for omission in contents.omissions)
    if found != contents.about.counts or omitted != contents.about.omissions:
        raise MismatchError("package.counts", "The package does not hold as many things as it says.")
    return check_register(
        contents, leads.registers, items=leads.items, parts=leads.parts, before=leads.before
    )


def papers(contents: Contents, leads: Leads) -> tuple[Paper, ...]:
    """Each PDF and the list of omissions, with the entry that seals it, if an opened part names its digest."""
    names = [*contents.papers, *(["omissions.jsonl"] if contents.omissions else [])]
    named = [(name, contents.container.digest(name)) for name in names]
    return tuple(Paper(name, digest, leads.digests.get(digest)) for name, digest in named)
