"""Whether a passkey's assertion is over a paper: checked from what stands in the row, with nobody's help.

The challenge is the SHA-256 of the PDF itself (ADR 14), so the assertion says nothing about any other bytes. On
which site it was made stands in the client data and is for the door to judge, which served that site.
"""

import base64
import binascii
import struct
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.webauthn import AuthenticatorData, CollectedClientData

#: base64url without padding; `public_key` is a COSE_Key (RFC 9052).
KEYS: Final = ("credential_id", "public_key", "client_data", "authenticator_data", "signature")
#: What the libraries raise for bytes from outside; a kind of key they do not know is a RuntimeError.
_UNREADABLE: Final = (
    InvalidSignature,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RuntimeError,
    struct.error,
)


def decoded(value: str) -> bytes:
    """The bytes of unpadded base64url; ValueError for anything else."""
    try:
        data = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if encoded(data) != value:
        raise ValueError("not the one spelling of these bytes")
    return data


def encoded(data: bytes) -> str:
    """Unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def holds(evidence: Mapping[str, str], sha256: bytes) -> bool:
    """Whether the evidence is a verified person's assertion over exactly this digest. Never raises for bad input."""
    try:
        client = CollectedClientData(decoded(evidence["client_data"]))
        said = decoded(evidence["authenticator_data"])
        shown = AuthenticatorData(said)
        spelled = cbor.decode(decoded(evidence["public_key"]))
        if not isinstance(spelled, Mapping):
            return False
        key = CoseKey.parse(spelled)
        decoded(evidence["credential_id"])
        if client.type != "webauthn.get" or client.challenge != sha256:
            return False
        if not (shown.is_user_present() and shown.is_user_verified()):
            return False
        key.verify(said + client.hash, decoded(evidence["signature"]))
    except _UNREADABLE:
        return False  # what cannot be read proves nothing; the caller says so in its own words
    return True
