"""Destroying what is kept of a person and emptying his place in the registers, in one intent (ADR 26)."""

from dataclasses import dataclass
from uuid import UUID

from jieli.archive import destruction, erasing, holds, retention, staying, taking
from jieli.archive.errors import PersonKept
from jieli.archive.policy import kept_until
from jieli.archive.reasons import written
from jieli.archive.types import CertificateRef, ShredScope
from jieli.kernel.times import local_day
from jieli.ledger import locks
from jieli.ledger.operations import book
from jieli.matters import queries as matters
from jieli.matters.types import MatterKind, PersonKind
from jieli.parties import queries as parties


@dataclass(frozen=True, slots=True)
class Erased:
    """A person who was erased: the certificate, how many register rows were emptied, and where he is still named.

    `papers` are those that concern him and stay, each with its last day and its ground; so are `cases`.
    `namesakes` are rows of other people in the registers with the same words: nothing of his.
    """

    certificate: CertificateRef
    rows: int
    elsewhere: tuple[staying.Words, ...]
    papers: tuple[staying.Staying, ...]
    cases: tuple[staying.Words, ...]
    namesakes: int


def erase_person(*, person: UUID, reason: str, by: str, at: int, matter: UUID | None = None) -> Erased:
    """Destroy every item that goes with a person and empty his register rows with all their earlier versions.

    PersonUnknown, PersonKept, Held, NoReason, ReasonTooLong; then nothing is done. Imports that have begun end
    first. What others bring in between the intent and the emptying is destroyed before it (`destruction.finish`).
    Crash: as for every intent, `finish_destructions` goes on, and looks for these too.
    """
    reason = written(reason)
    words = erasing.words_of(person)
    with book(at=at):
        locks.change_bases()
        locks.destroy_one_at_a_time()
        holds.keep_limits(at=at)
        erasing.check(person, wish=taking.wished(ShredScope.REGISTER, matter), today=local_day(at))
        _check_policy(person, at=at)
        rows = len(erasing.standing_of(person))
        intent = destruction.intend(
            items=taking.of_person(person), scope=ShredScope.REGISTER, target=str(person), reason=reason, by=by,
            at=at, matter=matter,
        )  # fmt: skip
    done = destruction.finish(intent, by=by, at=at)
    papers = tuple(staying.papers_of(person, at=at))
    found = erasing.named_elsewhere(words)
    namesakes = sum(one.rows for one in found if one.table in erasing.OF_PEOPLE)
    named = staying.where_named([one for one in found if one.table not in erasing.OF_PEOPLE], at=at)
    return Erased(done, rows, tuple(named), papers, tuple(staying.cases_of(person, at=at)), namesakes)


def _check_policy(person: UUID, *, at: int) -> None:
    """The periods of the policy in force, which may be longer than those that the database asks for."""
    months = {one.code: one.months for one in retention.policy()[1]}
    today = local_day(at)
    left = next((ref.left_on for ref in parties.staff([person]).values()), None)
    ends = [("劳动合同文本", kept_until(left, months["contract"]))] if left is not None else []
    ends += [
        (f"争议材料 {m.number}", kept_until(m.closed_on, months["dispute"]))
        for kind in PersonKind
        for m in matters.concerning(kind, person)
        if m.kind is MatterKind.DISPUTE and m.closed_on is not None
    ]
    late = [f"{what}须保存到 {until:%Y-%m-%d}" for what, until in ends if until >= today]
    if late:
        raise PersonKept(f"现在不能清空这个人的登记：{'；'.join(late)}。", remedy="请在期满后再办。")
