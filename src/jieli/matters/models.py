"""Matters and the people they concern."""

from django.db import models
from django.db.models import F, Q

from jieli.ledger.tables import Kind, Row, sealed


class Matter(Row):
    """A thread, open until it is closed. `number` is M-YYYY-NNNN, without a gap within the year it was entered."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    kind = sealed(models.TextField())
    number = sealed(models.TextField(unique=True))
    title = sealed(models.TextField(null=True), personal=True)
    opened_on = sealed(models.DateField())
    closed_on = sealed(models.DateField(null=True))

    class Meta:
        db_table = "matters_matter"
        constraints = [
            models.CheckConstraint(
                condition=Q(number__regex=r"^M-\d{4}-\d{4,}$"), name="matters_matter_number"
            ),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(closed_on__gte=F("opened_on")),
                name="matters_matter_days",
            ),
        ]


class MatterPerson(Row):
    """Somebody whom a matter concerns; who is named once stays named."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    matter = sealed(models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="people"))
    person_kind = sealed(models.TextField())
    person = sealed(models.UUIDField())
    role = sealed(models.TextField())

    class Meta:
        db_table = "matters_person"
        constraints = [
            models.UniqueConstraint(
                fields=["matter", "person_kind", "person", "role"], name="matters_person_once"
            ),
        ]
        indexes = [models.Index(fields=["person_kind", "person"], name="matters_person_of")]
