"""文件.csv: the four documents of a person, and the signed promise for an account, with their scans."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from jieli.assets.operations import acknowledge_many
from jieli.assets.operations.signing import unsound
from jieli.assets.queries import asset_ids
from jieli.assets.types import AssetKind, Signature
from jieli.connectors.files.company import DOCUMENTS
from jieli.connectors.files.tables import TableRow
from jieli.consent.operations import load_documents
from jieli.consent.types import DocumentKind, NewDocument
from jieli.kernel.errors import JieliError
from jieli.kernel.times import start_of_day
from jieli.ledger.operations import book
from jieli.papers.operations import receive
from jieli.papers.policy import LIMIT, check_content
from jieli.papers.queries import by_digest
from jieli.parties.queries import staff_by_no
from jieli.parties.types import Outcome
from jieli.wiring.load.rows import Built, Loading, RefusedRow, Rows, find, seen

MEDIA = {".pdf": "application/pdf", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png"}
#: Scans kept in one transaction: bounds what is in memory and how long the log is held.
SCANS_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Signed:
    """A row of the sheet: whose paper, of which kind, its scan, and for a promise the account."""

    staff_id: UUID
    kind: str
    signed_on: date
    title: str
    scan: Path | None
    account_id: UUID | None


def load_papers(rows: Rows, loading: Loading) -> Outcome:
    """Keep the scans, then state the promises (R0.48), then the documents, each as an entry of its kind.

    A scan already kept (by its SHA-256) is not kept again. Crash after the scans: the next run finds them.
    """
    staff, accounts = staff_by_no(seen(rows.table, "staff_no")), asset_ids(AssetKind.ACCOUNT)

    def make(row: TableRow) -> Signed:
        if start_of_day(row["signed_on"]) > loading.at:
            raise RefusedRow("signed_on", "load.not_yet", "签署日期晚于今天。", "请核对日期。")
        person = find(staff, row["staff_no"], "staff_no", "员工").id
        promise = DOCUMENTS[row["kind"]] is None
        if promise and not (row["platform"] and row["handle"] and row["scan"]):
            raise RefusedRow(
                "kind",
                "load.promise_incomplete",
                "承诺书必须写明平台、账号标识和扫描件。",
                "请补全后重新装载。",
            )
        name = f"{row['platform']} {row['handle']}"
        account = find(accounts, name, "handle", "账号") if promise else None
        scan = _scan(loading.directory, row["scan"]) if row["scan"] else None
        return Signed(person, row["kind"], row["signed_on"], row["title"] or row["kind"], scan, account)

    built = rows.build(
        make, key=lambda new: (new.staff_id, new.kind, new.signed_on, new.account_id, new.scan)
    )
    promises, built = _sound_promises(rows, built, loading.at)
    papers = _kept(built, loading)
    signatures = [_signature(one.value, papers[one.value.scan]) for one in promises if one.value.scan]
    promised = acknowledge_many(signatures, by=loading.by, at=loading.at)
    documents = [one.value for one in built if one.value.account_id is None]
    return promised + _load_documents(documents, papers, loading)


def _scan(directory: Path, given: str) -> Path:
    """The scan's file; refused outside the directory, absent, too large, or not what its name says."""
    root = directory.resolve()
    path = (root / given.replace("\\", "/")).resolve()
    if not path.is_relative_to(root):
        raise RefusedRow(
            "scan", "load.scan_outside", "扫描件不在装载目录内。", "请放进该目录，填写相对路径。"
        )
    if not path.is_file():
        raise RefusedRow("scan", "load.no_scan", "找不到扫描件。", "请核对文件名，路径相对于装载目录。")
    if path.stat().st_size > LIMIT:  # before a byte of it is read
        raise RefusedRow(
            "scan", "load.scan_too_large", f"扫描件超过 {LIMIT >> 20} MB。", "请降低分辨率重新扫描。"
        )
    media = MEDIA.get(path.suffix.lower())
    if media is None:
        raise RefusedRow("scan", "load.scan_kind", "扫描件不是 PDF、JPG 或 PNG。", "请转换格式。")
    try:
        check_content(path.read_bytes(), media)
    except JieliError as error:
        raise RefusedRow("scan", error.code, error.sentence, error.remedy) from error
    return path


def _sound_promises(
    rows: Rows, built: list[Built[Signed]], at: int
) -> tuple[list[Built[Signed]], list[Built[Signed]]]:
    """The promises that can stand, and all rows that can; judged before any scan is kept."""
    promises = [one for one in built if one.value.account_id is not None]
    nowhere = UUID(int=0)  # the paper's id decides nothing here: it does not exist yet
    kept = rows.refuse_some(promises, unsound([_signature(one.value, nowhere) for one in promises], at=at))
    bad = {one.line for one in promises} - {one.line for one in kept}
    return kept, [one for one in built if one.line not in bad]


def _signature(signed: Signed, paper: UUID) -> Signature:
    if signed.account_id is None:
        raise TypeError("a document of a person is no promise for an account")
    return Signature(signed.account_id, signed.staff_id, paper, start_of_day(signed.signed_on))


def _kept(built: Sequence[Built[Signed]], loading: Loading) -> dict[Path, UUID]:
    """The paper of each scan; the new ones are received, some at a time."""
    first = {one.value.scan: one.value for one in built if one.value.scan is not None}
    papers: dict[Path, UUID] = {}
    fresh: dict[Path, tuple[str, Signed]] = {}
    for path, signed in first.items():
        digest = sha256(path.read_bytes()).hexdigest()
        known = by_digest(digest)
        if known:
            papers[path] = known[0].id
        else:
            fresh[path] = (digest, signed)
    by_content: dict[str, UUID] = {}
    for some in _batches(list(fresh.items())):
        with book(at=loading.at):
            for path, (digest, signed) in some:
                if digest not in by_content:
                    by_content[digest] = _receive(path, signed, loading)
                papers[path] = by_content[digest]
    return papers


def _batches(items: list[tuple[Path, tuple[str, Signed]]]) -> Iterator[list[tuple[Path, tuple[str, Signed]]]]:
    for start in range(0, len(items), SCANS_AT_ONCE):
        yield items[start : start + SCANS_AT_ONCE]


def _receive(path: Path, signed: Signed, loading: Loading) -> UUID:
    return receive(
        kind=signed.kind,
        title=signed.title,
        content=path.read_bytes(),
        media_type=MEDIA[path.suffix.lower()],
        issued_at=start_of_day(signed.signed_on),
        by=loading.by,
        at=loading.at,
    ).id


def _load_documents(signed: Sequence[Signed], papers: dict[Path, UUID], loading: Loading) -> Outcome:
    if not signed:
        return Outcome()
    rows = [
        NewDocument(
            s.staff_id, DocumentKind(s.kind), s.signed_on, papers[s.scan] if s.scan else None, s.title
        )
        for s in signed
    ]
    done = load_documents(rows, by=loading.by, at=loading.at)
    return Outcome(new=done.new, unchanged=done.unchanged)
