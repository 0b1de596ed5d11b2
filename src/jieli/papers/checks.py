"""What fsck asks of papers: the bytes are those whose digest the book sealed, and signatures are over just those."""

from collections.abc import Iterator
from hashlib import sha256
from uuid import UUID

from django.db import connections

from jieli.ledger import queries as ledger
from jieli.ledger.fsck import Check, Finding, Note
from jieli.papers.models import Answer, Content, Paper, Refusal, Signature
from jieli.papers.policy import why_no_signature
from jieli.papers.signing import AnswerKind, Grade

#: Papers may be 20 MiB each: few are held at a time.
CHUNK = 8


def checks() -> list[Check]:
    """The room's checks."""
    return [
        Check("papers.content", "文书内容与其校验值一致", check_content),
        Check("papers.signatures", "签名与所签文书一致", check_signatures),
        Check("papers.answers", "每人每角色只有一次签署或者拒签", check_answers),
        Check("papers.citations", "各处登记所引用的文书都已收存", check_citations),
    ]


def check_content() -> Iterator[Finding]:
    """Each paper has its bytes, unless they were destroyed together with its part of the book."""
    table = Content._meta.db_table
    kept = Content.objects.order_by("paper_id").values_list(
        "paper_id", "data", "paper__sha256", "paper__size"
    )
    for id, data, digest, size in kept.iterator(CHUNK):
        if data is None:
            yield from _destroyed(id)
        elif digest is None:
            yield Finding("papers.content_back", table, str(id), "文书已经销毁，内容却又在了。")
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


def check_signatures() -> Iterator[Finding]:
    """Each signature is over the digest of its paper, and has what its grade needs: passkeys are verified again."""
    table = Signature._meta.db_table
    for row in Signature.objects.select_related("paper").order_by("id").iterator():
        if row.sha256 is None and row.paper.sha256 is None:
            continue  # destroyed with its paper: the archive's checks ask by whom
        digest = bytes(row.sha256 or b"")
        if digest != bytes(row.paper.sha256 or b""):
            yield Finding("papers.signed_otherwise", table, str(row.id), "签名所对的校验值不是这份文书的。")
            continue
        grade, scanned = Grade(row.grade), row.scan_id is not None
        if (
            why_no_signature(grade=grade, evidence=row.evidence or {}, has_scan=scanned, sha256=digest)
            is not None
        ):
            yield Finding("papers.signature_fails", table, str(row.id), "签名与其等级所需的依据不符。")


def check_answers() -> Iterator[Finding]:
    """Each signature and refusal has its answer, and each answer the row it stands for."""
    answers = dict(Answer.objects.values_list("id", "kind"))
    for model, kind in ((Signature, AnswerKind.SIGNED), (Refusal, AnswerKind.REFUSED)):
        for id in model._base_manager.order_by("id").values_list("id", flat=True).iterator():
            if answers.pop(id, None) != kind:
                yield Finding(
                    "papers.answer_missing", model._meta.db_table, str(id), "签署登记缺少对应的表态。"
                )
    for id in sorted(answers):
        yield Finding("papers.answer_alone", Answer._meta.db_table, str(id), "表态没有对应的签署或者拒签。")


# Every column on which the database judges citations, whichever room's it is, as the catalogue has it.
_WATCHED = """
SELECT c.relname, a.attname, a.atttypid = 'uuid'::regtype
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    CROSS JOIN LATERAL unnest(string_to_array(encode(t.tgargs, 'escape'), '\\000')) AS named(field)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = named.field
    WHERE t.tgname = 'papers_cite' AND a.attname <> 'delivery_id' ORDER BY 1, 2
"""
# A column of ids is compared as it stands; only lists are taken apart by the function that the judge asks.
_PLAIN = 'SELECT t.id::text AS id, t."{column}" AS paper FROM "{table}" t'
_LISTED = (
    "SELECT t.id::text AS id, n.paper"
    " FROM \"{table}\" t CROSS JOIN LATERAL papers_named(to_jsonb(t), ARRAY['{column}']) AS n(paper)"
)
_UNKNOWN = """
SELECT s.paper, count(*), (array_agg(s.id ORDER BY s.id))[1:3] FROM ({said}) AS s
    WHERE s.paper IS NOT NULL AND NOT EXISTS (SELECT FROM papers_paper p WHERE p.id = s.paper)
    GROUP BY 1 ORDER BY 1
"""


def check_citations() -> Iterator[Note]:
    """Rows from before the database judged it may name papers that were never admitted: each such paper is told.

    A note, for the book says the same: nobody changed anything, and a backup of such a house can be restored.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute(_WATCHED)
        for table, column, plain in cursor.fetchall():
            said = (_PLAIN if plain else _LISTED).format(table=table, column=column)
            cursor.execute(_UNKNOWN.format(said=said))
            for paper, rows, first in cursor.fetchall():
                yield _never_admitted(table, paper, rows, first)


def _never_admitted(table: str, paper: UUID, rows: int, first: list[str]) -> Note:
    more = "等" if rows > len(first) else ""
    return Note(
        "papers.never_admitted", table, str(paper),
        f"{table} 有 {rows} 行引用了没有收存过的文书 {paper}：{'、'.join(first)}{more}。",
    )  # fmt: skip
