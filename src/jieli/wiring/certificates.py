"""销毁证明: the paper that goes with a finished destruction, with its two dates."""

from pathlib import Path
from uuid import UUID

from jieli.archive import queries as archive
from jieli.archive.media import queries as media
from jieli.archive.types import CertificateRef
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local
from jieli.papers import operations as papers
from jieli.papers.rendering import render
from jieli.papers.types import Clock, Destroyed, DestructionCertificate, Head, Labelled
from jieli.parties import queries as parties
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile


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
    paper = DestructionCertificate(
        head=Head(
            number=f"销毁-{done.id.hex[:12]}",
            unit="、".join(parties.entity_names()) or "（未登记法人）",
            at=at,
            clock=Clock.DEMO if demo else Clock.REAL,
        ),
        concerns=said[0],
        reason=said[1],
        requested_by=asked_by,
        approved_by="按权限办理，账本留痕",
        executed_by=asked_by,
        destroyed=_destroyed(done),
        kept=(Labelled("账本中的承诺（无内容）", f"{done.items} 条"), *_under_lock(shred)),
        live_store_at=done.live_gone_at,
        live_store_ref=f"销毁 {done.shred}",
        backups_end_at=done.backups_gone_by,
        backups_ended=ended,
        backups_ref=f"第 {'、'.join(map(str, done.epochs))} 期封装密钥销毁之后",
    )
    content = render(paper)
    papers.issue(paper, title=f"销毁证明 {said[0]}", by=by, at=at, rendered=content)
    path.write_bytes(content)


def _destroyed(done: CertificateRef) -> tuple[Destroyed, ...]:
    """What went: content, and rows of registers or of other rooms' records, each with all its earlier versions."""
    until = f"至 {local(done.live_gone_at):%Y-%m-%d} 止"
    rows = archive.emptied_rows(done.shred)
    found = [Destroyed("会话内容及双方标识", done.items, until)] if done.items or not rows else []
    found += [Destroyed(f"{what}及其历次版本", number, until) for what, number in rows]
    return tuple(found)


def _under_lock(shred: UUID) -> tuple[Labelled, ...]:
    """Objects that the media store's own lock keeps for now: said on the paper, with the day on which the last ends."""
    until = media.locked_objects(shred)
    if not until:
        return ()
    words = f"{len(until)} 个，存储的对象锁定至 {local(until[-1]):%Y-%m-%d}，密钥已销毁，无法解读；期满即删除"
    return (Labelled("附件的密文", words),)
