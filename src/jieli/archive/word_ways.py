"""What becomes of every column of the house in which a person may be named or something be written freely (ADR 33).

A test holds this against all tables: each column goes one way, or says why it stays and until when.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from jieli.archive.case_words import GOES, STAYS
from jieli.archive.remains import INSTEAD, OF_OTHERS, TAKEN


class Way(StrEnum):
    """How words leave the house."""

    ITEM = "随条目或会话销毁"
    PAPER = "随文书（ADR 28）"
    CASE = "随所属一类的案或登记（ADR 30、ADR 33）"
    REGISTER = "本人的登记清空时（ADR 26）"
    OPENING = "查阅记录到期"
    PART = "随写下它的那一行"
    STAYS = "留下"


class Fate(NamedTuple):
    """Which way a column goes; where it stays, why, and until when."""

    way: Way
    why: str = ""
    until: str = ""


_BOOK = "与账本同在：账本不能事后删短"
_HOUSE = "到公司停用本系统"
_ACTED = Fate(Way.STAYS, "谁经办、谁批准：登记编号，不是姓名；没有它，账本证明不了由谁负责", _BOOK)
_GROUND = Fate(Way.STAYS, "销毁、保全、解除、改期限的理由：证明为什么销毁或没有销毁，写明不要写姓名", _BOOK)
_READ_FROM = Fate(Way.STAYS, "从哪里读入：证明来源（提取过程说明），再导入时不重复读", _HOUSE)
_CODE = Fate(Way.STAYS, "代码、编号、日期之类，由程序写，不含自由文字", _HOUSE)
_OURS = Fate(Way.STAYS, "公司自己的名称和账，不指某个人", _HOUSE)

#: Columns that stay although a person may be meant, or somebody may have written what he liked.
NAMED: Mapping[tuple[str, str], Fate] = {
    ("access_user", "password"): Fate(Way.REGISTER),
    ("approvals_decision", "applicant"): _ACTED,
    ("approvals_decision", "approver"): _ACTED,
    ("approvals_request", "applicant"): _ACTED,
    ("archive_hold", "ground"): _GROUND,
    ("archive_hold_release", "reason"): _GROUND,
    ("archive_retention_plan", "reason"): _GROUND,
    ("archive_retention_policy", "reason"): _GROUND,
    ("archive_shred", "reason"): _GROUND,
    ("archive_shred", "target"): Fate(Way.STAYS, "销毁了谁的：登记编号，不是姓名（ADR 26）", _BOOK),
    ("archive_hold", "target"): Fate(Way.STAYS, "保的是谁的：登记编号，不是姓名", _BOOK),
    ("capture_cursor", "place"): _READ_FROM,
    ("capture_mapping", "rules"): Fate(
        Way.STAYS, "读取规则：档案里的话按它归到各人，核验时还要它", "到所读的内容全部销毁；没有计划，由人办"
    ),
    ("capture_run", "place"): _READ_FROM,
    ("capture_run", "reason"): Fate(
        Way.STAYS, "补采历史内容的理由：证明处理合法", "到所采的内容全部销毁；没有计划，由人办"
    ),
    ("consent_step", "towards"): Fate(
        Way.STAYS, "公司自己的账号或群；没有它，再导入就会重复登记", "到平台不再给出这些记录"
    ),
    ("ledger_part", "body"): Fate(Way.PART),
    ("parties_staff", "post"): _OURS,
    ("reading_concern", "staff"): Fate(Way.STAYS, "查阅涉及谁：登记编号，不是姓名；本人有权知道谁看过", _BOOK),
}  # fmt: skip

#: Columns of text of the rooms without cases in which nobody writes freely.
CODES: Mapping[Fate, Mapping[str, tuple[str, ...]]] = {
    _ACTED: {
        "archive_hold": ("by",), "archive_hold_release": ("by",), "archive_media": ("by",),
        "archive_media_refusal": ("by",), "archive_retention_plan": ("by",), "archive_retention_policy": ("by",),
        "archive_shred": ("by",), "capture_run": ("by",), "reading_opening": ("by",),
    },
    _OURS: {
        "parties_engagement": ("sender",), "parties_legal_entity": ("code", "name", "uscc"),
        "parties_order": ("order_no", "product", "qualifier"), "parties_unit": ("code", "name"),
    },
    _CODE: {
        "access_grant": ("role",), "access_signed_link": ("purpose",), "archive_basis": ("scopes",),
        "archive_batch": ("source",), "archive_conversation": ("source",), "archive_hold": ("scope",),
        "archive_item": ("source", "channel", "msgtype"), "archive_media": ("format", "unit", "agreement"),
        "archive_media_refusal": ("reason",), "archive_media_removal": ("state",),
        "archive_retention_plan": ("code", "channel"), "archive_retention_policy": ("defaults", "months"),
        "archive_shred": ("scope",), "archive_wrap_epoch": ("state", "fingerprint"), "capture_cursor": ("source",),
        "capture_mapping": ("source",), "capture_run": ("source", "platform"), "capture_tally": ("reason",),
        "ledger_checkpoint": ("note",), "ledger_cosignature": ("witness", "line"),
        "ledger_deposit": ("depository", "kind", "number"), "ledger_entry": ("kind",), "ledger_log": ("origin",),
        "ledger_part": ("row_table", "row_id"), "ledger_timestamp": ("authority",),
        "papers_answer": ("role", "kind"), "papers_delivery": ("channel",), "papers_delivery_result": ("outcome",),
        "papers_paper": ("kind", "media_type", "origin", "number"), "papers_refusal": ("role",),
        "papers_seal_use": ("seal_no", "order_no"), "papers_signature": ("role", "grade"),
        "parties_customer": ("customer_no", "source"), "parties_customer_identity": ("platform",),
        "parties_engagement": ("kind",), "parties_staff": ("staff_no",), "reading_concern": ("capacities",),
        "reading_opening": ("kind", "role", "unit", "purpose", "left_out"), "reading_unshown": ("reason",),
    },
}  # fmt: skip


def fates() -> Iterator[tuple[str, str, Fate]]:
    """(table, column, fate) of every column that this house has a word on; one that goes two ways comes twice."""
    for model, names in TAKEN.items():
        yield from ((model._meta.db_table, name, Fate(Way.ITEM)) for name in names)
    for table, columns in [*OF_OTHERS.items(), *INSTEAD.items()]:
        way = Way.PAPER if table.startswith("papers_") else Way.REGISTER
        fate = Fate(Way.OPENING if table == "reading_opening" else way)
        yield from ((table, name, fate) for name in columns)
    yield "papers_content", "data", Fate(Way.PAPER)
    for table, goes in GOES.items():
        yield from ((table, name, Fate(Way.CASE)) for name in goes)
    for (table, name), fate in NAMED.items():
        yield table, name, fate
    for table, said in STAYS.items():
        yield from (
            (table, name, Fate(Way.STAYS, why, _HOUSE))
            for why, names in said.items()
            for name in names
            if (table, name) not in NAMED
        )
    for fate, tables in CODES.items():
        yield from ((table, name, fate) for table, names in tables.items() for name in names)
