"""SM3SUMS beside SHA256SUMS: version 2 of a package."""

import hashlib
import io

import pytest

from seal import policy
from seal.errors import NoCryptoError
from seal.package import About, Package
from seal.verify import sums, verify_package
from tests.seal.packages import (
    ORIGIN,
    build,
    digest,
    files_of,
    policy_text,
    remade,
    signed_checkpoint,
    signer,
)


@pytest.fixture(scope="module")
def national(tmp_path_factory):
    return build(tmp_path_factory.mktemp("sm3") / "p.zip", sm3=True)


def first_bad(data, built):
    report = verify_package(io.BytesIO(data), policy=policy.parse(built.policy))
    bad = next((step for step in report.steps if step.state not in ("ok", "skipped")), None)
    return (report.exit_code, bad.n, bad.code) if bad else (report.exit_code, 0, "")


def test_the_list_has_the_sm3_digest_of_every_file_but_the_two_lists(national):
    files = files_of(national.path)
    wanted = {
        n: hashlib.new("sm3", d).hexdigest() for n, d in files.items() if n not in ("SHA256SUMS", "SM3SUMS")
    }
    lines = files["SM3SUMS"].decode().splitlines()
    assert {line[66:]: line[:64] for line in lines} == wanted
    assert b"SM3SUMS" in files["SHA256SUMS"] and b'"v":2' in files["package.json"]
    assert first_bad(national.path.read_bytes(), national) == (0, 0, "")


def test_a_package_without_it_is_of_version_1_as_ever(sample):
    assert b'"v":1' in files_of(sample.path)["package.json"]


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda f: {"SM3SUMS": None}, (2, 3, "package.version")),
        (lambda f: {"SM3SUMS": f["SM3SUMS"].split(b"\n", 1)[1]}, (1, 2, "sums.names")),
        (lambda f: {"SM3SUMS": f["SM3SUMS"] + f["SHA256SUMS"].splitlines(True)[0]}, (2, 2, "sums.line")),
        (lambda f: {"SM3SUMS": b"0" * 64 + f["SM3SUMS"][64:]}, (1, 2, "sums.sm3")),
        (lambda f: {"SM3SUMS": b"".join(f["SM3SUMS"].splitlines(True)[::-1])}, (2, 2, "sums.order")),
        (lambda f: {"package.json": f["package.json"].replace(b'"v":2', b'"v":1')}, (1, 2, "sums.sm3")),
    ],
)
def test_a_changed_list_is_caught_by_its_own_code(national, change, wanted):
    files = files_of(national.path)
    assert first_bad(remade(files, change(files)), national) == wanted


def test_a_list_in_a_package_of_version_1_is_refused(sample):
    files = files_of(sample.path)
    kept = {n: d for n, d in files.items() if n != "SHA256SUMS"}
    listed = "".join(f"{hashlib.new('sm3', kept[n]).hexdigest()}  {n}\n" for n in sorted(kept)).encode()
    assert first_bad(remade(files, {"SM3SUMS": listed}), sample) == (2, 3, "package.version")


def test_without_sm3_at_hand_the_digests_stay_unchecked_and_the_names_do_not(national, monkeypatch):
    monkeypatch.setattr(sums, "sm3_at_hand", lambda: False)
    files = files_of(national.path)
    bent = remade(files, {"SM3SUMS": b"0" * 64 + files["SM3SUMS"][64:]})
    report = verify_package(io.BytesIO(bent), policy=policy.parse(national.policy))
    assert (report.exit_code, report.unchecked[0].algorithm) == (0, "SM3")
    assert "未核：SM3SUMS（SM3）" in report.text()
    assert first_bad(remade(files, {"SM3SUMS": b""}), national) == (1, 2, "sums.names")


def test_no_package_with_the_list_is_made_without_sm3(tmp_path, monkeypatch):
    def absent(name):
        raise ValueError(name)

    monkeypatch.setattr("seal.package.new_digest", absent)
    log = signer(ORIGIN)
    about = About("matter", ORIGIN, 1, "real", "", "x", ())
    with pytest.raises(NoCryptoError) as error, Package(about, policy=policy_text(log, ()), sm3=True) as made:
        made.add_checkpoint(signed_checkpoint(log, 1, digest("leaf")))
        made.write(tmp_path / "p.zip")
    assert error.value.code == "package.no_sm3"
    assert list(tmp_path.iterdir()) == []
