"""Finding the person a paper or a command speaks of by his natural key, and naming him by it."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from jieli.consent.types import SubjectKind
from jieli.kernel.errors import JieliError
from jieli.parties import queries as parties
from jieli.parties.types import CustomerRef, StaffRef


class UnknownSubject(JieliError):
    """No staff member or customer has this number."""

    code = "wiring.unknown_subject"


class AmbiguousSubject(JieliError):
    """Several people have this number."""

    code = "wiring.ambiguous_subject"


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person of the registers as people name him: 员工 E0002 何青. Of an erased one the number is left."""

    id: UUID
    kind: SubjectKind
    number: str
    name: str

    def __str__(self) -> str:
        return f"{self.numbered} {self.name}"

    @property
    def numbered(self) -> str:
        """By number alone, which stays when a register is emptied (ADR 26)."""
        return f"{self.kind.value} {self.number}"


def somebody(word: str, kind: SubjectKind | None = None) -> Somebody:
    """Whoever a word means: a 工号, a 客户编号, or the registers' own id.

    UnknownSubject for nobody; AmbiguousSubject where a number is both and `kind` does not say which is meant.
    """
    found = [one for one in map(_somebody, parties.named(word)) if kind in (None, one.kind)]
    if not found:
        who = kind.value if kind is not None else "员工或客户"
        raise UnknownSubject(
            f"没有编号为 {word} 的{who}。",
            remedy="请核对工号或客户编号；登记里没有的，先用 jieli load 登记。",
        )
    if len(found) > 1:
        both = "，也是".join(str(one) for one in found)
        raise AmbiguousSubject(f"{word} 是{both}。", remedy="请以 --kind 写明是 员工 还是 客户。")
    return found[0]


def everybody(ids: Collection[UUID]) -> dict[UUID, Somebody]:
    """These people by id; who stands in no register is absent. Two queries."""
    found = {key: _somebody(ref) for key, ref in parties.staff(ids).items()}
    return found | {key: _somebody(ref) for key, ref in parties.customer(ids).items()}


def _somebody(ref: StaffRef | CustomerRef) -> Somebody:
    if isinstance(ref, StaffRef):
        return Somebody(ref.id, SubjectKind.STAFF, ref.staff_no, ref.name)
    return Somebody(ref.id, SubjectKind.CUSTOMER, ref.customer_no, ref.name)


def subject(kind: SubjectKind, number: str) -> UUID:
    """The id behind a 工号 or a 客户编号."""
    if kind is SubjectKind.STAFF:
        found = parties.staff_by_no([number]).get(number)
    else:
        customers = parties.customers_by_no([number])
        found = customers.get(number)  # type: ignore[assignment]
    if found is None:
        raise UnknownSubject(
            f"没有编号为 {number} 的{kind.value}。", remedy="请核对编号，或先用 jieli load 登记。"
        )
    return found.id
