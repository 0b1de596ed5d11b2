"""Concordance DAT: fields between þ, parted by 0x14, a new line within a field as ®; UTF-8 with a byte order mark.

The format has no escape. Where a text holds one of its three signs, or a carriage return, it is written with what
looks like it and the column `substituted` says 1: its exact text is in the CSV and in the proof, and `text_sha256` is
over that one.
"""

from collections.abc import Iterator, Sequence

from jieli.connectors.exports.columns import COLUMNS, cells
from jieli.evidence.leaving_export.types import Line, Volume

NAME = "messages.dat"
FIELD, QUOTE, NEWLINE = "\x14", "þ", "®"
ENDS = "\r\n"
#: What stands for the signs that the format keeps to itself.
STANDS_FOR = {ord(FIELD): "␔", ord(QUOTE): "ƿ", ord(NEWLINE): "Ⓡ", ord("\r"): "␍"}


def write(volume: Volume, lines: Sequence[Line]) -> Iterator[tuple[str, bytes]]:
    """One file; the first line names the columns, the last of which is `substituted`."""
    rows = [_row([*COLUMNS, "substituted"])]
    for line in lines:
        plain = cells(line)
        spelled = [cell.translate(STANDS_FOR) for cell in plain]
        changed = any(was != now for was, now in zip(plain, spelled, strict=True))
        rows.append(_row([*(cell.replace("\n", NEWLINE) for cell in spelled), str(int(changed))]))
    yield NAME, b"\xef\xbb\xbf" + "".join(rows).encode()


def _row(fields: Sequence[str]) -> str:
    return FIELD.join(f"{QUOTE}{field}{QUOTE}" for field in fields) + ENDS
