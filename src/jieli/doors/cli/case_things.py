"""Things of a leaving: accounts tested, phones checked, numbers let go, work data recovered."""

from hashlib import sha256
from typing import Annotated
from uuid import UUID

import typer

from jieli.approvals import operations as approvals
from jieli.doors.cli.acting import As
from jieli.doors.cli.case_acting import (
    THINGS,
    Account,
    Device,
    NeededProof,
    Number,
    Phone,
    Proof,
    Which,
    acting,
    writing,
)
from jieli.doors.cli.frame import AsJson, command
from jieli.doors.cli.given import moment_or_now
from jieli.handover import bindings, devices, recovery
from jieli.handover.things_types import (
    HELP_RESULTS,
    DeviceStep,
    HelpStep,
    ListStep,
    NewBinding,
    RecoveryStep,
    ServiceKind,
    StepResult,
)
from jieli.handover.types import LineClass
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local

app = typer.Typer()
When = Annotated[str | None, typer.Option("--when", help="何时，如 2026-09-18 10:30；缺省为现在。")]


class NotAResult(JieliError):
    """A result that this card does not have."""

    code = "cli.not_a_result"


@app.command("recover")
def recover(
    number: Number,
    account: Account,
    step: Annotated[RecoveryStep, typer.Option("--step", help="登录、改绑、改密、其他设备退出…")],
    sign_in: As,
    passed: Annotated[bool, typer.Option("--passed/--failed", help="这一步通过了没有。")] = True,
    proof: Proof = None,
    when: When = None,
    as_json: AsJson = False,
) -> None:
    """登记账号恢复测试的一步；八步全部通过才是“已恢复”，给了密码不算。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, *THINGS)
        with writing(on) as b:
            state = recovery.record_recovery(
                case=on.case.id, account=on.thing(LineClass.ACCOUNT, account), step=step, passed=passed,
                paper=on.scan(proof, f"账号恢复测试·{step}"), tester=on.tester, tested_at=moment_or_now(when, on.at),
                by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"account": account, "step": step.value, "passed": passed, "state": state.value})


@app.command("help-password")
def help_password(
    number: Number,
    account: Account,
    step: Annotated[HelpStep, typer.Option("--step", help="短信、好友辅助、实名核验。")],
    result: Annotated[
        StepResult, typer.Option("--result", help="通过、未通过、未收到验证码、本人未到场、平台拒绝。")
    ],
    sign_in: As,
    when: When = None,
    as_json: AsJson = False,
) -> None:
    """登记找回密码协助：方式、结果、时间。没有地方写密码或验证码。"""
    with command(as_json=as_json) as run:
        if result not in HELP_RESULTS:
            raise NotAResult("找回密码协助没有这种结果。", remedy=f"可登记：{'、'.join(HELP_RESULTS)}。")
        on = acting(run, sign_in, number, *THINGS, himself=True)
        with writing(on) as b:
            recovery.record_help(
                case=on.case.id, account=on.thing(LineClass.ACCOUNT, account), step=step, result=result,
                helped_at=moment_or_now(when, on.at), by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"step": step.value, "result": result.value})


@app.command("by-list")
def by_list(
    number: Number,
    account: Account,
    step: Annotated[ListStep, typer.Option("--step", help="清单式移交的一步。")],
    proof: NeededProof,
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """个人微信的清单式移交：不要账号、不要密码，由本人列客户、退群、删公司文件。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, *THINGS)
        with writing(on) as b:
            recovery.record_by_list(
                case=on.case.id, account=on.thing(LineClass.ACCOUNT, account), step=step,
                paper=on.proof(proof, f"清单式移交·{step}"), done_at=on.at, by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"step": step.value})


@app.command("device-step")
def device_step(
    number: Number,
    device: Device,
    step: Annotated[DeviceStep, typer.Option("--step", help="十五步之一。")],
    sign_in: As,
    result: Annotated[StepResult, typer.Option("--result", help="通过、未通过、免做。")] = StepResult.PASSED,
    reason: Annotated[str, typer.Option("--reason", help="免做的理由。")] = "",
    proof: Proof = None,
    as_json: AsJson = False,
) -> None:
    """登记设备验收的一步，须有照片；最后一步“验收入库”之后设备归公司库存。"""
    with command(as_json=as_json) as run:
        if result not in (StepResult.PASSED, StepResult.FAILED, StepResult.WAIVED):
            raise NotAResult("设备验收没有这种结果。", remedy="可登记：通过、未通过、免做。")
        on = acting(run, sign_in, number, *THINGS)
        with writing(on) as b:
            found, paper = on.thing(LineClass.DEVICE, device), on.scan(proof, f"设备验收·{step.name}")
            if step is not DeviceStep.ACCEPTED:
                devices.record_device_step(
                    case=on.case.id, device=found, step=step, result=result, paper=paper, reason=reason,
                    tester=on.tester, done_at=on.at, by=on.by, at=on.at,
                )  # fmt: skip
            elif result is not StepResult.PASSED or paper is None:
                raise NotAResult("“验收入库”须登记为通过，并附照片。", remedy="请用 --proof 给出照片。")
            else:
                devices.accept_device(
                    case=on.case.id, device=found, paper=paper, tester=on.tester, by=on.by, at=on.at
                )
        missing = devices.progress(on.case.id, [found])[found].missing
        on.told(b, {"step": step.value, "result": result.value, "steps_missing": [s.value for s in missing]})


@app.command("give-list")
def give_list(
    number: Number, phone: Phone, sign_in: As, proof: Proof = None, as_json: AsJson = False
) -> None:
    """登记解绑清单已发给本人；七日自此起算。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, *THINGS)
        with writing(on) as b:
            found = on.thing(LineClass.NUMBER, phone)
            bindings.give_list(
                case=on.case.id, number=found, paper=on.scan(proof, "解绑清单"), by=on.by, at=on.at
            )
        until = bindings.states(on.case.id, [found])[found].cut_from
        on.told(b, {"phone": phone, "cut_from": None if until is None else f"{local(until):%Y-%m-%d %H:%M}"})


@app.command("bind")
def bind(
    number: Number,
    phone: Phone,
    sign_in: As,
    kind: Annotated[
        ServiceKind | None, typer.Option("--kind", help="银行、支付、购票出行、政务社保…")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="本人怎样称呼它，如 某银行储蓄卡。")] = "",
    complete: Annotated[bool, typer.Option("--complete", help="本人说：就这些，没有别的了。")] = False,
    as_json: AsJson = False,
) -> None:
    """本人申报号码上绑着的私人业务；只给 --complete 表示没有，或者没有别的了。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, *THINGS, himself=True)
        said = [NewBinding(kind, name)] if kind is not None else []
        with writing(on) as b:
            made = bindings.declare_bindings(
                case=on.case.id, number=on.thing(LineClass.NUMBER, phone), bindings=said, complete=complete,
                by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"bindings": made, "complete": complete})


@app.command("unbind")
def unbind(number: Number, binding: Which, sign_in: As, when: When = None, as_json: AsJson = False) -> None:
    """本人说一项已经解绑。公司不能替本人解绑。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, *THINGS, himself=True)
        with writing(on) as b:
            bindings.unbind(
                case=on.case.id, binding=binding, unbound_at=moment_or_now(when, on.at), by=on.by, at=on.at
            )
        on.told(b)


@app.command("cut-number")
def cut_number(
    number: Number, phone: Phone, sign_in: As, proof: Proof = None, as_json: AsJson = False
) -> None:
    """停用号码：七日未满而本人尚未全部解绑时拒绝；停用后静置九十日才可再发。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, *THINGS)
        with writing(on) as b:
            until = bindings.cut_number(
                case=on.case.id, number=on.thing(LineClass.NUMBER, phone), paper=on.scan(proof, "号码停用凭证"),
                by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"phone": phone, "rests_until": f"{local(until):%Y-%m-%d %H:%M}"})


@app.command("ask-data-recovery")
def ask_data_recovery(
    number: Number,
    device: Device,
    purpose: Annotated[str, typer.Option("--purpose", help="为什么要恢复工作数据。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """申请恢复交回设备上的工作数据；由申请人以外的人审批。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, *THINGS)
        with writing(on) as b:
            found = on.thing(LineClass.DEVICE, device)
            asked = approvals.open_request(
                kind=devices.RECOVERY_KIND, subject=found, digest=_only_this(on.case.id, found, purpose),
                scope="只限工作数据", reason=purpose, excluded=[on.case.staff_id], by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"request": asked.id})


def _only_this(case: UUID, device: UUID, purpose: str) -> bytes:
    return sha256(f"{devices.RECOVERY_KIND}\n{case}\n{device}\n{purpose}".encode()).digest()


@app.command("data-recovery")
def data_recovery(
    number: Number,
    device: Device,
    purpose: Annotated[str, typer.Option("--purpose", help="为什么要恢复工作数据。")],
    sign_in: As,
    notice: Annotated[UUID | None, typer.Option("--notice", help="已送达本人的告知（文书编号）。")] = None,
    approval: Annotated[UUID | None, typer.Option("--approval", help="审批编号。")] = None,
    witness: Annotated[list[str] | None, typer.Option("--witness", help="见证人，可多次给出。")] = None,
    as_json: AsJson = False,
) -> None:
    """开始数据恢复：须另行告知本人、写明目的、取得审批、有人见证，缺一不可。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, *THINGS)
        with writing(on) as b:
            made = devices.start_data_recovery(
                case=on.case.id, device=on.thing(LineClass.DEVICE, device), notice=notice, purpose=purpose,
                approval=approval, witnesses=witness or (), by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"recovery": made})
