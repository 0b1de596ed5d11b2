"""Citing a paper and emptying it see each other (ADR 28): two connections, both orders, whichever room cites."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from django.db import connections, transaction

from jieli.archive import destruction, operations, records
from jieli.archive.errors import Held
from jieli.archive.models import Shred
from jieli.consent.models import Document
from jieli.evidence.models import Dispute, Exhibit
from jieli.handover.models import Case, CasePaper
from jieli.kernel.ids import new_id
from jieli.ledger import fsck
from jieli.ledger.operations import book
from jieli.ledger.tables import rows
from jieli.matters.types import MatterKind
from jieli.papers import checks as paper_checks
from jieli.papers import operations as papers
from jieli.papers import queries as kept
from jieli.papers.errors import NoSuchPaper, PaperRefused
from jieli.papers.migrations import _functions_0005
from jieli.papers.models import Content, Paper
from jieli.papers.signing import Channel, Outcome
from jieli.parties import queries as party_queries
from tests.conftest import NOW
from tests.rooms.test_archive_samples import ring
from tests.rooms.test_restore import BY
from tests.rooms.test_retention_papers import (
    CITES,
    LEFT,
    LONG_AGO,
    WHO,
    cites,
    codes,
    died,
    matter,
    of_assessment,
    of_consent,
    of_contract,
    of_dispute,
    of_handover,
    paper,
    put,
    received,
    signed,
    staff,
)

__all__ = ["paper", "ring"]
Sql = Callable[..., list[tuple[Any, ...]]]
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def intended(monkeypatch: pytest.MonkeyPatch) -> UUID:
    """The intent to destroy what is due of the class, and nothing of it done yet."""
    with monkeypatch.context() as patched:
        patched.setattr(destruction, "finish", died)
        with pytest.raises(ConnectionError):
            operations.run_class(code="handover", at=NOW, **WHO)
    return Shred.objects.get(target="handover").id


def finish(intent: UUID) -> None:
    destruction.finish(intent, by="system:worker", at=NOW + 1)


@contextmanager
def emptying(intent: UUID) -> Iterator[None]:
    """The paper is emptied, and that is not committed before the block ends."""
    with transaction.atomic(using="shred"):
        with connections["shred"].cursor() as cursor:
            cursor.execute("SELECT archive_shred(%s)", [intent])
        yield


class Beside:
    """What is done meanwhile through a connection of its own, and how it ended."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.ended: list[str] = []
        self.thread = threading.Thread(target=self._run, args=(act,), daemon=True)
        self.thread.start()

    def _run(self, act: Callable[[], object]) -> None:
        try:
            act()
            self.ended.append("done")
        except Exception as error:  # noqa: BLE001 - whatever it is, the test compares it
            self.ended.append(getattr(error, "code", repr(error)))
        finally:
            connections.close_all()

    def waits(self, owner_sql: Sql) -> bool:
        """Whether it came to stand still at a lock before it ended."""
        while self.thread.is_alive():
            if owner_sql(WAITING) != [(0,)]:
                return True
        return False

    def end(self) -> str:
        self.thread.join(120)
        return self.ended[0]


@contextmanager
def citing(act: Callable[[], object]) -> Iterator[threading.Event]:
    """A book of somebody else's in which the paper is cited, and which stays open until the block ends.

    It is committed unless the event that the block is given was set.
    """
    cited, over, dropped = threading.Event(), threading.Event(), threading.Event()

    def hold_open() -> None:
        with book(at=NOW):
            act()
            cited.set()
            over.wait(120)
            if dropped.is_set():
                raise ConnectionError("given up")

    beside = Beside(hold_open)
    assert cited.wait(120)
    try:
        yield dropped
    finally:
        over.set()
        beside.end()


def delivered(paper: UUID, who: UUID) -> None:
    papers.deliver(
        paper=paper, to=who, to_name="某", channel=Channel.WECOM, address="a", sent_at=NOW, by=BY, at=NOW
    )


def answered(paper: UUID, who: UUID) -> None:
    [sent] = kept.deliveries([paper])[paper]
    papers.delivery_result(
        delivery=sent.id, outcome=Outcome.RECEIVED, who="某", outcome_at=NOW, by=BY, at=NOW
    )


def scanned(paper: UUID, who: UUID) -> None:
    papers.refuse(
        paper=received("回执", at=NOW), role="员工", refuser=who, refuser_name="某", reason="不在",
        witnesses=["某"], proof=paper, by=BY, at=NOW,
    )  # fmt: skip


def cased(paper: UUID, who: UUID) -> None:
    """In a case that begins today, and is over at once: the clock of the book does not go back."""
    case = Case(
        id=new_id(NOW), matter_id=matter(MatterKind.LEAVING, at=NOW), staff_id=who, engagement_kind="劳动",
        reason="辞职", notice_on=LEFT, last_day=LEFT, source="控制台", stage="已结案", opened_at=NOW,
        digest=b"0" * 32, table_version="1", closed_on=LEFT,
    )  # fmt: skip
    put(case, NOW)
    put(CasePaper(id=new_id(NOW), case=case, paper=paper, covers=[]), NOW)


def disputed(paper: UUID, who: UUID) -> None:
    of_dispute(paper, who, at=NOW)


ACTS = {
    **CITES,
    "handover": cased,
    "dispute": disputed,
    "delivery": delivered,
    "delivery_result": answered,
    "proof": scanned,
}


@pytest.mark.parametrize("how", ACTS)
def test_who_cites_while_the_paper_is_emptied_waits_and_is_told_that_it_is_destroyed(
    paper: tuple[UUID, UUID], owner_sql: Sql, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    who, intent = party_queries.staff_by_no()["E1"].id, intended(monkeypatch)
    with monkeypatch.context() as unchecked:
        # The room asked before, when the paper was still there: what remains is the database's own judgement.
        unchecked.setattr(papers, "_living", lambda id: kept.paper(id))
        with emptying(intent):
            beside = Beside(lambda: ACTS[how](paper[0], who))
            assert beside.waits(owner_sql), beside.ended
        assert beside.end() == "papers.destroyed"
    finish(intent)
    assert (kept.paper(paper[0]).destroyed, codes()) == (True, set())


@pytest.mark.parametrize("how", ["contract", "dispute", "handover", "proof"])
def test_who_empties_while_somebody_cites_the_paper_is_stopped_as_by_a_hold_and_goes_on_if_that_is_given_up(
    paper: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    who, intent = party_queries.staff_by_no()["E1"].id, intended(monkeypatch)
    with citing(lambda: ACTS[how](paper[0], who)) as dropped:
        with pytest.raises(Held):
            finish(intent)
        dropped.set()
    assert not kept.paper(paper[0]).destroyed
    finish(intent)
    assert (kept.paper(paper[0]).destroyed, codes()) == (True, set())


def test_a_citation_that_came_first_keeps_the_paper_and_its_scan(
    paper: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    who, intent = party_queries.staff_by_no()["E1"].id, intended(monkeypatch)
    with citing(lambda: of_handover(paper[0], who, closed=False)), pytest.raises(Held):
        finish(intent)
    with pytest.raises(Held):
        finish(intent)
    assert [kept.paper(one).destroyed for one in paper] == [False, False]
    assert "未结" in {one.kind for one in records.kept_papers(paper, policy=0, today=LEFT)}


def test_a_citation_of_the_paper_beside_which_a_scan_lies_stops_the_scan_alone(
    ring: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, found = staff(), received("离职工作交接单")
    of_handover(found, who)
    scan = signed(found, who)
    with monkeypatch.context() as only:
        only.setattr(records, "due", lambda *_: [scan])
        intent = intended(monkeypatch)
    with citing(lambda: of_contract(found, who)) as dropped:
        with pytest.raises(Held):
            finish(intent)
        dropped.set()
    finish(intent)
    assert [kept.paper(one).destroyed for one in (found, scan)] == [False, True]


def test_citations_do_not_wait_for_each_other(paper: tuple[UUID, UUID]) -> None:
    who = party_queries.staff_by_no()["E1"].id
    with citing(lambda: cased(paper[0], who)):
        delivered(paper[0], who)  # in a book of its own, while the other one is open
    assert [len(kept.deliveries([paper[0]])[paper[0]]), CasePaper.objects.count(), codes()] == [2, 2, set()]


def dispute(closing: UUID | None) -> Dispute:
    return Dispute(
        id=new_id(NOW), matter=matter(MatterKind.DISPUTE), cause="劳动争议", tribunal="仲裁委", docket="1",
        claimant="公司", person_label="甲", account_label="乙", closed_by="判决", closed_on=LEFT,
        closing_paper=closing,
    )  # fmt: skip


def revise(row: Dispute, **changed: object) -> None:
    for name, value in changed.items():
        setattr(row, name, value)
    with book(at=NOW) as b:
        b.entry("test.revise", by=BY, facts={}).revise(row)


@pytest.mark.usefixtures("ring")
def test_a_row_may_be_changed_that_named_the_paper_before_it_went_and_none_may_name_it_afterwards() -> None:
    closing = received("判决书")
    named, other = dispute(closing), dispute(None)
    put(named)
    put(other)
    operations.run_class(code="dispute", at=NOW, **WHO)
    assert kept.paper(closing).destroyed
    revise(named, docket="2")
    with pytest.raises(PaperRefused) as refused:
        revise(other, closing_paper=closing)
    assert refused.value.code == "papers.destroyed"
    assert set(Dispute.objects.values_list("docket", "closing_paper")) == {("2", closing), ("1", None)}


NOWHERE = UUID(int=0xDEAD)


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("how", [*CITES, "case"])
def test_no_row_names_a_paper_that_was_never_admitted_whichever_room_writes_it(how: str) -> None:
    who = staff()
    with pytest.raises(NoSuchPaper, match="请先收存这份文书") as refused:
        {**CITES, "case": cased}[how](NOWHERE, who)
    assert refused.value.code == "papers.never_admitted"
    assert not Exhibit.objects.exists() and not CasePaper.objects.exists() and not Document.objects.exists()
    assert codes() == set()


@pytest.mark.usefixtures("db")
def test_of_many_papers_one_that_was_never_admitted_is_enough_and_a_row_may_be_changed_that_names_none() -> (
    None
):
    who, known, row = staff(), received("劳动合同"), dispute(None)
    rows = [
        Document(id=new_id(NOW), staff_id=who, kind="同意书", signed_on=LEFT, title=f"{n}", paper=paper)
        for n, paper in enumerate([known] * 40 + [NOWHERE, None])
    ]
    with pytest.raises(NoSuchPaper), book(at=LONG_AGO) as b:
        b.entry("test.cite", by=BY, facts={}).insert(*rows)
    with book(at=LONG_AGO) as b:
        b.entry("test.cite", by=BY, facts={}).insert(row, *[one for one in rows if one.paper != NOWHERE])
    with pytest.raises(NoSuchPaper):
        revise(row, closing_paper=NOWHERE)
    revise(row, closing_paper=None, docket="2")
    revise(row, closing_paper=known)
    assert (Document.objects.count(), Dispute.objects.get().closing_paper, codes()) == (41, known, set())


def test_a_house_from_before_is_upgraded_and_fsck_names_what_its_rows_cite(db: None, owner_sql: Sql) -> None:
    who = staff()
    owner_sql(_functions_0005.UNDO)
    of_contract(NOWHERE, who)
    of_assessment(NOWHERE, who)
    old = dispute(NOWHERE)
    put(old)
    owner_sql(_functions_0005.JUDGE)
    revise(old, docket="2")
    with pytest.raises(NoSuchPaper):
        of_consent(NOWHERE, who)
    report = fsck.run(paper_checks.checks())
    [contract] = Document.objects.all()
    assert report.clean
    assert [(note.code, note.table, note.id) for note in report.notes] == [
        ("papers.never_admitted", table, str(NOWHERE))
        for table in ("approvals_enablement", "consent_document", "evidence_dispute")
    ]
    assert str(contract.id) in report.notes[1].sentence


def test_every_column_that_names_a_paper_is_judged_by_the_database_itself(owner_sql: Sql) -> None:
    named = {
        (model._meta.db_table, field.column)
        for model in rows()
        for field in model._meta.concrete_fields
        if cites(field) and model is not Content
    } | {("papers_delivery_result", "delivery_id")}  # names the paper by its delivery
    judged = {
        name: {
            (table, column)
            for table, columns in owner_sql(
                "SELECT c.relname, t.tgargs FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
                " WHERE t.tgname = %s AND t.tgenabled = 'O'",
                [name],
            )
            for column in bytes(columns).decode().rstrip("\0").split("\0")
        }
        for name in ("papers_cite", "papers_cite_again")
    }
    assert len(named) > 35
    assert judged == {"papers_cite": named, "papers_cite_again": named}
    assert Paper._meta.db_table not in {table for table, _ in named}
