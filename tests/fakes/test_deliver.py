"""Messages to people outside: into the demo's folder, and by mail to a server on this machine."""

import json
from email import message_from_string, policy
from pathlib import Path
from typing import Any

import pytest

from jieli.connectors.deliver.mail import Mail
from jieli.connectors.deliver.outbox_folder import OutboxFolder
from jieli.connectors.deliver.ports import BadMessage, Channel, Deliverer, NotSent, Result, Unknown
from tests.fakes.mail_server import MailServer, mail_server

NOW = 1_790_000_000_000
TEXT = "您好：\n李老师已离职，今后由王老师为您服务。\n."


def mail(server: MailServer, **changed: Any) -> Mail:
    given = {"sender": "fuwu@jieli.example", "subject": "服务人员变更", "tls": "none", "timeout": 60.0}
    return Mail(host="127.0.0.1", port=server.port, clock=lambda: NOW, **{**given, **changed})


def test_a_message_becomes_a_file_that_says_it_reached_nobody(tmp_path: Path) -> None:
    folder: Deliverer = OutboxFolder(tmp_path / "outbox", clock=lambda: NOW)
    sent = [
        folder.send(Channel.SMS, "13800000000", TEXT),
        folder.send(Channel.MAIL, "zhou@example.com", TEXT),
    ]
    assert [(s.at, s.result) for s in sent] == [(NOW, Result.DELIVERED)] * 2
    files = {p.name for p in (tmp_path / "outbox").iterdir()}
    assert files == {f"{s.number}.json" for s in sent}
    path = tmp_path / "outbox" / f"{sent[0].number}.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    assert (told["渠道"], told["收件人"], told["内容"]) == ("短信", "13800000000", TEXT)
    assert "未向任何人发送" in told["说明"]
    assert path.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_is_not_sent(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("", encoding="utf-8")
    with pytest.raises(NotSent):
        OutboxFolder(tmp_path / "outbox", clock=lambda: NOW).send(Channel.SMS, "138", TEXT)


@pytest.mark.parametrize(
    ("to", "text"), [("", TEXT), ("  ", TEXT), ("a@b.c", " "), ("a@b.c\r\nBcc: x@y.z", TEXT)]
)
def test_a_message_without_address_or_text_is_refused_everywhere(to: str, text: str, tmp_path: Path) -> None:
    with mail_server() as server:
        for deliverer in (OutboxFolder(tmp_path, clock=lambda: NOW), mail(server)):
            with pytest.raises(BadMessage):
                deliverer.send(Channel.MAIL, to, text)
        assert (server.verbs, list(tmp_path.iterdir())) == ([], [])


def test_mail_arrives_whole_and_is_called_handed_on_not_delivered() -> None:
    with mail_server() as server:
        sent = mail(server).send(Channel.MAIL, "zhou@example.com", TEXT)
        message = message_from_string(server.taken[0], policy=policy.default)
    assert (sent.result, sent.at) == (Result.HANDED_ON, NOW)
    assert (message["To"], message["From"], message["Subject"]) == (
        "zhou@example.com", "fuwu@jieli.example", "服务人员变更",
    )  # fmt: skip
    assert message["Message-ID"] == sent.number
    assert message["Date"].startswith("Mon, 21 Sep 2026")
    assert message.get_content().splitlines() == TEXT.splitlines()
    assert server.taken[0].isascii()


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "END"])
def test_a_refusing_server_means_not_sent(verb: str) -> None:
    with mail_server(**{verb: "550 <zhou@example.com> unknown"}) as server:
        with pytest.raises(NotSent) as caught:
            mail(server).send(Channel.MAIL, "zhou@example.com", TEXT)
        assert "zhou" not in str(caught.value)


def test_a_line_that_breaks_before_the_server_s_word_is_unknown() -> None:
    with mail_server(END="") as server:
        with pytest.raises(Unknown):
            mail(server).send(Channel.MAIL, "zhou@example.com", TEXT)
        assert len(server.taken) == 1


def test_a_server_that_is_not_there_or_offers_no_encryption_means_not_sent() -> None:
    with mail_server() as server:
        with pytest.raises(NotSent):
            mail(server, tls="starttls").send(Channel.MAIL, "zhou@example.com", TEXT)
        with pytest.raises(NotSent):
            mail(server, user="fuwu", password="x").send(Channel.MAIL, "zhou@example.com", TEXT)
        assert server.taken == []
    with pytest.raises(NotSent):
        mail(server).send(Channel.MAIL, "zhou@example.com", TEXT)


def test_mail_sends_no_text_message_and_nothing_in_the_clear() -> None:
    with mail_server() as server:
        with pytest.raises(BadMessage):
            mail(server).send(Channel.SMS, "zhou@example.com", TEXT)
        with pytest.raises(BadMessage):
            mail(server).send(Channel.MAIL, "13800000000", TEXT)
        assert server.verbs == []
    for wrong in ({"tls": "none"}, {"tls": "maybe"}):
        with pytest.raises(BadMessage):
            Mail(host="mail.example", port=25, sender="a@b.c", subject="s", clock=lambda: NOW, **wrong)
