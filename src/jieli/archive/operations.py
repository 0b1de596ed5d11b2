"""Writing to the archive: what other rooms call. Each is one promise; how it is kept stands in the module named."""

from jieli.archive.deposits import deposit
from jieli.archive.destruction import finish_destructions, shred_conversation, shred_items, shred_person
from jieli.archive.holds import hold, keep_limits, release
from jieli.archive.keys.epochs import destroy_old_epochs, finish_rotation, rotate, sweep_orphans
from jieli.archive.registers import erase_person
from jieli.archive.retention import carry_out, propose, run_class, set_policy
from jieli.archive.segments import merge_month, sweep

__all__ = [
    "carry_out", "deposit", "destroy_old_epochs", "erase_person", "finish_destructions", "finish_rotation", "hold",
    "keep_limits", "merge_month", "propose", "release", "rotate", "run_class", "set_policy", "shred_conversation",
    "shred_items", "shred_person", "sweep", "sweep_orphans",
]  # fmt: skip
