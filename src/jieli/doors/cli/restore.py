"""`jieli backup`, `jieli restore`: both stores into a directory, and back without what was destroyed since."""

from pathlib import Path
from typing import Annotated, Any

import typer

from jieli.doors.cli.frame import AsJson, command, out
from jieli.doors.cli.given import directory as directory_of
from jieli.doors.cli.given import standing
from jieli.kernel.times import local
from jieli.wiring import backup as backups
from jieli.wiring import restoring
from jieli.wiring.keys import fingerprint
from jieli.wiring.restoring import Restored


def backup(
    directory: Annotated[str, typer.Argument(help="新目录，在安装目录以外；写完才得此名。")],
    fetch_media: Annotated[
        bool, typer.Option("--fetch-media", help="附件在对象存储里的也取来；不加则只核对都在。")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """备份主库与密钥库（同一时刻）与附件；不含根密钥与签名密钥。keys 文件夹须另放，30 天内销毁。"""
    with command(as_json=as_json) as run, backups.alone(run.profile):
        done = backups.backup(run.profile, directory_of(directory), at=run.at(), fetch_media=fetch_media)
        values = {
            "directory": str(done.directory), "size": done.size, "signed": done.signed, "rows": done.rows,
            "keys_until": done.keys_until, "main_until": done.main_until,
            "media": {**done.media, "missing": len(done.media["missing"])},
        }  # fmt: skip
        run.answer(
            values,
            say=lambda: out.print(
                f"已备份到 {done.directory}：账本 {done.size} 条（已签到 {done.signed} 条），共 {done.rows} 行。",
                f"keys 文件夹请另放一处，并在 {local(done.keys_until):%Y-%m-%d} 前销毁；"
                f"其余在 {local(done.main_until):%Y-%m-%d} 前销毁。",
                _media(done.media),
                "根密钥（托管单）与签名密钥不在其中，请各自保管。",
                sep="\n",
                markup=False,
            ),
        )
        if done.media["missing"]:
            raise typer.Exit(1)


def _media(found: dict[str, Any]) -> str:
    """Where the media of a backup are, and how many of them are nowhere."""
    what = f"附件 {found['objects']} 个对象，{found['bytes']} 字节："
    in_it = found["where"] == "files"
    where = "在 media 文件夹内。" if in_it else f"留在 {found['place']}，须靠桶自己的版本与备份。"
    lost = f"其中 {len(found['missing'])} 个在存储里缺失：请运行 jieli fsck。" if found["missing"] else ""
    return what + where + lost


def restore(
    directory: Annotated[Path, typer.Argument(help="jieli backup 写成的目录。")],
    outside: Annotated[
        Path, typer.Option(help="备份之外的账本副本：jieli ledger export 目录 --for-restore 的那个目录。")
    ],
    keys: Annotated[Path | None, typer.Option(help="另放的 keys 文件夹；缺省在备份目录里。")] = None,
    witness: Annotated[
        list[Path] | None, typer.Option(help="他人手里的检查点文件（如离线见证的 cosigned），可多次给出。")
    ] = None,
    without_witness: Annotated[
        bool, typer.Option("--without-witness", help="见证方没有答复时仍然恢复。")
    ] = False,
    new_origin: Annotated[
        str, typer.Option(help="账尾连外部副本里也没有时：封存旧账本，以此名称另起新账本。")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """恢复到空的安装：接回账尾，重放备份之后的销毁、保全与撤权；会分叉的一律拒绝。"""
    with command(as_json=as_json, house=False) as run, restoring.alone(run.profile):
        done = restoring.restore(
            run.profile, standing(directory), outside_directory=standing(outside),
            keys=None if keys is None else standing(keys), shown=witness or (),
            without_witness=without_witness, new_origin=new_origin, at=run.at(),
        )  # fmt: skip
        run.answer(
            _values(done), say=lambda: out.print(*_words(done), sep="\n", markup=False, soft_wrap=True)
        )
        if not done.clean:
            raise typer.Exit(1)


HOLDS, RELEASES = ("archive.hold",), ("archive.release",)
CONSENT = ("consent.withdraw", "consent.object", "consent.give", "consent.record_platform_consents")
ACCESS = ("access.end_grants", "access.end_passkey")


def _values(done: Restored) -> dict[str, object]:
    return {
        "origin": done.succeeded_by or done.origin, "predecessor": done.origin if done.succeeded_by else None,
        "vkey": done.vkey or None, "seen": done.judged.most,
        "from": done.base, "to": done.to, "lost": done.to - done.base,
        "destructions": done.count("archive.shred"), "items": done.items, "holds": done.count(*HOLDS),
        "releases": done.count(*RELEASES), "statements": done.count(*CONSENT), "revocations": done.count(*ACCESS),
        "skipped": done.skipped, "held_back": done.held_back, "released": done.released,
        "asked": list(done.judged.asked), "silent": list(done.judged.silent), "expired": done.expired,
        "matters": list(done.matters), "clean": done.clean, "notes": list(done.notes),
    }  # fmt: skip


def _succession(done: Restored) -> list[str]:
    """What a new log means to those who read it."""
    lost = done.to - done.base
    words = [
        f"{done.judged.ahead} 见过 {done.judged.most} 条，旧账本只救回 {done.to} 条："
        f"其后 {done.judged.most - done.to} 条已丢失，旧账本就此封存，不再写入，照旧可以核验。"
    ]
    if lost:
        words.append(f"旧账本末尾 {lost} 条按外部副本接回（种类、时间、承诺），内容与所写的行已丢失。")
    words.append(
        f"新账本 {done.succeeded_by} 已建立，第 0 条写明所接续的账本、其最后检查点与所丢失的范围；"
        "以后一切都写入新账本。"
    )
    words += [f"新公钥：{done.vkey}", f"指纹：{fingerprint(done.vkey)}"]
    words.append(
        "请当面或打电话告知见证方与对方当事人；旧公钥留在信任策略里，"
        "用来核验旧账本；旧私钥已移到 signer/retired，请在核对无误后销毁。"
    )
    return words


#: So many numbers are named one by one.
FEW = 8


def _numbers(done: Restored) -> list[str]:
    """Which numbers of matters stand on papers of people and no longer here; and where nobody can know them."""
    words = []
    if done.matters:
        named = "、".join(done.matters[:FEW]) + (
            f" 等至 {done.matters[-1]}" if len(done.matters) > FEW else ""
        )
        words.append(
            f"其中立过 {len(done.matters)} 件事项：{named}。"
            "事项本身已丢失，编号不再给别的事项：请凭手里的文书重新立案。"
        )
    if done.succeeded_by or done.to == done.base:
        words.append(
            "无从得知的条目里若立过事项，其编号会再次给出：请先查手里的文书（M-年份-序号），"
            "有同号的，以立案日期与标题区分。"
        )
    return words


def _words(done: Restored) -> list[str]:
    """What came of it, for people."""
    lost = done.to - done.base
    words = [f"已恢复账本 {done.origin}：备份到 {done.base} 条。"]
    if done.succeeded_by:
        words += _succession(done)
    elif lost:
        words.append(
            f"其后 {lost} 条已按外部副本接回（种类、时间、承诺），账本没有分叉；"
            "这些条目的内容与所写的行已丢失，账本里有一条“恢复”写明范围。"
        )
    else:
        words.append("外部副本不比备份新，没有可接回的条目；备份之后若还写过，已无从得知。")
    words += _numbers(done)
    words.append(
        f"重放：销毁 {done.count('archive.shred')} 次（{done.items} 条内容再次销毁，密钥与检索一并清除）、"
        f"保全 {done.count(*HOLDS)} 次、解除 {done.count(*RELEASES)} 次、撤回与异议 {done.count(*CONSENT)} 次、"
        f"撤权 {done.count(*ACCESS)} 次。"
    )
    if done.skipped:
        words.append(f"另有 {done.skipped} 行无须或无从重放：所指的内容随账尾一并丢失。")
    if done.released:
        words.append(f"有 {done.released} 项时效保全让位于已依法完成的销毁；仍应保全的，值班进程会重新放置。")
    if done.held_back:
        words.append(f"有 {done.held_back} 次销毁被保全拦住，尚未完成：请查看 jieli shred list。")
    if done.judged.asked and not done.succeeded_by:
        words.append(f"已问过：{'、'.join(done.judged.asked)}，所见都不超出恢复后的账本。")
    if done.judged.silent:
        words.append(f"没有问到：{'、'.join(done.judged.silent)}。他们若见过更多，签名进程会停下。")
    if not done.judged.asked and not done.judged.silent:
        words.append("没有见证方：无人能证明没有丢失更多。")
    if done.expired:
        words.append("这份密钥备份已过应销毁之日，请现在销毁它。")
    words.append(
        "核对：全部一致。请运行 jieli ledger sign。" if done.clean else "核对有不符之处：请运行 jieli fsck。"
    )
    return words
