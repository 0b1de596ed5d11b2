"""Records which tests passed through a door: an HTTP request, a browser, the `jieli` or `seal` command.

Nobody claims it by hand. `JIELI_RECORD_DOORS=1` (make doors) writes what a whole run saw to doors_passed.txt.
"""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

RECORD = Path(__file__).parent / "doors_passed.txt"
_seen: set[str] = set()
_current: list[str] = []


def passed() -> None:
    """Called by whatever opens a door."""
    _seen.update(_current)


def _wrap(owner: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    original = getattr(owner, name)

    def opened(*args: Any, **kwargs: Any) -> Any:
        passed()
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, opened)


@pytest.fixture(autouse=True, scope="session")
def _doors() -> Iterator[None]:
    import subprocess

    from django.core.handlers.base import BaseHandler
    from typer.testing import CliRunner

    import seal.cli

    patch = pytest.MonkeyPatch()
    _wrap(BaseHandler, "get_response", patch)
    _wrap(CliRunner, "invoke", patch)
    _wrap(seal.cli, "main", patch)
    popen = subprocess.Popen.__init__

    def started(self: Any, args: Any, *more: Any, **kwargs: Any) -> None:
        words = [args] if isinstance(args, str | Path) else [str(a) for a in args]
        if any(Path(w).name in {"jieli", "seal"} for w in words[:3]):
            passed()
        popen(self, args, *more, **kwargs)

    patch.setattr(subprocess.Popen, "__init__", started)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _watched(request: pytest.FixtureRequest) -> Iterator[None]:
    path, _, name = request.node.nodeid.partition("::")
    _current.append(f"{path}::{name.partition('[')[0]}")
    yield
    _current.clear()


def pytest_sessionfinish() -> None:
    """Add what this run saw to the record: so does each worker of a run, and a run of the browser after the suite's."""
    if os.environ.get("JIELI_RECORD_DOORS") and _seen:
        with RECORD.open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            known = set(file.read().split("\n"))
            file.seek(0)
            file.truncate()
            file.write("\n".join(sorted((known | _seen) - {""})) + "\n")
