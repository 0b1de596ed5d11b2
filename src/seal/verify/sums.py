"""Step 2: the lists of digests, SHA256SUMS and (ADR 16) SM3SUMS. They say of each file what it must be."""

from __future__ import annotations

import hashlib
import re

from seal.container import Container
from seal.errors import MismatchError, SealError

SUMS = "SHA256SUMS"
SM3_SUMS = "SM3SUMS"
_SUM = re.compile(r"([0-9a-f]{64})  (.+)", re.ASCII | re.DOTALL)


def check_sums(container: Container) -> bool:
    """Each list names exactly the files it is for, bytewise by name, and every digest is right.

    False: there is an SM3SUMS whose digests could not be checked, because this Python has no SM3.
    """
    if SUMS not in container.members:
        raise SealError("sums.absent", "The package has no SHA256SUMS; ask for the original file.")
    for name, wanted in _listed(container, SUMS, {SUMS}).items():
        if container.digest(name) != wanted:
            raise MismatchError(
                "sums.digest", "A file of the package has not the digest that SHA256SUMS states."
            )
    if SM3_SUMS not in container.members:
        return True
    listed = _listed(container, SM3_SUMS, {SUMS, SM3_SUMS})
    if not sm3_at_hand():
        return False
    for name, wanted in listed.items():
        digest = hashlib.new("sm3")
        for chunk in container.chunks(name):
            digest.update(chunk)
        if digest.hexdigest() != wanted:
            raise MismatchError("sums.sm3", "A file of the package has not the digest that SM3SUMS states.")
    return True


def sm3_at_hand() -> bool:
    """Whether this Python has SM3 (it comes with most builds of OpenSSL)."""
    return "sm3" in hashlib.algorithms_available


def _listed(container: Container, sums: str, besides: set[str]) -> dict[str, str]:
    """Name -> digest, as one list states it; it names every file but those of ``besides``."""
    listed: dict[str, str] = {}
    for line in container.lines(sums, limit=512):
        match = _SUM.fullmatch(_text(line))
        if match is None or match[2] in listed:
            raise SealError(
                "sums.line", "A line of SHA256SUMS or SM3SUMS is not a digest, two spaces and a name."
            )
        listed[match[2]] = match[1]
    if list(listed) != sorted(listed, key=lambda name: name.encode("utf-8")):
        raise SealError("sums.order", "A list of digests is not in the order of names.")
    if listed.keys() != container.members.keys() - besides:
        raise MismatchError("sums.names", "A list of digests does not name exactly the files of the package.")
    return listed


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise SealError("sums.line", "A line of a list of digests is not UTF-8.") from None
