"""Everything that is generated, put together: the firm, its sheets, and the month's messages cut into imports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

from jieli.wiring.demo import calls, oddities, sheets, traffic
from jieli.wiring.demo.clients import Client, clients
from jieli.wiring.demo.days import FIRST, LAST, moment
from jieli.wiring.demo.lines import Desk, Line
from jieli.wiring.demo.people import Employee, employees
from jieli.wiring.demo.things import Room, rooms

SEED = "jieli demo 1"
DAYS_A_BATCH = 3


@dataclass(frozen=True, slots=True)
class Pull:
    """What is pulled from the platform at once: its file's name, and the moment at which it is imported."""

    name: str
    at: int
    lines: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class World:
    """The invented firm and its month."""

    staff: list[Employee]
    clients: list[Client]
    rooms: list[Room]
    pulls: list[Pull]
    calls: bytes

    @property
    def messages(self) -> int:
        """Lines of all pulls."""
        return sum(len(pull.lines) for pull in self.pulls)


def world() -> World:
    """The demo's world; the same each time."""
    staff = employees()
    found = clients(staff, _chance("clients"))
    groups = rooms(staff, found, _chance("rooms"))
    stage = traffic.Stage(Desk(), staff, found, _chance("traffic"))
    traffic.trial_talk(stage)
    oddities.play(stage)
    traffic.hero_talk(stage)
    traffic.ordinary_talk(stage)
    traffic.room_talk(stage, groups)
    traffic.colleagues_talk(stage)
    return World(staff, found, groups, _pulls(stage.desk.lines), calls.call_rows(found, _chance("calls")))


def _chance(part: str) -> Random:
    """Chance of its own for each part, so that a change in one leaves the others as they were."""
    return Random(f"{SEED} {part}")  # noqa: S311 - must come out the same each time, nothing secret


def _pulls(lines: Sequence[Line]) -> list[Pull]:
    """The trial on the evening of 31 August, then three days at a time, pulled at one in the morning after."""
    ordered = sorted(lines, key=lambda line: (line.ms, line.data))
    before = FIRST - timedelta(days=1)
    found = [_pull(ordered, before, FIRST, moment(before, "22:00"))]
    begins = FIRST
    while begins <= LAST:
        ends = begins + timedelta(days=DAYS_A_BATCH)
        found.append(_pull(ordered, begins, ends, moment(ends, "01:00")))
        begins = ends
    return found


def _pull(lines: Sequence[Line], begins: date, ends: date, at: int) -> Pull:
    since, until = moment(begins, "00:00"), moment(ends, "00:00")
    return Pull(f"{begins}.jsonl", at, tuple(line.data for line in lines if since <= line.ms < until))


def write_world(made: World, directory: Path) -> None:
    """Write sheets, scans, messages and calls under a directory, for people to look at and to import again."""
    sheets.write_company(directory / "公司资料", made.staff, made.clients, made.rooms, _chance("orders"))
    sheets.write_supplement(directory / "九月补充", made.staff)
    folder = directory / "会话存档"
    folder.mkdir(parents=True, exist_ok=True)
    for pull in made.pulls:
        (folder / pull.name).write_bytes(b"\n".join(pull.lines) + b"\n")
    (directory / "话单.csv").write_bytes(made.calls)
