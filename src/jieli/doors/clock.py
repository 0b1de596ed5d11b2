"""The one place where the clock is read."""

import time

from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile


def now(profile: Profile) -> int:
    """Milliseconds now. While the demo runs, its own clock, which every paper of the demo names as such."""
    clock = home_of(profile).demo_clock
    if profile.demo and clock.exists():
        return int(clock.read_text())
    return time.time_ns() // 1_000_000
