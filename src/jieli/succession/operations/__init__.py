"""Writing rules, qualifications, what customers said, and plans."""

from jieli.succession.operations.exports import export_lines
from jieli.succession.operations.plans import make_plan, override, submit_plan, void_plan
from jieli.succession.operations.registers import (
    record_commitment,
    record_consent,
    record_needs,
    record_training,
    record_wish,
)
from jieli.succession.operations.rules import propose_rule, propose_rule_table

__all__ = [
    "export_lines",
    "make_plan",
    "override",
    "propose_rule",
    "propose_rule_table",
    "record_commitment",
    "record_consent",
    "record_needs",
    "record_training",
    "record_wish",
    "submit_plan",
    "void_plan",
]
