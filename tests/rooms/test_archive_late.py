"""What is admitted of a person between the intent to destroy and the emptying goes too, whatever dies in between."""

import signal
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest

from jieli.archive import destruction, operations, queries, taking
from jieli.archive.errors import Held
from jieli.archive.models import Shred
from jieli.archive.types import HoldScope, ShredScope
from jieli.assets import operations as assets
from jieli.assets import queries as assets_register
from jieli.assets.types import AccountType, NewAccount
from jieli.kernel import failpoints
from jieli.parties import operations as parties
from jieli.parties import queries as register
from jieli.parties.types import NewEntity
from tests.conftest import NOW
from tests.rooms.child_process import Tell, run_in_child
from tests.rooms.company import open_vault
from tests.rooms.test_archive_erasure import places
from tests.rooms.test_archive_samples import CUSTOMER, STAFF, codes, keep, ring, sample
from tests.rooms.test_register_erasure import HANDLE, NAME, canary, needles

__all__ = ["canary", "ring"]
pytestmark = pytest.mark.usefixtures("ring")
SECOND = 1_000


def intended(person: UUID, scope: ShredScope = ShredScope.REGISTER) -> UUID:
    """An intent after which the process died."""
    return destruction.intend(
        items=taking.of_person(person), scope=scope, target=str(person), reason="本人请求删除", by="person:desk",
        at=NOW + 1,
    )  # fmt: skip


def came_late(person: UUID, *numbers: int, event_ms: int | None = None) -> list[int]:
    """Messages of a batch that was admitted after the intent; the adviser's own say only who holds the account."""
    lines = [
        sample(n, text=f"我是{NAME}", person=HANDLE, customer=person, event_ms=event_ms) for n in numbers
    ]
    return keep(lines, at=NOW + 2)


def living(items: list[int]) -> list[int]:
    return [item for item, _ in taking.living(items)]


def test_the_next_start_destroys_what_came_after_the_intent_of_erasing_a_register(
    canary: UUID, tmp_path: Path
) -> None:
    intent = intended(canary)
    late = came_late(canary, 10, 11)
    assert operations.finish_destructions(by="system:worker", at=NOW + 3) == []
    assert living(late) == []
    assert places(needles(NAME, HANDLE), tmp_path) == set()
    [second] = Shred.objects.exclude(id=intent)
    assert (second.scope, second.target, second.reason, second.items) == (
        "人",
        str(canary),
        "本人请求删除",
        2,
    )
    assert queries.certificate(second.id) is not None
    assert codes() == set()


def test_the_staff_s_words_to_a_customer_who_never_spoke_are_found_before_the_register_forgets_her(
    canary: UUID, tmp_path: Path
) -> None:
    parties.register_entities([NewEntity("QH", "青禾茶业有限公司")], by="system:test", at=NOW)
    firm = register.entities_by_code()["QH"]
    assets.register_accounts(
        [NewAccount("wecom", "adviser-9", AccountType.WORK_CHAT, firm)], by="system:test", at=NOW
    )
    account = assets_register.accounts("wecom")["adviser-9"].id
    intended(canary)
    late = keep([sample(11, text="您好", person=HANDLE, customer=canary, account=account)], at=NOW + 2)
    assert operations.finish_destructions(by="system:worker", at=NOW + 3) == []
    assert (living(late), places(needles(HANDLE), tmp_path)) == ([], set())


def test_what_comes_while_a_person_is_being_erased_goes_with_the_rest(
    canary: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[int] = []
    unlist = destruction.unlist

    def meanwhile(items: Sequence[int]) -> None:
        late.extend(came_late(canary, 10) if not late else [])
        unlist(items)

    monkeypatch.setattr(destruction, "unlist", meanwhile)
    done = operations.erase_person(person=canary, reason="本人请求删除", by="person:desk", at=NOW + 1)
    assert (done.certificate.items, len(late), living(late)) == (4, 1, [])
    assert places(needles(NAME, HANDLE), tmp_path) == set()
    assert codes() == set()


def test_of_the_scope_of_a_person_what_was_said_after_the_intent_stays() -> None:
    keep([sample(n) for n in range(4)])
    intended(CUSTOMER, ShredScope.PERSON)
    before = came_late(CUSTOMER, 10, event_ms=NOW)
    after = came_late(CUSTOMER, 12, event_ms=NOW + 5 * SECOND)
    assert operations.finish_destructions(by="system:worker", at=NOW + 9 * SECOND) == []
    assert (living(before), living(after)) == ([], after)
    assert codes() == set()


def test_a_hold_on_what_came_late_keeps_the_intent_open_until_it_is_released(canary: UUID) -> None:
    intent = intended(canary)
    [late] = came_late(canary, 10)
    hold = operations.hold(scope=HoldScope.ITEM, target=str(late), ground="诉讼", by="person:law", at=NOW + 2)
    assert operations.finish_destructions(by="system:worker", at=NOW + 3) == [intent]
    assert (living([late]), queries.certificate(intent)) == ([late], None)
    with pytest.raises(Held):
        destruction.finish(intent, by="system:worker", at=NOW + 3)
    operations.release(hold=hold.id, reason="结案", by="person:law", at=NOW + 4)
    assert operations.finish_destructions(by="system:worker", at=NOW + 5) == []
    assert living([late]) == []
    assert codes() == set()


def finish_all(tell: Tell, home: Path) -> None:
    open_vault(home)
    tell("began")
    operations.finish_destructions(by="system:worker", at=NOW + 3)
    tell("ended")


@pytest.mark.parametrize("place", ["shred.late_found", "shred.after_intent:2", "shred.after_emptied"])
def test_a_process_killed_with_late_messages_found_leaves_them_to_the_next_start(
    place: str, canary: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent = intended(canary)
    late = came_late(canary, 10, 11)
    monkeypatch.setenv(failpoints.VARIABLE, place)
    code, heard = run_in_child(finish_all, tmp_path / "home")
    assert (code, heard) == (-signal.SIGKILL, ["began"])
    assert queries.certificate(intent) is None
    monkeypatch.delenv(failpoints.VARIABLE)
    assert operations.finish_destructions(by="system:worker", at=NOW + 4) == []
    assert (living(late), living(taking.of_person(STAFF))) == ([], [])
    assert places(needles(NAME, HANDLE), tmp_path) == set()
    assert (queries.unfinished_shreds(), codes()) == ([], set())
