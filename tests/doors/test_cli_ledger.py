"""`jieli ledger`: how long the book is, who vouched for it, and a signature when one is asked for."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from jieli.connectors.stamp.demo import ROOT_FILE, DemoAuthority, make_authority, serve
from jieli.connectors.witness import HttpWitness
from jieli.kernel.times import DAY, HOUR, MINUTE
from jieli.ledger import checkpoints, queries
from jieli.ledger.checkpoints import RefusesToSign
from jieli.ledger.operations import book, heartbeat
from jieli.wiring import signer
from jieli.wiring.home import write_secret
from jieli.wiring.profile import BadProfile, read_profile
from seal import checkpoint, tree
from seal.keys import COSIGNATURE, Signer, Vkey, generate, parse_signer, parse_vkey
from seal.witness import Witness, format_request
from seal.witness_http import WitnessServer
from tests.conftest import NOW, ORIGIN
from tests.doors.cli import Jieli
from tests.fakes.depository import FakeDepository, depository_server


def test_a_round_signs_everything_and_the_status_says_so(jieli: Jieli) -> None:
    before = jieli.answer("ledger", "status")
    assert before["origin"] == ORIGIN
    assert (before["checkpoint"], before["size"] > 10) == (0, True)
    assert jieli.answer("ledger", "sign", "--once") == {
        "checkpoint": before["size"], "witnessed": [], "stamped": [], "unreachable": [], "counts": True, "clock": [],
    }  # fmt: skip
    jieli.at = NOW + 1_000
    assert jieli.answer("ledger", "sign", "--once")["checkpoint"] == before["size"]
    after = jieli.answer("ledger", "status")
    assert after == before | {
        "checkpoint": before["size"], "counted": before["size"], "silences": after["silences"],
    }  # fmt: skip
    said = jieli.said("ledger", "status")
    assert f"{before['size']} 条，2026-09-21 2" in said
    assert "未见证，未经中立第三方固定" in said


@pytest.mark.usefixtures("signing")
def test_a_checkpoint_is_asked_for_over_the_signers_socket(jieli: Jieli) -> None:
    made = jieli.answer("ledger", "checkpoint")
    assert made["checkpoint"] == jieli.answer("ledger", "status")["size"]
    assert f"已签到（条）：{made['checkpoint']}" in jieli.said("ledger", "checkpoint")
    assert jieli.refused("ledger", "sign", "--once")["code"] == "signer.runs"


def test_in_production_without_a_signer_the_checkpoint_is_pending(jieli: Jieli) -> None:
    environ = {"JIELI_HOME": str(jieli.home), "JIELI_PROFILE": "production"}
    jieli.profile = read_profile(environ)
    told = jieli.answer("ledger", "checkpoint")
    assert (told["checkpoint"], told["code"]) == ("pending", "signer.away")
    assert "jieli serve" in told["why"]


def test_a_witness_that_is_away_is_named_and_refuses_nothing(
    jieli: Jieli, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = signer.HttpWitness(name="away.example.cn", url="http://127.0.0.1:9/")
    monkeypatch.setattr(signer, "witnesses", lambda profile: [away])
    done = jieli.answer("ledger", "sign", "--once")
    assert (done["witnessed"], done["unreachable"]) == ([], ["away.example.cn"])


def test_the_status_of_a_book_nobody_signed(fresh: Jieli) -> None:
    assert fresh.answer("ledger", "status") == {
        "origin": ORIGIN, "size": 0, "checkpoint": None, "witnessed": [], "quorum_met": False, "counted": None,
        "stamped": [], "late": {}, "unstamped": {}, "clock": [],
        "heartbeat": None, "earlier": [], "silences": [],
    }  # fmt: skip
    assert "尚无" in fresh.said("ledger", "status")


def test_hours_without_a_heartbeat_are_in_the_status_and_are_no_damage_to_fsck(jieli: Jieli) -> None:
    heartbeat(by="system:test", at=NOW)
    jieli.at = NOW + 5 * HOUR
    status, said = jieli.answer("ledger", "status"), jieli.said("ledger", "status")
    assert status["heartbeat"] == NOW
    assert (status["silences"][-1]["begin"], status["silences"][-1]["end"]) == (NOW, NOW + 5 * HOUR)
    assert "（5 小时）没有心跳，其间没有任何条目" in said.replace("\n", "")
    heartbeat(by="system:test", at=NOW + 5 * HOUR)
    found = jieli.answer("fsck")
    assert (found["clean"], "ledger.silence" in {n["code"] for n in found["notes"]}) == (True, True)
    assert "全部一致，另有" in jieli.said("fsck")


# ── who vouches: several witnesses, a policy that decides, stamps that come late ──


@dataclass
class Other:
    """A witness at an address of this machine, with its key and its clock."""

    key: Signer
    url: str
    state: Witness

    @property
    def line(self) -> str:
        return f"{self.key.name} {self.key.vkey.format()} {self.url}"


@contextmanager
def witness_at(name: str, log: Vkey, folder: Path, *, at: Callable[[], int]) -> Iterator[Other]:
    key = generate(name, kind=COSIGNATURE)
    state = Witness(folder / name, {log.name: [log]}, key, lambda: at() // 1_000)
    with WitnessServer(("127.0.0.1", 0), state) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Other(key, f"http://127.0.0.1:{server.server_port}", state)
        server.shutdown()
        thread.join()


def policy_of(jieli: Jieli, *lines: str) -> None:
    """Write the installation's policy anew, with the log's line as it was."""
    path = jieli.home / "trust.policy"
    log = path.read_text().split("\n")[0]
    path.write_text("\n".join([log, *lines]) + "\n")


@pytest.fixture
def two(fresh: Jieli, tmp_path: Path) -> Iterator[tuple[Other, Other]]:
    log = parse_vkey(fresh.answer("keys", "init", "--origin", ORIGIN)["vkey"])
    with (
        witness_at("a.example", log, tmp_path, at=lambda: fresh.at) as a,
        witness_at("b.example", log, tmp_path, at=lambda: fresh.at) as b,
    ):
        yield a, b


def note_something(jieli: Jieli) -> None:
    with book(at=jieli.at) as b:
        b.entry("access.note", by="system:test", facts={"n": 1})


def test_a_checkpoint_counts_when_the_policys_quorum_is_met_and_not_before(
    fresh: Jieli, two: tuple[Other, Other]
) -> None:
    a, b = two
    away = f"{b.key.name} {b.key.vkey.format()} http://127.0.0.1:9"
    note_something(fresh)
    policy_of(fresh, f"witness a {a.line.split(' ', 1)[1]}", f"witness b {away.split(' ', 1)[1]}",
              "group both all a b", "quorum both")  # fmt: skip
    done = fresh.answer("ledger", "sign", "--once")
    assert (done["witnessed"], done["unreachable"], done["counts"]) == (["a.example"], ["b.example"], False)
    status = fresh.answer("ledger", "status")
    assert (status["quorum_met"], status["counted"], status["witnessed"]) == (False, None, ["a.example"])
    assert "未见证：a.example 已签名，但未达到信任策略要求的见证方" in fresh.said("ledger", "status")
    fresh.profile = replace(fresh.profile, witness_urls=(("b.example", b.url),))
    assert fresh.answer("ledger", "sign", "--once")["counts"]
    status = fresh.answer("ledger", "status")
    assert (status["quorum_met"], status["counted"]) == (True, status["size"])
    assert "未见证" not in fresh.said("ledger", "status")
    note_something(fresh)
    fresh.profile = replace(fresh.profile, witness_urls=(("b.example", "http://127.0.0.1:9"),))
    fresh.answer("ledger", "sign", "--once")
    after = fresh.answer("ledger", "status")
    assert (after["checkpoint"], after["counted"]) == (status["size"] + 1, status["size"])
    assert f"{status['size']} 条" in fresh.said("ledger", "status")


def test_any_one_of_two_is_enough_where_the_policy_says_so(fresh: Jieli, two: tuple[Other, Other]) -> None:
    a, b = two
    note_something(fresh)
    gone = b.line.replace(b.url, "http://127.0.0.1:9")
    policy_of(
        fresh, f"witness {a.line}", f"witness {gone}", "group one any a.example b.example", "quorum one"
    )
    assert fresh.answer("ledger", "sign", "--once")["counts"]
    assert fresh.answer("ledger", "status")["quorum_met"]


def test_one_witness_that_saw_another_log_stops_the_signer(
    fresh: Jieli, two: tuple[Other, Other], owner_sql: Callable[..., object]
) -> None:
    a, b = two
    note_something(fresh)
    policy_of(fresh, f"witness {a.line}", f"witness {b.line}", "group g all a.example b.example", "quorum g")
    assert fresh.answer("ledger", "sign", "--once")["counts"]
    # b is told of a later head that this log never had: a database put back from a backup, as b sees it
    log = parse_signer((fresh.home / "signer" / "log.key").read_text().strip())
    last = queries.last_checkpoint()
    assert last is not None
    leaves = [leaf for (leaf,) in owner_sql("SELECT leaf FROM ledger_entry ORDER BY index")]  # type: ignore[attr-defined]
    longer = [*(bytes(leaf) for leaf in leaves), tree.leaf_hash(b"lost")]
    head = checkpoint.Checkpoint(ORIGIN, len(longer), tree.root(longer))
    path = tree.consistency_path(longer, last.size)
    told = b.state.add_checkpoint(format_request(last.size, path, checkpoint.sign(head, log)))
    assert told.status == 200
    assert fresh.refused("ledger", "sign", "--once")["code"] == "ledger.refuses_to_sign"
    # Nor does it help to write and sign as many entries as b saw.
    note_something(fresh)
    checkpoints.sign_head(log, at=NOW)
    assert fresh.refused("ledger", "sign", "--once")["code"] == "ledger.witness_refused"


def test_a_rollback_is_found_too_by_a_witness_that_was_away_at_the_start(
    fresh: Jieli, two: tuple[Other, Other], owner_sql: Callable[..., object]
) -> None:
    a, _ = two
    note_something(fresh)
    policy_of(fresh, f"witness {a.line}", "quorum a.example")
    fresh.answer("ledger", "sign", "--once")
    note_something(fresh)
    fresh.answer("ledger", "sign", "--once")
    for table in ("ledger_cosignature", "ledger_checkpoint"):
        owner_sql(f"DELETE FROM {table} WHERE size > 1")
    owner_sql("DELETE FROM ledger_part WHERE entry > 0")
    owner_sql("DELETE FROM ledger_entry WHERE index > 0")
    last = queries.last_checkpoint()
    assert last is not None
    with pytest.raises(RefusesToSign, match="回退"):
        checkpoints.cosign(HttpWitness(name="a.example", url=a.url), last, at=NOW)


def test_a_witness_that_does_not_know_the_log_yet_stops_nothing(
    fresh: Jieli, two: tuple[Other, Other]
) -> None:
    a, _ = two
    a.state._logs.clear()
    note_something(fresh)
    policy_of(fresh, f"witness {a.line}", "quorum a.example")
    done = fresh.answer("ledger", "sign", "--once")
    assert (done["witnessed"], done["unreachable"], done["counts"]) == ([], ["a.example"], False)


def test_a_line_by_another_key_under_the_witnesss_name_is_not_kept(
    fresh: Jieli, two: tuple[Other, Other]
) -> None:
    a, _ = two
    note_something(fresh)
    impostor = generate("a.example", kind=COSIGNATURE)
    policy_of(fresh, f"witness a.example {impostor.vkey.format()} {a.url}", "quorum a.example")
    assert fresh.answer("ledger", "sign", "--once")["witnessed"] == []
    assert fresh.answer("fsck")["clean"]


def test_an_address_for_a_witness_that_the_policy_does_not_name_is_refused(fresh: Jieli) -> None:
    fresh.answer("keys", "init", "--origin", ORIGIN)
    fresh.profile = replace(fresh.profile, witness_urls=(("stranger.example", "http://127.0.0.1:9"),))
    assert fresh.refused("ledger", "sign", "--once")["code"] == "wiring.bad_profile"


@pytest.mark.parametrize("value", ["http://127.0.0.1:9", "a.example=ftp://x", "=http://x", "a=b,c"])
def test_addresses_in_the_environment_are_pairs(value: str) -> None:
    with pytest.raises(BadProfile):
        read_profile({"JIELI_WITNESS_URL": value})
    given = {"JIELI_WITNESS_URL": "a.example=http://a.example/w?x=1, b.example=https://b.example"}
    assert read_profile(given).witness_urls == (
        ("a.example", "http://a.example/w?x=1"), ("b.example", "https://b.example"),
    )  # fmt: skip


@pytest.fixture
def authority(fresh: Jieli, tmp_path: Path) -> Iterator[dict[str, int]]:
    """A timestamp authority that can go away (`port` 9) and whose clock may differ (`ahead`, ms)."""
    fresh.answer("keys", "init", "--origin", ORIGIN)
    make_authority(tmp_path / "tsa", at=NOW)
    (fresh.home / "tsa-ca.pem").write_bytes((tmp_path / "tsa" / ROOT_FILE).read_bytes())
    state = {"ahead": 0}
    server = serve(DemoAuthority(tmp_path / "tsa", lambda: fresh.at + state["ahead"]), port=0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state["port"] = server.server_port
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def stamped_by(jieli: Jieli, port: int) -> None:
    jieli.profile = replace(jieli.profile, timestamp_url=f"http://127.0.0.1:{port}/")


def test_a_checkpoint_without_a_stamp_gets_it_later_and_the_status_says_how_late(
    fresh: Jieli, authority: dict[str, int]
) -> None:
    stamped_by(fresh, 9)
    for _ in range(6):
        note_something(fresh)
        done = fresh.answer("ledger", "sign", "--once")
    assert (done["stamped"], done["unreachable"]) == ([], ["demo"])
    assert fresh.answer("ledger", "status")["unstamped"] == {"demo": 6}
    assert "6 个检查点" in fresh.said("ledger", "status")
    fresh.at += 3 * HOUR
    stamped_by(fresh, authority["port"])
    assert fresh.answer("ledger", "sign", "--once")["stamped"] == ["demo"]
    status = fresh.answer("ledger", "status")
    assert (status["unstamped"], status["late"], status["clock"]) == ({"demo": 2}, {"demo": 3 * HOUR}, [])
    assert "印时间晚于签署 3 小时" in fresh.said("ledger", "status")
    fresh.answer("ledger", "sign", "--once")
    assert fresh.answer("ledger", "status")["unstamped"] == {"demo": 0}
    assert fresh.answer("fsck")["clean"]


def test_a_stamp_in_time_is_not_called_late(fresh: Jieli, authority: dict[str, int]) -> None:
    stamped_by(fresh, authority["port"])
    note_something(fresh)
    fresh.answer("ledger", "sign", "--once")
    status = fresh.answer("ledger", "status")
    assert (status["late"], status["clock"], status["unstamped"]) == ({}, [], {"demo": 0})
    assert "印时间晚于" not in fresh.said("ledger", "status")


@pytest.mark.parametrize(("ahead", "word"), [(-2 * HOUR, "快 2 小时"), (30 * MINUTE, "慢 30 分钟")])
def test_a_signer_whose_clock_is_not_the_authoritys_says_so(
    ahead: int, word: str, fresh: Jieli, authority: dict[str, int]
) -> None:
    authority["ahead"] = ahead
    stamped_by(fresh, authority["port"])
    note_something(fresh)
    [fault] = fresh.answer("ledger", "sign", "--once")["clock"]
    assert word in fault
    assert word in fresh.said("ledger", "status")


def test_a_signer_whose_clock_is_behind_its_own_last_signature_says_so(fresh: Jieli) -> None:
    fresh.answer("keys", "init", "--origin", ORIGIN)
    note_something(fresh)
    fresh.at += HOUR
    fresh.answer("ledger", "sign", "--once")
    fresh.at -= HOUR
    note_something(fresh)
    [fault] = fresh.answer("ledger", "sign", "--once")["clock"]
    assert "早 1 小时" in fault


def test_digests_are_deposited_once_a_day_and_the_receipt_is_part_of_the_log(
    fresh: Jieli, tmp_path: Path
) -> None:
    fresh.answer("keys", "init", "--origin", ORIGIN)
    depository = FakeDepository(NOW)
    note_something(fresh)
    with depository_server(depository) as url:
        fresh.profile = replace(fresh.profile, deposit_urls=(("公证", url),))
        sizes = []
        for _ in range(3):
            sizes.append(fresh.answer("ledger", "sign", "--once")["checkpoint"])
        fresh.at += DAY
        fresh.answer("ledger", "sign", "--once")
    [second, first] = fresh.answer("ledger", "deposits")["deposits"]
    assert sizes == [1, 2, 2]
    assert (first["size"], second["size"], first["kind"]) == (1, 2, "公证")
    assert bytes.fromhex(first["receipt"]) == depository.kept[first["digest"]]
    assert first["number"] in fresh.said("ledger", "deposits", "--out", tmp_path / "receipts")
    assert sorted(p.read_bytes() for p in (tmp_path / "receipts").iterdir()) == sorted(
        depository.kept.values()
    )
    assert second["number"] in fresh.said("ledger", "status")
    assert fresh.answer("fsck")["clean"]


def test_a_depository_that_is_away_or_not_ready_is_named_and_asked_again(fresh: Jieli) -> None:
    fresh.answer("keys", "init", "--origin", ORIGIN)
    depository = FakeDepository(NOW, pending=1, token="canary-token")
    note_something(fresh)
    with depository_server(depository) as url:
        fresh.profile = replace(fresh.profile, deposit_urls=(("司法链", url),))
        host = url.split("/")[2]
        assert fresh.answer("ledger", "sign", "--once")["unreachable"] == [host]
        write_secret(fresh.home / "deposit" / f"{host.replace(':', '_')}.token", "canary-token\n")
        assert fresh.answer("ledger", "sign", "--once")["unreachable"] == [host]
        assert fresh.answer("ledger", "sign", "--once")["unreachable"] == []
    assert len(fresh.answer("ledger", "deposits")["deposits"]) == 1
    fresh.profile = replace(fresh.profile, deposit_urls=(("区块链", "http://127.0.0.1:9"),))
    assert fresh.refused("ledger", "sign", "--once")["code"] == "wiring.bad_profile"
