"""What the gate looks at, as plain values: no database behind them, so that a rule is tested by a list of facts.

Times are ms UTC. `order` is where a row stands in the book, (entry, part): the only order between things we knew.
`time` is the time of that entry. `row` is (table, id), the name under which a basis cites it. Facts of which there
are several for each customer are tuples: those are made and read quicker than objects.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

from jieli.consent.types import DayKind, DocumentKind, Means, Rules, Scope, ShiftKind, Step

RowName = tuple[str, str]
Order = tuple[int, int]
#: A staff member or customer by id; a person whom only a platform has named by (platform's id of him).
Subject = UUID | str


@dataclass(frozen=True, slots=True)
class SignedFact:
    """A holder signed for an account (R0.48)."""

    row: RowName
    staff: UUID
    signed_at: int
    time: int


@dataclass(frozen=True, slots=True)
class HoldingFact:
    """Who held an account from when to when; `staff` None is the company's store."""

    row: RowName
    staff: UUID | None
    begins: int
    ends: int | None
    time: int


@dataclass(frozen=True, slots=True)
class AccountFact:
    row: RowName
    id: UUID
    handle: str
    stock: bool  # 存量待补签
    closed: bool  # 停用
    time: int
    holdings: Sequence[HoldingFact] = ()
    signed: Sequence[SignedFact] = ()


@dataclass(frozen=True, slots=True)
class StaffFact:
    row: RowName
    id: UUID
    post: str
    joined_on: date
    left_on: date | None  # the last day of service


class IdentityFact(NamedTuple):
    """A customer under a platform's id."""

    rows: tuple[RowName, ...]
    external_id: str
    customer: UUID
    minor: bool
    time: int


@dataclass(frozen=True, slots=True)
class MemberFact:
    row: RowName
    external_id: str
    begins: int
    ends: int | None
    time: int


@dataclass(frozen=True, slots=True)
class GroupFact:
    row: RowName
    room: str
    internal: bool
    members: Sequence[MemberFact] = ()


class ServedFact(NamedTuple):
    """A notice reached somebody."""

    row: RowName
    means: frozenset[Means]
    scopes: frozenset[Scope]
    claimed: int
    time: int


class StepFact(NamedTuple):
    """One statement. `towards`: "" everywhere, "account:<handle>" or "room:<room>" where it was said only there."""

    row: RowName
    means: Means
    scope: Scope
    step: Step
    claimed: int
    platform: bool
    explicit: bool
    guardian: bool
    towards: str
    order: Order
    time: int


@dataclass(frozen=True, slots=True)
class DocumentFact:
    row: RowName
    kind: DocumentKind
    signed_on: date
    time: int


@dataclass(frozen=True, slots=True)
class ShiftFact:
    row: RowName
    begins: int
    ends: int
    kind: ShiftKind
    order: Order
    time: int


@dataclass(frozen=True, slots=True)
class LeaveFact:
    row: RowName
    begins: int
    ends: int
    kind: str
    order: Order
    time: int


@dataclass(frozen=True, slots=True)
class DayFact:
    row: RowName
    kind: DayKind


@dataclass(frozen=True, slots=True)
class PolicyFact:
    row: RowName
    starts_at: int
    rules: Rules
    order: Order
    time: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was read, complete for the people named and for the time from `since` to `until` (both included)."""

    since: int
    until: int
    accounts: Mapping[str, AccountFact] = field(default_factory=dict)  # by handle
    identities: Mapping[str, IdentityFact] = field(default_factory=dict)  # by the platform's id
    groups: Mapping[str, GroupFact] = field(default_factory=dict)  # by room
    staff: Mapping[UUID, StaffFact] = field(default_factory=dict)
    served: Mapping[UUID, Sequence[ServedFact]] = field(default_factory=dict)  # by staff or customer
    steps: Mapping[Subject, Sequence[StepFact]] = field(default_factory=dict)
    documents: Mapping[UUID, Sequence[DocumentFact]] = field(default_factory=dict)
    shifts: Mapping[UUID, Sequence[ShiftFact]] = field(default_factory=dict)
    leave: Mapping[UUID, Sequence[LeaveFact]] = field(default_factory=dict)
    days: Mapping[date, DayFact] = field(default_factory=dict)
    policies: Sequence[PolicyFact] = ()
