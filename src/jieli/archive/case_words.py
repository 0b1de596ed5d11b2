"""What goes from the rows of a case when its time is over, table by table, and what stays of them (ADR 30).

The rooms' own functions say the same in SQL. A row that says nothing in a column goes on saying nothing: that nothing
was said is no secret. A test holds every text column of these rooms against the two lists.
"""

from collections.abc import Callable, Mapping
from typing import Any

from jieli.ledger.tables import Row
from jieli.parties.types import ERASED
from seal import canonical

#: What stands where free words stood.
EMPTIED = "已依法清空"
#: How a statement says that it gives no answer (R0.41).
_UNKNOWN = "不明"
_NO_LEAVE = ("销假", "离岗")

#: (row, column) → what will stand there.
Rest = Callable[[Row, str], Any]


def _word(row: Row, column: str) -> str | None:
    return EMPTIED if getattr(row, column) else getattr(row, column)


def _always(row: Row, column: str) -> str:
    return EMPTIED


def _name(row: Row, column: str) -> str | None:
    return ERASED if getattr(row, column) else getattr(row, column)


def _names(row: Row, column: str) -> list[str]:
    return [ERASED] * len(getattr(row, column))


def _own(row: Row, column: str) -> str | None:
    """Where a column is part of what may not stand twice."""
    return f"erased:{row.pk}" if getattr(row, column) else getattr(row, column)


def _answer(row: Row, column: str) -> str:
    return _UNKNOWN


def _leave(row: Row, column: str) -> str:
    """Which leave it was; not that it was none, or taken back: the gate reads these two."""
    said: str = getattr(row, column)
    return said if said in _NO_LEAVE else EMPTIED


def _nothing(row: Row, column: str) -> None:
    return None


def _verdict(row: Row, column: str) -> str:
    """A verdict that still says on what, with which code and how certain, and no word more."""
    said: dict[str, object] = {name: getattr(row, name) for name in ("certainty", "code", "issue")}
    said |= {name: [] for name in ("articles", "findings", "missing", "notes", "open_points")}
    return canonical.encode({**said, "text": EMPTIED}).decode()


GOES: Mapping[str, Mapping[str, Rest]] = {
    "approvals_decision": {"reason": _word},
    "approvals_enablement": {"note": _word},
    "approvals_request": {"reason": _word, "scope": _word},
    "approvals_revocation": {"reason": _word},
    "assets_account": {
        "handle": _own, "mailbox": _word, "nickname": _word, "number": _word, "real_name": _name,
    },
    "assets_account_change": {"after": _word, "before": _word},
    "assets_asset": {"label": _word},
    "assets_group": {"name": _word},
    "assets_group_member": {"external_id": _own},
    "assets_number": {"iccid": _word, "number": _own},
    "consent_document": {"title": _own},
    "consent_leave": {"kind": _leave},
    "consent_step": {"external_id": _own, "exhibit": _nothing, "reply": _word},
    "duties_duty": {"note": _word, "reason": _word, "text": _word},
    "evidence_amount": {"what": _word},
    "evidence_assessment": {"verdict": _verdict},
    "evidence_defence": {"text": _word},
    "evidence_dispute": {"account_label": _word, "person_label": _name},
    "evidence_exhibit": {"grounds": _word, "proves": _word},
    "evidence_fact": {"note": _word, "value": _answer},
    "evidence_follow_up": {"note": _word, "visitor": _name},
    "evidence_lost_customer": {"customer": _own, "withdrawn": _word},
    "evidence_outcome": {"text": _word},
    "evidence_relief": {"text": _word},
    "evidence_settlement": {"mediator": _name},
    "evidence_term": {"action": _word, "proof": _word},
    "handover_attempt": {"how": _word, "outcome": _word, "witnesses": _names},
    "handover_binding": {"name": _own},
    "handover_case": {"note": _word},
    "handover_commission": {"company_text": _word, "staff_text": _word},
    "handover_data_recovery": {"purpose": _word, "witnesses": _names},
    "handover_follow_up": {"visitor": _name, "who": _name},
    "handover_handed": {"key": _own},
    "handover_objection": {"answer": _word, "text": _word},
    "handover_private_item": {"counterparty": _word, "label": _own, "place": _word, "present": _names},
    "handover_promise": {"answer_text": _word, "text": _word},
    "handover_settlement": {"company_text": _word, "staff_text": _word},
    "handover_snapshot_line": {"key": _own, "label": _word},
    "handover_step": {"reason": _word},
    "handover_unable": {"key": _own, "reason": _word},
    "matters_matter": {"title": _always},
    "succession_complaint": {"words": _word},
    "succession_override": {"reason": _word},
    "succession_plan": {
        "alternative": _word, "business_need": _word, "privacy_impact": _word, "void_reason": _word,
    },
    "succession_proposal": {"reason": _word},
    "succession_submission": {"handover": _name, "message": _word, "takeover": _name},
    "succession_submission_item": {"external": _own, "handover": _name, "takeover": _name},
    "succession_voluntary_choice": {"words": _word},
}  # fmt: skip

#: How a paper calls the rows of a room's cases.
CALLED: Mapping[str, str] = {
    "assets": "账号、号码和群的登记", "matters": "事项的名称", "evidence": "争议中的陈述、请求、证据与裁判的说明",
    "handover": "离职交接的清单、说明与异议",
    "succession": "客户交接的理由、平台编号与客户的话", "duties": "义务的内容与理由", "approvals": "审批和启用的理由",
    "consent": "同意登记中的平台编号与原话",
}  # fmt: skip
_CODE, _REF = "代码或种类", "编号或指向别处的记号"
_BOOK = "公司的账：数额、订单、产品"
_OURS = "公司自己的文字，不指某个人"
_ACTOR = "经办人的登记编号，不是姓名"
_CLOSED = "由程序写的说明，不含自由文字"
_THING = "公司的设备和费用，不指某个人：留到公司不再有这件东西"
_PLACE = "公司自己的页面地址"

#: Which text columns of these rooms stay, and why: every one that is not above.
STAYS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "approvals_decision": {_ACTOR: ("applicant", "approver")},
    "approvals_enablement": {
        _CODE: ("what",), _REF: ("papers",), _ACTOR: ("enabled_by",),
    },
    "approvals_request": {_CODE: ("kind",), _ACTOR: ("applicant",), _REF: ("system", "number")},
    "approvals_revocation": {_ACTOR: ("by",)},
    "assets_account": {_CODE: ("platform", "type", "state", "registered_by")},
    "assets_account_change": {_CODE: ("what", "alert")},
    "assets_asset": {_CODE: ("kind",)},
    "assets_control": {_CODE: ("right", "controller")},
    "assets_device": {_THING: ("imei", "model", "serial")},
    "assets_group": {_CODE: ("platform", "kind"), _REF: ("room",)},
    "assets_holding": {_CODE: ("holder_kind",)},
    "assets_number": {_CODE: ("carrier_holder", "payer")},
    "consent_calendar_day": {_CODE: ("kind",), _OURS: ("source",)},
    "consent_document": {_CODE: ("kind",)},
    "consent_notice": {
        _CODE: ("kind", "means", "scopes"),
        _OURS: (
            "title", "text", "purpose", "hours", "use", "retention", "categories", "contact", "rights", "summary",
        ),
    },
    "consent_policy": {_OURS: ("rules",)},
    "consent_served": {_CODE: ("subject_kind",), "送达的方式": ("how",)},
    "consent_shift": {_CODE: ("kind",)},
    "consent_step": {
        _CODE: ("subject_kind", "platform", "means", "scope", "step", "stated_by"),
        "平台的消息编号和公司账号或群：没有它们，再导入就会重复登记": ("message", "towards"),
    },
    "duties_duty": {_CODE: ("name", "owed_by", "owed_to", "state"), _REF: ("articles",)},
    "evidence_amount": {_CODE: ("qualifier", "loss_type", "stated_by")},
    "evidence_assessment": {
        _CODE: ("issue", "code", "certainty", "qualifier"), _REF: ("facts", "rules"),
    },
    "evidence_defence": {_CODE: ("kind", "raised_by")},
    "evidence_dispute": {
        _CODE: ("cause", "claimant", "closed_by"), "受理机关与案号：裁判本身在那里": ("tribunal", "docket"),
    },
    "evidence_exhibit": {_CODE: ("party", "legality"), _REF: ("number",)},
    "evidence_fact": {_CODE: ("key", "stated_by", "proof", "precision")},
    "evidence_lost_customer": {_CODE: ("head", "precision"), _BOOK: ("course",)},
    "evidence_outcome": {_CODE: ("issue", "code", "instance"), "裁判机关": ("decided_by",)},
    "evidence_package": {_CODE: ("kind",), _REF: ("subject", "digests")},
    "evidence_relief": {_CODE: ("issue", "ground", "qualifier", "loss_type", "stated_by")},
    "evidence_term": {_CODE: ("kind", "obligor", "obligee", "rule")},
    "handover_binding": {_CODE: ("kind",)},
    "handover_case": {
        _CODE: ("engagement_kind", "reason", "source", "stage"), _REF: ("table_version",), "派遣单位": ("sender",),
    },
    "handover_case_paper": {_CODE: ("covers",)},
    "handover_commission": {_BOOK: ("order_no", "product"), _CODE: ("company_qualifier", "staff_qualifier")},
    "handover_data_row": {_CODE: ("cls",), _CLOSED: ("note",)},
    "handover_follow_up": {_CODE: ("asked",)},
    "handover_handed": {_CODE: ("cls",)},
    "handover_late_attempt": {_CODE: ("act",)},
    "handover_objection": {_CODE: ("party",), "对哪张清单、哪份文书": ("place",)},
    "handover_private_item": {
        _CODE: ("kind", "decision", "platform", "nature", "checked_by", "removal"), _ACTOR: ("removed_by",),
    },
    "handover_promise": {_CODE: ("answer",)},
    "handover_settlement": {_BOOK: ("name",), _CODE: ("owed_by", "company_qualifier", "staff_qualifier")},
    "handover_snapshot_line": {_CODE: ("cls",)},
    "handover_step": {_CODE: ("card", "step", "result")},
    "handover_unable": {_CODE: ("cls", "stated_by")},
    "matters_matter": {_CODE: ("kind",), _REF: ("number",)},
    "matters_person": {_CODE: ("person_kind", "role")},
    "succession_assignment": {_CODE: ("phase", "state", "reasons", "remedies")},
    "succession_candidate": {_CODE: ("obstacles",)},
    "succession_choice": {_CODE: ("choice", "channel")},
    "succession_complaint": {_CODE: ("channel",)},
    "succession_contact": {
        _CODE: (
            "farewell_channel", "notice_channel", "notice_outcome", "reminder_channel", "reminder_outcome",
            "closed_why",
        ),
    },
    "succession_contact_way": {_PLACE: ("url",)},
    "succession_customer_consent": {_CODE: ("kind", "step")},
    "succession_customer_need": {_CODE: ("kind",)},
    "succession_customer_wish": {_CODE: ("wish", "channel")},
    "succession_override": {_ACTOR: ("made_by",)},
    "succession_plan": {_CODE: ("mode", "state", "solver"), _ACTOR: ("made_by",)},
    "succession_rule": {
        _OURS: ("name", "content", "rationale", "customer_need"), _ACTOR: ("proposed_by",),
    },
    "succession_service_contact": {_OURS: ("uscc", "phone", "mail", "desk")},
    "succession_submission": {_CODE: ("subject", "phase", "state")},
    "succession_submission_item": {_CODE: ("phase", "outcome")},
    "succession_training": {_CODE: ("content",)},
    "succession_voluntary_choice": {_CODE: ("channel",)},
}  # fmt: skip
