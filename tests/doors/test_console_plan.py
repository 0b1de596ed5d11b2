"""客户接续方案 and 接续规则 on the console: who gets whom and why, what a move changes, who may approve."""

import csv
import io
import re
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jieli.access.types import Role
from jieli.approvals import queries as approvals
from jieli.succession import queries
from jieli.succession.types import RULE_APPROVAL, CustomerState, Phase
from tests.doors import planned, sample
from tests.doors.planned import Planned
from tests.rooms import leaving

As = Callable[[UUID], Client]


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def post(client: Client, address: str, status: int = 302, **values: object) -> str:
    response = client.post(address, values)
    assert response.status_code == status, re.sub(r"<[^>]+>", "", response.content.decode())[-900:]
    return response.content.decode()


def lead(as_person: As) -> Client:
    return as_person(sample.person("lead", Role.SALES_LEAD, name="主管"))


def where(firm: Planned) -> str:
    return f"/cases/{firm.case.number}/plan/"


def line(firm: Planned, no: str) -> str:
    """The page of one customer of the plan that stands."""
    living = queries.living_plan(firm.case.matter)
    assert living is not None
    return f"{where(firm)}{next(a.id for a in queries.assignments(living) if a.customer_no == no)}/"


# ---- the plan


@pytest.mark.req("R2.29")
def test_a_plan_is_made_only_with_all_three_sides_of_the_balance(as_person: As) -> None:
    firm = planned.firm()
    client = lead(as_person)
    assert "还没有接续方案" in text(client, where(firm))
    given = {
        "owner": leaving.SUPERVISOR, "mode": "自动", "privacy_impact": "客户得知换人", "business_need": "权益要兑现",
    }  # fmt: skip
    refused = post(client, f"{where(firm)}make/", 400, **given)
    assert "考虑过的影响更小的做法" in refused
    assert "客户得知换人" in refused
    assert queries.living_plan(firm.case.matter) is None
    post(client, f"{where(firm)}make/", **given, alternative="由客户自己来找")
    page = text(client, where(firm))
    assert "已写入账本第" in page
    assert "由客户自己来找" in page
    assert "茶客0000" in page


@pytest.mark.req("R2.19")
def test_every_customer_shows_why_he_is_given_to_whom(as_person: As) -> None:
    firm = planned.firm()
    planned.plan(firm)
    page = text(lead(as_person), where(firm))
    rows = page[page.index('id="listed"') :]
    assert "客户的地域“杭州”，规则写明由其接手" in rows
    assert "公式F1" in page
    assert 'class="band band-to"' in page


def test_who_has_nobody_stands_with_reason_remedy_owner_and_day(as_person: As) -> None:
    firm = planned.firm()
    planned.plan(firm)
    page = text(lead(as_person), where(firm))
    left = page[page.index('id="left"') : page.index('id="checked"')]
    assert "来历不清者" in left
    assert "须先补录来源凭证" in left
    assert "没有符合条件的接手人对应地域“烟台”" in left
    assert "唐野" in left
    assert "2026-09-27" in left


@pytest.mark.req("R2.20", "R2.12")
def test_who_is_not_trained_cannot_be_chosen_and_the_page_says_why(as_person: As) -> None:
    firm = planned.firm()
    planned.plan(firm)
    client = lead(as_person)
    address = line(firm, "K0000")
    page = text(client, address)
    assert re.search(r"<option[^>]*disabled[^>]*>白瑜 BaiYu（不可选：尚未通过“法律法规”培训）", page)
    refused = post(
        client, address, 400, what="move", to=str(firm.staff["BaiYu"]), reason="她熟悉这位客户"
    )  # fmt: skip
    assert "不能这样指定" in refused
    assert "她熟悉这位客户" in refused or "尚未通过" in refused


@pytest.mark.req("R2.18")
def test_a_move_is_shown_first_and_then_made_with_its_reason(as_person: As) -> None:
    firm = planned.firm()
    made = planned.plan(firm)
    client, address = lead(as_person), line(firm, "K0000")
    target = firm.staff[leaving.SUPERVISOR]
    seen = text(client, f"{address}?to={target}")
    assert "可以，但偏离规则" in seen
    assert "必须：地域“杭州”" in seen
    assert queries.overrides(made.id) == []
    post(client, address, 400, what="move", to=str(target), reason=" ")
    post(client, address, what="move", to=str(target), reason="客户本人要求")
    page = text(client, where(firm))
    assert "客户本人要求" in page
    assert "由人工调整" in page
    post(client, address, what="move", to="none", reason="先问客户")
    assert {o.after for o in queries.overrides(made.id)} == {target, None}
    assert "茶客0000还没有接手人" in text(client, address)


@pytest.mark.req("R2.4", "R2.5")
def test_the_preflight_has_three_sections_with_their_articles_and_a_red_one_stops(as_person: As) -> None:
    firm = planned.firm(rule=False)
    planned.plan(firm)
    client = lead(as_person)
    page = text(client, where(firm))
    checked = page[page.index('id="checked"') :]
    order = [checked.index(f"<h3>{name}") for name in ("客户数据保护", "隐私权", "个人信息管理")]
    assert order == sorted(order)
    assert "《中华人民共和国民法典》第一千零三十四条" in checked
    assert "不得接续" in checked
    refused = post(client, f"{where(firm)}submit/", 400, reason="离职接续")
    assert "方案不能提交" in refused
    assert "离职接续" in refused


@pytest.mark.req("R2.16")
def test_submitting_says_who_must_approve_and_then_nothing_changes(as_person: As) -> None:
    firm = planned.firm()
    planned.plan(firm)
    client = lead(as_person)
    page = text(client, f"{where(firm)}submit/")
    assert "接手人陆川" in page
    assert "何青（离职人员）" in page
    post(client, f"{where(firm)}submit/", reason="离职接续")
    assert "等待审批" in text(client, where(firm))
    [asked] = approvals.waiting("接续方案")
    assert firm.staff[leaving.RECEIVER] in asked.excluded
    address = line(firm, "K0000")
    fixed = post(client, address, 400, what="move", to="none", reason="改主意")
    assert "不能再改" in fixed
    post(client, f"{where(firm)}void/", 400, reason="重做")
    post(client, f"{where(firm)}void/", reason="重做", sure="yes")
    assert "作废的方案" in text(client, where(firm))


def test_after_approval_everybody_is_in_a_final_state_or_in_the_list(as_person: As) -> None:
    firm = planned.firm()
    made = planned.plan(firm)
    planned.approve(made)
    client, address = lead(as_person), line(firm, "K0000")
    page = text(client, where(firm))
    assert "名还在名单里" in page
    assert "等待在通知期内提交在职转移" in page
    post(client, address, what="choice", choice="拒绝接替", channel="电话")
    assert queries.states(made.id)[CustomerState.REFUSED] == 1
    page = text(client, where(firm))
    assert "客户拒绝" in page
    assert 'class="band band-no"' in page
    other = line(firm, "K0001")
    post(client, other, what="entrust", owner="陆川", due_on="2026-10-09")
    assert "2026-10-09" in text(client, where(firm))
    post(client, other, 400, what="entrust", owner="何青", due_on="2026-10-09")
    post(client, other, 400, what="nothing")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=茶客0001", "K0001"),
        ("receiver=none", "K9999"),
        (f"phase={Phase.NOTICE}", "K0001"),
        ("state=待定", "K0002"),
    ],
)
def test_search_and_filters_stay_in_the_address(as_person: As, asked: str, found: str) -> None:
    firm = planned.firm()
    planned.plan(firm)
    page = text(lead(as_person), f"{where(firm)}?{asked}")
    rows = page[page.index('id="listed"') : page.index('id="how"')]
    assert "名符合" in rows
    assert found in rows
    exported = client_lines(lead_again(as_person), f"/cases/{firm.case.number}/plan.csv?{asked}")
    assert found in {row[0] for row in exported[1:]}
    assert len(exported) == 1 + int(re.findall(r"(\d+) 名符合", rows)[0])


def lead_again(as_person: As) -> Client:
    return as_person(sample.person("lead2", Role.SALES_LEAD, name="主管二"))


def client_lines(client: Client, address: str) -> list[list[str]]:
    body = b"".join(client.get(address).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.reader(io.StringIO(body)))


def test_a_long_plan_pages_without_loss_and_asks_no_more_queries(as_person: As) -> None:
    few = planned.firm(4)
    planned.plan(few)
    client = lead(as_person)
    text(client, where(few))
    with CaptureQueriesContext(connections["default"]) as small:
        text(client, where(few))
    from jieli.kernel.ids import new_id
    from jieli.ledger.operations import book
    from jieli.parties.models import Customer
    from jieli.succession.models import Assignment
    from tests.conftest import NOW

    living = queries.living_plan(few.case.matter)
    rows = [
        Customer(
            id=new_id(NOW),
            customer_no=f"L{n:04d}",
            name=f"多{n}",
            source="购课订单",
            minor=False,
            health=False,
        )
        for n in range(120)
    ]
    with book(at=NOW) as b:
        entry = b.entry("parties.customers", by="system:test")
        entry.insert(*rows)
        entry.insert(
            *(
                Assignment(
                    id=new_id(NOW), plan_id=living, customer_id=c.id, receiver_id=few.staff[leaving.RECEIVER],
                    phase=Phase.NOTICE.value, state="待接续", reasons=[], remedies=[],
                )
                for c in rows
            )
        )  # fmt: skip
    with CaptureQueriesContext(connections["default"]) as large:
        first = text(client, where(few))
    assert len(large) == len(small) < 60
    seen = re.findall(r'class="sub num">([KLw][^<]+)<', first[first.index('id="listed"') :])
    following = re.findall(r"after=([^\"&#]+)", first)[0]
    second = text(client, f"{where(few)}?after={following}")
    third = re.findall(r"after=([^\"&#]+)", second)[-1]
    last = text(client, f"{where(few)}?after={third}")
    for page in (second, last):
        seen += re.findall(r'class="sub num">([KLw][^<]+)<', page[page.index('id="listed"') :])
    assert len(seen) == len(set(seen)) == len(queries.assignments(living))  # type: ignore[arg-type]


def test_who_only_sees_leavings_may_look_and_change_nothing(as_person: As) -> None:
    firm = planned.firm()
    planned.plan(firm)
    client = as_person(sample.person("hr", Role.PEOPLE))
    assert "plan/submit/" not in text(client, where(firm))
    for address in ("make/", "submit/", "void/"):
        text(client, f"{where(firm)}{address}", 404)
    text(client, line(firm, "K0000"), 404)
    outside = as_person(sample.person("admin", Role.SYSTEM))
    assert text(outside, where(firm), 404) == text(outside, "/cases/M-2026-9999/plan/", 404)


# ---- rules


def table(**cells: str) -> dict[str, str]:
    """The editor as a browser posts it, with one condition and one spare row."""
    given = {
        "name": "客户接续规则", "pool": "部门:S1", "conditions": "2", "kind-0": "地域", "value-0": "杭州",
        "to-0": f"工号:{leaving.RECEIVER}", "force-0": "必须", "kind-1": "地域", "value-1": "", "to-1": "",
        "force-1": "必须", "weight-0": "60", "weight-1": "40", "weight-2": "0", "capacity": "80", "caps": "1",
        "cap-no-0": leaving.SUPERVISOR, "cap-0": "30", "rationale": "就近服务", "customer_need": "要求同城面谈",
        "effective_from": "2026-10-01", "do": "propose",
    }  # fmt: skip
    return given | cells


@pytest.mark.req("R2.8")
def test_without_a_rule_the_page_shows_the_high_risk(as_person: As) -> None:
    client = lead(as_person)
    page = text(client, "/rules/")
    assert "高风险：公司在员工通知离职之前没有生效的客户接续规则" in page
    assert "还没有接续规则" in page


def test_a_rule_in_force_is_named_and_the_risk_is_gone(as_person: As) -> None:
    planned.firm()
    page = text(lead(as_person), "/rules/")
    assert "现行的是第 1 版" in page
    assert "高风险" not in page


def test_a_rule_is_written_as_a_table_and_waits_for_somebody_else(as_person: As) -> None:
    leaving.firm()
    client = lead(as_person)
    post(client, "/rules/new/", **table())
    [rule] = queries.rules()
    assert rule.content.capacity == 80
    assert rule.content.own_capacity == ((leaving.SUPERVISOR, 30),)
    assert rule.content.criteria[0].value == "杭州"
    [asked] = approvals.waiting(RULE_APPROVAL)
    assert asked.subject == rule.id
    page = text(client, f"/rules/{rule.id}/")
    assert "等待审批" in page
    assert "要求同城面谈" in page
    again = text(client, "/rules/new/")
    assert 'value="杭州"' in again
    assert 'value="30"' in again


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"to-0": "陆川"}, "第2行：接手人须写作"),
        ({"capacity": "很多"}, "第7行：数字格须是整数"),
        ({"cap-0": "x"}, "第8行：数字格须是整数"),
        ({"pool": ""}, "第1行：没有写明接手人"),
        ({"rationale": ""}, "没有填写“制定理由”"),
        ({"effective_from": "下周"}, "“生效日期”不是日期"),
    ],
)
def test_a_wrong_cell_is_named_by_the_row_that_the_page_shows(
    as_person: As, cells: dict[str, str], said: str
) -> None:
    leaving.firm()
    page = post(lead(as_person), "/rules/new/", 400, **table(**cells))
    assert said in page
    assert "要求同城面谈" in page
    assert queries.rules() == []


def test_rows_are_added_and_struck_out_without_a_script(as_person: As) -> None:
    leaving.firm()
    client = lead(as_person)
    more = post(client, "/rules/new/", 200, **table(do="more"))
    assert 'name="kind-4"' in more
    assert 'value="杭州"' in more
    post(client, "/rules/new/", **table(**{"drop-0": "yes", "drop-cap-0": "yes"}))
    [rule] = queries.rules()
    assert rule.content.criteria == ()
    assert rule.content.own_capacity == ()


def test_who_may_not_plan_may_read_the_rules_and_not_propose(as_person: As) -> None:
    client = as_person(sample.person("legal", Role.LEGAL))
    assert "/rules/new/" not in text(client, "/rules/")
    text(client, "/rules/new/", 404)
    text(client, f"/rules/{UUID(int=7)}/", 404)
