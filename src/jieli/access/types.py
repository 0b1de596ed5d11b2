"""Values of the access room. Enum values are the words that are stored and shown. Moments are ms UTC."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """ADR 5. The first three are the 三员, kept apart where a company is large enough."""

    SYSTEM = "系统管理员"
    SECURITY = "安全管理员"
    AUDIT = "审计管理员"
    COMPLIANCE = "合规"
    LEGAL = "法务"
    PEOPLE = "人事"
    IT = "信息技术"
    SALES_LEAD = "销售主管"
    STAFF = "员工"


class Permission(StrEnum):
    """What can be permitted. None of them opens content: reading asks role, purpose and matter together."""

    MANAGE_PERSONS = "管人员"
    MANAGE_GRANTS = "管权限"
    MANAGE_KEYS = "管密钥"
    SEE_LEDGER = "查账本"
    SEE_OPENINGS = "查阅读记录"
    SEE_ACCOUNTS = "查账号"
    MANAGE_ACCOUNTS = "管账号"
    SEE_GAPS = "查差距"
    MANAGE_CONSENT = "管告知同意"
    MANAGE_MATTERS = "办事项"
    HOLD = "保全"
    SHRED = "销毁"
    READ = "查阅"
    APPROVE = "审批"
    MANAGE_HANDOVER = "办交接"
    SEE_HANDOVER = "查交接"
    MANAGE_PLAN = "定接续方案"
    MANAGE_DISPUTES = "办争议"


class LinkPurpose(StrEnum):
    """What a signed link is for; it is good for nothing else."""

    ENROL = "登记通行密钥"
    SIGN_IN = "登录本人页面"


@dataclass(frozen=True, slots=True)
class GrantRef:
    """A role held from `begins_at` until `ends_at` (exclusive; None: until ended), for all or for one part."""

    id: UUID
    role: str
    entity: UUID | None
    unit: UUID | None
    begins_at: int
    ends_at: int | None
    paper: UUID | None


@dataclass(frozen=True, slots=True)
class Person:
    """A person as doors know him, with every grant he was ever given."""

    id: UUID
    sign_in: str
    name: str
    staff: UUID | None
    grants: tuple[GrantRef, ...]

    @property
    def actor(self) -> str:
        """How entries name him."""
        return f"person:{self.id}"


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a permission goes: everything, or only these legal entities and units."""

    everything: bool
    entities: frozenset[UUID]
    units: frozenset[UUID]

    def __bool__(self) -> bool:
        return self.everything or bool(self.entities) or bool(self.units)


@dataclass(frozen=True, slots=True)
class PasskeyRef:
    id: UUID
    label: str
    registered_at: int


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """What an authenticator answered at registration, verified. `data` is WebAuthn's attested credential data."""

    credential_id: bytes
    data: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Presented:
    """A passkey shown at sign-in: which one, whose, and how often the authenticator says it was used."""

    passkey: UUID
    person: UUID
    sign_count: int


@dataclass(frozen=True, slots=True)
class SignedWith:
    """A digest signed by a passkey (乙, ADR 14): which passkey of whom, and all that a stranger needs to check it.

    `evidence` maps `passkeys.EVIDENCE`'s names to base64url without padding: credential_id, public_key (COSE),
    client_data, authenticator_data, signature. `passkeys.verify_signing` checks it without us.
    """

    passkey: UUID
    evidence: dict[str, str]
    sign_count: int


@dataclass(frozen=True, slots=True)
class FirstPassword:
    """The first administrator's password; it exists here only, and ends when he registers a passkey."""

    person: UUID
    password: str
    renewed: bool


@dataclass(frozen=True, slots=True)
class LinkRef:
    id: UUID
    person: UUID
    purpose: LinkPurpose
    expires_at: int
