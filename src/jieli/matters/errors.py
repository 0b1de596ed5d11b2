"""What can go wrong with a matter."""

from jieli.kernel.errors import JieliError


class NoSuchMatter(JieliError):
    """No matter has this number."""

    code = "matters.unknown"


class MatterClosed(JieliError):
    """The matter was closed; nothing more is done in it."""

    code = "matters.closed"


class MatterDates(JieliError):
    """A day that cannot be: opened in the future, or closed before it was opened."""

    code = "matters.dates"
