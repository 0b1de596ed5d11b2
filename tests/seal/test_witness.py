"""The witness, code by code as the specification lists them, over real HTTP on this machine."""

import http.client
import os
import signal
import threading
from hashlib import sha256
from itertools import pairwise

import pytest

from seal import note, tree
from seal import witness as seal_witness
from seal.checkpoint import Checkpoint
from seal.encoding import to_base64
from seal.errors import SealError
from seal.keys import COSIGNATURE
from seal.note import Signature
from seal.witness import MAX_BODY, SIZE, TEXT, Witness, format_request, parse_request
from seal.witness_files import answer_folder, kept_size
from seal.witness_http import WitnessServer
from tests.seal.packages import digest, signer

ORIGIN = "log.example/one"
LOG = signer(ORIGIN)
STRANGER = signer("log.example/two")
KEY = signer("witness.example/w", kind=COSIGNATURE)
LEAVES = [tree.leaf_hash(b"%d" % n) for n in range(64)]
FORKED = [*LEAVES[:4], tree.leaf_hash(b"forged"), *LEAVES[5:]]
NOW = 1_790_000_000


def body(old, size, leaves=LEAVES, *, log=LOG, path=None, root=None):
    head = Checkpoint(log.name, size, root or tree.root(leaves[:size]))
    if path is None:
        path = tree.consistency_path(leaves[:size], old) if 0 < old <= size else []
    return format_request(old, path, note.sign(head.text(), [log]))


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def witness(state):
    return Witness(state, {ORIGIN: [LOG.vkey]}, KEY, lambda: NOW)


@pytest.fixture
def server(witness):
    with WitnessServer(("127.0.0.1", 0), witness, prefix="/w") as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def call(server, data, *, path="/w/add-checkpoint", method="POST", headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=60)
    connection.request(method, path, data, headers or {})
    answer = connection.getresponse()
    found = answer.status, answer.getheader("Content-Type"), answer.read()
    connection.close()
    return found


def test_200_answers_cosignature_lines_that_verify_on_the_checkpoint(server):
    request = body(0, 5)
    status, _kind, lines = call(server, request)
    signed = note.parse(parse_request(request).note.format() + lines)
    assert status == 200
    assert [(one.key, one.time) for one in note.verify(signed, [KEY.vkey])] == [(KEY.vkey, NOW)]
    assert len(note.verify(signed, [KEY.vkey, LOG.vkey])) == 2


def test_growth_with_right_proofs_is_cosigned_step_by_step(server):
    sizes = [0, 1, 2, 5, 8, 8, 33, 64]
    answers = [call(server, body(old, size))[0] for old, size in pairwise(sizes)]
    assert answers == [200] * 7


def test_404_for_a_log_it_does_not_know(server):
    assert call(server, body(0, 5, log=STRANGER))[0] == 404


def test_403_without_a_signature_of_a_trusted_key(server):
    head = Checkpoint(ORIGIN, 5, tree.root(LEAVES[:5]))
    assert call(server, format_request(0, [], note.sign(head.text(), [STRANGER])))[0] == 403


def test_403_for_a_wrong_signature_of_a_trusted_key_even_beside_right_ones(server, state):
    second = signer(ORIGIN, seed="second key")
    both = Witness(state, {ORIGIN: [LOG.vkey, second.vkey]}, KEY, lambda: NOW)
    good = parse_request(body(0, 5)).note.format()
    wrong = Signature(ORIGIN, second.vkey.id, second.sign(b"another text\n"))
    assert both.add_checkpoint(format_request(0, [], note.add(good, [wrong]))).status == 403
    bent = body(0, 5).replace(b"\n5\n", b"\n6\n")
    assert call(server, bent)[0] == 403


def test_signatures_of_unknown_keys_are_ignored(server):
    good = parse_request(body(0, 5)).note
    extra = Signature(STRANGER.name, STRANGER.vkey.id, STRANGER.sign(good.text))
    assert call(server, format_request(0, [], note.add(good.format(), [extra])))[0] == 200


def test_400_when_old_is_above_the_size(server):
    assert call(server, body(6, 5, path=[]))[0] == 400


def test_409_tells_the_size_it_has_when_old_differs(server):
    assert call(server, body(3, 5))[::2] == (409, b"0\n")
    call(server, body(0, 5))
    assert call(server, body(0, 8)) == (409, SIZE, b"5\n")
    assert call(server, body(4, 8)) == (409, SIZE, b"5\n")
    assert call(server, body(0, 3)) == (409, SIZE, b"5\n")


def test_422_for_a_wrong_proof_and_the_state_stays(server):
    call(server, body(0, 5))
    wrong = [bytes(32)] * len(tree.consistency_path(LEAVES[:8], 5))
    assert call(server, body(5, 8, path=wrong))[0] == 422
    assert call(server, body(5, 8, path=[]))[0] == 422
    assert call(server, body(5, 8, FORKED))[0] == 422
    assert call(server, body(5, 8))[0] == 200


def test_422_for_a_proof_from_the_empty_tree(server):
    assert call(server, body(0, 5, path=[bytes(32)]))[0] == 422


def test_422_for_an_empty_log_with_another_root_and_200_with_the_right_one(server):
    assert call(server, body(0, 0, root=digest("x")))[0] == 422
    assert call(server, body(0, 0))[0] == 200
    assert call(server, body(0, 5))[0] == 200


def test_409_for_another_root_of_the_same_size_and_200_for_the_same_again(server):
    call(server, body(0, 5))
    assert call(server, body(5, 5, FORKED, path=[])) == (409, SIZE, b"5\n")
    assert call(server, body(5, 5))[0] == 200


GOOD = body(5, 8)
ROOT = to_base64(tree.root(LEAVES[:8])).encode()
BAD_REQUESTS = [
    ("nothing", b""),
    ("no blank line", GOOD.replace(b"\n\n", b"\n")),
    ("no old line", GOOD.split(b"\n", 1)[1]),
    ("leading zero", GOOD.replace(b"old 5", b"old 05")),
    ("negative", GOOD.replace(b"old 5", b"old -5")),
    ("two spaces", GOOD.replace(b"old 5", b"old  5")),
    ("carriage return", GOOD.replace(b"old 5\n", b"old 5\r\n")),
    ("short hash", GOOD.replace(b"old 5\n", b"old 5\nAAAA\n")),
    ("64 hashes", format_request(5, [bytes(32)] * 64, GOOD.split(b"\n\n", 1)[1])),
    ("no signature", GOOD[: GOOD.rindex(b"\n\n") + 2]),
    ("size not decimal", GOOD.replace(b"\n8\n", b"\n8.0\n")),
    ("not utf-8", GOOD.replace(b"log.example", b"log.\xff")),
    ("old above what a size may be", GOOD.replace(b"old 5", b"old 9223372036854775808")),
    ("hash of 33 bytes", GOOD.replace(b"old 5\n", b"old 5\n" + b"A" * 44 + b"\n")),
    ("base64 with set trailing bits", GOOD.replace(b"old 5\n", b"old 5\n" + b"A" * 42 + b"B=\n")),
    ("a hyphen for the dash", GOOD.replace("\u2014".encode(), b"-")),
    ("no newline at the end", GOOD[:-1]),
    ("a signature twice", GOOD + GOOD[GOOD.rindex(b"\n\n") + 2 :]),
    ("root of 31 bytes", GOOD.replace(ROOT, to_base64(bytes(31)).encode())),
    ("an empty line in the checkpoint", GOOD.replace(b"\n8\n", b"\n8\n\n")),
    ("a control character", GOOD.replace(b"\n8\n", b"\n8\x01\n")),
]


@pytest.mark.parametrize("data", [row[1] for row in BAD_REQUESTS], ids=[row[0] for row in BAD_REQUESTS])
def test_400_for_requests_of_another_form_and_nothing_is_kept(server, state, data):
    status, kind, _said = call(server, data)
    assert (status, kind) == (400, TEXT)
    assert not state.exists()


def test_requests_that_are_not_add_checkpoint_or_too_long_are_refused_by_the_server(server):
    assert call(server, b"", path="/add-checkpoint")[0] == 404
    assert call(server, b"", path="/w/sign-subtree")[0] == 404
    assert call(server, b"x" * 10, headers={"Content-Length": str(MAX_BODY + 1)})[0] == 413
    assert call(server, None, headers={"Transfer-Encoding": "chunked"})[0] == 411
    assert call(server, None, method="PUT")[0] == 501


def test_the_kept_checkpoint_carries_log_and_witness_signature(server):
    path = f"/w/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    assert call(server, None, path=path, method="GET")[0] == 404
    call(server, body(0, 5))
    status, _kind, data = call(server, None, path=path, method="GET")
    assert (status, len(note.verify(note.parse(data), [LOG.vkey, KEY.vkey]))) == (200, 2)
    assert call(server, None, path="/w/../lock/checkpoint", method="GET")[0] == 404


def test_what_it_cosigned_survives_a_restart(witness, state):
    assert witness.add_checkpoint(body(0, 8)).status == 200
    again = Witness(state, {ORIGIN: [LOG.vkey]}, KEY, lambda: NOW)
    assert tuple(again.add_checkpoint(body(0, 8))) == (409, SIZE, b"8\n")
    assert again.add_checkpoint(body(8, 9)).status == 200


def test_a_crash_before_the_rename_leaves_the_old_state_whole(witness, state):
    witness.add_checkpoint(body(0, 5))
    folder = next(state.iterdir())
    (folder / "checkpoint.partial").write_bytes(b"half of a chec")
    assert witness.add_checkpoint(body(5, 8)).status == 200


def test_of_two_requests_from_one_size_only_one_is_cosigned_and_nothing_rolls_back(
    server, witness, monkeypatch
):
    """The race of the specification: both are checked against size 5, the larger is kept first."""
    call(server, body(0, 5))
    for start in range(5, 60, 2):
        gate, found = threading.Barrier(2), []

        def ask(size, gate=gate, found=found, start=start):
            gate.wait()
            found.append((call(server, body(start, size))[0], size))

        threads = [threading.Thread(target=ask, args=(start + more,)) for more in (1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(status for status, _size in found) == [200, 409]
        cosigned = next(size for status, size in found if status == 200)
        kept = call(server, body(0, 64))
        assert kept == (409, SIZE, b"%d\n" % cosigned)
        assert cosigned == start + 2 or call(server, body(start + 1, start + 2))[0] == 200


def test_the_judging_of_one_log_waits_while_another_request_of_it_is_judged(witness, monkeypatch):
    """The same race made certain: the first request stops between its check and its keeping."""
    entered, leave, order = threading.Event(), threading.Event(), []
    real = witness._clock

    def slow():
        order.append("judged")
        if len(order) == 1:
            entered.set()
            leave.wait(120)
        return real()

    monkeypatch.setattr(witness, "_clock", slow)
    answers = {}
    first = threading.Thread(target=lambda: answers.update(a=witness.add_checkpoint(body(0, 3))))
    second = threading.Thread(target=lambda: answers.update(b=witness.add_checkpoint(body(0, 8))))
    first.start()
    assert entered.wait(120)
    second.start()
    second.join(0.2)
    assert second.is_alive() and order == ["judged"]
    leave.set()
    first.join()
    second.join()
    assert answers["a"].status == 200
    assert tuple(answers["b"]) == (409, SIZE, b"3\n")


def test_a_witness_needs_a_cosigner_key(state):
    with pytest.raises(SealError):
        Witness(state, {}, LOG, lambda: NOW)


def test_63_hashes_are_read_and_judged_64_are_not_even_read(server):
    checkpoint = GOOD.split(b"\n\n", 1)[1]
    call(server, body(0, 5))
    assert call(server, format_request(5, [bytes(32)] * 63, checkpoint))[0] == 422
    assert call(server, format_request(5, [bytes(32)] * 64, checkpoint))[0] == 400


def test_the_order_of_the_specification_decides_between_two_faults(server):
    """Origin before signature, signature before sizes, the size kept before the proof."""
    nobody = note.sign(Checkpoint("log.example/none", 5, bytes(32)).text(), [signer("log.example/none")])
    unsigned = note.sign(Checkpoint(ORIGIN, 5, bytes(32)).text(), [STRANGER])
    assert call(server, format_request(9, [], nobody))[0] == 404
    assert call(server, format_request(9, [], unsigned))[0] == 403
    assert call(server, body(9, 5, path=[bytes(32)]))[0] == 400
    assert call(server, body(4, 5, path=[bytes(32)]))[:2] == (409, SIZE)


def test_a_fault_of_any_code_leaves_the_kept_checkpoint_as_it_was(server, state):
    call(server, body(0, 5))
    [kept] = state.glob("*/checkpoint")
    before = kept.read_bytes()
    forked = body(5, 8, FORKED)
    wrong = [
        b"",
        body(9, 8, path=[]),
        body(0, 5, log=STRANGER),
        body(0, 8),
        body(5, 5, FORKED, path=[]),
        forked,
    ]
    assert [call(server, data)[0] for data in wrong] == [400, 400, 404, 409, 409, 422]
    assert kept.read_bytes() == before


def test_two_witness_processes_on_one_state_are_one_witness(state):
    """Two programs, one directory: the lock is the kernel's, not the program's."""
    first, second = (Witness(state, {ORIGIN: [LOG.vkey]}, KEY, lambda: NOW) for _ in range(2))
    gate, found = threading.Barrier(2), []

    def ask(one, size):
        gate.wait()
        found.append(one.add_checkpoint(body(0, size)).status)

    threads = [threading.Thread(target=ask, args=pair) for pair in ((first, 3), (second, 8))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200, 409]


@pytest.mark.parametrize(
    ("dies", "size"), [("before the checkpoint is kept", 5), ("between keeping it and answering", 8)]
)
def test_a_witness_killed_while_it_judges_is_where_its_disk_says(witness, state, dies, size):
    """It is a process of its own and is killed for real; nobody got an answer, so the log asks again."""
    assert witness.add_checkpoint(body(0, 5)).status == 200
    child = os.fork()
    if child == 0:
        real = seal_witness._keep

        def keep(folder, data):
            if dies.startswith("between"):
                real(folder, data)
            os.kill(os.getpid(), signal.SIGKILL)

        seal_witness._keep = keep
        witness.add_checkpoint(body(5, 8))
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    again = Witness(state, {ORIGIN: [LOG.vkey]}, KEY, lambda: NOW)
    assert tuple(again.add_checkpoint(body(0, 9))) == (409, SIZE, b"%d\n" % size)
    assert again.add_checkpoint(body(size, 8, FORKED)).status in (409, 422)
    assert again.add_checkpoint(body(size, 8)).status == 200


def test_a_folder_carried_by_hand_is_judged_as_over_http(witness, state, tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir()
    with pytest.raises(SealError):
        answer_folder(folder, witness)
    assert kept_size(folder) is None
    (folder / "add-checkpoint").write_bytes(body(0, 5))
    assert answer_folder(folder, witness).status == 200
    lines = note.parse((folder / "cosigned").read_bytes())
    assert [one.key for one in note.verify(lines, [KEY.vkey, LOG.vkey])] == [KEY.vkey]
    assert (folder / "size").read_bytes() == b"5\n"
    (folder / "add-checkpoint").write_bytes(body(3, 8))
    (folder / "size").unlink()
    assert answer_folder(folder, witness).status == 409
    assert kept_size(folder) == 5
    (folder / "add-checkpoint").write_bytes(body(5, 8, FORKED))
    assert answer_folder(folder, witness).status == 422
    (folder / "add-checkpoint").write_bytes(body(5, 8))
    assert answer_folder(folder, witness).status == 200
    (folder / "size").write_bytes(b"8 \n")
    with pytest.raises(SealError):
        kept_size(folder)
