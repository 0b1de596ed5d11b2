"""Places in a recording as people write them: minutes and seconds."""

import re

_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]?\d)|(\d{1,15})", re.ASCII)


def place_of(text: str) -> int | None:
    """0:12 and 1:02:03 as seconds, a bare number as it stands; None for anything else."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    if found[4]:
        return int(found[4])
    return int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3])


def clock_of(seconds: int) -> str:
    """So many seconds as 0:12."""
    return f"{seconds // 60}:{seconds % 60:02d}"
