"""What an import asks of the book for each batch must not read the whole of it, however long it has grown."""

import pytest
from django.db import connection

from jieli.consent import snapshot
from jieli.ledger import queries as ledger

pytestmark = pytest.mark.usefixtures("db")
ASKED = 7  # PostgreSQL keeps a plan for any numbers from the sixth time on


def test_whether_a_gate_still_stands_is_planned_for_the_numbers_at_hand() -> None:
    read_at = ledger.head(ledger.live_log())
    for _ in range(ASKED):
        assert snapshot.current_head(read_at) == read_at
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%%FROM ledger_part%%>=%%'"
        )
        assert cursor.fetchall() == []
