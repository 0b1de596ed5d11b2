"""`jieli rebuild index`: a lost index comes back, each decryption stands in the ledger, and nobody saw a word."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jieli.ledger import queries as ledger
from jieli.reading import queries as openings
from jieli.reading.types import OpeningKind, SystemPurpose
from tests.doors.cli import TALK, Jieli, bring, items, matter

Sql = Callable[..., None]


@pytest.fixture
def number(jieli: Jieli, tmp_path: Path) -> str:
    bring(jieli, tmp_path, *TALK)
    return matter(jieli)


def test_a_lost_index_comes_back_under_openings_that_no_page_of_a_person_shows(
    jieli: Jieli, number: str, owner_sql: Sql
) -> None:
    [before] = items(jieli)
    owner_sql("DELETE FROM archive_segment_row")
    owner_sql("DELETE FROM archive_segment")
    assert items(jieli) == []
    assert jieli("fsck").exit_code == 1
    concerning = len(openings.openings_concerning(jieli.company.staff["HeQing"]))
    done = jieli.answer("rebuild", "index", "--matter", number, "--as", "admin")
    assert done == {
        "months": [202609], "not_rebuilt": [], "items": 3, "openings": 1, "segments": 1, "unreadable": [],
    }  # fmt: skip
    assert [found["item"] for found in items(jieli)] == [before["item"]]
    assert jieli.answer("fsck")["clean"] is True
    [record] = [one for one in openings.openings() if one.kind is OpeningKind.REBUILD]
    assert (record.purpose, len(record.items), record.not_shown) == (SystemPurpose.REBUILD, 3, {})
    assert ledger.entries([record.entry])[record.entry].kind == "reading.open"
    assert (
        len(openings.openings_concerning(jieli.company.staff["HeQing"])) == concerning + 1
    )  # the search's alone


def test_people_are_told_month_by_month_and_no_word_of_the_content(jieli: Jieli, number: str) -> None:
    done = jieli("rebuild", "index", "--matter", number, "--month", 202609, "--as", "admin")
    assert done.exit_code == 0
    assert "202609：3 条" in done.stderr
    assert "已重建 1 个月、3 条，入账开启 1 次；无法读出 0 条。" in done.stdout
    assert "明前" not in done.output
    said = jieli.said("rebuild", "index", "--matter", number, "--month", 202501, "--resume", "--as", "admin")
    assert "已重建 0 个月" in said and "没有重建的月份：202501（" in said


def test_what_is_no_month_is_refused_and_one_without_an_index_is_named(jieli: Jieli, number: str) -> None:
    asked = ("rebuild", "index", "--matter", number, "--as", "admin")
    for month in (209913, 202600, 13, 99999901):
        assert jieli.refused(*asked, "--month", month)["code"] == "cli.bad_month"
    nothing = jieli.refused(*asked, "--month", 202501)
    assert (nothing["code"], "202501" in nothing["error"]) == ("cli.nothing_of_month", True)
    assert openings.openings() == []
    done = jieli.answer(*asked, "--month", 202501, "--month", 202609)
    assert (done["months"], done["not_rebuilt"]) == ([202609], [202501])
    told = jieli.said(*asked, "--month", 202501, "--month", 202609)
    assert "没有重建的月份：202501（既无条目，也无索引）。" in told


def test_without_the_permission_or_an_open_matter_nothing_is_opened(jieli: Jieli, number: str) -> None:
    refused = jieli.refused("rebuild", "index", "--matter", number, "--as", "yan")
    assert refused["code"] == "access.forbidden"
    refused = jieli.refused("rebuild", "index", "--matter", "M-2026-0404", "--as", "admin")
    assert refused["code"] == "reading.matter_not_open"
    assert openings.openings() == []
