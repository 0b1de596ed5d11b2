"""An import that dies: what it acknowledged is kept, nothing twice or half, and running it again finishes it."""

import signal
from pathlib import Path

import pytest

from jieli.archive import queries as archive
from jieli.capture import queries
from jieli.capture.models import RunBatch
from jieli.kernel import failpoints
from jieli.ledger import queries as ledger
from tests.rooms.child_process import Tell, run_in_child
from tests.rooms.company import Company, bring, chat, company, found_company, open_vault, vault
from tests.rooms.test_capture import findings

__all__ = ["company", "vault"]

BATCH = 4
LINES = [
    *(chat(n, f"第{n}句：明前茶", when=f"2026-09-18 10:{n:02d}") for n in range(10)),
    *(chat(f"no-{n}", f"不同意{n}", sender="wm-no", when=f"2026-09-18 11:{n:02d}") for n in range(4)),
]


def import_lines(tell: Tell, home: Path) -> None:
    open_vault(home)
    bring(LINES, batch_lines=BATCH, progress=lambda receipt: tell((receipt.entry, receipt.admitted)))


# Where the process dies, which passage of that place belongs to the first batch, and whether the batch whose turn
# it was is in the book: it is once it was committed. An import's own beginning passes the ledger's places first.
POINTS = [
    ("keys.before_store", 1, False),
    ("keys.after_store", 1, False),
    ("archive.before_copy", 1, False),
    ("archive.after_copy", 1, False),
    ("import.before_commit", 1, False),
    ("ledger.before_lock", 2, False),
    ("ledger.before_commit", 2, False),
    ("import.before_acknowledge", 1, True),
]


@pytest.mark.parametrize(("point", "first", "stands"), POINTS)
def test_an_import_killed_in_its_second_batch_is_finished_by_running_it_again(
    company: Company, monkeypatch: pytest.MonkeyPatch, point: str, first: int, stands: bool
) -> None:
    monkeypatch.setenv(failpoints.VARIABLE, f"{point}:{first + 1}")
    code, heard = run_in_child(import_lines, company.home)
    assert code == -signal.SIGKILL
    assert len(heard) == 1
    assert {entry.kind for entry in ledger.entries(index for index, _ in heard).values()} <= {"capture.admit"}
    assert RunBatch.objects.count() == 1 + stands
    assert archive.counts()["items"] == BATCH * (1 + stands)
    monkeypatch.delenv(failpoints.VARIABLE)
    again = bring(LINES, batch_lines=BATCH)
    assert (again.admitted + again.duplicates, again.refused) == (10, 4)
    assert archive.counts()["items"] == 10
    assert [(t.reason, t.count) for t in queries.tallies()] == [("客户未同意", 4)]
    assert findings() == set()


def test_a_fail_point_is_refused_where_people_work(monkeypatch: pytest.MonkeyPatch) -> None:
    failpoints.check_disarmed()
    failpoints.reach("import.before_commit")
    monkeypatch.setenv(failpoints.VARIABLE, "import.before_commit")
    failpoints.reach("elsewhere")
    with pytest.raises(failpoints.Armed):
        failpoints.check_disarmed()


def test_the_sample_house_stands_for_the_child_too(vault: Path) -> None:
    found_company()
    code, heard = run_in_child(import_lines, vault)
    assert (code, len(heard)) == (0, 4)
    assert [admitted for _, admitted in heard] == [4, 4, 2, 0]
