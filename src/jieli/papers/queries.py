"""Reading papers: what stands in the register, and the bytes."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from jieli.papers.errors import NoSuchPaper
from jieli.papers.models import Content, Paper
from jieli.papers.types import Origin, PaperRef

_COLUMNS = ("id", "kind", "title", "sha256", "media_type", "size", "origin", "issued_at")


def paper(id: UUID) -> PaperRef:
    """A paper without its bytes; NoSuchPaper when there is none."""
    found = papers([id])
    if id not in found:
        raise _unknown()
    return found[id]


def papers(ids: Iterable[UUID]) -> dict[UUID, PaperRef]:
    """Papers by id, those that exist."""
    rows = Paper.objects.filter(id__in=list(ids)).values(*_COLUMNS)
    return {row["id"]: _ref(row) for row in rows}


def content(id: UUID) -> bytes:
    """The bytes of a paper; NoSuchPaper when there is none, or when they were destroyed."""
    data = Content.objects.filter(paper_id=id).values_list("data", flat=True).first()
    if data is None:
        raise _unknown()
    return bytes(data)


def by_digest(sha256: str) -> list[PaperRef]:
    """Every paper with this content, oldest first; `sha256` is 64 hex digits. The same scan may come twice."""
    try:
        digest = bytes.fromhex(sha256)
    except ValueError:
        return []
    rows = Paper.objects.filter(sha256=digest).order_by("issued_at", "id").values(*_COLUMNS)
    return [_ref(row) for row in rows]


def _ref(row: Mapping[str, Any]) -> PaperRef:
    return PaperRef(
        id=row["id"],
        kind=row["kind"],
        title=row["title"] or "",
        sha256=bytes(row["sha256"]).hex(),
        media_type=row["media_type"],
        size=row["size"],
        origin=Origin(row["origin"]),
        issued_at=row["issued_at"],
    )


def _unknown() -> NoSuchPaper:
    return NoSuchPaper("没有这份文书，或其内容已依法销毁。", remedy="请核对文书编号。")
