"""The only way in: what has a basis is kept, what has none leaves counts, and an import can be run again."""

import base64
from collections.abc import Callable
from hashlib import md5, sha1, sha256
from typing import Any

import orjson
import pytest

from jieli.archive import checks as archive_checks
from jieli.archive import ports
from jieli.archive import queries as archive
from jieli.archive.types import ConversationKey
from jieli.capture import queries, tallies
from jieli.capture.errors import InsideTransaction, MappingChanged, ReasonMissing
from jieli.capture.models import Cursor, Refusal, Run, RunBatch
from jieli.capture.operations import keep_mapping
from jieli.capture.report import Receipt
from jieli.capture.types import ConsentLine, Malformed
from jieli.connectors.wecom import lines as wecom
from jieli.consent import operations as consent
from jieli.consent.types import Means, NewConsent, Scope, SubjectKind
from jieli.kernel.times import DAY, local_day
from jieli.ledger import checks as ledger_checks
from jieli.ledger import fsck
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from tests.conftest import NOW
from tests.rooms.company import (
    BY,
    Company,
    bring,
    chat,
    company,
    notice,
    says,
    sh,
    vault,
)

__all__ = ["company", "vault"]
Sql = Callable[..., list[tuple[Any, ...]]]

pytestmark = pytest.mark.usefixtures("vault")


def findings() -> set[str]:
    every = [
        *ledger_checks.checks(archive_checks.FOREIGN), *archive_checks.checks(), *archive_checks.key_checks(at=NOW),
    ]  # fmt: skip
    return {finding.code for finding in fsck.run(every).findings}


def kept() -> int:
    return archive.counts()["items"]


MIXED = [
    chat(1, "明前茶还有吗？"),
    chat(2, "有的，给您留着。", sender="HeQing", to="wm-lin"),
    b'{"msgid": "broken',
    chat(3, "晚上十一点还在吗？", when="2026-09-18 23:00"),
    chat(4, "我没有同意过记录", sender="wm-no"),
    orjson.dumps({"msgid": "sw-1", "action": "switch", "time": NOW, "user": "HeQing"}),
    chat(1, "明前茶还有吗？"),
    chat(5, "这位同事，午饭一起？", sender="LuChuan", to="HeQing"),
]


def test_every_line_of_a_mixed_file_is_accounted_for(company: Company) -> None:
    report = bring(MIXED)
    assert (report.admitted, report.refused, report.duplicates, report.malformed, report.switches) == (
        2,
        3,
        1,
        1,
        1,
    )
    assert report.reasons == {"非工作时间": 1, "客户未同意": 1, "非客户会话": 1}
    assert report.listed == [Malformed(3, 18, "wecom.not_json", wecom.SENTENCES["not_json"])]
    assert kept() == 2
    assert findings() == set()


def test_what_was_admitted_says_who_spoke_to_whom_through_which_account(company: Company) -> None:
    bring(MIXED)
    key = ConversationKey("wecom", account=company.accounts["HeQing"], counterparty="wm-lin")
    conversation = archive.conversation(key)
    assert conversation is not None
    said = archive.items_of_conversation(conversation.id)
    assert [(i.speaker, i.holder) for i in said] == [
        (company.customers["wm-lin"], company.staff["HeQing"]),
        (company.staff["HeQing"], company.staff["HeQing"]),
    ]
    assert all({"consent_step", "assets_holding"} <= {t for t, _ in i.basis_rows} for i in said)


@pytest.mark.req("R3.28")
def test_an_internal_chat_is_not_found_in_the_archive(company: Company) -> None:
    report = bring([chat(9, "晚上加班吗", sender="LuChuan", to="HeQing")])
    assert dict(report.reasons) == {"非客户会话": 1}
    assert kept() == 0


@pytest.mark.req("R3.12")
def test_a_call_to_somebody_who_is_no_customer_leaves_no_file(company: Company) -> None:
    report = bring([chat(9, "妈，我晚点回来", sender="HeQing", to="wx-mother")])
    assert list(report.reasons) == ["非客户会话"]
    assert kept() == 0


def _forms(words: bytes) -> set[str]:
    """A piece of content and everything it could be recognised by, as a table would print it."""
    digests = [made(words).digest() for made in (sha256, md5, sha1)]
    shown = {base64.b64encode(one).decode() for one in (words, *digests)}
    return {words.hex(), *(one.hex() for one in digests), *shown}


SECRET = "只有被拒绝的人才会说的话七七四十九"


@pytest.mark.req("R3.12", "R3.28")
def test_nothing_of_a_refused_message_stands_in_any_table(
    company: Company, owner_sql: Sql, cluster: Any
) -> None:
    lines = [
        chat("refused-1", SECRET, sender="wm-no"),
        chat("refused-2", SECRET, sender="wx-mother-5521"),
        chat("refused-3", SECRET, when="2026-09-18 23:00"),
        chat("kept-1", "明前茶还有吗？"),
    ]
    report = bring([*lines, b'{"broken": "' + SECRET.encode()])
    assert (report.refused, report.admitted, report.malformed) == (3, 1, 1)
    needles = set().union(*(_forms(line) for line in lines[:3]), _forms(SECRET.encode()))
    needles |= set().union(*(_forms(f"msg-refused-{n}".encode()) for n in (1, 2, 3)))
    needles |= {SECRET, "msg-refused-1", "msg-refused-2", "msg-refused-3", "wx-mother-5521"}
    for store, alias in (("default", "owner"), ("keys", "keys_owner")):
        tables = owner_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", store=store)
        assert tables, alias
        for (table,) in tables:
            for (row,) in owner_sql(f'SELECT t::text FROM "{table}" t', store=store):
                found = [needle for needle in needles if needle in row]
                assert not found, (table, found)
    # The same search does find what was admitted where it may stand: the conversation's counterparty.
    assert owner_sql("SELECT count(*) FROM archive_conversation t WHERE t::text LIKE '%%wm-lin%%'") == [(1,)]
    assert len(Refusal.objects.all()) == 3


def test_a_refusal_keeps_sixteen_bytes_and_they_are_swept_after_thirty_days(company: Company) -> None:
    bring(MIXED)
    assert [len(row.digest) for row in Refusal.objects.all()] == [16, 16, 16]
    assert queries.refused_ids("wecom", ["msg-1", "msg-3", "msg-4"], at=NOW) == {"msg-3", "msg-4"}
    assert tallies.sweep(at=NOW + 30 * DAY - 1) == 0
    assert queries.refused_ids("wecom", ["msg-3"], at=NOW + 30 * DAY) == set()
    assert tallies.sweep(at=NOW + 30 * DAY) == 3


def test_tallies_say_account_day_and_reason_and_their_firsts_add_up(company: Company) -> None:
    both = chat("both", "没同意，又在深夜", sender="wm-no", when="2026-09-18 23:30")
    report = bring([*MIXED, both])
    found = queries.tallies()
    day = local_day(sh("2026-09-18 10:00"))
    assert {(t.account, t.day, t.reason, t.count, t.first) for t in found} == {
        (company.accounts["HeQing"], day, "客户未同意", 2, 2),
        (company.accounts["HeQing"], day, "非工作时间", 2, 1),
        (company.accounts["LuChuan"], day, "非客户会话", 1, 1),
    }
    assert sum(t.first for t in found) == report.refused == 4
    assert report.first_reasons == {"客户未同意": 2, "非工作时间": 1, "非客户会话": 1}
    assert findings() == set()


def test_an_impossible_time_is_tallied_on_the_day_of_the_import(company: Company) -> None:
    report = bring([chat(1, "来自一九七〇年", when=1_790_000_000), chat(2, "来自远方", when=2**53 - 1)])
    assert dict(report.reasons) == {"时间异常": 2}
    assert [(t.day, t.count) for t in queries.tallies()] == [(local_day(NOW), 2)]


def test_the_same_file_again_keeps_nothing_twice_and_counts_nothing_twice(company: Company) -> None:
    bring(MIXED)
    before, size = queries.tallies(), kept()
    again = bring(MIXED)
    assert (again.admitted, again.refused, again.refused_before, again.duplicates) == (0, 3, 3, 3)
    assert (queries.tallies(), kept()) == (before, size)


def test_a_kept_message_stays_a_duplicate_when_the_gate_would_now_refuse_it(company: Company) -> None:
    bring([chat(1, "明前茶还有吗？")])
    says(company, "wm-lin", "withdraw", when=NOW + 1)
    again = bring([chat(1, "明前茶还有吗？")], at=NOW + 2)
    assert (again.duplicates, again.refused) == (1, 0)


def test_a_file_of_which_a_part_was_kept_is_finished_with_every_message_once(company: Company) -> None:
    lines = [chat(n, f"第{n}句", when=f"2026-09-18 10:{n:02d}") for n in range(6)]
    bring(lines[2:4])
    report = bring(lines + lines[:1], batch_lines=2)
    assert (report.admitted, report.duplicates) == (4, 3)
    assert [(r.admitted, r.duplicates) for r in report.receipts] == [(2, 0), (0, 2), (2, 0), (0, 1)]
    assert (kept(), findings()) == (6, set())


def test_a_kept_message_among_refused_and_new_ones_is_told_apart_at_the_first_sight(company: Company) -> None:
    bring([chat(1, "明前茶还有吗？")])
    late = "2026-09-18 23:00"
    again = bring([chat(1, "明前茶还有吗？", when=late), chat(3, "睡了吗", when=late), chat(4, "有的")])
    assert (again.admitted, again.refused, again.duplicates) == (1, 1, 1)


def test_in_a_group_of_five_with_one_refusing_four_are_admitted_and_one_is_tallied(company: Company) -> None:
    people = ["HeQing", "LuChuan", "wm-lin", "wm-gu", "wm-no"]
    report = bring(
        chat(n, f"{who} 说一句", sender=who, to=[p for p in people if p != who], room="wr-tea")
        for n, who in enumerate(people)
    )
    assert (report.admitted, dict(report.reasons)) == (4, {"客户未同意": 1})
    conversation = archive.conversation(ConversationKey("wecom", room="wr-tea"))
    assert conversation is not None
    assert len(archive.items_of_conversation(conversation.id)) == 4
    assert [(t.account, t.count) for t in queries.tallies()] == [(company.accounts["HeQing"], 1)]


def test_a_message_to_several_without_a_room_has_no_conversation(company: Company) -> None:
    report = bring([chat(1, "各位新茶到了", sender="HeQing", to=["wm-lin", "wm-gu"])])
    assert dict(report.reasons) == {"非客户会话": 1, "会话对方不明": 1}


def test_an_unregistered_account_is_tallied_under_no_account(company: Company) -> None:
    report = bring([chat(1, "你好", to="Nobody")])
    assert dict(report.reasons) == {"账号未登记": 1}
    assert [t.account for t in queries.tallies()] == [None]


def test_a_recall_is_a_second_item_that_names_the_first(company: Company) -> None:
    recall = chat(
        2, "", action="recall", msgtype="revoke", revoke={"pre_msgid": "msg-1"}, when="2026-09-18 10:01"
    )
    report = bring(
        [chat(1, "说错了"), recall, chat(3, "", action="recall", msgtype="revoke", sender="wm-no")]
    )
    assert (report.admitted, dict(report.reasons)) == (2, {"客户未同意": 1})
    key = ConversationKey("wecom", account=company.accounts["HeQing"], counterparty="wm-lin")
    conversation = archive.conversation(key)
    assert conversation is not None
    first, second = archive.items_of_conversation(conversation.id)
    assert (first.msgtype, second.msgtype) == ("text", "revoke")
    assert second.recalls == ports.keyring().message_keys([("wecom", "msg-1")])[0]


def agreement(n: int, who: str, when: str, *, agreed: bool = True, to: str = "HeQing") -> bytes:
    word = "agree" if agreed else "disagree"
    body = {"msgtype": word, word: {"userid": who, f"{word}_time": sh(when)}}
    return chat(n, "", sender=who, to=to, when=when, **body)


@pytest.mark.req("R3.29")
def test_a_disagreement_of_the_platform_keeps_its_customer_out(company: Company) -> None:
    report = bring([chat(1, "先说一句"), agreement(2, "wm-lin", "2026-09-18 10:30", agreed=False)])
    assert (report.admitted, report.agreements_recorded) == (1, 1)
    later = bring([chat(3, "再说一句", when="2026-09-18 11:00")])
    assert dict(later.reasons) == {"客户未同意": 1}


def test_agreements_are_committed_before_the_messages_of_their_batch(company: Company) -> None:
    report = bring(
        [
            chat(1, "我刚点了同意", sender="wm-no", when="2026-09-18 10:01"),
            agreement(2, "wm-no", "2026-09-18 10:00"),
        ]
    )
    assert (report.admitted, report.statements, report.agreements_recorded) == (1, 1, 1)
    [batch] = report.receipts
    statement = ledger.entries_of_kind("consent.record_platform_consents")[0]
    assert statement.index < batch.entry


def test_a_refusal_far_down_the_file_counts_for_the_first_batch_when_looked_ahead(company: Company) -> None:
    lines = [chat(n, "一句话", when=f"2026-09-18 10:{n:02d}") for n in range(6)]
    lines.append(agreement(9, "wm-lin", "2026-09-18 10:03", agreed=False))
    ahead = [line for line in wecom.parse(lines) if isinstance(line, ConsentLine)]
    report = bring(lines, batch_lines=2, statements=ahead)
    assert (report.admitted, report.refused, report.agreements_recorded, report.agreements_known) == (
        3,
        3,
        1,
        0,
    )


def test_each_batch_is_acknowledged_once_it_is_in_the_ledger(company: Company) -> None:
    heard: list[tuple[Receipt, int]] = []
    lines = [chat(n, f"第{n}句", when=f"2026-09-18 10:{n:02d}") for n in range(7)]
    report = bring(lines, batch_lines=3, progress=lambda r: heard.append((r, ledger.head(1).size)))
    assert [(r.first_line, r.last_line, r.admitted) for r in report.receipts] == [
        (1, 3, 3),
        (4, 6, 3),
        (7, 7, 1),
    ]
    assert [r for r, _ in heard] == report.receipts
    assert all(r.entry < size for r, size in heard)
    kinds = {e.index: e.kind for e in ledger.entries(r.entry for r in report.receipts).values()}
    assert set(kinds.values()) == {"capture.admit"}
    run = Run.objects.get(id=report.run)
    assert (run.source, run.historical, RunBatch.objects.filter(run=run).count()) == ("wecom", False, 3)
    assert Cursor.objects.get().position == queries.position("wecom", "sample.jsonl") == 7


def test_an_import_of_nothing_says_so(company: Company) -> None:
    report = bring([])
    assert (report.read, report.receipts) == (0, [])


def agree_late(company: Company, who: str, *, claimed: str, at: int) -> None:
    """Notice and consent of a customer, claimed for some day but written down only at `at`."""
    told = consent.publish_notice(notice(SubjectKind.CUSTOMER), by=BY, at=at)
    subject, when = company.customers[who], sh(claimed)
    consent.serve(
        notice=told,
        subject_kind=SubjectKind.CUSTOMER,
        subjects=[subject],
        claimed_at=when,
        how="当面",
        by=BY,
        at=at,
    )
    said = NewConsent(SubjectKind.CUSTOMER, subject, Means.CHAT, Scope.CAPTURE, when, told)
    consent.give([said], by=BY, at=at)


def test_a_basis_entered_later_admits_nothing_live_and_is_marked_historically(company: Company) -> None:
    agree_late(company, "wm-no", claimed="2026-08-01 09:00", at=NOW - DAY)
    line = chat(1, "八月就签过字了", sender="wm-no", when="2026-09-18 10:00")
    live = bring([line])
    assert (live.admitted, dict(live.reasons)) == (0, {"客户未同意": 1})
    claimed = bring([line], historical=True, reason="补录上线前的存档")
    assert (claimed.admitted, claimed.documented_later) == (1, 1)
    assert Run.objects.get(historical=True).reason == "补录上线前的存档"


def test_a_historical_import_marks_only_what_needed_it(company: Company) -> None:
    agree_late(company, "wm-no", claimed="2026-08-01 09:00", at=NOW - DAY)
    lines = [chat(1, "八月就签过字了", sender="wm-no"), chat(2, "一直都有依据")]
    report = bring(lines, historical=True, reason="补录上线前的存档")
    assert (report.admitted, report.documented_later) == (2, 1)


def test_a_historical_import_without_a_reason_does_not_begin(company: Company) -> None:
    for reason in (None, "  "):
        with pytest.raises(ReasonMissing):
            bring([chat(1, "一句")], historical=True, reason=reason)
    assert Run.objects.count() == 0


def test_an_import_within_another_transaction_is_refused(company: Company) -> None:
    with pytest.raises(InsideTransaction), book(at=NOW) as b:
        b.entry("test.outer", by=BY)
        bring(MIXED)
    assert kept() == 0


def test_the_mapping_of_a_source_never_changes(vault: Any) -> None:
    rules = {"format": "jieli.dialogue-mapping", "version": 1, "rules": []}
    keep_mapping(source="dialogue.tea", rules=rules, by=BY, at=NOW)
    keep_mapping(source="dialogue.tea", rules=dict(reversed(rules.items())), by=BY, at=NOW)
    with pytest.raises(MappingChanged):
        keep_mapping(source="dialogue.tea", rules=rules | {"version": 2}, by=BY, at=NOW)
    assert len(ledger.entries_of_kind("capture.map")) == 1
    assert queries.mapping_rules("dialogue.oolong") is None


def test_the_company_of_these_tests_may_record_an_ordinary_conversation(company: Company) -> None:
    report = bring(
        [chat(1, "您好，今年的明前茶到了吗？"), chat(2, "到了，给您留两罐。", sender="HeQing", to="wm-lin")]
    )
    assert (report.admitted, report.refused, dict(report.reasons)) == (2, 0, {})
