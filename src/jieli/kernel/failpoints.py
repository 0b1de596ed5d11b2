"""Places at which a test can kill the process, to show that nothing acknowledged is lost and nothing half is kept.

`reach("name")` does nothing unless the environment says JIELI_FAIL_AT=name, or name:n for the n-th time; then the
process ends at once by SIGKILL, as if the power had failed. The production profile refuses to start while the
variable is set (`check_disarmed`). The names, each in the order in which they are passed:

- import: keys.before_store, keys.after_store (pages committed, main store not yet), archive.before_copy,
  archive.after_copy (items), import.before_commit, ledger.before_lock (staged, not numbered), ledger.before_commit
  (numbered under the lock), import.before_acknowledge (committed, nobody told)
- media: upload.before_store, upload.in_store (some of it is there), upload.before_rename, upload.after_store,
  upload.before_commit
- reading: reading.after_opening (the row is durable, no content was fetched)
- destroying items: shred.before_commit, shred.after_intent, shred.after_unlist, shred.after_secrets,
  shred.late_found (messages that came since the intent), shred.before_emptied (emptied, not committed),
  shred.after_emptied, shred.before_certified (entered, not committed), shred.after_certified; papers by plan too
- index: index.merge_rows, index.before_swap, index.after_swap (none of it committed); rebuild.after_opening,
  rebuild.before_swap
- epochs: rotate.before_key, keys.before_rename (a key file under its passing name), rotate.after_key,
  rotate.after_entry, rotate.after_epoch, rotate.before_commit, rotate.between_pages, rotate.before_retired,
  rotate.after_retired; destroy.renamed, destroy.overwritten, destroy.after_key, destroy.after_entry
- the log's keys: logkeys.before_named; logkeys.after_key, logkeys.before_entry, logkeys.after_entry,
  logkeys.after_policy; logkeys.after_finish, logkeys.after_aside; logkeys.after_abandon
- signer: checkpoint.before_store, checkpoint.after_store, checkpoint.before_cosignature, checkpoint.before_timestamp,
  deposit.before_entry (the receipt is in hand, and nowhere else)
- the log as files: export.before_checkpoint, export.after_checkpoint, outside.before_rename
- backup: backup.after_table, backup.before_rename; back again: restore.after_files, restore.before_commit,
  restore.after_tail, restore.before_commit_of_replay, restore.after_commit; with a new log also
  restore.after_new_key, restore.after_new_log, restore.after_policy, restore.after_old_key
- a package: package.after_seal (its papers stand in the ledger, nothing on the disk), package.in_write (passed after
  each of its files), package.before_rename, package.after_rename (whole, nobody told)
- everything leaves: leaving.after_seal, leaving.after_volume
- a transfer of customers: transfer.after_intent, transfer.after_call, transfer.after_answer, transfer.before_resolve,
  transfer.before_poll_record, transfer.after_poll

Where each is killed stands in `benchmarks/faults/places.py`; a house test compares all three.
"""

import os
import signal

from jieli.kernel.errors import JieliError

VARIABLE = "JIELI_FAIL_AT"

_passed: dict[str, int] = {}


class Armed(JieliError):
    """A fail point is armed where people's data is."""

    code = "kernel.fail_point_armed"


def armed() -> str | None:
    """What the environment asks for; None in every ordinary process."""
    return os.environ.get(VARIABLE) or None


def check_disarmed() -> None:
    """Armed (kernel.fail_point_armed) if the environment names a fail point: asked when production starts."""
    if armed() is not None:
        raise Armed(
            f"环境变量 {VARIABLE} 只供测试使用，正式环境拒绝启动。", remedy="请删除该环境变量后再启动。"
        )


def reach(name: str) -> None:
    """Die here, if this is the place that the environment names."""
    wanted = armed()
    if wanted is None:
        return
    place, _, time = wanted.partition(":")
    if place != name:
        return
    _passed[name] = _passed.get(name, 0) + 1
    if _passed[name] == int(time or 1):
        del _passed[name]  # a test that stands in for the kill lives on, and may arm the same place again
        os.kill(os.getpid(), signal.SIGKILL)
