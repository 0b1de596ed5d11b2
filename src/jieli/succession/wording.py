"""Reasons and remedies in Chinese. Stored are codes and values; names are put in when they are shown."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from jieli.succession.types import Fix, Reason, Remedy, Why

Values = Sequence[str]
_UNKNOWN_NAME = "（已不在册）"


def _score(v: Values) -> str:
    yuan = int(v[2]) // 100
    return f"得分{v[0]}／{v[5]}（在职{v[1]}个月，近365天订单{yuan}元），在{v[4]}名可选接手人中排第{v[3]}"


def _listed(v: Values) -> str:
    return f"客户的{v[0]}“{v[1]}”" if v[1] != "*" else f"客户的{v[0]}未单独列出"


_WHY: Mapping[Why, Callable[[Values], str]] = {
    Why.FITS: lambda v: f"{_listed(v)}，规则写明{'由其接手' if v[2] == '必须' else '优先由其接手'}",
    Why.OPEN: lambda v: f"规则没有写到{v[0]}“{v[1]}”，不受{v[0]}限制",
    Why.UNKNOWN: lambda v: f"客户未登记{v[0]}，不受{v[0]}限制",
    Why.MISSED: lambda v: f"{_listed(v)}，优先的接手人已满或不符合条件",
    Why.SCORE: _score,
    Why.LOAD: lambda v: f"接手后共{v[0]}名客户，上限{v[1]}名",
    Why.ORDER: lambda v: f"条件相同的客户共{v[0]}名，按客户编号排第{v[1]}",
    Why.ENTITY_CONSENT: lambda v: "接手人属其他主体，客户已单独同意",
    Why.BY_HAND: lambda v: "由人工调整，理由见调整记录",
    Why.NO_RULE: lambda v: "通知离职之前没有生效的接续规则，不能自动分配",
    Why.MANUAL: lambda v: "手动方案，尚未指定接手人",
    Why.NO_CONTACT: lambda v: "客户表示不再联系",
    Why.REFUSED: lambda v: "客户已拒绝接替，不再自动分配给他人",
    Why.SOURCE: lambda v: "客户来源不明，不得转移或联系",
    Why.MINOR: lambda v: "客户是未成年人，尚无监护人同意",
    Why.IN_FLIGHT: lambda v: f"客户正在另一方案（{v[0]}）的接续中",
    Why.TOO_LATE: lambda v: f"平台不可继承：离职已满一年（至{v[0]}止）",
    Why.NOT_LOGGED_IN: lambda v: "平台不可继承：离职人员离职前一年内未登录",
    Why.NO_RECEIVER: lambda v: "没有一名接手人符合接手条件",
    Why.NO_MATCH: lambda v: f"没有符合条件的接手人对应{v[0]}“{v[1] or '未登记'}”",
    Why.NO_CONSENT: lambda v: "可选的接手人属其他主体，客户尚未单独同意",
    Why.FULL: lambda v: "符合条件的接手人均已达到上限",
    Why.LEAVING: lambda v: f"本人已离职或即将离职（{v[0]}）",
    Why.IS_LEAVER: lambda v: "即离职人员本人",
    Why.EXCLUDED: lambda v: "已被指定不参与接手",
    Why.UNTRAINED: lambda v: f"尚未通过“{v[0]}”培训",
    Why.OVERDUE: lambda v: f"“{v[0]}”培训已于{v[1]}到期",
    Why.UNCOMMITTED: lambda v: "尚未签署隐私保护承诺书",
    Why.PLATFORM: lambda v: f"平台条件不足：{v[0]}",
    Why.NO_ENTITY: lambda v: "没有登记所属主体",
    Why.TWICE: lambda v: f"90天内已在职转移两次，{v[0]}起才可再次在职转移；改在离职后继承",
    Why.TOO_CLOSE: lambda v: "距最后工作时刻不足48小时，改在离职后继承",
}


def _names(ids: Values, names: Mapping[UUID, str]) -> str:
    return "、".join(names.get(UUID(i), _UNKNOWN_NAME) for i in ids)


_FIX: Mapping[Fix, Callable[[Values, Mapping[UUID, str]], str]] = {
    Fix.RAISE_CAPACITY: lambda v, n: f"若把{_names(v[:1], n)}的上限由{v[1]}调到{v[2]}，即可分配",
    Fix.DROP_CRITERION: lambda v, n: f"若放宽{v[0]}“{v[1] or '未登记'}”这一条件，可分给{_names(v[2:], n)}",
    Fix.CLEAR_OBSTACLE: lambda v, n: (
        f"若{_names(v[:1], n)}补齐一项（{why(Reason(Why(v[1]), tuple(v[2:])))}），即可分配"
    ),
    Fix.GET_CONSENT: lambda v, n: f"若取得客户对接手主体的单独同意，可分给{_names(v, n)}",
    Fix.ASK_GUARDIAN: lambda v, n: "须先取得监护人同意",
    Fix.PROVE_SOURCE: lambda v, n: "须先补录来源凭证（如订单或采购合同）并更正客户来源",
    Fix.CUSTOMER_COMES: lambda v, n: "只能由客户本人主动联系（扫“联系我”二维码）",
    Fix.APPROVE_RULE: lambda v, n: "由责任人逐一联系，由客户自己选择；今后的规则须在通知离职之前批准生效",
    Fix.CHOOSE: lambda v, n: "请手动指定接手人并写明理由",
    Fix.FALLBACK: lambda v, n: "改走名单联系：电话名单加“联系我”二维码，每名客户至多联系一次",
    Fix.WAIT: lambda v, n: "等另一方案有结果后再定",
    Fix.NONE: lambda v, n: "放宽任何单独一项都不够，请由责任人个别处理",
}


def why(reason: Reason) -> str:
    """One reason as a clause without a full stop."""
    return _WHY[reason.code](reason.values)


def fix(remedy: Remedy, names: Mapping[UUID, str]) -> str:
    """One remedy; `names` gives the names of staff by id."""
    return _FIX[remedy.code](remedy.values, names)


def sentence(reasons: Sequence[Reason]) -> str:
    """All reasons as one sentence: the answer to 为何分给B (R2.19)."""
    return "；".join(why(r) for r in reasons) + "。" if reasons else ""
