"""The only way out: a row that is durable first, then only what may be shown for this purpose, and no more."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError
from hypothesis import given
from hypothesis import strategies as st

from jieli.access import operations as access_operations
from jieli.access import queries as access
from jieli.access.errors import Forbidden
from jieli.access.types import Person, Role
from jieli.approvals import operations as approvals
from jieli.approvals import queries as approval_queries
from jieli.approvals.errors import OwnRequest
from jieli.approvals.types import RequestRef
from jieli.archive import opening
from jieli.archive import operations as archive_operations
from jieli.archive import queries as archive
from jieli.archive.errors import ItemUnknown, NotOpened
from jieli.archive.index.errors import QueryTooShort
from jieli.archive.index.fold import fold, fold_each, folded_starts
from jieli.archive.keys import unwrap
from jieli.assets import operations as assets
from jieli.assets.types import NewUse
from jieli.consent import operations as consent
from jieli.consent.types import Means, Scope, SubjectKind
from jieli.kernel import failpoints
from jieli.kernel.ids import new_id
from jieli.kernel.times import MINUTE
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.ledger.plain import meanwhile
from jieli.ledger.values import sealed_row
from jieli.matters import operations as matters
from jieli.matters.types import MatterKind
from jieli.reading import opening as under_row
from jieli.reading import operations as reading
from jieli.reading import queries
from jieli.reading.errors import ApprovalNeeded, BadCursor, MatterNotOpen, PurposeDenied, TooMuch
from jieli.reading.models import Concern, Opening
from jieli.reading.opening import Concerned, spelled, spelled_row
from jieli.reading.snippets import snippet, snippets_of
from jieli.reading.types import Capacity, LeftOut, NotShown, OpeningKind, Page, Purpose, Window
from seal.part import row_body
from tests.conftest import NOW
from tests.rooms.child_process import Tell, run_in_child
from tests.rooms.company import (
    BY,
    Client,
    Company,
    Employee,
    bring,
    chat,
    company,
    found_company,
    open_vault,
    reader,
    says,
    sh,
    thread,
    vault,
)
from tests.rooms.test_capture import findings

__all__ = ["company", "vault"]

WORDS = (
    "您好，今年的明前茶到了吗？",
    "到了，龙井和碧螺春都有，给您留两罐。",
    "價格和去年一樣嗎？",
    "ＶＩＰ客户九折，电话13800001234",
    "那我要两罐龙井，明天来取。",
    "好的，明前龙井两罐，已登记。",
    "谢谢",
    "谢谢您，😀茶友群也请看一下",
)
QUERIES = ("龙井", "价格", "明前", "vip", "两罐", "谢谢", "3800", "😀茶", "没有这个词", "明前龙井", "，电")


@pytest.fixture
def talk(company: Company) -> Company:
    """One conversation of two, kept."""
    sides = [("wm-lin", "HeQing"), ("HeQing", "wm-lin")]
    bring(
        chat(n, words, sender=sides[n % 2][0], to=sides[n % 2][1], when=f"2026-09-18 10:{n:02d}")
        for n, words in enumerate(WORDS)
    )
    return company


@pytest.fixture
def officer(talk: Company) -> Person:
    return reader(Role.COMPLIANCE)


@pytest.fixture
def matter(talk: Company) -> str:
    return thread()


def look(by: Person, matter: str, query: str = "龙井", **changed: Any) -> Page:
    wanted: dict[str, Any] = {"purpose": Purpose.COMPLAINT.value, "at": NOW + MINUTE}
    return reading.search(query=query, matter=matter, by=by, **(wanted | changed))


def texts(page: Page) -> list[str]:
    return [shown.text for shown in page.shown]


@pytest.mark.parametrize("query", QUERIES)
def test_a_search_shows_exactly_what_holds_the_folded_query_newest_first(
    officer: Person, matter: str, query: str
) -> None:
    expected = [words for words in reversed(WORDS) if fold(query) in fold(words)]
    assert texts(look(officer, matter, query)) == expected


def test_an_opening_is_in_the_ledger_before_the_page_and_names_what_it_showed(
    officer: Person, matter: str
) -> None:
    page = look(officer, matter)
    entry = ledger.entries([page.entry])[page.entry]
    assert (entry.kind, entry.time) == ("reading.open", NOW + MINUTE)
    [record] = queries.openings()
    assert (record.id, record.kind, record.by, record.query) == (
        page.opening, OpeningKind.SEARCH, officer.actor, "龙井",
    )  # fmt: skip
    assert set(record.items) == {shown.item_id for shown in page.shown}
    assert (record.role, record.purpose) == ("合规", Purpose.COMPLAINT)
    assert findings() == set()


def test_a_search_without_a_hit_is_an_opening_too(officer: Person, matter: str) -> None:
    page = look(officer, matter, "没有这个词")
    assert (page.shown, page.following) == ((), None)
    assert [(r.id, r.items) for r in queries.openings()] == [(page.opening, ())]


def test_the_query_stands_in_no_fact_and_no_leaf(
    officer: Person, matter: str, owner_sql: Callable[..., Any]
) -> None:
    look(officer, matter, "两罐龙井")
    held = owner_sql(
        "SELECT row_table FROM ledger_part WHERE convert_from(body, 'UTF8') LIKE %s", ["%两罐龙井%"]
    )
    assert held == [("reading_opening",)]


def read_and_tell(tell: Tell, home: Path, sign_in: str, matter: str) -> None:
    open_vault(home)
    by = access.person_by_sign_in(sign_in)
    assert by is not None
    tell("asked")
    tell(texts(look(by, matter)))


def test_a_reader_killed_before_the_content_leaves_the_row_and_has_shown_nothing(
    talk: Company, officer: Person, matter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(failpoints.VARIABLE, "reading.after_opening")
    assert run_in_child(read_and_tell, talk.home, officer.sign_in, matter) == (-signal.SIGKILL, ["asked"])
    [mine] = queries.openings_concerning(talk.staff["HeQing"])
    assert (mine.items, mine.purpose) == (3, Purpose.COMPLAINT)
    monkeypatch.setenv(failpoints.VARIABLE, "ledger.before_commit")
    assert run_in_child(read_and_tell, talk.home, officer.sign_in, matter) == (-signal.SIGKILL, ["asked"])
    assert len(queries.openings_concerning(talk.staff["HeQing"])) == 1
    monkeypatch.delenv(failpoints.VARIABLE)
    assert run_in_child(read_and_tell, talk.home, officer.sign_in, matter)[1][1] == texts(
        look(officer, matter)
    )


@pytest.mark.req("R3.7")
@pytest.mark.parametrize("purpose", ["员工忠诚度分析", "绩效", "", "投诉"])
def test_a_free_purpose_is_denied_and_opens_nothing(officer: Person, matter: str, purpose: str) -> None:
    with pytest.raises(PurposeDenied):
        look(officer, matter, purpose=purpose)
    assert Opening.objects.count() == 0


@pytest.mark.req("R3.2")
@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.COMPLIANCE, Role.LEGAL)])
def test_no_other_role_reads(talk: Company, matter: str, role: Role) -> None:
    with pytest.raises(Forbidden):
        look(reader(role), matter)
    assert Opening.objects.count() == 0


def test_a_grant_that_ended_reads_nothing(officer: Person, matter: str) -> None:
    access_operations.end_grants(person=officer.id, by=BY, at=NOW + 1)
    ended = access.person(officer.id)
    assert ended is not None
    with pytest.raises(Forbidden):
        look(ended, matter)


def test_reading_needs_a_matter_that_is_open(officer: Person, matter: str) -> None:
    matters.close(number=matter, by=BY, at=NOW)
    for number in (matter, "M-2026-9999", ""):
        with pytest.raises(MatterNotOpen):
            look(officer, number)
    assert Opening.objects.count() == 0


@pytest.mark.parametrize("query", ["", "茶", "茶\u200b", " "])
def test_a_query_below_two_characters_is_refused_and_opens_nothing(
    officer: Person, matter: str, query: str
) -> None:
    with pytest.raises(QueryTooShort):
        look(officer, matter, query)
    assert Opening.objects.count() == 0


def allow_service(matter: str, asker: Person, approver: Person, **changed: Any) -> RequestRef:
    asked = reading.ask_approval(
        purpose=Purpose.SERVICE.value, matter=matter, scope="本事项的客户会话", reason="接手前了解在办承诺",
        by=asker, at=NOW, **changed,
    )  # fmt: skip
    approvals.decide(request=asked.id, agree=True, reason="同意", by=approver, at=NOW + 1)
    return asked


@pytest.fixture
def counsel(talk: Company) -> Person:
    return reader(Role.LEGAL, name="陆法")


def test_a_purpose_that_was_not_agreed_to_leaves_items_out_with_the_reason(
    officer: Person, counsel: Person, matter: str
) -> None:
    allow_service(matter, officer, counsel)
    page = look(officer, matter, purpose=Purpose.SERVICE.value)
    assert (page.shown, page.left_out) == ((), {LeftOut.NO_SCOPE: 3})
    assert [(r.items, r.left_out) for r in queries.openings()] == [((), {"no_scope": 3})]


def refused(by: Person, matter: str, at: int = NOW + MINUTE) -> None:
    with pytest.raises(ApprovalNeeded) as error:
        look(by, matter, purpose=Purpose.SERVICE.value, at=at)
    assert (error.value.code, bool(error.value.remedy)) == ("reading.approval_needed", True)


def test_reading_for_continuing_service_needs_an_approval_in_force_for_this_matter(
    talk: Company, officer: Person, counsel: Person, matter: str
) -> None:
    refused(officer, matter)
    asked = allow_service(matter, officer, counsel, expires_at=NOW + 2 * MINUTE)
    page = look(officer, matter, purpose=Purpose.SERVICE.value)
    [record] = queries.openings()
    approval = approval_queries.approved("查阅", record.matter, asked.digest, at=NOW + MINUTE)
    assert approval is not None
    assert (record.id, record.approval) == (page.opening, approval.id)
    refused(officer, matter, at=NOW + 2 * MINUTE)  # over
    refused(officer, thread("另一事项"))  # for another matter
    approvals.revoke(request=asked.id, reason="接手人变更", by=counsel, at=NOW + MINUTE)
    refused(officer, matter)  # revoked
    assert Opening.objects.count() == 1
    assert findings() == set()


@pytest.mark.req("R2.16")
def test_nobody_reads_by_an_approval_of_his_own(officer: Person, counsel: Person, matter: str) -> None:
    asked = reading.ask_approval(
        purpose=Purpose.SERVICE.value, matter=matter, scope="本事项", reason="接手", by=officer, at=NOW
    )
    with pytest.raises(OwnRequest):
        approvals.decide(request=asked.id, agree=True, reason="", by=officer, at=NOW)
    allow_service(matter, officer, counsel)
    refused(counsel, matter)
    assert look(officer, matter, purpose=Purpose.SERVICE.value).shown == ()


def test_an_approved_and_agreed_reading_shows_and_its_number_stands_on_the_page_of_those_concerned(
    vault: Path,
) -> None:
    scopes = (Scope.CAPTURE, Scope.SERVICE)
    house = found_company(
        [Employee("HeQing", "何青", scopes=scopes)], [Client("wm-lin", "林晚", scopes=scopes)]
    )
    bring([chat(1, "龙井要两罐，月底送到。", when="2026-09-18 10:00")])
    officer, counsel, matter = reader(Role.COMPLIANCE), reader(Role.LEGAL, name="陆法"), thread()
    refused(officer, matter)
    allow_service(matter, officer, counsel)
    assert texts(look(officer, matter, purpose=Purpose.SERVICE.value)) == ["龙井要两罐，月底送到。"]
    [mine] = queries.openings_concerning(house.staff["HeQing"])
    assert mine.approval == queries.openings()[0].approval is not None
    assert look(officer, matter).left_out == {}
    assert queries.openings()[0].approval is None


def test_asking_to_read_needs_the_right_to_read_and_an_open_matter(
    talk: Company, officer: Person, matter: str
) -> None:
    wanted: dict[str, Any] = {
        "purpose": Purpose.SERVICE.value, "matter": matter, "scope": "本事项", "reason": "接手", "at": NOW,
    }  # fmt: skip
    with pytest.raises(Forbidden):
        reading.ask_approval(**wanted, by=reader(Role.PEOPLE, name="人事"))
    with pytest.raises(MatterNotOpen):
        reading.ask_approval(**(wanted | {"matter": "M-2026-9999"}), by=officer)
    with pytest.raises(PurposeDenied):
        reading.ask_approval(**(wanted | {"purpose": "随便看看"}), by=officer)
    assert approval_queries.waiting() == []


@pytest.mark.parametrize("purpose", [p for p in Purpose if p is not Purpose.SERVICE])
def test_agreed_purposes_show(officer: Person, matter: str, purpose: Purpose) -> None:
    assert len(look(officer, matter, purpose=purpose.value).shown) == 3


@pytest.mark.req("R3.13")
@pytest.mark.parametrize(("who", "left"), [("HeQing", 3), ("wm-lin", 1)])
def test_an_objection_suspends_use_until_it_is_answered(
    talk: Company, officer: Person, matter: str, who: str, left: int
) -> None:
    says(talk, who, "object_", when=NOW + 1, scope=Scope.EVIDENCE)
    page = look(officer, matter, purpose=Purpose.EVIDENCE.value)
    assert page.left_out == {LeftOut.OBJECTION: left}
    assert len(page.shown) == 3 - left
    assert len(look(officer, matter, purpose=Purpose.COMPLAINT.value).shown) == 3
    for means in (Means.CHAT, Means.CALL):
        consent.answer_objection(
            subject_kind={True: SubjectKind.STAFF}.get(who in talk.staff, SubjectKind.CUSTOMER),
            subject=(talk.staff | talk.customers)[who], means=means, scope=Scope.EVIDENCE, reply="已核对，内容属实。",
            claimed_at=NOW + 2 * MINUTE, by=BY, at=NOW + 2 * MINUTE,
        )  # fmt: skip
    assert len(look(officer, matter, purpose=Purpose.EVIDENCE.value, at=NOW + 3 * MINUTE).shown) == 3


def test_an_objection_to_the_collecting_suspends_every_use(
    talk: Company, officer: Person, matter: str
) -> None:
    says(talk, "HeQing", "object_", when=NOW + 1)
    assert look(officer, matter).left_out == {LeftOut.OBJECTION: 3}


def test_a_use_withdrawn_since_is_left_out(talk: Company, officer: Person, matter: str) -> None:
    says(talk, "HeQing", "withdraw", when=NOW + 1, scope=Scope.QUALITY)
    assert look(officer, matter, purpose=Purpose.QUALITY.value).left_out == {LeftOut.WITHDRAWN: 3}
    assert len(look(officer, matter).shown) == 3


def test_staff_concerned_find_the_row_with_role_reason_and_number(
    talk: Company, officer: Person, matter: str
) -> None:
    assets.load_uses(
        [NewUse(talk.accounts["HeQing"], talk.staff["LuChuan"], sh("2026-09-18 10:02"))], by=BY, at=NOW
    )
    page = look(officer, matter)
    [mine] = queries.openings_concerning(talk.staff["HeQing"])
    assert (mine.id, mine.entry, mine.at) == (page.opening, page.entry, NOW + MINUTE)
    assert (mine.kind, mine.purpose, mine.role) == (OpeningKind.SEARCH, Purpose.COMPLAINT, "合规")
    assert (mine.matter_kind, mine.matter_number, mine.items) == (MatterKind.REQUEST.value, matter, 3)
    assert set(mine.capacities) == {Capacity.SPEAKER, Capacity.HOLDER}
    [theirs] = queries.openings_concerning(talk.staff["LuChuan"])
    assert (theirs.items, theirs.capacities) == (2, (Capacity.USER,))
    assert "龙井" not in repr(mine)
    assert "客户投诉核查" not in repr(mine)


def test_pages_follow_each_other_without_gap_or_repetition(
    talk: Company, officer: Person, matter: str
) -> None:
    bring(chat(f"x{n}", f"明前茶第{n}批", when=f"2026-09-17 1{n % 2}:{n:02d}") for n in range(30))
    whole = look(officer, matter, "明前", limit=200)
    assert len(whole.shown) == 32
    found: list[int] = []
    cursor, pages = None, 0
    while True:
        page = look(officer, matter, "明前", limit=5, cursor=cursor)
        found += [shown.item_id for shown in page.shown]
        pages, cursor = pages + 1, page.following
        if cursor is None:
            break
    assert found == [shown.item_id for shown in whole.shown]
    assert pages == Opening.objects.count() - 1 == 7


def test_what_arrives_between_two_pages_moves_nothing(talk: Company, officer: Person, matter: str) -> None:
    first = look(officer, matter, "两罐", limit=1)
    bring([chat("new", "再来两罐", when="2026-09-18 11:00")])
    second = look(officer, matter, "两罐", limit=1, cursor=first.following)
    assert texts(first) + texts(second) == [WORDS[5], WORDS[4]]


def test_a_cursor_or_an_amount_that_makes_no_sense_is_refused(officer: Person, matter: str) -> None:
    for cursor in ("", "abc", "1.2.3", "１.2", "1."):
        with pytest.raises(BadCursor):
            look(officer, matter, cursor=cursor)
    for limit in (0, 201):
        with pytest.raises(TooMuch):
            look(officer, matter, limit=limit)


def test_window_account_and_party_narrow_a_search(talk: Company, officer: Person, matter: str) -> None:
    late = Window(from_ms=sh("2026-09-18 10:04"))
    assert texts(look(officer, matter, window=late)) == [WORDS[5], WORDS[4]]
    assert texts(look(officer, matter, window=Window(to_ms=sh("2026-09-18 10:04")))) == [WORDS[1]]
    assert texts(look(officer, matter, window=Window(party=talk.customers["wm-lin"]))) == [WORDS[4]]
    assert texts(look(officer, matter, window=Window(account=talk.accounts["LuChuan"]))) == []


def test_a_false_candidate_is_opened_not_shown_and_listed(
    officer: Person, matter: str, company: Company
) -> None:
    bring([chat("false", "茶馆里的新馆子", when="2026-09-18 12:00")])
    page = look(officer, matter, "茶馆子")
    candidates = archive.search_candidates("茶馆子").items
    assert texts(page) == []
    assert page.not_shown == {NotShown.NO_MATCH: len(candidates)} == {NotShown.NO_MATCH: 1}
    [record] = queries.openings()
    assert record.not_shown == {NotShown.NO_MATCH: tuple(item.item_id for item in candidates)}
    assert ledger.entries_of_kind("reading.not_shown")[0].index > page.entry
    assert findings() == set()


def test_a_snippet_is_the_text_around_the_first_match() -> None:
    text = "甲" * 30 + "價格ＡＢ\u200bＣ" + "乙" * 30
    assert snippet(text, "价格abc") == "…" + "甲" * 20 + "價格ＡＢ\u200bＣ" + "乙" * 20 + "…"
    assert snippet("龙井茶", "龙井") == "龙井茶"
    assert snippet("龙井茶", "龙茶") is None


@given(
    st.lists(st.text("甲價ＡＢ\u200b①㎏ß1 ", max_size=8), max_size=6),
    st.text("甲价aKg1s", min_size=1, max_size=3),
)
def test_snippets_of_many_texts_are_those_of_each_and_hold_the_query(texts: list[str], query: str) -> None:
    found = snippets_of(query, around=2)(texts)
    assert found == [snippet(text, query, around=2) for text in texts]
    assert [piece is not None and fold(query) in fold(piece) for piece in found] == [
        fold(query) in fold(text) for text in texts
    ]
    assert [whole and folded_starts(t) != list(range(len(t) + 1)) for t, (_, whole) in zip(
        texts, fold_each(texts), strict=True
    )] == [False] * len(texts)  # fmt: skip


def test_what_a_concern_is_written_as_is_what_the_ledger_would_write() -> None:
    one = Concerned(UUID(int=1), UUID(int=2), UUID(int=3), [Capacity.SPEAKER.value, Capacity.USER.value], 7)
    row = Concern(**one._asdict())
    key, record, body = spelled(one)
    assert (key, body) == (
        str(one.id), row_body(table="reading_concern", id=str(one.id), row=sealed_row(row))
    )  # fmt: skip
    assert record == {
        name: str(value) if isinstance(value, UUID) else value for name, value in one._asdict().items()
    }
    assert {f.column for f in Concern._meta.concrete_fields} == set(Concerned._fields)


def test_an_opening_is_written_as_it_would_be_from_its_model(company: Company) -> None:
    row = Opening(
        id=new_id(NOW), kind=OpeningKind.SEARCH.value, by="user:甲", role='合规"\\', unit="",
        purpose=Purpose.AUDIT.value, matter=UUID(int=5), query="龙井 😀\n\t",
        conversation=None, account=UUID(int=6), party=None, from_ms=-1,
        to_ms=2**52, items=[65_537, 2**53 - 1], left_out={"withdrawn": 2}, approval=None, at=NOW,
    )  # fmt: skip
    again = Opening(
        **{f.attname: getattr(row, f.attname) for f in Opening._meta.concrete_fields} | {"id": new_id(NOW)}
    )
    with book(at=NOW) as b:
        b.entry("reading.open", by=BY).insert(again)
        b.entry("reading.open", by=BY).insert_told(Opening, [spelled_row(row)])
    told, inserted = (Opening.objects.get(id=one.id) for one in (row, again))
    assert sealed_row(told) == sealed_row(row) == sealed_row(inserted) | {"id": str(row.id)}
    assert ledger.history("reading_opening", row.id)[0].values == sealed_row(told)


def test_what_a_constraint_refuses_of_rows_sent_with_an_entry_is_refused_as_the_book_closes(
    company: Company,
) -> None:
    one = Concerned(new_id(NOW), UUID(int=2), UUID(int=3), [Capacity.SPEAKER.value], 7)
    with pytest.raises(IntegrityError), book(at=NOW) as b:
        entry = b.entry("reading.open", by=BY)
        entry.insert_told(Concern, [spelled(one)])
        entry.insert_told(Concern, [spelled(one)])
    assert not ledger.entries_of_kind("reading.open")
    assert not Concern.objects.filter(id=one.id).exists()


def test_what_is_destroyed_after_its_sealed_page_was_read_is_not_shown(
    talk: Company, officer: Person, matter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = archive.search_candidates("龙井").items

    def destroyed(_: str) -> None:
        archive_operations.shred_items(items=[wanted[0].item_id], reason="本人请求", by=BY, at=NOW)

    monkeypatch.setattr(under_row, "reach", destroyed)
    page = look(officer, matter)
    assert [shown.item_id for shown in page.shown] == [item.item_id for item in wanted[1:]]
    assert page.not_shown == {NotShown.DESTROYED: 1}


def test_a_block_that_fails_while_the_server_answers_leaves_its_connection_usable(company: Company) -> None:
    with pytest.raises(KeyError), meanwhile("SELECT 1", [], using="keys"):
        raise KeyError
    with meanwhile("SELECT $1::int", [7], using="keys") as rows:
        before = list(rows)
    assert (before, rows) == ([], [(7,)])


@pytest.mark.parametrize("tombstones_seen", [True, False])
def test_what_is_destroyed_between_finding_and_opening_is_not_shown(
    talk: Company, officer: Person, matter: str, monkeypatch: pytest.MonkeyPatch, tombstones_seen: bool
) -> None:
    wanted = archive.search_candidates("龙井").items
    find = reading.find

    def meanwhile(*args: Any, **named: Any) -> Any:
        page = find(*args, **named)
        archive_operations.shred_items(items=[wanted[0].item_id], reason="本人请求", by=BY, at=NOW)
        return page

    monkeypatch.setattr(reading, "find", meanwhile)
    asked = (
        opening.tombstoned if tombstones_seen else lambda ids: ([], None)
    )  # then the secret that is gone says so
    monkeypatch.setattr(opening, "tombstoned", asked)
    page = look(officer, matter)
    assert [shown.item_id for shown in page.shown] == [item.item_id for item in wanted[1:]]
    assert page.not_shown == {NotShown.DESTROYED: 1}


def test_a_whole_conversation_reads_in_its_order_and_by_pages(
    talk: Company, officer: Person, matter: str
) -> None:
    conversation = archive.conversations_of_account(talk.accounts["HeQing"])[0].id
    asked: dict[str, Any] = {
        "conversation": conversation, "purpose": Purpose.COMPLAINT.value, "matter": matter, "by": officer,
        "at": NOW + MINUTE,
    }  # fmt: skip
    whole = reading.open_conversation(**asked)
    assert texts(whole) == list(WORDS)
    first = reading.open_conversation(**asked, limit=5)
    second = reading.open_conversation(**asked, limit=5, cursor=first.following)
    assert texts(first) + texts(second) == list(WORDS)
    assert (first.following is None, second.following) == (False, None)
    later = reading.open_conversation(**asked, window=Window(from_ms=sh("2026-09-18 10:06")))
    assert texts(later) == list(WORDS[6:])


def open_by_id(items: list[int], matter: str, by: Person, **changed: Any) -> Page:
    wanted: dict[str, Any] = {"purpose": Purpose.COMPLAINT.value, "at": NOW + MINUTE}
    return reading.open_items(items=items, matter=matter, by=by, **(wanted | changed))


def test_items_open_by_id_in_the_order_asked_for(officer: Person, matter: str) -> None:
    ids = [shown.item_id for shown in look(officer, matter).shown]
    page = open_by_id(ids[::-1], matter, officer)
    assert [shown.item_id for shown in page.shown] == ids[::-1]
    assert queries.openings(item=ids[0])[0].id == page.opening
    with pytest.raises(ItemUnknown):
        open_by_id([*ids, 1], matter, officer)


def test_destroyed_items_vanish_from_searches_and_are_named_as_destroyed_when_asked_for(
    officer: Person, matter: str
) -> None:
    ids = [shown.item_id for shown in look(officer, matter).shown]
    archive_operations.shred_items(items=ids[:1], reason="本人请求", by=BY, at=NOW + 2 * MINUTE)
    page = look(officer, matter, at=NOW + 3 * MINUTE)
    assert [shown.item_id for shown in page.shown] == ids[1:]
    asked = open_by_id(ids, matter, officer, at=NOW + 3 * MINUTE)
    assert [shown.item_id for shown in asked.shown] == ids[1:]
    assert asked.left_out == {LeftOut.DESTROYED: 1}


def test_a_package_gets_secrets_under_an_opening_of_its_own_kind(officer: Person, matter: str) -> None:
    ids = [shown.item_id for shown in look(officer, matter).shown]
    page, opened = reading.open_for_package(
        items=ids, purpose=Purpose.EVIDENCE.value, matter=matter, by=officer, at=NOW + MINUTE
    )
    assert [len(item.secret) for item in opened] == [32, 32, 32]
    assert queries.openings()[0].kind is OpeningKind.EVIDENCE
    assert [item.item.item_id for item in opened] == ids
    assert page.shown == ()


def test_no_secret_comes_out_without_a_committed_opening_that_names_it(officer: Person, matter: str) -> None:
    page = look(officer, matter)
    named = [shown.item_id for shown in page.shown]
    others = [item for item in archive.items(range(2**20)) if item not in named]
    assert set(unwrap(named, receipt=page.opening)) == set(named)
    for items, receipt in (
        (others[:1], page.opening),
        (named, new_id(NOW)),
        ([*named, others[0]], page.opening),
    ):
        with pytest.raises(NotOpened):
            unwrap(items, receipt=receipt)
