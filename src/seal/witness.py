"""A C2SP tlog-witness: it cosigns checkpoints of the logs it knows, each consistent with the last one.

What it promises: it never cosigns two inconsistent checkpoints of one log, nor a smaller one after a larger one,
also across restarts, as long as its state directory survives. It holds one note a log; a witness that lost its
state must be retired with its key, not started anew.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from seal import checkpoint as checkpoints
from seal import cosignature, note, tree
from seal.checkpoint import Checkpoint
from seal.container_writer import sync_directory
from seal.encoding import from_base64_hash, from_decimal, to_base64
from seal.errors import MismatchError, SealError
from seal.keys import COSIGNATURE, MLDSA, Signer, Vkey

TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"
MAX_PROOF = 63
MAX_BODY = note.MAX_NOTE + 64 * 64


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    content_type: str
    body: bytes

    def __iter__(self) -> Iterator[int | str | bytes]:
        return iter((self.status, self.content_type, self.body))


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed add-checkpoint body; nothing is verified."""

    old: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint
    note: note.Note


def parse_request(body: bytes) -> Request:
    """Read ``old <size>``, at most 63 base64 lines, a blank line and a checkpoint; strictly."""
    head, blank, rest = body.partition(b"\n\n")
    if len(body) > MAX_BODY or not blank:
        raise SealError(
            "witness.request", "The request is too long or has no blank line before its checkpoint."
        )
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise SealError("witness.request", "The lines before the checkpoint must be ASCII.") from None
    if not first.startswith("old ") or len(lines) > MAX_PROOF:
        raise SealError("witness.request", "The request begins with old and a size, then at most 63 hashes.")
    old = from_decimal(first[4:], code="witness.old")
    path = tuple(from_base64_hash(line, code="witness.hash") for line in lines)
    checkpoint, signed = checkpoints.parse(rest)
    return Request(old, path, checkpoint, signed)


def format_request(old: int, path: Sequence[bytes], checkpoint: bytes) -> bytes:
    """The body that a log sends."""
    lines = [f"old {old}", *(to_base64(value) for value in path)]
    return "".join(line + "\n" for line in lines).encode("ascii") + b"\n" + checkpoint


class Witness:
    """``logs`` maps each origin to its trusted log keys; ``clock`` gives POSIX seconds (only doors read one)."""

    def __init__(
        self, state: Path, logs: Mapping[str, Sequence[Vkey]], signer: Signer, clock: Callable[[], int]
    ) -> None:
        if signer.kind not in (COSIGNATURE, MLDSA):
            raise SealError(
                "witness.key", "A witness needs a key of type 0x04 or 0x06; make one with keygen --cosigner."
            )
        self._state = state
        self._logs = {origin: tuple(found) for origin, found in logs.items()}
        self._signer = signer
        self._clock = clock

    @property
    def name(self) -> str:
        """The name of its key."""
        return self._signer.name

    def add_checkpoint(self, body: bytes) -> Answer:
        """Judge one request in the order of the specification, and keep the checkpoint before answering 200."""
        try:
            request = parse_request(body)
        except SealError as error:
            return _refusal(400, error.message)
        trusted = self._logs.get(request.checkpoint.origin)
        if trusted is None:
            return _refusal(404, "This witness does not know the log.")
        try:
            signed = note.verify(request.note, trusted)
        except MismatchError as error:
            return _refusal(403, error.message)
        if not signed:
            return _refusal(403, "No trusted key of the log has signed the checkpoint.")
        if request.old > request.checkpoint.size:
            return _refusal(400, "The old size is above the size of the checkpoint.")
        with self._locked(request.checkpoint.origin) as folder:
            return self._judge(request, {(one.key.name, one.key.id) for one in signed}, folder)

    def latest(self, origin_hash: str) -> bytes | None:
        """The last checkpoint cosigned for the log whose origin has this SHA-256 (lower-case hex), as kept."""
        if all(_hash(origin) != origin_hash for origin in self._logs):
            return None
        return _stored(self._state / origin_hash)

    def _judge(self, request: Request, signed: set[tuple[str, bytes]], folder: Path) -> Answer:
        """Compare with what is kept, cosign, keep; the caller holds the log's lock throughout."""
        kept = _stored(folder)
        last = checkpoints.parse(kept)[0] if kept is not None else None
        size = last.size if last is not None else 0
        if request.old != size or _other_root(request, last):
            return Answer(409, SIZE, b"%d\n" % size)
        try:
            _check_consistent(request, last)
        except SealError as error:
            return _refusal(422, error.message)
        payload = cosignature.cosign(request.note.text, self._signer, time=self._clock())
        line = note.Signature(self._signer.name, self._signer.vkey.id, payload)
        of_log = [one for one in request.note.signatures if (one.name, one.id) in signed]
        # Kept before it is answered: a crash after this loses only the answer, and the log asks again with the
        # size that the 409 tells it.
        _keep(folder, note.Note(request.note.text, (*of_log, line)).format())
        return Answer(200, TEXT, line.line().encode("utf-8"))

    @contextmanager
    def _locked(self, origin: str) -> Iterator[Path]:
        """The log's folder under an exclusive lock: between threads and between processes."""
        folder = self._state / _hash(origin)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield folder
        finally:
            os.close(descriptor)


def _other_root(request: Request, last: Checkpoint | None) -> bool:
    """Whether the checkpoint has the size that is kept and another root; the specification wants 409 for it."""
    return last is not None and request.checkpoint.size == last.size and request.checkpoint.root != last.root


def _check_consistent(request: Request, last: Checkpoint | None) -> None:
    new = request.checkpoint
    if new.size == 0 and new.root != tree.EMPTY_ROOT:
        raise SealError("witness.empty", "A log of size 0 must have the root of the empty tree.")
    if request.old == 0:
        if request.path:
            raise SealError("witness.proof", "From the empty tree the proof must be empty.")
        return
    old_root = last.root if last is not None else tree.EMPTY_ROOT
    tree.verify_consistency(
        old=request.old, size=new.size, old_root=old_root, root=new.root, path=request.path
    )


def _stored(folder: Path) -> bytes | None:
    try:
        return (folder / "checkpoint").read_bytes()
    except FileNotFoundError:
        return None


def _keep(folder: Path, data: bytes) -> None:
    """Replace the kept checkpoint durably; a crash leaves the old one or the new one, whole."""
    partial = folder / "checkpoint.partial"
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / "checkpoint")
    sync_directory(folder)


def _hash(origin: str) -> str:
    return sha256(origin.encode("utf-8")).hexdigest()


def _refusal(status: int, message: str) -> Answer:
    return Answer(status, TEXT, message.encode("ascii", "replace") + b"\n")
