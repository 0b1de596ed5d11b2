"""What a source delivered has its place: admitted, refused, unreadable, repeated; or its hour stands as a gap."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.access.types import Role
from jieli.archive import operations as archive
from jieli.archive import queries as archived
from jieli.capture import reconciling
from jieli.capture.models import Refusal
from jieli.capture.reconciling import (
    Again,
    Gap,
    Hourly,
    Named,
    Reconciliation,
    reconcile_counts,
    reconcile_messages,
)
from jieli.capture.types import Malformed
from jieli.connectors.files import hourly
from jieli.connectors.wecom import lines as wecom
from jieli.kernel.times import DAY, local
from jieli.ledger import queries as ledger
from tests.conftest import NOW
from tests.rooms.company import BY, PLATFORM, bring, chat, company, reader, sh, vault
from tests.rooms.test_capture import MIXED, findings

__all__ = ["company", "vault"]
Sql = Callable[..., list[tuple[Any, ...]]]

pytestmark = pytest.mark.usefixtures("company")


def reconcile(lines: Sequence[bytes], *more: Sequence[bytes], at: int = NOW) -> Reconciliation:
    files = [Named(f"{n}.jsonl", wecom.parse(some)) for n, some in enumerate([lines, *more])]
    return reconcile_messages(source=wecom.SOURCE, platform=PLATFORM, files=files, by=BY, at=at)


def by_counts(text: str, *, at: int = NOW) -> Reconciliation:
    files = [Named("counts.csv", hourly.parse(text.encode().splitlines(keepends=True)))]
    return reconcile_counts(source="counts", platform=PLATFORM, files=files, by=BY, at=at)


def test_what_was_imported_is_complete_line_by_line() -> None:
    bring(MIXED)
    found = reconcile(MIXED)
    assert found.complete
    assert (found.messages, found.admitted, found.refused, found.repeated) == (5, 2, 3, 1)
    assert (found.unreadable, found.switches, found.missing, found.gaps) == (1, 1, 0, [])
    [bad] = found.listed
    assert (bad.file, bad.line, bad.column, bad.code) == ("0.jsonl", 3, 18, "wecom.not_json")


def test_what_never_came_in_is_a_gap_of_its_account_and_hour() -> None:
    came = [chat(1, "第一句"), chat(2, "第二句", when="2026-09-18 11:20")]
    bring(came)
    late = [
        chat(3, "丢了的一句", when="2026-09-18 11:40"),
        chat(4, "又一句", sender="LuChuan", to="wm-gu", when="2026-08-18 11:40"),
        chat(5, "谁也不认识", sender="x", to="y", when="2026-08-18 12:00"),
    ]
    found = reconcile(came + late)
    assert not found.complete
    assert found.gaps == [
        Gap("LuChuan", sh("2026-08-18 11:00"), 1, 1, Again.FILE),
        Gap("", sh("2026-08-18 12:00"), 1, 1, Again.FILE),
        Gap("HeQing", sh("2026-09-18 11:00"), 2, 1, Again.PLATFORM),
    ]
    bring(came + late)
    assert reconcile(came + late).complete


def test_the_numbers_stand_in_the_ledger_and_nothing_else_of_the_messages_does(owner_sql: Sql) -> None:
    bring(MIXED)
    found = reconcile([*MIXED, chat("geheim", "从未导入的一句")])
    assert found.entry is not None
    facts = ledger.facts([found.entry])[found.entry]
    assert {name: facts[name] for name in ("messages", "admitted", "refused", "missing", "complete")} == {
        "messages": 6, "admitted": 2, "refused": 3, "missing": 1, "complete": 0,
    }  # fmt: skip
    assert ledger.entries([found.entry])[found.entry].kind == "capture.reconciled"
    assert (
        owner_sql("SELECT FROM ledger_part WHERE convert_from(body, 'UTF8') ~ 'geheim|从未|HeQing.*missing'")
        == []
    )
    assert owner_sql("SELECT FROM pg_class WHERE relname = %s", [reconciling._TABLE]) == []
    assert findings() == set()


def test_repetitions_are_found_across_files_and_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "MAX_BATCH", 2)
    lines = [chat(n % 3, "一句", when=f"2026-09-18 10:0{n % 3}") for n in range(7)]
    bring(lines)
    found = reconcile(lines, lines[:2])
    assert (found.messages, found.admitted, found.repeated, found.complete) == (3, 3, 6, True)


def test_a_refusal_whose_digest_is_over_is_set_off_by_the_number_of_its_account_and_day() -> None:
    night = [chat(n, "夜里的话", when=f"2026-09-18 2{n}:30") for n in (1, 2, 3)]
    bring(night)
    assert reconcile(night).refused == 3
    then = NOW + 31 * DAY
    found = reconcile(night, at=then)
    assert (found.refused, found.refused_by_tally, found.missing, found.complete) == (0, 3, 0, True)
    more = reconcile([*night, chat(9, "没有导入的夜话", when="2026-09-18 23:50")], at=then)
    assert (more.refused_by_tally, more.missing) == (3, 1)
    assert [(gap.account, gap.hour, gap.missing) for gap in more.gaps] == [
        ("HeQing", sh("2026-09-18 23:00"), 1)
    ]


def test_a_fresh_message_is_never_set_off_by_a_number() -> None:
    bring([chat(1, "夜里的话", when="2026-09-18 21:30")])
    Refusal.objects.all().delete()  # as if the refusal were of another message of that day
    found = reconcile([chat(2, "另一句夜话", when="2026-09-18 21:40")])
    assert (found.refused_by_tally, found.missing) == (0, 1)


def test_what_was_destroyed_was_admitted() -> None:
    lines = [chat(1, "第一句"), chat(2, "第二句")]
    bring(lines)
    by = reader(Role.SYSTEM, Role.COMPLIANCE)
    [item] = [i.item_id for i in archived.items_of_batch(1) if i.event_ms][:1]
    archive.shred_items(items=[item], reason="本人要求", by=by.actor, at=NOW)
    assert (reconcile(lines).admitted, reconcile(lines).complete) == (2, True)
    counted = by_counts("2026-09-18T10,HeQing,2\n")
    assert (counted.admitted, counted.destroyed, counted.complete) == (1, 1, True)


def test_counts_alone_name_the_hours_that_lack_something() -> None:
    bring(MIXED)
    found = by_counts(
        "\ufeffhour,account,count\n2026-09-18T10,HeQing,5\n2026-09-18 23:00+08:00,HeQing,1\n"
        "2026-09-18T09,HeQing,0\n2026-09-18T11,LuChuan,2\n2026-01-05T11,nobody,1\n"
    )
    # Two were admitted at ten; of the three refused two are HeQing's and one is the colleague's own.
    assert (found.messages, found.admitted, found.refused_by_tally, found.missing) == (9, 2, 3, 4)
    assert [(g.account, g.hour, g.missing, g.again) for g in found.gaps] == [
        ("nobody", sh("2026-01-05 11:00"), 1, Again.GONE),
        ("HeQing", sh("2026-09-18 10:00"), 1, Again.PLATFORM),
        ("LuChuan", sh("2026-09-18 11:00"), 1, Again.PLATFORM),
        ("HeQing", sh("2026-09-18 23:00"), 1, Again.PLATFORM),
    ]
    assert not found.complete


def test_more_than_the_source_says_is_a_surplus_and_no_gap() -> None:
    bring([chat(1, "第一句"), chat(2, "第二句")])
    found = by_counts("2026-09-18T10,HeQing,1\n")
    assert (found.admitted, found.surplus, found.missing, found.complete) == (2, 1, 0, True)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("2026-09-18T10,HeQing", "columns"),
        ("2026-09-18T10:30,HeQing,1", "bad_hour"),
        ("gestern,HeQing,1", "bad_hour"),
        ("2026-09-18T10,HeQing,-1", "bad_count"),
        ("2026-09-18T10,HeQing,1e3", "bad_count"),
        (f"2026-09-18T10,{'a' * 300},1", "bad_account"),
        ('2026-09-18T10,"HeQing,1', "columns"),
        ("2026-09-18T10,HeQing,1\n2026-09-18T10,HeQing,1", "repeated"),
    ],
)
def test_an_unreadable_count_makes_the_whole_incomplete(line: str, code: str) -> None:
    bring([chat(1, "第一句")])
    found = by_counts(line + "\n")
    assert [u.code for u in found.listed] == [f"counts.{code}"]
    assert not found.complete


def test_a_file_of_which_nothing_can_be_read_is_not_complete() -> None:
    found = reconcile([b"hello", b"world"])
    assert (found.complete, found.nothing_read, found.unreadable) == (False, True, 2)


def test_an_empty_delivery_is_never_complete_and_the_ledger_says_so() -> None:
    for found in (reconcile([]), reconcile([b""]), by_counts(""), by_counts("hour,account,count\n")):
        assert (found.complete, found.nothing_read, found.missing) == (False, True, 0)
        facts = ledger.facts([found.entry])[found.entry]
        assert (facts["complete"], facts["stated"], facts["messages"]) == (0, 0, 0)


def test_a_source_that_says_none_has_said_something() -> None:
    found = by_counts("hour,account,count\n2026-09-18T10,HeQing,0\n")
    assert (found.complete, found.nothing_read, found.stated, found.messages) == (True, False, 1, 0)
    assert ledger.facts([found.entry])[found.entry]["stated"] == 1


def test_no_platform_is_said_to_keep_an_hour_that_has_not_begun() -> None:
    bring(MIXED)
    [gap] = reconcile([chat(9, "钟快了", when="2027-03-01 10:00")]).gaps
    assert gap.again is Again.FILE
    [gap] = by_counts("hour,account,count\n2027-03-01T10,HeQing,2\n").gaps
    assert gap.again is Again.ASK
    [gap] = by_counts(f"hour,account,count\n{local(NOW):%Y-%m-%dT%H},HeQing,2\n").gaps
    assert gap.again is Again.PLATFORM


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes_as_counts_give_counts_or_a_reported_line(lines: list[bytes]) -> None:
    for found in hourly.parse(lines):
        assert isinstance(found, Hourly | Malformed)
        assert not isinstance(found, Malformed) or found.code.removeprefix("counts.") in hourly.SENTENCES


@given(
    st.lists(
        st.tuples(st.sampled_from(["HeQing", "LuChuan", "没有的"]), st.integers(0, 40), st.integers(0, 9))
    )
)
def test_every_hour_that_is_said_is_accounted_for_or_missing(said: list[tuple[str, int, int]]) -> None:
    hours = reconciling._Hours()
    found = Reconciliation(by_counts=True)
    for line, (account, hour, count) in enumerate(said, 1):
        reconciling._take("f", Hourly(account, 490_000 + hour, count, line), found, hours)
    first: Counter[tuple[str, int]] = Counter()
    for account, hour, count in said:
        first.setdefault((account, 490_000 + hour), count)
    assert hours.delivered == first
    assert found.unreadable == len(said) - len(first)
    assert all(0 <= hours.open[key] <= hours.delivered[key] for key in first)
