"""What others have said of a checkpoint, judged: does it count under the policy, and do the clocks agree?

Reads only. What cannot be read here is fsck's to name; this says what a reader of the status page must know.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from jieli.kernel.times import DAY, MINUTE, local
from jieli.ledger import places, queries
from jieli.ledger.models import Checkpoint, Cosignature, Timestamp
from jieli.ledger.types import CheckpointRef, Silence
from seal import checkpoint, policy, timestamp
from seal.errors import SealError

#: A stamp that comes sooner after signing is on time; two clocks that differ by less agree.
ON_TIME, CLOCKS_AGREE = MINUTE, 5 * MINUTE
#: A house that runs writes every hour; one that was silent for longer was away, or its clock has run ahead.
LONG_AWAY = 10 * DAY
#: Checkpoints older than this are no longer stamped: a later stamp covers them, and authorities cost money.
STAMPED_WITHIN = 30 * DAY
#: The end of what a calendar can print: the year 9999.
LAST_DAY = 253_370_000_000_000
#: How many of the newest cosigned checkpoints are looked at for one that counts.
LOOKED_AT = 200
#: How many of the newest checkpoints are looked through for ones without a stamp.
LOOKED_BACK = 1_000


@dataclass(frozen=True, slots=True)
class Stamp:
    """A timestamp: what it states (ms), how long after signing that is, and how far our clock was ahead of it."""

    authority: str
    time: int
    after: int
    ahead: int

    @property
    def late(self) -> bool:
        """Whether the stamp came so long after the signature that a reader must be told."""
        return self.after > ON_TIME


@dataclass(frozen=True, slots=True)
class Standing:
    """A checkpoint as the policy sees it. `witnessed` is met by cosignatures alone, never by `quorum none`."""

    size: int
    counts: bool
    witnessed: bool
    witnesses: tuple[str, ...]
    stamps: tuple[Stamp, ...]


def standing(found: CheckpointRef, trusted: policy.Policy | None) -> Standing:
    """Judge one checkpoint; without a policy nothing counts."""
    decision = _decided(found, trusted)
    names = tuple(name for name, _ in found.cosignatures)
    if decision is None:
        return Standing(found.size, counts=False, witnessed=False, witnesses=names, stamps=_stamps(found))
    witnessed = decision.satisfied and bool(decision.witnesses)
    return Standing(found.size, decision.satisfied, witnessed, names, _stamps(found))


def witnessed(found: CheckpointRef, trusted: policy.Policy | None) -> bool:
    """Whether witnesses stand for a checkpoint, enough of them for the policy and at least one."""
    decision = _decided(found, trusted)
    return decision is not None and decision.satisfied and bool(decision.witnesses)


def _decided(found: CheckpointRef, trusted: policy.Policy | None) -> policy.Decision | None:
    if trusted is None:
        return None
    try:
        return policy.evaluate(trusted, *checkpoint.parse(found.cosigned_note.encode()))
    except SealError:
        return None  # a wrong signature of a known key: it does not count, and fsck names it


def _stamps(found: CheckpointRef) -> tuple[Stamp, ...]:
    log = queries.live_log() if found.log is None else found.log
    stored = Timestamp.objects.filter(log=log, size=found.size).order_by("authority")
    stamps = []
    for authority, response, received in stored.values_list("authority", "response", "received_at"):
        try:
            stated = timestamp.parse(bytes(response)).time
        except SealError:
            continue  # fsck names a response that cannot be read
        stamps.append(Stamp(authority, stated, stated - found.signed_at, received - stated))
    return tuple(stamps)


def last_counted(trusted: policy.Policy | None, *, log: int | None = None) -> Standing | None:
    """The newest checkpoint that counts in a log, of those that somebody cosigned, or the newest if none need be."""
    if trusted is None:
        return None
    log, wanted = queries.live_log() if log is None else log, Checkpoint.objects.order_by("-size")
    if trusted.quorum is not None:
        wanted = Cosignature.objects.order_by("-size")  # type: ignore[assignment]
    sizes = wanted.filter(log=log).values_list("size", flat=True).distinct()[:LOOKED_AT]
    for found in reversed(queries.checkpoints(sizes=sizes, log=log)):
        if (judged := standing(found, trusted)).counts:
            return judged
    return None


def best_over(place: int, trusted: policy.Policy | None) -> tuple[CheckpointRef, Standing] | None:
    """The newest checkpoint over an entry that counts; where none does yet the newest one over it; None without any."""
    newest = queries.covering_checkpoint(place)
    if newest is None:
        return None
    judged = standing(newest, trusted)
    counted = None if judged.counts else last_counted(trusted, log=newest.log)
    if counted is None or counted.size <= places.index_of(place):
        return newest, judged
    [older] = queries.checkpoints(sizes=[counted.size], log=newest.log)
    return older, counted


def unstamped(authority: str, *, at: int, limit: int | None = None) -> list[int]:
    """Sizes of recent checkpoints that an authority has still to stamp, newest first; the empty log's needs none.

    Only the newest thousand are looked at: this is asked every second, and a later stamp covers what is older.
    """
    log = queries.live_log()
    recent = Checkpoint.objects.filter(log=log, size__gt=0).order_by("-size")[:LOOKED_BACK]
    signed = [size for size, at_ in recent.values_list("size", "signed_at") if at_ > at - STAMPED_WITHIN]
    stored = Timestamp.objects.filter(log=log, authority=authority, size__gte=min(signed, default=0))
    stamped = set(stored.values_list("size", flat=True))
    return [size for size in signed if size not in stamped][:limit]


def clock_faults(last: CheckpointRef | None, stamps: Sequence[Stamp], *, at: int) -> list[str]:
    """Sentences about this machine's clock: behind its own last signature, far ahead of it, not the authorities' time.

    Nothing is refused for a clock that is ahead: a house may have been away. Once an entry bears its time the right
    clock is refused (`ledger.clock_went_back`), so it is said before.
    """
    faults = []
    if last is not None and at - last.signed_at > LONG_AWAY:
        faults.append(
            f"本机时钟比上一次签名晚 {span(at - last.signed_at)}：若本安装并未停用这么久，就是时钟走快了，"
            "而保存期限与销毁都照它算。请先核对时钟，再签名、导入或销毁。"
        )
    if last is not None and last.signed_at - at > CLOCKS_AGREE:
        faults.append(f"本机时钟比上一次签名早 {span(last.signed_at - at)}，请校准时钟。")
    for stamp in stamps:
        if abs(stamp.ahead) > CLOCKS_AGREE:
            word = "快" if stamp.ahead > 0 else "慢"
            faults.append(
                f"本机时钟比时间戳机构 {stamp.authority} {word} {span(abs(stamp.ahead))}，请校准时钟。"
            )
    return faults


def silent(found: Silence) -> str:
    """A silence in words: from when to when, how long, and whether other things were written meanwhile."""
    wrote = f"其间另有 {found.entries:,} 条其他条目" if found.entries else "其间没有任何条目"
    lasted = span(found.end - found.begin)
    return f"{when(found.begin)} 至 {when(found.end)}（{lasted}）没有心跳，{wrote}"


def when(ms: int) -> str:
    """A time as people read it; a forged one may lie beyond any calendar."""
    return f"{local(ms):%Y-%m-%d %H:%M}" if 0 <= ms < LAST_DAY else str(ms)


def span(ms: int) -> str:
    """A stretch of time in its largest whole unit."""
    for unit, word in ((DAY, "天"), (60 * MINUTE, "小时"), (MINUTE, "分钟")):
        if ms >= unit:
            return f"{ms // unit} {word}"
    return f"{ms // 1_000} 秒"
