"""``seal excerpt``: a stretch of a file against the whole; every changed byte is found, and nothing else comes out.

What is no excerpt, by code and cause, stands in ``excerpts`` and is tried by ``test_bad``.
"""

import json
import tempfile
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seal import tree
from seal.cli import main
from seal.errors import MismatchError, SealError, UnvouchedError
from seal.keys import COSIGNATURE
from seal.media import CLAIM, PROOF, Piece, absent_hashes, root_of, verify_excerpt
from seal.policy import parse
from tests.seal.excerpts import BLOCKS, POLICY, made
from tests.seal.packages import ORIGIN, digest, signer


@given(
    st.integers(1, 70).flatmap(
        lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1), min_size=1))
    )
)
@settings(max_examples=200)
def test_any_blocks_of_any_file_lead_to_its_root(asked: tuple[int, set[int]]) -> None:
    size, shown = asked
    leaves = [digest(str(n)) for n in range(size)]
    hashes = absent_hashes(leaves, sorted(shown))
    assert root_of(size, {n: leaves[n] for n in shown}, hashes) == tree.root(leaves)
    with pytest.raises(SealError, match=r"excerpt\.hashes"):
        root_of(size, {n: leaves[n] for n in shown}, [*hashes, digest("one more")])


def test_an_excerpt_is_what_it_says(tmp_path: Path) -> None:
    found = verify_excerpt(made(tmp_path / "e"), trusted=parse(POLICY.encode()))
    assert (found.item, found.media, found.blocks, found.of, found.entry, found.checkpoint) == (
        65_536,
        0,
        4,
        12,
        1,
        3,
    )
    assert (found.log, found.witnesses, found.sha256) == (ORIGIN, (), sha256(b"".join(BLOCKS)).hexdigest())


def test_every_changed_byte_of_an_excerpt_is_found(tmp_path: Path) -> None:
    folder, trusted = made(tmp_path / "e"), parse(POLICY.encode())
    for name in ("excerpt.amr", CLAIM, PROOF):
        data = (folder / name).read_bytes()
        for at in range(len(data)):
            (folder / name).write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            with pytest.raises(SealError):
                verify_excerpt(folder, trusted=trusted)
        for cut in (data[:-1], data + b"\0", b""):
            (folder / name).write_bytes(cut)
            with pytest.raises(SealError):
                verify_excerpt(folder, trusted=trusted)
        (folder / name).write_bytes(data)
    assert verify_excerpt(folder, trusted=trusted).blocks == 4


def test_a_block_past_the_end_of_its_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SealError, match=r"excerpt\.blocks"):
        verify_excerpt(made(tmp_path / "e", blocks=6))
    with pytest.raises(SealError, match=r"excerpt\.row"):
        verify_excerpt(made(tmp_path / "destroyed", sha256=None))


@given(st.binary(max_size=60))
def test_any_bytes_for_a_claim_end_in_our_error(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / CLAIM).write_bytes(data)
        with pytest.raises(SealError):
            verify_excerpt(Path(folder))


def test_without_a_policy_or_under_a_stranger_s_nobody_vouches(tmp_path: Path) -> None:
    folder = made(tmp_path / "e")
    stranger = parse(f"log {signer('other.example/log').vkey.format()}\nquorum none\n".encode())
    away = signer("witness.example", kind=COSIGNATURE)
    asks = parse(f"{POLICY.splitlines()[0]}\nwitness away {away.vkey.format()}\nquorum away\n".encode())
    for trusted, why in ((None, "no_policy"), (stranger, "log"), (asks, "quorum")):
        with pytest.raises(UnvouchedError, match=rf"trust\.{why}"):
            verify_excerpt(folder, trusted=trusted)
    (folder / "excerpt.amr").write_bytes(b"x")
    with pytest.raises(MismatchError):
        verify_excerpt(folder)


def test_the_command_says_it_in_words_and_in_its_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, policy = made(tmp_path / "e"), tmp_path / "policy"
    policy.write_text(POLICY)
    assert main(["excerpt", str(folder), "--policy", str(policy)]) == 0
    assert "4 块（全文件 12 块" in capsys.readouterr().out
    assert main(["excerpt", str(folder), "--policy", str(policy), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["item"] == 65_536
    assert main(["excerpt", str(folder)]) == 3
    assert "没有为它作证" in capsys.readouterr().out
    (folder / "excerpt.amr").write_bytes(b"x")
    assert main(["excerpt", str(folder), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["code"] == "excerpt.short"
    assert main(["excerpt", str(tmp_path / "absent")]) == 2
    assert "excerpt.file" in capsys.readouterr().err


def test_a_block_shows_nothing_of_itself() -> None:
    assert repr(Piece(3, bytes(16), b"words")) == "Piece(3)"


def test_an_excerpt_cut_out_of_a_longer_one_is_said_not_to_be_continuous(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy"
    policy.write_text(POLICY)

    def said(shown: list[int], **changed: object) -> tuple[int, str]:
        folder = made(tmp_path / "_".join(map(str, [*shown, len(changed)])), shown=shown, **changed)
        return main(["excerpt", str(folder), "--policy", str(policy)]), capsys.readouterr().out

    code, text = said([0, 4, 5, 6], unit="秒", seconds=11)
    assert (code, "0、4–6" in text, "0:03 至 0:06" in text, "不连续" in text) == (0, True, True, False)
    code, text = said([0, 2, 9], unit="秒", seconds=11)
    assert (code, "0:01 至 0:02、0:08 至 0:09" in text, "不连续" in text) == (0, True, True)
    code, text = said([0, 1, 2, 9], unit="字节")
    assert (code, "0–2、9" in text, "seconds" in text, "not continuous" in text) == (0, True, False, True)
    code, text = said([0], unit="秒", seconds=11)
    assert (code, "不连续" in text) == (0, False)
