"""A tutoring firm whose adviser leaves, run by commands: who signs in, who may receive, and a platform to pass on to.

E1 李清 leaves with her customers; E2 王岚 and E3 赵屿 may take over; E4 孙禾 was never trained; E5 is the head;
E9 works for the sister company.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from jieli.access.types import Role
from jieli.approvals.types import EnablementPaper
from jieli.assets import operations as assets
from jieli.assets import queries as asset_queries
from jieli.assets.types import AccountType, HolderKind, NewAccount, NewHolding
from jieli.connectors.wecom.rehearsal import Rehearsal
from jieli.doors import worker
from jieli.handover import operations as handover
from jieli.handover.types import LeavingReason, OpenCase, PlatformCustomer
from jieli.kernel.times import DAY, local_day
from jieli.parties import operations as parties
from jieli.parties import queries as party_queries
from jieli.parties.types import (
    CustomerSource,
    EngagementKind,
    NewCustomer,
    NewEngagement,
    NewEntity,
    NewIdentity,
    NewOrder,
    NewStaff,
    NewUnit,
)
from jieli.succession import ports
from jieli.wiring.profile import Corp
from tests.conftest import NOW, ORIGIN
from tests.doors.cli import Jieli
from tests.rooms.company import BY, open_vault, reader

FOUNDED = NOW - 60 * DAY
TODAY = local_day(NOW)
RULE = (
    "接手范围,,,工号:E2、工号:E3、工号:E4、工号:E9,,",
    "权重,年限,,,,50",
    "权重,贡献,,,,50",
    "上限,每人,,,,300",
)
PEOPLE = (
    ("E1", "李清", "li"),
    ("E2", "王岚", "wang"),
    ("E3", "赵屿", "zhao"),
    ("E4", "孙禾", "sun"),
    ("E5", "周严", "zhou"),
)
ENABLING = tuple(kind.value for kind in EnablementPaper)
BALANCE = (
    "--privacy-impact",
    "客户得知换人",
    "--business-need",
    "课程不断",
    "--alternative",
    "只告知，由客户自己来找",
)


@dataclass
class Desk:
    """The firm at work: `jieli` with its words, the number of the leaving, and the platform once connected."""

    jieli: Jieli
    paper: Path
    number: str = ""
    platform: Rehearsal | None = None
    customers: list[str] = field(default_factory=list)

    def plan(self, command: str, *words: object, by: str = "lead", **where: Any) -> dict[str, Any]:
        """`jieli plan COMMAND NUMBER …`, which must succeed."""
        return self.jieli.answer("plan", command, self.number, *words, "--as", by)

    def refused(self, command: str, *words: object, by: str = "lead") -> dict[str, str]:
        return self.jieli.refused("plan", command, self.number, *words, "--as", by)

    def make(self, *words: object) -> dict[str, Any]:
        return self.plan("make", "--owner", "E5", *BALANCE, *words)

    def lines(self) -> dict[str, dict[str, Any]]:
        return {x["customer_no"]: x for x in self.plan("show")["lines"]}

    def approved(self) -> dict[str, Any]:
        """Submit the plan, and have it agreed to by somebody else; as it stands afterwards."""
        asked = self.plan("submit", "--reason", "李清离职")
        self.jieli.answer("approve", "decide", asked["request"], "同意", "--as", "yan")
        return self.plan("show")

    def farewell(self) -> None:
        self.plan("farewell", "--channel", "企业微信")

    def transfer(self, phase: str = "通知期") -> dict[str, Any]:
        return self.plan("transfer", "--phase", phase)

    def states(self) -> dict[str, int]:
        return {state: n for state, n in self.plan("states")["counts"].items() if n}

    def pass_time(self, ms: int) -> None:
        """Our clock is the platform's too."""
        self.jieli.at += ms

    def work(self) -> str:
        """A round of the worker, all that is due; what its duty towards plans said."""
        return worker.round_of({}, at=self.jieli.at)["advance_plans"]


def found(
    jieli: Jieli,
    tmp_path: Path,
    *,
    customers: int = 4,
    values: Sequence[tuple[str, str]] = (),
    enabled: bool = True,
) -> Desk:
    """The firm sixty days ago: registers, keys, who signs in, who is trained; `values`: region, industry in turn."""
    jieli.at = FOUNDED
    jieli.answer("keys", "init", "--origin", ORIGIN)
    open_vault(jieli.home)
    reader(Role.SALES_LEAD, name="lead", at=FOUNDED)
    for name in ("yan", "fa"):
        reader(Role.COMPLIANCE, name=name, at=FOUNDED)
    names = _registers(customers, values)
    reader(Role.COMPLIANCE, name="wang", staff=party_queries.staff_by_no()["E2"].id, at=FOUNDED)
    paper = tmp_path / "scan.pdf"
    paper.write_bytes(b"%PDF-1.7 signed by hand\n")
    desk = Desk(jieli, paper, customers=names)
    jieli.answer(
        "plan", "contact", "QM", "--uscc", "91370000MA3EXAMPLE", "--phone", "400-000-0000", "--mail",
        "kefu@example.cn", "--desk", "合规部", "--as", "lead",
    )  # fmt: skip
    fit(desk, "E2", "E3", "E9")
    if enabled:
        enable(desk)
    return desk


def fit(
    desk: Desk,
    *staff: str,
    until: date = date(2027, 6, 30),
    contents: Sequence[str] = ("法律法规", "操作规范"),
) -> None:
    """These staff passed both trainings and signed the promise."""
    passed = local_day(desk.jieli.at).isoformat()
    for content in contents:
        words = ("--content", content, "--passed", passed, "--until", until.isoformat(), "--as", "lead")
        desk.jieli.answer("plan", "training", *staff, *words)
    for no in staff:
        signed = ("--signed", passed, "--paper", desk.paper, "--as", "lead")
        desk.jieli.answer("plan", "commitment", no, *signed)


def enable(desk: Desk, papers: Sequence[str] = ENABLING) -> dict[str, Any]:
    """离职继承, resting on these papers."""
    given = [word for kind in papers for word in ("--paper", f"{kind}={desk.paper}")]
    return desk.jieli.answer("approve", "enable", "离职继承", *given, "--as", "yan")


def rule(desk: Desk, tmp_path: Path, *rows: str, approved: bool = True) -> str:
    """A rule proposed now by the head of sales, and approved by 合规; the request's id."""
    file = tmp_path / "rule.csv"
    file.write_text("\n".join(["项目,类别,取值,接手人,力度,数字", *(rows or RULE)]) + "\n", "utf-8")
    made = desk.jieli.answer(
        "plan", "rule-propose", file, "--name", "离职客户接续规则", "--rationale", "按顾问专长分配",
        "--customer-need", "方言与课程衔接", "--as", "lead",
    )  # fmt: skip
    if approved:
        desk.jieli.answer("approve", "decide", made["request"], "同意", "--as", "yan")
    return str(made["request"])


def leaves(desk: Desk, *, notice: int = 5, last: int = 10) -> Desk:
    """李清 gave notice some days before NOW and works some days more (less than 0: she left then)."""
    desk.jieli.at = NOW
    staff = {no: ref.id for no, ref in party_queries.staff_by_no().items()}
    case = handover.open_case(
        OpenCase(
            staff["E1"], LeavingReason.RESIGN, date.fromordinal(TODAY.toordinal() + last),
            date.fromordinal(TODAY.toordinal() - notice), receiver=staff["E2"], supervisor=staff["E5"],
            platform=tuple(PlatformCustomer("wecom", f"wm-{no}") for no in desk.customers),
        ),
        by=BY, at=NOW,
    )  # fmt: skip
    desk.number = case.number
    return desk


def ready(jieli: Jieli, tmp_path: Path, **how: Any) -> Desk:
    """The firm, its rule long approved, and the leaving opened: a plan can be made."""
    desk = found(jieli, tmp_path, **how)
    rule(desk, tmp_path)
    return leaves(desk)


def agreed(jieli: Jieli, tmp_path: Path, **how: Any) -> Desk:
    """All of that, a plan made and approved, and the customers told."""
    desk = ready(jieli, tmp_path, **how)
    desk.make()
    desk.approved()
    desk.farewell()
    return desk


@contextmanager
def connected(desk: Desk, **settings: Any) -> Iterator[Rehearsal]:
    """The rehearsal platform listens on this machine with the firm's members and customers, and is configured."""
    with Rehearsal(clock=lambda: desk.jieli.at, **settings) as platform:
        for _, name, userid in PEOPLE:
            platform.add_member(userid, name=name)
        for no in desk.customers:
            platform.add_customer(f"wm-{no}", of=["li"])
        corp = Corp(platform.base, platform.corpid, platform.secret)
        before = desk.jieli.profile
        desk.jieli.profile, desk.platform = replace(before, wecom=corp), platform
        yield platform
        desk.jieli.profile = before
        ports.use(platform=None)


def _registers(customers: int, values: Sequence[tuple[str, str]]) -> list[str]:
    at, joined = FOUNDED, date(2024, 3, 1)
    parties.register_entities(
        [NewEntity("QM", "青木教育科技有限公司", "91370000MA3EXAMPLE"), NewEntity("BM", "北木教育有限公司")],
        by=BY,
        at=at,
    )
    entities = party_queries.entities_by_code()
    parties.register_units(
        [NewUnit("X1", "学习顾问部", entities["QM"]), NewUnit("B1", "北部", entities["BM"])], by=BY, at=at
    )
    units = party_queries.units_by_code()
    rows = [NewStaff(no, name, units["X1"], "学习顾问", joined) for no, name, _ in PEOPLE]
    rows.append(NewStaff("E9", "姜北", units["B1"], "学习顾问", joined))
    parties.register_staff(rows, by=BY, at=at)
    staff = {no: ref.id for no, ref in party_queries.staff_by_no().items()}
    homes = {**dict.fromkeys([no for no, *_ in PEOPLE], "QM"), "E9": "BM"}
    parties.register_engagements(
        [NewEngagement(staff[no], entities[home], EngagementKind.LABOUR, joined) for no, home in homes.items()],
        by=BY, at=at,
    )  # fmt: skip
    names = [f"C{n:03}" for n in range(customers)]
    where = list(values) or [("济南", "健康教育")]
    parties.register_customers(
        [
            NewCustomer(no, f"学员{no}", CustomerSource.ORDER, *where[n % len(where)], phone=f"1380000{n:04}")
            for n, no in enumerate(names)
        ],
        by=BY, at=at,
    )  # fmt: skip
    known = {no: ref.id for no, ref in party_queries.customers_by_no().items()}
    parties.register_identities([NewIdentity(known[no], "wecom", f"wm-{no}") for no in names], by=BY, at=at)
    parties.register_orders(
        [NewOrder(f"D{no}", known[no], "网课季度包", 128_000, local_day(at), staff["E1"]) for no in names[:1]],
        by=BY, at=at,
    )  # fmt: skip
    entity = entities["QM"]
    assets.register_accounts(
        [NewAccount("wecom", userid, AccountType.WORK_CHAT, entity) for *_, userid in PEOPLE], by=BY, at=at
    )
    held = asset_queries.accounts("wecom")
    holdings = [
        NewHolding(held[userid].id, HolderKind.STAFF, at, staff_id=staff[no]) for no, _, userid in PEOPLE
    ]
    assets.load_holdings(holdings, by=BY, at=at)
    return names
