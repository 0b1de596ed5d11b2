"""What a leaver holds at a moment: things, customers, orders, and the content behind them. Nothing here writes.

A constant number of queries for each leaver, however many customers he has.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from jieli.archive import queries as archive
from jieli.assets import queries as assets
from jieli.assets.types import AssetKind, AssetRef
from jieli.handover.types import DataClass, DataRow, LineClass, OpenCase, SnapshotLine
from jieli.kernel.times import local_day
from jieli.parties import queries as parties
from jieli.parties.types import CustomerRef, OrderRef, Qualifier
from seal import canonical

_OF_KIND = {
    AssetKind.ACCOUNT: LineClass.ACCOUNT,
    AssetKind.NUMBER: LineClass.NUMBER,
    AssetKind.DEVICE: LineClass.DEVICE,
    AssetKind.GROUP: LineClass.GROUP,
}
NOT_REGISTERED = "客户登记中没有"
NO_VOUCHERS = "未登记投入凭证"


@dataclass(frozen=True, slots=True)
class Held:
    """Everything held by one leaver: sorted lines, and the four classes of content (R0.35)."""

    lines: tuple[SnapshotLine, ...]
    data: tuple[DataRow, ...]
    digest: bytes = field(default=b"")


def held(order: OpenCase, orders: Sequence[OrderRef], *, at: int) -> Held:
    """What `order.staff_id` holds at a moment, with its digest."""
    things = assets.held_by(order.staff_id, at)
    accounts = [ref.id for ref in things if ref.kind is AssetKind.ACCOUNT]
    talks = _counterparties(accounts)
    customers = _customers(order, things, orders, talks)
    lines = sorted(
        [
            *(SnapshotLine(_OF_KIND[ref.kind], ref.label, ref.label, ref.id) for ref in things),
            *_customer_lines(customers),
            *_strangers(order),
            *(SnapshotLine(LineClass.ORDER, o.order_no, o.product, o.id) for o in orders),
        ],
        key=lambda line: (line.cls.value, line.key),
    )
    data = (_customer_data(lines), _trade_data(orders), _talk_data(order.staff_id, talks), _spending())
    return Held(tuple(lines), data, digest_of(lines))


def digest_of(lines: Sequence[SnapshotLine]) -> bytes:
    """SHA-256 over the canonical lines, one a row, sorted by class and key: anyone can compute it from the lines."""
    spelled = [
        canonical.encode([line.cls.value, line.key, line.label, str(line.subject or "")])
        for line in sorted(lines, key=lambda line: (line.cls.value, line.key))
    ]
    return sha256(b"\n".join(spelled)).digest()


@dataclass(frozen=True, slots=True)
class _Talks:
    """Conversations through the leaver's accounts, and the customers behind the counterparties."""

    conversations: tuple[int, ...]
    customers: frozenset[UUID]


def _counterparties(accounts: Sequence[UUID]) -> _Talks:
    platforms = {ref.id: ref.platform for ref in assets.accounts_by_id(accounts).values()}
    conversations: list[int] = []
    others: dict[str, set[str]] = {}
    for account, platform in platforms.items():
        for c in archive.conversations_of_account(account):
            if not c.destroyed:
                conversations.append(c.id)
                others.setdefault(platform, set()).add(c.counterparty or "")
    known = [parties.identities(platform, some).values() for platform, some in others.items()]
    return _Talks(tuple(sorted(conversations)), frozenset(c for some in known for c in some))


def _customers(
    order: OpenCase, things: Sequence[AssetRef], orders: Sequence[OrderRef], talks: _Talks
) -> dict[UUID, CustomerRef]:
    """By order, by conversation, by group and by the platform's own list; each customer once."""
    groups = assets.members_of([ref.id for ref in things if ref.kind is AssetKind.GROUP])
    in_groups = {m.customer_id for members in groups.values() for m in members if m.to_ms is None}
    wanted = {o.customer for o in orders} | talks.customers | {c for c in in_groups if c is not None}
    return parties.customer(wanted | set(_known(order).values()))


def _known(order: OpenCase) -> dict[tuple[str, str], UUID]:
    found: dict[tuple[str, str], UUID] = {}
    for platform in {c.platform for c in order.platform}:
        ids = [c.external_id for c in order.platform if c.platform == platform]
        for external, customer in parties.identities(platform, ids).items():
            found[platform, external] = customer
    return found


def _customer_lines(customers: dict[UUID, CustomerRef]) -> list[SnapshotLine]:
    return [SnapshotLine(LineClass.CUSTOMER, c.customer_no, c.name, c.id) for c in customers.values()]


def _strangers(order: OpenCase) -> list[SnapshotLine]:
    """Customers whom the platform lists and no register knows: they are listed, and by which name."""
    known = _known(order)
    unknown = {
        (c.platform, c.external_id): c.name
        for c in order.platform
        if (c.platform, c.external_id) not in known
    }
    return [
        SnapshotLine(LineClass.CUSTOMER, f"{platform} {external}", name or NOT_REGISTERED, None)
        for (platform, external), name in unknown.items()
    ]


def _customer_data(lines: Sequence[SnapshotLine]) -> DataRow:
    customers = [line for line in lines if line.cls is LineClass.CUSTOMER]
    strangers = sum(line.subject is None for line in customers)
    note = f"其中 {strangers} 名{NOT_REGISTERED}" if strangers else ""
    digest = digest_of(customers).hex()
    return DataRow(DataClass.CUSTOMERS, len(customers), None, None, None, digest, note)


def _trade_data(orders: Sequence[OrderRef]) -> DataRow:
    days = sorted(o.ordered_on for o in orders)
    vague = sum(o.qualifier is not Qualifier.EXACT for o in orders)
    spelled = [
        canonical.encode([o.order_no, o.product, o.amount_fen, o.qualifier.value, o.ordered_on.isoformat()])
        for o in sorted(orders, key=lambda o: o.order_no)
    ]
    return DataRow(
        DataClass.TRADE,
        len(orders),
        sum(o.amount_fen for o in orders),
        days[0] if days else None,
        days[-1] if days else None,
        sha256(b"\n".join(spelled)).hexdigest(),
        f"其中 {vague} 笔金额为约数" if vague else "",
    )


def _talk_data(staff: UUID, talks: _Talks) -> DataRow:
    """Conversations and their span; the digest is over the ids of the items, which the ledger commits to."""
    inside = frozenset(talks.conversations)
    items = [i for i in archive.items_of_person(staff) if i.conversation in inside]
    digest = sha256(b"\n".join(str(n).encode() for n in sorted(i.item_id for i in items))).hexdigest()
    first, last = (local_day(items[0].event_ms), local_day(items[-1].event_ms)) if items else (None, None)
    note = f"已存档 {len(items)} 条" if items else "没有存档的会话内容"
    return DataRow(DataClass.TALK, len(talks.conversations), None, first, last, digest, note)


def _spending() -> DataRow:
    return DataRow(DataClass.SPENDING, 0, None, None, None, sha256(b"").hexdigest(), NO_VOUCHERS)
