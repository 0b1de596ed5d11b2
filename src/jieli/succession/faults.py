"""What can go wrong while customers are told, asked and handed on."""

from jieli.kernel.errors import JieliError


class NotInWindow(JieliError):
    """It is too early or too late for this phase."""

    code = "succession.not_in_window"


class MessageTooLong(JieliError):
    """The platform takes at most 200 characters."""

    code = "succession.message_too_long"


class NoAccount(JieliError):
    """Somebody who hands over or takes over has no account on the platform."""

    code = "succession.no_account"


class NoSuchLink(JieliError):
    """No link has this token. The same answer for one that never was and for one that is not yours."""

    code = "succession.no_link"


class LinkExpired(JieliError):
    """The link was good once."""

    code = "succession.link_expired"


class TooManyChoices(JieliError):
    """The customer changed his mind as often as a link allows."""

    code = "succession.too_many_choices"


class ChoiceNotOffered(JieliError):
    """This choice is not open any more."""

    code = "succession.choice_not_offered"


class NoticeRefused(JieliError):
    """The house may say nothing more to this customer by itself."""

    code = "succession.notice_refused"


class NoServiceContact(JieliError):
    """The company has not published where its customers can reach it (R2.21)."""

    code = "succession.no_service_contact"


class NothingToPropose(JieliError):
    """The customer did not ask for another adviser, or one was proposed already."""

    code = "succession.nothing_to_propose"


class NoScan(JieliError):
    """A scan that belongs to no refusal."""

    code = "succession.no_scan"
