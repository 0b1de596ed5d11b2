"""After the month: reading for a purpose, keeping, destroying, and a package that a stranger verifies."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from jieli.archive import operations as archive
from jieli.archive import queries as kept
from jieli.archive.errors import Held
from jieli.archive.types import CertificateRef, ConversationKey, HoldScope
from jieli.assets.queries import accounts
from jieli.connectors.wecom.lines import SOURCE
from jieli.evidence import operations as evidence
from jieli.evidence.types import PackageMade
from jieli.kernel.times import MINUTE, local
from jieli.matters import operations as matters
from jieli.matters.types import Involved, MatterKind, MatterRef, PersonKind
from jieli.reading import operations as reading
from jieli.wiring import certificates
from jieli.wiring.demo.clients import HERO, Attitude, Client
from jieli.wiring.demo.errors import ChildDied
from jieli.wiring.demo.events import PLATFORM
from jieli.wiring.demo.grounds import Grounds
from jieli.wiring.demo.people import HERO_SELLER, KEEPER, OFFICER
from jieli.wiring.outside import outside
from jieli.wiring.profile import Profile

#: What the officer looks for, and for which purpose.
SEARCHES = (
    ("八课时", "投诉溯源"), ("赠课", "投诉溯源"), ("转给他本人", "防私单"), ("退费", "合规审计"), ("作业", "质检"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """What was shown: openings, items shown, items that were left out for lack of scope or for an objection."""

    openings: int
    shown: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Gone:
    """What was destroyed, and that the conversation under hold was not."""

    certificate: CertificateRef
    conversation: int
    stopped_by_hold: bool


def open_dispute(grounds: Grounds) -> MatterRef:
    """The matter in which everything that follows is read."""
    people = (
        Involved(PersonKind.CUSTOMER, grounds.customers[HERO], "当事人"),
        Involved(PersonKind.STAFF, grounds.staff[HERO_SELLER], "经办人"),
    )
    return matters.open_matter(
        kind=MatterKind.DISPUTE, title="赠送八课时的承诺与退费争议", people=people,
        by=grounds.actor(OFFICER), at=grounds.clock.now,
    )  # fmt: skip


def read(grounds: Grounds, matter: MatterRef, conversation: int) -> Read:
    """Search and read one conversation; each time a row stands in the ledger before a word is shown."""
    officer, pages = grounds.reader(OFFICER), []
    for query, purpose in SEARCHES:
        at = grounds.clock.on(MINUTE)
        pages.append(reading.search(query=query, purpose=purpose, matter=matter.number, by=officer, at=at))
    at = grounds.clock.on(MINUTE)
    pages.append(
        reading.open_conversation(
            conversation=conversation, purpose="投诉溯源", matter=matter.number, by=officer, at=at
        )
    )
    left_out = sum(sum(page.left_out.values()) for page in pages)
    return Read(len(pages), sum(len(page.shown) for page in pages), left_out)


def hero_conversation(grounds: Grounds) -> int:
    """The number under which the archive keeps the conversation that is proved."""
    client = grounds.world.clients[0]
    return _conversation(grounds, client)


def _conversation(grounds: Grounds, client: Client) -> int:
    handle = next(e.handle for e in grounds.world.staff if e.no == client.seller)
    account = accounts(PLATFORM, [handle])[handle].id
    found = kept.conversation(ConversationKey(SOURCE, account=account, counterparty=client.external_id))
    if found is None:
        raise LookupError(client.no)
    return found.id


def keep(grounds: Grounds, matter: MatterRef, conversation: int) -> None:
    """Place a hold on the disputed conversation: nothing destroys it before it is released."""
    archive.hold(
        scope=HoldScope.CONVERSATION, target=str(conversation), ground="争议尚未终结", matter=matter.id,
        by=grounds.actor(OFFICER), at=grounds.clock.now,
    )  # fmt: skip


def destroy(grounds: Grounds, held: int) -> Gone:
    """A customer asks to be forgotten: her conversation is destroyed. The held one is tried as well and stands."""
    by, client = grounds.actor(KEEPER), _forgettable(grounds)
    request = matters.open_matter(
        kind=MatterKind.REQUEST, title="客户请求删除", by=by, at=grounds.clock.now,
        people=(Involved(PersonKind.CUSTOMER, grounds.customers[client.no], "请求人"),),
    )  # fmt: skip
    conversation = _conversation(grounds, client)
    certificate = archive.shred_conversation(
        conversation=conversation,
        reason="客户书面请求删除",
        by=by,
        at=grounds.clock.on(MINUTE),
        matter=request.id,
    )
    try:
        archive.shred_conversation(
            conversation=held, reason="演示：保全之下不能销毁", by=by, at=grounds.clock.on(MINUTE)
        )
    except Held:
        return Gone(certificate, conversation, stopped_by_hold=True)
    return Gone(certificate, conversation, stopped_by_hold=False)


def _forgettable(grounds: Grounds) -> Client:
    """A customer who withdrew and has something kept from before."""
    ordinary = {e.no for e in grounds.world.staff if e.case.name == "ORDINARY"}
    for client in grounds.world.clients:
        if client.attitude in (Attitude.WITHDRAWS, Attitude.AGREES) and client.seller in ordinary:
            try:
                conversation = _conversation(grounds, client)
            except LookupError:
                continue
            if len(kept.items_of_conversation(conversation)) >= 6:
                return client
    raise LookupError("nobody to forget")


def certificate_paper(grounds: Grounds, profile: Profile, gone: Gone, path: Path) -> None:
    """Issue the certificate of destruction with its two dates, and leave a copy."""
    by, at = grounds.actor(KEEPER), grounds.clock.now
    certificates.issue(profile, gone.certificate.shred, path, asked_by="客户本人", by=by, at=at)


def package(
    grounds: Grounds, profile: Profile, matter: MatterRef, conversation: int, path: Path
) -> PackageMade:
    """The package of the disputed conversation, for the purpose that both sides agreed to."""
    [made] = evidence.make_conversation_packages(
        conversation=conversation, purpose="争议举证", matter=matter.number, by=grounds.reader(OFFICER),
        at=grounds.clock.now, path=path, outside=outside(profile),
    )  # fmt: skip
    return made


@dataclass(frozen=True, slots=True)
class Verified:
    """What a stranger's `seal verify` said: its exit status (0: verified under the policy named)."""

    status: int
    said: dict[str, object]


def packages(folder: Path) -> list[str]:
    """The names of what a stranger is given to verify: packages and receipts."""
    return sorted(path.name for path in folder.glob("*.zip"))


def verify(folder: Path, name: str) -> Verified:
    """Run `seal verify` as a stranger would: another process, three files, nothing of ours but these."""
    line = [
        sys.executable, "-m", "seal.cli", "verify", str(folder / name),
        "--policy", str(folder / "trust.policy"), "--tsa-ca", str(folder / "tsa-ca.pem"), "--json",
    ]  # fmt: skip
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    try:
        said: dict[str, object] = json.loads(done.stdout)
    except ValueError as error:
        raise ChildDied("seal verify 没有给出答复。", remedy="请单独运行 seal verify 查看原因。") from error
    return Verified(done.returncode, said)


def stamp_of(ms: int) -> str:
    """A moment as tables show it."""
    return f"{local(ms):%Y-%m-%d %H:%M}"
