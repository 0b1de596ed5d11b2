"""What a verification found, for a program (JSON) and for people (Chinese first, then English)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from seal.errors import SealError
from seal.verify.claims import Paper
from seal.verify.contents import Contents
from seal.verify.lines import Omission
from seal.verify.register import Register
from seal.verify.words import ASKS, NOT_REACHED, STEPS, TEMPLATES, VERDICTS
from seal.visible import text_of

_EXIT = {"ok": 0, "skipped": 0, "unvouched": 3, "failed": 1, "malformed": 2}
_RANK = ("malformed", "failed", "unvouched")
_CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``state`` is ok, failed, malformed, unvouched or skipped; ``code`` says why it is not ok."""

    n: int
    name: str
    state: str
    zh: str
    en: str
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TimeStatement:
    """The package's entries from ``first`` to ``last`` were fixed no later than ``time`` (ms UTC)."""

    first: int
    last: int
    time: int
    source: str


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Signature lines of the key ``name``, or digests, that nothing at hand could check: they counted for nothing."""

    name: str
    algorithm: str


@dataclass(frozen=True, slots=True)
class Report:
    """The whole answer of a verification. ``witnesses`` are (name, POSIX seconds) under the named policy, with 0
    where a cosignature states no time. ``register`` is the one that this very package is under (None: none)."""

    exit_code: int
    steps: tuple[Step, ...]
    about: dict[str, str | int]
    log: str | None
    witnesses: tuple[tuple[str, int], ...]
    times: tuple[TimeStatement, ...]
    not_proved: tuple[str, ...]
    omissions: tuple[Omission, ...]
    papers: tuple[Paper, ...]
    unchecked: tuple[Unchecked, ...] = ()
    register: Register | None = None

    def json(self) -> dict[str, object]:
        """A value of plain JSON types."""
        return {
            "v": 1,
            "exit": self.exit_code,
            "verdict": {"zh": VERDICTS[self.exit_code][0], "en": VERDICTS[self.exit_code][1]},
            "about": self.about,
            "steps": [
                {"n": s.n, "name": s.name, "state": s.state, "zh": s.zh, "en": s.en}
                | {"asks": {"zh": ASKS[s.n][0], "en": ASKS[s.n][1]}}
                | ({"code": s.code, "detail": s.detail} if s.code else {})
                for s in self.steps
            ],
            "log": self.log or "",
            "witnesses": [{"name": name, "time": at} for name, at in self.witnesses],
            "times": [
                {"first": t.first, "last": t.last, "time": t.time, "source": t.source} for t in self.times
            ],
            "not_proved": list(self.not_proved),
            "omissions": [{"what": o.what, "count": o.count, "reason": o.reason} for o in self.omissions],
            "papers": [
                {"name": p.name, "sha256": p.digest} | ({} if p.entry is None else {"entry": p.entry})
                for p in self.papers
            ],
            "unchecked": [{"name": u.name, "algorithm": u.algorithm} for u in self.unchecked],
            "register": _stated(self.register),
        }

    def text(self) -> str:
        """:meth:`lines` as they may be shown: no word of the package adds a line or reaches a terminal as a control."""
        return text_of(self.lines())

    def lines(self) -> list[str]:
        """Lines for people, with the package's words as they are: all in Chinese, an empty one, all in English.

        Each half begins and ends with the verdict: of so many words that the first line has scrolled away, the last
        is still ours.
        """
        return [*self._lines(0), "", *self._lines(1)]

    def _lines(self, language: int) -> Iterator[str]:
        say = {key: pair[language] for key, pair in TEMPLATES.items()}
        yield VERDICTS[self.exit_code][language]
        for step in self.steps:
            mark = say[f"state_{step.state}"]
            yield say["step"].format(n=step.n, asks=ASKS[step.n][language], mark=mark)
            line = f"     {step.en if language else step.zh}"
            yield f"{line} ({step.code})" if step.code else line
            if step.detail and language:
                yield f"     {step.detail}"
        if self.about.get("clock") == "demo":
            yield say["demo"]
        for name, at in self.witnesses:
            yield say["witness" if at else "witness_untimed"].format(name=name, time=_time(at * 1000))
        yield from (say["unchecked"].format(name=u.name, algorithm=u.algorithm) for u in self.unchecked)
        if self.steps[7].state in ("ok", "unvouched") and not self.witnesses:
            yield say["no_witness"]
        for one in self.times:
            span = str(one.first) if one.first == one.last else f"{one.first}–{one.last}"
            yield say["fixed"].format(span=span, time=_time(one.time), source=one.source)
        yield from (
            say["omitted"].format(what=o.what, count=o.count, reason=o.reason) for o in self.omissions
        )
        if self.steps[6].state == "ok":
            yield _registered(say, self.register)
        yield from (say["unsealed"].format(name=p.name) for p in self.papers if p.entry is None)
        yield from (say["not_proved"].format(what=what) for what in self.not_proved)
        yield say["verdict"].format(verdict=VERDICTS[self.exit_code][language], exit=self.exit_code)


def _stated(register: Register | None) -> dict[str, object]:
    return {} if register is None else {"entry": register.entry, "whole": register.whole}


def _registered(say: Mapping[str, str], register: Register | None) -> str:
    """What of the package is held to its register: all of it, or what an earlier release had registered."""
    if register is None:
        return say["unregistered"]
    return say["whole" if register.whole else "registered"].format(entry=register.entry)


def _time(milliseconds: int) -> str:
    """Both clocks that a reader may look at; beyond the calendar the bare number."""
    try:
        moment = datetime.fromtimestamp(-(-milliseconds // 1000), UTC)
    except (ValueError, OverflowError, OSError):
        return f"{milliseconds} ms"
    return f"{moment.astimezone(_CHINA):%Y-%m-%d %H:%M:%S} (UTC+8)"


@dataclass(slots=True)
class Draft:
    """A report while the steps run."""

    steps: list[Step] = field(default_factory=list)
    about: dict[str, str | int] = field(default_factory=dict)
    log: str | None = None
    witnesses: tuple[tuple[str, int], ...] = ()
    times: tuple[TimeStatement, ...] = ()
    not_proved: tuple[str, ...] = ()
    omissions: tuple[Omission, ...] = ()
    papers: tuple[Paper, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    register: Register | None = None

    def ok(self, number: int) -> None:
        """The step was done and nothing was found."""
        self._add(number, "ok", "ok")

    def skip(self, number: int, why: str) -> None:
        """The step was not done; ``why`` names its sentence."""
        self._add(number, "skipped", why)

    def fail(self, number: int, state: str, error: SealError) -> None:
        """The step ended by an error."""
        self._add(number, state, "unvouched" if state == "unvouched" else "bad", error)

    def _add(self, number: int, state: str, sentence: str, error: SealError | None = None) -> None:
        name, words = STEPS[number]
        zh, en = NOT_REACHED if sentence == "not_reached" else words[sentence]
        code, detail = (error.code, error.message) if error else ("", "")
        self.steps.append(Step(number, name, state, zh, en, code, detail))

    def describe(self, contents: Contents) -> None:
        """Take over what the package says of itself."""
        about = contents.about
        self.about = {
            "kind": about.kind,
            "origin": about.origin,
            "made": about.made,
            "clock": about.clock,
            "matter": about.matter,
            "purpose": about.purpose,
            "size": about.size,
            **about.counts,
        }
        self.not_proved = about.not_proved
        self.omissions = tuple(contents.omissions)

    def report(self) -> Report:
        """The finished report of all nine steps; those not reached stand as skipped."""
        for number in range(len(self.steps) + 1, len(STEPS) + 1):
            self._add(number, "skipped", "not_reached")
        states = {step.state for step in self.steps}
        worst = next((state for state in _RANK if state in states), "ok")
        return Report(
            exit_code=_EXIT[worst],
            steps=tuple(self.steps),
            about=self.about,
            log=self.log,
            witnesses=self.witnesses,
            times=self.times,
            not_proved=self.not_proved,
            omissions=self.omissions,
            papers=self.papers,
            unchecked=self.unchecked,
            register=self.register,
        )
