"""What of a batch can be made before it is judged: digests of fields, content keys, postings. In memory only.

A draft rests on the lines alone and on secrets drawn for them: on no register, no lock and no row, so nothing that
changes between its making and its use makes it wrong. What hangs on the database (whether an item may be kept, its
number, its conversation, its basis, and so its ciphertext, its row and its leaf) is made under the locks, as ever.
Of a message that is refused nothing is kept: its part of the draft goes with the batch's memory (P2).
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from jieli.archive import ports, rows
from jieli.archive.index.segment import Listed, list_texts, month_of
from jieli.archive.keys.pages import SECRET_BYTES
from jieli.archive.types import NewItem

Sealed = tuple[bytes, bytes]  # digest of the fields, content key


class Words(NamedTuple):
    """What is digested of a message, by the names and in the order that it has in `NewItem`."""

    event_ms: int
    raw: bytes
    text: str
    sender: str
    receivers: tuple[str, ...]
    media: tuple[Mapping[str, Any], ...]


#: What stands in for `Words`, without the call that makes one.
WordsOf = tuple[Any, ...]
_FIRST = NewItem._fields.index("event_ms")
_EVENT, _RAW, _TEXT = map(itemgetter, map(Words._fields.index, ("event_ms", "raw", "text")))
_words_of = itemgetter(slice(_FIRST, _FIRST + len(Words._fields)))


@dataclass(slots=True)
class Draft:
    """The draft of a batch; good for one deposit, for a content key encrypts but once."""

    words: list[WordsOf]
    secrets: bytes
    sealed: Sequence[Sealed]
    listed: Listed | None
    spent: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """Secrets of the items of a batch, end to end, what they give, and the batch's postings if they are there."""

    secrets: bytes
    sealed: Iterable[Sealed]
    listed: Listed | None = None


def draft(messages: list[WordsOf], *, listed: bool = True) -> Draft | None:
    """The draft of messages that a gate will judge; may run in another thread, for it asks no database.

    `listed`: the postings too, which are of use only if all of them are admitted. They are left out where the index
    key of a month is not in memory yet. None where a message cannot be digested: that is said by `deposit`, and only
    if the message is admitted.
    """
    secrets = os.urandom(SECRET_BYTES * len(messages))
    try:
        sealed = list(rows.digests_and_keys(messages, secrets))
    except ValueError:
        return None
    return Draft(messages, secrets, sealed, _listed(messages) if listed else None)


def prepare(found: Draft | None, items: Sequence[NewItem]) -> Prepared:
    """What a deposit of these items needs, from the draft where it holds them, else made now (`sealed` as it is read).

    An item takes from a draft only what was made of exactly its own words. A draft is taken once: the keys of one that
    served a deposit which then failed have encrypted, and never do again.
    """
    if found is None or found.spent:
        secrets = os.urandom(SECRET_BYTES * len(items))
        return Prepared(secrets, rows.digests_and_keys(_words(items), secrets))
    found.spent = True
    words = _words(items)
    if words == found.words:
        return Prepared(found.secrets, found.sealed, found.listed)
    return _some(found, words)


def _words(items: Sequence[NewItem]) -> list[WordsOf]:
    """What is digested of items: equal to that of the messages that they are."""
    return list(map(_words_of, items))


def _some(found: Draft, words: Sequence[WordsOf]) -> Prepared:
    """Of a draft those that were admitted; each of its secrets goes to one item at most."""
    places = {_RAW(one): n for n, one in enumerate(found.words)}
    secrets, sealed = [], []
    for one in words:
        place = places.pop(_RAW(one), None)
        if place is not None and found.words[place] == one:
            secrets.append(found.secrets[place * SECRET_BYTES : (place + 1) * SECRET_BYTES])
            sealed.append(found.sealed[place])
        else:
            secrets.append(os.urandom(SECRET_BYTES))
            sealed += rows.digests_and_keys([one], secrets[-1])
    return Prepared(b"".join(secrets), sealed)


def _listed(messages: Sequence[WordsOf]) -> Listed | None:
    times = np.fromiter(map(_EVENT, messages), np.int64, len(messages))
    keys = dict(ports.keyring().index_keys)
    if not len(times) or not keys.keys() >= set(np.unique(month_of(times)).tolist()):
        return None
    return list_texts(times, list(map(_TEXT, messages)), keys.__getitem__)
