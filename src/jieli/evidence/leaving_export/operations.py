"""Asking for an export of all, and making it: volume by volume, then what was left out, the manifest, the ledger."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from jieli.access.policy import check_may
from jieli.access.types import Permission, Person
from jieli.approvals import operations as approvals
from jieli.approvals import queries as approval_queries
from jieli.approvals.types import ApprovalRef, RequestRef
from jieli.archive import census
from jieli.evidence.covering import why_not
from jieli.evidence.leaving_export import shelf, volumes
from jieli.evidence.leaving_export.types import (
    A_VOLUME,
    APPROVAL_KIND,
    PROOF,
    Exported,
    ExportNotApproved,
    VolumeMade,
    Writer,
)
from jieli.evidence.leaving_export.volumes import Asked
from jieli.evidence.types import NOT_PROVED, Outside
from jieli.ledger import exporting
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.reading.operations import open_matter
from jieli.reading.policy import check_purpose
from jieli.reading.types import Purpose
from seal.keys import Vkey

#: Moving the archive elsewhere goes on keeping it, under the scope it was taken for (采集); no purpose says so itself.
PURPOSE = Purpose.AUDIT
FORMAT, VERSION = "jieli.leaving-export", 1


def ask(*, purpose: str, matter: str, reason: str, by: Person, at: int) -> RequestRef:
    """Ask that everything may leave, for this purpose in this matter; somebody else decides it in approvals.

    Errors: Forbidden, PurposeDenied, MatterNotOpen, BadRequest (approvals.bad_request).
    """
    check_may(by, Permission.READ, at=at)
    known, thread = check_purpose(purpose), open_matter(matter)
    return approvals.open_request(
        kind=APPROVAL_KIND, subject=thread, digest=approval_digest(known, thread),
        scope=f"为{known.value}导出全部可以开启的内容", reason=reason, by=by.actor, at=at,
    )  # fmt: skip


def approval_digest(purpose: Purpose, matter: UUID) -> bytes:
    """What an approval of an export is over: this purpose in this matter, and no other."""
    return sha256(f"{APPROVAL_KIND}\n{purpose.value}\n{matter}".encode()).digest()


def export_all(
    *,
    directory: Path,
    purpose: str,
    matter: str,
    by: Person,
    clock: Callable[[], int],
    outside: Outside,
    keys: Sequence[Vkey],
    writers: Mapping[str, Writer],
    tell: Callable[[VolumeMade], object] = lambda made: None,
) -> Exported:
    """Write everything that may be opened for the purpose into an empty directory, or go on with what stands there.

    `clock` gives the instant of each opening, for this takes hours; `keys` are those the ledger's files are verified
    with; `tell` hears of each volume. Run again after a kill it keeps finished volumes and makes the rest. A signer
    that is away at the end stops nothing: `unsigned` counts what the ledger's files lack.
    Errors: Forbidden, PurposeDenied, MatterNotOpen, ExportNotApproved, OtherExport, ExportRuns, NotCovered, and those
    of reading and of the ledger's export.
    """
    check_may(by, Permission.READ, at=clock())
    known, thread = check_purpose(purpose), open_matter(matter)
    approved = _approved(known, thread, by, at=clock())
    asked = Asked(known, matter, ledger.origin(), by, outside, list(writers.values()))
    with exporting.files_in(directory), exporting.alone(directory):
        plan = _plan(directory, asked, sorted(writers), approved, at=clock())
        done = Exported(directory, approved.id)
        made = _volumes(directory, int(plan["upto_batch"]), asked, done, clock, tell)
        _close(directory, plan, asked, made, done, at=clock())
        stood = ledger.head(ledger.live_log()).size
        why = why_not(outside)
        done.ledger = exporting.export(directory / "ledger", keys).size
        done.unsigned = max(0, stood - done.ledger)
        done.why = why if done.unsigned else ""
        for log in ledger.logs()[:-1]:
            exporting.export(directory / f"ledger-{log}", keys, log=log)
    return done


def _approved(purpose: Purpose, matter: UUID, by: Person, *, at: int) -> ApprovalRef:
    found = approval_queries.approved(APPROVAL_KIND, matter, approval_digest(purpose, matter), at=at)
    if found is None or found.approver == by.actor:
        raise ExportNotApproved(
            "整体导出须先经他人审批。", remedy="请用 jieli export ask 提交，由您以外的人同意后再导出。"
        )
    return found


def _plan(
    directory: Path, asked: Asked, formats: Sequence[str], approved: ApprovalRef, *, at: int
) -> dict[str, Any]:
    """The plan of this directory; at first an entry says that everything is about to leave, and by whose leave."""
    wanted = {
        "format": FORMAT, "version": VERSION, "origin": asked.origin, "purpose": asked.purpose.value,
        "matter": asked.matter, "formats": list(formats), "a_volume": A_VOLUME, "upto_batch": census.newest_batch(),
        "begun": at, "request": str(approved.request),
    }  # fmt: skip
    plan = shelf.planned(directory, wanted)
    if not shelf.volume_at(directory, 1).exists():
        with book(at=at) as b:
            facts = {
                "matter": asked.matter, "purpose": asked.purpose.value, "approval": str(approved.id),
                "upto_batch": plan["upto_batch"],
            }  # fmt: skip
            b.entry("evidence.export_begun", by=asked.by.actor, facts=facts)
    shelf.write(directory / "policy", asked.outside.policy)
    return plan


#: What the manifest repeats of each volume; those of an earlier version name no log.
_REPEATED = ("volume", "items", "omitted", "sources", "origin")


def _volumes(
    directory: Path,
    upto: int,
    asked: Asked,
    done: Exported,
    clock: Callable[[], int],
    tell: Callable[[VolumeMade], object],
) -> list[dict[str, Any]]:
    """Every volume, made or found finished: a short account of each. What has been told is on the disk."""
    short: list[dict[str, Any]] = []
    for values, resumed in _each(directory, upto, asked, clock):
        number = values["volume"]
        done.volumes, done.items = number, done.items + values["items"]
        done.resumed += resumed
        found = values.get("media", {})  # a volume of an earlier version has none
        done.files += found.get("files", 0)
        done.files_lost += found.get("lost", 0)
        done.files_not_fetched += found.get("not_fetched", 0)
        for reason, count in values["omitted"].items():
            done.omitted[reason] = done.omitted.get(reason, 0) + count
        done.vouched += shelf.vouched(values)
        short.append({name: values[name] for name in _REPEATED if name in values} | _proof(values))
        tell(VolumeMade(number, values["items"], sum(values["omitted"].values()), resumed))
    return short


def _each(
    directory: Path, upto: int, asked: Asked, clock: Callable[[], int]
) -> Iterator[tuple[dict[str, Any], bool]]:
    """What each volume says of itself, and whether it stood there. None holds items of two logs of the book."""
    number = 1
    for span in census.spans(upto_batch=upto):
        place = census.BEGINNING
        while (values := shelf.finished(directory, number)) is None or values.get(
            "log", span.log
        ) == span.log:
            resumed = values is not None
            if values is None:
                refs = census.walk(
                    place, upto_batch=span.upto_batch, from_batch=span.from_batch, limit=A_VOLUME
                )
                if not refs:
                    break
                values = volumes.make(directory, number, refs, asked, log=span.log, at=clock())
            yield values, resumed
            conversation, event, item = values["after"]
            place, number = (conversation, event, item), number + 1


def _proof(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the manifest repeats of a volume's package: where, its digest, the checkpoint it stands under."""
    found = [one for one in values["files"] if one["name"] == PROOF]
    if not found:
        return {"proof": None}
    said = ("checkpoint", "sealed_in", "witnessed", "counts", "witnessed_earlier", "registers")
    return {"proof": found[0]["sha256"]} | {name: values[name] for name in said if name in values}


def _close(
    directory: Path,
    plan: Mapping[str, Any],
    asked: Asked,
    made: Sequence[dict[str, Any]],
    done: Exported,
    *,
    at: int,
) -> None:
    """The list of omissions, the manifest, and one entry over them. Crash before that: the next run writes it."""
    exported, omitted = Counter[str](), Counter[str]()
    for volume in made:
        for source, numbers in volume["sources"].items():
            exported[source] += numbers["items"]
            omitted[source] += numbers["omitted"]
    kept = census.by_source(upto_batch=int(plan["upto_batch"]))
    done.missed = sum(max(0, kept[source] - exported[source] - omitted[source]) for source in kept)
    shelf.gather_omissions(directory, len(made), done.missed)
    sources = {
        source: {"kept": number, "exported": exported[source], "omitted": omitted[source]}
        for source, number in kept.items()
    }
    manifest = {
        **plan, "volumes": list(made), "sources": sources, "items": done.items, "omitted": done.omitted,
        "media": {"files": done.files, "lost": done.files_lost, "not_fetched": done.files_not_fetched},
        "missed": done.missed, "counts": done.counts, "complete": done.complete, "not_proved": list(NOT_PROVED),
        "unit": asked.outside.unit, "system_version": asked.outside.system_version,
    }  # fmt: skip
    done.manifest_sha256 = shelf.write_manifest(directory, manifest)
    with book(at=at) as b:
        facts = {
            "manifest": f"sha256:{done.manifest_sha256}", "volumes": done.volumes, "items": done.items,
            "omitted": sum(done.omitted.values()), "missed": done.missed, "matter": asked.matter,
        }  # fmt: skip
        b.entry("evidence.exported", by=asked.by.actor, facts=facts)
