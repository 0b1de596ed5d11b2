"""The bytes of a page of secrets: AES-256-GCM under a wrap-epoch key, a fresh random nonce each time.

Associated data is page id ‖ epoch ‖ revision (8 bytes each, big-endian), so that no page passes for another, nor
an older revision for the present one.
"""

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jieli.archive.errors import PageDamaged

SECRET_BYTES = 32
PAGE_SECRETS = 1_024
PAGES_A_BATCH = 64
NONCE_BYTES = 12
TAG_BYTES = 16
DESTROYED = bytes(SECRET_BYTES)
# Index keys are sealed as pages are, with their month below zero as the page's id.
_MOST = 1 << 62


def page_of(item: int) -> tuple[int, int]:
    """(page id, place in the page) of an item's secret."""
    return divmod(item, PAGE_SECRETS)  # a batch's 65,536 places are its pages, end to end


def seal_page(key: bytes, *, page: int, epoch: int, revision: int, secrets: bytes) -> tuple[bytes, bytes]:
    """(nonce, sealed bytes) of secrets end to end."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce, AESGCM(key).encrypt(nonce, secrets, _bound(page, epoch, revision))


def open_page(key: bytes, *, page: int, epoch: int, revision: int, nonce: bytes, sealed: bytes) -> bytes:
    """The secrets end to end; PageDamaged for bytes that this key did not seal under these numbers."""
    try:
        return AESGCM(key).decrypt(nonce, sealed, _bound(page, epoch, revision))
    except InvalidTag:
        raise PageDamaged(
            f"密钥页 {page} 无法解密。", remedy="请核对密钥环与密钥库是否配套，必要时从密钥库备份恢复。"
        ) from None


def open_alone(key: bytes, sealed: Sequence[tuple[bytes, int, bytes]]) -> list[bytes]:
    """Single secrets of pages, each by its page's nonce, its place and its 32 sealed bytes; nothing proves them yet.

    GCM encrypts in counter mode, a page's first block under counter 2; its tag is over the whole page, so nobody can
    ask it about a part. A secret opened like this counts only once its item does: the ciphertext and the fields digest
    that the item's leaf commits to fit no other secret. Never hand one to somebody who does not look: another page's
    bytes in this one's place open too.
    """
    counters = b"".join(
        nonce + (2 + 2 * place + half).to_bytes(4, "big") for nonce, place, _ in sealed for half in (0, 1)
    )
    # Counter mode written out, for hundreds of pages in one call: each block is passed once.
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
    stream = cipher.update(counters) + cipher.finalize()
    return [
        (int.from_bytes(stream[n * SECRET_BYTES : (n + 1) * SECRET_BYTES]) ^ int.from_bytes(one)).to_bytes(
            SECRET_BYTES
        )
        for n, (_, _, one) in enumerate(sealed)
    ]


def without(secrets: bytes, places: Sequence[int]) -> bytes:
    """The page with the secrets at these places destroyed."""
    changed = bytearray(secrets)
    for place in places:
        changed[place * SECRET_BYTES : (place + 1) * SECRET_BYTES] = DESTROYED
    return bytes(changed)


def _bound(page: int, epoch: int, revision: int) -> bytes:
    if not -_MOST < page < _MOST:
        raise ValueError("a page's id is out of range")
    return b"".join(n.to_bytes(8, "big", signed=True) for n in (page, epoch, revision))
