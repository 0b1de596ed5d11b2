"""The days by which accounts are to be signed for become duties, in the book and within the migration's transaction."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

BY = "system:migration"
#: Frozen as they were on the day of this migration; later words of the house do not change what it wrote.
NAME = "补签工作账号使用承诺书"
TEXT = "工作账号已在使用而无签署记录：由责任人在期限前补签“工作账号不是个人财产”的承诺书。"
ACCOUNT = (
    "asset_id", "platform", "handle", "type", "entity_id", "nickname", "number", "mailbox", "real_name",
    "registered_by", "registered_on", "dedicated", "state",
)  # fmt: skip


def carry_dates_over(apps: Any, schema_editor: Any) -> None:
    """One entry: a duty for each standing day, and for its account a part without the column that goes.

    A part names the columns of its row; without the second half fsck would call every such row changed. An
    account without a day never had the column in its part and stays as it is. The time is that of the last
    entry: a migration reads no clock. Crash: the transaction of the migration takes all of it back.
    """
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sign_by, {', '.join(ACCOUNT)} FROM assets_account WHERE sign_by IS NOT NULL")
        standing = cursor.fetchall()
    if standing:
        with _as_default(connection):
            _write(standing)


@contextmanager
def _as_default(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """The book writes through `default`; here that must be the owner, who alone sees what is not committed yet."""
    before = connections["default"]
    connections["default"] = connection
    try:
        yield
    finally:
        connections["default"] = before


def _write(standing: list[tuple[Any, ...]]) -> None:
    from jieli.kernel.ids import new_id
    from jieli.ledger import append
    from jieli.ledger.append import StagedPart
    from jieli.ledger.bulk import copy_records
    from jieli.ledger.operations import Staged
    from jieli.ledger.values import sealed_value
    from seal import part

    def staged(body: bytes, table: str | None = None, key: str | None = None) -> StagedPart:
        salt = os.urandom(part.SALT_LENGTH)
        return StagedPart(salt, body, part.part_leaf(salt, body), table, key)

    def row_part(table: str, key: str, values: dict[str, Any]) -> StagedPart:
        row = {name: sealed_value(value) for name, value in values.items() if value is not None}
        return staged(part.row_body(table=table, id=key, row=row), table, key)

    at = append.head(append.live_log()).time
    duties = [_duty(new_id(at), account[0], sign_by, at) for sign_by, *account in standing]
    columns = list(duties[0])
    copy_records("duties_duty", columns, ([duty[c] for c in columns] for duty in duties))
    entry = Staged(
        "assets.sign_by_to_duties", at, [staged(part.facts_body({"accounts": len(duties), "by": BY}))]
    )
    entry.parts += [row_part("duties_duty", str(duty["id"]), duty) for duty in duties]
    for _, *account in standing:
        values = dict(zip(ACCOUNT, account, strict=True))
        entry.parts.append(row_part("assets_account", str(account[0]), values))
    append.append([entry])


def _duty(key: Any, account: Any, sign_by: Any, at: int) -> dict[str, Any]:
    return {
        "id": key, "name": NAME, "owed_by": "员工", "owed_to": "公司", "articles": [], "text": TEXT,
        "matter": None, "person": None, "subject": account, "starts_on": None, "due_on": sign_by,
        "counted_on": sign_by, "provisional": False, "continuing": False, "state": "待办", "done_on": None,
        "paper": None, "note": None, "reason": None, "laid_at": at,
    }  # fmt: skip
