"""`jieli demo`: the main job for an invented firm, from keys to a package that a stranger verifies."""

from typing import Annotated, Any

import typer
from rich.table import Table

from jieli.doors.cli.frame import AsJson, command, err, out
from jieli.wiring.demo import story
from jieli.wiring.demo.people import KEEPER, OFFICER

Again = Annotated[bool, typer.Option("--again", help="清除上次演示所建的一切，从头开始。")]


def demo(again: Again = False, as_json: AsJson = False) -> None:
    """演示：一家虚构公司的一个月，从依法留痕到陌生人核验（演示时钟，约一分钟）。"""
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
    drawn = Table(title="演示结果（演示时钟，公司与人物均为虚构）", title_justify="left", show_header=False)
    for name, value in _rows(found):
        drawn.add_row(name, value)
    out.print(drawn)
    refused = Table("拒收原因", "条", title="依规未保存，只留计数（一条可有几个原因）", title_justify="left")
    for reason, count in found["refused_by_reason"].items():
        refused.add_row(reason, str(count))
    out.print(refused)
    folder = found["folder"]
    out.print(
        f"看结果：{folder}\n"
        f"自己核验：seal verify {folder}/evidence.zip --policy {folder}/trust.policy --tsa-ca {folder}/tsa-ca.pem\n"
        f"不装任何软件：用浏览器打开 {folder}/核验.html，把 evidence.zip 和 trust.policy 拖进去\n"
        f"看网页：运行 make serve（或 jieli serve），再在另一个终端运行\n"
        f"  jieli access link --sign-in {OFFICER.lower()} --as {KEEPER.lower()}\n"
        "打开它给出的链接登记通行密钥，就进入合规的门；换成别的工号，就是那位员工自己的门",
        markup=False,
        soft_wrap=True,
    )


def _rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    gone, made, calls = found["destroyed"], found["package"], found["calls"]
    verdict = "通过（0）" if found["verified"] == 0 else f"未通过（{found['verified']}）"
    audit = "全部一致" if found["fsck"]["clean"] else f"{found['fsck']['findings']} 处不符"
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
        ("证据包", f"{made['items']} 条，略去 {made['omitted']} 条，{made['bytes']} 字节"),
        ("陌生人核验", verdict),
        ("见证", "、".join(found["witnessed"]) or "未见证，未经中立第三方固定"),
        ("时间戳", "、".join(found["stamped"]) or "无"),
        ("账本", f"{found['ledger']['entries']} 条，检查点 {found['checkpoints']} 个"),
        ("数据库与账本", audit),
        ("用时", f"{found['seconds']} 秒"),
    ]
