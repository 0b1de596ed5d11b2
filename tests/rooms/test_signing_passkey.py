"""Signing with one's own passkey (乙): the challenge is the paper's digest, and anybody can check it again."""

import base64
import json
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.access import operations, passkeys, queries
from jieli.access.errors import (
    BadPeriod,
    LinkUnusable,
    NoSuchPerson,
    PasskeyRefused,
    SignInFailed,
)
from jieli.access.passkeys import EVIDENCE, Site
from jieli.access.types import LinkPurpose, Role, SignedWith
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY, HOUR
from jieli.ledger import queries as ledger
from tests.conftest import NOW
from tests.fakes.authenticator import PRESENT, Authenticator

SITE = Site("localhost", "http://localhost:8000")
BY = "system:test"
DIGEST, OTHER = sha256(b"%PDF-1.7 one").digest(), sha256(b"%PDF-1.7 two").digest()
signed_parts = st.sampled_from([n for n in EVIDENCE if n != "credential_id"])


def key() -> Authenticator:
    return Authenticator("localhost", "http://localhost:8000")


def attested(found: Authenticator, name: str = "李敏") -> bytes:
    options, state = passkeys.begin_registration(SITE, person=new_id(NOW), name=name, known=[])
    return passkeys.finish_registration(SITE, state, found.create(options)).data


def signed(found: Authenticator, digest: bytes = DIGEST) -> SignedWith:
    credentials = {UUID(int=1): attested(key()), UUID(int=2): attested(found)}
    options, state = passkeys.begin_signing(SITE, digest=digest, credentials=credentials)
    return passkeys.finish_signing(
        SITE, json.loads(json.dumps(state)), found.get(options), digest=digest, credentials=credentials
    )


@pytest.fixture(scope="module")
def evidence() -> dict[str, str]:
    return signed(key()).evidence


def test_the_challenge_is_the_digest_and_the_evidence_checks_without_us() -> None:
    mine = key()
    made = signed(mine)
    assert made.passkey == UUID(int=2)
    assert tuple(made.evidence) == EVIDENCE
    client = json.loads(base64.urlsafe_b64decode(made.evidence["client_data"] + "=="))
    assert base64.urlsafe_b64decode(client["challenge"] + "=") == DIGEST
    assert passkeys.verify_signing(made.evidence, DIGEST) is True
    assert passkeys.verify_signing(made.evidence, DIGEST, site=SITE) is True
    assert passkeys.verify_signing(json.loads(json.dumps(made.evidence)), DIGEST) is True


def test_it_proves_this_paper_and_no_other(evidence: dict[str, str]) -> None:
    assert passkeys.verify_signing(evidence, OTHER) is False
    assert passkeys.verify_signing(evidence, b"") is False


@pytest.mark.parametrize(
    "site", [replace(SITE, host="example.com"), replace(SITE, origin="http://localhost")]
)
def test_it_names_the_site_on_which_it_was_made(evidence: dict[str, str], site: Site) -> None:
    assert passkeys.verify_signing(evidence, DIGEST, site=site) is False


@given(signed_parts, st.data())
def test_any_flipped_bit_is_found(evidence: dict[str, str], name: str, data: st.DataObject) -> None:
    raw = bytearray(base64.urlsafe_b64decode(evidence[name] + "=" * (-len(evidence[name]) % 4)))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    spelled = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    assert passkeys.verify_signing(evidence | {name: spelled}, DIGEST) is False


@given(
    signed_parts, st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="))
)
def test_anything_at_all_in_the_evidence_is_answered_with_no(
    evidence: dict[str, str], name: str, text: str
) -> None:
    assert passkeys.verify_signing(evidence | {name: text}, DIGEST) is False


@pytest.mark.parametrize("nested", [b"\x81" * 4_000, b"\xa1\x00" * 4_000, b"\xbb" + b"\xff" * 8])
def test_a_key_made_to_exhaust_the_reader_is_answered_with_no(
    evidence: dict[str, str], nested: bytes
) -> None:
    spelled = base64.urlsafe_b64encode(nested).rstrip(b"=").decode()
    assert passkeys.verify_signing(evidence | {"public_key": spelled}, DIGEST) is False


@pytest.mark.parametrize("name", EVIDENCE)
def test_missing_evidence_is_no_evidence(evidence: dict[str, str], name: str) -> None:
    assert passkeys.verify_signing({k: v for k, v in evidence.items() if k != name}, DIGEST) is False


def test_a_telephone_that_did_not_verify_its_person_signs_nothing() -> None:
    with pytest.raises(PasskeyRefused):
        signed(replace(key(), flags=PRESENT))


def test_a_signature_of_another_origin_or_registration_kind_is_refused() -> None:
    with pytest.raises(PasskeyRefused):
        credentials = {UUID(int=1): attested(mine := key())}
        options, state = passkeys.begin_signing(SITE, digest=DIGEST, credentials=credentials)
        mine.origin = "https://elsewhere.example"
        passkeys.finish_signing(SITE, state, mine.get(options), digest=DIGEST, credentials=credentials)


def test_only_one_of_the_signers_own_passkeys_signs() -> None:
    stranger = key()
    credentials = {UUID(int=1): attested(key())}
    options, state = passkeys.begin_signing(SITE, digest=DIGEST, credentials=credentials)
    with pytest.raises(PasskeyRefused):
        passkeys.finish_signing(SITE, state, stranger.get(options), digest=DIGEST, credentials=credentials)
    with pytest.raises(PasskeyRefused):
        passkeys.begin_signing(SITE, digest=DIGEST, credentials={})
    with pytest.raises(ValueError, match="32 bytes"):
        passkeys.begin_signing(SITE, digest=b"short", credentials=credentials)


# ── with the register ──


def enrol(name: str = "li.min") -> tuple[UUID, Authenticator]:
    person, mine = operations.admit_person(sign_in=name, name=name, by=BY, at=NOW), key()
    options, state = passkeys.begin_registration(SITE, person=person, name=name, known=[])
    new = passkeys.finish_registration(SITE, state, mine.create(options))
    operations.register_passkey(person=person, passkey=new, label="手机", by=f"person:{person}", at=NOW)
    return person, mine


def sign(person: UUID, mine: Authenticator, **changed: Any) -> SignedWith:
    options, state = passkeys.begin_signing(SITE, digest=DIGEST, credentials=queries.passkey_keys(person))
    wanted = {"person": person, "site": SITE, "state": state, "answer": mine.get(options), "digest": DIGEST}
    return operations.sign_with_passkey(**(wanted | changed))


def test_a_person_signs_with_a_registered_passkey_whose_counter_moves_on(db: None) -> None:
    person, mine = enrol()
    made = sign(person, mine)
    assert made.passkey in queries.passkey_keys(person)
    assert passkeys.verify_signing(made.evidence, DIGEST, site=SITE) is True
    mine.count -= 1
    with pytest.raises(PasskeyRefused):
        sign(person, mine)


def test_a_sign_in_signs_no_paper_and_a_signature_signs_nobody_in(db: None) -> None:
    person, mine = enrol()
    options, state = passkeys.begin_sign_in(SITE)
    with pytest.raises(PasskeyRefused):
        sign(person, mine, state=state, answer=mine.get(options))
    options, state = passkeys.begin_signing(SITE, digest=DIGEST, credentials=queries.passkey_keys(person))
    with pytest.raises(PasskeyRefused):
        operations.present_passkey(site=SITE, state=state, answer=mine.get(options))
    with pytest.raises(PasskeyRefused):
        sign(person, mine, digest=OTHER)


def test_another_persons_passkey_and_an_ended_one_sign_nothing_for_me(db: None) -> None:
    person, _ = enrol()
    other, theirs = enrol("wang.tao")
    with pytest.raises(PasskeyRefused):
        sign(person, theirs)
    second = key()
    options, state = passkeys.begin_registration(SITE, person=other, name="二", known=[])
    new = passkeys.finish_registration(SITE, state, second.create(options))
    operations.register_passkey(person=other, passkey=new, label="二", by=BY, at=NOW + 1)
    first = next(iter(queries.passkey_keys(other)))
    operations.end_passkey(person=other, passkey=first, by=BY, at=NOW + 2)
    with pytest.raises(PasskeyRefused):
        sign(other, theirs)


# ── links that sign in (丙) ──


def admit(name: str = "li.min") -> UUID:
    return operations.admit_person(sign_in=name, name=name, by=BY, at=NOW)


def link(person: UUID, expires_at: int = NOW + HOUR) -> str:
    return operations.make_sign_in_link(person=person, expires_at=expires_at, by=BY, at=NOW)


def test_a_sign_in_link_lets_its_person_in_once(db: None) -> None:
    person = admit()
    token = link(person)
    assert queries.usable_link(token, at=NOW) is not None
    assert operations.sign_in_by_link(token=token, at=NOW + 1).person == person
    with pytest.raises(LinkUnusable):
        operations.sign_in_by_link(token=token, at=NOW + 2)
    [used] = ledger.entries_of_kind("access.use_link")
    assert used.time == NOW + 1


def test_a_link_is_good_for_its_own_purpose_only_and_is_not_used_up_by_another(db: None) -> None:
    person = admit()
    token = link(person)
    with pytest.raises(LinkUnusable):
        operations.use_link(token=token, by=BY, at=NOW)
    assert operations.sign_in_by_link(token=token, at=NOW).purpose is LinkPurpose.SIGN_IN
    enrolment = operations.make_link(
        sign_in="li.min", purpose=LinkPurpose.ENROL, expires_at=NOW + DAY, by=BY, at=NOW
    )
    with pytest.raises(LinkUnusable):
        operations.sign_in_by_link(token=enrolment, at=NOW)
    assert queries.usable_link(enrolment, at=NOW) is not None


def test_unknown_and_expired_sign_in_links_are_one_answer(db: None) -> None:
    token = link(admit())
    for wrong, at in ((token, NOW + HOUR), ("no such", NOW)):
        with pytest.raises(LinkUnusable):
            operations.sign_in_by_link(token=wrong, at=at)


def test_a_sign_in_link_lives_a_day_at_most_and_for_somebody_known(db: None) -> None:
    person = admit()
    for expires_at in (NOW + DAY + 1, NOW):
        with pytest.raises(BadPeriod):
            link(person, expires_at)
    with pytest.raises(NoSuchPerson):
        link(new_id(NOW))


def test_whoever_has_a_role_comes_in_by_passkey_only(db: None) -> None:
    person, officer = admit(), admit("officer")
    operations.grant_role(person=officer, role=Role.COMPLIANCE, begins_at=NOW, by=BY, at=NOW)
    with pytest.raises(LinkUnusable):
        link(officer)
    token = link(person)
    operations.grant_role(person=person, role=Role.IT, begins_at=NOW, by=BY, at=NOW)
    with pytest.raises(LinkUnusable):
        operations.sign_in_by_link(token=token, at=NOW + 1)
    operations.end_grants(person=person, by=BY, at=NOW + 2)
    assert operations.sign_in_by_link(token=token, at=NOW + 3).person == person


def test_a_forged_counter_of_nobody_is_a_failed_sign_in(db: None) -> None:
    options, state = passkeys.begin_sign_in(SITE)
    with pytest.raises(SignInFailed):
        operations.present_passkey(site=SITE, state=state, answer=key().get(options))
