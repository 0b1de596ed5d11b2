"""A keyring of which something is missing, foreign or open to all: `check` and `fsck` name each, and all the rest."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jieli.archive.keys import ring as keyrings
from jieli.archive.models import WrapEpoch
from jieli.kernel.times import DAY
from tests.doors.cli import TALK, Jieli, bring

Sql = Callable[..., list[tuple[Any, ...]]]


def faults(jieli: Jieli) -> list[tuple[str, str]]:
    """What `check` says, each with a remedy, and that it then says no to "is it ready?"."""
    done = jieli("check", "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["ready"]) == (1, False)
    assert all(fault["remedy"] and fault["grave"] for fault in found["faults"])
    return [(fault["code"], fault["sentence"]) for fault in of_keys(found)]


def of_keys(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Without what is true of the suite's own server, which is quick and not durable."""
    return [fault for fault in found["faults"] if fault["code"] != "check.not_durable"]


def findings(jieli: Jieli) -> dict[str, list[dict[str, str]]]:
    """What `fsck` finds, by code."""
    done = jieli("fsck", "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["clean"]) == (1, False)
    assert len(found["checks"]) > 10
    return {
        code: [f for f in found["findings"] if f["code"] == code]
        for code in sorted({f["code"] for f in found["findings"]})
    }


def test_a_whole_keyring_is_ready(jieli: Jieli, tmp_path: Path) -> None:
    bring(jieli, tmp_path, *TALK)
    assert of_keys(json.loads(jieli("check", "--json").stdout)) == []


def test_every_file_that_others_may_read_is_named(jieli: Jieli) -> None:
    keys = jieli.home / "keys"
    for name in ("root.key", "digest.key"):
        (keys / name).chmod(0o644)
    keys.chmod(0o755)
    found = faults(jieli)
    assert {code for code, _ in found} == {"check.keys_readable"}
    assert [sentence.split(" ")[1] for _, sentence in found] == ["keys", "digest.key", "root.key"]
    told = of_keys(json.loads(jieli("check", "--json").stdout))
    assert [f["remedy"].split(" ")[1:3] for f in told] == [
        ["chmod", "0700"], ["chmod", "0600"], ["chmod", "0600"],
    ]  # fmt: skip


def test_a_missing_epoch_key_and_a_foreign_digest_key_are_both_named(
    jieli: Jieli, tmp_path: Path, owner_sql: Sql
) -> None:
    bring(jieli, tmp_path, *TALK)
    keys, other = jieli.home / "keys", tmp_path / "other"
    keyrings.init(other)
    (keys / "epoch-000001.key").unlink()
    shutil.copy2(other / "keys" / "digest.key", keys / "digest.key")
    missing, foreign = faults(jieli)
    assert missing[0] == foreign[0] == "check.keyring"
    assert "epoch-000001.key 缺失" in missing[1] and "digest.key 与根密钥不符" in foreign[1]
    changed = jieli.company.customers["wm-lin"]
    owner_sql("ALTER TABLE parties_customer DISABLE TRIGGER USER")
    owner_sql("UPDATE parties_customer SET name = '另一人' WHERE id = %s", [changed])
    owner_sql("ALTER TABLE parties_customer ENABLE TRIGGER USER")
    found = findings(jieli)
    assert [f["id"] for f in found.pop("archive.keyring_missing")] == ["epoch-000001.key"]
    assert [f["id"] for f in found.pop("archive.keyring_mismatch")] == ["digest.key"]
    assert "没有核对" in found.pop("archive.pages_unread")[0]["sentence"]
    [rest] = found.values()
    assert [f["table"] for f in rest] == ["parties_customer"]


def test_with_an_epoch_key_gone_fsck_goes_on_and_counts_the_pages_that_it_closes(
    jieli: Jieli, tmp_path: Path
) -> None:
    bring(jieli, tmp_path, *TALK)
    (jieli.home / "keys" / "epoch-000001.key").unlink()
    found = findings(jieli)
    [key, pages] = found.pop("archive.keyring_missing")
    assert (key["table"], key["id"]) == ("archive_keyring", "epoch-000001.key")
    assert "取回 epoch-000001.key" in key["sentence"]
    assert (pages["table"], pages["id"]) == ("archive_wrap_epoch", "1")
    assert "1 个密钥页打不开" in pages["sentence"]
    assert found == {}


def test_the_keyring_of_another_house_is_named_by_its_epochs(jieli: Jieli, tmp_path: Path) -> None:
    other = tmp_path / "other"
    keyrings.init(other)
    shutil.rmtree(jieli.home / "keys")
    shutil.copytree(other / "keys", jieli.home / "keys")
    [(code, sentence)] = faults(jieli)
    assert (code, "epoch-000001.key 不是写成这个密钥库的" in sentence) == ("check.keyring", True)
    assert "archive.keyring_mismatch" in findings(jieli)


def test_a_lost_root_key_is_named_with_the_sheets_that_bring_it_back(jieli: Jieli) -> None:
    (jieli.home / "keys" / "root.key").unlink()
    [(code, sentence)] = faults(jieli)
    assert (code, "根密钥文件缺失" in sentence) == ("check.keyring", True)
    assert "托管单" in of_keys(json.loads(jieli("check", "--json").stdout))[0]["remedy"]
    assert set(findings(jieli)) == {"archive.keyring_missing", "archive.pages_unread"}


def test_the_key_of_an_epoch_that_is_due_may_be_gone(jieli: Jieli) -> None:
    # A crash in its destruction leaves the row behind the file; the worker finishes it.
    WrapEpoch.objects.create(
        id=2, state="已退役", fingerprint="0", opened_at=0, retired_at=0, destroy_after=1
    )
    assert of_keys(json.loads(jieli("check", "--json").stdout)) == []
    assert jieli.answer("fsck")["clean"]


def test_a_clock_that_ran_far_ahead_is_said_before_it_is_signed_with(jieli: Jieli, tmp_path: Path) -> None:
    bring(jieli, tmp_path, *TALK)
    jieli.answer("ledger", "sign", "--once")
    assert of_keys(json.loads(jieli("check", "--json").stdout)) == []
    jieli.at += 400 * DAY
    [fault] = of_keys(json.loads(jieli("check", "--json").stdout))
    assert (fault["code"], fault["grave"]) == ("check.clock", False)
    assert "晚 400 天" in fault["sentence"] and "保存期限" in fault["sentence"]
    [told] = jieli.answer("ledger", "sign", "--once")["clock"]
    assert "晚 400 天" in told
