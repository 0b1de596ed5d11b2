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
