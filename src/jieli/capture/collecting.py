"""Python's search for garbage cycles, made rare while an import runs: it took a fifth of the processor's time."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

#: A batch makes a few objects for each of 5,000 lines, a package for each of 10,000 items, which all go at its end, and
#: nearly none lie in cycles.
RARELY = (100_000, 20, 20)


@dataclass
class _Imports:
    lock: Lock = field(default_factory=Lock)
    running: int = 0
    usual: tuple[int, int, int] = (0, 0, 0)


_imports = _Imports()


@contextmanager
def rarely() -> Iterator[None]:
    """Collect cycles rarely within; as before once the last import of this process is over, however it ended."""
    with _imports.lock:
        if _imports.running == 0:
            _imports.usual = gc.get_threshold()
            gc.set_threshold(*RARELY)
        _imports.running += 1
    try:
        yield
    finally:
        with _imports.lock:
            _imports.running -= 1
            if _imports.running == 0:
                gc.set_threshold(*_imports.usual)
