"""The signer signs one history only, and a witness that saw another one stops it."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jieli.connectors.stamp import HttpAuthority
from jieli.connectors.stamp.demo import ROOT_FILE, DemoAuthority, make_authority, serve
from jieli.connectors.witness import HttpWitness
from jieli.ledger import checkpoints, checks, fsck, queries
from jieli.ledger.checkpoints import RefusesToSign
from jieli.ledger.operations import book
from jieli.ledger.ports import Refused
from seal import checkpoint
from seal.keys import COSIGNATURE, Signer, generate
from seal.witness import Witness
from seal.witness_http import WitnessServer
from tests.conftest import NOW, ORIGIN

Sql = Callable[..., list[tuple[Any, ...]]]
WITNESS = "witness.jieli.example"


@pytest.fixture
def signer(db: None) -> Signer:
    made = generate(ORIGIN)
    checkpoints.first_checkpoint(made, at=NOW)
    return made


@pytest.fixture
def cosigner() -> Signer:
    return generate(WITNESS, kind=COSIGNATURE)


@pytest.fixture
def witness(signer: Signer, cosigner: Signer, tmp_path: Path) -> Iterator[HttpWitness]:
    state = Witness(tmp_path / "seen", {ORIGIN: [signer.vkey]}, cosigner, lambda: NOW // 1000)
    server = WitnessServer(("127.0.0.1", 0), state)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield HttpWitness(name=WITNESS, url=f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()
    thread.join()


def write(count: int) -> None:
    with book(at=NOW) as b:
        for n in range(count):
            b.entry("access.note", by="system:test", facts={"n": n})


def findings(*keys: Signer) -> set[str]:
    vkeys = [k.vkey for k in keys]
    return {f.code for f in fsck.run(checks.checks({}) + checks.checkpoint_checks(vkeys)).findings}


def test_the_empty_log_is_signed_when_it_is_opened(signer: Signer) -> None:
    last = queries.last_checkpoint()
    assert last is not None
    assert last.size == 0
    assert checkpoint.parse(last.note.encode())[0].origin == ORIGIN


def test_a_moved_head_is_signed_once_and_cosigned(
    signer: Signer, cosigner: Signer, witness: HttpWitness
) -> None:
    write(3)
    first = checkpoints.run_round(signer, [witness], [], at=NOW)
    again = checkpoints.run_round(signer, [witness], [], at=NOW)
    assert (first.size, first.signed, first.witnessed) == (3, True, (WITNESS,))
    assert (again.size, again.signed, again.witnessed) == (3, False, (WITNESS,))
    write(300)
    assert checkpoints.run_round(signer, [witness], [], at=NOW).witnessed == (WITNESS,)
    assert findings(signer, cosigner) == set()


def test_an_absent_witness_does_not_stop_the_round(signer: Signer) -> None:
    write(1)
    away = HttpWitness(name=WITNESS, url="http://127.0.0.1:9")
    done = checkpoints.run_round(signer, [away], [], at=NOW)
    assert (done.size, done.witnessed, done.unreachable) == (1, (), (WITNESS,))


def test_a_checkpoint_is_stamped_and_the_stamp_is_over_it(signer: Signer, tmp_path: Path) -> None:
    make_authority(tmp_path, at=NOW)
    server = serve(DemoAuthority(tmp_path, lambda: NOW), port=0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/"
    authority = HttpAuthority(name="demo", url=url, roots=tmp_path / ROOT_FILE)
    write(2)
    done = checkpoints.run_round(signer, [], [authority], at=NOW)
    server.shutdown()
    server.server_close()
    thread.join()
    assert done.stamped == ("demo",)
    assert findings(signer) == set()


def test_entries_without_any_checkpoint_are_not_signed(signer: Signer, owner_sql: Sql) -> None:
    write(1)
    owner_sql("DELETE FROM ledger_checkpoint")
    with pytest.raises(RefusesToSign):
        checkpoints.sign_head(signer, at=NOW)


def test_a_log_that_shrank_is_not_signed(signer: Signer, owner_sql: Sql) -> None:
    write(3)
    checkpoints.sign_head(signer, at=NOW)
    owner_sql("DELETE FROM ledger_part WHERE entry = 2")
    owner_sql("DELETE FROM ledger_entry WHERE index = 2")
    with pytest.raises(RefusesToSign):
        checkpoints.sign_head(signer, at=NOW)
    assert "ledger.truncated" in findings(signer)


def test_a_changed_leaf_is_not_signed_over(signer: Signer, owner_sql: Sql) -> None:
    write(3)
    checkpoints.sign_head(signer, at=NOW)
    owner_sql("UPDATE ledger_entry SET leaf = sha256('x') WHERE index = 1")
    write(1)
    with pytest.raises(RefusesToSign):
        checkpoints.sign_head(signer, at=NOW)
    assert "ledger.forked" in findings(signer)


def test_with_the_signing_key_in_hand_the_witness_still_catches_a_rewritten_history(
    signer: Signer, witness: HttpWitness, owner_sql: Sql
) -> None:
    """The administrator is the attacker: he rewrites the last entries, forgets the checkpoints, and signs anew."""
    write(3)
    checkpoints.run_round(signer, [witness], [], at=NOW)
    for table in ("ledger_cosignature", "ledger_checkpoint", "ledger_part", "ledger_entry"):
        owner_sql(f"DELETE FROM {table}")
    checkpoints.first_checkpoint(signer, at=NOW)
    write(4)
    checkpoints.sign_head(signer, at=NOW)
    with pytest.raises(Refused):
        checkpoints.confirm(witness, at=NOW)


def test_a_rolled_back_database_is_found_at_start(
    signer: Signer, witness: HttpWitness, owner_sql: Sql
) -> None:
    write(3)
    checkpoints.run_round(signer, [witness], [], at=NOW)
    for table in ("ledger_cosignature", "ledger_checkpoint", "ledger_part", "ledger_entry"):
        owner_sql(f"DELETE FROM {table}")
    checkpoints.first_checkpoint(signer, at=NOW)
    with pytest.raises(RefusesToSign, match="见证"):
        checkpoints.confirm(witness, at=NOW)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (
            "UPDATE ledger_checkpoint SET note = replace(note, '—', '–') WHERE size = 3",
            "ledger.checkpoint_note",
        ),
        ("UPDATE ledger_checkpoint SET root = sha256('x') WHERE size = 3", "ledger.checkpoint_note"),
        ("UPDATE ledger_checkpoint SET size = 2 WHERE size = 3", "ledger.checkpoint_note"),
        ("UPDATE ledger_checkpoint SET log = 2 WHERE size = 3", "ledger.loose"),
        ("UPDATE ledger_cosignature SET line = replace(line, 'A', 'B')", "ledger.cosignature"),
        ("UPDATE ledger_cosignature SET witness = 'other'", "ledger.cosignature"),
        ("UPDATE ledger_cosignature SET size = 9", "ledger.loose"),
        ("UPDATE ledger_log SET origin = 'other.example/log'", "ledger.origin"),
    ],
)
def test_fsck_names_what_was_changed_about_checkpoints(
    statement: str, code: str, signer: Signer, cosigner: Signer, witness: HttpWitness, owner_sql: Sql
) -> None:
    write(3)
    checkpoints.run_round(signer, [witness], [], at=NOW)
    owner_sql(statement)
    assert code in findings(signer, cosigner)
