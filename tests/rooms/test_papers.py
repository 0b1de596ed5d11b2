"""Papers: the same data give the same bytes, what people wrote stays text, and changed bytes are found."""

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from jieli.ledger import checks as ledger_checks
from jieli.ledger import fsck
from jieli.ledger.operations import book
from jieli.papers import checks, facts, operations, queries
from jieli.papers.errors import NoSuchPaper, PaperRefused
from jieli.papers.policy import LIMIT, check_content
from jieli.papers.rendering import ROOT, render
from jieli.papers.served import Choice, Clause, Consent, Notice
from jieli.papers.signing import Grade
from jieli.papers.text import original, pieces, printed
from jieli.papers.types import (
    Attachment,
    Bubble,
    Citation,
    Clock,
    Conversation,
    Destroyed,
    DestructionCertificate,
    Digest,
    EvidenceList,
    Exhibit,
    ExtractionNote,
    ForeignCheck,
    Form,
    Head,
    Labelled,
    Omission,
    Origin,
    Participant,
    Side,
    Step,
    SystemLine,
    Template,
    VerificationNote,
    Voucher,
)
from tests.calls import calls_of
from tests.conftest import NOW

BY = "system:test"
HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
PDF = b"%PDF-1.7 scanned"
Sql = Callable[..., list[tuple[Any, ...]]]


def head(clock: Clock = Clock.REAL) -> Head:
    return Head(number="JL-2026-0001", unit="青禾学堂（杭州）教育科技有限公司", at=NOW, clock=clock)


CITED = (
    Citation(
        law="虚构的证据规则", article="第九条", version="2020-01-01 施行",
        text=("电子数据应当完整。", "（一）保存可靠；"), bearing="形成时即写入账本。",
    ),
)  # fmt: skip
PEOPLE = (
    Participant("staff", "周敏", "员工", "企业微信", "zhoumin01", Side.RIGHT),
    Participant("customer", "何女士", "客户 C-20391", "微信", "wmAbCdEfGh0123456789ijklmnop", Side.LEFT),
)


def conversation(*lines: Bubble | SystemLine | Omission) -> Conversation:
    return Conversation(
        head=head(), conversation="周敏与何女士", case="返还工作账号", fixing="未经中立第三方固定",
        first_at=NOW, last_at=NOW + 60_000, participants=PEOPLE, lines=lines,
    )  # fmt: skip


def said(*texts: str) -> Conversation:
    return conversation(*(Bubble(NOW, "customer", t, f"账本 {n}") for n, t in enumerate(texts)))


def exhibits(count: int) -> EvidenceList:
    rows = tuple(
        Exhibit(f"第{n}号会话记录", "企业微信会话存档", "证明退费承诺", f"{n}", Form.ELECTRONIC, 1)
        for n in range(1, count + 1)
    )
    return EvidenceList(
        head=head(),
        case="返还工作账号",
        submitter="青禾学堂",
        fixing="已见证",
        exhibits=rows,
        notes=("与原件一致。",),
    )


def extraction() -> ExtractionNote:
    return ExtractionNote(
        head=head(), case="返还工作账号", extractor="沈知远", extractor_post="合规专员", extracted_at=NOW,
        system="接力", system_version="0.1.0", carrier="工作手机", carrier_place="保管室三号柜",
        formed_in="正常业务活动中形成", environment=(Labelled("数据库", "PostgreSQL"),),
        steps=(Step(NOW, "沈知远", "导出 212 条", "件数一致"),), digests=(Digest("items.jsonl", "SHA-256", HEX, 12),),
        fixing="未经中立第三方固定", omissions=("3 条：未同意",), demonstration=("当庭开机",), citations=CITED,
    )  # fmt: skip


def verification(*witnesses: Voucher) -> VerificationNote:
    return VerificationNote(
        head=head(), origin="qinghe.example/log", log_key="qinghe.example/log+2f1d5c33+AZ5q0Xf1", size=48211,
        root=HEX, counts=(Labelled("消息", "212 条"),), proves=("写入之后未被改动。",),
        not_proved=("不能证明没有其他往来。",), page_sha256=HEX[::-1], witnesses=witnesses, timestamps=(),
        foreign=(ForeignCheck("OpenSSL", "核对时间戳", ("openssl ts -verify -in a.tsr -data note",)),),
    )  # fmt: skip


def certificate(*, ended: bool) -> DestructionCertificate:
    return DestructionCertificate(
        head=head(), concerns="周敏", reason="本人申请", requested_by="周敏", approved_by="高岚",
        executed_by="接力", destroyed=(Destroyed("私人会话", 48, "2026-03 至 2026-09"),),
        kept=(Labelled("客户会话", "保全中"),), live_store_at=NOW, live_store_ref="账本第 1301 条",
        backups_end_at=NOW + 30 * 86_400_000, backups_ended=ended, backups_ref="密钥第 7 期",
    )  # fmt: skip


SERVED: dict[str, Any] = {
    "head": head(), "version": "2026-09", "addressee": "周敏", "addressee_ref": "工号 Q0193",
    "handler": "青禾学堂", "handler_contact": "合规部", "purpose": "防止私单", "means": "会话存档",
    "data_kinds": "会话内容", "hours": "排班时间内", "uses": "投诉溯源", "retention": "两年",
    "recipients": "不提供", "rights": "查阅、复制、撤回", "clauses": (Clause("谁可以看", ("先写入账本。",)),),
    "citations": CITED, "grade": Grade.INK,
}  # fmt: skip


def notice() -> Notice:
    return Notice(name="员工个人信息处理告知书", receipt="已收悉。签收不表示同意。", **SERVED)


def consent() -> Consent:
    choices = (Choice("会话存档", "采集", "存档"), Choice("会话存档", "质检使用", "质检"))
    return Consent(
        name="会话内容存档知情同意书",
        choices=choices,
        refusal="不影响岗位。",
        withdrawal="随时可撤回。",
        **SERVED,
    )


EVERY: list[Template] = [
    exhibits(3), extraction(), verification(), said("您好"), certificate(ended=False), notice(), consent(),
]  # fmt: skip


def pages(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def read(data: Template) -> str:
    """What a program reads from the paper, without the white space that lines and columns make."""
    return "".join("".join(pages(render(data))).split())


@pytest.mark.parametrize("data", EVERY, ids=lambda d: type(d).__name__)
def test_the_same_data_give_the_same_bytes_and_open_as_a_pdf_with_the_papers_name(data: Template) -> None:
    first, second = render(data), render(data)
    assert first == second
    reader = PdfReader(io.BytesIO(first))
    assert reader.metadata is not None
    assert reader.metadata.title == facts.name_of(data)
    assert reader.metadata["/CreationDate"] == "D:20260921141320Z"
    assert f"第1页共{len(reader.pages)}页" in read(data)
    assert "JL-2026-0001" in read(data)


@pytest.mark.parametrize("data", EVERY, ids=lambda d: type(d).__name__)
def test_a_demo_paper_says_so_on_every_page_and_a_real_one_never(data: Template) -> None:
    demo = replace(data, head=head(Clock.DEMO))
    assert [p for p in pages(render(demo)) if "演示时钟" not in p] == []
    assert [p for p in pages(render(data)) if "演示时钟" in p] == []


def test_other_data_give_other_bytes() -> None:
    assert render(said("您好")) != render(said("您好。"))
    assert render(said("您好")) != render(replace(said("您好"), head=replace(head(), at=NOW + 1_000)))


HOSTILE = {
    "markup": "#let x = 1 [a](b) $x^2$ *粗* _斜_ @ref \\ `raw` // 注 /* */ <l> ~ -- --- ... 'q' \"q\" = h - #panic()",
    "code": '#read("/etc/hostname") #import "@preview/x:1.0.0" #eval("1+1") {{ }} %s ${x}',
    "control": "甲\x00乙\x07丙\x1b丁\x7f戊\t己\r\n庚",
    "direction": "付款\u202e元0892\u202c完 \u2066x\u2069 \u200f",
    "zero_width": "收\u200b到\u200c好\u200d的\u2060\ufeff\u00ad",
    "hebrew": "שלום",
    "emoji": "好的😀👍🏽👨\u200d👩\u200d👧🇨🇳❤\ufe0f",
    "spaces": "@张三\u2005您好\u00a0价格\u3000完",
    "twins": "⼯作⽤户 凉\uf979 –—",
    "marks": "e\u0301 \u1112\u1161\u11ab x\u0323 字\u08e7 \u0300\u0300",
    "private": "\ue000\U000f0000\uffff\U0010ffff",
    "brackets": "〚U+200B〛 〚",
    "latin": "价格2980元ABC fi ffi",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_people_wrote_is_printed_as_text_and_can_be_written_again(text: str) -> None:
    expected = printed(text)
    assert original(expected) == text
    assert "".join(expected.split()) in read(said(text))


def test_ordinary_text_is_printed_without_any_mark() -> None:
    text = "收到，谢谢！\n\n“三个工作日”内到账：¥2,980.00（含税）——好的……😀 OK\u3000① ≥ 5% 《合同》～"
    assert printed(text) == text
    lines = [line for page in pages(render(said("第一行\n第二行"))) for line in page.splitlines()]
    assert lines[lines.index("第一行") + 1] == "第二行"


def test_a_message_of_five_thousand_characters_is_printed_whole() -> None:
    text = "".join(chr(0x4E00 + n) for n in range(5_000))
    body = read(said(text))
    assert [c for c in text if c not in body and c in printed(c)] == []
    assert read(said("龘" * 5_000)).count("龘") == 5_000


@pytest.mark.parametrize(
    "text", ["x" * 5_000, "！" * 5_000, "a\u0301" * 2_000, "abc://" + "0123456789" * 300]
)
def test_text_without_a_place_to_break_stays_on_the_paper(text: str) -> None:
    reader = PdfReader(io.BytesIO(render(said(text))))
    rights: list[float] = []

    def note(run: str, _cm: Any, matrix: list[float], _font: Any, size: float) -> None:
        rights.append(matrix[4] * bool(run.strip()))

    for page in reader.pages:
        page.extract_text(visitor_text=note)
    assert len(reader.pages) > 1
    assert max(rights) < 595 - 65


@given(st.text(max_size=120))
def test_every_text_can_be_written_again_from_what_is_printed(text: str) -> None:
    assert original(printed(text)) == text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069]", printed(text))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=20))
def test_no_text_keeps_a_paper_from_being_made(texts: list[str]) -> None:
    assert render(said(*texts)).startswith(b"%PDF-")


def test_when_a_cluster_has_no_glyph_everything_unusual_is_marked() -> None:
    text = "价格 2980 元😀e\u0301⼯\n完"
    assert pieces(text, sure=True) == [
        "价格 2980 元", {"mark": "〚U+1F600〛"}, "e", {"mark": "〚U+0301〛"}, {"mark": "〚工 U+2F2F〛"}, "\n完",
    ]  # fmt: skip
    assert "价格" in read(said(text))


def test_templates_read_no_file_run_no_text_and_fetch_nothing() -> None:
    sources = "".join(p.read_text("utf-8") for p in sorted(Path(ROOT).glob("*.typ")))
    assert re.findall(r"\b(?:eval|read|csv|yaml|xml|cbor|plugin|image)\(|@preview|raw\(", sources) == []
    assert set(re.findall(r"(?:import|include) ([^:\n]+)", sources)) == {'"layout.typ"'}


def test_a_conversation_prints_names_ids_full_times_and_marks_what_is_left_out() -> None:
    body = read(
        conversation(
            Bubble(NOW, "staff", "三个工作日到账", "账本 7 · 第 2 项", marks=("已撤回",)),
            Omission(3, "发言人未同意"),
            SystemLine(NOW + 1_000, "责任人变更"),
            Bubble(
                NOW + 2_000, "customer", "", "账本 8",
                attachments=(Attachment("合同.jpg", "图片", 12, "md5:" + HEX[:32], "未取回"),),
            ),
        )
    )  # fmt: skip
    assert "1周敏（zhoumin01）2026-09-21周一22:13:20" in body
    assert "2何女士（wmAbCdEfGh0123456789ijklmnop）2026-09-21周一22:13:22" in body
    assert (
        "三个工作日到账账本7·第2项【已撤回】此处省略3条：发言人未同意2026-09-21周一22:13:21责任人变更" in body
    )
    assert "［图片］合同.jpg12字节未取回" in body
    assert "以上共印出2条，省略3条，全文完" in body


def test_four_hundred_messages_are_set_whole_and_take_no_more_work_each_than_forty() -> None:
    texts = [f"第 {n} 条：按合同约定，未开课部分全额退还，共 ¥2,980.00，三个工作日到账。" for n in range(400)]
    made = render(said(*texts))
    found = "".join("".join(pages(made)).split())
    assert [t for t in texts if "".join(t.split()) not in found] == []
    few, many = said(*texts[:40]), said(*texts)
    assert calls_of(lambda: render(many)) < 12 * calls_of(lambda: render(few))


def test_a_table_repeats_its_head_on_every_page() -> None:
    found = pages(render(exhibits(60)))
    assert len([p for p in found if "证明目的" in p]) > 1
    assert [p for p in found if "企业微信会话存档" in p and "证明目的" not in p] == []
    assert "共60项证据。" in read(exhibits(60))


def test_a_verification_note_has_two_pages_and_says_whether_it_was_witnessed() -> None:
    alone = pages(render(verification()))
    assert len(alone) == 2
    assert "未见证，未经中立第三方固定" in alone[0]
    assert HEX[::-1] in "".join(alone[1].split())
    witnessed = read(verification(Voucher("工会见证", "union+1a2b3c4d+Bx", "至第 48211 条")))
    assert "未见证，未经中立第三方固定" not in witnessed
    assert "工会见证" in witnessed


def test_a_destruction_certificate_has_two_dates_and_never_calls_a_coming_one_past() -> None:
    coming, past = read(certificate(ended=False)), read(certificate(ended=True))
    assert "主存储已销毁2026-09-21周一22:13:20账本第1301条" in coming
    assert "尚未失效，最迟于2026-10-21周三22:13:20失效" in coming
    assert "最后备份失效2026-10-21周三22:13:20" in past
    assert "尚未失效" not in past


def test_a_consent_asks_for_each_means_and_scope_apart_and_a_notice_asks_for_none() -> None:
    assert read(consent()).count("□同意□不同意") == 2
    body = read(notice())
    assert "□" not in body
    assert "签收不表示同意" in body
    fields = ("处理目的防止私单", "启用时段排班时间内", "数据用途投诉溯源", "存储期限两年", "线下手签")
    assert [f for f in fields if f not in body] == []


def test_articles_are_printed_as_they_were_given() -> None:
    assert "虚构的证据规则第九条（2020-01-01施行）电子数据应当完整。（一）保存可靠；" in read(extraction())


@pytest.mark.parametrize(
    ("content", "media", "code"),
    [
        (b"", "application/pdf", "papers.empty"),
        (PDF + bytes(LIMIT), "application/pdf", "papers.too_large"),
        (b"<html></html>", "text/html", "papers.media_type"),
        (b"MZ", "application/pdf", "papers.media_mismatch"),
        (b"\xff\xfe", "text/plain", "papers.media_mismatch"),
        (b"a\0b", "text/plain", "papers.media_mismatch"),
        (PDF, "image/png", "papers.media_mismatch"),
    ],
)
def test_what_cannot_be_a_paper_is_refused_with_its_reason(content: bytes, media: str, code: str) -> None:
    with pytest.raises(PaperRefused) as refused:
        check_content(content, media)
    assert refused.value.code == code


def receive(content: bytes = PDF) -> UUID:
    return operations.receive(
        kind="工作设备领用协议",
        title="周敏的领用协议",
        content=content,
        media_type="application/pdf",
        by=BY,
        at=NOW,
    ).id


def findings() -> list[str]:
    return [f.code for f in fsck.run([*ledger_checks.checks({}), *checks.checks()]).findings]


@pytest.mark.usefixtures("db")
def test_a_received_paper_is_kept_as_it_came_and_found_by_its_digest() -> None:
    id = receive()
    found = queries.paper(id)
    assert (found.kind, found.title, found.origin, found.size) == (
        "工作设备领用协议",
        "周敏的领用协议",
        Origin.RECEIVED,
        16,
    )
    assert found.sha256 == hashlib.sha256(PDF).hexdigest()
    assert queries.content(id) == PDF
    assert queries.by_digest(found.sha256) == [found]
    assert queries.by_digest("zz") == []
    assert findings() == []


@pytest.mark.usefixtures("db")
def test_an_issued_paper_is_what_its_data_render_to() -> None:
    kept = operations.issue(notice(), title="周敏的告知书", by=BY, at=NOW + 5)
    assert queries.paper(kept.id) == kept
    assert (kept.kind, kept.origin, kept.issued_at) == ("员工个人信息处理告知书", Origin.ISSUED, NOW)
    assert queries.content(kept.id) == render(notice())
    again = operations.issue(notice(), title="副本", by=BY, at=NOW + 6, rendered=render(notice()))
    assert [p.id for p in queries.by_digest(kept.sha256)] == [kept.id, again.id]


@pytest.mark.usefixtures("db")
def test_a_paper_of_a_failed_transaction_leaves_nothing() -> None:
    with pytest.raises(ZeroDivisionError), book(at=NOW):
        id = receive()
        raise ZeroDivisionError
    with pytest.raises(NoSuchPaper, match=r"papers\.unknown"):
        queries.paper(id)
    with pytest.raises(NoSuchPaper):
        queries.content(id)


@pytest.mark.parametrize(
    ("statement", "codes"),
    [
        ("UPDATE papers_content SET data = 'forged'", ["papers.content_changed"]),
        ("UPDATE papers_content SET data = NULL", ["papers.content_emptied"]),
        ("DELETE FROM papers_content", ["papers.content_missing"]),
        (
            "UPDATE papers_paper SET sha256 = sha256('forged'), size = 6",
            ["ledger.row_changed", "papers.content_changed"],
        ),
    ],
)
def test_bytes_changed_behind_the_book_are_named(owner_sql: Sql, statement: str, codes: list[str]) -> None:
    receive()
    owner_sql(statement)
    assert findings() == codes


@pytest.mark.usefixtures("db")
def test_the_application_itself_may_neither_change_nor_delete_a_paper(other_connection: Any) -> None:
    receive()
    for statement in (
        "UPDATE papers_content SET data = 'x'",
        "DELETE FROM papers_content",
        "DELETE FROM papers_paper",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            other_connection().execute(statement)
