"""Readers of folders and of whole logs as functions of the bytes of one file; all the others are right ones."""

import tempfile
from functools import cache
from pathlib import Path

from seal import checkpoint, tiles, tree
from seal.checkpoint import Checkpoint
from seal.keys import COSIGNATURE
from seal.log_reader import read_log
from seal.media import CLAIM, PROOF, verify_excerpt
from seal.policy import parse
from seal.witness import Witness, format_request
from seal.witness_files import REQUEST, SIZE_FILE, answer_folder, kept_size
from tests.seal.excerpts import POLICY, made
from tests.seal.packages import signer

ORIGIN = "log.example/one"
LOG = signer(ORIGIN)
WITNESS = signer("witness.example/w", kind=COSIGNATURE)
NOW = 1_790_000_000
#: What a witness answers by its specification; anything else would be a fault of ours.
ANSWERS = (200, 400, 403, 404, 409, 422)


def served(size):
    """Every file of a log of this size, by path."""
    entries = [b"%d" % n for n in range(size)]
    levels = [[tree.leaf_hash(data) for data in entries]]
    while len(levels[-1]) >= 256:
        last = levels[-1]
        levels.append([tree.root(last[at : at + 256]) for at in range(0, len(last) // 256 * 256, 256)])
    files = {}
    for tile in tiles.tiles_of(size, entries=True):
        first, last = tile.n * 256, tile.n * 256 + tile.width
        if tile.level == "entries":
            files[tile.path()] = tiles.pack_entries(entries[first:last])
        else:
            files[tile.path()] = b"".join(levels[tile.level][first:last])
    files["checkpoint"] = checkpoint.sign(Checkpoint(ORIGIN, size, tree.root(levels[0])), LOG)
    return files


@cache
def excerpt_files():
    """The files of a right excerpt, by name."""
    with tempfile.TemporaryDirectory() as name:
        return {path.name: path.read_bytes() for path in made(Path(name) / "e").iterdir()}


def excerpt_with(name):
    """`seal excerpt` under the right policy, as a reader of one file's bytes."""

    def read(data):
        with tempfile.TemporaryDirectory() as folder:
            for one, kept in {**excerpt_files(), name: data}.items():
                (Path(folder) / one).write_bytes(kept)
            return verify_excerpt(Path(folder), trusted=parse(POLICY.encode()))

    return read


@cache
def log_files():
    """A log of 300 entries: two tiles below, one above, two bundles."""
    return served(300)


def log_with(path):
    """The whole log read from its files, as a reader of one file's bytes."""
    return lambda data: read_log({**log_files(), path: data}.get, [LOG.vkey])


def kit_request(data):
    """An offline witness that has seen nothing yet, as a reader of the request that lies in the folder."""
    with tempfile.TemporaryDirectory() as name:
        folder, state = Path(name) / "kit", Path(name) / "state"
        folder.mkdir()
        (folder / REQUEST).write_bytes(data)
        answer = answer_folder(folder, Witness(state, {ORIGIN: [LOG.vkey]}, WITNESS, lambda: NOW))
        if answer.status not in ANSWERS:
            raise ValueError(answer.status)
        return answer


def kit_size(data):
    """What a witness left of the size it has seen, as the log reads it back."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / SIZE_FILE).write_bytes(data)
        return kept_size(Path(name))


def good_request():
    """A request over the log's newest checkpoint, from nothing."""
    return format_request(0, [], log_files()["checkpoint"])


#: Name → (reader, right bytes), as the fuzz tests want them.
READERS = {
    "excerpt claim": (excerpt_with(CLAIM), excerpt_files()[CLAIM]),
    "excerpt proof": (excerpt_with(PROOF), excerpt_files()[PROOF]),
    "kit request": (kit_request, good_request()),
    "kit size": (kit_size, b"300\n"),
    "log checkpoint": (log_with("checkpoint"), log_files()["checkpoint"]),
    "log tile": (log_with("tile/0/001.p/44"), log_files()["tile/0/001.p/44"]),
    "log tile above": (log_with("tile/1/000.p/1"), log_files()["tile/1/000.p/1"]),
    "log bundle": (log_with("tile/entries/001.p/44"), log_files()["tile/entries/001.p/44"]),
}
