"""How a command calls the tables in which words of an erased person may still stand (ADR 26)."""

from collections.abc import Mapping

#: Every table of the main store with a personal column of text; a test holds this against the declarations.
TABLE_WORDS: Mapping[str, str] = {
    "access_credential": "通行密钥登记", "access_user": "登录登记", "approvals_decision": "审批决定",
    "approvals_enablement": "启用登记", "approvals_request": "审批申请", "approvals_revocation": "审批撤销登记",
    "archive_conversation": "会话登记", "archive_hold": "保全登记", "archive_hold_release": "保全解除登记",
    "archive_media": "附件登记", "assets_account": "工作账号登记", "assets_account_change": "工作账号变更登记",
    "assets_asset": "资产登记", "assets_group": "群登记", "assets_group_member": "群成员登记",
    "assets_number": "公司号码登记",
    "capture_cursor": "采集位置登记", "capture_mapping": "导入对照登记", "capture_run": "导入登记",
    "consent_leave": "许可登记", "consent_step": "同意登记", "duties_duty": "义务登记",
    "evidence_amount": "争议金额", "evidence_assessment": "争议评估", "evidence_defence": "争议抗辩",
    "evidence_dispute": "争议登记", "evidence_exhibit": "争议证据", "evidence_fact": "争议事实",
    "evidence_follow_up": "争议回访", "evidence_lost_customer": "争议中的流失客户", "evidence_outcome": "争议结果",
    "evidence_relief": "争议请求", "evidence_settlement": "和解登记", "evidence_term": "和解条款",
    "handover_attempt": "离职联系登记", "handover_binding": "解绑清单", "handover_case": "离职交接登记",
    "handover_commission": "提成结算", "handover_follow_up": "离职回访", "handover_handed": "交接登记",
    "handover_objection": "交接异议", "handover_private_item": "私人内容登记", "handover_promise": "离职承诺",
    "handover_settlement": "离职结算", "handover_snapshot_line": "交接清单", "handover_step": "验收步骤",
    "handover_unable": "不能交接的说明", "matters_matter": "事项的名称", "papers_answer": "文书的答复登记",
    "papers_delivery": "送达登记", "papers_delivery_result": "送达结果", "papers_paper": "文书登记",
    "papers_refusal": "拒签登记", "papers_seal_use": "用印登记", "papers_signature": "签署登记",
    "parties_customer": "客户登记", "parties_customer_identity": "客户平台编号登记", "parties_staff": "员工登记",
    "reading_opening": "查阅记录", "succession_complaint": "客户投诉", "succession_customer_need": "客户需求",
    "succession_submission": "客户转移的提交", "succession_submission_item": "客户转移的提交明细",
    "succession_voluntary_choice": "客户自愿选择",
}  # fmt: skip
