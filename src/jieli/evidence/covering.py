"""Asking the signer, and saying why where it has not signed what a package needs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from jieli.evidence.errors import NotCovered
from jieli.evidence.types import Outside


def why_not(outside: Outside) -> str:
    """Have everything committed so far covered; in the signer's words why it did not sign, empty where it did."""
    said = outside.checkpoint()
    return str(said.get("why", "")) if isinstance(said, Mapping) else ""


@contextmanager
def under_signer(outside: Outside) -> Iterator[None]:
    """Have everything committed so far covered, and do within what needs it; NotCovered tells what the signer said."""
    why = why_not(outside)
    try:
        yield
    except NotCovered as error:
        if not why:
            raise
        raise NotCovered(error.sentence, remedy=why) from error
