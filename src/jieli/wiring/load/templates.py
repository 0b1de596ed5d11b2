"""`jieli load --templates DIR`: every sheet with its headers and example rows, ready for Excel."""

import csv
import io
from pathlib import Path

from jieli.connectors.files.company import SHEETS
from jieli.wiring.load.report import CannotLoad


def write_templates(directory: Path) -> tuple[Path, ...]:
    """Write the templates; the examples load as they are. Refused where a file of that name stands already.

    UTF-8 with a byte order mark, for without it Excel on Windows shows Chinese as noise.
    """
    directory.mkdir(parents=True, exist_ok=True)
    paths = tuple(directory / sheet.file for sheet in SHEETS)
    if any(path.exists() for path in paths):
        raise CannotLoad(
            "目录里已有同名文件，未写入任何模板。", remedy="请换一个空目录。", code="load.template_exists"
        )
    for path, sheet in zip(paths, SHEETS, strict=True):
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows(
            [[c.header for c in sheet.columns], *sheet.examples]
        )
        path.write_bytes(text.getvalue().encode("utf-8-sig"))
    return paths
