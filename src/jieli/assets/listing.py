"""The register of accounts as a list: search, filters, keyset pages, counts. A constant number of queries."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F, FilteredRelation, Q, QuerySet, Subquery, Value
from django.db.models.fields import TextField
from django.db.models.functions import Coalesce

from jieli.access.types import Reach
from jieli.assets import sign_duty
from jieli.assets.models import Account
from jieli.assets.types import NOBODY_KNOWN, AccountState, HolderKind
from jieli.duties.queries import due_day_of
from jieli.kernel.times import from_ms, local_day

PAGE = 50
_COLUMNS = (
    "pk", "platform", "handle", "nickname", "type", "state", "sign_day", "entity__name",
    "who", "now__staff__name", "now__staff__staff_no", "now__staff__unit__name", "now__during",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What narrows the list; an empty word narrows nothing."""

    text: str = ""
    state: str = ""
    holder: str = ""
    platform: str = ""
    overdue: bool = False
    after: UUID | None = None

    @property
    def any(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.text or self.state or self.holder or self.platform or self.overdue)


@dataclass(frozen=True)
class Row:
    """An account with who holds it now; `who` is 员工, 公司库存 or 不明, `since` ms UTC."""

    id: UUID
    platform: str
    handle: str
    nickname: str
    type: str
    state: str
    sign_by: Any
    entity: str
    who: str
    name: str
    staff_no: str
    unit: str
    since: int | None


@dataclass(frozen=True)
class Counts:
    """How many there are in reach, whatever the filters say."""

    total: int
    unknown: int
    unsigned: int
    overdue: int
    leaving: int


@dataclass(frozen=True)
class Found:
    rows: tuple[Row, ...]
    matching: int
    following: UUID | None


def _in_reach(reach: Reach, *, at: int) -> "QuerySet[Any]":
    now = FilteredRelation("asset__holding", condition=Q(asset__holding__during__contains=from_ms(at)))
    found = Account.objects.annotate(now=now).annotate(
        who=Coalesce(F("now__holder_kind"), Value(NOBODY_KNOWN), output_field=TextField()),
        sign_day=due_day_of("pk", name=sign_duty.NAME),
    )
    if reach.everything:
        return found
    return found.filter(Q(entity_id__in=reach.entities) | Q(now__staff__unit_id__in=reach.units))


def _narrowed(found: "QuerySet[Any]", wanted: Asked, at: int) -> "QuerySet[Any]":
    if wanted.text:
        columns = ("handle", "nickname", "number", "now__staff__name", "now__staff__staff_no")
        clauses = Q()
        for column in columns:
            clauses |= Q(**{f"{column}__icontains": wanted.text})
        found = found.filter(clauses)
    if wanted.state:
        found = found.filter(state=wanted.state)
    if wanted.platform:
        found = found.filter(platform=wanted.platform)
    if wanted.overdue:
        found = found.filter(_overdue(at))
    if wanted.holder:
        found = found.filter(who=wanted.holder)
    return found


def _overdue(at: int) -> Q:
    """Not signed for, though the day by which it was to be is over."""
    return Q(state=AccountState.UNSIGNED_STOCK.value, sign_day__lt=local_day(at))


def counts(reach: Reach, *, at: int) -> Counts:
    """One query over everything in reach."""
    unsigned, leaving = AccountState.UNSIGNED_STOCK.value, AccountState.LEAVING.value
    found = _in_reach(reach, at=at).aggregate(
        total=Count("pk"),
        unknown=Count("pk", filter=Q(who=NOBODY_KNOWN) & ~Q(state=AccountState.CLOSED.value)),
        unsigned=Count("pk", filter=Q(state=unsigned)),
        overdue=Count("pk", filter=_overdue(at)),
        leaving=Count("pk", filter=Q(state=leaving)),
    )
    return Counts(**found)


def platforms(reach: Reach, *, at: int) -> list[str]:
    """The platforms that occur in reach."""
    found = _in_reach(reach, at=at).order_by("platform").values_list("platform", flat=True).distinct()
    return list(found)


def page(reach: Reach, wanted: Asked, *, at: int) -> Found:
    """A page by platform and handle, beginning after the account `wanted.after`. Two queries."""
    found = _narrowed(_in_reach(reach, at=at), wanted, at)
    matching = found.count()
    rows = list(_rows(_after(found, wanted.after)[: PAGE + 1]))
    more = len(rows) > PAGE
    return Found(tuple(rows[:PAGE]), matching, rows[PAGE - 1].id if more else None)


def _after(found: "QuerySet[Any]", after: UUID | None) -> "QuerySet[Any]":
    ordered = found.order_by("platform", "handle")
    if after is None:
        return ordered
    last = Account.objects.filter(pk=after)
    platform, handle = Subquery(last.values("platform")), Subquery(last.values("handle"))
    return ordered.filter(Q(platform__gt=platform) | Q(platform=platform, handle__gt=handle))


def every(reach: Reach, wanted: Asked, *, at: int) -> Iterator[Row]:
    """Everything that matches, for an export: one query, read in pieces."""
    return _rows(_after(_narrowed(_in_reach(reach, at=at), wanted, at), None))


def _rows(found: "QuerySet[Any]") -> Iterator[Row]:
    for *columns, during in found.values_list(*_COLUMNS).iterator(chunk_size=2_000):
        key, platform, handle, nickname, kind, state, sign_by, entity, who, name, number, unit = columns
        since = int(during.lower.timestamp() * 1_000) if during is not None else None
        yield Row(
            key, platform, handle, nickname or "", kind, state, sign_by, entity, who,
            name or "", number or "", unit or "", since,
        )  # fmt: skip


def one(reach: Reach, account: UUID, *, at: int) -> Row | None:
    """One account, if it is in reach."""
    return next(_rows(_in_reach(reach, at=at).filter(pk=account)), None)


def platforms_with_holders(*, at: int) -> list[str]:
    """Platforms on which somebody holds an account now, the one with most accounts first."""
    held = Account.objects.filter(
        asset__holding__during__contains=from_ms(at), asset__holding__holder_kind=HolderKind.STAFF.value
    )
    return list(
        held.values("platform")
        .annotate(n=Count("pk"))
        .order_by("-n", "platform")
        .values_list("platform", flat=True)
    )


def by_handle(handle: str) -> list[UUID]:
    """The accounts that go by this handle, on whatever platform."""
    return list(Account.objects.filter(handle=handle).order_by("platform").values_list("pk", flat=True))
