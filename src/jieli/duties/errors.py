"""Why a duty cannot be written so."""

from jieli.kernel.errors import JieliError


class NoSuchDuty(JieliError):
    """No duty has this id."""

    code = "duties.unknown"


class NotOpen(JieliError):
    """The duty was done or dropped already."""

    code = "duties.not_open"


class ContinuingDuty(JieliError):
    """A continuing duty binds on; it is never done."""

    code = "duties.continuing"


class NoProof(JieliError):
    """A duty is done by proof: a paper, or at least a note that says what shows it."""

    code = "duties.no_proof"


class BadDay(JieliError):
    """Done in the future."""

    code = "duties.bad_day"


class NoWords(JieliError):
    """A duty without a name or a text, or a dropping without a reason."""

    code = "duties.no_words"
