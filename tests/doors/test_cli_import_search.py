"""From a file to words on a terminal through the whole command line; and what every command promises."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import typer

from jieli.doors.cli.main import app
from jieli.ledger import queries as ledger
from tests.doors.cli import TALK, Jieli, bring, items, matter
from tests.rooms.company import chat

#: These answer until they are interrupted.
ENDLESS = {"keys keep", "witness serve", "stamp serve"}


def test_an_import_counts_every_line_and_names_the_entries_it_stands_in(jieli: Jieli, tmp_path: Path) -> None:
    lines = (*TALK, TALK[0], b'{"msgid": "broken', chat(9, "没有同意过", sender="wm-no"))
    done = bring(jieli, tmp_path, *lines)
    counts = {name: done[name] for name in ("read", "admitted", "refused", "duplicates", "malformed")}
    assert counts == {"read": 5, "admitted": 3, "refused": 1, "duplicates": 1, "malformed": 1}
    [entry] = done["files"][0]["acknowledged"]
    assert ledger.entries([entry])[entry].kind == "capture.admit"
    assert "没有同意过" not in json.dumps(done, ensure_ascii=False)
    again = bring(jieli, tmp_path, *lines)
    assert (again["admitted"], again["duplicates"], again["refused_before"]) == (0, 4, 1)
    said = jieli.said("import", tmp_path / "msgs.jsonl", "--format", "wecom", "--as", "admin")
    assert "wecom.not_json" in said
    assert "broken" not in said


def test_words_are_found_for_a_purpose_in_a_matter_and_one_character_is_too_few(
    jieli: Jieli, tmp_path: Path
) -> None:
    bring(jieli, tmp_path, *TALK)
    asked = ("--purpose", "投诉溯源", "--matter", matter(jieli), "--as", "yan")
    [found] = items(jieli)
    assert found["text"] == "明前茶还有吗？"
    assert jieli.refused("search", "茶", *asked)["code"] == "search.too_short"
    said = jieli.said("search", "明前", *asked)
    for words in ("明前茶还有吗？", "林晚", "已先入账 #"):
        assert words in said
    assert "没有这个词" not in jieli.said("search", "没有这个词", *asked)
    whole = jieli.answer("read", "--conversation", found["conversation"], *asked)
    assert [item["text"] for item in whole["items"]] == [
        "明前茶还有吗？",
        "有的，给您留着。",
        "那我下午来取。",
    ]
    assert "那我下午来取。" in jieli.said("read", "--item", found["item"] + 2, *asked)


def commands(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    for word, found in getattr(command, "commands", {}).items():
        yield from commands(found, f"{name} {word}".strip())
        yield f"{name} {word}".strip(), found


def test_every_command_says_what_it_does_and_answers_machines(fresh: Jieli) -> None:
    every = dict(commands(typer.main.get_command(app)))
    assert len(every) > 35
    assert [name for name, command in every.items() if not (command.help or "").strip()] == []
    leaves = {name for name, command in every.items() if not hasattr(command, "commands")}
    speaking = {n for n in leaves if any("--json" in p.opts for p in every[n].params)}
    assert leaves - speaking == ENDLESS
    unsaid = [
        (n, p.name) for n in leaves for p in every[n].params if isinstance(p, click.Option) and not p.help
    ]
    assert unsaid == []
    assert "Usage" in fresh("--help").output
