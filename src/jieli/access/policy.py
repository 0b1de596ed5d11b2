"""What roles permit. Pure; deny by default: an unknown role, an ended grant or a missing row permits nothing."""

from uuid import UUID

from jieli.access.errors import BadPeriod, Forbidden, OwnGrant
from jieli.access.types import GrantRef, Permission, Person, Reach, Role
from jieli.kernel.times import DAY, MINUTE

P = Permission

#: Role → what it permits. The 三员 exclude each other's work; no one of them sees accounts or content.
PERMITS: dict[str, frozenset[Permission]] = {
    Role.SYSTEM.value: frozenset({P.MANAGE_PERSONS, P.MANAGE_KEYS, P.SHRED, P.SEE_LEDGER}),
    Role.SECURITY.value: frozenset({P.MANAGE_GRANTS, P.SEE_LEDGER}),
    Role.AUDIT.value: frozenset({P.SEE_LEDGER, P.SEE_OPENINGS}),
    Role.COMPLIANCE.value: frozenset(
        {
            P.SEE_ACCOUNTS,
            P.SEE_GAPS,
            P.MANAGE_CONSENT,
            P.MANAGE_MATTERS,
            P.HOLD,
            P.READ,
            P.SEE_LEDGER,
            P.APPROVE,
            P.SEE_HANDOVER,
            P.MANAGE_DISPUTES,
        }
    ),
    Role.LEGAL.value: frozenset(
        {
            P.SEE_ACCOUNTS,
            P.MANAGE_MATTERS,
            P.HOLD,
            P.READ,
            P.SEE_LEDGER,
            P.APPROVE,
            P.SEE_HANDOVER,
            P.MANAGE_DISPUTES,
        }
    ),
    Role.PEOPLE.value: frozenset(
        {
            P.SEE_ACCOUNTS,
            P.MANAGE_ACCOUNTS,
            P.SEE_GAPS,
            P.MANAGE_CONSENT,
            P.MANAGE_MATTERS,
            P.MANAGE_HANDOVER,
            P.SEE_HANDOVER,
        }
    ),
    Role.IT.value: frozenset({P.SEE_ACCOUNTS, P.MANAGE_ACCOUNTS, P.SEE_HANDOVER}),
    Role.SALES_LEAD.value: frozenset({P.SEE_ACCOUNTS, P.SEE_HANDOVER, P.MANAGE_PLAN}),
    Role.STAFF.value: frozenset(),
}

#: Who may bring messages in, and who may do it by the claimed time of a basis (ADR 11: a permission of its own).
IMPORTERS = frozenset({Role.COMPLIANCE.value, Role.IT.value})
HISTORIANS = frozenset({Role.COMPLIANCE.value})

#: Attempts to come in: this many within the window, then a pause.
ATTEMPT_WINDOW = 15 * MINUTE
ATTEMPTS_PER_NAME = 10
ATTEMPTS_PER_PLACE = 60

LINK_LIFE = 7 * DAY


def holds(grant: GrantRef, *, at: int) -> bool:
    """Whether a grant is in force at an instant; its end is exclusive."""
    return grant.begins_at <= at and (grant.ends_at is None or at < grant.ends_at)


def reach(person: Person, permission: Permission, *, at: int) -> Reach:
    """How far a permission goes for a person: the union of what his grants in force cover."""
    found = [g for g in person.grants if holds(g, at=at) and permission in PERMITS.get(g.role, frozenset())]
    return Reach(
        everything=any(g.entity is None and g.unit is None for g in found),
        entities=frozenset(g.entity for g in found if g.entity is not None and g.unit is None),
        units=frozenset(g.unit for g in found if g.unit is not None),
    )


def may(
    person: Person, permission: Permission, *, at: int, entity: UUID | None = None, unit: UUID | None = None
) -> bool:
    """Whether a person may do this to something of an entity and a unit; without either, anywhere at all.

    A grant for one unit does not cover its entity, and one for an entity covers all of its units.
    """
    far = reach(person, permission, at=at)
    if entity is None and unit is None:
        return bool(far)
    return far.everything or entity in far.entities or unit in far.units


def check_may(
    person: Person, permission: Permission, *, at: int, entity: UUID | None = None, unit: UUID | None = None
) -> None:
    """Forbidden (access.forbidden) unless `may`."""
    if not may(person, permission, at=at, entity=entity, unit=unit):
        raise Forbidden("没有这一页，或不归您查看。", remedy="如需权限，请联系安全管理员。")


def check_importer(by: Person, *, historical: bool, at: int) -> None:
    """Forbidden (access.forbidden) unless a role in force, held for the whole company, permits this import."""
    able = HISTORIANS if historical else IMPORTERS
    mine = {g.role for g in by.grants if holds(g, at=at) and g.entity is None and g.unit is None}
    if not mine & able:
        raise Forbidden(
            "您没有导入的权限。" if not historical else "您没有补录历史数据的权限。",
            remedy=f"须由以下角色办理：{'、'.join(sorted(able))}。",
        )


def permissions(person: Person, *, at: int) -> frozenset[Permission]:
    """Everything a person may do somewhere."""
    found: set[Permission] = set()
    for grant in person.grants:
        if holds(grant, at=at):
            found |= PERMITS.get(grant.role, frozenset())
    return frozenset(found)


def check_grant(*, by: str, to: UUID, begins_at: int, ends_at: int | None) -> None:
    """OwnGrant where somebody gives himself a role; BadPeriod unless the end lies after the beginning."""
    if by == f"person:{to}":
        raise OwnGrant("不能给自己授予角色。", remedy="请由另一位安全管理员办理。")
    if ends_at is not None and ends_at <= begins_at:
        raise BadPeriod("结束时刻不晚于起始时刻。", remedy="请核对起止时间。")


def count_accepted(stored: int, shown: int) -> bool:
    """Whether a passkey's counter may follow the stored one; authenticators without a counter always show 0."""
    return shown > stored or (stored == 0 and shown == 0)
