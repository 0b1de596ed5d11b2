"""The one family of errors that leaves this package."""

from __future__ import annotations


class SealError(Exception):
    """Something could not be read, made or verified.

    ``code`` is stable (``room.reason``, for programs), ``message`` one English sentence with the remedy.
    A message never holds content, keys or file bytes. Raised as this very class it means *malformed*.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} [{code}]")
        self.code = code
        self.message = message


class MismatchError(SealError):
    """Well formed, but it does not agree with what it claims: a hash, a count or a signature is wrong."""


class NoCryptoError(SealError):
    """Neither ``cryptography`` nor a usable ``openssl`` command is at hand: nothing was decided."""


class UnvouchedError(SealError):
    """Consistent in itself, but vouched for by nobody whom the verifier named."""
