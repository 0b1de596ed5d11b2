"""What can go wrong with a paper."""

from jieli.kernel.errors import JieliError


class PaperRefused(JieliError):
    """What was handed in cannot be kept as a paper: empty, too large, or not of the type it claims."""

    code = "papers.refused"


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
