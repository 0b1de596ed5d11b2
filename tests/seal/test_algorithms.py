"""ML-DSA-44 and SM2 beside Ed25519: what signs what, what is not at hand, and what a policy makes of it."""

import sys

import pytest

from seal import checkpoint, cosignature, keys, mldsa, note, policy, sm2
from seal.checkpoint import Checkpoint
from seal.errors import MismatchError, NoCryptoError, SealError
from seal.keys import COSIGNATURE, MLDSA, SM2, parse_signer, parse_vkey
from seal.verify import verify_package
from tests.seal.packages import (
    COSIGNED,
    ORIGIN,
    build,
    digest,
    files_of,
    policy_text,
    remade,
    signed_checkpoint,
    signer,
    sm2_signer,
)

LOG = signer(ORIGIN)
QUANTUM = signer(ORIGIN, kind=MLDSA)
NATIONAL = sm2_signer()
WITNESS = signer("w.example", kind=MLDSA)
HEAD = Checkpoint(ORIGIN, 7, digest("root"))
SIGNED = signed_checkpoint(LOG, 7, digest("root"), (WITNESS,), (QUANTUM, NATIONAL))


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A package whose log signs in three ways and whose witness cosigns by ML-DSA-44."""
    path = tmp_path_factory.mktemp("many") / "many.zip"
    return build(path, more=(signer(ORIGIN, kind=MLDSA), NATIONAL), cosigner=MLDSA)


@pytest.fixture
def hidden(monkeypatch):
    """As on a machine where neither ML-DSA-44 nor SM2 is installed."""
    monkeypatch.setitem(sys.modules, "gmssl_pyx", None)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.mldsa", None)
    monkeypatch.delattr("cryptography.hazmat.primitives.asymmetric.mldsa", raising=False)


def test_the_structure_signed_is_that_of_the_specification():
    name, origin = b"w.example", ORIGIN.encode()
    wanted = b"subtree/v1\n\0" + bytes([len(name)]) + name + (12).to_bytes(8, "big")
    wanted += bytes([len(origin)]) + origin + bytes(8) + (7).to_bytes(8, "big") + digest("root")
    assert cosignature.tree_message(HEAD.text(), 12, "w.example") == wanted


def test_every_line_of_a_checkpoint_signed_in_four_ways_verifies_with_its_time():
    found = note.verify(note.parse(SIGNED), [LOG.vkey, QUANTUM.vkey, NATIONAL.vkey, WITNESS.vkey])
    assert [(one.key.label, one.time) for one in found] == [
        ("Ed25519", None), ("ML-DSA-44", COSIGNED + 7), ("SM2", None), ("ML-DSA-44", COSIGNED + 7),
    ]  # fmt: skip


def test_a_foreign_program_reads_our_ml_dsa_line_and_we_read_its():
    scales = pytest.importorskip("tlog_scales.tlog", reason="tlog-scales is a rival, not a dependency")
    theirs = scales.signing.MLDSA44CosignatureSigner("w.example", digest("foreign"))
    head = scales.Checkpoint(ORIGIN, 7, digest("root"), [])
    read = note.Signature("w.example", theirs.vkey.key_id.to_bytes(4, "big"), theirs.sign(head).payload)
    key = parse_vkey(theirs.vkey.serialize())
    assert note.verify(note.parse(note.add(SIGNED, [read])), [key])[0].time > COSIGNED
    ours = note.parse(SIGNED).signatures[-1]
    scales.signing.Vkey.from_string(WITNESS.vkey.format()).get_verifier().verify(ours.payload, head)


@pytest.mark.parametrize("one", [QUANTUM, NATIONAL], ids=["ML-DSA-44", "SM2"])
def test_keys_go_both_ways_as_a_line_of_text(one):
    assert parse_vkey(one.vkey.format()) == one.vkey
    assert parse_signer(one.secret()) == one
    assert one.seed.hex() not in repr(one)
    assert parse_signer(keys.generate("a", kind=one.kind).secret()).vkey.understood


@pytest.mark.parametrize("one", [QUANTUM, NATIONAL, WITNESS], ids=["ML-DSA-44", "SM2", "witness"])
@pytest.mark.parametrize("at", [0, 7, 9, 40, 63, -1])
def test_a_changed_byte_of_a_known_line_makes_the_whole_note_wrong(one, at):
    line = next(s for s in note.parse(SIGNED).signatures if (s.name, s.id) == (one.name, one.vkey.id))
    payload = bytearray(line.payload)
    payload[at] ^= 1
    bent = note.Signature(line.name, line.id, bytes(payload))
    with pytest.raises(MismatchError) as error:
        note.verify(note.parse(note.add(HEAD.text() + b"\n", [bent])), [one.vkey])
    assert error.value.code == "note.signature"


def test_the_line_is_over_origin_size_root_and_the_cosigner_s_name():
    line = next(s for s in note.parse(SIGNED).signatures if s.name == "w.example")
    others = [
        Checkpoint("x.example", 7, HEAD.root),
        Checkpoint(ORIGIN, 8, HEAD.root),
        Checkpoint(ORIGIN, 7, digest("x")),
    ]
    for head in others:
        with pytest.raises(MismatchError):
            cosignature.verify(head.text(), WITNESS.vkey, line.payload)
    renamed = keys.Vkey("v.example", b"0000", MLDSA, WITNESS.vkey.material)
    with pytest.raises(MismatchError):
        cosignature.verify(HEAD.text(), renamed, line.payload)
    with pytest.raises(MismatchError):
        cosignature.verify(b"no checkpoint\n", WITNESS.vkey, line.payload)


def test_a_cosignature_without_a_time_counts_for_the_quorum_and_fixes_no_time():
    line = note.Signature("w.example", WITNESS.vkey.id, cosignature.cosign(HEAD.text(), WITNESS, time=0))
    trusted = policy.parse(policy_text(LOG, (WITNESS,)))
    head, signed = checkpoint.parse(note.add(checkpoint.sign(HEAD, LOG), [line]))
    decision = policy.evaluate(trusted, head, signed)
    assert (decision.satisfied, decision.witnesses) == (True, (("w0", 0),))


def test_an_sm2_signature_has_one_spelling():
    made = NATIONAL.sign(b"text")
    s = int.from_bytes(made[32:], "big")
    assert sm2.verify(NATIONAL.vkey.public, made, b"text")
    assert not sm2.verify(
        NATIONAL.vkey.public, made[:32] + (s + sm2._ORDER).to_bytes(33, "big")[-32:], b"text"
    )
    assert not sm2.verify(NATIONAL.vkey.public, bytes(32) + made[32:], b"text")
    assert not sm2.verify(NATIONAL.vkey.public, made + b"\0", b"text")
    assert len(made) == 64


def test_an_sm2_secret_whose_halves_do_not_fit_signs_nothing():
    other = keys.generate(ORIGIN, kind=SM2)
    mixed = keys.signer_of(ORIGIN, NATIONAL.seed[:32] + other.seed[32:], kind=SM2)
    with pytest.raises(SealError) as error:
        mixed.sign(b"text")
    assert error.value.code == "keys.secret"


def test_a_log_of_three_keys_is_vouched_for_by_each_of_them(many):
    for key in (many.log, signer(ORIGIN, kind=MLDSA), NATIONAL):
        report = verify_package(many.path, policy=policy.parse(policy_text(key, many.witnesses)))
        assert (report.exit_code, report.log, report.unchecked) == (0, ORIGIN, ())
    assert "见证：w0，2026-09-21" in report.text()


def test_lines_that_cannot_be_checked_are_named_and_count_for_nothing(many, hidden):
    report = verify_package(many.path, policy=policy.parse(policy_text(many.log, ())))
    assert report.exit_code == 0
    assert [(one.name, one.algorithm) for one in report.unchecked] == [
        (ORIGIN, "ML-DSA-44"), (ORIGIN, "SM2"), ("witness0.sample.example", "ML-DSA-44"),
    ]  # fmt: skip
    assert f"未核：{ORIGIN}（SM2）" in report.text()
    assert report.json()["unchecked"][0] == {"name": ORIGIN, "algorithm": "ML-DSA-44"}


@pytest.mark.parametrize(("kind", "code"), [(MLDSA, "keys.no_mldsa"), (SM2, "keys.no_sm2")])
def test_a_policy_that_names_a_key_which_cannot_be_checked_is_not_satisfied(many, hidden, kind, code):
    key = {MLDSA: QUANTUM, SM2: NATIONAL}[kind]
    report = verify_package(many.path, policy=policy.parse(policy_text(many.log, (), more=(key,))))
    assert (report.exit_code, report.steps[7].code) == (3, code)


def test_nothing_is_made_or_checked_where_the_algorithm_is_absent(hidden):
    assert (mldsa.at_hand(), sm2.at_hand()) == (False, False)
    for kind in (MLDSA, SM2):
        with pytest.raises(NoCryptoError):
            keys.generate("a", kind=kind)


def test_a_wrong_line_of_a_key_that_only_the_package_names_is_found_where_it_can_be_checked(tmp_path):
    liar = build(tmp_path / "liar.zip", more=(signer(ORIGIN, kind=MLDSA),))
    files = files_of(liar.path)
    old = note.parse(files["checkpoints/3"]).signatures[1]
    bent = note.Signature(old.name, old.id, bytes(8) + old.payload[8:]).line().encode()
    (tmp_path / "bent.zip").write_bytes(
        remade(files, {"checkpoints/3": files["checkpoints/3"].replace(old.line().encode(), bent)})
    )
    report = verify_package(tmp_path / "bent.zip", policy=policy.parse(policy_text(liar.log, ())))
    assert (report.exit_code, report.steps[7].code) == (1, "note.signature")


def test_sm2_states_no_time_and_is_no_witness():
    with pytest.raises(SealError) as error:
        policy.parse(policy_text(LOG, (NATIONAL,)))
    assert error.value.code == "policy.key"
    with pytest.raises(SealError) as error:
        cosignature.cosign(HEAD.text(), NATIONAL, time=1)
    assert error.value.code == "cosignature.key"
    with pytest.raises(SealError) as error:
        checkpoint.signature(HEAD, signer(ORIGIN, kind=COSIGNATURE))
    assert error.value.code == "checkpoint.key"
