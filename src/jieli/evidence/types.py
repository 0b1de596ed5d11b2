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
class Vouching:
    """Which witnesses stand for the checkpoint of a package, and whether it counts under the policy without more.

    Where none does: of how many of the log's first entries witnesses stand for (`earlier`, 0 for none), and which.
    """

    witnesses: tuple[str, ...]
    counts: bool
    earlier: int = 0
    earlier_by: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """What is told of it beside a package's other values."""
        earlier = {"size": self.earlier, "witnessed": list(self.earlier_by)} if self.earlier else None
        return {"witnessed": list(self.witnesses), "counts": self.counts, "witnessed_earlier": earlier}


@dataclass(frozen=True, slots=True)
class PackageMade:
    """A finished package: where it is, its digest, what it holds, by which log (`origin`), and who vouches for it."""

    id: UUID
    path: Path
    sha256: str
    size: int
    items: int
    omitted: int
    entries: int
    origin: str
    checkpoint: int
    vouching: Vouching
    stamped: tuple[str, ...]
    opening: UUID
    sealed_in: int
