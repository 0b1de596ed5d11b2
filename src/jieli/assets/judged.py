"""What the database refuses, in our words. Its exclusion constraints are the last judge of every period."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg.errors
from django.db import IntegrityError

from jieli.assets.errors import AssetEmptied, HolderOverlap, PeriodOverlap
from jieli.assets.models import Asset
from jieli.assets.types import EMPTIED
from jieli.kernel.errors import JieliError


def holder_overlap() -> HolderOverlap:
    """The error of a second holder."""
    return HolderOverlap(
        "该资产在此时段已有责任人，不能再登记第二位。", remedy="请先核对持有记录，再从最新一段移交。"
    )


def check_not_emptied(ids: Collection[UUID]) -> None:
    """AssetEmptied where a plan emptied one of these (ADR 33). Its row in the register of assets says so."""
    if Asset.objects.filter(id__in=ids, label=EMPTIED).exists():
        raise AssetEmptied(
            "这一项的登记期满，已依法清空，不能再登记。", remedy="重新启用的账号或号码，请按新的登记。"
        )


def _refusal(constraint: str | None) -> JieliError | None:
    if constraint == "assets_holding_one_at_a_time":
        return holder_overlap()
    if constraint in {"assets_use_once", "assets_member_once", "assets_control_one_at_a_time"}:
        return PeriodOverlap("同一对象的两个时段互相重叠。", remedy="请核对起止时间。")
    return None


@contextmanager
def by_the_database() -> Iterator[None]:
    """Turn a violated exclusion constraint into our error; COPY raises the driver's, a query Django's."""
    try:
        yield
    except (IntegrityError, psycopg.errors.IntegrityError) as error:
        cause = error if isinstance(error, psycopg.Error) else error.__cause__
        name = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
        refusal = _refusal(name)
        if refusal is None:
            raise
        raise refusal from error
