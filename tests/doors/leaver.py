"""Somebody leaves the tea company, and everybody who signs has a browser: persons, papers, a signer of the log."""

from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.test import Client

from jieli.access import operations as access
from jieli.access import passkeys
from jieli.access.passkeys import Site
from jieli.access.types import Role
from jieli.evidence.types import Outside
from jieli.handover import printing
from jieli.handover.types import CaseRef
from jieli.ledger import checkpoints
from jieli.papers.forms.leaving import HandoverSheet
from jieli.papers.types import Clock
from seal.keys import Signer, generate
from tests.conftest import NOW, ORIGIN
from tests.fakes.authenticator import Authenticator
from tests.rooms import leaving
from tests.rooms.company import BY, Company

As = Callable[[UUID], Client]
SITE = Site("localhost", "http://localhost")
WHO = {leaving.LEAVER: "何青", leaving.RECEIVER: "陆川", leaving.SUPERVISOR: "唐野"}


@dataclass
class Leaver:
    """The firm, the leaving, its printed sheet, and the persons by the staff number of the tea company."""

    house: Company
    case: CaseRef
    sheet: UUID
    persons: dict[str, UUID]


def begin(at: int = NOW) -> Leaver:
    """何青 leaves: the case is open since 2 September, the sheet with its four lists is printed now."""
    house = leaving.firm()
    case = leaving.leaves(house)
    persons = {
        no: access.admit_person(sign_in=no.lower(), name=name, staff=house.staff[no], by=BY, at=at)
        for no, name in WHO.items()
    }
    [sheet] = printing.issue_papers(number=case.number, kinds=[HandoverSheet.kind], by=BY, at=at)
    return Leaver(house, case, sheet.id, persons)


def key_of(person: UUID, name: str) -> Authenticator:
    """A passkey of a person, registered."""
    key = Authenticator(SITE.host, SITE.origin)
    options, state = passkeys.begin_registration(SITE, person=person, name=name, known=[])
    made = passkeys.finish_registration(SITE, state, key.create(options))
    access.register_passkey(person=person, passkey=made, label="手机", by=f"person:{person}", at=NOW)
    return key


def people(at: int = NOW) -> UUID:
    """Somebody of 人事, everywhere."""
    found = access.admit_person(sign_in="renshi", name="严谨", by=BY, at=at)
    access.grant_role(person=found, role=Role.PEOPLE, begins_at=at, by=BY, at=at)
    return found


def log_signer() -> Signer:
    """A key that signs the log."""
    made = generate(ORIGIN)
    checkpoints.first_checkpoint(made, at=NOW)
    return made


def outside(signer: Signer, *, awake: bool = True) -> Outside:
    """What a receipt needs of the world; a signer that sleeps signs nothing."""
    return Outside(
        policy=f"log {signer.vkey.format()}\nquorum none\n".encode(),
        page_sha256="0" * 64,
        clock=Clock.DEMO,
        unit="青禾茶业有限公司",
        system_version="0",
        checkpoint=(lambda: checkpoints.run_round(signer, [], [], at=NOW)) if awake else (lambda: None),
    )


def bytes_of(text: str) -> bytes:
    """What unpadded base64url spells."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
