"""何青 leaves the tea company, at the command line: hr opens and ends, it tests, yan approves, heqing is the leaver."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from jieli.access.types import Role
from jieli.archive import ports
from jieli.kernel.times import local_day
from jieli.parties.types import EngagementKind
from tests.conftest import ORIGIN
from tests.doors.cli import Jieli
from tests.rooms import leaving
from tests.rooms.company import Company, open_vault, reader
from tests.rooms.leaving import LAST, LEAVER, NOTICE, RECEIVER, SUPERVISOR, noon

FOUNDED = noon(date(2026, 6, 2))
OPENED, ON_LAST = noon(date(2026, 9, 2)), noon(LAST)
AFTER = noon(LAST + timedelta(days=1))
LATER = noon(LAST + timedelta(days=5))
WORDS = ("--reason", "辞职", "--last-day", LAST, "--notice-on", NOTICE, "--receiver", RECEIVER,
         "--supervisor", SUPERVISOR)  # fmt: skip


@dataclass
class Firm:
    """The command line with a firm behind it; `number` is the leaving once it is open."""

    jieli: Jieli
    folder: Path
    company: Company = field(default_factory=Company)
    number: str = ""

    def at(self, moment: int) -> None:
        """Move the clock of the command line."""
        self.jieli.at = moment

    def opens(self, staff_no: str = LEAVER, *words: object) -> dict[str, Any]:
        done = self.jieli.answer("case", "open", staff_no, *(words or WORDS), "--as", "hr")
        self.number = str(done["number"])
        return done

    def does(self, what: str, *words: object, sign_in: str = "hr") -> dict[str, Any]:
        """A command about the leaving that must succeed."""
        return self.jieli.answer("case", what, self.number, *words, "--as", sign_in)

    def fails(self, what: str, *words: object, sign_in: str = "hr") -> str:
        """The code of a command about the leaving that must be refused."""
        return self.jieli.refused("case", what, self.number, *words, "--as", sign_in)["code"]

    def shown(self) -> dict[str, Any]:
        return self.does("show")

    def lists(self) -> dict[str, dict[str, Any]]:
        return {one["list"]: one for one in self.does("lists")["lists"]}

    def scan(self, name: str = "scan") -> Path:
        """A photograph of its own."""
        path = self.folder / f"{name}.png"
        path.write_bytes(leaving.SCAN + name.encode())
        return path

    def sheet(self) -> str:
        """The printed sheet with its four lists, in the case."""
        path = self.folder / "sheet.pdf"
        path.write_bytes(b"%PDF-1.7 sheet")
        covers = [
            w for kind in ("账号清单", "数据清单", "设备物品清单", "客户清单") for w in ("--covers", kind)
        ]
        return str(self.does("add-paper", path, "--kind", "离职工作交接单", *covers)["paper"])

    def signs(self, paper: str, *roles: str) -> None:
        """The three sign by hand, or those named."""
        for role in roles or ("移交人", "接收人", "监交人"):
            self.does("sign", "--paper", paper, "--role", role, "--name", role, "--proof", self.scan(role))

    def recovers(self, *steps: str) -> dict[str, Any]:
        """Steps of the account's test pass, each with its picture; the last answer."""
        done: dict[str, Any] = {}
        for step in steps:
            words = ("--account", LEAVER, "--step", step, "--proof", self.scan(step))
            done = self.does("recover", *words, sign_in="it")
        return done

    def fulfils(self, *sides: str, but: str = "") -> None:
        """Every open duty of these sides is done, one named apart."""
        names = {"公司": "company", "员工": "leaver"}
        shown = self.shown()
        for side in sides:
            for duty in shown[names[side]]:
                if duty["state"] == "待办" and duty["name"] != but:
                    words = (duty["name"], "--side", side, "--note", "凭证", "--on", local_day(self.jieli.at))
                    self.does("duty-done", *words)


def found(jieli: Jieli, folder: Path, kind: EngagementKind = EngagementKind.LABOUR) -> Firm:
    """The tea company of the leaving, with those who sign in; on 2 September."""
    jieli.answer("keys", "init", "--origin", ORIGIN)
    open_vault(jieli.home)
    made = Firm(jieli, folder, leaving.firm(kind))
    for role, name in (
        (Role.PEOPLE, "hr"),
        (Role.IT, "it"),
        (Role.COMPLIANCE, "yan"),
        (Role.STAFF, "heqing"),
    ):
        staff = made.company.staff[LEAVER] if name == "heqing" else None
        reader(role, name=name, staff=staff, at=FOUNDED)
    made.at(OPENED)
    return made


@pytest.fixture
def firm(fresh: Jieli, tmp_path: Path) -> Iterator[Firm]:
    """The firm; nobody leaves yet."""
    yield found(fresh, tmp_path)
    ports.use(confirm_opening=lambda receipt, items: False)


@pytest.fixture
def case(firm: Firm) -> Firm:
    """The firm, with 何青's leaving open since 2 September."""
    firm.opens()
    return firm
