"""What lies in two logs leaves as one package for each log, in one step (ADR 19): no checkpoint covers both.

The older log's package is made first, so that the later one can name its digest; each names the other among its
omissions. Crash between them: the earlier one stands and is good, and its seal is in the book; the same command then
says that it is there, and goes on once it was moved away or another name was given.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from jieli.archive import queries as archive
from jieli.archive.types import POSITIONS
from jieli.evidence.errors import PackageExists
from jieli.ledger import places
from jieli.ledger import queries as ledger


def ids_by_log(items: Sequence[int]) -> dict[int, list[int]]:
    """Items by the log that proves them, older logs first, each in the order given."""
    entries = archive.batch_entries({item // POSITIONS for item in items})
    logs = {batch: places.log_of(entry) for batch, entry in entries.items()}
    if len(set(logs.values())) == 1:
        return {next(iter(logs.values())): list(items)}
    found: dict[int, list[int]] = {log: [] for log in sorted(set(logs.values()))}
    for item in items:
        found[logs[item // POSITIONS]].append(item)
    return found


def rows_by_log(rows: Iterable[tuple[str, object]]) -> dict[int, set[tuple[str, str]]]:
    """Which of the rows are written in each log, in any of their versions."""
    found: dict[int, set[tuple[str, str]]] = {}
    for row, versions in ledger.parts(rows).items():
        for part in versions:
            found.setdefault(places.log_of(part.entry), set()).add(row)
    return found


def paths(path: Path, logs: Collection[int]) -> dict[int, Path]:
    """Where the package of each log goes: under the name asked for, or with the log's number if there are several.

    PackageExists if one of them, or the name asked for, is taken: nothing was opened then.
    """
    wanted = {log: path.with_name(f"{path.stem}-账本{log}{path.suffix}") for log in logs}
    if len(logs) < 2:
        wanted = dict.fromkeys(logs, path)
    if any(one.exists() for one in (path, *wanted.values())):
        raise PackageExists("同名文件已存在，证据包从不覆盖。", remedy="请另选文件名，或先移走旧文件。")
    return wanted


def elsewhere(
    log: int, counts: Mapping[int, int], into: Mapping[int, Path], digests: Mapping[int, str]
) -> Iterable[tuple[int, str]]:
    """How much of something other logs prove, and in which package that is.

    `counts` by log; `into` the packages that are made, by log; `digests` of those that are finished.
    """
    for other, count in sorted(counts.items()):
        if other == log or not count:
            continue
        why = f"记在另一本账 {ledger.origin(other)}，"
        if other not in into:
            why += "没有可为此目的开启的，未另出证据包"
        elif other in digests:
            why += f"见同时生成的另一份证据包 {into[other].name}，sha256:{digests[other]}"
        else:
            why += f"见同时生成的另一份证据包 {into[other].name}（在本包之后生成，写有本包的摘要）"
        yield count, why
