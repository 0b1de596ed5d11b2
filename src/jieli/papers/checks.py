"""What fsck asks of papers: the bytes are those whose digest the book sealed."""

from collections.abc import Iterator
from hashlib import sha256

from jieli.ledger import queries as ledger
from jieli.ledger.fsck import Check, Finding
from jieli.papers.models import Content, Paper

#: Papers may be 20 MiB each: few are held at a time.
CHUNK = 8


def checks() -> list[Check]:
    """The room's checks."""
    return [Check("papers.content", "文书内容与其校验值一致", check_content)]


def check_content() -> Iterator[Finding]:
    """Each paper has its bytes, unless they were destroyed together with its part of the book."""
    table = Content._meta.db_table
    kept = Content.objects.order_by("paper_id").values_list(
        "paper_id", "data", "paper__sha256", "paper__size"
    )
    for id, data, digest, size in kept.iterator(CHUNK):
        if data is None:
            yield from _destroyed(id)
        elif len(data) != size or sha256(data).digest() != bytes(digest):
            yield Finding("papers.content_changed", table, str(id), "文书的内容与登记的校验值不符。")
    for id in Paper.objects.filter(content__isnull=True).order_by("id").values_list("id", flat=True):
        yield Finding("papers.content_missing", table, str(id), "文书的内容不见了。")


def _destroyed(id: object) -> Iterator[Finding]:
    shredded = [version.values is None for version in ledger.history(Paper._meta.db_table, id)]
    if not shredded or not all(shredded):
        yield Finding(
            "papers.content_emptied",
            Content._meta.db_table,
            str(id),
            "文书的内容被清空，但账本中没有销毁记录。",
        )
