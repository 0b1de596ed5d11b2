"""A small tea firm that comes in as a company does, by commands: keys, people, sheets, calendar, notices, consents."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jieli.consent.types import DocumentKind
from tests.conftest import NOW, ORIGIN
from tests.doors.cli import Jieli
from tests.rooms.company import sh

FOUNDED = sh("2026-06-01 08:00")
PDF = b"%PDF-1.7\nsigned by hand\n"
NOTICE: dict[str, Any] = {
    "kind": "员工", "title": "会话存档与通话录音告知书", "text": "只保存班次之内与客户的沟通。",
    "means": ["会话存档", "通话录音"], "scopes": ["采集", "质检使用", "争议举证使用"], "purpose": "客户沟通留痕",
    "hours": "班次之内", "use": "投诉溯源、质检、争议举证", "retention": "三年", "categories": "文字、通话",
    "contact": "青禾茶业 010-5550-0188", "rights": "随时查阅、撤回、提出异议",
    "summary": "同意的是与客户的沟通被保存；其余可以拒绝，不受影响。",
}  # fmt: skip
HEADERS = {
    "法人": "法人代码,名称,统一社会信用代码",
    "部门": "部门代码,名称,法人代码,上级部门代码",
    "员工": "工号,姓名,部门代码,岗位,入职日期",
    "客户": "客户编号,姓名,来源",
    "客户身份": "客户编号,平台,平台标识",
    "订单": "订单号,客户编号,产品,金额（元）,下单日期",
    "设备": "IMEI,型号",
    "账号": "平台,账号标识,账号类型,法人代码,新号",
    "持有": "资产类别,平台,资产标识,持有类别,工号,起始,结束（不含）",
    "文件": "类别,工号,签署日期,标题,扫描件,平台,账号标识",
    "班次": "工号,上班,下班,类别",
    "请假": "工号,起始,结束（不含）,类别",
}
#: 工号, name, post, handle of the chat account. E4 was told nothing, agreed to nothing and signed nothing.
STAFF = (
    ("E1", "何青", "销售", "heqing"), ("E2", "陆川", "客服", "luchuan"), ("E3", "白露", "行政", "bailu"),
    ("E4", "唐之", "销售", "tangzhi"),
)  # fmt: skip
TOLD = STAFF[:3]
PHONES = (("E1", "19900000001"), ("E2", "19900000002"))
CUSTOMERS = (("C1", "林晚", "wm-lin", "19900000091"), ("C2", "顾言", "wm-gu", "19900000092"))
EVERY_SCOPE = ("采集", "质检使用", "争议举证使用")


def sheets(directory: Path, **rows: Iterable[str]) -> Path:
    """Write sheets by their names without the ending; a line is a row as Excel saves it."""
    directory.mkdir(exist_ok=True)
    for name, lines in rows.items():
        (directory / f"{name}.csv").write_text("\n".join([HEADERS[name], *lines]) + "\n", "utf-8")
    return directory


def notice(directory: Path, **changed: Any) -> Path:
    """Write the file of a notice; an item given as None is left out."""
    path = directory / "notice.json"
    said = {k: v for k, v in (NOTICE | changed).items() if v is not None}
    path.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    return path


def keys_and_people(jieli: Jieli) -> None:
    """Keys; and who signs in: admin, yan (合规), it (信息技术)."""
    jieli.answer("keys", "init", "--origin", ORIGIN)
    jieli.answer("access", "first-admin", "--sign-in", "admin")
    for sign_in, name, role in (("yan", "严谨", "合规"), ("it", "范机", "信息技术")):
        jieli.answer("access", "admit", "--sign-in", sign_in, "--name", name, "--as", "admin")
        jieli.answer("access", "grant", "--sign-in", sign_in, "--role", role, "--as", "admin")


def found(jieli: Jieli, tmp_path: Path) -> dict[str, str]:
    """Bring the firm in, all of it by 1 June, and leave the clock at NOW; the notices by kind."""
    jieli.at = FOUNDED
    keys_and_people(jieli)
    done = jieli.answer("load", _company(tmp_path / "公司资料"))
    assert done["errors"] == []
    jieli.answer("access", "admit", "--sign-in", "heqing", "--name", "何青", "--staff", "E1", "--as", "admin")
    jieli.answer("consent", "calendar", 2026, "--as", "yan")
    notices = {}
    people = {"员工": [no for no, *_ in TOLD], "客户": [no for no, *_ in CUSTOMERS]}
    for kind, numbers in people.items():
        told = jieli.answer("consent", "publish", notice(tmp_path, kind=kind), "--as", "yan")["notice"]
        serve = (
            "consent",
            "serve",
            *numbers,
            "--notice",
            told,
            "--kind",
            kind,
            "--how",
            "当面",
            "--as",
            "yan",
        )
        jieli.answer(*serve)
        notices[kind] = told
    for number in people["员工"]:
        agree(jieli, number, "员工", "会话存档", notices["员工"])
    agree(jieli, "E1", "员工", "通话录音", notices["员工"])
    for means in ("会话存档", "通话录音"):
        agree(jieli, "C1", "客户", means, notices["客户"])
        agree(jieli, "C2", "客户", means, notices["客户"], scopes=EVERY_SCOPE[:2])
    jieli.at = NOW
    return notices


def agree(
    jieli: Jieli, who: str, kind: str, means: str, told: str, scopes: Iterable[str] = EVERY_SCOPE
) -> None:
    """Somebody agrees to a means for these scopes."""
    wanted = [word for scope in scopes for word in ("--scope", scope)]
    words = (
        "consent",
        "give",
        who,
        "--kind",
        kind,
        "--means",
        means,
        *wanted,
        "--notice",
        told,
        "--as",
        "yan",
    )
    jieli.answer(*words)


def papers(staff_no: str, *, without: str = "") -> list[str]:
    """The four papers of a staff member, or three of them."""
    return [f"{kind},{staff_no},2026-05-04,,,," for kind in DocumentKind if kind.value != without]


def _company(directory: Path) -> Path:
    accounts = [
        *(f"企业微信,{handle},企业微信,QH,是" for *_, handle in STAFF),
        *(f"电话,{number},其他,QH,是" for _, number in PHONES),
    ]
    held = [("企业微信", handle, no) for no, *_, handle in STAFF] + [("电话", n, no) for no, n in PHONES]
    signed = [(platform, handle, no) for platform, handle, no in held if no != "E4"]
    sheets(
        directory,
        法人=["QH,青禾茶业有限公司,91310000MA00000001"],
        部门=["S1,门店一部,QH,"],
        员工=[f"{no},{name},S1,{post},2026-01-05" for no, name, post, _ in STAFF],
        客户=[f"{no},{name},购课订单" for no, name, *_ in CUSTOMERS],
        客户身份=[
            *(f"{no},企业微信,{chat}" for no, _, chat, _ in CUSTOMERS),
            *(f"{no},电话,{phone}" for no, *_, phone in CUSTOMERS),
        ],
        设备=["860000000000001,工作手机一型"],
        账号=accounts,
        持有=[
            *(f"账号,{platform},{handle},员工,{no},2026-05-04," for platform, handle, no in held),
            "设备,,860000000000001,公司库存,,2026-05-04,",
        ],
        文件=[
            *(line for no, *_ in TOLD for line in papers(no)),
            *(f"工作账号使用承诺书,{no},2026-05-05,,promise.pdf,{p},{handle}" for p, handle, no in signed),
        ],
        班次=[f"{no},{day} 09:00,{day} 18:00,班次" for no, *_ in STAFF for day in ("2026-09-17", "2026-09-18")],
    )  # fmt: skip
    (directory / "promise.pdf").write_bytes(PDF)
    return directory


def call(n: int, caller: str, called: str, when: str) -> bytes:
    """A row of the telephone system's own log: answered, and one minute long."""
    start, end = f"{when}:00", f"{when}:59"
    return (
        f'"","{caller}","{called}","from-internal","","PJSIP/{caller}-0000000{n}","PJSIP/trunk-1000000{n}","Dial","",'
        f'"{start}","{start}","{end}",59,59,"ANSWERED","DOCUMENTATION","{n}.{n}",""'
    ).encode()


def calls(jieli: Jieli, tmp_path: Path, *rows: bytes) -> dict[str, Any]:
    """Import rows of the telephone system's log through the command; its answer."""
    path = tmp_path / "Master.csv"
    path.write_bytes(b"\n".join(rows) + b"\n")
    return jieli.answer("import", path, "--format", "calls-asterisk", "--as", "it")
