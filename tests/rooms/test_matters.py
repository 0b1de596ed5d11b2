"""Matters: numbers without a gap, people named once, closed ones stay closed."""

import threading
from datetime import date
from uuid import UUID

import psycopg
import pytest
from django.db import connections
from django.db.utils import IntegrityError

from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY, local_day, start_of_day
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.matters import operations, queries
from jieli.matters.errors import MatterClosed, MatterDates, NoSuchMatter
from jieli.matters.models import Matter
from jieli.matters.types import Involved, MatterKind, MatterRef, PersonKind
from tests.conftest import NOW

pytestmark = pytest.mark.usefixtures("db")
BY = "system:test"
TODAY = local_day(NOW)


def staff(role: str = "当事人") -> Involved:
    return Involved(PersonKind.STAFF, new_id(NOW), role)


def opened(*people: Involved, kind: MatterKind = MatterKind.DISPUTE, at: int = NOW) -> MatterRef:
    return operations.open_matter(kind=kind, title="返还工作账号", people=people, by=BY, at=at)


def test_a_matter_is_found_again_by_its_number_with_its_people() -> None:
    one, two = staff(), staff("证人")
    made = opened(one, two)
    found = queries.matter("M-2026-0001")
    assert found == made
    assert (found.kind, found.title, found.opened_on, found.open) == (
        MatterKind.DISPUTE,
        "返还工作账号",
        TODAY,
        True,
    )
    assert set(found.people) == {one, two}
    assert queries.concerning(PersonKind.STAFF, one.person) == [found]
    assert queries.concerning(PersonKind.CUSTOMER, one.person) == []


def test_numbers_follow_one_another_and_begin_anew_each_year() -> None:
    next_year = start_of_day(date(2027, 1, 1))
    numbers = [opened().number, opened().number, opened(at=next_year).number, opened(at=next_year).number]
    assert numbers == ["M-2026-0001", "M-2026-0002", "M-2027-0001", "M-2027-0002"]


def test_after_the_ten_thousandth_of_a_year_comes_the_next() -> None:
    row = Matter(id=new_id(NOW), kind="请求", number="M-2026-9999", title="", opened_on=TODAY)
    with book(at=NOW) as b:
        b.entry("matters.open", by=BY).insert(row)
    assert [opened().number, opened().number] == ["M-2026-10000", "M-2026-10001"]


def test_a_failed_opening_leaves_no_gap() -> None:
    with pytest.raises(ZeroDivisionError), book(at=NOW):
        opened()
        raise ZeroDivisionError
    assert opened().number == "M-2026-0001"


def test_two_who_open_at_once_get_two_numbers() -> None:
    numbers: list[str] = []
    ready = threading.Barrier(2)

    def work() -> None:
        ready.wait()
        numbers.extend(opened().number for _ in range(5))
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert sorted(numbers) == [f"M-2026-{n:04d}" for n in range(1, 11)]


def test_a_closed_matter_says_when_and_takes_no_more() -> None:
    number = opened().number
    closed = operations.close(number=number, by=BY, at=NOW + DAY)
    assert closed.closed_on == local_day(NOW + DAY)
    assert queries.open_matters() == []
    with pytest.raises(MatterClosed):
        operations.close(number=number, by=BY, at=NOW + DAY)
    with pytest.raises(MatterClosed):
        operations.name_people(number=number, people=[staff()], by=BY, at=NOW + DAY)
    versions = ledger.history("matters_matter", closed.id)
    assert [(v.values or {}).get("closed_on") for v in versions] == [None, "2026-09-22"]


def test_people_are_added_once_and_the_same_one_twice_is_one() -> None:
    one, two = staff(), staff()
    number = opened(one, one).number
    found = operations.name_people(number=number, people=[one, two], by=BY, at=NOW)
    assert len(found.people) == 2
    assert set(found.people) == {one, two}


def test_days_that_cannot_be_are_refused() -> None:
    tomorrow = local_day(NOW + DAY)
    with pytest.raises(MatterDates):
        operations.open_matter(kind=MatterKind.LEAK, title="", by=BY, at=NOW, opened_on=tomorrow)
    number = opened().number
    with pytest.raises(MatterDates):
        operations.close(number=number, by=BY, at=NOW, closed_on=date(2026, 1, 1))
    with pytest.raises(MatterDates):
        operations.close(number=number, by=BY, at=NOW, closed_on=tomorrow)
    assert queries.matter(number).open


def test_the_database_itself_refuses_a_number_twice() -> None:
    opened()
    twin = Matter(id=UUID(int=1), kind="请求", number="M-2026-0001", title="", opened_on=TODAY)
    with pytest.raises((IntegrityError, psycopg.IntegrityError)), book(at=NOW) as b:
        b.entry("matters.open", by=BY).insert(twin)


def test_open_matters_are_listed_by_kind_oldest_first() -> None:
    dispute = opened(kind=MatterKind.DISPUTE)
    leaving = opened(kind=MatterKind.LEAVING, at=NOW + DAY)
    assert queries.open_matters() == [dispute, leaving]
    assert queries.open_matters(kind=MatterKind.LEAVING) == [leaving]
    assert queries.matters([dispute.id, UUID(int=0)]) == {dispute.id: dispute}


def test_an_unknown_number_is_said_to_be_unknown() -> None:
    with pytest.raises(NoSuchMatter, match=r"matters\.unknown"):
        queries.matter("M-2026-0404")
    with pytest.raises(NoSuchMatter):
        operations.close(number="M-2026-0404", by=BY, at=NOW)
