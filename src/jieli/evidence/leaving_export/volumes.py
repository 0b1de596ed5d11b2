"""One volume: opened under a committed row, its load files sealed in the ledger, its proofs in one package."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from jieli.access.types import Person
from jieli.archive import queries as archive
from jieli.archive.census import place_of
from jieli.archive.errors import ItemAltered
from jieli.archive.types import ItemProof, ItemRef, OpenedItem
from jieli.assets import queries as assets
from jieli.capture.collecting import rarely
from jieli.evidence.gathering import Gathered, collect, gather
from jieli.evidence.leaving_export import media_files, shelf
from jieli.evidence.leaving_export.media_files import Taken
from jieli.evidence.leaving_export.types import PROOF, REGISTERS, Left, Line, Volume, Writer
from jieli.evidence.models import PackageRecord
from jieli.evidence.operations import add_proofs, add_register, bound, digest_of, grounds, speakers
from jieli.evidence.types import NOT_PROVED, Outside, Vouching
from jieli.evidence.writing import write
from jieli.kernel.failpoints import reach
from jieli.kernel.ids import new_id
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.ledger.places import index_of
from jieli.matters import queries as matters
from jieli.reading import operations as reading
from jieli.reading.standing import sift
from jieli.reading.types import LeftOut, Page, Purpose
from seal.package import About, Package

ALTERED = "与封存时不符"


@dataclass(frozen=True, slots=True)
class Asked:
    """What holds for all volumes of an export."""

    purpose: Purpose
    matter: str
    origin: str
    by: Person
    outside: Outside
    writers: Sequence[Writer]


@dataclass(slots=True)
class _Opened:
    """What came of the items of a volume."""

    items: list[OpenedItem]
    left: list[Left]
    page: Page | None


@rarely()  # as for the package of a conversation
def make(
    directory: Path, number: int, refs: Sequence[ItemRef], asked: Asked, *, log: int, at: int
) -> dict[str, Any]:
    """Write one volume of items that stand in one log; what it says of itself.

    Crash before its rename: it is made anew, and opened a second time.
    """
    opened = _open(refs, asked, at=at)
    proofs = archive.proofs([i.item.item_id for i in opened.items])
    gone = {i.item.item_id for i in opened.items if proofs[i.item.item_id].row is None}
    opened.left += [_left(i.item, LeftOut.DESTROYED.value) for i in opened.items if i.item.item_id in gone]
    opened.items = [i for i in opened.items if i.item.item_id not in gone]
    sources: dict[str, dict[str, int]] = {}
    for ref in refs:
        sources.setdefault(ref.source, {"items": 0, "omitted": 0})["items"] += 1
    for left in opened.left:
        sources[left.source]["items"] -= 1
        sources[left.source]["omitted"] += 1
    values: dict[str, Any] = {
        "volume": number, "log": log, "origin": ledger.origin(log),
        "made": at, "after": place_of(refs[-1]), "items": len(opened.items),
        "omitted": dict(Counter(left.reason for left in opened.left)), "sources": sources,
        "conversations": sorted({ref.conversation for ref in refs}), "files": [],
    }  # fmt: skip
    with shelf.begun(directory, number) as folder:
        taken = media_files.take(folder, opened.items)
        values["media"] = _counted(taken)
        if opened.items and opened.page is not None:
            volume = Volume(number, values["origin"], at, asked.purpose.value, asked.matter)
            values |= _write(folder, volume, opened, opened.page, proofs, taken, asked)
        shelf.close(folder, values, [*opened.left, *taken.left])
    return values


def _counted(taken: Taken) -> dict[str, int]:
    missing = sum(one.reason.startswith(media_files.NOT_FETCHED) for one in taken.left)
    files = taken.all
    return {
        "files": len(files), "bytes": sum(one.size for one in files), "not_fetched": missing,
        "lost": len(taken.left) - missing,
    }  # fmt: skip


def _open(refs: Sequence[ItemRef], asked: Asked, *, at: int) -> _Opened:
    """Open what may be opened. An item that is not as it was sealed is left out, named, and stops nothing."""
    good, out = sift(refs, purpose=asked.purpose, by=asked.by, at=at)
    known = {ref.item_id: ref for ref in refs}
    left = [_left(known[item], why.value) for why, ids in out.items() for item in ids]
    altered: set[int] = set()
    while wanted := [ref.item_id for ref in refs if ref.item_id not in altered]:
        if altered.issuperset(ref.item_id for ref in good):
            break
        try:
            page, items = reading.open_for_package(
                items=wanted, purpose=asked.purpose.value, matter=asked.matter, by=asked.by, at=at
            )
        except ItemAltered as found:
            altered.add(found.item)
            left.append(_left(known[found.item], ALTERED))
            continue
        shown = {i.item.item_id for i in items}
        named = {x.item for x in left}
        left += [_left(x, LeftOut.DESTROYED.value) for x in refs if x.item_id not in shown | named]
        return _Opened([i for i in items if i.item.item_id not in named], left, page)
    return _Opened([], left, None)


def _left(ref: ItemRef, reason: str) -> Left:
    return Left(ref.item_id, ref.conversation, ref.source, ref.event_ms, reason)


def _write(
    folder: Path,
    volume: Volume,
    opened: _Opened,
    page: Page,
    proofs: dict[int, ItemProof],
    taken: Taken,
    asked: Asked,
) -> dict[str, Any]:
    """The load files, the entry that seals them, and the package over all of it."""
    lines = _lines(opened.items, proofs, taken)
    files = [shelf.put(folder, *made) for writer in asked.writers for made in writer(volume, lines)]
    if taken.all:
        path = folder / media_files.LIST
        media_files.write_list(path, taken.all)
        files.append({"name": path.name, "bytes": path.stat().st_size, "sha256": digest_of(path)})
    with Package(_about(volume, asked), policy=asked.outside.policy) as package:
        counted = Counter((left.conversation, left.reason) for left in [*opened.left, *taken.left])
        for (conversation, reason), count in sorted(counted.items()):
            package.add_omission(what=f"会话 {conversation}", count=count, reason=reason)
        more = grounds(opened.items, page)
        # under no checkpoint yet: the signer is asked once, when the register stands
        found = collect(opened.items, more=more, trusted=asked.outside.policy)
        package.about = replace(package.about, not_proved=(*NOT_PROVED, *found.not_proved))
        digests = [f"sha256:{one['sha256']}" for one in files] + bound(package, found, ())
        record, entry = _seal(volume, digests, opened, page, asked)
        reach("leaving.after_seal")
        add_register(package, found, record, asked.outside)
        write(package, folder / PROOF)
    others = _prove_elsewhere(folder, volume, found, asked)
    proved = [PROOF, *others]
    files += [{"name": one.path, "bytes": one.size, "sha256": one.sha256} for one in taken.all]
    for name in proved:
        path = folder / name
        files.append({"name": name, "bytes": path.stat().st_size, "sha256": digest_of(path)})
    return {
        "files": files, "opening": str(page.opening), "sealed_in": entry, "checkpoint": found.newest.size,
        **found.vouching.as_json(), "stamped": list(found.stamped),
        "registers": {name: vouching.as_json() for name, vouching in others.items()},
    }  # fmt: skip


def _about(volume: Volume, asked: Asked) -> About:
    return About(
        kind="conversation", origin=volume.origin, made=volume.made, clock=asked.outside.clock.value,
        matter=asked.matter, purpose=asked.purpose.value, not_proved=NOT_PROVED,
    )  # fmt: skip


def _prove_elsewhere(folder: Path, volume: Volume, found: Gathered, asked: Asked) -> dict[str, Vouching]:
    """What other logs hold of a volume (its opening and its sealing, what its items rest on): a package for each.

    By the packages' names, who vouches for each. The signer has covered all of it before.
    """
    made = {}
    for log, rows in sorted(found.others.items()):
        there = gather([], more=sorted(rows), trusted=asked.outside.policy, log=log)
        about = replace(_about(volume, asked), kind="receipt", origin=ledger.origin(log))
        with Package(about, policy=asked.outside.policy) as package:
            add_proofs(package, there)
            name = REGISTERS.format(log)
            write(package, folder / name)
            made[name] = there.vouching
    return made


def _lines(items: Sequence[OpenedItem], proofs: dict[int, ItemProof], taken: Taken) -> list[Line]:
    names = speakers(items)
    accounts = assets.accounts_by_id({i.item.account for i in items if i.item.account is not None})
    rooms = archive.conversations({i.item.conversation for i in items})
    found = []
    for i in items:
        ref, proof = i.item, proofs[i.item.item_id]
        name = names.get(ref.speaker) if ref.speaker is not None else None
        account = accounts.get(ref.account) if ref.account is not None else None
        found.append(
            Line(
                item=ref.item_id, conversation=ref.conversation, source=ref.source, channel=ref.channel,
                msgtype=ref.msgtype, event_ms=ref.event_ms, sender=i.sender,
                sender_name=name.name if name is not None else "", receivers=i.receivers,
                room=rooms[ref.conversation].room or "", account=account.handle if account is not None else "",
                text=i.text, media=i.media, documented_later=ref.documented_later, entry=index_of(proof.entry),
                n=proof.n, files=taken.files.get(ref.item_id, ()),
            )
        )  # fmt: skip
    return found


def _seal(
    volume: Volume, digests: Sequence[str], opened: _Opened, page: Page, asked: Asked
) -> tuple[UUID, int | None]:
    """Enter the digests of the load files, of the omissions and of all in the package; the record and its entry in
    the live log."""
    at = volume.made
    row = PackageRecord(
        id=new_id(at), kind="volume", subject=str(volume.number), matter=matters.matter(asked.matter).id,
        opening=page.opening, digests=list(dict.fromkeys(digests)), items=len(opened.items), omitted=len(opened.left),
    )  # fmt: skip
    with book(at=at) as b:
        entry = b.entry("evidence.sealed", by=asked.by.actor, facts={"package": str(row.id)})
        entry.insert(row)
    return row.id, None if entry.index is None else index_of(entry.index)
