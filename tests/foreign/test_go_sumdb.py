"""Go's own sumdb code, which knows nothing of ours, verifies what `jieli ledger export` writes, and nothing else.

The program beside this file is compiled once, with Debian's packages golang-go and golang-golang-x-mod-dev.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from jieli.ledger import queries
from jieli.ledger.operations import book
from seal.canonical import decode
from tests.conftest import NOW, ORIGIN
from tests.doors.cli import Jieli, fresh

__all__ = ["fresh"]
GO_PATH = Path("/usr/share/gocode")
PROGRAM = Path(__file__).with_name("verify_log.go")
SIZE = 700
Verify = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("go") is None or not (GO_PATH / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip(
            "Go or its x/mod is not installed (Debian: golang-go golang-golang-x-mod-dev): nothing was verified"
        )
    built = tmp_path_factory.mktemp("go") / "verify_log"
    environ = {
        **os.environ, "GO111MODULE": "off", "GOPATH": str(GO_PATH), "GOCACHE": str(built.parent / "cache"),
        "GOFLAGS": "", "GOPROXY": "off",
    }  # fmt: skip
    command = ["go", "build", "-o", str(built), str(PROGRAM)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return built


@pytest.fixture
def exported(fresh: Jieli, tmp_path: Path) -> tuple[Path, str]:
    """A log of 700 entries as plain files, and its public key."""
    vkey = str(fresh.answer("keys", "init", "--origin", ORIGIN)["vkey"])
    with book(at=NOW) as b:
        for n in range(SIZE - queries.head(queries.live_log()).size):
            b.entry("access.note", by="system:test", facts={"n": n})
    fresh.answer("ledger", "sign", "--once")
    assert fresh.answer("ledger", "export", tmp_path / "log")["size"] == SIZE
    return tmp_path / "log", vkey


def verify(program: Path, *words: object) -> "subprocess.CompletedProcess[str]":
    command = [str(program), *(str(word) for word in words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("index", [0, 255, 256, 512, SIZE - 1])
def test_go_verifies_signature_root_and_a_record(
    index: int, program: Path, exported: tuple[Path, str]
) -> None:
    done = verify(program, *exported, index)
    assert done.returncode == 0, done.stderr
    origin, size, root, record = done.stdout.rstrip("\n").split(" ", 3)
    last = queries.last_checkpoint()
    assert last is not None
    assert (origin, int(size), root) == (ORIGIN, SIZE, last.root.hex())
    assert decode(record.encode()) == decode(queries.entries_of_kind("access.note")[SIZE - 1 - index].data)


def test_go_refuses_what_was_tampered_with(program: Path, exported: tuple[Path, str]) -> None:
    directory, vkey = exported
    other = vkey.split("+")[0] + "+00000000+" + vkey.split("+", 2)[2]
    assert verify(program, directory, other, 0).returncode == 1
    for name in ("checkpoint", "tile/entries/001", "tile/0/001", "tile/entries/002.p/188"):
        path = directory / name
        right = path.read_bytes()
        path.write_bytes(right[:70] + bytes([right[70] ^ 1]) + right[71:])
        assert verify(program, directory, vkey, 0).returncode == 1, name
        path.write_bytes(right)
    assert verify(program, directory, vkey, SIZE).returncode == 1
    assert verify(program, directory, vkey, 0).returncode == 0
