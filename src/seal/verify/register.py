"""Whether a package is the one that its maker registered: part of step 7.

Before a package is written its maker enters, as a part of the table ``evidence_package``, how many items it holds, the
digests of its papers and of its list of omissions, and three more that bind the rest: its files, its other parts, what
it says of itself. Whoever holds a package can take lines and files out, count anew and list the sums anew, and no key
is needed for it: only against that part does it show. Parts made by an earlier release have the first digests only. Of
a package without the part nothing can be said, and the report says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from seal.canonical import Value, encode
from seal.container import is_pdf
from seal.errors import MismatchError
from seal.verify.contents import Contents
from seal.verify.sums import SM3_SUMS, SUMS

TABLE = "evidence_package"
#: Of a volume of an export the part also names the load files, which lie beside the package and not in it.
VOLUME, MATTER, RECEIPT = "volume", "matter", "receipt"
#: What one digest of a register binds together; a digest without such a name is that of one file.
FILES, ABOUT, PARTS = "files:", "about:", "parts:"
_FILES = ("items.jsonl", "omissions.jsonl", "policy")


@dataclass(frozen=True, slots=True)
class Register:
    """What the part in ``entry``, the ``line`` of parts.jsonl, says of a package; ``omitted`` of a volume does not
    count its media."""

    entry: int
    line: int
    kind: str
    items: int
    omitted: int
    digests: frozenset[str]

    @property
    def whole(self) -> bool:
        """Whether it binds all that the package holds, and what it says of itself."""
        return all(any(one.startswith(name) for one in self.digests) for name in (FILES, ABOUT, PARTS))


def register_of(body: Mapping[str, Value], entry: int, line: int) -> Register | None:
    """The register that an opened part is; None for a part of anything else, or of a form that is not known."""
    row = body.get("row")
    if body.get("table") != TABLE or not isinstance(row, dict):
        return None
    kind, items, omitted, digests = (row.get(name) for name in ("kind", "items", "omitted", "digests"))
    if (
        type(kind) is not str
        or type(items) is not int
        or type(omitted) is not int
        or type(digests) is not list
    ):
        return None
    return Register(entry, line, kind, items, omitted, frozenset(_bare(one) for one in digests))


def check_register(
    contents: Contents, registers: list[Register], *, items: int, parts: int, before: str
) -> Register | None:
    """The register that this package is under; None where it holds none that could be its own.

    ``items`` and ``parts`` are how many lines there are, ``before`` is the digest of parts.jsonl without its last line.
    An extract holds one line, and a receipt no item: a register in them is shown as what it says, not as what they
    are. Else :class:`MismatchError` where there are registers, and the package is none of them.
    """
    if not registers:
        return None
    bound = {*_bound(contents), PARTS + before}
    found = next((one for one in registers if _fits(contents, one, bound, last=one.line == parts)), None)
    alone = items + parts == 1 or (contents.about.kind == RECEIPT and not items)
    if found is None and not alone:
        raise MismatchError(
            "package.register",
            "The package is not as it was registered in the ledger: something was taken out, added or changed.",
        )
    return found


def _fits(contents: Contents, register: Register, bound: set[str], *, last: bool) -> bool:
    container = contents.container
    if register.items != contents.about.counts["items"]:
        return False
    # a volume without omissions has an empty list sealed; a matter of an earlier release without any has none
    unlisted = register.kind == MATTER and not register.omitted and not contents.omissions
    if not unlisted and container.digest("omissions.jsonl") not in register.digests:
        return False
    together = {one for one in register.digests if one.startswith((FILES, ABOUT, PARTS))}
    if not together <= bound or (not last and any(one.startswith(PARTS) for one in together)):
        return False
    held = {container.digest(name) for name in (*contents.papers, "items.jsonl", "omissions.jsonl")}
    return register.kind == VOLUME or register.digests - together <= held


def _bound(contents: Contents) -> tuple[str, str]:
    """What the names FILES and ABOUT stand for in this package."""
    files = sha256()
    for line in contents.container.lines(SUMS, limit=512):
        name = line[66:].decode("utf-8")  # of its form since step 2: hex, two spaces, name
        if name in _FILES or name.startswith("served/") or is_pdf(name):
            files.update(line + b"\n")
    about = contents.about
    free: dict[str, Value] = {
        "clock": about.clock,
        "kind": about.kind,
        "made": about.made,
        "matter": about.matter,
        "not_proved": list(about.not_proved),
        "omissions": about.omissions,
        "origin": about.origin,
        "purpose": about.purpose,
        "v": 1 + (SM3_SUMS in contents.container.members),
    }
    return FILES + files.hexdigest(), ABOUT + sha256(encode(free)).hexdigest()


def _bare(digest: Value) -> str:
    return str(digest).removeprefix("sha256:")
