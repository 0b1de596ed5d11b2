"""Deaths of a plan that destroys papers (ADR 28): between its steps, and in the middle of the database's own act."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from benchmarks.faults.installation import Ended, Installation, until
from benchmarks.faults.jobs import READER as WHO
from benchmarks.faults.jobs import SECOND
from benchmarks.faults.runs import DIED_ELSEWHERE, Toll

_WORK = ("work", "--once", "--json")
#: The number of the lock at which the server is made to stand still; nothing of the house takes it.
_STILL = 4_711
_STOP = f"""
CREATE FUNCTION faults_stop() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock_shared({_STILL}); RETURN NEW; END $$;
CREATE TRIGGER faults_stop BEFORE UPDATE ON papers_signature FOR EACH ROW EXECUTE FUNCTION faults_stop();
"""
_GO_ON = "DROP TRIGGER faults_stop ON papers_signature; DROP FUNCTION faults_stop();"


def papers(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """The worker dies while it destroys what a plan covers; the next run of the worker finishes it.

    Papers whose time is over go with all that stands beside them, once; those that something keeps stay as they are.
    """
    made = house.must("benchmarks.faults.jobs:file_papers", f"{house.commands}").answer
    due, kept = made["due"], made["kept"]
    before = _standing(house, kept)
    plan = house.must("retention", "propose", "contract", "--reason", "到期", "--as", WHO, "--json").answer
    toll.expect(plan["items"] == len(due), f"{plan['items']} of {len(due)} papers are due")
    house.must("approve", "decide", plan["request"], "同意", "--as", SECOND, "--json")
    if place.endswith("between_parts"):
        _between_parts(house, toll, server=place.startswith("server_"))
    else:
        dead = house.run(*_WORK, fail_at=place)
        toll.expect(dead.killed, DIED_ELSEWHERE)
        _as_left(house, place, plan["plan"], due, toll)
    done = house.run(*_WORK)
    toll.expect(done.status == 0, f"the second run ended with {done.status}: {done.said[-200:]}")
    toll.acknowledged, toll.before_death = 1 + len(kept), int(place == "shred.after_certified")
    _count(house, plan["plan"], due, toll)
    toll.lost += sum(before[key] != now for key, now in _standing(house, kept).items())
    again = house.run(*_WORK)
    toll.expect(again.status == 0, "a third run had nothing to do and failed")
    toll.doubled += _certificates(house, plan["plan"]) - 1


def _as_left(house: Installation, place: str, plan: str, due: list[str], toll: Toll) -> None:
    """What stands right after the death: the intent or not, bytes or none, the certificate or not."""
    intended = house.ask("SELECT count(*) FROM archive_shred WHERE id = %s", plan)
    toll.expect(intended == int(place != "shred.before_commit"), "the intent is not what it had to be")
    emptied = place in ("shred.after_emptied", "shred.before_certified", "shred.after_certified")
    toll.expect(
        _living(house, due) == (0 if emptied else len(due)),
        "the bytes after the death are not what had to be",
    )
    certified = int(place == "shred.after_certified")
    toll.expect(_certificates(house, plan) == certified, "the certificate is not what it had to be")


def _living(house: Installation, papers: list[str]) -> int:
    return int(
        house.ask(
            "SELECT count(*) FROM papers_content WHERE paper_id = ANY(%s::uuid[]) AND data IS NOT NULL",
            papers,
        )
    )


def _certificates(house: Installation, plan: str) -> int:
    return int(house.ask("SELECT count(*) FROM archive_certificate WHERE shred_id = %s", plan))


def _count(house: Installation, plan: str, due: list[str], toll: Toll) -> None:
    """Nothing is left of what was to go, in its rows, beside it, or in the parts of the book; one of each act."""
    toll.lost += _living(house, due)
    left = (
        "SELECT count(*) FROM papers_paper WHERE id = ANY(%s::uuid[]) AND num_nonnulls(title, sha256) > 0",
        "SELECT count(*) FROM papers_signature WHERE paper_id = ANY(%s::uuid[]) AND num_nonnulls(signer, sha256) > 0",
        "SELECT count(*) FROM ledger_part p WHERE p.body IS NOT NULL AND (p.row_table = 'papers_paper' AND"
        " p.row_id = ANY(%s::text[]) OR p.row_table = 'papers_signature' AND p.row_id IN"
        " (SELECT s.id::text FROM papers_signature s WHERE s.paper_id = ANY(%s::uuid[])))",
    )
    toll.lost += sum(int(house.ask(one, *[due] * one.count("%s"))) for one in left)
    made = _certificates(house, plan)
    toll.lost += max(0, 1 - made)
    intents = house.ask(
        "SELECT count(*) FROM ledger_part WHERE row_table = 'archive_shred' AND row_id = %s", plan
    )
    told = house.ask(
        "SELECT count(*) FROM ledger_part p JOIN archive_certificate c ON p.row_id = c.id::text"
        " WHERE p.row_table = 'archive_certificate' AND c.shred_id = %s",
        plan,
    )
    toll.doubled += max(0, made - 1) + max(0, intents - 1) + max(0, told - 1)


def _standing(house: Installation, papers: list[str]) -> dict[str, str]:
    """Papers that stay, each with a digest of its row and its bytes."""
    found = house.column(
        "SELECT p.id::text || ' ' || md5(p::text || encode(c.data, 'hex')) FROM papers_paper p"
        " JOIN papers_content c ON c.paper_id = p.id WHERE p.id = ANY(%s::uuid[])",
        papers,
    )
    known = dict(one.split(" ") for one in found)
    return {key: known.get(key, "") for key in papers}


def _between_parts(house: Installation, toll: Toll, *, server: bool) -> None:
    """The bytes are gone and the signatures are not yet, in a transaction under way: the worker dies, or the server."""
    with _still(house) as held:
        running = house.start(*_WORK)
        toll.expect(until(lambda: _waits(house)), "the destruction did not come between its parts")
        if server:
            house.kill_postgres()
        else:
            os.kill(running.pid, signal.SIGKILL)
        dead = running.wait()
        toll.expect(_died(dead, server=server), DIED_ELSEWHERE)
        if not server:
            held.execute("SELECT pg_advisory_unlock(%s)", [_STILL])


def _died(dead: Ended, *, server: bool) -> bool:
    return dead.status != 0 if server else dead.killed


def _waits(house: Installation) -> bool:
    return bool(
        house.ask(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted", _STILL
        )
    )


@contextmanager
def _still(house: Installation) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """Every change of a signature waits for us; over when this ends, whatever became of the server."""
    with psycopg.connect(house.server.dsn("jieli"), autocommit=True) as held:
        held.execute(_STOP)
        held.execute("SELECT pg_advisory_lock(%s)", [_STILL])
        yield held
    house.must("ledger", "status", "--json")  # a command brings a killed server back
    with psycopg.connect(house.server.dsn("jieli"), autocommit=True) as after:
        after.execute(_GO_ON)
