"""账本: the proof strip says what is sealed, stamped and witnessed, and what is not."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client

from jieli.access.types import Role
from jieli.kernel.times import HOUR
from jieli.ledger import checkpoints
from seal.keys import Signer, generate
from tests.conftest import NOW, ORIGIN
from tests.doors import sample
from tests.doors.vouched import vouched

As = Callable[[UUID], Client]


def text(client: Client) -> str:
    response = client.get("/ledger/")
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def signer() -> Signer:
    return generate(ORIGIN)


@pytest.fixture
def auditor(as_person: As, signer: Signer) -> Client:
    checkpoints.first_checkpoint(signer, at=NOW)
    person = sample.person("audit", Role.AUDIT)
    checkpoints.sign_head(signer, at=NOW)
    return as_person(person)


def test_a_sealed_book_without_a_witness_says_so(auditor: Client) -> None:
    page = text(auditor)
    assert "2 条全部封存，但未经中立第三方固定" in page
    assert page.count('<li class="done">') == 1
    assert page.count('<li class="not">') == 2
    assert "请设置一个公司控制不了的见证方" in page


def test_what_was_written_since_is_waiting(auditor: Client) -> None:
    sample.person("new")
    assert "1 条刚写入，正等待封存" in text(auditor)


def test_witness_and_timestamp_are_named(
    auditor: Client, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    vouched(signer, monkeypatch)
    page = text(auditor)
    assert "2 条全部封存，并已由公司之外见证" in page
    assert "由 gonghui.example/w 签名" in page
    assert "由 tsa.example 盖章" in page
    assert page.count('<li class="done">') == 3


def test_a_stranger_s_signature_witnesses_nothing(auditor: Client, signer: Signer) -> None:
    with pytest.MonkeyPatch.context() as patch:
        vouched(signer, patch)
    page = text(auditor)
    assert "但未经中立第三方固定" in page
    assert "并已由公司之外见证" not in page


def test_a_book_nobody_signed_and_none_at_all_say_the_next_step(
    as_person: As, owner_sql: Callable[..., object]
) -> None:
    client = as_person(sample.person("audit", Role.AUDIT))
    assert "还没有封存" in text(client)
    owner_sql("TRUNCATE ledger_log CASCADE")
    assert "请先运行 jieli keys init" in text(client)


def test_silence_is_visible(auditor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from jieli.doors.web import door

    monkeypatch.setattr(door, "now", lambda profile: NOW + 5 * HOUR)
    assert "账本已有 5 小时没有新条目" in text(auditor)
