"""Excerpts of media made for tests, right ones and bent ones; every bad one has its code and cause."""

import json
from hashlib import sha256
from pathlib import Path

from seal import canonical, tree
from seal.checkpoint import sign
from seal.head import Checkpoint
from seal.media import CLAIM, PROOF, TABLE, absent_hashes, block_leaf, root_of, verify_excerpt, write_claim
from seal.part import Entry, facts_body, part_leaf, row_body
from seal.proof import Proof
from tests.seal.packages import ORIGIN, digest, signer

BLOCKS = [b"head", *(digest(f"second {n}") * (n + 1) for n in range(11))]
SALTS = [digest(f"salt {n}")[:16] for n in range(len(BLOCKS))]
LEAVES = [block_leaf(salt, block) for salt, block in zip(SALTS, BLOCKS, strict=True)]
SHOWN = [0, 4, 5, 6]
POLICY = f"log {signer(ORIGIN).vkey.format()}\nquorum none\n"


def row(**changed: object) -> dict[str, object]:
    whole = b"".join(BLOCKS)
    known = {"blocks": len(BLOCKS), "item": 65_536, "n": 0, "root": tree.root(LEAVES).hex(), "size": len(whole),
             "sha256": sha256(whole).hexdigest()}  # fmt: skip
    return {name: value for name, value in {**known, **changed}.items() if value is not None}


def made(folder: Path, *, shown: list[int] = SHOWN, **changed: object) -> Path:
    """An excerpt whose register says what `changed` wants, under a log of three entries."""
    folder.mkdir()
    body = row_body(table=TABLE, id="m-1", row=row(**changed))
    parts = [(digest("0")[:16], facts_body({"by": "x"})), (digest("1")[:16], body)]
    leaves = [part_leaf(salt, data) for salt, data in parts]
    entry = Entry(kind="archive.media", time=5, count=2, commitment=tree.root(leaves))
    log = [digest("a"), entry.leaf(), digest("b")]
    note = sign(Checkpoint(ORIGIN, 3, tree.root(log)), signer(ORIGIN))
    (folder / PROOF).write_bytes(Proof(1, tuple(tree.inclusion_path(log, 1)), note, entry.encode()).format())
    (folder / "excerpt.amr").write_bytes(b"".join(BLOCKS[n] for n in shown))
    (folder / CLAIM).write_bytes(
        write_claim(
            file="excerpt.amr",
            pieces=[(n, SALTS[n], len(BLOCKS[n])) for n in shown],
            hashes=absent_hashes(LEAVES, shown),
            entry=1,
            n=1,
            salt=parts[1][0],
            body=canonical.decode(body),
            path=tree.inclusion_path(leaves, 1),
        )
    )
    return folder


def bent(folder: Path, **changed: object) -> Path:
    """The same with other words in its claim."""
    claim = json.loads((folder / CLAIM).read_bytes())
    (folder / CLAIM).write_bytes(canonical.encode({**claim, **changed}))
    return folder


#: (code, cause) → what of the claim is bent.
BENT: dict[tuple[str, str], dict[str, object]] = {
    ("excerpt.version", "an excerpt of version 2"): {"v": 2},
    ("excerpt.version", "a claim of another kind"): {"kind": "x"},
    ("excerpt.name", "bytes in a folder above"): {"file": "../x"},
    ("excerpt.name", "bytes that are the claim itself"): {"file": "excerpt.json"},
    ("excerpt.file", "bytes that are absent"): {"file": "excerpt.bin"},
    ("excerpt.shape", "a key that is not known"): {"more": 1},
    ("excerpt.shape", "the facts of the entry for a row"): {"n": 0},
    ("excerpt.long", "bytes of no block"): {"blocks": []},
    ("excerpt.short", "fewer bytes than the blocks have"): {"blocks": [[0, "00" * 16, 1024 * 1024]]},
    ("excerpt.blocks", "a block that is a number"): {"blocks": [1]},
    ("excerpt.blocks", "a block without a byte"): {"blocks": [[0, "00" * 16, 0]]},
    ("excerpt.blocks", "a block before the first"): {"blocks": [[-1, "00" * 16, 1]]},
    ("excerpt.blocks", "a block twice"): {"blocks": [[1, "00" * 16, 4], [1, "00" * 16, 4]]},
    ("excerpt.hashes", "no hashes"): {"hashes": []},
    ("excerpt.hashes", "a hash of one byte"): {"hashes": ["00"]},
    ("excerpt.entry", "another entry than the proof's"): {"entry": 2},
    ("excerpt.part", "a part past the last"): {"n": 2},
    ("tree.length", "a part without its path"): {"path": []},
    ("tree.inclusion", "a part under another salt"): {"salt": "00" * 16},
    ("excerpt.table", "a row of another register"): {"body": {"id": 1, "row": {}, "table": "papers_paper"}},
    ("excerpt.row", "a row without its root"): {"body": {"id": 1, "row": {}, "table": TABLE}},
    ("part.body", "facts in the place of a row"): {"body": {"facts": {}}},
}


def _bent(folder: Path, changed: dict[str, object]) -> None:
    verify_excerpt(bent(made(folder / "e"), **changed))


def _exchanged(folder: Path) -> None:
    (made(folder / "e") / "excerpt.amr").write_bytes(bytes(sum(len(BLOCKS[n]) for n in SHOWN)))
    verify_excerpt(folder / "e")


#: The same as `test_bad` wants them: (code, cause) → how, given a folder and a monkeypatch.
BAD = {
    key: (lambda folder, _monkeypatch, changed=changed: _bent(folder, changed))
    for key, changed in BENT.items()
}
BAD["excerpt.root", "other bytes of the same length"] = lambda folder, _monkeypatch: _exchanged(folder)
BAD["excerpt.blocks", "no block at all"] = lambda _folder, _monkeypatch: root_of(4, {}, [])
