"""A drill: that the root key from outside this machine's keyring opens the keyring and a page. Changes nothing."""

from dataclasses import dataclass

from jieli.archive import ports
from jieli.archive.errors import KeyringMismatch
from jieli.archive.keys import escrow, files, ring
from jieli.archive.keys.pages import SECRET_BYTES
from jieli.archive.keys.root import FileRoot, Root, fingerprint
from jieli.archive.keys.store import held, opened
from jieli.archive.models import KeyPage, WrapEpoch
from jieli.archive.types import EpochState
from jieli.ledger.operations import book

DRILLED, ESCROWED = "archive.keys_drilled", "archive.keys_escrowed"


@dataclass(frozen=True)
class Drill:
    """What a drill has shown: the root, how many key files it opened, and one page (0: there is none yet)."""

    place: str
    root: str
    files: int
    epochs: tuple[int, ...]
    page: int
    secrets: int


def drill(sheets: tuple[str, str] | None, *, by: str, at: int) -> Drill:
    """Prove that both escrow sheets open the keyring and its newest page, and enter `archive.keys_drilled`.

    Without sheets for a keyring whose root key lives elsewhere: then it is that place which proves itself.
    Errors: EscrowUnreadable, KeyringMismatch (the sheets are another keyring's, or a file or epoch does not agree),
    NotTheKeeper, PageDamaged. Nothing is entered for a drill that failed.
    """
    own = held(ports.keyring())
    if sheets is None:
        own.wrapping.open(ring.DIGEST, files.read(own.directory / ring.DIGEST))
        done = prove(own, own.wrapping)
    else:
        done = prove(own, FileRoot(escrow.from_sheets(*sheets)))
    facts = {
        "epochs": list(done.epochs), "files": done.files, "page": done.page, "place": done.place, "root": done.root,
    }  # fmt: skip
    with book(at=at) as b:
        b.entry(DRILLED, by=by, facts=facts)
    return done


def prove(own: ring.HeldKeyring, root: Root) -> Drill:
    """What a root key opens of a keyring and its store, by nothing but itself and the files and pages."""
    if root.fingerprint() != own.wrapping.fingerprint():
        raise KeyringMismatch(
            "这两张托管单不是本密钥环的。", remedy="请核对单上的根密钥指纹，找到相配的一对。"
        )
    anew = ring.held(own.directory, root)
    live = WrapEpoch.objects.exclude(state=EpochState.DESTROYED.value).order_by("id")
    epochs = []
    for row in live:
        if fingerprint(ring.epoch_name(row.id), anew.epoch_key(row.id)) != row.fingerprint:
            raise KeyringMismatch(
                f"第 {row.id} 期的密钥与密钥库的指纹不符。", remedy="请从密钥备份恢复该文件。"
            )
        epochs.append(row.id)
    page = KeyPage.objects.exclude(sealed=b"").order_by("-id").first()
    secrets = len(opened(anew, page)) // SECRET_BYTES if page is not None else 0
    return Drill(
        root.place, root.fingerprint(), len(anew.epochs) + 1, tuple(epochs), page.id if page else 0, secrets
    )


def print_sheets(*, by: str, at: int) -> tuple[str, str]:
    """Two escrow sheets of this process's keyring; that they were printed stands in the ledger before they are given.

    KeyringMissing where the root key lives elsewhere, NotTheKeeper where the keeper has it.
    """
    own = held(ports.keyring())
    sheets = escrow.escrow(own)
    with book(at=at) as b:
        b.entry(ESCROWED, by=by, facts={"root": own.wrapping.fingerprint()})
    return sheets
