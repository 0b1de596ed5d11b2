"""Why something that comes back cannot be dealt with so."""

from jieli.kernel.errors import JieliError


class NoProof(JieliError):
    """A step without its photograph, or left out without a reason."""

    code = "handover.no_proof"


class NotTakenOver(JieliError):
    """A person's own account: nobody takes it over."""

    code = "handover.personal_account"


class CardIncomplete(JieliError):
    """Steps are missing; `missing` names them."""

    code = "handover.card_incomplete"

    def __init__(self, sentence: str, *, remedy: str = "", missing: tuple[str, ...] = ()) -> None:
        super().__init__(sentence, remedy=remedy)
        self.missing = missing


class NumberBound(JieliError):
    """The person's own bank, payment or tickets may still hang on the number."""

    code = "handover.number_bound"


class OutOfOrder(JieliError):
    """Audit, hand-over, keeping, purge: in this order and none left out (R3.30)."""

    code = "handover.out_of_order"


class Unchecked(JieliError):
    """Something marked private is not checked, is in dispute, or has not gone yet."""

    code = "handover.private_open"


class WrongNature(JieliError):
    """A private thing is not in the state that this needs."""

    code = "handover.private_state"


class NobodyPresent(JieliError):
    """A disputed thing is opened with the person there or by a neutral reader, who are named."""

    code = "handover.nobody_present"


class PurgeHeld(JieliError):
    """Somebody's stated claim stops the purge."""

    code = "handover.purge_held"


class RecoveryRefused(JieliError):
    """Data recovery without notice, purpose, approval or witness (R3.31); `missing` names what lacks."""

    code = "handover.recovery_refused"

    def __init__(self, sentence: str, *, remedy: str = "", missing: tuple[str, ...] = ()) -> None:
        super().__init__(sentence, remedy=remedy)
        self.missing = missing


class TooEarly(JieliError):
    """Access is cut at the last minute of service, not before: work and commission run until then."""

    code = "handover.too_early"


class NotLate(JieliError):
    """What happened before the last minute of service is no attempt after it."""

    code = "handover.not_late"
