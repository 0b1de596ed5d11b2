"""Papers and their bytes, and what stands beside them: signatures, refusals, deliveries, uses of the seal.

The bytes stand apart, so that whoever reads the register does not read the scans. Nothing here is ever changed. A plan
of the archive may empty a paper whose time is over (ADR 28): bytes, digests, title and names go, the rows stay.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from jieli.ledger.tables import Kind, Row, free, one_of, sealed
from jieli.papers.signing import AnswerKind, Channel, Grade, Outcome

_PROTECT = models.PROTECT


class Paper(Row):
    """A document as issued or as received. `sha256` is of the content, and seals it.

    `number` and `facts_digest` are what the code on the page leads to; null for what we received. A paper without
    `sha256` was destroyed.
    """

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    kind = sealed(models.TextField())
    title = sealed(models.TextField(null=True), personal=True)
    sha256 = sealed(models.BinaryField(null=True))
    media_type = sealed(models.TextField())
    size = sealed(models.IntegerField())
    origin = sealed(models.TextField())
    issued_at = sealed(models.BigIntegerField())
    number = sealed(models.TextField(null=True))
    facts_digest = sealed(models.BinaryField(null=True))

    class Meta:
        db_table = "papers_paper"
        constraints = [models.CheckConstraint(condition=Q(size__gt=0), name="papers_paper_size")]
        indexes = [
            models.Index(fields=["sha256"], name="papers_paper_digest"),
            models.Index(fields=["facts_digest"], name="papers_paper_facts"),
        ]


class Content(Row):
    """The bytes of a paper; null once destroyed. Not sealed itself: the paper's sealed digest proves it."""

    table_kind = Kind.APPEND
    parted = False
    paper = free(models.OneToOneField(Paper, on_delete=models.PROTECT, primary_key=True))
    data = free(models.BinaryField(null=True), personal=True)

    class Meta:
        db_table = "papers_content"


class Answer(Row):
    """That somebody answered a paper in a role, by signing or by refusing: once, and never both.

    It has the id of the signature or refusal it stands for. `who` is the person's id, or his name where he has none.
    """

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    paper = sealed(models.ForeignKey(Paper, on_delete=_PROTECT))
    role = sealed(models.TextField())
    who = sealed(models.TextField(), personal=True)
    kind = sealed(models.TextField())

    class Meta:
        db_table = "papers_answer"
        constraints = [
            one_of("papers_answer_kind", "kind", AnswerKind),
            models.UniqueConstraint(fields=["paper", "role", "who"], name="papers_answer_once"),
        ]


class Signature(Row):
    """One person's signature in one role. `sha256` is that of the PDF: what was signed, byte for byte (ADR 14)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    paper = sealed(models.ForeignKey(Paper, on_delete=_PROTECT))
    sha256 = sealed(models.BinaryField(null=True))
    role = sealed(models.TextField())
    signer = sealed(models.UUIDField(null=True))
    signer_name = sealed(models.TextField(), personal=True)
    grade = sealed(models.TextField())
    evidence = sealed(models.JSONField(null=True), personal=True)
    scan = sealed(models.ForeignKey(Paper, null=True, on_delete=_PROTECT, related_name="+"))
    signed_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "papers_signature"
        constraints = [
            one_of("papers_signature_grade", "grade", Grade),
            # 甲 and 乙 can be checked again from what stands here; 丙 carries no signature; 线下 has its photograph.
            models.CheckConstraint(
                condition=~Q(grade=Grade.PASSKEY.value)
                | Q(
                    evidence__has_keys=[
                        "credential_id",
                        "public_key",
                        "client_data",
                        "authenticator_data",
                        "signature",
                    ],
                    scan__isnull=True,
                ),
                name="papers_signature_passkey",
            ),
            models.CheckConstraint(
                condition=~Q(grade=Grade.CA.value) | Q(evidence__has_keys=["certificate", "signature"]),
                name="papers_signature_ca",
            ),
            models.CheckConstraint(
                condition=~Q(grade=Grade.TRACE.value)
                | (~Q(evidence__has_any_keys=["signature", "certificate"]) & Q(scan__isnull=True)),
                name="papers_signature_trace",
            ),
            models.CheckConstraint(
                condition=~Q(grade=Grade.INK.value) | Q(scan__isnull=False, evidence={}),
                name="papers_signature_ink",
            ),
        ]


class Refusal(Row):
    """拒签登记. Somebody refused before at least one witness; `reason` is what he said, empty when nothing."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    paper = sealed(models.ForeignKey(Paper, on_delete=_PROTECT))
    role = sealed(models.TextField())
    refuser = sealed(models.UUIDField(null=True))
    refuser_name = sealed(models.TextField(), personal=True)
    reason = sealed(models.TextField(), personal=True)
    witnesses = sealed(ArrayField(models.TextField()), personal=True)
    proof = sealed(models.ForeignKey(Paper, null=True, on_delete=_PROTECT, related_name="+"))
    refused_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "papers_refusal"
        constraints = [
            models.CheckConstraint(condition=Q(witnesses__len__gte=1), name="papers_refusal_witnessed")
        ]


class Delivery(Row):
    """A paper was sent to somebody: by which channel, to which address, under which number."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    paper = sealed(models.ForeignKey(Paper, on_delete=_PROTECT))
    to = sealed(models.UUIDField(null=True, db_index=True))
    to_name = sealed(models.TextField(), personal=True)
    channel = sealed(models.TextField())
    address = sealed(models.TextField(), personal=True)
    number = sealed(models.TextField())
    sent_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "papers_delivery"
        constraints = [
            one_of("papers_delivery_channel", "channel", Channel),
            models.CheckConstraint(
                condition=~Q(channel=Channel.EMS.value) | ~Q(number=""), name="papers_delivery_ems_number"
            ),
        ]


class DeliveryResult(Row):
    """What came of a delivery. Several may follow each other: 退回 after 无人应答."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    delivery = sealed(models.ForeignKey(Delivery, on_delete=_PROTECT))
    outcome = sealed(models.TextField())
    who = sealed(models.TextField(), personal=True)
    proof = sealed(models.ForeignKey(Paper, null=True, on_delete=_PROTECT, related_name="+"))
    outcome_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "papers_delivery_result"
        constraints = [one_of("papers_delivery_result_outcome", "outcome", Outcome)]


class SealUse(Row):
    """用印登记: a physical seal was put on a paper, under an order, by somebody's hand."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    paper = sealed(models.ForeignKey(Paper, on_delete=_PROTECT))
    seal_no = sealed(models.TextField())
    order_no = sealed(models.TextField())
    handler = sealed(models.TextField(), personal=True)
    used_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "papers_seal_use"
        constraints = [
            models.UniqueConstraint(fields=["seal_no", "order_no", "paper"], name="papers_seal_use_once")
        ]
