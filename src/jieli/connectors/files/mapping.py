"""The mapping file of a dialogue import: what the lines do not say. See ``dialogue`` for its schema."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jieli.connectors.jsonline import identifier
from jieli.kernel.errors import JieliError
from jieli.kernel.times import to_ms

FORMAT, VERSION = "jieli.dialogue-mapping", 1
KINDS = ("chat", "call", "group")
ACCOUNT = "@account"
PLACE = "{dialogue_id}"
MAX_SECONDS = 366 * 86_400

_SOURCE = re.compile(r"dialogue(\.[a-z0-9-]{1,40})?")
_TOP = frozenset({"format", "version", "source", "rules", "dialogues", "expected"})
_FIELDS = frozenset({"kind", "account", "speakers", "members", "room", "start", "step_s", "every_s"})
_NUMBER = re.compile(r"[0-9]{1,9}\Z")

Refs = tuple[str, ...]


class MappingError(JieliError):
    """The mapping file cannot be used; nothing has been imported. ``place`` is the path of the field."""

    def __init__(self, code: str, place: str, sentence: str, remedy: str) -> None:
        super().__init__(f"映射文件 {place}：{sentence}。", remedy=remedy, code=f"mapping.{code}")
        self.place = place


@dataclass(frozen=True, slots=True)
class Rule:
    """How the dialogues of one prefix, or one dialogue, are read. Several references take turns by number."""

    kind: str
    account: Refs
    speakers: Mapping[str, Refs]
    members: Refs
    room: str
    start_ms: int
    step_ms: int
    every_ms: int


@dataclass(frozen=True, slots=True)
class DialogueMapping:
    """The whole file, checked. ``expected`` is what the file says, verbatim, for the caller to compare."""

    source: str
    prefixes: Mapping[str, Rule]
    dialogues: Mapping[str, Rule]
    expected: Mapping[str, Any]

    def rule_for(self, dialogue_id: str) -> Rule | None:
        """The dialogue's own row, else the rule of its longest prefix, else None."""
        return self.dialogues.get(dialogue_id) or _longest(self.prefixes, dialogue_id)


def load_mapping(data: bytes) -> DialogueMapping:
    """The mapping of a JSON file's bytes. Raises ``MappingError`` with the place of the first fault."""
    document = _document(data)
    prefixes: dict[str, Rule] = {}
    for place, row in _rows(document, "rules"):
        prefix = _name(row.pop("prefix", None), f"{place}.prefix", empty=True)
        if prefix in prefixes:
            raise MappingError("repeated", place, "前缀重复", "请合并为一条。")
        prefixes[prefix] = _rule(row, place)
    dialogues: dict[str, Rule] = {}
    defaults = {row.get("prefix", ""): row for row in document.get("rules", [])}
    for place, row in _rows(document, "dialogues"):
        name = _name(row.pop("dialogue_id", None), f"{place}.dialogue_id")
        if name in dialogues:
            raise MappingError("repeated", place, "对话重复", "请合并为一条。")
        base = dict(_longest(defaults, name) or {})
        base.pop("prefix", None)
        if "start" in row:
            base.pop("every_s", None)  # its own start is the start, not one counted from the rule's
        dialogues[name] = _rule({**base, **row}, place)
    expected = document.get("expected", {})
    if type(expected) is not dict:
        raise MappingError("bad_field", "expected", "应为对象", "请写成“原因: 条数”的对象。")
    return DialogueMapping(_source(document), prefixes, dialogues, expected)


def number_of(dialogue_id: str) -> int:
    """The number at the end of a dialogue's id; 0 when it ends with none."""
    found = _NUMBER.search(dialogue_id)
    return int(found.group()) if found else 0


def _longest(table: Mapping[str, Any], name: str) -> Any:
    best = max((prefix for prefix in table if name.startswith(prefix)), key=len, default=None)
    return None if best is None else table[best]


def _document(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise MappingError("not_json", "$", "不是合法的 JSON（UTF-8，键不重复）", "请更正后重试。") from None
    if type(document) is not dict or document.get("format") != FORMAT or document.get("version") != VERSION:
        raise MappingError("wrong_format", "$", "不是对话映射文件", f"请写明 format“{FORMAT}”与 version 1。")
    _only(document, _TOP, "$")
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("repeated key")
    return found


def _source(document: dict[str, Any]) -> str:
    source = document.get("source", "dialogue")
    if type(source) is not str or not _SOURCE.fullmatch(source):
        raise MappingError("bad_field", "source", "来源名不合规", "请写 dialogue 或 dialogue.名称（小写）。")
    return source


def _rows(document: dict[str, Any], name: str) -> list[tuple[str, dict[str, Any]]]:
    rows = document.get(name, [])
    if type(rows) is not list or any(type(row) is not dict for row in rows):
        raise MappingError("bad_field", name, "应为对象的列表", "请更正后重试。")
    return [(f"{name}[{position}]", dict(row)) for position, row in enumerate(rows)]


def _rule(row: dict[str, Any], place: str) -> Rule:
    _only(row, _FIELDS, place)
    kind = row.get("kind")
    if kind not in KINDS:
        raise MappingError("bad_kind", f"{place}.kind", "类型不明", "请写 chat、call 或 group。")
    if "room" in row and kind != "group":
        raise MappingError("bad_field", f"{place}.room", "只有群聊才有群编号", "请删去 room 或改类型。")
    account = _refs(row.get("account"), f"{place}.account")
    if ACCOUNT in account:
        raise MappingError("bad_ref", f"{place}.account", "账号不能指向自己", "请写平台账号。")
    speakers = row.get("speakers")
    if type(speakers) is not dict or not speakers:
        raise MappingError("no_speakers", f"{place}.speakers", "没有说话人", "请写明每个角色是谁。")
    return Rule(
        kind=kind,
        account=account,
        speakers={
            _name(role, f"{place}.speakers"): () if ref is None else _refs(ref, f"{place}.speakers.{role}")
            for role, ref in speakers.items()
        },
        members=() if row.get("members", []) == [] else _refs(row["members"], f"{place}.members"),
        room=_name(row.get("room", PLACE), f"{place}.room") if kind == "group" else "",
        start_ms=_start(row.get("start"), f"{place}.start"),
        step_ms=_seconds(row.get("step_s", 30), f"{place}.step_s"),
        every_ms=_seconds(row.get("every_s", 0), f"{place}.every_s"),
    )


def _refs(value: Any, place: str) -> Refs:
    values = value if type(value) is list else [value]
    if not values:
        raise MappingError("bad_ref", place, "没有引用", "请至少写一个平台账号。")
    return tuple(_name(one, place) for one in values)


def _name(value: Any, place: str, *, empty: bool = False) -> str:
    found = identifier(value) if type(value) is str else None
    if found is None or not (found or empty):
        raise MappingError("bad_ref", place, "引用缺失或不合规", "请写不含控制字符、256 字以内的文本。")
    return found


def _start(value: Any, place: str) -> int:
    try:
        start = to_ms(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        start = -1
    if start < 0:
        raise MappingError("bad_time", place, "时间缺失或没有时区", "请写如 2026-03-02T09:00:00+08:00。")
    return start


def _seconds(value: Any, place: str) -> int:
    if type(value) is not int or not 0 <= value <= MAX_SECONDS:
        raise MappingError("bad_time", place, "秒数不合规", "请写 0 至 31622400 的整数。")
    return value * 1_000


def _only(row: dict[str, Any], known: frozenset[str], place: str) -> None:
    if not known.issuperset(row):
        usable = "、".join(sorted(known))
        raise MappingError("unknown_field", place, "有不认识的字段", f"可用的字段：{usable}。")
