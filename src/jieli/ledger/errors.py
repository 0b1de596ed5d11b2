"""What can go wrong while writing the book."""

from jieli.kernel.errors import JieliError


class ClockWentBack(JieliError):
    """The machine's clock is minutes behind the last entry: writing would put a false order into the book."""

    code = "ledger.clock_went_back"


class NoLog(JieliError):
    """No log has been opened in this installation."""

    code = "ledger.no_log"


class NothingWritten(JieliError):
    """A programming error: a transaction of the book was closed without an entry."""

    code = "ledger.nothing_written"


class OtherLog(JieliError):
    """Entries of two logs were to be proved under one checkpoint."""

    code = "ledger.other_log"
