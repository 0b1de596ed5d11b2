"""`jieli access`: the first administrator, persons, roles, and links by which somebody registers his passkey."""

from typing import Annotated
from uuid import UUID

import typer

from jieli.access import operations, policy
from jieli.access.types import LinkPurpose, Permission, Role
from jieli.doors.cli.acting import As, permitted, person
from jieli.doors.cli.frame import AsJson, command, out
from jieli.kernel.errors import JieliError
from jieli.kernel.times import DAY, local
from jieli.parties import queries as parties

app = typer.Typer(no_args_is_help=True, help="身份与权限：首任管理员、人员、角色、登记链接。")
SignIn = Annotated[str, typer.Option("--sign-in", help="登录名。")]


class NoSuchStaff(JieliError):
    """No staff member has this 工号."""

    code = "cli.no_such_staff"


class NoSuchCode(JieliError):
    """No entity or unit has this code."""

    code = "cli.no_such_code"


@app.command("first-admin")
def first_admin(
    sign_in: SignIn,
    name: Annotated[str, typer.Option("--name", help="姓名。")] = "系统管理员",
    as_json: AsJson = False,
) -> None:
    """建立首任管理员，或在其登记通行密钥之前换发一次性密码。密码只显示这一次。"""
    with command(as_json=as_json) as run:
        made = operations.first_administrator(sign_in=sign_in, name=name, by="system:cli", at=run.at())
        word = "已换发" if made.renewed else "已建立首任管理员，一次性密码"
        run.answer(
            {"person": str(made.person), "password": made.password, "renewed": made.renewed},
            say=lambda: out.print(
                f"{word}：{made.password}", "只显示这一次；登记通行密钥之后即失效。", sep="\n", markup=False
            ),
        )


@app.command("admit")
def admit(
    sign_in: SignIn,
    name: Annotated[str, typer.Option("--name", help="姓名。")],
    by: As,
    staff_no: Annotated[str | None, typer.Option("--staff", help="工号；没有员工档案的人不填。")] = None,
    as_json: AsJson = False,
) -> None:
    """登记一个人。此时还没有任何角色。"""
    with command(as_json=as_json) as run:
        acting = permitted(run, by, Permission.MANAGE_PERSONS)
        staff = None
        if staff_no is not None:
            record = parties.staff_by_no([staff_no]).get(staff_no)
            if record is None:
                raise NoSuchStaff(f"没有工号为 {staff_no} 的员工。", remedy="请核对工号。")
            staff = record.id
        made = operations.admit_person(sign_in=sign_in, name=name, staff=staff, by=acting.actor, at=run.at())
        run.answer({"person": str(made)})


@app.command("grant")
def grant(
    sign_in: SignIn,
    role: Annotated[Role, typer.Option("--role", help="角色。")],
    by: As,
    entity: Annotated[str | None, typer.Option("--entity", help="只在这个登记主体（编码）。")] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="只在这个部门（编码）。")] = None,
    days: Annotated[int | None, typer.Option("--days", help="多少天后到期；不填为不到期。")] = None,
    as_json: AsJson = False,
) -> None:
    """授予一个角色；不能授给自己。"""
    with command(as_json=as_json) as run:
        acting, at = permitted(run, by, Permission.MANAGE_GRANTS), run.at()
        made = operations.grant_role(
            person=person(run, sign_in).id,
            role=role,
            begins_at=at,
            ends_at=None if days is None else at + days * DAY,
            entity=_known(parties.entities_by_code(), entity, "登记主体"),
            unit=_known(parties.units_by_code(), unit, "部门"),
            by=acting.actor,
            at=at,
        )
        run.answer({"grant": str(made)})


def _known(known: dict[str, UUID], code: str | None, what: str) -> UUID | None:
    if code is not None and code not in known:
        raise NoSuchCode(f"没有编码为 {code} 的{what}。", remedy="请核对编码。")
    return known[code] if code is not None else None


@app.command("end-grants")
def end_grants(sign_in: SignIn, by: As, as_json: AsJson = False) -> None:
    """结束一个人的全部角色和全部登录；他自己的门仍开着。"""
    with command(as_json=as_json) as run:
        acting = permitted(run, by, Permission.MANAGE_GRANTS)
        ended = operations.end_grants(person=person(run, sign_in).id, by=acting.actor, at=run.at())
        run.answer({"ended": ended})


@app.command("link")
def link(
    sign_in: SignIn,
    by: As,
    base: Annotated[str, typer.Option("--base", help="本站网址。")] = "http://localhost:8765",
    as_json: AsJson = False,
) -> None:
    """签发登记通行密钥的链接：只给本人，只能用一次，七天内有效。链接只显示这一次。"""
    with command(as_json=as_json) as run:
        acting, at = permitted(run, by, Permission.MANAGE_PERSONS), run.at()
        expires = at + policy.LINK_LIFE
        token = operations.make_link(
            sign_in=sign_in, purpose=LinkPurpose.ENROL, expires_at=expires, by=acting.actor, at=at
        )
        address = f"{base.rstrip('/')}/link/{token}"
        run.answer(
            {"link": address, "expires_at": expires},
            say=lambda: out.print(address, f"有效至 {local(expires):%Y-%m-%d %H:%M}", sep="\n", markup=False),
        )
