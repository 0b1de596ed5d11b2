"""The quarrel about somebody who left before this system was there, as data: who states what, and how it stands.

The facts follow a worked case; firm, persons and sums are invented. What only one side says stays said by that side.
"""

from datetime import date

from jieli.law.verdicts import Period, Precision, ProofState, StatedBy

_C, _S = StatedBy.COMPANY, StatedBy.STAFF
_SAID, _OWNED, _PROVED = ProofState.CLAIMED, ProofState.ADMITTED, ProofState.PROVED

TITLE, CAUSE = "前任客户顾问：返还工作账号及赔偿", "侵权责任纠纷"
PERSON, ACCOUNT = "程未晞（前任客户顾问）", "顾问工作微信（本系统登记之前）"
TRIBUNAL, MEDIATOR = "区人民法院", "特邀调解员 佘望"

#: Number, title, what it proves.
EXHIBITS = (
    ("证1", "号码开户与领用凭证", "手机号由公司提供、账号由公司注册"),
    ("证2", "账号管理办法与岗位说明", "账号为工作而设"),
    ("证3", "宣传与品牌材料", "客户由公司宣传导入"),
    ("证4", "投放报表", "客户由公司投放导入"),
    ("证5", "购课订单", "客户由公司课程体系导入"),
)

_SPRING = Period(date(2023, 3, 1), date(2023, 5, 31), Precision.MONTH)
_MAY = Period(date(2023, 5, 1), date(2023, 5, 31), Precision.MONTH)

#: Key, value, stated by, how it stands, exhibits, when.
FACTS: tuple[tuple[str, str, StatedBy, ProofState, tuple[str, ...], Period | None], ...] = (
    ("engagement.kind", "劳务", _C, _OWNED, (), None),
    ("engagement.period", "2023年3月至5月", _S, _SAID, (), _SPRING),
    ("engagement.ended", "是", _C, _OWNED, (), _MAY),
    ("number.by_company", "是", _C, _PROVED, ("证1",), None),
    ("rules.by_company", "是", _C, _PROVED, ("证2",), None),
    ("account.for_work", "是", _C, _PROVED, ("证2",), None),
    ("account.used_in_post", "是", _C, _OWNED, (), None),
    ("customers.by_publicity", "是", _C, _PROVED, ("证3",), None),
    ("customers.by_placement", "是", _C, _PROVED, ("证4",), None),
    ("customers.by_courses", "是", _C, _PROVED, ("证5",), None),
    ("customers.trust_brand", "是", _C, _PROVED, ("证3",), None),
    ("account.self_created", "否", _C, _PROVED, ("证1",), None),
    ("account.personal_funds", "否", _C, _PROVED, ("证1",), None),
    ("account.private_tool", "否", _C, _PROVED, ("证2",), None),
    ("account.returned", "否", _C, _OWNED, (), None),
    ("account.used_after", "否", _S, _SAID, (), None),
    ("loss.causation", "是", _C, _SAID, (), None),
    ("loss.contact_lost", "是", _C, _SAID, (), None),
)
AMOUNT = "近17万元"
DEFENCES = ("离开后没有再登录", "客户是双方一起谈下来的", "交还一事没有人通知，并非故意")
