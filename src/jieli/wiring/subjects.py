"""Finding the person a paper or a command speaks of by his natural key."""

from uuid import UUID

from jieli.consent.types import SubjectKind
from jieli.kernel.errors import JieliError
from jieli.parties import queries as parties


class UnknownSubject(JieliError):
    """No staff member or customer has this number."""

    code = "wiring.unknown_subject"


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
