"""What can go wrong with a paper."""

from jieli.kernel.errors import JieliError

#: What the database raises for a row that names a paper which was emptied (ADR 28).
DESTROYED = "JL006"
#: What it raises for a row that names a paper which was never admitted.
NEVER_ADMITTED = "JL007"


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


def never_admitted() -> NoSuchPaper:
    """Nothing is entered that rests on a paper which is in no register, whichever room names it."""
    return NoSuchPaper(
        "所引用的文书没有收存过，未登记任何内容。",
        remedy="请先收存这份文书，再按它的编号登记。",
        code="papers.never_admitted",
    )


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
