"""Writes docs/reference/states.md from the tables that the rules read; `--check` says whether it is up to date."""

import sys
from collections.abc import Iterable
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "states.md"
Arrow = tuple[str, str, str]


def _drawing(title: str, source: str, arrows: Iterable[Arrow]) -> list[str]:
    """One machine: a drawing, and the same as a table for whoever reads rather than looks."""
    found = list(arrows)
    drawn = [f"    {a} --> {b}: {word}" if word else f"    {a} --> {b}" for a, word, b in found]
    rows = [f"| {a} | {word} | {b} |" for a, word, b in found]
    return [
        f"## {title}", "", f"`{source}`", "", "```mermaid", "stateDiagram-v2", *drawn, "```", "",
        "| 从 | 因 | 到 |", "|---|---|---|", *rows, "",
    ]  # fmt: skip


def page() -> str:
    """The reference page as it should stand."""
    from jieli.assets.policy import TRANSITIONS
    from jieli.handover.purge import ORDER
    from jieli.handover.types import Stage
    from jieli.succession.outcomes import CODES

    accounts = [(a, str(event), b) for a, events in TRANSITIONS.items() for event, b in events.items()]
    stages: list[Arrow] = [(before, "", after) for after, before in ORDER.items()]
    stages.append((Stage.PURGED, "回访两项都已确认", Stage.CLOSED))
    noted = [Stage.OPEN, *ORDER]
    stages += [(stage, "送达与三次联系有据", Stage.CLOSED_NOTED) for stage in noted]
    answers = [f"| {code} | {found.outcome} | {found.text} |" for code, found in CODES.items()]
    lines = [
        "# 状态 · States",
        "",
        "由规则所读的表生成（`make docs`），与代码不一致时检查不通过。",
        "",
        *_drawing("账号", "assets.policy.TRANSITIONS", accounts),
        *_drawing("离职交接", "handover.purge.ORDER", stages),
        "## 企业微信对一名客户或一个群的答复",
        "",
        "`succession.outcomes.CODES`",
        "",
        "| 错误码 | 结果 | 意思 |",
        "|---|---|---|",
        *answers,
    ]
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Write the page, or with `--check` compare it."""
    from jieli.wiring import start

    start.load()
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        print("docs/reference/states.md 不是最新：请运行 python -m tests.house.states")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
