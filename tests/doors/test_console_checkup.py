"""今晚离职体检: three sheets in, what would be lost and the five things to do first; nothing is kept."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jieli.access.types import Role
from tests.doors import sample

As = Callable[[UUID], Client]
Owner = Callable[..., list[tuple[Any, ...]]]
STAFF = "工号,姓名,部门\n1,张三,一部\n2,李四,一部\n"
ACCOUNTS = "\n".join(
    [
        "工号,平台,账号标识,类别,实名人,私人绑定",
        "1,企业微信,a1,账号,公司,无",
        "1,电话,138,号码,本人,家宽",
        "9,微信,x,账号,,",
    ]
)
CUSTOMERS = "工号,客户编号,来源,在途订单\n" + "".join(f"1,C{n},购课订单,1\n" for n in range(17))


def sheets(encoding: str = "utf-8-sig", **changed: str) -> dict[str, SimpleUploadedFile]:
    given = {"staff": STAFF, "accounts": ACCOUNTS, "customers": CUSTOMERS} | changed
    return {
        name: SimpleUploadedFile(f"{name}.csv", text.encode(encoding)) for name, text in given.items() if text
    }


def client(as_person: As) -> Client:
    return as_person(sample.person("lead", Role.SALES_LEAD))


def written(owner_sql: Owner) -> list[tuple[Any, ...]]:
    return owner_sql("SELECT (SELECT count(*) FROM ledger_entry), (SELECT count(*) FROM papers_paper)")


def test_three_sheets_say_what_would_happen_and_keep_nothing(as_person: As, owner_sql: Owner) -> None:
    at_desk = client(as_person)
    before = written(owner_sql)
    page = at_desk.post("/checkup/", sheets()).content.decode()
    assert "若张三今晚离职：17 名客户、17 笔在途、1 个号码或账号实名在本人名下" in page
    assert "把实名在本人名下的号码和账号过户到公司" in page
    assert page.index("张三") < page.index("李四")
    assert '账号表第 <span class="num">4</span> 行' in page
    assert written(owner_sql) == before


def test_a_sheet_as_excel_in_china_saves_it_is_read(as_person: As) -> None:
    page = client(as_person).post("/checkup/", sheets("gb18030")).content.decode()
    assert "若张三今晚离职" in page


def test_the_staff_sheet_alone_is_enough(as_person: As) -> None:
    page = client(as_person).post("/checkup/", sheets(accounts="", customers="")).content.decode()
    assert "若张三今晚离职：0 名客户" in page


def test_a_missing_heading_is_named_and_no_cell_is_repeated(as_person: As) -> None:
    answer = client(as_person).post("/checkup/", sheets(staff="编号,称呼\n1,秘密姓名\n"))
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "“工号”、“姓名”" in page
    assert "秘密姓名" not in page


def test_without_a_staff_sheet_it_says_so(as_person: As) -> None:
    assert "没有选择“员工表”" in client(as_person).post("/checkup/", {}).content.decode()


def test_nobody_else_finds_the_page(as_person: As) -> None:
    assert as_person(sample.person("x", Role.AUDIT)).get("/checkup/").status_code == 404
