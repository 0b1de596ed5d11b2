"""The packages of every release, kept as text: each verifier from now on says of them what was said on their day."""

import json
from base64 import b64decode

import pytest

from tests.seal.make_golden import GOLDEN, judged, main

KEPT = sorted(GOLDEN.glob("*/*.package.txt"))
LARGEST = 60 * 1024


@pytest.mark.parametrize("file", KEPT, ids=[f"{one.parent.name} {one.name.split('.')[0]}" for one in KEPT])
def test_the_packages_of_every_release_are_judged_as_they_were_on_their_day(file, tmp_path):
    def beside(what):
        return file.with_name(file.name.replace(".package.", f".{what}."))

    package, trusted = tmp_path / "package.zip", beside("policy").read_bytes()
    package.write_bytes(b64decode(file.read_text()))
    said = {
        "all": judged(package, trusted, beside("roots").read_bytes() or None),
        "no roots": judged(package, trusted, None),
        "nobody named": judged(package, None, None),
    }
    assert said == json.loads(beside("expected").read_text())
    assert [said[name]["exit"] for name in ("all", "no roots", "nobody named")] == [0, 0, 3]


def test_the_golden_packages_are_small_text_and_the_first_release_has_each_kind():
    names = [one.name.split(".")[0] for one in KEPT if one.parent.name == "0.1.0"]
    assert names == ["conversation", "evidence", "receipt"]
    assert [one.name for one in KEPT if one.stat().st_size > LARGEST] == []


def test_a_golden_package_is_never_made_anew(capsys):
    assert main(["0.1.0"]) == 1
    assert "never made anew" in capsys.readouterr().err
