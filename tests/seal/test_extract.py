"""``seal show`` and ``seal extract``: what is inside, and one item that proves itself with no program of ours."""

import json
import subprocess
import sys
from base64 import b64encode
from zipfile import ZipFile

import pytest

from seal import policy
from seal.cli import main
from seal.errors import SealError
from seal.extract import extract
from seal.show import show
from seal.verify import verify_package
from tests.seal.packages import build, files_of, remade, signer, sm2_signer


def readme_code(folder):
    return (
        (folder / "README.txt").read_text("utf-8").split("-----BEGIN PYTHON-----\n")[1].split("-----END")[0]
    )


def run_foreign(folder, *flags):
    """The lines of the readme in an interpreter that has the standard library alone."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", *flags, "-X", "utf8", "-c", readme_code(folder)],
        cwd=folder, capture_output=True, timeout=300,
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize(
    ("item", "shown"), [("2.1", "您好，报价单已经发您邮箱"), ("2.2", "收到，谢谢"), ("0.0", "人事一")]
)
def test_an_extract_verifies_by_itself_and_by_the_lines_in_its_readme(sample, tmp_path, item, shown):
    made = extract(sample.path, item=item, out=tmp_path / "out")
    report = verify_package(
        made.folder / "extract.zip", policy=policy.parse(sample.policy), tsa_roots=sample.roots
    )
    assert (report.exit_code, report.about["items"] + report.about["parts"]) == (0, 1)
    code, printed, _said = run_foreign(made.folder)
    assert code == 0
    assert shown in printed and printed.splitlines()[-1].startswith("OK log.sample.example/jieli 5 ")


def _forged_text(files):
    item = files["items.jsonl"]
    return {"items.jsonl": item.replace("您好".encode().hex().encode(), "您坏".encode().hex().encode())}


def _forged_root(files):
    (name,) = [name for name in files if name.startswith("proofs/")]
    head, checkpoint = files[name].split(b"\n\n", 1)
    origin, size, _root, rest = checkpoint.split(b"\n", 3)
    return {name: head + b"\n\n" + b"\n".join([origin, size, b64encode(bytes(32)), rest])}


@pytest.mark.parametrize("flags", [(), ("-O",), ("-OO",)], ids=["plain", "-O", "-OO"])
def test_the_readme_s_lines_find_what_is_forged_however_python_is_started(sample, tmp_path, flags):
    """`python -O` and PYTHONOPTIMIZE drop every `assert`: what judges must not be one."""
    made = extract(sample.path, item="2.1", out=tmp_path / "out")
    files = files_of(made.folder / "extract.zip")
    assert run_foreign(made.folder, *flags)[::2] == (0, "")
    found = []
    for forge in (_forged_text, _forged_root):
        (made.folder / "extract.zip").write_bytes(remade(files, forge(files)))
        code, printed, said = run_foreign(made.folder, *flags)
        found.append((code, "OK" in printed, said.partition("：")[0]))
    assert found == [(1, False, "不符"), (1, False, "不符")]


def test_an_extract_says_what_it_left_behind_and_keeps_since_when_the_item_is_fixed(sample, tmp_path):
    made = extract(sample.path, item="2.1", out=tmp_path / "out")
    report = verify_package(made.folder / "extract.zip", policy=policy.parse(sample.policy))
    left = report.omissions[-1]
    assert (left.count, made.left) == (5, 5)
    assert "原证据包 SHA-256" in left.reason and report.omissions[0].what == "语音通话"
    assert [(one.first, one.time) for one in report.times] == [(2, 1_790_000_103_000)]
    with ZipFile(made.folder / "extract.zip") as files:
        assert [n for n in files.namelist() if n.endswith(".tsr")] == [
            "timestamps/3.1.tsr",
            "timestamps/5.1.tsr",
        ]


def test_an_extract_has_the_same_bytes_each_time_and_of_an_extract_too(sample, tmp_path):
    first, second = (extract(sample.path, item="2.1", out=tmp_path / name) for name in ("a", "b"))
    for name in ("extract.zip", "README.txt"):
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()
    again = extract(first.folder / "extract.zip", item="2.1", out=tmp_path / "c")
    assert files_of(again.folder / "extract.zip") == files_of(first.folder / "extract.zip")


def test_an_extract_of_a_package_with_sm3_and_further_signatures_keeps_them(tmp_path):
    built = build(tmp_path / "p.zip", more=(sm2_signer(),), sm3=True)
    made = extract(built.path, item="2.1", out=tmp_path / "out")
    report = verify_package(made.folder / "extract.zip", policy=policy.parse(built.policy))
    assert report.exit_code == 0
    assert "SM3SUMS" in files_of(made.folder / "extract.zip")


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ("2", "extract.id"),
        ("02.1", "extract.id"),
        ("2.1.1", "extract.id"),
        ("2.9", "extract.absent"),
        ("9.1", "extract.absent"),
    ],
)
def test_an_id_that_is_none_or_is_not_there_is_refused_and_leaves_nothing(sample, tmp_path, item, code):
    with pytest.raises(SealError) as error:
        extract(sample.path, item=item, out=tmp_path / "out")
    assert error.value.code == code
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_shown_or_extracted_of_a_package_that_does_not_hold_together(sample, tmp_path):
    files = files_of(sample.path)
    broken = tmp_path / "broken.zip"
    broken.write_bytes(remade(files, {"omissions.jsonl": b""}))
    for use in (lambda: show(broken), lambda: extract(broken, item="2.1", out=tmp_path / "out")):
        with pytest.raises(SealError) as error:
            use()
        assert error.value.code == "show.broken"
        assert "step 7 (package.counts)" in error.value.message


def test_a_folder_that_is_there_is_not_written_into(sample, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "half.partial").mkdir()
    for name in ("out", "half"):
        with pytest.raises(SealError) as error:
            extract(sample.path, item="2.1", out=tmp_path / name)
        assert error.value.code == "extract.out"


def test_show_lists_counts_dates_entries_and_omissions_but_no_content(sample):
    shown = show(sample.path)
    value, text = json.loads(json.dumps(shown.json())), shown.text()
    assert [(e["index"], e["kind"], e["items"], e["parts"]) for e in value["entries"]] == [
        (0, "consent.serve", 0, 2), (2, "archive.deposit", 2, 1), (3, "evidence.seal", 0, 1),
    ]  # fmt: skip
    assert [one["id"] for one in value["items"]] == ["2.1", "2.2"]
    assert value["items"][1]["what"].split()[0] == "media.0" and "(sender)" in value["items"][1]["what"]
    assert [one["size"] for one in value["timestamps"]] == [3, 5]
    assert value["checkpoints"][0]["lines"] == [
        "log.sample.example/jieli（Ed25519）",
        "witness0.sample.example（Ed25519）",
    ]
    assert "语音通话" in text and "2026-09-21" in text and "consent.notice 7" in text
    assert "报价单" not in text and "报价单" not in json.dumps(value, ensure_ascii=False)


def test_the_commands_answer_in_chinese_or_json_and_refuse_by_a_code(sample, tmp_path, capfd):
    assert main(["show", str(sample.path)]) == 0
    assert "条目 entry 2：archive.deposit" in capfd.readouterr().out
    assert main(["show", str(sample.path), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["counts"]["items"] == 2
    given = ["extract", str(sample.path), "--item", "2.1", "--out", str(tmp_path / "a")]
    assert main(given) == 0
    assert "5 项没有收入" in capfd.readouterr().out
    assert main([*given, "--json"]) == 2
    assert json.loads(capfd.readouterr().out)["code"] == "extract.out"
    assert main([*given[:-1], str(tmp_path / "b"), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["left"] == 5


def test_keygen_makes_keys_of_each_algorithm(tmp_path, capfd):
    for kind, label in (("mldsa", 6), ("sm2", 255)):
        assert main(["keygen", "log.example", "--type", kind, "--out", str(tmp_path / kind), "--json"]) == 0
        from seal.keys import parse_vkey

        assert parse_vkey(json.loads(capfd.readouterr().out)["vkey"]).kind == label
    assert main(["keygen", "w", "--type", "sm2", "--cosigner", "--out", str(tmp_path / "w")]) == 2
    assert "cli.type" in capfd.readouterr().err


def test_a_package_of_a_stranger_is_extracted_and_judged_as_his(tmp_path):
    built = build(tmp_path / "s.zip", seed="stranger")
    made = extract(built.path, item="2.2", out=tmp_path / "out")
    other = signer("log.sample.example/jieli", seed="else")
    named = policy.parse(f"log {other.vkey.format()}\nquorum none\n".encode())
    assert verify_package(made.folder / "extract.zip", policy=named).exit_code == 3
