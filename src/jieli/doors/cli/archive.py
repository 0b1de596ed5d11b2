"""`jieli shred`: destroying what must go, with two dates on paper."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypedDict
from uuid import UUID

import typer

from jieli.access import policy
from jieli.access.types import Permission, Person
from jieli.archive import destroyed, destruction, operations
from jieli.archive import queries as archive
from jieli.archive.errors import Held, PersonKept
from jieli.archive.media import removing
from jieli.archive.table_words import TABLE_WORDS
from jieli.archive.types import CertificateRef
from jieli.consent.types import SubjectKind
from jieli.doors.cli.acting import As, MatterNumber, Reason, matter_of, permitted
from jieli.doors.cli.frame import AsJson, Command, command, out, table, unused
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local, start_of_day
from jieli.wiring import certificates
from jieli.wiring import holds as holds_told
from jieli.wiring.subjects import Somebody, somebody

shred_app = typer.Typer(no_args_is_help=True, help="销毁：条目、会话、人；给出两个日期的证明。")
WhichKind = Annotated[
    SubjectKind | None, typer.Option("--kind", help="员工 或 客户；同一个编号两边都有时写明。")
]


class BadDay(JieliError):
    """A day that cannot be read."""

    code = "cli.bad_day"


@contextmanager
def _shredding(sign_in: str, matter: str | None, *, as_json: bool) -> Iterator["_Shredding"]:
    """What every destruction asks for: who may, under which matter, when."""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.SHRED)
        try:
            yield _Shredding(run, by, matter_of(matter))
        except (Held, PersonKept) as error:
            if not policy.may(by, Permission.HOLD, at=run.at()):
                raise
            raise holds_told.naming(error) from error


@dataclass(frozen=True)
class _Shredding:
    run: Command
    person: Person
    matter: UUID | None

    @property
    def by(self) -> str:
        return self.person.actor

    def named(self, who: Somebody, what: str) -> None:
        """Say by number and name whose it is before anything is done: a number is soon mistyped."""
        if not self.run.as_json:
            out.print(f"将销毁 {who} 的{what}。", markup=False, soft_wrap=True)

    def told(self, reason: str) -> "_Told":
        return {"reason": reason, "matter": self.matter, "by": self.by, "at": self.run.at()}

    def certified(self, done: CertificateRef, **more: object) -> None:
        certified(self.run, done, by=self.by, **more)


class _Told(TypedDict):
    reason: str
    matter: UUID | None
    by: str
    at: int


@shred_app.command("items")
def items(
    item: Annotated[list[int], typer.Argument(help="条目编号，可多个，检索结果中可见。")],
    reason: Reason,
    sign_in: As,
    matter: MatterNumber = None,
    those_there: Annotated[
        bool, typer.Option("--those-there", help="编号中有不存在或已销毁的，只销毁其余的，并说明少了几条。")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """销毁这些条目：先留痕，再毁密钥，再清密文。不可恢复。"""
    with _shredding(sign_in, matter, as_json=as_json) as act:
        done = operations.shred_items(items=item, those_there=those_there, **act.told(reason))
        act.certified(done, not_there=len(set(item)) - done.items)


@shred_app.command("conversation")
def conversation(
    conversation: Annotated[int, typer.Argument(help="会话编号，检索结果中可见。")],
    reason: Reason,
    sign_in: As,
    matter: MatterNumber = None,
    as_json: AsJson = False,
) -> None:
    """销毁整段会话。不可恢复。"""
    with _shredding(sign_in, matter, as_json=as_json) as act:
        act.certified(operations.shred_conversation(conversation=conversation, **act.told(reason)))


@shred_app.command("person")
def person_(
    person: Annotated[str, typer.Argument(help="工号或客户编号。")],
    reason: Reason,
    sign_in: As,
    kind: WhichKind = None,
    matter: MatterNumber = None,
    with_register: Annotated[
        bool, typer.Option("--with-register", help="连同登记：姓名、电话、平台编号及其历次版本。")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """销毁一个人的全部内容：本人的话，一对一会话的双方，群里只有本人的话。不可恢复。"""
    with _shredding(sign_in, matter, as_json=as_json) as act:
        who = somebody(person, kind)
        act.named(who, "全部内容，连同登记" if with_register else "全部内容")
        if not with_register:
            act.certified(operations.shred_person(person=who.id, **act.told(reason)), person=who.numbered)
            return
        done = operations.erase_person(person=who.id, **act.told(reason))
        left = [
            {
                "table": named.where,
                "called": TABLE_WORDS.get(named.where, named.where),
                "rows": named.rows,
                "until": named.until,
                "ground": named.ground,
            }
            for named in done.elsewhere
        ]
        cases = [
            {"case": one.where, "rows": one.rows, "until": one.until, "ground": one.ground}
            for one in done.cases
        ]
        papers = [
            {
                "paper": one.paper,
                "kind": one.kind,
                "number": one.number,
                "until": one.until,
                "ground": one.ground,
            }
            for one in done.papers
        ]
        act.certified(
            done.certificate, person=who.numbered, register_rows=done.rows, still_named=left, papers=papers,
            cases=cases, namesakes=done.namesakes,
        )  # fmt: skip


@shred_app.command("list")
def under_way(
    sign_in: As,
    every: Annotated[bool, typer.Option("--all", help="连同已完成的，各有证明编号和两个日期。")] = False,
    since: Annotated[
        str | None, typer.Option("--since", help="只看这一天（北京时间）起的，连同已完成的：2026-09-01。")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """销毁的登记：未完的进行到哪一步；--all 或 --since 连同完成的，证明编号，主存储与最后备份的日期。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.SHRED)
        if every or since is not None:
            _register(run, destroyed.since(0 if since is None else _first_moment(since)))
            return
        found = [
            {"shred": p.shred, "scope": p.scope.value, "items": p.items, "step": p.step.value, "at": p.at}
            for p in destruction.progress()
        ]
        rows: list[list[object]] = [[f["shred"], f["scope"], f["items"], f["step"]] for f in found]
        show = table(f"{len(found)} 项销毁尚未办完", ["销毁编号", "范围", "条数", "进行到"], rows)
        run.answer({"unfinished": found}, say=show)


def _first_moment(day: str) -> int:
    try:
        return start_of_day(date.fromisoformat(day))
    except ValueError:
        raise BadDay("日期写法不对。", remedy="请写如 2026-09-01。") from None


def _register(run: Command, found: list[destroyed.Destroyed]) -> None:
    """Every destruction with its state; of a finished one the certificate and both its dates."""
    values = [
        {
            "shred": one.shred,
            "scope": one.scope.value,
            "target": one.target,
            "items": one.items,
            "at": one.at,
            "state": "完成" if one.certificate else "未完",
            "step": one.step.value if one.step else None,
            "certificate": one.certificate.id if one.certificate else None,
            "live_gone_at": one.certificate.live_gone_at if one.certificate else None,
            "backups_gone_by": one.certificate.backups_gone_by if one.certificate else None,
        }
        for one in found
    ]
    rows: list[list[object]] = [
        [
            one.shred,
            f"{one.scope.value} {one.target}".rstrip(),
            one.items,
            f"{local(one.at):%Y-%m-%d}",
            "完成" if one.certificate else f"未完（{one.step.value if one.step else ''}）",
            *(_dates(one.certificate) if one.certificate else ["", "", ""]),
        ]
        for one in found
    ]
    open_ones = sum(one.certificate is None for one in found)
    columns = ["销毁编号", "范围", "条数", "决定于", "状态", "证明", "主存储已毁", "备份失效于"]
    title = f"{len(found)} 项销毁，其中 {open_ones} 项未完"
    run.answer({"destructions": values}, say=table(title, columns, rows))


def _dates(one: CertificateRef) -> list[object]:
    return [one.id, f"{local(one.live_gone_at):%Y-%m-%d}", f"{local(one.backups_gone_by):%Y-%m-%d}"]


@shred_app.command("paper")
def paper(
    shred: Annotated[UUID, typer.Argument(help="销毁编号，由 shred 命令给出。")],
    sign_in: As,
    out_file: Annotated[Path, typer.Option("--out", help="证明写到哪里；不覆盖已有文件。")] = Path(
        "销毁证明.pdf"
    ),
    as_json: AsJson = False,
) -> None:
    """出具销毁证明（PDF）：主存储何时已销毁，最后备份何时失效。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.SHRED)
        certificates.issue(run.profile, shred, unused(out_file), asked_by=by.name, by=by.actor, at=run.at())
        run.answer({"paper": str(out_file)})


def certified(run: Command, done: CertificateRef, *, by: str, **more: object) -> None:
    """Answer a finished destruction with its certificate; objects of media whose keys are gone go with it."""
    objects = removing.remove_now(by=by, at=run.at())
    values = {
        "certificate": done.id,
        "shred": done.shred,
        "items": done.items,
        "live_gone_at": done.live_gone_at,
        "backups_gone_by": done.backups_gone_by,
        "media_removed": objects.removed,
        "media_locked": objects.locked,
        "emptied": [{"what": what, "rows": rows} for what, rows in archive.emptied_rows(done.shred)],
        **more,
    }
    run.answer(values, say=lambda: out.print(*_words(done, values), sep="\n", markup=False))


def _words(done: CertificateRef, more: Mapping[str, Any]) -> list[str]:
    lines = [
        f"已销毁 {done.items} 条。销毁编号 {done.shred}，证明 {done.id}",
        f"主存储：{local(done.live_gone_at):%Y-%m-%d %H:%M:%S} 已不可恢复",
        f"最后备份：{local(done.backups_gone_by):%Y-%m-%d %H:%M:%S} 之前失效",
    ]
    if more.get("not_there"):
        lines.append(f"所列编号中有 {more['not_there']} 条不存在或先前已经销毁，不在其内。")
    if more["emptied"]:
        told = "、".join(f"{one['what']} {one['rows']} 行" for one in more["emptied"])
        lines.append(f"已清空（连同历次版本）：{told}")
    if "register_rows" in more:
        lines.append(
            f"登记已清空 {more['register_rows']} 行，历次版本一并清空；编号留下，显示为“已删除的人”。"
        )
        left = [
            "，".join(filter(None, (f"{one['called']} {one['rows']} 行", one["ground"])))
            for one in more["still_named"]
        ]
        lines.append(f"这些字样仍见于：{'；'.join(left) or '没有'}。期满的随下一个销毁计划清空。")
        if more["namesakes"]:
            lines.append(
                f"同名的他人 {more['namesakes']} 行，登记在别的编号下，与本人无关；若其实是同一个人，请另行销毁。"
            )
        lines.append(f"与本人有关的文书仍留 {len(more['papers'])} 份{'：' if more['papers'] else '。'}")
        lines += [
            f"  {one['kind']} {one['number'] or one['paper']}：{one['ground']}" for one in more["papers"]
        ]
        lines.append(f"登记行里仍有字句的案 {len(more['cases'])} 件{'：' if more['cases'] else '。'}")
        lines += [f"  {one['case']}，{one['rows']} 行：{one['ground']}" for one in more["cases"]]
    return lines
