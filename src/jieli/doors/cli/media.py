"""`jieli media`: files of items, in and out."""

from collections import Counter
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from jieli.access.types import Permission
from jieli.archive.media import queries
from jieli.archive.media.matching import TOLERANCE_S
from jieli.archive.media.types import MediaRef, Refusal, RefusedFile, Unit
from jieli.doors import places
from jieli.doors.cli.acting import As, Matter, Purpose, permitted, person
from jieli.doors.cli.frame import AsJson, command, out, table
from jieli.doors.cli.given import regular
from jieli.doors.cli.packages_told import vouched
from jieli.evidence.types import Vouching
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local
from jieli.reading import bringing, media
from jieli.wiring import signer
from jieli.wiring.home import home_of

app = typer.Typer(no_args_is_help=True, help="附件与录音：存入、取出、摘录、存放状况。")
#: What the tables can hold of an item's number and a file's place: a longer one is told, not tried.
_MOST_ITEM, _MOST_N = 2**63 - 1, 2**15 - 1
Item = Annotated[int, typer.Argument(min=0, max=_MOST_ITEM, help="条目编号，检索结果中可见。")]
#: What these answers call a file's place, its blocks and what came of an import.
_WORDS = {
    "n": "第几个附件", "unit": "一块是", "blocks": "全文件块数", "kept": "已存入（个）", "failed": "未能存入",
    "items": "可能的条目", "openings": "开启条目（次）", "counts": "达到信任策略",
}  # fmt: skip
Number = Annotated[int, typer.Option("--n", min=0, max=_MOST_N, help="第几个附件，从 0 起。")]


class NotAPlace(JieliError):
    """What was given for a place in a file is none."""

    code = "cli.not_a_place"


@app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="要存入的文件，原样保存。")],
    item: Annotated[int, typer.Option("--item", min=0, max=_MOST_ITEM, help="条目编号。")],
    matter: Matter,
    sign_in: As,
    n: Number = 0,
    differing: Annotated[
        bool, typer.Option("--differing", help="与平台声称的不符也存，账本记为“不符”。")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """为一条已存的消息或通话存入附件：加密、分块、入账；未经准入的条目没有附件。"""
    with command(as_json=as_json) as run:
        by = person(run, sign_in)
        kept = media.add(
            path=regular(file), item=item, n=n, matter=matter, by=by, at=run.at(), differing=differing
        )
        run.answer(_values(kept), names=_WORDS)


@app.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="目录；其中的文件按 MD5 或名称对上条目。")],
    matter: Matter,
    sign_in: As,
    tolerance: Annotated[
        int, typer.Option("--tolerance", min=0, max=3_600, help="通话录音的时间与话单相差几秒以内算同一通。")
    ] = TOLERANCE_S,
    refused_only: Annotated[
        bool, typer.Option("--refused", help="只重试先前未能存入的附件，不开启别的条目。")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """存入一个目录：按平台声称的 MD5，没有的按名称；话单没写录音的，按号码与开始时间。不止一种可能的只列出，不猜。"""
    with command(as_json=as_json) as run:
        by = person(run, sign_in)
        done = bringing.bring(
            folder=folder, matter=matter, by=by, at=run.at(), tolerance_s=tolerance, refused_only=refused_only
        )
        values = {
            "kept": len(done.kept),
            "unmatched": [path.name for path in done.unmatched],
            "ambiguous": [{"file": path.name, "items": list(items)} for path, items in done.ambiguous],
            "failed": [{"file": path.name, "code": code} for path, code in done.failed],
            "openings": done.openings,
            "agreement": dict(Counter(ref.agreement.value for ref in done.kept)),
        }
        run.answer(values, names=_WORDS)
        if done.unmatched or done.failed or done.ambiguous:
            raise typer.Exit(1)


class FromPlatform(StrEnum):
    """What a platform answers to whoever fetches a file there."""

    TOO_LARGE = "too-large"
    NOT_FOUND = "not-found"
    EXPIRED = "expired"


@app.command("failed")
def failed(
    item: Item,
    reason: Annotated[
        FromPlatform,
        typer.Option("--reason", help="平台怎么说：too-large 过大，not-found 没有，expired 已过期。"),
    ],
    matter: Matter,
    sign_in: As,
    n: Number = 0,
    as_json: AsJson = False,
) -> None:
    """从平台取不到的附件：把原因与时间记入账本，不再只写“未取回”。"""
    with command(as_json=as_json) as run:
        why = Refusal[reason.name]
        by = person(run, sign_in)
        media.not_to_be_had(item=item, n=n, reason=why, matter=matter, by=by, at=run.at())
        run.answer({"item": item, "n": n, "code": why.code, "reason": why.value}, names=_WORDS)


@app.command("refused")
def refused(
    sign_in: As,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="最多列出多少个。")] = 200,
    after: Annotated[int, typer.Option("--after", min=0, help="从这个条目编号之后列起。")] = 0,
    as_json: AsJson = False,
) -> None:
    """未能存入的附件：哪条的第几个、原因、最近一次的时间、试过几次；存入之后不再列出。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.SEE_LEDGER)
        found = queries.all_refused(after=after, limit=limit)
        rows: list[list[object]] = [
            [f.item, f.n, f.reason.value, f"{local(f.at):%Y-%m-%d %H:%M}", f.times] for f in found
        ]
        columns = ["条目", "第几个", "原因", "最近一次", "次数"]
        run.answer(
            {"refused": [_refusal(f) for f in found]},
            say=table(f"{len(found)} 个附件未能存入", columns, rows),
        )


@app.command("list")
def list_(
    item: Annotated[list[int], typer.Argument(help="条目编号，可多个。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """这些条目存入了哪些附件；不显示内容与文件名。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.SEE_LEDGER)
        found = [ref for refs in queries.of_items(item).values() for ref in refs]
        out_of = list(queries.refused(item).values())
        rows: list[list[object]] = [
            [f.item, f.n, f.format or "其他", f.size, _length(f), f.agreement.value, _state(f)] for f in found
        ]
        rows += [[r.item, r.n, "", "", "", "", f"未能存入：{r.reason.value}"] for r in out_of]
        columns = ["条目", "第几个", "格式", "字节", "长度", "与平台声称", "状态"]
        run.answer(
            {
                "media": [_values(f) | {"destroyed": f.root is None} for f in found],
                "refused": [_refusal(r) for r in out_of],
            },
            say=table(f"{len(found)} 个附件", columns, rows),
        )


@app.command("status")
def status(sign_in: As, as_json: AsJson = False) -> None:
    """附件存在哪里、有多少，存储是否带对象锁定，有多少对象等待删除。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.SEE_LEDGER)
        found = queries.standing()
        run.answer(
            {
                "place": found.place,
                "lock": found.lock,
                "files": found.files,
                "bytes": found.size,
                "destroyed": found.destroyed,
                "waiting": found.waiting,
            },
            say=partial(
                out.print,
                found.place,
                f"对象锁定：{found.lock or '没有'}",
                f"{found.files} 个文件，{found.size} 字节；"
                f"已销毁 {found.destroyed} 个，其中 {found.waiting} 个对象等待删除",
                sep="\n",
                markup=False,
            ),
        )


@app.command("take")
def take(
    item: Item,
    purpose: Purpose,
    matter: Matter,
    sign_in: As,
    out_file: Annotated[Path, typer.Option("--out", help="写到哪里；不覆盖已有文件。")],
    n: Annotated[int, typer.Argument(min=0, max=_MOST_N, help="第几个附件，从 0 起。")] = 0,
    playable: Annotated[
        bool, typer.Option("--playable", help="旁边另写一份 WAV，便于播放；原件不变。")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """取出一个附件：先入账，再逐块解密核对，原样写出。"""
    with command(as_json=as_json) as run:
        by = person(run, sign_in)
        done = media.take(
            item=item, n=n, purpose=purpose, matter=matter, by=by, at=run.at(), out=out_file, copy=playable
        )
        values = _values(done.ref) | {"out": str(out_file), "entry": done.entry, "opening": str(done.opening)}
        run.answer(values | ({"playable": str(done.copy)} if done.copy else {}), names=_WORDS)


@app.command("excerpt")
def excerpt(
    item: Item,
    start: Annotated[str, typer.Option("--from", help="从哪里：录音写 分:秒，其他文件写字节。")],
    stop: Annotated[str, typer.Option("--to", help="到哪里，不含在内。")],
    purpose: Purpose,
    matter: Matter,
    sign_in: As,
    folder: Annotated[Path, typer.Option("--out", help="写到哪个新目录。")],
    n: Number = 0,
    as_json: AsJson = False,
) -> None:
    """摘录一段，连同它属于整个文件的证明：任何人用 seal excerpt 即可核验。"""
    with command(as_json=as_json) as run:
        done = media.excerpt(
            item=item, n=n, start=_place(start), stop=_place(stop), purpose=purpose, matter=matter,
            by=person(run, sign_in), at=run.at(), out=folder, trusted=signer.trusted_if_any(home_of(run.profile)),
            cover=lambda: signer.ask(run.profile),
        )  # fmt: skip
        values = _values(done.ref) | {"out": str(folder), "shown": done.blocks, "entry": done.entry}
        if (by := done.standing) is not None:
            names = by.witnesses if by.witnessed else ()
            values |= {"counts": by.counts, "vouched": vouched(Vouching(names, counts=by.counts))}
        run.answer(values, names=_WORDS)


def _place(text: str) -> int:
    found = places.place_of(text)
    if found is None:
        raise NotAPlace("起止的写法不对。", remedy="录音请写 分:秒（如 0:12），其他文件请写字节数。")
    return found


def _values(ref: MediaRef) -> dict[str, object]:
    return {
        "item": ref.item, "n": ref.n, "format": ref.format, "bytes": ref.size, "unit": ref.unit.value,
        "blocks": ref.blocks, "seconds": ref.seconds, "agreement": ref.agreement.value,
    }  # fmt: skip


def _refusal(one: RefusedFile) -> dict[str, object]:
    return {
        "item": one.item, "n": one.n, "code": one.reason.code, "reason": one.reason.value,
        "at": local(one.at).isoformat(), "times": one.times,
    }  # fmt: skip


def _length(ref: MediaRef) -> str:
    if ref.unit is Unit.SECONDS:
        return places.clock_of(ref.seconds)
    return f"{ref.blocks} 块"


def _state(ref: MediaRef) -> str:
    return "已销毁" if ref.root is None else "在存"
