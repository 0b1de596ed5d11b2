"""Signed notes, keys, checkpoints, cosignatures and proofs: the specification's examples, and named bad artefacts."""

import base64

import pytest

from seal import checkpoint, cosignature, ed25519, keys, note, proof
from seal.checkpoint import Checkpoint
from seal.errors import MismatchError, SealError
from seal.keys import COSIGNATURE, parse_signer, parse_vkey
from tests.seal.packages import digest, signed_checkpoint, signer

EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()

LOG = signer("log.example/one")
OTHER = signer("log.example/two")
WITNESS = signer("witness.example/w", kind=COSIGNATURE)
HEAD = Checkpoint("log.example/one", 7, digest("root"))
SIGNED = signed_checkpoint(LOG, 7, digest("root"), (WITNESS,))
TEXT, LINES = SIGNED[: SIGNED.rindex(b"\n\n") + 1], SIGNED[SIGNED.rindex(b"\n\n") + 2 :]


def code_of(read, data):
    with pytest.raises(SealError) as error:
        read(data)
    return error.value.code


def signers(data, key):
    try:
        return note.verify(note.parse(data), [key])
    except SealError:
        return "refused"


def test_the_signed_note_example_of_the_specification_verifies():
    found = note.verify(note.parse(EXAMPLE), [parse_vkey(EXAMPLE_KEY)])
    assert [one.key.name for one in found] == ["example.com/foo"]
    assert parse_vkey(EXAMPLE_KEY).format() == EXAMPLE_KEY


def test_every_changed_bit_of_the_example_is_refused_or_leaves_no_known_signature():
    key = parse_vkey(EXAMPLE_KEY)
    bent = [EXAMPLE[:at] + bytes([EXAMPLE[at] ^ 1]) + EXAMPLE[at + 1 :] for at in range(len(EXAMPLE))]
    assert {signers(data, key) for data in bent} == {"refused", ()}


def test_a_note_goes_both_ways_and_its_text_may_hold_blank_lines():
    text = b"first\n\nsecond\n\n\nthird\n"
    data = note.sign(text, [LOG, OTHER])
    read = note.parse(data)
    assert (read.text, read.format()) == (text, data)
    assert len(note.verify(read, [OTHER.vkey, LOG.vkey])) == 2


def test_lines_of_unknown_keys_are_passed_over_and_sixteen_signatures_are_accepted():
    crowd = [signer(f"stranger{n}.example") for n in range(16)]
    read = note.parse(note.sign(b"text\n", [*crowd, LOG]))
    assert [one.key for one in note.verify(read, [LOG.vkey])] == [LOG.vkey]
    assert note.verify(read, [OTHER.vkey]) == ()


def test_a_known_key_with_a_wrong_signature_makes_the_whole_note_wrong():
    wrong = note.Signature(LOG.name, LOG.vkey.id, LOG.sign(b"other text\n"))
    read = note.parse(note.add(note.sign(b"text\n", [OTHER]), [wrong]))
    with pytest.raises(MismatchError) as error:
        note.verify(read, [OTHER.vkey, LOG.vkey])
    assert error.value.code == "note.signature"


def test_the_same_id_under_another_name_is_an_unknown_key():
    borrowed = note.Signature("else.example", LOG.vkey.id, LOG.sign(b"text\n"))
    assert note.verify(note.parse(note.add(b"text\n\n", [borrowed])), [LOG.vkey]) == ()


SIGNATURE = LINES.split(b"\n")[0] + b"\n"
BAD_NOTES = [
    ("nothing", b"", "note.blank"),
    ("no blank line", TEXT + SIGNATURE, "note.blank"),
    ("no signature", TEXT + b"\n", "note.end"),
    ("no last newline", TEXT + b"\n" + SIGNATURE[:-1], "note.end"),
    ("two blank lines at the end", TEXT + b"\n" + SIGNATURE + b"\n", "note.end"),
    ("control character", b"te\txt\n\n" + SIGNATURE, "note.control"),
    ("carriage returns", TEXT.replace(b"\n", b"\r\n") + b"\n" + SIGNATURE, "note.control"),
    ("not utf-8", b"\xff\n\n" + SIGNATURE, "note.utf8"),
    ("hyphen for dash", TEXT + b"\n" + SIGNATURE.replace("—".encode(), b"-"), "note.line"),
    ("two spaces", TEXT + b"\n" + SIGNATURE.replace("— ".encode(), "—  ".encode()), "note.line"),
    ("no name", TEXT + "\n—  AAAAAAA=\n".encode(), "keys.name"),
    ("plus in the name", TEXT + "\n— a+b AAAAAAA=\n".encode(), "keys.name"),
    ("wide space in the name", TEXT + "\n— a\u3000b AAAAAAA=\n".encode(), "keys.name"),
    ("url-safe base64", TEXT + "\n— a AAAA-A==\n".encode(), "note.base64"),
    ("no padding", TEXT + "\n— a AAAAAAA\n".encode(), "note.base64"),
    ("trailing bits set", TEXT + "\n— a AAAAAAB=\n".encode(), "note.base64"),
    ("only a key id", TEXT + "\n— a AAAAAA==\n".encode(), "note.line"),
    ("one key twice", TEXT + b"\n" + SIGNATURE * 2, "note.duplicate"),
    ("text among the lines", TEXT + b"\n" + SIGNATURE + b"words\n", "note.line"),
    (
        "thirty-three lines",
        TEXT + b"\n" + b"".join(b"\xe2\x80\x94 a%d AAAAAAA=\n" % n for n in range(33)),
        "note.many",
    ),
    ("too long", b"x" * note.MAX_NOTE + b"\n\n" + SIGNATURE, "note.size"),
]


@pytest.mark.parametrize(("data", "code"), [row[1:] for row in BAD_NOTES], ids=[row[0] for row in BAD_NOTES])
def test_bad_notes_are_refused_by_their_own_code(data, code):
    assert code_of(note.parse, data) == code


def _head(*lines):
    return "".join(line + "\n" for line in lines).encode()


ROOT = base64.b64encode(digest("root")).decode()
BAD_TEXTS = [
    ("two lines", _head("log", "7"), "checkpoint.lines"),
    ("no last newline", _head("log", "7", ROOT)[:-1], "checkpoint.lines"),
    ("empty origin", _head("", "7", ROOT), "checkpoint.lines"),
    ("empty extension", _head("log", "7", ROOT, ""), "checkpoint.lines"),
    ("leading zero", _head("log", "07", ROOT), "checkpoint.size"),
    ("plus sign", _head("log", "+7", ROOT), "checkpoint.size"),
    ("underscore", _head("log", "1_0", ROOT), "checkpoint.size"),
    ("arabic digit", _head("log", "٧", ROOT), "checkpoint.size"),
    ("space", _head("log", " 7", ROOT), "checkpoint.size"),
    ("above 2^63-1", _head("log", str(2**63), ROOT), "checkpoint.size"),
    ("short root", _head("log", "7", "AAAA"), "checkpoint.root"),
    ("root with trailing bits", _head("log", "7", ROOT[:-2] + "5="), "checkpoint.root"),
    ("not utf-8", b"\xff\n7\n" + ROOT.encode() + b"\n", "checkpoint.utf8"),
    ("control character", _head("lo\x07g", "7", ROOT), "checkpoint.lines"),
]


@pytest.mark.parametrize(("data", "code"), [row[1:] for row in BAD_TEXTS], ids=[row[0] for row in BAD_TEXTS])
def test_bad_checkpoint_texts_are_refused_by_their_own_code(data, code):
    assert code_of(checkpoint.parse_text, data) == code


def test_a_checkpoint_goes_both_ways_with_its_extension_lines():
    head = Checkpoint("log 日志", 0, digest("x"), ("ext one", "ext two"))
    assert checkpoint.parse_text(head.text()) == head


def test_a_log_signs_only_under_its_own_name_and_no_false_empty_tree():
    for head in (
        Checkpoint("log.example/two", 7, digest("root")),
        Checkpoint("log.example/one", 0, digest("root")),
    ):
        with pytest.raises(SealError):
            checkpoint.sign(head, LOG)


def test_a_cosignature_says_its_time_and_binds_it():
    found = note.verify(note.parse(SIGNED), [WITNESS.vkey])
    assert [(one.key.name, one.time) for one in found] == [("witness.example/w", 1_790_000_107)]
    payload = cosignature.cosign(HEAD.text(), WITNESS, time=5)
    for bent in (payload[:-1], (6).to_bytes(8, "big") + payload[8:], bytes(8) + payload[8:]):
        with pytest.raises(MismatchError):
            cosignature.verify(HEAD.text(), WITNESS.vkey, bent)


def test_a_cosignature_needs_a_cosigner_key_and_a_time():
    with pytest.raises(SealError):
        cosignature.cosign(HEAD.text(), LOG, time=5)
    with pytest.raises(SealError):
        cosignature.cosign(HEAD.text(), WITNESS, time=0)


def test_a_signing_key_goes_both_ways_and_does_not_show_itself():
    fresh = keys.generate("log.example/new")
    assert parse_signer(fresh.secret()) == fresh
    assert fresh.seed.hex() not in repr(fresh) and str(fresh.seed) not in repr(fresh)


BAD_KEYS = [
    ("nothing", "", "keys.vkey"),
    ("no id", "name+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "keys.vkey"),
    ("empty name", EXAMPLE_KEY.removeprefix("example.com/foo"), "keys.name"),
    ("upper-case id", EXAMPLE_KEY.replace("530d903a", "530D903A"), "keys.vkey"),
    ("short id", EXAMPLE_KEY.replace("530d903a", "530d90"), "keys.vkey"),
    ("another id", EXAMPLE_KEY.replace("530d903a", "530d903b"), "keys.id"),
    ("another name", EXAMPLE_KEY.replace("foo", "bar"), "keys.id"),
    ("another key", EXAMPLE_KEY.replace("AekyeR", "AekyeS"), "keys.id"),
    ("lenient base64", EXAMPLE_KEY + "=", "keys.vkey"),
    ("no material", "a+00000000+AQ==", "keys.vkey"),
    ("31 bytes", "a+00000000+" + base64.b64encode(b"\x01" + bytes(31)).decode(), "keys.public"),
    ("point of order 4", "a+00000000+" + base64.b64encode(b"\x01" + bytes(32)).decode(), "keys.public"),
    ("not reduced", "a+00000000+" + base64.b64encode(b"\x01" + b"\xff" * 32).decode(), "keys.public"),
    ("lone surrogate", EXAMPLE_KEY.replace("foo", "\ud800"), "keys.name"),
    ("too long", "a" * 9000 + "+00000000+AQ==", "keys.vkey"),
]


@pytest.mark.parametrize(("text", "code"), [row[1:] for row in BAD_KEYS], ids=[row[0] for row in BAD_KEYS])
def test_bad_verifier_keys_are_refused_by_their_own_code(text, code):
    assert code_of(parse_vkey, text) == code


def test_a_verifier_key_of_an_unknown_type_is_kept_and_verifies_nothing():
    text = "a+01020304+" + base64.b64encode(b"\x05" + bytes(1312)).decode()
    key = parse_vkey(text)
    assert (key.understood, key.format()) == (False, text)
    read = note.parse(note.add(b"text\n\n", [note.Signature("a", key.id, b"x" * 2428)]))
    assert note.verify(read, [key]) == ()


def test_a_signature_whose_scalar_is_not_reduced_is_refused():
    good = LOG.sign(b"text")
    order = 2**252 + 27742317777372353535851937790883648493
    twin = good[:32] + (int.from_bytes(good[32:], "little") + order).to_bytes(32, "little")
    assert ed25519.verify(LOG.vkey.material, good, b"text")
    assert not ed25519.verify(LOG.vkey.material, twin, b"text")


PROOF = proof.Proof(3, (digest("a"), digest("b")), SIGNED, b"entry")
GOOD = PROOF.format()
BAD_PROOFS = [
    ("nothing", b"", "proof.blank"),
    ("another header", GOOD.replace(b"@v1", b"@v2"), "proof.header"),
    ("no index", GOOD.replace(b"index 3\n", b""), "proof.index"),
    ("leading zero", GOOD.replace(b"index 3", b"index 03"), "proof.index"),
    ("empty extra", GOOD.replace(b"extra ZW50cnk=", b"extra "), "proof.extra"),
    ("lenient extra", GOOD.replace(b"extra ZW50cnk=", b"extra ZW50cnk"), "proof.extra"),
    ("short hash", GOOD.replace(b"index 3\n", b"index 3\nAAAA\n"), "proof.hash"),
    ("64 hashes", GOOD.replace(b"index 3\n", b"index 3\n" + (ROOT.encode() + b"\n") * 62), "proof.length"),
    ("carriage return", GOOD.replace(b"index 3\n", b"index 3\r\n"), "proof.index"),
    ("not ascii", GOOD.replace(b"index 3\n", "index ３\n".encode()), "proof.ascii"),
    ("no checkpoint", GOOD[: GOOD.index(b"\n\n") + 2], "note.blank"),
    ("too long", GOOD + b"x" * proof.MAX_PROOF, "proof.size"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "code"), [row[1:] for row in BAD_PROOFS], ids=[row[0] for row in BAD_PROOFS]
)
def test_bad_proof_files_are_refused_by_their_own_code(data, code):
    assert code_of(proof.parse, data) == code


def test_a_proof_file_goes_both_ways_with_and_without_extra():
    bare = proof.Proof(0, (), SIGNED)
    assert proof.parse(GOOD) == PROOF
    assert proof.parse(bare.format()) == bare
    assert b"extra" not in bare.format()
