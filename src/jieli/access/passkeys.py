"""WebAuthn by the `fido2` library: what is asked of a browser, and whether its answer holds.

The relying party is the host a person sees in the address bar; the origin must be equal to the one served, to the
letter. User verification is required: a passkey stands for a person, not for a lost telephone.

Signing (乙, ADR 14) is an assertion whose challenge is the SHA-256 of the PDF. A state of a sign-in is never accepted
as one of a signing, nor the reverse. What WebAuthn itself cannot show is what the page displayed meanwhile: the door
shows the paper before it asks, and the signer's own receipt names the digest.
"""

import json
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from jieli.access.errors import PasskeyRefused
from jieli.access.types import NewPasskey, SignedWith

Options = dict[str, Any]
State = dict[str, Any]

#: What a signing leaves as evidence, each base64url without padding.
EVIDENCE = ("credential_id", "public_key", "client_data", "authenticator_data", "signature")
#: Stands in the state of a signing: the digest in hex. A sign-in state has none.
_SIGNING = "signing"
#: COSE algorithm → kind of key and curve (RFC 9053): ES256, ES384, ES512, EdDSA, RS256, PS256.
_RSA = 3
_KINDS = {-7: (2, 1), -35: (2, 2), -36: (2, 3), -8: (1, 6), -257: (_RSA, None), -37: (_RSA, None)}
_LONGEST = 16 * 1024
#: What parsing strangers' bytes with these libraries can raise; all of it says the same: it does not hold.
#: RuntimeError is what a key of no known kind and too deep a nesting raise.
_DOES_NOT_HOLD = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError, struct.error,
    InvalidSignature, UnsupportedAlgorithm,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """Where the browser stands: its host without port, and the full origin."""

    host: str
    origin: str

    def server(self) -> Fido2Server:
        party = PublicKeyCredentialRpEntity(id=self.host, name="接力")
        return Fido2Server(party, verify_origin=lambda shown: shown == self.origin)


def _refused() -> PasskeyRefused:
    return PasskeyRefused("通行密钥没有通过核对。", remedy="请重试；仍不行时，请改用登记过的另一把通行密钥。")


def begin_registration(
    site: Site, *, person: UUID, name: str, known: Iterable[bytes]
) -> tuple[Options, State]:
    """What to ask the browser for a new passkey, and the state to keep until it answers."""
    options, state = site.server().register_begin(
        PublicKeyCredentialUserEntity(id=person.bytes, name=name, display_name=name),
        [AttestedCredentialData(data) for data in known],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options), _plain(state)


def finish_registration(site: Site, state: State, answer: Mapping[str, Any]) -> NewPasskey:
    """The new passkey, verified; PasskeyRefused (access.passkey_refused) for any answer that does not hold."""
    try:
        shown = site.server().register_complete(state, answer)
    except (ValueError, TypeError, KeyError) as error:
        raise _refused() from error
    if shown.credential_data is None:
        raise _refused()
    return NewPasskey(shown.credential_data.credential_id, bytes(shown.credential_data), shown.counter)


def begin_sign_in(site: Site) -> tuple[Options, State]:
    """What to ask the browser at sign-in. It names no person and no key: the authenticator offers its own."""
    options, state = site.server().authenticate_begin(user_verification=UserVerificationRequirement.REQUIRED)
    return dict(options), _plain(state)


def shown_id(answer: Mapping[str, Any]) -> bytes:
    """The id of the passkey that answers, not yet believed."""
    try:
        return bytes(AuthenticationResponse.from_dict(answer).raw_id)
    except (ValueError, TypeError, KeyError) as error:
        raise _refused() from error


def finish_sign_in(site: Site, state: State, answer: Mapping[str, Any], *, data: bytes) -> int:
    """The counter of an answer made with the passkey `data`; PasskeyRefused when the answer does not hold."""
    if _SIGNING in state:
        raise _refused()
    return _completed(site, state, answer, data)


def _completed(site: Site, state: State, answer: Mapping[str, Any], data: bytes) -> int:
    try:
        site.server().authenticate_complete(state, [AttestedCredentialData(data)], answer)
        counter: int = AuthenticationResponse.from_dict(answer).response.authenticator_data.counter
    except (ValueError, TypeError, KeyError) as error:
        raise _refused() from error
    return counter


def begin_signing(site: Site, *, digest: bytes, credentials: Mapping[UUID, bytes]) -> tuple[Options, State]:
    """What to ask the browser so that its person signs a digest, and the state to keep until it answers.

    `digest` is the SHA-256 of the PDF and is the challenge itself. `credentials` are the signer's passkeys in use
    (`queries.passkey_keys`); PasskeyRefused when he has none. ValueError unless the digest has 32 bytes.
    """
    if len(digest) != 32:
        raise ValueError("a digest to sign has 32 bytes")
    if not credentials:
        raise PasskeyRefused(
            "您还没有通行密钥，不能用它签名。", remedy="请先登记通行密钥，或改用其他签署方式。"
        )
    options, state = site.server().authenticate_begin(
        [AttestedCredentialData(data) for data in credentials.values()],
        user_verification=UserVerificationRequirement.REQUIRED,
        challenge=digest,
    )
    return dict(options), _plain(state) | {_SIGNING: digest.hex()}


def finish_signing(
    site: Site, state: State, answer: Mapping[str, Any], *, digest: bytes, credentials: Mapping[UUID, bytes]
) -> SignedWith:
    """The signature over `digest` by one of the signer's passkeys, verified; PasskeyRefused when it does not hold.

    The state must be that of a signing of this digest: an answer to another question signs nothing.
    """
    if state.get(_SIGNING) != digest.hex():
        raise _refused()
    shown = shown_id(answer)
    data = {AttestedCredentialData(found).credential_id: (k, found) for k, found in credentials.items()}
    if shown not in data:
        raise _refused()
    passkey, attested = data[shown]
    count = _completed(site, state, answer, attested)
    response = AuthenticationResponse.from_dict(answer).response
    parts = {
        "credential_id": shown,
        "public_key": cbor.encode(dict(AttestedCredentialData(attested).public_key)),
        "client_data": bytes(response.client_data),
        "authenticator_data": bytes(response.authenticator_data),
        "signature": bytes(response.signature),
    }
    evidence = {name: _write(parts[name]) for name in EVIDENCE}
    if not verify_signing(evidence, digest, site=site):
        raise _refused()
    return SignedWith(passkey, evidence, count)


def verify_signing(evidence: Mapping[str, str], digest: bytes, *, site: Site | None = None) -> bool:
    """Whether the evidence shows that the key it names signed this digest, its owner present and verified.

    Pure: no clock, no database, for anybody and at any later time. It does not say whose key it is: compare
    `public_key` with the register. With `site`, the origin and relying party must be that site's too.
    """
    try:
        found = {name: _read(evidence[name]) for name in EVIDENCE}
        client = CollectedClientData(found["client_data"])
        shown = AuthenticatorData(found["authenticator_data"])
        if client.type != CollectedClientData.TYPE.GET or client.challenge != digest or client.cross_origin:
            return False
        if not (shown.is_user_present() and shown.is_user_verified()):
            return False
        if site is not None and (
            client.origin != site.origin or shown.rp_id_hash != sha256(site.host.encode()).digest()
        ):
            return False
        key = _key(found["public_key"])
        key.verify(found["authenticator_data"] + sha256(found["client_data"]).digest(), found["signature"])
    except _DOES_NOT_HOLD:
        return False
    return True


def _key(data: bytes) -> CoseKey:
    """The public key of one spelling only: known algorithm, its own kind and curve, canonical CBOR."""
    found: Any = cbor.decode(data)
    if not isinstance(found, dict) or cbor.encode(found) != data:
        raise ValueError("not a canonical COSE key")
    if _KINDS.get(found[3]) != (found.get(1), found.get(-1) if found.get(1) != _RSA else None):
        raise ValueError("not a key of a known algorithm")
    return CoseKey.parse(found)


def _write(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _read(text: str) -> bytes:
    """Base64url without padding, in its one spelling; ValueError for any other, and for what is too long."""
    if len(text) > _LONGEST:
        raise ValueError("longer than any evidence")
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _write(data) != text:
        raise ValueError("not base64url in its one spelling")
    return data


def _plain(state: Mapping[str, Any]) -> State:
    """The state as JSON, for a session keeps nothing else."""
    found: State = json.loads(json.dumps(dict(state)))
    return found
