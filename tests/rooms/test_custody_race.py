"""Custody under fire: 32 connections give one account away at the same instant, two hundred times over."""

import threading
from datetime import date
from uuid import UUID

import pytest
from django.db import connections

from jieli.assets import operations, queries
from jieli.assets.types import AccountType, HolderKind, NewAccount, NewHolding
from jieli.kernel.errors import JieliError
from jieli.kernel.times import DAY, MINUTE
from jieli.parties import operations as parties
from jieli.parties import queries as people
from jieli.parties.types import NewEntity, NewStaff, NewUnit
from tests.conftest import NOW

BY = "system:test"
HANDS, ROUNDS = 32, 200
BEGIN = NOW - 10 * DAY


class Hands:
    """Threads with a connection each, which all act when the last of them is ready."""

    def __init__(self, account: UUID, staff: list[UUID]) -> None:
        self.account, self.staff = account, staff
        self.ready, self.done = threading.Barrier(HANDS + 1), threading.Barrier(HANDS + 1)
        self.present, self.round = UUID(int=0), 0
        self.answers: list[str] = []
        self.threads = [threading.Thread(target=self._work, args=(n,), daemon=True) for n in range(HANDS)]
        [thread.start() for thread in self.threads]

    def _work(self, n: int) -> None:
        try:
            for _ in range(ROUNDS):
                self.ready.wait(300)
                self.answers.append(self._give(n))
                self.done.wait(300)
        finally:
            connections.close_all()

    def _give(self, n: int) -> str:
        try:
            operations.hand_over(
                asset_id=self.account, to_staff=self.staff[self.round % 2 * HANDS + n],
                begins_at=BEGIN + self.round * MINUTE, present=self.present, by=BY, at=NOW,
            )  # fmt: skip
        except JieliError as error:
            return error.code
        return "won"

    def all_at_once(self, round_: int, present: UUID) -> list[str]:
        """What each of them was answered."""
        self.round, self.present, self.answers = round_, present, []
        self.ready.wait(300)
        self.done.wait(300)
        return self.answers


@pytest.fixture
def hands(db) -> Hands:
    parties.register_entities([NewEntity("QH", "青禾教育科技有限公司")], by=BY, at=NOW)
    parties.register_units([NewUnit("KF", "客服部", people.entities_by_code()["QH"])], by=BY, at=NOW)
    unit = people.units_by_code()["KF"]
    rows = [NewStaff(f"E{n:02}", f"员工{n}", unit, "客服", date(2024, 3, 1)) for n in range(2 * HANDS)]
    parties.register_staff(rows, by=BY, at=NOW)
    kind = NewAccount("wecom", "shared", AccountType.WORK_CHAT, people.entities_by_code()["QH"], new=True)
    operations.register_accounts([kind], by=BY, at=NOW)
    account = queries.accounts("wecom")["shared"].id
    operations.load_holdings([NewHolding(account, HolderKind.STORE, BEGIN)], by=BY, at=NOW)
    return Hands(account, [ref.id for _, ref in sorted(people.staff_by_no().items())])


def test_of_32_connections_that_reassign_one_account_just_one_wins_each_of_200_times(hands):
    answers = []
    for round_ in range(1, ROUNDS + 1):
        holders = queries.holdings_of([hands.account])[hands.account]
        answers.append(hands.all_at_once(round_, holders[-1].id))
    [thread.join(300) for thread in hands.threads]
    assert {a.count("won") for a in answers} == {1}
    assert {a.count("assets.holder_overlap") for a in answers} == {HANDS - 1}
    spans = queries.holdings_of([hands.account])[hands.account]
    assert len(spans) == ROUNDS + 1
    assert [s.to_ms for s in spans] == [*[s.from_ms for s in spans[1:]], None]
