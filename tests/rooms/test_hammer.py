"""Readers verify while writers write: two seconds here, longer where they are slow, five minutes in `make faults`."""

import os

from benchmarks.faults.hammer import COUNTED, hammer

from jieli.ledger import checkpoints
from jieli.ledger.operations import book
from seal.keys import generate
from tests.conftest import NOW, ORIGIN

SECONDS = float(os.environ.get("JIELI_HAMMER_SECONDS", "2"))


def test_readers_verify_every_head_and_entry_while_several_write(db: None) -> None:
    signer = generate(ORIGIN)
    checkpoints.first_checkpoint(signer, at=NOW)
    with book(at=NOW) as b:
        b.entry("access.note", by="system:hammer", facts={"n": 0})
    done = hammer(signer, seconds=SECONDS, at=NOW, least=2)
    assert done.faults == []
    assert min(getattr(done, name) for name in COUNTED) > 0, done
