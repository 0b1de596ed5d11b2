"""Deriving an item's fields from its raw line again: the archive's port `extract`, filled by the connectors.

Pure for ever: a version that once deposited must go on giving the same fields. What a dialogue's line does not say
stands in the mapping its source was imported under, which never changes (`capture.operations.keep_mapping`).
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from jieli.archive.types import Extracted
from jieli.capture import queries as capture
from jieli.capture.errors import MappingMissing
from jieli.capture.types import EXTRACTOR_VERSION, Incoming, Parsed
from jieli.connectors.files import calls, dialogue
from jieli.connectors.files.mapping import DialogueMapping, load_mapping
from jieli.connectors.jsonline import UnreadableError
from jieli.connectors.wecom import lines as wecom_lines
from jieli.connectors.wecom.kept import words
from jieli.kernel.errors import JieliError

# Only who took part is derived from a call record, its time stands in the row: any zone without gaps will do.
_NO_GAPS = ZoneInfo("UTC")
# A number above 1: a byte order mark belongs to a file's first line and is no longer in a kept one.
_KEPT = 2
# Who writes to whom, as the lines of a conversation repeat it; the reader bounds it.
_envelopes: dict[tuple[Any, ...], Any] = {}


class CannotDerive(JieliError):
    """A kept line does not read as the message it was deposited as, or nobody here knows how to read it."""

    code = "wiring.cannot_derive"


def extract(source: str, version: int, raw: bytes) -> Extracted:
    """The fields that a line of a source gives under an extractor version; CannotDerive, MappingMissing."""
    if not 1 <= version <= EXTRACTOR_VERSION:
        raise _cannot()
    found = _derived(next(_parsed(source, raw), None))
    # Version 1 knew of no recording in a call record; what was sealed so must be derived so.
    return found._replace(media=()) if version == 1 and source == calls.SOURCE else found


def extract_all(source: str, version: int, raws: Sequence[bytes]) -> list[Extracted]:
    """As `extract` gives each of these lines; those of the chat archive are read together."""
    if source != wecom_lines.SOURCE or not 1 <= version <= EXTRACTOR_VERSION:
        return [extract(source, version, raw) for raw in raws]
    found = words(raws, _envelopes)
    rest = [raw for raw, one in zip(raws, found, strict=True) if one is None]
    read = list(wecom_lines.parse(rest, first_line=_KEPT, seen=_envelopes))
    if len(read) != len(rest):  # a blank line gives nothing
        raise _cannot()
    others = iter(read)
    return [_derived(next(others)) if one is None else Extracted(*one, ()) for one in found]


def _derived(found: Parsed | None) -> Extracted:
    if not isinstance(found, Incoming):
        raise _cannot()
    media = tuple([claim.as_json() for claim in found.media]) if found.media else ()
    return Extracted(found.text, found.sender, found.receivers, media)


def _parsed(source: str, raw: bytes) -> Iterator[Parsed]:
    if source == wecom_lines.SOURCE:
        return wecom_lines.parse([raw], first_line=_KEPT, seen=_envelopes)
    if source == calls.SOURCE:
        return calls.parse([raw], _layout(raw), zone=_NO_GAPS, first_line=_KEPT)
    if source.partition(".")[0] == "dialogue":
        return dialogue.parse([raw], _mapping(source), first_line=_KEPT)
    raise _cannot()


def _cannot() -> CannotDerive:
    return CannotDerive("原始记录无法按其来源解析。", remedy="请运行 jieli fsck 查明，并报告此错误。")


@lru_cache(maxsize=64)
def _mapping(source: str) -> DialogueMapping:
    """The mapping of a source, which never changes once kept: asked for once a process, not once an item."""
    rules = capture.mapping_rules(source)
    if rules is None:
        raise MappingMissing(f"来源 {source} 的映射不在库中。", remedy="请从备份恢复，或报告此错误。")
    return load_mapping(rules.encode())


def forget_mappings() -> None:
    """For a process that is given another store: the test suite is one."""
    _mapping.cache_clear()


def _layout(raw: bytes) -> str:
    """Which layout a call record has: in each, the columns of times are columns of something else in the other."""
    for layout in calls.LAYOUTS:
        try:
            calls.record(raw, layout, zone=_NO_GAPS)
        except UnreadableError:
            continue
        return layout
    raise _cannot()
