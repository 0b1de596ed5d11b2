"""Any bytes in, only our error out: every parser of the package under random and nearly right bytes."""

import io
import sys
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seal import canonical, checkpoint, container, keys, note, part, policy, proof, tiles, timestamp, witness
from seal.errors import SealError
from seal.keys import COSIGNATURE, MLDSA
from seal.shape import Shape
from seal.verify import verify_package
from seal.verify.lean import LeanReader
from seal.verify.lines import read_item, read_omission, read_part
from tests.seal import as_bytes
from tests.seal.packages import (
    digest,
    files_of,
    packed,
    policy_text,
    remade,
    signed_checkpoint,
    signer,
    sm2_signer,
)

LOG, WITNESS = signer("log.example"), signer("w.example", kind=COSIGNATURE)
NOTE = signed_checkpoint(LOG, 7, digest("root"), (WITNESS,))
ENTRY = part.entry_bytes(kind="a.b", time=1, count=1, commitment=bytes(32))


ITEM = (
    b'{"entry":2,"fields":{"raw":{"bytes":"00","salt":"%b"},"sender":{"digest":"%b"},"time":{"bytes":"3132","salt":"%b"}},'
    b'"n":1,"path":["%b"],"row":{"basis_id":7,"cipher_sha256":"%b","msgtype":"text"}}'
) % ((digest("x").hex().encode(),) * 5)


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
    "omission": (read_omission, b'{"count":1,"reason":"b","what":"a"}'),
    "part line": (
        read_part,
        b'{"body":{"facts":{}},"entry":0,"n":0,"path":[],"salt":"%b"}' % (b"00" * 16),
    ),
    "item line": (read_item, ITEM),
    "item line, quickly": (lambda data: LeanReader().read(data), ITEM),
    "quantum vkey": (as_text(keys.parse_vkey), signer("log.example", kind=MLDSA).vkey.format().encode()),
    "sm2 vkey": (as_text(keys.parse_vkey), sm2_signer().vkey.format().encode()),
    "shape": (lambda data: Shape.of(data, code="a.b").only({"a"}), b'{"a":1}'),
    "vkey": (as_text(keys.parse_vkey), LOG.vkey.format().encode()),
    "signer": (as_text(keys.parse_signer), LOG.secret().encode()),
    "tile path": (as_text(tiles.parse_path), b"tile/0/x001/x234/067.p/5"),
    "bundle": (tiles.unpack_entries, tiles.pack_entries([b"one", b"two"])),
    "witness request": (witness.parse_request, witness.format_request(3, [digest("a")], NOTE)),
    "timestamp": (timestamp.parse, b"\x30\x05\x30\x03\x02\x01\x00"),
    "container": (lambda data: container.Container(io.BytesIO(data)), container.end_record(0, 0, 0)),
    **as_bytes.READERS,
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


# What opens a folder or a whole log costs more a try; test_fuzz_structured bends its right inputs besides.
AT_ONCE = sorted(PARSERS.keys() - as_bytes.READERS.keys())


@pytest.mark.parametrize("name", AT_ONCE)
@settings(max_examples=120)
@given(data=st.binary(max_size=200))
def test_random_bytes_are_read_or_refused_by_a_code(name, data):
    assert "." in outcome(PARSERS[name][0], data) or outcome(PARSERS[name][0], data) == "read"


@pytest.mark.parametrize("name", sorted(as_bytes.READERS))
@settings(max_examples=25, deadline=None)
@given(data=st.binary(max_size=200))
def test_random_bytes_in_a_folder_or_a_log_are_read_or_refused_by_a_code(name, data):
    found = outcome(PARSERS[name][0], data)
    assert "." in found or found == "read"


@pytest.mark.parametrize("name", AT_ONCE)
@settings(max_examples=200)
@given(data=st.data())
def test_nearly_right_bytes_are_read_or_refused_by_a_code(name, data):
    check_nearly_right(name, data)


@pytest.mark.parametrize("name", sorted(as_bytes.READERS))
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_nearly_right_bytes_in_a_folder_or_a_log_are_read_or_refused_by_a_code(name, data):
    check_nearly_right(name, data)


def check_nearly_right(name, data):
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


LONG_LINES = [
    lambda n: ITEM.replace(b'"path":[', b'"path":[' + b'"00",' * n),
    lambda n: ITEM.replace(b"00", b"00" * n, 1),
]


def claim(where, piece, count):
    """A right claim with a piece put in many times."""
    good = as_bytes.READERS["excerpt claim"][1]
    return good.replace(where, where + piece * count, 1)


# Each grows with n; whoever reads it may take time and memory in proportion, and no more.
HOSTILE = {
    "canonical": [lambda n: b"[" * n, lambda n: b'["' + b"\\u0041" * n + b'"]', lambda n: b"[" + b"1," * n + b"1]",
                  lambda n: b'{"a":1,' * n, lambda n: b'"' + b"x" * n],
    "note": [lambda n: b"\n" * n, lambda n: b"x\n\n" + "— a ".encode() * n + b"\n",
             lambda n: b"x\n\n" + "— a AAAAAAA=\n".encode() * n],
    "checkpoint text": [lambda n: b"a\n" * n, lambda n: b"a\n" + b"1" * n + b"\n\n"],
    "policy": [lambda n: b"#\n" * n + b"quorum none\n",
               lambda n: b" \t" * n + b"\n", lambda n: b"group g any" + b" a" * n + b"\n"],
    "proof": [lambda n: b"c2sp.org/tlog-proof@v1\nindex 0\n" + b"AAAA\n" * n + b"\n", lambda n: b"\n\n" * n],
    "entry": [lambda n: b'{"a":' * n],
    "vkey": [lambda n: b"a" * n + b"+00000000+AQ==", lambda n: b"+" * n],
    "tile path": [lambda n: b"tile/0/" + b"x000/" * n + b"001"],
    "bundle": [lambda n: b"\0\0" * n, lambda n: b"\xff\xff" * n],
    "witness request": [lambda n: b"old 0\n" + b"AAAA\n" * n],
    "timestamp": [lambda n: b"\x30\x84" * n, lambda n: b"\x30\x80" * n],
    "container": [lambda n: b"PK\x01\x02" * n + container.end_record(0, 0, 0),
                  lambda n: packed({f"{at:06}": b"" for at in range(n // 64)})],
    "item line": LONG_LINES,
    "item line, quickly": LONG_LINES,
    "part line": [lambda n: b'{"body":{"facts":{"a":[' + b"[]," * n],
    "excerpt claim": [
        lambda n: claim(b'"hashes":[', b'"%b",' % (b"00" * 32), n // 64),
        lambda n: claim(b'"path":[', b'"%b",' % (b"00" * 32), n // 64),
        lambda n: claim(b'"blocks":[', b'[0,"%b",1],' % (b"00" * 16), n // 32),
        lambda n: claim(b'"blocks":[', b"[],", n),
        lambda n: claim(b'"file":"', b"x", n),
    ],
    "excerpt proof": [lambda n: b"c2sp.org/tlog-proof@v1\nindex 0\n" + b"AAAA\n" * n + b"\n"],
    "kit request": [lambda n: b"old 0\n" + b"AAAA\n" * n, lambda n: as_bytes.good_request() + b"x" * n],
    "kit size": [lambda n: b"1" * n],
    "log checkpoint": [lambda n: as_bytes.ORIGIN.encode() + b"\n" + b"1" * n + b"\n\n", lambda n: b"a\n" * n],
    "log tile": [lambda n: b"x" * n],
    "log bundle": [lambda n: b"\0\0" * n, lambda n: b"\0\1x" * n],
}  # fmt: skip
CASES = [(name, at) for name, builders in HOSTILE.items() for at in range(len(builders))]


def cost(read, data):
    """Calls made, of Python and of C, and the most memory held at a time."""
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    outcome(read, data)  # what is imported and kept at the first call is not counted
    tracemalloc.start()
    sys.setprofile(count)
    try:
        outcome(read, data)
    finally:
        sys.setprofile(None)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return calls, peak


@pytest.mark.parametrize(("name", "at"), CASES, ids=[f"{name} {at}" for name, at in CASES])
def test_steps_and_memory_grow_no_faster_than_the_input(name, at):
    read, make = PARSERS[name][0], HOSTILE[name][at]
    small, large = make(2_000), make(16_000)
    (few, low), (many, high) = cost(read, small), cost(read, large)
    growth = len(large) / len(small)
    assert many <= 1.5 * growth * max(few, 200)
    assert high <= 40 * len(large) + 200_000
    assert low <= 40 * len(small) + 200_000


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_the_quick_reader_says_of_every_line_what_the_full_one_says(data):
    reader = LeanReader()
    reader.read(ITEM)
    at = data.draw(st.integers(0, len(ITEM)))
    piece = data.draw(
        st.binary(max_size=2)
        | st.sampled_from(
            [b'"', b"\\", b"A", b"0", b"00", b" ", b",", b"\\u0030", b'"",', b"-1", b"1.0", b"e1", b"true"]
        )
    )
    bent = ITEM[:at] + piece + ITEM[at + data.draw(st.integers(0, 3)) :]
    assert _answer(lambda line: reader.read(line), bent) == _answer(
        lambda line: LeanReader().read(line), bent
    )


def _answer(read, line):
    try:
        return read(line)
    except SealError as error:
        return error.code
