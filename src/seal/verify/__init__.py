"""Verifies a package in nine numbered steps (ADR 10). It reads formats and never imports the writer.

步骤 1 容器：文件是不是原样、有没有损坏。 Is the file whole, and just as it was made?
步骤 2 清单：SHA256SUMS（及 SM3SUMS）上的每个文件是不是都在、都没换过。 Every file there, none exchanged?
步骤 3 格式：里面的内容是不是都按规定的格式写。 Everything written in the one form laid down?
步骤 4 内容：每条消息和记录是不是入账时的那一条。 Each message and record the one that was entered?
步骤 5 条目：它们所在的条目是不是真在账本里。 Do their entries stand under the newest checkpoint?
步骤 6 前缀：账本有没有被改写过。 Are older checkpoints its prefixes: was the ledger ever rewritten?
步骤 7 数量：说有多少就有多少吗，缺的写明了吗。 As much as it says, and what is missing named?
步骤 8 担保：您信任的人签了字吗。 Signatures and quorum under the policy that the *verifier* names.
步骤 9 时间：最迟什么时候就有了。 Timestamps: since when, at the latest, does it exist?

Of steps 1 to 7 the first that fails is the last; 8 and 9 are tried only when those passed, and then both.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from seal.container import Container
from seal.errors import MismatchError, NoCryptoError, SealError, UnvouchedError
from seal.policy import Policy
from seal.verify import claims, trust
from seal.verify.contents import Contents, read_contents
from seal.verify.leads import Leads, read_leads
from seal.verify.report import Draft, Report, Unchecked
from seal.verify.sums import SM3_SUMS, check_sums


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
    read: list[tuple[Contents, Leads]] = []

    def form() -> None:
        contents = read_contents(container)
        read.append((contents, read_leads(contents)))

    if not _step(draft, 2, lambda: _sums(container, draft)) or not _step(draft, 3, form):
        return None
    contents, leads = read[0]
    draft.describe(contents)
    checks: dict[int, Callable[[], None]] = {
        4: lambda: claims.check_parts(contents, leads),
        5: lambda: claims.check_entries(contents),
        6: lambda: claims.check_prefixes(contents),
        7: lambda: _counts(contents, leads, draft),
    }
    if not all(_step(draft, number, check) for number, check in checks.items()):
        return None
    draft.papers = claims.papers(contents, leads)
    return contents


def _sums(container: Container, draft: Draft) -> None:
    if not check_sums(container):
        draft.unchecked = (Unchecked(SM3_SUMS, "SM3"),)


def _counts(contents: Contents, leads: Leads, draft: Draft) -> None:
    draft.register = claims.check_counts(contents, leads)


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
