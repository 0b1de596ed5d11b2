"""Reading papers: what stands in the register, the bytes, and what stands beside them."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from jieli.papers.errors import NoSuchPaper
from jieli.papers.facts import SHORT, read_code
from jieli.papers.models import Answer, Content, Delivery, DeliveryResult, Paper, Refusal, SealUse, Signature
from jieli.papers.signing import (
    Channel,
    DeliveryRef,
    Grade,
    Outcome,
    RefusalRef,
    ResultRef,
    SealUseRef,
    SignatureRef,
)
from jieli.papers.types import Origin, PaperRef


def paper(id: UUID) -> PaperRef:
    """A paper without its bytes; NoSuchPaper when there is none."""
    found = papers([id])
    if id not in found:
        raise _unknown()
    return found[id]


def papers(ids: Iterable[UUID]) -> dict[UUID, PaperRef]:
    """Papers by id, those that exist."""
    return {row.id: as_ref(row) for row in Paper.objects.filter(id__in=list(ids))}


def content(id: UUID) -> bytes:
    """The bytes of a paper; NoSuchPaper when there is none, or when they were destroyed."""
    data = Content.objects.filter(paper_id=id).values_list("data", flat=True).first()
    if data is None:
        raise _unknown()
    return bytes(data)


def rows_of(papers: Iterable[UUID]) -> list[tuple[str, str]]:
    """(table, id) of every row that says something of these papers: the register's, and what stands beside it.

    Scans and proofs are papers of their own, and not in it.
    """
    ids = list(papers)
    found = [
        (Paper._meta.db_table, key) for key in Paper.objects.filter(id__in=ids).values_list("id", flat=True)
    ]
    for model in (Answer, Signature, Refusal, Delivery, SealUse):
        keys = model._base_manager.filter(paper__in=ids).values_list("id", flat=True)
        found += [(model._meta.db_table, key) for key in keys]
    results = DeliveryResult.objects.filter(delivery__paper__in=ids).values_list("id", flat=True)
    found += [(DeliveryResult._meta.db_table, key) for key in results]
    return sorted((table, str(key)) for table, key in found)


def by_digest(sha256: str) -> list[PaperRef]:
    """Every paper with this content, oldest first; `sha256` is 64 hex digits. The same scan may come twice."""
    try:
        digest = bytes.fromhex(sha256)
    except ValueError:
        return []
    return [as_ref(row) for row in Paper.objects.filter(sha256=digest).order_by("issued_at", "id")]


def by_code(text: str) -> list[PaperRef]:
    """Every paper whose pages carry this code, oldest first; none when the text is no code of ours.

    Screen and print version of one paper carry the same code, and so do a paper and the same issued again.
    """
    read = read_code(text)
    if read is None:
        return []
    number, short = read
    rest = 32 - SHORT
    span = (short + bytes(rest), short + b"\xff" * rest)
    found = Paper.objects.filter(number=number, facts_digest__range=span)
    return [as_ref(row) for row in found.order_by("issued_at", "id")]


def signatures(papers: Iterable[UUID]) -> dict[UUID, list[SignatureRef]]:
    """Signatures by paper, in the order in which they were made; papers without any are absent."""
    found: dict[UUID, list[SignatureRef]] = defaultdict(list)
    for row in Signature.objects.filter(paper__in=list(papers)).order_by("signed_at", "id"):
        found[row.paper_id].append(as_signature(row))
    return dict(found)


def refusals(papers: Iterable[UUID]) -> dict[UUID, list[RefusalRef]]:
    """Refusals by paper, oldest first; papers without any are absent."""
    found: dict[UUID, list[RefusalRef]] = defaultdict(list)
    for row in Refusal.objects.filter(paper__in=list(papers)).order_by("refused_at", "id"):
        found[row.paper_id].append(as_refusal(row))
    return dict(found)


def deliveries(papers: Iterable[UUID]) -> dict[UUID, list[DeliveryRef]]:
    """Deliveries by paper with their results, oldest first; papers without any are absent."""
    rows = list(Delivery.objects.filter(paper__in=list(papers)).order_by("sent_at", "id"))
    results: dict[UUID, list[ResultRef]] = defaultdict(list)
    for row in DeliveryResult.objects.filter(delivery__in=rows).order_by("outcome_at", "id"):
        results[row.delivery_id].append(as_result(row))
    found: dict[UUID, list[DeliveryRef]] = defaultdict(list)
    for sent in rows:
        found[sent.paper_id].append(as_delivery(sent, tuple(results[sent.id])))
    return dict(found)


def seal_uses(papers: Iterable[UUID]) -> dict[UUID, list[SealUseRef]]:
    """Uses of the physical seal by paper, oldest first; papers without any are absent."""
    found: dict[UUID, list[SealUseRef]] = defaultdict(list)
    for row in SealUse.objects.filter(paper__in=list(papers)).order_by("used_at", "id"):
        found[row.paper_id].append(as_seal_use(row))
    return dict(found)


def as_ref(row: Paper) -> PaperRef:
    """The value of a row of the register."""
    return PaperRef(
        id=row.id,
        kind=row.kind,
        title=row.title or "",
        sha256=bytes(row.sha256 or b"").hex(),
        media_type=row.media_type,
        size=row.size,
        origin=Origin(row.origin),
        issued_at=row.issued_at,
        number=row.number or "",
        facts_digest=bytes(row.facts_digest).hex() if row.facts_digest is not None else "",
    )


def as_signature(row: Signature) -> SignatureRef:
    """The value of a signature's row."""
    return SignatureRef(
        id=row.id,
        paper=row.paper_id,
        paper_sha256=bytes(row.sha256 or b"").hex(),
        role=row.role,
        signer=row.signer,
        signer_name=row.signer_name,
        grade=Grade(row.grade),
        evidence=dict(row.evidence or {}),
        scan=row.scan_id,
        signed_at=row.signed_at,
    )


def as_refusal(row: Refusal) -> RefusalRef:
    """The value of a refusal's row."""
    return RefusalRef(
        id=row.id,
        paper=row.paper_id,
        role=row.role,
        refuser=row.refuser,
        refuser_name=row.refuser_name,
        reason=row.reason,
        witnesses=tuple(row.witnesses),
        proof=row.proof_id,
        refused_at=row.refused_at,
    )


def as_delivery(row: Delivery, results: tuple[ResultRef, ...]) -> DeliveryRef:
    """The value of a delivery's row with what came of it."""
    return DeliveryRef(
        id=row.id,
        paper=row.paper_id,
        to=row.to,
        to_name=row.to_name,
        channel=Channel(row.channel),
        address=row.address,
        number=row.number,
        sent_at=row.sent_at,
        results=results,
    )


def as_result(row: DeliveryResult) -> ResultRef:
    """The value of a delivery result's row."""
    return ResultRef(
        id=row.id,
        outcome=Outcome(row.outcome),
        who=row.who,
        proof=row.proof_id,
        outcome_at=row.outcome_at,
    )


def as_seal_use(row: SealUse) -> SealUseRef:
    """The value of a row of the seal register."""
    return SealUseRef(
        id=row.id,
        paper=row.paper_id,
        seal_no=row.seal_no,
        order_no=row.order_no,
        handler=row.handler,
        used_at=row.used_at,
    )


def _unknown() -> NoSuchPaper:
    return NoSuchPaper("没有这份文书，或其内容已依法销毁。", remedy="请核对文书编号。")
