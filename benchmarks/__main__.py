"""`python -m benchmarks [--messages N] [--quick]`: all figures in one run, to the screen and to var/bench.json."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from jieli.wiring import start

start.load()  # before the benchmarks import rooms

from benchmarks import book, house, ingest, measure, searching, sentences, steps  # noqa: E402
from benchmarks.measure import Result  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
MESSAGES, QUICK_MESSAGES = 100_000, 10_000
TURNS, QUERIES, BATCHES = 3, 40, 100


def main(arguments: list[str]) -> int:
    """Measure, print, write; 1 if a figure misses its bar."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--messages", type=int, help=f"default {MESSAGES:,}")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_MESSAGES:,} messages")
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "bench.json")
    asked = parser.parse_args(arguments)
    number = asked.messages or (QUICK_MESSAGES if asked.quick else MESSAGES)
    said = Console(stderr=True, highlight=False)
    corpus = sentences.corpus()
    texts = sentences.texts(number, corpus)
    with tempfile.TemporaryDirectory() as place, house.server(Path(place) / "server") as server:
        about = measure.machine(server)
        path = Path(place) / "messages.jsonl"
        path.write_bytes(b"".join(sentences.lines(texts)))
        said.print(f"ingest: {number:,} messages of {sum(map(len, texts)) / number:.1f} characters × {TURNS}")
        found = ingest.run(server, path, turns=TURNS)
        results = list(found.results)
        said.print("search")
        results += searching.run(found.house, texts, number=QUERIES)
        said.print("ledger and packages")
        asker = searching.Asker(*house.reader("bench.second"))
        results += book.run(found.house, asker, batches=BATCHES, turns=TURNS)
        said.print("steps of a batch")
        results += steps.run(found.house, path)
    about |= {
        "messages": number, "characters_a_message": round(sum(map(len, texts)) / number, 1), "corpus": corpus.name,
        "seed": sentences.SEED, "turns": TURNS, "queries_a_kind": QUERIES, "load_after": measure.load(),
    }  # fmt: skip
    report = {
        "machine": about,
        "notes": found.notes,
        "results": [r.as_json() for r in results],
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    Console(highlight=False, width=150).print(_table(results))
    return 1 if any(r.as_json()["pass"] is False for r in results) else 0


def _table(results: list[Result]) -> Table:
    drawn = Table(
        "figure", "value", "unit", "baseline", "its value", "ratio", title="benchmarks", title_justify="left"
    )
    for r in results:
        shown = r.as_json()
        cells = (
            _number(shown["value"]),
            r.unit,
            r.baseline or "",
            _number(r.baseline_value),
            _number(shown["ratio"]),
        )
        drawn.add_row(r.name, *cells)
    return drawn


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
