"""What may be read for what: purposes, scopes, approvals, cursors. Pure; deny by default."""

from hashlib import sha256
from uuid import UUID

from jieli.access.policy import PERMITS, holds
from jieli.access.types import Permission, Person
from jieli.consent.types import Scope
from jieli.reading.errors import BadCursor, PurposeDenied, TooMuch
from jieli.reading.types import Purpose

#: Purpose → the scope that speaker and holder must both have agreed to (R3.7, R3.32).
SCOPE_OF: dict[Purpose, Scope] = {
    Purpose.PRIVATE_DEALS: Scope.CAPTURE,
    Purpose.DIVERTED_ORDERS: Scope.CAPTURE,
    Purpose.COMPLAINT: Scope.CAPTURE,
    Purpose.AUDIT: Scope.CAPTURE,
    Purpose.QUALITY: Scope.QUALITY,
    Purpose.SERVICE: Scope.SERVICE,
    Purpose.EVIDENCE: Scope.EVIDENCE,
}
#: Purposes for which a matter needs an approval besides (R2.28): nobody accuses anybody here, so four eyes see why.
NEEDS_APPROVAL = frozenset({Purpose.SERVICE})
#: The kind under which such an approval is asked for; its subject is the matter's id.
APPROVAL_KIND = "查阅"
MOST_A_PAGE = 200
#: So many items one opening may name: a package is opened in pieces.
MOST_AN_OPENING = 20_000


def check_purpose(word: str) -> Purpose:
    """The purpose of this name; PurposeDenied for any other: there are no free purposes (R3.7)."""
    try:
        return Purpose(word)
    except ValueError:
        raise PurposeDenied(
            "不能为这个目的查阅。", remedy=f"只能为以下目的查阅：{'、'.join(Purpose)}。"
        ) from None


def approval_digest(purpose: Purpose, matter: UUID) -> bytes:
    """What an approval of reading is over: this purpose in this matter, and no other."""
    return sha256(f"{APPROVAL_KIND}\n{purpose.value}\n{matter}".encode()).digest()


def check_amount(wanted: int, *, most: int) -> None:
    """TooMuch (reading.too_much) outside 1 … most."""
    if not 1 <= wanted <= most:
        raise TooMuch(f"一次只能查阅 1 至 {most} 条。", remedy="请缩小范围，分几次查阅。")


def role_words(person: Person, *, at: int) -> str:
    """The roles under which a person reads, as those concerned are told them."""
    able = [g.role for g in person.grants if holds(g, at=at) and Permission.READ in PERMITS.get(g.role, ())]
    return "、".join(dict.fromkeys(able))


def write_cursor(place: tuple[int, int] | None) -> str | None:
    """The place after which a page goes on, as one word."""
    return None if place is None else f"{place[0]}.{place[1]}"


def read_cursor(word: str | None) -> tuple[int, int] | None:
    """The place that `write_cursor` wrote; BadCursor for anything else."""
    if word is None:
        return None
    event, _, item = word.partition(".")
    if not (event.isascii() and item.isascii() and event.isdigit() and item.isdigit() and len(word) <= 40):
        raise BadCursor("翻页位置无法识别。", remedy="请从第一页重新开始。")
    return int(event), int(item)
