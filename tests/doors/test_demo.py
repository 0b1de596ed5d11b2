"""The demo, played once as a stranger plays it, and the world it invents."""

import io
import json
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jieli.capture.types import ConsentLine, Incoming, Malformed, SwitchLine
from jieli.connectors.files import calls as call_lines
from jieli.connectors.files.company import SHEETS
from jieli.connectors.files.tables import read_table
from jieli.connectors.wecom import lines as wecom
from jieli.consent.types import Reason
from jieli.wiring import postgres
from jieli.wiring.demo import month, story
from jieli.wiring.demo.children import processes
from jieli.wiring.demo.clock import DemoClock
from jieli.wiring.demo.errors import HomeInUse, Interrupted, NotHere
from jieli.wiring.demo.scans import scan
from jieli.wiring.demo.talk import scenes
from jieli.wiring.postgres.identity import existing
from jieli.wiring.profile import Profile, read_profile
from seal import note
from seal import policy as policies
from seal.keys import Signer
from seal.verify import verify_package
from seal.verify.report import Report
from tests.seal.packages import files_of, remade, signer

SEAL = Path(sys.executable).with_name("seal")


# -- the run ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Played:
    """A home in which the demo has been played, and what the command answered."""

    home: Path
    answer: dict[str, Any]

    @property
    def folder(self) -> Path:
        return self.home / "demo"


def environment(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("JIELI_") and k != "DATABASE_URL"}
    return {**kept, "JIELI_HOME": str(home)}


def jieli(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "jieli", *words]
    return subprocess.run(line, env=environment(home), capture_output=True, text=True, check=False)


def seal(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([SEAL, *words], capture_output=True, text=True, check=False)


def discard(home: Path) -> None:
    """Stop the private server of a home and remove it with everything."""
    postgres.stop(home)
    layout = existing(home)
    for path in (layout.socket_dir, layout.base, layout.secrets) if layout else ():
        shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    home = Path(tempfile.mkdtemp(prefix="jieli-demo-"))
    try:
        done = jieli(home, "demo", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        yield Played(home, json.loads(done.stdout))
    finally:
        discard(home)


def test_the_month_is_large_enough_to_be_searched(played: Played) -> None:
    answer = played.answer
    assert answer["loaded"]["refused"] == 0
    assert answer["lines"] - answer["statements"] - answer["switches"] - answer["malformed"] >= 3_000
    assert answer["admitted"] >= 2_000
    assert answer["malformed"] == 3
    assert answer["switches"] == 2
    assert answer["calls"]["admitted"] + answer["calls"]["refused"] == 20
    assert answer["calls"]["admitted"] > 0
    assert answer["read"]["shown"] > 50
    assert answer["read"]["left_out"] > 0
    assert answer["destroyed"]["items"] > 0
    assert answer["destroyed"]["hold_stopped_another"] == 1


def test_every_line_is_accounted_for(played: Played) -> None:
    a = played.answer
    whole = a["admitted"] + a["refused"] + a["statements"] + a["switches"] + a["malformed"] + a["duplicates"]
    assert whole == a["lines"] == month.world().messages


@pytest.mark.req("R3.8", "R3.37")
def test_every_reason_against_recording_occurs_in_the_month(played: Played) -> None:
    told = json.loads(jieli(played.home, "demo", "--json").stdout)
    expected = {str(reason) for reason in Reason} - set(told["cannot_occur"])
    assert expected - set(told["refused_by_reason"]) == set()
    assert set(told["cannot_occur"]) == {"客户未告知"}
    assert set(told["cannot_occur"]) & set(told["refused_by_reason"]) == set()


def test_a_stranger_verifies_the_package_under_the_policy_he_names(played: Played) -> None:
    folder = played.folder
    policy, roots = folder / "trust.policy", folder / "tsa-ca.pem"
    package = folder / "evidence.zip"
    assert played.answer["verified"] == 0
    assert seal("verify", package, "--policy", policy, "--tsa-ca", roots).returncode == 0
    assert seal("verify", package).returncode == 3


def test_a_changed_byte_is_found(played: Played, tmp_path: Path) -> None:
    data = bytearray((played.folder / "evidence.zip").read_bytes())
    data[len(data) // 2] ^= 1
    changed = tmp_path / "changed.zip"
    changed.write_bytes(data)
    assert seal("verify", changed, "--policy", played.folder / "trust.policy").returncode in (1, 2)


def verified(played: Played, data: bytes | bytearray, policy: bytes | None = None) -> Report:
    """What `seal verify` finds out about these bytes, under the demo's policy or another one."""
    named = policies.parse(policy or (played.folder / "trust.policy").read_bytes())
    return verify_package(
        io.BytesIO(data), policy=named, tsa_roots=(played.folder / "tsa-ca.pem").read_bytes()
    )


def first_fault(report: Report) -> tuple[int, int, str]:
    bad = next(step for step in report.steps if step.state not in ("ok", "skipped"))
    return report.exit_code, bad.n, bad.code


def test_two_thousand_flipped_bits_are_each_caught(played: Played) -> None:
    data = bytearray((played.folder / "evidence.zip").read_bytes())
    assert verified(played, data).exit_code == 0
    bits = random.Random(20_261_009).sample(range(8 * len(data)), 2_000)
    missed = []
    for bit in bits:
        data[bit // 8] ^= 1 << bit % 8
        if verified(played, data).exit_code not in (1, 2):
            missed.append(bit)
        data[bit // 8] ^= 1 << bit % 8
    assert missed == []
    assert verified(played, data).exit_code == 0


def test_flipped_bits_of_what_is_sealed_are_caught_under_new_digests_too(played: Played) -> None:
    files = files_of(played.folder / "evidence.zip")
    proved = ("items.jsonl", "parts.jsonl", "proofs/", "served/", "checkpoints/", "consistency/")
    names = [name for name in files if name.startswith(proved)]
    rng = random.Random(20_261_010)
    codes = []
    for _ in range(200):
        name = rng.choice(names)
        data = bytearray(files[name])
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        codes.append(verified(played, remade(files, {name: bytes(data)})).exit_code)
    assert set(codes) == {1, 2}


def signed_again(files: dict[str, bytes], key: Signer, *, key_id: bytes, cosigned: bool) -> dict[str, bytes]:
    """The same checkpoints, and the proofs that carry one, with the log's line by another key under `key_id`."""
    changes = {}
    heads = {name: data for name, data in files.items() if name.startswith("checkpoints/")}
    for name, data in heads.items():
        old = note.parse(data)
        kept = [line for line in old.signatures if cosigned and line.name != key.name]
        ours = note.Signature(key.name, key_id, key.sign(old.text))
        changes[name] = note.Note(old.text, (ours, *kept)).format()
    for name, data in files.items():
        head, blank, checkpoint = data.partition(b"\n\n")
        if name.startswith("proofs/"):
            [of] = [head_name for head_name, known in heads.items() if known == checkpoint]
            changes[name] = head + blank + changes[of]
    return changes


@pytest.mark.parametrize("cosigned", [True, False])
def test_a_package_made_anew_with_another_log_key_is_never_vouched_for(
    played: Played, cosigned: bool
) -> None:
    files = files_of(played.folder / "evidence.zip")
    log = policies.parse(files["policy"]).logs[0]
    forger = signer(log.name, seed="forger")
    own = files["policy"].replace(log.format().encode(), forger.vkey.format().encode())
    bare = own.replace(b"quorum witnesses", b"quorum none")
    signed = signed_again(files, forger, key_id=forger.vkey.id, cosigned=cosigned)
    whole = remade(files, {**signed, "policy": own})
    assert verified(played, whole, bare).exit_code == 0
    assert first_fault(verified(played, whole)) == (3, 8, "trust.log")
    assert first_fault(verified(played, remade(files, signed))) == (2, 3, "package.signature")
    borrowed = signed_again(files, forger, key_id=log.id, cosigned=cosigned)
    assert first_fault(verified(played, remade(files, borrowed))) == (1, 8, "note.signature")


def test_the_package_holds_the_promise_and_not_what_was_said_at_night(played: Played) -> None:
    with zipfile.ZipFile(played.folder / "evidence.zip") as package:
        items = package.read("items.jsonl").decode()
        about = json.loads(package.read("package.json"))
    assert "我答应您的，八课时".encode().hex() in items
    assert "明天看到了回我一下".encode().hex() not in items
    assert about["clock"] == "demo"
    assert about["purpose"] == "争议举证"
    assert played.answer["package"]["items"] == len(items.splitlines())


def test_a_witness_and_an_authority_outside_have_vouched(played: Played) -> None:
    assert played.answer["witnessed"] == ["witness.demo.example"]
    assert played.answer["stamped"] == ["demo"]
    assert played.answer["checkpoints"] >= 12
    assert played.answer["ledger"]["entries"] == played.answer["ledger"]["checkpoint"]


def test_the_books_agree_afterwards(played: Played) -> None:
    assert played.answer["fsck"] == {"clean": 1, "checks": played.answer["fsck"]["checks"], "findings": 0}
    done = jieli(played.home, "fsck", "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["clean"] is True


def test_the_second_run_changes_nothing_and_says_what_to_do(played: Played) -> None:
    again = jieli(played.home, "demo")
    assert again.returncode == 0, again.stderr
    assert "jieli demo --again" in again.stdout
    assert "演示早已完成" in again.stdout
    status = json.loads(jieli(played.home, "ledger", "status", "--json").stdout)
    assert status["size"] == played.answer["ledger"]["entries"]


def test_nothing_is_left_running(played: Played) -> None:
    address = re.search(r"http://127\.0\.0\.1:(\d+)", (played.folder / "trust.policy").read_text())
    assert address is not None
    with socket.socket() as caller:
        assert caller.connect_ex(("127.0.0.1", int(address[1]))) != 0


def test_what_there_is_to_look_at_is_there(played: Played) -> None:
    files = {path.name for path in played.folder.iterdir()}
    assert {
        "evidence.zip",
        "trust.policy",
        "tsa-ca.pem",
        "summary.json",
        "核验.html",
        "销毁证明.pdf",
    } <= files
    assert (played.folder / "销毁证明.pdf").read_bytes().startswith(b"%PDF")
    kept = json.loads((played.folder / "summary.json").read_text(encoding="utf-8"))
    assert kept == {k: v for k, v in played.answer.items() if k != "already"}


def test_keys_are_for_the_account_that_made_them_alone(played: Played) -> None:
    secret = [*(played.home / "keys").iterdir(), *(played.folder / "witness").glob("*.key")]
    secret += [played.home / "signer" / "log.key", played.folder / "tsa" / "tsa.key"]
    assert len(secret) >= 6
    assert [path for path in secret if path.stat().st_mode & 0o077] == []


# -- where it does not run --------------------------------------------------------------------------


def quiet(_: str) -> None:
    """Somebody who is told nothing."""


def at(home: Path, **more: str) -> Profile:
    return read_profile({"JIELI_HOME": str(home), **more})


def test_production_is_never_played_in(tmp_path: Path) -> None:
    with pytest.raises(NotHere):
        story.run(at(tmp_path, JIELI_PROFILE="production"), again=True, tell=quiet)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("again", [False, True])
def test_a_home_that_no_demo_made_is_not_touched(tmp_path: Path, again: bool) -> None:
    key = tmp_path / "signer" / "log.key"
    key.parent.mkdir()
    key.write_text("somebody's")
    with pytest.raises(HomeInUse):
        story.run(at(tmp_path), again=again, tell=quiet)
    assert key.read_text() == "somebody's"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["signer"]


def test_a_demo_that_stopped_on_the_way_says_so(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "begun").touch()
    with pytest.raises(Interrupted) as told:
        story.run(at(tmp_path), again=False, tell=quiet)
    assert "jieli demo --again" in told.value.remedy


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM])
def test_children_end_when_the_demo_is_interrupted(tmp_path: Path, way: signal.Signals) -> None:
    profile = at(tmp_path)
    DemoClock(tmp_path / "demo-clock").go(1_790_000_000_000)
    with pytest.raises(KeyboardInterrupt), processes(profile, tmp_path) as children:
        children.prepare()
        assert children.witness_line().startswith("witness.demo.example witness.demo.example+")
        os.kill(os.getpid(), way)
        time.sleep(5)
    with socket.socket() as caller:
        assert caller.connect_ex(("127.0.0.1", children.stamp_port)) != 0
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_the_clock_never_goes_back(tmp_path: Path) -> None:
    clock = DemoClock(tmp_path / "demo-clock")
    clock.go(2_000)
    assert clock.go(1_000) == 2_000
    assert clock.on(5) == 2_005
    assert (tmp_path / "demo-clock").read_text() == "2005"


# -- the invented world -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made() -> month.World:
    return month.world()


@pytest.fixture(scope="module")
def directory(made: month.World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("world")
    month.write_world(made, found)
    return found


def parsed(made: month.World) -> list[object]:
    return [line for pull in made.pulls for line in wecom.parse(pull.lines)]


def test_the_world_comes_out_the_same_each_time(made: month.World, directory: Path, tmp_path: Path) -> None:
    month.write_world(month.world(), tmp_path)
    assert month.world() == made
    names = sorted(str(p.relative_to(directory)) for p in directory.rglob("*") if p.is_file())
    assert names == sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert [n for n in names if (directory / n).read_bytes() != (tmp_path / n).read_bytes()] == []


def test_the_firm_has_its_forty_people_and_three_hundred_customers(made: month.World) -> None:
    assert len(made.staff) == 40
    assert len(made.clients) == 300
    assert len({e.name for e in made.staff}) == 40
    assert len({e.handle for e in made.staff if e.handle}) == 33
    assert {e.engagement for e in made.staff} == {"劳动", "劳务", "派遣", "其他"}
    assert sum(c.minor for c in made.clients) >= 20
    assert sum(c.health for c in made.clients) >= 5
    assert sum(c.source == "不明" for c in made.clients) >= 10


def test_nobody_real_can_be_meant(directory: Path) -> None:
    files = [p for p in directory.rglob("*") if p.is_file() and p.suffix != ".png"]
    everything = "\n".join(p.read_text(encoding="utf-8", errors="replace") for p in files)
    mobiles = set(re.findall(r"(?<![0-9a-zA-Z])1[3-9]\d{9}(?![0-9a-zA-Z])", everything))
    assert {m for m in mobiles if not m.startswith("1990000")} == set()
    assert len(mobiles) > 60
    assert re.findall(r"(?<![0-9a-zA-Z])\d{17}[\dXx](?![0-9a-zA-Z])", everything) == []


def test_every_sheet_reads_without_a_fault(directory: Path) -> None:
    tables = {s.file: read_table(directory / "公司资料" / s.file, s.columns) for s in SHEETS}
    assert {name: t.problems for name, t in tables.items() if t.problems} == {}
    assert [name for name, t in tables.items() if not t.rows] == []


def test_messages_are_of_many_kinds(made: month.World) -> None:
    found = parsed(made)
    messages = [m for m in found if isinstance(m, Incoming)]
    texts = [m.text for m in messages if m.msgtype == "text"]
    assert len(messages) >= 3_000
    assert sum(map(len, texts)) / len(texts) > 20
    assert len(set(texts)) > 1_500
    kinds = {m.msgtype for m in messages}
    assert {"text", "image", "file", "voice", "link", "revoke", "weapp", "location", "poll_2026"} <= kinds
    assert {m.channel for m in messages} == {"chat", "call"}
    assert {c.agreed for c in found if isinstance(c, ConsentLine)} == {True, False}
    assert sum(isinstance(s, SwitchLine) for s in found) == 2
    assert {m.code for m in found if isinstance(m, Malformed)} == {
        "wecom.not_json", "wecom.no_msgid", "wecom.not_utf8",
    }  # fmt: skip
    assert any(m.room for m in messages)
    assert all(m.recalls for m in messages if m.msgtype == "revoke")


def test_message_ids_are_given_once(made: month.World) -> None:
    ids = [m.message_id for m in parsed(made) if isinstance(m, Incoming | ConsentLine | SwitchLine)]
    assert len(ids) == len(set(ids))


def test_scenes_are_many_and_each_is_a_talk() -> None:
    found = scenes()
    assert len(found) >= 35
    assert len({s.title for s in found}) == len(found)
    assert [s.title for s in found if {line[0] for line in s.lines} != {"客", "员"}] == []


def test_calls_read_as_an_exchange_writes_them(made: month.World) -> None:
    found = list(call_lines.parse(made.calls.splitlines(), "asterisk"))
    assert len(found) == 20
    assert all(isinstance(c, Incoming) for c in found)


def test_scans_are_pictures_that_say_what_they_are() -> None:
    picture = scan("演示扫描件")
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", picture[16:24]) == (210, 297)
    assert "演示扫描件".encode() in picture
    assert scan("演示扫描件") == picture != scan("另一份")
