"""Which segments of a month are merged next. Pure: sizes in, numbers out.

A tier's segments are merged when there are MERGE_WIDTH of them, so that a document is written anew a few times in its
life, not once a batch. A segment beyond half of MOST_DOCUMENTS is finished: it is never merged again, so no merge is
ever larger than MOST_DOCUMENTS, whatever a month holds. A month that nothing comes to any more is merged to the end.
"""

from collections.abc import Sequence

import numpy as np

from jieli.kernel.times import DAY

#: A tier of an event month is merged when it has this many segments of about the same size.
MERGE_WIDTH = 8
#: No merge makes a segment of more documents than this: it bounds time, memory and what one erasure rewrites.
MOST_DOCUMENTS = 1 << 20
#: So many segments at most go into one merge.
MOST_SEGMENTS = 64
#: So long after its last day hardly anything still comes to a month: late messages are up to 400 days late.
SETTLED_AFTER_DAYS = 430


def settled(month: int, *, at: int | None) -> bool:
    """Whether a month (202403) is over for good at an instant in ms UTC; without an instant none is."""
    if at is None:
        return False
    first_day = np.datetime64(f"{month // 100:04d}-{month % 100:02d}", "D").astype(np.int64)
    return bool(at > (int(first_day) + SETTLED_AFTER_DAYS) * DAY)


def tier(documents: int) -> int:
    """The tier of a segment: segments whose sizes differ by less than MERGE_WIDTH times share one."""
    found = 0
    while documents >= MERGE_WIDTH:
        documents, found = documents // MERGE_WIDTH, found + 1
    return found


def next_merge(sizes: Sequence[tuple[int, int]], *, settled: bool = False) -> list[int]:
    """The segments to merge now, of (number, documents) of one month's; none when there is nothing to do.

    The lowest full tier first. `settled`: the month is over for good, so two are enough, whatever their tiers.
    """
    open_ones = sorted((documents, number) for number, documents in sizes if 2 * documents <= MOST_DOCUMENTS)
    if settled:
        return _fitting(open_ones)
    tiers: dict[int, list[tuple[int, int]]] = {}
    for one in open_ones:
        tiers.setdefault(tier(one[0]), []).append(one)
    for _, group in sorted(tiers.items()):
        if len(group) >= MERGE_WIDTH or 2 * sum(documents for documents, _ in group) > MOST_DOCUMENTS:
            return _fitting(group)
    return []


def _fitting(group: Sequence[tuple[int, int]]) -> list[int]:
    """The smallest of a group that together stay within the bounds; at least two, or none."""
    chosen: list[int] = []
    room = MOST_DOCUMENTS
    for documents, number in group[:MOST_SEGMENTS]:
        if documents > room:
            break
        chosen.append(number)
        room -= documents
    return chosen if len(chosen) > 1 else []
