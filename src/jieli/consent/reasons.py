"""Why something may not be recorded: the words screens show, in one fixed order, and what can be done about it."""

from collections.abc import Iterable

from jieli.consent.words import Word


class Reason(Word):
    """A reason against. The order of the members is the order in which they are listed and tallied."""

    TIME_IMPLAUSIBLE = "时间异常"
    ACCOUNT_UNKNOWN = "账号未登记"
    ACCOUNT_UNSIGNED = "存量待补签"
    ACCOUNT_NOT_ACKNOWLEDGED = "账号未签确认"
    ACCOUNT_CLOSED = "账号停用"
    HOLDER_UNKNOWN = "持有人不明"
    NOT_YET_EMPLOYED = "未入职"
    LEFT = "已离职"
    POST_NOT_RECORDED = "岗位未启用"
    NOT_A_CUSTOMER = "非客户会话"
    SPEAKER_UNKNOWN = "发言人不明"
    DOCUMENTS_INCOMPLETE = "文件不全"
    NOT_NOTIFIED = "未告知"
    NOT_AGREED = "未同意"
    NOT_EXPLICIT = "未明确同意"
    WITHDRAWN = "已撤回"
    OBJECTION_OPEN = "有异议待答复"
    CUSTOMER_NOT_NOTIFIED = "客户未告知"
    CUSTOMER_NOT_AGREED = "客户未同意"
    CUSTOMER_WITHDRAWN = "客户已撤回"
    CUSTOMER_OBJECTION_OPEN = "客户有异议待答复"
    GUARDIAN_MISSING = "未成年人未获监护人同意"
    CALENDAR_UNKNOWN = "节假日未录入"
    PUBLIC_HOLIDAY = "法定节假日"
    REST_DAY = "休息日"
    ON_LEAVE = "请假"
    OFF_POST = "离岗"
    OFF_SHIFT = "非工作时间"


#: One sentence for people who know neither law nor software: what would have to happen so that it may be recorded.
REMEDIES: dict[Reason, str] = {
    Reason.TIME_IMPLAUSIBLE: "请向数据来源方核对这条记录的时间；时间不可信的内容不予保存。",
    Reason.ACCOUNT_UNKNOWN: "请先在账号登记表中登记该工作账号；只有登记之后的会话才可保存。",
    Reason.ACCOUNT_UNSIGNED: "请让持有人补签“工作账号不是个人财产”的承诺书；补签前只做交接，不做记录。",
    Reason.ACCOUNT_NOT_ACKNOWLEDGED: "请让领用人签署账号使用承诺书后再启用。",
    Reason.ACCOUNT_CLOSED: "账号已停用，不再记录；如仍在使用，请重新登记并签收。",
    Reason.HOLDER_UNKNOWN: "请补登账号当时由谁负责；没有责任人的时段不记录。",
    Reason.NOT_YET_EMPLOYED: "入职之前不记录，无需处理。",
    Reason.LEFT: "离职之后不记录；如账号仍有人使用，请先办理交接。",
    Reason.POST_NOT_RECORDED: "该岗位没有启用记录；如确与客户接触，请由合规在政策中列入该岗位。",
    Reason.NOT_A_CUSTOMER: "只保存与客户的沟通；如对方确是客户，请先把对方登记为客户。",
    Reason.SPEAKER_UNKNOWN: "不知道是谁说的，不保存；如发言人是客户，请先登记其平台身份。",
    Reason.DOCUMENTS_INCOMPLETE: "请补齐劳动合同条款、员工手册、设备领取协议、同意书四份文件，补齐之后的内容才可记录。",
    Reason.NOT_NOTIFIED: "请先把写明目的、时段、用途、期限的告知书送达员工本人。",
    Reason.NOT_AGREED: "员工本人没有同意，不记录；是否同意由本人自愿决定，不同意不影响工资和岗位。",
    Reason.NOT_EXPLICIT: "默认同意不算同意；请由本人作出明确表示。",
    Reason.WITHDRAWN: "员工本人已撤回同意，不记录；如本人愿意，可重新同意。",
    Reason.OBJECTION_OPEN: "员工提出的异议还没有答复；请先书面答复并说明理由。",
    Reason.CUSTOMER_NOT_NOTIFIED: "请先向客户送达个人信息处理规则。",
    Reason.CUSTOMER_NOT_AGREED: "客户没有同意，不记录，服务照常；请勿反复询问。",
    Reason.CUSTOMER_WITHDRAWN: "客户已撤回同意，不记录，服务照常。",
    Reason.CUSTOMER_OBJECTION_OPEN: "客户提出的异议还没有答复；请先书面答复并说明理由。",
    Reason.GUARDIAN_MISSING: "对方未满十四周岁；须先取得监护人的同意。",
    Reason.CALENDAR_UNKNOWN: "当年的放假安排还没有录入；录入之后才能判断是否上班。",
    Reason.PUBLIC_HOLIDAY: "法定节假日不记录；确需加班的，须有本人事先申请并获批的加班单。",
    Reason.REST_DAY: "当日没有班次，按休息日处理；如确为上班，须在上班之前录入排班。",
    Reason.ON_LEAVE: "请假期间不记录；已销假的，须先录入销假。",
    Reason.OFF_POST: "离岗期间不记录。",
    Reason.OFF_SHIFT: "不在班次之内，不记录；加班须有本人事先申请并获批的加班单。",
}

_ORDER = {reason: place for place, reason in enumerate(Reason)}


def ordered(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Each reason once, in the order of the enum."""
    return tuple(sorted(set(reasons), key=_ORDER.__getitem__))


def remedy(reason: Reason) -> str:
    """What can be done, in one Chinese sentence."""
    return REMEDIES[reason]
