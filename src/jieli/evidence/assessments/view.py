"""Facts as a rule looks at them: by key, in one order, an unknown never a no."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from jieli.law.verdicts import Fact, ProofState


class Answer(StrEnum):
    """What the facts of one key say. OPEN: stated as 不明, or only claimed. CONTESTED: evidenced both ways."""

    YES = "YES"
    NO = "NO"
    OPEN = "OPEN"
    CONTESTED = "CONTESTED"
    ABSENT = "ABSENT"


#: How an answer is put into a sentence.
WORDS = {
    Answer.YES: "是",
    Answer.NO: "否",
    Answer.OPEN: "不明",
    Answer.CONTESTED: "双方各有证据",
    Answer.ABSENT: "未陈述",
}

YES, NO, UNKNOWN = "是", "否", "不明"


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer to one key, and the ids of the facts it was read from."""

    key: str
    answer: Answer
    facts: tuple[str, ...]

    @property
    def yes(self) -> bool:
        return self.answer is Answer.YES

    @property
    def no(self) -> bool:
        return self.answer is Answer.NO

    @property
    def evidenced(self) -> bool:
        """Whether any evidence speaks to it, whichever way."""
        return self.answer in (Answer.YES, Answer.NO, Answer.CONTESTED)


class FactView:
    """An immutable look at facts; the order in which they were given does not matter."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._by_key: dict[str, list[Fact]] = {}
        for fact in sorted(facts, key=lambda f: (f.key, f.id)):
            self._by_key.setdefault(fact.key, []).append(fact)

    def all(self, key: str) -> Sequence[Fact]:
        """Every fact of a key, whatever its proof, by id."""
        return self._by_key.get(key, [])

    def evidenced(self, key: str) -> list[Fact]:
        """The facts of a key that rest on evidence."""
        return [f for f in self.all(key) if f.evidenced]

    def ask(self, key: str) -> Asked:
        """The answer to a yes/no key."""
        return self._asked(key, [key])

    def any_of(self, name: str, keys: Sequence[str]) -> Asked:
        """One answer out of several keys of which one 是 suffices; 否 only where all that is evidenced says no.

        Several channels do not contradict each other: 投放 yes and 宣传 no is a yes.
        """
        asked = [self.ask(key) for key in keys]
        facts = tuple(f for a in asked for f in a.facts)
        for answer in (Answer.YES, Answer.CONTESTED):
            if any(a.answer is answer for a in asked):
                return Asked(name, answer, facts)
        if all(a.answer is Answer.NO for a in asked):
            return Asked(name, Answer.NO, facts)
        return Asked(name, Answer.OPEN if facts else Answer.ABSENT, facts)

    def _asked(self, name: str, keys: Sequence[str]) -> Asked:
        facts = [f for key in keys for f in self.all(key)]
        said = {f.value for f in facts if f.evidenced} & {YES, NO}
        if said == {YES, NO}:
            answer = Answer.CONTESTED
        elif said:
            answer = Answer.YES if YES in said else Answer.NO
        else:
            answer = Answer.OPEN if facts else Answer.ABSENT
        return Asked(name, answer, tuple(f.id for f in facts))

    def settled(self, key: str) -> str:
        """The one evidenced value of a key; empty where nothing is evidenced or evidence disagrees."""
        values = {f.value for f in self.evidenced(key)}
        return values.pop() if len(values) == 1 else ""

    def chosen(self, key: str) -> str:
        """The one value stated of a key, proved or not: a choice needs no proof. Empty where none or several."""
        values = {f.value for f in self.all(key)}
        return values.pop() if len(values) == 1 else ""

    def ids(self, *keys: str) -> tuple[str, ...]:
        """The ids of every fact of some keys."""
        return tuple(f.id for key in keys for f in self.all(key))


def screen(facts: Iterable[Fact], quarantined: Collection[str]) -> tuple[list[Fact], tuple[str, ...]]:
    """Facts with those proved by nothing but quarantined exhibits taken down to 争议, and the ids of these (R3.4).

    What the other side admitted stands by itself. An unlawful item so never feeds a verdict, but stays on file.
    """
    kept: list[Fact] = []
    aside: list[str] = []
    for fact in facts:
        unlawful = bool(fact.exhibits) and set(fact.exhibits) <= set(quarantined)
        if fact.proof is ProofState.PROVED and unlawful:
            aside.append(fact.id)
            fact = replace(fact, proof=ProofState.DISPUTED)
        kept.append(fact)
    return kept, tuple(sorted(aside))
