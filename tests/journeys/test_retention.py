"""保存多久: what both sides see of it, empty, full, with a hold and with plans under way."""

from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from jieli.access.types import Role
from jieli.archive import operations
from jieli.archive.types import HoldScope
from jieli.doors.web import door
from jieli.kernel.times import DAY
from tests.conftest import NOW
from tests.doors import sample, sample_talk
from tests.journeys.look import check

pytestmark = pytest.mark.journey
Begin = Callable[[UUID], None]
LATER = NOW + 4 * 366 * DAY


def test_a_person_sees_until_when_his_records_are_kept(
    page: Page, archive_open: None, signed_in: Begin
) -> None:
    house = sample.full()
    sample_talk.consented(house, "1001", "1002")
    sample_talk.talked(house)
    operations.hold(
        scope=HoldScope.PERSON, target=str(house.staff["1001"]), ground="主张提成", by="person:a", at=NOW
    )
    signed_in(sample.person("limin", name="李敏", staff=house.staff["1001"]))
    page.goto("/me/")
    page.get_by_role("link", name="保存多久").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("最迟保存到")
    check(page, "kept")


def test_a_person_of_whom_nothing_is_kept_reads_the_same_periods(page: Page, signed_in: Begin) -> None:
    house = sample.full()
    signed_in(sample.person("jiashu", name="陈嘉树", staff=house.staff["1005"]))
    page.goto("/me/kept")
    check(page, "kept-empty")


def test_the_company_sees_what_is_due_and_the_plan_that_waits(
    page: Page, archive_open: None, signed_in: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sample.full()
    sample_talk.consented(house, "1001", "1002")
    sample_talk.talked(house)
    signed_in(sample.person("audit", Role.AUDIT))
    page.goto("/retention/")
    expect(page.get_by_role("heading", level=1)).to_have_text("没有到期的内容")
    check(page, "retention-empty")
    monkeypatch.setattr(door, "now", lambda profile: LATER)
    operations.propose(code="chat", reason="每季清理", by="person:admin", at=LATER)
    page.goto("/retention/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("已经到期")
    check(page, "retention")
