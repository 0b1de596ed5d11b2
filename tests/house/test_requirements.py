"""A requirement is claimed by a mark; a mark counts when a test that bears it passed through a door."""

from tests.house.requirements import DOORS, PAGE, marked, page, through_a_door, titles


def test_marks_name_requirements_that_exist() -> None:
    assert set(marked()) - set(titles()) == set()


def test_every_marked_requirement_was_shown_through_a_door() -> None:
    """Which tests did is recorded while they run, with JIELI_RECORD_DOORS=1; do so when a marked test is new."""
    assert DOORS.exists()
    doors = through_a_door()
    unseen = {requirement for requirement, tests in marked().items() if not doors & set(tests)}
    assert unseen == set()


def test_the_page_of_requirements_is_up_to_date() -> None:
    """If not: python -m tests.house.requirements."""
    assert PAGE.read_text(encoding="utf-8") == page()
