"""What can go wrong when a register is written."""

from jieli.kernel.errors import JieliError


class NoSender(JieliError):
    """A dispatched worker without the firm that sends him: its duties could be put to nobody."""

    code = "parties.no_sender"


class EndsBeforeItBegins(JieliError):
    """A period whose last day lies before its first."""

    code = "parties.ends_before_it_begins"


class UnknownParent(JieliError):
    """A department under one that nobody registered."""

    code = "parties.unknown_parent"
