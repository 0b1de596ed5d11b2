"""The demo's clock: a file that the witness, the timestamp authority and the signer read as well."""

from pathlib import Path


class DemoClock:
    """Goes forward only. `now` is what operations are given as `at`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.now = 0

    def go(self, ms: int) -> int:
        """Set the clock, never back; the time it now shows. Written whole: another process never reads half of it."""
        self.now = max(self.now, ms)
        fresh = self._path.with_name(self._path.name + ".new")
        fresh.write_text(str(self.now))
        fresh.replace(self._path)
        return self.now

    def on(self, ms: int) -> int:
        """Let so many milliseconds pass."""
        return self.go(self.now + ms)
