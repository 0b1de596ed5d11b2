"""Statutes print byte for byte what the shared registry holds."""

import json
from datetime import date

import pytest

from jieli.law import queries
from jieli.law.errors import NotCitable, UnknownArticle
from jieli.law.types import DATE_NOT_REVIEWED
from tests.shared_data import shared

REGISTRY = "../law/statutes.json"
CARRIED = ("id", "law", "article", "version", "text")


def _own() -> str:
    return (queries._HERE / "statutes.json").read_text("utf-8")


@pytest.mark.req("R0.22")
def test_every_citation_equals_the_shared_registry_byte_for_byte():
    wanted = [row for row in json.loads(shared(REGISTRY).read_text("utf-8")) if row["text"]]
    cited = [queries.cite(row["id"]) for row in wanted]
    assert len(cited) == 296
    assert [[t.encode() for t in c.text] for c in cited] == [[t.encode() for t in r["text"]] for r in wanted]
    assert [(c.law, c.article, c.version) for c in cited] == [
        (r["law"], r["article"], r["version"]) for r in wanted
    ]


def test_the_registry_has_the_same_ids_in_the_same_order_as_the_shared_one():
    assert list(queries.ids()) == [row["id"] for row in json.loads(shared(REGISTRY).read_text("utf-8"))]


def test_only_facts_are_carried_over_and_no_rule_or_note_of_verification():
    assert {tuple(row) for row in json.loads(_own())} == {CARRIED}


@pytest.mark.req("R0.22")
def test_the_good_faith_article_keeps_the_words_that_quotations_leave_out():
    text = "".join(queries.cite("CC-558").text)
    assert "等原则" in text
    assert "根据交易习惯" in text


def test_an_article_without_text_is_not_citable():
    with pytest.raises(NotCitable) as caught:
        queries.cite("TSP")
    assert caught.value.code == "law.not_citable"
    assert caught.value.remedy


def test_an_unknown_id_is_refused_with_its_own_code():
    with pytest.raises(UnknownArticle) as caught:
        queries.cite_all(["CC-3", "CC-99999"])
    assert caught.value.code == "law.unknown_article"


def test_a_version_with_a_plain_date_says_from_when_it_holds():
    cited = queries.cite("CC-3")
    assert cited.effective_from == date(2021, 1, 1)
    assert cited.in_force() == "2021-01-01起施行"
    assert cited.title() == "《中华人民共和国民法典》第三条"


def test_a_version_whose_date_nobody_reviewed_says_so():
    cited = [queries.cite(article_id) for article_id in ("LL-3", "ESIG-2", "CPLI-90")]
    assert [c.effective_from for c in cited] == [None, None, None]
    assert {c.in_force() for c in cited} == {DATE_NOT_REVIEWED}


def test_each_reviewed_date_stands_plainly_in_its_version_string():
    dated = {key: found for key, found in queries._effective().items() if found}
    assert len(dated) == 27
    assert all(f"{d}施行" in version or f"{d}发布施行" in version for (_, version), d in dated.items())


def test_every_statute_has_a_row_in_the_table_of_dates():
    assert {(r["law"], r["version"]) for r in json.loads(_own())} == set(queries._effective())


def test_a_short_citation_is_the_name_people_use_and_the_article():
    said = {queries.cite(one).short() for one in ("LDMA-27", "PIPL-19", "CSL-23", "NDSR-12", "CC-188")}
    assert said == {
        "劳动争议调解仲裁法第二十七条", "个人信息保护法第十九条", "网络安全法第二十三条",
        "网络数据安全管理条例第十二条", "民法典第一百八十八条",
    }  # fmt: skip
