"""WebAuthn by the `fido2` library: what is asked of a browser, and whether its answer holds.

The relying party is the host a person sees in the address bar; the origin must be equal to the one served, to the
letter. User verification is required: a passkey stands for a person, not for a lost telephone.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from jieli.access.errors import PasskeyRefused
from jieli.access.types import NewPasskey

Options = dict[str, Any]
State = dict[str, Any]


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
    try:
        site.server().authenticate_complete(state, [AttestedCredentialData(data)], answer)
        counter: int = AuthenticationResponse.from_dict(answer).response.authenticator_data.counter
    except (ValueError, TypeError, KeyError) as error:
        raise _refused() from error
    return counter


def _plain(state: Mapping[str, Any]) -> State:
    """The state as JSON, for a session keeps nothing else."""
    found: State = json.loads(json.dumps(dict(state)))
    return found
