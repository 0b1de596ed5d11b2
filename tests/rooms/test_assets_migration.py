"""The day to sign moved from a column of the account to a duty: nothing is lost, and the book still proves it all."""

from datetime import date
from uuid import UUID

import pytest
from django.core.management import call_command

from jieli.assets import operations, queries
from jieli.assets.models import Account
from jieli.assets.types import AccountState, AccountType, NewAccount
from jieli.duties import queries as duties
from jieli.duties.types import DutyState
from jieli.ledger.checks import checks
from jieli.ledger.fsck import run
from jieli.ledger.operations import book
from jieli.ledger.queries import entries_of_kind, history
from jieli.ledger.values import sealed_row
from jieli.parties import operations as parties
from jieli.parties import queries as people
from jieli.parties.types import NewEntity
from jieli.wiring import start
from seal import part
from tests.conftest import NOW

BY = "system:test"
DAY = date(2026, 10, 21)


@pytest.fixture
def account(db) -> UUID:
    parties.register_entities([NewEntity("QH", "青禾教育科技有限公司")], by=BY, at=NOW)
    entity = people.entities_by_code()["QH"]
    kinds = [
        NewAccount("wecom", handle, AccountType.WORK_CHAT, entity, new=True) for handle in ("old", "other")
    ]
    operations.register_accounts(kinds, by=BY, at=NOW)
    return queries.accounts("wecom")["old"].id


@pytest.fixture
def before_the_move(account, owner_sql):
    """As the former code left it: in work, unsigned, with its day in the row and in the row's part."""
    row = sealed_row(Account.objects.get(asset_id=account))
    row |= {"state": AccountState.UNSIGNED_STOCK.value, "sign_by": DAY.isoformat()}
    body = part.row_body(table="assets_account", id=str(account), row=row)
    call_command("migrate", "assets", "0001", database="owner", verbosity=0, interactive=False)
    owner_sql(
        "UPDATE assets_account SET state = '存量待补签', sign_by = %s WHERE asset_id = %s", [DAY, account]
    )
    with book(at=NOW) as b:
        staged = b.entry("assets.register_accounts", by=BY)
        staged.parts.append(_part(body, account))
    yield
    start.migrate()


def _part(body: bytes, account: UUID):
    from jieli.ledger.append import StagedPart

    salt = bytes(part.SALT_LENGTH)
    return StagedPart(salt, body, part.part_leaf(salt, body), "assets_account", str(account))


def test_standing_days_become_duties_and_the_book_agrees_with_every_row(account, before_the_move):
    start.migrate()
    [duty] = duties.of_subject([account])[account]
    assert (duty.state, duty.due.day, duty.name) == (DutyState.OPEN, DAY, "补签工作账号使用承诺书")
    assert queries.accounts_by_id([account])[account].sign_by == DAY
    assert [(e.count, e.time) for e in entries_of_kind("assets.sign_by_to_duties")] == [(3, NOW)]
    assert ["sign_by" in v.values for v in history("assets_account", account)] == [False, True, False]
    assert run(checks({})).findings == ()
    start.migrate()
    assert len(entries_of_kind("assets.sign_by_to_duties")) == 1
