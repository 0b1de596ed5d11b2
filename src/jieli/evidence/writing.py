"""A package onto the disk, past the places at which a test lets the process die (`jieli.kernel.failpoints`).

Whatever the place: under its name stands a whole package or nothing, and the same command again makes it. What a death
leaves beside it is `.partial`, readable by its owner alone, which that command overwrites. A package that has its name
and that nobody was told of is good: it verifies, and asking again says that it is there.
"""

from pathlib import Path

from jieli.kernel.failpoints import reach
from seal.package import Package


def write(package: Package, path: Path) -> str:
    """Write the package: whole and durable, or not at all. Gives the SHA-256 of the file, in hex."""
    return package.write(path, watch=_watch)


def _watch(step: str) -> None:
    if step == "file":
        reach("package.in_write")
    elif step == "whole":
        reach("package.before_rename")
    else:
        reach("package.after_rename")
