"""What people read of an answer that has no words of its own: every key and every value in Chinese words."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import pytest

from jieli.doors import cli as room
from jieli.doors.cli import in_words, work
from jieli.doors.cli.labels import INSTANTS, LABELS, VALUES
from jieli.doors.worker import DUTIES
from tests.conftest import NOW
from tests.doors.cli import Jieli
from tests.doors.words_checked import misprints

SOURCES = sorted(Path(next(iter(room.__path__))).glob("*.py"))
#: Names of natural things in an answer's place for keys: kinds of files, never printed.
NOT_KEYS = {"application/pdf", "image/jpeg", "image/png"}


class Side(StrEnum):
    """A value as the house has them."""

    COMPANY = "公司"


def test_every_kind_of_value_is_told_in_words() -> None:
    moment = datetime(2026, 9, 21, 16, 30, tzinfo=UTC)
    told = in_words.lines({
        "witnessed": [], "counts": False, "quorum_met": True, "clock": (), "amount": None, "note": "",
        "opened_on": date(2026, 9, 21), "expires_at": NOW, "at": moment.isoformat(), "notice_at": moment,
        "platform_at": 0, "checkpoint": "pending", "side": Side.COMPANY, "digest": b"\x00\xff", "request": UUID(int=1),
        "kinds": ["甲", Side.COMPANY], "outcomes": {"甲": 2}, "until": "2026-09-21", "time": "不明",
        "files": [Path("a/b.pdf")], "missing": [{"code": "a.b", "who": None}, {"code": "c.d", "who": ["甲", "乙"]}],
    })  # fmt: skip
    assert told == [
        "见证：无", "计数：否", "达到信任策略：是", "时钟疑点：无", "金额：无", "说明：无", "立案日：2026-09-21",
        "有效至：2026-09-21 22:13", "时间：2026-09-22 00:30", "通知时间：2026-09-22 00:30", "平台时间：无",
        "检查点（条）：待签", "一方：公司", "摘要：00ff", "申请：00000000-0000-0000-0000-000000000001",
        "种类：甲、公司",
        "结果：", "  甲：2", "截至：2026-09-21", "时间：不明", "文件：a/b.pdf", "缺少：", "  · 代码 a.b；谁 无",
        "  · 代码 c.d；谁 甲、乙",
    ]  # fmt: skip
    assert misprints(told) == []


def test_a_command_s_own_words_come_before_the_house_s() -> None:
    assert in_words.lines({"n": 0, "unit": "秒"}, {"n": "第几个附件"}) == ["第几个附件：0", "单位：秒"]
    assert in_words.lines({"at": "2026-09-21T08:00"}) == ["时间：2026-09-21 08:00"]
    west = datetime(2026, 9, 21, 8, tzinfo=timezone(timedelta(hours=-8)))
    assert in_words.lines({"at": west}) == ["时间：2026-09-22 00:00"]


def test_the_check_finds_what_the_screen_once_showed() -> None:
    once = [
        "witnessed：[]", "计数：False", "指纹：{'root.key': 'ab'}", "number：M-2026-0001",
        "一方：<Side.COMPANY: '公司'>",
        "  · code a.b；谁 None", "文件：PosixPath('a')", "时间：1790000000000", "说明：('a',)",
    ]  # fmt: skip
    assert misprints(once) == once


def _functions() -> Iterator[tuple[Path, ast.FunctionDef]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield path, node


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _answers_without_words(function: ast.FunctionDef) -> bool:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    found = [c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr in ("answer", "told")]
    return any("say" not in [word.arg for word in call.keywords] for call in found)


def _keys(function: ast.FunctionDef) -> set[str]:
    dicts = (node for node in ast.walk(function) if isinstance(node, ast.Dict))
    keys = (key.value for one in dicts for key in one.keys if isinstance(key, ast.Constant))
    return {key for key in keys if isinstance(key, str)}


def _reached() -> dict[str, str]:
    """Keys of the answers that are told by label, and of every function that helps to make one: key → where."""
    named: dict[str, list[tuple[Path, ast.FunctionDef]]] = {}
    for path, function in _functions():
        named.setdefault(function.name, []).append((path, function))
    waiting = [(p, f) for p, f in _functions() if _answers_without_words(f)]
    seen: set[tuple[Path, str]] = set()
    found: dict[str, str] = {}
    while waiting:
        path, function = waiting.pop()
        if (path, function.name) in seen:
            continue
        seen.add((path, function.name))
        found |= dict.fromkeys(_keys(function), f"{path.stem}.{function.name}")
        for call in ast.walk(function):
            helpers = named.get(_called(call), [])
            here = [one for one in helpers if one[0] == path]
            waiting += here or (helpers if len(helpers) == 1 else [])
    return found


def test_every_key_of_an_answer_told_by_label_has_a_chinese_one() -> None:
    reached = _reached()
    unnamed = {key: where for key, where in reached.items() if key.isascii() and key not in LABELS}
    assert {key: where for key, where in unnamed.items() if key not in NOT_KEYS} == {}
    assert {"opened_on", "fingerprints", "agreement", "withheld"} <= reached.keys()
    assert len(reached) > 150


def test_labels_are_chinese_and_what_says_when_is_a_label_too() -> None:
    words = [*LABELS.values(), *VALUES.values()]
    assert [word for word in words if not re.search("[\u4e00-\u9fff]|SHA-256", word)] == []
    assert INSTANTS - LABELS.keys() == {"backups_gone_by", "keys_until", "main_until"} - LABELS.keys()
    assert {duty.name for duty in DUTIES} == work.DUTIES.keys()


def test_a_matter_a_checkpoint_and_a_round_are_told_in_words(jieli: Jieli) -> None:
    opened = jieli.said("matter", "open", "退费争议", "--kind", "争议", "--as", "yan")
    assert re.fullmatch(r"编号：M-2026-\d+\n类别：争议\n立案日：2026-09-21\n", opened)
    signed = jieli.said("ledger", "sign", "--once")
    assert re.match(r"已签到（条）：\d+\n见证：无\n时间戳：无\n联系不上：无\n达到信任策略：", signed)
    assert "\n时钟疑点：" in signed
    worked = jieli.said("work", "--once")
    assert "心跳" in worked and "heartbeat" not in worked
    assert misprints([*opened.splitlines(), *signed.splitlines(), *worked.splitlines()]) == []


WRONG = [
    (("matter", "open"), "缺少参数 TITLE", "jieli matter open"),
    (("matter", "open", "a", "--as", "yan"), "缺少选项 --kind", "jieli matter open"),
    (("matter", "list", "--colour"), "没有 --colour 这个选项", "jieli matter list"),
    (("matter", "list", "--as"), "选项 --as 的用法不对", "jieli matter list"),
    (("matter", "close", "a", "b", "--as", "yan"), "没有这个命令，或多出了参数", "jieli matter close"),
    (("mater",), "没有这个命令", "jieli"),
]


@pytest.mark.parametrize(("words", "told", "path"), WRONG, ids=[" ".join(w) for w, _, _ in WRONG])
def test_a_line_typed_wrongly_is_told_in_chinese_first(
    fresh: Jieli, words: tuple[str, ...], told: str, path: str
) -> None:
    done = fresh(*words)
    first, second = done.stderr.splitlines()
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in first and first.endswith("--help。［cli.usage］")
    assert re.match("(?:Missing|Invalid|No such|Option|Got) [a-z'-]+", second)


NOT_OF_THE_KIND = [
    (("matter", "open", "a", "--kind", "x"), "选项 --kind 的写法不对：只能是 离职、争议、泄露、事件、请求。"),
    (("hold", "place", "x", "1"), "参数 SCOPE 的写法不对：只能是 条目、会话、人、类别。"),
    (("hold", "release", "x"), "参数 HOLD 的写法不对：应为编号（UUID），请整个复制。"),
    (("shred", "items", "x"), "参数 ITEM 的写法不对：应为整数。"),
    (("read", "--conversation", "9" * 5_000), "选项 --conversation 的写法不对：数字太长。"),
    (("rebuild", "index", "--month", "x"), "选项 --month 的写法不对：应为整数。"),
]


@pytest.mark.parametrize(
    ("words", "told"), NOT_OF_THE_KIND, ids=[" ".join(w)[:20] for w, _ in NOT_OF_THE_KIND]
)
def test_a_value_of_the_wrong_kind_is_told_in_chinese_alone_with_what_it_should_be(
    fresh: Jieli, words: tuple[str, ...], told: str
) -> None:
    done = fresh(*words, "--as", "yan")
    [line] = done.stderr.splitlines()
    assert (done.exit_code, done.stdout) == (2, "")
    assert line.startswith(told) and line.endswith("--help。［cli.usage］")


def test_help_and_a_bare_group_are_what_they_were(fresh: Jieli) -> None:
    assert fresh("--help").exit_code == 0 and "接力" in fresh("--help").stdout
    bare = fresh("matter")
    assert bare.exit_code == 2 and "立案" in bare.output and "cli.usage" not in bare.output
    assert fresh("matter", "close", "M-1", "--as", "nobody").exit_code == 1
