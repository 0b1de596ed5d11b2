"""Searching and opening. Every way is the same: check, sift, commit the opening, and only then decrypt."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from jieli.access.policy import check_may
from jieli.access.types import Permission, Person
from jieli.approvals import operations as approvals
from jieli.approvals import queries as approval_queries
from jieli.approvals.types import RequestRef
from jieli.archive import queries as archive
from jieli.archive.errors import ItemUnknown
from jieli.archive.index.search import Source
from jieli.archive.opening import look_up
from jieli.archive.searching import find, segments_within
from jieli.archive.stored import Found
from jieli.archive.types import ItemRef, OpenedItem
from jieli.ledger.plain import Answer, Asked, both
from jieli.matters import queries as matters
from jieli.matters.errors import NoSuchMatter
from jieli.reading.errors import ApprovalNeeded, MatterNotOpen, NoSuchConversation
from jieli.reading.opening import Request, Users, open_found_under_row, open_under_row, page_of, users_of
from jieli.reading.policy import (
    APPROVAL_KIND,
    MOST_A_PAGE,
    MOST_AN_OPENING,
    NEEDS_APPROVAL,
    approval_digest,
    check_amount,
    check_purpose,
    read_cursor,
    write_cursor,
)
from jieli.reading.snippets import snippets_of
from jieli.reading.standing import said_against, sift
from jieli.reading.types import LeftOut, OpeningKind, Page, Purpose, Window

#: Candidates looked at for one page; a page that leaves out more than that ends there and goes on by its cursor.
MOST_LOOKED_AT = 2_000
ANYWHERE = Window()
#: Numbers of items and conversations are below this; the database reads no larger one.
_IDS = 2**63


def search(
    *,
    query: str,
    purpose: str,
    matter: str,
    by: Person,
    at: int,
    window: Window = ANYWHERE,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Items whose text holds the query after folding, newest first, each with a snippet; exact, two characters and up.

    One opening names all candidates of the page before any is decrypted; those that do not match are listed in
    it as not shown. Errors: Forbidden, PurposeDenied, MatterNotOpen, ApprovalNeeded (reading.approval_needed),
    QueryTooShort (search.too_short), TooMuch, BadCursor.
    """
    check_may(by, Permission.READ, at=at)
    known = check_purpose(purpose)
    # Whether the matter is open and where there is anything to look in: one wait. Nothing is looked through yet.
    thread, live = both(_thread(matter), segments_within(from_ms=window.from_ms, to_ms=window.to_ms))
    asked = replace(_request(OpeningKind.SEARCH, known, thread, by, at), window=window, query=query)
    check_amount(limit, most=MOST_A_PAGE)
    found, left, following, users = _candidates(asked, after=read_cursor(cursor), limit=limit, live=live)
    opened = open_found_under_row(asked, found, left, snippets_of(query), users=users)
    return page_of(opened, left, write_cursor(following))


def open_conversation(
    *,
    conversation: int,
    purpose: str,
    matter: str,
    by: Person,
    at: int,
    window: Window = ANYWHERE,
    cursor: str | None = None,
    limit: int = MOST_A_PAGE,
) -> Page:
    """The items of a conversation in the order in which they were said; `window` by time only.

    Errors as `search`, and NoSuchConversation.
    """
    asked = _checked(OpeningKind.READ, purpose, matter, by, at)
    if not (0 <= conversation < _IDS and archive.conversations([conversation])):
        raise NoSuchConversation("没有这个会话。", remedy="请核对会话编号，检索结果里可见。")
    asked = replace(asked, window=window, conversation=conversation)
    check_amount(limit, most=MOST_A_PAGE)
    after = read_cursor(cursor)
    found = archive.items_of_conversation(
        conversation,
        from_ms=max(window.from_ms or 0, after[0] if after else 0),
        to_ms=2**62 if window.to_ms is None else window.to_ms,
    )
    rest = [item for item in found if after is None or (item.event_ms, item.item_id) > after]
    following = (rest[limit - 1].event_ms, rest[limit - 1].item_id) if len(rest) > limit else None
    good, left = _sifted(asked, rest[:limit])
    return page_of(open_under_row(asked, good, left), left, write_cursor(following))


def open_items(
    *,
    items: Sequence[int],
    purpose: str,
    matter: str,
    by: Person,
    at: int,
) -> Page:
    """These items, in the order asked for, as far as they may be opened. ItemUnknown for an id that is none."""
    asked = _checked(OpeningKind.READ, purpose, matter, by, at)
    if beyond := [one for one in items if not 0 <= one < _IDS]:
        raise ItemUnknown(beyond)
    good, left = _named(asked, items)
    return page_of(open_under_row(asked, good, left), left)


def open_for_package(
    *, items: Sequence[int], purpose: str, matter: str, by: Person, at: int
) -> tuple[Page, tuple[OpenedItem, ...]]:
    """As `open_items`, as 取证: with each item its secret, by which a package opens and proves its fields.

    The page says what was left out and not shown; it shows nothing itself, for no screen follows.
    """
    asked = _checked(OpeningKind.EVIDENCE, purpose, matter, by, at)
    check_amount(len(items), most=MOST_AN_OPENING)
    found = look_up(list(dict.fromkeys(items)))
    good, left = _sifted(asked, [found[item].ref for item in dict.fromkeys(items)])
    opened = open_found_under_row(asked, [found[ref.item_id] for ref in good], left, cut=tuple)
    return Page(opened.opening, opened.entry, (), dict(left), opened.not_shown), opened.items


def ask_approval(
    *, purpose: str, matter: str, scope: str, reason: str, expires_at: int | None = None, by: Person, at: int
) -> RequestRef:
    """Ask that a matter may be read for a purpose that needs an approval; the decision is made in approvals.

    The asker may not decide it. Errors: Forbidden, PurposeDenied, MatterNotOpen, BadRequest (approvals.bad_request).
    """
    check_may(by, Permission.READ, at=at)
    known, thread = check_purpose(purpose), open_matter(matter)
    return approvals.open_request(
        kind=APPROVAL_KIND, subject=thread, digest=approval_digest(known, thread), scope=scope,
        reason=reason, expires_at=expires_at, by=by.actor, at=at,
    )  # fmt: skip


def _checked(kind: OpeningKind, purpose: str, matter: str, by: Person, at: int) -> Request:
    check_may(by, Permission.READ, at=at)
    return _request(kind, check_purpose(purpose), open_matter(matter), by, at)


def _request(kind: OpeningKind, purpose: Purpose, thread: UUID, by: Person, at: int) -> Request:
    return Request(kind, purpose, thread, by, at, approval=_approved(purpose, thread, by=by, at=at))


def open_matter(number: str) -> UUID:
    """The id of an open matter; MatterNotOpen for any other number."""
    return _thread(number).answer()


def _thread(number: str) -> Asked[UUID]:
    """`open_matter`, to be asked along with something else."""
    asked = matters.standing(number)

    def open_only(found: Sequence[Answer]) -> UUID:
        try:
            thread, is_open = asked.meaning(found)
        except NoSuchMatter:
            raise MatterNotOpen("没有这个在办事项，不能查阅。", remedy="请先立案，或核对事项编号。") from None
        if not is_open:
            raise MatterNotOpen("事项已经结案，不能再为它查阅。", remedy="如有新的情况，请另立事项。")
        return thread

    return Asked(asked.question, open_only)


def _approved(purpose: Purpose, matter: UUID, *, by: Person, at: int) -> UUID | None:
    """The approval that this purpose needs, in force now and given by somebody else; None where it needs none."""
    if purpose not in NEEDS_APPROVAL:
        return None
    digest = approval_digest(purpose, matter)
    found = approval_queries.approved(APPROVAL_KIND, matter, digest, at=at)
    if found is None or found.approver == by.actor:
        raise ApprovalNeeded(
            f"为{purpose.value}查阅须先经审批。", remedy="请为本事项提交查阅审批，由您以外的人同意后再查阅。"
        )
    return found.id


def _named(asked: Request, items: Sequence[int]) -> tuple[list[ItemRef], Mapping[LeftOut, int]]:
    check_amount(len(items), most=MOST_AN_OPENING)
    found = archive.items(items)
    if missing := [item for item in items if item not in found]:
        raise ItemUnknown(missing)
    return _sifted(asked, [found[item] for item in dict.fromkeys(items)])


def _sifted(
    asked: Request, items: Sequence[ItemRef], against: set[UUID] | None = None
) -> tuple[list[ItemRef], Mapping[LeftOut, int]]:
    good, left = sift(items, purpose=asked.purpose, by=asked.by, at=asked.at, against=against)
    return good, {why: len(ids) for why, ids in left.items()}


def _candidates(
    asked: Request, *, after: tuple[int, int] | None, limit: int, live: Sequence[Source]
) -> tuple[list[Found], Mapping[LeftOut, int], tuple[int, int] | None, Users]:
    """Up to `limit` items that may be opened, what was left out on the way, where to go on, who used accounts."""
    window, query = asked.window, asked.query or ""
    good: list[Found] = []
    users: Users = {}
    left: Counter[LeftOut] = Counter()
    looked_at = 0
    while True:
        page = find(
            query, from_ms=window.from_ms, to_ms=window.to_ms, account=window.account, party=window.party,
            limit=limit - len(good), after=after, live=live,
        )  # fmt: skip
        if refs := [one.ref for one in page.found]:
            # What sifting and what the opening's row will ask about these items: two rooms, one wait.
            against, used = both(said_against(refs), users_of(refs))
            users |= used
            some, out = _sifted(asked, refs, against)
            may = {ref.item_id for ref in some}
            good += [one for one in page.found if one.ref.item_id in may]
            left.update(out)
        looked_at += len(page.found)
        after = page.following
        if after is None or len(good) == limit or looked_at >= MOST_LOOKED_AT:
            return good, left, after, users
