"""Step 3: the form of every file. Nothing is believed yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seal import checkpoint as checkpoints
from seal import part as parts
from seal import policy as policies
from seal import proof as proofs
from seal.checkpoint import Checkpoint
from seal.container import Container, is_pdf
from seal.encoding import from_base64_hash, from_decimal
from seal.errors import SealError
from seal.note import MAX_NOTE, Note
from seal.part import Entry
from seal.policy import Policy
from seal.proof import Proof
from seal.shape import Shape
from seal.timestamp import MAX_RESPONSE
from seal.verify.lines import Omission, read_omission
from seal.verify.sums import SM3_SUMS, SUMS

MAX_LINE = 64 * 1024 * 1024
MAX_FACTS = 1024 * 1024
_LISTS = ("items.jsonl", "omissions.jsonl", "parts.jsonl")
_COUNTS = ("checkpoints", "entries", "items", "papers", "parts", "served", "timestamps")


@dataclass(frozen=True, slots=True)
class About:
    """``package.json``."""

    kind: str
    origin: str
    made: int
    clock: str
    matter: str
    purpose: str
    size: int
    counts: dict[str, int]
    omissions: int
    not_proved: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """A checkpoint of the package: as read, its note, and its bytes."""

    checkpoint: Checkpoint
    note: Note
    data: bytes


@dataclass(slots=True)
class Contents:
    """Every file of a package, read, but for items and parts: those are read line by line."""

    container: Container
    about: About
    policy: Policy
    heads: dict[int, Head]
    consistency: dict[int, list[bytes]]
    timestamps: list[tuple[int, int, bytes]]
    proofs: dict[int, Proof]
    entries: dict[int, Entry]
    served: list[str]
    papers: list[str]
    omissions: list[Omission]

    @property
    def newest(self) -> Head:
        """The checkpoint that the proofs use."""
        return self.heads[self.about.size]


def read_contents(container: Container) -> Contents:
    """Step 3: every file is of a known kind and in its one form."""
    groups: dict[str, list[str]] = {name: [] for name in _FOLDERS}
    papers = []
    for name in container.members:
        folder, slash, rest = name.partition("/")
        if slash and folder in groups:
            groups[folder].append(rest)
        elif is_pdf(name):
            papers.append(name)
        elif name not in (SUMS, SM3_SUMS, "package.json", "policy", *_LISTS):
            raise SealError(
                "package.file", "The package holds a file of no known kind; use a newer verifier."
            )
    if not container.members.keys() >= {"package.json", "policy", *_LISTS}:
        raise SealError("package.file", "The package lacks a file that it must have; ask for the original.")
    policy = policies.parse(container.read("policy", limit=policies.MAX_POLICY))
    about = _about(container.read("package.json", limit=MAX_FACTS), 1 + (SM3_SUMS in container.members))
    heads = {head.checkpoint.size: head for head in _heads(container, groups["checkpoints"], about, policy)}
    if not heads or max(heads) != about.size:
        raise SealError("package.size", "The package lacks the newest checkpoint that it names.")
    found = _proofs(container, groups["proofs"], heads[about.size].data)
    return Contents(
        container=container,
        about=about,
        policy=policy,
        heads=heads,
        consistency=_consistency(container, groups["consistency"]),
        timestamps=_timestamps(container, groups["timestamps"], heads),
        proofs=found,
        entries={index: parts.parse_entry(proof.extra or b"") for index, proof in found.items()},
        served=_served(groups["served"]),
        papers=papers,
        omissions=[read_omission(line) for line in container.lines("omissions.jsonl", limit=MAX_FACTS)],
    )


_FOLDERS = ("checkpoints", "consistency", "timestamps", "proofs", "served")


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise SealError("package.consistency", "A line of a consistency proof is not UTF-8.") from None


def _about(data: bytes, version: int) -> About:
    if not data.endswith(b"\n"):
        raise SealError("package.shape", "package.json must end in a newline.")
    shape = Shape.of(data[:-1], code="package.shape")
    if not shape.has("v") or shape.raw("v") not in (1, 2):
        raise SealError("package.version", "The package is of a later version; use a newer verifier.")
    if shape.raw("v") != version:
        raise SealError("package.version", "Version 2 of a package has an SM3SUMS, version 1 has none.")
    shape.only(frozenset(About.__dataclass_fields__) | {"v"})
    counts = Shape(shape.raw("counts"), code="package.shape").only(frozenset(_COUNTS))
    about = About(
        kind=shape.text("kind"),
        origin=shape.text("origin"),
        made=shape.integer("made"),
        clock=shape.text("clock"),
        matter=shape.text("matter"),
        purpose=shape.text("purpose"),
        size=shape.integer("size", least=1),
        counts={name: counts.integer(name) for name in _COUNTS},
        omissions=shape.integer("omissions"),
        not_proved=tuple(shape.texts("not_proved")),
    )
    if about.kind not in ("conversation", "matter", "receipt") or about.clock not in ("real", "demo"):
        raise SealError("package.shape", "The kind or the clock of the package is none that is known.")
    return about


def _heads(container: Container, names: list[str], about: About, policy: Policy) -> Iterator[Head]:
    keys = {(key.name, key.id) for key in policy.vkeys()}
    for name in names:
        size = from_decimal(name, code="package.name")
        data = container.read(f"checkpoints/{name}", limit=MAX_NOTE)
        checkpoint, note = checkpoints.parse(data)
        if checkpoint.size != size or size == 0 or checkpoint.origin != about.origin:
            raise SealError(
                "package.checkpoint", "A checkpoint is of another size or log than its name says."
            )
        if any((one.name, one.id) not in keys for one in note.signatures):
            raise SealError(
                "package.signature", "A checkpoint carries a line of a key that the policy lacks."
            )
        yield Head(checkpoint, note, data)


def _consistency(container: Container, names: list[str]) -> dict[int, list[bytes]]:
    found = {}
    for name in names:
        size = from_decimal(name, code="package.name")
        lines = container.lines(f"consistency/{name}", limit=44)
        found[size] = [from_base64_hash(_text(line), code="package.consistency") for line in lines]
    return found


def _timestamps(
    container: Container, names: list[str], heads: dict[int, Head]
) -> list[tuple[int, int, bytes]]:
    found = []
    for name in names:
        fields = name.split(".")
        if len(fields) != 3 or fields[2] != "tsr":
            raise SealError("package.name", "A timestamp is named by size, number and tsr.")
        size, n = (from_decimal(field, code="package.name") for field in fields[:2])
        if size not in heads or n == 0:
            raise SealError(
                "package.name", "A timestamp belongs to no checkpoint of the package, or is number 0."
            )
        found.append((size, n, container.read(f"timestamps/{name}", limit=MAX_RESPONSE)))
    return sorted(found)


def _proofs(container: Container, names: list[str], newest: bytes) -> dict[int, Proof]:
    found = {}
    for name in names:
        index = from_decimal(name.removesuffix(".tlog-proof"), code="package.name")
        proof = proofs.parse(container.read(f"proofs/{name}", limit=proofs.MAX_PROOF), known=newest)
        if not name.endswith(".tlog-proof") or proof.index != index or proof.extra is None:
            raise SealError(
                "package.proof", "A proof is not of the entry that its name says, or lacks the entry."
            )
        found[index] = proof
    return found


def _served(names: list[str]) -> list[str]:
    for name in names:
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise SealError("package.name", "A served paper is named by its SHA-256 in hex.")
    return names
