"""Verifies a package in nine numbered steps (ADR 10). It reads formats and never imports the writer.

1 container · 2 SHA256SUMS · 3 every file and line canonical · 4 items and parts lead to their entries · 5 entries
lead to the newest checkpoint · 6 older checkpoints are its prefixes · 7 counts and omissions agree · 8 signatures
and quorum under the policy that the *verifier* names · 9 timestamps. Of steps 1 to 7 the first that fails is the last.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from seal.container import Container
from seal.errors import MismatchError, NoCryptoError, SealError, UnvouchedError
from seal.policy import Policy
from seal.verify import claims, trust
from seal.verify.contents import Contents, check_sums, read_contents
from seal.verify.report import Draft, Report


def verify_package(
    source: Path | BinaryIO, *, policy: Policy | None = None, tsa_roots: bytes | None = None
) -> Report:
    """Check a package (a path, or an open seekable file); never raises for what the package holds.

    ``policy`` is whom the verifier trusts (None: nobody), ``tsa_roots`` PEM certificates of timestamp
    authorities (None: times stay unverified). The answer's ``exit_code`` is that of ``seal verify``.
    """
    draft = Draft()
    try:
        container = Container.open(source) if isinstance(source, Path) else Container(source)
    except SealError as error:
        draft.fail(1, _state(error), error)
        return draft.report()
    with container:
        draft.ok(1)
        contents = _inner_steps(container, draft)
        if contents is not None:
            _outer_steps(contents, draft, policy, tsa_roots)
    return draft.report()


def _inner_steps(container: Container, draft: Draft) -> Contents | None:
    """Steps 2 to 7: whether the package is consistent in itself. None when it is not."""
    if not _step(draft, 2, lambda: check_sums(container)):
        return None
    read: list[Contents] = []
    if not _step(draft, 3, lambda: read.append(read_contents(container))):
        return None
    contents = read[0]
    draft.describe(contents)
    sealed = claims.Sealed()
    checks: dict[int, Callable[[], None]] = {
        4: lambda: claims.check_parts(contents, sealed),
        5: lambda: claims.check_entries(contents),
        6: lambda: claims.check_prefixes(contents),
        7: lambda: claims.check_counts(contents, sealed),
    }
    if not all(_step(draft, number, check) for number, check in checks.items()):
        return None
    draft.papers = claims.papers(contents, sealed)
    return contents


def _outer_steps(contents: Contents, draft: Draft, policy: Policy | None, roots: bytes | None) -> None:
    """Steps 8 and 9: who vouches for it, and since when. Both are always tried."""
    times: list[trust.TimeFixed] = []
    _step(draft, 8, lambda: trust.check_signatures(contents, policy, draft, times))
    if not contents.timestamps:
        draft.skip(9, "none")
    elif roots is None:
        draft.skip(9, "no_roots")
    else:
        _step(draft, 9, lambda: trust.check_timestamps(contents, roots, times))
    draft.times = trust.statements(sorted(contents.entries), times)


def _step(draft: Draft, number: int, check: Callable[[], None]) -> bool:
    try:
        check()
    except SealError as error:
        state = _state(error)
        # a token that cannot be read proves as little as one that is wrong (ADR 10)
        draft.fail(number, "failed" if number == 9 and state == "malformed" else state, error)
        return False
    draft.ok(number)
    return True


def _state(error: SealError) -> str:
    if isinstance(error, MismatchError):
        return "failed"
    return "unvouched" if isinstance(error, (NoCryptoError, UnvouchedError)) else "malformed"
