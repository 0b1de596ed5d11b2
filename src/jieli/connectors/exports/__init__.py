"""Load files of an export of all, one module a format. Pure: the lines of a volume in, names and bytes out."""

from collections.abc import Mapping

from jieli.connectors.exports import csv, dat, edrm, eml, vcon
from jieli.evidence.leaving_export.types import Writer

#: The formats by the words that people ask for them with.
WRITERS: Mapping[str, Writer] = {
    "csv": csv.write,
    "eml": eml.write,
    "vcon": vcon.write,
    "edrm": edrm.write,
    "dat": dat.write,
}
