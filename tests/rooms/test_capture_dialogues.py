"""All shared dialogues through the gate of an invented company that has made every mistake, judged twice."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from jieli.archive import queries as archive
from jieli.assets import operations as assets
from jieli.assets.policy import Event
from jieli.assets.types import HolderKind
from jieli.capture import queries
from jieli.capture.judging import account_of
from jieli.capture.operations import admit, keep_mapping
from jieli.capture.types import ConsentLine, Incoming
from jieli.connectors.files import dialogue
from jieli.connectors.files.mapping import load_mapping
from jieli.consent import operations as consent
from jieli.consent import snapshot
from jieli.consent.reasons import Reason
from jieli.consent.types import DocumentKind, GateMessage, NewLeave, NewShift, Scope, ShiftKind
from jieli.kernel.times import DAY, MINUTE
from tests.conftest import NOW
from tests.rooms.company import (
    BEGIN,
    BY,
    PLATFORM,
    Client,
    Company,
    Employee,
    found_company,
    says,
    sh,
    vault,
)
from tests.rooms.naive_gate import naive_judge
from tests.shared_data import shared

__all__ = ["vault"]

FILES = (
    "service_crosswoz.jsonl",
    "peer_chat_kdconv.jsonl",
    "group_lines_zh_tw.jsonl",
    "calls_synthetic.jsonl",
    "calls_risk_synthetic.jsonl",
)
SOURCE = "dialogue.shared"

STAFF = (
    Employee("HeQing", "何青", rest=(0,), hours=(10, 20)),
    Employee("LuChuan", "陆川", post="客服"),
    Employee("WenHe", "温和", scopes=()),
    Employee("JianNing", "简宁", papers=(DocumentKind.CONTRACT_CLAUSE, DocumentKind.HANDBOOK)),
    Employee("MiaoYu", "苗雨", left=date(2026, 7, 15)),
    Employee("QiaoMu", "乔木", post="行政"),
    Employee("BaiLu", "白露"),
    Employee("ShenRan", "申然"),
    Employee("FangZhou", "方舟"),
    Employee("ShiLei", "石磊", new_account=False, signs=False),
    Employee("MengXia", "孟夏", told=False),
    Employee("TangLi", "唐棣", joined=date(2026, 8, 1)),
    Employee("QuJing", "曲径", explicit=False),
    Employee("InStore", "库存号", holds=HolderKind.STORE, signs=False),
    Employee("NoHolder", "无主号", holds=None, signs=False),
    Employee("Closed", "停用号"),
    Employee("Unsigned", "未签号", signs=False),
)
CLIENTS = (
    Client("wm-0", "客户零"),
    Client("wm-1", "客户一"),
    Client("wm-2", "客户二"),
    Client("wm-none", "未表示", told=False),
    Client("wm-left", "已撤回"),
    Client("wm-objects", "有异议"),
    Client("wm-child", "未成年", minor=True),
    Client("wm-ward", "有监护人同意", minor=True, guardian=True),
    Client("wm-platform", "平台同意", told=False),
)
# Lists of prime lengths, so that every account meets every customer.
CAST = [e.handle for e in STAFF] + ["Ghost", *["HeQing", "LuChuan", "BaiLu"] * 4, "HeQing"]
WHO = [c.external for c in CLIENTS] + ["wx-stranger", "wm-0", "wm-1", "wm-2"]

#: Reasons that need a company of another kind; `gate_situations` shows them.
SHOWN_ELSEWHERE = {Reason.CUSTOMER_NOT_NOTIFIED, Reason.CALENDAR_UNKNOWN}


def rule(prefix: str, kind: str, **fields: Any) -> dict[str, Any]:
    usual = {"account": CAST, "speakers": {"staff": "@account", "customer": WHO}}
    return {"prefix": prefix, "kind": kind, **usual, **fields}


ROOM = {"member_a": ["wm-0", "wm-none", "HeQing"], "member_b": ["LuChuan", "wm-1", "wx-stranger"]}
MAPPING = {
    "format": "jieli.dialogue-mapping",
    "version": 1,
    "source": SOURCE,
    "rules": [
        rule("crosswoz-", "chat", start="2026-06-01T08:00:00+08:00", every_s=780, step_s=20),
        rule("call-normal-", "call", start="2026-06-02T09:00:00+08:00", every_s=3600),
        rule("call-risk-", "call", start="2026-06-01T00:00:00+08:00", every_s=1441),
        rule(
            "kdconv-film-dev-", "chat", account="HeQing", start="2026-06-03T10:00:00+08:00", every_s=3600,
            speakers={"member_a": "@account", "member_b": "LuChuan"},
        ),
        rule(
            "kdconv-film-test-", "chat", start="2025-11-03T10:00:00+08:00", every_s=86400,
            speakers={"member_a": "@account", "member_b": WHO},
        ),
        rule(
            "kdconv-music-", "group", account="HeQing", members=["wm-2"], start="2026-06-03T10:00:00+08:00",
            every_s=9000, speakers=ROOM,
        ),
        rule(
            "kdconv-travel-", "chat", start="2010-06-01T08:00:00+08:00",
            speakers={"member_a": "@account", "member_b": WHO},
        ),
        rule(
            "g0v-", "group", account="LuChuan", members=["wm-0"], start="2026-06-04T10:00:00+08:00", every_s=7200,
            speakers={"member_unknown": None},
        ),
    ],
}  # fmt: skip


@pytest.fixture
def company(vault: Path) -> Company:
    """Every kind of company at once, with what was said and entered afterwards."""
    house = found_company(STAFF, CLIENTS)
    assets.mark_accounts(Event.CLOSED, account_ids=[house.accounts["Closed"]], by=BY, at=BEGIN)
    line = ConsentLine(
        PLATFORM, "agree-1", b"{}", "wm-platform", ("HeQing", "LuChuan"), "", True, BEGIN + MINUTE, 1
    )
    consent.record_platform_consents([line], platform=PLATFORM, by=BY, at=BEGIN + MINUTE)
    staff = house.staff
    leave = [
        NewLeave(staff["BaiLu"], sh("2026-07-01 00:00"), sh("2026-07-21 00:00"), "年假"),
        NewLeave(staff["HeQing"], sh("2026-07-02 12:00"), sh("2026-07-02 14:00"), "离岗"),
        NewLeave(staff["BaiLu"], sh("2026-07-18 00:00"), sh("2026-07-21 00:00"), "销假"),
    ]
    extra = [
        NewShift(staff["HeQing"], sh("2026-06-19 10:00"), sh("2026-06-19 18:00"), ShiftKind.OVERTIME),
        NewShift(staff["HeQing"], sh("2026-06-20 10:00"), sh("2026-06-20 20:00"), ShiftKind.CANCELLED),
    ]
    consent.load_shifts(extra, by=BY, at=sh("2026-06-18 09:00"))
    consent.load_leave(leave, by=BY, at=sh("2026-06-30 09:00"))
    for who, said, when in (
        ("FangZhou", "object_", "2026-07-05 09:00"),
        ("wm-left", "withdraw", "2026-07-08 09:00"),
        ("ShenRan", "withdraw", "2026-07-10 09:00"),
        ("wm-objects", "object_", "2026-07-12 09:00"),
    ):
        says(house, who, said, when=sh(when), scope=Scope.CAPTURE)
    forgotten = [
        NewShift(staff["HeQing"], sh(f"2026-{day} 10:00"), sh(f"2026-{day} 20:00"))
        for day in ("06-22", "06-29", "07-06", "07-13", "07-27", "08-03", "08-10")
    ]
    consent.load_shifts(forgotten, by=BY, at=sh("2026-09-01 09:00"))
    return house


def messages() -> Iterator[Incoming]:
    mapping = load_mapping(orjson.dumps(MAPPING))
    for name in FILES:
        with shared(f"dialogues/{name}").open("rb") as file:
            for line in dialogue.parse(file, mapping):
                assert isinstance(line, Incoming)
                yield line


def naive(company: Company, historical: bool) -> tuple[int, Counter[str], Counter[str]]:
    """Admitted, by each reason, by the first one: said by the plain second implementation."""
    asked = [
        GateMessage(m.channel, m.event_ms, handle, m.room, m.sender, m.receivers)
        for m in messages()
        for handle in [None if m.room else account_of(m, company.accounts)]
    ]
    people = {p for m in asked for p in (m.sender, *m.receivers)}
    facts, _ = snapshot.read(
        platform=PLATFORM,
        people=people,
        rooms={m.room for m in asked},
        since=sh("2011-01-02 00:00"),
        until=NOW + DAY,
    )
    admitted, reasons, first = 0, Counter[str](), Counter[str]()
    for m in asked:
        good, _, words = naive_judge(facts, m, at=NOW, historical=historical)
        admitted += good
        reasons.update(words)
        first.update(words[:1])
    return admitted, reasons, first


def test_all_dialogues_are_judged_as_the_plain_implementation_judges_them(company: Company) -> None:
    rules = {key: value for key, value in MAPPING.items() if key != "expected"}
    keep_mapping(source=SOURCE, rules=rules, by=BY, at=NOW)
    report = admit(source=SOURCE, platform=PLATFORM, place="shared", lines=messages(), by=BY, at=NOW)
    admitted, reasons, first = naive(company, historical=False)
    assert (report.admitted, report.reasons, report.first_reasons) == (admitted, reasons, first)
    assert (report.read, report.malformed) == (report.admitted + report.refused, 0) == (43_042, 0)
    assert archive.counts()["items"] == admitted > 3_000
    tallied = Counter[str]()
    for t in queries.tallies():
        tallied[t.reason] += t.count
    assert tallied == reasons
    assert {Reason(word) for word in reasons} == set(Reason) - SHOWN_ELSEWHERE


def test_all_dialogues_again_keep_nothing_and_count_nothing(company: Company) -> None:
    first = admit(source=SOURCE, platform=PLATFORM, place="shared", lines=messages(), by=BY, at=NOW)
    before = queries.tallies()
    again = admit(source=SOURCE, platform=PLATFORM, place="shared", lines=messages(), by=BY, at=NOW)
    assert (again.admitted, again.duplicates) == (0, first.admitted)
    assert (again.refused, again.refused_before) == (first.refused, first.refused)
    assert queries.tallies() == before


def test_all_dialogues_historically_are_judged_as_the_plain_implementation_judges_them(
    company: Company,
) -> None:
    report = admit(
        source=SOURCE, platform=PLATFORM, place="shared", lines=messages(), by=BY, at=NOW, historical=True,
        reason="上线前的存档",
    )  # fmt: skip
    admitted, reasons, first = naive(company, historical=True)
    assert (report.admitted, report.reasons, report.first_reasons) == (admitted, reasons, first)
    assert report.documented_later > 0
