"""Rules as data: what counsel may change without touching code, each file with its version."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jieli.law.verdicts import Finding, Missing

_HERE = Path(__file__).parent / "rules"


@dataclass(frozen=True, slots=True)
class Rulebook:
    """One file of rules. `data` is the file; sentences stand under `say`, missing items under `missing`."""

    name: str
    version: str
    data: dict[str, Any]

    def finding(self, code: str, facts: Iterable[str] = (), say: str = "", /, **words: object) -> Finding:
        """A finding in the words of the file; `say` names the sentence where it is not the code's own."""
        said = self.data["say"][say or code]
        text = said["text"].format(**words)
        return Finding(code, text, tuple(dict.fromkeys(facts)), tuple(said.get("articles", ())))

    def text(self, code: str, **words: object) -> str:
        """A sentence of the file by itself."""
        return str(self.data["say"][code]["text"].format(**words))

    def missing(self, code: str, **words: object) -> Missing:
        """A missing item in the one wording that the file has for it."""
        found = self.data["missing"][code]
        return Missing(code, found["text"].format(**words), found.get("who", ""))


@cache
def rulebook(name: str) -> Rulebook:
    """The rules of one assessment."""
    data = json.loads((_HERE / f"{name}.json").read_text("utf-8"))
    return Rulebook(name, data["version"], data)


def names() -> list[str]:
    """Every file of rules there is."""
    return sorted(path.stem for path in _HERE.glob("*.json"))


def articles(*groups: Iterable[str], findings: Iterable[Finding] = ()) -> tuple[str, ...]:
    """Article ids in the order in which they come up, each once."""
    listed = [a for group in groups for a in group] + [a for f in findings for a in f.articles]
    return tuple(dict.fromkeys(listed))
