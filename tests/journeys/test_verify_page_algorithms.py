"""核验.html on the lines it cannot check (ML-DSA-44, SM2) and on SM3SUMS: never a better answer than the command's."""

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from seal import policy
from seal.keys import MLDSA
from seal.verify import verify_package
from tests.journeys.test_verify_page import ASK, open_page
from tests.seal.packages import ORIGIN, build, files_of, policy_text, remade, signer, sm2_signer

__all__ = ["open_page"]
pytestmark = pytest.mark.journey


def test_lines_the_page_cannot_check_are_named_and_never_counted(
    open_page: Callable[..., Page], tmp_path: Path
) -> None:
    quantum, national = signer(ORIGIN, kind=MLDSA), sm2_signer()
    many = build(tmp_path / "many.zip", more=(quantum, national), sm3=True)
    files = files_of(many.path)
    data, bent = many.path.read_bytes(), remade(files, {"SM3SUMS": b"0" * 64 + files["SM3SUMS"][64:]})
    unlisted = remade(files, {"SM3SUMS": None})
    policies = [
        many.policy,
        policy_text(many.log, many.witnesses),
        policy_text(quantum, ()),
        policy_text(national, ()),
    ]
    asked = [(data, policies[1]), (data, policies[0]), (data, policies[2]), (data, policies[3])]
    asked += [(bent, policies[1]), (unlisted, policies[1])]
    packed = [[b64encode(d).decode(), b64encode(p).decode()] for d, p in asked]
    found = open_page().evaluate(ASK, packed)
    said = [
        (one["exit"], next((s["code"] for s in one["steps"] if s["code"] and s["n"] < 9), ""))
        for one in found
    ]
    assert said == [
        (0, ""), (3, "keys.no_mldsa"), (3, "keys.no_mldsa"), (3, "keys.no_sm2"), (1, "sums.sm3"),
        (2, "package.version"),
    ]  # fmt: skip
    assert found[0]["unchecked"] == [
        {"name": ORIGIN, "algorithm": "ML-DSA-44"}, {"name": ORIGIN, "algorithm": "SM2"},
    ]  # fmt: skip
    exits = []
    for n, (body, named) in enumerate(asked):
        (tmp_path / f"{n}.zip").write_bytes(body)
        exits.append(verify_package(tmp_path / f"{n}.zip", policy=policy.parse(named)).exit_code)
    assert exits == [0, 0, 0, 0, 1, 2]
