"""`jieli search` and `jieli read`: content for a purpose, in a matter, as a person; the row comes first (P5)."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table

from jieli.access.types import Person
from jieli.assets import queries as assets
from jieli.consent.types import SubjectKind
from jieli.doors.cli.acting import As, Matter, Purpose, person
from jieli.doors.cli.frame import AsJson, Command, command, out
from jieli.doors.cli.screen import several
from jieli.kernel.errors import JieliError
from jieli.kernel.times import SHANGHAI, local, to_ms
from jieli.ledger.places import numbered
from jieli.parties import queries as parties
from jieli.reading import operations, showing
from jieli.reading.showing import FileLine
from jieli.reading.types import Page, Shown, Window
from jieli.wiring.subjects import somebody

From = Annotated[
    str | None, typer.Option("--from", help="从何时起：2026-09-01 或 2026-09-01T09:30（北京时间）。")
]
To = Annotated[str | None, typer.Option("--to", help="到何时止；只写日期时含当日。")]
Party = Annotated[str | None, typer.Option("--party", help="发言人或责任人：工号或客户编号。")]
Kind = Annotated[
    SubjectKind | None,
    typer.Option("--kind", help="--party 所指：员工 或 客户；同一个编号两边都有时写明。"),
]
Account = Annotated[str | None, typer.Option("--account", help="工作账号标识。")]
Platform = Annotated[str, typer.Option("--platform", help="账号所属平台。")]
Limit = Annotated[int, typer.Option("--limit", help="一页最多几条。")]
Cursor = Annotated[str | None, typer.Option("--cursor", help="上一页末尾给出的翻页位置。")]


class BadOption(JieliError):
    """An option that names nothing, or cannot be read."""

    code = "cli.bad_option"


def search(
    query: Annotated[str, typer.Argument(help="检索词，至少两个字。")],
    purpose: Purpose,
    matter: Matter,
    sign_in: As,
    from_: From = None,
    to: To = None,
    party: Party = None,
    kind: Kind = None,
    account: Account = None,
    platform: Platform = "wecom",
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: AsJson = False,
) -> None:
    """检索已存内容，最新的在前。先记入账本，当事员工可见，然后才显示。"""
    with command(as_json=as_json) as run:
        by = person(run, sign_in)
        who = _party(party, kind)
        window = Window(_moment(from_), _moment(to, end=True), _account(account, platform), who)
        page = operations.search(
            query=query, purpose=purpose, matter=matter, by=by, at=run.at(), window=window, cursor=cursor,
            limit=limit,
        )  # fmt: skip
        _answer(run, page, by, snippets=True)


def read(
    purpose: Purpose,
    matter: Matter,
    sign_in: As,
    conversation: Annotated[int | None, typer.Option("--conversation", help="会话编号。")] = None,
    item: Annotated[list[int] | None, typer.Option("--item", help="条目编号，可多次给出。")] = None,
    from_: From = None,
    to: To = None,
    limit: Limit = 200,
    cursor: Cursor = None,
    as_json: AsJson = False,
) -> None:
    """查阅一段会话或若干条目。先记入账本，当事员工可见，然后才显示。"""
    with command(as_json=as_json) as run:
        by = person(run, sign_in)
        if (conversation is None) == (not item):
            raise BadOption("请给出会话或条目，二者之一。", remedy="用 --conversation 或 --item。")
        if conversation is not None:
            window = Window(_moment(from_), _moment(to, end=True))
            page = _conversation(run, by, conversation, purpose, matter, window, cursor, limit)
        else:
            page = operations.open_items(items=item or [], purpose=purpose, matter=matter, by=by, at=run.at())
        _answer(run, page, by, snippets=False)


def _conversation(
    run: Command,
    by: Person,
    conversation: int,
    purpose: str,
    matter: str,
    window: Window,
    cursor: str | None,
    limit: int,
) -> Page:
    return operations.open_conversation(
        conversation=conversation, purpose=purpose, matter=matter, by=by, at=run.at(), window=window,
        cursor=cursor, limit=limit,
    )  # fmt: skip


def _moment(text: str | None, *, end: bool = False) -> int | None:
    """An instant of Shanghai's wall clock; a bare day means its beginning, or as an end the beginning of the next."""
    if text is None:
        return None
    try:
        if len(text) == len("2026-09-01"):
            day = date.fromisoformat(text) + timedelta(days=1 if end else 0)
            return to_ms(datetime(day.year, day.month, day.day, tzinfo=SHANGHAI))
        moment = datetime.fromisoformat(text)
        return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI))
    except OverflowError:
        raise BadOption("时间超出历法的范围。", remedy="请写较近的日期；不限起止时，不要写这一项。") from None
    except ValueError:
        raise BadOption("时间写法不对。", remedy="请写如 2026-09-01 或 2026-09-01T09:30。") from None


def _account(handle: str | None, platform: str) -> UUID | None:
    if handle is None:
        return None
    found = assets.accounts(platform).get(handle)
    if found is None:
        raise BadOption("没有这个工作账号。", remedy="请核对 --account 与 --platform。")
    return found.id


def _party(number: str | None, kind: SubjectKind | None) -> UUID | None:
    """Whoever is meant; refused where the number is a staff member's and a customer's and `kind` does not say which."""
    if number is None:
        return None
    return somebody(number, kind).id


def _answer(run: Command, page: Page, by: Person, *, snippets: bool) -> None:
    names = _names(page)
    values = {
        "opening": page.opening,
        "entry": page.entry,
        "count": len(page.shown),
        "items": [_item(shown, names, snippets=snippets) for shown in page.shown],
        "left_out": {str(why): number for why, number in page.left_out.items()},
        "not_shown": {str(why): number for why, number in page.not_shown.items()},
        "following": page.following,
    }
    run.answer(values, say=lambda: _say(page, names, by, run.at(), snippets=snippets))


def _names(page: Page) -> dict[UUID, str]:
    ids = {shown.speaker for shown in page.shown if shown.speaker is not None}
    staff = {key: ref.name for key, ref in parties.staff(ids).items()}
    return staff | {key: ref.name for key, ref in parties.customer(ids).items()}


def _item(shown: Shown, names: dict[UUID, str], *, snippets: bool) -> dict[str, Any]:
    found = {
        "item": shown.item_id,
        "conversation": shown.conversation,
        "at": local(shown.event_ms).isoformat(timespec="milliseconds"),
        "channel": shown.channel,
        "msgtype": shown.msgtype,
        "speaker_kind": shown.speaker_kind,
        "speaker": None if shown.speaker is None else names.get(shown.speaker),
        "documented_later": shown.documented_later,
        "text": shown.text,
        "media": [dict(claim) for claim in shown.media],
    }
    return found | ({"snippet": shown.snippet} if snippets else {})


def _why(file: FileLine) -> str:
    return f"（{file.refusal.reason.value}）" if file.refusal is not None else ""


def _say(page: Page, names: dict[UUID, str], by: Person, at: int, *, snippets: bool) -> None:
    drawn = Table(
        "时间", "发言人", "内容", "条目", "会话", title=f"{len(page.shown)} 条", title_justify="left"
    )
    kept = showing.files_of(page.shown)
    for shown in page.shown:
        who = "不明" if shown.speaker is None else names.get(shown.speaker, "不明")
        words = shown.snippet if snippets else shown.text
        marks = "（事后登记）" if shown.documented_later else ""
        files = "".join(f"［{f.kind}，{f.state}{_why(f)}］" for f in kept[shown.item_id])
        told = words + files or f"［{shown.msgtype}］"
        drawn.add_row(
            f"{local(shown.event_ms):%Y-%m-%d %H:%M:%S}", f"{who}{marks}", several(told), str(shown.item_id),
            str(shown.conversation),
        )  # fmt: skip
    out.print(drawn)
    for why, number in page.left_out.items():
        out.print(f"未开启 {number} 条：{why}。", markup=False)
    for reason, number in page.not_shown.items():
        out.print(f"已开启未显示 {number} 条：{reason}。", markup=False)
    if page.following:
        out.print(f"还有更多：--cursor {page.following}", markup=False)
    out.print(
        f"{by.name} 于 {local(at):%Y-%m-%d %H:%M} 查阅，已先入账 #{numbered(page.entry)}（{page.opening}），"
        "当事员工可见。",
        markup=False, soft_wrap=True,
    )  # fmt: skip
