"""Schema versions of facts (ADR 22): what an old entry says, in the shape in which the kind is written today.

Version 1 is unmarked; from version 2 on the facts carry `schema`. An upcaster leads from one version to the next and
stands beside the operation that writes the kind.
"""

from collections.abc import Callable
from typing import Any

from jieli.kernel.errors import JieliError

#: The key in the facts that belongs to the book.
SCHEMA = "schema"
Facts = dict[str, Any]
Upcaster = Callable[[Facts], Facts]

_steps: dict[str, list[Upcaster]] = {}


class LaterSchema(JieliError):
    """Facts of a version that this program does not know: a newer one wrote them."""

    code = "ledger.later_schema"


def upcaster(kind: str, *, leaves: int) -> Callable[[Upcaster], Upcaster]:
    """Register the step by which facts of `kind` leave version `leaves` for the next; in their order, without a gap."""

    def register(step: Upcaster) -> Upcaster:
        steps = _steps.setdefault(kind, [])
        if leaves != len(steps) + 1:
            raise ValueError(f"the next upcaster of {kind} leaves version {len(steps) + 1}, not {leaves}")
        steps.append(step)
        return step

    return register


def forget(kind: str) -> None:
    """Take back all upcasters of a kind: for tests that invent one."""
    _steps.pop(kind, None)


def version(kind: str) -> int:
    """The version in which facts of a kind are written today."""
    return 1 + len(_steps.get(kind, ()))


def marked(kind: str, facts: Facts) -> Facts:
    """Facts as they are written today: marked, unless it is the first version. ValueError for the book's own key."""
    if SCHEMA in facts:
        raise ValueError(f"the key {SCHEMA} in the facts of {kind} belongs to the book")
    now = version(kind)
    return facts if now == 1 else {**facts, SCHEMA: now}


def upcast(kind: str, written: int, facts: Facts) -> Facts:
    """Facts of version `written`, without their mark, in the present shape; LaterSchema for one we do not know."""
    steps = _steps.get(kind, [])
    if not 1 <= written <= len(steps) + 1:
        raise LaterSchema(
            f"账本中 {kind} 的内容是第 {written} 版，本程序只认识到第 {len(steps) + 1} 版。",
            remedy="请升级到写入它的程序版本。",
        )
    for step in steps[written - 1 :]:
        facts = step(dict(facts))
    return facts


def present(kind: str, stored: Facts) -> Facts:
    """Facts as stored, in the present shape and without their mark."""
    facts = dict(stored)
    return upcast(kind, facts.pop(SCHEMA, 1), facts)
