"""今晚离职体检: three sheets in; out, what if somebody left tonight. Nothing is kept or looked up."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from jieli.access.types import Permission
from jieli.doors.console import typed
from jieli.doors.console.reading import Mistyped
from jieli.doors.web.door import permitted
from jieli.handover.checkup import SHEETS, Checkup, examine
from jieli.kernel.errors import JieliError

#: The field of each sheet, its columns beside the needed ones, and a row as people write it.
FIELDS = {"员工": "staff", "账号": "accounts", "客户": "customers"}
MORE = {
    "员工": ("部门", "岗位", "用工类型", "接收人"),
    "账号": ("类别", "绑定号码", "实名人", "已签承诺", "找回方式", "私人绑定"),
    "客户": ("姓名", "来源", "在途订单", "所在平台"),
}
EXAMPLE = {
    "员工": ("1003", "欧阳思远", "销售一部", "课程顾问", "劳动", "1001"),
    "账号": ("1003", "企业微信", "顾问三号", "账号", "13900000000", "公司", "是", "管理员重置", "无"),
    "客户": ("1003", "K-0001", "林女士", "购课订单", "1", "企业微信"),
}
MOST_PEOPLE, MOST_BAD = 50, 100


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(Permission.SEE_HANDOVER)
def checkup(request: HttpRequest) -> HttpResponseBase:
    """The form; with sheets, who would leave the largest hole and what to do first. The sheets end with the answer."""
    error, found = None, None
    if request.method == "POST":
        try:
            found = _examined(request)
        except JieliError as wrong:
            error = wrong
    values = {
        "error": error,
        "found": found,
        "people": found.people[:MOST_PEOPLE] if found else (),
        "others": found.people[MOST_PEOPLE:] if found else (),
        "bad": found.bad[:MOST_BAD] if found else (),
        "sheets": [(name, FIELDS[name], (*SHEETS[name], *MORE[name]), EXAMPLE[name]) for name in FIELDS],
    }
    return render(request, "console/checkup.html", values, status=400 if error else 200)


def _examined(request: HttpRequest) -> Checkup:
    staff, accounts, customers = (
        typed.sheet(request, field, f"{name}表", SHEETS[name]) for name, field in FIELDS.items()
    )
    if not staff:
        raise Mistyped(
            "没有选择“员工表”，或者里面没有一行。", remedy="三张表里员工表必须有，另两张可以先空着。"
        )
    return examine(staff, accounts, customers)
