"""A real browser on Debian's chromium, against the real handler on a thread of this process."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from uuid import UUID
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.conftest import NOW
from tests.doors.sample_talk import archive_open

__all__ = ["archive_open"]

SHOTS = Path(__file__).parents[2] / "var" / "screenshots"
PATIENCE = 30_000  # milliseconds: a test waits for a state; 8,000 were too few on a busy machine
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-domain-reliability",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
]  # fmt: skip


class _Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: addresses may hold tokens."""


@dataclass
class Server:
    url: str


@pytest.fixture
def server(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The house on a port of its own, at NOW."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.db import connections

    from jieli.doors.web import door

    monkeypatch.setattr(door, "now", lambda profile: NOW)
    handler = WSGIHandler()

    def answer(environ: dict[str, Any], start: Any) -> list[bytes]:
        # Threads come and go here; a connection left open would hold the test's clearing up.
        try:
            response = handler(environ, start)
            body = [b"".join(response)]
            response.close()
            return body
        finally:
            connections.close_all()

    with make_server("127.0.0.1", 0, answer, _Threaded, _Silent) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield Server(f"http://localhost:{listening.server_port}")
        listening.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One chromium for the run; without one these tests fail: a run that looked at no page is not green."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("chromium is not installed (Debian: apt-get install chromium fonts-noto-cjk)")
    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code; it is not.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """A fresh profile, Chinese, at a desk. A page that is refused a script or a style fails its test."""
    opened = browser.new_context(base_url=server.url, locale="zh-CN", viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that must not complain on its console."""
    complaints: list[str] = []
    opened = context.new_page()
    opened.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda e: complaints.append(str(e)))
    yield opened
    assert [c for c in complaints if "Failed to load resource" not in c] == []


@pytest.fixture
def signed_in(context: BrowserContext, server: Server) -> Callable[[UUID], None]:
    """Put a person's session into the browser, as if he had signed in."""

    def begin(person: UUID) -> None:
        from django.conf import settings
        from django.test import Client

        from jieli.access import backend, queries

        client = Client(SERVER_NAME="localhost")
        client.force_login(queries.user(person), backend=backend.PATH)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": server.url}])

    return begin


@pytest.fixture
def authenticator(context: BrowserContext, page: Page) -> str:
    """A passkey's home built into the browser, which verifies its user by itself; its id."""
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return str(made["authenticatorId"])
