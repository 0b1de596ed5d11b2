"""Papers of a leaving, duties done, tries to reach the leaver, follow-up, and the end (R0.32, R0.23, R0.47).

Closing ends the case, never what binds on: continuing duties stay as they are, and the matter of the case is closed
with it. Nothing here signs for anybody.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from jieli.duties import operations as duty_operations
from jieli.duties import queries as duties
from jieli.duties.types import DutyState, Side
from jieli.handover import completion
from jieli.handover.duty_table import CERTIFICATE, code_of
from jieli.handover.errors import BadDay, CannotClose, NotInCase, NotOurCertificate, NoWords
from jieli.handover.models import Attempt, Case, CasePaper, FollowUp, Policy
from jieli.handover.reading import locked, ref
from jieli.handover.types import CaseRef, Confirmation, ListKind, Missing, Stage
from jieli.kernel.ids import new_id
from jieli.kernel.times import local_day
from jieli.ledger.operations import book
from jieli.matters import operations as matters
from jieli.papers import queries as papers


def add_paper(*, case: UUID, paper: UUID, covers: Sequence[ListKind] = (), by: str, at: int) -> None:
    """A paper belongs to a leaving; `covers` are the lists that it carries. papers.unknown for one that is not kept."""
    papers.paper(paper)
    with book(at=at) as b:
        row = locked(case)
        if CasePaper.objects.filter(case=row, paper=paper).exists():
            raise NotInCase("该文书已在这件离职交接中。", remedy="请刷新页面。")
        made = CasePaper(id=new_id(at), case=row, paper=paper, covers=[kind.value for kind in covers])
        b.entry("handover.add_paper", by=by, facts=_facts(row, paper=paper)).insert(made)


def fulfil_duty(
    *, case: UUID, duty: UUID, paper: UUID | None = None, note: str = "", done_on: date, by: str, at: int
) -> None:
    """A duty of this leaving was done; errors as `duties.operations.fulfil`."""
    with book(at=at):
        row = locked(case)
        if duty not in {d.id for d in duties.of_matter(row.matter_id)}:
            raise NotInCase("这项义务不属于该离职交接。", remedy="请刷新页面后重试。")
        duty_operations.fulfil(duty=duty, paper=paper, note=note, done_on=done_on, by=by, at=at)


def issue_certificate(*, case: UUID, paper: UUID, issued_on: date, by: str, at: int) -> None:
    """The certificate was issued: the paper joins the case and the duty is done. It never waits for anything.

    NotOurCertificate (handover.not_our_certificate) for a dispatched worker: record the sender's with `fulfil_duty`.
    """
    with book(at=at):
        row = locked(case)
        owed = next(
            (d for d in duties.of_matter(row.matter_id) if _is_certificate(row, d.owed_by, d.name)), None
        )
        if owed is None or owed.owed_by is not Side.COMPANY:
            raise NotOurCertificate(
                "派遣人员的离职证明由派遣单位出具。", remedy="请通知派遣单位，并在收到后登记其出具的证明。"
            )
        add_paper(case=case, paper=paper, by=by, at=at)
        if owed.state is DutyState.OPEN:
            duty_operations.fulfil(duty=owed.id, paper=paper, done_on=issued_on, by=by, at=at)


def _is_certificate(row: Case, owed_by: Side, name: str) -> bool:
    found = ref(row, "")
    return code_of(found.engagement_kind, found.reason, owed_by, name) == CERTIFICATE


def record_attempt(
    *,
    case: UUID,
    how: str,
    tried_on: date,
    outcome: str,
    delivery: UUID | None = None,
    witnesses: Sequence[str] = (),
    proof: UUID | None = None,
    by: str,
    at: int,
) -> UUID:
    """One try to reach the leaver and what came of it. `delivery` is a row of papers, `proof` a paper of its own."""
    named = [name.strip() for name in witnesses]
    if not how.strip() or not outcome.strip() or not all(named):
        raise NoWords("没有写明联系方式、结果或见证人姓名。", remedy="请补全后重新提交。")
    _past(tried_on, at)
    if proof is not None:
        papers.paper(proof)
    with book(at=at) as b:
        row = locked(case)
        made = Attempt(
            id=new_id(at), case=row, how=how.strip(), tried_on=tried_on, outcome=outcome.strip(),
            delivery=delivery, witnesses=list(dict.fromkeys(named)), proof=proof,
        )  # fmt: skip
        b.entry("handover.attempt", by=by, facts=_facts(row)).insert(made)
    return made.id


def follow_up(
    *,
    case: UUID,
    asked: Confirmation,
    confirmed: bool,
    who: str,
    visitor: str,
    visited_on: date,
    paper: UUID | None = None,
    by: str,
    at: int,
) -> UUID:
    """Somebody was asked one of the two questions (R0.32): who answered what, asked by whom on which day."""
    if not who.strip() or not visitor.strip():
        raise NoWords("没有写明答复人或回访人。", remedy="请补全后重新提交。")
    _past(visited_on, at)
    with book(at=at) as b:
        row = locked(case)
        made = FollowUp(
            id=new_id(at), case=row, asked=asked.value, confirmed=confirmed, who=who.strip(),
            visitor=visitor.strip(), visited_on=visited_on, paper=paper,
        )  # fmt: skip
        b.entry("handover.follow_up", by=by, facts=_facts(row)).insert(made)
    return made.id


def close(*, case: UUID, by: str, at: int) -> CaseRef:
    """End a leaving: 完成, private part purged, and both questions of the follow-up confirmed.

    CannotClose (handover.cannot_close) names the first thing missing; `.missing` all. Continuing duties go on.
    """
    with book(at=at):
        row = locked(case)
        found = ref(row, row.matter.number)
        lacking = [m.text for m in completion.lacking_to_close(found, at=at)]
        if lacking:
            raise CannotClose(
                f"还不能结案：{lacking[0]}",
                remedy="请补齐，或在送达与三次联系之后带注记结案。",
                missing=tuple(lacking),
            )
        return _end(row, Stage.CLOSED, None, by=by, at=at)


def close_noted(*, case: UUID, note: str, by: str, at: int) -> CaseRef:
    """End a leaving whose leaver does not answer or refuses to sign: 带注记结案. Nobody's signature is simulated.

    Needs a delivery with a proved outcome (退回 is one), three tries, the company's own duties done and, for a
    missing or dead person, two witnesses. The note is kept with what was still missing when it was closed.
    """
    if not note.strip():
        raise NoWords("带注记结案没有写明注记。", remedy="请写明为什么无法取得确认。")
    with book(at=at):
        row = locked(case)
        found = ref(row, row.matter.number)
        lacking = [m.text for m in completion.lacking_to_note(found, at=at)]
        if lacking:
            raise CannotClose(
                f"还不能带注记结案：{lacking[0]}", remedy="请补齐后再结案。", missing=tuple(lacking)
            )
        missing: list[Missing] = completion.lacking_to_close(found, at=at)
        kept = "；".join(dict.fromkeys(m.text for m in missing))
        full = f"{note.strip()}（结案时尚缺：{kept}）" if kept else note.strip()
        return _end(row, Stage.CLOSED_NOTED, full, by=by, at=at)


def _end(row: Case, stage: Stage, note: str | None, *, by: str, at: int) -> CaseRef:
    row.stage, row.closed_on, row.note = stage.value, local_day(at), note
    with book(at=at) as b:
        b.entry("handover.close", by=by, facts=_facts(row) | {"stage": stage.name.lower()}).revise(row)
        matters.close(number=row.matter.number, by=by, at=at)
    return ref(row, row.matter.number)


def declare_policy(*, paper: UUID, from_day: date, by: str, at: int) -> None:
    """The firm's rules for accounts (账号管理制度) hold from a day, by this paper (R0.6)."""
    papers.paper(paper)
    with book(at=at) as b:
        made = Policy(id=new_id(at), paper=paper, from_day=from_day)
        b.entry("handover.declare_policy", by=by, facts={"paper": str(paper)}).insert(made)


def _past(day: date, at: int) -> None:
    if day > local_day(at):
        raise BadDay("所填日期晚于今天。", remedy="请核对日期。")


def _facts(row: Case, paper: UUID | None = None) -> dict[str, str]:
    return {"case": str(row.id), **({"paper": str(paper)} if paper else {})}
