"""`python -m benchmarks.faults`: every death and every other fault, counted, to the screen and to var/faults.json.

Ends with 1 if anything is wrong. Parts, which `--only` chooses among by scene, place or name: the deaths and the
troubles of `places.py` (`--turns` times each, as long as `--minutes` last), `hammer`, `tampering`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from jieli.wiring import start

start.load()  # before the house of the benchmarks imports rooms

from benchmarks import measure  # noqa: E402
from benchmarks.faults.installation import ROOT, Installation, installed  # noqa: E402
from benchmarks.faults.places import SCENES, TROUBLES  # noqa: E402
from benchmarks.faults.runs import Run, die  # noqa: E402

TURNS, HAMMER_SECONDS, TAMPERINGS, SEED = 5, 300, 10_000, 20_260_921
SAID = Console(stderr=True, highlight=False)


def main(arguments: list[str]) -> int:
    """Kill, look, print, write."""
    asked = _asked(arguments)
    runs: list[Run] = []
    report: dict[str, Any] = {"seed": SEED}
    with tempfile.TemporaryDirectory() as place, installed(Path(place)) as house:
        report["machine"] = measure.machine(house.server)
        try:
            _kill(house, asked, runs)
            if _wanted(asked, "hammer"):
                report["hammer"] = _hammer(house, asked.hammer_seconds)
        finally:
            _write(asked.out, report, runs)
    if _wanted(asked, "tampering"):
        report["tampering"] = _tamper(asked.tamperings)
    _write(asked.out, report, runs)
    shown = {name: report[name] for name in ("hammer", "tampering") if name in report}
    Console(highlight=False, width=150).print(
        _table(runs), json.dumps(_totals(runs)), json.dumps(shown), markup=False
    )
    wrong = any(not run.good for run in runs) or any(one.get("faults") for one in shown.values())
    return 1 if wrong else 0


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--turns", type=int, default=TURNS, help=f"deaths at each place; default {TURNS}")
    parser.add_argument("--minutes", type=float, default=10_000.0, help="no further death after so long")
    parser.add_argument("--only", nargs="*", help="scenes, places or parts whose names hold one of these")
    parser.add_argument("--hammer-seconds", type=float, default=HAMMER_SECONDS)
    parser.add_argument("--tamperings", type=int, default=TAMPERINGS)
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "faults.json")
    return parser.parse_args(arguments)


def _wanted(asked: argparse.Namespace, name: str) -> bool:
    return not asked.only or any(word in name for word in asked.only)


def _kill(house: Installation, asked: argparse.Namespace, runs: list[Run]) -> None:
    end = time.monotonic() + 60 * asked.minutes
    for turn in range(1, asked.turns + 1):
        for scene, places in (SCENES | TROUBLES).items():
            for place in places:
                if not _wanted(asked, f"{scene.__name__} {place}") or time.monotonic() > end:
                    continue
                run = die(house, scene, place, turn)
                runs.append(run)
                wrong = [*run.toll.problems, *run.fsck, *run.plaintext]
                said = "ok" if run.good else f"BAD lost {run.toll.lost} doubled {run.toll.doubled} {wrong}"
                more = f"{','.join(run.toll.codes)} {run.seconds:.1f} s"
                SAID.print(f"{run.scene} {place}:{turn} {said} {more}", markup=False, soft_wrap=True)


def _hammer(house: Installation, seconds: float) -> dict[str, Any]:
    return house.must("benchmarks.faults.hammer:job", str(seconds)).answer


def _tamper(number: int) -> dict[str, Any]:
    """The suite's own test of tampering, with so many changes."""
    with tempfile.TemporaryDirectory() as place:
        told = Path(place) / "told.json"
        surroundings = {
            **os.environ, "JIELI_TAMPERINGS": str(number), "JIELI_SEED": str(SEED), "JIELI_FAULTS_REPORT": str(told),
        }  # fmt: skip
        line = [sys.executable, "-m", "pytest", "-q", "tests/rooms/test_tampering.py"]
        done = subprocess.run(line, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)
        found: dict[str, Any] = json.loads(told.read_text()) if told.exists() else {}
    return found | {"faults": [] if done.returncode == 0 else [done.stdout[-2_000:]]}


def _totals(runs: list[Run]) -> dict[str, int]:
    killed = {scene.__name__ for scene in SCENES}
    return {
        "deaths": sum(r.scene in killed for r in runs),
        "troubles": sum(r.scene not in killed for r in runs),
        "acknowledged": sum(r.toll.acknowledged for r in runs),
        "of_these_before_the_death": sum(r.toll.before_death for r in runs),
        "lost": sum(r.toll.lost for r in runs),
        "doubled": sum(r.toll.doubled for r in runs),
        "fsck_not_clean": sum(bool(r.fsck) for r in runs),
        "plaintext_found": sum(bool(r.plaintext) for r in runs),
        "not_good": sum(not r.good for r in runs),
    }


def _write(path: Path, report: dict[str, Any], runs: list[Run]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {**report, "totals": _totals(runs), "runs": [r.as_json() for r in runs]}
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n")


def _table(runs: list[Run]) -> Table:
    drawn = Table(
        *(
            "scene",
            "place",
            "times",
            "acknowledged",
            "lost",
            "doubled",
            "fsck",
            "plaintext",
            "codes",
            "problems",
        ),
        title="deaths and troubles",
        title_justify="left",
    )
    groups: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in runs:
        groups[run.scene, run.place].append(run)
    for (scene, place), same in sorted(groups.items()):
        counts = [len(same)]
        counts += [sum(getattr(r.toll, name) for r in same) for name in ("acknowledged", "lost", "doubled")]
        clean = "clean" if not any(r.fsck for r in same) else "FINDINGS"
        plain = "none" if not any(r.plaintext for r in same) else "FOUND"
        codes = " ".join(sorted({c for r in same for c in r.toll.codes}))
        problems = "; ".join(sorted({p for r in same for p in r.toll.problems}))
        drawn.add_row(scene, place, *map(str, counts), clean, plain, codes, problems)
    return drawn


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
