"""A company's sheets go in: what is good stands, what is bad is told, the second time nothing changes."""

import json
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jieli.assets import operations as assets_operations
from jieli.assets import queries as assets
from jieli.assets.types import AccountState, GroupKind, HolderKind
from jieli.connectors.files import company as sheets
from jieli.connectors.files import company_cells as cells
from jieli.connectors.files.company import SHEETS
from jieli.connectors.files.tables import CellError, Column, Problem, read_table
from jieli.kernel.times import DAY, start_of_day
from jieli.ledger.models import Entry
from jieli.papers.queries import by_digest
from jieli.parties import queries as parties
from jieli.parties.types import EngagementKind, Qualifier
from jieli.wiring.load import load_company, write_templates
from jieli.wiring.load.company import LOADERS
from jieli.wiring.load.report import CannotLoad

NOW = 1_790_000_000_000
BY = "system:test"
PDF = b"%PDF-1.7\nsigned by hand\n"

ENTITY = ["法人代码,名称,统一社会信用代码", "QH,青禾教育科技有限公司,91310000MA00000001"]
UNIT = ["部门代码,名称,法人代码,上级部门代码", "KF,客服部,QH,"]
STAFF = ["工号,姓名,部门代码,岗位,入职日期", "E1,沈晓禾,KF,客服,2024-03-01", "E2,陆一舟,KF,客服,2024-05-06"]
ACCOUNT = [
    "平台,账号标识,账号类型,法人代码,新号",
    "企业微信,shen,企业微信,QH,否",
    "企业微信,lu,企业微信,QH,是",
]
HELD = "资产类别,平台,资产标识,持有类别,工号,起始,结束（不含）"


def _write(directory: Path, **files: list[str]) -> Path:
    for name, lines in files.items():
        (directory / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return directory


@pytest.fixture
def firm(tmp_path, db) -> Path:
    return _write(tmp_path, 法人=ENTITY, 部门=UNIT, 员工=STAFF, 账号=ACCOUNT)


def _load(directory: Path, **more):
    return load_company(directory, by=BY, at=NOW, **more)


def _faults(report, file: str) -> list[tuple[int, str, str]]:
    return [(e.line, e.column, e.code) for e in report.errors if e.file == f"{file}.csv"]


def _counts(report, file: str) -> tuple[int, int, int, int]:
    found = next(f for f in report.files if f.file == f"{file}.csv")
    return found.new, found.changed, found.unchanged, found.refused


def test_the_templates_load_as_they_are_and_a_second_time_change_nothing(tmp_path, db):
    written = write_templates(tmp_path / "company")
    assert [path.name for path in written] == [sheet.file for sheet in SHEETS] == list(LOADERS)[: len(SHEETS)]
    first = _load(tmp_path / "company")
    assert first.errors == ()
    assert (first.total("new"), first.total("rows"), first.total("refused")) == (28, 28, 0)
    entries = Entry.objects.count()
    second = _load(tmp_path / "company")
    assert second.errors == ()
    assert (second.total("new"), second.total("changed"), second.total("unchanged")) == (0, 0, 28)
    assert Entry.objects.count() == entries


def test_one_sheet_is_one_entry(tmp_path, db):
    write_templates(tmp_path / "company")
    before = Entry.objects.count()
    _load(tmp_path / "company")
    kinds = list(Entry.objects.order_by("index").values_list("kind", flat=True))[before:]
    kinds.remove("duties.lay")  # the days by which accounts in work are to be signed for
    assert len(kinds) == len(set(kinds)) == len(SHEETS)


def test_templates_are_never_written_over_a_companys_own_files(tmp_path):
    (tmp_path / "员工.csv").write_text("工号\n", "utf-8")
    with pytest.raises(CannotLoad) as caught:
        write_templates(tmp_path)
    assert caught.value.code == "load.template_exists"
    assert [path.name for path in tmp_path.iterdir()] == ["员工.csv"]


@pytest.mark.req("R0.48")
def test_three_thousand_staff_with_accounts_in_work_and_no_signature_are_all_stock_and_none_is_refused(
    tmp_path, db
):
    staff = [STAFF[0], *(f"E{n:04},员工{n},KF,客服,2024-03-01" for n in range(3_000))]
    accounts = [ACCOUNT[0], *(f"企业微信,user{n:04},企业微信,QH," for n in range(3_000))]
    held = [HELD, *(f"账号,企业微信,user{n:04},员工,E{n:04},2024-03-01," for n in range(3_000))]
    _write(tmp_path, 法人=ENTITY, 部门=UNIT, 员工=staff, 账号=accounts, 持有=held)
    with CaptureQueriesContext(connection) as seen:
        report = _load(tmp_path)
    assert (report.errors, report.total("new"), report.total("refused")) == ((), 9_002, 0)
    assert len(seen) < 250
    waiting = assets.awaiting_signature()
    assert len(waiting) == 3_000
    assert {(ref.state, ref.sign_by) for ref in waiting} == {
        (AccountState.UNSIGNED_STOCK, date(2026, 10, 21))
    }
    entries = Entry.objects.count()
    again = _load(tmp_path)
    assert (again.errors, again.total("unchanged")) == ((), 9_002)
    assert Entry.objects.count() == entries
    staff_ids = parties.staff_by_no(["E0001"])["E0001"].id
    assets_operations.hand_over(asset_id=waiting[0].id, to_staff=staff_ids, begins_at=NOW, by=BY, at=NOW)
    assert assets.holder_at(waiting[0].id, NOW).staff_id == staff_ids


def test_the_time_to_sign_is_the_callers_and_a_new_account_has_none(firm):
    _load(firm, sign_within_days=7)
    found = assets.accounts("wecom")
    assert (found["shen"].state, found["shen"].sign_by) == (AccountState.UNSIGNED_STOCK, date(2026, 9, 28))
    assert (found["lu"].state, found["lu"].sign_by) == (AccountState.REGISTERED, None)


@pytest.mark.parametrize(
    ("codec", "named"), [("gb18030", "gb18030"), ("utf-8-sig", "utf-8"), ("utf-8", "utf-8")]
)
def test_sheets_from_excel_are_read_in_each_encoding_it_writes(tmp_path, db, codec, named):
    for name, lines in (("法人", ENTITY), ("部门", UNIT), ("员工", STAFF)):
        (tmp_path / f"{name}.csv").write_bytes("\r\n".join(lines).encode(codec))
    report = _load(tmp_path)
    assert report.errors == ()
    assert {f.encoding for f in report.files} == {named}
    assert parties.staff_by_no()["E1"].name == "沈晓禾"


def test_a_row_that_changed_is_a_revision_and_the_others_are_left_alone(firm):
    _load(firm)
    _write(firm, 员工=[*STAFF[:2], "E2,陆一舟,KF,班主任,2024-05-06"])
    report = _load(firm)
    assert _counts(report, "员工") == (0, 1, 1, 0)
    assert parties.staff_by_no()["E2"].post == "班主任"


def test_good_rows_go_in_beside_bad_ones_and_each_fault_has_its_place(firm):
    _write(
        firm,
        员工=[
            *STAFF,
            "E3,何小满,XX,客服,2024-05-06",
            "E4,林一,KF,客服,2024-02-30",
            ",吴二,KF,客服,2024-01-01",
        ],
    )
    report = _load(firm)
    assert _counts(report, "员工") == (2, 0, 0, 3)
    assert _faults(report, "员工") == [
        (4, "部门代码", "load.unknown_reference"),
        (5, "入职日期", "cell.day"),
        (6, "工号", "tables.empty_cell"),
    ]
    assert set(parties.staff_by_no()) == {"E1", "E2"}
    assert all(error.sentence and error.remedy for error in report.errors)


def test_a_row_is_bad_when_what_it_refers_to_was_refused(firm):
    _write(firm, 法人=[ENTITY[0], "QH,,91310000MA00000001"])
    report = _load(firm)
    assert _faults(report, "法人") == [(2, "名称", "tables.empty_cell")]
    assert _faults(report, "部门") == [(2, "法人代码", "load.unknown_reference")]
    assert [code for _, _, code in _faults(report, "员工")] == ["load.unknown_reference"] * 2
    assert report.total("new") == 0


def test_departments_may_stand_before_their_parents_but_not_above_themselves(firm):
    units = [
        UNIT[0],
        "A2,二部,QH,A1",
        "A1,一部,QH,KF",
        "KF,客服部,QH,",
        "B1,甲,QH,B2",
        "B2,乙,QH,B1",
        "C,丙,QH,ZZ",
        "D,丁,QH,C",
    ]
    _write(firm, 部门=units)
    report = _load(firm)
    assert [line for line, _, _ in _faults(report, "部门")] == [5, 6, 7, 8]
    assert set(parties.units_by_code()) == {"KF", "A1", "A2"}
    assert _counts(_load(firm), "部门") == (0, 0, 3, 4)


def test_the_same_object_twice_in_a_sheet_keeps_the_first_and_tells_the_second(firm):
    _write(firm, 员工=[*STAFF, "E1,沈晓禾,KF,主管,2024-03-01"])
    report = _load(firm)
    assert _faults(report, "员工") == [(4, "", "load.row_twice")]
    assert "第 2 行" in report.errors[0].sentence
    assert parties.staff_by_no()["E1"].post == "客服"


def test_engagements_say_how_somebody_works_and_a_dispatched_one_names_the_sender(firm):
    header = "工号,法人代码,用工类型,起始日期,结束日期,派遣单位"
    rows = [
        "E1,QH,劳动合同,2024-03-01,,", "E2,QH,劳务派遣,2024-05-06,,", "E2,QH,零工,2024-05-06,,",
        "E1,QH,劳务,2024-05-06,2024-01-01,", "E9,QH,劳务,2024-05-06,,",
    ]  # fmt: skip
    _write(firm, 用工=[header, *rows])
    report = _load(firm)
    assert _faults(report, "用工") == [
        (3, "", "parties.no_sender"),
        (4, "用工类型", "cell.word"),
        (5, "", "parties.ends_before_it_begins"),
        (6, "工号", "load.unknown_reference"),
    ]
    person = parties.staff_by_no()["E1"].id
    assert [e.kind for e in parties.engagements([person])[person]] == [EngagementKind.LABOUR]


def test_customers_their_identities_and_orders_are_tied_to_each_other(firm):
    _write(
        firm,
        客户=["客户编号,姓名,来源,未成年人", "C1,周女士,购课订单,否", "C2,吴同学,,是", "C3,郑某,朋友,否",
            "C4,王某,广告,1"],
        客户身份=["客户编号,平台,平台标识", "C1,企微,wm_1", "C9,企微,wm_9", "C2,企微,wm_1"],
        订单=["订单号,客户编号,产品,金额（元）,下单日期,工号", "D1,C1,网课,近17万,2026-03-08,E1",
            "D2,C1,网课,-5,2026-03-08,", "D3,C8,网课,1,2026-03-08,", "D4,C1,网课,1,2026-03-08,E8"],
    )  # fmt: skip
    report = _load(firm)
    assert _faults(report, "客户") == [(4, "来源", "cell.word"), (5, "未成年人", "cell.yes_no")]
    assert _faults(report, "客户身份") == [
        (3, "客户编号", "load.unknown_reference"),
        (4, "", "load.row_twice"),
    ]
    assert _faults(report, "订单") == [
        (3, "金额（元）", "cell.amount"),
        (4, "客户编号", "load.unknown_reference"),
        (5, "工号", "load.unknown_reference"),
    ]
    customer = parties.customers_by_no()["C1"].id
    assert parties.identities("wecom") == {"wm_1": customer}
    assert parties.order_share([customer]).percent() == 100


def test_an_entry_of_holders_that_overlap_is_refused_on_both_lines_and_the_rest_goes_in(firm):
    held = [
        HELD,
        "账号,企业微信,shen,员工,E1,2024-03-01,2025-03-01",
        "账号,企业微信,shen,员工,E2,2025-02-01,2025-06-01",
        "账号,企业微信,shen,公司库存,,2025-07-01,",
        "账号,企业微信,lu,员工,E2,2024-05-06,",
    ]
    report = _load(_write(firm, 持有=held))
    assert _faults(report, "持有") == [(2, "", "load.overlap"), (3, "", "load.overlap")]
    assert ["第 3 行" in e.sentence or "第 2 行" in e.sentence for e in report.errors] == [True, True]
    found = assets.accounts("wecom")
    assert [s.holder for s in assets.history(found["shen"].id, at=NOW)] == ["公司库存"]
    assert assets.holder_at(found["lu"].id, NOW).staff_id == parties.staff_by_no()["E2"].id


def test_a_holding_over_one_that_stands_already_is_refused_and_an_old_sheet_cannot_undo_a_hand_over(firm):
    held = [HELD, "账号,企业微信,shen,员工,E1,2024-03-01,"]
    _load(_write(firm, 持有=held))
    account, to = assets.accounts("wecom")["shen"].id, parties.staff_by_no()["E2"].id
    assets_operations.hand_over(asset_id=account, to_staff=to, begins_at=NOW - DAY, by=BY, at=NOW)
    report = _load(firm)
    assert _faults(report, "持有") == [(2, "", "load.overlap")]
    assert "已登记" in report.errors[0].sentence
    assert assets.holder_at(account, NOW).staff_id == to


def test_a_gap_in_the_sheet_is_shown_as_unknown(firm):
    held = [
        HELD,
        "账号,企业微信,shen,员工,E1,2024-03-01,2024-06-01",
        "账号,企业微信,shen,员工,E2,2024-07-01,",
    ]
    _load(_write(firm, 持有=held))
    shown = assets.history(assets.accounts("wecom")["shen"].id, at=NOW)
    assert [step.holder for step in shown] == ["员工", "不明", "员工"]
    assert shown[1].from_ms == start_of_day(date(2024, 6, 1))
    assert shown[1].to_ms == start_of_day(date(2024, 7, 1))


def test_every_way_in_which_a_holding_can_be_wrong_has_its_own_code(firm):
    held = [
        HELD,
        "账号,,shen,员工,E1,2024-03-01,",
        "账号,企业微信,nobody,员工,E1,2024-03-01,",
        "账号,企业微信,shen,员工,,2024-03-01,",
        "账号,企业微信,shen,公司库存,E1,2024-03-01,",
        "账号,企业微信,shen,员工,E1,2024-03-01,2024-03-01",
        "账号,企业微信,shen,员工,E1,2030-03-01,",
        "电脑,,x,员工,E1,2024-03-01,",
        "号码,,139,员工,E1,去年,",
    ]
    report = _load(_write(firm, 持有=held))
    assert _faults(report, "持有") == [
        (2, "平台", "load.no_platform"),
        (3, "资产标识", "load.unknown_reference"),
        (4, "工号", "load.no_person"),
        (5, "工号", "load.store_has_no_person"),
        (6, "结束（不含）", "assets.empty_period"),
        (7, "起始", "assets.not_yet"),
        (8, "资产类别", "cell.word"),
        (9, "起始", "cell.moment"),
    ]
    assert _counts(report, "持有") == (0, 0, 0, 8)


def test_when_the_database_refuses_at_the_last_moment_the_sheet_is_told_and_the_others_stand(
    firm, monkeypatch
):
    _write(firm, 持有=[HELD, "账号,企业微信,shen,员工,E1,2024-03-01,"])
    _load(firm)
    _write(
        firm,
        持有=[HELD, "账号,企业微信,shen,员工,E2,2024-05-01,"],
        设备=["IMEI,型号", "860000000000001,工作手机"],
    )
    # As if another process had opened the standing holding after we looked.
    monkeypatch.setattr("jieli.wiring.load.periods.queries.holdings_of", lambda ids: {key: [] for key in ids})
    report = _load(firm)
    assert _faults(report, "持有") == [(0, "", "assets.holder_overlap")]
    assert _counts(report, "持有") == (0, 0, 0, 1)
    assert _counts(report, "设备") == (1, 0, 0, 0)


def test_users_and_members_of_groups_are_loaded_with_their_time(firm):
    _write(
        firm,
        客户=["客户编号,姓名", "C1,周女士"],
        客户身份=["客户编号,平台,平台标识", "C1,企业微信,wm_1"],
        群=["平台,群标识,群名,群类型,群主账号", "企业微信,wr1,答疑群,客户群,shen", "企业微信,wr2,,内部群,nobody"],
        群成员=["平台,群标识,成员类别,成员标识,起始,结束（不含）", "企业微信,wr1,账号,shen,2026-03-01 09:00,",
             "企业微信,wr1,客户,wm_1,2026-03-01,2026-04-01", "企业微信,wr1,外部,wx_x,2026-03-01,",
             "企业微信,wr1,客户,wm_9,2026-03-01,", "企业微信,wr1,账号,wm_1,2026-03-01,",
             "企业微信,wr9,外部,wx_x,2026-03-01,", "企业微信,wr1,外部,wx_x,2026-05-01,"],
        使用=["资产类别,平台,资产标识,工号,起始", "账号,企业微信,shen,E2,2026-03-01",
            "账号,企业微信,shen,E2,2026-05-01", "账号,企业微信,shen,E1,2026-05-01"],
    )  # fmt: skip
    report = _load(firm)
    assert _faults(report, "群") == [(3, "群主账号", "load.unknown_reference")]
    assert _faults(report, "群成员") == [
        (4, "", "load.overlap"),
        (5, "成员标识", "load.unknown_reference"),
        (6, "成员标识", "load.unknown_reference"),
        (7, "群标识", "load.unknown_reference"),
        (8, "", "load.overlap"),
    ]
    assert _faults(report, "使用") == [(2, "", "load.overlap"), (3, "", "load.overlap")]
    group = assets.groups("wecom")["wr1"]
    assert group.kind is GroupKind.CUSTOMER
    assert [(m.external_id, m.customer_id is not None) for m in group.members] == [
        ("shen", False),
        ("wm_1", True),
    ]
    users = assets.users_of([assets.accounts("wecom")["shen"].id])
    assert [[u.staff_id for u in spans] for spans in users.values()] == [[parties.staff_by_no()["E1"].id]]


PAPERS = "类别,工号,签署日期,标题,扫描件,平台,账号标识"


@pytest.mark.req("R0.48")
def test_a_scanned_promise_brings_the_holders_account_into_use(firm):
    (firm / "scans").mkdir()
    (firm / "scans" / "e1.pdf").write_bytes(PDF)
    held = [HELD, "账号,企业微信,shen,员工,E1,2024-03-01,", "账号,企业微信,lu,公司库存,,2024-03-01,"]
    papers = [
        PAPERS,
        "工作账号使用承诺书,E1,2024-03-02,承诺书,scans/e1.pdf,企业微信,shen",
        "工作账号使用承诺书,E2,2024-03-02,承诺书,scans/e1.pdf,企业微信,lu",
        "工作账号使用承诺书,E1,2024-03-02,承诺书,,企业微信,shen",
        "员工手册,E1,2024-03-01,签收,scans\\e1.pdf,,",
    ]
    report = _load(_write(firm, 持有=held, 文件=papers))
    assert _faults(report, "文件") == [
        (3, "", "assets.not_the_holder"),
        (4, "类别", "load.promise_incomplete"),
    ]
    assert _counts(report, "文件") == (2, 0, 0, 2)
    account = assets.accounts("wecom")["shen"]
    assert account.state is AccountState.IN_USE
    assert account.acknowledged_at == start_of_day(date(2024, 3, 2))
    kept = by_digest(sha256(PDF).hexdigest())
    assert [assets.acknowledgements([account.id])[account.id][0].paper] == [ref.id for ref in kept]
    entries = Entry.objects.count()
    assert _counts(_load(firm), "文件") == (0, 0, 2, 2)
    assert Entry.objects.count() == entries


def test_a_scan_is_taken_only_from_the_directory_and_only_if_it_is_what_it_is_called(firm, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.pdf"
    outside.write_bytes(PDF)
    (firm / "link.pdf").symlink_to(outside)
    (firm / "text.txt").write_text("x", "utf-8")
    (firm / "fake.pdf").write_bytes(b"not a pdf")
    (firm / "big.pdf").write_bytes(PDF)
    with (firm / "big.pdf").open("r+b") as big:
        big.truncate(21 * 1024 * 1024)
    rows = [f"员工手册,E1,2024-03-0{n},,{name},," for n, name in enumerate(
        ["../secret.pdf", str(outside), "link.pdf", "absent.pdf", "text.txt", "fake.pdf", "big.pdf"], 1
    )]  # fmt: skip
    report = _load(
        _write(firm, 文件=[PAPERS, *rows, "员工手册,E1,2030-01-01,,,,", "员工手册,E9,2024-01-01,,,,"])
    )
    assert [code for _, _, code in _faults(report, "文件")] == [
        "load.scan_outside", "load.scan_outside", "load.scan_outside", "load.no_scan", "load.scan_kind",
        "papers.media_mismatch", "load.scan_too_large", "load.not_yet", "load.unknown_reference",
    ]  # fmt: skip
    assert {column for _, column, _ in _faults(report, "文件")} == {"扫描件", "签署日期", "工号"}


def test_shifts_and_leave_are_loaded_and_a_wrong_line_refuses_itself_alone(firm):
    shifts = [
        "工号,上班,下班,类别",
        "E1,2026-09-21 10:00,2026-09-21 19:00,",
        "E1,2026-09-21 10:00,2026-09-21 19:00,取消",
        "E1,2026-09-22 19:00,2026-09-22 10:00,",
        "E1,2026-09-01 10:00,2026-09-21 19:00,",
        "E2,2026-09-21 22:00,2026-09-22 06:00,加班",
        "E9,2026-09-21 10:00,2026-09-21 19:00,",
    ]
    leave = ["工号,起始,结束（不含）,类别", "E1,2026-09-22,2026-09-24,年假", "E9,2026-09-22,2026-09-24,年假"]
    _write(firm, 班次=shifts, 请假=leave)
    report = _load(firm)
    assert _faults(report, "班次") == [
        (3, "", "load.row_twice"),
        (4, "下班", "load.ends_before_it_begins"),
        (5, "下班", "load.shift_too_long"),
        (7, "工号", "load.unknown_reference"),
    ]
    assert _faults(report, "请假") == [(3, "工号", "load.unknown_reference")]
    assert (_counts(report, "班次"), _counts(report, "请假")) == ((2, 0, 0, 4), (1, 0, 0, 1))
    again = _load(firm)
    assert (_counts(again, "班次"), _counts(again, "请假")) == ((0, 0, 2, 4), (0, 0, 1, 1))


def test_the_report_prints_as_json_with_counts_and_names_no_cell(firm):
    _write(firm, 员工=[*STAFF, "E3,某某某,XX,客服,2024-05-06"])
    _write(firm, 备注=["随便"])
    told: list[tuple[str, int, int]] = []
    report = _load(firm, progress=lambda *step: told.append(step))
    printed = json.dumps(report.as_json(), ensure_ascii=False)
    assert (report.as_json()["rows"], report.as_json()["refused"], report.as_json()["unknown"]) == (
        7,
        1,
        ["备注.csv"],
    )
    assert "某某某" not in printed
    assert "XX" not in printed
    assert told == [("法人.csv", 0, 4), ("部门.csv", 1, 4), ("员工.csv", 2, 4), ("账号.csv", 3, 4)]


def test_a_directory_that_is_absent_or_holds_no_sheet_is_said_so(tmp_path):
    with pytest.raises(CannotLoad) as absent:
        load_company(tmp_path / "no", by=BY, at=NOW)
    with pytest.raises(CannotLoad) as empty:
        load_company(tmp_path, by=BY, at=NOW)
    assert (absent.value.code, empty.value.code) == ("load.no_directory", "load.nothing_to_load")


def _read(tmp_path: Path, data: bytes):
    path = tmp_path / "sheet.csv"
    path.write_bytes(data)
    columns = [Column("工号", "no", cells.identifier, True), Column("姓名（全名）", "name", cells.text)]
    return read_table(path, columns)


def _places(problems: list[Problem]) -> list[tuple[int, str, str]]:
    return [(p.line, p.column, p.code) for p in problems]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", [(0, "", "tables.empty")]),
        ("工号\n".encode("utf-16"), [(0, "", "tables.encoding")]),
        (b"\xff\xff\xff\x80", [(0, "", "tables.encoding")]),
        ("姓名（全名）\n甲\n".encode(), [(1, "工号", "tables.no_column")]),
        ("工号,年龄\n1,2\n".encode(), [(1, "", "tables.unknown_column")]),
        ("工号,工号\n1,2\n".encode(), [(1, "", "tables.column_twice")]),
        ("工号\t姓名\n1\t2\n".encode(), [(1, "", "tables.not_commas")]),
        ("工号\n1\n\n2,3\n".encode(), [(4, "", "tables.extra_cells")]),
        ('工号\n1\n"2\n3\n'.encode(), [(3, "", "tables.quoting")]),
        ("工号\n\n1.38E+10\n".encode(), [(3, "工号", "cell.scientific")]),
        ("工号\n1\0\n".encode(), [(2, "工号", "cell.control_character")]),
        (("工号\n" + "1" * 201 + "\n").encode(), [(2, "工号", "cell.too_long")]),
        ("工号,姓名（全名）\n1,\n,甲\n".encode(), [(3, "工号", "tables.empty_cell")]),
    ],
)
def test_each_fault_of_a_table_is_told_with_its_line_and_column(tmp_path, data, expected):
    table = _read(tmp_path, data)
    assert _places(table.problems) == expected
    assert all(p.sentence and p.remedy for p in table.problems)


def test_good_rows_of_a_table_are_read_beside_its_faults_and_cells_may_span_lines_of_the_file(tmp_path):
    table = _read(tmp_path, '﻿工号, 姓名(全名)\r\n\'007,"甲, 乙"\r\n"8\n8",丙\r\n9\r\n'.encode())
    assert [(row.line, row["no"], row["name"]) for row in table.rows] == [
        (2, "007", "甲, 乙"),
        (5, "9", None),
    ]
    assert _places(table.problems) == [(3, "工号", "cell.control_character")]
    assert table.total == 3


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "huge.csv"
    with path.open("wb") as huge:
        huge.truncate(65 * 1024 * 1024)
    assert _places(read_table(path, []).problems) == [(0, "", "tables.too_large")]


@pytest.mark.parametrize(
    ("cell", "fen", "qualifier"),
    [
        ("1280", 128_000, Qualifier.EXACT),
        ("￥1,280.50元", 128_050, Qualifier.EXACT),
        ("近17万", 17_000_000, Qualifier.NEARLY),
        ("17万余元", 17_000_000, Qualifier.OVER),
        ("约1.5万元", 1_500_000, Qualifier.ABOUT),
        ("0.01", 1, Qualifier.EXACT),
    ],
)
def test_an_amount_keeps_its_qualifier(cell, fen, qualifier):
    assert cells.money(cell) == cells.Money(fen, qualifier)


@pytest.mark.parametrize("cell", ["", "十七万", "-1", "1.005", "近17万余", "1,28", "1e5"])
def test_what_is_no_amount_is_refused(cell):
    with pytest.raises(CellError) as caught:
        cells.money(cell)
    assert caught.value.code == "cell.amount"


@pytest.mark.parametrize("cell", ["2024-03-01", "2024/3/1", "2024.3.1", "2024年3月1日"])
def test_a_day_is_read_as_people_write_it(cell):
    assert cells.day(cell) == date(2024, 3, 1)
    assert cells.moment(cell) == start_of_day(date(2024, 3, 1))


@pytest.mark.parametrize("cell", ["2024-13-01", "2024-02-30", "01/03/2024", "2024-3", "20240301", "明天"])
def test_what_is_no_day_is_refused(cell):
    with pytest.raises(CellError):
        cells.day(cell)


def test_a_moment_is_on_a_wall_clock_in_china():
    assert (
        cells.moment("2024-03-01 09:30:05")
        == start_of_day(date(2024, 3, 1)) + (9 * 3_600 + 30 * 60 + 5) * 1_000
    )
    with pytest.raises(CellError) as caught:
        cells.moment("2024-03-01 25:00")
    assert caught.value.code == "cell.moment"


def test_platforms_are_kept_under_one_stable_word():
    assert [cells.platform(c) for c in ("企业微信", "企微", "WeCom", "抖音")] == [
        "wecom",
        "wecom",
        "wecom",
        "抖音",
    ]
    with pytest.raises(CellError):
        cells.platform("企业 微信")


def test_every_sheet_has_a_loader_and_its_examples_have_as_many_cells_as_headers():
    assert {sheet.file for sheet in SHEETS} == set(LOADERS)
    assert all(len(row) == len(sheet.columns) for sheet in SHEETS for row in sheet.examples)
    assert sheets.HOLDINGS.header("ends") == "结束（不含）"
    assert HolderKind.STORE.value in {row[3] for row in sheets.HOLDINGS.examples}
