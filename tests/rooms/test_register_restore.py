"""A register that was emptied after the backup is emptied again by the restore (ADR 19, ADR 26)."""

from pathlib import Path

from jieli.archive import operations as archive
from jieli.ledger.outside import OPENED, companion
from jieli.parties import operations as parties
from jieli.parties import queries as register
from jieli.parties.types import ERASED, NewCustomer, NewIdentity
from jieli.wiring import backup as backups
from jieli.wiring import signer
from jieli.wiring.profile import Profile
from tests.conftest import NOW
from tests.rooms.test_archive_erasure import places, spellings
from tests.rooms.test_archive_samples import keep, sample
from tests.rooms.test_restore import BY, elsewhere, findings, lose, old, restored

__all__ = ["elsewhere", "old"]
NAME, EARLIER, PHONE, HANDLE = "卞金丝雀", "卞雀儿", "13900117733", "wm-canary-7f3a"
WORDS = [s for word in (NAME, EARLIER, PHONE, HANDLE) for s in spellings(word)]


def test_an_emptied_register_does_not_come_back_with_the_backup(
    old: Profile, elsewhere: Profile, tmp_path: Path
) -> None:
    for name in (EARLIER, NAME):
        parties.register_customers([NewCustomer("C1", name, phone=PHONE)], by=BY, at=NOW)
    who = register.customers_by_no()["C1"].id
    parties.register_identities([NewIdentity(who, "wecom", HANDLE)], by=BY, at=NOW)
    keep([sample(n, text=f"我是{NAME}", person=HANDLE, customer=who) for n in range(4)])
    signer.sign_once(old, at=NOW + 1)
    done = backups.backup(old, tmp_path / "copy", at=NOW + 2)
    parties.register_identities([NewIdentity(who, "phone", PHONE)], by=BY, at=NOW + 3)
    archive.erase_person(person=who, reason="本人请求删除", by=BY, at=NOW + 4)
    signer.sign_once(old, at=NOW + 5)
    backups.export(old, tmp_path / "outside", for_restore=True)
    told = (companion(tmp_path / "outside") / OPENED).read_bytes()
    assert not any(word in told for word in WORDS)
    lose(old, elsewhere)

    back = restored(elsewhere, done.directory, tmp_path / "outside")

    assert (back.clean, back.held_back, back.items) == (True, 0, 4)
    assert register.customer([who])[who].name == ERASED
    assert register.identities_of([who])[who] == []
    assert places(WORDS, elsewhere.home) == set()
    assert findings(elsewhere) == []
