"""`jieli asset`: who held what, who controlled it, rebinds, numbers; and what is still out."""

import pytest

from jieli.access import operations as access
from jieli.access.types import Role
from jieli.assets import operations as assets
from jieli.assets import queries
from jieli.assets.types import AccountType, NewAccount, NewNumber, Side
from jieli.parties import operations as known
from jieli.parties import queries as parties
from jieli.parties.types import NewUnit
from tests.doors.case_firm import ON_LAST, OPENED, Firm, case, firm
from tests.rooms.company import BY, PLATFORM
from tests.rooms.leaving import LEAVER, NUMBER, RECEIVER

__all__ = ["case", "firm"]
OWN = "13700000777"


def register(
    f: Firm, handle: str, kind: AccountType = AccountType.WORK_CHAT, number: str | None = None
) -> None:
    entity = parties.entities_by_code()["QH"]
    assets.register_accounts(
        [NewAccount(PLATFORM, handle, kind, entity, new=True, number=number)], by=BY, at=f.jieli.at
    )


@pytest.mark.req("R0.38")
def test_who_had_the_right_to_sign_in_on_a_day_is_one_holder_with_the_event_that_gave_it(firm: Firm) -> None:
    """Query “2023-05-31谁有登录权” returns one holder with event id."""
    give = ("asset", "set-control", LEAVER, "--right", "登录权", "--as", "it", "--controller")
    first = firm.jieli.answer(*give, "员工", "--staff", LEAVER, "--when", "2023-05-01")
    second = firm.jieli.answer(*give, "公司", "--when", "2023-06-01")
    asked = ("asset", "control", LEAVER, "--right", "登录权", "--as", "yan")
    [before] = firm.jieli.answer(*asked, "--on", "2023-05-31")["control"]
    assert before == {"right": "登录权", "controller": "员工", "name": "何青", "entry": first["entry"]}
    [after] = firm.jieli.answer(*asked)["control"]
    assert (after["controller"], after["entry"]) == ("公司", second["entry"])
    every = firm.jieli.answer("asset", "control", LEAVER, "--as", "yan")["control"]
    assert [c["controller"] for c in every] == ["公司", "不明", "不明"]


@pytest.mark.req("R0.10", "W10")
def test_a_rebind_to_a_person_s_own_number_is_logged_and_alerts_and_he_has_to_prove_his_leave(
    firm: Firm,
) -> None:
    """Company number → personal number without approval: an event, an alert; the burden is on who did it."""
    register(firm, "teashop", number=NUMBER)
    moved = ("asset", "rebind", "teashop", "--number", OWN, "--changed-by", LEAVER, "--as", "it")
    done = firm.jieli.answer(*moved)
    assert (done["before"], done["after"], done["approval"]) == (NUMBER, OWN, None)
    assert done["entry"] > 0
    [alert] = firm.jieli.answer("asset", "alerts", "--as", "yan")["alerts"]
    assert (alert["account"], alert["changed_by"], alert["fact"]) == ("wecom teashop", "何青", "无批准")
    assert alert["who_must_prove"] == "换绑的人"
    [change] = firm.jieli.answer("asset", "history", "teashop", "--as", "yan")["changes"]
    assert change["alert"] == "公司号码换绑为非公司号码，无批准记录"
    firm.jieli.answer("asset", "permission", "--change", done["change"], "--proof", firm.scan(), "--as", "it")
    assert firm.jieli.answer("asset", "alerts", "--as", "yan")["count"] == 0


def test_a_rebind_that_somebody_else_approved_is_no_alert(firm: Firm) -> None:
    register(firm, "teashop", number=NUMBER)
    asked = firm.jieli.answer(
        "asset", "ask-rebind", "teashop", "--number", OWN, "--reason", "换机", "--as", "it"
    )["request"]
    firm.jieli.answer("approve", "decide", asked, "同意", "--as", "yan")
    done = firm.jieli.answer("asset", "rebind", "teashop", "--number", OWN, "--as", "it")
    assert done["approval"] and done["alert"] is None
    renamed = firm.jieli.answer("asset", "rename", "teashop", "--nickname", "茶小二", "--as", "it")
    assert (renamed["what"], renamed["after"]) == ("昵称", "茶小二")


@pytest.mark.req("R0.9")
def test_a_number_in_a_person_s_name_is_not_taken_for_one_that_the_company_provided(firm: Firm) -> None:
    """Carrier holder is an individual: “手机号由公司提供” is not auto-satisfied."""
    assets.register_numbers([NewNumber(OWN, Side.STAFF, payer=Side.COMPANY)], by=BY, at=OPENED)
    give = (
        "asset",
        "hand-over",
        OWN,
        "--kind",
        "号码",
        "--to",
        RECEIVER,
        "--proof",
        firm.scan(),
        "--as",
        "it",
    )
    firm.jieli.answer(*give)
    register(firm, "own", number=OWN)
    found = firm.jieli.answer("asset", "numbers", "--as", "it")
    by = {n["number"]: n for n in found["numbers"]}
    assert (by[NUMBER]["provided_by_company"], by[OWN]["provided_by_company"]) == (True, False)
    own = by[OWN]
    assert (own["carrier_holder"], own["payer"], own["issued_to"]) == ("个人", "公司", "陆川")
    assert own["receipt"] and own["issued_at"] == OPENED
    assert found["accounts_on_personal_numbers"] == ["wecom own"]
    firm.at(ON_LAST)
    firm.jieli.answer("asset", "take-back", OWN, "--kind", "号码", "--as", "it")
    back = {n["number"]: n for n in firm.jieli.answer("asset", "numbers", "--as", "it")["numbers"]}[OWN]
    assert (back["issued_to"], back["returned_at"]) == (None, ON_LAST)


@pytest.mark.req("R0.45")
def test_each_type_but_a_person_s_own_chat_is_assigned_and_handed_over(firm: Firm) -> None:
    """Each type can be registered, assigned, handed over."""
    types = firm.jieli.answer("asset", "types")["types"]
    assert {t["type"] for t in types} == {t.value for t in AccountType}
    assert [t["type"] for t in types if not t["handed_over"]] == ["个人微信"]
    for n, kind in enumerate(AccountType):
        register(firm, f"virtual{n}", kind)
    for n in (n for n, kind in enumerate(AccountType) if not kind.personal):
        firm.at(OPENED)
        firm.jieli.answer("asset", "hand-over", f"virtual{n}", "--to", LEAVER, "--as", "it")
        firm.at(OPENED + 60_000)
        firm.jieli.answer("asset", "hand-over", f"virtual{n}", "--to", RECEIVER, "--as", "it")
        steps = firm.jieli.answer("asset", "history", f"virtual{n}", "--as", "it")["history"]
        assert [s["name"] for s in steps] == ["何青", "陆川"]
    personal = f"virtual{list(AccountType).index(AccountType.PERSONAL_CHAT)}"
    refused = firm.jieli.refused("asset", "hand-over", personal, "--to", LEAVER, "--as", "it")
    assert refused["code"] == "assets.personal_account"


@pytest.mark.req("R0.48")
def test_an_account_is_not_in_use_because_it_was_handed_out(firm: Firm) -> None:
    """Account cannot become 使用中 without the signature."""
    register(firm, "fresh")
    firm.jieli.answer("asset", "hand-over", "fresh", "--to", RECEIVER, "--as", "it")
    assert queries.accounts(PLATFORM, ["fresh"])["fresh"].state.value == "登记"


def test_what_a_history_does_not_know_is_called_unknown_and_names_are_read_strictly(firm: Firm) -> None:
    register(firm, "gap")
    firm.jieli.answer("asset", "hand-over", "gap", "--to", RECEIVER, "--as", "it")
    told = firm.jieli.said("asset", "history", "企业微信 gap", "--as", "it")
    assert "陆川" in told and "员工" in told
    assert firm.jieli.refused("asset", "history", "nobody", "--as", "it")["code"] == "cli.not_on_the_list"
    assert firm.jieli.refused("asset", "history", "gap", "--as", "heqing")["code"] == "access.forbidden"
    again = ("asset", "hand-over", "gap", "--to", RECEIVER, "--as", "it")
    assert firm.jieli.refused(*again)["code"] == "assets.already_holds"
    assert firm.jieli.answer("asset", "unreturned", "--as", "it")["count"] == 0


def test_somebody_of_one_part_of_the_firm_finds_nothing_of_another(firm: Firm) -> None:
    other = parties.entities_by_code()["QH"]
    person = access.admit_person(sign_in="part", name="分部", by=BY, at=firm.jieli.at)
    known.register_units([NewUnit("S9", "门店九部", other)], by=BY, at=firm.jieli.at)
    unit = parties.units_by_code()["S9"]
    access.grant_role(person=person, role=Role.IT, begins_at=OPENED, unit=unit, by=BY, at=firm.jieli.at)
    for words in (("history", LEAVER), ("take-back", LEAVER), ("history", NUMBER, "--kind", "号码")):
        assert firm.jieli.refused("asset", *words, "--as", "part")["code"] == "cli.not_on_the_list"
    assert firm.jieli.refused("asset", "numbers", "--as", "part")["code"] == "access.forbidden"
    firm.opens()
    assert firm.fails("show", sign_in="part") == "handover.unknown"
    assert firm.jieli.answer("case", "list", "--as", "part")["count"] == 0
