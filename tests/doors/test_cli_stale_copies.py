"""What `jieli retention show` says of a copy for a restore that still holds what was emptied."""

from pathlib import Path

import pytest

from jieli.doors.cli.retention import _of_copy
from jieli.wiring.stale_copies import Copy

ONCE_MORE = "再运行 jieli ledger export /a/copy --for-restore 即清空"


@pytest.mark.parametrize(
    ("stale", "later", "seen", "said"),
    [
        (2, 0, True, f"恢复用的副本 /a/copy 里还有已清空的内容：2 处，{ONCE_MORE}。"),
        (
            0,
            3,
            True,
            "恢复用的副本 /a/copy 里还有已清空的内容：3 处，要等之前的备份都过期，再导出时清空。",
        ),
        (1, 0, False, f"恢复用的副本 /a/copy 里（此刻看不到）可能还有已清空的内容：1 处，{ONCE_MORE}。"),
    ],
)
def test_a_copy_is_told_with_what_empties_it(stale: int, later: int, seen: bool, said: str) -> None:
    assert _of_copy(Copy(Path("/a/copy"), stale, later, seen)) == said
