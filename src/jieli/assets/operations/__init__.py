"""Writing the assets room: registers, custody, signatures and states, users, members and rights."""

from jieli.assets.operations.custody import correct_holding, hand_over, hand_over_many, take_back
from jieli.assets.operations.periods import load_holdings, load_members, load_uses
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
    "register_accounts",
    "register_devices",
    "register_groups",
    "register_numbers",
    "set_control",
    "take_back",
]
