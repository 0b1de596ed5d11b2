"""待我签: papers are signed by the person himself, graded, with a receipt that a stranger verifies."""

import json
import zipfile
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from jieli.access import operations as access
from jieli.access import queries as access_queries
from jieli.access.types import LinkPurpose, Role
from jieli.doors.portal import signing
from jieli.evidence.errors import NothingToProve
from jieli.evidence.receipts import make_receipt
from jieli.handover import queries as handover
from jieli.kernel.times import HOUR
from jieli.ledger import queries as ledger
from jieli.papers import queries as papers
from jieli.papers.signing import Grade
from jieli.parties import operations as parties
from jieli.parties.queries import entities_by_code, units_by_code
from jieli.parties.types import NewUnit
from seal.keys import Signer
from seal.policy import parse as parse_policy
from seal.verify import verify_package
from tests.conftest import NOW
from tests.doors import leaver
from tests.doors.leaver import As, Leaver
from tests.rooms.company import BY
from tests.rooms.leaving import LEAVER, RECEIVER, SUPERVISOR


@pytest.fixture
def signer(db: None) -> Signer:
    return leaver.log_signer()


@pytest.fixture
def goes(signer: Signer, clock: None) -> Leaver:
    return leaver.begin()


def speak(client: Client, address: str, body: object, status: int = 200) -> dict[str, Any]:
    response = client.post(
        address, json.dumps(body), content_type="application/json", HTTP_ACCEPT="application/json"
    )
    assert response.status_code == status, response.content
    found: dict[str, Any] = response.json()
    return found


def at_role(goes: Leaver, role: str) -> str:
    return f"/me/papers/{goes.sheet}/roles/{role}/"


def sign(client: Client, goes: Leaver, key: Any, role: str) -> dict[str, Any]:
    options = speak(client, at_role(goes, role) + "begin", {})
    return speak(client, at_role(goes, role) + "finish", {"answer": key.get(options)})


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def test_the_three_sign_the_sheet_each_with_his_own_passkey_and_see_their_grade(
    goes: Leaver, as_person: As
) -> None:
    digest = papers.paper(goes.sheet).sha256
    for no, role in ((LEAVER, "移交人"), (RECEIVER, "接收人"), (SUPERVISOR, "监交人")):
        key = leaver.key_of(goes.persons[no], leaver.WHO[no])
        client = as_person(goes.persons[no])
        assert "1 份文书等您签署" in text(client, "/me/papers/")
        assert sign(client, goes, key, role) == {"next": f"/me/papers/{goes.sheet}/"}
        page = text(client, f"/me/papers/{goes.sheet}/")
        assert "乙　本人通行密钥签名" in page
        assert "已写入账本第" in page
        assert "没有文书等您签署" in text(client, "/me/papers/")
    signed = papers.signatures([goes.sheet])[goes.sheet]
    assert {(s.role, s.signer_name, s.grade, s.paper_sha256) for s in signed} == {
        (role, name, Grade.PASSKEY, digest)
        for role, name in (("移交人", "何青"), ("接收人", "陆川"), ("监交人", "唐野"))
    }
    assert [one.unsigned for one in handover.lists(goes.case, at=NOW)] == [()] * 4


def test_the_challenge_is_the_digest_of_the_paper_and_is_asked_once(goes: Leaver, as_person: As) -> None:
    key = leaver.key_of(goes.persons[LEAVER], "何青")
    client = as_person(goes.persons[LEAVER])
    options = speak(client, at_role(goes, "移交人") + "begin", {})
    content = papers.content(goes.sheet)
    assert leaver.bytes_of(options["publicKey"]["challenge"]) == sha256(content).digest()
    answer = {"answer": key.get(options)}
    other = speak(as_person(goes.persons[RECEIVER]), at_role(goes, "接收人") + "finish", answer, 403)
    assert other["code"] == "access.passkey_refused"
    speak(client, at_role(goes, "移交人") + "finish", answer)
    again = client.post(
        at_role(goes, "移交人") + "finish", json.dumps(answer), content_type="application/json"
    )
    assert again.status_code == 404


def test_somebody_else_s_passkey_signs_nothing(goes: Leaver, as_person: As) -> None:
    leaver.key_of(goes.persons[LEAVER], "何青")
    client = as_person(goes.persons[LEAVER])
    theirs = leaver.key_of(goes.persons[RECEIVER], "陆川")
    options = speak(client, at_role(goes, "移交人") + "begin", {})
    answer = {"answer": theirs.get(options)}
    assert speak(client, at_role(goes, "移交人") + "finish", answer, 403)["code"] == "access.passkey_refused"
    assert papers.signatures([goes.sheet]) == {}


@pytest.mark.parametrize("body", ["x", [], {"answer": []}, {"answer": {"id": 1}}])
def test_rubbish_instead_of_an_answer_signs_nothing(goes: Leaver, as_person: As, body: object) -> None:
    leaver.key_of(goes.persons[LEAVER], "何青")
    client = as_person(goes.persons[LEAVER])
    speak(client, at_role(goes, "移交人") + "begin", {})
    assert speak(client, at_role(goes, "移交人") + "finish", body, 403)["code"] == "access.passkey_refused"
    assert papers.signatures([goes.sheet]) == {}


def test_without_a_passkey_only_a_trace_is_kept_and_it_says_that_it_is_weak(
    goes: Leaver, as_person: As
) -> None:
    client = as_person(goes.persons[LEAVER])
    page = text(client, f"/me/papers/{goes.sheet}/")
    assert "丙级不称可靠的电子签名" in page
    unread = client.post(at_role(goes, "移交人") + "trace", follow=True).content.decode()
    assert "请先勾选“我已看过全文”" in unread
    assert papers.signatures([goes.sheet]) == {}
    done = client.post(at_role(goes, "移交人") + "trace", {"read": "on"}, follow=True).content.decode()
    assert "丙　系统留痕确认（不称可靠电子签名）" in done
    [signed] = papers.signatures([goes.sheet])[goes.sheet]
    assert signed.grade is Grade.TRACE
    assert set(signed.evidence) == {"signed_in_by", "confirmed"}


def test_who_has_a_passkey_is_not_offered_less(goes: Leaver, as_person: As) -> None:
    leaver.key_of(goes.persons[LEAVER], "何青")
    client = as_person(goes.persons[LEAVER])
    assert "系统留痕确认" not in text(client, f"/me/papers/{goes.sheet}/")
    assert client.post(at_role(goes, "移交人") + "trace", {"read": "on"}).status_code == 404


def test_refusing_is_his_own_word_signs_nothing_and_leaves_the_witnesses_to_the_firm(
    goes: Leaver, as_person: As
) -> None:
    client = as_person(goes.persons[LEAVER])
    assert "没有人能替您签" in text(client, at_role(goes, "移交人") + "refuse")
    said = {"words": "清单里的设备不是我用的"}
    done = client.post(at_role(goes, "移交人") + "refuse", said, follow=True).content.decode()
    assert "已写入账本第" in done
    assert "您已表示拒签" in done
    [objection] = handover.view(goes.case.number, at=NOW).objections
    assert (objection.place, objection.text) == (
        "《离职工作交接单》移交人",
        "拒绝签署：清单里的设备不是我用的",
    )
    assert (papers.signatures([goes.sheet]), papers.refusals([goes.sheet])) == ({}, {})
    assert "没有文书等您签署" in text(client, "/me/papers/")
    assert client.post(at_role(goes, "移交人") + "refuse", said).status_code == 404
    client.post(at_role(goes, "移交人") + "trace", {"read": "on"})  # he may think better of it
    assert len(papers.signatures([goes.sheet])[goes.sheet]) == 1


def test_an_objection_to_a_paper_is_kept_as_said_and_does_not_stop_a_signature(
    goes: Leaver, as_person: As
) -> None:
    client = as_person(goes.persons[LEAVER])
    address = f"/me/papers/{goes.sheet}/objection"
    assert client.post(address, {"words": " "}).status_code == 400
    client.post(address, {"words": "客户数量少算三名"})
    [objection] = handover.view(goes.case.number, at=NOW).objections
    assert (objection.text, objection.subject) == ("客户数量少算三名", goes.sheet)
    assert "移交人" in text(client, f"/me/papers/{goes.sheet}/")
    client.post(at_role(goes, "移交人") + "trace", {"read": "on"})
    assert len(papers.signatures([goes.sheet])[goes.sheet]) == 1


def test_the_sections_sign_apart_each_for_itself_and_within_reach(goes: Leaver, as_person: As) -> None:
    it = access.admit_person(sign_in="it", name="范机", by=BY, at=NOW)
    access.grant_role(person=it, role=Role.IT, begins_at=NOW, by=BY, at=NOW)
    elsewhere = access.admit_person(sign_in="far", name="远方", by=BY, at=NOW)
    parties.register_units([NewUnit("S2", "门店二部", entities_by_code()["QH"])], by=BY, at=NOW)
    access.grant_role(
        person=elsewhere, role=Role.IT, begins_at=NOW, unit=units_by_code()["S2"], by=BY, at=NOW
    )
    client = as_person(it)
    assert "请核对：账号、权限与设备" in text(client, f"/me/papers/{goes.sheet}/")
    client.post(at_role(goes, "IT") + "trace", {"read": "on"})
    assert [s.role for s in papers.signatures([goes.sheet])[goes.sheet]] == ["IT"]
    assert client.post(at_role(goes, "人力") + "trace", {"read": "on"}).status_code == 404
    text(as_person(elsewhere), f"/me/papers/{goes.sheet}/", 404)
    assert signing.sections(access_queries.person(leaver.people()), at=NOW) == {
        goes.case.number: frozenset({"人力"})
    }


def test_to_everybody_else_the_paper_does_not_exist(goes: Leaver, as_person: As, stranger: Client) -> None:
    other = as_person(access.admit_person(sign_in="else", name="旁人", by=BY, at=NOW))
    for page in ("", "file", "pages/1.png", "objection"):
        assert other.get(f"/me/papers/{goes.sheet}/{page}").status_code == 404
    assert other.post(at_role(goes, "移交人") + "begin").status_code == 404
    assert as_person(goes.persons[RECEIVER]).post(at_role(goes, "移交人") + "begin").status_code == 404
    assert stranger.get(f"/me/papers/{goes.sheet}/").status_code == 302


def test_the_pages_are_drawn_from_the_bytes_that_are_signed(goes: Leaver, as_person: As) -> None:
    client = as_person(goes.persons[LEAVER])
    picture = client.get(f"/me/papers/{goes.sheet}/pages/1.png")
    assert picture.content.startswith(b"\x89PNG\r\n\x1a\n")
    assert "no-store" in picture["Cache-Control"]
    assert client.get(f"/me/papers/{goes.sheet}/pages/99.png").status_code == 404
    assert client.get(f"/me/papers/{goes.sheet}/pages/0.png").status_code == 404
    file = client.get(f"/me/papers/{goes.sheet}/file")
    assert sha256(file.content).hexdigest() == papers.paper(goes.sheet).sha256


def test_a_receipt_verifies_under_the_policy_and_a_changed_byte_of_the_paper_does_not(
    goes: Leaver, signer: Signer, as_person: As, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world = leaver.outside(signer)
    monkeypatch.setattr(signing, "outside", lambda profile: world)
    key = leaver.key_of(goes.persons[LEAVER], "何青")
    client = as_person(goes.persons[LEAVER])
    sign(client, goes, key, "移交人")
    [signed] = papers.signatures([goes.sheet])[goes.sheet]
    address = f"/me/papers/{goes.sheet}/receipts/{signed.id}.zip"
    before = ledger.head(ledger.live_log()).size
    data = client.get(address).content
    assert ledger.head(ledger.live_log()).size == before
    path = tmp_path / "receipt.zip"
    path.write_bytes(data)
    report = verify_package(path, policy=parse_policy(world.policy))
    assert (report.exit_code, report.about["kind"]) == (0, "receipt")
    assert [(p.name, p.entry is not None) for p in report.papers] == [("01-离职工作交接单.pdf", True)]
    with zipfile.ZipFile(BytesIO(data)) as opened:
        assert sha256(opened.read("01-离职工作交接单.pdf")).hexdigest() == signed.paper_sha256
        assert signed.paper_sha256 in opened.read("parts.jsonl").decode()
        spot = opened.getinfo("01-离职工作交接单.pdf").header_offset + 2_000
    path.write_bytes(data[:spot] + bytes([data[spot] ^ 1]) + data[spot + 1 :])
    assert verify_package(path, policy=parse_policy(world.policy)).exit_code in (1, 2)
    assert as_person(goes.persons[RECEIVER]).get(address).status_code == 404


def test_a_receipt_is_only_of_one_s_own_signature_and_waits_for_the_signer(
    goes: Leaver, signer: Signer, as_person: As, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asleep = leaver.outside(signer, awake=False)
    monkeypatch.setattr(signing, "outside", lambda profile: asleep)
    client = as_person(goes.persons[LEAVER])
    client.post(at_role(goes, "移交人") + "trace", {"read": "on"})
    [signed] = papers.signatures([goes.sheet])[goes.sheet]
    later = client.get(f"/me/papers/{goes.sheet}/receipts/{signed.id}.zip")
    assert later.status_code == 503
    assert "回执请稍后再取" in later.content.decode()
    receiver = access_queries.person(goes.persons[RECEIVER])
    assert receiver is not None
    with pytest.raises(NothingToProve):
        make_receipt(
            paper=goes.sheet, signature=signed.id, by=receiver, at=NOW, path=tmp_path / "x.zip", outside=asleep
        )  # fmt: skip
    assert not (tmp_path / "x.zip").exists()


def by_link(goes: Leaver) -> Client:
    """A browser in which 何青 came in by a link."""
    token = access.make_sign_in_link(person=goes.persons[LEAVER], expires_at=NOW + HOUR, by=BY, at=NOW)
    client = Client(SERVER_NAME="localhost")
    assert client.get(f"/link/{token}").status_code == 200
    assert client.post(f"/link/{token}").headers["Location"] == "/me/"
    assert client.post(f"/link/{token}").status_code == 404
    return client


def test_a_session_by_link_opens_his_own_pages_and_nothing_else_ever(goes: Leaver, db: None) -> None:
    client = by_link(goes)
    assert "离职" in text(client, "/me/leaving/")
    assert client.get("/").headers["Location"] == "/me/"
    assert client.get("/passkeys").headers["Location"] == "/me/"
    access.grant_role(person=goes.persons[LEAVER], role=Role.COMPLIANCE, begins_at=NOW, by=BY, at=NOW)
    for address in ("/accounts/", "/ledger/", "/reading/", "/gaps/"):
        assert client.get(address).status_code == 404
    for address in ("/passkeys/begin", "/passkeys/finish"):
        assert client.post(address, "{}", content_type="application/json").status_code == 404
    assert access_queries.passkeys(goes.persons[LEAVER]) == []
    client.post(at_role(goes, "移交人") + "trace", {"read": "on"})
    [signed] = papers.signatures([goes.sheet])[goes.sheet]
    assert signed.evidence["signed_in_by"] == "一次性登录链接"


def test_an_enrolment_link_still_leads_to_registering_a_passkey(goes: Leaver, db: None) -> None:
    token = access.make_link(
        sign_in=LEAVER.lower(), purpose=LinkPurpose.ENROL, expires_at=NOW + HOUR, by=BY, at=NOW
    )
    client = Client(SERVER_NAME="localhost")
    assert client.post(f"/link/{token}").headers["Location"] == "/passkeys"
    assert client.get("/passkeys").status_code == 200
