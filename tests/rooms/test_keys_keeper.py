"""The keeper: all works without a key in this process, and it does nothing that it has not made sure of itself."""

import os
import socket
import struct
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

import pytest
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st

from jieli.archive import destruction, keys, opening, operations, ports, queries
from jieli.archive.errors import Held, ItemDestroyed, ItemUnknown, NotOpened
from jieli.archive.keys import store
from jieli.archive.keys.errors import KeeperAway, KeeperRefuses, NotTheKeeper
from jieli.archive.keys.keeping import Keeping
from jieli.archive.keys.kept import KeptKeyring
from jieli.archive.models import Batch, KeyPage, WrapEpoch
from jieli.archive.policy import KEY_BACKUP_DAYS
from jieli.archive.types import POSITIONS, HoldScope, ShredScope
from jieli.kernel.errors import JieliError
from jieli.kernel.times import DAY
from jieli.ledger import queries as ledger
from jieli.wiring import keeper, keeper_line, keeper_questions, rotation
from jieli.wiring.keeper_line import SocketKeeper
from seal import canonical
from tests.conftest import NOW
from tests.rooms.test_archive_samples import OPENING, codes, extract, keep, ring, sample

__all__ = ["ring"]
BY = {"by": "system:worker"}
SHRED = {"reason": "到期", "by": "staff:1", "at": NOW + 1}


@contextmanager
def running(keeping: Keeping, path: Path, *, accounts: frozenset[int]) -> Iterator[None]:
    """A keeper in a thread of this process, as `jieli keys keep` runs it in one of its own."""
    stop, up = threading.Event(), threading.Event()
    where = keeper.Door(path, None, accounts)
    thread = threading.Thread(
        target=keeper.serve, args=(keeping, where), kwargs={"stop": stop, "ready": up.set}
    )
    thread.start()
    try:
        assert up.wait(120)
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def clock() -> list[int]:
    return [NOW]


@pytest.fixture
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("k") / "sock"


@pytest.fixture
def kept(
    ring: keys.HeldKeyring, path: Path, clock: list[int], monkeypatch: pytest.MonkeyPatch
) -> Iterator[SocketKeeper]:
    """This process without the keyring: the keeper has it."""
    monkeypatch.setattr(keeper, "LOOK", 0.02)
    keeping = Keeping(ring, lambda receipt, items: receipt == OPENING, lambda: clock[0])
    with running(keeping, path, accounts=frozenset({os.geteuid()})):
        asked = SocketKeeper(path)
        ports.use(keyring=KeptKeyring(asked), extract=extract, confirm_opening=lambda receipt, items: True)
        yield asked


def test_keeping_finding_reading_and_destroying_go_through_the_keeper(kept: SocketKeeper) -> None:
    ids = keep([sample(n) for n in range(1_030)])
    held = ports.keyring()
    assert not hasattr(held, "root")
    assert not hasattr(held, "epochs")
    assert len(queries.search_candidates("您好").items) == 50
    shown = opening.open_items(ids[::103], receipt=OPENING)
    assert [one.text for one in shown] == [sample(n).text for n in range(0, 1_030, 103)]
    done = operations.shred_items(items=ids[:2], **SHRED)
    assert (done.items, done.epochs) == (2, (1,))
    with pytest.raises(ItemDestroyed):
        opening.open_items(ids[:1], receipt=OPENING)
    with pytest.raises(ItemDestroyed):
        kept.unwrap(ids[:1], receipt=OPENING)
    with pytest.raises(ItemUnknown):
        kept.unwrap([ids[-1] + 1], receipt=OPENING)
    assert len(opening.open_items(ids[2:4], receipt=OPENING)) == 2
    assert codes(at=NOW + 2) == set()


def test_the_keeper_asks_its_own_connection_whether_an_opening_is_committed(kept: SocketKeeper) -> None:
    ids = keep([sample(0)])
    with pytest.raises(NotOpened, match="已入账"):
        opening.open_items(ids, receipt=UUID(int=7))


def test_the_keeper_erases_nothing_without_a_tombstone_and_nothing_that_is_held(kept: SocketKeeper) -> None:
    ids = keep([sample(n) for n in range(3)])
    with pytest.raises(KeeperRefuses, match="销毁意图"):
        kept.erase(ids)
    operations.hold(
        scope=HoldScope.ITEM, target=str(ids[0]), ground="争议", matter=None, by="staff:1", at=NOW
    )
    with pytest.raises(Held):
        operations.shred_items(items=ids[:1], **SHRED)
    assert len(opening.open_items(ids, receipt=OPENING)) == 3


def test_a_hold_placed_after_the_intent_stops_the_keeper_too(
    kept: SocketKeeper, ring: keys.HeldKeyring
) -> None:
    ids = keep([sample(0)])
    destruction.intend(items=ids, scope=ShredScope.ITEMS, target=None, **SHRED)
    operations.hold(
        scope=HoldScope.ITEM, target=str(ids[0]), ground="争议", matter=None, by="staff:1", at=NOW + 2
    )
    with pytest.raises(Held):
        kept.erase(ids)
    assert store.read_secrets(ring, ids)[ids[0]] is not None


def test_pages_that_stand_are_never_written_over(kept: SocketKeeper) -> None:
    ids = keep([sample(0)])
    with pytest.raises(KeeperRefuses, match="已有密钥页"):
        kept.wrap(batch=ids[0] // POSITIONS, secrets=bytes(32), at=NOW)
    for wrong in (b"", bytes(31), bytes(33)):
        with pytest.raises(KeeperRefuses, match="数目"):
            kept.wrap(batch=99, secrets=wrong, at=NOW)
    assert len(opening.open_items(ids, receipt=OPENING)) == 1


def test_rotation_goes_through_the_keeper_and_the_old_key_ends_by_its_clock(
    kept: SocketKeeper, clock: list[int], ring: keys.HeldKeyring
) -> None:
    ids = keep([sample(n) for n in range(5)])
    done = rotation.renew(at=NOW + 1, **BY)
    assert (done.epoch, done.moved, done.resumed) == (2, 2, False)
    due = NOW + 1 + KEY_BACKUP_DAYS * DAY
    with pytest.raises(KeeperRefuses, match="未到销毁之日"):
        operations.destroy_old_epochs(at=due, **BY)
    assert ring.has_epoch(1)
    clock[0] = due
    assert operations.destroy_old_epochs(at=due, **BY) == [1]
    assert not ring.has_epoch(1)
    assert len(opening.open_items(ids, receipt=OPENING)) == 5
    assert codes() == set()


def test_epochs_that_are_not_due_or_not_next_are_refused(kept: SocketKeeper, clock: list[int]) -> None:
    keep([sample(0)])
    for epoch in (1, 3):
        with pytest.raises(KeeperRefuses, match="不是下一期"):
            kept.add_epoch(epoch)
    with pytest.raises(KeeperRefuses, match="没有退出"):
        kept.move(1)
    with pytest.raises(KeeperRefuses, match="未到"):
        kept.destroy_epoch(1)
    WrapEpoch.objects.filter(id=1).update(state="已退役", destroy_after=NOW)
    with pytest.raises(KeeperRefuses, match="还有密钥页"):
        kept.destroy_epoch(1)


def test_what_only_the_keeper_may_do_is_said_so_elsewhere(kept: SocketKeeper) -> None:
    ids = keep([sample(0)])
    with pytest.raises(NotTheKeeper, match="守护进程"):
        store.read_secrets(ports.keyring(), ids)
    assert kept.account() == os.geteuid()


def test_secrets_come_in_pieces_under_one_opening(
    kept: SocketKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = keep([sample(n) for n in range(7)])
    monkeypatch.setattr(keeper_line, "ITEMS_AT_ONCE", 3)
    assert set(kept.unwrap([*ids, ids[0]], receipt=OPENING)) == set(ids)


def test_with_the_keeper_away_nothing_is_kept_half_and_nothing_shown(
    ring: keys.HeldKeyring, path: Path
) -> None:
    ids = keep([sample(0)])
    entries = ledger.head(1).size
    away = KeptKeyring(SocketKeeper(path))
    away.index_keys.update(ring.index_keys)
    away._digest = ring.digest
    ports.use(keyring=away)
    with pytest.raises(KeeperAway, match="keys keep"):
        keep([sample(1)])
    with pytest.raises(KeeperAway):
        opening.open_items(ids, receipt=OPENING)
    with pytest.raises(KeeperAway):
        operations.rotate(at=NOW + 1, **BY)
    with pytest.raises(KeeperAway):
        SocketKeeper(Path("/" + "x" * 200)).status()
    assert (KeyPage.objects.count(), Batch.objects.count(), ledger.head(1).size) == (1, 1, entries)
    assert (store.current_epoch(), WrapEpoch.objects.count()) == (1, 1)


def test_a_destruction_that_the_keeper_missed_is_finished_when_it_is_back(
    ring: keys.HeldKeyring, path: Path
) -> None:
    ids = keep([sample(0), sample(1)])
    ports.use(keyring=KeptKeyring(SocketKeeper(path)))
    with pytest.raises(KeeperAway):
        operations.shred_items(items=ids[:1], **SHRED)
    assert queries.items(ids)[ids[0]].tombstoned
    ports.use(keyring=ring)
    operations.finish_destructions(at=NOW + 2, **BY)
    assert queries.items(ids)[ids[0]].destroyed
    assert codes(at=NOW + 2) == set()


def answer_to(path: Path, sent: bytes) -> bytes:
    """What comes back for raw bytes, until the keeper hangs up, gently or not."""
    with socket.socket(socket.AF_UNIX) as line, suppress(ConnectionResetError, BrokenPipeError):
        line.settimeout(60)
        line.connect(str(path))
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65_536), b""))
    return b""


def framed(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


@pytest.mark.parametrize(
    "sent",
    [
        b"", b"\x00", b"\x00\x00\x00\x09{", framed(b""), framed(b"{}")[:-1], struct.pack(">I", 2**32 - 1),
        struct.pack(">I", (1 << 20) + 1) + b"x", framed(b'{"ask": "status"}'), framed(b'["status"]'),
        framed(b'{"ask":"status","ask":"renew"}'), framed(b"\xff\xfe"), framed(b"[" * 5_000), b"GET / HTTP/1.1\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_frame_gets_no_answer_and_harms_nobody(sent: bytes, kept: SocketKeeper) -> None:
    assert answer_to(kept.path, sent) == b""
    assert kept.status()["place"] == "file"


@pytest.mark.parametrize(
    "asked",
    [
        {}, {"ask": 7}, {"ask": "root"}, {"ask": "status", "more": 1}, {"ask": "unwrap", "items": [1]},
        {"ask": "unwrap", "items": ["1"], "receipt": str(OPENING)}, {"ask": "unwrap", "items": 1, "receipt": "x"},
        {"ask": "unwrap", "items": [1], "receipt": "x"}, {"ask": "erase", "items": [-1]},
        {"ask": "erase", "items": [1] * 5_001}, {"ask": "wrap", "batch": 1, "secrets": "zz", "at": 1},
        {"ask": "index_keys", "months": [0]}, {"ask": "index_keys", "months": [202_413]}, {"ask": "shape", "page": -1},
        {"ask": "add_epoch", "epoch": "2"},
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused_by_name(asked: dict[str, object], kept: SocketKeeper) -> None:
    said = canonical.decode(answer_to(kept.path, framed(canonical.encode(asked)))[4:])
    assert isinstance(said, dict)
    assert said["error"]["code"] == "keeper.bad_question"  # type: ignore[index, call-overload]


VALUES = st.recursive(
    st.integers(-(2**40), 2**52) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["items", "receipt", "batch", "page", "epoch", "old", "at", "x"]), VALUES),
       st.sampled_from([*keeper_questions.QUESTIONS, "root"]))  # fmt: skip
def test_no_question_raises_anything_but_an_error_with_a_code(given: dict[str, object], name: str) -> None:
    class Nobody:
        def __getattr__(self, name: str) -> Callable[..., bytes]:
            raise KeeperRefuses("reached")

    with pytest.raises(JieliError) as caught:
        keeper_questions.answer(Nobody(), {"ask": name, **given})  # type: ignore[arg-type]
    assert caught.value.code in {"keeper.bad_question", "archive.keeper_refuses"}


def test_a_caller_who_drips_is_let_go(kept: SocketKeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "QUESTION_SECONDS", 0.05)
    lines = [socket.socket(socket.AF_UNIX) for _ in range(keeper.THREADS)]
    for line in lines:
        line.connect(str(kept.path))
        line.sendall(b"\x00\x00")
    assert [hung_up(line) for line in lines] == [True] * keeper.THREADS
    monkeypatch.setattr(keeper, "QUESTION_SECONDS", 60.0)  # ours may take as long as a busy machine needs
    assert kept.status()["place"] == "file"


def hung_up(line: socket.socket) -> bool:
    """Whether the other side let go without a word, having read what we said or not."""
    with line, suppress(ConnectionResetError):
        line.settimeout(60)
        return line.recv(1) == b""
    return True


def test_another_account_is_turned_away_whatever_it_says(ring: keys.HeldKeyring, path: Path) -> None:
    keeping = Keeping(ring, lambda receipt, items: True, lambda: NOW)
    with running(keeping, path, accounts=frozenset({4_242})), pytest.raises(JieliError) as caught:
        SocketKeeper(path).status()
    assert caught.value.code == "keeper.stranger"
    assert "--allow" in caught.value.remedy


def asked_by(uid: int, path: Path) -> str:
    """What a process of another account is answered: nothing, or the code of the refusal."""
    here, there = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside the keeper's threads
        child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            os.write(there, _code(SocketKeeper(path).status).encode())
        finally:
            os._exit(0)
    os.close(there)
    os.waitpid(child, 0)
    with os.fdopen(here) as told:
        return told.read()


def _code(work: Callable[[], object]) -> str:
    try:
        work()
    except JieliError as error:
        return error.code
    return "answered"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_a_process_of_another_account_comes_in_by_group_and_by_name_only(ring: keys.HeldKeyring) -> None:
    web, other = 4_242, 4_243
    keeping = Keeping(ring, lambda receipt, items: True, lambda: NOW)
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o711)
        path = Path(directory) / "keeper" / "sock"
        with running(keeping, path, accounts=frozenset({web})):
            assert asked_by(web, path) == "archive.keeper_away"  # the file's mode keeps him out
            os.chown(path, -1, web)
            os.chown(path.parent, -1, web)
            path.chmod(0o660)
            path.parent.chmod(0o710)
            assert asked_by(web, path) == "answered"
            assert asked_by(other, path) == "archive.keeper_away"
            path.chmod(0o666)
            path.parent.chmod(0o711)
            assert asked_by(other, path) == "keeper.stranger"


def test_the_socket_is_private_and_one_keeper_listens(
    ring: keys.HeldKeyring, kept: SocketKeeper, path: Path
) -> None:
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o077) == (0o600, 0)
    with pytest.raises(keeper.KeeperRuns), running_here(ring, path):
        pass
    assert kept.status()["fingerprints"] == ring.fingerprints()


@contextmanager
def running_here(ring: keys.HeldKeyring, path: Path) -> Iterator[None]:
    stop = threading.Event()
    stop.set()
    keeping = Keeping(ring, lambda receipt, items: True, lambda: NOW)
    keeper.serve(keeping, keeper.Door(path), stop=stop, ready=lambda: None)
    yield


def test_a_dead_keepers_socket_is_no_hindrance(ring: keys.HeldKeyring, path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with running_here(ring, path):
        assert not path.exists()


def test_a_group_may_connect_where_one_is_named(ring: keys.HeldKeyring, path: Path) -> None:
    where = keeper.Door(path, os.getegid(), frozenset({os.geteuid()}))
    modes = []
    stop = threading.Event()
    stop.set()
    keeping = Keeping(ring, lambda receipt, items: True, lambda: NOW)
    keeper.serve(keeping, where, stop=stop, ready=lambda: modes.append(path.stat().st_mode & 0o777))
    assert (modes, path.parent.stat().st_mode & 0o777) == ([0o660], 0o710)


def test_doors_by_names_that_do_not_exist_are_refused(path: Path) -> None:
    for wrong in ({"group": "no-such-group", "accounts": []}, {"group": None, "accounts": ["no-such-user"]}):
        with pytest.raises(keeper.BadSocket, match="没有这个"):
            keeper.door(path, **wrong)  # type: ignore[arg-type]
    with pytest.raises(keeper.BadSocket, match="太长"):
        keeper.door(path / ("x" * 120), group=None, accounts=[])
    assert keeper.door(path, group=None, accounts=["nobody"]).accounts > {os.geteuid()}


@pytest.mark.parametrize(
    "said", [b"", b"\x00\x00\x00\x02{}", framed(b'{"answer":7}'), framed(b"nonsense"), b"\x00\x00\x00\x05{"]
)
def test_an_answer_cut_off_or_foreign_is_no_answer(said: bytes, path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def once() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.recv(4_096)
                caller.sendall(said)

        thread = threading.Thread(target=once)
        thread.start()
        with pytest.raises(KeeperAway):
            SocketKeeper(path).digest_key()
        thread.join()


def test_a_database_that_is_away_and_a_fault_of_ours_are_told_apart_and_end_no_thread(
    kept: SocketKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fault, code in (
        (OperationalError("secret-in-a-driver"), "keeper.store_away"),
        (ZeroDivisionError(), "keeper.failed"),
    ):

        def fail(*_: object, fault: Exception = fault) -> None:
            raise fault

        with monkeypatch.context() as patched:
            patched.setattr(keys.HeldKeyring, "fingerprints", fail)
            for _ in range(2 * keeper.THREADS):
                with pytest.raises(JieliError) as caught:
                    kept.status()
                assert caught.value.code == code
                assert "secret" not in str(caught.value)
    assert kept.status()["place"] == "file"
