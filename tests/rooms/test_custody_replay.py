"""Ten thousand events of custody, drawn at random: the house answers who and when as a replay in memory does."""

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import pytest

from jieli.assets import operations, queries
from jieli.assets.types import NOBODY_KNOWN, AssetKind, HandOver, HolderKind, NewDevice, NewHolding
from jieli.kernel.errors import JieliError
from jieli.kernel.times import HOUR, MINUTE
from jieli.ledger.queries import history as ledger_history
from jieli.parties import operations as parties
from jieli.parties import queries as people
from jieli.parties.types import NewEntity, NewStaff, NewUnit
from tests.conftest import NOW

BY = "system:test"
ASSETS, STAFF, ROUNDS = 250, 40, 36  # 9,000 of hand-over and taking back
BULK_CORRECTIONS, SINGLE_CORRECTIONS, REFUSED = 800, 200, 60
BEGIN = NOW - 1_000 * HOUR
STORE = None


@dataclass
class Stretch:
    """Somebody (None: the store) from then to then; the brute model keeps nothing else."""

    who: UUID | None
    begin: int
    end: int | None


class Model:
    """What happened to each asset, in a list that every question walks from its beginning."""

    def __init__(self) -> None:
        self.of: dict[UUID, list[Stretch]] = defaultdict(list)

    def give(self, asset: UUID, who: UUID | None, moment: int) -> None:
        for stretch in self.of[asset]:
            if stretch.begin <= moment and (stretch.end is None or moment < stretch.end):
                stretch.end = moment
        self.of[asset].append(Stretch(who, moment, None))

    def at(self, asset: UUID, moment: int) -> tuple[str, UUID | None]:
        for stretch in self.of[asset]:
            if stretch.begin <= moment and (stretch.end is None or moment < stretch.end):
                return ((HolderKind.STORE if stretch.who is STORE else HolderKind.STAFF).value, stretch.who)
        return NOBODY_KNOWN, None

    def held_by(self, who: UUID, moment: int) -> set[UUID]:
        return {asset for asset in self.of if self.at(asset, moment)[1] == who}


@dataclass
class House:
    rng: random.Random
    assets: list[UUID]
    staff: list[UUID]
    model: Model


@pytest.fixture
def house(db) -> House:
    parties.register_entities([NewEntity("QH", "青禾教育科技有限公司")], by=BY, at=NOW)
    parties.register_units([NewUnit("KF", "客服部", people.entities_by_code()["QH"])], by=BY, at=NOW)
    unit = people.units_by_code()["KF"]
    rows = [NewStaff(f"E{n:02}", f"员工{n}", unit, "客服", date(2024, 3, 1)) for n in range(STAFF)]
    parties.register_staff(rows, by=BY, at=NOW)
    operations.register_devices([NewDevice(f"86{n:013}", "工作手机") for n in range(ASSETS)], by=BY, at=NOW)
    assets = sorted(queries.asset_ids(AssetKind.DEVICE).values())
    return House(
        random.Random(20_260_921), assets, sorted(r.id for r in people.staff_by_no().values()), Model()
    )


def _round(house: House, moment: int) -> list[HandOver]:
    """Every asset goes to somebody else, one time in six to the store, each at its own minute."""
    orders = []
    for asset in house.assets:
        _, now = house.model.at(asset, moment + HOUR - 1)
        others = [who for who in house.staff if who != now]
        to = STORE if now is not None and house.rng.random() < 1 / 6 else house.rng.choice(others)
        orders.append(HandOver(asset, to, moment + house.rng.randrange(60) * MINUTE))
    return orders


def _live(house: House) -> None:
    for n in range(ROUNDS):
        orders = _round(house, BEGIN + n * 2 * HOUR)
        operations.hand_over_many(orders, by=BY, at=NOW)
        for order in orders:
            house.model.give(order.asset_id, order.to_staff, order.begins_at)


def _moments(house: House, many: int) -> list[int]:
    end = BEGIN + ROUNDS * 2 * HOUR
    drawn = [house.rng.randrange(BEGIN - HOUR, end + HOUR) for _ in range(many)]
    borders = [house.rng.choice(house.model.of[a]).begin for a in house.rng.sample(house.assets, many)]
    return [*drawn, *borders, *[moment - 1 for moment in borders], NOW]


def _answers(assets: Iterable[UUID], moment: int) -> dict[UUID, tuple[str, UUID | None]]:
    spans = queries.holders_at(list(assets), moment)
    return {
        key: (span.holder_kind.value, span.staff_id) if span else (NOBODY_KNOWN, None)
        for key, span in spans.items()
    }


def _agrees(house: House) -> int:
    """Every question put to both; how many."""
    asked = 0
    for moment in _moments(house, 8):
        expected = {asset: house.model.at(asset, moment) for asset in house.assets}
        assert _answers(house.assets, moment) == expected
        person = house.rng.choice(house.staff)
        assert {ref.id for ref in queries.held_by(person, moment)} == house.model.held_by(person, moment)
        asked += len(house.assets) + 1
    for asset in house.rng.sample(house.assets, 25):
        steps = queries.history(asset, at=NOW)
        for moment in _moments(house, 2):
            held = next(
                (s for s in steps if s.from_ms <= moment and (s.to_ms is None or moment < s.to_ms)), None
            )
            found = (held.holder, held.staff_id) if held else (NOBODY_KNOWN, None)
            assert found == house.model.at(asset, moment)
            asked += 1
    return asked


def _correct_in_bulk(house: House) -> None:
    """Other holders, and ends brought forward, which leaves gaps: 不明 afterwards."""
    chosen = house.rng.sample(
        [(a, s) for a in house.assets for s in house.model.of[a] if s.end], BULK_CORRECTIONS
    )
    rows = []
    for asset, stretch in chosen:
        stretch.who = house.rng.choice(house.staff)
        stretch.end = stretch.begin + max(1, (stretch.end - stretch.begin) // house.rng.choice([1, 1, 2, 3]))
        rows.append(NewHolding(asset, HolderKind.STAFF, stretch.begin, stretch.end, stretch.who))
    operations.load_holdings(rows, by=BY, at=NOW)


def _correct_one_by_one(house: House) -> None:
    for asset in house.rng.sample(house.assets, SINGLE_CORRECTIONS):
        stretch = house.rng.choice([s for s in house.model.of[asset] if s.end])
        holding = next(s.id for s in queries.holdings_of([asset])[asset] if s.from_ms == stretch.begin)
        stretch.who, stretch.begin = STORE, stretch.begin + (stretch.end - stretch.begin) // 2
        operations.correct_holding(
            holding_id=holding, holder_kind=HolderKind.STORE, staff_id=None, begins_at=stretch.begin,
            ends_at=stretch.end, by=BY, at=NOW,
        )  # fmt: skip


def _refused(house: House) -> list[str]:
    """Hand-overs that begin before the present holding did: refused, and nothing of the model changes."""
    codes = []
    for asset in house.rng.sample(house.assets, REFUSED):
        last = house.model.of[asset][-1]
        other = next(who for who in house.staff if who not in {s.who for s in house.model.of[asset]})
        with pytest.raises(JieliError) as caught:
            operations.hand_over(asset_id=asset, to_staff=other, begins_at=last.begin, by=BY, at=NOW)
        codes.append(caught.value.code)
    return codes


def test_ten_thousand_random_events_of_custody_are_answered_as_a_replay_answers_them(house):
    _live(house)
    asked = _agrees(house)
    _correct_in_bulk(house)
    _correct_one_by_one(house)
    assert _refused(house) == ["assets.holder_overlap"] * REFUSED
    asked += _agrees(house)
    assert ASSETS * ROUNDS + BULK_CORRECTIONS + SINGLE_CORRECTIONS == 10_000
    assert asked > 10_000
    held = [h.id for spans in queries.holdings_of(house.assets[:5]).values() for h in spans]
    assert all(ledger_history("assets_holding", key)[-1].values["id"] == str(key) for key in held)
