"""账号、设备与数据: what was tested, checked, separated and purged when they came back."""

from dataclasses import dataclass
from typing import ClassVar, Final

from jieli.papers.forms.parts import Fields, FormPaper, Grid, Paragraphs, Section, Signer, SignOff, rows, slot

MISSING: Final = "缺"


@dataclass(frozen=True, slots=True)
class PrivateLine:
    """A private piece as the person himself marked it: where it lies, how many, and what he decided.

    `checked` says how it was checked: 仅核对元数据, 本人陈述, 本人在场打开, 中立人查看; nobody reads it otherwise.
    """

    what: str
    where: str
    count: int
    decision: str
    checked: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateContent(FormPaper):
    """《私人内容处置确认书》: what is the person's own, what he takes, what is deleted, what is disputed."""

    kind: ClassVar[str] = "私人内容处置确认书"
    leaver: str
    staff_no: str
    carrier: str
    lines: tuple[PrivateLine, ...]
    disputed: tuple[str, ...] = ()
    leaver_sign: Signer
    checker_sign: Signer

    def sections(self) -> tuple[Section, ...]:
        said = (
            "私人内容由本人标明；公司只核对对方是否在客户与订单之中，不打开内容。",
            "有争议的内容，只在本人在场时，或者由工会、中立第三人查看。",
            "本人可以保留与本人劳动报酬、考勤、提成有关的资料。",
        )
        return (
            Fields("", rows(("本人", f"{self.leaver}（工号 {self.staff_no}）"), ("载体", self.carrier))),
            Paragraphs("一、核对方法", said),
            Grid(
                title="二、处置",
                head=("内容", "所在位置", "数量", "本人决定", "核对方法", "结果"),
                rows=tuple((p.what, p.where, f"{p.count}", p.decision, p.checked, p.result) for p in self.lines),
                widths=(20, 18, 9, 16, 19, 18),
            ),
            Paragraphs("三、有争议的内容", self.disputed or ("无。",)),
            SignOff("四、签署", "本人已取走或者确认处置上列内容。", (
                slot("本人", self.leaver_sign), slot("核对人", self.checker_sign),
            )),
        )  # fmt: skip


#: The card for one phone, in the order in which it is worked through; each step has a photograph.
DEVICE_STEPS: Final = (
    "核对 IMEI、序列号与登记一致",
    "清点外观与配件",
    "接通电源与网络",
    "本人解绑银行卡、支付、购票等个人服务",
    "本人取走相册与私人文件",
    "工作资料已移交公司",
    "企业微信与其他工作应用退出",
    "微信退出（个人微信由本人自行退出）",
    "在“已登录设备”中移除本机",
    "关闭“查找设备”",
    "退出 Apple ID、华为、小米等账号（解除激活锁）",
    "取消锁屏密码、指纹与面容",
    "取出 SIM 卡并核对 ICCID",
    "恢复出厂设置，开机确认没有激活锁",
    "验收入库",
)


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step that was tried: `passed`, when, by whom, and the photograph or its number."""

    step: str
    passed: bool
    done_at: str
    done_by: str
    proof: str
    note: str = ""


def _steps(expected: tuple[str, ...], done: tuple[StepLine, ...]) -> tuple[tuple[str, ...], ...]:
    """A row for each expected step, in its order; one not tried prints as missing. Further ones come after."""
    last = {line.step: line for line in done}
    extra = tuple(line.step for line in done if line.step not in expected)
    return tuple(
        (step, "通过" if line.passed else "未通过", line.done_at, line.done_by, line.proof, line.note)
        if (line := last.get(step)) is not None
        else (step, MISSING, "", "", "", "")
        for step in (*expected, *dict.fromkeys(extra))
    )


def _missing(expected: tuple[str, ...], done: tuple[StepLine, ...]) -> tuple[str, ...]:
    passed = {line.step: line.passed for line in done}
    return tuple(step for step in expected if not passed.get(step, False))


def _card(title: str, expected: tuple[str, ...], done: tuple[StepLine, ...]) -> Grid:
    lacking = _missing(expected, done)
    return Grid(
        title=title,
        head=("步骤", "结果", "时间", "操作人", "照片或凭证", "备注"),
        rows=_steps(expected, done),
        widths=(31, 10, 21, 12, 14, 12),
        gap=f"缺或未通过：{'、'.join(lacking)}。" if lacking else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAcceptance(FormPaper):
    """《设备验收单》: one device, the fifteen steps of `DEVICE_STEPS`, and what it came back with."""

    kind: ClassVar[str] = "设备验收单"
    device: str
    serial: str
    iccid: str
    holder: str
    staff_no: str
    accessories: str
    condition: str
    steps: tuple[StepLine, ...]
    objections: str = ""
    leaver_sign: Signer
    receiver_sign: Signer

    def missing(self) -> tuple[str, ...]:
        """Steps that were not tried or did not pass."""
        return _missing(DEVICE_STEPS, self.steps)

    def sections(self) -> tuple[Section, ...]:
        told = rows(
            ("设备", self.device), ("IMEI/序列号", self.serial), ("ICCID", self.iccid or "无"),
            ("交回人", f"{self.holder}（工号 {self.staff_no}）"), ("配件", self.accessories),
            ("外观", self.condition),
        )  # fmt: skip
        return (
            Fields("", told),
            _card("一、十五步验收", DEVICE_STEPS, self.steps),
            Fields("二、异议", rows(("交回人意见", self.objections or "（交回人可在此填写）"))),
            SignOff("三、签署", "双方当面验收。", (
                slot("交回人", self.leaver_sign), slot("验收人", self.receiver_sign),
            )),
        )  # fmt: skip


#: What has to pass before an account counts as 已恢复 (R0.24); the last two keep customers from being deceived.
RECOVERY_STEPS: Final = (
    "登录", "改绑", "改密", "其他设备退出", "实名解除", "银行卡解绑", "昵称头像已更换", "首条消息表明身份",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryRecord(FormPaper):
    """《账号恢复测试记录》: one account, the steps of `RECOVERY_STEPS`, and the state that follows from them."""

    kind: ClassVar[str] = "账号恢复测试记录"
    platform: str
    handle: str
    phone: str
    leaver: str
    receiver: str
    steps: tuple[StepLine, ...]
    leaver_sign: Signer
    receiver_sign: Signer

    def missing(self) -> tuple[str, ...]:
        """Steps that were not tried or did not pass."""
        return _missing(RECOVERY_STEPS, self.steps)

    @property
    def state(self) -> str:
        return "已交付未恢复" if self.missing() else "已恢复"

    def sections(self) -> tuple[Section, ...]:
        told = rows(
            ("账号", f"{self.platform}　{self.handle}"), ("绑定手机号", self.phone), ("移交人", self.leaver),
            ("接收人", self.receiver), ("交接状态", self.state),
        )  # fmt: skip
        said = "每一步由接收人操作。昵称、头像没有更换，或者首条消息没有表明身份的，不算已恢复。"
        return (
            Fields("", told),
            _card("一、测试步骤", RECOVERY_STEPS, self.steps),
            Paragraphs("", (said,)),
            SignOff("二、签署", "双方核对上列结果。", (
                slot("移交人", self.leaver_sign), slot("接收人", self.receiver_sign),
            )),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PurgedLine:
    """Data that were purged: what, where they lay, how many, by which method, when, by whom."""

    what: str
    where: str
    count: str
    method: str
    done_at: str
    done_by: str


@dataclass(frozen=True, slots=True)
class KeptLine:
    """Data that were kept: why and until when, so that both sides see it."""

    what: str
    reason: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeProof(FormPaper):
    """《数据清除证明》: what was purged after audit, hand-over and retention, and what had to stay (R3.30)."""

    kind: ClassVar[str] = "数据清除证明"
    concerns: str
    staff_no: str
    carrier: str
    before: tuple[str, ...]
    purged: tuple[PurgedLine, ...]
    kept: tuple[KeptLine, ...]
    holds: tuple[str, ...] = ()
    executor_sign: Signer
    checker_sign: Signer

    def sections(self) -> tuple[Section, ...]:
        return (
            Fields("", rows(("涉及人", f"{self.concerns}（工号 {self.staff_no}）"), ("载体", self.carrier))),
            Paragraphs("一、清除之前已经完成", self.before),
            Grid(
                title="二、已清除",
                head=("数据", "所在位置", "数量", "方法", "时间", "执行人"),
                rows=tuple((p.what, p.where, p.count, p.method, p.done_at, p.done_by) for p in self.purged),
                widths=(20, 18, 11, 18, 19, 14),
            ),
            Grid(
                title="三、依法或者依请求保留",
                head=("数据", "理由", "保留至"),
                rows=tuple((k.what, k.reason, k.until) for k in self.kept),
                widths=(35, 45, 20),
            ),
            Paragraphs("四、保全中的请求", self.holds or ("无。",)),
            SignOff("五、签署", "清除由一人执行，另一人核对。", (
                slot("执行人", self.executor_sign), slot("核对人", self.checker_sign),
            )),
        )  # fmt: skip
