"""A file comes in: its format's reader, the mapping it needs, what was expected of it, and capture behind."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import orjson

from jieli.access.policy import check_importer
from jieli.access.types import Person
from jieli.capture.operations import admit, keep_mapping
from jieli.capture.report import ImportReport, Receipt
from jieli.capture.types import ConsentLine, Parsed
from jieli.connectors.files import calls, dialogue
from jieli.connectors.files.mapping import DialogueMapping, load_mapping
from jieli.connectors.jsonline import bounded_lines
from jieli.connectors.wecom import lines as wecom
from jieli.kernel.errors import JieliError


class Format(StrEnum):
    """What a file can be (docs/reference/import-formats.md)."""

    WECOM = "wecom"
    DIALOGUE = "dialogue"
    ASTERISK = "calls-asterisk"
    FREESWITCH = "calls-freeswitch"


#: Whose accounts and identities the files of a format speak of, unless the importer says otherwise.
PLATFORM_OF = {Format.WECOM: "wecom", Format.ASTERISK: "phone", Format.FREESWITCH: "phone"}


class UnreadableFile(JieliError):
    """A file to be imported, or its mapping, cannot be opened."""

    code = "import.unreadable"


class MissingOption(JieliError):
    """A format needs to be told something that the file does not say."""

    code = "import.missing_option"


@dataclass(frozen=True, slots=True)
class Difference:
    """A number that the mapping expected and the import did not give."""

    what: str
    expected: int
    found: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file. `differences` None: nothing was expected of it."""

    file: str
    report: ImportReport
    differences: tuple[Difference, ...] | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """How files are to be read. `platform` None: the format's own."""

    format: Format
    platform: str | None = None
    mapping: Path | None = None
    historical: bool = False
    reason: str | None = None


def import_file(
    path: Path, wanted: Wanted, *, by: Person, at: int, progress: Callable[[Receipt], None] | None = None
) -> Imported:
    """Import one file, whole, in batches; each is told to `progress` once it is in the ledger.

    Run again after a crash it finishes what is missing. Errors: Forbidden, UnreadableFile, MissingOption,
    MappingError, MappingChanged, ReasonMissing, and those of the archive and the ledger.
    """
    check_importer(by, historical=wanted.historical, at=at)
    platform = wanted.platform or PLATFORM_OF.get(wanted.format)
    if platform is None:
        raise MissingOption("此格式没有写明账号属于哪个平台。", remedy="请用 --platform 给出，如 wecom。")
    source, mapping = {Format.WECOM: wecom.SOURCE}.get(wanted.format, calls.SOURCE), None
    if wanted.format is Format.DIALOGUE:
        mapping = _mapping(wanted.mapping, by=by, at=at)
        source = mapping.source
    with _opened(path) as file, _opened(path) as ahead:
        report = admit(
            source=source, platform=platform, place=path.name, lines=_parsed(file, wanted.format, mapping),
            statements=_statements(ahead, wanted.format), by=by.actor, at=at, historical=wanted.historical,
            reason=wanted.reason, progress=progress,
        )  # fmt: skip
    differences = None if mapping is None or not mapping.expected else _differences(mapping, report)
    return Imported(path.name, report, differences)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError:
        raise UnreadableFile(f"文件 {path.name} 打不开。", remedy="请核对路径与读取权限。") from None


def _parsed(file: BinaryIO, format_: Format, mapping: DialogueMapping | None) -> Iterator[Parsed]:
    lines = bounded_lines(file)
    if format_ is Format.WECOM:
        return wecom.parse(lines)
    if mapping is not None:
        return dialogue.parse(lines, mapping)
    return calls.parse(lines, format_.value.removeprefix("calls-"))


def _statements(file: BinaryIO, format_: Format) -> Iterator[ConsentLine]:
    """What the platform says of consent anywhere in the file, read ahead: it counts for all messages (ADR 11)."""
    if format_ is not Format.WECOM:
        return
    for number, line in enumerate(bounded_lines(file), 1):
        if b"agree" in line:
            for found in wecom.parse([line], first_line=number):
                if isinstance(found, ConsentLine):
                    yield found


def _mapping(path: Path | None, *, by: Person, at: int) -> DialogueMapping:
    """The mapping of a file of dialogues, kept with what is imported under it."""
    if path is None:
        raise MissingOption("对话文件需要一份映射，说明谁是谁。", remedy="请用 --mapping 给出映射文件。")
    with _opened(path) as file:
        data = file.read()
    mapping = load_mapping(data)
    rules = {key: value for key, value in orjson.loads(data.decode("utf-8-sig")).items() if key != "expected"}
    keep_mapping(source=mapping.source, rules=rules, by=by.actor, at=at)
    return mapping


def _differences(mapping: DialogueMapping, report: ImportReport) -> tuple[Difference, ...]:
    """Where the counts are not those that the mapping expects; what an earlier run kept counts as kept."""
    refused = mapping.expected.get("refused", {})
    asked = [("admitted", mapping.expected.get("admitted"), report.admitted + report.duplicates)]
    if isinstance(refused, dict):
        asked += [(reason, refused[reason], report.reasons.get(reason, 0)) for reason in sorted(refused)]
        asked += [
            (reason, 0, count) for reason, count in sorted(report.reasons.items()) if reason not in refused
        ]
    else:
        asked.append(("refused", refused, report.refused))
    return tuple(
        Difference(what, expected, found)
        for what, expected, found in asked
        if isinstance(expected, int) and expected != found
    )
