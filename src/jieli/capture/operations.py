"""Bringing messages in. Each batch is one transaction; what it acknowledged stays, whatever happens after."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from uuid import UUID

from django.db import IntegrityError, connections

from jieli.archive.errors import AlreadyKept
from jieli.archive.operations import deposit
from jieli.archive.types import MAX_BATCH, NewItem
from jieli.assets import queries as assets
from jieli.capture import collecting, locks, queries, tallies
from jieli.capture.ahead import Ahead
from jieli.capture.batches import Batch, Usefulness, drafted
from jieli.capture.errors import InsideTransaction, MappingChanged
from jieli.capture.gates import RunGate
from jieli.capture.judging import Judged, Judging, Refused
from jieli.capture.models import Cursor, Mapping, Run, RunBatch
from jieli.capture.policy import check_run
from jieli.capture.report import MOST_LISTED, ImportReport, Receipt
from jieli.capture.tallies import Counts
from jieli.capture.types import EXTRACTOR_VERSION, ConsentLine, Parsed
from jieli.consent.operations import record_platform_consents
from jieli.kernel.failpoints import reach
from jieli.kernel.ids import new_id
from jieli.kernel.times import HOUR
from jieli.ledger import locks as ledger_locks
from jieli.ledger.operations import Staged, book

#: So many statements of a file are remembered as written down; a later one is looked up again and counts as known.
_MOST_SAID = 100_000
_LATER = itemgetter(NewItem._fields.index("documented_later"))


@dataclass(frozen=True, slots=True)
class _Context:
    """What holds for all batches of a run."""

    run: UUID
    source: str
    platform: str
    place: str
    judging: Judging
    make_next: Callable[[], None]
    by: str
    at: int


def admit(
    *,
    source: str,
    platform: str,
    place: str,
    lines: Iterable[Parsed],
    by: str,
    at: int,
    statements: Iterable[ConsentLine] = (),
    historical: bool = False,
    reason: str | None = None,
    progress: Callable[[Receipt], None] | None = None,
    batch_lines: int = MAX_BATCH,
) -> ImportReport:
    """Judge every line of a source and keep what has a basis; the rest leaves counts (P1, P2).

    `source` names the format the items are kept under, `platform` the one whose accounts and identities they
    speak of, `place` the file or queue. `statements`: agree and disagree lines of all that follows, where the
    caller can look ahead; they, and those of each batch before its messages, are committed first (ADR 11).
    `progress` hears of each batch once it is durable. Memory holds three batches of `batch_lines` lines, of
    which two are read and drafted ahead, and a receipt for each batch.
    Errors: ReasonMissing; of the archive and the ledger when a batch cannot be written, whose earlier batches
    stand. Run again after a crash it finishes: what is kept already is a duplicate, what was counted is not
    counted again.
    """
    check_run(historical=historical, reason=reason)
    if connections["default"].in_atomic_block:
        raise InsideTransaction("导入不能在另一个事务之内进行。", remedy="请报告此错误。")
    tallies.sweep(at=at)
    run = Run(
        id=new_id(at), source=source, platform=platform, place=place, historical=historical,
        reason=reason if historical else None, by=by, begun_at=at,
    )  # fmt: skip
    with book(at=at) as b:
        b.entry("capture.begin", by=by, facts={"run": str(run.id), "historical": int(historical)}).insert(run)
    handles = {handle: ref.id for handle, ref in assets.accounts(platform).items()}
    judging = Judging(accounts=handles, gates=RunGate(platform, historical, at))
    report = ImportReport(run.id, source, historical)
    useful = Usefulness()
    with collecting.rarely(), Ahead(drafted(lines, batch_lines, useful)) as batches:
        context = _Context(run.id, source, platform, place, judging, batches.begin, by, at)
        said = _record_all(context, statements, report)
        for number, batch in enumerate(batches):
            report.listed += batch.malformed[: MOST_LISTED - len(report.listed)]
            receipt = _decide(context, number, batch, said, report)
            useful.learn(admitted=receipt.admitted, messages=len(batch.messages))
            # Crash here: the batch stands and nobody was told; the next run finds it all and keeps nothing twice.
            reach("import.before_acknowledge")
            report.receipts.append(receipt)
            if progress is not None:
                progress(receipt)
    return report


def _record_all(context: _Context, statements: Iterable[ConsentLine], report: ImportReport) -> set[str]:
    """Commit what the platform said, in bounded pieces; the ids of the lines that did it."""
    rest, said = iter(statements), set[str]()
    while piece := list(islice(rest, MAX_BATCH)):
        _record(context, piece, said, report)
    return said


def _record(
    context: _Context, statements: Sequence[ConsentLine], said: set[str], report: ImportReport
) -> None:
    fresh = [line for line in statements if line.message_id not in said]
    if not fresh:
        return
    outcome = record_platform_consents(fresh, platform=context.platform, by=context.by, at=context.at)
    if len(said) < _MOST_SAID:
        said.update(line.message_id for line in fresh)
    report.agreements_recorded += outcome.recorded
    report.agreements_known += outcome.known
    report.agreements_implausible += outcome.implausible


def _decide(context: _Context, number: int, lines: Batch, said: set[str], report: ImportReport) -> Receipt:
    """One batch: what was said is committed, then all messages are judged and written in one transaction.

    Crash before COMMIT: nothing of the batch happened but its statements, which stand on their own.
    """
    _record(context, lines.statements, said, report)
    try:
        return _decided(context, number, lines, report)
    except AlreadyKept:
        if context.judging.expects_duplicates:
            raise
        # The file was imported before, or a part of it: from here on every message is looked for first. What that
        # transaction wrote is gone; its pages of secrets are without a batch, and swept.
        context.judging.expects_duplicates = True
        return _decided(context, number, lines, report)


def _decided(context: _Context, number: int, lines: Batch, report: ImportReport) -> Receipt:
    with book(at=context.at) as b:
        locks.one_batch_of(context.source)
        ledger_locks.read_bases()
        found = context.judging.judge(lines.messages)
        kept = None
        if found.items:
            kept = deposit(
                source=context.source, items=found.items, extractor=EXTRACTOR_VERSION, by=context.by, at=context.at,
                draft=lines.draft, once_sent=context.make_next,
            )  # fmt: skip
        row = _row(context, number, lines, found)
        row.deposit = None if kept is None else kept.id
        entry = b.entry("capture.admit", by=context.by, facts=_facts(row))
        entry.insert(row)
        _move_cursor(context, lines.last, entry)
        reasons, first, before = _refuse(context, found.refused, entry)
        reach("import.before_commit")
    report.reasons += reasons
    report.first_reasons += first
    report.refused_before += before
    return _receipt(row, entry)


def _row(context: _Context, number: int, lines: Batch, found: Judged) -> RunBatch:
    return RunBatch(
        id=new_id(context.at),
        run_id=context.run,
        number=number,
        first_line=lines.first,
        last_line=lines.last,
        admitted=len(found.items),
        documented_later=sum(map(_LATER, found.items)),
        refused=len(found.refused),
        duplicates=found.duplicates,
        malformed=len(lines.malformed),
        switches=lines.switches,
        statements=len(lines.statements),
    )


_COUNTS = (
    "number", "first_line", "last_line", "admitted", "documented_later", "refused", "duplicates", "malformed",
    "switches", "statements",
)  # fmt: skip


def _facts(row: RunBatch) -> dict[str, str | int]:
    return {"run": str(row.run_id), **{name: getattr(row, name) for name in _COUNTS}}


def _receipt(row: RunBatch, entry: Staged) -> Receipt:
    if entry.index is None:
        raise InsideTransaction("批次尚未入账就要回执。", remedy="请报告此错误。")
    return Receipt(entry=entry.index, deposit=row.deposit, **{name: getattr(row, name) for name in _COUNTS})


def _move_cursor(context: _Context, position: int, entry: Staged) -> None:
    row = Cursor.objects.filter(source=context.source, place=context.place).first()
    if row is None:
        entry.insert(
            Cursor(id=new_id(context.at), source=context.source, place=context.place, position=position)
        )
    elif row.position != position:
        row.position = position
        entry.revise(row)


def _refuse(
    context: _Context, refused: Sequence[Refused], entry: Staged
) -> tuple[Counter[str], Counter[str], int]:
    """Tally the refused ones; what this run is told of them, and how many an earlier run had counted."""
    before = tallies.refused_before([digest for digest, _, _, _ in refused], at=context.at)
    counts = Counts()
    told: Counter[tuple[str, ...]] = Counter()
    for digest, account, event_ms, reasons in refused:
        told[reasons] += 1
        if digest not in before:
            counts.add(digest, account, event_ms // HOUR, reasons)
    tallies.write(entry, counts, at=context.at)
    reasons_of: Counter[str] = Counter()
    first: Counter[str] = Counter()
    for reasons, number in told.items():
        reasons_of.update(dict.fromkeys(reasons, number))
        first[reasons[0]] += number
    return reasons_of, first, len(refused) - len(counts.digests)


def keep_mapping(*, source: str, rules: dict[str, object], by: str, at: int) -> None:
    """Keep the rules under which a source of dialogues is read; MappingChanged if it was imported under others.

    They are part of what its items mean: who spoke is in them, not in the line. Idempotent.
    """
    text = json.dumps(rules, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if queries.mapping_rules(source) is None:
        try:
            with book(at=at) as b:
                b.entry("capture.map", by=by, facts={"source": source}).insert(
                    Mapping(source=source, rules=text)
                )
        except IntegrityError:
            # Another import of the same source was quicker: what it kept is compared below.
            if queries.mapping_rules(source) is None:
                raise
    if queries.mapping_rules(source) != text:
        raise MappingChanged(
            f"来源 {source} 已按另一份映射导入过。",
            remedy="请沿用原映射，或在映射中为新数据另取一个 source 名称。",
        )
