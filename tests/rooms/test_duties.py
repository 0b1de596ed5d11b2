"""Who owes what: laid in bulk, done by proof only, never done when it binds on; the database the last judge."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError
from hypothesis import given
from hypothesis import strategies as st

from jieli.duties import operations, queries
from jieli.duties.errors import BadDay, ContinuingDuty, NoProof, NoSuchDuty, NotOpen, NoWords
from jieli.duties.models import Duty
from jieli.duties.types import DutyRef, DutyState, Fulfilment, NewDuty, Side
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY, local_day
from jieli.law import calendar
from jieli.law.deadlines import Due, due_after, due_on, rolled
from jieli.law.errors import UnknownArticle
from jieli.ledger import checks, fsck
from jieli.ledger import queries as ledger
from tests.conftest import NOW
from tests.rooms.kept_papers import keep

BY = "system:test"
TODAY = local_day(NOW)
MATTER, PERSON, ACCOUNT, PAPER = (new_id(NOW + n) for n in range(4))


def new(name: str = "出具离职证明", **changed: Any) -> NewDuty:
    wanted: dict[str, Any] = {
        "owed_by": Side.COMPANY, "owed_to": Side.STAFF, "articles": ("LCL-50",),
        "text": "在终止劳动合同时出具证明。", "matter": MATTER, "person": PERSON,
    }  # fmt: skip
    return NewDuty(name=name, **(wanted | changed))


def lay(*duties: NewDuty) -> list[UUID]:
    keep(PAPER)
    return operations.lay(duties, by=BY, at=NOW)


def fulfil(duty: UUID, **changed: Any) -> None:
    wanted: dict[str, Any] = {"paper": PAPER, "done_on": TODAY, "by": BY, "at": NOW + DAY}
    operations.fulfil(duty=duty, **(wanted | changed))


def test_duties_laid_together_are_one_entry_and_come_back_by_matter_person_and_subject(db: None) -> None:
    certificate, account = lay(
        new(due=due_on(TODAY)),
        new("交还账号", owed_by=Side.STAFF, owed_to=Side.COMPANY, subject=ACCOUNT, due=due_after(TODAY, 3)),
    )
    assert [d.id for d in queries.of_matter(MATTER)] == [certificate, account]
    assert [d.id for d in queries.of_person(PERSON)] == [certificate, account]
    other = new_id(NOW)
    assert {k: [d.id for d in v] for k, v in queries.of_subject([ACCOUNT, other]).items()} == {
        ACCOUNT: [account],
        other: [],
    }
    assert [d.id for d in queries.of_matters([MATTER, other])[MATTER]] == [certificate, account]
    [entry] = ledger.entries_of_kind("duties.lay")
    assert entry.count == 3
    assert fsck.run(checks.checks({})).findings == ()


def test_nothing_to_lay_or_fulfil_writes_nothing(db: None) -> None:
    assert lay() == []
    operations.fulfil_many([], by=BY, at=NOW)
    assert ledger.entries_of_kind("duties.lay") == []


@pytest.mark.req("R0.31")
def test_a_certificate_due_on_the_exit_day_is_overdue_from_the_next_day(db: None) -> None:
    exit_day = date(2026, 11, 20)
    [duty] = lay(new(due=due_on(exit_day)))
    assert queries.overdue(exit_day) == []
    [late] = queries.overdue(exit_day + timedelta(days=1))
    assert (late.id, late.days_late(exit_day), late.days_late(exit_day + timedelta(days=1))) == (duty, 0, 1)
    assert late.overdue(exit_day + timedelta(days=1)) is True
    assert [d.id for d in queries.due_by(exit_day)] == [duty]


def test_a_duty_done_late_keeps_its_days_and_is_no_longer_overdue(db: None) -> None:
    [duty] = lay(new(due=due_on(TODAY - timedelta(days=2))))
    fulfil(duty, note="当面交付")
    found = queries.duty(duty)
    assert (found.state, found.done_on, found.paper, found.note) == (DutyState.DONE, TODAY, PAPER, "当面交付")
    assert found.days_late(TODAY + timedelta(days=99)) == 2
    assert queries.overdue(TODAY + timedelta(days=99)) == []
    assert [v.values["state"] for v in ledger.history("duties_duty", duty) if v.values] == ["待办", "已履行"]


def test_a_duty_is_done_by_proof_and_not_in_the_future(db: None) -> None:
    [duty] = lay(new())
    with pytest.raises(NoProof):
        fulfil(duty, paper=None, note="  ")
    with pytest.raises(BadDay):
        fulfil(duty, done_on=TODAY + timedelta(days=2))
    fulfil(duty, paper=None, note="本人签收")
    with pytest.raises(NotOpen):
        fulfil(duty)
    with pytest.raises(NotOpen):
        operations.drop(duty=duty, reason="误立", by=BY, at=NOW + DAY)
    with pytest.raises(NotOpen):
        operations.reschedule(duty=duty, due=due_on(TODAY), by=BY, at=NOW + DAY)


def test_a_continuing_duty_is_never_done_and_many_stand_or_fall_together(db: None) -> None:
    secrecy, account = lay(
        new("保密", owed_by=Side.STAFF, owed_to=Side.COMPANY, articles=("CC-558",), continuing=True),
        new("旧物回收"),
    )
    assert queries.duty(secrecy).state is DutyState.CONTINUING
    with pytest.raises(ContinuingDuty):
        operations.fulfil_many(
            [Fulfilment(account, TODAY, PAPER), Fulfilment(secrecy, TODAY, PAPER)], by=BY, at=NOW + DAY
        )
    assert queries.duty(account).state is DutyState.OPEN
    assert queries.duty(secrecy).days_late(TODAY) == 0
    operations.drop(duty=secrecy, reason="公司书面免除", by=BY, at=NOW + DAY)
    assert (queries.duty(secrecy).state, queries.duty(secrecy).reason) == (DutyState.DROPPED, "公司书面免除")


def test_many_duties_are_fulfilled_in_one_entry(db: None) -> None:
    laid = lay(*(new(f"事项{n}") for n in range(50)))
    operations.fulfil_many([Fulfilment(d, TODAY, PAPER) for d in laid], by=BY, at=NOW + DAY)
    assert {d.state for d in queries.of_matter(MATTER)} == {DutyState.DONE}
    assert [e.count for e in ledger.entries_of_kind("duties.fulfil")] == [51]
    assert fsck.run(checks.checks({})).findings == ()


def test_many_duties_are_dropped_in_one_entry_or_none_is(db: None) -> None:
    laid = lay(*(new(f"事项{n}") for n in range(3)))
    fulfil(laid[0])
    with pytest.raises(NotOpen):
        operations.drop_many(laid, reason="账号已停用", by=BY, at=NOW + DAY)
    assert {d.state for d in queries.duties(laid[1:]).values()} == {DutyState.OPEN}
    operations.drop_many(laid[1:], reason="账号已停用", by=BY, at=NOW + DAY)
    assert {d.state for d in queries.duties(laid[1:]).values()} == {DutyState.DROPPED}
    assert [e.count for e in ledger.entries_of_kind("duties.drop")] == [3]
    operations.drop_many([], reason="无", by=BY, at=NOW + DAY)
    assert len(ledger.entries_of_kind("duties.drop")) == 1


def test_a_list_of_another_room_sorts_by_the_open_duty_about_its_rows(db: None) -> None:
    late, early = due_on(TODAY + timedelta(days=9)), due_on(TODAY)
    lay(
        new(subject=ACCOUNT, due=late), new(subject=ACCOUNT, due=early), new("别的", subject=PAPER, due=early)
    )
    rows = Duty.objects.annotate(day=queries.due_day_of("subject", name="出具离职证明"))
    assert set(rows.values_list("subject", "day")) == {(ACCOUNT, TODAY), (PAPER, None)}


def test_what_nobody_could_read_or_understand_is_not_laid(db: None) -> None:
    with pytest.raises(UnknownArticle):
        lay(new(), new(articles=("LCL-999",)))
    for duty in (new(" "), new(text=""), new(owed_to=Side.COMPANY)):
        with pytest.raises(NoWords):
            lay(duty)
    [duty] = lay(new())
    with pytest.raises(NoWords):
        operations.drop(duty=duty, reason=" ", by=BY, at=NOW)
    with pytest.raises(NoSuchDuty):
        fulfil(new_id(NOW))
    assert len(queries.of_matter(MATTER)) == 1


def test_a_new_due_day_leaves_the_earlier_one_in_the_book(db: None) -> None:
    [duty] = lay(new(due=due_on(TODAY)))
    operations.reschedule(duty=duty, due=due_on(TODAY + timedelta(days=5)), by=BY, at=NOW + DAY)
    found = queries.duty(duty)
    assert found.due == due_on(TODAY + timedelta(days=5))
    days = [v.values["due_on"] for v in ledger.history("duties_duty", duty) if v.values]
    assert days == [TODAY.isoformat(), (TODAY + timedelta(days=5)).isoformat()]


def test_a_provisional_due_day_is_settled_once_its_year_is_known(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    saturday = date(2026, 11, 21)
    with monkeypatch.context() as unknown:
        unknown.setattr(calendar, "known_years", lambda: frozenset({2025}))
        [duty] = lay(new(due=rolled(saturday)))
        assert operations.recount_provisional(by=BY, at=NOW + 1) == 0
        assert [d.due for d in queries.provisional()] == [Due(saturday, True, saturday)]
    assert operations.recount_provisional(by=BY, at=NOW + 2) == 1
    assert queries.duty(duty).due == Due(date(2026, 11, 23), False, saturday)
    assert (queries.provisional(), operations.recount_provisional(by=BY, at=NOW + 3)) == ([], 0)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"state": "已履行"}, "duties_duty_done_with_proof"),
        ({"state": "已履行", "done_on": TODAY}, "duties_duty_done_with_proof"),
        ({"state": "不再适用"}, "duties_duty_dropped_with_reason"),
        ({"state": "持续"}, "duties_duty_continuing"),
        ({"continuing": True}, "duties_duty_continuing"),
        ({"state": "快好了"}, "duties_duty_continuing"),
        ({"owed_to": "公司"}, "duties_duty_sides"),
        ({"due_on": TODAY}, "duties_duty_due"),
        ({"provisional": True}, "duties_duty_due"),
    ],
)
def test_the_database_refuses_a_duty_that_cannot_be(
    db: None, change: dict[str, Any], constraint: str
) -> None:
    [duty] = lay(new())
    with pytest.raises(IntegrityError, match=constraint):
        Duty.objects.filter(id=duty).update(**change)


def ref(state: DutyState, due: Due | None, done_on: date | None = None) -> DutyRef:
    return DutyRef(
        PERSON, "名", Side.COMPANY, Side.STAFF, (), "文", None, None, None, None, due, False, state, done_on,
        None, "", "", NOW,
    )  # fmt: skip


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(-50, 50))
def test_days_late_are_counted_from_the_day_after_the_last(day: date, distance: int) -> None:
    today = day + timedelta(days=distance)
    assert ref(DutyState.OPEN, due_on(day)).days_late(today) == max(0, distance)
    assert ref(DutyState.DONE, due_on(day), today).days_late(date(2031, 1, 1)) == max(0, distance)
    for quiet in (
        ref(DutyState.OPEN, None),
        ref(DutyState.DROPPED, due_on(day)),
        ref(DutyState.CONTINUING, due_on(day)),
    ):
        assert (quiet.days_late(today), quiet.overdue(today)) == (0, False)


def test_the_application_cannot_take_a_duty_away(db: None, owner_sql: Callable[..., Any]) -> None:
    found = owner_sql(
        "SELECT privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee = 'jieli_app' AND table_name = 'duties_duty'"
    )
    assert {row[0] for row in found} == {"SELECT", "INSERT", "UPDATE"}
