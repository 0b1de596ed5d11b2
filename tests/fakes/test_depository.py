"""存证: one contract, kept by the depository in this process and by the HTTP client before its server alike."""

import json
from collections.abc import Iterator
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.connectors.stamp.deposit import MAX_RECEIPT, HttpDepository, read_receipt
from jieli.ledger.ports import DepositKind, Depository, Unreachable
from tests.fakes.depository import FakeDepository, depository_server

AT = 1_790_000_000_000
DIGEST = sha256(b"the note text of a checkpoint\n").digest()


@pytest.fixture
def behind() -> FakeDepository:
    return FakeDepository(AT)


@pytest.fixture(params=["in this process", "over HTTP"])
def depository(request: pytest.FixtureRequest, behind: FakeDepository) -> Iterator[Depository]:
    with depository_server(behind) as url:
        spoken = HttpDepository(name=behind.name, kind=behind.kind, url=url)
        yield {"in this process": behind, "over HTTP": spoken}[request.param]


def test_a_receipt_names_the_digest_a_number_and_a_time_and_is_kept_as_it_came(
    depository: Depository, behind: FakeDepository
) -> None:
    receipt = depository.deposit(DIGEST)
    assert (receipt.stated_at, receipt.raw) == (AT, behind.kept[DIGEST.hex()])
    assert json.loads(receipt.raw)["number"] == receipt.number
    assert depository.kind is DepositKind.NOTARY


def test_the_same_digest_gives_the_same_receipt(depository: Depository, behind: FakeDepository) -> None:
    first = depository.deposit(DIGEST)
    behind.at += 3_600_000
    assert depository.deposit(DIGEST) == first
    assert depository.deposit(sha256(b"another").digest()).stated_at == AT + 3_600_000


def test_only_the_digest_leaves(depository: Depository, behind: FakeDepository) -> None:
    depository.deposit(DIGEST)
    assert [json.loads(body) for body in behind.asked] == [{"algorithm": "SHA-256", "digest": DIGEST.hex()}]


def test_a_receipt_that_is_not_made_out_yet_is_no_answer_until_it_is(
    depository: Depository, behind: FakeDepository
) -> None:
    behind.pending = 1
    with pytest.raises(Unreachable):
        depository.deposit(DIGEST)
    assert depository.deposit(DIGEST).stated_at == AT


RIGHT = {"number": "GZ-1", "algorithm": "SHA-256", "digest": DIGEST.hex(), "time": "2026-09-21T13:33:20Z"}
WRONG = {
    "another digest": {**RIGHT, "digest": sha256(b"x").hexdigest()},
    "another algorithm": {**RIGHT, "algorithm": "SM3"},
    "no number": {**RIGHT, "number": ""},
    "a number over two lines": {**RIGHT, "number": "1\n2"},
    "no time": {k: v for k, v in RIGHT.items() if k != "time"},
    "a time of no zone": {**RIGHT, "time": "2026-09-21 13:33:20"},
    "a list": [RIGHT],
    "too long": {**RIGHT, "more": "x" * MAX_RECEIPT},
}


@pytest.mark.parametrize("receipt", WRONG.values(), ids=WRONG.keys())
def test_a_receipt_that_does_not_say_what_it_must_is_no_answer(
    receipt: object, depository: Depository, behind: FakeDepository
) -> None:
    behind.answers[DIGEST.hex()] = json.dumps(receipt).encode()
    with pytest.raises(Unreachable):
        depository.deposit(DIGEST)


def test_the_token_opens_and_without_it_nothing_is_deposited(behind: FakeDepository) -> None:
    behind.token = "canary-token"
    with depository_server(behind) as url:
        with pytest.raises(Unreachable) as caught:
            HttpDepository(name="n", kind=behind.kind, url=url, token="wrong").deposit(DIGEST)
        assert "canary" not in str(caught.value)
        assert HttpDepository(name="n", kind=behind.kind, url=url, token="canary-token").deposit(DIGEST)
        with pytest.raises(Unreachable):
            HttpDepository(name="n", kind=behind.kind, url=url + "/elsewhere").deposit(DIGEST)
    with pytest.raises(Unreachable):
        HttpDepository(name="n", kind=behind.kind, url=url).deposit(DIGEST)


@given(st.binary(max_size=300))
def test_any_bytes_that_are_no_receipt_are_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError):
        read_receipt(raw, DIGEST)
