"""Why something does not stand approved or enabled."""

from jieli.kernel.errors import JieliError


class NotApproved(JieliError):
    """No approval of exactly this is in force."""

    code = "approvals.not_approved"


class NoSuchRequest(JieliError):
    """No request has this id."""

    code = "approvals.unknown"


class OwnRequest(JieliError):
    """Applicant and approver are one person (R2.16)."""

    code = "approvals.own_request"


class Interested(JieliError):
    """The approver is excluded: what is decided is given to him (R2.16)."""

    code = "approvals.interested"


class Decided(JieliError):
    """Somebody decided already, or the request was withdrawn."""

    code = "approvals.decided"


class Expired(JieliError):
    """The request is over."""

    code = "approvals.expired"


class NotRevocable(JieliError):
    """There is nothing to revoke: rejected, or revoked already."""

    code = "approvals.not_revocable"


class BadRequest(JieliError):
    """A request, receipt or enablement without the words, digest or days it needs."""

    code = "approvals.bad_request"


class ReceiptUsed(JieliError):
    """This outside document already approved a version of this; a changed one needs another."""

    code = "approvals.receipt_used"


class NotEnabled(JieliError):
    """Something may not be done yet; the sentence names the papers that are missing (R2.15)."""

    code = "approvals.not_enabled"


class PapersMissing(JieliError):
    """An enablement without the papers it rests on."""

    code = "approvals.papers_missing"
