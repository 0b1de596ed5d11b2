"""A small house in which every table has rows, built through the rooms' own operations."""

from datetime import date
from pathlib import Path
from typing import Any

from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from jieli.access import attempts
from jieli.access import operations as access
from jieli.access.types import LinkPurpose, NewPasskey, Role
from jieli.archive import operations as archive
from jieli.archive import queries as archived
from jieli.archive.media import ports as store
from jieli.archive.media import refusing, removing
from jieli.archive.media.types import Refusal
from jieli.archive.models import RetentionPlan
from jieli.archive.types import HoldScope
from jieli.assets import operations as assets
from jieli.assets import queries as asset_queries
from jieli.assets.types import (
    AssetKind,
    Controller,
    GroupKind,
    NewDevice,
    NewGroup,
    NewMember,
    NewNumber,
    NewUse,
    Right,
    Side,
)
from jieli.capture.operations import keep_mapping
from jieli.connectors.stamp.demo import DemoAuthority, make_authority
from jieli.connectors.storage.directory import Directory
from jieli.consent import operations as consent
from jieli.consent.types import NewLeave
from jieli.evidence import operations as evidence
from jieli.evidence.types import Outside
from jieli.kernel.ids import new_id
from jieli.kernel.times import HOUR
from jieli.ledger import checkpoints
from jieli.ledger.deposits import deposit_when_due
from jieli.ledger.operations import book, heartbeat
from jieli.ledger.ports import Cosigned
from jieli.matters import operations as matters
from jieli.matters.types import Involved, MatterKind, PersonKind
from jieli.papers import operations as papers
from jieli.papers.types import Clock
from jieli.parties import operations as parties
from jieli.parties import queries as party_queries
from jieli.parties.types import EngagementKind, NewEngagement, NewOrder
from jieli.reading import media
from jieli.reading import operations as reading
from seal import cosignature, note
from seal.keys import Signer
from tests.conftest import NOW
from tests.fakes.depository import FakeDepository
from tests.rooms import leaving, whole_leaving
from tests.rooms.company import BEGIN, BY, PLATFORM, Company, bring, chat, found_company, reader, thread
from tests.rooms.whole_leaving import END

WITNESS = "witness.jieli.example"


class LocalWitness:
    """A witness in this process: the port without the network."""

    name = WITNESS

    def __init__(self, signer: Signer, now: int) -> None:
        self.signer, self.now = signer, now

    def add_checkpoint(self, *, old: int, proof: list[bytes], note: str) -> Cosigned:
        text = parsed(note).text
        payload = cosignature.cosign(text, self.signer, time=self.now // 1000)
        return Cosigned((line(self.name, self.signer, payload),))


def parsed(text: str) -> note.Note:
    return note.parse(text.encode())


def line(name: str, signer: Signer, payload: bytes) -> str:
    return note.Signature(name, signer.vkey.id, payload).line()


class LocalAuthority:
    """The demo's timestamp authority in this process: real responses, no network."""

    name = "tsa"

    def __init__(self, directory: Path, now: int) -> None:
        make_authority(directory, at=NOW)
        self.authority = DemoAuthority(directory, lambda: now)

    def stamp(self, data: bytes) -> bytes:
        query = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
        return self.authority.respond(query.as_bytes())


def build(home: Path, log: Signer, witness: Signer) -> Company:
    """Everything once: registers, statements, messages, readings, a destruction, a package, checkpoints."""
    house = found_company(leaving.PEOPLE)
    _registers(house)
    _people()
    said = [
        chat(
            n,
            text,
            sender=["wm-lin", "HeQing"][n % 2],
            to=["HeQing", "wm-lin"][n % 2],
            when=f"2026-09-18 10:0{n}",
        )
        for n, text in enumerate(
            ["明前茶还有吗", "有的，给您留两罐", "可以退换吗", "七天内可以退换", "红茶可以，茶叶再看"]
        )
    ]
    said.append(
        chat(
            "r", "", when="2026-09-18 10:09", msgtype="revoke", action="recall", revoke={"pre_msgid": "msg-0"}
        )
    )
    said.append(chat("no", "我没有同意", sender="wm-no", when="2026-09-18 10:10"))
    said.append(
        chat(
            "agree", "", sender="wm-gu", msgtype="agree", agree={"userid": "wm-gu", "agree_time": NOW - HOUR}
        )
    )
    bring(said)
    keep_mapping(source="dialogue.sample", rules={"v": 1}, by=BY, at=NOW)
    checkpoint(home, log, witness)
    deposit_when_due([FakeDepository(NOW)], by=BY, at=NOW)
    _read(house)
    _files(house, home)
    _keep_and_destroy(house)
    _package(house, home, log, witness)
    whole_leaving.build(house)
    with book(at=END) as b:
        for n in range(300):
            b.entry("access.note", by=BY, facts={"n": n})
    checkpoint(home, log, witness, at=END)
    heartbeat(by=BY, at=END)
    checkpoint(home, log, witness, at=END)
    return house


def checkpoint(home: Path, log: Signer, witness: Signer, *, at: int = NOW) -> Any:
    return checkpoints.run_round(log, [LocalWitness(witness, at)], [LocalAuthority(home / "tsa", at)], at=at)


def _registers(house: Company) -> None:
    who, entity = house.staff["HeQing"], party_queries.entities_by_code()["QH"]
    parties.register_engagements(
        [NewEngagement(who, entity, EngagementKind.LABOUR, date(2026, 1, 5))], by=BY, at=BEGIN
    )
    order = NewOrder("D-1", house.customers["wm-lin"], "明前茶", 29_800, date(2026, 4, 1), who)
    parties.register_orders([order], by=BY, at=BEGIN)
    assets.register_numbers([NewNumber("19900000001", Side.COMPANY)], by=BY, at=BEGIN)
    assets.register_devices([NewDevice("860000000000001", "样机")], by=BY, at=BEGIN)
    assets.register_groups([NewGroup(PLATFORM, "wr-1", GroupKind.CUSTOMER, "茶友群")], by=BY, at=BEGIN)
    group = asset_queries.groups(PLATFORM)["wr-1"]
    members = [
        NewMember(group.id, "HeQing", BEGIN, account_id=house.accounts["HeQing"]),
        NewMember(group.id, "wm-lin", BEGIN, customer_id=house.customers["wm-lin"]),
    ]
    assets.load_members(members, by=BY, at=BEGIN)
    device = asset_queries.asset_ids(AssetKind.DEVICE).popitem()[1]
    assets.load_uses([NewUse(device, who, BEGIN)], by=BY, at=BEGIN)
    assets.set_control(
        asset_id=house.accounts["HeQing"], right=Right.LOGIN, controller=Controller.COMPANY, staff_id=None,
        begins_at=BEGIN, by=BY, at=BEGIN,
    )  # fmt: skip
    consent.load_leave([NewLeave(who, BEGIN, BEGIN + HOUR, "年假")], by=BY, at=BEGIN)
    papers.receive(
        kind="保密协议",
        title="何青",
        content="保密协议正文".encode(),
        media_type="text/plain",
        by=BY,
        at=BEGIN,
    )


def _people() -> None:
    person = access.admit_person(sign_in="admin", name="管理员", by=BY, at=BEGIN)
    access.register_passkey(
        person=person, passkey=NewPasskey(b"credential", b"data", 0), label="手机", by=BY, at=BEGIN
    )
    access.make_link(sign_in="admin", purpose=LinkPurpose.ENROL, expires_at=NOW + HOUR, by=BY, at=BEGIN)
    attempts.check_attempt(place="192.0.2.1", name="admin", at=BEGIN)


def _read(house: Company) -> None:
    people = [Involved(PersonKind.STAFF, house.staff["HeQing"], "当事人")]
    matter = matters.open_matter(kind=MatterKind.REQUEST, title="投诉核查", people=people, by=BY, at=NOW)
    person = reader(Role.LEGAL, name="严法")
    # Both bigrams of 红茶叶 stand in one message, the word in none: a candidate is opened and not shown.
    reading.search(query="红茶叶", purpose="投诉溯源", matter=matter.number, by=person, at=NOW)
    archive_conversation = archived.conversations_of_account(house.accounts["HeQing"])[0].id
    reading.open_conversation(
        conversation=archive_conversation, purpose="投诉溯源", matter=matter.number, by=person, at=NOW
    )


def _files(house: Company, home: Path) -> None:
    """A file of a message that goes, one of a message that stays, and one that did not come in."""
    store.use(Directory(home / "media"))
    keeper = reader(Role.SYSTEM, name="档案管理员")
    matter = matters.open_matter(kind=MatterKind.REQUEST, title="补存附件", by=BY, at=NOW)
    (home / "价目表.txt").write_bytes("明前二百八，雨前一百六".encode())
    found = archived.items_of_conversation(archived.conversations_of_account(house.accounts["HeQing"])[0].id)
    for item in found[:2]:
        media.add(path=home / "价目表.txt", item=item.item_id, n=0, matter=matter.number, by=keeper, at=NOW)
    refusing.refuse([(found[2].item_id, 0, Refusal.EMPTY)], by=BY, at=NOW)


def _keep_and_destroy(house: Company) -> None:
    found = archived.items_of_conversation(archived.conversations_of_account(house.accounts["HeQing"])[0].id)
    held = archive.hold(scope=HoldScope.ITEM, target=str(found[1].item_id), ground="争议", by=BY, at=NOW)
    archive.hold(scope=HoldScope.CLASS, target="call", ground="审计", by=BY, at=NOW)
    archive.release(hold=held.id, reason="已了结", by=BY, at=NOW)
    archive.shred_items(items=[found[0].item_id], reason="客户请求", by=BY, at=NOW)
    removing.remove_destroyed(by=BY, at=NOW)
    version = archive.set_policy(months={"chat": 24}, reason="制度修订", by=BY, at=NOW)
    # Nothing of this house is old enough to be due: a plan is written down as one would be.
    plan = RetentionPlan(
        id=new_id(NOW), policy=version, code="chat", channel="chat", before=BEGIN, newest=found[0].item_id, items=1,
        reason="每季清理", by=BY, at=NOW,
    )  # fmt: skip
    with book(at=NOW) as b:
        b.entry("archive.retention_plan", by=BY, facts={"items": 1, "plan": str(plan.id)}).insert(plan)


def _package(house: Company, home: Path, log: Signer, witness: Signer) -> None:
    outside = Outside(
        policy=f"log {log.vkey.format()}\nquorum none\n".encode(), page_sha256="0" * 64, clock=Clock.DEMO,
        unit="青禾茶业有限公司", system_version="0", checkpoint=lambda: checkpoint(home, log, witness),
    )  # fmt: skip
    evidence.make_conversation_packages(
        conversation=archived.conversations_of_account(house.accounts["HeQing"])[0].id, purpose="争议举证",
        matter=thread(), by=reader(Role.LEGAL, name="另一位法务"), at=NOW, path=home / "evidence.zip", outside=outside,
    )  # fmt: skip
