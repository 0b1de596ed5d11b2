"""The papers of the things that come back: 验收, 恢复测试, 私人内容, 清除, and 拒签. One for each thing or refusal."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from jieli.assets import queries as assets
from jieli.handover import devices, private, purge, recovery
from jieli.handover.shown import CaseView
from jieli.handover.signers import signers
from jieli.handover.things_types import Nature, PrivateRef, Progress, StepRef
from jieli.handover.types import ItemState, ListItem, ListKind
from jieli.kernel.times import local
from jieli.papers import queries as papers
from jieli.papers.forms.leaving import RefusalNote, Witness
from jieli.papers.forms.parts import FormPaper
from jieli.papers.forms.things import (
    DeviceAcceptance,
    KeptLine,
    PrivateContent,
    PrivateLine,
    PurgedLine,
    PurgeProof,
    RecoveryRecord,
    StepLine,
)
from jieli.papers.types import Head
from jieli.parties import queries as parties

#: Gives the head of the n-th paper of one kind.
Heads = Callable[[int], Head]
_EARLIER: Final = {"已审计": "审计", "已交接": "交接", "已留存": "留存"}


def recovery_records(found: CaseView, heads: Heads, *, print_layout: bool = False) -> list[FormPaper]:
    """《账号恢复测试记录》 for each account on the list (R0.24)."""
    by = signers(found, print_layout=print_layout)
    items = _of(found, ListKind.ACCOUNTS)
    cards = recovery.progress(found.case.id, [key for key, _ in items])
    accounts = assets.accounts_by_id(list(cards))
    names = _names(cards.values())
    return [
        RecoveryRecord(
            head=heads(n), print_layout=print_layout, platform=accounts[key].platform,
            handle=accounts[key].handle, phone=accounts[key].number or "未登记", leaver=found.staff.name,
            receiver=_receiver(found), steps=_steps(cards[key], names), leaver_sign=by.leaver,
            receiver_sign=by.receiver,
        )
        for n, (key, _) in enumerate(items)
        if key in accounts
    ]  # fmt: skip


def device_cards(found: CaseView, heads: Heads, *, print_layout: bool = False) -> list[FormPaper]:
    """《设备验收单》 for each device that was checked, or that is still to be."""
    by = signers(found, print_layout=print_layout)
    things = assets.devices([key for key, _ in _of(found, ListKind.DEVICES)])
    items = [(key, item) for key, item in _of(found, ListKind.DEVICES) if key in things]
    cards = devices.progress(found.case.id, list(things))
    names = _names(cards.values())
    return [
        DeviceAcceptance(
            head=heads(n), print_layout=print_layout, device=things[key].model,
            serial="／".join(word for word in (things[key].imei, things[key].serial) if word), iccid="",
            holder=found.staff.name, staff_no=found.staff.staff_no, accessories="见验收步骤", condition="见验收步骤",
            steps=_steps(cards[key], names), objections="；".join(item.objections),
            leaver_sign=by.leaver, receiver_sign=by.receiver,
        )
        for n, (key, item) in enumerate(items)
    ]  # fmt: skip


def private_note(found: CaseView, heads: Heads, *, print_layout: bool = False) -> list[FormPaper]:
    """《私人内容处置确认书》: what the person marked, how it was checked, what became of it. Never its content."""
    by = signers(found, print_layout=print_layout)
    items = private.private_items(found.case.id)
    return [
        PrivateContent(
            head=heads(0), print_layout=print_layout, leaver=found.staff.name, staff_no=found.staff.staff_no,
            carrier=_carriers(found), lines=tuple(_private(i) for i in items),
            disputed=tuple(i.label for i in items if i.nature is Nature.DISPUTED),
            leaver_sign=by.leaver, checker_sign=by.supervisor,
        )
    ]  # fmt: skip


def purge_proof(found: CaseView, heads: Heads, *, print_layout: bool = False) -> list[FormPaper]:
    """《数据清除证明》: what had been done before, what was removed, what had to stay (R3.14, R3.30)."""
    by = signers(found, print_layout=print_layout)
    data = purge.purge_data(found.case.id)
    lines = [
        PurgedLine(
            i.label,
            i.where,
            f"{i.count}",
            i.removal.value if i.removal else "",
            _moment(i.removed_at),
            "经办人",
        )
        for i in data.removed
    ]
    if data.certificate is not None:
        gone = data.certificate
        lines.append(
            PurgedLine(
                "档案中的上列会话", "档案主存储", f"{gone.items}", "逐条销毁密钥",
                f"{_moment(gone.live_gone_at)}；备份 {_moment(gone.backups_gone_by)} 前失效", "系统",
            )
        )  # fmt: skip
    return [
        PurgeProof(
            head=heads(0), print_layout=print_layout, concerns=found.staff.name, staff_no=found.staff.staff_no,
            carrier=_carriers(found), before=tuple(f"{_EARLIER.get(word, word)}已完成。" for word in data.before),
            purged=tuple(lines), kept=tuple(_kept(i) for i in data.kept), holds=data.holds,
            executor_sign=by.receiver, checker_sign=by.supervisor,
        )
    ]  # fmt: skip


def refusal_notes(found: CaseView, heads: Heads, *, print_layout: bool = False) -> list[FormPaper]:
    """《拒签情况说明》 for each refusal of a paper of this leaving. It has no place for whoever refused."""
    by = signers(found, print_layout=print_layout)
    by_id = {p.paper.id: p for p in found.papers}
    refused = [r for some in papers.refusals(list(by_id)).values() for r in some]
    return [
        RefusalNote(
            head=heads(n), print_layout=print_layout, paper_name=by_id[r.paper].paper.kind,
            paper_number=by_id[r.paper].paper.number or by_id[r.paper].paper.title, refuser=r.refuser_name,
            refuser_ref=f"工号 {found.staff.staff_no}" if r.role == "移交人" else r.role, role=r.role,
            refused_at=_moment(r.refused_at), place="（待填）",
            told="文书全文；可以写明异议；拒签不影响证明、工资和社会保险、档案手续。", reason=r.reason,
            delivered=by_id[r.paper].deliveries, proof="附件存于登记" if r.proof else "",
            handler=by.supervisor, witnesses=tuple(Witness(name, "见证人") for name in r.witnesses),
        )
        for n, r in enumerate(sorted(refused, key=lambda r: r.refused_at))
    ]  # fmt: skip


#: Papers of which a leaving has as many as it has things: none where there is nothing to say.
MANY: Final[Mapping[str, Callable[..., list[FormPaper]]]] = {
    DeviceAcceptance.kind: device_cards,
    RecoveryRecord.kind: recovery_records,
    PrivateContent.kind: private_note,
    PurgeProof.kind: purge_proof,
    RefusalNote.kind: refusal_notes,
}


def _of(found: CaseView, kind: ListKind) -> list[tuple[UUID, ListItem]]:
    items = next(one for one in found.lists if one.kind is kind).items
    return [(i.subject, i) for i in items if i.subject is not None and i.state is not ItemState.UNABLE]


def _names(cards: Collection[Progress]) -> dict[UUID, str]:
    testers = {step.tester for card in cards for step in card.done if step.tester is not None}
    return {key: person.name for key, person in parties.staff(testers).items()}


def _steps(card: Progress, names: Mapping[UUID, str]) -> tuple[StepLine, ...]:
    return tuple(_step(step, names) for step in card.done)


def _step(step: StepRef, names: Mapping[UUID, str]) -> StepLine:
    return StepLine(
        step.step.value, step.settled, _moment(step.tested_at), names.get(step.tester, "") if step.tester else "",
        f"文书 {step.paper.hex[-8:]}" if step.paper else "", step.reason,
    )  # fmt: skip


def _private(item: PrivateRef) -> PrivateLine:
    what = f"{item.kind}：{item.label}"
    result = item.removal.value if item.removal else (item.nature.value if item.nature else "未核对")
    checked = item.checked_by.value if item.checked_by else "未核对"
    return PrivateLine(what, item.where, item.count, item.decision.value, checked, result)


def _kept(item: PrivateRef) -> KeptLine:
    if item.nature is Nature.CUSTOMER:
        return KeptLine(item.label, "与客户有关，按工作资料保存", "按保存期限表")
    return KeptLine(item.label, f"本人决定：{item.decision.value}", "本人取走为止")


def _carriers(found: CaseView) -> str:
    words = [i.label for kind in (ListKind.DEVICES, ListKind.ACCOUNTS) for _, i in _of(found, kind)]
    return "、".join(words) or "无"


def _receiver(found: CaseView) -> str:
    return found.receiver.name if found.receiver else ""


def _supervisor(found: CaseView) -> str:
    return found.supervisor.name if found.supervisor else ""


def _moment(ms: int | None) -> str:
    return f"{local(ms):%Y-%m-%d %H:%M}" if ms is not None else ""


def forms_of(
    found: CaseView, kinds: Sequence[str], head: Callable[[str, int], Head], *, print_layout: bool = False
) -> list[FormPaper]:
    """Every paper of these kinds that the leaving has something to say on, in the order asked for."""
    return [
        paper
        for kind in kinds
        for paper in MANY[kind](found, lambda n, kind=kind: head(kind, n), print_layout=print_layout)
    ]
