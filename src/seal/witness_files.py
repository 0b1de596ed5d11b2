"""A witness without a network: the same request, the same judgement and the same answer, in files of one folder.

``add-checkpoint`` comes in. After 200, ``cosigned`` holds the checkpoint with the witness's line; ``size`` says
what the witness has seen, after 200 and 409 alike, so that the next proof begins there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from seal import note
from seal.encoding import from_decimal
from seal.errors import SealError
from seal.witness import MAX_BODY, Answer, Witness, parse_request

REQUEST, COSIGNED, SIZE_FILE = "add-checkpoint", "cosigned", "size"


def answer_folder(folder: Path, witness: Witness) -> Answer:
    """Judge the request that lies in a folder and leave the answer beside it.

    Crash after the witness kept the checkpoint and before the answer is written: the next run finds the size that
    it kept (409), and a request from there is cosigned again.
    """
    body = _bounded(folder / REQUEST, MAX_BODY)
    if body is None:
        raise SealError("witness.request", "There is no add-checkpoint in this folder; ask the log for it.")
    answer = witness.add_checkpoint(body)
    if answer.status == 200:
        request = parse_request(body)
        signed = note.Note(request.note.text, note.parse_lines(answer.body))
        size = b"%d\n" % request.checkpoint.size
        write_together(folder, {COSIGNED: signed.format(), SIZE_FILE: size})
    elif answer.status == 409:
        write_together(folder, {SIZE_FILE: answer.body})
    return answer


def kept_size(folder: Path) -> int | None:
    """The size that a witness left in a folder; None when none did."""
    data = _bounded(folder / SIZE_FILE, 64)
    if data is None:
        return None
    text = data.decode("latin-1")
    return from_decimal(text.removesuffix("\n"), code="witness.size")


def _bounded(path: Path, limit: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(min(limit, os.fstat(file.fileno()).st_size) + 1)
    except FileNotFoundError:
        return None


def write_together(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files that belong together, each under another name first; none has its own before all are on the disk.

    A stick is pulled out early, or is full: what bears its own name is whole. OSError: what stood there stands as it
    was, and nothing of the new is left to fill the stick. Crash between two renames: the last file is still the old.
    """
    partial = {name: folder / (name + ".writing") for name in files}
    try:
        for name, data in files.items():
            with partial[name].open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        for name in files:
            partial[name].replace(folder / name)
    except OSError:
        for path in partial.values():
            with suppress(OSError):  # a stick that is gone altogether: the first error says so
                path.unlink(missing_ok=True)
        raise
