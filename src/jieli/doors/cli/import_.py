"""`jieli import`: files through the gate. Each line that begins with 已入账 is in the ledger when it is printed."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from jieli.capture.report import Receipt
from jieli.doors.cli.acting import As, person
from jieli.doors.cli.frame import AsJson, Command, command, out
from jieli.ledger.places import numbered
from jieli.wiring.imports import Format, Imported, Wanted, import_file

MOST_SHOWN = 20

Files = Annotated[list[Path], typer.Argument(help="要导入的文件，可多个。")]
FormatOption = Annotated[
    Format, typer.Option("--format", help="文件格式，见 docs/reference/import-formats.md。")
]
Mapping = Annotated[Path | None, typer.Option("--mapping", help="对话映射文件：谁是谁（仅 dialogue）。")]
Platform = Annotated[str | None, typer.Option("--platform", help="账号所属平台；缺省按格式。")]
Historical = Annotated[
    bool, typer.Option("--historical", help="补录：按所称时间认依据，逐条标注“事后登记”。")
]
Reason = Annotated[str | None, typer.Option("--reason", help="补录的理由，写入账本。")]


def import_(
    files: Files,
    format_: FormatOption,
    sign_in: As,
    mapping: Mapping = None,
    platform: Platform = None,
    historical: Historical = False,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """导入消息或话单：有依据的存入，没有依据的只留计数。中断后再次运行即可补完，不会重复。"""
    wanted = Wanted(format_, platform, mapping, historical, reason)
    with command(as_json=as_json) as run:
        by = person(run, sign_in)
        done: list[Imported] = []
        for file in files:
            tell = None if as_json else _acknowledge
            done.append(import_file(file, wanted, by=by, at=run.at(), progress=tell))
        _answer(run, done)
        if not any(one.report.read for one in done):
            raise typer.Exit(1)


def _acknowledge(receipt: Receipt) -> None:
    words = f"存入 {receipt.admitted}，拒收 {receipt.refused}，重复 {receipt.duplicates}，读不出 {receipt.malformed}"
    out.print(
        f"已入账 #{numbered(receipt.entry)}：第 {receipt.first_line}–{receipt.last_line} 行，{words}",
        markup=False,
    )


def as_json_object(done: list[Imported]) -> dict[str, Any]:
    """All files of an import as one object; counts are those of `report.ImportReport`."""
    names = ("read", "admitted", "documented_later", "refused", "refused_before", "duplicates", "malformed",
             "switches", "statements")  # fmt: skip
    files: list[dict[str, Any]] = []
    for one in done:
        report = one.report
        files.append(
            {"file": one.file, "run": report.run, "source": report.source}
            | {name: getattr(report, name) for name in names}
            | {
                "agreements": {
                    "recorded": report.agreements_recorded, "known": report.agreements_known,
                    "implausible": report.agreements_implausible,
                },
                "reasons": dict(report.reasons), "first_reasons": dict(report.first_reasons),
                "malformed_lines": [
                    {"line": m.line, "column": m.column, "code": m.code} for m in report.listed
                ],
                "acknowledged": [r.entry for r in report.receipts],
                "expected": None if one.differences is None else {
                    "met": not one.differences,
                    "differences": [
                        {"what": d.what, "expected": d.expected, "found": d.found} for d in one.differences
                    ],
                },
            }
        )  # fmt: skip
    return {name: sum(f[name] for f in files) for name in names} | {"files": files}


def _answer(run: Command, done: list[Imported]) -> None:
    run.answer(as_json_object(done), say=lambda: _say(done))


def _say(done: list[Imported]) -> None:
    reports = [one.report for one in done]
    total = Table(title="导入结果", title_justify="left", show_header=False)
    for name, number in (
        ("存入", sum(r.admitted for r in reports)),
        ("其中事后登记的依据", sum(r.documented_later for r in reports)),
        ("拒收（只留计数，不留内容）", sum(r.refused for r in reports)),
        ("其中以前已计数", sum(r.refused_before for r in reports)),
        ("重复（早已存入）", sum(r.duplicates for r in reports)),
        ("平台转达的同意或拒绝", sum(r.statements for r in reports)),
        ("切换企业（仅计数）", sum(r.switches for r in reports)),
        ("读不出的行", sum(r.malformed for r in reports)),
    ):
        total.add_row(name, str(number))
    out.print(total)
    reasons = Counter[str]()
    for r in reports:
        reasons += r.reasons
    if reasons:
        refused = Table("拒收原因", "条", title="一条可有几个原因", title_justify="left")
        for reason, count in reasons.most_common():
            refused.add_row(reason, str(count))
        out.print(refused)
    _say_malformed(done)
    _say_expected(done)


def _say_malformed(done: list[Imported]) -> None:
    bad = [(one.file, line) for one in done for line in one.report.listed]
    if not bad:
        return
    drawn = Table(
        "文件", "行", "列", "代码", "说明", title="读不出的行（未存入，不影响其他行）", title_justify="left"
    )
    for file, line in bad[:MOST_SHOWN]:
        drawn.add_row(file, str(line.line), str(line.column), line.code, line.sentence)
    out.print(drawn)
    more = sum(one.report.malformed for one in done) - min(len(bad), MOST_SHOWN)
    if more:
        out.print(f"另有 {more} 行未列出。")


def _say_expected(done: list[Imported]) -> None:
    for one in done:
        if one.differences is None:
            continue
        if not one.differences:
            out.print(f"{one.file}：与映射所写的预期条数一致。", markup=False)
        for d in one.differences:
            name = {"admitted": "存入", "refused": "拒收"}.get(d.what, d.what)
            out.print(
                f"{one.file}：{name}预期 {d.expected} 条，实为 {d.found} 条。", markup=False, style="red"
            )
