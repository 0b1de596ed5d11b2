"""``python -m seal.build_pyz OUT``: the verifier as one file that any Python 3.11 runs, ``python seal.pyz verify …``.

The same sources give the same bytes, so that a digest of it can be printed and compared. It holds the standard
library's needs only: without ``cryptography`` signatures are checked by the ``openssl`` command, and where there is
neither, the answer is 3 and says so.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from seal.errors import SealError

_SOURCE = Path(__file__).resolve().parent
_LEFT_OUT = ("build_pyz.py", "witness", "page/")  # a verifier needs neither a witness nor the page
_FIRST_LINE = b"#!/usr/bin/env python3\n"
# An older Python would end in a traceback and with 1, which reads as a verdict on the evidence.
_START = b"""\
import sys

if sys.version_info < (3, 11):
    sys.stderr.write("Cannot proceed: seal needs Python 3.11 or newer, this is %d.%d.\\n" % sys.version_info[:2])
    sys.exit(2)

from seal.cli import main

sys.exit(main())
"""


def build(out: Path) -> None:
    """Write the archive to ``out``, which must not exist."""
    names = sorted(
        path.relative_to(_SOURCE).as_posix()
        for path in _SOURCE.rglob("*.py")
        if not path.relative_to(_SOURCE).as_posix().startswith(_LEFT_OUT)
    )
    files = {"__main__.py": _START, **{f"seal/{name}": (_SOURCE / name).read_bytes() for name in names}}
    try:
        with out.open("xb") as file:
            file.write(_FIRST_LINE)
            with ZipFile(file, "a", ZIP_STORED) as archive:
                for name, data in files.items():
                    info = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                    info.create_system, info.external_attr = 3, 0o644 << 16  # not this machine's
                    archive.writestr(info, data)
    except OSError:
        raise SealError("pyz.out", "The file exists or cannot be written; choose another.") from None
    out.chmod(0o755)


def _named(arguments: Sequence[str]) -> Path:
    if len(arguments) != 1:
        raise SealError("pyz.usage", "Name one file to write: python -m seal.build_pyz seal.pyz")
    return Path(arguments[0])


def main(arguments: Sequence[str] | None = None) -> int:
    """Build it; 2 with a sentence for wrong usage."""
    try:
        build(_named(sys.argv[1:] if arguments is None else arguments))
    except SealError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
