"""What the commands of a leaving share: whose case, who may act on it, scans, days, things, and the receipt."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from jieli.access.errors import Forbidden
from jieli.access.policy import reach
from jieli.access.types import Permission, Person
from jieli.connectors.files import company_cells
from jieli.connectors.files.tables import CellError
from jieli.doors.cli.acting import person
from jieli.doors.cli.frame import Command
from jieli.doors.cli.given import day, receive
from jieli.handover import listing, queries
from jieli.handover.reading import unknown
from jieli.handover.types import CaseRef, LineClass, Party, Statement
from jieli.kernel.errors import JieliError
from jieli.kernel.times import start_of_day
from jieli.ledger.operations import Book, book
from jieli.parties import queries as parties

#: Who acts on a leaving; on its things also whoever keeps them; who only looks.
ACT = (Permission.MANAGE_HANDOVER,)
THINGS = (Permission.MANAGE_HANDOVER, Permission.MANAGE_ACCOUNTS)
SEE = (Permission.SEE_HANDOVER,)


class NotAnAmount(JieliError):
    """What was given for an amount is none."""

    code = "cli.not_an_amount"


class NotOnTheList(JieliError):
    """Nothing of this name stands in the case."""

    code = "cli.not_on_the_list"


Number = Annotated[str, typer.Argument(help="离职交接编号，如 M-2026-0001。")]
Proof = Annotated[Path | None, typer.Option("--proof", help="凭证：照片或扫描件（PDF、PNG、JPEG）。")]
NeededProof = Annotated[Path, typer.Option("--proof", help="凭证：照片或扫描件（PDF、PNG、JPEG）。")]
On = Annotated[str | None, typer.Option("--on", help="哪一天，如 2026-09-18；缺省为今天。")]
Account = Annotated[str, typer.Option("--account", help="清单上的账号：平台和账号标识，或只写账号标识。")]
Device = Annotated[str, typer.Option("--device", help="清单上的设备：IMEI。")]
Phone = Annotated[str, typer.Option("--number", help="清单上的号码。")]
Which = Annotated[UUID, typer.Option("--id", help="编号，由登记它的命令或 jieli case show 给出。")]


@dataclass(frozen=True)
class Acting:
    """Somebody at work on one leaving."""

    run: Command
    person: Person
    case: CaseRef
    at: int

    @property
    def by(self) -> str:
        return self.person.actor

    @property
    def tester(self) -> UUID | None:
        """Who acts, as a staff member: who tested, who accepted."""
        return self.person.staff

    def scan(self, path: Path | None, kind: str) -> UUID | None:
        """Keep a scan exactly as it came, in the act's own book; None when none was given."""
        return None if path is None else self.proof(path, kind)

    def proof(self, path: Path, kind: str) -> UUID:
        """The same, of a scan without which nothing is entered."""
        return receive(path, kind=kind, title=f"{self.case.number} {kind}", by=self.by, at=self.at)

    def thing(self, cls: LineClass, name: str) -> UUID:
        """The register row of a thing that the case's snapshot lists, by its key or the last word of it."""
        lines = queries.snapshot(self.case.id).of(cls)
        exact = [line for line in lines if line.key == name]
        found = exact or [line for line in lines if line.key.rpartition(" ")[2] == name]
        if len(found) != 1 or found[0].subject is None:
            raise NotOnTheList(f"交接清单上没有这个{cls}。", remedy="请按 jieli case lists 所列填写。")
        return found[0].subject

    def told(self, b: Book, values: Mapping[str, Any] | None = None) -> None:
        """The answer of an act: the case, what came of it, and the entry of the ledger that holds it."""
        self.run.answer({"number": self.case.number, **(values or {}), "entry": b.entries[-1].index})


def acting(
    run: Command, sign_in: str, number: str, *permissions: Permission, himself: bool = False
) -> Acting:
    """Who acts, on a leaving within his reach; `himself`: the leaver may do it too.

    handover.unknown for a case that is absent or out of reach, access.forbidden without any of the permissions.
    """
    by, at = person(run, sign_in), run.at()
    if himself and by.staff is not None and (own := queries.case_of(by.staff)) and own.number == number:
        return Acting(run, by, own, at)
    far = [reach(by, permission, at=at) for permission in permissions or ACT]
    if not any(far):
        raise Forbidden("没有这一页，或不归您查看。", remedy="如需权限，请联系安全管理员。")
    for one in far:
        if one and (case := listing.one(one, number)) is not None:
            return Acting(run, by, case, at)
    raise unknown()


@contextmanager
def writing(on: Acting) -> Iterator[Book]:
    """The book of one act: its scans and what it enters stand or fall together."""
    with book(at=on.at) as b:
        yield b


def signed_at(text: str | None, at: int) -> int:
    """When a page was signed by hand: the day's first moment, or now."""
    return at if text is None else start_of_day(day(text))


def statement(amount: str | None, said: str | None) -> Statement | None:
    """What a side says of a line; None when it says nothing. Amounts as 1280.50 (元) or 近17万."""
    if amount is None and said is None:
        return None
    if amount is None:
        return Statement(text=said or "")
    try:
        money = company_cells.money(amount)
    except CellError as wrong:
        raise NotAnAmount(f"金额{wrong.sentence}", remedy=wrong.remedy) from wrong
    return Statement(money.fen, money.qualifier, said or "")


def sides(party: Party, said: Statement | None) -> dict[str, Statement | None]:
    """A statement under the name of the side that makes it."""
    return {
        "company": said if party is Party.COMPANY else None,
        "staff": said if party is Party.STAFF else None,
    }


def staff(number: str) -> UUID:
    """A staff member by 工号; cli.not_on_the_list for a number that nobody has."""
    found = parties.staff_by_no([number]).get(number)
    if found is None:
        raise NotOnTheList(f"没有工号为 {number} 的员工。", remedy="请核对工号。")
    return found.id


def staff_of(number: str | None) -> UUID | None:
    """The same; None for nobody."""
    return None if number is None else staff(number)
