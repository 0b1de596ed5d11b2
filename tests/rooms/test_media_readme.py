"""The Python in the readme of an excerpt, really run: it finds what is forged, with `-O` as without."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jieli.archive.media.words import README
from tests.seal.excerpts import BLOCKS, SALTS, SHOWN, bent, made

CODE = README.split("-----BEGIN PYTHON-----\n")[1].split("-----END")[0]


def run(folder: Path, *flags: str) -> tuple[int, bool, str]:
    """Exit, whether it printed OK, and the first word of its complaint."""
    python = [sys.executable, "-I", "-S", *flags, "-X", "utf8", "-c", CODE]
    done = subprocess.run(python, cwd=folder, capture_output=True, timeout=300)
    return done.returncode, b"OK" in done.stdout, done.stderr.decode().partition("：")[0]


def _other_bytes(folder: Path) -> None:
    data = (folder / "excerpt.amr").read_bytes()
    (folder / "excerpt.amr").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def _more_bytes(folder: Path) -> None:
    (folder / "excerpt.amr").write_bytes((folder / "excerpt.amr").read_bytes() + b"x")


def _more_hashes(folder: Path) -> None:
    claim = json.loads((folder / "excerpt.json").read_bytes())
    bent(folder, hashes=[*claim["hashes"], "00" * 32])


def _other_part(folder: Path) -> None:
    bent(folder, salt=SALTS[0].hex())


def _other_root(folder: Path) -> None:
    head, checkpoint = (folder / "proof.tlog").read_bytes().split(b"\n\n", 1)
    origin, size, _root, rest = checkpoint.split(b"\n", 3)
    lines = b"\n".join([origin, size, base64.b64encode(bytes(32)), rest])
    (folder / "proof.tlog").write_bytes(head + b"\n\n" + lines)


def _shuffled(folder: Path) -> None:
    blocks = json.loads((folder / "excerpt.json").read_bytes())["blocks"]
    bent(folder, blocks=[blocks[0], blocks[2], blocks[1], blocks[3]])
    (folder / "excerpt.amr").write_bytes(b"".join(BLOCKS[n] for n in (0, 5, 4, 6)))


def _repeated(folder: Path) -> None:
    blocks = json.loads((folder / "excerpt.json").read_bytes())["blocks"]
    bent(folder, blocks=[*blocks, blocks[-1]])
    (folder / "excerpt.amr").write_bytes(b"".join(BLOCKS[n] for n in (*SHOWN, 6)))


FORGED = [_other_bytes, _more_bytes, _more_hashes, _other_part, _other_root, _shuffled, _repeated]


@pytest.mark.parametrize("flags", [(), ("-O",)], ids=["plain", "-O"])
def test_a_right_excerpt_is_ok_however_python_is_started(tmp_path: Path, flags: tuple[str, ...]) -> None:
    assert run(made(tmp_path / "e"), *flags) == (0, True, "")
    assert run(made(tmp_path / "whole", shown=list(range(12))), *flags) == (0, True, "")
    assert SHOWN == [0, 4, 5, 6]


@pytest.mark.parametrize("flags", [(), ("-O",)], ids=["plain", "-O"])
@pytest.mark.parametrize("forge", FORGED, ids=lambda forge: forge.__name__.strip("_"))
def test_a_forged_excerpt_is_never_ok(
    tmp_path: Path, forge: Callable[[Path], None], flags: tuple[str, ...]
) -> None:
    forge(made(tmp_path / "e"))
    assert run(tmp_path / "e", *flags) == (1, False, "不符")


def test_the_readme_says_which_blocks_are_shown_and_that_some_between_them_are_not(tmp_path: Path) -> None:
    def said(shown: list[int], **changed: object) -> str:
        folder = made(tmp_path / "_".join(map(str, shown)), shown=shown, **changed)
        python = [sys.executable, "-I", "-S", "-X", "utf8", "-c", CODE]
        return subprocess.run(
            python, cwd=folder, capture_output=True, timeout=300, check=True
        ).stdout.decode()

    assert "blocks 0 4 5 6 of 12" in said([0, 4, 5, 6], unit="秒")
    assert "NOTE" not in said([0, 5, 6], unit="秒")
    assert "NOTE: not continuous" in said([0, 2, 9], unit="秒")
    assert "NOTE: not continuous" in said([0, 5], unit="字节")
