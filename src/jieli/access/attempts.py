"""Counting attempts to come in, in the database, so that many processes count together."""

from django.db import connections
from django.utils.crypto import salted_hmac

from jieli.access.errors import TooManyAttempts
from jieli.access.models import Attempt
from jieli.access.policy import ATTEMPT_WINDOW, ATTEMPTS_PER_NAME, ATTEMPTS_PER_PLACE
from jieli.kernel.times import MINUTE


def _key(kind: str, value: str) -> bytes:
    """A digest under the site's secret: the table can count, but names nobody."""
    return salted_hmac("jieli.access.attempt", f"{kind}\n{value}", algorithm="sha256").digest()[:16]


def check_attempt(*, place: str, name: str | None = None, at: int) -> None:
    """Count an attempt from a place, and for a name, before it is judged; TooManyAttempts when it is one too many.

    Counting first means that attempts made side by side cannot slip through together.
    """
    limits = [(_key("place", place), ATTEMPTS_PER_PLACE)]
    if name is not None:
        limits.append((_key("name", name), ATTEMPTS_PER_NAME))
    with connections["default"].cursor() as cursor:
        cursor.execute("DELETE FROM access_attempt WHERE at <= %s", [at - ATTEMPT_WINDOW])
        cursor.execute(
            "INSERT INTO access_attempt (key, at) SELECT unnest(%s::bytea[]), %s",
            [[key for key, _ in limits], at],
        )
    for key, limit in limits:
        if Attempt.objects.filter(key=key, at__gt=at - ATTEMPT_WINDOW).count() > limit:
            minutes = ATTEMPT_WINDOW // MINUTE
            raise TooManyAttempts(
                "短时间内尝试的次数太多，已暂停登录。", remedy=f"请等 {minutes} 分钟后再试。"
            )


def forget_attempts(*, name: str) -> None:
    """A name that came in is counted from nothing again; the place is not."""
    with connections["default"].cursor() as cursor:
        cursor.execute("DELETE FROM access_attempt WHERE key = %s", [_key("name", name)])
