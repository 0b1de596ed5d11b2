"""A disk that is full and a database that goes away are told in a sentence with a code, never as a traceback."""

import errno
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from django.db import connections

from jieli.doors.cli import frame

TERMINATE = "SELECT pg_terminate_backend(pg_backend_pid())"
FULL = "DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$"


def told(work: Callable[[], object], capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    with pytest.raises(typer.Exit) as ended, frame.command(as_json=True, house=False):
        work()
    assert ended.value.exit_code == 1
    found: dict[str, str] = json.loads(capsys.readouterr().out)
    assert found["error"]
    assert found["remedy"]
    return found


def fails(number: int) -> Callable[[], object]:
    def work() -> None:
        raise OSError(number, "no room", "/secret/place")

    return work


def asks(statement: str) -> Callable[[], object]:
    def work() -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute(statement)

    return work


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO])
def test_a_disk_that_takes_no_more_is_named(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(fails(number), capsys)
    assert found["code"] == "cli.disk_refused"
    assert errno.errorcode[number] in found["error"]
    assert "secret" not in str(found)


def test_a_real_device_that_is_full_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(lambda: Path("/dev/full").write_bytes(b"x" * 10), capsys)["code"] == "cli.disk_refused"


@pytest.mark.parametrize(
    ("statement", "code"), [(TERMINATE, "cli.database_away"), (FULL, "cli.database_full")]
)
def test_a_database_that_goes_away_or_is_full_is_named(
    db: None, statement: str, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(asks(statement), capsys)["code"] == code
    connections["default"].close()


def test_what_is_a_fault_of_ours_is_not_called_a_full_disk(db: None) -> None:
    with pytest.raises(FileNotFoundError), frame.command(as_json=True, house=False):
        fails(errno.ENOENT)()
    with pytest.raises(Exception, match="column"), frame.command(as_json=True, house=False):
        asks("SELECT nothing")()
    connections["default"].close()
