"""Pure rules of an import: what it may ask for, on which day a refusal counts, how long its digest stays."""

from datetime import date

from jieli.access.errors import Forbidden
from jieli.access.policy import holds
from jieli.access.types import Person, Role
from jieli.capture.errors import ReasonMissing
from jieli.consent.types import Reason
from jieli.kernel.times import DAY, local_day

#: A keyed digest of a refused message's id stays so long, that what the platform delivered can be reconciled (P2).
REFUSAL_STAYS = 30 * DAY
#: One to one, and yet nobody can say who the other side is: several receivers, or none of them the account.
NO_COUNTERPARTY = "会话对方不明"

#: Who may bring messages in, and who may do it by the claimed time of a basis (ADR 11: a permission of its own).
IMPORTERS = frozenset({Role.COMPLIANCE.value, Role.IT.value})
HISTORIANS = frozenset({Role.COMPLIANCE.value})

#: Entries that change nothing the gate rests on: what imports themselves write, and readings. After an entry of any
#: other kind the gate is read anew; so a kind belongs here only if no basis is written, changed or destroyed by it.
NO_BASIS_KINDS = frozenset(
    {"archive.deposit", "capture.admit", "capture.begin", "reading.not_shown", "reading.open"}
)

_IMPLAUSIBLE = str(Reason.TIME_IMPLAUSIBLE)


def check_importer(by: Person, *, historical: bool, at: int) -> None:
    """Forbidden (access.forbidden) unless a role in force, held for the whole company, permits this import."""
    able = HISTORIANS if historical else IMPORTERS
    mine = {g.role for g in by.grants if holds(g, at=at) and g.entity is None and g.unit is None}
    if not mine & able:
        raise Forbidden(
            "您没有导入的权限。" if not historical else "您没有补录历史数据的权限。",
            remedy=f"须由以下角色办理：{'、'.join(sorted(able))}。",
        )


def check_run(*, historical: bool, reason: str | None) -> None:
    """ReasonMissing for a historical import that nobody gave a reason for (ADR 11)."""
    if historical and not (reason or "").strip():
        raise ReasonMissing("补录历史数据必须写明理由。", remedy="请用 --reason 写明为什么现在才导入。")


def day_of_refusal(event_ms: int, reasons: tuple[str, ...], *, at: int) -> date:
    """The day in China on which a refused message counts; the day of the import when its own time is no time."""
    return local_day(at if _IMPLAUSIBLE in reasons else event_ms)
