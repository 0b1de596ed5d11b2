"""The leaves of batches, joined by the server, are those that the ledger's check reads one by one."""

import pytest

from jieli.archive import queries
from jieli.archive.leaves import joined_leaves
from jieli.archive.types import POSITIONS
from jieli.ledger.types import HASH
from tests.rooms.company import Company, bring, chat, company, vault

__all__ = ["company", "vault"]


@pytest.mark.usefixtures("db", "vault")
def test_joined_leaves_are_those_of_each_item_in_their_order(company: Company) -> None:
    assert bring([chat(1, "您好"), chat(2, "在的"), chat(3, "谢谢")]).admitted == 3
    assert bring([chat(4, "再见")]).admitted == 1
    [conversation] = queries.conversations_of_account(company.accounts["HeQing"])
    items = queries.ids_of_conversation(conversation.id)
    batches = queries.batch_entries({item // POSITIONS for item in items})
    found = joined_leaves([*batches.values(), 0, 10**6])
    assert found == {
        entry: b"".join(leaves) for entry, leaves in queries.item_leaves([*batches.values()]).items()
    }
    assert sorted(len(leaves) // HASH for leaves in found.values()) == [1, 3]
    assert joined_leaves([]) == {}
