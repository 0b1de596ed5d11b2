"""Papers and their bytes. The bytes stand apart, so that whoever reads the register does not read the scans."""

from django.db import models
from django.db.models import Q

from jieli.ledger.tables import Kind, Row, free, sealed


class Paper(Row):
    """A document as issued or as received. `sha256` is of the content, and seals it."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    kind = sealed(models.TextField())
    title = sealed(models.TextField(null=True), personal=True)
    sha256 = sealed(models.BinaryField())
    media_type = sealed(models.TextField())
    size = sealed(models.IntegerField())
    origin = sealed(models.TextField())
    issued_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "papers_paper"
        constraints = [models.CheckConstraint(condition=Q(size__gt=0), name="papers_paper_size")]
        indexes = [models.Index(fields=["sha256"], name="papers_paper_digest")]


class Content(Row):
    """The bytes of a paper; null once destroyed. Not sealed itself: the paper's sealed digest proves it."""

    table_kind = Kind.APPEND
    parted = False
    paper = free(models.OneToOneField(Paper, on_delete=models.PROTECT, primary_key=True))
    data = free(models.BinaryField(null=True), personal=True)

    class Meta:
        db_table = "papers_content"
