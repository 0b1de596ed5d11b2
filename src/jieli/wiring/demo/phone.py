"""The demo's phone: a passkey in software, so that somebody invented can sign. Named as such wherever it is kept.

It answers WebAuthn's questions as a browser hands the answer on: ES256, its owner present and verified, a counter
that goes up. It signs whatever it is asked to and shows nothing to anybody: no real person's phone would.
"""

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.webauthn import AttestedCredentialData

from jieli.access.passkeys import Site

LABEL = "演示手机（软件通行密钥）"
_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40
_NO_MODEL = bytes(16)


@dataclass
class Phone:
    """One passkey for one site; its key never leaves the process and is gone with it."""

    site: Site
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    _id: bytes = field(default_factory=lambda: token_bytes(16))
    _count: int = 0

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to a registration."""
        public = ES256.from_cryptography_key(self._key.public_key())  # type: ignore[no-untyped-call]
        attested = AttestedCredentialData.create(_NO_MODEL, self._id, public)
        shown = cbor.encode(
            {"fmt": "none", "attStmt": {}, "authData": self._shown(_ATTESTED, bytes(attested))}
        )
        return self._answer(self._client("webauthn.create", options), attestationObject=shown)

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to a challenge: a sign-in, or the digest of a paper."""
        client, shown = self._client("webauthn.get", options), self._shown()
        signature = self._key.sign(shown + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(client, authenticatorData=shown, signature=signature)

    def _shown(self, flags: int = 0, more: bytes = b"") -> bytes:
        self._count += 1
        party = sha256(self.site.host.encode()).digest()
        return party + bytes([_PRESENT | _VERIFIED | flags]) + self._count.to_bytes(4, "big") + more

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        asked = options["publicKey"]["challenge"]
        return json.dumps({"type": kind, "challenge": asked, "origin": self.site.origin}).encode()

    def _answer(self, client: bytes, **parts: bytes) -> dict[str, Any]:
        response = {"clientDataJSON": _b64(client), **{name: _b64(data) for name, data in parts.items()}}
        return {"id": _b64(self._id), "rawId": _b64(self._id), "type": "public-key", "response": response}


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
