"""Which keys sign the log at which size: what the entries `ledger.log_keys` say, and nothing else (ADR 24)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from jieli.ledger import queries
from jieli.ledger.fsck import Check, Finding
from jieli.ledger.models import Checkpoint
from jieli.ledger.operations import Book, book
from jieli.ledger.plain import rows
from seal import canonical, note
from seal.errors import SealError
from seal.keys import Signer, Vkey, parse_vkey

KIND = "ledger.log_keys"
CHUNK = 2_000
#: The keys that sign for an origin: those with these vkeys, or, without any named, those of its opening.
SignersOf = Callable[[str, tuple[str, ...] | None], Sequence[Signer]]


class Step(StrEnum):
    """What became of the log's keys."""

    NAMED = "named"
    BEGUN = "begun"
    FINISHED = "finished"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Change:
    """An entry about the log's keys: its place, its time (ms), and the vkeys it names."""

    index: int
    time: int
    step: Step
    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def signing(self) -> tuple[str, ...]:
        """Who signs every checkpoint above this entry."""
        if self.step is Step.BEGUN:
            return (*self.old, *self.new)
        return self.old if self.step is Step.ABANDONED else self.new

    @property
    def before(self) -> tuple[str, ...]:
        """Who signed up to this entry."""
        if self.step in (Step.FINISHED, Step.ABANDONED):
            return (*self.old, *self.new)
        return self.old if self.step is Step.BEGUN else self.new

    @property
    def retired(self) -> tuple[str, ...]:
        """Who signs nothing any more because of this entry."""
        return tuple(key for key in self.before if key not in self.signing)


_CHANGES = """
SELECT e.index, e.time, p.body FROM ledger_entry e
JOIN ledger_part p ON p.log = e.log AND p.entry = e.index AND p.n = 0
WHERE e.log = coalesce($2, (SELECT max(id) FROM ledger_log)) AND e.kind = $1 AND p.body IS NOT NULL
ORDER BY e.index
"""


def changes(*, log: int | None = None) -> list[Change]:
    """What a log, by default the live one, says of its keys, oldest first. An entry that cannot be read says nothing:
    fsck's walk along the book names it."""
    found = (read(*row) for row in rows(_CHANGES, [KIND, log]))
    return [change for change in found if change is not None]


def read(index: int, time: int, body: bytes) -> Change | None:
    """What an entry's first part says; None where it says nothing that can be read."""
    try:
        said: Any = canonical.decode(body)
        facts = said["facts"]
        return Change(index, time, Step(facts["step"]), tuple(facts["old"]), tuple(facts["new"]))
    except (SealError, KeyError, TypeError, ValueError):
        return None


def signing(size: int, said: Sequence[Change]) -> tuple[str, ...] | None:
    """The vkeys that sign a checkpoint of this size; None where no entry speaks of keys."""
    below = [change for change in said if change.index < size]
    if below:
        return below[-1].signing
    return said[0].before if said else None


def enter(step: Step, *, old: Sequence[str], new: Sequence[str], by: str, at: int) -> None:
    """Write down a change of the log's keys; from the next checkpoint on the signer keeps to it."""
    with book(at=at) as b:
        stage(b, step, old=old, new=new, by=by)


def stage(b: Book, step: Step, *, old: Sequence[str], new: Sequence[str], by: str) -> None:
    """`enter` in a book that is open."""
    b.entry(KIND, by=by, facts={"step": step.value, "old": list(old), "new": list(new)})


def checks() -> list[Check]:
    """Whether each checkpoint bears the lines of exactly the keys that were in force at its size."""
    return [Check("ledger.log_keys", "检查点由当时的公钥签出", check_lines)]


def check_lines() -> Iterator[Finding]:
    """Looks at whose lines stand there; whether they are right is found by `checks.check_checkpoints`."""
    for log in queries.logs():
        if said := changes(log=log):
            for found in _check_log(log, said):
                yield found if log == 1 else replace(found, id=f"{log}:{found.id}")


def _check_log(log: int, said: Sequence[Change]) -> Iterator[Finding]:
    keys = {text: _named(text) for change in said for text in (*change.old, *change.new)}
    stored = Checkpoint.objects.filter(log=log).order_by("size")
    for size, text in stored.values_list("size", "note").iterator(CHUNK):
        try:
            lines = {(s.name, s.id) for s in note.parse(text.encode()).signatures}
        except SealError:
            continue  # check_checkpoints names it
        for vkey in signing(size, said) or ():
            if (key := keys[vkey]) is not None and (key.name, key.id) not in lines:
                sentence = f"检查点 {size} 缺少 {key.label} 公钥 {key.id.hex()} 的签名。"
                yield Finding("ledger.log_line_missing", "ledger_checkpoint", str(size), sentence)
        for vkey in _retired(size, said):
            if (key := keys[vkey]) is not None and (key.name, key.id) in lines:
                sentence = f"检查点 {size} 由已停用的公钥 {key.id.hex()} 签名。"
                yield Finding("ledger.retired_key", "ledger_checkpoint", str(size), sentence)


def _retired(size: int, said: Sequence[Change]) -> list[str]:
    return [text for change in said if change.index < size for text in change.retired]


def _named(text: str) -> Vkey | None:
    try:
        return parse_vkey(text)
    except SealError:
        return None  # a vkey that nobody can have signed by; the entry that names it stands in the book for all to see
