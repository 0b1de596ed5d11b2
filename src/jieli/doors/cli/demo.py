"""`jieli demo`: the main job for an invented firm: a month recorded lawfully, a leaving, what a stranger verifies."""

from typing import Annotated, Any

import typer
from rich.table import Table

from jieli.doors.cli.frame import AsJson, command, err, out
from jieli.wiring.demo import story
from jieli.wiring.demo.leaving.cast import LEAVER, PEOPLE
from jieli.wiring.demo.people import KEEPER, OFFICER

_FIRST = "第一幕：依法留痕的一个月（演示时钟，公司与人物均为虚构）"
_SECOND = "第二幕：有人离职，交接清楚"
_LAST = "不必相信我们"

Again = Annotated[bool, typer.Option("--again", help="清除上次演示所建的一切，从头开始。")]


def demo(again: Again = False, as_json: AsJson = False) -> None:
    """演示：一家虚构公司的一个月，然后有人离职：从依法留痕到交接清楚，到陌生人核验（演示时钟，约一分钟）。"""
    with command(as_json=as_json, house=False) as run:
        if as_json:
            found = story.run(run.profile, again=again, tell=lambda _: None)
        else:
            with err.status("演示开始") as status:
                found = story.run(run.profile, again=again, tell=lambda title: _step(status, title))
        run.answer(found, say=lambda: _say(found))


def _step(status: Any, title: str) -> None:
    status.update(title)
    err.print(f"· {title}", markup=False)


def _say(found: dict[str, Any]) -> None:
    if found["already"]:
        out.print("演示早已完成，没有改动任何东西。要从头再来：jieli demo --again", markup=False)
    for title, rows in (
        (_FIRST, _month(found)),
        (_SECOND, _leaving(found["leaving"])),
        (_LAST, _proved(found)),
    ):
        drawn = Table(title=title, title_justify="left", show_header=False)
        drawn.add_column(no_wrap=True)
        drawn.add_column(overflow="fold")
        for name, value in rows:
            drawn.add_row(name, value)
        out.print(drawn)
    refused = Table("拒收原因", "条", title="依规未保存，只留计数（一条可有几个原因）", title_justify="left")
    for reason, count in found["refused_by_reason"].items():
        refused.add_row(reason, str(count))
    out.print(refused)
    _say_where(found)


def _say_where(found: dict[str, Any]) -> None:
    folder, choices = found["folder"], found["leaving"]["choices"]
    verify = f"seal verify {folder}/evidence.zip --policy {folder}/trust.policy --tsa-ca {folder}/tsa-ca.pem"
    out.print(
        f"看结果：{folder}（文书在 papers/，证据包 evidence.zip、conversation.zip，移交人的 回执.zip）",
        f"自己核验：{verify}",
        f"不装任何软件：用浏览器打开 {folder}/核验.html，把任一个 zip 和 trust.policy 拖进去",
        "看网页：运行 make serve（或 jieli serve），再在另一个终端给自己签发登录链接：",
        f"  人事的门    jieli access link --sign-in {PEOPLE.lower()} --as {KEEPER.lower()}",
        f"  合规的门    jieli access link --sign-in {OFFICER.lower()} --as {KEEPER.lower()}",
        f"  移交人的门  jieli access link --sign-in {LEAVER.lower()} --as {KEEPER.lower()}",
        f"  客户的卡片  {choices['card']}（不用登录，看一看不改变任何东西）",
        "打开链接登记通行密钥，就进入那个人自己的门",
        sep="\n",
        markup=False,
        soft_wrap=True,
    )


def _month(found: dict[str, Any]) -> list[tuple[str, str]]:
    gone, made, calls = found["destroyed"], found["package"], found["calls"]
    return [
        ("装载", f"{found['loaded']['new']} 行，退回 {found['loaded']['refused']} 行"),
        ("员工与客户本人表态", f"{found['consents']} 项"),
        (
            "消息",
            f"{found['lines']} 行，其中平台转达的同意或拒绝 {found['statements']} 行，读不出 {found['malformed']} 行",
        ),
        ("存入", f"{found['admitted']} 条"),
        ("拒收", f"{found['refused']} 条，只留计数，不留内容"),
        ("话单", f"存入 {calls['admitted']}，拒收 {calls['refused']}"),
        ("查阅", f"{found['read']['openings']} 次，显示 {found['read']['shown']} 条，每次先入账"),
        (
            "销毁",
            f"{gone['items']} 条；主存储 {gone['live_gone']} 起不可恢复，备份 {gone['backups_gone']} 前失效",
        ),
        ("保全", "拦下一次销毁" if gone["hold_stopped_another"] else "没有拦下"),
        ("会话证据包", f"{made['items']} 条，略去 {made['omitted']} 条，{made['bytes']} 字节"),
    ]


def _leaving(told: dict[str, Any]) -> list[tuple[str, str]]:
    """Who left, what became of customers, accounts and promises, and how the other two stories ended."""
    case, plan, gone, quarrel = told["case"], told["plan"], told["missing"], told["dispute"]
    held = "，".join(f"{name} {n}" for name, n in case["snapshot"].items() if n)
    given = "，".join(f"{name} {n}" for name, n in plan["streams"])
    ended = "，".join(f"{name} {n}" for name, n in told["final"]["states"].items())
    signed, private, sure = told["signatures"], told["private"], quarrel["certainty"]
    verdicts = "，".join(f"{issue} {code}（{sure[issue]}）" for issue, code in quarrel["verdicts"].items())
    return [
        ("提出辞职", f"{case['leaver']}（{case['number']}），所持：{held}"),
        ("双方义务", f"公司 {case['duties']['company']} 项，移交人 {case['duties']['leaver']} 项，分开列、分开办"),
        ("接续规则", f"第 {plan['rule']} 版，先于通知提出并获批"),
        ("接续方案", f"{given}；手动调整 {plan['overridden']} 名；另一人审批"),
        ("方案结论", f"{plan['preflight_text']}（{plan['preflight']}）"),
        (
            "客户自己说",
            "各有一名：接受、换一位顾问、不再联系我、在平台上拒绝、接替之后仍拒绝；"
            f"短信告知 {told['notices']['sms']} 名，接手人首条消息告知 {told['notices']['by_message']} 名",
        ),
        ("客户去向", f"{told['final']['customers']} 名：{ended}；未接上的 {told['final']['listed']} 名有责任人和期限"),
        ("账号", f"恢复测试八步：先{told['recovery']['first']}，补齐后{told['recovery']['then']}"),
        ("本人的东西", f"号码上 {told['bindings']} 项已解绑；标明私人 {private.get('私人', 0)} 项已清除，只核对元数据"),
        ("停用权限", f"最后一分钟停用并复查；之后{told['incident']['title']}，立为事件 {told['incident']['matter']}"),
        ("证明", f"{told['certificate']['issued_on']} 当日出具并送达，不等交接"),
        ("签署", f"乙级（通行密钥）{signed['passkey']}，丙级（留痕）{signed['trace']}，线下手签 {signed['ink']}"),
        ("结案", f"{case['stage']}；公司还欠 {len(case['company_missing'])} 项，"
                 f"移交人还欠 {len(case['leaver_missing'])} 项"),
        ("失联的一位", f"{gone['leaver']}：{gone['stage']}；EMS 退回、公告、两人见证；"
                       f"签名 {gone['signatures']} 个，从不代签"),
        ("旧争议", verdicts),
        ("", f"主张{quarrel['claimed']}，有凭据的 {quarrel['supported']}；缺：{'、'.join(quarrel['missing'])}"),
        ("", f"以{quarrel['closed_by']}结案，条款 {len(quarrel['terms'])} 项各有期限；非法律意见"),
    ]  # fmt: skip


def _proved(found: dict[str, Any]) -> list[tuple[str, str]]:
    audit = "全部一致" if found["fsck"]["clean"] else f"{found['fsck']['findings']} 处不符"
    return [
        *(
            (f"陌生人核验 {name}", "通过（0）" if status == 0 else f"未通过（{status}）")
            for name, status in found["verified"].items()
        ),
        ("见证", "、".join(found["witnessed"]) or "未见证，未经中立第三方固定"),
        ("时间戳", "、".join(found["stamped"]) or "无"),
        ("账本", f"{found['ledger']['entries']} 条，检查点 {found['checkpoints']} 个"),
        ("数据库与账本", audit),
        ("用时", f"{found['seconds']} 秒"),
    ]
