"""RFC 3161 timestamps: read what a response says, and verify it under given roots.

The reading is ours and strict; the signature and the chain are checked by ``rfc3161-client`` if it can be
imported, else (or if it cannot read that token) by ``openssl ts``. Both check certificates at the token's time.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from seal.der import BITS, INTEGER, OCTETS, OID, SEQUENCE, SET, TIME, Der
from seal.errors import MismatchError, NoCryptoError, SealError

MAX_RESPONSE = 64 * 1024
_SECONDS = 60
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_TST_INFO = bytes.fromhex("2a864886f70d0109100104")
_SHA256 = bytes.fromhex("608648016503040201")
_TIME = re.compile(rb"([0-9]{14})(?:\.([0-9]*[1-9]))?Z")
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----")


@dataclass(frozen=True, slots=True)
class Token:
    """What a response states: SHA-256 of the stamped bytes, and times in milliseconds UTC.

    ``latest`` is the stated time plus the stated accuracy, rounded up: the bytes existed no later than then.
    """

    imprint: bytes
    time: int
    latest: int


def parse(response: bytes) -> Token:
    """Read a granted response over SHA-256; nothing is verified."""
    if len(response) > MAX_RESPONSE:
        raise SealError("timestamp.size", "A timestamp response is longer than 64 KiB.")
    outer = Der(response)
    reply = outer.inside(SEQUENCE)
    outer.end()
    if reply.inside(SEQUENCE).integer() not in (0, 1):
        raise SealError("timestamp.refused", "The authority refused to stamp; ask it again.")
    content = reply.inside(SEQUENCE)
    reply.end()
    _expect(content.next(OID), _SIGNED_DATA)
    signed = content.inside(0xA0).inside(SEQUENCE)
    signed.integer()
    signed.next(SET)
    encapsulated = signed.inside(SEQUENCE)
    _expect(encapsulated.next(OID), _TST_INFO)
    info = Der(encapsulated.inside(0xA0).next(OCTETS)).inside(SEQUENCE)
    return _token(info)


def _token(info: Der) -> Token:
    if info.integer() != 1:
        raise SealError("timestamp.version", "The timestamp is of an unknown version.")
    info.next(OID)
    imprint = info.inside(SEQUENCE)
    _expect(imprint.inside(SEQUENCE).next(OID), _SHA256)
    digest = imprint.next(OCTETS)
    info.integer()
    micros = _micros(info.next(TIME))
    width = 0
    if info.peek() == SEQUENCE:
        accuracy = info.inside(SEQUENCE)
        for tag, unit in ((INTEGER, 1_000_000), (0x80, 1000), (0x81, 1)):
            width += accuracy.integer(tag) * unit if accuracy.peek() == tag else 0
    if len(digest) != 32 or width > 86_400_000_000:
        raise SealError("timestamp.form", "The timestamp states no usable digest or accuracy.")
    return Token(digest, micros // 1000, -(-(micros + width) // 1000))


def _micros(text: bytes) -> int:
    match = _TIME.fullmatch(text)
    try:
        moment = datetime.strptime((match[1].decode() if match else "") + "+0000", "%Y%m%d%H%M%S%z")
    except ValueError:
        raise SealError("timestamp.time", "The timestamp states no well-formed time.") from None
    fraction = (match[2] or b"") if match else b""
    finer = 1 if len(fraction) > 6 else 0  # rounded up: a time stated is never earlier than the token's
    return int(moment.timestamp()) * 1_000_000 + int(fraction[:6].ljust(6, b"0")) + finer


def _expect(found: bytes, wanted: bytes) -> None:
    if found != wanted:
        raise SealError("timestamp.kind", "The timestamp is of a kind that is not used here (SHA-256 is).")


def check_roots(roots: bytes) -> None:
    """Refuse (``timestamp.roots``) what holds no PEM certificate, or one that is no X.509 at all; trusts nothing."""
    found = _PEM.findall(roots)
    try:
        if not found:
            raise ValueError
        for text in found:
            outer = Der(b64decode(b"".join(text.split()), validate=True))
            inner = outer.inside(SEQUENCE)
            outer.end()
            inner.next(SEQUENCE)  # what is certified, the algorithm, the signature
            inner.next(SEQUENCE)
            inner.next(BITS)
            inner.end()
    except (ValueError, SealError):
        raise SealError(
            "timestamp.roots", "The roots are not PEM certificates; take the authority's own file."
        ) from None


def verify(response: bytes, data: bytes, *, roots: bytes) -> Token:
    """The token, if it stamps ``data`` and leads to one of ``roots`` (PEM certificates).

    :class:`MismatchError` ``timestamp.*`` if it does not; :class:`NoCryptoError` if nothing at hand can tell.
    """
    token = parse(response)
    if token.imprint != sha256(data).digest():
        raise MismatchError("timestamp.imprint", "The timestamp is over other bytes.")
    check_roots(roots)
    answer = _by_library(response, token.imprint, roots)
    if not answer:
        by_command = _by_command(response, token, roots)
        answer = answer if by_command is None else by_command
    if answer is None:
        raise NoCryptoError("timestamp.no_crypto", "Install the Python package rfc3161-client or OpenSSL.")
    if not answer:
        raise MismatchError("timestamp.signature", "The timestamp is not signed under the roots given.")
    return token


def _by_library(response: bytes, digest: bytes, roots: bytes) -> bool | None:
    """None: the library is absent or does not read this token (it knows fewer forms than openssl)."""
    try:
        import rfc3161_client
        from cryptography import x509
    except ImportError:
        return None
    try:
        token = rfc3161_client.decode_timestamp_response(response)
        builder = rfc3161_client.VerifierBuilder()
        for certificate in dict.fromkeys(x509.load_pem_x509_certificates(roots)):
            builder = builder.add_root_certificate(certificate)
        verifier = builder.build()
    except (ValueError, TypeError):
        return None
    try:
        return bool(verifier.verify(token, digest))
    except (rfc3161_client.VerificationError, ValueError, TypeError):
        return False


def _by_command(response: bytes, token: Token, roots: bytes) -> bool | None:
    """None: there is no openssl command."""
    with tempfile.TemporaryDirectory(prefix="seal-") as name:
        folder = Path(name)
        (folder / "response.tsr").write_bytes(response)
        (folder / "roots.pem").write_bytes(roots)
        command = ["openssl", "ts", "-verify", "-digest", token.imprint.hex(), "-in", "response.tsr"]
        # certificates are judged at the token's time, or every package would die with its authority's
        command += ["-CAfile", "roots.pem", "-attime", str(token.time // 1000)]
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
    return done.returncode == 0
