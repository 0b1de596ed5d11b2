"""Values of the things that come back: accounts tested, phones checked, numbers let go, the private part, access.

Enum values are the words that are stored and printed on the forms. Moments are ms UTC.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from jieli.archive.types import CertificateRef
from jieli.kernel.times import DAY

#: What a person has at least between the list of what hangs on his number and the cut.
UNBIND_WITHIN = 7 * DAY
#: How long a number that was cut rests before somebody else may have it.
NUMBER_RESTS = 90 * DAY


class Card(StrEnum):
    """Lists of steps that are worked through one by one."""

    RECOVERY = "账号恢复测试"
    DEVICE = "设备验收"
    HELP = "找回密码协助"
    BY_LIST = "清单式移交"


class RecoveryStep(StrEnum):
    """What has to pass before an account is 已恢复 (R0.24); the last two keep customers from being deceived."""

    SIGN_IN = "登录"
    REBIND = "改绑"
    NEW_KEY = "改密"
    OTHER_DEVICES = "其他设备退出"
    REAL_NAME = "实名解除"
    BANK_CARD = "银行卡解绑"
    NEW_FACE = "昵称头像已更换"
    FIRST_MESSAGE = "首条消息表明身份"


class DeviceStep(StrEnum):
    """The card of a phone without management software, in its order."""

    IDENTITY = "核对 IMEI、序列号与登记一致"
    CONDITION = "清点外观与配件"
    POWER = "接通电源与网络"
    SERVICES = "本人解绑银行卡、支付、购票等个人服务"
    ALBUM = "本人取走相册与私人文件"
    WORK_DATA = "工作资料已移交公司"
    WORK_APPS = "企业微信与其他工作应用退出"
    WECHAT = "微信退出（个人微信由本人自行退出）"
    SIGNED_IN = "在“已登录设备”中移除本机"
    FIND_MY = "关闭“查找设备”"
    ACTIVATION_LOCK = "退出 Apple ID、华为、小米等账号（解除激活锁）"
    SCREEN_LOCK = "取消锁屏密码、指纹与面容"
    SIM = "取出 SIM 卡并核对 ICCID"
    RESET = "恢复出厂设置，开机确认没有激活锁"
    ACCEPTED = "验收入库"


class HelpStep(StrEnum):
    """Ways in which a leaver helps to find a password back (R0.30). No password goes through the house."""

    SMS = "绑定号码接收短信验证码"
    FRIENDS = "好友辅助验证"
    REAL_NAME = "实名核验"


class ListStep(StrEnum):
    """清单式移交: how customers leave a personal WeChat that nobody ever takes over."""

    CUSTOMERS = "本人申报客户清单"
    INVITATION = "向客户发送添加企业微信的建议"
    GROUPS = "公司群移交或退出"
    FILES = "本人删除公司文件并声明"
    MONEY = "转账逐笔对账"


class StepResult(StrEnum):
    """How a step ended. The closed list is all that can be said of a password's recovery."""

    PASSED = "通过"
    FAILED = "未通过"
    WAIVED = "免做"
    NO_CODE = "未收到验证码"
    ABSENT = "本人未到场"
    PLATFORM_REFUSED = "平台拒绝"


#: What may be said of the leaver's help; nothing here has room for a secret.
HELP_RESULTS = (
    StepResult.PASSED, StepResult.FAILED, StepResult.NO_CODE, StepResult.ABSENT, StepResult.PLATFORM_REFUSED,
)  # fmt: skip

Step = RecoveryStep | DeviceStep | HelpStep | ListStep
STEPS: dict[Card, type[RecoveryStep] | type[DeviceStep] | type[HelpStep] | type[ListStep]] = {
    Card.RECOVERY: RecoveryStep,
    Card.DEVICE: DeviceStep,
    Card.HELP: HelpStep,
    Card.BY_LIST: ListStep,
}


class RecoveryState(StrEnum):
    """Where an account of a leaver stands."""

    WAITING = "待交"
    DELIVERED = "已交付未恢复"
    RECOVERED = "已恢复"


@dataclass(frozen=True, slots=True)
class StepRef:
    """A step as it was tried. `reason` is why it was left out; `paper` the photograph or receipt."""

    id: UUID
    card: Card
    subject: UUID
    step: Step
    result: StepResult
    reason: str
    paper: UUID | None
    tester: UUID | None
    tested_at: int

    @property
    def settled(self) -> bool:
        return self.result in (StepResult.PASSED, StepResult.WAIVED)


@dataclass(frozen=True, slots=True)
class Progress:
    """A card: the newest try of each step, in the card's order, and what is still missing."""

    subject: UUID
    done: tuple[StepRef, ...]
    missing: tuple[Step, ...]

    @property
    def complete(self) -> bool:
        return not self.missing


class ServiceKind(StrEnum):
    """What of a person's own may hang on a number."""

    BANK = "银行"
    PAYMENT = "支付"
    TRAVEL = "购票出行"
    STATE = "政务社保"
    SHOP = "购物"
    SOCIAL = "社交"
    OTHER = "其他"


@dataclass(frozen=True, slots=True)
class NewBinding:
    """Something of his own that the person says hangs on the number: which kind, and its name."""

    kind: ServiceKind
    name: str


@dataclass(frozen=True, slots=True)
class BindingRef:
    id: UUID
    number: UUID
    kind: ServiceKind
    name: str
    declared_at: int
    unbound_at: int | None


@dataclass(frozen=True, slots=True)
class NumberState:
    """A number in a leaving. `cut_from` is when it may be cut at the latest; None before the list was given."""

    number: UUID
    given_at: int | None
    complete: bool
    bindings: tuple[BindingRef, ...]
    cut_at: int | None
    rests_until: int | None

    @property
    def cut_from(self) -> int | None:
        return None if self.given_at is None else self.given_at + UNBIND_WITHIN

    @property
    def all_unbound(self) -> bool:
        """The person said that the list is whole, and nothing on it is bound any more."""
        return self.complete and all(b.unbound_at is not None for b in self.bindings)


class PrivateKind(StrEnum):
    CONVERSATION = "会话"
    CONTACT = "联系人"
    FILE = "文件"
    PHOTO = "照片"


class Decision(StrEnum):
    """What the person wants of his own things."""

    TAKE = "本人取走"
    DELETE = "删除"
    TAKE_AND_DELETE = "取走后删除"


class Nature(StrEnum):
    """What a marked thing is; the first answer comes from metadata alone (practice 3.2)."""

    PRIVATE = "私人"
    CUSTOMER = "与客户有关"
    DISPUTED = "有争议"


class CheckedBy(StrEnum):
    """How it was found out. Nobody opens anything for the first two."""

    METADATA = "仅核对元数据"
    STATEMENT = "本人陈述"
    PRESENT = "本人在场打开"
    NEUTRAL = "中立人查看"


class Removal(StrEnum):
    """How something private left the company's reach."""

    SHREDDED = "档案密钥销毁"
    BY_PERSON = "本人删除"
    RESET = "恢复出厂设置"
    CLOUD = "云端删除"


@dataclass(frozen=True, slots=True)
class NewPrivate:
    """A private thing as the person marks it: a name of his own, never its content.

    `platform` and `counterparty` are what the check looks up; `conversation` is the archive's, where it is there.
    """

    kind: PrivateKind
    label: str
    where: str
    decision: Decision
    count: int = 1
    platform: str | None = None
    counterparty: str | None = None
    conversation: int | None = None


@dataclass(frozen=True, slots=True)
class PrivateRef:
    """A private thing and what came of it; `present` are those who stood by when a disputed one was opened."""

    id: UUID
    kind: PrivateKind
    label: str
    where: str
    decision: Decision
    count: int
    conversation: int | None
    nature: Nature | None
    checked_by: CheckedBy | None
    present: tuple[str, ...]
    removal: Removal | None
    removed_at: int | None
    removed_by: str
    shred: UUID | None

    @property
    def to_remove(self) -> bool:
        return self.nature is Nature.PRIVATE and self.decision is not Decision.TAKE


@dataclass(frozen=True, slots=True)
class PurgeData:
    """What 《数据清除证明》 says: what had been done before, what was removed and how, what stays, what is held."""

    before: tuple[str, ...]
    removed: tuple[PrivateRef, ...]
    kept: tuple[PrivateRef, ...]
    holds: tuple[str, ...]
    certificate: CertificateRef | None


class LateAct(StrEnum):
    """What somebody who had left tried."""

    SIGN_IN = "登录后台"
    READ = "查阅内容"
    EXPORT = "导出数据"
    PLATFORM = "登录工作账号"
    API = "调用接口"


@dataclass(frozen=True, slots=True)
class CutRef:
    """Staff access was ended: `verified` that no permission was left when it was asked right afterwards."""

    id: UUID
    case: UUID
    cut_at: int
    persons: int
    grants: int
    accounts: int
    verified: bool
