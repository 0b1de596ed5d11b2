"""Nothing that was said, no name, key, token or password gets where it does not belong: logs, jobs, a dump.

One small run of everything with every logger of the program and of its libraries at DEBUG. Names stand in registers
by nature and are looked for in logs and jobs alone.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connections
from django.test import Client

from jieli.access import backend, queries
from jieli.parties import operations as parties
from jieli.parties.types import NewCustomer
from jieli.wiring import signer
from jieli.wiring.databases import STORE_OWNERS
from tests.conftest import NOW
from tests.doors.cli import Jieli, bring, matter
from tests.fakes.depository import FakeDepository, depository_server
from tests.rooms.company import BY, chat
from tests.rooms.test_archive_erasure import found_in, spellings

CONTENT, NAME, TOKEN, WEB_SECRET = (
    "榴花渡口的暗号",
    "金丝雀甲",
    "tok-kanarienvogel-7Zq",
    "web-kanarienvogel-5Xw",
)
#: Tables that hold work under way and sessions: nothing of anybody's content or name belongs there.
JOBS = (
    "django_session", "capture_run", "capture_run_batch", "capture_tally", "capture_refusal", "archive_batch",
    "archive_deposit", "archive_segment", "archive_segment_row", "archive_shred", "archive_retention_plan",
    "ledger_entry", "ledger_checkpoint",
)  # fmt: skip


class Heard(logging.Handler):
    """Everything that any logger says: the line, and whatever came along with it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.names: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.names.add(record.name.partition(".")[0])
        self.lines.append(f"{record.getMessage()} {record.__dict__!r}")


@pytest.fixture
def heard() -> Iterator[Heard]:
    """Every logger at DEBUG, and heard."""
    handler, root = Heard(), logging.getLogger()
    loggers = [x for x in logging.root.manager.loggerDict.values() if isinstance(x, logging.Logger)]
    before = [(x, x.level, x.propagate, x.disabled) for x in [root, *loggers]]
    for one in [root, *loggers]:
        one.setLevel(logging.DEBUG)
        one.propagate, one.disabled = True, False
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
    for one, level, propagate, disabled in before:
        one.setLevel(level)
        one.propagate, one.disabled = propagate, disabled


@dataclass
class Planted:
    """What must not be found, by what it is."""

    secrets: dict[str, list[bytes]] = field(default_factory=dict)

    def plant(self, what: str, value: str | bytes) -> None:
        self.secrets[what] = spellings(value) if isinstance(value, str) else [value, value.hex().encode()]

    def found(self, hay: bytes) -> set[str]:
        return {what for what, needles in self.secrets.items() if found_in(needles, hay)}


def keys_of(home: Path) -> Iterator[tuple[str, bytes]]:
    """Every key file, and what its text says in bytes."""
    for path in [*(home / "keys").glob("*.key"), home / "signer" / "log.key"]:
        text = path.read_text("ascii").strip()
        yield f"file {path.name}", text.encode()
        if path.name == "root.key":
            yield "the root key", bytes.fromhex(text)


def everything(jieli: Jieli, planted: Planted, tmp_path: Path) -> Any:
    """Import, search, a page of the console, a refusal, destruction, rotation, signing, a package, the worker."""
    parties.register_customers([NewCustomer("K-CANARY", NAME)], by=BY, at=NOW)
    said = [chat(n, f"明前茶还有吗？{CONTENT}{n}", when=f"2026-09-18 10:0{n}") for n in range(4)]
    refused = chat("no", f"没有同意的人说{CONTENT}", sender="wm-no", when="2026-09-18 10:10")
    bring(jieli, tmp_path, *said, refused)
    number = matter(jieli)
    words = ("search", "明前", "--purpose", "投诉溯源", "--matter", number, "--as", "yan")
    found = jieli.answer(*words)["items"]
    assert len(found) == 4
    person = queries.person_by_sign_in("yan")
    assert person is not None
    client = Client(SERVER_NAME="localhost")
    client.force_login(queries.user(person.id), backend=backend.PATH)
    page = client.post("/reading/search", {"query": "明前", "purpose": "投诉溯源", "matter": number})
    assert page.status_code in (200, 400)
    assert client.get("/nowhere/").status_code == 404
    jieli.refused("search", "明", *words[2:])
    planted.plant(
        "link", jieli.answer("access", "link", "--sign-in", "yan", "--as", "admin")["link"].rpartition("/")[2]
    )
    jieli.answer("shred", "items", found[0]["item"], "--reason", "本人请求", "--as", "admin")
    jieli.answer("keys", "rotate", "--as", "admin")
    jieli.answer("ledger", "checkpoint")
    talk = ("--conversation", found[0]["conversation"], "--matter", number, "--as", "yan")
    jieli.answer("evidence", "package", *talk, "--out", tmp_path / "package.zip")
    jieli.answer("work", "--once")
    return jieli.answer("fsck")


def copies() -> Iterator[tuple[str, bytes]]:
    """Every row of every table of both stores, as the server copies it out: text as UTF-8, bytes as they are."""
    for owner in STORE_OWNERS.values():
        connections[owner].ensure_connection()
        raw: psycopg.Connection[Any] = connections[owner].connection
        with raw.cursor() as cursor:
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
            tables = [row[0] for row in cursor.fetchall()]
            for table in tables:
                with cursor.copy(f'COPY "{table}" TO STDOUT (FORMAT BINARY)') as copy:
                    yield table, b"".join(bytes(block) for block in copy)
    connections["default"].close()


def test_a_whole_run_leaves_no_canary_in_logs_jobs_or_a_dump(
    jieli: Jieli, heard: Heard, clock: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signer, "_one_round", lambda: signer.sign_once(jieli.profile, at=jieli.at))
    planted = Planted()
    planted.plant("content", CONTENT)
    planted.plant("token", TOKEN)
    planted.plant("web secret", WEB_SECRET)
    for store in (*STORE_OWNERS, *STORE_OWNERS.values(), "shred", "read"):
        planted.plant(f"password of {store}", str(connections.settings[store]["PASSWORD"]))
    for what, key in keys_of(jieli.home):
        planted.plant(what, key)
    with depository_server(FakeDepository(NOW, token=TOKEN)) as url:
        (jieli.home / "deposit").mkdir()
        kept = url.split("/")[2].replace(":", "_")
        (jieli.home / "deposit" / f"{kept}.token").write_text(TOKEN)
        jieli.profile = replace(jieli.profile, deposit_urls=(("公证", url),), web_secret=WEB_SECRET)
        assert everything(jieli, planted, tmp_path)["clean"]
        assert jieli.answer("ledger", "sign", "--once")["unreachable"] == []
        assert len(jieli.answer("ledger", "deposits")["deposits"]) == 1
    for what, key in keys_of(jieli.home):
        planted.plant(f"new {what}", key)
    dump = list(copies())
    assert {table for table, rows in dump if planted.found(rows)} == set()
    registered = [table for table, rows in dump if found_in(spellings(NAME), rows)]
    assert "parties_customer" in registered  # the search does find what is there
    planted.plant("name", NAME)
    jobs = [(table, rows) for table, rows in dump if table in JOBS]
    assert {table for table, rows in jobs if planted.found(rows)} == set()
    assert {"django", "asyncio"} & heard.names
    assert planted.found("\n".join(heard.lines).encode()) == set()


def test_a_logger_of_statements_says_nothing_even_when_it_is_told_to(db: None, heard: Heard) -> None:
    connections["default"].force_debug_cursor = True
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT %s::text", [CONTENT])
    connections["default"].force_debug_cursor = False
    logging.getLogger("django.db.backends").debug("(0.1) SELECT '%s'", CONTENT)
    assert CONTENT not in json.dumps(heard.lines, ensure_ascii=False)
    logging.getLogger("jieli.worker").debug("heard")
    assert any("heard" in line for line in heard.lines)
