"""Values of an export of all. Times are ms UTC; names of files are made of our own numbers only, never of data."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from jieli.evidence.types import Vouching
from jieli.kernel.errors import JieliError

#: The kind under which the approval of an export of all is asked for; its subject is the matter's id.
APPROVAL_KIND = "整体导出"
#: So many items a volume takes: one opening, one package, one piece that a killed export does not lose.
A_VOLUME = 1_024
PROOF = "proof.zip"
#: Beside it where the book has several logs: what another one says of the volume, such as its opening and sealing.
REGISTERS = "registers-{}.zip"


class ExportNotApproved(JieliError):
    """Everything leaves at once, so somebody else must have agreed."""

    code = "evidence.export_not_approved"


class OtherExport(JieliError):
    """The directory holds something else than the export that is asked for."""

    code = "evidence.other_export"


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A stored file as it lies in a volume; `path` within it, `name` as it came, `agreement` with the claim."""

    path: str
    item: int
    n: int
    size: int
    sha256: str
    sha512: bytes
    md5: str
    mediatype: str
    agreement: str
    seconds: int
    name: str

    def __repr__(self) -> str:
        return f"MediaFile({self.path})"  # its name and digests never reach a log


@dataclass(frozen=True, slots=True)
class Line:
    """One item as load files carry it. `entry` and `n`: where its leaf stands in the ledger."""

    item: int
    conversation: int
    source: str
    channel: str
    msgtype: str
    event_ms: int
    sender: str
    sender_name: str
    receivers: tuple[str, ...]
    room: str
    account: str
    text: str
    media: tuple[Mapping[str, Any], ...]
    documented_later: bool
    entry: int
    n: int
    files: tuple[MediaFile, ...] = ()

    def __repr__(self) -> str:
        return f"Line({self.item})"  # content never reaches a log


@dataclass(frozen=True, slots=True)
class Volume:
    """What the load files of a volume share. `made` is the instant of its opening."""

    number: int
    origin: str
    made: int
    purpose: str
    matter: str


#: A load file's writer: the lines of a volume in, names and bytes out. Pure.
Writer = Callable[[Volume, Sequence[Line]], Iterator[tuple[str, bytes]]]


@dataclass(frozen=True, slots=True)
class Left:
    """An item that is not in the export, and why."""

    item: int
    conversation: int
    source: str
    event_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class VolumeMade:
    """A finished volume, as its `volume.json` says."""

    number: int
    items: int
    omitted: int
    resumed: bool


@dataclass(frozen=True, slots=True)
class VolumeVouched:
    """Who stood for a package of a volume (`proof.zip`, `registers-N.zip`) when it was made; it stays as it is."""

    volume: int
    package: str
    vouching: Vouching

    def as_json(self) -> dict[str, object]:
        """One line of the answer to machines."""
        return {"volume": self.volume, "package": self.package, **self.vouching.as_json()}


@dataclass(slots=True)
class Exported:
    """The whole export. `omitted` by reason; `missed` items were written while it ran, by batches begun before it.

    `files` left with their items; `files_lost` are stored and could not; `files_not_fetched` never came to be stored.
    `vouched`: who stands for the packages of each volume. `unsigned`: so many entries stand in the book and not in the
    ledger's files, as a rule the one that closes this export among them; `why` in the words of the signer that did not
    sign them.
    """

    directory: Path
    request: UUID
    volumes: int = 0
    resumed: int = 0
    items: int = 0
    omitted: dict[str, int] = field(default_factory=dict)
    missed: int = 0
    files: int = 0
    files_lost: int = 0
    files_not_fetched: int = 0
    vouched: list[VolumeVouched] = field(default_factory=list)
    ledger: int = 0
    unsigned: int = 0
    why: str = ""
    manifest_sha256: str = ""

    @property
    def counts(self) -> bool:
        """Whether every package counts under the policy without more: a stranger's `seal verify` ends with 0."""
        return all(one.vouching.counts for one in self.vouched)

    @property
    def nothing_left_out(self) -> bool:
        """Whether all contents are in it, however they are proved."""
        return not self.missed and not self.files_lost and not any(self.omitted.values())

    @property
    def complete(self) -> bool:
        """All contents, their proofs as the policy asks for them, and the book that proves it to its end."""
        return self.nothing_left_out and self.counts and not self.unsigned
