"""The register of packages that leave the house."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from jieli.ledger.tables import Kind, Row, sealed


class PackageRecord(Row):
    """A package about to be handed out. `digests` seal its papers and its list of omissions, which no signature
    inside the package covers; the opening says on what ground it was made.
    """

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    kind = sealed(models.TextField())
    subject = sealed(models.TextField())
    matter = sealed(models.UUIDField())
    opening = sealed(models.UUIDField(null=True))  # None where no conversation was opened for it
    digests = sealed(ArrayField(models.TextField()))
    items = sealed(models.IntegerField())
    omitted = sealed(models.IntegerField())

    class Meta:
        db_table = "evidence_package"
