"""What people read where a program reads a key: every key of the commands' answers, in Chinese. Data.

The JSON of ``--json`` keeps its keys; these are the words of the same answer on a screen. A key that means one thing
in one command and another elsewhere has the wider word here, and the command gives its own where that is too wide.
"""

from typing import Final

# fmt: off
LABELS: Final[dict[str, str]] = {
    "account": "账号", "account_restored": "账号已恢复", "accounts": "账号", "action": "行为", "advisory": "参考意见",
    "after": "之后", "against": "不可行的原因", "agree": "同意", "agreement": "与平台声称", "alert": "提醒",
    "alternative": "另一方案", "ambiguous": "不止一种可能", "amount": "金额", "amounts": "金额", "answer": "答复",
    "answered": "已答复", "applicant": "申请人", "approval": "批准", "approver": "审批人", "articles": "条文",
    "asked": "已询问", "assessed_times": "评估次数", "asset": "资产", "assigned": "已分配", "at": "时间",
    "audit": "审计", "backups_gone_by": "备份清除不晚于", "balance": "均衡", "basis": "依据", "before": "之前",
    "bindings": "绑定", "blocks": "块数", "body": "正文", "bound": "已绑定", "business_need": "业务需要",
    "by": "经办", "bytes": "字节", "called": "名称", "calls": "调用次数", "capacity": "可承担",
    "carrier_holder": "实名人", "case": "案", "cause": "起因", "certainty": "把握", "certificate": "凭证",
    "certificate_received": "收到凭证", "change": "换绑", "changed": "有变化",
    "changed_at": "换绑时间", "changed_by": "换绑人", "changes": "换绑", "checked": "已检查",
    "checkpoint": "检查点（条）", "checks": "检查", "choice": "选择", "claimant": "提出方", "class": "类别",
    "clean": "全部一致", "clock": "时钟疑点", "closed": "已结束", "closed_by": "结案方式", "closed_on": "结案日",
    "code": "代码", "column": "列", "company": "公司", "complete": "完整", "confirmed": "已确认", "consents": "同意",
    "content": "内容", "control": "控制", "controller": "控制方", "conversation": "会话", "count": "数量",
    "counted": "已见证到（条）", "counts": "计数", "covers": "包含", "customer_no": "客户编号", "customers": "客户",
    "cut_from": "停用自", "days": "天数", "decided_on": "决定日", "decision_reason": "决定理由", "defence": "抗辩",
    "defences": "抗辩", "deliveries": "送达", "delivery": "送达", "departs_from": "与规则不同之处",
    "depository": "存证机构", "deposits": "存证", "desk": "服务台", "digest": "摘要", "dispute": "争议",
    "due": "期限", "due_on": "到期日", "duty": "义务", "earlier": "更早的账本", "enabled": "已启用",
    "enablement": "启用", "ended": "已终止", "engagement": "劳动关系", "entity": "主体", "entry": "账本条目",
    "epoch": "封装期", "error": "情况", "errors": "错误", "exhibit": "证据", "exhibits": "证据", "expires_at": "有效至",
    "fact": "事实", "facts": "事实", "failed": "未成", "farewell_at": "告别信时间", "fen": "分", "fields": "列",
    "file": "文件", "files": "文件", "final": "终局", "findings": "认定", "fingerprint": "指纹", "fingerprints": "指纹",
    "first": "甲单", "first_contact_minutes": "首次联系（分钟）", "foci": "争议焦点", "form": "形式", "format": "格式",
    "from": "自", "from_ms": "自", "given": "已给出", "grade": "等级", "grant": "授权", "grants": "授权",
    "ground": "依据", "grounds": "理由", "groups": "客户群", "heading": "标题", "heartbeat": "最近心跳",
    "held": "保全中", "history": "经过", "hold": "保全", "holder": "持有人", "holding": "持有登记", "holds": "保全",
    "how": "方式", "iccid": "卡号", "id": "编号", "in_force": "现行有效", "incident": "事件", "instance": "审级",
    "issue": "争点", "item": "条目", "items": "条目", "items_destroyed": "已销毁的条目", "kept": "已存入",
    "key": "名称", "kind": "类别", "kinds": "种类", "label": "名称", "last_day": "最后工作日", "late": "迟到",
    "legality": "合法性", "light": "信号灯", "line": "行", "link": "链接", "list": "清单", "listed": "列出",
    "live_gone_at": "在库清除时间", "load_after": "之后的负荷", "log": "账本", "loss": "损失", "losses": "损失",
    "mail": "邮箱", "matter": "事项", "media_locked": "被锁定的附件", "media_removed": "已删除的附件",
    "missing": "缺少", "mode": "方式", "moved": "已移交", "n": "第几个", "name": "名称", "nature": "性质",
    "new": "新增", "note": "说明", "notes": "说明", "notice": "告知书", "notice_at": "通知时间",
    "notice_outcome": "通知结果", "notices": "告知书", "number": "编号", "objection": "异议",
    "objections": "异议", "obligee": "权利人",
    "obligor": "义务人", "oldest_unassigned_days": "未分配最久（天）", "on": "日期", "open_points": "待定事项",
    "opened_on": "立案日", "opening": "开启登记", "openings": "开启次数", "order_no": "订单号", "origin": "账本名称",
    "out": "写到", "outcome": "结果", "outcomes": "结果", "outside": "外部审批", "overdue": "逾期", "owner": "负责人",
    "page": "核验页", "pairs": "查询的组", "paper": "文书", "papers": "文书", "party": "当事方", "passed": "通过",
    "payer": "缴费人", "permission": "获准证明", "person": "人员", "persons": "人员", "phone": "号码", "plan": "方案",
    "plans": "方案", "platform_at": "平台时间", "playable": "播放用副本", "possible": "可行", "prepared": "已准备",
    "privacy_impact": "隐私影响", "private": "私人内容", "promise": "承诺", "proof": "证明", "proves": "证明对象",
    "quorum_met": "达到信任策略", "reason": "原因", "receipt": "回执", "receiver": "接手人", "recorded": "已登记",
    "recovery": "取回", "refusal": "拒绝", "refusal_rate_percent": "拒绝率（%）", "refusals": "拒绝", "refused": "被拒",
    "released": "已解除", "reliefs": "请求", "remedy": "怎样改正", "reminder_at": "提醒时间", "removal": "移除",
    "removed": "已移除", "request": "申请", "request_state": "申请状态", "required": "所需文件",
    "rests_until": "静置至",
    "result": "结果", "right": "权利", "room": "客户群", "route": "途径", "rows": "行数", "rule": "规则",
    "rule_version": "规则版本", "rules": "规则", "scope": "范围", "score_after": "之后得分", "score_before": "之前得分",
    "second": "乙单", "seconds": "秒", "sections": "分节", "sent": "已发出", "served": "已送达", "session": "签署会话",
    "settlement": "和解", "sha256": "SHA-256", "sheets": "文书", "shown": "所示块数", "shred": "销毁", "shreds": "销毁",
    "side": "一方", "signature": "签名", "signatures": "签名", "silences": "静默", "size": "条数", "snapshot": "快照",
    "split": "划分", "staff": "员工", "staff_no": "工号", "stage": "阶段", "stamped": "时间戳", "standing": "现状",
    "state": "状态", "statuses": "各状态", "step": "步骤", "steps_missing": "尚缺步骤", "stopped": "停下的原因",
    "stopped_code": "停下的代码", "subject": "对象", "supported": "有证据支持", "table": "表", "taken": "已接受",
    "target": "对象", "templates": "样表", "terms": "条款", "text": "文字", "texts": "文稿", "time": "时间",
    "times": "次数", "title": "标题", "to": "至", "to_ms": "至", "total": "合计", "trace": "推导",
    "tribunal": "受理机构",
    "type": "类型", "unassigned": "未分配", "unchanged": "未变", "unheard": "没有回音的群", "unit": "单位",
    "unknown": "结果不明", "unmatched": "没有对上", "unreachable": "联系不上", "unstamped": "待补时间戳",
    "until": "截至", "users": "使用人", "valid_until": "有效至", "value": "值", "verdict": "意见", "verdicts": "意见",
    "verified": "已核实", "version": "版本", "vkey": "公钥", "vouched": "由谁见证", "wait_until": "等到",
    "waiting": "等待中", "what": "事由",
    "when": "何时", "who": "谁", "why": "原因", "wish": "意愿", "withdrawn": "已撤回", "withheld": "未发的原因",
    "without_phone": "没有手机号", "witnessed": "见证", "year": "年份", "years": "年限",
}
#: Keys whose whole numbers are instants (ms since 1970, UTC): read as a wall clock in Shanghai.
INSTANTS: Final[frozenset[str]] = frozenset({
    "at", "backups_gone_by", "changed_at", "due", "expires_at", "farewell_at", "from", "from_ms", "heartbeat",
    "keys_until", "live_gone_at", "main_until", "notice_at", "platform_at", "reminder_at", "rests_until", "time",
    "to_ms", "until", "wait_until",
})
#: Words for programs that come as values.
VALUES: Final[dict[str, str]] = {"pending": "待签", "done": "已完成"}
# fmt: on
