"""`jieli load DIR`: every sheet of the directory in the order in which one refers to another."""

from collections.abc import Callable
from pathlib import Path

from jieli.connectors.files import company as sheets
from jieli.connectors.files.company import SHEETS, Sheet
from jieli.connectors.files.tables import Problem, read_table
from jieli.kernel.errors import JieliError
from jieli.parties.types import Outcome
from jieli.wiring.load import assets, papers, parties, periods, times
from jieli.wiring.load.report import CannotLoad, FileReport, LoadReport, RowError
from jieli.wiring.load.rows import Loading, Rows

SIGN_WITHIN_DAYS = 30
Progress = Callable[[str, int, int], None]

LOADERS: dict[str, Callable[[Rows, Loading], Outcome]] = {
    sheets.ENTITIES.file: parties.load_entities,
    sheets.UNITS.file: parties.load_units,
    sheets.STAFF.file: parties.load_staff,
    sheets.ENGAGEMENT.file: parties.load_engagements,
    sheets.CUSTOMERS.file: parties.load_customers,
    sheets.IDENTITIES.file: parties.load_identities,
    sheets.ORDERS.file: parties.load_orders,
    sheets.DEVICES.file: assets.load_devices,
    sheets.NUMBERS.file: assets.load_numbers,
    sheets.ACCOUNTS.file: assets.load_accounts,
    sheets.GROUPS.file: assets.load_groups,
    sheets.MEMBERS.file: periods.load_members,
    sheets.HOLDINGS.file: periods.load_holdings,
    sheets.USES.file: periods.load_uses,
    sheets.PAPERS.file: papers.load_papers,
    sheets.SHIFTS.file: times.load_shifts,
    sheets.LEAVE.file: times.load_leave,
}


def load_company(
    directory: Path,
    *,
    by: str,
    at: int,
    sign_within_days: int = SIGN_WITHIN_DAYS,
    progress: Progress | None = None,
) -> LoadReport:
    """Load every sheet that stands in `directory`; the report counts each row once and names every fault.

    Good rows go in beside bad ones. A second run changes nothing and writes nothing. `progress` is told the sheet,
    how many are done and how many there are. CannotLoad (load.no_directory, load.nothing_to_load) before anything
    is read.
    """
    if not directory.is_dir():
        raise CannotLoad("没有这个目录。", remedy="请核对路径。", code="load.no_directory")
    present = [sheet for sheet in SHEETS if (directory / sheet.file).is_file()]
    if not present:
        raise CannotLoad(
            "目录里没有可装载的文件。",
            remedy="可先用 jieli load --templates 写出模板。",
            code="load.nothing_to_load",
        )
    loading = Loading(directory, by, at, sign_within_days)
    reports = []
    for done, sheet in enumerate(present):
        if progress is not None:
            progress(sheet.file, done, len(present))
        reports.append(_load_sheet(sheet, loading))
    known = {sheet.file for sheet in SHEETS}
    unknown = sorted(
        p.name for p in directory.iterdir() if p.suffix.lower() == ".csv" and p.name not in known
    )
    return LoadReport(tuple(reports), tuple(unknown))


def _load_sheet(sheet: Sheet, loading: Loading) -> FileReport:
    table = read_table(loading.directory / sheet.file, sheet.columns)
    rows = Rows(sheet, table, list(table.problems))
    try:
        outcome = LOADERS[sheet.file](rows, loading)
    except JieliError as error:
        # The room, or the database behind it, refused the sheet as a whole: it stands as it stood before.
        outcome = Outcome()
        remedy = f"{error.remedy}本文件没有写入任何一行。"
        rows.problems.append(Problem(0, "", error.code, error.sentence, remedy))
    done = outcome.new + outcome.changed + outcome.unchanged
    errors = [RowError(sheet.file, p.line, p.column, p.code, p.sentence, p.remedy) for p in rows.problems]
    return FileReport(
        file=sheet.file,
        encoding=table.encoding,
        rows=table.total,
        new=outcome.new,
        changed=outcome.changed,
        unchanged=outcome.unchanged,
        refused=table.total - done,
        errors=tuple(sorted(errors, key=lambda e: (e.line, e.column, e.code))),
    )
