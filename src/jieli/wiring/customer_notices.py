"""Our one notice to customers, from the entry in the book to the message that leaves: for doors that may send.

The web enters nothing here: what calls out is the command line and the worker.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from uuid import UUID

from jieli.connectors.deliver import ports as deliver
from jieli.connectors.deliver.outbox_folder import OutboxFolder
from jieli.kernel.errors import JieliError
from jieli.parties import queries as parties
from jieli.succession import notices, queries
from jieli.succession.spoken import Channel, Outgoing, Reach
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile


class NoDeliverer(JieliError):
    """Nothing is connected that could send a message."""

    code = "wiring.no_deliverer"


@dataclass
class Told:
    """How a round of notices went, in customers; `withheld` says why nothing may be said to some."""

    sent: int = 0
    failed: int = 0
    unknown: int = 0
    withheld: dict[UUID, str] = field(default_factory=dict)
    without_phone: tuple[UUID, ...] = ()


def deliverer(profile: Profile, clock: Callable[[], int]) -> deliver.Deliverer:
    """Who sends short messages: in the demo the 演示投递箱 alone; NoDeliverer in production without one."""
    if not profile.demo:
        raise NoDeliverer(
            "尚未连接短信通道，不能自动发出告知。",
            remedy="请用 --out 写出告知清单，由接手人逐一发送，或先接入短信通道。",
        )
    return OutboxFolder(home_of(profile).outbox, clock=clock)


def link(profile: Profile, token: str) -> str:
    """The customer's own card: no sign-in; looking changes nothing."""
    return f"{profile.site}/c/{token}/"


def send_notices(
    plan: UUID,
    *,
    profile: Profile,
    sender: deliver.Deliverer,
    customers: Collection[UUID] | None = None,
    reminder: bool = False,
    by: str,
    at: int,
) -> Told:
    """Enter the notice (or the one reminder) for every customer with a telephone number, then send it to each.

    Entered first: a crash in between leaves customers counted as told who were not, never a second message to
    somebody. Whoever has no number is left out and named, for others to tell him.
    """
    wanted = [a.customer for a in queries.assignments(plan) if customers is None or a.customer in customers]
    phones = parties.phones(wanted)
    entered = notices.enter_notices(
        plan, channel=Channel.SMS, customers=list(phones), reminder=reminder, by=by, at=at
    )
    told = Told(withheld=entered.withheld, without_phone=tuple(c for c in wanted if c not in phones))
    outcomes: dict[Reach, list[UUID]] = {}
    for one in entered.outgoing:
        reach = _send(sender, phones[one.customer], f"{one.text}{link(profile, one.token)}")
        if reach is None:
            told.unknown += 1
            continue
        outcomes.setdefault(reach, []).append(one.contact)
    for reach, contacts in outcomes.items():
        notices.record_reach(contacts=contacts, reminder=reminder, outcome=reach, by=by, at=at)
    told.failed = len(outcomes.pop(Reach.FAILED, ()))
    told.sent = sum(map(len, outcomes.values()))
    return told


def _send(sender: deliver.Deliverer, phone: str, text: str) -> Reach | None:
    """What came of one message; None when it may have left and nobody knows."""
    try:
        sent = sender.send(deliver.Channel.SMS, phone, text)
    except deliver.Unknown:
        return None
    except (deliver.NotSent, deliver.BadMessage):
        return Reach.FAILED
    return Reach.DELIVERED if sent.result is deliver.Result.DELIVERED else Reach.SENT


def enter_by_hand(
    plan: UUID,
    *,
    channel: Channel,
    customers: Collection[UUID] | None = None,
    reminder: bool = False,
    by: str,
    at: int,
) -> tuple[tuple[Outgoing, ...], dict[UUID, str]]:
    """Enter notices that people send themselves: what is to be sent, and whom nothing may be said to, with why."""
    entered = notices.enter_notices(
        plan, channel=channel, customers=customers, reminder=reminder, by=by, at=at
    )
    return entered.outgoing, entered.withheld
