"""What the pages tell people to type exists, and what they point to is there."""

import json
import re
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import typer.main

from jieli.consent.types import NewNotice
from jieli.doors.cli.main import app
from tests.house import states
from tests.house.source import ROOT, modules

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
GLOSSARY = ROOT / "docs" / "reference" / "glossary.md"
LINK = re.compile(r"\]\(([^)#:]+)\)")


def typed(page: Path) -> list[str]:
    """The `jieli …` lines of a page's code blocks, without what a comment says."""
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    lines = [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("jieli ")]


def unknown(line: str) -> list[str]:
    """The words of a command line that the program does not know."""
    command: Any = typer.main.get_command(app)
    words = shlex.split(line)[1:]
    while words and hasattr(command, "commands"):
        found = command.commands.get(words[0])
        if found is None:
            return [words[0]]
        command, words = found, words[1:]
    known = {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
    return [w for w in words if w.startswith("--") and w.partition("=")[0] not in known]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_command_on_a_page_exists(page: Path) -> None:
    assert {line: unknown(line) for line in typed(page) if unknown(line)} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [t for t in targets if not (page.parent / t).exists()] == []


def test_the_notice_in_the_how_to_has_every_item() -> None:
    text = (ROOT / "docs/how-to/consent.md").read_text(encoding="utf-8")
    shown = json.loads(re.findall(r"```json\n(.*?)```", text, re.S)[0])
    assert set(shown) == set(NewNotice.__dataclass_fields__)


def test_every_english_word_of_the_glossary_stands_in_the_code() -> None:
    spoken = re.sub(r"[^a-z]+", " ", " ".join(m.text for m in modules()).lower())
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \|", GLOSSARY.read_text(encoding="utf-8"), re.M)[1:]
    terms = [t.strip() for row in rows for t in re.split("[·,]", row)]
    assert len(terms) > 60
    assert [t for t in terms if re.sub(r"[^a-z]+", " ", t) not in spoken] == []


def test_no_chinese_word_stands_in_the_glossary_twice() -> None:
    rows = re.findall(r"^\| ([^|]+) \|", GLOSSARY.read_text(encoding="utf-8"), re.M)[1:]
    words = [w.strip() for row in rows for w in row.split("·")]
    assert [w for w, n in Counter(words).items() if n > 1] == []


def test_commands_are_found_on_the_pages_at_all() -> None:
    assert sum(len(typed(page)) for page in PAGES) > 15


def test_the_page_of_states_is_up_to_date() -> None:
    """If not: python -m tests.house.states."""
    assert states.PAGE.read_text(encoding="utf-8") == states.page()
