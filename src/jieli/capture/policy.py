"""Pure rules of an import: what it has to state, on which day a refusal counts, how long its digest stays."""

from datetime import date

from jieli.capture.errors import ReasonMissing
from jieli.consent.types import Reason
from jieli.kernel.times import DAY, local_day

#: A keyed digest of a refused message's id stays so long, that what the platform delivered can be reconciled (P2).
REFUSAL_STAYS = 30 * DAY
#: One to one, and yet nobody can say who the other side is: several receivers, or none of them the account.
NO_COUNTERPARTY = "会话对方不明"

#: Entries that change nothing the gate rests on: what imports themselves write, and readings. After an entry of any
#: other kind the gate is read anew; so a kind belongs here only if no basis is written, changed or destroyed by it.
NO_BASIS_KINDS = frozenset(
    {
        "archive.deposit",
        "capture.admit",
        "capture.begin",
        "capture.reconciled",
        "reading.not_shown",
        "reading.open",
    }
)

_IMPLAUSIBLE = str(Reason.TIME_IMPLAUSIBLE)


def check_run(*, historical: bool, reason: str | None) -> None:
    """ReasonMissing for a historical import that nobody gave a reason for (ADR 11)."""
    if historical and not (reason or "").strip():
        raise ReasonMissing("补录历史数据必须写明理由。", remedy="请用 --reason 写明为什么现在才导入。")


def day_of_refusal(event_ms: int, reasons: tuple[str, ...], *, at: int) -> date:
    """The day in China on which a refused message counts; the day of the import when its own time is no time."""
    return local_day(at if _IMPLAUSIBLE in reasons else event_ms)
