"""Files to be reconciled: each format's reader, the mapping it was imported under, and capture behind."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import orjson

from jieli.access.policy import check_importer
from jieli.access.types import Person
from jieli.capture import queries
from jieli.capture.errors import MappingChanged
from jieli.capture.reconciling import Hourly, Named, Reconciliation, reconcile_counts, reconcile_messages
from jieli.capture.types import Parsed
from jieli.connectors.files import calls, dialogue, hourly
from jieli.connectors.files.mapping import DialogueMapping, load_mapping
from jieli.connectors.jsonline import bounded_lines
from jieli.connectors.wecom import lines as wecom
from jieli.wiring.imports import MissingOption, UnreadableFile


class SourceFormat(StrEnum):
    """What a source delivered: the formats of an import, or only numbers."""

    WECOM = "wecom"
    DIALOGUE = "dialogue"
    ASTERISK = "calls-asterisk"
    FREESWITCH = "calls-freeswitch"
    COUNTS = "counts"


PLATFORM_OF = {
    SourceFormat.WECOM: "wecom",
    SourceFormat.ASTERISK: "phone",
    SourceFormat.FREESWITCH: "phone",
}
SOURCE_OF = {SourceFormat.WECOM: wecom.SOURCE, SourceFormat.COUNTS: "counts"}


@dataclass(frozen=True, slots=True)
class Delivered:
    """How the files are to be read. `platform` None: the format's own."""

    format: SourceFormat
    platform: str | None = None
    mapping: Path | None = None


def reconcile_files(paths: Sequence[Path], delivered: Delivered, *, by: Person, at: int) -> Reconciliation:
    """Hold what these files of one source say against what came of it; together they are one delivery.

    Errors: Forbidden, UnreadableFile, MissingOption, MappingError, MappingChanged.
    """
    check_importer(by, historical=False, at=at)
    platform = delivered.platform or PLATFORM_OF.get(delivered.format)
    if platform is None:
        raise MissingOption("此格式没有写明账号属于哪个平台。", remedy="请用 --platform 给出，如 wecom。")
    source, mapping = SOURCE_OF.get(delivered.format, calls.SOURCE), None
    if delivered.format is SourceFormat.DIALOGUE:
        mapping = _mapping(delivered.mapping)
        source = mapping.source
    with ExitStack() as files:
        opened = [(path.name, files.enter_context(_opened(path))) for path in paths]
        named = [Named(name, _lines(file, delivered.format, mapping)) for name, file in opened]
        reconcile = reconcile_counts if delivered.format is SourceFormat.COUNTS else reconcile_messages
        return reconcile(source=source, platform=platform, files=named, by=by.actor, at=at)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError:
        raise UnreadableFile(f"文件 {path.name} 打不开。", remedy="请核对路径与读取权限。") from None


def _lines(
    file: BinaryIO, format_: SourceFormat, mapping: DialogueMapping | None
) -> Iterator[Parsed | Hourly] | Iterable[Parsed]:
    lines = bounded_lines(file)
    if format_ is SourceFormat.COUNTS:
        return hourly.parse(lines)
    if format_ is SourceFormat.WECOM:
        return wecom.parse(lines)
    if mapping is not None:
        return dialogue.parse(lines, mapping)
    return calls.parse(lines, format_.value.removeprefix("calls-"))


def _mapping(path: Path | None) -> DialogueMapping:
    """The mapping of the files; MappingChanged if the source was imported under another, where ids mean others."""
    if path is None:
        raise MissingOption("对话文件需要一份映射，说明谁是谁。", remedy="请用 --mapping 给出映射文件。")
    with _opened(path) as file:
        data = file.read()
    mapping = load_mapping(data)
    kept = queries.mapping_rules(mapping.source)
    given = {key: value for key, value in orjson.loads(data.decode("utf-8-sig")).items() if key != "expected"}
    if kept is not None and orjson.loads(kept) != given:
        raise MappingChanged(
            f"来源 {mapping.source} 是按另一份映射导入的，不能据此对账。",
            remedy="请给出导入时所用的映射文件。",
        )
    return mapping
