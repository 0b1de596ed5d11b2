"""Values of the evidence room."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from jieli.papers.types import Clock

#: What no package of ours can prove; printed in every one (house.md, Container).
NOT_PROVED = (
    "来源平台当时是否确实显示了这些文字：本包只证明平台交给本系统的内容此后未变。",
    "双方是否在别处另有往来：只包括已接入且有合法依据的会话。",
    "登记的姓名、工号、客户编号与现实中的人是否一致。",
    "被拒收的消息说了什么：没有依据的内容从未保存。",
)


@dataclass(frozen=True)
class Outside:
    """What the house knows of the world when a package is made; wiring supplies it."""

    policy: bytes  # the installation's tlog-policy
    page_sha256: str  # digest of 核验.html
    clock: Clock
    unit: str  # full name of the company that issues the papers
    system_version: str
    #: Asks the signer to cover everything committed so far; a mapping with `why` where it did not, for the error.
    checkpoint: Callable[[], object]


@dataclass(frozen=True, slots=True)
class PackageMade:
    """A finished package: where it is, its digest, what it holds, and who vouches for it."""

    id: UUID
    path: Path
    sha256: str
    size: int
    items: int
    omitted: int
    entries: int
    checkpoint: int
    witnessed: tuple[str, ...]
    stamped: tuple[str, ...]
    opening: UUID
    sealed_in: int
