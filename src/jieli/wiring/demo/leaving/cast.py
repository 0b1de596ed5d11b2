"""Who plays in the second act, and the sixty customers whom the leaver won in September and October. All invented."""

from dataclasses import dataclass
from pathlib import Path
from random import Random

from jieli.connectors.files import company as formats
from jieli.wiring.demo.people import Employee
from jieli.wiring.demo.sheets import write_sheet
from jieli.wiring.demo.things import ROOMS, WECOM, Room

#: Sales, two departments: who leaves, who takes over, who leads and watches the hand-over.
LEAVER, LEAD = "E0002", "E0013"
TAKERS = ("E0004", "E0005", "E0007", "E0011")
RECEIVER, ANOTHER = TAKERS[0], TAKERS[3]
#: Who no longer comes to work, and who receives for him.
GONE, GONE_RECEIVER = "E0024", "E0023"
PEOPLE, FINANCE, TECH, LEGAL, COMPLIANCE = "E0036", "E0035", "E0038", "E0039", "E0040"
WITNESSES = ("昝家声", "顾知返")

COUNT, TWICE_MOVED = 60, 12
#: The group with customers that the leaver owns.
ROOM = ROOMS[1]
_SURNAMES = (
    "林郭罗梁宋唐邓傅程邱石秦江史侯邵龙万段雷汤尹黎易武戴乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁"
)
_REGIONS = ("历下区", "市中区", "槐荫区", "天桥区", "历城区", "长清区", "章丘区", "高新区")
_COURSES = ("启蒙编程", "口才表达", "周末围棋", "创意美术")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A customer of the supplement sheet."""

    no: str
    name: str
    external_id: str
    phone: str
    region: str
    course: str
    hours: int
    ordered_on: str


def newcomers() -> list[Newcomer]:
    """All sixty, by customer number; the same each time."""
    rng = Random("jieli demo 1 newcomers")  # noqa: S311 - must come out the same each time, nothing secret
    return [
        Newcomer(
            no=f"C{400 + n:04d}",
            name=_SURNAMES[n % len(_SURNAMES)] + rng.choice(("女士", "女士", "先生")),
            external_id="wmDEMO" + "".join(rng.choices("abcdefghijkmnpqrstuvwxyz23456789", k=20)),
            phone=f"1990000{3000 + n}",
            region=_REGIONS[n % len(_REGIONS)],
            course=rng.choice(_COURSES),
            hours=rng.choice((24, 36, 48)),
            ordered_on=f"2026-{9 + n % 2:02d}-{rng.randrange(1, 10):02d}",
        )
        for n in range(COUNT)
    ]


def write_october(directory: Path, found: list[Newcomer], rooms: list[Room]) -> None:
    """The sheets that are sent in on 10 October: new customers, their orders, and who answers for the groups."""
    directory.mkdir(parents=True, exist_ok=True)
    write_sheet(
        directory / formats.CUSTOMERS.file,
        formats.CUSTOMERS,
        [(c.no, c.name, "购课订单", c.region, "个人", "否", "否", c.phone) for c in found],
    )
    write_sheet(
        directory / formats.IDENTITIES.file,
        formats.IDENTITIES,
        [(c.no, WECOM, c.external_id) for c in found],
    )
    write_sheet(
        directory / formats.ORDERS.file,
        formats.ORDERS,
        [
            (
                f"D2026{900 + n:05d}",
                c.no,
                f"{c.course} {c.hours} 课时",
                f"{c.hours * 140}.00",
                c.ordered_on,
                LEAVER,
            )
            for n, c in enumerate(found)
        ],
    )
    write_sheet(
        directory / formats.HOLDINGS.file,
        formats.HOLDINGS,
        [("群", WECOM, r.room, "员工", r.owner.no, "2026-08-20", "") for r in rooms],
    )


def handle_of(staff: list[Employee], number: str) -> str:
    """The platform's userid of somebody."""
    return next(e.handle for e in staff if e.no == number)
