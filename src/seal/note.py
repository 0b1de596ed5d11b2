"""C2SP signed notes: a text, a blank line, and lines of signatures by named keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from seal import cosignature, ed25519, sm2
from seal.encoding import from_base64, to_base64
from seal.errors import MismatchError, SealError
from seal.keys import ED25519, SM2, Signer, Vkey, check_name

MAX_NOTE = 512 * 1024
MAX_SIGNATURES = 32  # the specification asks for at least 16
_DASH = "— "


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the key's name and id, and what follows the id (a bare or a timed signature)."""

    name: str
    id: bytes
    payload: bytes

    def line(self) -> str:
        """The line with its newline."""
        return f"{_DASH}{self.name} {to_base64(self.id + self.payload)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note as read. ``text`` is what is signed, its last newline included; nothing is verified yet."""

    text: bytes
    signatures: tuple[Signature, ...]

    def format(self) -> bytes:
        """The note's bytes."""
        return self.text + b"\n" + "".join(one.line() for one in self.signatures).encode("utf-8")


@dataclass(frozen=True, slots=True)
class Verified:
    """A key whose signature on the note is right; ``time`` (POSIX seconds) for a cosignature that states one."""

    key: Vkey
    time: int | None


def parse(data: bytes) -> Note:
    """Read a note strictly; the *last* blank line separates text and signatures."""
    if len(data) > MAX_NOTE:
        raise SealError("note.size", f"A signed note may not be longer than {MAX_NOTE} bytes.")
    _check_characters(data)
    at = data.rfind(b"\n\n")
    if at < 0:
        raise SealError("note.blank", "A signed note needs a blank line before its signatures.")
    tail = data[at + 2 :]
    if not tail.endswith(b"\n"):
        raise SealError("note.end", "A signed note must end in a signature line and its newline.")
    return Note(data[: at + 1], parse_lines(tail))


def parse_lines(tail: bytes) -> tuple[Signature, ...]:
    """Read signature lines alone (what a witness answers): at least one, none twice."""
    _check_characters(tail)
    if not tail.endswith(b"\n"):
        raise SealError("note.end", "Signature lines must end in a newline.")
    lines = tail.decode("utf-8")[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise SealError("note.many", f"A signed note may not carry more than {MAX_SIGNATURES} signatures.")
    signatures = tuple(_parse_line(line) for line in lines)
    if len({(one.name, one.id) for one in signatures}) != len(signatures):
        raise SealError(
            "note.duplicate", "A signed note carries two signatures of one key; drop one of them."
        )
    return signatures


def _check_characters(data: bytes) -> None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise SealError("note.utf8", "A signed note must be UTF-8.") from None
    if any(char < " " and char != "\n" for char in set(text)):
        raise SealError("note.control", "A signed note may hold no control character but the newline.")


def _parse_line(line: str) -> Signature:
    parts = line.removeprefix(_DASH).split(" ")
    if not line.startswith(_DASH) or len(parts) != 2:
        raise SealError(
            "note.line", "A signature line is: em dash, key name, base64, parted by single spaces."
        )
    check_name(parts[0])
    data = from_base64(parts[1], code="note.base64")
    if len(data) < 5:
        raise SealError("note.line", "A signature line holds no signature.")
    return Signature(parts[0], data[:4], data[4:])


def verify(note: Note, keys: Iterable[Vkey]) -> tuple[Verified, ...]:
    """Which of ``keys`` signed, in the order of the lines.

    Lines of unknown keys, and of types not understood, are passed over. A known key whose signature is wrong
    makes the whole note wrong: :class:`MismatchError` ``note.signature``, and one that cannot be checked here
    decides nothing: :class:`NoCryptoError`. An empty answer means that nobody known signed.
    """
    known = {(key.name, key.id): key for key in keys if key.understood}
    found = []
    for signature in note.signatures:
        key = known.get((signature.name, signature.id))
        if key is not None:
            found.append(_verify_one(note.text, key, signature.payload))
    return tuple(found)


def _verify_one(text: bytes, key: Vkey, payload: bytes) -> Verified:
    if key.kind not in (ED25519, SM2):
        return Verified(key, cosignature.verify(text, key, payload) or None)
    algorithm = ed25519 if key.kind == ED25519 else sm2
    if not algorithm.verify(key.public, payload, text):
        raise MismatchError("note.signature", "The signature of a known key on this note is wrong.")
    return Verified(key, None)


def sign(text: bytes, signers: Iterable[Signer]) -> bytes:
    """A signed note over ``text`` (which must end in a newline) by keys that sign the text itself."""
    if not text.endswith(b"\n"):
        raise SealError("note.end", "The text of a note must end in a newline.")
    lines = [Signature(signer.name, signer.vkey.id, signer.sign(text)).line() for signer in signers]
    return _checked(text + b"\n" + "".join(lines).encode("utf-8"))


def add(data: bytes, signatures: Iterable[Signature]) -> bytes:
    """The note with further signature lines at its end."""
    return _checked(data + "".join(one.line() for one in signatures).encode("utf-8"))


def _checked(data: bytes) -> bytes:
    parse(data)
    return data
