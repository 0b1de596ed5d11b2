"""Forms: each prints all it was told, in text that can be copied, and none can say what it may not say."""

import io
import subprocess
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import segno
from pypdf import PdfReader

from jieli.papers import facts
from jieli.papers.errors import PaperRefused
from jieli.papers.forms.dispute import LossStatement
from jieli.papers.forms.ending import ReturnDemand, ReturnLine, SupportedAmount, SupportedBy
from jieli.papers.forms.leaving import AccountLine, CustomerLine, HandoverSheet
from jieli.papers.forms.parts import FormPaper, Section, SignOff
from jieli.papers.forms.pay import PAY_ITEMS, TASK_ITEMS, PayKind, PaySettlement
from jieli.papers.forms.things import DEVICE_STEPS, DeviceAcceptance, RecoveryRecord
from jieli.papers.rendering import render
from jieli.papers.signing import GRADE_LINES
from jieli.papers.text import printed
from jieli.papers.types import Clock
from tests.rooms import forms

LONG = "阿卜杜热依木·买买提吐尔逊江·青禾学堂华东大区第二课程顾问中心"
EVERY = pytest.mark.parametrize("form", forms.EXAMPLES, ids=lambda form: form.kind)


def pages(pdf: bytes) -> list[str]:
    return ["".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def read(form: FormPaper) -> str:
    return "".join(pages(render(form)))


def told(value: Any) -> list[str]:
    """Every text of a form's sections, but for the words that only steer the template."""
    if isinstance(value, str):
        return ["".join(printed(value).split())]
    if isinstance(value, tuple):
        return [text for one in value for text in told(one)]
    if is_dataclass(value):
        return [
            t for f in fields(value) if f.name not in ("grade", "empty") for t in told(getattr(value, f.name))
        ]
    return []


def slots(form: FormPaper) -> list[tuple[str, str]]:
    return [
        (s.role, s.name) for section in form.sections() if isinstance(section, SignOff) for s in section.slots
    ]


def test_there_is_one_example_of_each_form_and_each_has_its_own_name() -> None:
    def below(cls: type) -> set[str]:
        """Forms of this room; higher rooms may have papers of their own."""
        own = {cls.__name__} if cls.__module__.startswith("jieli.papers.") else set()
        return own.union(*(below(sub) for sub in cls.__subclasses__()))

    assert {type(form).__name__ for form in forms.EXAMPLES} == below(FormPaper) - {"FormPaper"}
    assert len(forms.EVERY) == len(forms.EXAMPLES) == 21


@EVERY
def test_a_form_prints_every_word_it_was_told_as_text(form: FormPaper) -> None:
    body = read(form)
    assert [t for t in told(form.sections()) if t not in body] == []
    assert form.kind in body


@EVERY
def test_the_same_form_gives_the_same_bytes_and_names_the_demo_clock_on_every_page(form: FormPaper) -> None:
    assert render(form) == render(form)
    demo = replace(form, head=replace(form.head, clock=Clock.DEMO))
    assert [page for page in pages(render(demo)) if "演示时钟" not in page] == []
    assert "演示时钟" not in read(form)


@EVERY
def test_each_signature_stands_with_its_grade_and_the_seal_is_never_called_the_official_one(
    form: FormPaper,
) -> None:
    body = read(form)
    grades = [s.grade for section in form.sections() if isinstance(section, SignOff) for s in section.slots]
    lines = ["".join(f"签署等级：{GRADE_LINES[g]}".split()) for g in grades]
    assert [line for line in lines if body.count(line) != lines.count(line)] == []
    assert [page for page in pages(render(form)) if "企业电子签章（非公章）" not in page] == []


@EVERY
def test_the_print_version_has_places_for_the_seal_across_the_sheets_and_says_the_same(
    form: FormPaper,
) -> None:
    printable = replace(form, print_layout=True)
    assert [page for page in pages(render(printable)) if "骑缝章" not in page] == []
    assert "骑缝章" not in read(form)
    assert facts.code_of(printable) == facts.code_of(form)


@EVERY
def test_the_code_changes_with_what_the_paper_says(form: FormPaper) -> None:
    other = replace(form, head=replace(form.head, unit="青禾学堂（宁波）"))
    assert facts.code_of(form) != facts.code_of(other)
    number, short = facts.read_code(facts.code_of(form)) or ("", b"")
    assert (number, short) == (form.head.number, facts.facts_digest(form)[: facts.SHORT])


def test_what_is_no_code_of_ours_is_read_as_none() -> None:
    assert facts.read_code("https://example.com") is None
    assert facts.read_code("JIELI1:JL-1:abc") is None
    assert facts.read_code("JIELI1::" + "0" * 32) is None


def test_the_code_on_the_sheet_is_the_codes_own_pattern_module_by_module(tmp_path: Path) -> None:
    form, side, dots = forms.CERTIFICATE, 1.3, 600 / 2.54
    (tmp_path / "p.pdf").write_bytes(render(form))
    subprocess.run(
        ["pdftoppm", "-r", "600", "-mono", "-f", "1", "-l", "1", "p.pdf", "p"], cwd=tmp_path, check=True
    )
    kind, size, bits = next(tmp_path.glob("p-*.pbm")).read_bytes().split(b"\n", 2)
    width = int(size.split()[0])
    line = (width + 7) // 8
    left = (21 - 2.3 - side) * dots

    def dark(x: float, y: float) -> bool:
        return bool(bits[int(y) * line + int(x) // 8] >> (7 - int(x) % 8) & 1)

    top = next(y for y in range(int(3 * dots)) if any(dark(left + x, y) for x in range(int(side * dots))))
    wanted = [
        [bool(m) for m in row]
        for row in segno.make(facts.code_of(form), error="m", micro=False, boost_error=False).matrix
    ]
    module = side * dots / len(wanted)
    found = [
        [dark(left + (x + 0.5) * module, top + (y + 0.5) * module) for x in range(len(wanted))]
        for y in range(len(wanted))
    ]
    assert kind == b"P4"
    assert found == wanted


@pytest.mark.req("R0.47")
def test_a_list_that_was_not_made_is_shown_as_a_gap_and_the_sheet_is_not_whole() -> None:
    whole, lacking = forms.HANDOVER, replace(forms.HANDOVER, customers=None)
    assert whole.missing() == ()
    assert "缺" not in read(whole)
    assert lacking.missing() == ("附件四　客户清单",)
    body = read(lacking)
    assert "缺：附件四客户清单。补齐前交接不算完成。" in body
    assert "缺：客户清单未提供。补齐前交接不算完成。" in body
    assert [role for role, _ in slots(lacking)[-3:]] == ["移交人", "接收人", "监交人"]


def test_an_empty_list_is_no_gap() -> None:
    empty = replace(forms.HANDOVER, accounts=(), things=(), customers=())
    assert empty.missing() == ()
    assert read(empty).count("0项已附") == 3


@pytest.mark.req("R0.35")
def test_the_data_list_has_four_classes_with_count_span_and_digest() -> None:
    body = read(forms.HANDOVER)
    digest, reverse = forms.HEX, forms.HEX[::-1]
    assert f"1客户资源500名2023-03-01至2026-09-20{digest}" in body
    assert f"2交易信息480笔2023-03-05至2026-09-18{reverse}" in body
    assert f"3历史沟通记录1280段2023-03-05至2026-09-20{digest}" in body
    assert f"4企业投入凭证12份2023-03-01至2026-08-31{reverse}" in body
    lacking = replace(forms.HANDOVER, data=replace(forms.DATA, talks=None))
    assert lacking.missing() == ("附件二　历史沟通记录",)
    assert "3历史沟通记录缺缺缺" in read(lacking)


def test_every_department_signs_in_a_section_of_its_own() -> None:
    roles = [role for role, _ in slots(forms.HANDOVER)][:5]
    assert [role.split("（")[0] for role in roles] == ["直属部门", "IT", "行政", "财务", "人力"]
    assert read(forms.HANDOVER).count("意见：□已结清□未结清，原因：") == 5


def test_long_lists_repeat_their_heads_and_print_every_row() -> None:
    accounts = tuple(
        AccountLine("企业微信", f"zhou{n:04d}" + "x" * (n % 50), "13800000193", "青禾学堂", "2", "已恢复")
        for n in range(120)
    )
    customers = tuple(CustomerLine(f"C-{n:05d}", LONG, "广告", "", "沈知远", "待接续") for n in range(120))
    found = pages(render(replace(forms.HANDOVER, accounts=accounts, customers=customers)))
    body = "".join(found)
    assert [a.handle for a in accounts if a.handle not in body] == []
    assert [c.customer_no for c in customers if c.customer_no not in body] == []
    assert [p for p in found if "zhou0" in p and "绑定手机号" not in p] == []
    assert [p for p in found if "C-000" in p and "客户编号" not in p] == []
    assert len(found) > 10


def test_a_long_word_in_a_narrow_column_does_not_run_into_the_next() -> None:
    line = AccountLine("W" * 40, "1" * 60, "8" * 40, "m" * 40, "@" * 30, "待交", "x" * 80)
    reader = PdfReader(io.BytesIO(render(replace(forms.HANDOVER, accounts=(line,)))))
    found: list[tuple[float, float, str]] = []

    def note(run: str, _cm: Any, matrix: list[float], _font: Any, size: float) -> None:
        found.append((matrix[5], matrix[4], run.strip()))

    reader.pages[2].extract_text(visitor_text=note)
    body = [(y, x, run) for y, x, run in found if run and set(run) <= set("W18m@x")]
    assert len(body) > 20
    assert max(len(run) for _, _, run in body if run.startswith("W")) <= 5
    assert max(len(run) for _, _, run in body if run.startswith("1")) <= 13


def test_long_names_are_printed_whole_everywhere() -> None:
    form = replace(forms.HANDOVER, leaver=LONG, unit_name=LONG * 4, head=replace(forms.HEAD, unit=LONG * 2))
    body = read(form)
    assert LONG * 4 in body
    assert f"{LONG}（工号Q0193）" in body


@pytest.mark.parametrize("word", ["辞职", "开除", "违纪", "原因", "评价", "交接"])
def test_a_certificate_has_just_the_four_fields_of_the_law(word: str) -> None:
    assert word not in read(forms.CERTIFICATE)


def test_a_certificate_says_who_the_four_fields_and_where_to_seal_and_nothing_else() -> None:
    own = {f.name for f in fields(forms.CERTIFICATE)} - {"head", "print_layout"}
    assert own == {"person", "id_tail", "contract_term", "ended_on", "post", "service", "seal"}
    body = pages(render(forms.CERTIFICATE))
    said = (
        "解除（终止）劳动合同证明书兹证明周敏（身份证后四位193X）与本单位的劳动合同已经解除或者终止。"
        "劳动合同期限2023-03-01至2027-02-28解除或者终止劳动合同的日期2026-09-30"
        "工作岗位课程顾问在本单位的工作年限3年7个月"
        "用人单位（盖章）：日期：年月日签署等级：线下手签"
    )
    assert len(body) == 1
    assert said in body[0]
    around = body[0].replace(said, "")
    assert around == (
        "青禾学堂（杭州）教育科技有限公司编号：JL-2026-0193"
        "解除（终止）劳动合同证明书第1页共1页出具：2026-09-21周一22:13:20"
        "本件如带电子签章，系企业电子签章（非公章），只表明由哪家企业出具。页首的码对应登记的文书；实际签署等级以签署登记为准。"
    )


def test_a_record_of_refusal_has_no_place_for_the_refuser_to_sign() -> None:
    assert slots(forms.REFUSAL) == [
        ("经办人", "罗晓"),
        ("见证人（工会代表）", "祁芸"),
        ("见证人（行政部）", "宋怀"),
    ]
    assert "本人未签署" in read(forms.REFUSAL)


@pytest.mark.parametrize(
    ("fen", "by", "exhibits"),
    [(0, SupportedBy.PROVED, ("证据 1",)), (-5, SupportedBy.PROVED, ("证据 1",)), (100, SupportedBy.ADMITTED, ()),
     (100, SupportedBy.ADMITTED, ("",)), (100, "自称", ("证据 1",))],
)  # fmt: skip
def test_a_demand_cannot_hold_an_amount_that_is_not_supported(
    fen: int, by: Any, exhibits: tuple[str, ...]
) -> None:
    with pytest.raises(PaperRefused, match=r"papers\.unsupported_amount"):
        SupportedAmount("借款", fen, by, exhibits)


def test_a_demand_without_supported_amounts_asks_for_none() -> None:
    assert "有依据的金额" not in read(replace(forms.DEMAND, amounts=()))
    assert "¥1,200.00对方认可借款单7" in read(forms.DEMAND)


@pytest.mark.parametrize("threat", ["否则我司将报警", "将在行业通报", "影响您的背调"])
def test_a_demand_that_threatens_is_refused(threat: str) -> None:
    def demand(**changed: Any) -> ReturnDemand:
        return replace(forms.DEMAND, **changed)

    with pytest.raises(PaperRefused, match=r"papers\.threat"):
        demand(facts=(threat,))
    with pytest.raises(PaperRefused, match=r"papers\.threat"):
        demand(items=(ReturnLine("手机", "", threat, ""),))


@pytest.mark.req("R0.13")
def test_a_loss_told_with_adjectives_and_no_customers_is_refused() -> None:
    def loss(**changed: Any) -> LossStatement:
        return replace(forms.LOSS, **changed)

    with pytest.raises(PaperRefused, match=r"papers\.adjectives"):
        loss(theory=("大量客户失联",), lost=())
    assert loss(theory=("大量客户失联，见下表",)).supported_fen == 200_000
    assert loss(theory=("没有续课。",), lost=()).supported_fen == 200_000


def test_only_supported_heads_of_damage_are_added_up() -> None:
    body = read(forms.LOSS)
    assert "品牌影响未主张数额未证明无不计入" in body
    assert "有依据的损失合计¥2,000.00（已扣除列明的款项）；未计入1项。" in body
    costly = replace(forms.LOSS, deductions=(replace(forms.LOSS.deductions[0], fen=9_999_999),))
    assert costly.supported_fen == 0


def test_a_settlement_of_pay_knows_no_punishment_and_shows_the_lines_that_are_missing() -> None:
    assert {kind.value for kind in PayKind} == {"应付", "报销", "借款核销", "依法代扣代缴"}
    form = forms.EVERY["工资及费用结算单"]
    assert isinstance(form, PaySettlement)
    given = {p.item for p in form.pays} | {t.item for t in form.tasks}
    assert set(form.missing()) == {*PAY_ITEMS, *TASK_ITEMS} - given
    assert "应付合计¥10,180.00；报销合计¥260.00；依法代扣代缴合计¥123.00；待核1项。" in read(form)


def test_a_card_of_steps_shows_each_step_that_was_not_tried_or_failed() -> None:
    device, account = forms.EVERY["设备验收单"], forms.EVERY["账号恢复测试记录"]
    assert isinstance(device, DeviceAcceptance)
    assert isinstance(account, RecoveryRecord)
    assert len(DEVICE_STEPS) == len(set(DEVICE_STEPS)) == 15
    assert device.missing() == ()
    failed = replace(device, steps=(replace(device.steps[10], passed=False), *device.steps[:10]))
    assert failed.missing() == DEVICE_STEPS[10:]
    assert account.state == "已交付未恢复"
    assert "缺或未通过：昵称头像已更换、首条消息表明身份。" in read(account)
    done = replace(
        account,
        steps=tuple(replace(account.steps[0], step=s) for s in (*_names(account), *account.missing())),
    )
    assert done.state == "已恢复"


def _names(account: RecoveryRecord) -> tuple[str, ...]:
    return tuple(line.step for line in account.steps)


def test_a_sheet_with_nothing_filled_in_is_still_a_sheet() -> None:
    blank = replace(
        forms.HANDOVER, id_tail="", unit_name="", post="", joined_on="", service="", accounts=None, data=None,
        things=None, customers=None, objections="", cannot="", leaver_sign=forms.Signer(""),
        receiver_sign=forms.Signer(""), supervisor_sign=forms.Signer(""),
    )  # fmt: skip
    assert isinstance(blank, HandoverSheet)
    assert len(blank.missing()) == 4
    assert read(blank).count("补齐前交接不算完成") == 5


def test_sections_are_of_the_kinds_that_the_template_knows() -> None:
    known = {kind.__name__ for kind in Section.__args__}
    assert {type(s).__name__ for form in forms.EXAMPLES for s in form.sections()} <= known
