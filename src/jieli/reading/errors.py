"""Why something is not shown. None of them says whether anything was kept."""

from jieli.kernel.errors import JieliError


class PurposeDenied(JieliError):
    """A purpose that is not one of the house's; there is no free one (R3.7)."""

    code = "reading.purpose_denied"


class MatterNotOpen(JieliError):
    """Reading is for an open matter; this one is closed, or there is none."""

    code = "reading.matter_not_open"


class TooMuch(JieliError):
    """More at once than one opening may name."""

    code = "reading.too_much"


class BadCursor(JieliError):
    """A cursor that no page gave."""

    code = "reading.bad_cursor"


class NoSuchConversation(JieliError):
    """No conversation has this number. Said only to somebody who may read, before anything is entered."""

    code = "archive.unknown_conversation"


class EmptyWindow(JieliError):
    """A span of time that ends where it begins, or before."""

    code = "reading.empty_window"


class ApprovalNeeded(JieliError):
    """This purpose needs an approval in force for the matter, given by somebody other than the reader (R2.28)."""

    code = "reading.approval_needed"


class NotOpened(JieliError):
    """The one item that was asked for may not be opened for this purpose; the sentence says why."""

    code = "reading.not_opened"


class OpeningEnded(JieliError):
    """There is no opening by this person, of this item, that is still good; it does not say which."""

    code = "reading.opening_ended"
