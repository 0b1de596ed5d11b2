"""Any bytes in, only our error out: every parser of the package under random and nearly right bytes."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seal import canonical, checkpoint, container, keys, note, part, policy, proof, tiles, timestamp, witness
from seal.errors import SealError
from seal.keys import COSIGNATURE
from seal.verify import verify_package
from tests.seal.packages import digest, files_of, policy_text, remade, signed_checkpoint, signer

LOG, WITNESS = signer("log.example"), signer("w.example", kind=COSIGNATURE)
NOTE = signed_checkpoint(LOG, 7, digest("root"), (WITNESS,))
ENTRY = part.entry_bytes(kind="a.b", time=1, count=1, commitment=bytes(32))


def as_text(read):
    """A parser of text given bytes: what is not UTF-8 reaches it as lone surrogates."""
    return lambda data: read(data.decode("utf-8", "surrogateescape"))


PARSERS = {
    "canonical": (canonical.decode, b'{"a":[1,"\xe6\x8e\xa5"],"b":{"c":-7}}'),
    "note": (note.parse, NOTE),
    "note lines": (note.parse_lines, NOTE.split(b"\n\n")[1]),
    "checkpoint": (checkpoint.parse, NOTE),
    "checkpoint text": (checkpoint.parse_text, NOTE.split(b"\n\n")[0] + b"\n"),
    "policy": (policy.parse, policy_text(LOG, (WITNESS,))),
    "proof": (proof.parse, proof.Proof(3, (digest("a"),), NOTE, ENTRY).format()),
    "entry": (part.parse_entry, ENTRY),
    "vkey": (as_text(keys.parse_vkey), LOG.vkey.format().encode()),
    "signer": (as_text(keys.parse_signer), LOG.secret().encode()),
    "tile path": (as_text(tiles.parse_path), b"tile/0/x001/x234/067.p/5"),
    "bundle": (tiles.unpack_entries, tiles.pack_entries([b"one", b"two"])),
    "witness request": (witness.parse_request, witness.format_request(3, [digest("a")], NOTE)),
    "timestamp": (timestamp.parse, b"\x30\x05\x30\x03\x02\x01\x00"),
    "container": (lambda data: container.Container(io.BytesIO(data)), container.end_record(0, 0, 0)),
}


def outcome(read, data):
    try:
        read(data)
    except SealError as error:
        return error.code
    return "read"


@pytest.mark.parametrize("name", sorted(PARSERS))
def test_the_good_example_of_each_parser_is_read(name):
    read, good = PARSERS[name]
    assert outcome(read, good) in ("read", "timestamp.form")


@pytest.mark.parametrize("name", sorted(PARSERS))
@settings(max_examples=120)
@given(data=st.binary(max_size=200))
def test_random_bytes_are_read_or_refused_by_a_code(name, data):
    assert "." in outcome(PARSERS[name][0], data) or outcome(PARSERS[name][0], data) == "read"


@pytest.mark.parametrize("name", sorted(PARSERS))
@settings(max_examples=200)
@given(data=st.data())
def test_nearly_right_bytes_are_read_or_refused_by_a_code(name, data):
    read, good = PARSERS[name]
    at = data.draw(st.integers(0, len(good)))
    piece = data.draw(
        st.binary(max_size=4) | st.sampled_from([b"\n", b"\n\n", b" ", b"+", b"=", b"\xe2\x80\x94 "])
    )
    bent = good[:at] + piece + good[at + data.draw(st.integers(0, 6)) :]
    found = outcome(read, bent)
    assert "." in found or found == "read"


FILES = ["package.json", "policy", "items.jsonl", "parts.jsonl", "omissions.jsonl", "checkpoints/5", "SHA256SUMS",
         "consistency/3", "proofs/2.tlog-proof", "timestamps/5.1.tsr"]  # fmt: skip


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_package_with_any_bytes_in_a_file_gets_an_answer(sample, name, data):
    good = files_of(sample.path)[name]
    at = data.draw(st.integers(0, len(good)))
    bent = good[:at] + data.draw(st.binary(max_size=8)) + good[at + data.draw(st.integers(0, 8)) :]
    source = io.BytesIO(remade(files_of(sample.path), {name: bent}))
    report = verify_package(source, policy=policy.parse(sample.policy))
    assert report.exit_code in (0, 1, 2, 3)
    assert report.steps[-1].state != "" and report.json()["exit"] == report.exit_code
