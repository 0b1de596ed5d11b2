"""What a paper says, as one digest, and the code on the page that leads to it.

A page cannot carry the digest of its own file. It carries that of the facts printed; the register keeps both, so
that one is found by the other (ADR 14). The layout is no fact: screen and print version carry the same code.
"""

import re
from dataclasses import fields, is_dataclass
from enum import Enum
from hashlib import sha256
from typing import Any, Final

from jieli.papers.served import Served
from jieli.papers.types import Template
from seal import canonical

PREFIX: Final = "JIELI1"
#: Bytes of the digest that stand in the code.
SHORT: Final = 16
_CODE: Final = re.compile(rf"{PREFIX}:(?P<number>[^\x00-\x1f]+):(?P<digest>[0-9a-f]{{{2 * SHORT}}})")


def name_of(data: Template) -> str:
    """What the paper is called, without brackets."""
    return data.name if isinstance(data, Served) else data.kind


def facts_digest(data: Template) -> bytes:
    """SHA-256 of the canonical JSON (ADR 1) of what the paper is called and told; 32 bytes."""
    return sha256(canonical.encode({"called": name_of(data), "facts": _plain(data)})).digest()


def code_of(data: Template) -> str:
    """The text of the code on every page."""
    return f"{PREFIX}:{data.head.number}:{facts_digest(data)[:SHORT].hex()}"


def read_code(text: str) -> tuple[str, bytes] | None:
    """Number and first bytes of the digest out of a code's text; None when it is none of ours."""
    found = _CODE.fullmatch(text.strip())
    return None if found is None else (found["number"], bytes.fromhex(found["digest"]))


def _plain(value: Any) -> Any:
    """Canonical JSON of a value: records by field, what is None left out, lone surrogates by their code point."""
    if is_dataclass(value) and not isinstance(value, type):
        told = {
            f.name: _plain(got)
            for f in fields(value)
            for got in (getattr(value, f.name),)
            if got is not None and not f.metadata.get("layout")
        }
        return {"is": type(value).__name__, **told}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value
