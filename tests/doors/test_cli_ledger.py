"""`jieli ledger`: how long the book is, who vouched for it, and a signature when one is asked for."""

import pytest

from jieli.wiring import signer
from jieli.wiring.profile import read_profile
from tests.conftest import NOW, ORIGIN
from tests.doors.cli import Jieli


def test_a_round_signs_everything_and_the_status_says_so(jieli: Jieli) -> None:
    before = jieli.answer("ledger", "status")
    assert before["origin"] == ORIGIN
    assert (before["checkpoint"], before["size"] > 10) == (0, True)
    assert jieli.answer("ledger", "sign", "--once") == {
        "checkpoint": before["size"], "witnessed": [], "stamped": [], "unreachable": [],
    }  # fmt: skip
    jieli.at = NOW + 1_000
    assert jieli.answer("ledger", "sign", "--once")["checkpoint"] == before["size"]
    assert jieli.answer("ledger", "status") == before | {"checkpoint": before["size"]}
    said = jieli.said("ledger", "status")
    assert f"{before['size']} 条，2026-09-21 2" in said
    assert "未见证，未经中立第三方固定" in said


@pytest.mark.usefixtures("signing")
def test_a_checkpoint_is_asked_for_over_the_signers_socket(jieli: Jieli) -> None:
    made = jieli.answer("ledger", "checkpoint")
    assert made["checkpoint"] == jieli.answer("ledger", "status")["size"]
    assert f"checkpoint：{made['checkpoint']}" in jieli.said("ledger", "checkpoint")
    assert jieli.refused("ledger", "sign", "--once")["code"] == "signer.runs"


def test_in_production_without_a_signer_the_checkpoint_is_pending(jieli: Jieli) -> None:
    environ = {"JIELI_HOME": str(jieli.home), "JIELI_PROFILE": "production"}
    jieli.profile = read_profile(environ)
    assert jieli.answer("ledger", "checkpoint") == {"checkpoint": "pending"}


def test_a_witness_that_is_away_is_named_and_refuses_nothing(
    jieli: Jieli, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = signer.HttpWitness(name="away.example.cn", url="http://127.0.0.1:9/")
    monkeypatch.setattr(signer, "witnesses", lambda home: [away])
    done = jieli.answer("ledger", "sign", "--once")
    assert (done["witnessed"], done["unreachable"]) == ([], ["away.example.cn"])


def test_the_status_of_a_book_nobody_signed(fresh: Jieli) -> None:
    assert fresh.answer("ledger", "status") == {
        "origin": ORIGIN, "size": 0, "checkpoint": None, "witnessed": [], "stamped": [],
    }  # fmt: skip
    assert "尚无" in fresh.said("ledger", "status")
