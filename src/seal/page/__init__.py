"""核验.html: one offline page that verifies a package in a browser, with the checks 1 to 8 of ``seal verify``.

The page is the file ``verify.html`` beside this module, written by hand and shipped as it stands; nothing builds it.
Its content security policy names its one script and its one style by their digests and forbids every connection.
It works out ML-DSA-44, SM2 and SM3 itself and asks the browser for Ed25519 alone: whom a policy may name is the same
for page and command. It knows no secret, so its arithmetic need not hide how long it takes.
It never goes into a package: a package cannot vouch for its own verifier. What goes in is its digest, in print.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

FILE_NAME = "核验.html"
_SOURCE = Path(__file__).with_name("verify.html")
_BLOCKS = {"SCRIPT": rb"<script[^>]*>(.*?)</script>", "STYLE": rb"<style>(.*?)</style>"}


def page() -> bytes:
    """The page's bytes, to be copied out under the name :data:`FILE_NAME`."""
    return _SOURCE.read_bytes()


def page_digest() -> str:
    """SHA-256 of :func:`page` in lower-case hex: what 03-核验说明.pdf prints."""
    return sha256(page()).hexdigest()


def policy_digests(html: bytes) -> dict[str, str]:
    """What the page's content security policy must name for its ``SCRIPT`` and its ``STYLE``."""
    found = {}
    for name, pattern in _BLOCKS.items():
        (block,) = re.findall(pattern, html, re.DOTALL)
        found[name] = f"sha256-{b64encode(sha256(block).digest()).decode()}"
    return found
