"""Searching without reading: candidates of a query, newest first, their ciphertexts with them and still closed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypedDict, Unpack
from uuid import UUID

from jieli.archive import ports, segments, stored
from jieli.archive.errors import IndexBusy
from jieli.archive.index.errors import IndexCorrupt
from jieli.archive.index.search import Candidate, Source, candidates
from jieli.archive.index.tokens import Tokens, query_of
from jieli.archive.keys.store import index_keys
from jieli.archive.stored import Found
from jieli.archive.types import CandidatePage

_MOST_AT_ONCE = 1_000
_TRIES = 3


@dataclass(frozen=True, slots=True)
class FoundPage:
    """Items that may match, newest first, as they lie there; `following` goes on after them, None at the end."""

    found: tuple[Found, ...]
    following: tuple[int, int] | None


class Narrowed(TypedDict, total=False):
    """What `find` takes beside the query."""

    from_ms: int | None
    to_ms: int | None
    conversation: int | None
    account: UUID | None
    party: UUID | None
    limit: int
    after: tuple[int, int] | None


#: The segments within a window, newest state: for `find`, to be asked along with something else.
segments_within = segments.live_within


def search_candidates(query: str, **narrowed: Unpack[Narrowed]) -> CandidatePage:
    """Items whose text may hold the query, as values alone: see `find`."""
    page = find(query, **narrowed)
    return CandidatePage(tuple(one.ref for one in page.found), page.following)


def find(
    query: str,
    *,
    from_ms: int | None = None,
    to_ms: int | None = None,
    conversation: int | None = None,
    account: UUID | None = None,
    party: UUID | None = None,
    limit: int = 50,
    after: tuple[int, int] | None = None,
    live: Sequence[Source] | None = None,
) -> FoundPage:
    """Items whose text may hold the query, newest first; ciphertexts are fetched, nothing is decrypted or opened.

    Window half open in ms; `party` is a speaker or a holder. Goes on from `after` (a page's `following`).
    `live` are the segments of this window (`segments_within`) where somebody has just asked for them.
    Intersects the keyed tokens only: whether one matches shows after opening (`fold.matches`). Items in
    destruction are skipped. QueryTooShort below two characters after folding, IndexCorrupt if the index needs
    a rebuild.
    """
    before = to_ms if after is None else min(after[0] + 1, to_ms if to_ms is not None else after[0] + 1)
    for _ in range(_TRIES):
        if live is None:
            live = segments.live(from_ms=from_ms, to_ms=to_ms)
        try:
            walked = _walk(query, live, from_ms, before, after, enough=limit + 1)
            return _page(walked, limit, conversation=conversation, account=account, party=party)
        except IndexCorrupt:
            # A merge may have replaced and swept a segment between two of our queries: then look again.
            known, live = live, segments.live(from_ms=from_ms, to_ms=to_ms)
            if live == known:
                raise
    raise IndexBusy("检索索引正在整理。", remedy="请稍后再试。")


def _walk(
    query: str,
    live: Sequence[tuple[int, Any]],
    from_ms: int | None,
    to_ms: int | None,
    after: tuple[int, int] | None,
    enough: int,
) -> Iterator[Candidate]:
    asked = query_of(query)  # one too short is refused even where there is no month to look in
    keys = index_keys(ports.keyring(), {manifest.month for _, manifest in live})

    def tokens(month: int) -> Tokens:
        return asked.tokens(keys[month])

    for found in candidates(tokens, live, segments.fetch, from_ms=from_ms, to_ms=to_ms, enough=enough):
        if after is None or (found.event_ms, found.document) < after:
            yield found


def _page(walked: Iterator[Candidate], limit: int, **wanted: Any) -> FoundPage:
    kept: list[Found] = []
    last: tuple[int, int] | None = None
    size = limit + 1  # enough where nothing is filtered out
    while True:
        chunk = list(islice(walked, size))
        found = stored.found([one.document for one in chunk], **wanted) if chunk else {}
        for one in chunk:
            item = found.get(one.document)
            if item is not None:
                if len(kept) == limit:
                    return FoundPage(tuple(kept), last)
                kept.append(item)
                last = (one.event_ms, one.document)
        if len(chunk) < size:
            return FoundPage(tuple(kept), None)
        size = min(2 * size, _MOST_AT_ONCE)
