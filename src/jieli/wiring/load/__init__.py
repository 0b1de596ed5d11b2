"""A company comes in: its sheets, in one directory, into the registers of several rooms.

A sheet is one transaction and one entry of a kind; what is good goes in, what is bad is told with line, column and
remedy. Loading the same directory again changes nothing. Crash in between: the sheets before stand, run it again.
"""

from jieli.wiring.load.company import load_company
from jieli.wiring.load.report import FileReport, LoadReport, RowError
from jieli.wiring.load.templates import write_templates

__all__ = ["FileReport", "LoadReport", "RowError", "load_company", "write_templates"]
