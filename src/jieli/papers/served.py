"""Data of the papers that are served to a person: notices, and consents that he signs or refuses."""

from dataclasses import dataclass
from typing import ClassVar

from jieli.papers.signing import Grade
from jieli.papers.types import Citation, Template


@dataclass(frozen=True, slots=True)
class Clause:
    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Served(Template):
    """What notice and consent share. `name` is the paper's full name without brackets: 员工个人信息处理告知书."""

    template: ClassVar[str] = "served"
    kind: ClassVar[str] = "文书"
    name: str
    version: str
    addressee: str
    addressee_ref: str
    handler: str
    handler_contact: str
    purpose: str
    means: str
    data_kinds: str
    hours: str
    uses: str
    retention: str
    recipients: str
    rights: str
    clauses: tuple[Clause, ...]
    citations: tuple[Citation, ...]
    grade: Grade


@dataclass(frozen=True, slots=True)
class Notice(Served):
    """What a person is told before anything is recorded; he confirms receipt, which is no consent."""

    kind: ClassVar[str] = "告知书"
    receipt: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One means and one scope, answered apart from every other."""

    means: str
    scope: str
    statement: str


@dataclass(frozen=True, slots=True)
class Consent(Served):
    """What a person agrees to or refuses, choice by choice; refusing and withdrawing are said as plainly."""

    kind: ClassVar[str] = "同意书"
    choices: tuple[Choice, ...]
    refusal: str
    withdrawal: str
