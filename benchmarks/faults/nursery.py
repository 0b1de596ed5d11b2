"""Commands as processes of their own, forked from one that has loaded the program and done nothing else with it.

Starting Python and loading the program takes seconds; hundreds of deaths would take most of their time in that. A child
is a real process: it opens its own connections, reads its own settings, and dies by itself.
"""

import importlib
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer.main

ROOT = Path(__file__).resolve().parents[2]
LIMIT = "FAULTS_FILE_LIMIT"


class Nursery:
    """The process that forks, as seen from the one that counts."""

    def __init__(self, surroundings: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.faults.nursery"],
            env=dict(surroundings), cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def start(self, line: Sequence[str], env: Mapping[str, str], out: Path, err: Path) -> int:
        """Start `jieli` with these words, or `module:function` of the benchmarks; its process id."""
        asked = {"line": list(line), "env": dict(env), "out": str(out), "err": str(err)}
        return int(self._ask(asked)["pid"])

    def wait(self, pid: int) -> int:
        """The exit status of a child, negative for the signal that ended it."""
        return int(self._ask({"wait": pid})["status"])

    def close(self) -> None:
        """End it; children that still run are no business of its."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the nursery has no pipes")
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


def main() -> None:
    """Fork and wait as told, a line at a time."""
    from jieli.wiring import start

    start.load()
    from django.db.migrations.loader import MigrationLoader

    command = typer.main.get_command(importlib.import_module("jieli.doors.cli.main").app)
    for module in ("pydantic", "typer._adapters", "pyhanko.sign", "rich.table"):
        importlib.import_module(module)  # what a command would load when it is first needed
    importlib.import_module("benchmarks.faults.jobs")
    MigrationLoader(None)  # reads every migration once, where each child would
    answers = os.fdopen(os.dup(1), "w")
    for text in sys.stdin:
        asked = json.loads(text)
        if "wait" in asked:
            answer = {"status": os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1])}
        else:
            pid = os.fork()
            if pid == 0:
                _child(asked, command)
            answer = {"pid": pid}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _child(asked: dict[str, Any], command: Any) -> None:
    """Become the command; never returns."""
    from jieli.wiring.profile import profile

    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, asked["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        (2, asked["err"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.update(asked["env"])
    if limit := os.environ.pop(LIMIT, None):
        # No file of this process grows beyond it: what a full disk does, told as an error and not by a signal.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    profile.cache_clear()
    status = 1
    try:
        _run(asked["line"], command)
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _run(line: list[str], command: Any) -> None:
    module, colon, function = line[0].partition(":")
    if colon:
        getattr(importlib.import_module(module), function)(*line[1:])
        return
    command(line)


if __name__ == "__main__":
    main()
