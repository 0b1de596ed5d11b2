"""销毁证明: the paper that goes with a finished destruction, with its two dates."""

from pathlib import Path
from uuid import UUID

from jieli.archive import queries as archive
from jieli.archive import staying
from jieli.archive.media import queries as media
from jieli.archive.retention import defaults
from jieli.archive.types import CertificateRef, GroundsRef, ShredScope
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local
from jieli.papers import operations as papers
from jieli.papers.rendering import render
from jieli.papers.types import Clock, Destroyed, DestructionCertificate, Head, Labelled
from jieli.parties import queries as parties
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile
from jieli.wiring.subjects import everybody


class NotFinished(JieliError):
    """No destruction of this number is finished."""

    code = "certificates.not_finished"


def issue(profile: Profile, shred: UUID, path: Path, *, asked_by: str, by: str, at: int) -> None:
    """Render the certificate of a finished destruction, keep it among the papers, leave a copy at `path`."""
    done, said = archive.certificate(shred), archive.grounds(shred)
    if done is None or said is None:
        raise NotFinished(
            "没有这项销毁，或它尚未完成。", remedy="请核对销毁编号；未完成的会在下次启动时继续。"
        )
    demo = profile.demo and home_of(profile).demo_clock.exists()
    ended = done.epochs_gone_at is not None and done.backups_gone_by <= at
    what, concerns = concerned(said)
    paper = DestructionCertificate(
        head=Head(
            number=f"销毁-{done.id.hex[:12]}",
            unit="、".join(parties.entity_names()) or "（未登记法人）",
            at=at,
            clock=Clock.DEMO if demo else Clock.REAL,
        ),
        concerns=concerns,
        reason=said.reason,
        requested_by=asked_by,
        approved_by="按权限办理，账本留痕",
        executed_by=asked_by,
        destroyed=_destroyed(done),
        kept=(
            Labelled("账本中的承诺（无内容）", f"{done.items} 条"),
            *_under_lock(shred),
            *papers_that_stay(shred, at=at),
            *cases_that_stay(shred, at=at),
        ),
        live_store_at=done.live_gone_at,
        live_store_ref=f"销毁 {done.shred}",
        backups_end_at=done.backups_gone_by,
        backups_ended=ended,
        backups_ref=f"第 {'、'.join(map(str, done.epochs))} 期封装密钥销毁之后",
    )
    content = render(paper)
    papers.issue(paper, title=f"销毁证明 {what}", by=by, at=at, rendered=content)
    path.write_bytes(content)


def concerned(said: GroundsRef) -> tuple[str, str]:
    """What was destroyed, in short, and whom it concerned: by the number that stays (ADR 26), never by a name.

    Who talked with whom went with the content, so a paper must not say it either; it says that it does not.
    """
    match said.scope:
        case ShredScope.PERSON | ShredScope.REGISTER:
            return _number(said.target), f"{_number(said.target)}，以及与其一对一会话的对方（不列名）"
        case ShredScope.OWN:
            return _number(said.target), f"{_number(said.target)}，以及其私人会话的对方（不列名）"
        case ShredScope.CONVERSATION:
            return f"会话 {said.target}", f"会话 {said.target} 的各方；谁与谁已随内容销毁，不再列名"
        case ShredScope.CLASS:
            names = {one.code: one.name for one in defaults()[1]}
            what = f"到期的{names.get(said.target or '', '记录')}"
            return what, f"{what}所涉各人（不逐一列名）"
        case _:
            return f"条目 {said.items} 条", f"这 {said.items} 条的发言人与对方（不列名）"


def _number(person: str | None) -> str:
    found = everybody([UUID(person)]) if person is not None else {}
    return next((one.numbered for one in found.values()), "登记中没有的人")


def _destroyed(done: CertificateRef) -> tuple[Destroyed, ...]:
    """What went: content, and rows of registers or of other rooms' records, each with all its earlier versions."""
    until = f"至 {local(done.live_gone_at):%Y-%m-%d} 止"
    rows = archive.emptied_rows(done.shred)
    found = [Destroyed("会话内容及双方标识", done.items, until)] if done.items or not rows else []
    found += [Destroyed(f"{what}及其历次版本", number, until) for what, number in rows]
    return tuple(found)


def papers_that_stay(shred: UUID, *, at: int) -> tuple[Labelled, ...]:
    """Papers of an erased person that stay: each with its last day and its ground, for whoever asked to be erased."""
    person = archive.erased_person(shred)
    found = staying.papers_of(person, at=at) if person is not None else []
    return tuple(
        Labelled(f"文书 {one.kind}{f'（{one.number}）' if one.number else ''}", one.ground) for one in found
    )


def cases_that_stay(shred: UUID, *, at: int) -> tuple[Labelled, ...]:
    """Cases of an erased person in whose rows words stay: each with its last day and its ground (ADR 30)."""
    person = archive.erased_person(shred)
    found = staying.cases_of(person, at=at) if person is not None else []
    return tuple(Labelled(f"登记行 {one.where}（{one.rows} 行）", one.ground) for one in found)


def _under_lock(shred: UUID) -> tuple[Labelled, ...]:
    """Objects that the media store's own lock keeps for now: said on the paper, with the day on which the last ends."""
    until = media.locked_objects(shred)
    if not until:
        return ()
    words = f"{len(until)} 个，存储的对象锁定至 {local(until[-1]):%Y-%m-%d}，密钥已销毁，无法解读；期满即删除"
    return (Labelled("附件的密文", words),)
