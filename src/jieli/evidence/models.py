"""The register of packages that left the house."""

from django.db import models

from jieli.ledger.tables import Kind, Row, sealed


class PackageRecord(Row):
    """A package as it was handed out: its digest says which file, the opening says on what ground."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    kind = sealed(models.TextField())
    subject = sealed(models.TextField())
    matter = sealed(models.UUIDField())
    opening = sealed(models.UUIDField())
    sha256 = sealed(models.BinaryField())
    size = sealed(models.BigIntegerField())
    items = sealed(models.IntegerField())
    omitted = sealed(models.IntegerField())
    checkpoint = sealed(models.BigIntegerField())

    class Meta:
        db_table = "evidence_package"
