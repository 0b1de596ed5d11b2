"""Who seals the papers we issue. Wiring fills it; without one a paper is issued unsealed, and verification says so."""

from typing import Protocol


class Sealer(Protocol):
    """The installation's own certificate. Its seal says which company issued the bytes; it is never 公章."""

    name: str

    def seal(self, pdf: bytes, *, at: int) -> bytes:
        """The same PDF with a PAdES B-B signature as a further revision; `at` is claimed, in milliseconds UTC.

        Called outside transactions. Raises `papers.errors.NotSealed` when the key or the PDF cannot be used.
        """


_sealer: Sealer | None = None


def use(*, sealer: Sealer | None) -> None:
    """Fill the port; None empties it, so that papers are issued without a seal from then on."""
    global _sealer
    _sealer = sealer


def sealer() -> Sealer | None:
    """Who seals, if anybody."""
    return _sealer
