"""Why a package cannot be made."""

from jieli.kernel.errors import JieliError


class NothingToProve(JieliError):
    """No item of the conversation may be opened for this purpose."""

    code = "evidence.nothing"


class NotCovered(JieliError):
    """The signer has not yet signed a checkpoint over what the package needs."""

    code = "evidence.not_covered"


class TwoLogs(JieliError):
    """Items of two logs: no one checkpoint covers them (ADR 19)."""

    code = "evidence.two_logs"


class PackageExists(JieliError):
    """A file of this name stands there already; packages are never written over."""

    code = "evidence.exists"


class BadAmount(JieliError):
    """An amount that cannot be read as one."""

    code = "evidence.bad_amount"


class BadFact(JieliError):
    """A fact that nobody judges by, a value its question does not take, or a proof without anything that proves."""

    code = "evidence.bad_fact"


class DoubleCounting(JieliError):
    """One customer and course stands under two heads of loss, or twice under one (R0.28)."""

    code = "evidence.double_counted"


class BadLoss(JieliError):
    """A row or a text of a loss that says nothing countable."""

    code = "evidence.bad_loss"


class NoSuchDispute(JieliError):
    """The matter has no dispute, or a thing named is not part of it."""

    code = "evidence.unknown_dispute"


class DisputeClosed(JieliError):
    """The dispute is over; nothing more is written into it."""

    code = "evidence.dispute_closed"


class DisputeExists(JieliError):
    """The matter has its dispute already."""

    code = "evidence.dispute_exists"


class NoElection(JieliError):
    """A relief in money without the choice between contract and tort (CC-186)."""

    code = "evidence.no_election"


class BadSettlement(JieliError):
    """Terms that bind nobody to anything, or to no day."""

    code = "evidence.bad_settlement"


class NotConfirmed(JieliError):
    """A settlement whose follow-up lacks one of the two confirmations (R0.32)."""

    code = "evidence.not_confirmed"


class NotAssessed(JieliError):
    """A dispute that nobody has judged yet."""

    code = "evidence.not_assessed"


class BadFactFile(JieliError):
    """A file of facts or losses that cannot be read at all."""

    code = "evidence.bad_fact_file"
