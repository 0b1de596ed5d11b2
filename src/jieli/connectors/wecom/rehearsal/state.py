"""What the rehearsal platform knows: members, customers, groups and transfers, all invented, all in memory.

A seed is a JSON object with the lists `members`, `customers` and `groups`, each an object of the fields below;
a customer's `follows` may be a list of userids.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from jieli.kernel.errors import JieliError
from jieli.succession.ports import PlatformStatus

T = TypeVar("T")


class BadSeed(JieliError):
    """The seed of the rehearsal platform cannot be read."""

    code = "rehearsal.bad_seed"


@dataclass
class Member:
    """`limit`: how many customers he may have; `left_at` (ms): a leaver; `deleted`: off the list as well."""

    userid: str
    name: str = ""
    status: int = 1
    real_name: bool = True
    contact_enabled: bool = True
    visible: bool = True
    limit: int | None = None
    left_at: int | None = None
    deleted: bool = False

    @property
    def resigned(self) -> bool:
        return self.left_at is not None


@dataclass
class Follow:
    """One member's relation to a customer; `createtime` in seconds."""

    createtime: int = 0
    remark: str = ""
    add_way: int = 1


@dataclass
class Customer:
    """`refuses_after` (ms after a transfer is asked for) makes him refuse; None lets silence take its course."""

    external_userid: str
    name: str = ""
    follows: dict[str, Follow] = field(default_factory=dict)
    refuses_after: int | None = None


@dataclass
class Group:
    """A group chat; `status` as groupchat/list says it."""

    chat_id: str
    owner: str
    name: str = ""
    external: bool = True
    status: int = 0


@dataclass
class Transfer:
    """One accepted item. Moments in ms; `status` as transfer_result says it."""

    resigned: bool
    handover: str
    takeover: str
    customer: str
    asked_at: int
    due_at: int
    status: PlatformStatus = PlatformStatus.WAITING

    @property
    def running(self) -> bool:
        return self.status == PlatformStatus.WAITING


@dataclass
class GroupMove:
    """A group that got a new owner; `at` in ms."""

    chat_id: str
    new_owner: str
    on_job: bool
    at: int


@dataclass
class Notice:
    """A transfer_fail the platform would send; `takeover` is its UserID, `at` in ms."""

    customer: str
    takeover: str
    reason: str
    at: int


@dataclass
class State:
    """Everything that outlives one call."""

    members: dict[str, Member] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    transfers: list[Transfer] = field(default_factory=list)
    group_moves: list[GroupMove] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    ways: int = 0

    def customers_of(self, userid: str) -> list[Customer]:
        """His customers, in the order in which they were entered."""
        return [c for c in self.customers.values() if userid in c.follows]


def load(seed: Mapping[str, Any]) -> State:
    """The state a seed describes; BadSeed names the list in which something is wrong."""
    state = State()
    for row in _rows(seed, "members"):
        member = _made(Member, row, "members")
        state.members[member.userid] = member
    for row in _rows(seed, "customers"):
        follows = row.get("follows", {})
        named = {u: {} for u in follows} if isinstance(follows, list) else follows
        if not isinstance(named, dict):
            raise _bad("customers")
        made = {u: _made(Follow, f, "customers") for u, f in named.items()}
        customer = _made(Customer, {**row, "follows": made}, "customers")
        state.customers[customer.external_userid] = customer
    for row in _rows(seed, "groups"):
        group = _made(Group, row, "groups")
        state.groups[group.chat_id] = group
    return state


def read(path: Path) -> Mapping[str, Any]:
    """The seed in a file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadSeed("演练平台的种子文件无法读取。", remedy="请检查路径与 JSON 格式。") from error
    if not isinstance(found, dict):
        raise _bad("JSON")
    return found


def _rows(seed: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = seed.get(key, [])
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise _bad(key)
    return found


def _made(kind: type[T], row: Any, where: str) -> T:
    known = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    if not isinstance(row, dict) or not set(row) <= known:
        raise _bad(where)
    try:
        return kind(**row)
    except TypeError:
        raise _bad(where) from None


def _bad(where: str) -> BadSeed:
    return BadSeed(f"演练平台的种子在 {where} 处不合格式。", remedy="请对照 rehearsal.state 的字段说明。")
