"""A browser without a screen: Django's own test client, at a fixed instant."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client

from tests.conftest import NOW
from tests.doors.cli import fresh, jieli, signing
from tests.doors.sample_talk import archive_open

__all__ = ["archive_open", "fresh", "jieli", "signing"]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The web doors read NOW."""
    from jieli.doors.web import door

    monkeypatch.setattr(door, "now", lambda profile: NOW)


@pytest.fixture
def stranger(db: None, clock: None) -> Client:
    """Somebody who is not signed in."""
    return Client(SERVER_NAME="localhost")


@pytest.fixture
def as_person(db: None, clock: None) -> Callable[[UUID], Client]:
    """A browser in which a person is signed in."""

    def signed_in(person: UUID) -> Client:
        from jieli.access import backend, queries

        client = Client(SERVER_NAME="localhost")
        client.force_login(queries.user(person), backend=backend.PATH)
        return client

    return signed_in
