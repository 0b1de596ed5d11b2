"""No word of a person stays in the house because nobody thought of its column (ADR 33)."""

from collections import Counter

from django.contrib.postgres.fields import ArrayField
from django.db import models

from jieli.archive.word_ways import Fate, Way, fates
from jieli.ledger.tables import declared, rows

_WORDS = (models.TextField, models.CharField, models.JSONField)


def personal() -> set[tuple[str, str]]:
    """Every column that says of itself that it is personal, of whatever type."""
    return {
        (model._meta.db_table, field.name)
        for model in rows()
        for field in model._meta.concrete_fields
        if (said := declared(field)) is not None and said.personal
    }


def texts() -> set[tuple[str, str]]:
    """Every column in which text has room."""
    return {
        (model._meta.db_table, field.name)
        for model in rows()
        for field in model._meta.concrete_fields
        if isinstance(field, _WORDS)
        or (isinstance(field, ArrayField) and isinstance(field.base_field, models.TextField))
    }


def by_column() -> dict[tuple[str, str], set[Fate]]:
    found: dict[tuple[str, str], set[Fate]] = {}
    for table, column, fate in fates():
        found.setdefault((table, column), set()).add(fate)
    return found


def test_every_column_of_words_or_of_a_person_goes_a_way_or_says_why_it_stays_and_until_when() -> None:
    found = by_column()
    assert sorted((personal() | texts()) - set(found)) == []
    staying = [fate for some in found.values() for fate in some if fate.way is Way.STAYS]
    assert [fate for fate in staying if not fate.why or not fate.until] == []


def test_no_column_both_goes_and_stays() -> None:
    """A member of a group goes with the group as well as with the person: nothing else goes two ways."""
    twice = {column: {fate.way for fate in some} for column, some in by_column().items() if len(some) > 1}
    assert twice == {("assets_group_member", "external_id"): {Way.REGISTER, Way.CASE}}


def test_nothing_is_said_of_columns_that_are_not_there() -> None:
    there = {(m._meta.db_table, f.name) for m in rows() for f in m._meta.concrete_fields}
    assert sorted(set(by_column()) - there) == []


def test_what_is_personal_and_stays_stays_for_few_reasons() -> None:
    """Whoever adds a personal column decides where it goes; that it stays has to be written down here too."""
    found = by_column()
    staying = Counter(
        table for table, column in personal() if {fate.way for fate in found[table, column]} == {Way.STAYS}
    )
    assert staying == {
        "approvals_decision": 2, "approvals_request": 1, "archive_hold": 1, "archive_hold_release": 1,
        "capture_cursor": 1, "capture_mapping": 1, "capture_run": 2, "consent_step": 1, "reading_concern": 1,
    }  # fmt: skip
