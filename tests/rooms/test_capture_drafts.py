"""Batches drafted before their verdict: the verdict is that of the moment under the lock, and only it counts."""

from collections.abc import Iterator

import pytest

from jieli.archive import queries as archive
from jieli.archive.models import Item
from jieli.capture import operations, queries
from jieli.capture.ahead import Ahead
from jieli.capture.batches import Batch, Usefulness, drafted
from jieli.capture.report import Receipt
from jieli.connectors.wecom import lines as wecom
from jieli.consent import operations as consent
from jieli.consent.types import Means, Scope, StatedBy, SubjectKind
from tests.conftest import NOW
from tests.rooms.company import BY, Company, bring, chat, company, sh, vault
from tests.rooms.test_capture import findings

__all__ = ["company", "vault"]

pytestmark = pytest.mark.usefixtures("vault")

LINES = [chat(n, f"第{n}句：明前茶", when=f"2026-09-18 10:{n:02d}") for n in range(8)]


@pytest.fixture
def all_drafted(monkeypatch: pytest.MonkeyPatch) -> list[Batch]:
    """Every batch is drafted before the first is judged; the batches, once an import has begun."""
    seen: list[Batch] = []

    class AtOnce(Ahead[Batch]):
        def __init__(self, values: Iterator[Batch]) -> None:
            seen.extend(values)
            super().__init__(iter(seen))

    monkeypatch.setattr(operations, "Ahead", AtOnce)
    return seen


def kept_digests() -> set[bytes]:
    return {bytes(one) for one in Item.objects.values_list("fields_digest", flat=True) if one is not None}


def test_a_withdrawal_between_the_draft_and_the_lock_is_obeyed_and_nothing_of_the_draft_is_kept(
    company: Company, all_drafted: list[Batch]
) -> None:
    def withdraw(receipt: Receipt) -> None:
        if receipt.number == 0:
            consent.withdraw(
                subject_kind=SubjectKind.CUSTOMER, subject=company.customers["wm-lin"], means=Means.CHAT,
                scopes=[Scope.CAPTURE], claimed_at=sh("2026-09-17 10:00"), stated_by=StatedBy.SELF, by=BY, at=NOW,
            )  # fmt: skip

    report = bring(LINES, batch_lines=4, progress=withdraw)
    assert [batch.draft is not None for batch in all_drafted] == [True, True]
    assert (report.admitted, report.refused) == (4, 4)
    drawn = all_drafted[1].draft
    assert drawn is not None and not drawn.spent
    assert not {digest for digest, _ in drawn.sealed} & set(
        Item.objects.values_list("fields_digest", flat=True)
    )
    assert (archive.counts()["items"], findings()) == (4, set())
    assert sum(t.count for t in queries.tallies()) == 4


def test_a_batch_that_has_to_be_judged_twice_uses_its_draft_once(
    company: Company, all_drafted: list[Batch]
) -> None:
    bring(LINES[2:3])
    all_drafted.clear()
    report = bring(LINES, batch_lines=4)
    assert (report.admitted, report.duplicates) == (7, 1)
    [first, _] = [batch.draft for batch in all_drafted]
    assert first is not None and first.spent
    assert not {digest for digest, _ in first.sealed} & kept_digests()
    assert findings() == set()


def test_who_refuses_most_of_a_file_does_not_digest_it_in_vain() -> None:
    useful = Usefulness()
    batches = drafted(wecom.parse(LINES), 2, useful)
    useful.learn(admitted=2, messages=2)
    assert next(batches).draft is not None
    useful.learn(admitted=0, messages=2)
    assert next(batches).draft is None
    useful.learn(admitted=0, messages=0)
    assert next(batches).draft is None
    useful.learn(admitted=1, messages=2)
    assert next(batches).draft is not None
    assert not useful.postings
