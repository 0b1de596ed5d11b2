"""Passing customers and groups on in WeCom, on the job and after leaving: `succession.ports.TransferPlatform`.

A call that changes something asks for its approval first, breaks no limit of the platform, and is never repeated
after it may have been received: only -1 (nothing was done) and a refused token (checked before anything) are.
"""

from collections.abc import Sequence

from jieli.connectors.wecom import errors
from jieli.connectors.wecom.client import Json, rows
from jieli.connectors.wecom.contacts import Contacts, number, word
from jieli.succession.ports import MAX_CHUNK, MAX_MESSAGE, TransferResult, check_approval

TRANSFER = {True: "externalcontact/resigned/transfer_customer", False: "externalcontact/transfer_customer"}
RESULT = {True: "externalcontact/resigned/transfer_result", False: "externalcontact/transfer_result"}
GROUPS = {True: "externalcontact/groupchat/transfer", False: "externalcontact/groupchat/onjob_transfer"}


class WeCom(Contacts):
    """One corp's WeCom as the room `succession` needs it: `WeCom(Api(corpid=…, secret=…, clock=…))`."""

    def transfer(
        self,
        *,
        resigned: bool,
        handover: str,
        takeover: str,
        customers: Sequence[str],
        message: str = "",
        approval: str,
    ) -> dict[str, int]:
        """See the port. A customer whom the answer does not name is not in the dict: his outcome is unknown.

        A message is refused for leavers' customers: the platform takes none there, and one dropped in silence
        would be believed to have been told. BadCall for a broken limit; nothing was sent then.
        """
        check_approval(approval)
        _check_chunk(customers, "客户")
        if message and resigned:
            raise errors.BadCall("离职继承接口不带客户通知语。", remedy="请通过自己的通知渠道告知客户。")
        if len(message) > MAX_MESSAGE:
            raise errors.BadCall(f"客户通知语超过 {MAX_MESSAGE} 字。", remedy="请缩短后重新提交。")
        body: Json = {
            "handover_userid": handover,
            "takeover_userid": takeover,
            "external_userid": list(customers),
        }
        if message:
            body["transfer_success_msg"] = message
        call = TRANSFER[resigned]
        asked = set(customers)
        said = {
            word(row, "external_userid", call): number(row, "errcode", call)
            for row in rows(self._api.post(call, body), "customer", call)
        }
        return {customer: code for customer, code in said.items() if customer in asked}

    def results(self, *, resigned: bool, handover: str, takeover: str) -> list[TransferResult]:
        """See the port. The status is kept as the platform's number."""
        call = RESULT[resigned]
        body = {"handover_userid": handover, "takeover_userid": takeover}
        return [
            TransferResult(
                external_userid=word(row, "external_userid", call),
                status=number(row, "status", call),
                takeover_time=number(row, "takeover_time", call, missing=0),
            )
            for row in self._rows(call, body, "customer")
        ]

    def transfer_groups(
        self, *, resigned: bool, rooms: Sequence[str], new_owner: str, approval: str
    ) -> dict[str, int]:
        """See the port. The platform names only the failures; every other room is done."""
        check_approval(approval)
        _check_chunk(rooms, "客户群")
        call = GROUPS[resigned]
        answer = self._api.post(call, {"chat_id_list": list(rooms), "new_owner": new_owner})
        failed = {
            word(row, "chat_id", call): number(row, "errcode", call)
            for row in rows(answer, "failed_chat_list", call)
        }
        return {room: failed.get(room, errors.OK) for room in rooms}


def _check_chunk(ids: Sequence[str], what: str) -> None:
    if not 1 <= len(ids) <= MAX_CHUNK or len(set(ids)) != len(ids) or not all(ids):
        raise errors.BadCall(
            f"一次须提交 1 至 {MAX_CHUNK} 个互不重复的{what}编号。", remedy="请分批后重新提交。"
        )
