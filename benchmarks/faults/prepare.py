"""`python -m benchmarks.faults.prepare`: found a company, and let somebody in who may import and read."""

import json
import sys

from jieli.wiring import start

start.load()

from benchmarks import house  # noqa: E402
from jieli.doors.clock import now  # noqa: E402
from jieli.wiring import ports  # noqa: E402
from jieli.wiring.profile import profile  # noqa: E402

STAFF, CUSTOMERS = 8, 24
READER = "faults.reader"


def main() -> None:
    """Write everything down at the demo's clock, in the installation that JIELI_HOME names."""
    start.ready(profile())
    at = now(profile())
    ports.fill(profile(), at=at)
    house.found_company(at=at, staff=STAFF, customers=CUSTOMERS)
    _, matter = house.reader(READER, at=at)
    json.dump({"matter": matter}, sys.stdout)


if __name__ == "__main__":
    main()
