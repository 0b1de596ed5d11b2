"""What can go wrong in the consent room."""

from jieli.kernel.errors import JieliError


class NoticeIncomplete(JieliError):
    """A notice lacks one of the texts that the law asks for (R3.11)."""

    code = "consent.notice_incomplete"


class NoNotice(JieliError):
    """A consent without a notice that reached the person before it and covers what it is about (R3.3, R3.27)."""

    code = "consent.no_notice"


class ClaimedInFuture(JieliError):
    """A statement dated after the moment at which it is written down."""

    code = "consent.claimed_in_future"


class NoSuchObjection(JieliError):
    """An answer where nothing was objected to."""

    code = "consent.no_such_objection"


class CalendarUnknown(JieliError):
    """Nobody has published the holidays of the year yet."""

    code = "consent.calendar_unknown"


class BadSpan(JieliError):
    """A shift or leave that ends before it begins, or lasts impossibly long."""

    code = "consent.bad_span"


class BadPolicy(JieliError):
    """Rules that say nothing clear."""

    code = "consent.bad_policy"


class NotRead(JieliError):
    """A programming error: the gate was asked about a time or a person it has not read."""

    code = "consent.not_read"
