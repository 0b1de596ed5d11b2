"""``seal.pyz``: one file, the same bytes each time, that runs without anything installed."""

import json
import os
import subprocess
import sys
from zipfile import ZipFile

import pytest

from seal.build_pyz import main


@pytest.fixture(scope="module")
def pyz(tmp_path_factory):
    out = tmp_path_factory.mktemp("pyz") / "seal.pyz"
    assert main([str(out)]) == 0
    return out


def run(pyz, *arguments, path=None):
    environment = {"PATH": os.environ["PATH"] if path is None else str(path), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-X", "utf8", str(pyz), *map(str, arguments)],
        capture_output=True, env=environment, cwd=pyz.parent, timeout=300,
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_it_is_the_same_to_the_byte_each_time_and_holds_sources_alone(pyz, tmp_path):
    again = tmp_path / "again.pyz"
    assert main([str(again)]) == 0
    assert again.read_bytes() == pyz.read_bytes()
    with ZipFile(pyz) as files:
        names = files.namelist()
        assert {info.date_time for info in files.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert {"__main__.py", "seal/cli.py", "seal/verify/lean.py", "seal/extract.py"} <= set(names)
    assert [name for name in names if "witness" in name or not name.endswith(".py")] == []


def test_it_verifies_shows_and_extracts_with_openssl_alone(pyz, sample, tmp_path):
    (tmp_path / "trust.policy").write_bytes(sample.policy)
    (tmp_path / "ca.pem").write_bytes(sample.roots)
    named = ["--policy", tmp_path / "trust.policy", "--tsa-ca", tmp_path / "ca.pem"]
    code, out, err = run(pyz, "verify", sample.path, *named)
    assert (code, err) == (0, "") and out.startswith("核验通过")
    assert run(pyz, "show", sample.path)[0] == 0
    assert run(pyz, "extract", sample.path, "--item", "2.1", "--out", tmp_path / "x")[0] == 0
    assert run(pyz, "verify", tmp_path / "x" / "extract.zip", *named)[0] == 0


def test_without_cryptography_and_openssl_it_exits_3_and_says_why(pyz, sample, tmp_path):
    (tmp_path / "trust.policy").write_bytes(sample.policy)
    code, out, err = run(
        pyz, "verify", sample.path, "--policy", tmp_path / "trust.policy", "--json", path=tmp_path
    )
    step = json.loads(out)["steps"][7]
    assert (code, err, step["code"]) == (3, "", "keys.no_crypto")
    assert "install" in step["detail"]
    code, out, err = run(pyz, "keygen", "a.example", path=tmp_path)
    assert code == 3 and "keys.no_crypto" in err


def test_wrong_usage_and_a_file_that_is_there_are_refused(pyz, capsys):
    assert main([]) == 2 and main([str(pyz)]) == 2
    said = capsys.readouterr().err
    assert "pyz.usage" in said and "pyz.out" in said


def test_an_older_python_is_told_so_and_ends_with_2_before_anything_is_loaded(pyz, monkeypatch, capsys):
    with ZipFile(pyz) as files:
        start = compile(files.read("__main__.py"), "__main__.py", "exec")
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    with pytest.raises(SystemExit) as ended:
        exec(start, {"__name__": "__main__"})  # noqa: S102
    assert ended.value.code == 2
    assert "needs Python 3.11 or newer, this is 3.9" in capsys.readouterr().err
