"""Where ciphertext of media lies: a directory, or a bucket of any S3. Both fill `archive.media.ports.MediaStore`.

Objects are named by the SHA-256 of their bytes, in hex, two digits as a folder: `ab/cdef…`.
"""

import re

from jieli.archive.media.errors import MediaStoreAway

CHUNK = 1024 * 1024
_NAME = re.compile(r"([0-9a-f]{2})/([0-9a-f]{62})", re.ASCII)


def name_of(address: bytes) -> str:
    """The name of an object."""
    text = address.hex()
    return f"{text[:2]}/{text[2:]}"


def address_of(name: str) -> bytes | None:
    """The address behind a name; None for what is no object of ours."""
    found = _NAME.fullmatch(name)
    return bytes.fromhex(found[1] + found[2]) if found else None


def away(what: str) -> MediaStoreAway:
    """The error for a store that does not answer as it should; `what` is a word of the system, never a path."""
    return MediaStoreAway(f"媒体存储不可用（{what}）。", remedy="请检查 JIELI_MEDIA 所指的存储，稍后重试。")
