"""Keeping papers: those we receive, and those we issue."""

from hashlib import sha256

from jieli.kernel.ids import new_id
from jieli.ledger.bulk import copy_rows
from jieli.ledger.operations import book
from jieli.papers.models import Content, Paper
from jieli.papers.policy import check_content
from jieli.papers.rendering import name_of, render
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
        by=by,
        at=at,
    )


def issue(data: Template, *, title: str, by: str, at: int, rendered: bytes | None = None) -> PaperRef:
    """Render a paper of ours and keep it.

    Within an open book give `rendered`, made before by `rendering.render` from the same data, so that nothing is
    typeset while locks are held.
    """
    content = render(data) if rendered is None else rendered
    media = check_content(content, MediaType.PDF)
    return _keep(
        kind=name_of(data),
        title=title,
        content=content,
        media=media,
        origin=Origin.ISSUED,
        issued_at=data.head.at,
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
    )
    verb = "papers.issue" if origin is Origin.ISSUED else "papers.receive"
    with book(at=at) as b:
        entry = b.entry(verb, by=by, facts={"paper": str(row.id)})
        entry.insert(row)
        # Not a part of its own: the paper's sealed digest commits to it. Both rows stand or fall together.
        copy_rows([Content(paper_id=row.id, data=content)])
    return PaperRef(
        id=row.id,
        kind=kind,
        title=title,
        sha256=row.sha256.hex(),
        media_type=media.value,
        size=len(content),
        origin=origin,
        issued_at=issued_at,
    )
