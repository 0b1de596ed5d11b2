"""`python -m benchmarks [--messages N] [--turns N] [--quick] [--long [N]] [--only ingest|long]`: all figures at once.

To the screen and to var/bench.json. With `--long` also one import of ten million messages (or N) in ten steps, with
searches after the first, the fifth and the last: some ten minutes and 12 GB.
"""

import argparse
import json
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from jieli.wiring import start

start.load()  # before the benchmarks import rooms

from benchmarks import (  # noqa: E402
    book,
    house,
    ingest,
    long,
    measure,
    packages,
    searching,
    sentences,
    steps,
    writers,
)
from benchmarks.measure import Result  # noqa: E402
from benchmarks.sentences import Corpus  # noqa: E402
from jieli.wiring.postgres import Server  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
MESSAGES, QUICK_MESSAGES = 1_000_000, 10_000
TURNS, QUICK_TURNS, QUERIES, BATCHES = 5, 3, 40, 100
#: So many lines are enough to see where the time of a batch goes; so many texts to draw queries from.
STEP_LINES, TEXTS = 5_000, 1_000_000


def main(arguments: list[str]) -> int:
    """Measure, print, write; 1 if a figure misses its bar."""
    asked = _asked(arguments)
    number = asked.messages or (QUICK_MESSAGES if asked.quick else MESSAGES)
    turns = asked.turns or (QUICK_TURNS if asked.quick else TURNS)
    corpus = sentences.corpus()
    with tempfile.TemporaryDirectory() as place, house.server(Path(place) / "server") as server:
        about = measure.machine(server) | {
            "messages": number, "corpus": corpus.name, "seed": sentences.SEED, "turns": turns,
            "queries_a_kind": QUERIES,
        }  # fmt: skip
        results, notes = list[Result](), dict[str, object]()
        try:
            if asked.only != "long":
                _measure(server, Path(place), corpus, number, turns, results, notes, only=asked.only)
            if asked.long or asked.only == "long":
                found = _long(
                    server, Path(place), corpus, asked.long or long.MESSAGES, turns * ingest.HOUSES_A_TURN
                )
                results += found.results
                notes |= found.notes
        finally:  # what was measured before a part failed took its time, and is kept
            about["load_after"] = measure.load()
            _keep(asked.out, about, notes, results)
    shown = Console(highlight=False, width=170)
    shown.print(", ".join(f"{name}: {value}" for name, value in about.items()))
    shown.print(_table(results))
    return 1 if any(r.as_json()["pass"] is False for r in results) else 0


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--messages", type=int, help=f"default {MESSAGES:,}, at most 10,000,000")
    parser.add_argument("--turns", type=int, help=f"of the import; default {TURNS}")
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_MESSAGES:,} messages, {QUICK_TURNS} turns"
    )
    parser.add_argument(
        "--long",
        type=int,
        nargs="?",
        const=long.MESSAGES,
        metavar="N",
        help=f"also {long.MESSAGES:,} messages in one import, or N",
    )
    parser.add_argument(
        "--only", choices=["ingest", "long"], help="nothing else: for an import at its full size"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "bench.json")
    return parser.parse_args(arguments)


def _keep(path: Path, about: dict[str, Any], notes: dict[str, object], results: list[Result]) -> None:
    report = {"machine": about, "notes": notes, "results": [r.as_json() for r in results]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n")


def _measure(
    server: Server,
    place: Path,
    corpus: Corpus,
    number: int,
    turns: int,
    results: list[Result],
    notes: dict[str, object],
    *,
    only: str | None,
) -> None:
    """Each part adds its figures to `results` and `notes` as soon as it has them."""
    said = Console(stderr=True, highlight=False)
    path = _written(place, corpus, number)
    said.print(f"ingest: {number:,} messages of {path.stat().st_size / number:.0f} bytes × {turns}")
    found = ingest.run(server, path, number, turns=turns)
    results += found.results
    notes |= found.notes
    if only == "ingest":
        return
    said.print("search")
    results += searching.run(
        found.house, list(islice(sentences.stream(number, corpus), TEXTS)), number=QUERIES
    )
    said.print("steps of a batch")
    head = place / "steps.jsonl"
    with path.open("rb") as lines:
        head.write_bytes(b"".join(islice(lines, STEP_LINES)))
    results += steps.run(found.house, head)  # before the writers, who open a house of their own
    said.print("ledger and packages")
    asker = searching.Asker(*house.reader("bench.second"))
    results += book.run(found.house, asker, batches=BATCHES, turns=turns)
    results += writers.run(found.house, path, turns=turns)
    results += packages.run(
        server, corpus, turns=turns, n=turns * ingest.HOUSES_A_TURN + 1
    )  # another house: last


def _long(server: Server, place: Path, corpus: Corpus, number: int, n: int) -> long.Long:
    Console(stderr=True, highlight=False).print(f"long: {number:,} messages in one import")
    texts = list(islice(sentences.stream(number, corpus), min(number // long.STEPS, TEXTS)))
    return long.run(server, _written(place, corpus, number), number, texts, n=n)


def _written(place: Path, corpus: Corpus, number: int) -> Path:
    """The messages as a file, a line at a time: ten million are 2.6 GB."""
    path = place / f"messages-{number}.jsonl"
    with path.open("wb") as file:
        file.writelines(sentences.streamed_lines(sentences.stream(number, corpus), number))
    return path


def _table(results: list[Result]) -> Table:
    drawn = Table(
        "figure",
        "value",
        "unit",
        "baseline",
        "its value",
        "ratio",
        "bar",
        "",
        "stretch",
        title="benchmarks",
        title_justify="left",
    )
    for r in results:
        shown = r.as_json()
        cells = (
            _number(shown["value"]),
            r.unit,
            r.baseline or "",
            _number(r.baseline_value),
            _number(shown["ratio"]),
            _bar(r, r.bar),
            _WORDS[shown["pass"]],
            f"{_bar(r, r.stretch)} {_WORDS[shown['pass_stretch']]}",
        )
        drawn.add_row(r.name, *cells)
    return drawn


_WORDS = {True: "pass", False: "FAIL", None: ""}


def _bar(r: Result, bar: float | None) -> str:
    if bar is None:
        return ""
    return f"{'≤' if r.at_most else '≥'} {_number(bar)}{' ×' if r.by_ratio else ''}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
