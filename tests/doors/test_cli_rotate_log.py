"""`jieli keys rotate-log`: new keys for the same log with an overlap; who trusts the old or the new one is served."""

import json
import os
import signal
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import seal.cli
from jieli.access.types import Role
from jieli.ledger import checks, fsck, log_keys, queries
from jieli.ledger.log_keys import Step
from jieli.ledger.operations import book
from jieli.wiring import deploy, log_rotation, policy_file, signing_keys
from jieli.wiring.home import home_of
from jieli.wiring.log_rotation import Wish
from jieli.wiring.signer import public_keys
from seal import checkpoint, note, policy
from seal.keys import COSIGNATURE, MLDSA, SM2, generate, parse_signer, parse_vkey
from tests.conftest import NOW, ORIGIN
from tests.doors.cli import TALK, Jieli, bring, items, matter
from tests.doors.test_cli_ledger import Other, policy_of, witness_at
from tests.rooms.company import reader
from tests.rooms.test_keys_rotation import killed_at

Sql = Callable[..., Any]
BY: dict[str, Any] = {"by": "system:test", "at": NOW}
ROTATE = ("keys", "rotate-log", "--as", "suo")


@pytest.fixture
def house(fresh: Jieli) -> Jieli:
    """A log of one key that has signed something, and somebody who may manage keys."""
    fresh.answer("keys", "init", "--origin", ORIGIN)
    reader(Role.SYSTEM, name="suo")
    grow(fresh)
    return fresh


def grow(jieli: Jieli) -> int:
    """One entry more, signed; the size."""
    with book(at=jieli.at) as b:
        b.entry("access.note", by="system:test", facts={"n": 1})
    return int(jieli.answer("ledger", "sign", "--once")["checkpoint"])


def signers(size: int | None = None) -> list[str]:
    """The ids of the keys whose lines stand on a checkpoint, the newest one by default."""
    found = queries.last_checkpoint() if size is None else queries.checkpoints(sizes=[size])[0]
    assert found is not None
    return [line.id.hex() for line in note.parse(found.note.encode()).signatures]


def ids(vkeys: list[str]) -> list[str]:
    return [vkey.split("+")[1] for vkey in vkeys]


def trusted(jieli: Jieli) -> list[str]:
    return [key.id.hex() for key in policy.parse((jieli.home / "trust.policy").read_bytes()).logs]


def secrets(jieli: Jieli) -> set[str]:
    folder = jieli.home / "signer"
    return {str(path.relative_to(folder)) for path in folder.rglob("*.key*")}


def believed(*vkeys: str) -> bool:
    """Whether who trusts these log keys believes the newest checkpoint."""
    last = queries.last_checkpoint()
    assert last is not None
    named = policy.parse("".join([*(f"log {vkey}\n" for vkey in vkeys), "quorum none\n"]).encode())
    return policy.evaluate(named, *checkpoint.parse(last.note.encode())).satisfied


def test_both_keys_sign_in_the_overlap_and_then_the_new_one_alone(house: Jieli) -> None:
    first = signers()
    begun = house.answer(*ROTATE)
    old, new = begun["old"], begun["new"]
    assert (begun["step"], begun["resumed"], ids(old)) == ("begun", False, first)
    assert trusted(house) == ids([*new, *old])
    grow(house)
    assert signers() == ids([*old, *new])
    assert [believed(*old), believed(*new), believed(*old, *new)] == [True, True, True]
    done = house.answer(*ROTATE, "--finish")
    assert (done["step"], done["old"], done["new"], done["old_secrets_here"]) == ("finished", old, new, first)
    grow(house)
    assert signers() == trusted(house) == ids(new)
    assert [believed(*old), believed(*new), believed(*old, *new)] == [False, True, True]
    assert secrets(house) == {"log.key", f"retired/{first[0]}.key"}
    assert house.answer("fsck")["clean"] is True
    said = [(c.step, list(c.old), list(c.new)) for c in log_keys.changes()]
    assert said == [(Step.BEGUN, old, new), (Step.FINISHED, old, new)]


def test_the_files_are_private_and_no_secret_is_said(house: Jieli) -> None:
    said = house(*ROTATE, "--also", "mldsa").output
    grow(house)
    said += house(*ROTATE, "--finish").output + house("keys", "status").output
    folder = house.home / "signer"
    found = list(folder.rglob("*.key"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}
    assert stat.S_IMODE((folder / "retired").stat().st_mode) == 0o700
    assert [path.name for path in found if path.read_text().strip() in said] == []
    assert "PRIVATE" not in said


def test_the_status_and_the_check_say_how_it_stands(house: Jieli) -> None:
    plain = house.answer("keys", "status")["log"]
    assert ([k["here"] for k in plain["signing"]], plain["step"], plain["retired"]) == ([True], None, [])
    [old] = signers()
    house.answer(*ROTATE)
    assert "新旧并行" in house.said("keys", "status")
    assert len(house.answer("keys", "status")["log"]["signing"]) == 2
    grow(house)
    house.answer(*ROTATE, "--finish")
    [gone] = house.answer("keys", "status")["log"]["retired"]
    assert (gone["id"], gone["secret_here"], gone["at"]) == (old, True, NOW)
    assert "请销毁" in house.said("keys", "status")
    assert "check.retired_key" in {f.code for f in deploy.check(house.profile, deploy=True, at=NOW)}
    assert house.answer(*ROTATE, "--finish", "--destroy-old")["destroyed"] == [old]
    assert house.answer("keys", "status")["log"]["retired"][0]["secret_here"] is False
    assert "check.retired_key" not in {f.code for f in deploy.check(house.profile, deploy=True, at=NOW)}
    assert secrets(house) == {"log.key"}


def test_who_may_not_and_what_cannot_be_is_refused_and_changes_nothing(house: Jieli) -> None:
    reader(Role.COMPLIANCE, name="yan")
    before, stood = queries.head(1).size, secrets(house)
    asked = {
        ("--as", "yan"): "access.forbidden",
        ("--as", "suo", "--finish"): "keys.no_rotation",
        ("--as", "suo", "--abandon"): "keys.no_rotation",
        ("--as", "suo", "--finish", "--abandon"): "keys.muddled",
        ("--as", "suo", "--also", "rsa"): "keys.no_such_kind",
    }
    said = {words: house.refused("keys", "rotate-log", *words)["code"] for words in asked}
    assert said == asked
    assert (queries.head(1).size, secrets(house)) == (before, stood)


def test_nothing_is_finished_before_the_new_key_has_signed(house: Jieli) -> None:
    house.answer(*ROTATE)
    assert house.refused(*ROTATE, "--finish")["code"] == "keys.not_signed_yet"
    assert len(trusted(house)) == 2


def test_a_rotation_that_is_abandoned_leaves_the_old_key(house: Jieli) -> None:
    [old] = signers()
    begun = house.answer(*ROTATE)
    (house.home / "signer" / "next.key").unlink()
    with book(at=NOW) as b:
        b.entry("access.note", by="system:test", facts={"n": 1})
    refused = house.refused("ledger", "sign", "--once")
    assert (refused["code"], "--abandon" in refused["remedy"]) == ("signer.no_keys", True)
    assert house.answer(*ROTATE, "--abandon")["step"] == "abandoned"
    grow(house)
    assert signers() == trusted(house) == [old]
    assert house.answer("fsck")["clean"] is True
    again = house.answer(*ROTATE)
    assert set(again["new"]).isdisjoint(begun["new"])
    grow(house)
    assert signers() == ids([*again["old"], *again["new"]])
    assert house.answer("fsck")["clean"] is True


def test_a_running_signer_follows_without_a_restart(jieli: Jieli, signing: None) -> None:
    reader(Role.SYSTEM, name="suo")
    begun = jieli.answer(*ROTATE)
    jieli.answer("ledger", "checkpoint")
    assert signers() == ids([*begun["old"], *begun["new"]])
    jieli.answer(*ROTATE, "--finish", "--destroy-old")
    jieli.answer("ledger", "checkpoint")
    assert signers() == ids(begun["new"])


# ── what a thief of the old key, or of the database, can do ──


def forge(owner_sql: Sql, size: int, text: str) -> None:
    owner_sql("UPDATE ledger_checkpoint SET note = %s WHERE size = %s", [text, size])


def codes(jieli: Jieli) -> set[str]:
    """What the checks about checkpoints find; `jieli fsck` runs them among the others."""
    about = [*checks.checkpoint_checks(public_keys(home_of(jieli.profile))), *log_keys.checks()]
    return {finding.code for finding in fsck.run(about).findings}


def test_a_signature_of_a_retired_key_is_found_and_so_is_a_missing_line(house: Jieli, owner_sql: Sql) -> None:
    thief = parse_signer((house.home / "signer" / "log.key").read_text().strip())
    house.answer(*ROTATE)
    both = grow(house)
    house.answer(*ROTATE, "--finish")
    alone = grow(house)
    found = {c.size: c.note for c in queries.checkpoints()}
    assert codes(house) == set()
    head, signed = checkpoint.parse(found[alone].encode())
    mine = checkpoint.signature(head, thief)
    forge(owner_sql, alone, note.add(found[alone].encode(), [mine]).decode())
    assert codes(house) == {"ledger.retired_key"}
    forge(owner_sql, alone, note.Note(signed.text, (mine,)).format().decode())
    assert codes(house) == {"ledger.retired_key", "ledger.log_line_missing"}
    forge(owner_sql, alone, found[alone])
    lines = note.parse(found[both].encode())
    forge(owner_sql, both, note.Note(lines.text, lines.signatures[:1]).format().decode())
    assert codes(house) == {"ledger.log_line_missing"}
    stranger = checkpoint.sign(head, generate(ORIGIN)).decode()
    forge(owner_sql, both, found[both])
    forge(owner_sql, alone, stranger)
    assert codes(house) == {"ledger.log_line_missing", "ledger.checkpoint_note"}
    named = {finding["code"] for finding in json.loads(house("fsck", "--json").stdout)["findings"]}
    assert codes(house) <= named


def test_a_key_that_others_may_read_is_said_whatever_its_turn(house: Jieli) -> None:
    house.answer(*ROTATE)
    assert "check.keys_readable" not in {f.code for f in deploy.check(house.profile, deploy=False, at=NOW)}
    (house.home / "signer" / "next.key").chmod(0o640)
    assert "check.keys_readable" in {f.code for f in deploy.check(house.profile, deploy=False, at=NOW)}


def test_an_export_of_before_goes_on_after_and_is_verified_by_the_new_key(
    house: Jieli, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    house.answer("ledger", "export", copy)
    begun = house.answer(*ROTATE)
    grow(house)
    house.answer(*ROTATE, "--finish")
    size = grow(house)
    assert house.answer("ledger", "export", copy)["size"] == size
    assert house.answer("ledger", "verify", copy, "--log", begun["new"][0])["size"] == size
    assert house("ledger", "verify", copy, "--log", begun["old"][0]).exit_code == 1


# ── the policy file ──

WORDS = st.lists(st.integers(0, 5), max_size=3, unique=True)
VKEYS = [generate(ORIGIN).vkey.format() for _ in range(6)]
STRANGER = generate("other.example/log").vkey.format()
SOMEBODY = generate("w.example", kind=COSIGNATURE).vkey.format()


@given(stood=WORDS, trusts=WORDS, gone=WORDS)
def test_only_the_lines_about_this_log_change(stood: list[int], trusts: list[int], gone: list[int]) -> None:
    before = [
        "# whom we trust", *(f"log {VKEYS[n]} https://a.example" for n in stood), f"log\t{STRANGER}",
        f"witness w {SOMEBODY} https://w.example", "group g any w", "quorum g",
    ]  # fmt: skip
    named = [VKEYS[n] for n in trusts]
    left = [VKEYS[n] for n in gone if n not in trusts]
    after = policy_file.with_log("\n".join(before) + "\n", ORIGIN, trusted=named, gone=left)
    found = policy.parse(after.encode())
    assert [key.format() for key in found.logs] == [*named, STRANGER]
    assert [line for line in after.splitlines() if ORIGIN not in line] == [
        x for x in before if ORIGIN not in x
    ]
    assert {found.urls.get(vkey) for vkey in named} <= {"https://a.example" if stood else None}
    assert [line for line in after.splitlines() if line.startswith("# retired")] == [
        f"# retired {v}" for v in left
    ]
    assert policy_file.with_log(after, ORIGIN, trusted=named, gone=left) == after


# ── packages ──


def exits(package: Path, *policies: Path, capfd: pytest.CaptureFixture[str]) -> list[int]:
    found = [seal.cli.main(["verify", str(package), "--policy", str(one)]) for one in policies]
    capfd.readouterr()
    return found


def test_packages_of_before_between_and_after_are_read_with_their_policies(
    jieli: Jieli, signing: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    reader(Role.SYSTEM, name="suo")
    bring(jieli, tmp_path, *TALK)
    talk = items(jieli)[0]["conversation"]
    words = ["evidence", "package", "--conversation", talk, "--matter", matter(jieli), "--as", "yan", "--out"]
    old, both, new = (tmp_path / name for name in ("old.policy", "both.policy", "new.policy"))
    handed = jieli.home / "trust.policy"
    old.write_bytes(handed.read_bytes())
    jieli.answer(*words, tmp_path / "before.zip")
    jieli.answer(*ROTATE)
    both.write_bytes(handed.read_bytes())
    jieli.answer(*words, tmp_path / "between.zip")
    jieli.answer(*ROTATE, "--finish")
    new.write_bytes(handed.read_bytes())
    jieli.answer(*words, tmp_path / "after.zip")
    found = {
        name: exits(tmp_path / f"{name}.zip", old, both, new, capfd=capfd)
        for name in ("before", "between", "after")
    }
    assert found == {"before": [0, 0, 3], "between": [0, 0, 0], "after": [3, 0, 0]}
    assert jieli.answer("fsck")["clean"] is True


# ── keys of other kinds ──


def test_a_log_opened_with_further_keys_bears_their_lines_from_the_first_checkpoint(fresh: Jieli) -> None:
    made = fresh.answer("keys", "init", "--origin", ORIGIN, "--also", "mldsa,sm2")
    kinds = [parse_vkey(vkey).kind for vkey in made["also"]]
    assert kinds == [MLDSA, SM2]
    every = ids([made["vkey"], *made["also"]])
    assert signers(0) == trusted(fresh) == every
    assert secrets(fresh) == {"log.key", "log.mldsa.key", "log.sm2.key"}
    assert [c.step for c in log_keys.changes()] == [Step.NAMED]
    grow(fresh)
    assert signers() == every
    assert [believed(vkey) for vkey in (made["vkey"], *made["also"])] == [True, True, True]
    assert fresh.answer("keys", "init", "--origin", ORIGIN, "--also", "sm2,mldsa") == made | {"new": False}
    assert fresh.answer("keys", "init", "--origin", ORIGIN) == made | {"new": False}
    assert len(log_keys.changes()) == 1
    assert fresh.answer("fsck")["clean"] is True


def test_a_changed_line_of_any_key_is_named(fresh: Jieli, owner_sql: Sql) -> None:
    fresh.answer("keys", "init", "--origin", ORIGIN, "--also", "mldsa,sm2")
    size = grow(fresh)
    [stood] = [c.note for c in queries.checkpoints(sizes=[size])]
    lines = stood.split("\n\n")[1].splitlines(keepends=True)
    assert len(lines) == 3
    for line in lines:
        at = line.rindex(" ") + 40
        other = line[:at] + ("A" if line[at] != "A" else "B") + line[at + 1 :]
        forge(owner_sql, size, stood.replace(line, other))
        assert codes(fresh) == {"ledger.checkpoint_note"}
        forge(owner_sql, size, stood.replace(line, ""))
        assert "ledger.log_line_missing" in codes(fresh)


def test_a_package_is_verified_by_each_kind_of_key_alone(
    jieli: Jieli, signing: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    reader(Role.SYSTEM, name="suo")
    jieli.answer(*ROTATE, "--also", "mldsa", "--also", "sm2")
    jieli.answer("ledger", "checkpoint")
    jieli.answer(*ROTATE, "--finish")
    bring(jieli, tmp_path, *TALK)
    talk, path = items(jieli)[0]["conversation"], tmp_path / "package.zip"
    words = ("evidence", "package", "--conversation", talk, "--matter", matter(jieli), "--as", "yan")
    jieli.answer(*words, "--out", path)
    files = []
    for key in policy.parse((jieli.home / "trust.policy").read_bytes()).logs:
        files.append(tmp_path / f"{key.id.hex()}.policy")
        files[-1].write_text(f"log {key.format()}\nquorum none\n")
    stranger = tmp_path / "stranger.policy"
    stranger.write_text(f"log {generate(ORIGIN, kind=MLDSA).vkey.format()}\nquorum none\n")
    found = exits(path, jieli.home / "trust.policy", *files, stranger, capfd=capfd)
    assert found == [0, 0, 0, 0, 3]


def test_further_kinds_come_with_a_rotation_and_stay(house: Jieli) -> None:
    assert (
        house.refused("keys", "init", "--origin", ORIGIN, "--also", "mldsa")["code"] == "keys.opened_without"
    )
    begun = house.answer(*ROTATE, "--also", "mldsa")
    assert [parse_vkey(vkey).label for vkey in begun["new"]] == ["Ed25519", "ML-DSA-44"]
    grow(house)
    assert len(signers()) == 3
    house.answer(*ROTATE, "--finish")
    assert secrets(house) == {"log.key", "log.mldsa.key", f"retired/{ids(begun['old'])[0]}.key"}
    second = house.answer(*ROTATE)
    assert [parse_vkey(vkey).label for vkey in second["new"]] == ["Ed25519", "ML-DSA-44"]
    grow(house)
    assert signers() == ids([*second["old"], *second["new"]])
    house.answer(*ROTATE, "--finish", "--destroy-old")
    grow(house)
    assert signers() == ids(second["new"])
    assert house.answer("fsck")["clean"] is True


def test_an_algorithm_that_is_not_at_hand_is_said_and_nothing_has_begun(
    house: Jieli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gmssl_pyx", None)
    assert house.refused(*ROTATE, "--also", "sm2")["code"] == "keys.not_at_hand"
    assert log_keys.changes() == []
    grow(house)
    assert len(signers()) == 1


# ── witnesses ──


@pytest.fixture
def seen(house: Jieli, tmp_path: Path) -> Iterator[Other]:
    """A witness that knows the log's first key."""
    [log] = policy.parse((house.home / "trust.policy").read_bytes()).logs
    with witness_at("w.example", log, tmp_path, at=lambda: house.at) as other:
        policy_of(house, f"witness {other.line}", "quorum w.example")
        grow(house)
        yield other


def tell(other: Other, *vkeys: str) -> None:
    """The witness's operator enters these keys of the log and no others."""
    other.state._logs[ORIGIN] = tuple(parse_vkey(vkey) for vkey in vkeys)


def test_a_witness_that_does_not_know_the_new_key_holds_the_finish_up(house: Jieli, seen: Other) -> None:
    begun = house.answer(*ROTATE)
    grow(house)
    assert house.answer("ledger", "status")["quorum_met"] is True
    refused = house.refused(*ROTATE, "--finish")
    assert (refused["code"], "w.example" in refused["error"]) == ("keys.witness_unaware", True)
    tell(seen, *begun["old"], *begun["new"])
    assert house.answer(*ROTATE, "--finish")["step"] == "finished"
    grow(house)
    assert house.answer("ledger", "status")["quorum_met"] is True
    tell(seen, *begun["new"])
    grow(house)
    assert house.answer("ledger", "status")["quorum_met"] is True
    assert house.answer("fsck")["clean"] is True


def test_a_witness_that_dropped_the_old_key_refuses_what_that_key_signs(house: Jieli, seen: Other) -> None:
    thief = parse_signer((house.home / "signer" / "log.key").read_text().strip())
    begun = house.answer(*ROTATE)
    grow(house)
    tell(seen, *begun["new"])
    house.answer(*ROTATE, "--finish")
    last = queries.last_checkpoint()
    assert last is not None
    forged = checkpoint.sign(checkpoint.parse(last.note.encode())[0], thief)
    assert seen.state.add_checkpoint(b"old %d\n\n%b" % (last.size, forged)).status == 403
    tell(seen, *begun["old"], *begun["new"])
    assert seen.state.add_checkpoint(b"old %d\n\n%b" % (last.size, forged)).status == 200


def test_a_witness_left_behind_on_purpose_does_not_hold_it_up(house: Jieli, seen: Other) -> None:
    house.answer(*ROTATE)
    grow(house)
    assert house.answer(*ROTATE, "--finish", "--without-witness")["step"] == "finished"
    grow(house)
    assert house.answer("ledger", "status")["quorum_met"] is False


def test_a_witness_without_a_network_learns_the_new_key_and_forgets_the_old(
    house: Jieli, tmp_path: Path
) -> None:
    name, stick, own = "u.example", tmp_path / "stick", tmp_path / "w"
    vkey = house.answer("witness", "init", own, "--name", name)["vkey"]
    policy_of(house, f"witness {name} {vkey}", f"quorum {name}")
    signed = ("witness", "sign-offline", stick, "--witness", own)

    def carry(*more: str) -> bool:
        house.answer("witness", "kit", stick, "--for", name)
        house.answer(*signed, *more)
        house.answer("ledger", "take-cosignatures", stick)
        return bool(house.answer("ledger", "status")["quorum_met"])

    grow(house)
    assert carry("--log", policy.parse((house.home / "trust.policy").read_bytes()).logs[0].format())
    begun = house.answer(*ROTATE)
    assert begun["tell_witnesses"] == [name]
    [old], [new] = begun["old"], begun["new"]
    grow(house)
    assert carry()
    assert {old, new} <= set((stick / "log.vkey").read_text().split())
    house.answer(*ROTATE, "--finish")
    grow(house)
    house.answer("witness", "kit", stick, "--for", name)
    assert house.refused(*signed)["code"] == "witness.not_accepted"
    assert carry("--log", new, "--drop-log", old)
    assert (own / "logs").read_text().split() == [new]
    grow(house)
    assert carry()
    assert house.refused(*signed, "--drop-log", new)["code"] == "witness.no_log_key"


# ── killed anywhere ──

BEGINNING = [
    "logkeys.after_key:1", "logkeys.after_key:2", "logkeys.before_entry", "logkeys.after_entry",
    "logkeys.after_policy",
]  # fmt: skip


@pytest.mark.parametrize("point", BEGINNING)
def test_a_rotation_killed_while_it_begins_is_gone_on_with(house: Jieli, point: str) -> None:
    wish = Wish(also=("mldsa",))
    work = lambda: log_rotation.rotate(house.profile, wish, **BY)  # noqa: E731
    assert killed_at(point, work) == -signal.SIGKILL
    before = grow(house)
    assert house.answer("fsck")["clean"] is True
    begun = house.answer(*ROTATE, "--also", "mldsa")
    entered = len(log_keys.changes())
    assert (begun["step"], len(begun["new"]), entered) == ("begun", 2, 1)
    assert grow(house) > before
    assert (signers(), trusted(house)) == (
        ids([*begun["old"], *begun["new"]]),
        ids([*begun["new"], *begun["old"]]),
    )
    assert secrets(house) == {"log.key", "next.key", "next.mldsa.key"}
    assert house.answer("fsck")["clean"] is True


@pytest.mark.parametrize(
    "point",
    ["logkeys.after_finish", "logkeys.after_policy", "logkeys.after_aside:1", "logkeys.after_aside:2"],
)
def test_a_rotation_killed_while_it_ends_is_gone_on_with(house: Jieli, point: str) -> None:
    house.answer(*ROTATE, "--also", "mldsa")
    grow(house)
    house.answer(*ROTATE, "--finish", "--destroy-old")
    begun = house.answer(*ROTATE)
    grow(house)
    work = lambda: log_rotation.rotate(house.profile, Wish(finish=True), **BY)  # noqa: E731
    assert killed_at(point, work) == -signal.SIGKILL
    grow(house)
    assert signers() == ids(begun["new"])
    assert house.answer("fsck")["clean"] is True
    done = house.answer(*ROTATE, "--finish")
    assert (done["step"], done["resumed"], len(log_keys.changes())) == ("finished", True, 4)
    assert trusted(house) == ids(begun["new"])
    assert secrets(house) == {
        "log.key",
        "log.mldsa.key",
        *(f"retired/{one}.key" for one in ids(begun["old"])),
    }
    grow(house)
    assert signers() == ids(begun["new"])


@pytest.mark.parametrize("point", ["logkeys.after_abandon", "destroy.renamed", "destroy.overwritten"])
def test_giving_up_and_destroying_killed_anywhere_are_gone_on_with(house: Jieli, point: str) -> None:
    [old] = signers()
    begun = house.answer(*ROTATE)
    grow(house)
    wish = Wish(abandon=True, destroy_old=True)
    assert killed_at(point, lambda: log_rotation.rotate(house.profile, wish, **BY)) == -signal.SIGKILL
    grow(house)
    assert signers() == [old]
    again = house.answer(*ROTATE, "--destroy-old")
    assert (again["destroyed"], trusted(house)) == (ids(begun["new"]), [*ids(again["new"]), old])
    assert secrets(house) == {"log.key", "next.key"}


def test_an_installation_killed_before_its_keys_are_named_names_them_at_the_next_run(fresh: Jieli) -> None:
    made = ("keys", "init", "--origin", ORIGIN, "--also", "mldsa")
    work = lambda: fresh(*made)  # noqa: E731
    assert killed_at("logkeys.before_named", work) == -signal.SIGKILL
    assert log_keys.changes() == []
    assert fresh.answer(*made)["new"] is False
    assert [c.step for c in log_keys.changes()] == [Step.NAMED]


def test_a_retired_secret_is_destroyed_where_no_rotation_is_under_way(house: Jieli) -> None:
    # As `restore --new-origin` leaves it: the old log's secret aside, and no entry of the new log about keys.
    folder = house.home / "signer" / "retired"
    folder.mkdir(mode=0o700)
    (folder / "0a0b0c0d.key").write_text("PRIVATE+KEY")
    signing = trusted(house)
    told = json.loads(house("check", "--deploy", "--json").stdout)["faults"]
    [remedy] = [fault["remedy"] for fault in told if fault["code"] == "check.retired_key"]
    assert "keys rotate-log --as 登录名 --finish --destroy-old" in remedy
    assert house.refused(*ROTATE, "--finish")["code"] == "keys.no_rotation"
    done = house.answer(*ROTATE, "--finish", "--destroy-old")
    assert (done["destroyed"], done["step"], ids(done["new"])) == (["0a0b0c0d"], "named", signing)
    assert secrets(house) == {"log.key"} and trusted(house) == signing
    nothing = house.refused(*ROTATE, "--finish", "--destroy-old")
    assert nothing["code"] == "keys.no_rotation" and "也没有已停用的私钥可销毁" in nothing["error"]


def test_two_changes_at_once_wait_for_each_other(house: Jieli) -> None:
    with signing_keys.changing(home_of(house.profile)):
        assert house.refused(*ROTATE)["code"] == "keys.busy"
    assert os.access(house.home / "signer" / "keys.lock", os.R_OK)
    assert house.answer(*ROTATE)["step"] == "begun"


def test_no_key_of_a_witness_is_taken_for_one_of_the_log(house: Jieli) -> None:
    (house.home / "signer" / "next.key").write_text(generate(ORIGIN, kind=COSIGNATURE).secret())
    (house.home / "signer" / "next.key").chmod(0o600)
    assert house.refused(*ROTATE)["code"] == "keys.not_the_logs"
    assert log_keys.changes() == []
