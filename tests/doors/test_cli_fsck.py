"""`jieli fsck`: silent agreement, or the row that does not agree, by name, with exit 1."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.doors.cli import TALK, Jieli, bring, items

Sql = Callable[..., list[tuple[Any, ...]]]


def test_a_house_that_agrees_with_its_book_is_clean(jieli: Jieli, tmp_path: Path) -> None:
    bring(jieli, tmp_path, *TALK)
    found = jieli.answer("fsck")
    assert (found["clean"], found["findings"]) == (True, [])
    assert len(found["checks"]) > 5
    assert "全部一致" in jieli.said("fsck")


def test_a_change_by_the_owner_is_named_and_ends_with_one(jieli: Jieli, owner_sql: Sql) -> None:
    changed = jieli.company.customers["wm-lin"]
    owner_sql("ALTER TABLE parties_customer DISABLE TRIGGER USER")
    owner_sql("UPDATE parties_customer SET name = '另一人' WHERE id = %s", [changed])
    owner_sql("ALTER TABLE parties_customer ENABLE TRIGGER USER")
    coded, told = jieli("fsck", "--json"), jieli("fsck")
    assert (coded.exit_code, told.exit_code) == (1, 1)
    found = json.loads(coded.stdout)
    assert found["clean"] is False
    assert {(f["table"], f["id"]) for f in found["findings"]} == {("parties_customer", str(changed))}
    for words in ("1 处不符", "parties_customer", str(changed), found["findings"][0]["code"]):
        assert words in told.stdout
    assert "另一人" not in coded.output + told.output
    assert "林晚" not in coded.output + told.output


def test_a_message_moved_in_time_is_named(jieli: Jieli, tmp_path: Path, owner_sql: Sql) -> None:
    bring(jieli, tmp_path, *TALK)
    number = items(jieli)[0]["item"]
    owner_sql("ALTER TABLE archive_item DISABLE TRIGGER USER")
    owner_sql("UPDATE archive_item SET event_at = event_at + 1 WHERE item_id = %s", [number])
    owner_sql("ALTER TABLE archive_item ENABLE TRIGGER USER")
    done = jieli("fsck", "--json")
    assert done.exit_code == 1
    assert {f["id"] for f in json.loads(done.stdout)["findings"]} == {str(number)}
