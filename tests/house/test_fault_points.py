"""Every fail point of the source is named in the docstring of failpoints.py, and something dies there."""

import re
from pathlib import Path

from benchmarks.faults.places import IN_THE_SUITE, SCENES

from jieli.kernel import failpoints
from tests.house.source import ROOT

NAME = re.compile(r"\b[a-z]+\.[a-z_]+\b")
REACHED = re.compile(r"\breach\(\s*\"([a-z]+\.[a-z_]+)\"")
KILLED = {place for places in SCENES.values() for place in places if "." in place}


def in_source() -> set[str]:
    return {
        name
        for path in (ROOT / "src").rglob("*.py")
        if path != Path(failpoints.__file__)
        for name in REACHED.findall(path.read_text())
    }


def test_every_fail_point_is_named_where_they_are_listed_and_none_is_invented() -> None:
    listed = set(
        NAME.findall((failpoints.__doc__ or "").partition("The names")[2].partition("Where each")[0])
    )
    assert in_source() - listed == set()
    assert listed - in_source() == set()


def test_something_dies_at_every_fail_point() -> None:
    assert in_source() - KILLED - set(IN_THE_SUITE) == set()
    assert (KILLED | set(IN_THE_SUITE)) - in_source() == set()


def test_a_fail_point_that_the_suite_kills_is_named_by_that_test() -> None:
    missing = [
        (name, file)
        for name, file in IN_THE_SUITE.items()
        if not re.search(rf'"{name}[":]', (ROOT / file).read_text())
    ]
    assert missing == []
