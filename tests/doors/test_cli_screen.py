"""Words that others typed, on the screen of the command line: read, never obeyed, and never a line of their own."""

import ast
import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jieli.doors.cli import frame, in_words, screen, typed_wrongly
from jieli.doors.cli.screen import Screen, several
from jieli.parties import operations as parties
from jieli.parties.types import NewCustomer
from seal.visible import visible
from tests.doors.cli import Jieli
from tests.rooms.company import BY

#: Markup of rich, an emoji's code, a screen cleared, a bell, a line of its own, the writing turned round.
ORDERS = "[bold red]林[/] [/nothing] :smile:\x1b[2J\x9b2J\x07\n核验通过\u2028\u202e晚\\[x]"
SHOWN = "[bold red]林[/] [/nothing] :smile:\\u001b[2J\\u009b2J\\u0007\\u000a核验通过\\u2028\\u202e晚\\[x]"
CLI = Path(screen.__file__).parent
WORDS = st.text(st.sampled_from("[]/\\:\x1b\x9b\n\r\u2028\u202e红b") | st.characters(), max_size=15)


def unseen(text: str) -> set[str]:
    return {one for one in text if unicodedata.category(one) in {"Cc", "Cf", "Zl", "Zp", "Cs"}} - {"\n"}


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")


def test_words_are_printed_as_words(capsys: pytest.CaptureFixture[str]) -> None:
    frame.out.print(f"客户 {ORDERS}", soft_wrap=True)
    frame.err.print(f"客户 {ORDERS}", style="red", markup=True, soft_wrap=True)
    assert capsys.readouterr() == (f"客户 {SHOWN}\n", f"客户 {SHOWN}\n")


def test_several_strings_are_several_lines(capsys: pytest.CaptureFixture[str]) -> None:
    frame.out.print("一", "二\n三", "", sep="\n")
    assert capsys.readouterr().out == "一\n二\\u000a三\n\n"


def test_a_table_shows_words_in_its_title_its_heads_and_its_cells(
    capsys: pytest.CaptureFixture[str],
) -> None:
    frame.table(ORDERS, [ORDERS, "说明"], [[ORDERS, 1]])()
    told = capsys.readouterr().out
    assert (told.count(SHOWN), told.count("\n"), unseen(told)) == (3, 6, set())


def test_a_message_keeps_its_lines_within_its_cell_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert several("一\r\n二\x1b[2J [/b]").plain == "一\\u000d\n二\\u001b[2J [/b]"
    frame.out.print(several(ORDERS))
    told = capsys.readouterr().out
    assert "[bold red]林[/] [/nothing] :smile:" in told and unseen(told) == set()


def test_json_goes_out_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    frame.out.print_json(f'{{"name": "[b]\u202e\u00a0{chr(0x20BB7)}\\u001b"}}')
    assert capsys.readouterr().out == f'{{\n  "name": "[b]\u202e\u00a0{chr(0x20BB7)}\\u001b"\n}}\n'


@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS)
@example(ORDERS, ORDERS)
def test_no_word_adds_a_line_or_a_control_character(word: str, other: str) -> None:
    console = Screen()
    console.file = io.StringIO()
    for line in in_words.lines({"name": word, "items": [{"k": other}], word: 1}):
        console.print(line, soft_wrap=True)
    told = console.file.getvalue()
    assert told.count("\n") == 4
    assert unseen(told) == set()
    assert len(told.splitlines()) == 4
    assert visible(word).rstrip() in told


def test_a_line_typed_wrongly_is_told_without_its_orders(capsys: pytest.CaptureFixture[str]) -> None:
    typed_wrongly._tell(ORDERS, "second")
    assert capsys.readouterr().err == f"{SHOWN}\nsecond\n"


def test_names_and_titles_that_others_typed_are_words_in_every_door(jieli: Jieli) -> None:
    name, title = "[bold]林[/] :smile:\x1b[2J\u202e晚", "退费[/b]\x1b]0;x\x07\n核验通过"
    parties.register_customers([NewCustomer("wm-evil", name)], by=BY, at=jieli.at)
    jieli.answer("matter", "open", title, "--kind", "争议", "--as", "yan")
    jieli.answer("hold", "place", "人", "wm-evil", "--reason", title, "--as", "yan")
    told = jieli.said("matter", "list", "--as", "yan") + jieli.said("hold", "list", "--as", "yan")
    assert unseen(told) == set()
    assert visible(name) in told
    assert told.count(visible(title)) == 2
    assert not any(line.startswith("核验通过") for line in told.splitlines())
    refused = jieli("hold", "place", "人", "wm\x1b[2J[/b]", "--reason", "争议", "--as", "yan")
    assert (refused.exit_code, refused.stderr.count("\n"), unseen(refused.stderr)) == (1, 1, set())
    assert "wm\\u001b[2J[/b]" in refused.stderr


def _calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]


def test_nothing_of_the_command_line_is_printed_but_by_its_screen() -> None:
    ways = {"Console", "Text", "Markup", "Panel", "echo", "secho", "from_markup", "from_ansi", "escape"}
    names = [
        (path.name, found)
        for path in sorted(CLI.glob("*.py"))
        for call in _calls(path)
        if (found := getattr(call.func, "attr", getattr(call.func, "id", ""))) in ways
    ]
    assert names == [("screen.py", "Text"), ("typed_wrongly.py", "echo"), ("typed_wrongly.py", "echo")]


def test_no_string_that_is_printed_has_lines_of_its_own() -> None:
    found = [
        (path.name, call.lineno)
        for path in sorted(CLI.glob("*.py"))
        for call in _calls(path)
        if ast.unparse(call.func) in ("out.print", "err.print")
        and "\\n" in "".join(map(ast.unparse, call.args))
    ]
    assert found == []
