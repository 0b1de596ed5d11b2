"""Who is asked again and when; what a witness's answer means; what counts; who has still to stamp."""

import http.server
import threading
from collections.abc import Iterator
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.connectors.witness import HttpWitness
from jieli.kernel.times import DAY, MINUTE, SECOND
from jieli.ledger import checkpoints, deposits, queries, standing
from jieli.ledger.bulk import copy_rows
from jieli.ledger.models import Cosignature
from jieli.ledger.operations import book
from jieli.ledger.patience import FIRST, LONGEST, Patience
from jieli.ledger.ports import Conflict, Cosigned, DepositKind, Receipt, Refused, Unreachable
from seal import checkpoint, cosignature, note, policy, tree
from seal.keys import COSIGNATURE, Signer, generate
from seal.witness import SIZE, TEXT
from tests.conftest import NOW, ORIGIN
from tests.fakes.depository import FakeDepository


@pytest.fixture
def signer(db: None) -> Signer:
    made = generate(ORIGIN)
    checkpoints.first_checkpoint(made, at=NOW)
    return made


def write(at: int = NOW) -> None:
    with book(at=at) as b:
        b.entry("access.note", by="system:test", facts={})


class Away:
    """A witness, an authority or a depository that gives no answer, and counts how often it was asked."""

    kind = DepositKind.NOTARY

    def __init__(self, name: str = "away.example") -> None:
        self.name, self.asked = name, 0

    def _gone(self) -> Unreachable:
        self.asked += 1
        return Unreachable("没有答复。", remedy="以后再试。")

    def add_checkpoint(self, *, old: int, proof: list[bytes], note: str) -> Cosigned | Conflict:
        raise self._gone()

    def stamp(self, data: bytes) -> bytes:
        raise self._gone()

    def deposit(self, digest: bytes) -> Receipt:
        raise self._gone()


def test_who_gave_no_answer_is_left_alone_twice_as_long_each_time(signer: Signer) -> None:
    write()
    witness, authority, depository, waits = Away("w"), Away("t"), Away("d"), Patience()
    asked = []
    for second in (0, 1, 4, 5, 14, 15, 34, 35, 74, 75, 154, 155, 600):
        at = NOW + second * SECOND
        done = checkpoints.run_round(signer, [witness], [authority], at=at, patience=waits)
        lost = deposits.deposit_when_due([depository], by="system:test", at=at, patience=waits)
        assert (done.unreachable, lost) == (("w", "t"), ("d",))
        asked.append((witness.asked, authority.asked, depository.asked))
    assert asked == [(n, n, n) for n in (1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7)]


@given(st.lists(st.integers(0, 20 * MINUTE), min_size=1, max_size=30))
def test_a_wait_ends_within_its_longest_and_an_answer_ends_it_at_once(gaps: list[int]) -> None:
    waits, at = Patience(), NOW
    for gap in gaps:
        waits.failed("x", at=at)
        assert not waits.may_ask("x", at=at + FIRST - 1)
        assert waits.may_ask("x", at=at + LONGEST)
        assert waits.may_ask("x", at=at - 1)
        assert waits.may_ask("y", at=at)
        at += gap
    waits.answered("x")
    assert waits.may_ask("x", at=at)


class Says:
    """A witness that was there all the time and refuses."""

    name = "no.example"

    def add_checkpoint(self, *, old: int, proof: list[bytes], note: str) -> Cosigned | Conflict:
        raise Refused("账本与它见过的不一致。", remedy="请停止写入。")


def test_a_refusal_ends_the_round_only_after_the_others_were_asked(signer: Signer) -> None:
    write()
    other, authority = Away("w"), Away("t")
    with pytest.raises(Refused):
        checkpoints.run_round(signer, [Says(), other], [authority], at=NOW)
    assert (other.asked, authority.asked) == (1, 1)


@pytest.fixture
def answering() -> Iterator[tuple[HttpWitness, list[tuple[int, str, bytes]]]]:
    """An HTTP server that gives the answers put into the list, one after the other."""
    answers: list[tuple[int, str, bytes]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status, kind, body = answers.pop(0)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing on the test's screen."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield (
        HttpWitness(name=WITNESS.name, url=f"http://127.0.0.1:{server.server_port}", key=WITNESS.vkey),
        answers,
    )
    server.shutdown()
    server.server_close()
    thread.join()


LOG, WITNESS, OTHER = generate(ORIGIN), generate("w.example", kind=COSIGNATURE), generate(
    "o.example", kind=COSIGNATURE
)  # fmt: skip
HEAD = checkpoint.sign(checkpoint.Checkpoint(ORIGIN, 3, tree.leaf_hash(b"x")), LOG).decode()


def line(key: Signer, *, over: str = HEAD) -> bytes:
    text = note.parse(over.encode()).text
    payload = cosignature.cosign(text, key, time=NOW // 1000)
    return note.Signature(key.name, key.vkey.id, payload).line().encode()


FORGED = checkpoint.sign(checkpoint.Checkpoint(ORIGIN, 3, tree.leaf_hash(b"y")), LOG).decode()
NO_ANSWER = {
    "400": (400, TEXT, b"no\n"),
    "403": (403, TEXT, b"no\n"),
    "404": (404, TEXT, b"no\n"),
    "500": (500, TEXT, b""),
    "302": (302, TEXT, b""),
    "409 of another type": (409, TEXT, b"5\n"),
    "409 without a number": (409, SIZE, b"five\n"),
    "409 with a number too large": (409, SIZE, b"9" * 30),
    "200 with nothing": (200, TEXT, b""),
    "200 with no line": (200, TEXT, b"thank you\n"),
    "200 with another witness's line": (200, TEXT, line(OTHER)),
    "200 with a line over another checkpoint": (200, TEXT, line(WITNESS, over=FORGED)),
    "200 without end": (200, TEXT, line(WITNESS) + b"x" * 70_000),
}


@pytest.mark.parametrize("answer", NO_ANSWER.values(), ids=NO_ANSWER.keys())
def test_what_says_nothing_about_the_log_is_no_answer(
    answer: tuple[int, str, bytes], answering: tuple[HttpWitness, list[tuple[int, str, bytes]]]
) -> None:
    witness, answers = answering
    answers.append(answer)
    with pytest.raises(Unreachable):
        witness.add_checkpoint(old=0, proof=[], note=HEAD)


def test_what_says_that_the_log_is_another_one_is_a_refusal(
    answering: tuple[HttpWitness, list[tuple[int, str, bytes]]],
) -> None:
    witness, answers = answering
    answers.extend([(422, TEXT, b"no\n"), (409, SIZE, b"3\n")])
    for _ in range(2):
        with pytest.raises(Refused):
            witness.add_checkpoint(old=3, proof=[], note=HEAD)


def test_right_answers_are_taken_and_lines_of_others_beside_them_dropped(
    answering: tuple[HttpWitness, list[tuple[int, str, bytes]]],
) -> None:
    witness, answers = answering
    answers.extend([(409, SIZE + "; charset=utf-8", b"2\n"), (200, TEXT, line(OTHER) + line(WITNESS))])
    assert witness.add_checkpoint(old=0, proof=[], note=HEAD) == Conflict(2)
    assert witness.add_checkpoint(old=2, proof=[], note=HEAD) == Cosigned((line(WITNESS).decode(),))


def cosigned(size: int, key: Signer) -> None:
    [found] = queries.checkpoints(sizes=[size])
    said = line(key, over=found.note).decode()
    copy_rows([Cosignature(log=queries.live_log(), size=size, witness=key.name, line=said, received_at=NOW)])


def test_the_newest_checkpoint_that_counts_is_found_behind_ones_that_do_not(signer: Signer) -> None:
    two = [f"witness {k.name} {k.vkey.format()}" for k in (WITNESS, OTHER)]
    trusted = policy.parse(
        "\n".join(
            [f"log {signer.vkey.format()}", *two, "group g all w.example o.example", "quorum g", ""]
        ).encode()
    )
    for _ in range(4):
        write()
        checkpoints.sign_head(signer, at=NOW)
    assert standing.last_counted(trusted) is None
    for key, size in ((WITNESS, 2), (OTHER, 2), (WITNESS, 3)):
        cosigned(size, key)
    counted = standing.last_counted(trusted)
    assert counted is not None
    assert (counted.size, counted.counts, counted.witnessed) == (2, True, True)
    alone = policy.parse(f"log {signer.vkey.format()}\nquorum none\n".encode())
    newest = standing.last_counted(alone)
    assert newest is not None
    assert (newest.size, newest.counts, newest.witnessed) == (4, True, False)
    assert standing.last_counted(None) is None
    # an entry is proved by the newest one over it that counts, and by the newest where none over it does
    best = [standing.best_over(index, trusted) for index in range(5)]
    assert [(found[0].size, found[1].counts) if found else None for found in best] == [
        (2, True), (2, True), (4, False), (4, False), None,
    ]  # fmt: skip


def test_a_checkpoint_of_an_unknown_key_or_with_a_wrong_line_does_not_count(signer: Signer) -> None:
    write()
    shown = checkpoints.sign_head(signer, at=NOW)
    assert shown is not None
    stranger = policy.parse(f"log {generate(ORIGIN).vkey.format()}\nquorum none\n".encode())
    assert not standing.standing(shown, stranger).counts
    assert not standing.standing(shown, None).counts
    copy_rows(
        [
            Cosignature(
                log=queries.live_log(), size=1, witness=WITNESS.name, line=line(WITNESS).decode(), received_at=NOW
            )
        ]
    )  # fmt: skip
    known = f"log {signer.vkey.format()}\nwitness w {WITNESS.vkey.format()}\nquorum none\n"
    [now] = queries.checkpoints(sizes=[1])
    assert not standing.standing(now, policy.parse(known.encode())).counts


def test_old_checkpoints_are_not_stamped_any_more_and_the_newest_comes_first(signer: Signer) -> None:
    for n in range(7):
        write(NOW + n * 6 * DAY)
        checkpoints.sign_head(signer, at=NOW + n * 6 * DAY)
    assert standing.unstamped("tsa", at=NOW + 36 * DAY) == [7, 6, 5, 4, 3]
    assert standing.unstamped("tsa", at=NOW + 36 * DAY, limit=2) == [7, 6]


def test_a_deposit_is_of_the_note_text_and_of_nothing_else(signer: Signer) -> None:
    write()
    shown = checkpoints.sign_head(signer, at=NOW)
    assert shown is not None
    assert deposits.deposit_when_due([FakeDepository(NOW)], by="system:test", at=NOW) == ()
    [kept] = deposits.deposits()
    text = note.parse(shown.note.encode()).text
    assert (kept.digest, kept.size, kept.stated_at) == (sha256(text).digest(), 1, NOW)
    [entry] = queries.entries_of_kind("ledger.deposit")
    assert (entry.index, entry.count) == (1, 2)


def test_a_crash_before_the_receipt_is_kept_deposits_the_same_digest_again(
    signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write()
    checkpoints.sign_head(signer, at=NOW)
    depository = FakeDepository(NOW)

    def die(name: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(deposits, "reach", die)
        with pytest.raises(KeyboardInterrupt):
            deposits.deposit_when_due([depository], by="system:test", at=NOW)
    assert deposits.deposits() == []
    deposits.deposit_when_due([depository], by="system:test", at=NOW)
    assert [d.receipt for d in deposits.deposits()] == list(depository.kept.values())
    assert depository.asked[0] == depository.asked[1]


def test_the_empty_log_is_not_deposited(signer: Signer) -> None:
    depository = FakeDepository(NOW)
    assert deposits.deposit_when_due([depository], by="system:test", at=NOW) == ()
    assert depository.asked == []
