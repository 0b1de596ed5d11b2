# ruff: noqa: E501  (one artefact a line: the table is read, not the code)
"""The corpus of bad artefacts: each has a cause and a code of its own, and no code of ``seal`` is without one.

``bad/<reader>.json`` holds what can be kept as text. What is too long for that, and what goes wrong in making or in
the surroundings, is built by name in :data:`BUILT`.
"""

import ast
import io
import json
import re
import sys
from base64 import b64decode
from pathlib import Path

import pytest

import seal
from seal import (
    canonical,
    checkpoint,
    container,
    cosignature,
    ed25519,
    item,
    keys,
    mldsa,
    note,
    part,
    policy,
    proof,
    sm2,
    tiles,
    timestamp,
    tree,
)  # fmt: skip
from seal import witness as seal_witness
from seal.build_pyz import _named
from seal.build_pyz import build as build_pyz
from seal.checkpoint import Checkpoint
from seal.cli import _broken_off, _keygen, _parser, _read
from seal.container_writer import ContainerWriter
from seal.errors import SealError, UnvouchedError
from seal.extract import extract
from seal.log_reader import read_log
from seal.package import About, Package
from seal.show import show
from seal.verify import verify_package
from seal.verify.sums import check_sums
from seal.witness_files import answer_folder
from tests.seal import as_bytes
from tests.seal.authority import Authority
from tests.seal.excerpts import BAD as EXCERPTS
from tests.seal.make_golden import GOLDEN
from tests.seal.packages import (
    ORIGIN,
    build,
    digest,
    files_of,
    packed,
    policy_text,
    remade,
    signed_checkpoint,
    signer,
    sm2_signer,
)  # fmt: skip
from tests.seal.registers import counted, registered
from tests.seal.test_package import first_bad

BAD = Path(__file__).with_name("bad")
SOURCE = Path(seal.__file__).parent
READERS = {
    "canonical": canonical.decode,
    "note": note.parse,
    "checkpoint_text": checkpoint.parse_text,
    "vkey": lambda data: keys.parse_vkey(data.decode()),
    "signer": lambda data: keys.parse_signer(data.decode()),
    "proof": proof.parse,
    "policy": policy.parse,
    "entry": part.parse_entry,
    "tile_path": lambda data: tiles.parse_path(data.decode()),
    "bundle": tiles.unpack_entries,
    "timestamp": timestamp.parse,
    "container": lambda data: container.Container(io.BytesIO(data)),
}
LOG, HEAD = signer(ORIGIN), Checkpoint(ORIGIN, 7, digest("root"))
WITNESS = signer("w.example", kind=keys.COSIGNATURE)


def content(row):
    return bytes.fromhex(row["hex"]) if "hex" in row else row["text"].encode()


def kept(reader):
    return json.loads((BAD / f"{reader}.json").read_text("utf-8"))


def golden():
    file = GOLDEN / "0.1.0" / "conversation.package.txt"
    return b64decode(file.read_text()), file.with_name("conversation.policy.txt").read_bytes()


def golden_files(tmp_path):
    (tmp_path / "golden.zip").write_bytes(golden()[0])
    return files_of(tmp_path / "golden.zip")


ROWS = [(reader, row) for reader in READERS for row in kept(reader)]


@pytest.mark.parametrize(("reader", "row"), ROWS, ids=[f"{r} {row['cause']}" for r, row in ROWS])
def test_each_bad_text_is_refused_by_its_code(reader, row):
    with pytest.raises(SealError) as error:
        READERS[reader](content(row))
    assert error.value.code == row["code"]


PACKAGES = kept("package")


@pytest.mark.parametrize("row", PACKAGES, ids=[row["cause"] for row in PACKAGES])
def test_each_bad_package_fails_at_its_step_by_its_code(row, tmp_path):
    changes = {name: None if data is None else content(data) for name, data in row["files"].items()}
    bent = io.BytesIO(remade(golden_files(tmp_path), changes))
    roots = (GOLDEN / "0.1.0" / "conversation.roots.txt").read_bytes()
    report = verify_package(bent, policy=policy.parse(golden()[1]), tsa_roots=roots)
    assert first_bad(report) == (row["exit"], row["step"], row["code"])


def _package(folder, use):
    about = About("matter", ORIGIN, 1, "real", "", "x", ())
    with Package(about, policy=policy_text(LOG, ())) as made:
        made.add_checkpoint(signed_checkpoint(LOG, 7, digest("root")))
        use(made, folder)


def _changing_source(made, folder, monkeypatch):
    source = folder / "source.pdf"
    source.write_bytes(b"before")

    class Late(ContainerWriter):
        def __init__(self, path, *, watch):
            source.write_bytes(b"after the digests were taken")
            super().__init__(path, watch=watch)

    monkeypatch.setattr("seal.package.ContainerWriter", Late)
    made.add_pdf("01-a.pdf", source)
    made.write(folder / "p.zip")


def _raise_report(source, **named):
    report = verify_package(source, **named)
    bad = next(step for step in report.steps if step.code)
    raise (UnvouchedError if report.exit_code == 3 else SealError)(bad.code, bad.detail)


def _hidden(monkeypatch, module, use):
    monkeypatch.setitem(sys.modules, module, None)
    if "." in module:
        monkeypatch.delattr(module, raising=False)
    use()


def _broken(folder):
    (folder / "b.zip").write_bytes(remade(golden_files(folder), {"omissions.jsonl": b""}))
    return folder / "b.zip"


def _good(folder):
    return build(folder / "good.zip").path


def _stamp(folder, data, roots):
    response = golden_files(folder)["timestamps/5.1.tsr"]
    text = note.parse(golden_files(folder)["checkpoints/5"]).text
    timestamp.verify(response, text if data is None else data, roots=roots)


def _bent_stamp(folder, where, instead, month=None):
    """A real response, the DER of its token changed in one place."""
    response = golden_files(folder)["timestamps/5.1.tsr"]
    [found] = re.finditer(where, response)
    bent = response[: found.start()] + instead + response[found.end() :]
    timestamp.parse(response)
    return bent if month is None else bent[: found.end()] + month + bent[found.end() + 2 :]


def _log(changes, keys=(as_bytes.LOG.vkey,)):
    """A log of 300 entries read whole, some of its files changed or (None) absent."""
    read_log({**as_bytes.log_files(), **changes}.get, keys)


def _other_entries():
    path = "tile/entries/001.p/44"
    entries = tiles.unpack_entries(as_bytes.log_files()[path])
    _log({path: tiles.pack_entries([*entries[:-1], b"another"])})


def _whole_log_exchanged():
    """The tiles and entries of another log of the same size, below this one's checkpoint."""
    hashes = [digest(str(n)) for n in range(44)]
    below = as_bytes.log_files()["tile/0/001.p/44"]
    read_log(
        {**as_bytes.log_files(), "tile/0/001.p/44": b"".join(hashes)[: len(below)]}.get,
        [as_bytes.LOG.vkey],
        entries=False,
    )


def _judged(old, size, root, path=()):
    """How a witness that has seen nothing compares a request with what it keeps."""
    signed = note.sign(Checkpoint(as_bytes.ORIGIN, size, root).text(), [as_bytes.LOG])
    request = seal_witness.parse_request(seal_witness.format_request(old, path, signed))
    seal_witness._check_consistent(request, None)


def _request(old, *lines):
    head = "".join(line + "\n" for line in (f"old {old}", *lines)).encode()
    seal_witness.parse_request(head + b"\n" + as_bytes.log_files()["checkpoint"])


def _unreadable():
    class Gone(io.BytesIO):
        def read(self, *_size):
            raise OSError

    container.Container(Gone(packed({"a": b"x"})))


def _shrinking():
    class Shrunk(io.BytesIO):
        def read(self, size=-1):
            return super().read(size)[:-1]

    container.Container(Shrunk(packed({"a": b"x"})))


def _quiet(monkeypatch, folder):
    monkeypatch.setattr(timestamp, "_by_library", lambda *_a: None)
    monkeypatch.setattr(timestamp, "_by_command", lambda *_a: None)
    _stamp(folder, None, (GOLDEN / "0.1.0" / "conversation.roots.txt").read_bytes())


def _no_sm3(monkeypatch, folder):
    def absent(name):
        raise ValueError(name)

    monkeypatch.setattr("seal.package.new_digest", absent)
    with Package(
        About("matter", ORIGIN, 1, "real", "", "", ()), policy=policy_text(LOG, ()), sm3=True
    ) as made:
        made.add_checkpoint(signed_checkpoint(LOG, 7, digest("root")))
        made.write(folder / "p.zip")


def _sm3_changed(folder):
    files = files_of(build(folder / "n.zip", sm3=True).path)
    bent = remade(files, {"SM3SUMS": b"0" * 64 + files["SM3SUMS"][64:]})
    check_sums(container.Container(io.BytesIO(bent)))


OTHER_POLICY = f"log {signer('log.other.example').vkey.format()}\nquorum none\n".encode()
TWO = policy_text(signer(ORIGIN, seed="sample log"), (WITNESS,))


# (code, cause) -> how; each is given a fresh folder and monkeypatch
def _broken_pipe():
    raise _broken_off(BrokenPipeError())


def _judge_taken_out(folder):
    built = registered(folder / "p.zip")
    verdict = verify_package(io.BytesIO(counted(built.path, {"items.jsonl": b""})))
    raise SealError(next(step.code for step in verdict.steps if step.state == "failed"), "as step 7 found")


BUILT = {
    ("canonical.depth", "a hundred thousand brackets"): lambda f, m: canonical.decode(b"[" * 100_000),
    ("canonical.number", "five thousand digits"): lambda f, m: canonical.decode(b"1" * 5000),
    ("checkpoint.empty", "an empty log with a root"): lambda f, m: checkpoint.sign(Checkpoint(ORIGIN, 0, digest("x")), LOG),
    ("checkpoint.key", "a log signing for another"): lambda f, m: checkpoint.sign(Checkpoint("x", 7, digest("x")), LOG),
    ("checkpoint.key", "a witness's key as the log's"): lambda f, m: checkpoint.signature(HEAD, signer(ORIGIN, kind=4)),
    ("checkpoint.lines", "an extension line with a newline"): lambda f, m: Checkpoint("a", 7, digest("x"), ("b\nc",)).text(),
    ("checkpoint.origin", "an origin with a lone surrogate"): lambda f, m: Checkpoint("\ud800", 7, digest("x")).text(),
    ("cli.io", "a pipe that is closed"): lambda f, m: _broken_pipe(),
    ("cli.out", "a key file that is there"): lambda f, m: _keygen(_parser().parse_args(["keygen", "a", "--out", str(f)])),
    ("cli.read", "a policy that is absent"): lambda f, m: _read(f / "absent"),
    ("cli.type", "a witness of SM2"): lambda f, m: _keygen(_parser().parse_args(["keygen", "a", "--cosigner", "--type", "sm2"])),
    ("container.count", "65,535 files"): lambda f, m: container.check_names(f"{n:05}" for n in range(65_535)),
    ("container.exists", "a package that is there"): lambda f, m: ContainerWriter(_good(f)),
    ("container.large", "a file longer than its kind"): lambda f, m: container.Container(io.BytesIO(packed({"a": b"xy"}))).read("a", limit=1),
    ("container.line", "a line longer than its kind"): lambda f, m: list(container.Container(io.BytesIO(packed({"a": b"xy\n"}))).lines("a", limit=1)),
    ("container.open", "a package that is absent"): lambda f, m: container.Container.open(f / "absent"),
    ("container.read", "a disk that fails"): lambda f, m: _unreadable(),
    ("container.short", "a file that shrinks while it is read"): lambda f, m: _shrinking(),
    ("cosignature.key", "a log key that cosigns"): lambda f, m: cosignature.cosign(HEAD.text(), LOG, time=1),
    ("cosignature.name", "an origin of 256 bytes"): lambda f, m: cosignature.tree_message(Checkpoint("x" * 256, 7, digest("x")).text(), 1, "w"),
    ("cosignature.time", "a cosignature of 1970"): lambda f, m: cosignature.cosign(HEAD.text(), WITNESS, time=0),
    ("extract.absent", "an item that is not there"): lambda f, m: extract(_good(f), item="2.9", out=f / "o"),
    ("extract.id", "an id without a place"): lambda f, m: extract(_good(f), item="2", out=f / "o"),
    ("extract.out", "a folder that is there"): lambda f, m: extract(_good(f), item="2.1", out=f),
    ("item.field", "a field of an unknown name"): lambda f, m: item.salt_offset("colour"),
    ("item.order", "fields in another order"): lambda f, m: item.fields_digest([("text", bytes(32)), ("raw", bytes(32))]),
    ("item.secret", "a secret of 31 bytes"): lambda f, m: item.expand(bytes(31)),
    ("item.value", "an empty text"): lambda f, m: item.check_field("text", b""),
    ("keys.name", "a name with a lone surrogate"): lambda f, m: keys.parse_vkey("\ud800+00000000+AQ=="),
    ("keys.no_crypto", "no cryptography to sign with"): lambda f, m: _hidden(m, "cryptography.hazmat.primitives.asymmetric.ed25519", lambda: ed25519.sign(bytes(32), b"")),
    ("keys.no_mldsa", "no ML-DSA to sign with"): lambda f, m: _hidden(m, "cryptography.hazmat.primitives.asymmetric.mldsa", lambda: mldsa.sign(bytes(32), b"")),
    ("keys.no_sm2", "no SM2 to verify with"): lambda f, m: _hidden(m, "gmssl_pyx", lambda: sm2.verify(sm2_signer().vkey.public, b"\1" * 64, b"")),
    ("keys.secret", "an SM2 secret of two halves"): lambda f, m: keys.signer_of("a", bytes(31) + b"\1" + sm2_signer().seed[32:], kind=255).sign(b""),
    ("keys.vkey", "a verifier key of 9,000 characters"): lambda f, m: keys.parse_vkey("a" * 9000 + "+00000000+AQ=="),
    ("log.bundle", "entries cut short"): lambda f, m: _log({"tile/entries/000": b"\xff"}),
    ("log.entries", "an entry that its tile does not have"): lambda f, m: _other_entries(),
    ("log.length", "a tile shorter than its width"): lambda f, m: _log({"tile/0/000": bytes(32)}),
    ("log.missing", "a tile that is absent"): lambda f, m: _log({"tile/0/000": None}),
    ("log.missing", "no checkpoint"): lambda f, m: _log({"checkpoint": None}),
    ("log.root", "the last hashes of another log"): lambda f, m: _whole_log_exchanged(),
    ("log.tile", "a tile above that is not of those below"): lambda f, m: _log({"tile/1/000.p/1": bytes(32)}),
    ("log.unsigned", "no key that signed it"): lambda f, m: _log({}, [signer(as_bytes.ORIGIN, seed="x").vkey]),
    ("log.unsigned", "a witness's key for the log's"): lambda f, m: _log({}, [signer(as_bytes.ORIGIN, kind=keys.COSIGNATURE).vkey]),
    ("note.signature", "another text under a line"): lambda f, m: note.verify(note.parse(note.add(b"other\n\n", [checkpoint.signature(HEAD, LOG)])), [LOG.vkey]),
    ("note.signature", "a cosignature cut short"): lambda f, m: cosignature.verify(HEAD.text(), WITNESS.vkey, bytes(71)),
    ("note.size", "a note of half a megabyte"): lambda f, m: note.parse(b"x" * (note.MAX_NOTE + 1)),
    ("note.many", "33 lines"): lambda f, m: note.parse(b"x\n\n" + b"".join(b"\xe2\x80\x94 a%d AAAAAAA=\n" % n for n in range(33))),
    ("package.bound", "an omission added when all was bound"): lambda f, m: _package(f, lambda p, _: [p.bound(), p.add_omission(what="x", count=1, reason="y"), p.write(f / "p.zip")]),
    ("package.changed", "a source that changes meanwhile"): lambda f, m: _package(f, lambda p, _: _changing_source(p, f, m)),
    ("package.checkpoint", "a checkpoint of another log"): lambda f, m: _package(f, lambda p, _: p.add_checkpoint(signed_checkpoint(signer("x"), 1, digest("x")))),
    ("package.entry", "an entry twice"): lambda f, m: _package(f, lambda p, _: [p.add_entry(0, b"{}", []) for _n in range(2)]),
    ("package.no_sm3", "no SM3 at hand"): lambda f, m: _no_sm3(m, f),
    ("package.order", "items added out of order"): lambda f, m: _package(f, lambda p, _: [p.add_item(entry=0, n=1, path=[], row={}, fields={}) for _n in range(2)]),
    ("package.pdf", "a PDF without a number"): lambda f, m: _package(f, lambda p, _: p.add_pdf("list.pdf", b"")),
    ("package.register", "a message taken out of a registered package"): lambda f, m: _judge_taken_out(f),
    ("package.twice", "a PDF twice"): lambda f, m: _package(f, lambda p, _: [p.add_pdf("01-a.pdf", b"") for _n in range(2)]),
    ("part.none", "an entry of no parts"): lambda f, m: part.commitment([]),
    ("part.salt", "a salt of 15 bytes"): lambda f, m: part.part_leaf(bytes(15), b"{}"),
    ("policy.size", "a policy of more than a megabyte"): lambda f, m: policy.parse(b"#" * 2**20 + b"\n"),
    ("proof.size", "a proof longer than any"): lambda f, m: proof.parse(b"x" * (proof.MAX_PROOF + 1)),
    ("pyz.out", "an archive that is there"): lambda f, m: build_pyz(f),
    ("pyz.usage", "no file named"): lambda f, m: _named([]),
    ("show.broken", "a package that does not hold together"): lambda f, m: show(_broken(f)),
    ("sums.sm3", "an SM3 digest changed"): lambda f, m: _sm3_changed(f),
    ("tiles.bundle", "257 entries"): lambda f, m: tiles.unpack_entries(b"\0\0" * 257),
    ("tiles.entry", "an entry of 65,536 bytes"): lambda f, m: tiles.pack_entries([bytes(65_536)]),
    ("tiles.length", "a tile cut short"): lambda f, m: tiles.TileTree(1, lambda *_a: b"").root(),
    ("tiles.size", "a log of minus one"): lambda f, m: list(tiles.tiles_of(-1)),
    ("timestamp.imprint", "a token over other bytes"): lambda f, m: _stamp(f, b"other", b""),
    ("timestamp.no_crypto", "nothing that can check a token"): lambda f, m: _quiet(m, f),
    ("timestamp.roots", "roots that are no certificates"): lambda f, m: _stamp(f, None, b"none"),
    ("timestamp.roots", "a certificate cut short"): lambda f, m: _stamp(f, None, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    ("timestamp.signature", "another authority's roots"): lambda f, m: _stamp(f, None, Authority(f / "other", "Other").roots),
    ("timestamp.size", "a response of 64 KiB and a byte"): lambda f, m: timestamp.parse(bytes(65_537)),
    ("timestamp.time", "a token of month 13"): lambda f, m: timestamp.parse(_bent_stamp(f, rb"\x18\x0f[0-9]{4}", b"\x18\x0f2026", month=b"13")),
    ("timestamp.version", "a token of version 2"): lambda f, m: timestamp.parse(_bent_stamp(f, rb"\x02\x01\x01(?=\x06)", b"\x02\x01\x02")),
    ("tree.consistency", "two roots of one size"): lambda f, m: tree.verify_consistency(old=1, size=1, old_root=bytes(32), root=digest("x"), path=[]),
    ("tree.frontier", "peaks that do not fit the size"): lambda f, m: tree.Frontier(3, [bytes(32)]),
    ("tree.hash", "a hash of 31 bytes"): lambda f, m: tree.verify_inclusion(leaf=bytes(31), index=0, size=1, path=[], root=bytes(32)),
    ("tree.index", "an index that is the size"): lambda f, m: tree.inclusion_plan(1, 1),
    ("tree.size", "a consistency from nothing"): lambda f, m: tree.consistency_plan(0, 1),
    ("trust.log", "another log's policy"): lambda f, m: _raise_report(_good(f), policy=policy.parse(OTHER_POLICY)),
    ("trust.no_policy", "no policy"): lambda f, m: _raise_report(_good(f)),
    ("trust.quorum", "a witness that did not cosign"): lambda f, m: _raise_report(_good(f), policy=policy.parse(TWO)),
    ("witness.empty", "an empty log with another root"): lambda f, m: _judged(0, 0, digest("x")),
    ("witness.hash", "a hash of three bytes"): lambda f, m: _request(0, "AAAA"),
    ("witness.key", "a log's key for a witness"): lambda f, m: seal_witness.Witness(f, {}, LOG, lambda: 0),
    ("witness.old", "an old size with a zero before it"): lambda f, m: _request("01"),
    ("witness.proof", "a proof from nothing"): lambda f, m: _judged(0, 5, digest("x"), [digest("y")]),
    ("witness.request", "no request in the folder"): lambda f, m: answer_folder(f, seal_witness.Witness(f, {}, WITNESS, lambda: 0)),
    ("witness.request", "no blank line before the checkpoint"): lambda f, m: seal_witness.parse_request(b"old 0\n"),
    ("witness.request", "sixty-four hashes"): lambda f, m: _request(0, *["x"] * 64),
    ("witness.size", "a size in words"): lambda f, m: as_bytes.kit_size(b"many\n"),
}  # fmt: skip


BUILT |= EXCERPTS


@pytest.mark.parametrize(("code", "cause"), list(BUILT), ids=[f"{code} {cause}" for code, cause in BUILT])
def test_each_bad_artefact_that_is_built_is_refused_by_its_code(code, cause, tmp_path, monkeypatch):
    with pytest.raises(SealError) as error:
        BUILT[code, cause](tmp_path, monkeypatch)
    assert error.value.code == code


def test_every_artefact_has_its_own_code_and_cause():
    named = [(row["code"], reader, row["cause"]) for reader, row in ROWS]
    named += [(row["code"], "package", row["cause"]) for row in PACKAGES]
    assert sorted(one for one in set(named) if named.count(one) > 1) == []


def codes_of(file):
    """The codes that a module raises: the first argument of its errors, and every ``code=``."""
    found = set()
    for call in (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)):
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        places = call.args[:1] if name.endswith("Error") else []
        places += [word.value for word in call.keywords if word.arg == "code"]
        found |= {
            place.value
            for place in places
            if isinstance(place, ast.Constant) and isinstance(place.value, str)
        }
    return {code for code in found if "." in code}


def test_no_code_of_seal_is_without_a_bad_artefact():
    raised = set().union(*(codes_of(file) for file in SOURCE.rglob("*.py")))
    shown = (
        {row["code"] for _reader, row in ROWS}
        | {row["code"] for row in PACKAGES}
        | {code for code, _ in BUILT}
    )
    assert sorted(raised - shown) == []
    assert len(raised) > 100
