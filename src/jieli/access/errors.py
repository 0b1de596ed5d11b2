"""Why somebody may not come in or may not do something. None of them says whether another person exists."""

from jieli.kernel.errors import JieliError


class Forbidden(JieliError):
    """The person has no grant that permits this. Doors answer it as they answer what is absent: 404."""

    code = "access.forbidden"


class SignInFailed(JieliError):
    """Sign-in did not succeed; which part was wrong is not said."""

    code = "access.sign_in_failed"


class TooManyAttempts(JieliError):
    """Too many attempts in a short time, from one place or for one name."""

    code = "access.too_many_attempts"


class PasskeyRefused(JieliError):
    """A passkey's answer could not be accepted."""

    code = "access.passkey_refused"


class LastPasskey(JieliError):
    """Ending a person's only passkey would lock him out of his own door."""

    code = "access.last_passkey"


class NameTaken(JieliError):
    """Another person signs in with this name, or the staff record belongs to somebody already."""

    code = "access.name_taken"


class NoSuchPerson(JieliError):
    """Nobody signs in with this name."""

    code = "access.no_such_person"


class AdministratorExists(JieliError):
    """The house has an administrator with a passkey; the first administrator's password is over."""

    code = "access.administrator_exists"


class OwnGrant(JieliError):
    """Nobody gives himself a role."""

    code = "access.own_grant"


class BadPeriod(JieliError):
    """A grant or link would end before it begins."""

    code = "access.bad_period"


class LinkUnusable(JieliError):
    """A signed link is unknown, used, withdrawn or over; which of these is not said."""

    code = "access.link_unusable"


def sign_in_failed() -> SignInFailed:
    """The one answer to every failed sign-in, so that it tells nothing about who exists."""
    return SignInFailed("没有登录成功。", remedy="请核对后重试；若您刚入职，请向信息技术人员索取登记链接。")
