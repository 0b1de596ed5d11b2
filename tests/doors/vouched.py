"""A signed head that a witness has cosigned and an authority stamped, under a policy that names the witness."""

import pytest

from jieli.doors.console import ledger as page
from jieli.ledger import queries
from jieli.ledger.bulk import copy_rows
from jieli.ledger.models import Cosignature, Timestamp
from seal import cosignature, note, policy
from seal.keys import COSIGNATURE, Signer, generate
from tests.conftest import NOW

WITNESS, AUTHORITY = "gonghui.example/w", "tsa.example"


def vouched(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest checkpoint, signed by `signer`, gets both; the page 账本 judges by the policy."""
    last = queries.last_checkpoint()
    if last is None:
        raise LookupError("nothing was signed")
    witness = generate(WITNESS, kind=COSIGNATURE)
    payload = cosignature.cosign(note.parse(last.note.encode()).text, witness, time=NOW // 1000)
    line = note.Signature(witness.name, witness.vkey.id, payload).line()
    log = queries.live_log()
    copy_rows([Cosignature(log=log, size=last.size, witness=WITNESS, line=line, received_at=NOW)])
    copy_rows([Timestamp(log=log, size=last.size, authority=AUTHORITY, response=b"x", received_at=NOW)])
    words = f"log {signer.vkey.format()}\nwitness w {witness.vkey.format()}\nquorum w\n"
    trusted = policy.parse(words.encode())
    monkeypatch.setattr(page, "trusted_if_any", lambda home: trusted)
