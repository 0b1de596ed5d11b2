"""What must not wait for a hand-over, and what must not be held back: checked in every text we print (W11).

Pure. The certificate is due at termination and never conditional (LCL-50, LCL-89); papers, file and things may not be
kept (LCL-84); wages and commission are not a pledge (WAGE-15, WAGE-16). Only 经济补偿 may wait for 办结工作交接.
The check reads words, clause by clause: it finds the usual wordings and promises no more than that.
"""

import re
from dataclasses import dataclass
from typing import Final

from jieli.handover.errors import Hostage
from jieli.law.queries import cite_all

CERTIFICATE: Final = "certificate"
SEVERANCE_MAY_WAIT: Final = "办结工作交接"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One wording that is refused: its stable code, the clause in which it stands, why, and by which articles."""

    code: str
    clause: str
    reason: str
    articles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    code: str
    pattern: "re.Pattern[str]"
    reason: str
    articles: tuple[str, ...]


def _any(*words: str) -> str:
    return f"(?:{'|'.join(words)})"


_GIVE = _any("出具", "开具", "发放", "支付", "办理", "退还", "返还", "领取", "结算")
_PAPERS = _any(
    "离职证明", "退工证明", "退工单", "解除[^，。；]{0,4}劳动(?:合同|关系)[^，。；]{0,4}证明", "终止[^，。；]{0,4}证明",
    "解除证明", "证明书", "证明",
)  # fmt: skip
_WAITING = _any(
    f"(?:后|之后|以后)(?:再|才|方|方可|予以|{_GIVE})",
    f"(?:才|方可|再)[给予能可]?以?(?:发|{_GIVE})",
    "(?:否则|不然)[^。；]{0,12}不",
    "为(?:前提|条件)",
    f"(?:如|若|如果|未|不)[^。；]{{0,16}}(?:不予|不|暂不|暂缓|拒绝)(?:给|{_GIVE})",
    f"前(?:不予|不|不得|不能|暂不|暂缓|概不){_GIVE}",
    "无权领取", "暂不", "暂扣", "扣留", "扣住", "扣押", "扣发", "不予", "拒绝",
)  # fmt: skip
_THINGS = _any(
    "身份证", "居民身份证", "护照", "学历证", "学位证", "毕业证", "资格证", "驾驶证", "证件", "押金", "保证金"
)
_PAY = _any("工资", "薪资", "薪水", "薪酬", "底薪", "奖金", "报酬", "工钱", "加班费")
_COMMISSION = _any("提成", "佣金", "业绩奖")
_HOLD = _any(
    "扣", "抵扣", "抵作", "冲抵", "抵销", "暂缓发放", "停发", "缓发", "不发", "不予发放", "不予支付", "暂不发放",
    "暂不支付",
)  # fmt: skip
_FILE = _any("人事档案", "档案", "社保关系", "社会保险关系")


def _either(one: str, other: str, gap: int = 10) -> "re.Pattern[str]":
    return re.compile(f"{one}[^。；]{{0,{gap}}}{other}|{other}[^。；]{{0,{gap}}}{one}")


_RULES: Final = (
    _Rule(
        "handover.hostage.certificate",
        _either(_PAPERS, f"(?:{_WAITING})", 30),
        "证明在解除或者终止时出具，不得以交还账号、办结交接或者赔偿为条件；只有经济补偿可以在办结工作交接时支付。",
        ("LCL-50", "LCL-89"),
    ),
    _Rule(
        "handover.hostage.identity",
        _either(_THINGS, r"(?:扣|押|扣押|扣留|质押|收存|代管|暂存|收取|缴纳)"),
        "不得扣押身份证等证件，不得以担保或者其他名义收取财物。",
        ("LCL-84",),
    ),
    _Rule(
        "handover.hostage.file",
        _either(_FILE, f"(?:扣|押|扣押|扣留|暂缓|不予|拒绝|暂不|不转|{_WAITING})"),
        "不得扣押档案；档案和社会保险关系转移在十五日内办理，不等待交接。",
        ("LCL-84", "LCL-50"),
    ),
    _Rule(
        "handover.hostage.commission",
        _either(_COMMISSION, f"(?:{_HOLD}|{_WAITING})", 16),
        "提成是劳动报酬，不得以未交还账号为由扣发；有争议的列明双方各自主张。",
        ("WAGE-15", "CC-509"),
    ),
    _Rule(
        "handover.hostage.wages",
        _either(_PAY, f"(?:{_HOLD}|{_WAITING})", 16),
        "不得克扣工资；损失另行主张，不在结算单中自行抵扣。",
        ("WAGE-15", "WAGE-16"),
    ),
)

#: A clause that forbids or denies the condition says the opposite.
_DENIED = re.compile(
    r"不以[^。；]{0,24}为(?:前提|条件)|不得(?:以|因|扣|克|作|将|附|要求|收)|不因[^。；]{0,24}(?:而|扣|拒|延)|无条件|不附(?:任何)?条件"
    r"|不等待|不克扣|不扣押|不扣留|严禁|禁止"
)
#: What the law itself lets an employer take off wages (WAGE-15).
_LAWFUL = re.compile(r"代扣代缴|个人所得税|社会保险费|个人应缴")


def hostages(text: str) -> tuple[Refusal, ...]:
    """Every refused wording of a text, in its order; () for one that may be printed."""
    found = []
    for clause in re.split(r"[。；;！!？?\n]", text):
        if _DENIED.search(clause):
            continue
        for rule in _RULES:
            hit = rule.pattern.search(clause)
            if hit is None or _lawful(rule, clause):
                continue
            found.append(Refusal(rule.code, clause.strip(), rule.reason, rule.articles))
    return tuple(found)


def _lawful(rule: _Rule, clause: str) -> bool:
    return rule.code == "handover.hostage.wages" and _LAWFUL.search(clause) is not None


def check_text(*texts: str) -> None:
    """Hostage, with the code of the first refused wording, its reason, and the articles as remedy."""
    for text in texts:
        for refusal in hostages(text):
            raise _refused(refusal.code, refusal.reason, refusal.articles)


def check_condition(duty: str, condition: str) -> None:
    """Whether a duty of the company may wait for something; `duty` is its code in the table.

    Blank conditions pass. 经济补偿 may wait for 办结工作交接 and for nothing else; nothing else waits for anything.
    """
    if not condition.strip() or (duty == "severance" and condition.strip() == SEVERANCE_MAY_WAIT):
        return
    code = "handover.hostage.certificate" if duty == CERTIFICATE else "handover.hostage.condition"
    articles = ("LCL-50", "LCL-89") if duty == CERTIFICATE else ("LCL-50",)
    raise _refused(code, "公司的离职义务不得附条件；只有经济补偿可以在办结工作交接时支付。", articles)


def _refused(code: str, reason: str, articles: tuple[str, ...]) -> Hostage:
    titles = "、".join(citation.title() for citation in cite_all(articles))
    return Hostage(reason, remedy=f"请删去该条件或扣留的内容，另行主张。依据：{titles}。", code=code)
