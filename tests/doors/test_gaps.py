"""上线差距: what is missing, person by person; counts by unit; never a list of who refused."""

import csv
import io
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jieli.access.types import Role
from jieli.consent import operations as consent
from jieli.consent.types import Means, Scope, SubjectKind
from tests.conftest import NOW
from tests.doors import sample, sample_talk

As = Callable[[UUID], Client]


@pytest.fixture
def house(db: None) -> sample.Sample:
    found = sample.full()
    sample_talk.consented(found, "1003", "1004")
    return found


def text(client: Client, address: str = "/gaps/") -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_it_says_who_lacks_what_and_how_far_each_unit_is(as_person: As, house: sample.Sample) -> None:
    page = text(as_person(sample.person("hr", Role.PEOPLE)))
    assert "人还不能记录，2 人已经齐全" in page
    assert "欧阳思远" not in page
    listed = page[page.index('id="list"') :]
    assert "陈嘉树" in listed
    assert "未告知" in listed
    assert "缺员工手册" in listed
    assert "华北销售一部" in page[page.index('id="cover"') : page.index('id="list"')]


def test_a_refusal_reads_the_same_as_silence(as_person: As, house: sample.Sample) -> None:
    sample_talk.consented(house, "1005", at=NOW - sample.DAY)
    consent.withdraw(
        subject_kind=SubjectKind.STAFF, subject=house.staff["1005"], means=Means.CHAT, scopes=[Scope.CAPTURE],
        claimed_at=NOW, by=sample.BY, at=NOW,
    )  # fmt: skip
    listed = text(as_person(sample.person("hr", Role.PEOPLE)), "/gaps/?q=1005")
    assert "陈嘉树" in listed
    assert "未同意" in listed
    assert "已撤回" not in listed


@pytest.mark.parametrize(
    ("asked", "number"),
    [("unit=华北销售二部", "2"), ("q=陈嘉树", "1"), ("lack=未告知&q=吴", "1"), ("q=无", "0")],
)
def test_filters_stay_in_the_address(as_person: As, house: sample.Sample, asked: str, number: str) -> None:
    assert f"{number} 人符合" in text(as_person(sample.person("hr", Role.PEOPLE)), f"/gaps/?{asked}")


def test_a_grant_for_one_entity_sees_its_own_people_and_no_counts(
    as_person: As, house: sample.Sample
) -> None:
    page = text(as_person(sample.person("sh", Role.PEOPLE, entity=house.entities["SH"])))
    assert "孙亦凡" in page
    assert "陈嘉树" not in page
    assert "各部门走到哪一步" not in page


def test_the_export_is_the_list(as_person: As, house: sample.Sample) -> None:
    client = as_person(sample.person("hr", Role.PEOPLE))
    body = b"".join(client.get("/gaps.csv?unit=华北销售二部").streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(body)))
    assert rows[0] == ["工号", "姓名", "部门", "还缺什么"]
    assert [r[2] for r in rows[1:]] == ["华北销售二部"] * 2


def test_without_accounts_it_teaches_and_others_do_not_see_it(as_person: As, db: None) -> None:
    assert "下一步" in text(as_person(sample.person("hr", Role.PEOPLE)))
    assert "还没有人持有工作账号" in text(as_person(sample.person("hg", Role.COMPLIANCE)))
    assert as_person(sample.person("it", Role.IT)).get("/gaps/").status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_accounts(as_person: As, house: sample.Sample) -> None:
    client = as_person(sample.person("hr", Role.PEOPLE))
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connections["default"]) as seen:
            text(client)
        counts.append(len(seen))
        sample.more_holders(house, 200)
    assert counts[0] == counts[1]
