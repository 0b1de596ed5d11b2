"""A week in miniature: ten leavers, 3,000 customers, every answer a platform can give, and twenty power cuts."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import pytest

from jieli.connectors.wecom.client import Api
from jieli.connectors.wecom.rehearsal import Rehearsal
from jieli.connectors.wecom.transfers import WeCom
from jieli.kernel.times import HOUR, MINUTE
from jieli.ledger.operations import book
from jieli.succession.calling import SETTLE
from jieli.succession.choices import record_choice
from jieli.succession.final import FINAL, final_states
from jieli.succession.models import Assignment, Submission, SubmissionItem
from jieli.succession.outcomes import CODES
from jieli.succession.ports import Busy, Limited, Misconfigured, TransferPlatform, Unreachable
from jieli.succession.rounds import advance
from jieli.succession.spoken import Channel, ChoiceWord
from jieli.succession.types import CustomerState, Phase
from tests.rooms.relay import BY, LAST_MINUTE, NOW, Crash, PowerCut, Relay, external, found_relay

pytestmark = pytest.mark.usefixtures("db")
LEAVERS = tuple(f"li{n}" for n in range(10))
TAKERS = tuple(f"wang{n}" for n in range(6))
PLACES = (
    "transfer.after_intent", "transfer.after_call", "transfer.before_resolve", "ledger.before_commit",
    "transfer.after_answer", "transfer.before_poll_record", "ledger.before_lock", "transfer.after_poll",
    "transfer.after_call", "transfer.after_intent",
)  # fmt: skip
CUTS = [(place, 1 + n % 3 * (place != "transfer.before_resolve")) for n, place in enumerate(PLACES * 2)]
#: Hours from the beginning at which the worker comes round; the last minute is at hour 144.
HOURS = (0, 0.2, 0.5, 1, 2, 6, 25, 26, 30, 52, 97, 120, 144, 144.5, 146, 168.5, 170, 172, 196, 240, 268, 310)
SPECIAL = [*sorted(set(CODES) - {0, 40098, 40099, 40097}), 99999]


@dataclass
class World:
    """A relay and the platform it talks to, with the platform's own memory at hand."""

    relay: Relay
    port: TransferPlatform
    steer: Any
    at: int = NOW

    @property
    def size(self) -> int:
        return len(self.relay.customers)

    def go(self, at: int) -> None:
        self.at = max(self.at, at)
        self.relay.platform.now = self.at


def in_memory(relay: Relay) -> World:
    """The port without a wire, with whole calls that fail or are not answered."""
    fake = relay.platform
    fake.errors = [
        Busy("忙", errcode=-1), Limited("限", errcode=45009, retry_at=NOW + 5 * MINUTE),
        Unreachable("断"), Misconfigured("无权限", errcode=60020),
    ]  # fmt: skip
    fake.cuts = [Unreachable("断")] * 3
    return World(relay, fake, fake.answer)


def prepare(relay: Relay, answer: Any) -> None:
    """Customers who refuse, answers for single customers, and a taker who is soon full."""
    known, size = relay.platform.state, len(relay.customers)
    for n in range(0, size, 10):
        known.customers[external(n)].refuses_after = 3 * HOUR
    for n, code in zip(range(7, size, 29), cycle(SPECIAL), strict=False):
        answer(external(n), code)
    answer(external(size - 20), 40098)
    answer(external(size - 9), 40099)
    known.members["wang5"].limit = size * 2 // 15


def live(world: World, crash: Crash) -> None:
    """Let the week pass. Whoever is cut off comes back a while later, as a worker does."""
    for hours in HOURS:
        world.go(NOW + int(hours * HOUR))
        leave(world)
        for leaver in LEAVERS:
            for _ in attempts(crash):
                try:
                    advance(world.relay.plans[leaver], world.port, by=BY, at=world.at)
                    break
                except PowerCut:
                    world.go(world.at + SETTLE + MINUTE)
        if hours == 1:
            speak(world.relay, at=world.at)


def attempts(crash: Crash) -> Iterator[int]:
    yield from range(len(crash.left) + 1)


def leave(world: World) -> None:
    known = world.relay.platform.state.members
    for leaver in LEAVERS:
        if world.at >= LAST_MINUTE and known[leaver].left_at is None:
            known[leaver].left_at = world.at


def speak(relay: Relay, *, at: int) -> None:
    """Forty customers say something themselves while the platform is at work."""
    words = cycle([ChoiceWord.REFUSE, ChoiceWord.NO_CONTACT, ChoiceWord.ANOTHER, ChoiceWord.ACCEPT])
    plan_of = dict(Assignment.objects.values_list("customer_id", "plan_id"))
    for n, word in zip(range(3, len(relay.customers), len(relay.customers) // 40), words, strict=False):
        customer = relay.customers[external(n)]
        if Assignment.objects.get(customer=customer).state in {"待接续", "已提交", "等待接替", "已接替"}:
            record_choice(plan_of[customer], customer, word, channel=Channel.PHONE, by=BY, at=at)


def check(world: World, crash: Crash) -> Counter[CustomerState]:
    """Nobody lost, nobody asked twice, nothing without approval, and house and platform agree."""
    relay, known = world.relay, world.relay.platform.state
    assert (crash.fired, crash.left) == (20, [])
    counts: Counter[CustomerState] = Counter()
    seen: Counter[object] = Counter()
    for leaver in LEAVERS:
        found = final_states(relay.plans[leaver], at=world.at)
        listed = [x.customer for x in found.listed]
        assert len(found.final) + len(listed) == found.total == world.size // 10
        assert set(found.final.values()) <= FINAL
        assert all(x.reason and x.owner and x.due_on for x in found.listed)
        seen.update([*found.final, *listed])
        counts.update(found.counts)
    assert (len(seen), set(seen.values())) == (world.size, {1})
    given = {p: relay.approvals[leaver] for leaver, p in relay.plans.items()}
    assert {(s.plan_id, s.approval) for s in Submission.objects.all()} == set(given.items())
    pairs = Counter((t.resigned, t.handover, t.takeover, t.customer) for t in known.transfers)
    assert set(pairs.values()) == {1}
    scripted = [
        x for n, x in zip(range(7, world.size, 29), cycle(SPECIAL), strict=False) if x in (40100, 40129)
    ]
    assert SubmissionItem.objects.filter(errcode__in=[40100, 40129]).count() <= len(scripted)
    names = {key: name for name, key in (relay.staff | relay.customers).items()}
    taken = Assignment.objects.filter(state=CustomerState.TAKEN.value).values_list(
        "customer_id", "receiver_id"
    )
    assert [c for c, r in taken if set(known.customers[names[c]].follows) != {names[r]}] == []
    return counts


def expect(counts: Counter[CustomerState]) -> None:
    """Every kind of end is there, and nearly everybody has a new keeper."""
    ended = {S for S in CustomerState if counts[S]}
    assert ended >= {
        CustomerState.TAKEN, CustomerState.REFUSED, CustomerState.FULL, CustomerState.FAILED,
        CustomerState.NOBODY, CustomerState.NO_CONTACT,
    }  # fmt: skip
    assert counts[CustomerState.TAKEN] > counts.total() * 2 // 3
    assert counts[CustomerState.WAITING] + counts[CustomerState.SUBMITTED] == 0


def found(customers: int) -> Relay:
    relay = found_relay(customers=customers, leavers=LEAVERS, receivers=TAKERS)
    later = [relay.plans[x] for x in LEAVERS[5:]]
    # Five of the ten pass everybody on only after they have left.
    rows = list(Assignment.objects.filter(plan__in=later))
    for row in rows:
        row.phase = Phase.AFTER.value
    with book(at=NOW) as b:
        b.entry("succession.plan", by=BY).revise(*rows)
    return relay


@pytest.mark.req("R2.30")
def test_a_week_with_twenty_power_cuts_loses_nobody_and_asks_nobody_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    relay = found(3_000)
    world, crash = in_memory(relay), Crash(CUTS)
    prepare(relay, relay.platform.answer)
    crash.arm(monkeypatch)
    live(world, crash)
    counts = check(world, crash)
    expect(counts)
    assert {c[4] for c in relay.platform.calls} == {str(a) for a in relay.approvals.values()}
    assert (max(relay.platform.accepted.values()), relay.platform.doubles) == (1, [])


def test_the_same_week_over_the_wire_to_the_rehearsal_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    relay = found(600)
    crash = Crash(CUTS)
    platform = Rehearsal(clock=lambda: relay.platform.now)
    platform.state = relay.platform.state
    prepare(relay, platform.reject)
    platform.cut("externalcontact/transfer_customer", applied=True, times=2)
    platform.cut("externalcontact/transfer_customer", applied=False)
    platform.garble("externalcontact/resigned/transfer_customer")
    platform.fail(45009, call="externalcontact/resigned/transfer_customer")
    platform.fail(60020, call="externalcontact/transfer_customer")
    with platform, Api(
        corpid=platform.corpid, secret=platform.secret, base=platform.base, clock=platform.clock,
        sleep=lambda seconds: None,
    ) as api:  # fmt: skip
        crash.arm(monkeypatch)
        world = World(relay, WeCom(api), platform)
        live(world, crash)
    expect(check(world, crash))
