"""Coming in and going out: passkeys, the first password, links, and what a stranger may learn (nothing)."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from jieli.access import operations, policy, queries
from jieli.access.types import LinkPurpose, Role
from jieli.kernel.times import DAY
from tests.conftest import NOW
from tests.doors import sample
from tests.fakes.authenticator import Authenticator

As = Callable[[UUID], Client]


def speak(client: Client, address: str, body: object, status: int = 200) -> dict[str, Any]:
    response = client.post(
        address, json.dumps(body), content_type="application/json", HTTP_ACCEPT="application/json"
    )
    assert response.status_code == status
    found: dict[str, Any] = response.json()
    return found


def key() -> Authenticator:
    return Authenticator("localhost", "http://localhost")


def register(client: Client, authenticator: Authenticator, label: str = "工作手机") -> None:
    options = speak(client, "/passkeys/begin", {})
    speak(client, "/passkeys/finish", {"answer": authenticator.create(options), "label": label})


def sign_in(
    client: Client, authenticator: Authenticator, *, wanted: str = "", status: int = 200
) -> dict[str, Any]:
    options = speak(client, "/sign-in/begin", {})
    return speak(client, "/sign-in/finish", {"answer": authenticator.get(options), "next": wanted}, status)


def test_the_first_administrator_comes_in_by_password_and_leaves_it_for_a_passkey(stranger: Client) -> None:
    made = operations.first_administrator(sign_in="admin", name="管理员", by=sample.BY, at=NOW)
    assert "一次性密码" in stranger.get("/sign-in").content.decode()
    typed = {"sign_in": " admin ", "password": made.password}
    assert stranger.post("/sign-in/password", typed).headers["Location"] == "/passkeys"
    assert "还差一步" in stranger.get("/passkeys").content.decode()
    authenticator = key()
    register(stranger, authenticator)
    assert "您登记了 1 把通行密钥" in stranger.get("/passkeys").content.decode()
    stranger.post("/sign-out")
    assert "一次性密码" not in stranger.get("/sign-in").content.decode()
    assert stranger.post("/sign-in/password", typed).status_code == 403
    assert sign_in(stranger, authenticator) == {"next": "/"}
    assert stranger.get("/").headers["Location"] == "/ledger/"


def test_a_wrong_password_keeps_the_name_and_says_nothing_about_who_exists(stranger: Client) -> None:
    operations.first_administrator(sign_in="admin", name="管理员", by=sample.BY, at=NOW)
    answers = []
    for name in ("admin", "nobody"):
        response = stranger.post("/sign-in/password", {"sign_in": name, "password": "secret-typed"})
        assert response.status_code == 403
        page = response.content.decode()
        assert f'value="{name}"' in page
        assert "secret-typed" not in page
        answers.append(page.replace(name, "*"))
    assert answers[0].split("csrf")[0] == answers[1].split("csrf")[0]


def test_guessing_is_slowed_down(stranger: Client) -> None:
    made = operations.first_administrator(sign_in="admin", name="管理员", by=sample.BY, at=NOW)
    for _ in range(policy.ATTEMPTS_PER_NAME):
        assert stranger.post("/sign-in/password", {"sign_in": "admin", "password": "x"}).status_code == 403
    response = stranger.post("/sign-in/password", {"sign_in": "admin", "password": made.password})
    assert response.status_code == 429
    assert "请等 15 分钟" in response.content.decode()


def test_a_passkey_session_is_a_new_one_and_goes_where_it_was_going(stranger: Client, as_person: As) -> None:
    person = sample.person("hr", Role.PEOPLE)
    authenticator = key()
    register(as_person(person), authenticator)
    wanted = stranger.get("/accounts/?q=1").headers["Location"]
    assert wanted == "/sign-in?next=/accounts/%3Fq%3D1"
    stranger.get(wanted)
    planted = stranger.session.session_key
    assert sign_in(stranger, authenticator, wanted="/accounts/?q=1") == {"next": "/accounts/?q=1"}
    assert stranger.session.session_key != planted
    assert stranger.get("/accounts/").status_code == 200


@pytest.mark.parametrize(
    "away", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", "a\n/b"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(stranger: Client, as_person: As, away: str) -> None:
    authenticator = key()
    register(as_person(sample.person("hr")), authenticator)
    assert sign_in(stranger, authenticator, wanted=away) == {"next": "/"}


def test_a_question_is_answered_once_and_only_where_it_was_asked(stranger: Client, as_person: As) -> None:
    authenticator = key()
    register(as_person(sample.person("hr")), authenticator)
    options = speak(stranger, "/sign-in/begin", {})
    answer = {"answer": authenticator.get(options)}
    elsewhere = Client(SERVER_NAME="localhost")
    speak(elsewhere, "/sign-in/finish", answer, 403)
    speak(stranger, "/sign-in/finish", answer)
    stranger.post("/sign-out")
    assert speak(stranger, "/sign-in/finish", answer, 403)["code"] == "access.sign_in_failed"


@pytest.mark.parametrize("body", ["x", [], {"answer": []}, {"answer": {"id": 1}}])
def test_rubbish_instead_of_an_answer_is_an_error_with_a_remedy(stranger: Client, body: object) -> None:
    speak(stranger, "/sign-in/begin", {})
    assert speak(stranger, "/sign-in/finish", body, 403)["remedy"]


def test_a_stranger_can_register_nothing(stranger: Client) -> None:
    response = stranger.post("/passkeys/begin", "{}", content_type="application/json")
    assert response.status_code == 404


def test_ending_a_passkey_ends_the_sessions_elsewhere(stranger: Client, as_person: As) -> None:
    person = sample.person("hr", Role.PEOPLE)
    here = as_person(person)
    lost, kept = key(), key()
    register(here, lost, "旧手机")
    register(here, kept, "新手机")
    sign_in(stranger, lost)
    assert stranger.get("/accounts/").status_code == 200
    old = next(k.id for k in queries.passkeys(person) if k.label == "旧手机")
    assert here.post(f"/passkeys/{old}/end").status_code == 302
    assert here.get("/passkeys").status_code == 200
    assert stranger.get("/accounts/").status_code == 302
    sign_in(stranger, lost, status=403)


def test_leaving_ends_the_session_and_the_door_of_ones_own_stays(stranger: Client, as_person: As) -> None:
    person = sample.person("hr", Role.PEOPLE)
    here = as_person(person)
    authenticator = key()
    register(here, authenticator)
    operations.end_grants(person=person, by=sample.BY, at=NOW)
    assert here.get("/accounts/").status_code == 302
    sign_in(stranger, authenticator)
    assert stranger.get("/accounts/").status_code == 404
    assert stranger.get("/me/").status_code == 200


def test_a_link_shows_nothing_personal_changes_nothing_and_works_once(stranger: Client) -> None:
    person = sample.person("limin", name="李敏")
    token = operations.make_link(
        sign_in="limin", purpose=LinkPurpose.ENROL, expires_at=NOW + DAY, by=sample.BY, at=NOW
    )
    for _ in range(2):
        page = stranger.get(f"/link/{token}").content.decode()
        assert "登记通行密钥" in page
        assert "李敏" not in page
        assert "limin" not in page
    assert stranger.post(f"/link/{token}").headers["Location"] == "/passkeys"
    assert "还差一步" in stranger.get("/passkeys").content.decode()
    register(stranger, key())
    assert len(queries.passkeys(person)) == 1
    other = Client(SERVER_NAME="localhost")
    assert other.get(f"/link/{token}").status_code == other.get("/link/unknown").status_code == 404
    assert other.post(f"/link/{token}").status_code == 404


def test_a_form_without_its_token_changes_nothing(as_person: As, db: None) -> None:
    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    response = client.post("/sign-in/password", {"sign_in": "a", "password": "b"})
    assert response.status_code == 403
    assert "什么都没有改变" in response.content.decode()


def test_every_answer_carries_the_headers_that_keep_it_at_home(stranger: Client, as_person: As) -> None:
    client = as_person(sample.person("hr", Role.PEOPLE))
    for response in (stranger.get("/sign-in"), client.get("/accounts/"), stranger.get("/nothing")):
        rules = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in rules
        assert "unsafe" not in rules
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert b"<script>" not in response.content
        assert b" style=" not in response.content
        assert b" onclick=" not in response.content
    assert "no-store" in client.get("/accounts/").headers["Cache-Control"]
    cookie = client.cookies["jieli_session"]
    assert cookie["httponly"] is True or stranger.get("/sign-in").status_code == 200


def test_an_address_in_numbers_leads_to_the_name_that_passkeys_need(db: None, clock: None) -> None:
    response = Client(HTTP_HOST="127.0.0.1:8000").get("/sign-in?next=/me/")
    assert response.headers["Location"] == "http://localhost:8000/sign-in?next=/me/"


def test_a_foreign_host_is_refused(db: None, clock: None) -> None:
    assert Client(SERVER_NAME="evil.example").get("/sign-in").status_code == 400


def test_a_fault_says_no_more_than_that_and_logs_no_value(
    as_person: As, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from jieli.doors.console import ledger

    def broken(request: object) -> str:
        raise RuntimeError("私密的内容")

    monkeypatch.setattr(ledger.queries, "live_log", lambda: broken(None))
    client = as_person(sample.person("audit", Role.AUDIT))
    client.raise_request_exception = False
    response = client.get("/ledger/?secret=1")
    assert response.status_code == 500
    page = response.content.decode()
    assert "程序出错，您的操作没有完成" in page
    assert "私密" not in page
    said = capsys.readouterr().err
    assert "私密" not in said
    assert "secret" not in said
