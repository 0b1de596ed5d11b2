"""The papers of the things that come back, filled from the cards as they were worked through."""

from datetime import date

import pytest

from jieli.assets.types import AssetKind
from jieli.handover import devices, printing, private, queries, recovery
from jieli.handover.printing import NoSuchPaper
from jieli.handover.things_types import (
    Decision,
    DeviceStep,
    NewPrivate,
    PrivateKind,
    RecoveryStep,
    StepResult,
)
from jieli.handover.types import CaseRef
from jieli.papers import operations as papers
from jieli.papers import queries as kept
from jieli.papers.forms.leaving import RefusalNote
from jieli.papers.forms.things import DeviceAcceptance, PrivateContent, PurgeProof, RecoveryRecord
from tests.rooms import leaving
from tests.rooms.company import BY, Company
from tests.rooms.leaving import IMEI, LAST, LEAVER, RECEIVER, leaves, noon, scan, sheet, things

pytestmark = pytest.mark.usefixtures("db")
ON_LAST = noon(LAST)
KINDS = [DeviceAcceptance.kind, RecoveryRecord.kind, PrivateContent.kind, PurgeProof.kind, RefusalNote.kind]


@pytest.fixture
def house(db: None) -> Company:
    return leaving.firm()


@pytest.fixture
def case(house: Company) -> CaseRef:
    return leaves(house)


def test_each_thing_that_came_back_has_its_paper_with_the_steps_as_they_were(
    case: CaseRef, house: Company
) -> None:
    account, device = house.accounts[LEAVER], things(AssetKind.DEVICE)[IMEI]
    recovery.record_recovery(
        case=case.id, account=account, step=RecoveryStep.SIGN_IN, passed=False, paper=scan("登录", at=ON_LAST),
        tester=house.staff[RECEIVER], tested_at=ON_LAST, by=BY, at=ON_LAST,
    )  # fmt: skip
    devices.record_device_step(
        case=case.id, device=device, step=DeviceStep.POWER, result=StepResult.PASSED,
        paper=scan("开机", at=ON_LAST), tester=house.staff[RECEIVER], done_at=ON_LAST, by=BY, at=ON_LAST,
    )  # fmt: skip
    album = NewPrivate(PrivateKind.PHOTO, "相册备份", "工作手机", Decision.TAKE, count=40)
    private.mark_private(case=case.id, items=[album], by=BY, at=ON_LAST)
    private.check_private(case=case.id, by=BY, at=ON_LAST)
    refused = sheet(case, at=ON_LAST)
    papers.refuse(
        paper=refused, role="移交人", refuser=None, refuser_name="何青", reason="金额不对",
        witnesses=["周见", "工会吴委员"], by=BY, at=ON_LAST,
    )  # fmt: skip
    found = printing.forms(queries.view(case.number, at=ON_LAST), KINDS, at=ON_LAST)
    card, record, mine, gone, note = found
    assert isinstance(card, DeviceAcceptance)
    assert [(s.step, s.passed) for s in card.steps] == [(DeviceStep.POWER.value, True)]
    assert isinstance(record, RecoveryRecord)
    assert (record.state, record.handle) == ("已交付未恢复", LEAVER)
    assert isinstance(mine, PrivateContent)
    assert [(p.count, p.decision) for p in mine.lines] == [(40, "本人取走")]
    assert isinstance(gone, PurgeProof)
    assert (gone.purged, [k.what for k in gone.kept]) == ((), ["相册备份"])
    assert isinstance(note, RefusalNote)
    assert (note.reason, [w.name for w in note.witnesses]) == ("金额不对", ["周见", "工会吴委员"])
    issued = printing.issue_papers(number=case.number, kinds=KINDS, by=BY, at=ON_LAST)
    assert [kept.paper(p.id).kind for p in issued] == KINDS


def test_where_nobody_refused_there_is_no_such_paper(case: CaseRef) -> None:
    with pytest.raises(NoSuchPaper):
        printing.issue_papers(number=case.number, kinds=[RefusalNote.kind], by=BY, at=noon(date(2026, 9, 3)))
