"""What can go wrong with an import as a whole; a line that cannot be read is no error but a `Malformed`."""

from jieli.kernel.errors import JieliError


class ReasonMissing(JieliError):
    """A historical import without the reason for it."""

    code = "capture.reason_missing"


class InsideTransaction(JieliError):
    """A programming error: statements must be committed before messages are judged by them."""

    code = "capture.inside_transaction"


class MappingChanged(JieliError):
    """A source of dialogues was imported before under other rules: what it kept could no longer be read."""

    code = "capture.mapping_changed"


class MappingMissing(JieliError):
    """Items of a source need the mapping they were imported under, and it is not kept here."""

    code = "capture.mapping_missing"
