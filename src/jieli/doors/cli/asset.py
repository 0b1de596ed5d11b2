"""`jieli asset`: who held what and when, who controlled it, what is odd; handing over, rebinding, the numbers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from jieli.access.errors import Forbidden
from jieli.access.policy import reach
from jieli.access.types import Permission, Person, Reach
from jieli.approvals import operations as approvals
from jieli.assets import listing, operations, queries, watching
from jieli.assets.operations.rebinding import KIND, rebind_digest
from jieli.assets.types import (
    AccountType,
    AssetKind,
    ChangeOf,
    ChangeRef,
    Controller,
    HistoryStep,
    NumberRef,
    Right,
)
from jieli.connectors.files import company_cells
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.case_acting import NotOnTheList, staff, staff_of
from jieli.doors.cli.frame import AsJson, Command, command, table
from jieli.doors.cli.given import day_or_today, moment_or_now, receive
from jieli.kernel.times import DAY, local, start_of_day
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.ledger.places import numbered
from jieli.parties import queries as parties
from jieli.parties.types import StaffRef

app = typer.Typer(no_args_is_help=True, help="账号、号码、设备、群：经历、控制权、换绑、移交、提醒。")
Label = Annotated[str, typer.Argument(help="账号写“平台 账号标识”或只写账号标识；号码；设备的 IMEI。")]
Kind = Annotated[AssetKind, typer.Option("--kind", help="账号、号码、设备、群。")]
When = Annotated[str | None, typer.Option("--when", help="何时，如 2026-09-18 18:00；缺省为现在。")]
Scan = Annotated[Path | None, typer.Option("--proof", help="凭证：照片或扫描件。")]
RightOption = Annotated[
    Right | None, typer.Option("--right", help="登录权、管理权、数据使用权；缺省为三项都列。")
]


@dataclass(frozen=True)
class _Reach:
    """Who acts, and how far: somebody of one part of the firm finds the accounts of that part and nothing else."""

    by: Person
    far: Reach
    at: int

    def asset(self, kind: AssetKind, label: str) -> UUID:
        """An asset by its label, or by the last word of it where only one has that; cli.not_on_the_list."""
        known = queries.asset_ids(kind)
        head, _, rest = label.partition(" ")
        wanted = f"{company_cells.platform(head)} {rest}" if rest else label
        found = [known[wanted]] if wanted in known else [
            key for name, key in known.items() if name.rpartition(" ")[2] == label
        ]  # fmt: skip
        if len(found) != 1 or not self._mine(kind, found[0]):
            raise NotOnTheList(
                f"没有登记这个{kind}，或者不止一个。", remedy="账号请写明平台，如 企业微信 heqing。"
            )
        return found[0]

    def _mine(self, kind: AssetKind, asset: UUID) -> bool:
        if self.far.everything:
            return True
        return kind is AssetKind.ACCOUNT and listing.one(self.far, asset, at=self.at) is not None


def _acting(run: Command, sign_in: str, permission: Permission) -> _Reach:
    by = permitted(run, sign_in, permission)
    return _Reach(by, reach(by, permission, at=run.at()), run.at())


def _everywhere(run: Command, sign_in: str) -> _Reach:
    """Who sees all accounts: registers of the whole firm are for nobody who sees a part of it."""
    found = _acting(run, sign_in, Permission.SEE_ACCOUNTS)
    if not found.far.everything:
        raise Forbidden("没有这一页，或不归您查看。", remedy="如需权限，请联系安全管理员。")
    return found


def _names(ids: set[UUID]) -> dict[UUID, StaffRef]:
    return parties.staff(ids)


def _clock(ms: int | None) -> str:
    return "" if ms is None else f"{local(ms):%Y-%m-%d %H:%M}"


@app.command("history")
def history(label: Label, sign_in: As, kind: Kind = AssetKind.ACCOUNT, as_json: AsJson = False) -> None:
    """谁在什么时候持有它；没有记录的一段写作“不明”，不猜。"""
    with command(as_json=as_json) as run:
        on = _acting(run, sign_in, Permission.SEE_ACCOUNTS)
        asset = on.asset(kind, label)
        steps = queries.history(asset, at=run.at())
        people = _names({s.staff_id for s in steps if s.staff_id})
        users = queries.users_of([asset])[asset]
        changes = watching.changes_of([asset])[asset] if kind is AssetKind.ACCOUNT else []
        values = {
            "asset": label,
            "history": [_step(s, people) for s in steps],
            "users": len(users),
            "changes": [_change(c) for c in changes],
        }
        rows: list[list[object]] = [
            [_clock(s.from_ms), _clock(s.to_ms), s.holder, people[s.staff_id].name if s.staff_id else "",
             "有" if s.paper else ""]
            for s in steps
        ]  # fmt: skip
        run.answer(
            values, say=table(f"{label}：{len(steps)} 段", ["自", "至", "责任人", "姓名", "凭证"], rows)
        )


def _step(step: HistoryStep, people: dict[UUID, StaffRef]) -> dict[str, Any]:
    return {
        "holder": step.holder, "name": people[step.staff_id].name if step.staff_id else "", "from_ms": step.from_ms,
        "to_ms": step.to_ms, "paper": step.paper, "holding": step.holding_id,
    }  # fmt: skip


def _change(change: ChangeRef) -> dict[str, Any]:
    return {
        "change": change.id, "what": change.what.value, "before": change.before, "after": change.after,
        "changed_at": change.changed_at, "approval": change.approval,
        "alert": change.alert.value if change.alert else None, "permission": change.permission,
    }  # fmt: skip


@app.command("control")
def control(
    label: Label,
    sign_in: As,
    on_day: Annotated[str | None, typer.Option("--on", help="哪一天结束时；缺省为现在。")] = None,
    right: RightOption = None,
    kind: Kind = AssetKind.ACCOUNT,
    as_json: AsJson = False,
) -> None:
    """某一天谁有登录权、管理权、数据使用权，依据账本哪一条。没有记录的写作“不明”。"""
    with command(as_json=as_json) as run:
        on = _acting(run, sign_in, Permission.SEE_ACCOUNTS)
        asset, at = on.asset(kind, label), on.at
        instant = at if on_day is None else min(at, start_of_day(day_or_today(on_day, at)) + DAY - 1)
        found: list[dict[str, Any]] = []
        for one in [right] if right else list(Right):
            span = queries.control_at(asset, one, instant)
            who = _names({span.staff_id}) if span and span.staff_id else {}
            found.append(
                {
                    "right": one.value,
                    "controller": span.controller.value if span else "不明",
                    "name": next((s.name for s in who.values()), ""),
                    "entry": queries.control_entry(span) if span else None,
                }
            )
        rows: list[list[object]] = [
            [f["right"], f["controller"], f["name"], _numbered(f["entry"])] for f in found
        ]
        told = table(f"{label}，{_clock(instant)}", ["权利", "谁", "姓名", "账本第几条"], rows)
        run.answer({"asset": label, "at_ms": instant, "control": found}, say=told)


def _numbered(entry: int | None) -> str:
    return "—" if entry is None else numbered(entry)


@app.command("set-control")
def set_control(
    label: Label,
    right: Annotated[Right, typer.Option("--right", help="登录权、管理权、数据使用权。")],
    controller: Annotated[Controller, typer.Option("--controller", help="公司、员工、第三方。")],
    sign_in: As,
    staff_no: Annotated[str | None, typer.Option("--staff", help="员工的工号。")] = None,
    when: When = None,
    proof: Scan = None,
    kind: Kind = AssetKind.ACCOUNT,
    as_json: AsJson = False,
) -> None:
    """登记某项权利自何时起归谁；此前归谁的到那时为止。"""
    with command(as_json=as_json) as run:
        on = _acting(run, sign_in, Permission.MANAGE_ACCOUNTS)
        with book(at=on.at) as b:
            operations.set_control(
                asset_id=on.asset(kind, label), right=right, controller=controller, staff_id=staff_of(staff_no),
                begins_at=moment_or_now(when, on.at), paper=_scan(proof, "控制权凭证", on.by.actor, on.at),
                by=on.by.actor, at=on.at,
            )  # fmt: skip
        run.answer(
            {
                "asset": label,
                "right": right.value,
                "controller": controller.value,
                "entry": b.entries[-1].index,
            }
        )


def _scan(path: Path | None, kind: str, by: str, at: int) -> UUID | None:
    return None if path is None else receive(path, kind=kind, title=kind, by=by, at=at)


@app.command("ask-rebind")
def ask_rebind(
    label: Label,
    number: Annotated[str, typer.Option("--number", help="要换绑到哪个号码。")],
    reason: Annotated[str, typer.Option("--reason", help="为什么换绑。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """申请换绑：只对这个账号、这个号码有效；由申请人以外的人审批（jieli approve）。"""
    with command(as_json=as_json) as run:
        on = _acting(run, sign_in, Permission.MANAGE_ACCOUNTS)
        account = on.asset(AssetKind.ACCOUNT, label)
        asked = approvals.open_request(
            kind=KIND, subject=account, digest=rebind_digest(account, number), scope=f"{label} 换绑", reason=reason,
            by=on.by.actor, at=run.at(),
        )  # fmt: skip
        run.answer({"request": asked.id, "kind": asked.kind})


@app.command("rebind")
def rebind(
    label: Label,
    number: Annotated[str, typer.Option("--number", help="换绑到哪个号码；空着表示解绑。")],
    sign_in: As,
    changed_by: Annotated[str | None, typer.Option("--changed-by", help="谁换绑的（工号）。")] = None,
    approval: Annotated[UUID | None, typer.Option("--approval", help="审批编号；缺省为自动查找。")] = None,
    when: When = None,
    as_json: AsJson = False,
) -> None:
    """登记换绑：没有批准而离开公司号码的照样记下，并成为提醒。"""
    with command(as_json=as_json) as run:
        on = _acting(run, sign_in, Permission.MANAGE_ACCOUNTS)
        account = on.asset(AssetKind.ACCOUNT, label)
        made = operations.rebind(
            account_id=account, number=number or None, changed_at=moment_or_now(when, on.at),
            changed_by=staff_of(changed_by), approval=approval, by=on.by.actor, at=on.at,
        )  # fmt: skip
        _changed(run, account, made)


@app.command("rename")
def rename(
    label: Label,
    nickname: Annotated[str, typer.Option("--nickname", help="现在的昵称。")],
    sign_in: As,
    changed_by: Annotated[str | None, typer.Option("--changed-by", help="谁改的（工号）。")] = None,
    when: When = None,
    as_json: AsJson = False,
) -> None:
    """登记改名；从前叫什么仍查得到。"""
    with command(as_json=as_json) as run:
        on = _acting(run, sign_in, Permission.MANAGE_ACCOUNTS)
        account = on.asset(AssetKind.ACCOUNT, label)
        made = operations.rename(
            account_id=account, nickname=nickname or None, changed_at=moment_or_now(when, on.at),
            changed_by=staff_of(changed_by), by=on.by.actor, at=on.at,
        )  # fmt: skip
        _changed(run, account, made)


def _changed(run: Command, account: UUID, made: UUID) -> None:
    found = next(c for c in watching.changes_of([account])[account] if c.id == made)
    entry = ledger.first_recorded("assets_account_change", [str(made)])[str(made)].entry
    run.answer({**_change(found), "entry": entry})


@app.command("permission")
def permission(
    change: Annotated[UUID, typer.Option("--change", help="换绑编号，由 jieli asset alerts 给出。")],
    proof: Annotated[Path, typer.Option("--proof", help="证明当时获准的文件。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """换绑的人事后提交许可：提醒结束，经过仍在。"""
    with command(as_json=as_json) as run:
        on = _acting(run, sign_in, Permission.MANAGE_ACCOUNTS)
        with book(at=on.at) as b:
            paper = receive(proof, kind="换绑许可", title="换绑许可", by=on.by.actor, at=on.at)
            operations.show_permission(change=change, paper=paper, by=on.by.actor, at=on.at)
        run.answer({"change": change, "paper": paper, "entry": b.entries[-1].index})


@app.command("alerts")
def alerts(sign_in: As, as_json: AsJson = False) -> None:
    """提醒：离开公司号码而没有批准的换绑，须由换绑的人证明获准。"""
    with command(as_json=as_json) as run:
        _everywhere(run, sign_in)
        found = watching.alerts(run.at())
        refs = queries.assets({c.account_id for c in found})
        facts = {f.id: f for key in {c.account_id for c in found} for f in watching.rebind_facts(key)}
        people = _names({c.changed_by for c in found if c.changed_by})
        lines = [
            {
                **_change(c),
                "account": refs[c.account_id].label,
                "changed_by": people[c.changed_by].name if c.changed_by else "",
                "fact": facts[str(c.id)].value,
                "who_must_prove": "换绑的人",
            }
            for c in found
        ]
        rows: list[list[object]] = [
            [line["account"], line["before"], line["after"], line["changed_by"], line["alert"]]
            for line in lines
        ]
        title = f"{len(lines)} 项提醒" + ("：须由换绑的人证明获准" if lines else "")
        run.answer(
            {"count": len(lines), "alerts": lines},
            say=table(title, ["账号", "原绑定", "现绑定", "谁", "提醒"], rows),
        )


@app.command("hand-over")
def hand_over(
    label: Label,
    to: Annotated[str, typer.Option("--to", help="交给谁（工号）。")],
    sign_in: As,
    when: When = None,
    proof: Scan = None,
    kind: Kind = AssetKind.ACCOUNT,
    as_json: AsJson = False,
) -> None:
    """移交：同一时刻只有一个责任人，前一个到此为止。个人微信不能移交。"""
    with command(as_json=as_json) as run:
        on = _acting(run, sign_in, Permission.MANAGE_ACCOUNTS)
        with book(at=on.at) as b:
            made = operations.hand_over(
                asset_id=on.asset(kind, label), to_staff=staff(to), begins_at=moment_or_now(when, on.at),
                paper=_scan(proof, "移交凭证", on.by.actor, on.at), by=on.by.actor, at=on.at,
            )  # fmt: skip
        run.answer({"asset": label, "holding": made, "entry": b.entries[-1].index})


@app.command("take-back")
def take_back(
    label: Label,
    sign_in: As,
    when: When = None,
    proof: Scan = None,
    kind: Kind = AssetKind.ACCOUNT,
    as_json: AsJson = False,
) -> None:
    """收回到公司库存。"""
    with command(as_json=as_json) as run:
        on = _acting(run, sign_in, Permission.MANAGE_ACCOUNTS)
        with book(at=on.at) as b:
            made = operations.take_back(
                asset_id=on.asset(kind, label), begins_at=moment_or_now(when, on.at),
                paper=_scan(proof, "收回凭证", on.by.actor, on.at), by=on.by.actor, at=on.at,
            )  # fmt: skip
        run.answer({"asset": label, "holding": made, "entry": b.entries[-1].index})


@app.command("numbers")
def numbers(sign_in: As, as_json: AsJson = False) -> None:
    """号码登记表：实名人、缴费人、发给谁、签收凭证、交回日期；实名在个人名下的不算公司提供。"""
    with command(as_json=as_json) as run:
        _everywhere(run, sign_in)
        found = watching.numbers(at=run.at())
        people = _names({n.issued_to for n in found if n.issued_to})
        rests = watching.resting([n.id for n in found])
        lines = [_number(n, people) | {"rests_until": rests.get(n.id)} for n in found]
        odd = [f"{a.platform} {a.handle}" for a in queries.on_personal_numbers()]
        rows: list[list[object]] = [
            [n.number, n.carrier_holder, n.payer or "", people[n.issued_to].name if n.issued_to else "",
             _clock(n.issued_at), "有" if n.receipt else "", _clock(n.returned_at),
             "是" if n.provided_by_company else "否"]
            for n in found
        ]  # fmt: skip
        heads = ["号码", "实名", "缴费", "发给", "发放", "签收", "交回", "公司提供"]
        title = f"{len(found)} 个号码；{len(odd)} 个账号绑在非公司号码上"
        run.answer(
            {"count": len(lines), "numbers": lines, "accounts_on_personal_numbers": odd},
            say=table(title, heads, rows),
        )


def _number(n: NumberRef, people: dict[UUID, StaffRef]) -> dict[str, Any]:
    return {
        "number": n.number, "carrier_holder": n.carrier_holder.value, "payer": n.payer.value if n.payer else None,
        "iccid": n.iccid, "issued_to": people[n.issued_to].name if n.issued_to else None, "issued_at": n.issued_at,
        "receipt": n.receipt, "returned_at": n.returned_at, "provided_by_company": n.provided_by_company,
    }  # fmt: skip


@app.command("unreturned")
def unreturned(sign_in: As, as_json: AsJson = False) -> None:
    """《未交回资产清单》：离职后仍未交回的，逾期几天。"""
    with command(as_json=as_json) as run:
        _everywhere(run, sign_in)
        found = watching.unreturned(at=run.at())
        people = _names({u.staff_id for u in found})
        lines = [
            {"kind": u.asset.kind.value, "asset": u.asset.label, "name": people[u.staff_id].name, "left_on": u.left_on,
             "days": u.days, "state": "逾期未交回"}
            for u in found
        ]  # fmt: skip
        rows: list[list[object]] = [
            [x["kind"], x["asset"], x["name"], x["left_on"], x["days"]] for x in lines
        ]
        told = table(f"{len(lines)} 项逾期未交回", ["类别", "标识", "在谁手里", "离职日", "逾期天数"], rows)
        run.answer({"count": len(lines), "unreturned": lines}, say=told)


@app.command("types")
def types(as_json: AsJson = False) -> None:
    """账号的类型：哪些可以登记、配发、移交；个人微信只登记，从不接管。"""
    with command(as_json=as_json, house=False) as run:
        lines = [{"type": t.value, "handed_over": not t.personal} for t in AccountType]
        rows: list[list[object]] = [
            [x["type"], "可以" if x["handed_over"] else "不接管，清单式移交"] for x in lines
        ]
        watched = [what.value for what in ChangeOf]
        run.answer({"types": lines, "watched": watched}, say=table("账号类型", ["类型", "移交"], rows))
