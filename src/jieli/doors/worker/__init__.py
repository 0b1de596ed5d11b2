"""The worker: what must happen without anybody asking. Every duty is safe at any moment, and again."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from jieli.doors.worker import duties
from jieli.kernel.errors import JieliError
from jieli.kernel.times import DAY, HOUR, MINUTE

_log = logging.getLogger("jieli.worker")


@dataclass(frozen=True)
class Duty:
    """Something done every so many milliseconds; `run` is given the instant."""

    name: str
    every: int
    run: Callable[[int], object]


DUTIES = (
    Duty("finish_destructions", MINUTE, duties.finish_destructions),
    Duty("keep_limits", DAY, duties.keep_limits),
    Duty("carry_out_retention", HOUR, duties.carry_out_retention),
    Duty("finish_rotation", HOUR, duties.finish_rotation),
    Duty("rotate_when_due", DAY, duties.rotate_when_due),
    Duty("destroy_old_epochs", HOUR, duties.destroy_old_epochs),
    Duty("sweep_orphans", HOUR, duties.sweep_orphans),
    Duty("remove_media", 10 * MINUTE, duties.remove_media),
    Duty("sweep_media", HOUR, duties.sweep_media),
    Duty("merge_index", 10 * MINUTE, duties.merge_index),
    Duty("sweep_index", HOUR, duties.sweep_index),
    Duty("forget_refusals", DAY, duties.forget_refusals),
    Duty("end_old_sessions", DAY, duties.end_old_sessions),
    Duty("cut_access", MINUTE, duties.cut_access),
    Duty("advance_plans", 5 * MINUTE, duties.advance_plans),
    Duty("fetch_contact_ways", HOUR, duties.fetch_contact_ways),
    Duty("recount_days", DAY, duties.recount_days),
    Duty("heartbeat", HOUR, duties.heartbeat),
)


def round_of(last: dict[str, int], *, at: int) -> dict[str, str]:
    """Run every duty that is due and note when; what each said: `done`, or the code of what stopped it.

    A duty that fails is tried again at its next turn, and keeps none of the others from theirs. Crash in a
    duty: the next start runs them all.
    """
    said = {}
    for duty in DUTIES:
        if at - last.get(duty.name, at - duty.every) < duty.every:
            continue
        last[duty.name] = at
        try:
            duty.run(at)
            said[duty.name] = "done"
        except JieliError as error:
            said[duty.name] = error.code
            _log.warning("duty %s: %s", duty.name, error.code)
    return said
