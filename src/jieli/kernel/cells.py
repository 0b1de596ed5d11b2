"""Cells of tables that people open in a spreadsheet: none of them is taken for a formula."""

#: What a spreadsheet may take for a formula when a cell begins with it, and our own mark against that.
GUARDED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")


def guarded(cell: str) -> str:
    """The cell behind an apostrophe where it needs one; one that has one already gets another, so it can be undone."""
    return f"'{cell}" if cell.startswith(GUARDED) else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell.removeprefix("'")
