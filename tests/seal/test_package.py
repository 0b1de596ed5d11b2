"""Whole packages: what verifies, and that nothing that was changed does."""

import io
import json
import os
import signal
import warnings
from hashlib import sha256
from pathlib import Path

import pytest

from seal import note, policy
from seal import verify as seal_verify
from seal.canonical import decode, encode
from seal.container_writer import ContainerWriter, unwatched
from seal.errors import SealError
from seal.keys import COSIGNATURE
from seal.package import About, Closed, Opened, Package
from seal.tree import Tree
from seal.verify import verify_package
from seal.verify.words import VERDICTS
from tests.seal.authority import Authority
from tests.seal.packages import (
    NOTICE,
    OLD_SIZE,
    ORIGIN,
    SIZE,
    build,
    digest,
    files_of,
    policy_text,
    remade,
    signed_checkpoint,
    signer,
)

HIDDEN = b"x" * 32


def check(source, built, *, named=None, roots=True):
    trusted = policy.parse(named if named is not None else built.policy)
    return verify_package(source, policy=trusted, tsa_roots=built.roots if roots else None)


def states(report):
    return {step.n: step.state for step in report.steps}


def first_bad(report):
    bad = next(step for step in report.steps if step.state not in ("ok", "skipped"))
    return report.exit_code, bad.n, bad.code


def bytes_of(built, changes):
    return io.BytesIO(remade(files_of(built.path), changes))


@pytest.fixture
def bent(sample):
    """Re-makes the sample with changed files and checks it under the policy and roots of the sample."""

    def make(changes):
        return check(bytes_of(sample, changes), sample)

    return make


def edit(data, change):
    """The canonical lines of a file with ``change`` applied to the list of their values."""
    values = [decode(line) for line in data.splitlines()]
    change(values)
    return b"".join(encode(value) + b"\n" for value in values)


def test_a_complete_package_passes_all_nine_steps(sample):
    report = check(sample.path, sample)
    assert report.exit_code == 0
    assert states(report) == dict.fromkeys(range(1, 10), "ok")
    assert [name for name, _time in report.witnesses] == ["w0"]
    assert report.about["items"] == 2
    assert [(one.what, one.count) for one in report.omissions] == [("语音通话", 2)]
    assert len(report.not_proved) == 2


def test_it_says_since_when_each_entry_is_fixed(sample):
    times = check(sample.path, sample).times
    stamped = [(one.first, one.last) for one in times if one.source == "timestamp"]
    witnessed = [(one.first, one.last, one.time) for one in times if one.source == "witness w0"]
    assert stamped[0][0] == 0 and stamped[-1][1] == 3
    assert witnessed == [(0, 2, 1_790_000_103_000), (3, 3, 1_790_000_105_000)]


def test_without_roots_the_times_stay_unverified_and_the_code_stays(sample):
    report = check(sample.path, sample, roots=False)
    assert (report.exit_code, report.steps[-1].state) == (0, "skipped")
    assert "时间未核验" in report.text()


def test_without_a_policy_it_is_consistent_but_nobody_vouches(sample):
    report = verify_package(sample.path)
    assert first_bad(report) == (3, 8, "trust.no_policy")
    assert report.witnesses == ()


def test_another_log_key_is_never_verified(sample, tmp_path):
    forged = build(tmp_path / "forged.zip", seed="forger")
    report = check(forged.path, sample, roots=False)
    assert first_bad(report) == (3, 8, "trust.log")
    assert check(forged.path, forged, roots=False).exit_code == 0


def test_a_package_of_another_origin_is_not_vouched_for(sample, tmp_path):
    forged = build(tmp_path / "forged.zip", origin="log.other.example")
    assert first_bad(check(forged.path, sample, roots=False)) == (3, 8, "trust.log")


def test_without_the_quorum_of_witnesses_nobody_vouches(tmp_path):
    built = build(tmp_path / "p.zip", witness_count=1)
    others = tuple(signer(f"w{n}.example", kind=COSIGNATURE) for n in range(2))
    named = policy_text(built.log, (*built.witnesses, *others), quorum=2)
    report = check(built.path, built, named=named)
    assert first_bad(report) == (3, 8, "trust.quorum")
    assert report.log == ORIGIN


def test_an_unwitnessed_package_says_so(tmp_path):
    built = build(tmp_path / "p.zip", witness_count=0)
    report = check(built.path, built)
    assert report.exit_code == 0
    assert "未见证" in report.text() and "没有时间戳" in report.text()


def test_the_clock_of_a_demo_is_named(tmp_path):
    demo, real = (build(tmp_path / clock, clock=clock) for clock in ("demo", "real"))
    assert "演示时钟" in check(demo.path, demo).text()
    assert "演示时钟" not in check(real.path, real).text()


def test_every_byte_of_a_package_with_a_flipped_bit_is_caught(sample):
    data = bytearray(sample.path.read_bytes())
    assert len(data) <= 16 * 1024
    trusted = policy.parse(sample.policy)
    caught = set()
    for at in range(len(data)):
        data[at] ^= 1 << at % 8
        caught.add(verify_package(io.BytesIO(data), policy=trusted, tsa_roots=sample.roots).exit_code)
        data[at] ^= 1 << at % 8
    assert caught <= {1, 2}
    assert verify_package(io.BytesIO(data), policy=trusted, tsa_roots=sample.roots).exit_code == 0


@pytest.mark.parametrize(
    "name",
    [
        "checkpoints/3",
        "checkpoints/5",
        "consistency/3",
        "items.jsonl",
        "parts.jsonl",
        "proofs/0.tlog-proof",
        "proofs/2.tlog-proof",
        "SHA256SUMS",
    ],
)
def test_every_flipped_byte_is_caught_though_digests_and_container_are_made_anew(sample, name):
    """The forger's way round steps 1 and 2; no signature key is needed for it."""
    files = files_of(sample.path)
    trusted, good = policy.parse(sample.policy), files[name]
    codes = set()
    for at in range(len(good)):
        changed = good[:at] + bytes([good[at] ^ 1 << at % 7]) + good[at + 1 :]
        source = io.BytesIO(remade(files, {name: changed}))
        codes.add(verify_package(source, policy=trusted).exit_code)
    assert codes <= {1, 2}


def test_no_flipped_byte_of_a_timestamp_changes_what_it_says(sample):
    """Some bytes of a CMS envelope are not signed; one of them may change, the statement may not."""
    files = files_of(sample.path)
    good, wanted = files["timestamps/5.1.tsr"], check(sample.path, sample).times
    found = []
    for at in range(0, len(good), 8):
        changed = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        found.append(check(io.BytesIO(remade(files, {"timestamps/5.1.tsr": changed})), sample))
    assert {(report.exit_code, report.steps[-1].state) for report in found} == {(0, "ok"), (1, "failed")}
    assert {report.times for report in found if report.exit_code == 0} == {wanted}
    assert sum(report.exit_code for report in found) > len(found) * 3 // 4


def test_a_timestamp_over_another_checkpoint_is_caught(sample, bent):
    files = files_of(sample.path)
    report = bent({"timestamps/5.1.tsr": files["timestamps/3.1.tsr"]})
    assert first_bad(report) == (1, 9, "timestamp.imprint")


def test_a_timestamp_under_other_roots_fails(sample, tmp_path_factory):
    stranger = Authority(tmp_path_factory.mktemp("other"), "Other TSA")
    report = verify_package(sample.path, policy=policy.parse(sample.policy), tsa_roots=stranger.roots)
    assert first_bad(report) == (1, 9, "timestamp.signature")


def _set(line, key, value):
    def change(values):
        values[line][key] = value

    return change


def _field(line, name, value):
    def change(values):
        values[line]["fields"][name] = value

    return change


def _swap(values):
    values.reverse()


CHANGED_LINES = [
    (
        "items.jsonl",
        "another text",
        _field(0, "text", {"bytes": "61", "salt": "00" * 32}),
        (1, 4, "tree.inclusion"),
    ),
    (
        "items.jsonl",
        "a field closed by a wrong digest",
        _field(0, "raw", {"digest": "00" * 32}),
        (1, 4, "tree.inclusion"),
    ),
    ("items.jsonl", "a field taken away", lambda v: v[0]["fields"].pop("sender"), (1, 4, "tree.inclusion")),
    ("items.jsonl", "a field added", _field(0, "media.1", {"digest": "00" * 32}), (1, 4, "tree.inclusion")),
    ("items.jsonl", "all fields taken away", _set(0, "fields", {}), (2, 3, "item.shape")),
    ("items.jsonl", "an unknown field", _field(0, "colour", {"digest": "00" * 32}), (2, 3, "item.field")),
    ("items.jsonl", "another row", _set(0, "row", {"batch": 2}), (1, 4, "tree.inclusion")),
    ("items.jsonl", "another place", _set(1, "n", 9), (1, 4, "tree.index")),
    ("items.jsonl", "an entry not proved", _set(1, "entry", 4), (1, 4, "package.entry")),
    ("items.jsonl", "the facts' place", _set(0, "n", 0), (2, 3, "item.shape")),
    ("items.jsonl", "lines swapped", _swap, (2, 3, "package.order")),
    ("items.jsonl", "a line twice", lambda v: v.append(v[1]), (2, 3, "package.order")),
    ("items.jsonl", "a line taken away", lambda v: v.pop(), (1, 7, "package.counts")),
    ("items.jsonl", "a name for people", _set(0, "name", "张"), (2, 3, "item.shape")),
    ("items.jsonl", "a path too long", _set(0, "path", ["00" * 32] * 65), (2, 3, "item.shape")),
    ("parts.jsonl", "another fact", _set(0, "body", {"facts": {"by": "人事二"}}), (1, 4, "tree.inclusion")),
    ("parts.jsonl", "another salt", _set(0, "salt", "00" * 16), (1, 4, "tree.inclusion")),
    ("parts.jsonl", "a row without a table", _set(1, "body", {"id": 1, "row": {}}), (2, 3, "part.body")),
    ("parts.jsonl", "a part taken away", lambda v: v.pop(0), (1, 7, "package.counts")),
    ("parts.jsonl", "the part that names the notice", lambda v: v.pop(1), (1, 4, "package.served")),
    ("omissions.jsonl", "omissions hidden", lambda v: v.clear(), (1, 7, "package.counts")),
    ("omissions.jsonl", "fewer omissions", _set(0, "count", 1), (1, 7, "package.counts")),
    ("omissions.jsonl", "none omitted", _set(0, "count", 0), (2, 3, "omission.shape")),
    ("package.json", "another count", lambda v: v[0]["counts"].update(items=3), (1, 7, "package.counts")),
    ("package.json", "omissions not counted", _set(0, "omissions", 0), (1, 7, "package.counts")),
    ("package.json", "a later version", _set(0, "v", 2), (2, 3, "package.version")),
    ("package.json", "another kind", _set(0, "kind", "story"), (2, 3, "package.shape")),
    ("package.json", "another clock", _set(0, "clock", "mine"), (2, 3, "package.shape")),
    ("package.json", "another origin", _set(0, "origin", "x"), (2, 3, "package.checkpoint")),
    ("package.json", "an older size", _set(0, "size", OLD_SIZE), (2, 3, "package.size")),
    ("package.json", "a key more", _set(0, "note", "x"), (2, 3, "package.shape")),
    ("package.json", "not_proved no list", _set(0, "not_proved", "all"), (2, 3, "package.shape")),
]


@pytest.mark.parametrize(
    ("name", "change", "wanted"),
    [(row[0], row[2], row[3]) for row in CHANGED_LINES],
    ids=[f"{row[0]}: {row[1]}" for row in CHANGED_LINES],
)
def test_changed_lines_are_caught_at_their_step_by_their_own_code(sample, bent, name, change, wanted):
    data = edit(files_of(sample.path)[name], change)
    assert first_bad(bent({name: data})) == wanted


CHANGED_FILES = [
    ("a file more", lambda s, f: {"extra.txt": b"x"}, (2, 3, "package.file")),
    ("a page that claims to verify", lambda s, f: {"核验.html": b"x"}, (2, 3, "package.file")),
    ("no policy", lambda s, f: {"policy": None}, (2, 3, "package.file")),
    ("no items file", lambda s, f: {"items.jsonl": None}, (2, 3, "package.file")),
    ("no list of digests", lambda s, f: {"SHA256SUMS": None}, (2, 2, "sums.absent")),
    (
        "a list without a file",
        lambda s, f: {"SHA256SUMS": f["SHA256SUMS"].split(b"\n", 1)[1]},
        (1, 2, "sums.names"),
    ),
    (
        "a list with another digest",
        lambda s, f: {"items.jsonl": b"", "SHA256SUMS": f["SHA256SUMS"]},
        (1, 2, "sums.digest"),
    ),
    ("a list in upper case", lambda s, f: {"SHA256SUMS": f["SHA256SUMS"].upper()}, (2, 2, "sums.line")),
    (
        "a list in another order",
        lambda s, f: {"SHA256SUMS": b"".join(f["SHA256SUMS"].splitlines(True)[::-1])},
        (2, 2, "sums.order"),
    ),
    ("an entry without a proof", lambda s, f: {"proofs/2.tlog-proof": None}, (1, 4, "package.entry")),
    (
        "a proof under another name",
        lambda s, f: {"proofs/1.tlog-proof": f["proofs/0.tlog-proof"]},
        (2, 3, "package.proof"),
    ),
    (
        "a proof without its entry",
        lambda s, f: {"proofs/0.tlog-proof": f["proofs/0.tlog-proof"].replace(b"\nextra ", b"\nindex ")},
        (2, 3, "proof.index"),
    ),
    (
        "a served paper changed",
        lambda s, f: {f"served/{_served(f)}": NOTICE + b"x"},
        (1, 4, "package.served"),
    ),
    ("a served paper nobody names", lambda s, f: {f"served/{'0' * 64}": b"x"}, (1, 4, "package.served")),
    ("a served paper under a title", lambda s, f: {"served/notice": NOTICE}, (2, 3, "package.name")),
    ("no newest checkpoint", lambda s, f: {"checkpoints/5": None}, (2, 3, "package.size")),
    (
        "an older checkpoint without consistency",
        lambda s, f: {"consistency/3": None},
        (1, 6, "package.consistency"),
    ),
    ("a consistency proof of nothing", lambda s, f: {"consistency/4": b""}, (1, 6, "package.consistency")),
    ("a consistency proof cut short", lambda s, f: {"consistency/3": b""}, (1, 6, "tree.length")),
    ("a timestamp of no checkpoint", lambda s, f: {"timestamps/4.1.tsr": b"x"}, (2, 3, "package.name")),
    ("a timestamp number 0", lambda s, f: {"timestamps/5.0.tsr": b"x"}, (2, 3, "package.name")),
    ("a timestamp that is none", lambda s, f: {"timestamps/5.1.tsr": b"x"}, (1, 9, "timestamp.form")),
    (
        "a checkpoint under another size",
        lambda s, f: {"checkpoints/4": f["checkpoints/3"]},
        (2, 3, "package.checkpoint"),
    ),
    (
        "a signature of a key not in the policy",
        lambda s, f: {"checkpoints/3": _stranger(f["checkpoints/3"])},
        (2, 3, "package.signature"),
    ),
    (
        "an older checkpoint rewritten and re-signed",
        lambda s, f: {"checkpoints/3": signed_checkpoint(s.log, 3, HIDDEN, s.witnesses)},
        (1, 6, "tree.consistency"),
    ),
    (
        "an older checkpoint with a wrong signature",
        lambda s, f: {"checkpoints/3": _moved(s, f)},
        (1, 8, "note.signature"),
    ),
]


def _served(files):
    return next(name for name in files if name.startswith("served/")).removeprefix("served/")


def _stranger(data):
    stranger = signer("stranger.example")
    text = note.parse(data).text
    return note.add(data, [note.Signature(stranger.name, stranger.vkey.id, stranger.sign(text))])


def _moved(sample, files):
    """The older checkpoint under the signature lines of the newest one."""
    return files["checkpoints/3"].split(b"\n\n")[0] + b"\n\n" + files["checkpoints/5"].split(b"\n\n")[1]


@pytest.mark.parametrize(
    ("change", "wanted"), [row[1:] for row in CHANGED_FILES], ids=[row[0] for row in CHANGED_FILES]
)
def test_changed_files_are_caught_at_their_step_by_their_own_code(sample, bent, change, wanted):
    assert first_bad(bent(change(sample, files_of(sample.path)))) == wanted


def test_a_forked_log_re_signed_by_its_own_key_does_not_carry_the_entries(sample, bent):
    forked = signed_checkpoint(sample.log, SIZE, HIDDEN, sample.witnesses)
    files = files_of(sample.path)
    changes = {"checkpoints/5": forked}
    for name in ("proofs/0.tlog-proof", "proofs/2.tlog-proof", "proofs/3.tlog-proof"):
        changes[name] = files[name].replace(files["checkpoints/5"], forked)
    assert first_bad(bent(changes)) == (1, 5, "tree.inclusion")
    assert first_bad(bent({"checkpoints/5": forked})) == (1, 5, "proof.checkpoint")


def test_a_pdf_is_shown_with_the_entry_that_seals_it_and_a_changed_one_without(sample):
    def papers(report):
        return {paper.name: paper.entry for paper in report.papers}

    good = check(sample.path, sample)
    changed = check(bytes_of(sample, {"01-证据目录.pdf": b"other"}), sample)
    assert papers(good) == {"01-证据目录.pdf": 3, "omissions.jsonl": None}
    assert papers(changed)["01-证据目录.pdf"] is None
    assert "01-证据目录.pdf》的摘要未见于包内账本条目" in changed.text()


def test_the_wrong_signature_of_a_key_that_only_the_package_names_fails_too(sample):
    lone = policy_text(sample.log, ())
    wrong = signed_checkpoint(sample.log, SIZE, digest("else"), sample.witnesses).splitlines(keepends=True)
    files = files_of(sample.path)
    newest = b"".join([*files["checkpoints/5"].splitlines(keepends=True)[:-1], wrong[-1]])
    changes = {name: data.replace(files["checkpoints/5"], newest) for name, data in files.items()}
    changes.pop("SHA256SUMS")
    assert first_bad(check(bytes_of(sample, changes), sample, named=lone)) == (1, 8, "note.signature")


def test_the_report_is_json_with_every_step_in_both_languages(sample):
    value = json.loads(json.dumps(check(sample.path, sample).json(), ensure_ascii=False))
    assert value["exit"] == 0
    assert [step["n"] for step in value["steps"]] == list(range(1, 10))
    assert all(step["zh"] and step["en"] for step in value["steps"])
    assert value["papers"][0]["entry"] == 3


def test_after_a_step_that_fails_the_later_ones_stand_as_not_done(bent):
    report = bent({"extra.txt": b"x"})
    assert states(report) == {1: "ok", 2: "ok", 3: "malformed", **dict.fromkeys(range(4, 10), "skipped")}
    assert "未进行：前面的步骤没有通过。" in report.text() and "见证" not in report.text()


def test_the_text_is_chinese_first(sample):
    lines = check(sample.path, sample).text().split("\n")
    assert lines[0].startswith("核验通过")
    assert VERDICTS[0][1] in lines


def test_the_builder_leaves_out_signatures_of_keys_that_its_policy_does_not_name(tmp_path):
    log, stranger = signer(ORIGIN), signer("w.example", kind=COSIGNATURE)
    with _builder() as package:
        package.add_checkpoint(signed_checkpoint(log, 1, digest("leaf"), (stranger,)))
        package.write(tmp_path / "p.zip")
    assert b"w.example" not in files_of(tmp_path / "p.zip")["checkpoints/1"]
    assert verify_package(tmp_path / "p.zip", policy=policy.parse(policy_text(log, ()))).exit_code == 0


def test_a_source_that_changes_while_the_package_is_made_leaves_no_package(tmp_path, monkeypatch):
    log, source = signer(ORIGIN), tmp_path / "source.pdf"
    source.write_bytes(b"before")

    class Late(ContainerWriter):
        def __init__(self, path, *, watch):
            source.write_bytes(b"after the digests were taken")
            super().__init__(path, watch=watch)

    monkeypatch.setattr("seal.package.ContainerWriter", Late)
    with pytest.raises(SealError) as error, _builder() as package:
        package.add_checkpoint(signed_checkpoint(log, 1, digest("leaf")))
        package.add_pdf("01-a.pdf", source)
        package.write(tmp_path / "p.zip")
    assert error.value.code == "package.changed"
    assert [path.name for path in tmp_path.iterdir()] == ["source.pdf"]


def _builder():
    return Package(About("matter", ORIGIN, 1, "real", "", "x", ()), policy=policy_text(signer(ORIGIN), ()))


@pytest.mark.parametrize(
    ("use", "code"),
    [
        (lambda p: p.add_pdf("list.pdf", b""), "package.pdf"),
        (lambda p: [p.add_pdf("01-a.pdf", b"") for _ in range(2)], "package.twice"),
        (
            lambda p: p.add_checkpoint(signed_checkpoint(signer("x.example"), 1, digest("x"))),
            "package.checkpoint",
        ),
        (lambda p: [p.add_entry(0, b"{}", []) for _ in range(2)], "package.entry"),
        (lambda p: [p.add_item(entry=0, n=1, path=[], row={}, fields={}) for _ in range(2)], "package.order"),
        (lambda p: p.add_item(entry=0, n=1, path=[], row={}, fields={"x": Closed(b"")}), "item.field"),
        (lambda p: p.add_part(entry=0, n=0, path=[], salt=b"", body={"a": None}), "canonical.type"),
        (lambda p: p.write(Path("never")), "package.checkpoint"),
    ],
)
def test_the_builder_refuses_what_no_verifier_would_read(use, code):
    with pytest.raises(SealError) as error, _builder() as package:
        use(package)
    assert error.value.code == code


def test_each_step_is_numbered_with_a_question_that_anybody_understands(sample):
    report = check(sample.path, sample)
    text = report.text()
    steps = [line for line in text.split("\n") if line.startswith("步骤")]
    assert steps[0] == "步骤 1 文件是不是原样、有没有损坏？[通过]"
    assert [f"步骤 {n} " in text and f"Step {n} " in text for n in range(1, 10)] == [True] * 9
    assert report.json()["steps"][8]["asks"]["zh"] == "最迟什么时候就有了"
    assert all(f"步骤 {n} " in (seal_verify.__doc__ or "") for n in range(1, 10))


def together(n, row, fields):
    """An item as `add_items` takes it, of fields given as (name, salt, bytes)."""
    names, salts, shown = zip(*fields, strict=True)
    return n, row, names, b"".join(salts), shown


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 13, 32, 33, 65])
def test_items_added_in_bulk_are_the_same_bytes_as_items_added_one_by_one(tmp_path, count):
    leaves = [digest(f"leaf {n}") for n in range(count)]
    tree = Tree(leaves)
    row = encode({"item_id": 1, "source": "样例", "z": "0a"})
    fields = [(name, digest(name), name.encode()) for name in ("raw", "text", "media.10", "media.2")]
    about = About("conversation", ORIGIN, 1, "demo", "", "", ())
    made = []
    for name in ("bulk.zip", "single.zip"):
        with Package(about, policy=policy_text(signer(ORIGIN), ())) as package:
            package.add_checkpoint(signed_checkpoint(signer(ORIGIN), SIZE, digest("root")))
            if name == "bulk.zip":
                package.add_items(3, tree, [together(n, row, fields) for n in range(count)])
            else:
                opened = {field: Opened(salt, data) for field, salt, data in fields}
                for n in range(count):
                    package.add_item(entry=3, n=n, path=tree.inclusion(n), row=decode(row), fields=opened)
            package.write(tmp_path / name)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    assert b'"n":%d' % (count - 1) in made[0]


def test_a_part_added_by_its_bytes_is_the_same_line_as_one_added_by_its_body(tmp_path):
    tree = Tree([digest(f"leaf {n}") for n in range(13)])
    body = {"id": "七", "row": {"items": [1, 2, 2**53 - 1], "words": '"\\\x01'}, "table": "t"}
    about = About("conversation", ORIGIN, 1, "demo", "", "", ())
    made = []
    for name in ("bytes.zip", "body.zip"):
        with Package(about, policy=policy_text(signer(ORIGIN), ())) as package:
            package.add_checkpoint(signed_checkpoint(signer(ORIGIN), SIZE, digest("root")))
            for n in (0, 5, 12):
                if name == "bytes.zip":
                    package.add_part_bytes(3, n, tree, bytes(range(16)), encode(body))
                else:
                    path = tree.inclusion(n)
                    package.add_part(entry=3, n=n, path=path, salt=bytes(range(16)), body=body)
            package.write(tmp_path / name)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    assert b'"n":12' in made[0]


def test_items_in_bulk_stand_in_their_order_and_in_their_tree(tmp_path):
    tree = Tree([digest("a"), digest("b")])
    about = About("conversation", ORIGIN, 1, "demo", "", "", ())
    line = encode({"a": 1}), ("raw",), digest("salt"), [b"x"]
    with Package(about, policy=policy_text(signer(ORIGIN), ())) as package:
        short = 0, line[0], ("raw",), digest("salt")[1:], [b"x"]
        bare = 0, line[0], ("raw",), digest("salt"), []
        for wrong, code in (
            ([(1, *line), (1, *line)], "package.order"), ([(2, *line)], "tree.index"), ([short], "item.order"),
            ([bare], "item.order"), ([(0, line[0], (), b"", [])], "item.order"),
        ):  # fmt: skip
            with pytest.raises(SealError) as refused:
                package.add_items(0, tree, wrong)
            assert refused.value.code == code


def test_what_nobody_vouches_for_is_not_laid_to_one_algorithm(sample):
    step = check(sample.path, sample, named=policy_text(signer("else"), ())).steps[7]
    assert (step.state, "Ed25519" in step.en) == ("unvouched", False)


def _small(path, watch=unwatched):
    about = About("conversation", ORIGIN, 1, "demo", "", "", ())
    tree = Tree([digest(f"leaf {n}") for n in range(9)])
    with Package(about, policy=policy_text(signer(ORIGIN), ())) as package:
        package.add_checkpoint(signed_checkpoint(signer(ORIGIN), SIZE, digest("root")))
        row = encode({"item_id": 1})
        package.add_items(3, tree, [(n, row, ("raw",), digest("salt"), [b"x" * 50]) for n in range(9)])
        package.add_items(4, tree, [(n, row, ("raw",), digest("salt"), [b"y" * 50]) for n in range(9)])
        return package.write(path, watch=watch)


def test_lines_that_go_to_the_disk_give_the_same_package(tmp_path, monkeypatch):
    _small(tmp_path / "memory.zip")
    monkeypatch.setattr("seal.package._SPOOL", 4_000)
    _small(tmp_path / "disk.zip")
    assert (tmp_path / "memory.zip").read_bytes() == (tmp_path / "disk.zip").read_bytes()


def test_writing_gives_the_digest_of_the_whole_file(tmp_path):
    said = _small(tmp_path / "p.zip")
    assert said == sha256((tmp_path / "p.zip").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("step", "time", "named"),
    [("file", 1, False), ("file", 3, False), ("file", 7, False), ("whole", 1, False), ("named", 1, True)],
)
def test_a_writer_killed_anywhere_leaves_a_whole_package_or_none_and_the_next_one_makes_it(
    tmp_path, step, time, named
):
    _small(tmp_path / "right.zip")
    path, passed = tmp_path / "p.zip", []

    def die(reached):
        passed.append(reached)
        if passed.count(step) == time:
            os.kill(os.getpid(), signal.SIGKILL)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside a test runner's own threads
        child = os.fork()
    if child == 0:
        _small(path, die)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert path.exists() is named
    left = [one for one in tmp_path.iterdir() if one.name.endswith(".partial")]
    assert [one.stat().st_mode & 0o777 for one in left] == [0o600] * (not named)
    path.unlink(missing_ok=True)
    _small(path)
    assert path.read_bytes() == (tmp_path / "right.zip").read_bytes()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["p.zip", "right.zip"]
