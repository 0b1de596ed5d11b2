"""Papers go by plan (ADR 28): all classes that cite them have ended, nothing open does, and nobody is held."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connections, models

from jieli.access.types import Role
from jieli.approvals import operations as approvals
from jieli.approvals.models import Enablement
from jieli.archive import checks as archive_checks
from jieli.archive import destruction, operations, queries, records, retention, staying
from jieli.archive.errors import NothingDue
from jieli.archive.migrations._functions_0007 import BELOW
from jieli.archive.migrations._functions_0007 import CITED as BESIDE
from jieli.archive.models import RetentionPlan, Shred
from jieli.archive.types import HoldScope
from jieli.consent.models import Document
from jieli.evidence.migrations._functions_0004 import CITED as BY_EVIDENCE
from jieli.evidence.models import Dispute, Exhibit
from jieli.handover.migrations._functions_0002 import CITED as BY_HANDOVER
from jieli.handover.models import Case, CasePaper
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY, local_day, start_of_day
from jieli.ledger import checks as ledger_checks
from jieli.ledger import fsck
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.ledger.outside import OPENED, companion
from jieli.ledger.tables import Row, rows
from jieli.matters import operations as matters
from jieli.matters.types import Involved, MatterKind, PersonKind
from jieli.papers import checks as paper_checks
from jieli.papers import operations as papers
from jieli.papers import queries as kept
from jieli.papers.errors import NoSuchPaper, PaperRefused
from jieli.papers.models import Content, Delivery, Paper, Refusal, Signature
from jieli.papers.signing import Channel, Grade, Outcome
from jieli.parties import operations as parties
from jieli.parties import queries as party_queries
from jieli.parties.types import ERASED, NewCustomer, NewEntity, NewStaff, NewUnit
from jieli.succession.migrations._functions_0002 import CITED as BY_SUCCESSION
from jieli.wiring import backup as backups
from jieli.wiring import certificates, signer
from jieli.wiring.profile import Profile
from tests.conftest import NOW
from tests.rooms.company import reader
from tests.rooms.test_archive_erasure import places, spellings
from tests.rooms.test_archive_samples import codes as archive_codes
from tests.rooms.test_archive_samples import keep, ring, sample
from tests.rooms.test_restore import BY, elsewhere, findings, lose, old, restored

__all__ = ["elsewhere", "old", "ring"]
Sql = Callable[..., list[tuple[Any, ...]]]
LEFT = date(2022, 3, 1)
LONG_AGO = start_of_day(LEFT)
TODAY = local_day(NOW)
WHO = {"by": "person:desk", "reason": "到期清理"}
NAME = "卞金丝雀"
WORDS = spellings(NAME)
SCAN = b"\x89PNG\r\n\x1a\n a photograph of a signed page"


def codes() -> set[str]:
    return archive_codes() | {f.code for f in fsck.run(paper_checks.checks()).findings}


def staff(left: date | None = LEFT) -> UUID:
    """Somebody of the firm, who left long ago."""
    parties.register_entities([NewEntity("QH", "青禾茶业有限公司")], by=BY, at=LONG_AGO)
    entity = party_queries.entities_by_code()["QH"]
    parties.register_units([NewUnit("S1", "门店一部", entity)], by=BY, at=LONG_AGO)
    unit = party_queries.units_by_code()["S1"]
    person = NewStaff("E1", "离职员工", unit, "店员", date(2019, 1, 2), left_on=left)
    parties.register_staff([person], by=BY, at=LONG_AGO)
    return party_queries.staff_by_no()["E1"].id


def received(kind: str = "劳动合同", *, words: str = NAME, at: int = LONG_AGO) -> UUID:
    return papers.receive(
        kind=kind, title=f"{words}的{kind}", content=SCAN + words.encode(), media_type="image/png", by=BY, at=at
    ).id  # fmt: skip


def signed(paper: UUID, who: UUID | None) -> UUID:
    """Signed in ink, refused by another, delivered, received and sealed; the scan that shows the ink."""
    scan = papers.receive(
        kind="照片", title=f"{NAME}签署页", content=SCAN + b"2", media_type="image/png", by=BY, at=LONG_AGO
    ).id
    papers.sign(
        paper=paper, role="员工", signer=who, signer_name=NAME, grade=Grade.INK, scan=scan, signed_at=LONG_AGO, by=BY,
        at=LONG_AGO,
    )  # fmt: skip
    papers.refuse(
        paper=paper, role="监交人", refuser=None, refuser_name=f"{NAME}二", reason=f"{NAME}不在", witnesses=[NAME],
        by=BY, at=LONG_AGO,
    )  # fmt: skip
    sent = papers.deliver(
        paper=paper, to=who, to_name=NAME, channel=Channel.EMS, address=f"{NAME}巷 9 号", number="EMS-1",
        sent_at=LONG_AGO, by=BY, at=LONG_AGO,
    )  # fmt: skip
    papers.delivery_result(
        delivery=sent.id, outcome=Outcome.RECEIVED, who=NAME, outcome_at=LONG_AGO, by=BY, at=LONG_AGO
    )
    papers.use_seal(
        paper=paper, seal_no="1", order_no="YY-1", handler=NAME, used_at=LONG_AGO, by=BY, at=LONG_AGO
    )
    return scan


def put(row: Row, at: int = LONG_AGO) -> None:
    with book(at=at) as b:
        b.entry("test.cite", by=BY, facts={}).insert(row)


def of_contract(paper: UUID, who: UUID) -> None:
    put(Document(id=new_id(NOW), staff_id=who, kind="劳动合同条款", signed_on=LEFT, title="", paper=paper))


def of_consent(paper: UUID, who: UUID) -> None:
    put(Document(id=new_id(NOW), staff_id=who, kind="同意书", signed_on=LEFT, title="", paper=paper))


def matter(kind: MatterKind, who: UUID | None = None, *, at: int = LONG_AGO, closed: bool = True) -> UUID:
    named = [Involved(PersonKind.STAFF, who, "当事人")] if who is not None else []
    made = matters.open_matter(kind=kind, title="事项", people=named, by=BY, at=at)
    if closed:
        matters.close(number=made.number, by=BY, at=at)
    return made.id


def of_handover(paper: UUID, who: UUID, *, closed: bool = True) -> None:
    case = Case(
        id=new_id(NOW), matter_id=matter(MatterKind.LEAVING, who, closed=closed), staff_id=who,
        engagement_kind="劳动", reason="辞职", notice_on=LEFT, last_day=LEFT, source="控制台",
        stage={True: "已结案", False: "交接中"}[closed], opened_at=LONG_AGO, digest=b"0" * 32, table_version="1",
        closed_on={True: LEFT, False: None}[closed],
    )  # fmt: skip
    put(case)
    put(CasePaper(id=new_id(NOW), case=case, paper=paper, covers=[]))


def of_dispute(paper: UUID, who: UUID | None, *, at: int = LONG_AGO, closed: bool = True) -> None:
    dispute = Dispute(
        id=new_id(NOW), matter=matter(MatterKind.DISPUTE, who, at=at, closed=closed), cause="劳动争议",
        tribunal="仲裁委", docket="1", claimant="公司", person_label="甲", account_label="乙", staff=who,
        closed_by={True: "判决", False: None}[closed], closed_on={True: local_day(at), False: None}[closed],
    )  # fmt: skip
    put(dispute, at)
    put(
        Exhibit(
            id=new_id(NOW), dispute=dispute, ordinal=1, number="证1", paper=paper, party="公司", proves="签过字",
            legality="合法",
        ),
        at,
    )  # fmt: skip


def of_assessment(paper: UUID, who: UUID) -> None:
    put(
        Enablement(
            id=new_id(NOW), what="离职继承", papers=[{"kind": "影响评估", "paper": str(paper)}], note="",
            from_day=LEFT, until=LEFT, enabled_by=BY, enabled_at=LONG_AGO,
        )
    )  # fmt: skip


CITES = {
    "contract": of_contract, "handover": of_handover, "dispute": of_dispute, "consent": of_consent,
    "assessment": of_assessment,
}  # fmt: skip


def state(code: str, at: int = NOW) -> tuple[int, int]:
    return next((c.due, c.held) for c in retention.state(at=at).classes if c.rule.code == code)


def reasons(paper: UUID, at: int = NOW) -> set[str]:
    version = retention.policy()[0]
    return {one.kind for one in records.kept_papers([paper], policy=version, today=local_day(at))}


@pytest.fixture
def paper(ring: object) -> tuple[UUID, UUID]:
    """A handover paper with all that can stand beside one, of somebody who left long ago; and the scan of its ink."""
    who, found = staff(), received("离职工作交接单")
    of_handover(found, who)
    return found, signed(found, who)


def test_a_class_of_papers_goes_with_every_name_on_them_and_their_scans(
    paper: tuple[UUID, UUID], tmp_path: Path
) -> None:
    assert state("handover") == (2, 0)
    assert len(places(WORDS, tmp_path)) == 9
    done = operations.run_class(code="handover", at=NOW, **WHO)
    assert places(WORDS, tmp_path) == set()
    ref = kept.paper(paper[0])
    assert (ref.destroyed, ref.kind, ref.title, ref.size > 0) == (True, "离职工作交接单", "", True)
    with pytest.raises(NoSuchPaper):
        kept.content(paper[0])
    assert dict(queries.emptied_rows(done.shred)) == {
        "文书的内容与题名": 2, "文书上的签名": 1, "拒签登记": 1, "送达登记中的姓名与地址": 1, "签收人": 1,
        "用印经办人": 1, "事项的名称": 1, "离职交接的清单、说明与异议": 1,
    }  # fmt: skip
    assert set(Signature.objects.values_list("signer", "signer_name", "evidence")) == {(None, ERASED, None)}
    assert set(Delivery.objects.values_list("to", "to_name")) == {(None, ERASED)}
    assert [row.witnesses for row in Refusal.objects.all()] == [[ERASED]]
    assert done.backups_gone_by > done.live_gone_at == NOW
    assert codes() == set()
    assert state("handover") == (0, 0)


@pytest.mark.usefixtures("ring")
def test_each_class_of_papers_is_proposed_decided_by_another_and_run() -> None:
    who = staff()
    found = {code: received(f"文书{n}") for n, code in enumerate(CITES)}
    for code, one in found.items():
        CITES[code](one, who)
    admin, yan = reader(Role.SYSTEM, name="admin"), reader(Role.COMPLIANCE, name="yan")
    plans = [
        operations.propose(code=code, reason="每年清理", by=admin.actor, at=NOW + n)
        for n, code in enumerate(found)
    ]
    # A clause of the contract proves consent too: it is in both classes, and goes with either plan. The leaving and
    # the dispute go with their papers (ADR 30).
    assert [plan.items for plan in plans] == [1, 2, 2, 2, 1]
    assert operations.carry_out(by="system:worker", at=NOW + 5) == []
    for plan in plans:
        approvals.decide(request=plan.request, agree=True, by=yan, at=NOW + 6)
    done = operations.carry_out(by="system:worker", at=NOW + 7)
    assert {one.shred for one in done} == {plan.id for plan in plans}
    assert set(Paper.objects.filter(id__in=found.values()).values_list("sha256", "title")) == {(None, None)}
    assert set(Content.objects.filter(paper__in=found.values()).values_list("data", flat=True)) == {None}
    assert codes() == set()


def test_a_paper_that_an_open_dispute_cites_stays_though_its_leaving_is_long_over(
    paper: tuple[UUID, UUID],
) -> None:
    of_dispute(paper[0], None, at=NOW, closed=False)
    assert (state("handover"), reasons(paper[0]), reasons(paper[1])) == ((2, 2), {"未结"}, {"未结"})
    # The leaving's own rows, which no other matter needs.
    operations.run_class(code="handover", at=NOW, **WHO)
    with pytest.raises(NothingDue):
        operations.run_class(code="handover", at=NOW, **WHO)
    refused(paper[0], "archive.held")


def test_a_paper_stays_for_the_longest_of_its_classes(paper: tuple[UUID, UUID]) -> None:
    closed = start_of_day(date(2023, 10, 9))
    of_dispute(paper[0], None, at=closed)
    term = next(one for one in records.kept_papers([paper[0]], policy=0, today=TODAY))
    assert (term.kind, term.code, term.until) == ("期限", "dispute", date(2026, 10, 9))
    assert (state("handover"), state("dispute")) == ((2, 2), (0, 0))
    refused(paper[0], "archive.held")
    last = start_of_day(date(2026, 10, 9))
    assert (reasons(paper[0], last), reasons(paper[0], last + DAY)) == ({"期限"}, set())


def test_a_hold_on_whoever_signed_it_stops_it_and_its_end_lets_it_go(paper: tuple[UUID, UUID]) -> None:
    who = party_queries.staff_by_no()["E1"].id
    hold = operations.hold(scope=HoldScope.PERSON, target=str(who), ground="主张提成", by="person:a", at=NOW)
    assert (state("handover"), reasons(paper[0])) == ((2, 2), {"人"})
    with pytest.raises(NothingDue):
        operations.run_class(code="handover", at=NOW, **WHO)
    refused(paper[0], "archive.held")
    operations.release(hold=hold.id, reason="已了结", by="person:a", at=NOW + 1)
    operations.run_class(code="handover", at=NOW + 2, **WHO)
    assert kept.paper(paper[0]).destroyed


def test_nothing_that_may_tell_against_the_company_goes_before_limitation_ends(
    paper: tuple[UUID, UUID],
) -> None:
    year_on = start_of_day(date(2023, 3, 10))
    operations.set_policy(months={"handover": 12}, reason="第二版", by="person:yan", at=year_on)
    operations.keep_limits(at=year_on)
    assert (state("handover", year_on), reasons(paper[0], year_on)) == ((2, 2), {"时效"})
    with pytest.raises(NothingDue):
        operations.run_class(code="handover", at=year_on, **WHO)
    refused(paper[0], "archive.held", at=year_on)
    later = start_of_day(date(2023, 4, 10))
    operations.run_class(code="handover", at=later, **WHO)
    assert kept.paper(paper[0]).destroyed


@pytest.mark.usefixtures("ring")
def test_what_proves_a_recording_lawful_stays_while_any_of_it_is_kept() -> None:
    who, form = staff(), received("同意书")
    of_consent(form, who)
    keep([sample(1, speaker=who, event_ms=LONG_AGO - DAY, holder=who)])
    assert (state("consent"), reasons(form)) == ((0, 0), {"未结"})
    operations.run_class(code="chat", at=NOW, **WHO)
    assert (state("consent"), reasons(form)) == ((1, 0), set())


def test_a_paper_that_nobody_filed_is_kept_and_counted(paper: tuple[UUID, UUID]) -> None:
    alone = received("便条")
    assert (retention.state(at=NOW).unfiled, reasons(alone), reasons(paper[0])) == (1, {"未登记"}, set())
    refused(alone, "archive.held")


@pytest.mark.parametrize("room", ["handover", "succession", "evidence"])
def test_a_room_that_cannot_be_asked_keeps_every_paper(
    paper: tuple[UUID, UUID], owner_sql: Sql, room: str
) -> None:
    name = f"papers_cited_by_{room}(uuid[])"
    owner_sql(f"ALTER FUNCTION {name} RENAME TO gone_for_a_test")
    try:
        assert "未结" in reasons(paper[0])
        operations.run_class(code="handover", at=NOW, **WHO)
        with pytest.raises(NothingDue):
            operations.run_class(code="handover", at=NOW, **WHO)
        refused(paper[0], "archive.held")
    finally:
        owner_sql(f"ALTER FUNCTION gone_for_a_test(uuid[]) RENAME TO papers_cited_by_{room}")


def refused(paper: UUID, said: str, *, scope: str = "类别", code: str = "handover", at: int = NOW) -> None:
    """Whatever the program asked before, the database itself refuses an intent that names the paper."""
    with pytest.raises(DatabaseError, match=re.escape(said)), connections["shred"].cursor() as cursor:
        cursor.execute("SELECT archive_shred(%s)", [forged(paper, scope=scope, code=code, at=at)])
    assert not kept.paper(paper).destroyed


def forged_plan(code: str, *, at: int) -> UUID:
    """A plan that nobody decided on: the database looks at what it covers, not at who wants it."""
    plan = RetentionPlan(
        id=new_id(at), policy=retention.policy()[0], code=code, channel="", newest=0, items=1, before=at,
        reason="伪造", by="person:x", at=at,
    )  # fmt: skip
    put(plan, at)
    return plan.id


def forged(paper: UUID, *, scope: str, code: str, at: int) -> UUID:
    plan = forged_plan(code, at=at)
    named = ledger.parts([(table, key) for table, key in kept.rows_of([paper])])
    parts = [[part.entry, part.n] for some in named.values() for part in some]
    row = Shred(id=plan, scope=scope, target=code, reason="伪造", items=0, by="person:x", at=at)
    with book(at=at) as b:
        b.entry(
            "archive.shred", by="person:x", facts={"items": 0, "parts": parts, "shred": str(plan)}
        ).insert(row)
    return plan


@pytest.mark.parametrize(
    ("scope", "code"), [("条目", "handover"), ("人及登记", "handover"), ("类别", "chat")]
)
def test_no_paper_goes_without_a_plan_of_its_class(paper: tuple[UUID, UUID], scope: str, code: str) -> None:
    refused(paper[0], "archive.not_ours", scope=scope, code=code)


def test_no_row_of_another_paper_goes_along(paper: tuple[UUID, UUID]) -> None:
    other = received("便条")
    papers.use_seal(paper=other, seal_no="2", order_no="Y", handler=NAME, used_at=NOW, by=BY, at=NOW)
    [use] = [
        part for (table, _), part in ledger.parts(kept.rows_of([other])).items() if table == "papers_seal_use"
    ]
    plan = forged_plan("handover", at=NOW)
    row = Shred(id=plan, scope="类别", target="handover", reason="伪造", items=0, by="person:x", at=NOW)
    with book(at=NOW) as b:
        facts = {"items": 0, "parts": [[use[0].entry, use[0].n]], "shred": str(plan)}
        b.entry("archive.shred", by="person:x", facts=facts).insert(row)
    with pytest.raises(DatabaseError, match=r"archive\.not_ours"), connections["shred"].cursor() as cursor:
        cursor.execute("SELECT archive_shred(%s)", [plan])


def died(*args: object, **rest: object) -> None:
    raise ConnectionError("the process died here")


@pytest.mark.parametrize("place", ["unlist", "empty", "certify"])
def test_a_crash_between_intent_and_end_is_finished_by_the_next_start(
    paper: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(destruction, place, died)
        with pytest.raises(ConnectionError):
            operations.run_class(code="handover", at=NOW, **WHO)
    assert [one.items for one in destruction.progress()] == [0]
    assert operations.finish_destructions(by="system:worker", at=NOW + 1) == []
    assert places(WORDS, tmp_path) == set()
    assert (destruction.progress(), codes()) == ([], set())


def test_a_paper_that_came_to_be_needed_after_the_intent_waits_for_that_to_end(
    paper: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(destruction, "finish", died)
        with pytest.raises(ConnectionError):
            operations.run_class(code="handover", at=NOW, **WHO)
    who = party_queries.staff_by_no()["E1"].id
    hold = operations.hold(scope=HoldScope.PERSON, target=str(who), ground="主张", by="person:a", at=NOW + 1)
    assert len(operations.finish_destructions(by="system:worker", at=NOW + 2)) == 1
    assert not kept.paper(paper[0]).destroyed
    operations.release(hold=hold.id, reason="已了结", by="person:a", at=NOW + 3)
    assert operations.finish_destructions(by="system:worker", at=NOW + 4) == []
    assert kept.paper(paper[0]).destroyed


REFILLED = {
    "papers_paper": "kind = '别的' WHERE title IS NULL", "papers_signature": "signer_name = '某人'",
    "papers_answer": "who = '某人' WHERE kind = '拒签'", "papers_refusal": "reason = '某事'",
    "papers_delivery": "address = '某处'", "papers_delivery_result": "who = '某人'",
    "papers_seal_use": "handler = '某人'", "papers_content": "data = 'x' WHERE data IS NULL",
}  # fmt: skip


def test_what_was_filled_in_again_is_named_table_by_table(paper: tuple[UUID, UUID], owner_sql: Sql) -> None:
    operations.run_class(code="handover", at=NOW, **WHO)
    for table, change in REFILLED.items():
        owner_sql(f"UPDATE {table} SET {change}")
    every = [*ledger_checks.checks({}), *archive_checks.checks(), *paper_checks.checks()]
    found = {(finding.code, finding.table) for finding in fsck.run(every).findings}
    assert found == {
        ("archive.remains_changed", table) for table in REFILLED if table != "papers_content"
    } | {("papers.content_back", "papers_content")}


def test_a_paper_emptied_by_hand_is_no_destruction(paper: tuple[UUID, UUID], owner_sql: Sql) -> None:
    owner_sql("UPDATE papers_paper SET title = NULL, sha256 = NULL WHERE id = %s", [paper[0]])
    owner_sql("UPDATE papers_content SET data = NULL WHERE paper_id = %s", [paper[0]])
    assert codes() == {"ledger.row_changed", "papers.content_emptied", "papers.signed_otherwise"}


def test_of_a_destroyed_paper_nothing_more_is_entered(paper: tuple[UUID, UUID]) -> None:
    operations.run_class(code="handover", at=NOW, **WHO)
    with pytest.raises(PaperRefused, match="已依法销毁"):
        papers.use_seal(paper=paper[0], seal_no="1", order_no="2", handler="甲", used_at=NOW, by=BY, at=NOW)
    with pytest.raises(PaperRefused, match="已依法销毁"):
        papers.sign(
            paper=paper[0],
            role="员工",
            signer=None,
            signer_name="甲",
            grade=Grade.TRACE,
            signed_at=NOW,
            by=BY,
            at=NOW,
        )


def test_a_paper_destroyed_after_the_backup_does_not_come_back_with_it(
    old: Profile, elsewhere: Profile, tmp_path: Path
) -> None:
    who, found = staff(), received("离职工作交接单")
    of_handover(found, who)
    signed(found, who)
    signer.sign_once(old, at=NOW + 1)
    done = backups.backup(old, tmp_path / "copy", at=NOW + 2)
    operations.run_class(code="handover", at=NOW + 3, **WHO)
    signer.sign_once(old, at=NOW + 5)
    backups.export(old, tmp_path / "outside", for_restore=True)
    told = (companion(tmp_path / "outside") / OPENED).read_bytes()
    assert not any(word in told for word in WORDS)
    lose(old, elsewhere)

    back = restored(elsewhere, done.directory, tmp_path / "outside")

    assert (back.clean, back.held_back) == (True, 0)
    assert places(WORDS, elsewhere.home) == set()
    assert kept.paper(found).destroyed
    assert findings(elsewhere) == []


def sent(paper: UUID, who: UUID, name: str, at: int) -> None:
    papers.deliver(
        paper=paper, to=who, to_name=name, channel=Channel.WECOM, address="a", sent_at=at, by=BY, at=at
    )


@pytest.fixture
def gone(ring: object) -> Iterator[UUID]:
    """A customer, of whom a consent, a letter that is long over and a note that nobody filed are kept."""
    parties.register_customers([NewCustomer("C1", NAME)], by=BY, at=LONG_AGO)
    who = party_queries.customers_by_no()["C1"].id
    for kind, at in (("回访记录", LONG_AGO), ("投诉信", start_of_day(date(2024, 5, 6)))):
        letter = received(kind, words="某", at=at)
        of_dispute(letter, None, at=at)
        sent(letter, who, NAME, at)
    sent(received("便条", words="某", at=NOW), who, "某", NOW)
    yield who


def test_who_was_erased_is_told_which_paper_stays_until_when_and_under_which_article(gone: UUID) -> None:
    done = operations.erase_person(person=gone, reason="本人请求", by="person:desk", at=NOW)
    assert [(one.kind, one.until) for one in done.papers] == [
        ("投诉信", date(2027, 5, 6)), ("便条", None), ("回访记录", None)
    ]  # fmt: skip
    [letter, note, visit] = done.papers
    assert (
        letter.ground.startswith("争议与仲裁材料（《中华人民共和国劳动争议调解仲裁法》第二十七条")
        and "2027-05-06" in letter.ground
    )
    assert (note.ground, visit.ground) == (staying.UNFILED, staying.OVER)
    assert [(one.where, one.ground) for one in done.elsewhere] == [("papers_delivery", "随所在的文书")]
    said = certificates.papers_that_stay(done.certificate.shred, at=NOW)
    assert [(one.label, one.value) for one in said] == [
        (f"文书 {one.kind}", one.ground) for one in done.papers
    ]


def test_the_months_that_the_database_asks_for_are_those_of_the_defaults() -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT class, months FROM archive_class_months(0)")
        found = dict(cursor.fetchall())
    known = retention.defaults()[1]
    assert found == {c.code: c.months for c in known if c.table == records.PAPERS or c.cases}
    assert set(CITES) == {c.code for c in known if c.table == records.PAPERS}


@pytest.mark.usefixtures("db")
def test_the_database_goes_by_the_policy_of_the_plan_and_never_below_what_an_article_prescribes() -> None:
    operations.set_policy(months={"handover": 60, "consent": 48}, reason="第二版", by="person:yan", at=NOW)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT class, months FROM archive_class_months(1)")
        assert dict(cursor.fetchall()) == {
            "contract": 24, "handover": 60, "assessment": 36, "consent": 48, "dispute": 12, "matter": 36,
            "register": 36,
        }  # fmt: skip


def test_every_column_that_names_a_paper_is_asked_before_one_goes() -> None:
    asked = "\n".join((BELOW, BESIDE, BY_HANDOVER, BY_SUCCESSION, BY_EVIDENCE))
    named = {
        f"{model._meta.db_table}.{field.column}"
        for model in rows()
        for field in model._meta.concrete_fields
        if cites(field) and model._meta.app_label != "papers"
    }
    assert len(named) > 25
    missing = {
        one
        for one in named
        if not re.search(rf"\b{one.split('.')[0]}\b", asked) or one.split(".")[1] not in asked
    }
    assert missing == set()
    beside = {"papers_signature.scan_id", "papers_refusal.proof_id", "papers_delivery_result.proof_id"}
    assert all(part in BESIDE for one in beside for part in one.split("."))


def cites(field: "models.Field[Any, Any]") -> bool:
    """Whether a column names papers: by its name, as the house calls them, or by a key to their register."""
    target = field.related_model
    return target is Paper or (
        re.fullmatch(r"paper|papers|proof|scan|permission|\w+_(paper|scan)", field.name) is not None
        and not isinstance(field, models.TextField)
    )
