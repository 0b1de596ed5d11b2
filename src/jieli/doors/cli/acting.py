"""Who acts at the command line. Somebody with an account of his own on this machine speaks for a person here."""

from typing import Annotated
from uuid import UUID

import typer

from jieli.access import queries
from jieli.access.policy import check_may
from jieli.access.types import Permission, Person
from jieli.archive.reasons import MOST as MOST_REASON
from jieli.archive.reasons import written
from jieli.doors.cli.frame import Command, told
from jieli.kernel.errors import JieliError
from jieli.matters import queries as matters
from jieli.wiring import ports

As = Annotated[str, typer.Option("--as", help="以谁的身份（登录名）办理；其权限照常核对。")]
Purpose = Annotated[str, typer.Option("--purpose", help="目的，如 投诉溯源、合规审计、争议举证。")]
Matter = Annotated[str, typer.Option("--matter", help="在办事项编号，如 M-2026-0001。")]


def _written(ctx: typer.Context, reason: str) -> str:
    """A reason that says something, before anything is looked for or shown; the room refuses the same again."""
    with told(as_json=bool(ctx.params.get("as_json"))):
        return written(reason)


Reason = Annotated[
    str,
    typer.Option("--reason", callback=_written, help=f"理由，至多 {MOST_REASON} 个字；写入账本，不能再改。"),
]
MatterNumber = Annotated[str | None, typer.Option("--matter", help="所属事项编号。")]


class NobodyOfThatName(JieliError):
    """No person signs in with this name."""

    code = "cli.nobody"


def person(run: Command, sign_in: str) -> Person:
    """The person on whose behalf a command acts; the archive's ports are filled on the way."""
    found = queries.person_by_sign_in(sign_in)
    if found is None:
        raise NobodyOfThatName(f"没有登录名为 {sign_in} 的人。", remedy="请核对 --as 给出的登录名。")
    ports.fill(run.profile, at=run.at())
    return found


def permitted(run: Command, sign_in: str, permission: Permission) -> Person:
    """The same, with a permission that the operation itself does not ask for."""
    found = person(run, sign_in)
    check_may(found, permission, at=run.at())
    return found


def matter_of(number: str | None) -> UUID | None:
    """The id behind a matter's number, where one was given."""
    return matters.matter(number).id if number else None
