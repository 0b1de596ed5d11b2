"""`python -m benchmarks.faults`: every death, counted, to the screen and to var/faults.json; 1 if anything is wrong."""

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from jieli.wiring import start

start.load()  # before the house of the benchmarks imports rooms

from benchmarks import measure  # noqa: E402
from benchmarks.faults.installation import ROOT, installed  # noqa: E402
from benchmarks.faults.runs import Run, planned  # noqa: E402

TURNS = 3


def main(arguments: list[str]) -> int:
    """Kill, look, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--turns", type=int, default=TURNS, choices=(1, 2, 3), help="deaths at each place")
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "faults.json")
    asked = parser.parse_args(arguments)
    said = Console(stderr=True, highlight=False)
    runs: list[Run] = []
    with tempfile.TemporaryDirectory() as place, installed(Path(place)) as house:
        about = measure.machine(house.server)
        for death in planned(asked.turns):
            runs.append(death(house))
            last = runs[-1]
            said.print(
                f"{last.command} {last.place}:{last.turn} {'ok' if last.good else 'BAD'} {last.seconds:.1f} s"
            )
    totals = {
        "deaths": len(runs),
        "acknowledged": sum(r.acknowledged for r in runs),
        "of_these_before_the_death": sum(r.before_death for r in runs),
        "lost": sum(r.lost for r in runs),
        "doubled": sum(r.doubled for r in runs),
        "not_good": sum(not r.good for r in runs),
    }
    report = {"machine": about, "totals": totals, "runs": [r.as_json() for r in runs]}
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    Console(highlight=False, width=150).print(_table(runs), json.dumps(totals))
    return 1 if totals["not_good"] else 0


def _table(runs: list[Run]) -> Table:
    drawn = Table(
        *("command", "place", "deaths", "acknowledged", "lost", "doubled", "fsck", "problems"),
        title="deaths",
        title_justify="left",
    )
    groups: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in runs:
        groups[run.command, run.place].append(run)
    for (command, place), same in sorted(groups.items()):
        counts = (
            len(same),
            *(sum(getattr(r, name) for r in same) for name in ("acknowledged", "lost", "doubled")),
        )
        clean = "clean" if all(r.fsck_clean for r in same) else "FINDINGS"
        problems = "; ".join(sorted({p for r in same for p in r.problems}))
        drawn.add_row(command, place, *map(str, counts), clean, problems)
    return drawn


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
