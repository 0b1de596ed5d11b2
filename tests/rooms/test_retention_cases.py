"""Words in rows of rooms go by plan (ADR 30): the case is over, its months too, nothing is open and nobody is held."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import DatabaseError, connections, models

from jieli.access.types import Role
from jieli.approvals import operations as approvals
from jieli.archive import cases, destruction, operations, queries, retention, staying
from jieli.archive.case_words import CALLED, EMPTIED, GOES, STAYS
from jieli.archive.errors import NothingDue
from jieli.archive.models import RetentionPlan, Shred
from jieli.archive.types import HoldScope
from jieli.consent.models import ConsentStep, Leave
from jieli.duties.models import Duty
from jieli.evidence import disputes_queries as disputes
from jieli.handover import queries as leavings
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY, local_day, start_of_day
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.ledger.outside import OPENED, companion
from jieli.ledger.tables import rows
from jieli.matters import operations as matters
from jieli.matters import queries as matter_queries
from jieli.matters.models import Matter, MatterPerson
from jieli.matters.types import MatterKind
from jieli.parties import operations as parties
from jieli.parties import queries as party_queries
from jieli.parties.types import ERASED, NewCustomer, NewIdentity
from jieli.wiring import backup as backups
from jieli.wiring import certificates, signer
from jieli.wiring.profile import Profile
from tests.conftest import NOW
from tests.rooms.company import reader
from tests.rooms.rows_of_cases import (
    BY,
    LONG_AGO,
    NAME,
    NOBODY,
    approval,
    consents,
    dispute,
    duty,
    handing_on,
    leaving,
    put,
    standing,
    step,
    thread,
)
from tests.rooms.test_archive_erasure import places, spellings
from tests.rooms.test_archive_samples import keep, ring, sample
from tests.rooms.test_restore import elsewhere, findings, lose, old, restored
from tests.rooms.test_retention_papers import codes, died, staff

__all__ = ["elsewhere", "old", "ring"]
Sql = Callable[..., list[tuple[Any, ...]]]
WORDS = spellings(NAME)
WHO = {"by": "person:desk", "reason": "到期清理"}
TODAY = local_day(NOW)


def state(code: str, at: int = NOW) -> tuple[int, int]:
    """(due, held) of the cases of a class."""
    return next((c.cases, c.cases_held) for c in retention.state(at=at).classes if c.rule.code == code)


def reasons(case: UUID, at: int = NOW) -> set[str]:
    return {one.kind for one in cases.kept([case], policy=retention.policy()[0], today=local_day(at))}


@pytest.fixture
def leaver(ring: object) -> UUID:
    return staff()


@pytest.fixture
def customer(leaver: UUID) -> UUID:
    parties.register_customers([NewCustomer("C1", "某客户")], by=BY, at=LONG_AGO)
    return party_queries.customers_by_no()["C1"].id


@pytest.fixture
def left(leaver: UUID, customer: UUID) -> UUID:
    """The matter of a leaving that is long over, with all that was said in it."""
    case = thread(MatterKind.LEAVING, leaver)
    put(*leaving(case, leaver, customer), *handing_on(case, leaver, customer), *approval(case))
    put(duty(case, leaver), duty(case, leaver, state="不再适用"))
    return case


@pytest.fixture
def disputed(leaver: UUID) -> UUID:
    """The matter of a dispute that is long over, the two years of execution too."""
    case = thread(MatterKind.DISPUTE, leaver)
    put(*dispute(case, leaver))
    return case


@pytest.fixture
def agreed(leaver: UUID) -> UUID:
    put(*consents(leaver))
    return leaver


def test_every_word_of_every_room_goes_by_plan_in_the_whole_history(
    left: UUID, disputed: UUID, agreed: UUID, tmp_path: Path
) -> None:
    # Registers and enablements are of classes of their own (ADR 33).
    others = {table for table in GOES if table.startswith("assets_")} | {"approvals_enablement"}
    assert {table for table, _, _ in standing()} | others == set(GOES)
    assert len(places(WORDS, tmp_path)) > len(GOES) - len(others)
    admin, yan = reader(Role.SYSTEM, name="admin"), reader(Role.COMPLIANCE, name="yan")
    wanted = ("dispute", "handover", "consent")
    assert [state(code) for code in wanted] == [(1, 0), (1, 0), (4, 0)]
    plans = [operations.propose(code=code, reason="每年", by=admin.actor, at=NOW) for code in wanted]
    assert operations.carry_out(by="system:worker", at=NOW + 1) == []
    for plan in plans:
        approvals.decide(request=plan.request, agree=True, by=yan, at=NOW + 2)
    done = operations.carry_out(by="system:worker", at=NOW + 3)
    told = [words for one in done for words, _ in queries.emptied_rows(one.shred)]
    # A complaint's own matter is of another class (ADR 33): its title stays, and nothing else.
    assert places(WORDS, tmp_path) == {"default.matters_matter", "default.ledger_part"}
    assert list(Matter.objects.exclude(title=EMPTIED).values_list("kind", flat=True)) == ["请求"]
    assert set(told) == set(CALLED.values()) - {CALLED["assets"]} | {"文书的内容与题名"}
    assert codes() == set()
    assert [state(code) for code in wanted] == [(0, 0), (0, 0), (0, 0)]


def test_what_is_left_of_a_case_can_still_be_looked_at(left: UUID, disputed: UUID) -> None:
    for code in ("dispute", "handover"):
        operations.run_class(code=code, at=NOW, **WHO)
    numbers = matter_queries.matters([left, disputed])
    view = disputes.dispute(numbers[disputed].number)
    assert (view.person_label, view.docket, view.facts[0].value) == (ERASED, "1", "不明")
    assert [a.verdict.code for a in view.assessments.values()] == ["PART"]
    assert (view.amounts[0].amount.fen, view.amounts[0].what) == (100, EMPTIED)
    case = leavings.case(numbers[left].number)
    assert (numbers[left].title, case.note) == (EMPTIED, EMPTIED)
    assert NAME not in str(leavings.lists(case, at=NOW))
    assert leavings.snapshot(case.id).lines[0].label == EMPTIED
    assert NAME not in str(leavings.completion(case, at=NOW))


@pytest.mark.usefixtures("left")
def test_a_case_waits_until_its_last_day_is_over(disputed: UUID) -> None:
    # Closed 2022-03-01, two years for execution, twelve months.
    last = start_of_day(date(2025, 3, 1))
    assert (reasons(disputed, last), reasons(disputed, last + DAY)) == ({"期限"}, set())
    assert (state("dispute", last), state("dispute", last + DAY)) == ((0, 0), (1, 0))
    with pytest.raises(NothingDue):
        operations.run_class(code="dispute", at=last, **WHO)
    refused(disputed, "archive.held", at=last)


def test_a_longer_policy_keeps_a_case_longer(disputed: UUID) -> None:
    operations.set_policy(months={"dispute": 60}, reason="第二版", by="person:yan", at=NOW)
    assert (reasons(disputed), state("dispute")) == ({"期限"}, (0, 0))
    refused(disputed, "archive.held")


def test_a_hold_stops_a_case_and_its_end_lets_it_go(left: UUID, customer: UUID) -> None:
    held = operations.hold(scope=HoldScope.PERSON, target=str(customer), ground="主张", by="person:a", at=NOW)
    assert (state("handover"), reasons(left)) == ((1, 1), {"人"})
    with pytest.raises(NothingDue):
        operations.run_class(code="handover", at=NOW, **WHO)
    refused(left, "archive.held")
    operations.release(hold=held.id, reason="了结", by="person:a", at=NOW + 1)
    operations.run_class(code="handover", at=NOW + 2, **WHO)
    assert Matter.objects.get(id=left).title == EMPTIED


def test_a_party_of_an_open_dispute_keeps_his_leaving(left: UUID, leaver: UUID) -> None:
    thread(MatterKind.DISPUTE, leaver, at=NOW, closed=False)
    operations.keep_limits(at=NOW)
    assert (state("handover"), reasons(left)) == ((1, 1), {"时效"})
    refused(left, "archive.held")


def test_an_open_matter_and_an_open_duty_keep_a_case(leaver: UUID) -> None:
    opened = thread(MatterKind.DISPUTE, leaver, closed=False)
    owing = thread(MatterKind.DISPUTE, leaver)
    unfinished = thread(MatterKind.DISPUTE, leaver)
    put(
        *dispute(opened, leaver),
        *dispute(unfinished, leaver, closed=False),
        duty(owing, leaver, state="待办"),
    )
    for case in (opened, owing, unfinished):
        assert "未结" in reasons(case)
        refused(case, "archive.held")
    assert state("dispute") == (0, 0)


def test_what_proves_a_recording_lawful_stays_while_any_of_it_is_kept(agreed: UUID) -> None:
    keep([sample(1, speaker=agreed, event_ms=LONG_AGO - DAY, holder=agreed)])
    assert state("consent") == (0, 0)
    operations.run_class(code="chat", at=NOW, **WHO)
    assert state("consent") == (3, 0)


@pytest.fixture
def platform(leaver: UUID) -> list[UUID]:
    """What a platform told of an id: an agreement, and a refusal after it; and an agreement of somebody else."""
    told: dict[str, Any] = {
        "kind": "客户",
        "platform": "企业微信",
        "stated_by": "平台",
        "message": "m",
        "exhibit": NAME.encode(),
    }
    made = [
        step(None, external_id=f"{NAME}x", **told),
        step(None, external_id=f"{NAME}x", **{**told, "step": "不同意", "message": "n"}),
        step(None, external_id="wm-other", **{**told, "message": "o"}),
    ]
    put(*made)
    parties.register_customers([NewCustomer("C2", "某人")], by=BY, at=NOW)
    other = NewIdentity(party_queries.customers_by_no()["C2"].id, "企业微信", "wm-other")
    parties.register_identities([other], by=BY, at=NOW)
    return [row.id for row in made]


def test_what_a_platform_told_of_one_id_goes_together(platform: list[UUID]) -> None:
    assert state("consent") == (2, 0)
    operations.run_class(code="consent", at=NOW, **WHO)
    found = dict(ConsentStep.objects.values_list("id", "external_id"))
    assert [found[key] for key in platform] == [f"erased:{platform[0]}", f"erased:{platform[1]}", "wm-other"]
    # Loading yesterday's file again finds that these were told.
    assert set(ConsentStep.objects.values_list("message", "towards")) == {("m", ""), ("n", ""), ("o", "")}
    assert codes() == set()


def test_months_of_an_id_that_nobody_bears_any_more_run_from_the_last_erasure(platform: list[UUID]) -> None:
    who = party_queries.customers_by_no()["C2"].id
    operations.erase_person(person=who, reason="本人请求", by="person:desk", at=NOW + 1)
    assert reasons(platform[2], NOW + 2) == {"期限"}
    assert state("consent", NOW + 37 * 31 * DAY) == (3, 0)


def test_an_id_on_which_a_kept_recording_rests_stays(platform: list[UUID]) -> None:
    assert [reasons(key) for key in platform] == [set(), set(), {"未结"}]
    keep([sample(1, basis_rows=(("consent_step", str(platform[1])),))])
    assert [reasons(key) for key in platform] == [{"未结"}] * 3
    assert state("consent") == (0, 0)


@pytest.mark.parametrize("room", ["handover", "succession", "evidence", "below"])
def test_a_room_that_cannot_be_asked_keeps_every_case(left: UUID, owner_sql: Sql, room: str) -> None:
    name = f"cases_cited_by_{room}"
    owner_sql(f"ALTER FUNCTION {name}(uuid[]) RENAME TO gone_for_a_test")
    try:
        assert "未结" in reasons(left)
        with pytest.raises(NothingDue):
            operations.run_class(code="handover", at=NOW, **WHO)
        refused(left, "archive.held")
    finally:
        owner_sql(f"ALTER FUNCTION gone_for_a_test(uuid[]) RENAME TO {name}")


def refused(case: UUID, said: str, *, scope: str = "类别", code: str | None = None, at: int = NOW) -> None:
    """Whatever the program asked before, the database itself refuses an intent that names the rows of the case."""
    before = list(standing())
    kind = {"离职": "handover", "争议": "dispute"}[Matter.objects.get(id=case).kind]
    with pytest.raises(DatabaseError, match=re.escape(said)), connections["shred"].cursor() as cursor:
        cursor.execute("SELECT archive_shred(%s)", [forged(cases.rows([case]), scope, code or kind, at=at)])
    assert list(standing()) == before


def forged(keys: list[tuple[str, str]], scope: str, code: str, *, at: int = NOW) -> UUID:
    """An intent and a plan that nobody decided on: the database looks at what they name, not at who wants it."""
    plan = RetentionPlan(
        id=new_id(at), policy=retention.policy()[0], code=code, channel="", newest=0, items=1, before=at,
        reason="伪造", by="person:x", at=at,
    )  # fmt: skip
    put(plan, at=at)
    parts = [[part.entry, part.n] for some in ledger.parts(keys).values() for part in some]
    row = Shred(id=plan.id, scope=scope, target=code, reason="伪造", items=0, by="person:x", at=at)
    with book(at=at) as b:
        facts = {"items": 0, "parts": parts, "shred": str(plan.id)}
        b.entry("archive.shred", by="person:x", facts=facts).insert(row)
    return plan.id


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ("条目", "handover"),
        ("人及登记", "handover"),
        ("本人", "handover"),
        ("类别", "chat"),
        ("类别", "dispute"),
    ],
)
def test_no_row_of_a_case_goes_without_a_plan_of_its_class(left: UUID, scope: str, code: str) -> None:
    refused(left, "archive.not_ours", scope=scope, code=code)


def test_no_row_that_belongs_to_no_case_goes_along(left: UUID, leaver: UUID) -> None:
    leak = matters.open_matter(kind=MatterKind.LEAK, title=NAME, people=[], by=BY, at=LONG_AGO)
    matters.close(number=leak.number, by=BY, at=LONG_AGO)
    owed = duty(leak.id, leaver)
    alone = approval(NOBODY)[0]
    put(owed, alone)
    others = [
        ("matters_matter", str(leak.id)), ("duties_duty", str(owed.id)), ("approvals_request", str(alone.pk)),
        ("matters_person", str(MatterPerson.objects.values_list("id", flat=True)[0])),
    ]  # fmt: skip
    for other in others:
        intent = forged([*cases.rows([left]), other], "类别", "handover")
        with (
            pytest.raises(DatabaseError, match=r"archive\.not_ours"),
            connections["shred"].cursor() as cursor,
        ):
            cursor.execute("SELECT archive_shred(%s)", [intent])
    assert Matter.objects.get(id=left).title != EMPTIED


EMPTYING = (
    "UPDATE evidence_fact SET value = '不明'", "UPDATE evidence_fact SET note = NULL", "DELETE FROM evidence_fact",
    "UPDATE ledger_part SET body = NULL, salt = NULL WHERE row_table = 'evidence_fact'",
    "SELECT case_rows_emptied_in_evidence(ARRAY(SELECT id FROM evidence_fact))",
    "SELECT archive_shred_cases(1::smallint, 0, '[]')", "TRUNCATE evidence_fact",
    "ALTER TABLE evidence_fact DROP COLUMN value",
)  # fmt: skip


@pytest.mark.parametrize("way", EMPTYING)
@pytest.mark.parametrize("role", ["default", "read", "shred"])
def test_no_role_empties_a_statement_by_any_other_way(disputed: UUID, role: str, way: str) -> None:
    before = list(standing())
    refused = pytest.raises(DatabaseError, match=r"permission denied|must be owner of table")
    with refused, connections[role].cursor() as cursor:
        cursor.execute(way)
    assert list(standing()) == before


@pytest.mark.parametrize(
    "point", ["shred.after_intent", "shred.after_secrets", "shred.before_emptied", "shred.after_emptied"]
)
def test_a_death_between_intent_and_end_is_finished_by_the_next_start(
    left: UUID, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(destruction, "reach", lambda name: {point: died}.get(name, str)())
        with pytest.raises(ConnectionError):
            operations.run_class(code="handover", at=NOW, **WHO)
    assert [one.items for one in destruction.progress()] == [0]
    assert operations.finish_destructions(by="system:worker", at=NOW + 1) == []
    assert (Matter.objects.get(id=left).title, destruction.progress(), codes()) == (EMPTIED, [], set())


def test_what_keeps_a_case_after_the_intent_stops_it_until_that_is_over(
    left: UUID, leaver: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(destruction, "finish", died)
        with pytest.raises(ConnectionError):
            operations.run_class(code="handover", at=NOW, **WHO)
    held = operations.hold(
        scope=HoldScope.PERSON, target=str(leaver), ground="主张", by="person:a", at=NOW + 1
    )
    assert len(operations.finish_destructions(by="system:worker", at=NOW + 2)) == 1
    assert Matter.objects.get(id=left).title != EMPTIED
    operations.release(hold=held.id, reason="了结", by="person:a", at=NOW + 3)
    assert operations.finish_destructions(by="system:worker", at=NOW + 4) == []
    assert Matter.objects.get(id=left).title == EMPTIED


def test_what_was_emptied_by_hand_and_what_was_filled_in_again_is_named(
    disputed: UUID, left: UUID, owner_sql: Sql
) -> None:
    owner_sql("UPDATE evidence_relief SET text = '已依法清空'")
    owner_sql("UPDATE handover_case SET note = '已依法清空'")
    assert codes() == {"ledger.row_changed"}
    owner_sql(
        "UPDATE ledger_part SET salt = NULL, body = NULL, shredded_in = entry + 1 WHERE row_table = 'evidence_relief'"
    )
    assert codes() == {"ledger.row_changed", "ledger.part_lost"}
    operations.run_class(code="handover", at=NOW, **WHO)
    owner_sql("UPDATE handover_objection SET text = %s", [NAME])
    assert "archive.remains_changed" in codes()


def test_a_case_emptied_after_the_backup_does_not_come_back_with_it(
    old: Profile, elsewhere: Profile, tmp_path: Path
) -> None:
    who = staff()
    parties.register_customers([NewCustomer("C1", "某客户")], by=BY, at=LONG_AGO)
    case = thread(MatterKind.LEAVING, who)
    put(*leaving(case, who, party_queries.customers_by_no()["C1"].id), *consents(who))
    signer.sign_once(old, at=NOW + 1)
    done = backups.backup(old, tmp_path / "copy", at=NOW + 2)
    operations.run_class(code="handover", at=NOW + 3, **WHO)
    operations.run_class(code="consent", at=NOW + 4, **WHO)
    signer.sign_once(old, at=NOW + 5)
    backups.export(old, tmp_path / "outside", for_restore=True)
    told = (companion(tmp_path / "outside") / OPENED).read_bytes()
    assert not any(word in told for word in WORDS)
    lose(old, elsewhere)

    back = restored(elsewhere, done.directory, tmp_path / "outside")

    assert (back.clean, back.held_back) == (True, 0)
    assert places(WORDS, elsewhere.home) == set()
    assert findings(elsewhere) == []


def test_who_was_erased_is_told_where_his_words_stay_until_when_and_what_goes_next(customer: UUID) -> None:
    recent = NOW - 500 * DAY
    over = thread(MatterKind.DISPUTE, customer)
    put(*dispute(over, None))
    later = thread(MatterKind.DISPUTE, customer, at=recent)
    put(*dispute(later, None, at=recent), at=recent)
    done = operations.erase_person(person=customer, reason="本人请求", by="person:desk", at=NOW)
    numbers = matter_queries.matters([over, later])
    found = {one.where: one for one in done.cases}
    first, second = (found[f"事项 {numbers[key].number}"] for key in (over, later))
    assert (first.ground, first.until, first.rows) == (staying.OVER, None, 14)
    assert second.until is not None
    assert second.ground.startswith("争议与仲裁材料（《中华人民共和国劳动争议调解仲裁法》第二十七条")
    said = certificates.cases_that_stay(done.certificate.shred, at=NOW)
    assert [(one.label, one.value) for one in said] == [
        (f"登记行 {one.where}（{one.rows} 行）", one.ground) for one in done.cases
    ]


def columns() -> dict[str, set[str]]:
    """Every column of the rooms with cases in which there is room for words."""
    rooms = set(CALLED)
    words = (models.TextField, models.CharField, models.JSONField)
    return {
        model._meta.db_table: {
            field.name
            for field in model._meta.concrete_fields
            if isinstance(field, words)
            or (isinstance(field, ArrayField) and isinstance(field.base_field, models.TextField))
        }
        for model in rows()
        if model._meta.app_label in rooms
    }


def test_every_column_with_room_for_words_goes_by_plan_or_says_why_it_stays() -> None:
    kept = {table: {column for some in said.values() for column in some} for table, said in STAYS.items()}
    declared = {table: set(GOES.get(table, ())) | kept.get(table, set()) for table in {*GOES, *kept}}
    found = columns()
    bytes_too = {("consent_step", "exhibit")}
    # What a customer needs goes when he is erased, not with a case (ADR 33).
    found["succession_customer_need"].discard("value")
    assert {t: c - {n for table, n in bytes_too if table == t} for t, c in declared.items() if c} == {
        t: c for t, c in found.items() if c
    }
    assert not any(set(GOES.get(t, ())) & kept.get(t, set()) for t in declared)


def test_a_duty_that_fell_away_after_its_case_was_emptied_goes_with_the_next_plan(
    left: UUID, leaver: UUID
) -> None:
    binding = duty(left, leaver)
    binding.state, binding.continuing, binding.done_on, binding.note = "持续", True, None, None
    put(binding)
    operations.run_class(code="handover", at=NOW, **WHO)
    assert (Duty.objects.get(id=binding.id).text, state("handover")) == (f"付给{NAME}", (0, 0))
    binding.state, binding.reason = "不再适用", f"{NAME}去世"
    with book(at=NOW + 1) as b:
        b.entry("test.drop", by=BY, facts={}).revise(binding)
    assert state("handover") == (1, 0)
    operations.run_class(code="handover", at=NOW + 2, **WHO)
    assert (Duty.objects.get(id=binding.id).text, state("handover"), codes()) == (EMPTIED, (0, 0), set())


def test_that_a_leave_was_taken_back_is_a_code_and_stays(leaver: UUID) -> None:
    spans = enumerate(("病假", "销假", "离岗"), 1)
    put(
        *(
            Leave(
                id=new_id(LONG_AGO),
                staff_id=leaver,
                begins=LONG_AGO,
                ends=LONG_AGO + n,
                kind=kind,
                revision=1,
            )
            for n, kind in spans
        )
    )
    assert state("consent") == (1, 0)
    operations.run_class(code="consent", at=NOW, **WHO)
    assert set(Leave.objects.values_list("kind", flat=True)) == {EMPTIED, "销假", "离岗"}
