"""Plain words for what the law and the gate call otherwise."""

from jieli.consent.types import Means, Scope

MEANS = {
    Means.CHAT: "工作账号里与客户的文字、图片和文件",
    Means.CALL: "工作号码与客户的通话",
    Means.SCREEN: "电脑或手机屏幕上的内容",
    Means.LOCATION: "您所在的位置",
    Means.KEYWORDS: "按关键词扫描您的聊天",
}
SCOPES = {
    Scope.CAPTURE: "保存下来",
    Scope.QUALITY: "用来检查服务质量",
    Scope.EVIDENCE: "在争议中用作证据",
    Scope.SERVICE: "交给接手的同事继续服务客户",
    Scope.THIRD_PARTY: "提供给公司以外的人",
}
#: What withdrawing does, said before it is done.
WITHDRAWN = {
    Scope.CAPTURE: "从此刻起不再保存新的内容。此前依法保存的内容不会因此删除，但您可以另行提出删除请求。",
    Scope.QUALITY: "从此刻起，任何人都不能再为检查服务质量打开您的内容。",
    Scope.EVIDENCE: "从此刻起，任何人都不能再为争议举证打开您的内容。",
    Scope.SERVICE: "从此刻起，任何人都不能再为接续服务客户打开您的内容。",
    Scope.THIRD_PARTY: "从此刻起，不能再把您的内容提供给公司以外的人。",
}
