"""Basis rows are written out by hand, in bulk: what is committed to and what is stored equal what the model says."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.archive import bases
from jieli.archive.models import ItemBasis
from jieli.ledger import queries as ledger
from jieli.ledger.values import sealed_row
from seal import part
from tests.rooms.test_archive_samples import codes, keep, ring, sample

__all__ = ["ring"]

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
uuids = st.uuids()
footings_made = st.tuples(
    words, uuids, uuids, uuids, st.lists(st.tuples(words, words), max_size=5).map(tuple), st.booleans(),
    st.lists(words, max_size=3).map(tuple),
)  # fmt: skip


def body_of(row: ItemBasis) -> bytes:
    return part.row_body(table="archive_basis", id=str(row.pk), row=sealed_row(row))


@given(st.integers(1, 2**53 - 1), st.dictionaries(st.integers(1, 2**53 - 1), footings_made, max_size=4))
def test_a_basis_written_out_equals_the_canonical_form_of_its_sealed_columns(
    batch: int, footings: dict[int, bases.Footing]
) -> None:
    found = list(bases.spelled(batch, footings))
    rows = [
        ItemBasis(
            id=number, batch_id=batch, speaker_kind=kind, speaker=speaker, account=account, holder=holder,
            rows=[list(row) for row in relied], documented_later=later, scopes=list(scopes),
        )
        for number, (kind, speaker, account, holder, relied, later, scopes) in footings.items()
    ]  # fmt: skip
    assert [(key, body) for key, _, body in found] == [(str(row.pk), body_of(row)) for row in rows]


def test_every_column_of_a_basis_is_written_but_the_one_of_its_destruction() -> None:
    columns = {f.column for f in ItemBasis._meta.concrete_fields}
    assert columns - set(bases.COLUMNS) == {"shredded_in"}


@pytest.mark.usefixtures("ring")
def test_a_stored_basis_reads_as_it_was_committed_to() -> None:
    odd = (("consent_step", 'a"b\\c,{d}\n\t\\N'), ("consent_step", ""), ("law", "NULL"))
    keep([sample(0, basis_rows=odd), sample(1)])
    stored = list(ItemBasis.objects.order_by("id"))
    assert [[tuple(row) for row in one.rows] for one in stored if len(one.rows) == 3] == [sorted(odd)]
    parts = ledger.parts([("archive_basis", one.pk) for one in stored])
    assert [parts["archive_basis", str(one.pk)][0].body for one in stored] == list(map(body_of, stored))
    assert all(isinstance(one.speaker, UUID) for one in stored)
    assert codes() == set()
