"""Where the shared test data lives: beside the clone, never inside it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared(relative: str) -> Path:
    """The path of a shared data file; the test is skipped, saying which, when it is absent."""
    path = ROOT / relative
    if not path.exists():
        pytest.skip(f"shared test data is absent: {relative}")
    return path
