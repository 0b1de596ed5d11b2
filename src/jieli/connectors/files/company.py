"""The sheets in which a company says who it is and what it hands out: file names, headers, example rows.

Each sheet is optional. The examples are of an invented firm, agree with each other, and load as they are.
"""

from dataclasses import dataclass

from jieli.assets.types import AccountType, AssetKind, GroupKind, HolderKind, Side
from jieli.connectors.files.company_cells import (
    day,
    identifier,
    moment,
    money,
    one_of,
    platform,
    text,
    yes_no,
)
from jieli.connectors.files.tables import Column
from jieli.consent.types import DocumentKind, ShiftKind
from jieli.parties.types import CustomerSource, EngagementKind

PROMISE = "工作账号使用承诺书"
MEMBER_ACCOUNT, MEMBER_CUSTOMER, MEMBER_OTHER = "账号", "客户", "外部"
ENGAGEMENTS = {
    **{k.value: k for k in EngagementKind},
    "劳动合同": EngagementKind.LABOUR,
    "劳务派遣": EngagementKind.DISPATCH,
}
DOCUMENTS: dict[str, DocumentKind | None] = {**{k.value: k for k in DocumentKind}, PROMISE: None}
SIDES = {s.value: s for s in Side}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file by its name, its columns in template order, and example rows of cells."""

    file: str
    columns: tuple[Column, ...]
    examples: tuple[tuple[str, ...], ...]

    def header(self, name: str) -> str:
        """The header of a column by its name in code."""
        return next(column.header for column in self.columns if column.name == name)


def _must(header: str, name: str, read: object = identifier) -> Column:
    return Column(header, name, read, required=True)  # type: ignore[arg-type]


def _may(header: str, name: str, read: object = text) -> Column:
    return Column(header, name, read)  # type: ignore[arg-type]


_BEGINS, _ENDS = _must("起始", "begins", moment), _may("结束（不含）", "ends", moment)
_ASSET = (
    _must("资产类别", "kind", one_of({k.value: k for k in AssetKind})),
    _may("平台", "platform", platform),
    _must("资产标识", "asset"),
)

ENTITIES = Sheet(
    "法人.csv",
    (_must("法人代码", "code"), _must("名称", "name", text), _must("统一社会信用代码", "uscc")),
    (("QH", "青禾教育科技有限公司", "91310000MA00000001"),),
)
UNITS = Sheet(
    "部门.csv",
    (
        _must("部门代码", "code"), _must("名称", "name", text), _must("法人代码", "entity"),
        _may("上级部门代码", "parent", identifier),
    ),
    (("QH-XS", "销售中心", "QH", ""), ("QH-KF", "客服部", "QH", "QH-XS")),
)  # fmt: skip
STAFF = Sheet(
    "员工.csv",
    (
        _must("工号", "staff_no"), _must("姓名", "name", text), _must("部门代码", "unit"), _must("岗位", "post", text),
        _may("本人手机", "phone", identifier), _must("入职日期", "joined_on", day), _may("离职日期", "left_on", day),
    ),
    (
        ("E0001", "沈晓禾", "QH-XS", "销售", "13800000001", "2024-03-01", ""),
        ("E0002", "陆一舟", "QH-KF", "客服", "", "2024-05-06", ""),
    ),
)  # fmt: skip
ENGAGEMENT = Sheet(
    "用工.csv",
    (
        _must("工号", "staff_no"), _must("法人代码", "entity"), _must("用工类型", "kind", one_of(ENGAGEMENTS)),
        _must("起始日期", "begins_on", day), _may("结束日期", "ends_on", day), _may("派遣单位", "sender"),
    ),
    (
        ("E0001", "QH", "劳动", "2024-03-01", "2027-02-28", ""),
        ("E0002", "QH", "派遣", "2024-05-06", "", "远帆劳务派遣有限公司"),
    ),
)  # fmt: skip
CUSTOMERS = Sheet(
    "客户.csv",
    (
        _must("客户编号", "customer_no"), _must("姓名", "name", text),
        _may("来源", "source", one_of({s.value: s for s in CustomerSource})), _may("地区", "region"),
        _may("行业", "industry"), _may("未成年人", "minor", yes_no), _may("健康信息", "health", yes_no),
        _may("手机", "phone", identifier),
    ),
    (
        ("C0001", "周女士", "购课订单", "杭州", "", "否", "否", ""),
        ("C0002", "吴同学", "不明", "", "", "是", "否", ""),
    ),
)  # fmt: skip
IDENTITIES = Sheet(
    "客户身份.csv",
    (_must("客户编号", "customer_no"), _must("平台", "platform", platform), _must("平台标识", "external_id")),
    (("C0001", "企业微信", "wm_example_0001"), ("C0002", "企业微信", "wm_example_0002")),
)
ORDERS = Sheet(
    "订单.csv",
    (
        _must("订单号", "order_no"), _must("客户编号", "customer_no"), _must("产品", "product", text),
        _must("金额（元）", "amount", money), _must("下单日期", "ordered_on", day),
        _may("工号", "staff_no", identifier),
    ),
    (("D0001", "C0001", "网课季度包", "1280.00", "2026-03-08", "E0001"),),
)  # fmt: skip
DEVICES = Sheet(
    "设备.csv",
    (_must("IMEI", "imei"), _must("型号", "model", text), _may("序列号", "serial", identifier)),
    (("860000000000001", "工作手机一型", "SN-0001"),),
)
NUMBERS = Sheet(
    "号码.csv",
    (
        _must("号码", "number"), _must("实名登记", "carrier_holder", one_of(SIDES)),
        _may("月租缴费", "payer", one_of(SIDES)),
        _may("ICCID", "iccid", identifier),
    ),
    (("13900000001", "公司", "公司", ""),),
)  # fmt: skip
ACCOUNTS = Sheet(
    "账号.csv",
    (
        _must("平台", "platform", platform), _must("账号标识", "handle"),
        _must("账号类型", "type", one_of({t.value: t for t in AccountType})), _must("法人代码", "entity"),
        _may("昵称", "nickname"), _may("绑定号码", "number", identifier), _may("绑定邮箱", "mailbox", identifier),
        _may("实名人", "real_name"), _may("注册方", "registered_by", one_of(SIDES)),
        _may("注册日期", "registered_on", day), _may("专用", "dedicated", yes_no), _may("新号", "new", yes_no),
    ),
    (
        (
            "企业微信", "shenxiaohe", "企业微信", "QH", "青禾-沈老师", "13900000001", "", "", "公司",
            "2024-03-01", "是", "否",
        ),
        (
            "企业微信", "luyizhou", "企业微信", "QH", "青禾-陆老师", "", "", "", "公司", "2026-09-01", "是", "是",
        ),
    ),
)  # fmt: skip
GROUPS = Sheet(
    "群.csv",
    (
        _must("平台", "platform", platform), _must("群标识", "room"), _may("群名", "name"),
        _must("群类型", "kind", one_of({k.value: k for k in GroupKind})), _may("群主账号", "owner", identifier),
    ),
    (("企业微信", "wr_example_01", "春季班答疑群", "客户群", "shenxiaohe"),),
)  # fmt: skip
MEMBERS = Sheet(
    "群成员.csv",
    (
        _must("平台", "platform", platform), _must("群标识", "room"),
        _must("成员类别", "side", one_of({w: w for w in (MEMBER_ACCOUNT, MEMBER_CUSTOMER, MEMBER_OTHER)})),
        _must("成员标识", "external_id"), _BEGINS, _ENDS,
    ),
    (
        ("企业微信", "wr_example_01", "账号", "shenxiaohe", "2026-03-01 09:00", ""),
        ("企业微信", "wr_example_01", "客户", "wm_example_0001", "2026-03-08 10:30", ""),
    ),
)  # fmt: skip
HOLDINGS = Sheet(
    "持有.csv",
    (
        *_ASSET, _must("持有类别", "holder", one_of({k.value: k for k in HolderKind})),
        _may("工号", "staff_no", identifier), _BEGINS, _ENDS,
    ),
    (
        ("账号", "企业微信", "shenxiaohe", "员工", "E0001", "2024-03-01", ""),
        ("账号", "企业微信", "luyizhou", "员工", "E0002", "2026-09-01", ""),
        ("号码", "", "13900000001", "员工", "E0001", "2024-03-01", ""),
        ("设备", "", "860000000000001", "公司库存", "", "2024-02-20", ""),
    ),
)  # fmt: skip
USES = Sheet(
    "使用.csv",
    (*_ASSET, _must("工号", "staff_no"), _BEGINS, _ENDS),
    (("账号", "企业微信", "shenxiaohe", "E0002", "2026-03-01", "2026-06-01"),),
)
PAPERS = Sheet(
    "文件.csv",
    (
        _must("类别", "kind", one_of({word: word for word in DOCUMENTS})), _must("工号", "staff_no"),
        _must("签署日期", "signed_on", day), _may("标题", "title"), _may("扫描件", "scan"),
        _may("平台", "platform", platform), _may("账号标识", "handle", identifier),
    ),
    (
        ("员工手册", "E0001", "2024-03-01", "员工手册（2024 版）签收", "", "", ""),
        ("设备领取协议", "E0001", "2024-03-01", "工作设备领用协议", "", "", ""),
    ),
)  # fmt: skip
SHIFTS = Sheet(
    "班次.csv",
    (
        _must("工号", "staff_no"), _must("上班", "begins", moment), _must("下班", "ends", moment),
        _may("类别", "kind", one_of({k.value: k for k in ShiftKind})),
    ),
    (("E0001", "2026-09-21 10:00", "2026-09-21 19:00", "班次"),),
)  # fmt: skip
LEAVE = Sheet(
    "请假.csv",
    (
        _must("工号", "staff_no"), _must("起始", "begins", moment), _must("结束（不含）", "ends", moment),
        _must("类别", "kind", text),
    ),
    (("E0002", "2026-09-22", "2026-09-24", "年假"),),
)  # fmt: skip

#: In the order in which they are loaded: what is referred to comes first.
SHEETS = (
    ENTITIES, UNITS, STAFF, ENGAGEMENT, CUSTOMERS, IDENTITIES, ORDERS, DEVICES, NUMBERS, ACCOUNTS, GROUPS, MEMBERS,
    HOLDINGS, USES, PAPERS, SHIFTS, LEAVE,
)  # fmt: skip
