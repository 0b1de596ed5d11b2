"""Who is to sign the papers of a leaving, and by which grade as far as it is known when they are printed."""

from dataclasses import dataclass

from jieli.access import queries as access
from jieli.handover.shown import CaseView
from jieli.papers.forms.parts import Signer
from jieli.papers.signing import Grade
from jieli.parties.types import StaffRef


@dataclass(frozen=True, slots=True)
class Signers:
    """The three of every list (R0.47)."""

    leaver: Signer
    receiver: Signer
    supervisor: Signer


def signers(found: CaseView, *, print_layout: bool) -> Signers:
    """乙 for whoever has a passkey of his own, 线下 for everybody else and on sheets that are printed to be signed.

    What is printed is the grade meant when the paper is issued; how somebody signed stands in the register.
    """
    return Signers(
        _signer(found.staff, print_layout),
        _signer(found.receiver, print_layout),
        _signer(found.supervisor, print_layout),
    )


def _signer(who: StaffRef | None, print_layout: bool) -> Signer:
    if who is None:
        return Signer("")
    keys = not print_layout and any(access.passkeys(p) for p in access.persons_of_staff(who.id))
    return Signer(who.name, Grade.PASSKEY if keys else Grade.INK)
