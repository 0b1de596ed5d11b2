"""One gate for the batches of an import: taken on while nothing changed, read anew after anything that might matter."""

import gc
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from jieli.archive import ports
from jieli.archive.operations import deposit
from jieli.archive.types import BatchRef, ConversationKey, NewItem
from jieli.assets import operations as assets
from jieli.assets.types import GroupKind, NewGroup
from jieli.capture import judging, operations
from jieli.capture.policy import NO_BASIS_KINDS
from jieli.capture.report import ImportReport, Receipt
from jieli.consent import gate as gates
from jieli.consent import operations as consent
from jieli.consent.gate import Gate
from jieli.consent.models import CalendarDay
from jieli.consent.types import (
    CHAT,
    Basis,
    DayKind,
    GateMessage,
    Means,
    NewLeave,
    Scope,
    StatedBy,
    SubjectKind,
)
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY, HOUR
from jieli.ledger import locks
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book, open_log
from tests.conftest import NOW
from tests.rooms.company import BY, PLATFORM, Company, bring, chat, company, sh, vault
from tests.rooms.test_capture import agreement, findings
from tests.rooms.test_consent_withdrawal import _another_process

__all__ = ["company", "vault"]

TEN = sh("2026-09-18 10:00")


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of the gate's tables.

    "whole" for each new gate, "more" where one learnt of more people, "times" where it went on to other times.
    """
    found: list[str] = []

    def noting(name: str, word: str) -> None:
        asked = getattr(gates.snapshot, name)

        def noted(*args: Any, **named: Any) -> Any:
            found.append(word)
            return asked(*args, **named)

        monkeypatch.setattr(gates.snapshot, name, noted)

    noting("read", "whole")
    noting("more", "more")
    noting("at_other_times", "times")
    return found


def minutes(number: int, *, who: str = "wm-lin", first: int = 0) -> list[bytes]:
    """So many messages of somebody, a minute apart; the first and the last of them stand first."""
    said = [
        chat(f"{who}-{n}", f"第{n}句", sender=who, when=TEN + n * 60_000)
        for n in range(first, first + number)
    ]
    return [said[0], said[-1], *said[1:-1]]


def after_first_batch(what: Callable[[], Any], **options: Any) -> ImportReport:
    """Import twelve messages in four batches, of which the first has seen all people and times."""

    def progress(receipt: Receipt) -> None:
        if receipt.number == 0:
            what()

    return bring(minutes(12), batch_lines=3, progress=progress, **options)


def test_batches_of_a_file_share_one_gate_while_nothing_changes(company: Company, reads: list[str]) -> None:
    report = bring(minutes(12), batch_lines=3)
    assert (len(report.receipts), report.admitted) == (4, 12)
    assert reads == ["whole"]
    assert findings() == set()


def test_a_file_that_runs_through_many_days_is_read_in_a_handful_of_pieces(
    company: Company, reads: list[str]
) -> None:
    days = [f"2026-{month:02d}-{day:02d}" for month in (7, 8) for day in range(1, 31)]
    report = bring([chat(day, "早", when=f"{day} 10:00") for day in days], batch_lines=2)
    assert (len(report.receipts), report.admitted, report.refused) == (30, 42, 18)  # the others are rest days
    assert reads == ["whole", "times", "times", "times"]


@pytest.mark.parametrize(
    ("customers", "readings"), [(1, ["whole", "more", "more"]), (1_000, ["whole", "more"])]
)
def test_people_who_were_not_read_are_read_alone_or_in_a_small_house_with_everybody(
    company: Company, reads: list[str], monkeypatch: pytest.MonkeyPatch, customers: int, readings: list[str]
) -> None:
    monkeypatch.setattr(gates, "SMALL_HOUSE", customers)
    said = minutes(6), minutes(6, who="wm-gu"), minutes(6, who="wm-no")
    report = bring([line for one in said for line in one], batch_lines=6)
    assert (report.admitted, dict(report.reasons)) == (12, {"客户未同意": 6})
    assert reads == readings


def test_a_gate_that_has_grown_too_large_is_read_anew(
    company: Company, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "MOST_PEOPLE", 2)
    report = bring([*minutes(6), *minutes(6, who="wm-gu")], batch_lines=6)
    assert report.admitted == 12
    assert reads == ["whole", "whole"]


def test_a_run_that_forgets_its_places_decides_the_same(
    company: Company, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "MOST_PLACES", 0)
    monkeypatch.setattr(gates, "MOST_ANSWERS", 0)
    report = bring([*minutes(6), *minutes(6, who="wm-gu"), *minutes(6, who="wm-no")], batch_lines=3)
    assert (report.admitted, dict(report.reasons)) == (12, {"客户未同意": 6})
    assert reads == ["whole", "more"]


def test_items_name_each_value_of_a_message_and_its_basis(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[NewItem] = []

    def noting(*, items: list[NewItem], **named: Any) -> BatchRef:
        kept.extend(items)
        return deposit(items=items, **named)

    monkeypatch.setattr(operations, "deposit", noting)
    recall = chat(
        "r", "", when="2026-09-18 10:01", action="recall", revoke={"pre_msgid": "msg-a"}, msgtype="revoke"
    )
    photo = chat("p", "", when="2026-09-18 10:02", msgtype="image", image={"sdkfileid": "f1", "filesize": 9})
    report = bring([chat("a", "好", when="2026-09-18 10:00"), recall, photo])
    assert report.admitted == 3
    said, back, picture = kept
    keys = ports.keyring().message_keys(("wecom", f"msg-{one}") for one in "arp")
    with book(at=NOW) as b:
        locks.read_bases()
        b.entry("test.import", by=BY)
        gate = Gate.for_messages(
            asked := [GateMessage(CHAT, TEN, "HeQing", "", said.sender, said.receivers)],
            platform=PLATFORM,
            at=NOW,
        )
    basis = gate.judge(asked[0])
    assert isinstance(basis, Basis)
    assert said == NewItem(
        source="wecom", message_key=keys[0], event_ms=TEN, raw=said.raw, text="好", sender=said.sender,
        conversation=ConversationKey("wecom", account=basis.account, counterparty="wm-lin"),
        receivers=said.receivers, media=(), channel="chat", msgtype="text", speaker_kind=basis.speaker_kind.value,
        speaker=basis.speaker, account=basis.account, holder=basis.holder, basis_rows=basis.rows,
        documented_later=False, scopes=basis.scopes,
    )  # fmt: skip
    assert (back.recalls, picture.recalls) == (keys[0], b"")
    assert [claim["locator"] for claim in picture.media] == ["f1"]
    assert [item.message_key for item in kept] == keys


@pytest.mark.parametrize("historical", [False, True])
def test_people_and_rooms_learnt_later_get_the_answers_of_a_gate_read_for_them(
    company: Company, historical: bool
) -> None:
    groups = [NewGroup(PLATFORM, "r0", GroupKind.INTERNAL), NewGroup(PLATFORM, "r1", GroupKind.CUSTOMER)]
    assets.register_groups(groups, by=BY, at=NOW - DAY)
    people = ["HeQing", "LuChuan", "wm-lin", "wm-gu", "wm-no", "nobody", ""]
    asked = [
        GateMessage(CHAT, TEN + hour * HOUR, None, room, one, (two,))
        for hour in (-1, 0, 2, 11)
        for room in ("", "r0", "r1", "r2")
        for one in people
        for two in people
        if one != two
    ]
    first = [m for m in asked if {"wm-lin", "HeQing"} == {m.sender, *m.receivers} and m.room != "r1"]
    with book(at=NOW) as b:
        locks.read_bases()
        b.entry("test.import", by=BY)
        carried = Gate.for_messages(first, platform=PLATFORM, at=NOW, historical=historical)
        early = [carried.judge(m) for m in first]
        assert carried.carry_on(asked, beside=NO_BASIS_KINDS)
        fresh = Gate.for_messages(asked, platform=PLATFORM, at=NOW, historical=historical)
    answers = [carried.judge(m) for m in asked]
    assert answers == [fresh.judge(m) for m in asked]
    assert [carried.judge(m) for m in first] == early
    assert any(isinstance(a, Basis) for a in answers)


@pytest.mark.req("R3.3")
def test_a_withdrawal_between_two_batches_is_seen_by_the_next(company: Company, reads: list[str]) -> None:
    def withdraw() -> None:
        consent.withdraw(
            subject_kind=SubjectKind.CUSTOMER, subject=company.customers["wm-lin"], means=Means.CHAT,
            scopes=[Scope.CAPTURE], claimed_at=TEN, stated_by=StatedBy.SELF, by="person:lin", at=NOW,
        )  # fmt: skip

    with _another_process() as run:
        report = after_first_batch(lambda: run(withdraw).result(30))
    assert [r.admitted for r in report.receipts] == [3, 0, 0, 0]
    assert dict(report.reasons) == {"客户已撤回": 9}
    assert reads == ["whole", "whole"]
    assert findings() == set()


def test_a_leave_written_between_two_batches_is_seen_by_the_next(company: Company, reads: list[str]) -> None:
    leave = NewLeave(company.staff["HeQing"], TEN - HOUR, TEN + HOUR, "病假")
    report = after_first_batch(lambda: consent.load_leave([leave], by=BY, at=NOW))
    assert [r.admitted for r in report.receipts] == [3, 0, 0, 0]
    assert reads == ["whole", "whole"]


def test_what_the_platform_says_within_a_later_batch_makes_the_gate_read_anew(
    company: Company, reads: list[str]
) -> None:
    refusal = agreement(99, "wm-lin", "2026-09-18 10:00", agreed=False)
    report = bring([*minutes(6), refusal, *minutes(5, first=6)], batch_lines=6)
    assert [r.admitted for r in report.receipts] == [6, 0]
    assert reads == ["whole", "whole"]


def _note(kind: str) -> None:
    with book(at=NOW) as b:
        b.entry(kind, by=BY)


def test_readings_and_other_imports_leave_the_gate_as_it_is(company: Company, reads: list[str]) -> None:
    report = after_first_batch(lambda: [_note(kind) for kind in sorted(NO_BASIS_KINDS)])
    assert report.admitted == 12
    assert reads == ["whole"]


@pytest.mark.parametrize("kind", ["archive.shredded", "consent.unheard_of", "test.import"])
def test_an_entry_of_any_other_kind_makes_the_gate_read_anew(
    company: Company, reads: list[str], kind: str
) -> None:
    report = after_first_batch(lambda: _note(kind))
    assert report.admitted == 12
    assert reads == ["whole", "whole"]


def test_a_basis_written_under_a_harmless_kind_makes_the_gate_read_anew(
    company: Company, reads: list[str]
) -> None:
    def holiday() -> None:
        with book(at=NOW) as b:
            b.entry("reading.open", by=BY).insert(
                CalendarDay(
                    id=new_id(NOW),
                    day=date(2026, 9, 18),
                    kind=DayKind.HOLIDAY.value,
                    source="test",
                    revision=9,
                )
            )

    report = after_first_batch(holiday)
    assert [r.admitted for r in report.receipts] == [3, 0, 0, 0]
    assert reads == ["whole", "whole"]


def test_a_gate_does_not_outlive_its_log(company: Company) -> None:
    asked = [GateMessage(CHAT, TEN, None, "", "wm-lin", ("HeQing",))]
    with book(at=NOW) as b:
        locks.read_bases()
        b.entry("test.import", by=BY)
        gate = Gate.for_messages(asked, platform=PLATFORM, at=NOW)
        assert gate.still_answers(asked)
    opened = open_log(origin="next.jieli.example/log", at=NOW)
    with book(at=NOW) as b:
        locks.read_bases()
        b.entry("test.import", by=BY)
        assert ledger.live_log() == opened
        assert not gate.still_answers(asked)
        assert not gate.carry_on(asked, beside=NO_BASIS_KINDS)


def test_the_collector_of_cycles_is_as_it_was_after_an_import_however_it_ended(company: Company) -> None:
    usual = gc.get_threshold()
    within: list[tuple[int, int, int]] = []

    def fail() -> None:
        within.append(gc.get_threshold())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        after_first_batch(fail)
    assert within[0] > usual
    assert gc.get_threshold() == usual
