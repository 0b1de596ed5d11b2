"""The demo, played once as a stranger plays it: a month, a leaving, and what is left to look at."""

import io
import json
import os
import random
import re
import shutil
import signal
import socket
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

from jieli.connectors.sign import pades
from jieli.connectors.sign.certificate import ROOT_FILE
from jieli.consent.types import Reason
from jieli.wiring import postgres
from jieli.wiring.demo import month, story
from jieli.wiring.demo.children import processes
from jieli.wiring.demo.clock import DemoClock
from jieli.wiring.demo.errors import HomeInUse, Interrupted, NotHere
from jieli.wiring.demo.people import ENTITY
from jieli.wiring.postgres.identity import existing
from jieli.wiring.profile import Profile, read_profile
from seal import canonical, note
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
    package = folder / "conversation.zip"
    assert played.answer["verified"][package.name] == 0
    assert seal("verify", package, "--policy", policy, "--tsa-ca", roots).returncode == 0
    assert seal("verify", package).returncode == 3


def test_a_changed_byte_is_found(played: Played, tmp_path: Path) -> None:
    data = bytearray((played.folder / "conversation.zip").read_bytes())
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
    data = bytearray((played.folder / "conversation.zip").read_bytes())
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
    files = files_of(played.folder / "conversation.zip")
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


def without_register(files: dict[str, bytes]) -> dict[str, bytes]:
    """The last part taken out, which says what was registered of the package, and the parts counted anew."""
    parts = files["parts.jsonl"].splitlines(keepends=True)[:-1]
    about = json.loads(files["package.json"])
    about["counts"]["parts"] = len(parts)
    return {"parts.jsonl": b"".join(parts), "package.json": canonical.encode(about) + b"\n"}


@pytest.mark.parametrize("cosigned", [True, False])
def test_a_package_made_anew_with_another_log_key_is_never_vouched_for(
    played: Played, cosigned: bool
) -> None:
    files = files_of(played.folder / "conversation.zip")
    log = policies.parse(files["policy"]).logs[0]
    forger = signer(log.name, seed="forger")
    own = files["policy"].replace(log.format().encode(), forger.vkey.format().encode())
    bare = own.replace(b"quorum witnesses", b"quorum none")
    signed = signed_again(files, forger, key_id=forger.vkey.id, cosigned=cosigned)
    named = {**signed, "policy": own}
    assert first_fault(verified(played, remade(files, named), bare)) == (1, 7, "package.register")
    whole = remade(files, {**named, **without_register(files)})
    assert verified(played, whole, bare).exit_code == 0
    assert first_fault(verified(played, whole)) == (3, 8, "trust.log")
    assert first_fault(verified(played, remade(files, signed))) == (2, 3, "package.signature")
    borrowed = signed_again(files, forger, key_id=log.id, cosigned=cosigned)
    assert first_fault(verified(played, remade(files, borrowed))) == (1, 8, "note.signature")


def test_the_package_holds_the_promise_and_not_what_was_said_at_night(played: Played) -> None:
    with zipfile.ZipFile(played.folder / "conversation.zip") as package:
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
        "conversation.zip",
        "evidence.zip",
        "回执.zip",
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


# -- the second act ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def leaving(played: Played) -> dict[str, Any]:
    found: dict[str, Any] = played.answer["leaving"]
    return found


def test_every_customer_of_the_leaver_has_one_state_or_stands_on_the_list(leaving: dict[str, Any]) -> None:
    final, plan = leaving["final"], leaving["plan"]
    assert final["customers"] == plan["customers"] == 75
    assert sum(final["states"].values()) == final["customers"] == final["final"] + final["listed"]
    assert (final["each_once"], final["listed_with_owner_and_day"]) == (1, 1)
    assert set(final["states"]) == {"已接替", "客户拒绝", "超限", "待定", "不再联系"}
    assert final["states"]["已接替"] >= 60
    assert final["states"]["超限"] == 1
    assert leaving["missing"]["final"]["each_once"] == 1


@pytest.mark.req("R2.27")
def test_the_rule_stood_before_the_notice_and_decided_who_gets_whom(leaving: dict[str, Any]) -> None:
    plan, metrics = leaving["plan"], leaving["metrics"]
    assert (leaving["rule"]["version"], plan["rule"], plan["overridden"]) == (1, 1, 1)
    assert (plan["preflight"], plan["preflight_when_told"]) == ("TRANSFER_NEEDS_NOTICE", "TRANSFER_OK")
    assert (metrics["customers"], metrics["taken"], metrics["findings"]) == (75, 63, 0)
    assert len(plan["streams"]) == 5
    assert sum(n for _, n in plan["streams"]) == plan["customers"]


def test_the_platform_was_asked_over_the_wire_in_both_phases(leaving: dict[str, Any]) -> None:
    assert leaving["on_job"]["outcomes"]["已受理"] >= 50
    assert leaving["inherited"]["customers"] >= 10
    assert leaving["inherited"]["outcomes"]["已转移"] == 1


def test_customers_said_what_they_wanted_and_were_heard(played: Played, leaving: dict[str, Any]) -> None:
    said = leaving["choices"]
    wanted = {"accepted", "another", "no_contact", "refused_on_platform", "refused_after"}
    assert len({said[key] for key in wanted}) == 5
    assert said["late_refusal_state"] == "客户拒绝"
    outbox = [json.loads(p.read_text(encoding="utf-8")) for p in (played.home / "outbox").glob("*.json")]
    assert len(outbox) >= leaving["notices"]["sms"] > 40
    assert all("/c/" in m["内容"] and m["收件人"].startswith("1990000") for m in outbox)
    assert len({m["收件人"] for m in outbox}) == len(outbox)


def test_an_account_is_recovered_only_with_every_step_passed(leaving: dict[str, Any]) -> None:
    assert leaving["recovery"] == {"first": "已交付未恢复", "then": "已恢复"}


def test_access_ended_at_the_last_minute_and_a_later_try_is_an_incident(leaving: dict[str, Any]) -> None:
    assert leaving["access"] == {"cut_at_last_minute": 1, "verified": 1}
    assert leaving["incident"]["matter"].startswith("M-2026-")
    assert "离职后" in leaving["incident"]["title"]


def test_what_is_private_went_last_and_nothing_of_it_is_left(leaving: dict[str, Any]) -> None:
    assert leaving["purge"] == {
        "before": ["已审计", "已交接", "已留存"], "removed": 3, "kept": 1, "remaining": 0,
    }  # fmt: skip
    assert leaving["private"] == {"私人": 3, "与客户有关": 1}


def test_the_leaving_is_closed_with_nothing_owed_by_either_side(leaving: dict[str, Any]) -> None:
    case = leaving["case"]
    assert (case["stage"], case["done"]) == ("已结案", 1)
    assert (case["company_missing"], case["leaver_missing"]) == ([], [])
    assert leaving["certificate"] == {"issued_on": "2026-10-30", "delivered": 1}


def test_nobody_signs_for_somebody_who_is_gone(leaving: dict[str, Any]) -> None:
    gone = leaving["missing"]
    assert (gone["stage"], gone["signatures"], gone["attempts"]) == ("带注记结案", 0, 3)
    assert len(gone["witnesses"]) == 2
    assert "移交人签署" in gone["note"]


def test_every_paper_carries_the_seal_of_the_company(played: Played, leaving: dict[str, Any]) -> None:
    root = (played.home / "seal" / ROOT_FILE).read_bytes()
    papers = sorted((played.folder / "papers").glob("*.pdf"))
    assert [p.name for p in papers] == leaving["papers"]
    assert len(papers) == 16
    found = [pades.check(p.read_bytes(), [root]) for p in papers]
    assert [(f.holds, f.name) for f in found if f] == [(True, f"{ENTITY} 企业电子签章（非公章）")] * 16


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="pdfsig is not installed")
def test_a_foreign_program_reads_the_seals_too(played: Played) -> None:
    for paper in (played.folder / "papers").glob("*.pdf"):
        said = subprocess.run(["pdfsig", paper], capture_output=True, text=True, check=False).stdout
        assert "Signature is Valid" in said, paper.name
        assert "Total document signed" in said, paper.name


@pytest.mark.parametrize("name", ["evidence.zip", "回执.zip"])
def test_a_stranger_verifies_the_volume_and_the_receipt_too(played: Played, name: str) -> None:
    folder = played.folder
    named = ("--policy", folder / "trust.policy", "--tsa-ca", folder / "tsa-ca.pem")
    assert played.answer["verified"][name] == 0
    assert seal("verify", folder / name, *named).returncode == 0
    assert seal("verify", folder / name).returncode == 3


def test_the_old_quarrel_is_judged_without_a_sum_and_ends_by_mediation(leaving: dict[str, Any]) -> None:
    told = leaving["dispute"]
    assert told["verdicts"] == {
        "归属": "OWN_COMPANY", "交还": "RETURN_DUE", "赔偿": "DMG_UNSUPPORTED", "责任": "LIABILITY_MAPPED",
    }  # fmt: skip
    assert (told["claimed"], told["supported"]) == ("近17万元(约数)", "0元")
    assert told["missing"] == [
        "因果关系证据", "往期转化率", "课程单价/价格凭证(未见提交)", "客户行为记录", "计算过程",
    ]  # fmt: skip
    assert [name for name, due in told["terms"] if due] == ["找回密码", "交还", "出具证明"]
    assert told["closed_by"] == "调解"


def test_the_closing_table_tells_both_acts_as_one_story(played: Played) -> None:
    said = jieli(played.home, "demo").stdout
    for word in (
        "第一幕",
        "第二幕",
        "邵启航",
        "带注记结案",
        "DMG_UNSUPPORTED",
        "非法律意见",
        "make serve",
        "/c/",
    ):
        assert word in said
    assert "…" not in said


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
    # Whoever runs the suite in the background has it started with Ctrl+C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
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
