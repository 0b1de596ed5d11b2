"""What the scenes of the second act share: who acts, the clock, papers, phones, and what the act came to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from jieli.access import operations as access
from jieli.access import passkeys
from jieli.access import queries as persons
from jieli.access.passkeys import Site
from jieli.access.types import Person
from jieli.assets import queries as assets
from jieli.assets.types import AssetKind
from jieli.handover import printing
from jieli.papers import operations as papers
from jieli.papers import queries as kept
from jieli.papers.signing import Channel, DeliveryRef, Grade, Outcome, SignatureRef
from jieli.papers.types import Clock, MediaType, PaperRef
from jieli.wiring.demo.clock import DemoClock
from jieli.wiring.demo.grounds import Grounds
from jieli.wiring.demo.leaving import cast
from jieli.wiring.demo.leaving.rehearsal import Steering
from jieli.wiring.demo.phone import LABEL, Phone
from jieli.wiring.demo.scans import scan
from jieli.wiring.home import Home
from jieli.wiring.profile import Profile

WORK_CHAT = "wecom"
#: What the demo's printed papers know of the firm and no register holds.
PARTICULARS = printing.Particulars(
    id_tail="0000", place="销售中心二层", contact="人事部 解语桐，演示电话 19900000000",
    agreement="《保密协议》", agreement_on="2023-03-03", competition="未约定竞业限制，无须履行", clock=Clock.DEMO,
)  # fmt: skip


@dataclass
class Stage:
    """The running second act. `facts` collects what the summary says of it."""

    profile: Profile
    home: Home
    folder: Path
    clock: DemoClock
    found: Grounds
    steer: Steering
    tell: Callable[[str], None]
    checkpoint: Callable[[], None]
    phones: dict[str, Phone] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def now(self) -> int:
        """The time it is."""
        return self.clock.now

    @property
    def site(self) -> Site:
        """Where the portal stands, as a phone sees it."""
        host = self.profile.site.removeprefix("http://").removeprefix("https://").split(":")[0]
        return Site(host, self.profile.site)

    def staff(self, number: str) -> UUID:
        """The staff record of somebody."""
        return self.found.staff[number]

    def name(self, number: str) -> str:
        """How somebody is called."""
        return next(e.name for e in self.found.world.staff if e.no == number)

    def person(self, number: str) -> Person:
        """Somebody as the rooms that ask for permission want him, with today's roles."""
        return self.found.reader(number)

    def actor(self, number: str) -> str:
        """How an entry names somebody who acts for himself."""
        return self.found.actor(number)

    def thing(self, kind: AssetKind, label: str) -> UUID:
        """An account, number, device or group by its label."""
        return assets.asset_ids(kind)[label]

    def picture(self, kind: str, title: str, *, by: str) -> UUID:
        """A photograph or scan that somebody puts in; it says in itself that it is the demo's."""
        content = scan(f"演示扫描件，并非真实签署：{title}")
        made = papers.receive(
            kind=kind, title=title, content=content, media_type=MediaType.PNG.value, by=self.actor(by), at=self.now
        )  # fmt: skip
        return made.id

    def phone(self, number: str) -> Phone:
        """Somebody's passkey; registered at the first asking."""
        if number not in self.phones:
            phone, person = Phone(self.site), self.person(number)
            known = persons.passkey_data(person.id)
            options, state = passkeys.begin_registration(
                self.site, person=person.id, name=person.name, known=known
            )
            passkey = passkeys.finish_registration(self.site, state, phone.create(options))
            access.register_passkey(
                person=person.id, passkey=passkey, label=LABEL, by=person.actor, at=self.now
            )
            self.phones[number] = phone
        return self.phones[number]

    def sign(self, paper: UUID, role: str, number: str) -> SignatureRef:
        """乙: the challenge is the paper's digest, checked before the signature is kept and again by fsck."""
        phone, person = self.phone(number), self.person(number)
        digest = bytes.fromhex(kept.paper(paper).sha256)
        options, state = passkeys.begin_signing(
            self.site, digest=digest, credentials=persons.passkey_keys(person.id)
        )
        signed = access.sign_with_passkey(
            person=person.id, site=self.site, state=state, answer=phone.get(options), digest=digest
        )
        return papers.sign(
            paper=paper, role=role, signer=person.id, signer_name=person.name, grade=Grade.PASSKEY,
            evidence=signed.evidence, signed_at=self.now, by=person.actor, at=self.now,
        )  # fmt: skip

    def confirm(self, paper: UUID, role: str, number: str) -> SignatureRef:
        """丙: confirmed as whoever is signed in, and called no more than that."""
        person = self.person(number)
        return papers.sign(
            paper=paper, role=role, signer=person.id, signer_name=person.name, grade=Grade.TRACE,
            evidence={"session": f"演示程序，登录名 {person.sign_in}"},
            signed_at=self.now, by=person.actor, at=self.now,
        )  # fmt: skip

    def ink(self, paper: UUID, role: str, number: str) -> SignatureRef:
        """线下: signed by hand; what is kept is the photograph of the page."""
        person = self.person(number)
        page = self.picture("签署页照片", f"{role}签署页", by=number)
        return papers.sign(
            paper=paper, role=role, signer=person.id, signer_name=person.name, grade=Grade.INK, scan=page,
            signed_at=self.now, by=person.actor, at=self.now,
        )  # fmt: skip

    def deliver(
        self, paper: UUID, to: str, channel: Channel, *, by: str, number: str = "", address: str
    ) -> DeliveryRef:
        """Enter that a paper was sent to somebody."""
        return papers.deliver(
            paper=paper, to=self.person(to).id, to_name=self.name(to), channel=channel, address=address,
            number=number, sent_at=self.now, by=self.actor(by), at=self.now,
        )  # fmt: skip

    def arrived(self, delivery: DeliveryRef, outcome: Outcome, *, who: str = "", by: str) -> None:
        """Enter what came of it, with the picture of the slip."""
        slip = self.picture("投递底单", f"{delivery.channel.value}底单 {outcome.value}", by=by)
        papers.delivery_result(
            delivery=delivery.id, outcome=outcome, who=who, proof=slip, outcome_at=self.now,
            by=self.actor(by), at=self.now,
        )  # fmt: skip

    def issue(self, case: str, *papers_of: str, whose: str) -> dict[str, PaperRef]:
        """Issue papers of a leaving by their names, sealed; copies for people to look at. By kind."""
        made = printing.issue_papers(
            number=case, kinds=papers_of, with_=PARTICULARS, by=self.actor(cast.PEOPLE), at=self.now
        )
        folder = self.folder / "papers"
        folder.mkdir(exist_ok=True)
        for paper in made:
            (folder / f"{whose}-{paper.kind}.pdf").write_bytes(kept.content(paper.id))
        return {paper.kind: paper for paper in made}
