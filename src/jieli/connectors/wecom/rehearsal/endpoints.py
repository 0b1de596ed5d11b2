"""The platform's calls, by path below cgi-bin: fields in and out as its documents name them."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jieli.connectors.wecom.rehearsal import rules
from jieli.connectors.wecom.rehearsal.faults import Orders
from jieli.connectors.wecom.rehearsal.state import Member, State
from jieli.kernel.times import SECOND

MAX_ITEMS = 100
MAX_MESSAGE = 200
BAD_PARAMETER, NO_MEMBER, NO_CUSTOMERS = 40058, 60111, 84061

Json = dict[str, Any]


class Denied(Exception):
    """The whole call is answered with an errcode."""

    def __init__(self, errcode: int) -> None:
        super().__init__(str(errcode))
        self.errcode = errcode


@dataclass(frozen=True)
class World:
    """What a call works on, at `now` ms; `page_size` is the most rows a page may have here."""

    state: State
    orders: Orders
    now: int
    page_size: int


def user_get(world: World, given: Mapping[str, Any]) -> Json:
    member = _member(world, given.get("userid"))
    return {
        "userid": member.userid,
        "name": member.name,
        "department": [1],
        "main_department": 1,
        "status": 5 if member.resigned else member.status,
    }


def follow_users(world: World, given: Mapping[str, Any]) -> Json:
    members = world.state.members.values()
    return {"follow_user": [m.userid for m in members if m.contact_enabled and not m.resigned]}


def customer_list(world: World, given: Mapping[str, Any]) -> Json:
    found = world.state.customers_of(_member(world, given.get("userid")).userid)
    if not found:
        raise Denied(NO_CUSTOMERS)
    return {"external_userid": [c.external_userid for c in found]}


def customer_get(world: World, given: Mapping[str, Any]) -> Json:
    customer = world.state.customers.get(str(given.get("external_userid")))
    if customer is None:
        raise Denied(40096)
    follows = [
        {"userid": u, "remark": f.remark, "createtime": f.createtime, "add_way": f.add_way}
        for u, f in customer.follows.items()
    ]
    return {"external_contact": _contact(customer.external_userid, customer.name), "follow_user": follows}


def batch_by_user(world: World, given: Mapping[str, Any]) -> Json:
    members = [_member(world, userid) for userid in _ids(given.get("userid_list"))]
    found = [
        {
            "external_contact": _contact(c.external_userid, c.name),
            "follow_info": {
                "userid": m.userid,
                "remark": c.follows[m.userid].remark,
                "description": "",
                "createtime": c.follows[m.userid].createtime,
                "tag_id": [],
                "add_way": c.follows[m.userid].add_way,
            },
        }
        for m in members
        for c in world.state.customers_of(m.userid)
    ]
    if not found:
        raise Denied(NO_CUSTOMERS)
    return _page(world, "externalcontact/batch/get_by_user", given, found, "external_contact_list", most=100)


def unassigned(world: World, given: Mapping[str, Any]) -> Json:
    found = [
        {
            "handover_userid": member.userid,
            "external_userid": customer,
            "dimission_time": (member.left_at or 0) // SECOND,
        }
        for member, customer in rules.unassigned(world.state, world.now)
    ]
    size = {**given, "limit": given.get("page_size", 1000)}
    answer = _page(world, "externalcontact/get_unassigned_list", size, found, "info", most=1000)
    return {**answer, "is_last": not answer["next_cursor"]}


def transfer_customer(world: World, given: Mapping[str, Any], *, resigned: bool) -> Json:
    handover, takeover = _pair(world, given)
    customers = _ids(given.get("external_userid"))
    message = given.get("transfer_success_msg", "")
    if (resigned and "transfer_success_msg" in given) or len(str(message)) > MAX_MESSAGE:
        raise Denied(BAD_PARAMETER)

    def one(customer: str) -> int:
        ordered = world.orders.item(customer)
        if ordered is not None:
            return ordered
        return rules.ask(
            world.state,
            resigned=resigned,
            handover=handover,
            takeover=takeover,
            customer=customer,
            now=world.now,
        )

    return {"customer": [{"external_userid": c, "errcode": one(c)} for c in customers]}


def transfer_result(world: World, given: Mapping[str, Any], *, resigned: bool) -> Json:
    handover, takeover = _pair(world, given)
    found = [
        {
            "external_userid": t.customer,
            "status": world.orders.statuses.get(t.customer, int(t.status)),
            "takeover_time": rules.takeover_time(t),
        }
        for t in rules.results(
            world.state, resigned=resigned, handover=handover.userid, takeover=takeover.userid
        )
    ]
    call = f"externalcontact/{'resigned/' if resigned else ''}transfer_result"
    return _page(world, call, given, found, "customer", most=1000)


def group_list(world: World, given: Mapping[str, Any]) -> Json:
    owners = given.get("owner_filter", {})
    wanted = set(_ids(owners.get("userid_list"))) if owners else None
    status = given.get("status_filter", 0)
    found = [
        {"chat_id": g.chat_id, "status": _group_status(world, g.owner, g.status)}
        for g in world.state.groups.values()
        if g.external and (wanted is None or g.owner in wanted)
    ]
    kept = [row for row in found if status in (0, row["status"])]
    return _page(world, "externalcontact/groupchat/list", given, kept, "group_chat_list", most=1000)


def _group_status(world: World, owner: str, status: int) -> int:
    return 1 if world.state.members[owner].resigned else status


def group_transfer(world: World, given: Mapping[str, Any], *, on_job: bool) -> Json:
    rooms, owner = _ids(given.get("chat_id_list")), _member(world, given.get("new_owner"))
    failed = []
    for room in rooms:
        code = world.orders.item(room)
        if code is None:
            code = rules.move_group(
                world.state, on_job=on_job, chat_id=room, new_owner=owner.userid, now=world.now
            )
        if code:
            failed.append({"chat_id": room, "errcode": code, "errmsg": said(code)})
    return {"failed_chat_list": failed}


def contact_way(world: World, given: Mapping[str, Any]) -> Json:
    users = _ids(given.get("user"))
    if given.get("type") != 1 or given.get("scene") != 2 or len(users) != 1:
        raise Denied(BAD_PARAMETER)
    member = _member(world, users[0])
    world.state.ways += 1
    number = f"{world.state.ways:06d}"
    return {"config_id": f"yanlian-{number}", "qr_code": f"https://yanlian.example/{member.userid}/{number}"}


def said(errcode: int) -> str:
    """The errmsg; every one says that this is a rehearsal."""
    return "演练：ok" if errcode == 0 else f"演练：错误 {errcode}"


def _contact(external_userid: str, name: str) -> Json:
    return {"external_userid": external_userid, "name": name, "type": 1, "gender": 0}


def _member(world: World, userid: Any) -> Member:
    member = world.state.members.get(userid) if isinstance(userid, str) else None
    if member is None or member.deleted:
        raise Denied(NO_MEMBER)
    return member


def _pair(world: World, given: Mapping[str, Any]) -> tuple[Member, Member]:
    """Handover and takeover; a leaver taken off the list is still known as handover."""
    handover = world.state.members.get(str(given.get("handover_userid")))
    if handover is None:
        raise Denied(NO_MEMBER)
    return handover, _member(world, given.get("takeover_userid"))


def _ids(found: Any) -> list[str]:
    right = isinstance(found, list) and 1 <= len(found) <= MAX_ITEMS
    if not right or not all(isinstance(i, str) and i for i in found):
        raise Denied(BAD_PARAMETER)
    return list(found)


def _page(
    world: World, call: str, given: Mapping[str, Any], found: Sequence[Json], key: str, *, most: int
) -> Json:
    limit = given.get("limit", most)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= most:
        raise Denied(BAD_PARAMETER)
    start = _offset(call, given.get("cursor", ""))
    if call in world.orders.stuck and start:
        start = 0
    end = start + min(limit, world.page_size)
    cursor = _cursor(call, end) if end < len(found) else ""
    return {key: list(found[start:end]), "next_cursor": cursor}


def _cursor(call: str, offset: int) -> str:
    return base64.urlsafe_b64encode(f"{call}|{offset}".encode()).decode()


def _offset(call: str, cursor: Any) -> int:
    if cursor == "":
        return 0
    try:
        name, _, offset = base64.urlsafe_b64decode(str(cursor)).decode().partition("|")
    except (binascii.Error, ValueError):
        raise Denied(BAD_PARAMETER) from None
    if name != call or not offset.isdigit():
        raise Denied(BAD_PARAMETER)
    return int(offset)


Call = Callable[[World, Mapping[str, Any]], Json]

CALLS: dict[tuple[str, str], Call] = {
    ("GET", "user/get"): user_get,
    ("GET", "externalcontact/get_follow_user_list"): follow_users,
    ("GET", "externalcontact/list"): customer_list,
    ("GET", "externalcontact/get"): customer_get,
    ("POST", "externalcontact/batch/get_by_user"): batch_by_user,
    ("POST", "externalcontact/get_unassigned_list"): unassigned,
    ("POST", "externalcontact/transfer_customer"): lambda w, g: transfer_customer(w, g, resigned=False),
    ("POST", "externalcontact/resigned/transfer_customer"): lambda w, g: transfer_customer(
        w, g, resigned=True
    ),
    ("POST", "externalcontact/transfer_result"): lambda w, g: transfer_result(w, g, resigned=False),
    ("POST", "externalcontact/resigned/transfer_result"): lambda w, g: transfer_result(w, g, resigned=True),
    ("POST", "externalcontact/groupchat/list"): group_list,
    ("POST", "externalcontact/groupchat/transfer"): lambda w, g: group_transfer(w, g, on_job=False),
    ("POST", "externalcontact/groupchat/onjob_transfer"): lambda w, g: group_transfer(w, g, on_job=True),
    ("POST", "externalcontact/add_contact_way"): contact_way,
}
