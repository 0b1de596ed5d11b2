"""``python -m benchmarks.fuzz [--seconds 60] [--only NAME]``: coverage-guided fuzz of every parser of ``seal``.

By hand, with atheris (``pip install atheris``); without it this says so and does nothing. The seeds are the good
examples and the corpus of bad artefacts of ``tests/seal``. Anything but a ``SealError`` that comes out is a fault:
atheris prints the trace and leaves the input as ``crash-…`` in a temporary folder that it names.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
import tempfile
from pathlib import Path

BAD = Path(__file__).resolve().parents[1] / "tests" / "seal" / "bad"
FILES = {
    "checkpoint_text": "checkpoint text",
    "tile_path": "tile path",
}  # names of the corpus that read otherwise
LONGEST = 8192


def main(arguments: list[str]) -> int:
    """Fuzz for so many seconds; ends the process with 0, or with the code of atheris at the first fault."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only", help="one parser, by its name in tests/seal/test_fuzz.py")
    asked = parser.parse_args(arguments)
    if importlib.util.find_spec("atheris") is None:
        sys.stderr.write(
            "atheris is not installed: nothing was fuzzed. Install it with: pip install atheris\n"
        )
        return 1
    import atheris

    with atheris.instrument_imports(include=["seal"]):
        from tests.seal.test_fuzz import PARSERS

        from seal.errors import SealError
    names = sorted(PARSERS) if asked.only is None else [asked.only]

    def one(data: bytes) -> None:
        if data:
            try:
                PARSERS[names[data[0] % len(names)]][0](data[1:])
            except SealError as error:
                if "." not in error.code:
                    raise RuntimeError("an error without a code") from error

    folder = Path(tempfile.mkdtemp(prefix="seal-fuzz-"))
    (folder / "seeds").mkdir()
    for n, seed in enumerate(seeds(names, {name: good for name, (_read, good) in PARSERS.items()})):
        (folder / "seeds" / f"{n:04}").write_bytes(seed)
    sys.stderr.write(f"fuzzing {len(names)} parsers for {asked.seconds} s; inputs in {folder}\n")
    os.chdir(folder)
    options = [f"-max_total_time={asked.seconds}", f"-max_len={LONGEST}", "-timeout=10", "-rss_limit_mb=1024"]
    atheris.Setup(["benchmarks.fuzz", *options, str(folder / "seeds")], one)
    atheris.Fuzz()  # does not come back
    return 0


def seeds(names: list[str], good: dict[str, bytes]) -> list[bytes]:
    """Each good example and each bad one, after the byte that names its parser."""
    found = [bytes([at]) + good[name] for at, name in enumerate(names)]
    for file in sorted(BAD.glob("*.json")):
        name = FILES.get(file.stem, file.stem)
        if name in names:
            for row in json.loads(file.read_text("utf-8")):
                data = bytes.fromhex(row["hex"]) if "hex" in row else row["text"].encode()
                found.append(bytes([names.index(name)]) + data)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
