"""离职交接 on the console: a name in, the case out; what is missing; acts with their receipt; what is refused."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jieli.access.types import Role
from jieli.assets.types import AssetKind
from jieli.duties.types import Side as Owes
from jieli.handover import operations as handover
from jieli.handover import purge, queries, recovery
from jieli.handover.things_types import HelpStep, RecoveryStep, StepResult
from jieli.handover.types import CaseRef, Confirmation, ListKind, Stage
from jieli.handover.types import Role as Signs
from jieli.kernel.times import DAY
from jieli.papers import operations as papers
from jieli.papers import queries as kept
from jieli.parties import operations as party_operations
from jieli.parties import queries as parties
from jieli.parties.types import NewUnit
from tests.conftest import NOW
from tests.doors import sample
from tests.rooms import leaving
from tests.rooms.company import BY, Company

As = Callable[[UUID], Client]
Owner = Callable[..., list[tuple[Any, ...]]]
PHOTO = b"\x89PNG\r\n\x1a\n a photograph"


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def photo(name: str = "photo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PHOTO, "image/png")


def hr(as_person: As) -> Client:
    return as_person(sample.person("hr", Role.PEOPLE))


def case_of(house: Company) -> CaseRef:
    return leaving.leaves(house)


def act(client: Client, case: CaseRef, what: str, **values: object) -> str:
    """Post an act that must succeed; the page of the case afterwards."""
    done = client.post(f"/cases/{case.number}/act/{what}", values)
    assert done.status_code == 302, re.sub(r"<[^>]+>", "", done.content.decode())[-900:]
    return text(client, f"/cases/{case.number}/")


def refused(client: Client, case: CaseRef, what: str, **values: object) -> str:
    done = client.post(f"/cases/{case.number}/act/{what}", values)
    assert done.status_code == 400
    return done.content.decode()


def test_an_empty_list_teaches_how_to_begin(as_person: As) -> None:
    page = text(hr(as_person), "/cases/")
    assert "还没有人办过离职交接" in page
    assert "/cases/new/" in page


def test_a_name_shows_everything_that_is_held_and_then_opens_the_case(as_person: As) -> None:
    leaving.firm()
    client = hr(as_person)
    page = text(client, "/cases/new/?who=何青")
    for held in (leaving.IMEI, leaving.NUMBER, "林晚", "茶礼盒"):
        assert held in page
    given = {
        "who": "HeQing", "reason": "辞职", "notice_on": "2026-09-01", "last_day": "2026-09-18",
        "receiver": "陆川", "supervisor": "TangYe",
    }  # fmt: skip
    done = client.post("/cases/new/", {**given, "then": "issue"})
    page = text(client, done.headers["Location"])
    assert "清点已封存在账本第" in page
    assert "已生成 《离职工作交接单》" in page
    assert "何青的交接已逾期 3 天" in page


def test_a_refused_opening_keeps_what_was_typed(as_person: As) -> None:
    leaving.firm()
    given = {"who": "HeQing", "reason": "辞职", "notice_on": "九月一日", "last_day": "2026-09-18"}
    done = hr(as_person).post("/cases/new/", given)
    assert done.status_code == 400
    assert "九月一日" in done.content.decode()
    assert "“提出日期”不是日期" in done.content.decode()


def test_a_leaving_approved_elsewhere_keeps_the_receipt(as_person: As) -> None:
    house = leaving.firm()
    given = {
        "who": "HeQing", "reason": "辞职", "notice_on": "2026-09-01", "last_day": "2026-09-18", "system": "某办公系统",
        "order_no": "LZ-01", "applicant": "何青", "approver": "唐野", "decided_on": "2026-09-01", "receipt": photo(),
    }  # fmt: skip
    client = hr(as_person)
    assert client.post("/cases/new/", {**given, "approver": "何青"}).status_code == 400
    assert queries.open_cases() == []
    given["receipt"] = photo()
    assert client.post("/cases/new/", given).status_code == 302
    [case] = queries.open_cases()
    assert (case.staff_id, case.source.value, case.approval is None) == (
        house.staff["HeQing"], "外部审批", False
    )  # fmt: skip


def test_a_sheet_of_leavings_opens_all_or_none(as_person: As) -> None:
    leaving.firm()
    client = hr(as_person)
    head = "工号,离职原因,提出日期,最后工作日,接收人\n"
    bad = SimpleUploadedFile(
        "a.csv", (head + "HeQing,辞职,2026-09-01,2026-09-18,\nNobody,辞职,x,y,\n").encode()
    )
    page = client.post("/cases/sheet/", {"sheet": bad})
    assert page.status_code == 400
    assert "第 3 行" in page.content.decode()
    assert queries.open_cases() == []
    good = SimpleUploadedFile(
        "a.csv", (head + "HeQing,辞职,2026-09-01,2026-09-18,LuChuan\n").encode("gb18030")
    )
    assert client.post("/cases/sheet/", {"sheet": good}).status_code == 302
    assert len(queries.open_cases()) == 1


def test_a_workbook_is_answered_with_how_to_save_it(as_person: As) -> None:
    page = hr(as_person).post("/cases/sheet/", {"sheet": SimpleUploadedFile("a.xlsx", b"PK\x03\x04 zip")})
    assert "逗号分隔" in page.content.decode()


def test_the_list_narrows_by_its_address_and_exports(as_person: As) -> None:
    case = case_of(leaving.firm())
    client = hr(as_person)
    assert case.number in text(client, "/cases/?q=何青&shown=已过最后工作日&reason=辞职")
    assert "没有符合的交接" in text(client, "/cases/?shown=已结案")
    answer = client.get("/cases.csv")
    table = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert "何青" in table and "逾期" in table


@pytest.mark.req("R0.21")
def test_both_columns_stand_side_by_side_with_the_exact_text_of_the_law(as_person: As) -> None:
    case = case_of(leaving.firm())
    page = text(hr(as_person), f"/cases/{case.number}/")
    ours, his = page.index("公司欠何青的"), page.index("何青欠公司的")
    assert ours < his
    for name in ("通知", "协助", "保密", "旧物回收"):
        assert f"<strong>{name}</strong>" in page[ours:his]
        assert f"<strong>{name}</strong>" in page[his:]
    assert "应当遵循诚信等原则" in page  # CC-558, as it stands in the registry


@pytest.mark.req("R0.12")
def test_what_is_not_returned_is_late_with_its_days_and_a_demand_can_be_drafted(as_person: As) -> None:
    case = case_of(leaving.firm())
    client = hr(as_person)
    page = text(client, f"/cases/{case.number}/")
    assert re.search(r"逾期未交回.{0,60}3 天", page, re.S)
    page = act(client, case, "issue", kinds="返还催告函")
    assert "《返还催告函》" in page


@pytest.mark.req("R0.47", "R0.35")
def test_the_sheet_is_issued_with_all_four_lists_and_downloads_as_it_is_kept(as_person: As) -> None:
    case = case_of(leaving.firm())
    client = hr(as_person)
    page = act(client, case, "issue", kinds=["离职工作交接单", "离职交接通知书"], id_tail="0018")
    assert "已写入账本第" in page
    view = queries.view(case.number, at=NOW)
    sheet = next(p.paper for p in view.papers if p.paper.kind == "离职工作交接单")
    address = f"/cases/{case.number}/papers/{sheet.id}.pdf"
    assert address in page
    answer = client.get(address)
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert [one.papers for one in view.lists] == [(sheet.id,)] * 4
    for row in view.lists[1].data:
        assert row.digest[:16] in page


@pytest.mark.req("R0.24")
def test_a_password_handed_over_is_not_an_account_recovered(as_person: As) -> None:
    house = leaving.firm()
    case = case_of(house)
    client = hr(as_person)
    page = act(
        client,
        case,
        "recovery",
        account=house.accounts["HeQing"],
        step=RecoveryStep.SIGN_IN.value,
        passed="no",
    )
    assert "已交付未恢复" in page
    assert not queries.completion(case, at=NOW).done


def test_a_step_that_passed_needs_its_picture_and_what_was_chosen_stays(as_person: As) -> None:
    house = leaving.firm()
    case = case_of(house)
    page = refused(
        hr(as_person),
        case,
        "recovery",
        account=house.accounts["HeQing"],
        step=RecoveryStep.REBIND.value,
        passed="yes",
    )
    assert "handover.no_proof" in page
    assert '<option value="改绑" selected>' in page


@pytest.mark.req("R0.30")
def test_the_help_with_a_password_has_no_place_for_the_password(as_person: As, owner_sql: Owner) -> None:
    house = leaving.firm()
    case = case_of(house)
    secret = "Qing!2026-secret"
    given = {
        "step": HelpStep.SMS.value,
        "result": StepResult.PASSED.value,
        "password": secret,
        "note": secret,
    }
    page = act(hr(as_person), case, "help", account=house.accounts["HeQing"], **given)
    assert "通过" in page
    rows = owner_sql("SELECT body FROM ledger_part WHERE body IS NOT NULL")
    assert rows and not [r for r in rows if secret.encode() in bytes(r[0])]


@pytest.mark.req("W11")
def test_a_certificate_on_a_condition_is_refused_with_the_reason_and_without_one_it_is_issued(
    as_person: As,
) -> None:
    case = case_of(leaving.firm())
    client = hr(as_person)
    page = refused(client, case, "certificate", condition="交还账号后才出具离职证明")
    assert "交还账号后才出具离职证明" in page
    assert "handover.hostage.certificate" in page
    assert "第五十条" in page and "第八十九条" in page
    page = act(client, case, "certificate", id_tail="0018")
    assert "《解除（终止）劳动合同证明书》" in page


@pytest.mark.req("R0.32")
def test_one_confirmation_does_not_close_a_case(as_person: As) -> None:
    case = finished(leaving.firm())
    client = hr(as_person)
    one = {"confirmed": "yes", "who": "陆川", "visitor": "郑晓禾", "visited_on": "2026-09-21"}
    act(client, case, "follow-up", asked=Confirmation.ACCOUNT.value, **one)
    page = refused(client, case, "close", sure="yes")
    assert "回访未确认：证明已取得" in page
    act(client, case, "follow-up", asked=Confirmation.CERTIFICATE.value, **one)
    page = act(client, case, "close", sure="yes")
    assert "何青的离职交接已结案" in page
    assert "持续" in page


@pytest.mark.req("R0.23")
def test_all_his_tasks_done_and_no_certificate_is_not_complete(as_person: As) -> None:
    case = finished(leaving.firm(), but="出具解除（终止）劳动合同证明书")
    page = text(hr(as_person), f"/cases/{case.number}/")
    assert "公司差 1 项，本人差 0 项" in page
    assert not queries.completion(case, at=NOW).done


def finished(house: Company, *, but: str = "") -> CaseRef:
    """A leaving in which everything is done and signed, the private part purged, nothing asked yet."""
    case, at = case_of(house), NOW - DAY
    leaving.give_back(house, case, at=at)
    recover(house, case, at)
    leaving.signed(leaving.sheet(case, at=at), at=at)
    leaving.fulfil(case, Owes.COMPANY, Owes.STAFF, but=[but] if but else [], at=at)
    staged(case, at)
    return queries.case(case.number)


def recover(house: Company, case: CaseRef, at: int) -> None:
    for step in RecoveryStep:
        recovery.record_recovery(
            case=case.id, account=house.accounts["HeQing"], step=step, passed=True, paper=leaving.scan(at=at),
            tester=house.staff["LuChuan"], tested_at=at, by=BY, at=at,
        )  # fmt: skip


def staged(case: CaseRef, at: int) -> None:
    for stage in (Stage.AUDITED, Stage.HANDED, Stage.KEPT):
        purge.advance(case=case.id, stage=stage, by=BY, at=at)
    purge.purge(case=case.id, by=BY, at=at)


@pytest.mark.req("R3.30")
def test_purging_before_the_audit_is_refused(as_person: As) -> None:
    case = case_of(leaving.firm())
    client = hr(as_person)
    assert "handover.out_of_order" in refused(client, case, "purge", sure="yes")
    assert "没有确认后果" in refused(client, case, "purge")
    page = act(client, case, "advance", stage="已审计")
    assert "进度已到“已审计”" in page


def test_a_number_with_his_bank_on_it_is_not_cut_for_seven_days(as_person: As) -> None:
    case = case_of(leaving.firm())
    client, number = hr(as_person), leaving.things(AssetKind.NUMBER)[leaving.NUMBER]
    assert "handover.number_bound" in refused(client, case, "cut-number", number=number, sure="yes")
    page = act(client, case, "binding-list", number=number)
    assert "2026-09-28" in page
    assert "handover.number_bound" in refused(client, case, "cut-number", number=number, sure="yes")


def test_a_refusal_to_sign_is_a_record_and_no_signature(as_person: As) -> None:
    case = case_of(leaving.firm())
    client = hr(as_person)
    paper = leaving.sheet(case, at=NOW)
    given = {"paper": paper, "role": "移交人", "name": "何青", "reason": "提成没有算清"}
    assert "papers.no_witness" in refused(client, case, "refuse", **given)
    page = act(client, case, "refuse", witnesses="唐野、陆川", **given)
    assert "拒签" in page and "提成没有算清" in page
    assert Signs.LEAVER in queries.view(case.number, at=NOW).lists[0].unsigned


def test_closing_with_a_note_asks_for_proof_of_delivery_and_three_tries(as_person: As) -> None:
    case = case_of(leaving.firm())
    client = hr(as_person)
    leaving.fulfil(case, Owes.COMPANY, at=NOW)
    paper = leaving.sheet(case, at=NOW)
    page = text(client, f"/cases/{case.number}/act/close-noted")
    assert "没有附凭证的送达结果" in page and "联系移交人 0 次" in page
    sent = {"channel": "EMS", "address": "某市某路一号", "number": "E1", "sent_on": "2026-09-20"}
    act(client, case, "deliver", paper=paper, name="何青", **sent)
    [delivery] = papers_sent(paper)
    act(client, case, "result", delivery=delivery, outcome="退回", proof=photo())
    for day in ("2026-09-18", "2026-09-19", "2026-09-20"):
        act(client, case, "attempt", how="电话", tried_on=day, outcome="无人接听")
    page = act(client, case, "close-noted", note="本人不再答复", sure="yes")
    assert "带注记结案" in page and "本人不再答复" in page
    assert "没有任何人代签" in page


def papers_sent(paper: UUID) -> list[UUID]:
    return [d.id for d in kept.deliveries([paper]).get(paper, [])]


def test_a_scan_that_is_refused_with_its_act_is_not_kept(as_person: As, owner_sql: Owner) -> None:
    case = case_of(leaving.firm())
    client = hr(as_person)
    duty = leaving.duty(case, Owes.COMPANY, "通知")
    before = owner_sql("SELECT count(*) FROM papers_paper")
    page = refused(client, case, "duty", duty=duty.id, done_on="2026-12-01", proof=photo(), note="回执")
    assert "duties.bad_day" in page
    assert owner_sql("SELECT count(*) FROM papers_paper") == before
    page = act(client, case, "duty", duty=duty.id, done_on="2026-09-20", proof=photo())
    assert "凭证</a>" in page


def test_what_is_no_pdf_and_no_picture_is_not_kept(as_person: As) -> None:
    case = case_of(leaving.firm())
    page = refused(
        hr(as_person), case, "paper", kind="解除协议",
        file=SimpleUploadedFile("a.pdf", b"<html>never</html>", "application/pdf"),
    )  # fmt: skip
    assert "只能上传" in page
    assert "解除协议" in page


def other_unit() -> UUID:
    """A department in which nobody of the case works."""
    entity = parties.entities_by_code()["QH"]
    party_operations.register_units([NewUnit("X9", "别的部门", entity)], by=BY, at=NOW)
    return parties.units_by_code()["X9"]


def test_absent_and_not_yours_are_the_same(as_person: As) -> None:
    house = leaving.firm()
    case = case_of(house)
    elsewhere = as_person(sample.person("part", Role.PEOPLE, unit=other_unit()))
    nobody = as_person(sample.person("none", Role.AUDIT))
    for address in (f"/cases/{case.number}/", f"/cases/{case.number}/act/close", "/cases/M-2026-0999/"):
        text(elsewhere, address, 404)
        text(nobody, address, 404)
    text(nobody, "/overview/", 404)
    given = {"who": "TangYe", "reason": "辞职", "notice_on": "2026-09-01", "last_day": "2026-09-18"}
    assert elsewhere.post("/cases/new/", given).status_code == 404
    looks = as_person(sample.person("law", Role.LEGAL))
    assert "生成交接单" not in text(looks, f"/cases/{case.number}/")
    text(looks, f"/cases/{case.number}/act/close", 404)


def test_a_paper_of_another_thing_is_not_shown_through_a_case(as_person: As) -> None:
    case = case_of(leaving.firm())
    other = papers.receive(
        kind="照片", title="别处", content=PHOTO, media_type="image/png", by=BY, at=NOW
    ).id  # fmt: skip
    client = hr(as_person)
    text(client, f"/cases/{case.number}/papers/{other}.pdf", 404)
    assert "不在案卷里" in refused(
        client, case, "refuse", paper=other, role="移交人", name="何青", reason="x", witnesses="唐野"
    )


def test_the_page_asks_a_constant_number_of_questions(as_person: As) -> None:
    house = leaving.firm()
    case = case_of(house)
    client = hr(as_person)
    leaving.sheet(case, lists=[ListKind.DATA], at=NOW)
    text(client, f"/cases/{case.number}/")
    with CaptureQueriesContext(connections["default"]) as few:
        text(client, f"/cases/{case.number}/")
    for n in range(4):
        leaving.sheet(case, lists=[ListKind.ACCOUNTS], at=NOW + n)
        handover.object_to(
            case=case.id, place="账号清单", text=f"第 {n} 条", made_on=date(2026, 9, 20), by=BY, at=NOW + n
        )
    with CaptureQueriesContext(connections["default"]) as many:
        text(client, f"/cases/{case.number}/")
    assert len(many) == len(few)


def test_the_overview_names_what_is_late_and_who_must_act(as_person: As) -> None:
    case = case_of(leaving.firm())
    page = text(hr(as_person), "/overview/")
    assert "1 件逾期" in page and "最早一项已" in page
    assert f"/cases/{case.number}/" in page
    assert "人力" in page


@pytest.mark.req("R0.6")
def test_one_leaver_without_written_handover_shows_two_of_three_and_his_name(as_person: As) -> None:
    house = leaving.firm()
    case_of(house)
    handover.declare_policy(paper=leaving.scan("制度", at=NOW), from_day=date(2026, 1, 1), by=BY, at=NOW)
    page = text(hr(as_person), "/overview/")
    assert "2 项做到" in page
    assert "还缺：何青" in page


def test_who_sees_a_part_of_the_firm_sees_no_names_beside_it(as_person: As) -> None:
    case_of(leaving.firm())
    page = text(as_person(sample.person("part", Role.SALES_LEAD, unit=other_unit())), "/overview/")
    assert "何青" not in page
    [unit] = [key for code, key in parties.units_by_code().items() if code != "X9"]
    mine = as_person(sample.person("mine", Role.SALES_LEAD, unit=unit))
    assert "何青" in text(mine, "/overview/")
