"""Basis rows are written out by hand, in bulk: what is committed to and what is stored equal what the model says."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.archive import bases, cited, queries
from jieli.archive.models import ItemBasis
from jieli.ledger import queries as ledger
from jieli.ledger.values import sealed_row
from seal import part
from tests.rooms.test_archive_samples import codes, keep, ring, sample

__all__ = ["ring"]

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
uuids = st.uuids()
short = st.lists(st.tuples(st.sampled_from(sorted(cited.LETTERS.values())), uuids.map(str)), max_size=20)
relied_on = st.one_of(short, st.lists(st.tuples(words, words), max_size=5)).map(cited.written)
footings_made = st.tuples(
    words, uuids, uuids, uuids, relied_on, st.booleans(), st.lists(words, max_size=3).map(tuple)
)


def body_of(row: ItemBasis) -> bytes:
    return part.row_body(table="archive_basis", id=str(row.pk), row=sealed_row(row))


def as_kept(relied: str | tuple[cited.Ground, ...]) -> list[Any]:
    return [relied] if isinstance(relied, str) else [list(row) for row in relied]


@given(st.integers(1, 2**53 - 1), st.dictionaries(st.integers(1, 2**53 - 1), footings_made, max_size=4))
def test_a_basis_written_out_equals_the_canonical_form_of_its_sealed_columns(
    batch: int, footings: dict[int, bases.Footing]
) -> None:
    found = list(bases.spelled(batch, footings))
    rows = [
        ItemBasis(
            id=number, batch_id=batch, speaker_kind=kind, speaker=speaker, account=account, holder=holder,
            rows=as_kept(relied), documented_later=later, scopes=list(scopes),
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


@given(short)
def test_grounds_in_short_are_read_as_they_were_and_take_23_characters_each(
    found: list[cited.Ground],
) -> None:
    written = cited.written(found)
    assert len(written) == cited.CELL * len(found)
    assert cited.read(as_kept(written)) == tuple(sorted(found))


@pytest.mark.parametrize(
    "odd",
    [
        ("law", "019e807a-ec00-7760-8eea-eb874e82feda"),
        ("consent_step", "019E807A-EC00-7760-8EEA-EB874E82FEDA"),
        ("consent_step", "019e807aec0077608eeaeb874e82feda"),
        ("consent_step", "7"),
    ],
)
def test_one_ground_without_a_short_spelling_and_all_are_kept_in_pairs(odd: cited.Ground) -> None:
    plain = ("parties_staff", "019e807a-ec00-70cf-929f-b8afac1e88da")
    assert cited.written([plain, odd]) == tuple(sorted([plain, odd]))


def test_the_short_spelling_of_a_ground_is_fixed() -> None:
    found = [
        ("parties_staff", "019e807a-ec00-70cf-929f-b8afac1e88da"),
        ("assets_account", "019e807a-ec00-7760-8eea-eb874e82feda"),
    ]
    assert cited.written(found) == "AAZ6AeuwAd2CO6uuHToL-2gMAZ6AeuwAcM-Sn7ivrB6I2g"
    assert list(cited.LETTERS) == sorted(cited.LETTERS)
    assert list(cited.LETTERS.values()) == sorted(cited.LETTERS.values())


@pytest.mark.usefixtures("ring")
def test_a_basis_in_pairs_and_one_in_short_read_alike_and_stand_before_every_check() -> None:
    both = (("consent_step", "019e807a-ec00-72e0-a81e-2fd242a8f4e2"), ("parties_staff", str(UUID(int=7))))
    ids = keep([sample(0, basis_rows=both[::-1]), sample(1, basis_rows=(*both, ("law", "7")))])
    refs = queries.items(ids)
    assert [refs[item].basis_rows for item in ids] == [both, (both[0], ("law", "7"), both[1])]
    assert sorted(len(one.rows) for one in ItemBasis.objects.all()) == [1, 3]
    parts = ledger.parts([("archive_basis", one.pk) for one in ItemBasis.objects.all()])
    assert [parts["archive_basis", str(one.pk)][0].body for one in ItemBasis.objects.all()] == [
        body_of(one) for one in ItemBasis.objects.all()
    ]
    assert codes() == set()
