"""An export of all, with what the house knows of its outside and the formats that the connectors write."""

from collections.abc import Callable, Sequence
from pathlib import Path

from jieli.access.types import Person
from jieli.connectors.exports import WRITERS
from jieli.evidence.leaving_export.operations import export_all
from jieli.evidence.leaving_export.types import Exported, VolumeMade
from jieli.kernel.errors import JieliError
from jieli.wiring import signer
from jieli.wiring.home import home_of
from jieli.wiring.outside import outside
from jieli.wiring.profile import Profile


class UnknownFormat(JieliError):
    """A load file that nobody here writes."""

    code = "export.unknown_format"


def formats(words: str) -> tuple[str, ...]:
    """The formats named, apart by commas; UnknownFormat for one that is none. No word: only the proofs."""
    wanted = tuple(dict.fromkeys(word.strip() for word in words.split(",") if word.strip()))
    if any(word not in WRITERS for word in wanted):
        raise UnknownFormat("有不认识的导出格式。", remedy=f"可选：{'、'.join(WRITERS)}。")
    return wanted


def export_everything(
    profile: Profile,
    directory: Path,
    wanted: Sequence[str],
    *,
    purpose: str,
    matter: str,
    by: Person,
    clock: Callable[[], int],
    tell: Callable[[VolumeMade], object],
) -> Exported:
    """Everything that may be opened, with its proofs, into a directory. Errors as `export_all`."""
    return export_all(
        directory=directory, purpose=purpose, matter=matter, by=by, clock=clock, outside=outside(profile),
        keys=signer.public_keys(home_of(profile)), writers={name: WRITERS[name] for name in wanted}, tell=tell,
    )  # fmt: skip
