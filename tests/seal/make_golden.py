"""``python -m tests.seal.make_golden VERSION``: the packages of a release, kept as text and verified for ever.

Run it once at each release, on the code that is released; a version that is there already is left alone, because
a golden package that is made anew proves nothing. What was recorded is what the verifier said on that day.
"""

from __future__ import annotations

import json
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

from seal import policy
from seal.keys import MLDSA
from seal.verify import verify_package
from tests.seal.authority import Authority
from tests.seal.packages import ORIGIN, Built, build, signer, sm2_signer

GOLDEN = Path(__file__).with_name("golden")
COLUMNS = 100


def main(arguments: list[str]) -> int:
    """Write ``golden/VERSION``; 1 when it is there already."""
    (version,) = arguments
    out = GOLDEN / version
    if out.exists():
        sys.stderr.write(f"{out} exists: a golden package is never made anew\n")
        return 1
    out.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as name:
        for kind, built in packages(Path(name)):
            _keep(out, kind, built)
    return 0


def packages(folder: Path) -> Iterator[tuple[str, Built]]:
    """Each kind of package that this release makes, small, of invented content, from fixed keys and salts."""
    authority = Authority(folder / "tsa")
    stamped = {"stamp": authority.stamp, "roots": authority.roots}
    yield "conversation", build(folder / "conversation", **stamped)
    yield "receipt", build(folder / "receipt", kind="receipt", take=(0, 3), witness_count=0, clock="real")
    further = (signer(ORIGIN, kind=MLDSA), sm2_signer())
    yield (
        "algorithms",
        build(folder / "algorithms", more=further, cosigner=MLDSA, sm3=True, take=(0, 2), **stamped),
    )
    yield "evidence", build(folder / "evidence", kind="matter", witness_count=3, **stamped)


def lines(data: bytes) -> str:
    """Base64 in lines."""
    text = b64encode(data).decode()
    return "".join(text[at : at + COLUMNS] + "\n" for at in range(0, len(text), COLUMNS))


def judged(source: Path, trusted: bytes | None, roots: bytes | None) -> dict[str, object]:
    """The exit code, and each step with its state and code."""
    report = verify_package(source, policy=policy.parse(trusted) if trusted else None, tsa_roots=roots)
    return {"exit": report.exit_code, "steps": [f"{s.n} {s.state} {s.code}".strip() for s in report.steps]}


def _keep(out: Path, kind: str, built: Built) -> None:
    (out / f"{kind}.package.txt").write_text(lines(built.path.read_bytes()))
    (out / f"{kind}.policy.txt").write_bytes(built.policy)
    (out / f"{kind}.roots.txt").write_bytes(built.roots or b"")
    said = {
        "all": judged(built.path, built.policy, built.roots),
        "no roots": judged(built.path, built.policy, None),
        "nobody named": judged(built.path, None, None),
    }
    (out / f"{kind}.expected.txt").write_text(json.dumps(said, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
