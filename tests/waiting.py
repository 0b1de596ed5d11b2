"""Waiting for a state of the database that another thread or process brings about, however slow the machine."""

import time
from typing import Any

import psycopg

PATIENCE = 120.0  # seconds; nobody waits as long unless something is wrong
_BLOCKED = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
)


def until_blocked(watch: psycopg.Connection[Any]) -> None:
    """Return once somebody in this connection's database waits for a lock that another one holds."""
    end = time.monotonic() + PATIENCE
    while True:
        waiting = watch.execute(_BLOCKED).fetchone()
        watch.rollback()
        if waiting is not None and waiting[0]:
            return
        assert time.monotonic() < end, f"nobody came to wait for a lock within {PATIENCE:.0f} s"
        time.sleep(0.01)
