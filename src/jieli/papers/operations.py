"""Keeping papers: those we receive, and those we issue; and entering who signed, refused, received or sealed them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from uuid import UUID

import psycopg
from django.db import IntegrityError

from jieli.kernel.ids import new_id
from jieli.ledger.bulk import copy_rows
from jieli.ledger.operations import Staged, book
from jieli.papers import ports, queries
from jieli.papers.errors import (
    AlreadyAnswered,
    NoSuchDelivery,
    PaperRefused,
    SignatureRefused,
    destroyed,
)
from jieli.papers.facts import facts_digest, name_of
from jieli.papers.models import Answer, Content, Delivery, DeliveryResult, Paper, Refusal, SealUse, Signature
from jieli.papers.policy import check_content, check_signature
from jieli.papers.rendering import render
from jieli.papers.signing import (
    AnswerKind,
    Channel,
    DeliveryRef,
    Grade,
    Outcome,
    RefusalRef,
    ResultRef,
    SealUseRef,
    SignatureRef,
)
from jieli.papers.types import MediaType, Origin, PaperRef, Template


def receive(
    *, kind: str, title: str, content: bytes, media_type: str, by: str, at: int, issued_at: int | None = None
) -> PaperRef:
    """Keep a document or a scan exactly as it came; PaperRefused when it cannot be.

    `kind` is the paper's stable Chinese name without brackets; `issued_at` is what the paper claims of itself.
    """
    media = check_content(content, media_type)
    claimed = at if issued_at is None else issued_at
    return _keep(
        kind=kind,
        title=title,
        content=content,
        media=media,
        origin=Origin.RECEIVED,
        issued_at=claimed,
        issued=None,
        by=by,
        at=at,
    )


def prepare(data: Template) -> bytes:
    """The finished PDF of a paper of ours: set, and sealed when the port `sealer` is filled.

    Outside any transaction: it sets type and uses a key. Crash here: nothing was entered, make it again.
    """
    content, sealer = render(data), ports.sealer()
    return content if sealer is None else sealer.seal(content, at=data.head.at)


def issue(data: Template, *, title: str, by: str, at: int, rendered: bytes | None = None) -> PaperRef:
    """Prepare a paper of ours and keep it, with the digest that the code on its pages leads to.

    Within an open book give `rendered`, made before by `prepare` from the same data, so that nothing is typeset or
    sealed while locks are held.
    """
    content = prepare(data) if rendered is None else rendered
    media = check_content(content, MediaType.PDF)
    return _keep(
        kind=name_of(data),
        title=title,
        content=content,
        media=media,
        origin=Origin.ISSUED,
        issued_at=data.head.at,
        issued=data,
        by=by,
        at=at,
    )


def _keep(
    *,
    kind: str,
    title: str,
    content: bytes,
    media: MediaType,
    origin: Origin,
    issued_at: int,
    issued: Template | None,
    by: str,
    at: int,
) -> PaperRef:
    row = Paper(
        id=new_id(at),
        kind=kind,
        title=title,
        sha256=sha256(content).digest(),
        media_type=media.value,
        size=len(content),
        origin=origin.value,
        issued_at=issued_at,
        number=None if issued is None else issued.head.number,
        facts_digest=None if issued is None else facts_digest(issued),
    )
    verb = "papers.issue" if origin is Origin.ISSUED else "papers.receive"
    with book(at=at) as b:
        entry = b.entry(verb, by=by, facts={"paper": str(row.id)})
        entry.insert(row)
        # Not a part of its own: the paper's sealed digest commits to it. Both rows stand or fall together.
        copy_rows([Content(paper_id=row.id, data=content)])
    return queries.as_ref(row)


def sign(
    *,
    paper: UUID,
    role: str,
    signer: UUID | None,
    signer_name: str,
    grade: Grade,
    evidence: Mapping[str, str] | None = None,
    scan: UUID | None = None,
    signed_at: int,
    by: str,
    at: int,
) -> SignatureRef:
    """Enter a signature over the paper's digest as it stands in the register.

    What each grade needs: 甲 `provider`, `certificate`, `signature`; 乙 the five values of `assertions.KEYS`, checked
    here; 丙 how the person was signed in, and no signature; 线下 a `scan`, and nothing else. SignatureRefused says
    what is missing; AlreadyAnswered when he has signed or refused in this role.
    """
    signed, given = _living(paper), dict(evidence or {})
    check_signature(
        grade=grade, evidence=given, has_scan=scan is not None, sha256=bytes.fromhex(signed.sha256)
    )
    _check_named(role, signer_name)
    _check_papers(scan)
    row = Signature(
        id=new_id(at),
        paper_id=paper,
        sha256=bytes.fromhex(signed.sha256),
        role=role,
        signer=signer,
        signer_name=signer_name,
        grade=grade.value,
        evidence=given,
        scan_id=scan,
        signed_at=signed_at,
    )
    with _once(), book(at=at) as b:
        facts = {"paper": str(paper), "signature": str(row.id), "grade": grade.value}
        entry = b.entry("papers.sign", by=by, facts=facts)
        _answer(entry, row, who=signer, name=signer_name, kind=AnswerKind.SIGNED)
        entry.insert(row)
    return queries.as_signature(row)


def refuse(
    *,
    paper: UUID,
    role: str,
    refuser: UUID | None,
    refuser_name: str,
    reason: str,
    witnesses: Sequence[str],
    proof: UUID | None = None,
    by: str,
    at: int,
) -> RefusalRef:
    """拒签登记, before at least one witness. Nothing of the refuser's is signed; AlreadyAnswered when he has."""
    seen = [name.strip() for name in witnesses]
    if not seen or not all(seen):
        raise PaperRefused(
            "拒签登记至少要有一名见证人。", remedy="请写明见证人姓名。", code="papers.no_witness"
        )
    _check_named(role, refuser_name)
    _check_papers(paper, proof)
    row = Refusal(
        id=new_id(at),
        paper_id=paper,
        role=role,
        refuser=refuser,
        refuser_name=refuser_name,
        reason=reason,
        witnesses=seen,
        proof_id=proof,
        refused_at=at,
    )
    with _once(), book(at=at) as b:
        entry = b.entry("papers.refuse", by=by, facts={"paper": str(paper), "refusal": str(row.id)})
        _answer(entry, row, who=refuser, name=refuser_name, kind=AnswerKind.REFUSED)
        entry.insert(row)
    return queries.as_refusal(row)


def deliver(
    *,
    paper: UUID,
    to: UUID | None,
    to_name: str,
    channel: Channel,
    address: str,
    number: str = "",
    sent_at: int,
    by: str,
    at: int,
) -> DeliveryRef:
    """Enter that a paper was sent. EMS needs its 单号; what comes of it is entered by `delivery_result`."""
    if channel is Channel.EMS and not number:
        raise PaperRefused("EMS 送达须登记单号。", remedy="请填写 EMS 单号。", code="papers.ems_number")
    _check_papers(paper)
    row = Delivery(
        id=new_id(at),
        paper_id=paper,
        to=to,
        to_name=to_name,
        channel=channel.value,
        address=address,
        number=number,
        sent_at=sent_at,
    )
    with book(at=at) as b:
        facts = {"paper": str(paper), "delivery": str(row.id), "channel": channel.value}
        b.entry("papers.deliver", by=by, facts=facts).insert(row)
    return queries.as_delivery(row, ())


def delivery_result(
    *,
    delivery: UUID,
    outcome: Outcome,
    who: str = "",
    proof: UUID | None = None,
    outcome_at: int,
    by: str,
    at: int,
) -> ResultRef:
    """Enter what came of a delivery; `who` received it, as far as known, and `proof` is the picture of the slip."""
    if not Delivery.objects.filter(id=delivery).exists():
        raise NoSuchDelivery("没有这次送达记录。", remedy="请先登记送达。")
    _check_papers(proof)
    row = DeliveryResult(
        id=new_id(at),
        delivery_id=delivery,
        outcome=outcome.value,
        who=who,
        proof_id=proof,
        outcome_at=outcome_at,
    )
    with book(at=at) as b:
        facts = {"delivery": str(delivery), "outcome": outcome.value}
        b.entry("papers.delivery_result", by=by, facts=facts).insert(row)
    return queries.as_result(row)


def use_seal(
    *, paper: UUID, seal_no: str, order_no: str, handler: str, used_at: int, by: str, at: int
) -> SealUseRef:
    """用印登记: the physical seal `seal_no` was put on the paper under the order `order_no` by `handler`."""
    if not (seal_no and order_no and handler):
        raise PaperRefused(
            "用印登记缺少公章编号、用印单号或者经办人。", remedy="请补全后再登记。", code="papers.seal_use"
        )
    _check_papers(paper)
    row = SealUse(
        id=new_id(at), paper_id=paper, seal_no=seal_no, order_no=order_no, handler=handler, used_at=used_at
    )
    with _once(), book(at=at) as b:
        facts = {"paper": str(paper), "use": str(row.id)}
        b.entry("papers.use_seal", by=by, facts=facts).insert(row)
    return queries.as_seal_use(row)


def _answer(
    entry: Staged, row: Signature | Refusal, *, who: UUID | None, name: str, kind: AnswerKind
) -> None:
    """The one answer of this person in this role: the database refuses a second, whoever comes first."""
    entry.insert(
        Answer(
            id=row.id, paper_id=row.paper_id, role=row.role, who=str(who) if who else name, kind=kind.value
        )
    )


def _check_named(role: str, name: str) -> None:
    if not role or not name:
        raise SignatureRefused("没有写明角色或者姓名。", remedy="请补全后再登记。", code="papers.unnamed")


def _check_papers(*ids: UUID | None) -> None:
    """Every paper that a row will name exists; else the database would say so only at the commit."""
    named = {id for id in ids if id is not None}
    found = queries.papers(named)
    for id in named:
        if id not in found or found[id].destroyed:
            _living(id)


def _living(id: UUID) -> PaperRef:
    """A paper that is still there: nothing more is entered of one that was destroyed."""
    found = queries.paper(id)
    if found.destroyed:
        raise destroyed()
    return found


@contextmanager
def _once() -> Iterator[None]:
    """A second answer, or the same use of a seal again, as an error of ours; by the constraint that refused it."""
    try:
        yield
    except IntegrityError as error:
        cause = error.__cause__
        name = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
        if name == "papers_answer_once":
            raise AlreadyAnswered(
                "此人已以该角色签署或者拒签过这份文书。", remedy="请查看签署记录；内容有变的，另出一份文书。"
            ) from error
        if name == "papers_seal_use_once":
            raise PaperRefused(
                "这次用印已经登记过。", remedy="请核对用印单号。", code="papers.seal_use_again"
            ) from error
        raise
