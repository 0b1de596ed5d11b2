"""What can go wrong when assets are handed out or taken back."""

from jieli.kernel.errors import JieliError


class UnknownAsset(JieliError):
    """No asset of this id, or not of the kind that was needed."""

    code = "assets.unknown_asset"


class HolderOverlap(JieliError):
    """A second holder for the same instant: the database, or a look under lock, refused it (P6)."""

    code = "assets.holder_overlap"


class PeriodOverlap(JieliError):
    """The same person twice among the users or members, or two controllers of one right, at the same instant."""

    code = "assets.period_overlap"


class AlreadyHolds(JieliError):
    """The asset is already with the one it is being handed to."""

    code = "assets.already_holds"


class NotYet(JieliError):
    """The moment lies after the present: a fact is entered when it has happened."""

    code = "assets.not_yet"


class EmptyPeriod(JieliError):
    """A period that ends before or when it begins."""

    code = "assets.empty_period"


class NotTheHolder(JieliError):
    """Somebody signs for an account that he does not hold at that moment."""

    code = "assets.not_the_holder"


class StateRefused(JieliError):
    """The account's state does not allow this."""

    code = "assets.state_refused"


class NoPaper(JieliError):
    """A signature without the signed paper is no signature (R0.48)."""

    code = "assets.no_paper"


class UnknownHolder(JieliError):
    """Whoever is to hold or control the asset is not registered as staff."""

    code = "assets.unknown_holder"


class HolderLeft(JieliError):
    """Whoever is to hold the asset had left before that day."""

    code = "assets.holder_left"


class NotApprovedChange(JieliError):
    """The approval named does not cover this change of this account, or is not in force."""

    code = "assets.approval_unfit"


class NothingChanged(JieliError):
    """The account has that number or name already."""

    code = "assets.nothing_changed"


class NoAlert(JieliError):
    """No such change, or nothing about it needs an explanation."""

    code = "assets.no_alert"


class PersonalAccount(JieliError):
    """A person's own account is never taken over."""

    code = "assets.personal_account"


class NumberResting(JieliError):
    """A number that was cut rests before somebody else may have it."""

    code = "assets.number_resting"


class AssetEmptied(JieliError):
    """A plan emptied this row of the register (ADR 33): nothing is written about it any more."""

    code = "assets.emptied"
