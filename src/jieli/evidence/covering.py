"""Asking the signer, and saying why where it has not signed what a package needs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from jieli.evidence.errors import NotCovered
from jieli.evidence.types import Outside


@contextmanager
def under_signer(outside: Outside) -> Iterator[None]:
    """Have everything committed so far covered, and do within what needs it; NotCovered tells what the signer said."""
    said = outside.checkpoint()
    why = str(said.get("why", "")) if isinstance(said, Mapping) else ""
    try:
        yield
    except NotCovered as error:
        if not why:
            raise
        raise NotCovered(error.sentence, remedy=why) from error
