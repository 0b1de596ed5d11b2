"""离职交接: the notice that begins it, the sheet with its four lists, and the record of who refused to sign."""

from dataclasses import dataclass
from typing import ClassVar, Final

from jieli.papers.forms.parts import (
    Annex,
    Articles,
    DutyLine,
    Fields,
    FormPaper,
    Grid,
    Paragraphs,
    Section,
    Signer,
    SignOff,
    Slot,
    duties,
    rows,
    slot,
)
from jieli.papers.signing import Grade
from jieli.papers.types import Citation

#: What stands where something that the paper needs was not given (R0.47); the template prints it in red.
MISSING: Final = "缺"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverNotice(FormPaper):
    """《离职交接通知书》: what both sides owe, by when, and to whom the leaver hands over (R0.23)."""

    kind: ClassVar[str] = "离职交接通知书"
    leaver: str
    staff_no: str
    unit_name: str
    post: str
    last_day: str
    receiver: str
    supervisor: str
    place: str
    leaver_duties: tuple[DutyLine, ...]
    company_duties: tuple[DutyLine, ...]
    contact: str
    rights: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    received_by: Signer

    def sections(self) -> tuple[Section, ...]:
        told = rows(
            ("致", f"{self.leaver}（工号 {self.staff_no}）"), ("部门", self.unit_name), ("岗位", self.post),
            ("最后工作日", self.last_day), ("接收人", self.receiver or "待定"),
            ("监交人", self.supervisor or "待定"), ("交接地点", self.place), ("联系人", self.contact),
        )  # fmt: skip
        first: tuple[Section, ...] = (
            Fields("", told),
            duties("一、公司对您的义务", self.company_duties),
            duties("二、您需要办理的事项", self.leaver_duties),
            Paragraphs("三、您可以要求的", self.rights),
            Articles("所依条文", self.citations),
        )
        said = "本人已收到本通知。签收不表示同意其中内容，有异议可在交接单异议栏写明。"
        return (*first, SignOff("签收", said, (slot("签收人", self.received_by),)))


@dataclass(frozen=True, slots=True)
class AccountLine:
    """附件一. `state` is 待交, 已交付未恢复, 已恢复 or 逾期未交回; `devices` 可登录设备数 as far as known."""

    platform: str
    handle: str
    phone: str
    real_name: str
    devices: str
    state: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class DataLine:
    """One content class of 附件二: how many, from when to when, and the digest of the exported set (hex)."""

    count: int
    unit: str
    first: str
    last: str
    sha256: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class DataInventory:
    """附件二 has these four classes and no others (R0.35); one that was not taken stock of prints as missing."""

    customers: DataLine | None
    trades: DataLine | None
    talks: DataLine | None
    inputs: DataLine | None

    def classes(self) -> tuple[tuple[str, DataLine | None], ...]:
        return (
            ("客户资源", self.customers),
            ("交易信息", self.trades),
            ("历史沟通记录", self.talks),
            ("企业投入凭证", self.inputs),
        )


@dataclass(frozen=True, slots=True)
class ThingLine:
    """附件三: a device, a card, a key. `serial` is IMEI or serial number; `iccid` of the SIM card."""

    name: str
    serial: str
    iccid: str
    accessories: str
    state: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CustomerLine:
    """附件四."""

    customer_no: str
    name: str
    source: str
    in_flight: str
    receiver: str
    state: str


@dataclass(frozen=True, slots=True)
class Cosign:
    """One 会签 section, signed apart from the others: 直属部门, IT, 行政, 财务, 人力."""

    unit: str
    matter: str
    signer: Signer


#: The sections real sheets carry, and what each looks at; a firm may give others in its own order.
COSIGN_UNITS: Final = (
    ("直属部门", "工作、客户与资料已交接"),
    ("IT", "账号、权限与设备"),
    ("行政", "物品、门禁、宿舍、发票、U 盾"),
    ("财务", "报销、借款、在途订单与提成"),
    ("人力", "工资、社保、公积金、档案与证明"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverSheet(FormPaper):
    """《离职工作交接单》 with 附件一 to 四. A list that is None was not made, and the sheet shows the gap in red;
    an empty one says that there is nothing to hand over (R0.47)."""

    kind: ClassVar[str] = "离职工作交接单"
    case: str
    leaver: str
    staff_no: str
    id_tail: str
    unit_name: str
    post: str
    joined_on: str
    service: str
    last_day: str
    state: str
    copies: int
    accounts: tuple[AccountLine, ...] | None
    data: DataInventory | None
    things: tuple[ThingLine, ...] | None
    customers: tuple[CustomerLine, ...] | None
    objections: str = ""
    cannot: str = ""
    leaver_sign: Signer
    receiver_sign: Signer
    supervisor_sign: Signer
    cosigns: tuple[Cosign, ...] = tuple(Cosign(unit, matter, Signer("")) for unit, matter in COSIGN_UNITS)

    def missing(self) -> tuple[str, ...]:
        """The lists, and the classes of the data list, that were not made; the sheet is whole when there are none."""
        lists = (
            ("附件一　账号清单", self.accounts),
            ("附件二　数据清单", self.data),
            ("附件三　设备物品清单", self.things),
            ("附件四　客户清单", self.customers),
        )
        gaps = tuple(name for name, made in lists if made is None)
        classes = self.data.classes() if self.data is not None else ()
        return gaps + tuple(f"附件二　{name}" for name, line in classes if line is None)

    def sections(self) -> tuple[Section, ...]:
        return (
            *self._sheet(),
            Annex("附件一　账号清单"), self._accounts(),
            Annex("附件二　数据清单"), self._data(),
            Annex("附件三　设备物品清单"), self._things(),
            Annex("附件四　客户清单"), self._customers(),
        )  # fmt: skip

    def _sheet(self) -> tuple[Section, ...]:
        gaps = self.missing()
        told = rows(
            ("交接事项", self.case), ("移交人", f"{self.leaver}（工号 {self.staff_no}）"),
            ("身份证后四位", self.id_tail), ("部门", self.unit_name), ("岗位", self.post),
            ("入职日期", self.joined_on), ("工龄", self.service), ("最后工作日", self.last_day),
            ("接收人", self.receiver_sign.name or "待定"), ("监交人", self.supervisor_sign.name or "待定"),
            ("交接状态", self.state), ("份数", f"一式 {self.copies} 份"),
        )  # fmt: skip
        lists = Grid(
            title="一、四份清单",
            head=("清单", "项数", "是否齐备"),
            rows=tuple(
                (name, count, MISSING if lacking else "已附") for name, count, lacking in self._counts()
            ),
            widths=(50, 25, 25),
            gap=f"缺：{'、'.join(gaps)}。补齐前交接不算完成。" if gaps else "",
        )
        said = "移交人、接收人、监交人核对上列清单及附件后签署。"
        three = (
            slot("移交人", self.leaver_sign),
            slot("接收人", self.receiver_sign),
            slot("监交人", self.supervisor_sign),
        )
        cosign = tuple(Slot(f"{c.unit}（{c.matter}）", c.signer.name, c.signer.grade) for c in self.cosigns)
        return (
            Fields("", told),
            lists,
            Fields("二、异议与说明", rows(
                ("异议栏（移交人意见）", self.objections or "（移交人可在此填写）"),
                ("无法交接原因", self.cannot or "无"),
            )),
            SignOff("三、会签", "各部门分别核对、分别签署。", cosign, apart=True),
            SignOff("四、交接签署", said, three),
        )  # fmt: skip

    def _counts(self) -> tuple[tuple[str, str, bool], ...]:
        return (
            ("附件一　账号清单", _count(self.accounts), self.accounts is None),
            ("附件二　数据清单", _count(_taken(self.data)), self.data is None or None in _lines(self.data)),
            ("附件三　设备物品清单", _count(self.things), self.things is None),
            ("附件四　客户清单", _count(self.customers), self.customers is None),
        )

    def _accounts(self) -> Grid:
        made = tuple(
            (a.platform, a.handle, a.phone, a.real_name, a.devices, a.state, a.note)
            for a in self.accounts or ()
        )
        return Grid(
            title="",
            head=("平台", "账号标识", "绑定手机号", "实名人", "可登录设备数", "交接状态", "备注"),
            rows=made,
            widths=(11, 19, 16, 12, 12, 14, 16),
            gap=_gap("账号清单", self.accounts is None),
        )

    def _data(self) -> Grid:
        classes = self.data.classes() if self.data is not None else ()
        return Grid(
            title="",
            head=("内容类别", "数量", "起止", "导出集合的校验值（SHA-256）", "备注"),
            rows=tuple((name, *_data_cells(line)) for name, line in classes),
            widths=(15, 12, 20, 36, 17),
            gap=_gap("数据清单", self.data is None),
        )

    def _things(self) -> Grid:
        made = tuple((t.name, t.serial, t.iccid, t.accessories, t.state, t.note) for t in self.things or ())
        return Grid(
            title="",
            head=("名称", "IMEI/序列号", "ICCID", "配件", "交接状态", "备注"),
            rows=made,
            widths=(17, 20, 22, 14, 13, 14),
            gap=_gap("设备物品清单", self.things is None),
        )

    def _customers(self) -> Grid:
        made = tuple(
            (c.customer_no, c.name, c.source, c.in_flight, c.receiver, c.state) for c in self.customers or ()
        )
        return Grid(
            title="",
            head=("客户编号", "客户", "来源", "在途事项", "接收人", "状态"),
            rows=made,
            widths=(16, 18, 14, 22, 14, 16),
            gap=_gap("客户清单", self.customers is None),
        )


def _count(lines: tuple[object, ...] | None) -> str:
    return MISSING if lines is None else f"{len(lines)} 项"


def _lines(data: DataInventory) -> tuple[DataLine | None, ...]:
    return tuple(line for _, line in data.classes())


def _taken(data: DataInventory | None) -> tuple[DataLine, ...] | None:
    return None if data is None else tuple(line for line in _lines(data) if line is not None)


def _data_cells(line: DataLine | None) -> tuple[str, str, str, str]:
    if line is None:
        return MISSING, MISSING, MISSING, ""
    span = f"{line.first} 至 {line.last}" if line.first or line.last else "不适用"
    return f"{line.count} {line.unit}", span, line.sha256, line.note


def _gap(name: str, lacking: bool) -> str:
    return f"缺：{name}未提供。补齐前交接不算完成。" if lacking else ""


@dataclass(frozen=True, slots=True)
class Witness:
    """Who was there when somebody refused: name, and what he is (工会代表, 行政部)."""

    name: str
    post: str
    grade: Grade = Grade.INK


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalNote(FormPaper):
    """《拒签情况说明》: that a paper was shown and not signed. It has places for those who were there, and none for
    him who refused: nothing of his is signed or drawn."""

    kind: ClassVar[str] = "拒签情况说明"
    paper_name: str
    paper_number: str
    refuser: str
    refuser_ref: str
    role: str
    refused_at: str
    place: str
    told: str
    reason: str
    delivered: tuple[str, ...]
    proof: str
    handler: Signer
    witnesses: tuple[Witness, ...]

    def sections(self) -> tuple[Section, ...]:
        told = rows(
            ("文书", f"《{self.paper_name}》（编号 {self.paper_number}）"),
            ("拒签人", f"{self.refuser}（{self.refuser_ref}），应签角色：{self.role}"),
            ("时间", self.refused_at), ("地点", self.place), ("已说明的内容", self.told),
            ("本人所述理由", self.reason or "未说明理由"), ("附件与录像", self.proof or "无"),
        )  # fmt: skip
        facts = (
            "上列文书已出示并交其阅读，本人未签署。本说明只记录拒签这一事实，不表示其认可或者不认可文书内容。",
            "拒签不影响公司依法出具证明、结清工资和办理社会保险、档案手续。",
        )
        signers = tuple(Slot(f"见证人（{w.post}）", w.name, w.grade) for w in self.witnesses)
        return (
            Fields("", told),
            Paragraphs("一、情况", facts),
            Paragraphs("二、送达", self.delivered),
            SignOff(
                "三、经办人与见证人", "下列人员在场，所述属实。", (slot("经办人", self.handler), *signers)
            ),
        )
