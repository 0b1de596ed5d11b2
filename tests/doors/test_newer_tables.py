"""A program that is older than the tables says so, and neither reads nor writes: its backup nobody could restore."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jieli.wiring import start
from jieli.wiring.databases import STORE_OWNERS
from tests.doors.cli import Jieli

READY = start.ready
Sql = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(params=list(STORE_OWNERS))
def upgraded(
    request: pytest.FixtureRequest, fresh: Jieli, owner_sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Jieli]:
    """An installation of which one store has been migrated by a program of tomorrow."""
    monkeypatch.setattr(start, "connect", lambda found: None)
    monkeypatch.setattr(start, "addresses", lambda profile: None)
    fresh.answer("keys", "init", "--origin", "test.jieli.example/log")
    monkeypatch.setattr(start, "ready", READY)
    # Tests set every sequence back, that of the migrations' own table too, which they do not empty.
    owner_sql(
        "INSERT INTO django_migrations (id, app, name, applied)"
        " SELECT max(id) + 1, 'archive', '9999_of_tomorrow', now() FROM django_migrations",
        store=request.param,
    )
    yield fresh
    owner_sql("DELETE FROM django_migrations WHERE name = '9999_of_tomorrow'", store=request.param)


def test_an_older_program_refuses_tables_of_a_newer_one_before_it_does_anything(
    upgraded: Jieli, tmp_path: Path
) -> None:
    checked = upgraded.refused("check")
    assert checked["code"] == "start.newer_tables"
    assert "archive.9999_of_tomorrow" in checked["error"]
    assert "请装回更新的版本" in checked["remedy"]
    assert upgraded.refused("backup", tmp_path / "copy") == checked
    assert not (tmp_path / "copy").exists()
    assert upgraded.refused("ledger", "status") == checked
    with pytest.raises(start.NewerTables):
        start.ready(upgraded.profile)  # as the web process and every other process starts


def test_a_program_as_old_as_its_tables_goes_on(fresh: Jieli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "connect", lambda found: None)
    monkeypatch.setattr(start, "addresses", lambda profile: None)
    monkeypatch.setattr(start, "ready", READY)
    assert fresh.answer("ledger", "status")["size"] == 0
