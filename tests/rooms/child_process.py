"""A process of its own that works on a test's databases, so that a test can let it be killed.

Imports nothing of the house at the top: the child loads it first, the way a door does.
"""

import importlib
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

Tell = Callable[[Any], None]


def run_in_child(work: Callable[..., None], *args: Path | str) -> tuple[int | None, list[Any]]:
    """Run `work(tell, *args)`, a function of a module, in a child; its exit code and everything it told."""
    from django.db import connections

    settings = {alias: dict(connections.settings[alias]) for alias in connections.settings}
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe(duplex=False)
    named = (work.__module__, work.__name__)
    child = spawn.Process(target=_child, args=(settings, there, *named, args))
    child.start()
    there.close()
    heard = []
    try:
        while True:
            heard.append(here.recv())
    except EOFError:
        child.join(300)
    return child.exitcode, heard


def _child(
    settings: dict[str, dict[str, Any]], pipe: Any, module: str, name: str, args: tuple[Any, ...]
) -> None:
    from jieli.wiring import start

    start.load()
    from django.db import connections

    for alias, where in settings.items():
        connections.settings[alias].update(where)
    getattr(importlib.import_module(module), name)(pipe.send, *args)
