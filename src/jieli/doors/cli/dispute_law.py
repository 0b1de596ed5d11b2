"""`jieli dispute`: what rules answer beside the issues: clauses, rules, certificate, label, route, liability."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from jieli.doors.cli import dispute_said as said
from jieli.doors.cli.acting import As
from jieli.doors.cli.dispute_acting import Number, OnFile, manages, rows
from jieli.doors.cli.frame import AsJson, Command, command, out
from jieli.doors.cli.given import NoFile, day
from jieli.evidence import consultations, stated_rows
from jieli.evidence.assessments import account_rules, clauses, liability, virtual_property
from jieli.evidence.assessments.account_rules import AccountRules
from jieli.evidence.assessments.amounts import ZERO, Amount, parse
from jieli.evidence.errors import BadFactFile
from jieli.kernel.times import local_day
from jieli.law.verdicts import Fact, Verdict

OfDispute = Annotated[str | None, typer.Option("--dispute", help="用这件争议中的事实。")]
_HEADS = {"违约": "BREACH", "侵权": "TORT", "商业秘密": "SECRET", "不当得利": "ENRICHMENT"}


def register(app: typer.Typer) -> None:
    """Put these commands under `jieli dispute`."""
    commands: dict[str, Callable[..., None]] = {
        "clause": clause, "penalty": penalty, "rules-check": rules_check, "certificate": certificate,
        "property": property_, "route": route, "liability": liability_,
    }  # fmt: skip
    for name, run in commands.items():
        app.command(name)(run)


def _facts(number: str | None, file: Path | None) -> list[Fact]:
    """Those of a dispute, or of a sheet that belongs to none; none at all where neither is named."""
    if file is None:
        return consultations.usable(number) if number else []
    good, unread = rows(file, stated_rows.FACTS)
    if unread:
        raise BadFactFile(f"第 {unread[0]['line']} 行：{unread[0]['error']}", remedy=str(unread[0]["remedy"]))
    return stated_rows.hypothetical(good)


def _answer(run: Command, found: Verdict, more: Mapping[str, Any] | None = None) -> None:
    told = partial(out.print, *said.lines(found), sep="\n", markup=False, soft_wrap=True)
    run.answer(said.verdict(found) | dict(more or {}), say=told)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise NoFile("文件不存在，或不是 UTF-8 文本。", remedy="请另存为 UTF-8 文本。") from error


def clause(
    file: Annotated[Path, typer.Argument(help="合同或手册条款的文本（UTF-8）。")],
    sign_in: As,
    number: OfDispute = None,
    facts: OnFile = None,
    as_json: AsJson = False,
) -> None:
    """检查客户条款：在职不得私用、离职配合交接、离职后的限制须合竞业限制的条件。"""
    with command(as_json=as_json) as run:
        manages(run, sign_in)
        _answer(run, clauses.check_customer_clauses(_text(file), _facts(number, facts)))


def penalty(
    percent: Annotated[int, typer.Argument(min=1, max=100, help="按成交价的百分之几赔偿。")],
    sign_in: As,
    claimed: Annotated[str | None, typer.Option("--claim", help="据此主张的金额，如 14万元。")] = None,
    proved: Annotated[str | None, typer.Option("--proved", help="已证的损失。")] = None,
    number: OfDispute = None,
    facts: OnFile = None,
    as_json: AsJson = False,
) -> None:
    """检查按成交价固定比例赔偿的条款，并反推其基数。"""
    with command(as_json=as_json) as run:
        manages(run, sign_in)
        asked = clauses.Penalty(
            percent, parse(claimed) if claimed else None, parse(proved) if proved else ZERO
        )
        base = asked.base()
        found = clauses.check_penalty(asked, _facts(number, facts))
        _answer(run, found, {"implied_base": base.text() if base else None})


def rules_check(
    chapters: Annotated[list[str], typer.Option("--chapter", help="各章的标题，可多次给出。")],
    sign_in: As,
    version: Annotated[str, typer.Option("--version", help="版本。")] = "",
    effective: Annotated[str | None, typer.Option("--effective", help="施行日。")] = None,
    number: OfDispute = None,
    facts: OnFile = None,
    as_json: AsJson = False,
) -> None:
    """检查账号管理制度：登记、分配、密码管理、交接流程四章，民主程序与公示，版本与施行日。"""
    with command(as_json=as_json) as run:
        manages(run, sign_in)
        handed = AccountRules(tuple(chapters), version, day(effective) if effective else None)
        _answer(run, account_rules.check(handed, _facts(number, facts)))


def certificate(number: Number, sign_in: As, as_json: AsJson = False) -> None:
    """离职证明能否等待：劳动关系终止即应出具，只有经济补偿可以等待交接办结。"""
    with command(as_json=as_json) as run:
        manages(run, sign_in)
        stands = consultations.certificate_of(consultations.usable(number), today=local_day(run.at()))
        more = {"due": stands.due.day if stands.due else None, "overdue": stands.days_late > 0}
        _answer(run, stands.verdict, more | {"days_late": stands.days_late})


def property_(sign_in: As, number: OfDispute = None, facts: OnFile = None, as_json: AsJson = False) -> None:
    """能否称为网络虚拟财产：虚拟性、财产性、可控制性三项都要有证据。"""
    with command(as_json=as_json) as run:
        manages(run, sign_in)
        _answer(run, virtual_property.assess(_facts(number, facts)))


def route(
    number: Number,
    sign_in: As,
    known_on: Annotated[str | None, typer.Option("--known-on", help="知道权利受损之日。")] = None,
    as_json: AsJson = False,
) -> None:
    """向哪里提出、时效多长；仅供参考，列出实务分歧。"""
    with command(as_json=as_json) as run:
        manages(run, sign_in)
        found = consultations.route_of(consultations.usable(number))
        last = found.limitation(day(known_on)) if known_on else None
        values = said.route(found) | {"limitation": last.day if last else None}
        told = [found.text, *found.split, found.advisory]
        run.answer(values, say=partial(out.print, *told, sep="\n", markup=False, soft_wrap=True))


def liability_(
    number: Number,
    sign_in: As,
    sums: Annotated[
        list[str] | None, typer.Option("--sum", help="某项责任下的金额，如 侵权=5万元；可多次给出。")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """四种责任各要件的证据状况、能否并用；可得总额不重复相加。"""
    with command(as_json=as_json) as run:
        manages(run, sign_in)
        found = consultations.liability_map(number)
        most = liability.recoverable(found, dict(_sum(one) for one in sums or ()))
        _answer(run, found.verdict, said.liability(found) | {"recoverable": most.text()})


def _sum(text: str) -> tuple[str, Amount]:
    name, _, amount = text.partition("=")
    if name not in _HEADS:
        raise BadFactFile("责任名称不在可选之列。", remedy=f"请写如 侵权=5万元；可选：{'、'.join(_HEADS)}。")
    return _HEADS[name], parse(amount)
