"""Making a package: open (durable first), seal its papers in the ledger, have all covered, write the file.

Two entries, with no transaction held between. `evidence.sealed` names the digests of the papers, of the list of
omissions and of all else that is opened, and is itself in the package: nothing can be exchanged or taken out. Crash
after it: the register knows a package that nobody received; make it again. The file is renamed into place when whole:
finished or absent.
"""

from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from jieli.access.types import Person
from jieli.archive import queries as archive
from jieli.archive.types import ConversationRef, OpenedItem
from jieli.assets import queries as assets
from jieli.capture.collecting import rarely
from jieli.evidence import per_log, printing
from jieli.evidence.covering import under_signer
from jieli.evidence.errors import NothingToProve
from jieli.evidence.gathering import Gathered, add_rows, gather, lines
from jieli.evidence.models import PackageRecord
from jieli.evidence.printing import Case, Name
from jieli.evidence.types import NOT_PROVED, Outside, PackageMade
from jieli.evidence.writing import write
from jieli.kernel.failpoints import reach
from jieli.kernel.ids import new_id
from jieli.ledger import places
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.ledger.types import HASH, OpenedPart
from jieli.matters import queries as matters
from jieli.papers.rendering import render
from jieli.papers.types import Conversation, Head, Template
from jieli.parties import queries as parties
from jieli.reading import operations as reading
from jieli.reading.types import Page, Window
from seal.package import About, Package
from seal.tree import Tree

ANYWHERE = Window()


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the packages of one conversation share."""

    conversation: int
    purpose: str
    matter: str
    by: Person
    at: int
    outside: Outside
    sm3: bool


@dataclass(frozen=True, slots=True)
class _Share:
    """What goes into the package of one log. `apart`: how many items are not in it, but in another log."""

    page: Page
    items: Sequence[OpenedItem]
    apart: tuple[tuple[int, str], ...]
    more: Sequence[tuple[str, object]]  # further rows, those of the packages made before it among them
    beside: bool  # whether another one is made with it


@rarely()  # ten thousand items are a hundred thousand objects, none of them in a cycle
def make_conversation_packages(
    *,
    conversation: int,
    purpose: str,
    matter: str,
    by: Person,
    at: int,
    path: Path,
    outside: Outside,
    window: Window = ANYWHERE,
    sm3: bool = False,
) -> tuple[PackageMade, ...]:
    """Everything that may be opened of a conversation, with its proofs, as files that a stranger verifies.

    One for each log that the items lie in, older logs first: nearly always one, named `path`. Each item is opened,
    and its opening registered, once. `sm3` adds SM3SUMS beside SHA256SUMS; verifiers before 0.2 refuse such a
    package (ADR 16).
    Errors: those of reading.operations.open_for_package; NothingToProve, NotCovered, PackageExists.
    """
    wish = _Wish(conversation, purpose, matter, by, at, outside, sm3)
    kept = ids_of(conversation, window)
    into = per_log.paths(path, kept)
    opened = {log: _open(wish, ids) for log, ids in kept.items()}
    shown = {log: one for log, one in opened.items() if one[1]}
    if not shown:
        raise _nothing()
    footing = shared_footing([item for _, items in shown.values() for item in items]) if len(kept) > 1 else []
    counts = {log: len(ids) for log, ids in kept.items()}
    made: dict[int, PackageMade] = {}
    for log, (page, items) in shown.items():
        digests = {other: one.sha256 for other, one in made.items()}
        apart = tuple(per_log.elsewhere(log, counts, {one: into[one] for one in shown}, digests))
        records = [("evidence_package", one.id) for one in made.values()]
        more = [*grounds(items, page), *footing, *records]
        made[log] = _package(wish, into[log], _Share(page, items, apart, more, len(shown) > 1))
    return tuple(made.values())


def ids_of(conversation: int, window: Window = ANYWHERE) -> dict[int, list[int]]:
    """The items of a conversation by log. NothingToProve where there are none."""
    kept = archive.ids_of_conversation(
        conversation, from_ms=window.from_ms or 0, to_ms=2**62 if window.to_ms is None else window.to_ms
    )
    if not kept:
        raise _nothing()
    return per_log.ids_by_log(kept)


def _open(wish: _Wish, ids: Sequence[int]) -> tuple[Page, tuple[OpenedItem, ...]]:
    return reading.open_for_package(
        items=ids, purpose=wish.purpose, matter=wish.matter, by=wish.by, at=wish.at
    )


def shared_footing(items: Sequence[OpenedItem]) -> list[tuple[str, object]]:
    """What the items of all logs rest on: each package shows of it what its own log proves."""
    named = {id(i.item.basis_rows): i.item.basis_rows for i in items}
    return sorted({row for rows in named.values() for row in rows})


def _package(wish: _Wish, path: Path, share: _Share) -> PackageMade:
    """The package of one log."""
    page, items, outside, at = share.page, share.items, wish.outside, wish.at
    about = archive.conversations([wish.conversation])[wish.conversation]
    case = talk_case(
        about, page, by=wish.by, at=at, matter=wish.matter, outside=outside, apart=share.apart
    )  # fmt: skip
    found = covered(items, share.more, outside)
    found.beside = share.beside
    pdfs = _papers(found, case, about, outside)
    with Package(
        _about(case, outside, found, purpose=wish.purpose, at=at), policy=outside.policy, sm3=wish.sm3
    ) as package:
        for name, content in pdfs:
            package.add_pdf(name, content)
        for count, reason in case.omitted:
            package.add_omission(what=case.conversation, count=count, reason=reason)
        record, entry = _seal(bound(package, found, pdfs), wish, case, page, len(items))
        reach("package.after_seal")
        add_register(package, found, record, outside)
        digest = write(package, path)
    return _made(path, digest, found, case, page, record, entry)


def _nothing() -> NothingToProve:
    return NothingToProve(
        "这段会话没有可为此目的开启的内容。", remedy="请核对会话编号、目的、授权范围与时间窗口。"
    )


def grounds(items: Sequence[OpenedItem], page: Page) -> list[tuple[str, object]]:
    """Rows that a reader needs beside the items' own bases: the account, its holders' history, the opening."""
    more: list[tuple[str, object]] = [("reading_opening", page.opening)]
    # items of one basis name the very same account: what an id hashes to is not worked out for each
    named = {id(account): account for account in [i.item.account for i in items]}
    accounts = {account for account in named.values() if account is not None}
    for account in sorted(accounts):
        more += [("assets_asset", account), ("assets_account", account)]
    more += [("assets_holding", span.id) for spans in assets.holdings_of(accounts).values() for span in spans]
    return more


def covered(items: Sequence[OpenedItem], more: Sequence[tuple[str, object]], outside: Outside) -> Gathered:
    """Have the signer cover everything committed so far, and gather under its checkpoint."""
    with under_signer(outside):
        return gather(items, more=more, trusted=outside.policy)


def talk_case(
    about: ConversationRef,
    page: Page,
    *,
    by: Person,
    at: int,
    matter: str,
    outside: Outside,
    apart: Sequence[tuple[int, str]] = (),
) -> Case:
    """What the papers about one opened conversation share; `apart` is how many of its items other logs prove."""
    thread = matters.matter(matter)
    why = [*page.left_out.items(), *page.not_shown.items()]
    omitted = [(count, reason.value) for reason, count in why if count] + list(apart)
    return Case(
        head=Head(number=f"{thread.number}-会话-{about.id}", unit=outside.unit, at=at, clock=outside.clock),
        matter=f"{thread.number} {thread.title}",
        conversation=f"会话 {about.id}（{about.source}）",
        extractor=by.name,
        extractor_post="、".join(sorted({g.role for g in by.grants})) or "未登记职务",
        opened_at=at,
        made_at=at,
        opening=str(page.opening),
        omitted=tuple(omitted),
    )


def speakers(items: Sequence[OpenedItem]) -> dict[UUID, Name]:
    """Speakers by id, as the registers name them now."""
    speakers = {i.item.speaker for i in items if i.item.speaker is not None}
    names = {
        key: Name(ref.name, f"员工 {ref.staff_no}", staff=True)
        for key, ref in parties.staff(speakers).items()
    }
    for key, ref in parties.customer(speakers - set(names)).items():
        names[key] = Name(ref.name, f"客户 {ref.customer_no}", staff=False)
    return names


def talk(case: Case, found: Gathered, about: ConversationRef) -> tuple[Conversation, str]:
    """The conversation printed, with the names that the registers give now; and its platform in people's words."""
    accounts = assets.accounts_by_id({i.item.account for i in found.items if i.item.account is not None})
    handles = {key: ref.handle for key, ref in accounts.items()}
    platforms = {ref.platform for ref in accounts.values()}
    platform = "、".join(printing.PLATFORMS.get(p, p) for p in sorted(platforms)) or about.source
    return printing.conversation(case, found, speakers(found.items), handles, platform), platform


def _papers(found: Gathered, case: Case, about: ConversationRef, outside: Outside) -> list[tuple[str, bytes]]:
    printed, platform = talk(case, found, about)
    papers: list[tuple[str, Template]] = [
        ("01-证据目录.pdf", printing.evidence_list(case, found)),
        ("02-提取过程说明.pdf", printing.extraction_note(case, found, outside, platform=platform)),
        ("03-核验说明.pdf", printing.verification_note(case, found, outside, log_key=found.log_key)),
        ("04-会话记录.pdf", printed),
    ]
    return [(name, render(paper)) for name, paper in papers]


def _about(case: Case, outside: Outside, found: Gathered, *, purpose: str, at: int) -> About:
    return About(
        kind="conversation",
        origin=found.origin,
        made=at,
        clock=outside.clock.value,
        matter=case.matter.partition(" ")[0],
        purpose=purpose,
        not_proved=(*NOT_PROVED, *found.not_proved),
    )


def bound(package: Package, found: Gathered, pdfs: Sequence[tuple[str, bytes]]) -> list[str]:
    """Put in everything that is opened; what the register must name so that none of it can be taken out again.

    The digests of `pdfs`, our own papers, and of the list of omissions stand by themselves, so that a verifier says
    of each which entry names it.
    """
    add_opened(package, found)
    own = [*(content for _, content in pdfs), package.omissions()]
    return [*(f"sha256:{sha256(content).hexdigest()}" for content in own), *package.bound()]


def add_register(package: Package, found: Gathered, record: UUID, outside: Outside) -> None:
    """Have the signer cover the package's register, add its part, the last of all, and what leads to the checkpoint."""
    known = set(found.leaves)
    with under_signer(outside):
        add_rows(found, [("evidence_package", record)])
    _add_lines(package, found, found.leaves.keys() - known)
    _add_paths(package, found)


def add_proofs(package: Package, found: Gathered) -> None:
    """Put in everything a verifier follows: checkpoints, entries, items, parts, texts as served."""
    add_opened(package, found)
    _add_paths(package, found)


def add_opened(package: Package, found: Gathered) -> None:
    """Put in what is opened: items, parts, texts as served."""
    _add_lines(package, found, found.leaves.keys())
    for served in {sha256(text).digest(): text for text in found.served}.values():
        package.add_served(served)


def _add_paths(package: Package, found: Gathered) -> None:
    """Put in what leads from there to the newest checkpoint, and who vouches for it."""
    for c in found.checkpoints:
        package.add_checkpoint(c.cosigned_note.encode())
        for _, response in c.timestamps:
            package.add_timestamp(c.size, response)
    newest = found.newest.size
    for c in found.checkpoints[:-1]:
        package.add_consistency(c.size, ledger.consistency_proof(c.size, newest, log=found.log))
    wanted = [places.place(found.log or 1, index) for index in found.entries]
    for place, path in ledger.inclusion_proofs(wanted, newest).items():
        index = places.index_of(place)
        package.add_entry(index, found.entries[index].data, path)


def _add_lines(package: Package, found: Gathered, entries: Set[int]) -> None:
    """The opened parts and items; one tree at a time is in memory, and all that prove by it do so then."""
    items = lines(found) if entries & {entry for entry, _ in found.places.values()} else {}
    parts: dict[int, list[OpenedPart]] = defaultdict(list)
    for part, _ in found.parts:
        parts[part.entry].append(part)
    for entry in sorted(entries):
        joined = found.leaves[entry]
        tree = Tree([joined[at : at + HASH] for at in range(0, len(joined), HASH)])
        for part in parts[entry]:
            package.add_part_bytes(entry, part.n, tree, part.salt, part.body)
        package.add_items(entry, tree, items.get(entry, ()))


def _seal(digests: list[str], wish: _Wish, case: Case, page: Page, items: int) -> tuple[UUID, int]:
    """Enter into the ledger what the package holds; the record's id and the entry's index."""
    row = PackageRecord(
        id=new_id(wish.at),
        kind="conversation",
        subject=str(wish.conversation),
        matter=matters.matter(wish.matter).id,
        opening=page.opening,
        digests=digests,
        items=items,
        omitted=left_out(case),
    )
    with book(at=wish.at) as b:
        entry = b.entry("evidence.sealed", by=wish.by.actor, facts={"package": str(row.id)})
        entry.insert(row)
    return row.id, entry.index or 0


def left_out(case: Case) -> int:
    """How many items of a conversation the package does not show."""
    return sum(count for count, _ in case.omitted)


def _made(
    path: Path, digest: str, found: Gathered, case: Case, page: Page, record: UUID, entry: int
) -> PackageMade:
    return PackageMade(
        id=record,
        path=path,
        sha256=digest,
        size=path.stat().st_size,
        items=len(found.items),
        omitted=left_out(case),
        entries=len(found.entries),
        origin=found.origin,
        checkpoint=found.newest.size,
        vouching=found.vouching,
        stamped=found.stamped,
        opening=page.opening,
        sealed_in=entry,
    )


def digest_of(path: Path) -> str:
    """SHA-256 of a finished file, in hex."""
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
