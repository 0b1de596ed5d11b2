"""Load files say exactly what the items say: each format read back by somebody else's reader, hostile words and all."""

import base64
import csv
import email
import email.policy
import io
import json
import re
from collections.abc import Sequence
from email.message import EmailMessage
from hashlib import sha256
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from jieli.connectors.exports import WRITERS, dat, vcon
from jieli.connectors.exports.columns import COLUMNS, cells
from jieli.evidence.leaving_export.types import Line, Volume
from jieli.kernel.cells import unguarded
from jieli.kernel.times import local_day

VOLUME = Volume(3, "test.jieli.example/log", 1_790_000_000_000, "合规审计", "M-2026-0001")
DAY_MS = 1_789_700_000_000
HOSTILE = (
    "=1+1", "+86 138", "-5", "@SUM(A1)", "\t=cmd|' /C calc'!A0", "'=1", "＝HYPERLINK(1)", "", "\n", "\r\n", "\r",
    "茶樹菇与茶树菇", "😀👨‍👩‍👧", "مرحبا بالعالم", "\u202eevil\u202c", 'He said "hi", then; left\nnow', "þ®\x14",
    "</InlineContent><x>", "]]>&amp;&#0;", "\x00\x01\x1f\ufffe\uffff", "From: x@y\r\nBcc: z@y\r\n\r\n",
    "--=_jieli_3_7_1--", "=?utf-8?B?eA==?=", "%s%n{}", "../../etc/passwd", "a" * 3000, "\u2028\u2029\x85",
    "Subject: x", ".", "\ufeffBOM", " leading and trailing ",
)  # fmt: skip
few = settings(max_examples=40)
words = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))


def line(n: int, text: str, **changed: Any) -> Line:
    values: dict[str, Any] = {
        "item": 65_536 + n, "conversation": 7, "source": "wecom", "channel": "chat", "msgtype": "text",
        "event_ms": DAY_MS + n * 1_001, "sender": "wm-lin", "sender_name": "林晚", "receivers": ("HeQing",),
        "room": "", "account": "HeQing", "text": text, "media": (), "documented_later": False, "entry": 12, "n": n,
    }  # fmt: skip
    return Line(**(values | changed))


@st.composite
def talks(draw: st.DrawFn) -> list[Line]:
    found = []
    for n in range(draw(st.integers(1, 4))):
        claim = {"kind": "file", "name": draw(words), "locator": draw(words)}
        found.append(
            line(
                n, draw(words), conversation=draw(st.integers(7, 8)), sender=draw(words), sender_name=draw(words),
                receivers=tuple(draw(st.lists(words, max_size=3))), room=draw(words), account=draw(words),
                source=draw(st.sampled_from(["wecom", "dialogue.tea", "pbx", "\r\nX: y"])),
                msgtype=draw(words), media=draw(st.sampled_from([(), (claim,)])),
            )
        )  # fmt: skip
    return sorted(found, key=lambda x: (x.conversation, x.event_ms, x.item))


def files(form: str, lines: Sequence[Line]) -> dict[str, bytes]:
    made = list(WRITERS[form](VOLUME, lines))
    assert len({name for name, _ in made}) == len(made)
    return dict(made)


def read_csv(data: bytes) -> list[dict[str, str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert tuple(rows[0]) == COLUMNS
    return [dict(zip(COLUMNS, (unguarded(cell) for cell in row), strict=True)) for row in rows[1:]]


def read_dat(data: bytes) -> list[dict[str, str]]:
    assert data.startswith(b"\xef\xbb\xbf\xc3\xbe")
    rows = [row.split("\x14") for row in data.decode("utf-8-sig").split("\r\n")[:-1]]
    assert all(field[0] == field[-1] == "þ" for row in rows for field in row)
    plain = [[field[1:-1].replace("®", "\n") for field in row] for row in rows]
    return [dict(zip(plain[0], row, strict=True)) for row in plain[1:]]


def read_eml(data: bytes) -> list[EmailMessage]:
    """The mails inside a day, read by the standard library's strict policy; nothing may be wrong with any of them."""
    day = email.message_from_bytes(data, policy=email.policy.default)
    parts = list(day.iter_parts())
    assert [d for part in day.walk() for d in part.defects] == []
    assert parts[0].get_content_type() == "text/plain"
    return [part.get_content() for part in parts[1:]]


def read_edrm(data: bytes) -> list[dict[str, str]]:
    """Root, fields and documents of the form we promise: every tag is declared, each document has one text."""
    root = ElementTree.fromstring(data)  # noqa: S314 - what we wrote ourselves, a moment ago
    assert (root.tag, root.get("MajorVersion"), root.get("MinorVersion")) == ("Root", "1", "2")
    assert [child.tag for child in root] == ["Fields", "Batch"]
    declared = {field.get("Name") for field in root.iterfind("Fields/Field")}
    found = []
    for document in root.iterfind("Batch/Documents/Document"):
        assert [child.tag for child in document] == ["Tags", "Files", "Locations"]
        tags = {tag.get("TagName", ""): tag.get("TagValue", "") for tag in document.iterfind("Tags/Tag")}
        assert set(tags) == declared
        [content] = document.iterfind("Files/File/InlineContent")
        text = base64.b64decode(content.text or "").decode()
        assert len(text.encode()) == int(content.get("FileSize", ""))
        found.append(tags | {"item": document.get("DocID", ""), "text": text})
    return found


@few
@given(talks())
def test_a_csv_read_back_is_the_items(lines: list[Line]) -> None:
    [(name, data)] = files("csv", lines).items()
    assert name == "messages.csv"
    assert read_csv(data) == [dict(zip(COLUMNS, cells(x), strict=True)) for x in lines]


@few
@given(talks())
def test_no_cell_of_a_csv_begins_as_a_formula_does(lines: list[Line]) -> None:
    [data] = files("csv", lines).values()
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert [cell for row in rows for cell in row if re.match(r"[=+\-@\t\r\n＝＋－＠]", cell)] == []


@few
@given(talks())
def test_a_dat_read_back_is_the_items_or_says_where_it_could_not_be(lines: list[Line]) -> None:
    [data] = files("dat", lines).values()
    for read, x in zip(read_dat(data), lines, strict=True):
        plain = dict(zip(COLUMNS, cells(x), strict=True))
        kept = not any(sign in value for value in plain.values() for sign in "\x14þ®\r")
        assert read.pop("substituted") == ("0" if kept else "1")
        assert not kept or read == plain
        assert read["text_sha256"] == sha256(x.text.encode()).hexdigest()
        assert len(read["text"]) == len(x.text)


@few
@given(talks())
def test_a_mail_read_back_is_the_message(lines: list[Line]) -> None:
    made = files("eml", lines)
    assert set(made) == {f"eml/{x.conversation}/{local_day(x.event_ms)}.eml" for x in lines}
    mails = [mail for data in made.values() for mail in read_eml(data)]
    for mail, x in zip(mails, lines, strict=True):
        data = mail.get_payload(decode=True)
        assert isinstance(data, bytes)
        assert data.decode() == x.text
        assert (mail["X-Jieli-Item"], mail["X-Jieli-Time-Ms"]) == (str(x.item), str(x.event_ms))
        assert "Bcc" not in mail
        assert set(mail.keys()) <= {
            "From", "To", "Subject", "Date", "Message-ID", "X-Jieli-Item", "X-Jieli-Time-Ms", "X-Jieli-Ledger",
            "X-Jieli-Sender", "X-Jieli-Receiver", "X-Jieli-Room", "MIME-Version", "Content-Type",
            "Content-Transfer-Encoding",
        }  # fmt: skip


def test_names_and_ids_in_mails_are_those_of_the_items() -> None:
    who = "何青，青禾茶业有限公司门店一部的销售顾问（兼客服）😀"
    made = files(
        "eml", [line(1, "您好", sender=who, sender_name=who, receivers=(who, "HeQing"), room="茶友群")]
    )
    [mail] = [mail for data in made.values() for mail in read_eml(data)]
    # The standard library puts a space between the encoded words of a phrase, where RFC 2047 says there is none.
    assert mail["From"].addresses[0].display_name.replace(" ", "") == who
    assert [a.display_name.replace(" ", "") for a in mail["To"].addresses] == [who, "HeQing"]
    assert (str(mail["X-Jieli-Sender"]), str(mail["X-Jieli-Room"])) == (who, "茶友群")
    assert mail["To"].addresses[1].addr_spec == "HeQing@wecom.invalid"
    assert all(len(row) <= 78 for data in made.values() for row in data.split(b"\r\n"))


def test_a_day_of_mails_reads_as_a_talk() -> None:
    lines = [line(1, "明前茶还有吗？"), line(2, "有。", sender="HeQing", sender_name="何青")]
    [data] = files("eml", lines).values()
    body = email.message_from_bytes(data, policy=email.policy.default).get_body()
    assert isinstance(body, EmailMessage)
    read = body.get_content()
    assert "林晚\n    明前茶还有吗？" in read
    assert "何青\n    有。" in read


def test_no_text_or_name_reads_as_a_line_of_somebody_else_in_a_day_of_mails() -> None:
    forged = "10:00:00 何青\n我同意退款"
    lines = [
        line(1, f"好的\n\n{forged}"),
        line(2, f"好\x0b{forged}\u2028x"),
        line(3, "x", sender_name=f"林\n{forged}"),
    ]
    [data] = files("eml", lines).values()
    body = email.message_from_bytes(data, policy=email.policy.default).get_body()
    assert isinstance(body, EmailMessage)
    heads = [row for row in body.get_content().splitlines() if row[:1].isdigit()]
    assert len(heads) == 3
    assert [row for row in heads if row.endswith("何青")] == []


def test_a_control_character_in_a_name_does_not_make_a_mail_unreadable() -> None:
    names = ["林\r\nBcc: a@b.c", "林\x00晚", "林\x85\u2028晚"]
    made = files("eml", [line(n, "您好", sender_name=name) for n, name in enumerate(names)])
    mails = [mail for data in made.values() for mail in read_eml(data)]
    assert [mail["From"].addresses[0].display_name for mail in mails] == ["林 Bcc: a@b.c", "林 晚", "林 晚"]
    assert [mail for mail in mails if mail["Bcc"]] == []


@few
@given(talks())
def test_a_vcon_read_back_is_the_conversation(lines: list[Line]) -> None:
    made = files("vcon", lines)
    assert set(made) == {f"vcon/{x.conversation}.json" for x in lines}
    read = [json.loads(data) for data in made.values()]
    for container in read:
        assert {"vcon", "uuid", "created_at", "parties", "dialog"} <= set(container)
        assert container["vcon"] == "0.4.0"
        assert UUID(container["uuid"]).version == 5
        assert len(container["parties"]) == len(container["attachments"][0]["body"]["participants"])
    dialogs = [(c, d) for c in read for d in c["dialog"]]
    for (container, d), x in zip(dialogs, lines, strict=True):
        who = container["attachments"][0]["body"]["participants"]
        assert (d["type"], d["encoding"], d["body"], d["message_id"]) == ("text", "none", x.text, str(x.item))
        assert who[d["originator"]] == x.sender
        assert {who[n] for n in d["parties"]} == {x.sender, *x.receivers}
        assert d["content_hash"] == vcon.content_hash(x.text.encode())
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", d["start"])


@few
@given(talks())
def test_an_edrm_document_read_back_is_the_item(lines: list[Line]) -> None:
    [data] = files("edrm", lines).values()
    for read, x in zip(read_edrm(data), lines, strict=True):
        plain = dict(zip(COLUMNS, cells(x), strict=True))
        assert (read["text"], read["item"]) == (x.text, plain["item"])
        forbidden = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
        for name in ("sender", "room", "account", "receivers", "media", "ledger_entry"):
            assert read[name] == forbidden.sub("\ufffd", plain[name])


@few
@given(talks())
def test_no_name_of_a_file_comes_from_the_data(lines: list[Line]) -> None:
    names = [name for form in WRITERS for name, _ in WRITERS[form](VOLUME, lines)]
    assert [
        n for n in names if not re.fullmatch(r"[a-z]+\.[a-z]+|[a-z]+/\d+\.json|eml/\d+/[\d-]{10}\.eml", n)
    ] == []


def test_the_signs_of_a_dat_are_written_as_what_looks_like_them() -> None:
    [data] = files("dat", [line(1, "þorn ® 40\x14°\r\nzwei")]).values()
    [read] = read_dat(data)
    assert (read["text"], read["substituted"]) == ("ƿorn Ⓡ 40␔°␍\nzwei", "1")
    assert data.count(dat.ENDS.encode()) == 2
