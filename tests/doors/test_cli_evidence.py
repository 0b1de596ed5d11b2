"""`jieli evidence`: a package that a stranger verifies, and the page to verify it with."""

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

import seal.cli
from seal.keys import COSIGNATURE, generate
from seal.page import page
from tests.doors.cli import TALK, Jieli, bring, items, matter
from tests.doors.test_cli_ledger import policy_of
from tests.rooms.test_evidence import cosigned


@pytest.fixture
def words(jieli: Jieli, tmp_path: Path, signing: None) -> list[Any]:
    """The command that makes a package of the talk."""
    bring(jieli, tmp_path, *TALK)
    talk = items(jieli)[0]["conversation"]
    return ["evidence", "package", "--conversation", talk, "--matter", matter(jieli), "--as", "yan", "--out"]


def test_a_package_verifies_for_who_names_the_log_and_nobody_else(
    jieli: Jieli, words: list[Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path, policy = tmp_path / "package.zip", jieli.home / "trust.policy"
    made = jieli.answer(*words, path)
    assert (made["package"], made["items"], made["omitted"]) == (str(path), 3, 0)
    assert (made["bytes"], made["witnessed"], made["stamped"]) == (path.stat().st_size, [], [])
    assert (made["counts"], made["witnessed_earlier"]) == (True, None)
    capfd.readouterr()
    assert seal.cli.main(["verify", str(path), "--policy", str(policy), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["exit"] == 0
    assert seal.cli.main(["verify", str(path)]) == 3
    changed = bytearray(path.read_bytes())
    changed[len(changed) // 2] ^= 1
    (tmp_path / "changed.zip").write_bytes(changed)
    assert seal.cli.main(["verify", str(tmp_path / "changed.zip"), "--policy", str(policy)]) in (1, 2)
    said = jieli.said(*words, tmp_path / "second.zip")
    for word in ("3 条消息，略去 0 条", "摘要 sha256:", "未见证，未经中立第三方固定"):
        assert word in said
    assert jieli.answer("fsck")["clean"] is True


def test_only_who_witnessed_the_packages_own_checkpoint_is_named_as_its_witness(
    jieli: Jieli, words: list[Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    witness = generate("witness.example/w", kind=COSIGNATURE)
    policy_of(jieli, f"witness w {witness.vkey.format()}", "quorum w")
    seen = jieli.answer("ledger", "status")["checkpoint"]
    cosigned(seen, witness)
    path = tmp_path / "package.zip"
    made = jieli.answer(*words, path)
    assert made["checkpoint"] > seen
    earlier = {"size": seen, "witnessed": ["witness.example/w"]}
    assert (made["witnessed"], made["counts"], made["witnessed_earlier"]) == ([], False, earlier)
    capfd.readouterr()
    assert seal.cli.main(["verify", str(path), "--policy", str(jieli.home / "trust.policy")]) == 3
    said = jieli.said(*words, tmp_path / "second.zip").replace("\n", "")
    assert (
        f"最新检查点未见证（较早的 {seen} 条已由 witness.example/w 见证）；核验会得 3，待见证后重做" in said
    )


def test_a_package_that_no_witness_stands_for_says_that_verifying_will_say_so(
    jieli: Jieli, words: list[Any], tmp_path: Path
) -> None:
    witness = generate("witness.example/w", kind=COSIGNATURE)
    policy_of(jieli, f"witness w {witness.vkey.format()}", "quorum w")
    said = jieli.said(*words, tmp_path / "package.zip")
    assert "未见证，未经中立第三方固定；核验会得 3，待见证后重做" in said


def test_a_package_is_never_written_over_nor_where_nobody_looks(
    jieli: Jieli, words: list[Any], tmp_path: Path
) -> None:
    kept = tmp_path / "kept.zip"
    kept.write_bytes(b"kept")
    assert jieli.refused(*words, kept)["code"] == "evidence.exists"
    assert kept.read_bytes() == b"kept"
    size = jieli.answer("ledger", "status")["size"]
    assert jieli.refused(*words, tmp_path / "nowhere" / "p.zip")["code"] == "cli.cannot_write"
    assert jieli.refused(*words, tmp_path)["code"] == "cli.cannot_write"
    assert jieli.answer("ledger", "status")["size"] == size  # nothing was opened for a file that cannot be


def test_what_may_not_be_proved_is_refused(jieli: Jieli, words: list[Any], tmp_path: Path) -> None:
    out = tmp_path / "p.zip"
    for changed, code in (
        (["--purpose", "员工忠诚度分析"], "reading.purpose_denied"),
        (["--as", "admin"], "access.forbidden"),
        (["--matter", "M-2026-0404"], "reading.matter_not_open"),
        (["--purpose", "客户服务接续"], "reading.approval_needed"),
    ):
        assert jieli.refused(*words, out, *changed)["code"] == code
    assert not out.exists()


def test_sm3_sums_are_written_where_asked_for(jieli: Jieli, words: list[Any], tmp_path: Path) -> None:
    path, policy = tmp_path / "package.zip", jieli.home / "trust.policy"
    jieli.answer(*words, path, "--sm3")
    with ZipFile(path) as opened:
        assert "SM3SUMS" in opened.namelist()
    assert seal.cli.main(["verify", str(path), "--policy", str(policy)]) == 0


def test_the_page_is_written_where_asked(jieli: Jieli, tmp_path: Path) -> None:
    out = tmp_path / "核验.html"
    assert jieli.answer("evidence", "page", out) == {"page": str(out)}
    assert out.read_bytes() == page()
    assert str(out) in jieli.said("evidence", "page", out)
    assert jieli.refused("evidence", "page", tmp_path / "no" / "page.html")["code"] == "cli.cannot_write"
