"""The volume of a dispute as a package (ADR 10, kind `matter`): what a court reads first, then what proves it.

As with a conversation: openings first where conversations go in, then `evidence.sealed` with the digests of our own
papers, of the omissions and of all that goes in, then the file, renamed into place when whole. Exhibits are sealed by
their own register rows too. Crash after sealing: the register knows a package that nobody received; make it again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from uuid import UUID

from jieli.access.policy import check_may
from jieli.access.types import Permission, Person
from jieli.archive import queries as archive
from jieli.archive.types import ConversationRef, OpenedItem
from jieli.capture.collecting import rarely
from jieli.evidence import (
    disputes_queries,
    loss_statement,
    matter_printing,
    matter_volume,
    operations,
    per_log,
)
from jieli.evidence.covering import under_signer
from jieli.evidence.disputes_types import DisputeView
from jieli.evidence.errors import NotAssessed, PackageExists
from jieli.evidence.gathering import Gathered, gather
from jieli.evidence.matter_printing import Filed, Printed, Volume
from jieli.evidence.matter_volume import Attached, Omitted
from jieli.evidence.models import PackageRecord
from jieli.evidence.printing import Case
from jieli.evidence.types import Outside, Vouching
from jieli.evidence.writing import write
from jieli.kernel.failpoints import reach
from jieli.kernel.ids import new_id
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.papers.errors import PaperRefused
from jieli.papers.rendering import render
from jieli.papers.types import Head, MediaType, Template
from jieli.reading import operations as reading
from jieli.reading.types import Page
from seal.package import About, Package

PURPOSE: Final = "争议举证"
#: Exhibits say since when somebody outside the company vouches for them.
_FIXED: Final = ("papers_paper",)
_UNSAFE = re.compile(r"[^\w.（）()一-鿿-]+")


@dataclass(frozen=True, slots=True)
class MatterPackageMade:
    """A finished volume: where it is, its digest, what it holds and leaves out, by which log, who vouches for it."""

    id: UUID
    path: Path
    sha256: str
    size: int
    exhibits: int
    items: int
    parts: int
    omitted: int
    origin: str
    checkpoint: int
    vouching: Vouching
    stamped: tuple[str, ...]
    sealed_in: int


@dataclass(frozen=True, slots=True)
class _Talk:
    """One opened conversation; `items` may be empty, then only its omissions are told."""

    about: ConversationRef
    page: Page
    items: tuple[OpenedItem, ...]
    case: Case


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the packages of one dispute share."""

    view: DisputeView
    by: Person
    at: int
    outside: Outside
    with_verdicts: bool

    @property
    def number(self) -> str:
        return self.view.matter.number


@dataclass(frozen=True, slots=True)
class _Share:
    """What goes into the package of one log: its talks, its papers, what else is told, and what was left out."""

    log: int | None  # None where there is one log only
    talks: Sequence[_Talk]
    attached: Sequence[Attached]
    rows: Sequence[tuple[str, object]]
    omitted: Sequence[Omitted]
    beside: bool  # whether another one is made with it


@rarely()  # as for the package of a conversation
def make_matter_packages(
    *,
    number: str,
    by: Person,
    at: int,
    path: Path,
    outside: Outside,
    conversations: Sequence[int] = (),
    with_verdicts: bool = False,
) -> tuple[MatterPackageMade, ...]:
    """Everything of a dispute that is evidence, with its proofs, as files that a stranger verifies.

    One for each log in which its messages, its papers or its own rows lie, older logs first: nearly always one, named
    `path`. Verdicts stay out unless asked for. Errors: Forbidden, NoSuchDispute, PackageExists, NotCovered,
    NotAssessed (verdicts asked for before any was given), those of reading.operations.open_for_package.
    """
    wish = _wish(number, path, by, at, outside, with_verdicts=with_verdicts)
    kept = {talk: _ids_of(talk) for talk in conversations}
    rows, omitted = matter_volume.rows_of(wish.view, with_verdicts=wish.with_verdicts)
    papers = matter_volume.there(matter_volume.attached(wish.view), omitted)
    if len(ledger.logs()) == 1:
        talks = [_open(wish, talk, ids.get(1, ())) for talk, ids in kept.items()]
        return (_package(wish, path, _Share(None, talks, papers, rows, omitted, beside=False)),)
    filed = per_log.rows_by_log([("papers_paper", one.paper) for one in papers])
    own = per_log.rows_by_log(rows)
    logs = sorted({log for ids in kept.values() for log in ids} | filed.keys() | own.keys())
    into = per_log.paths(path, logs)
    opened = {log: [_open(wish, talk, ids[log]) for talk, ids in kept.items() if log in ids] for log in logs}
    shared = operations.shared_footing([i for talks in opened.values() for t in talks for i in t.items])
    made: dict[int, MatterPackageMade] = {}
    for log, talks in opened.items():
        digests = {other: one.sha256 for other, one in made.items()}
        apart: list[Omitted] = []
        for talk, ids in kept.items():
            counts = {other: len(some) for other, some in ids.items()}
            apart += [(f"会话 {talk}", n, why) for n, why in per_log.elsewhere(log, counts, into, digests)]
        for what, found in (("证据与文书", filed), ("争议登记", own)):
            counts = {other: len(some) for other, some in found.items()}
            apart += [(what, n, why) for n, why in per_log.elsewhere(log, counts, into, digests)]
        here = [one for one in papers if ("papers_paper", str(one.paper)) in filed.get(log, ())]
        records = [("evidence_package", one.id) for one in made.values()]
        share = _Share(
            log, talks, here, [*rows, *shared, *records], [*omitted, *apart], beside=len(logs) > 1
        )  # fmt: skip
        made[log] = _package(wish, into[log], share)
    return tuple(made.values())


def _wish(number: str, path: Path, by: Person, at: int, outside: Outside, *, with_verdicts: bool) -> _Wish:
    if path.exists():
        raise PackageExists("同名文件已存在，证据包从不覆盖。", remedy="请另选文件名，或先移走旧文件。")
    check_may(by, Permission.MANAGE_DISPUTES, at=at)
    view = disputes_queries.dispute(number)
    if with_verdicts and not view.assessments:
        raise NotAssessed("本争议尚未评析，没有可附的结论。", remedy="请先评析，或不附评析。")
    return _Wish(view, by, at, outside, with_verdicts)


def _ids_of(talk: int) -> dict[int, list[int]]:
    kept = archive.ids_of_conversation(talk)
    return per_log.ids_by_log(kept) if kept else {}


def _package(wish: _Wish, path: Path, share: _Share) -> MatterPackageMade:
    """The package of one log, or of all where there is but one."""
    view, by, at, outside, talks = wish.view, wish.by, wish.at, wish.outside, share.talks
    omitted = [*share.omitted]
    omitted += [(t.case.conversation, n, why) for t in talks for n, why in t.case.omitted]
    head = Head(number=f"{view.matter.number}-卷", unit=outside.unit, at=at, clock=outside.clock)
    ours = _own_papers(view, head, omitted, with_verdicts=wish.with_verdicts)
    filed = matter_volume.file(share.attached, 4 + len(ours) + len([t for t in talks if t.items]))
    rows = [*share.rows, *matter_volume.proofs_of_papers(filed)]
    items = [i for t in talks for i in t.items]
    rows += [row for t in talks for row in operations.grounds(t.items, t.page)]
    volume = _volume(view, head, ours, talks, filed, omitted, by)
    found = _covered(items, rows, outside, share.log)
    found.beside = share.beside
    pdfs = _pdfs(volume, ours, talks, found, outside)
    with Package(_about(volume, outside, found, at=at), policy=outside.policy) as package:
        _put(package, pdfs, volume)
        digests = operations.bound(package, found, pdfs)
        record, entry = _seal(digests, volume, talks, len(items), by=by, at=at)
        reach("package.after_seal")
        operations.add_register(package, found, record, outside)
        digest = write(package, path)
    return _made(path, digest, found, volume, record, entry)


def _open(wish: _Wish, conversation: int, ids: Sequence[int]) -> _Talk:
    """Open what may be opened of a conversation; its row stands before anything else happens."""
    by, at = wish.by, wish.at
    page, items = reading.open_for_package(items=ids, purpose=PURPOSE, matter=wish.number, by=by, at=at)
    about = archive.conversations([conversation])[conversation]
    case = operations.talk_case(about, page, by=by, at=at, matter=wish.number, outside=wish.outside)
    return _Talk(about, page, items, case)


def _own_papers(
    view: DisputeView, head: Head, omitted: list[Omitted], *, with_verdicts: bool
) -> list[tuple[str, Template]]:
    """The computed loss and, if asked for, the verdicts. A loss told in adjectives is left out, and that is said."""
    found: list[tuple[str, Template]] = []
    if loss_statement.wanted(view):
        try:
            found.append(("说明损失如何计算", loss_statement.statement(view, _part(head, "损失"))))
        except PaperRefused as refused:
            omitted.append(("损失计算说明", 1, refused.sentence))
    if with_verdicts:
        found.append(("附评析，不是证据", matter_printing.verdicts(view, _part(head, "评析"))))
    return found


def _part(head: Head, name: str) -> Head:
    return replace(head, number=f"{head.number}-{name}")


def _volume(
    view: DisputeView,
    head: Head,
    ours: Sequence[tuple[str, Template]],
    talks: Sequence[_Talk],
    filed: Sequence[Filed],
    omitted: Sequence[Omitted],
    by: Person,
) -> Volume:
    shown = [t for t in talks if t.items]
    printed = [
        Printed("电子数据来源及提取过程说明", "说明电子数据的来源与提取过程", "文件 02"),
        Printed("核验说明", "说明如何独立核验以上内容未被改动", "文件 03"),
    ]
    printed += [Printed(data.kind, why, f"文件 {n:02d}") for n, (why, data) in enumerate(ours, 4)]
    first = 4 + len(ours)
    printed += [
        Printed(t.case.conversation, f"证明双方往来：{len(t.items)} 条消息", f"文件 {n:02d}")
        for n, t in enumerate(shown, first)
    ]
    return Volume(
        head=head,
        view=view,
        extractor=by.name,
        extractor_post="、".join(sorted({g.role for g in by.grants})) or "未登记职务",
        filed=tuple(filed),
        printed=tuple(printed),
        omitted=tuple(omitted),
        conversations=bool(talks),
    )


def _covered(
    items: Sequence[OpenedItem], rows: Sequence[tuple[str, object]], outside: Outside, log: int | None
) -> Gathered:
    """Have the signer cover everything committed so far, and gather under its checkpoint."""
    with under_signer(outside):
        return gather(items, more=rows, trusted=outside.policy, since=_FIXED, log=log)


def _pdfs(
    volume: Volume,
    ours: Sequence[tuple[str, Template]],
    talks: Sequence[_Talk],
    found: Gathered,
    outside: Outside,
) -> list[tuple[str, bytes]]:
    """Our own papers, numbered in the order in which a court reads them."""
    papers: list[tuple[str, Template]] = [
        ("证据目录", matter_printing.evidence_list(volume, found)),
        ("电子数据来源及提取过程说明", matter_printing.extraction_note(volume, found, outside)),
        ("核验说明", matter_printing.verification_note(volume, found, outside)),
        *((data.kind, data) for _, data in ours),
    ]
    for talk in talks:
        if talk.items:
            printed, _ = operations.talk(talk.case, replace(found, items=list(talk.items)), talk.about)
            papers.append((f"会话记录{talk.about.id}", printed))
    return [(f"{n:02d}-{name}.pdf", render(paper)) for n, (name, paper) in enumerate(papers, 1)]


def _put(package: Package, pdfs: Sequence[tuple[str, bytes]], volume: Volume) -> None:
    for name, content in pdfs:
        package.add_pdf(name, content)
    for filed in volume.filed:
        if filed.paper.media_type == MediaType.PDF.value:
            title = _UNSAFE.sub("_", filed.name)[:40].strip("._ ")
            package.add_pdf(f"{filed.place.removeprefix('文件 ')}-{title}.pdf", filed.content)
        else:
            package.add_served(filed.content)
    for what, count, why in volume.omitted:
        package.add_omission(what=what, count=count, reason=why)


def _about(volume: Volume, outside: Outside, found: Gathered, *, at: int) -> About:
    return About(
        kind="matter",
        origin=found.origin,
        made=at,
        clock=outside.clock.value,
        matter=volume.view.matter.number,
        purpose=PURPOSE,
        not_proved=(*volume.not_proved, *found.not_proved),
    )


def _seal(
    digests: list[str], volume: Volume, talks: Sequence[_Talk], items: int, *, by: Person, at: int
) -> tuple[UUID, int]:
    """Enter the digests of what the package holds; the record's id and the entry's index."""
    row = PackageRecord(
        id=new_id(at),
        kind="matter",
        subject=str(volume.view.id),
        matter=volume.view.matter.id,
        opening=talks[0].page.opening if talks else None,
        digests=digests,
        items=items,
        omitted=sum(n for _, n, _ in volume.omitted),
    )
    with book(at=at) as b:
        entry = b.entry("evidence.sealed", by=by.actor, facts={"package": str(row.id)})
        entry.insert(row)
    return row.id, entry.index or 0


def _made(
    path: Path, digest: str, found: Gathered, volume: Volume, record: UUID, entry: int
) -> MatterPackageMade:
    return MatterPackageMade(
        id=record,
        path=path,
        sha256=digest,
        size=path.stat().st_size,
        exhibits=len(volume.filed),
        items=len(found.items),
        parts=len(found.parts),
        omitted=sum(n for _, n, _ in volume.omitted),
        origin=found.origin,
        checkpoint=found.newest.size,
        vouching=found.vouching,
        stamped=found.stamped,
        sealed_in=entry,
    )
