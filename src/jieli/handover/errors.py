"""Why something in a leaving cannot be done so."""

from jieli.kernel.errors import JieliError


class NoSuchCase(JieliError):
    """No leaving has this number."""

    code = "handover.unknown"


class CannotOpen(JieliError):
    """The case cannot be opened: handover.already_open, .unknown_staff, .days, .no_engagement, .same_person."""

    code = "handover.cannot_open"


class CaseClosed(JieliError):
    """The leaving was closed; what is said later goes into another matter."""

    code = "handover.closed"


class NotInCase(JieliError):
    """A line, item, duty or customer that is not of this leaving."""

    code = "handover.not_in_case"


class BadDay(JieliError):
    """A day in the future, or one before the case."""

    code = "handover.bad_day"


class NoWords(JieliError):
    """Something that must be said is blank."""

    code = "handover.no_words"


class CannotClose(JieliError):
    """What stands against closing; the sentence names the first, `missing` all of them."""

    code = "handover.cannot_close"

    def __init__(self, sentence: str, *, remedy: str = "", missing: tuple[str, ...] = ()) -> None:
        super().__init__(sentence, remedy=remedy)
        self.missing = missing


class BadDutyTable(JieliError):
    """The table of duties contradicts itself or cites what cannot be cited."""

    code = "handover.bad_duty_table"


class Hostage(JieliError):
    """A right of the leaver made to wait for something it must not wait for (W11)."""

    code = "handover.hostage"


class NotOurCertificate(JieliError):
    """The certificate of a dispatched worker is the sender's to issue."""

    code = "handover.not_our_certificate"
