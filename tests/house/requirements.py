"""Writes docs/reference/requirements.md from the marks on the tests; `--check` says whether it is up to date.

A requirement counts as done when a test that bears its mark passed through a door. Which tests did is recorded
while the suite runs (tests/doors_passed.txt), not claimed by hand.
"""

import ast
import csv
import sys
from pathlib import Path

HERE = Path(__file__).parent
TESTS = HERE.parent
PAGE = TESTS.parent / "docs" / "reference" / "requirements.md"
DOORS = TESTS / "doors_passed.txt"


def titles() -> dict[str, str]:
    """Every requirement with its name, in order."""
    with (HERE / "requirements.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["title"] for row in csv.DictReader(file)}


def marked() -> dict[str, list[str]]:
    """The tests that bear a requirement's mark, as `path::name`."""
    found: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                name = f"{path.relative_to(TESTS.parent)}::{node.name}"
                for requirement in _marks(node):
                    found.setdefault(requirement, []).append(name)
    return found


def _marks(node: ast.FunctionDef) -> list[str]:
    calls = [d for d in node.decorator_list if isinstance(d, ast.Call)]
    named = [c for c in calls if ast.unparse(c.func) == "pytest.mark.req"]
    return [
        a.value for c in named for a in c.args if isinstance(a, ast.Constant) and isinstance(a.value, str)
    ]


def through_a_door() -> set[str]:
    """Tests that were seen to pass through a door when the suite last ran whole."""
    return set(DOORS.read_text(encoding="utf-8").split("\n")) - {""} if DOORS.exists() else set()


def page() -> str:
    """The reference page as it should stand."""
    tests, doors, names = marked(), through_a_door(), titles()
    shown = {r for r, found in tests.items() if any(t in doors for t in found)}
    rules = {r for r in names if r.startswith("R")}
    seen, begun = len(shown & rules), len(tests.keys() & rules)
    lines = [
        "# 要求与测试 · Requirements and tests",
        "",
        "由测试上的标记生成（`make docs`）。“经门”：至少一个测试经由命令行、网页或浏览器走完这条要求。",
        "",
        f"要求共 {len(rules)} 条：{seen} 条已有经门的测试，{begun - seen} 条只有房间内的测试，"
        f"{len(rules) - begun} 条尚未开始。案例 {len(names) - len(rules)} 件：{len(shown - rules)} 件经门。",
        "",
        "| 编号 | 要求 | 经门 | 测试 |",
        "|---|---|---|---|",
    ]
    for requirement, title in names.items():
        found = tests.get(requirement, [])
        mark = "是" if requirement in shown else ("否" if found else "未开始")
        cell = "<br>".join(f"`{t.rpartition('/')[2]}`" for t in found)
        lines.append(f"| {requirement} | {title} | {mark} | {cell} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the page, or with `--check` compare it."""
    unknown = set(marked()) - set(titles())
    if unknown:
        print(f"标记了不存在的要求：{sorted(unknown)}")
        return 1
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        print("docs/reference/requirements.md 不是最新：请运行 python -m tests.house.requirements")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
