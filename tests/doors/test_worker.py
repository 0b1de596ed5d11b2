"""The worker does what is due, once, and lets no failing duty keep the others from theirs."""

import pytest

from jieli.archive import operations as archive
from jieli.archive import queries as archived
from jieli.doors import worker
from jieli.kernel.errors import JieliError
from jieli.kernel.times import DAY, HOUR, MINUTE
from jieli.ledger import queries
from tests.conftest import NOW
from tests.rooms.company import Company, bring, chat, company, vault

__all__ = ["company", "vault"]


def test_at_the_start_every_duty_is_done_and_then_only_when_due(company: Company) -> None:
    last: dict[str, int] = {}
    assert set(worker.round_of(last, at=NOW).values()) == {"done"}
    assert worker.round_of(last, at=NOW + 1) == {}
    assert worker.round_of(last, at=NOW + MINUTE) == {"finish_destructions": "done", "cut_access": "done"}


def test_an_hourly_heartbeat_stands_in_the_book(company: Company) -> None:
    last: dict[str, int] = {}
    for n in range(3):
        worker.round_of(last, at=NOW + n * HOUR)
    assert [e.time for e in queries.entries_of_kind("ledger.heartbeat")] == [NOW + 2 * HOUR, NOW + HOUR, NOW]


def test_an_epoch_is_rotated_when_it_is_thirty_days_old(company: Company) -> None:
    opened = archived.epoch_opened_at()
    worker.round_of({}, at=NOW + 29 * DAY)
    assert archived.epoch_opened_at() == opened
    worker.round_of({}, at=NOW + 30 * DAY)
    assert archived.epoch_opened_at() == NOW + 30 * DAY


def test_many_small_imports_are_merged_and_found_as_before(company: Company) -> None:
    for n in range(10):
        bring([chat(n, f"第{n}罐茶")], place=f"part-{n}")
    before = archived.search_candidates("罐茶", from_ms=None, to_ms=None, limit=50)
    worker.round_of({}, at=NOW)
    after = archived.search_candidates("罐茶", from_ms=None, to_ms=None, limit=50)
    assert len(after.items) == 10
    assert [i.item_id for i in after.items] == [i.item_id for i in before.items]


def test_a_failing_duty_is_named_and_keeps_no_other_from_its_turn(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise JieliError("坏了。", code="test.broken")

    monkeypatch.setattr(archive, "finish_rotation", broken)
    said = worker.round_of({}, at=NOW)
    assert said.pop("finish_rotation") == "test.broken"
    assert set(said.values()) == {"done"}
