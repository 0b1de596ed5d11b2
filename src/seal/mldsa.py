"""ML-DSA-44 (FIPS 204, pure, empty context), by ``cryptography``; where that is absent, nothing is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seal.errors import NoCryptoError, SealError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

SEED_LENGTH = 32
PUBLIC_LENGTH = 1312
SIGNATURE_LENGTH = 2420


def at_hand() -> bool:
    """Whether signatures can be checked here."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric import mldsa
    except ImportError:
        return False
    try:
        mldsa.MLDSA44PublicKey.from_public_bytes(bytes(PUBLIC_LENGTH))
    except UnsupportedAlgorithm:
        return False
    except ValueError:
        return True  # the algorithm is there; our zeros are no key to this library
    return True


def check_public(public: bytes) -> None:
    """Refuse a public key of another length; every value of that length is a key."""
    if len(public) != PUBLIC_LENGTH:
        raise SealError("keys.public", "Not an ML-DSA-44 public key; ask its owner for it again.")


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` over ``message`` is ``public``'s; :class:`NoCryptoError` if nothing can tell."""
    check_public(public)
    if len(signature) != SIGNATURE_LENGTH:
        return False
    if not at_hand():
        raise _absent()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import mldsa

    try:
        mldsa.MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_of(seed: bytes) -> bytes:
    """The public key of a seed of 32 bytes."""
    return _private(seed).public_key().public_bytes_raw()


def sign(seed: bytes, message: bytes) -> bytes:
    """A signature of 2,420 bytes, another one each time."""
    return _private(seed).sign(message)


def _private(seed: bytes) -> MLDSA44PrivateKey:
    if not at_hand():
        raise _absent()
    from cryptography.hazmat.primitives.asymmetric import mldsa

    return mldsa.MLDSA44PrivateKey.from_seed_bytes(seed)


def _absent() -> NoCryptoError:
    return NoCryptoError(
        "keys.no_mldsa", "No ML-DSA-44 at hand; install the Python package cryptography, 47 or later."
    )
