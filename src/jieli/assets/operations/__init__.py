"""Writing the assets room: registers, custody, signatures and states, rebinds, users, members and rights."""

from jieli.assets.operations.custody import (
    correct_holding,
    hand_over,
    hand_over_many,
    rest_number,
    take_back,
)
from jieli.assets.operations.periods import load_holdings, load_members, load_uses
from jieli.assets.operations.rebinding import rebind, rebind_digest, rename, show_permission
from jieli.assets.operations.registers import (
    register_accounts,
    register_devices,
    register_groups,
    register_numbers,
)
from jieli.assets.operations.rights import set_control
from jieli.assets.operations.signing import acknowledge, acknowledge_many, mark_accounts

__all__ = [
    "acknowledge",
    "acknowledge_many",
    "correct_holding",
    "hand_over",
    "hand_over_many",
    "load_holdings",
    "load_members",
    "load_uses",
    "mark_accounts",
    "rebind",
    "rebind_digest",
    "register_accounts",
    "register_devices",
    "register_groups",
    "register_numbers",
    "rename",
    "rest_number",
    "set_control",
    "show_permission",
    "take_back",
]
