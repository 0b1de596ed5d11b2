"""Who is whose customer in WeCom: members, customers, groups. Reads, and the 联系我 code, which changes nobody.

Rows the platform sends without their id cannot be acted on: the whole answer counts as unusable, for a customer
left out in silence would be a customer lost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jieli.connectors.wecom import errors
from jieli.connectors.wecom.client import Api, Json, rows
from jieli.succession.ports import MemberState, Misconfigured, PlatformCustomer, Refused

BY_USER = "externalcontact/batch/get_by_user"
UNASSIGNED = "externalcontact/get_unassigned_list"
GROUP_LIST = "externalcontact/groupchat/list"
CONTACT_WAY = "externalcontact/add_contact_way"
MEMBER = "user/get"
PAGE, PAGE_LONG = 100, 1000


@dataclass(frozen=True, slots=True)
class PlatformGroup:
    """A customer group; status 0 正常, 1 跟进人离职, 2 继承中, 3 继承完成."""

    room: str
    status: int


class Contacts:
    """The reading half of `succession.ports.TransferPlatform`, plus the list of a member's groups."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def customers_of(self, userid: str) -> list[PlatformCustomer]:
        """See the port. Misconfigured when the platform holds rows back for want of a licence."""
        body = {"userid_list": [userid], "limit": PAGE}
        try:
            return [_customer(row) for row in self._rows(BY_USER, body, "external_contact_list")]
        except Refused as error:
            if error.errcode == errors.NO_CUSTOMERS:
                return []
            raise

    def member(self, userid: str) -> MemberState:
        """See the port."""
        try:
            answer = self._api.get(MEMBER, userid=userid)
        except Refused as error:
            if error.errcode == errors.NO_MEMBER:
                return MemberState(userid, 0)
            raise
        return MemberState(userid, number(answer, "status", MEMBER), str(answer.get("name") or ""))

    def unassigned(self) -> list[tuple[str, str, int]]:
        """See the port."""
        return [
            (
                word(row, "handover_userid", UNASSIGNED),
                word(row, "external_userid", UNASSIGNED),
                number(row, "dimission_time", UNASSIGNED),
            )
            for row in self._rows(UNASSIGNED, {"page_size": PAGE_LONG}, "info")
        ]

    def groups_of(self, owners: Sequence[str], *, status: int = 0) -> list[PlatformGroup]:
        """Customer groups of these owners (at most 100), all pages; `status` 0 = every state."""
        if not 1 <= len(owners) <= 100:
            raise errors.BadCall("一次只能查询 1 至 100 位群主的客户群。", remedy="请分批查询。")
        body = {
            "status_filter": status,
            "owner_filter": {"userid_list": list(owners)},
            "limit": PAGE_LONG,
        }
        return [
            PlatformGroup(word(row, "chat_id", GROUP_LIST), number(row, "status", GROUP_LIST))
            for row in self._rows(GROUP_LIST, body, "group_chat_list")
        ]

    def contact_way(self, userid: str) -> str:
        """A 联系我 code of one member. The platform makes a new one each time: keep what is returned."""
        body = {"type": 1, "scene": 2, "skip_verify": True, "state": "jieli", "user": [userid]}
        return word(self._api.post(CONTACT_WAY, body), "qr_code", CONTACT_WAY)

    def _rows(self, call: str, body: Json, key: str) -> Iterator[Json]:
        for answer in self._api.pages(call, body):
            if _held_back(answer):
                raise Misconfigured(
                    f"企业微信因成员没有接口许可而未给出全部客户（{call}）。",
                    remedy="请管理员为该成员分配互通账号许可后重新拉取。",
                )
            yield from rows(answer, key, call)


def _held_back(answer: Json) -> bool:
    """Whether the list leaves out members for want of a licence, which is no error to the platform."""
    failed = answer.get("fail_info")
    return isinstance(failed, dict) and bool(failed.get("unlicensed_userid_list"))


def _customer(row: Json) -> PlatformCustomer:
    contact, follow = row.get("external_contact"), row.get("follow_info")
    if not isinstance(contact, dict) or not isinstance(follow, dict):
        raise errors.unreachable(BY_USER, "缺少客户或跟进信息")
    return PlatformCustomer(
        external_userid=word(contact, "external_userid", BY_USER),
        name=str(contact.get("name") or ""),
        remark=str(follow.get("remark") or ""),
        add_way=number(follow, "add_way", BY_USER, missing=0),
        createtime=number(follow, "createtime", BY_USER, missing=0),
    )


def word(row: Json, key: str, call: str) -> str:
    """A text that must be there."""
    found = row.get(key)
    if not isinstance(found, str) or not found:
        raise errors.unreachable(call, f"缺少 {key}")
    return found


def number(row: Json, key: str, call: str, *, missing: int | None = None) -> int:
    """An integer that must be there, unless `missing` says what its absence means."""
    found = row.get(key, missing)
    if isinstance(found, bool) or not isinstance(found, int):
        raise errors.unreachable(call, f"{key} 不是整数")
    return found
