"""What can go wrong when law is cited."""

from jieli.kernel.errors import JieliError


class UnknownArticle(JieliError):
    """No statute of this id stands in the registry."""

    code = "law.unknown_article"


class NotCitable(JieliError):
    """The statute is known but its text is not kept: what cannot be printed is not cited."""

    code = "law.not_citable"
