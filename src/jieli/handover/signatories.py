"""Whose signature a paper of a leaving waits for. Deny by default: who has no place on a paper does not see it.

A paper is registered with its kind only; which places it has stands here, as the forms print them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final
from uuid import UUID

from django.db.models import Q

from jieli.handover.models import Case, CasePaper, Objection
from jieli.handover.reading import refs
from jieli.handover.statements import object_to
from jieli.handover.types import CaseRef, Party
from jieli.kernel.times import local_day
from jieli.papers import queries as papers
from jieli.papers.forms.customers import Promises
from jieli.papers.forms.ending import SecrecyReminder
from jieli.papers.forms.leaving import COSIGN_UNITS, HandoverNotice, HandoverSheet
from jieli.papers.forms.pay import OrdersAndCommission, PaySettlement
from jieli.papers.forms.things import DeviceAcceptance, PrivateContent, RecoveryRecord
from jieli.papers.signing import RefusalRef, SignatureRef
from jieli.papers.types import PaperRef


class Place(Enum):
    """Who fills a place of a paper: one of the three of the case, or a section of the firm."""

    LEAVER = "leaver"
    RECEIVER = "receiver"
    SUPERVISOR = "supervisor"
    SECTION = "section"


Slots = tuple[tuple[str, Place, str], ...]  # role as printed, who fills it, the section's name
_L, _R, _S, _X = Place
_THREE: Final[Slots] = (("移交人", _L, ""), ("接收人", _R, ""), ("监交人", _S, ""))
SECTIONS: Final = tuple(unit for unit, _ in COSIGN_UNITS)
#: Role → what a section looks at before it signs.
LOOKS_AT: Final = dict(COSIGN_UNITS)
SLOTS: Final[Mapping[str, Slots]] = {
    HandoverNotice.kind: (("签收人", _L, ""),),
    HandoverSheet.kind: (*_THREE, *((unit, _X, unit) for unit in SECTIONS)),
    OrdersAndCommission.kind: (("移交人", _L, ""), ("接收人", _R, ""), ("公司经办人", _X, "人力")),
    PaySettlement.kind: (("员工", _L, ""), ("财务", _X, "财务"), ("人力", _X, "人力")),
    SecrecyReminder.kind: (("签收人", _L, ""),),
    Promises.kind: (("移交人", _L, ""), ("接收人", _R, ""), ("公司（答复）", _X, "人力")),
    PrivateContent.kind: (("本人", _L, ""),),
    DeviceAcceptance.kind: (("交回人", _L, ""), ("验收人", _R, "")),
    RecoveryRecord.kind: (("移交人", _L, ""), ("接收人", _R, "")),
}
#: How a stated refusal begins. It is the signer's own word; 拒签登记 before witnesses is the firm's, and apart.
REFUSES: Final = "拒绝签署"


@dataclass(frozen=True, slots=True)
class Asked:
    """A paper of a leaving as one person meets it: every role in which he may answer, and what he answered."""

    case: CaseRef
    paper: PaperRef
    roles: tuple[str, ...]
    signed: tuple[SignatureRef, ...]
    refused: tuple[RefusalRef, ...]

    @property
    def open(self) -> tuple[str, ...]:
        """The roles that still wait for him."""
        done = {s.role for s in self.signed} | {r.role for r in self.refused}
        return tuple(role for role in self.roles if role not in done)


def slots(kind: str, covers: Collection[str]) -> Slots:
    """The places of a paper; one that carries lists has those of the sheet, whatever it is called."""
    return SLOTS.get(kind, _THREE if covers else ())


def roles(
    case: CaseRef, kind: str, covers: Collection[str], staff: UUID, of: Collection[str]
) -> tuple[str, ...]:
    """The roles in which somebody may sign a paper; `of` are the sections he signs for in this leaving. Pure.

    Who leaves signs for nobody but himself (R0.47).
    """
    fills = {_L: case.staff_id == staff, _R: case.receiver == staff, _S: case.supervisor == staff}
    found = slots(kind, covers)
    if fills[_L]:
        return tuple(role for role, place, _ in found if place is _L)
    return tuple(
        role for role, place, section in found if fills.get(place, False) or (place is _X and section in of)
    )


def cases_of(staff: UUID, numbers: Collection[str] = ()) -> list[CaseRef]:
    """Leavings in which somebody is one of the three, and the open ones among `numbers`; the newest first."""
    mine = Q(staff_id=staff) | Q(receiver_id=staff) | Q(supervisor_id=staff)
    also = Q(matter__number__in=numbers, closed_on__isnull=True)
    rows = Case.objects.select_related("matter").filter(mine | also)
    return refs(rows.order_by("-opened_at", "-id"))


def asked(
    cases: Sequence[CaseRef],
    staff: UUID,
    sections: Mapping[str, Collection[str]],
    *,
    signer: UUID,
    paper: UUID | None = None,
) -> list[Asked]:
    """The papers of these leavings that one person may see, newest first; with `paper` those of its leaving only.

    He sees every paper of his own leaving, and of others those on which he has a place. `sections` by number of
    the leaving; what somebody else has signed asks nobody any more. `signer` is the person, `staff` his record.
    """
    by_id = {case.id: case for case in cases}
    rows = CasePaper.objects.filter(case_id__in=list(by_id))
    if paper is not None:
        rows = rows.filter(case__in=CasePaper.objects.filter(paper=paper).values("case"))
    found = list(rows.order_by("-id").values_list("case_id", "paper", "covers"))
    ids = [key for _, key, _ in found]
    kept, signed, refused = papers.papers(ids), papers.signatures(ids), papers.refusals(ids)
    me = {signer, staff}
    made = []
    for key, paper_id, covers in found:
        case, ref = by_id[key], kept.get(paper_id)
        if ref is None:
            continue
        all_signed = signed.get(paper_id, [])
        mine = tuple(s for s in all_signed if s.signer in me)
        taken = {s.role for s in all_signed if s.signer not in me}
        may = roles(case, ref.kind, covers, staff, sections.get(case.number, ()))
        may = tuple(role for role in may if role not in taken)
        if may or mine or case.staff_id == staff:
            no = tuple(r for r in refused.get(paper_id, ()) if r.refuser in me)
            made.append(Asked(case, ref, may, mine, no))
    return made


def state_refusal(*, asked: Asked, role: str, reason: str, staff: UUID, by: str, at: int) -> UUID:
    """He says that he will not sign, and why if he wants: an objection to the paper in his role. Signs nothing.

    handover.closed for a leaving that has ended.
    """
    party = Party.STAFF if asked.case.staff_id == staff else Party.COMPANY
    return object_to(
        case=asked.case.id, place=f"《{asked.paper.kind}》{role}", subject=asked.paper.id, party=party,
        text=f"{REFUSES}：{reason.strip()}" if reason.strip() else f"{REFUSES}，未说明理由",
        made_on=local_day(at), by=by, at=at,
    )  # fmt: skip


def refusals_stated(cases: Collection[UUID]) -> dict[UUID, frozenset[str]]:
    """The roles in which signing was refused by word, by paper."""
    rows = Objection.objects.filter(case_id__in=cases, subject__isnull=False, text__startswith=REFUSES)
    found: dict[UUID, set[str]] = {}
    for paper, place in rows.values_list("subject", "place"):
        if paper is not None:
            found.setdefault(paper, set()).add(place.partition("》")[2])
    return {paper: frozenset(said) for paper, said in found.items()}
