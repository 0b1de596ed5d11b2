"""`jieli reconcile`: what a source delivered against what was admitted, refused or unreadable. 0 complete, 1 gaps."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from jieli.capture.reconciling import COUNTS, Reconciliation
from jieli.doors.cli.acting import As, person
from jieli.doors.cli.frame import AsJson, command, out
from jieli.kernel.times import local
from jieli.ledger.places import numbered
from jieli.wiring.reconciling import Delivered, SourceFormat, reconcile_files

MOST_SHOWN = 30

Files = Annotated[list[Path], typer.Argument(help="来源交付的文件，可多个，合起来是一次交付。")]
FormatOption = Annotated[
    SourceFormat,
    typer.Option("--format", help="同导入格式；只知道条数时用 counts（CSV：hour,account,count）。"),
]
Mapping = Annotated[Path | None, typer.Option("--mapping", help="导入时所用的对话映射（仅 dialogue）。")]
Platform = Annotated[str | None, typer.Option("--platform", help="账号所属平台；缺省按格式。")]


def reconcile(
    files: Files,
    format_: FormatOption,
    sign_in: As,
    mapping: Mapping = None,
    platform: Platform = None,
    as_json: AsJson = False,
) -> None:
    """对账：来源的每条消息是已存入、已拒收、读不出，还是缺漏；逐账号逐小时列出缺漏。不读取任何内容。"""
    with command(as_json=as_json) as run:
        found = reconcile_files(
            files, Delivered(format_, platform, mapping), by=person(run, sign_in), at=run.at()
        )
        run.answer(_values(found), say=lambda: _say(found))
        if not found.complete:
            raise typer.Exit(1)


def _values(found: Reconciliation) -> dict[str, Any]:
    return {
        "complete": found.complete, "nothing_read": found.nothing_read, "by_counts": found.by_counts,
        **{name: getattr(found, name) for name in COUNTS},
        "gaps": [
            {
                "account": g.account or None, "hour": local(g.hour).isoformat(), "delivered": g.delivered,
                "missing": g.missing, "again": g.again.value,
            }
            for g in found.gaps
        ],
        "unreadable_lines": [
            {"file": u.file, "line": u.line, "column": u.column, "code": u.code} for u in found.listed
        ],
        "media": None
        if found.media is None
        else {
            "kept": found.media.kept,
            "refused": {reason.code: number for reason, number in found.media.refused.items()},
            "waiting": found.media.waiting,
        },
        "entry": found.entry,
    }  # fmt: skip


#: A line of the table for each count, in the words of people; a count of zero is left away where nothing was expected.
_WORDS = (
    ("messages", "来源交付", True),
    ("admitted", "已存入", True),
    ("destroyed", "已存入，后销毁", False),
    ("refused", "已拒收", True),
    ("refused_by_tally", "已拒收（编号摘要已过三十天，按账号与日期的计数相抵）", False),
    ("missing", "缺漏", True),
    ("surplus", "存入多于来源所称", False),
    ("repeated", "来源重复交付", False),
    ("unreadable", "读不出的行", True),
    ("statements", "平台转达的同意或拒绝", False),
    ("switches", "切换企业", False),
    ("stated", "写明了条数的小时", False),
)


def _say(found: Reconciliation) -> None:
    total = Table(title="对账结果", title_justify="left", show_header=False)
    for name, words, always in _WORDS:
        number = getattr(found, name)
        if always or number:
            total.add_row(words, str(number))
    if found.media is not None:
        total.add_row("附件：已存入", str(found.media.kept))
        for reason, number in found.media.refused.items():
            total.add_row(f"附件：未能存入（{reason.value}）", str(number))
        total.add_row("附件：条目还没有取回任何附件", str(found.media.waiting))
    out.print(total)
    if found.gaps:
        drawn = Table("账号", "小时", "来源交付", "缺漏", "怎样补齐", title="缺漏", title_justify="left")
        for gap in found.gaps[:MOST_SHOWN]:
            hour = f"{local(gap.hour):%Y-%m-%d %H} 时"
            drawn.add_row(
                gap.account or "未登记账号", hour, str(gap.delivered), str(gap.missing), gap.again.value
            )
        out.print(drawn)
    if len(found.gaps) > MOST_SHOWN:
        out.print(f"另有 {len(found.gaps) - MOST_SHOWN} 处未列出，见 --json。")
    for bad in found.listed[:MOST_SHOWN]:
        out.print(f"{bad.file} 第 {bad.line} 行第 {bad.column} 列读不出［{bad.code}］", markup=False)
    if len(found.listed) > MOST_SHOWN:
        out.print(f"另有 {found.unreadable - MOST_SHOWN} 行读不出，未列出。")
    out.print(f"{_verdict(found)}结果已写入账本第 {numbered(found.entry or 0)} 条。", markup=False)


def _verdict(found: Reconciliation) -> str:
    if found.nothing_read:
        return "什么也没有读出来：说不上完整，请核对文件与 --format。"
    return "完整：来源交付的都有着落。" if found.complete else "不完整。"
