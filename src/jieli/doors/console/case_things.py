"""Acts on the things of a leaving: accounts tested, phones checked, numbers let go, the private part, the purge."""

from collections.abc import Sequence
from uuid import UUID

from jieli.access.types import Permission
from jieli.doors.console.case_form import Act, Ask, Field, of
from jieli.doors.console.reading import Mistyped
from jieli.doors.console.typed import choice
from jieli.handover import bindings, devices, private, purge, queries, recovery
from jieli.handover.things_types import (
    HELP_RESULTS,
    CheckedBy,
    DeviceStep,
    HelpStep,
    ListStep,
    Nature,
    RecoveryStep,
    Removal,
    StepResult,
)
from jieli.handover.types import CaseRef, LineClass, Stage

THINGS = (Permission.MANAGE_HANDOVER, Permission.MANAGE_ACCOUNTS)
NEXT = {Stage.OPEN: Stage.AUDITED, Stage.AUDITED: Stage.HANDED, Stage.HANDED: Stage.KEPT}


def _held(case: CaseRef, cls: LineClass) -> tuple[tuple[str, str], ...]:
    return tuple((str(line.subject), line.key) for line in queries.snapshot(case.id).of(cls) if line.subject)


def _pick_held(name: str, label: str, case: CaseRef, cls: LineClass) -> Field:
    return Field(name, label, "pick", _held(case, cls))


def _recovery_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    return (
        _pick_held("account", "账号", case, LineClass.ACCOUNT),
        Field("step", "步骤", "pick", of(RecoveryStep)),
        Field("passed", "结果", "pick", (("yes", "通过"), ("no", "未通过"))),
        Field("proof", "截图或照片", "file", hint="通过的步骤必须有凭证。", needed=False),
    )


def _recovery(ask: Ask) -> str:
    step = choice(RecoveryStep, ask.request.POST, "step", "步骤")
    said = ask.needed("passed", "结果")
    state = recovery.record_recovery(
        case=ask.case.id, account=ask.id("account", "账号"), step=step, passed=said == "yes",
        paper=ask.scan("proof", f"账号恢复测试·{step}"), tester=ask.staff, tested_at=ask.at, by=ask.by, at=ask.at,
    )  # fmt: skip
    return f"“{step}”已登记为{'通过' if said == 'yes' else '未通过'}，该账号现在是“{state}”"


def _help_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    results = tuple((r.value, r.value) for r in HELP_RESULTS)
    return (
        _pick_held("account", "账号", case, LineClass.ACCOUNT),
        Field("step", "协助方式", "pick", of(HelpStep)),
        Field("result", "结果", "pick", results, hint="这里没有地方写密码或验证码，也不要写在别处。"),
    )


def _help(ask: Ask) -> str:
    step = choice(HelpStep, ask.request.POST, "step", "协助方式")
    result = choice(StepResult, ask.request.POST, "result", "结果")
    if result not in HELP_RESULTS:
        raise Mistyped("没有选择“结果”。", remedy="请从所列各项中选择。")
    recovery.record_help(
        case=ask.case.id, account=ask.id("account", "账号"), step=step, result=result, helped_at=ask.at,
        by=ask.by, at=ask.at,
    )  # fmt: skip
    return f"已登记找回密码协助“{step}”：{result}"


def _by_list_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    return (
        _pick_held("account", "个人微信", case, LineClass.ACCOUNT),
        Field("step", "步骤", "pick", of(ListStep)),
        Field("proof", "凭证", "file"),
    )


def _by_list(ask: Ask) -> str:
    step = choice(ListStep, ask.request.POST, "step", "步骤")
    recovery.record_by_list(
        case=ask.case.id, account=ask.id("account", "个人微信"), step=step,
        paper=ask.proof("proof", f"清单式移交·{step}"), done_at=ask.at, by=ask.by, at=ask.at,
    )  # fmt: skip
    return f"清单式移交“{step}”已登记"


def _device_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    results = of(StepResult, StepResult.NO_CODE, StepResult.ABSENT, StepResult.PLATFORM_REFUSED)
    return (
        _pick_held("device", "设备", case, LineClass.DEVICE),
        Field("step", "步骤", "pick", of(DeviceStep)),
        Field("result", "结果", "pick", results),
        Field("reason", "免做的理由", hint="选“免做”时必须写明。", needed=False),
        Field("proof", "照片", "file", hint="通过的步骤必须有照片。", needed=False),
    )


def _device(ask: Ask) -> str:
    step = choice(DeviceStep, ask.request.POST, "step", "步骤")
    result = choice(StepResult, ask.request.POST, "result", "结果")
    device = ask.id("device", "设备")
    if step is DeviceStep.ACCEPTED:
        return _accept(ask, device, result)
    devices.record_device_step(
        case=ask.case.id, device=device, step=step, result=result, paper=ask.scan("proof", "设备验收照片"),
        reason=ask.text("reason"), tester=ask.staff, done_at=ask.at, by=ask.by, at=ask.at,
    )  # fmt: skip
    return f"“{step}”已登记为{result}"


def _accept(ask: Ask, device: UUID, result: StepResult) -> str:
    if result is not StepResult.PASSED:
        raise Mistyped("“验收入库”只能登记为通过。", remedy="还有未做的步骤时，请先登记那一步。")
    devices.accept_device(
        case=ask.case.id, device=device, paper=ask.proof("proof", "设备验收照片"), tester=ask.staff, by=ask.by,
        at=ask.at,
    )  # fmt: skip
    return "设备已验收入库，现由公司库存持有"


def _number_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    return (_pick_held("number", "号码", case, LineClass.NUMBER),)


def _give_list(ask: Ask) -> str:
    bindings.give_list(case=ask.case.id, number=ask.id("number", "号码"), by=ask.by, at=ask.at)
    return "解绑清单已发给本人，七日自此起算"


def _cut(ask: Ask) -> str:
    bindings.cut_number(case=ask.case.id, number=ask.id("number", "号码"), by=ask.by, at=ask.at)
    return "号码已停用，静置九十日后才可以再发"


def _nothing(case: CaseRef, instant: int) -> Sequence[Field]:
    return ()


def _check(ask: Ask) -> str:
    found = private.check_private(case=ask.case.id, by=ask.by, at=ask.at)
    said = "、".join(f"{nature} {n} 项" for nature, n in found.items() if n) or "没有待核对的"
    return f"只凭元数据核对完毕：{said}"


def _item(case: CaseRef) -> Field:
    items = tuple((str(p.id), f"{p.kind}：{p.label}") for p in private.private_items(case.id))
    return Field("item", "私人内容", "pick", items)


def _dispute_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    return (_item(case),)


def _dispute(ask: Ask) -> str:
    private.dispute_private(case=ask.case.id, item=ask.id("item", "私人内容"), by=ask.by, at=ask.at)
    return "已标为有争议；只能在本人在场时或由中立人查看"


def _resolve_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    return (
        _item(case),
        Field("nature", "查看之后确认为", "pick", of(Nature, Nature.DISPUTED)),
        Field("checked_by", "怎样查看", "pick", of(CheckedBy, CheckedBy.METADATA, CheckedBy.STATEMENT)),
        Field("present", "在场人", "long", hint="每行一人。内容本身不要写在这里。"),
    )


def _resolve(ask: Ask) -> str:
    nature = choice(Nature, ask.request.POST, "nature", "查看之后确认为")
    private.resolve_private(
        case=ask.case.id, item=ask.id("item", "私人内容"), nature=nature,
        checked_by=choice(CheckedBy, ask.request.POST, "checked_by", "怎样查看"), present=ask.names("present"),
        opened_at=ask.at, by=ask.by, at=ask.at,
    )  # fmt: skip
    return f"争议已办结，确认为“{nature}”"


def _removed_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    return (
        _item(case),
        Field("removal", "怎样清除", "pick", of(Removal, Removal.SHREDDED)),
        Field("proof", "凭证", "file", needed=False),
    )


def _removed(ask: Ask) -> str:
    removal = choice(Removal, ask.request.POST, "removal", "怎样清除")
    private.record_removed(
        case=ask.case.id, item=ask.id("item", "私人内容"), removal=removal, removed_at=ask.at,
        proof=ask.scan("proof", "私人内容清除凭证"), by=ask.by, at=ask.at,
    )  # fmt: skip
    return f"已登记清除方式：{removal}"


def _advance_fields(case: CaseRef, instant: int) -> Sequence[Field]:
    following = NEXT.get(case.stage)
    return (Field("stage", "进入", "pick", ((following.value, following.value),) if following else ()),)


def _advance(ask: Ask) -> str:
    stage = choice(Stage, ask.request.POST, "stage", "进入")
    purge.advance(case=ask.case.id, stage=stage, by=ask.by, at=ask.at)
    return f"进度已到“{stage}”"


def _purge(ask: Ask) -> str:
    done = purge.purge(case=ask.case.id, by=ask.by, at=ask.at)
    return f"私人内容 {len(done.removed)} 项已清除，不能恢复；未清除 {len(done.kept)} 项"


ACTS = (
    Act(
        "recovery", "登记账号恢复测试",
        "八步全部通过才算“已恢复”；给了密码不等于恢复。第一次登记即视为账号已交付公司。",
        "登记这一步", _recovery_fields, _recovery, THINGS,
    ),
    Act("help", "登记找回密码协助", "只登记方式、结果和时间。", "登记", _help_fields, _help, THINGS),
    Act(
        "by-list", "登记清单式移交", "个人微信不接管、不要密码；由本人列客户、退群、删公司文件。",
        "登记", _by_list_fields, _by_list, THINGS,
    ),
    Act(
        "device", "登记设备验收",
        "逐步拍照；激活锁没有解除不能验收。最后一步“验收入库”之后设备归公司库存。",
        "登记这一步", _device_fields, _device, THINGS,
    ),
    Act(
        "binding-list", "发出解绑清单",
        "本人的银行卡、支付、购票可能绑在这个号码上；清单发出后至少给本人七日。",
        "已把清单发给本人", _number_fields, _give_list, THINGS,
    ),
    Act(
        "cut-number", "停用号码",
        "号码停用后，绑在上面的私人业务收不到短信。停用后静置九十日，不能撤回。",
        "停用号码", _number_fields, _cut, THINGS, final=True,
    ),
    Act(
        "check-private", "核对私人内容的元数据", "只看对方是不是公司客户，不打开任何内容。", "核对",
        _nothing, _check,
    ),
    Act(
        "dispute-private", "对核对结果有争议",
        "标为有争议之后不会被清除，直到本人在场或由中立人查看。", "标为有争议", _dispute_fields, _dispute,
    ),
    Act(
        "resolve-private", "登记争议查看结果", "只登记在场人和结论，内容不写在任何地方。", "登记结果",
        _resolve_fields, _resolve,
    ),
    Act(
        "removed-private", "登记私人内容已清除", "登记本人删除、恢复出厂或云端删除。", "登记", _removed_fields,
        _removed, THINGS,
    ),
    Act(
        "advance", "进入下一步", "审计、交接、留存、清除，依次办理，不能跳过。", "进入下一步", _advance_fields,
        _advance,
    ),
    Act(
        "purge", "清除私人内容",
        "已核对为私人、本人要求删除的内容将被销毁，不能恢复。考勤、工资、提成、工单不在其中；"
        "任何一方的保全请求都会使清除停止。",
        "清除", _nothing, _purge, final=True, alone=True,
    ),
)  # fmt: skip
