"""The papers that open a package: list of evidence, extraction note, verification note, the conversation printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from jieli.archive.media import queries as media
from jieli.archive.media.types import MediaRef
from jieli.archive.types import OpenedItem
from jieli.evidence.gathering import Gathered
from jieli.evidence.types import NOT_PROVED, Outside
from jieli.kernel.times import local
from jieli.law import queries as law
from jieli.papers.types import (
    Attachment,
    Bubble,
    Citation,
    Conversation,
    Digest,
    EvidenceList,
    Exhibit,
    ExtractionNote,
    ForeignCheck,
    Form,
    Head,
    Labelled,
    Omission,
    Participant,
    Side,
    Step,
    VerificationNote,
    Voucher,
)
from seal import note

UNFIXED = "未见证，未经中立第三方固定。"
#: Platforms by the words people use for them; others are printed as they are registered.
PLATFORMS = {"wecom": "企业微信", "wechat": "微信", "dingtalk": "钉钉", "feishu": "飞书", "phone": "电话"}


@dataclass(frozen=True)
class Case:
    """What the papers of one package share."""

    head: Head
    matter: str  # number and title as people say it
    conversation: str
    extractor: str
    extractor_post: str
    opened_at: int
    made_at: int
    opening: str
    omitted: tuple[tuple[int, str], ...]  # how many, why


@dataclass(frozen=True)
class Name:
    """A speaker as the registers know him when the package is made."""

    name: str
    role: str
    staff: bool


def fixing(found: Gathered) -> str:
    """The first line a court looks for: who, outside the company, fixed this and since when."""
    if not found.vouched:
        return UNFIXED
    first = found.vouched[0]
    witnesses = first.cosignatures if first.size in found.witnessed_at else ()
    names = [f"见证方 {name}" for name, _ in witnesses]
    names += [f"时间戳机构 {name}" for name, _ in first.timestamps]
    when = f"{local(first.signed_at):%Y-%m-%d %H:%M:%S}"
    return f"最早一次外部固定：{when}，{'、'.join(names)}（账本第 {first.size} 条以前）。"


def conversation(
    case: Case, found: Gathered, names: Mapping[UUID, Name], handles: Mapping[UUID, str], platform: str
) -> Conversation:
    """The conversation as bubbles, every omission marked where it stands."""
    items = sorted(found.items, key=lambda i: (i.item.event_ms, i.item.item_id))
    kept = media.of_items(i.item.item_id for i in items)
    lines: list[Bubble | Omission] = [_bubble(i, found, kept.get(i.item.item_id, [])) for i in items]
    lines += [Omission(count, reason) for count, reason in case.omitted]
    return Conversation(
        head=case.head,
        conversation=case.conversation,
        case=case.matter,
        fixing=fixing(found),
        first_at=items[0].item.event_ms,
        last_at=items[-1].item.event_ms,
        participants=tuple(_participants(items, names, handles, platform)),
        lines=tuple(lines),
    )


def _participants(
    items: Sequence[OpenedItem], names: Mapping[UUID, Name], handles: Mapping[UUID, str], platform: str
) -> list[Participant]:
    seen: dict[str, Participant] = {}
    for i in items:
        speaker = i.item.speaker
        known = names.get(speaker) if speaker is not None else None
        known = known or Name("姓名未登记", i.item.speaker_kind or "不明", staff=False)
        side = Side.RIGHT if known.staff else Side.LEFT
        identifier = i.sender or handles.get(i.item.account, "") if i.item.account else i.sender
        seen.setdefault(i.sender, Participant(i.sender, known.name, known.role, platform, identifier, side))
    return list(seen.values())


def _bubble(i: OpenedItem, found: Gathered, kept: Sequence[MediaRef]) -> Bubble:
    state = {ref.n: "已取回" if ref.root is not None else "已销毁" for ref in kept}
    marks = ["依据系事后补录"] if i.item.documented_later else []
    if i.item.recalls is not None:
        marks.append("此条为撤回动作")
    attachments = tuple(
        Attachment(
            name=str(claim.get("name", "")) or "（无文件名）",
            media=str(claim.get("kind", "")),
            size=int(claim.get("size", 0)),
            digest=f"{claim.get('algorithm', '')}:{claim.get('digest', '')}"
            if claim.get("digest")
            else "平台未给出",
            state=state.get(n, "未取回"),
        )
        for n, claim in enumerate(i.media)
    )
    text = i.text or ("" if attachments else f"（{i.item.msgtype}，无文字内容）")
    entry, n = found.places.get(i.item.item_id, (None, None))
    ref = "" if entry is None else f"账本 {entry} 条第 {n} 份"
    return Bubble(i.item.event_ms, i.sender, text, ref, attachments, tuple(marks))


def evidence_list(case: Case, found: Gathered) -> EvidenceList:
    """证据目录: what a court's clerk ticks off."""
    said = f"{len(found.items)} 条消息的全文、时间与发送方"
    exhibits = (
        Exhibit(case.conversation, "接力系统档案", f"证明双方往来：{said}", "文件 04", Form.ELECTRONIC, 1),
        Exhibit("提取过程说明", "接力系统", "说明电子数据的来源与提取过程", "文件 02", Form.ELECTRONIC, 1),
        Exhibit("核验说明", "接力系统", "说明如何独立核验以上内容未被改动", "文件 03", Form.ELECTRONIC, 1),
    )
    notes = (f"略去 {sum(n for n, _ in case.omitted)} 条，原因逐项列于会话记录与 omissions.jsonl。",)
    return EvidenceList(
        head=case.head,
        case=case.matter,
        submitter=case.head.unit,
        fixing=fixing(found),
        exhibits=exhibits,
        notes=notes,
    )


def extraction_note(case: Case, found: Gathered, outside: Outside, *, platform: str) -> ExtractionNote:
    """电子数据来源及提取过程说明, along EVID-93 and EVID-94."""
    newest = found.newest
    steps = (
        Step(case.opened_at, case.extractor, "申请开启并留痕", f"开启记录 {case.opening} 先于内容写入账本"),
        Step(case.opened_at, "接力系统", "逐条解密并与承诺核对", f"{len(found.items)} 条全部一致"),
        Step(
            newest.signed_at,
            "签名进程",
            "为账本签检查点",
            f"账本 {newest.size} 条，根哈希 {newest.root.hex()}",
        ),
        Step(case.made_at, "接力系统", "生成证据包", "成包之前，各文书与略去清单的摘要已写入账本"),
    )
    return ExtractionNote(
        head=case.head,
        case=case.matter,
        extractor=case.extractor,
        extractor_post=case.extractor_post,
        extracted_at=case.made_at,
        system="接力 Jieli",
        system_version=outside.system_version,
        carrier=f"{platform} 会话内容存档经接口交付的原始行，加密存于接力系统",
        carrier_place=f"{outside.unit}的接力系统数据库",
        formed_in="业务往来中由平台即时形成，由系统自动接收",
        environment=(Labelled("数据库", "PostgreSQL"), Labelled("封存", "RFC 6962 哈希树，SHA-256")),
        steps=steps,
        digests=(Digest("账本根哈希", "sha256", newest.root.hex(), 32),),
        fixing=fixing(found),
        omissions=tuple(f"{count} 条：{reason}" for count, reason in case.omitted),
        demonstration=(
            "在任一未联网的电脑上打开核验页，拖入证据包，显示核验结果。",
            "在来源平台管理后台按平台消息标识当庭调取同一条消息，与打印件比对。",
        ),
        citations=tuple(cited(id_, bearing) for id_, bearing in BEARINGS),
    )


#: The articles by which a court weighs electronic data, and how each bears on it.
BEARINGS = (("EVID-93", "判断电子数据真实性的各项因素"), ("EVID-94", "可以确认电子数据真实性的情形"))


def cited(id_: str, bearing: str = "") -> Citation:
    """An article as a paper prints it, word for word."""
    c = law.cite(id_)
    return Citation(c.law, c.article, c.version, c.text, bearing)


#: How programs that are not ours check the same things.
FOREIGN = (
    ForeignCheck("sha256sum", "每个文件的摘要", ("unzip 证据包.zip && sha256sum -c SHA256SUMS",)),
    ForeignCheck(
        "openssl",
        "时间戳（检查点正文是签名行之前的三行）",
        (
            "head -n 3 checkpoints/大小 > body",
            "openssl ts -verify -in timestamps/大小.1.tsr -data body -CAfile 时间戳根证书.pem",
        ),
    ),
)


def stamps(found: Gathered) -> list[Voucher]:
    """Which authorities stamped the time of which checkpoint."""
    return [
        Voucher(name, "RFC 3161", f"检查点 {c.size} 条")
        for c in found.checkpoints
        for name, _ in c.timestamps
    ]


def verification_note(case: Case, found: Gathered, outside: Outside, *, log_key: str) -> VerificationNote:
    """核验说明: two pages for somebody who trusts neither side."""
    newest = found.newest
    counts = (
        Labelled("消息", str(len(found.items))),
        Labelled("依据与登记", str(len(found.parts))),
        Labelled("账本条目", str(len(found.entries))),
        Labelled("略去", str(sum(n for n, _ in case.omitted))),
    )
    return VerificationNote(
        head=case.head,
        origin=log_key.partition("+")[0],
        log_key=log_key,
        size=newest.size,
        root=newest.root.hex(),
        counts=counts,
        proves=(
            "每条消息自写入账本起，其全文、时间、发送方与接收方一字未改。",
            "每条消息写入之前，其告知、同意与文件已先行写入同一账本。",
            "账本此后没有被改写：较早的检查点都是最新检查点的前缀。",
        ),
        not_proved=NOT_PROVED,
        page_sha256=outside.page_sha256,
        witnesses=tuple(vouchers(found)),
        timestamps=tuple(stamps(found)),
        foreign=FOREIGN,
    )


def vouchers(found: Gathered) -> list[Voucher]:
    """Who cosigned, with the id of the key."""
    named = []
    for c in found.checkpoints:
        for name, line in c.cosignatures:
            [signature] = note.parse_lines(line.encode())
            named.append(Voucher(name, signature.id.hex(), f"检查点 {c.size} 条"))
    return named
