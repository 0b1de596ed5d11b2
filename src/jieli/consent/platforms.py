"""What a platform itself says of its customers' agreement."""

from collections.abc import Iterable

from jieli.consent.models import ConsentStep
from jieli.consent.steps import new_step
from jieli.consent.timeline import EARLIEST
from jieli.consent.types import (
    Means,
    PlatformOutcome,
    PlatformStatement,
    Scope,
    StatedBy,
    Step,
    SubjectKind,
)
from jieli.kernel.times import DAY
from jieli.ledger import locks
from jieli.ledger.operations import book


def record_platform_consents(
    lines: Iterable[PlatformStatement], *, platform: str, by: str, at: int
) -> PlatformOutcome:
    """Write down what a platform says of its customers' agreement, with the lines as exhibits; known ones are skipped.

    To be committed before the messages of the same import are judged. Each holds from the platform's time, for
    会话存档 and 采集 only, and only towards the accounts or the room it names. An agreement whose time is impossible
    is no basis and is not kept; a refusal always is, whoever the customer turns out to be.
    """
    rows: list[ConsentStep] = []
    implausible = 0
    for line in lines:
        if line.agreed and not EARLIEST <= line.at_ms <= at + DAY:
            implausible += 1
            continue
        rows += _platform_rows(line, platform, at)
    unique = {(r.message, r.towards): r for r in rows}
    with_known = len(unique)
    fresh = _unknown(unique, platform)
    if fresh:
        with book(at=at) as b:
            locks.change_bases()
            fresh = _unknown(unique, platform)
            entry = b.entry(
                "consent.record_platform_consents",
                by=by,
                facts={"platform": platform, "statements": len(fresh)},
            )
            if fresh:  # another import may have written them while we waited
                entry.insert(*fresh)
    return PlatformOutcome(len(fresh), with_known - len(fresh), implausible)


def _platform_rows(line: PlatformStatement, platform: str, at: int) -> list[ConsentStep]:
    places = [f"room:{line.room}"] if line.room else [f"account:{h}" for h in line.staff] or [""]
    step = Step.AGREE if line.agreed else Step.REFUSE
    return [
        new_step(
            at, SubjectKind.CUSTOMER, None, Means.CHAT, Scope.CAPTURE, step, line.at_ms, StatedBy.PLATFORM,
            platform=platform, external_id=line.customer, towards=place, message=line.message_id, exhibit=line.raw,
        )
        for place in places
    ]  # fmt: skip


def _unknown(rows: dict[tuple[str, str], ConsentStep], platform: str) -> list[ConsentStep]:
    known = ConsentStep.objects.filter(platform=platform, message__in={message for message, _ in rows})
    told = set(known.values_list("message", "towards"))
    return [row for key, row in rows.items() if key not in told]
