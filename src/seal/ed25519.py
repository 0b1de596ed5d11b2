"""Ed25519 (RFC 8032), by ``cryptography`` or, to verify, by the ``openssl`` command.

Both ways answer the same: what a lenient library might accept (a scalar not reduced, a point not in its
canonical form or of small order) is refused here first.
"""

from __future__ import annotations

import functools
import secrets
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from seal.errors import NoCryptoError, SealError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SEED_LENGTH = PUBLIC_LENGTH = 32
SIGNATURE_LENGTH = 64

_FIELD = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
# The y coordinates of the points of order 1, 2, 4, 8: under such a key one signature fits many messages.
_SMALL_ORDER = frozenset(
    {
        0,
        1,
        _FIELD - 1,
        0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
        0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
    }
)
_SPKI = bytes.fromhex("302a300506032b6570032100")
_SECONDS = 60
# RFC 8032 section 7.1, test 2: shows that an openssl command knows Ed25519 before its "no" is believed.
_KNOWN_PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
_KNOWN_SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def check_public(public: bytes) -> None:
    """Refuse a public key that is not the canonical form of a point of large order."""
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if len(public) != PUBLIC_LENGTH or y >= _FIELD or y in _SMALL_ORDER:
        raise SealError("keys.public", "Not an Ed25519 public key; ask its owner for it again.")


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` over ``message`` is ``public``'s; :class:`NoCryptoError` if nothing can tell."""
    check_public(public)
    if len(signature) != SIGNATURE_LENGTH or int.from_bytes(signature[32:], "little") >= _ORDER:
        return False
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import ed25519 as library
    except ImportError:
        return _verify_by_command(public, signature, message)
    try:
        library.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):  # ValueError: the bytes are no point of the curve
        return False
    return True


def generate_seed() -> bytes:
    """Thirty-two random bytes from the system."""
    return secrets.token_bytes(SEED_LENGTH)


def public_of(seed: bytes) -> bytes:
    """The public key of a seed; needs ``cryptography``."""
    return _private(seed).public_key().public_bytes_raw()


def sign(seed: bytes, message: bytes) -> bytes:
    """The 64-byte signature; needs ``cryptography``."""
    return _private(seed).sign(message)


@functools.lru_cache(maxsize=4)
def _private(seed: bytes) -> Ed25519PrivateKey:
    """The library's key: making it costs as much as a signature. A process signs with a key or two."""
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519 as library
    except ImportError:
        raise NoCryptoError(
            "keys.no_crypto", "Signing needs the Python package cryptography; install it."
        ) from None
    return library.Ed25519PrivateKey.from_private_bytes(seed)


def _verify_by_command(public: bytes, signature: bytes, message: bytes) -> bool:
    if not _command_works():
        raise NoCryptoError(
            "keys.no_crypto", "No Ed25519 at hand; install the Python package cryptography or OpenSSL 3."
        )
    return _ask_command(public, signature, message)


@functools.cache
def _command_works() -> bool:
    """One good and one bad signature must be told apart; a missing or old openssl says no to both."""
    good = _ask_command(_KNOWN_PUBLIC, _KNOWN_SIGNATURE, b"\x72")
    return good and not _ask_command(_KNOWN_PUBLIC, _KNOWN_SIGNATURE, b"\x73")


def _ask_command(public: bytes, signature: bytes, message: bytes) -> bool:
    with tempfile.TemporaryDirectory(prefix="seal-") as name:
        folder = Path(name)
        files = {"key.der": _SPKI + public, "signature": signature, "message": message}
        for file, data in files.items():
            (folder / file).write_bytes(data)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key.der"]
        command += ["-rawin", "-in", "message", "-sigfile", "signature"]
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
            return False
    return done.returncode == 0
