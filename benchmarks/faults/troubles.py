"""What fails beside processes: a full disk, a lost connection, somebody outside who is away, a clock set back.

Each: the command says in a sentence with a code what is wrong, nothing half stays, and the same command works later.
"""

import os
import re
import subprocess
import time
from pathlib import Path

import psycopg

from benchmarks.faults.installation import Ended, Installation
from benchmarks.faults.jobs import READER as WHO
from benchmarks.faults.nursery import LIMIT
from benchmarks.faults.runs import (
    FILES,
    MESSAGES,
    Toll,
    again,
    brought,
    import_line,
    whole_keys,
)
from jieli.kernel.times import DAY

_CODE = re.compile(r'\{\s*"code": "([a-z_.]+)')
NOBODY = "http://127.0.0.1:9/"
#: Tables that an import fills, which move to a small disk.
FILLED = ("archive_item", "ledger_part")


def full_disk(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """No file can grow: package, export of the log, backup, a new key."""
    brought(house)
    kept = house.beside / f"kept-{house.commands}"
    talk = house.ask("SELECT max(conversation) FROM archive_item WHERE shredded_in IS NULL")
    about = ("--conversation", str(talk), "--purpose", "投诉溯源", "--matter", house.matter, "--as", WHO)
    lines = {
        "package": ("evidence", "package", *about, "--out", str(kept)),
        "export": ("ledger", "export", str(house.home / f"export-{house.commands}")),
        "backup": ("backup", str(kept)),
        "keys": ("keys", "rotate", "--as", WHO),
    }
    house.must("ledger", "sign", "--once", "--json")
    limit = {"package": "20000", "export": "64", "backup": "2000", "keys": "48"}[place]
    line = (*lines[place], "--json")
    refused = house.run(*line, **{LIMIT: limit})
    _told(refused, toll)
    toll.expect(not kept.exists(), "something half is there under its name")
    done = house.run(*line)
    toll.expect(done.status == 0, f"it did not go on: {done.said[-200:]}")
    if place == "keys":
        whole_keys(house, toll)
    toll.acknowledged = 1


def _told(ended: Ended, toll: Toll) -> None:
    """A code came first, and the sentence after it; where no file may grow, what it says is cut off as well."""
    toll.expect(ended.status == 1, f"it ended with {ended.status}")
    found = _CODE.match(ended.said)
    toll.expect(found, f"no sentence, no code: {ended.said[-200:]}")
    if found:
        toll.codes.append(found[1])


def full_database(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """The disk of PostgreSQL is full in the middle of an import; with room again the same command works."""
    disk = house.beside / f"disk-{house.commands}"
    disk.mkdir()
    house.beside.parent.chmod(0o755)
    house.beside.chmod(0o755)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], check=True)
    owner = Path(f"/proc/{_postmaster(house)}").stat()
    os.chown(disk, owner.st_uid, owner.st_gid)
    try:
        _on(house, f"CREATE TABLESPACE small LOCATION '{disk}'")
        _on(house, "ALTER TABLE archive_segment_row SET TABLESPACE small")
        filler = disk / "filler"
        free = os.statvfs(disk)
        filler.write_bytes(b"0" * max(0, free.f_bavail * free.f_bsize))
        line = import_line(house, FILES)
        dead = house.run(*line, "--json")
        _told(dead, toll)
        filler.unlink()
        again(house, Ended(1, ""), line, FILES, toll)
    finally:
        _on(house, "ALTER TABLE archive_segment_row SET TABLESPACE pg_default")
        _on(house, "DROP TABLESPACE IF EXISTS small")
        subprocess.run(["umount", str(disk)], check=True)


def _postmaster(house: Installation) -> int:
    from benchmarks.measure import postmaster_of

    return postmaster_of(house.server)


def _on(house: Installation, statement: str) -> None:
    with psycopg.connect(house.server.dsn("jieli"), autocommit=True) as connection:
        connection.execute(statement)


def lost_connection(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """Every connection is cut in the middle of an import."""
    line = import_line(house, 8)
    running = house.start(*line)
    deadline = time.monotonic() + 60
    while not running.said() and time.monotonic() < deadline:
        time.sleep(0.005)
    _on(
        house, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND usename LIKE 'jieli%'",
    )  # fmt: skip
    dead = running.wait()
    toll.expect(dead.status == 1, f"the command ended with {dead.status} although its connections were cut")
    again(house, dead, line, 8, toll)


def away(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """Witness, authority or depository do not answer: the signer signs, names them, and asks again."""
    house.later(2)
    house.must("work", "--once", "--json")
    name = {
        "witness": "JIELI_WITNESS_URL",
        "authority": "JIELI_TIMESTAMP_URL",
        "depository": "JIELI_DEPOSIT_URL",
    }
    before = house.outside[name[place]]
    prefix = before.partition("=")[0] + "=" if "=" in before else ""
    gone = {**house.outside, name[place]: prefix + NOBODY}
    done = house.run("ledger", "sign", "--once", "--json", **gone)
    toll.expect(done.status == 0 and len(done.answer["unreachable"]) == 1, f"it said {done.said[-200:]}")
    later = house.run("ledger", "sign", "--once", "--json", **house.outside)
    toll.expect(later.status == 0 and not later.answer["unreachable"], f"it said {later.said[-200:]}")
    toll.expect(later.answer.get("witnessed") is not None, "nothing is said of witnesses")
    toll.acknowledged = 1


def clock_back(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """The clock was set back by a day: what comes in is in order all the same, and the signer says it."""
    brought(house)
    house.must("ledger", "sign", "--once", "--json")
    house.clock(house.at - DAY)
    line = import_line(house, 1)
    ended = house.run(*line)
    toll.expect(ended.status in (0, 1), f"the import ended with {ended.status}")
    signed = house.run("ledger", "sign", "--once", "--json")
    toll.expect(signed.answer.get("clock"), "the signer does not say that its clock is behind")
    house.clock(house.at + DAY)
    done = house.run(*line)
    toll.expect(done.status == 0, f"it did not go on: {done.said[-200:]}")
    house.expected += MESSAGES
    toll.acknowledged = 1
