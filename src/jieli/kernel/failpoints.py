"""Places at which a test can kill the process, to show that nothing acknowledged is lost and nothing half is kept.

`reach("name")` does nothing unless the environment says JIELI_FAIL_AT=name, or name:n for the n-th time; then the
process ends at once by SIGKILL, as if the power had failed. The production profile refuses to start while the
variable is set (`check_disarmed`). The names, each in the order in which they are passed:

- import: archive.before_copy, archive.after_copy (items), keys.before_store, keys.after_store (pages committed,
  main store not yet), import.before_commit, ledger.before_lock (staged, not numbered), ledger.before_commit
  (numbered under the lock), import.before_acknowledge (committed, nobody told)
- reading: reading.after_opening (the row is durable, no content was fetched)
- signer: checkpoint.before_store, checkpoint.after_store
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
        os.kill(os.getpid(), signal.SIGKILL)
