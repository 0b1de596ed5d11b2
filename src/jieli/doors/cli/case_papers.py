"""Papers of a leaving: issue, take in, sign, refuse, deliver; the certificate, which waits for nothing."""

import re
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from jieli.doors.cli.acting import As
from jieli.doors.cli.case_acting import SEE, Acting, NotOnTheList, Number, Proof, acting, signed_at, writing
from jieli.doors.cli.frame import AsJson, CannotWrite, command
from jieli.doors.cli.given import moment_or_now
from jieli.handover import operations, printing, queries
from jieli.handover.hostage import CERTIFICATE, check_condition, check_text
from jieli.handover.types import ListKind
from jieli.ledger import queries as ledger
from jieli.papers import operations as papers
from jieli.papers import queries as kept
from jieli.papers.forms.ending import CooperationEnd, LeavingCertificate
from jieli.papers.signing import Channel, Grade, Outcome
from jieli.papers.types import Clock, PaperRef
from jieli.parties.types import EngagementKind

app = typer.Typer()
Paper = Annotated[UUID, typer.Option("--paper", help="文书编号，由 jieli case papers 给出。")]
Role = Annotated[str, typer.Option("--role", help="移交人、接收人、监交人、直属部门、信息技术、财务、人力…")]
Name = Annotated[str, typer.Option("--name", help="姓名。")]
Folder = Annotated[Path | None, typer.Option("--out", help="把文书的副本写进这个目录。")]
IdTail = Annotated[str, typer.Option("--id-tail", help="身份证后四位；不填则印“待填”。")]
Stitch = Annotated[bool, typer.Option("--print", help="打印（骑缝章版）：留出骑缝章位和手签栏。")]


@app.command("issue")
def issue(
    number: Number,
    sign_in: As,
    kinds: Annotated[
        list[str] | None, typer.Argument(help="文书的名称，可多个；不写则列出可生成的文书。")
    ] = None,
    out_dir: Folder = None,
    id_tail: IdTail = "",
    place: Annotated[str, typer.Option("--place", help="交接地点。")] = "",
    contact: Annotated[str, typer.Option("--contact", help="公司联系人及电话。")] = "",
    answer_by: Annotated[str, typer.Option("--answer-by", help="催告函：请在哪天前答复。")] = "",
    stitch: Stitch = False,
    as_json: AsJson = False,
) -> None:
    """生成并封存文书，收入案卷。交接单带四份清单；任何扣留、附条件的措辞都会被拒绝。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        if not kinds:
            run.answer({"kinds": list(printing.kinds())})
            return
        folder = _folder(out_dir)
        with_ = printing.Particulars(
            id_tail=id_tail, place=place, contact=contact, answer_by=answer_by, print_layout=stitch, clock=_clock(on),
        )  # fmt: skip
        made = printing.issue_papers(number=number, kinds=kinds, with_=with_, by=on.by, at=on.at)
        _issued(on, made, folder)


def _clock(on: Acting) -> Clock:
    return Clock.DEMO if on.run.profile.demo else Clock.REAL


def _folder(path: Path | None) -> Path | None:
    """Where copies go, before anything is issued for their sake."""
    if path is not None and not path.is_dir():
        raise CannotWrite("没有这个目录。", remedy="请给出一个已有的、可写的目录。")
    return path


def _issued(on: Acting, made: list[PaperRef], folder: Path | None) -> None:
    written = ledger.first_recorded("papers_paper", [str(p.id) for p in made])
    on.run.answer(
        {
            "number": on.case.number,
            "papers": [{"paper": p.id, "kind": p.kind, "number": p.number, "sha256": p.sha256} for p in made],
            "files": [str(_copy(p, folder)) for p in made] if folder else [],
            "entry": max(r.entry for r in written.values()),
        }
    )


def _copy(paper: PaperRef, folder: Path) -> Path:
    """A copy by number and name. The paper itself stays where it was sealed."""
    ending = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}.get(
        paper.media_type, ".txt"
    )
    name = re.sub(r"[^\w（）()-]+", "-", f"{paper.number or str(paper.id)[:8]}-{paper.kind}")
    path = folder / f"{name}{ending}"
    path.write_bytes(kept.content(paper.id))
    return path


@app.command("papers")
def listed(number: Number, sign_in: As, out_dir: Folder = None, as_json: AsJson = False) -> None:
    """案卷里的文书：编号、校验值、谁签了、谁拒签、怎样送达；--out 写出副本。离职人本人也可取。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, *SEE, himself=True)
        folder = _folder(out_dir)
        found = queries.view(number, at=on.at).papers
        run.answer(
            {
                "number": number,
                "papers": [
                    {
                        "paper": p.paper.id, "kind": p.paper.kind, "number": p.paper.number, "sha256": p.paper.sha256,
                        "covers": [k.value for k in p.covers],
                        "signatures": [f"{s.role} {s.name}（{s.grade}）" for s in p.signatures],
                        "refusals": list(p.refusals), "deliveries": list(p.deliveries),
                    }
                    for p in found
                ],
                "files": [str(_copy(p.paper, folder)) for p in found] if folder else [],
            }
        )  # fmt: skip


@app.command("certificate")
def certificate(
    number: Number,
    sign_in: As,
    condition: Annotated[
        str, typer.Option("--condition", help="应当空着；写了条件会被拒绝，并说明依据。")
    ] = "",
    id_tail: IdTail = "",
    stitch: Stitch = False,
    out_dir: Folder = None,
    as_json: AsJson = False,
) -> None:
    """出具离职证明（或合作终止证明）：不以交还账号、办结交接、赔偿为条件。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        check_text(condition)
        check_condition(CERTIFICATE, condition)
        folder = _folder(out_dir)
        labour = on.case.engagement_kind in (EngagementKind.LABOUR, EngagementKind.DISPATCH)
        kind = LeavingCertificate.kind if labour else CooperationEnd.kind
        with_ = printing.Particulars(id_tail=id_tail, print_layout=stitch, clock=_clock(on))
        made = printing.issue_papers(number=number, kinds=[kind], with_=with_, by=on.by, at=on.at)
        _issued(on, made, folder)


@app.command("add-paper")
def add_paper(
    number: Number,
    file: Annotated[Path, typer.Argument(help="扫描件（PDF、PNG、JPEG）。")],
    kind: Annotated[str, typer.Option("--kind", help="文书名称，如 离职工作交接单。")],
    sign_in: As,
    covers: Annotated[list[ListKind] | None, typer.Option("--covers", help="它载有哪些清单。")] = None,
    as_json: AsJson = False,
) -> None:
    """把收到的文书收入案卷，写明它载有哪些清单。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        with writing(on) as b:
            paper = on.proof(file, kind)
            operations.add_paper(case=on.case.id, paper=paper, covers=covers or (), by=on.by, at=on.at)
        on.told(b, {"paper": paper})


def _own(on: Acting, paper: UUID) -> UUID:
    """A paper of this case; of another it is as if there were none."""
    if paper not in {p.paper.id for p in queries.view(on.case.number, at=on.at).papers}:
        raise NotOnTheList("这份文书不在案卷里。", remedy="请按 jieli case papers 所列填写。")
    return paper


@app.command("sign")
def sign(
    number: Number,
    paper: Paper,
    role: Role,
    sign_in: As,
    name: Annotated[str, typer.Option("--name", help="手签：签署人姓名。留痕确认时是登录人本人。")] = "",
    proof: Proof = None,
    on_day: Annotated[str | None, typer.Option("--on", help="手签：哪一天签的；缺省为今天。")] = None,
    as_json: AsJson = False,
) -> None:
    """登记签署：有 --proof 是手签页的照片（线下）；没有则是登录人本人的留痕确认（丙，不称可靠电子签名）。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, *SEE, himself=True)
        if proof is not None:
            on = acting(run, sign_in, number)
        with writing(on) as b:
            ink = proof is not None
            found = papers.sign(
                paper=_own(on, paper), role=role, signer=None if ink else on.person.id,
                signer_name=name if ink else on.person.name, grade=Grade.INK if ink else Grade.TRACE,
                evidence={} if ink else {"session": f"本机命令行，登录名 {on.person.sign_in}"},
                scan=on.scan(proof, "手签页"), signed_at=signed_at(on_day, on.at) if ink else on.at, by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"signature": found.id, "grade": found.grade.value, "sha256": found.paper_sha256})


@app.command("refuse")
def refuse(
    number: Number,
    paper: Paper,
    role: Role,
    name: Name,
    reason: Annotated[str, typer.Option("--reason", help="拒签的理由，照其所说。")],
    witness: Annotated[list[str], typer.Option("--witness", help="见证人，可多次给出。")],
    sign_in: As,
    proof: Proof = None,
    as_json: AsJson = False,
) -> None:
    """拒签登记：须有见证人；不代任何人签字。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        with writing(on) as b:
            found = papers.refuse(
                paper=_own(on, paper), role=role, refuser=None, refuser_name=name, reason=reason, witnesses=witness,
                proof=on.scan(proof, "拒签情况"), by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"refusal": found.id})


@app.command("deliver")
def deliver(
    number: Number,
    paper: Paper,
    channel: Annotated[Channel, typer.Option("--channel", help="EMS、当面、短信、邮件、留置见证、公告…")],
    address: Annotated[str, typer.Option("--address", help="送到哪里。")],
    sign_in: As,
    name: Annotated[str, typer.Option("--name", help="收件人姓名；缺省为离职人。")] = "",
    slip: Annotated[str, typer.Option("--slip", help="EMS 单号。")] = "",
    when: Annotated[str | None, typer.Option("--when", help="何时发出；缺省为现在。")] = None,
    as_json: AsJson = False,
) -> None:
    """送达登记：发给谁、怎样发、何时发。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        leaver = queries.view(number, at=on.at).staff
        with writing(on) as b:
            sent = papers.deliver(
                paper=_own(on, paper), to=None if name and name != leaver.name else leaver.id,
                to_name=name or leaver.name, channel=channel, address=address, number=slip,
                sent_at=moment_or_now(when, on.at), by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"delivery": sent.id})


@app.command("delivered")
def delivered(
    number: Number,
    delivery: Annotated[UUID, typer.Option("--delivery", help="送达编号，由 jieli case deliver 给出。")],
    outcome: Annotated[Outcome, typer.Option("--outcome", help="已签收、已查看、退回、拒收、无人应答。")],
    sign_in: As,
    who: Annotated[str, typer.Option("--who", help="签收人。")] = "",
    proof: Proof = None,
    when: Annotated[str | None, typer.Option("--when", help="何时；缺省为现在。")] = None,
    as_json: AsJson = False,
) -> None:
    """登记送达的结果，附底单照片。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        own = [p.paper.id for p in queries.view(number, at=on.at).papers]
        if delivery not in {d.id for some in kept.deliveries(own).values() for d in some}:
            raise NotOnTheList("案卷里没有这次送达。", remedy="请先用 jieli case deliver 登记送达。")
        with writing(on) as b:
            papers.delivery_result(
                delivery=delivery, outcome=outcome, who=who, proof=on.scan(proof, "送达底单"),
                outcome_at=moment_or_now(when, on.at), by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"outcome": outcome.value})


@app.command("use-seal")
def use_seal(
    number: Number,
    paper: Paper,
    seal_no: Annotated[str, typer.Option("--seal-no", help="公章编号。")],
    order_no: Annotated[str, typer.Option("--order-no", help="用印单号。")],
    handler: Annotated[str, typer.Option("--handler", help="经办人。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """用印登记：哪枚公章、哪张用印单、谁经办。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        with writing(on) as b:
            papers.use_seal(
                paper=_own(on, paper), seal_no=seal_no, order_no=order_no, handler=handler, used_at=on.at,
                by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b)
