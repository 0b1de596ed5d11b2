"""审批: what waits, decided by another; one's own is shown and not decidable."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client

from jieli.access.types import Role
from jieli.approvals import operations, queries
from jieli.approvals.types import RequestRef, RequestState
from jieli.succession.types import PLAN_APPROVAL
from tests.conftest import NOW
from tests.doors import sample
from tests.rooms.relay import found_relay

As = Callable[[UUID], Client]


def asked(by: UUID, *excluded: UUID) -> RequestRef:
    return operations.open_request(
        kind="数据恢复", subject=UUID(int=7), digest=b"\x07" * 32, scope="两名客户交给陆川", reason="第二版",
        excluded=excluded, by=f"person:{by}", at=NOW,
    )  # fmt: skip


def test_an_empty_page_teaches(as_person: As) -> None:
    page = as_person(sample.person("yan", Role.COMPLIANCE)).get("/approvals/").content.decode()
    assert "没有等待审批的申请" in page
    assert "这里将列出等您决定的申请" in page


def test_a_request_shows_what_is_decided_on_and_is_agreed_to_with_a_receipt(as_person: As) -> None:
    lead, yan = sample.person("lead", Role.SALES_LEAD, name="唐野"), sample.person("yan", Role.COMPLIANCE)
    found = asked(lead)
    client = as_person(yan)
    page = client.get("/approvals/").content.decode()
    assert "两名客户交给陆川" in page and "唐野" in page and "07" * 32 in page
    done = client.post(f"/approvals/{found.id}", {"decision": "agree"}, follow=True).content.decode()
    assert "已同意“数据恢复”。已写入账本第" in done
    assert queries.approved("数据恢复", UUID(int=7), b"\x07" * 32, at=NOW) is not None


def test_a_plan_says_who_gets_how_many_before_it_is_decided(as_person: As) -> None:
    relay = found_relay(customers=5, receivers=("wang", "zhao"))
    operations.open_request(
        kind=PLAN_APPROVAL, subject=relay.plan, digest=b"\x09" * 32, scope="5 名客户", reason="按规则分配",
        by=f"person:{sample.person('lead', Role.SALES_LEAD, name='唐野')}", at=NOW,
    )  # fmt: skip
    page = as_person(sample.person("yan", Role.COMPLIANCE)).get("/approvals/").content.decode()
    assert "王岚 3 名、赵屿 2 名" in page
    assert "李清" in page


def test_a_rejection_needs_its_reason_and_what_was_typed_stays(as_person: As) -> None:
    found = asked(sample.person("lead", Role.SALES_LEAD))
    client = as_person(sample.person("yan", Role.COMPLIANCE))
    answer = client.post(f"/approvals/{found.id}", {"decision": "reject", "reason": " "})
    assert answer.status_code == 400
    assert "驳回没有写明理由" in answer.content.decode()
    assert "没有选择同意或驳回" in client.post(f"/approvals/{found.id}", {"reason": "太急"}).content.decode()
    assert "太急" in client.post(f"/approvals/{found.id}", {"reason": "太急"}).content.decode()
    client.post(f"/approvals/{found.id}", {"decision": "reject", "reason": "接收人已满"})
    assert queries.request(found.id).state is RequestState.REJECTED


@pytest.mark.req("R2.16")
def test_ones_own_request_says_so_and_is_rejected_when_decided_all_the_same(as_person: As) -> None:
    yan = sample.person("yan", Role.COMPLIANCE)
    found = asked(yan)
    client = as_person(yan)
    page = client.get("/approvals/").content.decode()
    assert "这是您自己的申请" in page
    assert f"/approvals/{found.id}" not in page
    answer = client.post(f"/approvals/{found.id}", {"decision": "agree"})
    assert answer.status_code == 400
    assert "approvals.own_request" in answer.content.decode()
    assert queries.request(found.id).state is RequestState.WAITING


def test_who_is_given_something_does_not_decide_it(as_person: As) -> None:
    yan = sample.person("yan", Role.COMPLIANCE)
    found = asked(sample.person("lead", Role.SALES_LEAD), yan)
    client = as_person(yan)
    assert "有利害关系" in client.get("/approvals/").content.decode()
    assert client.post(f"/approvals/{found.id}", {"decision": "agree"}).status_code == 400


def test_a_request_that_is_none_is_absent(as_person: As) -> None:
    client = as_person(sample.person("yan", Role.COMPLIANCE))
    assert client.post(f"/approvals/{UUID(int=9)}", {"decision": "agree"}).status_code == 404
    assert as_person(sample.person("x", Role.AUDIT)).get("/approvals/").status_code == 404
