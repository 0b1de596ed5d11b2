"""`jieli access`: from the first administrator to a colleague with a role and a link, and every refusal on the way."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from jieli.access import policy, queries
from jieli.access.types import Permission
from jieli.doors.cli import access, acting, frame
from jieli.kernel.times import DAY
from tests.conftest import NOW
from tests.doors import sample

root = typer.Typer()
root.add_typer(access.app, name="access")
Jieli = Callable[..., Result]


@pytest.fixture
def jieli(db: None, monkeypatch: pytest.MonkeyPatch) -> Jieli:
    """The command line on this test's house, at NOW."""
    monkeypatch.setattr(frame, "now", lambda profile: NOW)
    monkeypatch.setattr(frame.start, "ready", lambda profile: None)
    monkeypatch.setattr(acting.ports, "fill", lambda profile, at: None)

    def run(*words: str) -> Result:
        return CliRunner().invoke(root, ["access", *words], env={"COLUMNS": "200"})

    return run


def answer(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def refused(result: Result) -> str:
    assert result.exit_code == 1
    return str(json.loads(result.output)["code"])


def test_from_the_first_administrator_to_a_colleague_with_a_link(jieli: Jieli) -> None:
    house = sample.company(at=NOW)
    made = answer(jieli("first-admin", "--sign-in", "admin", "--json"))
    assert (len(made["password"]), made["renewed"]) == (34, False)
    answer(
        jieli("admit", "--sign-in", "limin", "--name", "李敏", "--staff", "1001", "--as", "admin", "--json")
    )
    granted = (
        "--sign-in",
        "limin",
        "--role",
        "人事",
        "--entity",
        "SH",
        "--days",
        "30",
        "--as",
        "admin",
        "--json",
    )
    answer(jieli("grant", *granted))
    person = queries.person_by_sign_in("limin")
    assert person is not None
    assert person.staff == house.staff["1001"]
    assert policy.may(person, Permission.SEE_ACCOUNTS, at=NOW, entity=house.entities["SH"])
    assert not policy.may(person, Permission.SEE_ACCOUNTS, at=NOW, entity=house.entities["BJ"])
    assert not policy.may(person, Permission.SEE_ACCOUNTS, at=NOW + 30 * DAY)
    link = answer(jieli("link", "--sign-in", "limin", "--as", "admin", "--json"))
    found = queries.usable_link(link["link"].rpartition("/")[2], at=NOW)
    assert found is not None
    assert found.person == person.id
    assert answer(jieli("end-grants", "--sign-in", "limin", "--as", "admin", "--json")) == {"ended": 1}
    person = queries.person_by_sign_in("limin")
    assert person is not None
    assert policy.permissions(person, at=NOW) == frozenset()


def test_the_password_is_shown_to_people_with_what_ends_it(jieli: Jieli) -> None:
    said = jieli("first-admin", "--sign-in", "admin").output
    assert "只显示这一次" in said
    assert "已换发" in jieli("first-admin", "--sign-in", "admin").output


def test_every_refusal_has_its_code(jieli: Jieli) -> None:
    sample.company(at=NOW)
    answer(jieli("first-admin", "--sign-in", "admin", "--json"))
    answer(jieli("admit", "--sign-in", "zhou", "--name", "周航", "--as", "admin", "--json"))
    grant = ("grant", "--role", "人事", "--json")
    assert refused(jieli(*grant, "--sign-in", "zhou", "--as", "zhou")) == "access.forbidden"
    assert refused(jieli(*grant, "--sign-in", "admin", "--as", "admin")) == "access.own_grant"
    assert refused(jieli(*grant, "--sign-in", "zhou", "--as", "nobody")) == "cli.nobody"
    assert refused(jieli(*grant, "--sign-in", "zhou", "--unit", "X", "--as", "admin")) == "cli.no_such_code"
    admit = ("admit", "--name", "周航", "--as", "admin", "--json", "--sign-in")
    assert refused(jieli(*admit, "zhou")) == "access.name_taken"
    assert refused(jieli(*admit, "new", "--staff", "9")) == "cli.no_such_staff"
    assert refused(jieli("link", "--sign-in", "x", "--as", "admin", "--json")) == "access.no_such_person"
    assert refused(jieli("link", "--sign-in", "zhou", "--as", "zhou", "--json")) == "access.forbidden"
