"""The ``seal`` command: its four exits, in a process of its own and without the optional packages."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import seal
from seal import chinese, ed25519
from seal.cli import main
from seal.errors import NoCryptoError
from seal.keys import parse_signer, parse_vkey
from tests.seal.authority import Authority
from tests.seal.packages import build, digest, signer
from tests.seal.test_bad import codes_of

SOURCE = Path(seal.__file__).resolve().parent


@pytest.fixture
def given(sample, tmp_path):
    (tmp_path / "trust.policy").write_bytes(sample.policy)
    (tmp_path / "ca.pem").write_bytes(sample.roots)
    return [
        str(sample.path),
        "--policy",
        str(tmp_path / "trust.policy"),
        "--tsa-ca",
        str(tmp_path / "ca.pem"),
    ]


def run(arguments, *, hide=(), path=None):
    """``seal`` in a fresh interpreter that cannot import the modules named in ``hide``."""
    blocked = "".join(f"sys.modules[{name!r}] = None; " for name in hide)
    code = f"import sys; {blocked}from seal.cli import main; sys.exit(main(sys.argv[1:]))"
    environment = {**os.environ, "PYTHONPATH": str(SOURCE.parent), "PYTHONIOENCODING": "utf-8"}
    environment["PATH"] = environment["PATH"] if path is None else path
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, env=environment, timeout=300
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_exit_0_for_a_package_that_the_policy_vouches_for(given, capfd):
    assert main(["verify", *given]) == 0
    assert capfd.readouterr().out.startswith("核验通过")


def test_exit_1_for_a_wrong_timestamp_root(given, tmp_path, capfd):
    (tmp_path / "ca.pem").write_bytes(Authority(tmp_path / "stranger", "Stranger").roots)
    assert main(["verify", *given]) == 1
    assert capfd.readouterr().out.startswith("核验不通过")


def test_exit_2_for_what_is_no_package(tmp_path, capfd):
    (tmp_path / "p").write_bytes(b"no package")
    assert main(["verify", str(tmp_path / "p")]) == 2
    assert capfd.readouterr().out.startswith("不是规范的证据包")


@pytest.mark.parametrize("command", [["verify"], ["show"], ["extract", "--item", "2.1", "--out", "o"]])
@pytest.mark.parametrize("slip", ["absent", "."])
def test_a_path_that_cannot_be_read_is_the_user_s_slip_and_accuses_nobody(
    command, slip, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    assert main([*command, slip]) == 2
    told = capfd.readouterr()
    assert told.out == ""
    first, second = told.err.splitlines()
    assert first.startswith("无法进行：给出的文件不存在") and first.endswith("(cli.read)")
    assert second.startswith("Cannot proceed: The package does not exist")
    assert main([*command, slip, "--json"]) == 2
    assert json.loads(capfd.readouterr().out)["code"] == "cli.read"


BROKEN = b"-----BEGIN CERTIFICATE-----\nMIIBkTCCATeg\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("roots", [b"", b"no certificate", BROKEN, BROKEN.replace(b"MIIB", b"+-??")])
def test_roots_without_a_certificate_are_the_user_s_slip_and_nothing_is_judged(given, tmp_path, roots, capfd):
    (tmp_path / "ca.pem").write_bytes(roots)
    assert main(["verify", *given]) == 2
    told = capfd.readouterr()
    assert (told.out, told.err.startswith("无法进行：给出的根证书文件里没有证书")) == ("", True)
    assert main(["verify", *given, "--json"]) == 2
    assert json.loads(capfd.readouterr().out)["code"] == "timestamp.roots"


def test_a_broken_certificate_among_good_ones_is_named_too(given, tmp_path, sample, capfd):
    (tmp_path / "ca.pem").write_bytes(b"# roots\n" + sample.roots + sample.roots)
    assert main(["verify", *given]) == 0
    (tmp_path / "ca.pem").write_bytes(sample.roots + BROKEN)
    assert main(["verify", *given]) == 2


def test_a_command_typed_wrongly_is_told_in_chinese_first_and_exits_2(capfd):
    for line in ([], ["verify"], ["verify", "a", "--colour"], ["sing"], ["extract", "a"]):
        with pytest.raises(SystemExit) as end:
            main(line)
        assert end.value.code == 2
        told = capfd.readouterr().err.splitlines()
        assert told[0].startswith("命令写得不完整或不对") and "--help" in told[0]
        assert told[1].startswith("seal") and len(told) == 2


def test_every_code_of_seal_has_a_chinese_sentence_with_a_remedy():
    codes = set().union(*(codes_of(file) for file in SOURCE.rglob("*.py")))
    told = {code: chinese.sentence(code) for code in codes}
    assert [
        code for code, words in told.items() if not (words.endswith("。") and re.search("[；：]", words))
    ] == []
    assert len(codes) > 150 and set(chinese._OWN) <= codes
    assert chinese.sentence("nothing.of_ours") == ""


def test_exit_3_without_a_policy(given, capfd):
    assert main(["verify", given[0]]) == 3
    assert capfd.readouterr().out.startswith("自身一致")


def test_json_is_one_object_with_the_exit_code(given, capfd):
    main(["verify", *given, "--json"])
    assert json.loads(capfd.readouterr().out)["exit"] == 0


def test_a_malformed_policy_is_named_and_exits_2(given, tmp_path, capfd):
    (tmp_path / "trust.policy").write_bytes(b"quorum\n")
    assert main(["verify", *given]) == 2
    assert "policy.line" in capfd.readouterr().err
    assert main(["verify", *given, "--json"]) == 2
    assert json.loads(capfd.readouterr().out)["code"] == "policy.line"
    assert main(["verify", given[0], "--policy", str(tmp_path / "absent")]) == 2


def test_keygen_keeps_the_secret_in_a_file_of_its_owner_and_prints_the_verifier_key(
    tmp_path, capfd, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert main(["keygen", "log.example/one"]) == 0
    printed = capfd.readouterr().out.strip()
    kept = tmp_path / "log.example_one.key"
    assert parse_signer(kept.read_text().strip()).vkey == parse_vkey(printed)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert main(["keygen", "log.example/one"]) == 2
    assert main(["keygen", "w", "--cosigner", "--out", "w.key", "--json"]) == 0
    assert parse_vkey(json.loads(capfd.readouterr().out.strip().split("\n")[-1])["vkey"]).kind == 4


def test_it_runs_on_the_standard_library_and_openssl_alone(given):
    code, out, err = run(["verify", *given], hide=("cryptography", "rfc3161_client"))
    assert (code, err) == (0, "")
    assert out.startswith("核验通过")


def test_exit_3_when_neither_cryptography_nor_openssl_is_at_hand(given, tmp_path):
    code, out, err = run(
        ["verify", *given, "--json"], hide=("cryptography", "rfc3161_client"), path=str(tmp_path)
    )
    states = {step["n"]: step.get("code", "ok") for step in json.loads(out)["steps"]}
    assert (code, err) == (3, "")
    assert (states[7], states[8], states[9]) == ("ok", "keys.no_crypto", "timestamp.no_crypto")


def test_a_console_without_chinese_gets_a_verdict_and_no_traceback(sample):
    environment = {**os.environ, "PYTHONPATH": str(SOURCE.parent), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "seal.cli", "verify", str(sample.path)],
        capture_output=True,
        env=environment,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (3, b"")
    assert b"Consistent in itself" in done.stdout


def test_the_command_and_the_library_agree_on_good_and_bad_signatures():
    key = signer("log.example")
    good = key.sign(b"text")
    cases = [
        (good, b"text"),
        (good, b"texT"),
        (good[:-1], b"text"),
        (bytes(64), b"text"),
        (digest("x") * 2, b"text"),
    ]
    by_library = [ed25519.verify(key.vkey.material, *case) for case in cases]
    by_command = [
        len(one) == 64 and ed25519._ask_command(key.vkey.material, one, text) for one, text in cases
    ]
    assert by_library == by_command == [True, False, False, False, False]


def test_an_openssl_that_says_no_to_everything_decides_nothing(tmp_path, monkeypatch):
    lame = tmp_path / "openssl"
    lame.write_text("#!/bin/sh\nexit 1\n")
    lame.chmod(0o755)
    ed25519._command_works.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoCryptoError):
        ed25519._verify_by_command(signer("log.example").vkey.material, bytes(64), b"text")
    ed25519._command_works.cache_clear()


def _imported(statement):
    """Modules that a fresh interpreter holds after a statement, beyond those it began with."""
    code = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    environment = {**os.environ, "PYTHONPATH": str(SOURCE.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=environment, timeout=300, check=True
    )
    return set(done.stdout.decode().split())


def test_importing_every_module_loads_nothing_but_the_standard_library():
    names = [".".join(path.relative_to(SOURCE.parent).with_suffix("").parts) for path in SOURCE.rglob("*.py")]
    loaded = _imported("import " + ", ".join(name.removesuffix(".__init__") for name in names))
    tops = {name.partition(".")[0] for name in loaded}
    assert tops - set(sys.stdlib_module_names) == {"seal"}


def test_the_verifier_never_loads_the_writer():
    loaded = _imported("import seal.cli, seal.verify")
    assert not loaded & {"seal.package", "seal.container_writer", "seal.witness", "seal.witness_http"}


def test_a_package_of_a_stranger_verifies_under_the_strangers_policy_only(given, tmp_path, capfd):
    stranger = build(tmp_path / "s.zip", seed="stranger")
    (tmp_path / "stranger.policy").write_bytes(stranger.policy)
    assert main(["verify", str(stranger.path), "--policy", str(tmp_path / "stranger.policy")]) == 0
    assert main(["verify", str(stranger.path), "--policy", given[2]]) == 3
    assert "未见证" in capfd.readouterr().out


def piped(command, **streams):
    """``seal`` of this tree in a process of its own; gives its exit code and what it complained of."""
    code = "import sys; from seal.cli import main; sys.exit(main(sys.argv[1:]))"
    environment = {"PYTHONPATH": str(SOURCE.parent), "PYTHONUTF8": "1"}
    arguments = [sys.executable, "-c", code, *map(str, command)]
    done = subprocess.run(arguments, env=environment, stderr=subprocess.PIPE, timeout=300, **streams)
    return done.returncode, done.stderr.decode()


def test_a_package_that_comes_through_a_pipe_is_no_verdict_but_a_slip(sample):
    code, said = piped(["verify", "/dev/stdin"], input=sample.path.read_bytes(), stdout=subprocess.DEVNULL)
    assert (code, "(cli.io)" in said, "Traceback" in said) == (2, True, False)


def test_an_answer_that_cannot_be_written_is_never_the_exit_of_a_failed_verification(sample):
    with Path("/dev/full").open("wb") as full:
        code, said = piped(["verify", sample.path], stdout=full)
    assert (code, "(cli.io)" in said, "Traceback" in said) == (2, True, False)
