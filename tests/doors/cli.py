"""The whole command line, in this process, on the suite's databases: one home, one clock that a test may move."""

import json
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import typer.main
import typer.testing
from typer.testing import CliRunner, Result

from jieli.access.types import Role
from jieli.archive import ports
from jieli.archive.keys import ring as keyrings
from jieli.doors.cli import frame, in_words
from jieli.doors.cli.main import app
from jieli.wiring import calling, signer
from jieli.wiring.profile import Profile, read_profile
from tests.conftest import NOW, ORIGIN, _empty
from tests.doors.words_checked import misprints
from tests.rooms.company import Company, chat, found_company, open_vault, reader

COMMAND = typer.main.get_command(app)


@dataclass
class Jieli:
    """`jieli` for a test: call it with words as a shell would, numbers and paths as they are."""

    profile: Profile
    at: int = NOW
    company: Company = field(default_factory=Company)
    told: dict[str, str] = field(default_factory=dict)  # notices by the kind of people they speak to

    @property
    def home(self) -> Path:
        return self.profile.home

    def __call__(self, *words: object) -> Result:
        done = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
        assert "Traceback" not in done.output
        assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
        return done

    def said(self, *words: object) -> str:
        """What people are told, of a command that must succeed."""
        done = self(*words)
        assert done.exit_code == 0, done.output
        return done.stdout

    def answer(self, *words: object) -> dict[str, Any]:
        """The one JSON object, and nothing beside it, of a command that must succeed."""
        done = self(*words, "--json")
        assert done.exit_code == 0, done.output
        found: dict[str, Any] = json.loads(done.stdout)
        assert done.stderr == ""
        return found

    def refused(self, *words: object) -> dict[str, str]:
        """The error of a command that must fail: the same to people and to machines, a sentence and its remedy."""
        told, coded = self(*words), self(*words, "--json")
        assert (told.exit_code, coded.exit_code) == (1, 1), told.output + coded.output
        found: dict[str, str] = json.loads(coded.stdout)
        assert set(found) == {"code", "error", "remedy"}
        assert found["error"]
        assert found["remedy"]
        assert told.stdout == ""
        line = f"{found['error']}{found['remedy']}［{found['code']}］"
        assert told.stderr.replace("\n", "") == line
        return found


def _checked(answer: Callable[..., None]) -> Callable[..., None]:
    """Each answer that is told by its labels is told in words, whichever way a test asks for it."""

    def checked(run: frame.Command, values: dict[str, Any], **named: Any) -> None:
        if named.get("say") is None:
            assert misprints(in_words.lines(values, named.get("names"))) == []
        answer(run, values, **named)

    return checked


@pytest.fixture
def fresh(
    db: None, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Jieli]:
    """The command line of an installation without keys. Its home has a short path, for sockets have a short name."""
    run = Jieli(read_profile({"JIELI_HOME": str(tmp_path_factory.mktemp("home"))}))
    # The runner would put sixty commands together for each call, which takes longer than most of them run.
    monkeypatch.setattr(typer.testing, "_get_command", lambda app: COMMAND)
    monkeypatch.setattr(frame, "profile", lambda: run.profile)
    monkeypatch.setattr(frame, "now", lambda profile: run.at)
    monkeypatch.setattr(frame.start, "ready", lambda profile: None)
    monkeypatch.setattr(frame.Command, "answer", _checked(frame.Command.answer))
    # The signer of these tests is a thread; one round in a process of its own would be on another house.
    monkeypatch.setattr(signer, "_one_round", lambda: pytest.fail("no signer answered"))
    monkeypatch.setattr(signer, "ROUND_SECONDS", 0.05)
    yield run
    ports.use(confirm_opening=lambda receipt, items: False)


@pytest.fixture
def jieli(fresh: Jieli) -> Jieli:
    """The command line of the small tea company with its keys made, two of whose people sign in: yan (合规), admin."""
    fresh.answer("keys", "init", "--origin", ORIGIN)
    open_vault(fresh.home)
    fresh.company = found_company()
    reader(Role.COMPLIANCE, name="yan")
    reader(Role.SYSTEM, Role.IT, name="admin")
    return fresh


@pytest.fixture
def signing(jieli: Jieli, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """The installation's signer answers over its socket, as `jieli ledger sign` does; called, it is stopped."""
    from django.db import connections

    stop, up = threading.Event(), threading.Event()
    take = calling.next_callers

    def taking(listener: socket.socket) -> list[socket.socket]:
        up.set()
        return take(listener)

    monkeypatch.setattr(calling, "next_callers", taking)

    def serve() -> None:
        try:
            signer.serve(jieli.profile, clock=lambda: jieli.at, stop=stop.is_set)
        finally:
            connections.close_all()

    thread = threading.Thread(target=serve)
    thread.start()
    # The socket's file stands an instant before anybody listens at it.
    while not up.wait(0.05):
        assert thread.is_alive()

    def end() -> None:
        stop.set()
        thread.join()

    yield end
    end()


#: A talk of three messages, all of which the tea company may keep.
TALK = (
    chat(1, "明前茶还有吗？"),
    chat(2, "有的，给您留着。", sender="HeQing", to="wm-lin", when="2026-09-18 10:01"),
    chat(3, "那我下午来取。", when="2026-09-18 10:02"),
)


def bring(jieli: Jieli, tmp_path: Path, *lines: bytes, sign_in: str = "admin") -> dict[str, Any]:
    """Import lines of the WeCom archive through the command; its answer."""
    path = tmp_path / "msgs.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return jieli.answer("import", path, "--format", "wecom", "--as", sign_in)


def matter(jieli: Jieli) -> str:
    """The number of a matter opened through the command."""
    done = jieli.answer("matter", "open", "客户投诉核查", "--kind", "争议", "--as", "yan")
    return str(done["number"])


def items(jieli: Jieli, query: str = "明前", purpose: str = "投诉溯源") -> list[dict[str, Any]]:
    """What a search through the command shows."""
    asked = ("search", query, "--purpose", purpose, "--matter", matter(jieli), "--as", "yan")
    found: list[dict[str, Any]] = jieli.answer(*asked)["items"]
    return found


def elsewhere(jieli: Jieli, tmp_path: Path) -> Jieli:
    """Another machine with empty databases, to which people carried the two keys and nothing else."""
    old = jieli.home
    _empty()
    jieli.profile = replace(jieli.profile, home=tmp_path / "new")
    keyrings.restore(jieli.home, keyrings.load(old).root)
    (jieli.home / "signer").mkdir(mode=0o700)
    shutil.copy2(old / "signer" / "log.key", jieli.home / "signer" / "log.key")
    return jieli
