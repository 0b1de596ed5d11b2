"""Requirements, each as it is accepted, through doors only: load, consent, import, search, read, and a browser."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import pytest
import typer
from django.test import Client

from jieli.access import queries as access
from jieli.assets.types import AccountType
from jieli.consent.types import DocumentKind
from jieli.doors.cli.main import app
from tests.doors import firm
from tests.doors.cli import Jieli, bring, items, matter
from tests.rooms.company import chat, sh
from tests.rooms.test_capture import agreement
from tests.shared_data import shared

As = Callable[[UUID], Client]


@pytest.fixture
def house(fresh: Jieli, tmp_path: Path) -> Jieli:
    """The tea firm, told and agreed since 1 June, on 21 September."""
    fresh.told = firm.found(fresh, tmp_path)
    return fresh


def says(n: int, text: str, **changed: Any) -> bytes:
    """林晚 to 何青 on a Friday morning."""
    return chat(n, text, **({"to": "heqing"} | changed))


def reasons(done: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = done["files"][0]["reasons"]
    return found


def browser(as_person: As, sign_in: str) -> Client:
    person = access.person_by_sign_in(sign_in)
    assert person is not None
    return as_person(person.id)


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def register(client: Client) -> dict[str, dict[str, str]]:
    """The register of accounts as its table for Excel says it, by handle."""
    body = b"".join(client.get("/accounts.csv").streaming_content).decode("utf-8-sig")
    return {row["账号"]: row for row in csv.DictReader(io.StringIO(body))}


@pytest.mark.req("R0.11")
def test_of_five_hundred_customers_the_share_with_orders_is_told_and_the_unknown_are_listed(
    fresh: Jieli, tmp_path: Path
) -> None:
    """Given 500 contacts, 480 tied to course orders, then 客户由公司导入 shows 96% with a list of the 20 unknown."""
    firm.keys_and_people(fresh)
    directory = firm.sheets(
        tmp_path / "sheets",
        客户=[f"C{n:03},学员{n},不明" for n in range(500)],
        订单=[f"D{n:03},C{n:03},网课季度包,1280.00,2026-05-01" for n in range(480)],
    )
    assert fresh.answer("load", directory)["errors"] == []
    found = fresh.answer("customers", "sources", "--as", "it")
    assert (found["customers"], found["with_order"], found["percent"]) == (500, 480, 96)
    assert found["unknown"] == [f"C{n:03}" for n in range(480, 500)]
    assert "客户由公司导入（有订单）：480/500，96%；来源不明 20 人：C480、C481" in fresh.said(
        "customers", "sources", "--as", "it"
    )


@pytest.mark.req("R0.22")
def test_a_citation_prints_the_registered_text_byte_for_byte(fresh: Jieli) -> None:
    """Given citation CC-558 printed, then its text equals the registry's byte for byte."""
    rows = json.loads(shared("../law/statutes.json").read_text("utf-8"))
    [row] = [row for row in rows if row["id"] == "CC-558"]
    found = fresh.answer("law", "CC-558")
    assert [line.encode() for line in found["text"]] == [line.encode() for line in row["text"]]
    assert found["version"] == row["version"]
    assert "\n".join(row["text"]) in fresh.said("law", "CC-558")
    assert fresh.refused("law", "CC-9999")["code"] == "law.unknown_article"


@pytest.mark.req("R0.45")
def test_each_kind_of_virtual_property_is_registered_assigned_and_handed_over(
    house: Jieli, tmp_path: Path, as_person: As
) -> None:
    """Each type (工作微信, 电商店铺, 游戏账号, …) can be registered, assigned, handed over."""
    kinds = {f"virtual{n}": kind.value for n, kind in enumerate(AccountType)}
    first = [f"账号,淘宝,{handle},员工,E1,2026-05-04," for handle in kinds]
    after = [
        line
        for handle in kinds
        for line in (
            f"账号,淘宝,{handle},员工,E1,2026-05-04,2026-09-20",
            f"账号,淘宝,{handle},员工,E2,2026-09-20,",
        )
    ]
    registered = [f"淘宝,{handle},{kind},QH," for handle, kind in kinds.items()]
    directory = firm.sheets(tmp_path / "sheets", 账号=registered, 持有=first)
    assert house.answer("load", directory)["errors"] == []
    client = browser(as_person, "yan")
    assert {h: register(client)[h]["姓名"] for h in kinds} == dict.fromkeys(kinds, "何青")
    assert house.answer("load", firm.sheets(directory, 持有=after))["errors"] == []
    rows = register(client)
    assert {h: rows[h]["类型"] for h in kinds} == kinds
    assert {h: rows[h]["姓名"] for h in kinds} == dict.fromkeys(kinds, "陆川")


@pytest.mark.req("R0.48")
def test_an_account_is_not_in_use_until_its_holder_has_signed(
    house: Jieli, tmp_path: Path, as_person: As
) -> None:
    """An account cannot become 使用中 without the signature of its holder."""
    client = browser(as_person, "yan")
    assert register(client)["tangzhi"]["状态"] == "登记"
    assert "账号未签确认" in reasons(bring(house, tmp_path, says(1, "在吗", to="tangzhi"), sign_in="it"))
    signed = "工作账号使用承诺书,{},2026-09-21,,promise.pdf,企业微信,tangzhi"
    directory = firm.sheets(tmp_path / "sheets", 文件=[signed.format("E1")])
    (directory / "promise.pdf").write_bytes(firm.PDF)
    [fault] = json.loads(house("load", directory, "--json").stdout)["errors"]
    assert fault["code"] == "assets.not_the_holder"
    assert register(client)["tangzhi"]["状态"] == "登记"
    assert house.answer("load", firm.sheets(directory, 文件=[signed.format("E4")]))["errors"] == []
    assert register(client)["tangzhi"]["状态"] == "使用中"


@pytest.mark.req("R3.2", "R3.7")
def test_who_keeps_the_devices_opens_no_content_and_nobody_does_without_a_purpose_of_the_house(
    house: Jieli, tmp_path: Path
) -> None:
    """Admin of devices opening recordings without purpose: denied. Purpose 员工忠诚度分析: denied."""
    bring(house, tmp_path, says(1, "明前茶还有吗？"), sign_in="it")
    number = matter(house)
    for sign_in, purpose, code in (
        ("it", "", "access.forbidden"),
        ("it", "投诉溯源", "access.forbidden"),
        ("yan", "", "reading.purpose_denied"),
        ("yan", "员工忠诚度分析", "reading.purpose_denied"),
    ):
        asked = ("--purpose", purpose, "--matter", number, "--as", sign_in)
        assert house.refused("search", "明前", *asked)["code"] == code
        assert house.refused("read", "--conversation", 1, *asked)["code"] == code
    assert [item["text"] for item in items(house)] == ["明前茶还有吗？"]


@pytest.mark.req("R3.3")
def test_a_call_one_minute_before_consent_is_not_recorded(house: Jieli, tmp_path: Path) -> None:
    """Consent at 10:00, call at 09:59: that call is not recorded."""
    now, house.at = house.at, sh("2026-09-18 10:00")
    firm.agree(house, "E2", "员工", "通话录音", house.told["员工"])
    house.at = now
    before, after = (
        firm.call(n, "19900000002", "19900000091", f"2026-09-18 {at}")
        for n, at in ((1, "09:59"), (2, "10:01"))
    )
    assert reasons(firm.calls(house, tmp_path, before)) == {"未同意": 1}
    assert firm.calls(house, tmp_path, after)["admitted"] == 1


@pytest.mark.req("R3.8")
def test_a_post_without_customers_is_not_recorded_by_default(house: Jieli, tmp_path: Path) -> None:
    """行政 post: not enabled by default."""
    done = bring(house, tmp_path, says(1, "请问前台电话", to="bailu"), sign_in="it")
    assert (done["admitted"], reasons(done)) == (0, {"岗位未启用": 1})


def options() -> Iterator[tuple[str, str]]:
    """Every option of every command."""

    def walk(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
        yield from ((name, word) for p in command.params for word in (*p.opts, *p.secondary_opts))
        for sub, found in getattr(command, "commands", {}).items():
            yield from walk(found, f"{name} {sub}".strip())

    return walk(typer.main.get_command(app), "")


@pytest.mark.req("R3.10")
def test_nothing_can_be_configured_to_record_in_silence(house: Jieli, tmp_path: Path) -> None:
    """The configuration has no silent-record option, and the most permissive policy records nobody untold."""
    words = {word.lstrip("-") for _, word in options()}
    assert (
        words & {"silent", "quiet", "hidden", "stealth", "force", "no-notice", "without-consent", "always"}
        == set()
    )
    rules = tmp_path / "rules.json"
    allowed = {
        "posts": ["销售"],
        "default_shifts": {"销售": {"begins": 0, "ends": 1440}},
        "default_agree": True,
    }
    for more in ("silent", "hidden", "record_without_notice"):
        rules.write_text(json.dumps(allowed | {more: True}), "utf-8")
        assert house.refused("consent", "policy", rules, "--as", "yan")["code"] == "cli.bad_policy"
    rules.write_text(json.dumps(allowed), "utf-8")
    house.at = sh("2026-06-02 09:00")
    assert house.answer("consent", "policy", rules, "--as", "yan") == {"version": 1}
    house.at = sh("2026-09-21 22:00")
    done = bring(house, tmp_path, says(1, "在吗", to="tangzhi"), sign_in="it")
    assert done["admitted"] == 0
    assert {"未告知", "未同意"} <= set(reasons(done))


@pytest.mark.req("R3.11")
def test_a_notice_without_any_of_what_must_be_told_cannot_be_published(house: Jieli, tmp_path: Path) -> None:
    """Missing 存储期限: cannot publish. So for 目的, 启用时段, 数据用途 and the rest."""
    for item, word in (
        ("retention", "存储期限"), ("purpose", "目的"), ("hours", "启用时段"), ("use", "数据用途"),
        ("contact", "联系方式"), ("rights", "权利"), ("summary", "白话摘要"),
    ):  # fmt: skip
        for empty in (None, " "):
            path = firm.notice(tmp_path, **{item: empty})
            refused = house.refused("consent", "publish", path, "--as", "yan")
            assert refused["code"] == "consent.notice_incomplete"
            assert word in refused["error"]


@pytest.mark.req("R3.12")
def test_a_call_to_ones_mother_leaves_no_file_and_no_row(
    house: Jieli, tmp_path: Path, owner_sql: Callable[..., Any]
) -> None:
    """Call to 母亲 (no customer): no file exists."""
    files = {path for path in house.home.rglob("*") if path.is_file()}
    done = firm.calls(house, tmp_path, firm.call(1, "19900000001", "19900000555", "2026-09-18 10:00"))
    assert (done["admitted"], reasons(done)) == (0, {"非客户会话": 1})
    assert {path for path in house.home.rglob("*") if path.is_file()} == files
    assert owner_sql("SELECT count(*) FROM archive_item") == [(0,)]
    assert (
        firm.calls(house, tmp_path, firm.call(2, "19900000001", "19900000091", "2026-09-18 10:00"))[
            "admitted"
        ]
        == 1
    )


@pytest.mark.req("R3.13")
def test_an_objection_is_a_ticket_and_suspends_use_as_evidence_until_it_is_answered(
    house: Jieli, tmp_path: Path, as_person: As
) -> None:
    """Objection creates a ticket; evidence use is suspended until it is answered."""
    bring(house, tmp_path, says(1, "明前茶还有吗？"), sign_in="it")
    assert len(items(house, purpose="争议举证")) == 1
    mine = browser(as_person, "heqing")
    mine.post("/me/object", {"means": "会话存档", "scope": ["争议举证使用"]})
    assert "您提出的 1 项异议正在等公司书面答复" in page(mine, "/me/")
    house.at += 1
    asked = ("search", "明前", "--purpose", "争议举证", "--matter", matter(house), "--as", "yan")
    found = house.answer(*asked)
    assert (found["items"], found["left_out"]) == ([], {"有异议待答复": 1})
    assert "未开启 1 条：有异议待答复" in house.said(*asked)
    what = ("--means", "会话存档", "--scope", "争议举证使用", "--kind", "员工", "--as", "yan")
    house.answer("consent", "answer", "E1", *what, "--reply", "已核对，内容属实。")
    house.at += 1
    assert len(items(house, purpose="争议举证")) == 1
    assert "已核对，内容属实。" in page(mine, "/me/")


@pytest.mark.req("R3.15")
def test_without_any_one_of_the_four_papers_nothing_is_recorded_and_the_paper_is_named(
    house: Jieli, tmp_path: Path
) -> None:
    """Any of the four missing: recording is blocked, and it is named."""
    lacking = {f"P{n}": kind.value for n, kind in enumerate(DocumentKind)}
    house.at = firm.FOUNDED
    directory = firm.sheets(
        tmp_path / "sheets",
        员工=[f"{no},员工{no},S1,销售,2026-01-05" for no in lacking],
        账号=[f"企业微信,{no},企业微信,QH,是" for no in lacking],
        持有=[f"账号,企业微信,{no},员工,{no},2026-05-04," for no in lacking],
        文件=[line for no, kind in lacking.items() for line in firm.papers(no, without=kind)],
    )
    assert house.answer("load", directory)["errors"] == []
    house.at = sh("2026-09-21 22:00")
    gaps = {g["staff_no"]: g["missing"] for g in house.answer("consent", "gaps", "--as", "yan")["gaps"]}
    named = {no: [word for word in gaps[no] if word.startswith("缺")] for no in lacking}
    assert named == {no: [f"缺{kind}"] for no, kind in lacking.items()}
    done = bring(house, tmp_path, *(says(n, "在吗", to=no) for n, no in enumerate(lacking)), sign_in="it")
    assert (done["admitted"], reasons(done)["文件不全"]) == (0, 4)


@pytest.mark.req("R3.27")
def test_consent_to_one_means_unlocks_no_other(house: Jieli, tmp_path: Path, as_person: As) -> None:
    """Consent for 录音 does not unlock 定位; nor does consent to chats unlock calls."""
    assert (
        firm.calls(house, tmp_path, firm.call(1, "19900000001", "19900000091", "2026-09-18 10:00"))[
            "admitted"
        ]
        == 1
    )
    give = (
        "--means",
        "定位",
        "--scope",
        "采集",
        "--notice",
        house.told["员工"],
        "--kind",
        "员工",
        "--as",
        "yan",
    )
    assert house.refused("consent", "give", "E1", *give)["code"] == "consent.no_notice"
    said = page(browser(as_person, "heqing"), "/me/")
    on, off = said[said.index('id="on"') : said.index('id="off"')], said[said.index('id="off"') :]
    assert "定位" not in on
    assert "定位" in off
    chats = bring(house, tmp_path, says(1, "在吗", to="luchuan"), sign_in="it")
    spoken = firm.calls(house, tmp_path, firm.call(2, "19900000002", "19900000091", "2026-09-18 10:00"))
    assert (chats["admitted"], spoken["admitted"], reasons(spoken)) == (1, 0, {"未同意": 1})


@pytest.mark.req("R3.28")
def test_an_internal_message_is_not_found_in_the_archive(
    house: Jieli, tmp_path: Path, owner_sql: Callable[..., Any]
) -> None:
    """Internal chat message id not found in the archive; calls after hours are off."""
    lines = (
        says(1, "明前茶还有吗？"),
        chat(2, "明前开会，别迟到", sender="luchuan", to="heqing"),
        says(3, "明前还有人吗", when="2026-09-18 21:30"),
    )
    done = bring(house, tmp_path, *lines, sign_in="it")
    assert (done["admitted"], reasons(done)) == (1, {"非客户会话": 1, "非工作时间": 1})
    late = firm.calls(house, tmp_path, firm.call(1, "19900000001", "19900000091", "2026-09-18 21:30"))
    assert (late["admitted"], reasons(late)) == (0, {"非工作时间": 1})
    assert [item["text"] for item in items(house)] == ["明前茶还有吗？"]
    assert owner_sql("SELECT count(*) FROM archive_item") == [(1,)]


@pytest.mark.req("R3.29")
def test_a_customer_who_disagrees_is_not_recorded_and_is_served_as_before(
    house: Jieli, tmp_path: Path, as_person: As
) -> None:
    """Disagree: no recording of either side; the account that serves him and every other customer go on."""
    done = bring(
        house,
        tmp_path,
        agreement(1, "wm-lin", "2026-09-18 09:30", agreed=False, to="heqing"),
        says(2, "明前茶还有吗？"),
        chat(3, "有的，明天到。", sender="heqing", to="wm-lin"),
        says(4, "明前茶给我留一罐", sender="wm-gu"),
        sign_in="it",
    )
    assert (done["admitted"], reasons(done)) == (1, {"客户未同意": 2})
    assert [item["speaker"] for item in items(house)] == ["顾言"]
    assert items(house, "明天") == []
    assert register(browser(as_person, "yan"))["heqing"]["状态"] == "使用中"


@pytest.mark.req("R3.32")
def test_consent_to_collection_is_none_to_use_as_evidence(house: Jieli, tmp_path: Path) -> None:
    """Scope without 举证: using the clip in a case is refused, in its own words, and no package is made of it."""
    bring(house, tmp_path, says(1, "明前茶我要退", sender="wm-gu"), sign_in="it")
    [kept] = items(house, purpose="质检")
    number = matter(house)
    asked = ("read", "--conversation", kept["conversation"], "--matter", number, "--as", "yan", "--purpose")
    found = house.answer(*asked, "争议举证")
    assert (found["items"], found["left_out"]) == ([], {"未授权此用途": 1})
    assert len(house.answer(*asked, "质检")["items"]) == 1
    package = (
        "evidence",
        "package",
        "--conversation",
        kept["conversation"],
        "--matter",
        number,
        "--as",
        "yan",
    )
    assert house.refused(*package, "--out", tmp_path / "p.zip")["code"] == "evidence.nothing"


@pytest.mark.req("R3.34")
def test_who_refuses_to_be_located_keeps_his_account_and_everything_else(
    house: Jieli, tmp_path: Path, as_person: As
) -> None:
    """Employee refusing 定位 keeps the account."""
    what = ("--means", "定位", "--scope", "采集", "--kind", "员工", "--as", "yan")
    house.answer("consent", "object", "E1", *what)
    house.answer("consent", "withdraw", "E1", *what)
    mine = browser(as_person, "heqing")
    assert "撤回或提出异议，不影响工资和岗位" in page(mine, "/me/")
    row = register(browser(as_person, "yan"))["heqing"]
    assert (row["姓名"], row["状态"]) == ("何青", "使用中")
    assert bring(house, tmp_path, says(1, "明前茶还有吗？"), sign_in="it")["admitted"] == 1


@pytest.mark.req("R3.35")
def test_each_reading_appears_in_the_employees_own_log(house: Jieli, tmp_path: Path, as_person: As) -> None:
    """Who looked at what, when and why: each reading appears in the employee's log."""
    bring(house, tmp_path, says(1, "明前茶还有吗？"), sign_in="it")
    mine = browser(as_person, "heqing")
    assert "没有人看过" in page(mine, "/me/")
    number = matter(house)
    asked = ("--purpose", "投诉溯源", "--matter", number, "--as", "yan")
    [found] = house.answer("search", "明前", *asked)["items"]
    read = house.answer("read", "--item", found["item"], *asked)
    said = page(mine, "/me/")
    for words in ("有人看过 2 次", "合规", "投诉溯源", number, f"第 {read['entry']} 条"):
        assert words in said
    assert "明前茶" not in said


@pytest.mark.req("R3.37")
def test_on_a_day_of_leave_recording_is_off(house: Jieli, tmp_path: Path) -> None:
    """请假 day: recording off; on at work, off after work."""
    now, house.at = house.at, sh("2026-09-10 09:00")
    leave = firm.sheets(tmp_path / "sheets", 请假=["E1,2026-09-18,2026-09-19,年假"])
    assert house.answer("load", leave)["errors"] == []
    house.at = now
    done = bring(
        house,
        tmp_path,
        says(1, "周四上班", when="2026-09-17 10:00"),
        says(2, "周四下班", when="2026-09-17 20:00"),
        says(3, "周五请假", when="2026-09-18 10:00"),
        says(4, "同事照常", to="luchuan", when="2026-09-18 10:00"),
        sign_in="it",
    )
    assert (done["admitted"], reasons(done)) == (2, {"非工作时间": 1, "请假": 1})
    assert {item["text"] for item in items(house, "周四")} == {"周四上班"}
    assert items(house, "周五") == []
