"""What can go wrong with a paper."""

from jieli.kernel.errors import JieliError

#: What the database raises for a row that names a paper which was emptied (ADR 28).
DESTROYED = "JL006"


class PaperRefused(JieliError):
    """What was handed in cannot be kept as a paper: empty, too large, or not of the type it claims."""

    code = "papers.refused"


def destroyed() -> PaperRefused:
    """Nothing more is entered of a destroyed paper, whichever room names it."""
    return PaperRefused(
        "这份文书已依法销毁，不能再登记。", remedy="请另出一份文书。", code="papers.destroyed"
    )


class NoSuchPaper(JieliError):
    """No paper has this id, or its content was destroyed."""

    code = "papers.unknown"


class PaperNotRendered(JieliError):
    """The typesetter refused a template; the data are never the reason, so this is a fault of the house."""

    code = "papers.not_rendered"


class NotSealed(JieliError):
    """The company's electronic seal could not be put on a paper: its key, its certificate, or the PDF is unusable."""

    code = "papers.not_sealed"


class SignatureRefused(JieliError):
    """A signature that cannot be entered: it lacks what its grade needs, or does not belong to this paper."""

    code = "papers.signature_refused"


class AlreadyAnswered(JieliError):
    """This person has already signed or refused this paper in this role."""

    code = "papers.already_answered"


class NoSuchDelivery(JieliError):
    """No delivery has this id."""

    code = "papers.unknown_delivery"
