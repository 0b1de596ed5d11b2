"""Papers that rows of tests cite: no row may name one that was never admitted, in a test as little as in the house."""

from hashlib import sha256
from uuid import UUID

from jieli.ledger.bulk import copy_rows
from jieli.ledger.operations import book
from jieli.papers.models import Content, Paper
from jieli.papers.types import MediaType, Origin
from tests.conftest import NOW

BY = "person:registry"
_PICTURE = b"\x89PNG\r\n\x1a\n a small scan "


def keep(*ids: UUID, at: int = NOW) -> None:
    """Small scans under ids that a test chose, admitted as the register admits a paper: its row with a part in the
    book, and its bytes. All in one entry; those that are there already stay as they are."""
    there = set(Paper.objects.filter(id__in=ids).values_list("id", flat=True))
    scans = {one: _PICTURE + one.bytes for one in dict.fromkeys(ids) if one not in there}
    if not scans:
        return
    rows = [
        Paper(
            id=one, kind="扫描件", title="扫描件", sha256=sha256(scan).digest(), media_type=MediaType.PNG.value,
            size=len(scan), origin=Origin.RECEIVED.value, issued_at=at,
        )
        for one, scan in scans.items()
    ]  # fmt: skip
    with book(at=at) as b:
        b.entry("test.papers", by=BY, facts={}).insert(*rows)
        copy_rows([Content(paper_id=one, data=scan) for one, scan in scans.items()])
