"""What several journeys need of a leaving: the parts that no browser does, and whether the book still agrees."""

from uuid import UUID

import pytest

from jieli.doors.web import door
from jieli.duties.types import Side
from jieli.handover import purge, queries, recovery
from jieli.handover.things_types import RecoveryStep
from jieli.handover.types import CaseRef, Stage
from jieli.ledger.fsck import Finding, run
from jieli.papers.forms.leaving import HandoverSheet
from jieli.wiring.checks import room_checks
from tests.rooms import leaving
from tests.rooms.company import BY, Company

#: Staff numbers and accounts of the tea company are Latin words of its own.
OWN = {leaving.LEAVER, leaving.RECEIVER, leaving.SUPERVISOR, "BaiYu", "wm", "lin", "gu"}
#: What a telephone and a courier say of themselves: nobody in an office says it otherwise.
SAID = {"EMS", "IMEI", "ICCID", "SIM", "Apple", "ID"}
LATIN = frozenset(OWN | SAID)
ASKED_FOR = "通知"  # the duty of the company that the journey does by hand


def agrees() -> tuple[Finding, ...]:
    """What fsck finds; nothing, if every row is as the book says."""
    return run(room_checks()).findings


def sheet_of(case: CaseRef, at: int) -> UUID:
    """The printed sheet of a leaving."""
    kept = queries.view(case.number, at=at).papers
    return next(p.paper.id for p in kept if p.paper.kind == HandoverSheet.kind)


def worked(house: Company, case: CaseRef, *, at: int) -> None:
    """All but one duty of the company and the follow-up: given back, tested, signed by hand, purged."""
    leaving.give_back(house, case, at=at)
    for step in RecoveryStep:
        recovery.record_recovery(
            case=case.id, account=house.accounts[leaving.LEAVER], step=step, passed=True,
            paper=leaving.scan(step.value, at=at), tester=house.staff[leaving.RECEIVER], tested_at=at, by=BY, at=at,
        )  # fmt: skip
    leaving.signed(sheet_of(case, at), at=at)
    leaving.fulfil(case, Side.STAFF, at=at)
    leaving.fulfil(case, Side.COMPANY, but=[ASKED_FOR], at=at)
    for stage in (Stage.AUDITED, Stage.HANDED, Stage.KEPT):
        purge.advance(case=case.id, stage=stage, by=BY, at=at)
    purge.purge(case=case.id, by=BY, at=at)


def clock_at(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """The web doors read this instant from now on."""
    monkeypatch.setattr(door, "now", lambda profile: at)
