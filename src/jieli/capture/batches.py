"""The lines of a file as batches: read, put apart and drafted, in a thread beside the batch that is being written."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter

from jieli.archive import drafts
from jieli.capture.types import ConsentLine, Incoming, Malformed, Parsed, SwitchLine


@dataclass(slots=True)
class Batch:
    """The lines of one batch, apart; messages in their order. `draft`: what was made of them before any verdict."""

    messages: list[Incoming] = field(default_factory=list)
    statements: list[ConsentLine] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)
    switches: int = 0
    first: int = 0
    last: int = 0
    draft: drafts.Draft | None = None


@dataclass(slots=True)
class Usefulness:
    """What of the drafts was of use lately: who refuses or has kept most of a file should not digest it in vain.

    Written by the thread that judges, read by the one that drafts; a value that is late costs time and nothing else.
    """

    seals: bool = True
    postings: bool = True

    def learn(self, *, admitted: int, messages: int) -> None:
        """So many of the messages of the last batch were admitted."""
        if messages:
            self.seals, self.postings = 2 * admitted >= messages, admitted == messages


def slices(lines: Iterable[Parsed], size: int) -> Iterator[list[Parsed]]:
    """The lines, so many at a time."""
    rest = iter(lines)
    while batch := list(islice(rest, size)):
        yield batch


def drafted(lines: Iterable[Parsed], size: int, useful: Usefulness) -> Iterator[Batch]:
    """The batches of a file. Asks no database: what it makes holds whatever is committed meanwhile (see `drafts`)."""
    for lines_of_batch in slices(lines, size):
        found = apart(lines_of_batch)
        if useful.seals and found.messages:
            found.draft = draft(found.messages, postings=useful.postings)
        yield found


#: By position and in one step of Python: of every message, as `drafts.Words` has them.
_words_of = itemgetter(
    *map(Incoming._fields.index, ("event_ms", "raw", "text", "sender", "receivers", "media"))
)
_MEDIA = drafts.Words._fields.index("media")


def draft(messages: Sequence[Incoming], *, postings: bool) -> drafts.Draft | None:
    """What of messages can be made before they are judged."""
    words: list[drafts.WordsOf] = list(map(_words_of, messages))
    for n, one in enumerate(words):
        if one[_MEDIA]:
            words[n] = (*one[:_MEDIA], tuple(claim.as_json() for claim in messages[n].media))
    return drafts.draft(words, listed=postings)


def apart(lines: Sequence[Parsed]) -> Batch:
    """Lines by what they are."""
    found = Batch(first=lines[0].line, last=lines[-1].line)
    for line in lines:
        if isinstance(line, Incoming):
            found.messages.append(line)
        elif isinstance(line, ConsentLine):
            found.statements.append(line)
        elif isinstance(line, SwitchLine):
            found.switches += 1
        else:
            found.malformed.append(line)
    return found
