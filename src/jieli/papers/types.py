"""What a paper is to other rooms, and what each template needs to be told: a missing field is a type error.

Moments are milliseconds UTC and printed on a wall clock in China; text is printed exactly as given.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar
from uuid import UUID

#: Marks an integer field as a moment, so that it is printed as a date and time.
MOMENT = MappingProxyType({"moment": True})


class Origin(StrEnum):
    ISSUED = "出具"
    RECEIVED = "收到"


class MediaType(StrEnum):
    """What may be kept. No HTML: a page can show another text to each reader; keep a PDF or plain text of it."""

    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"
    TEXT = "text/plain"


@dataclass(frozen=True, slots=True)
class PaperRef:
    """A paper without its bytes; `sha256` is 64 lower-case hex digits, and empty once the paper was destroyed.

    `number` and `facts_digest` (64 hex digits) are those of a paper we issued; empty for one we received.
    """

    id: UUID
    kind: str
    title: str
    sha256: str
    media_type: str
    size: int
    origin: Origin
    issued_at: int
    number: str = ""
    facts_digest: str = ""

    @property
    def destroyed(self) -> bool:
        """Whether a plan emptied it (ADR 28): bytes, title and names are gone, its number and kind stay."""
        return not self.sha256


class Clock(StrEnum):
    """Which clock the paper's times come from; the demo's is named on every page."""

    REAL = "real"
    DEMO = "demo"


@dataclass(frozen=True, slots=True)
class Head:
    """What stands on every paper: its number, the full name of who issues it, when, and by which clock."""

    number: str
    unit: str
    at: int = field(metadata=MOMENT)
    clock: Clock


@dataclass(frozen=True, slots=True)
class Labelled:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Citation:
    """An article as the law room cites it: the exact text, and how it bears on this paper."""

    law: str
    article: str
    version: str
    text: tuple[str, ...]
    bearing: str


@dataclass(frozen=True, slots=True)
class Digest:
    """A file or carrier and its digest; `size` in bytes."""

    name: str
    algorithm: str
    hex: str
    size: int


@dataclass(frozen=True, slots=True)
class Template:
    """The data of one paper. `template` names the file that sets it, `kind` what the paper is called."""

    template: ClassVar[str]
    kind: ClassVar[str]
    head: Head


class Form(StrEnum):
    ORIGINAL = "原件"
    COPY = "复印件"
    ELECTRONIC = "电子数据"


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A line of the list of evidence; its number is its place in the list."""

    name: str
    source: str
    purpose: str
    pages: str
    form: Form
    copies: int


@dataclass(frozen=True, slots=True)
class EvidenceList(Template):
    template: ClassVar[str] = "evidence_list"
    kind: ClassVar[str] = "证据目录"
    case: str
    submitter: str
    fixing: str
    exhibits: tuple[Exhibit, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Something done: when, by whom, what, with what result."""

    at: int = field(metadata=MOMENT)
    actor: str
    action: str
    result: str


@dataclass(frozen=True, slots=True)
class ExtractionNote(Template):
    """Source and extraction of electronic data, along the factors of EVID-93 and EVID-94 (given as citations)."""

    template: ClassVar[str] = "extraction_note"
    kind: ClassVar[str] = "电子数据来源及提取过程说明"
    case: str
    extractor: str
    extractor_post: str
    extracted_at: int = field(metadata=MOMENT)
    system: str
    system_version: str
    carrier: str
    carrier_place: str
    formed_in: str
    environment: tuple[Labelled, ...]
    steps: tuple[Step, ...]
    digests: tuple[Digest, ...]
    fixing: str
    omissions: tuple[str, ...]
    demonstration: tuple[str, ...]
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Voucher:
    """A witness or timestamp authority that vouched: its name, its key or certificate, for what, and when."""

    name: str
    key: str
    covers: str


@dataclass(frozen=True, slots=True)
class ForeignCheck:
    """How a program that is not ours checks the same thing: its name, and the lines to type."""

    program: str
    what: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerificationNote(Template):
    """What a package proves, what it does not, and how a stranger checks it. Two pages."""

    template: ClassVar[str] = "verification_note"
    kind: ClassVar[str] = "核验说明"
    origin: str
    log_key: str
    size: int
    root: str
    counts: tuple[Labelled, ...]
    proves: tuple[str, ...]
    not_proved: tuple[str, ...]
    page_sha256: str
    witnesses: tuple[Voucher, ...]
    timestamps: tuple[Voucher, ...]
    foreign: tuple[ForeignCheck, ...]


class Side(StrEnum):
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who speaks: real name, what he is, the platform and his identifier on it."""

    key: str
    name: str
    role: str
    platform: str
    platform_id: str
    side: Side


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture, recording or file of a message; `state` says whether its bytes are here (已取回, 未取回)."""

    name: str
    media: str
    size: int
    digest: str
    state: str


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message, whole. `ref` is its place in the ledger; `marks` are said below it (已撤回, 依据系事后补录)."""

    at: int = field(metadata=MOMENT)
    speaker: str
    text: str
    ref: str
    attachments: tuple[Attachment, ...] = ()
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SystemLine:
    """Something the platform said of the conversation: who joined, a change of holder."""

    at: int = field(metadata=MOMENT)
    text: str


@dataclass(frozen=True, slots=True)
class Omission:
    """Messages that stand here in the conversation and are not printed, and why."""

    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class Conversation(Template):
    template: ClassVar[str] = "conversation"
    kind: ClassVar[str] = "会话记录"
    conversation: str
    case: str
    fixing: str
    first_at: int = field(metadata=MOMENT)
    last_at: int = field(metadata=MOMENT)
    participants: tuple[Participant, ...]
    lines: tuple[Bubble | SystemLine | Omission, ...]


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What was destroyed: the class of data, how many, from when to when."""

    what: str
    count: int
    span: str


@dataclass(frozen=True, slots=True)
class DestructionCertificate(Template):
    """Two dates: gone from the live store, gone from the last backup. The second may still lie ahead."""

    template: ClassVar[str] = "destruction_certificate"
    kind: ClassVar[str] = "销毁证明"
    concerns: str
    reason: str
    requested_by: str
    approved_by: str
    executed_by: str
    destroyed: tuple[Destroyed, ...]
    kept: tuple[Labelled, ...]
    live_store_at: int = field(metadata=MOMENT)
    live_store_ref: str
    backups_end_at: int = field(metadata=MOMENT)
    backups_ended: bool
    backups_ref: str
