"""`jieli ledger export`: plain files that verify at any moment, go on after a crash, and never hide a fork."""

import errno
import fcntl
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from jieli.ledger import exporting, queries
from jieli.ledger.operations import book
from jieli.wiring.home import Home
from jieli.wiring.signer import public_keys
from seal.keys import generate
from seal.log_reader import read_log
from tests.conftest import NOW, ORIGIN
from tests.doors.cli import Jieli

Sql = Callable[..., object]


class Killed(Exception):
    """The process died here."""


def grow(jieli: Jieli, size: int) -> None:
    """Entries up to a size, signed."""
    with book(at=NOW) as b:
        for n in range(size - queries.head(queries.live_log()).size):
            b.entry("access.note", by="system:test", facts={"n": n})
    jieli.answer("ledger", "sign", "--once")


def files(directory: Path) -> dict[str, bytes]:
    found = (p for p in directory.rglob("*") if p.is_file())
    return {p.relative_to(directory).as_posix(): p.read_bytes() for p in found}


def verified(jieli: Jieli, directory: Path) -> int:
    return read_log(exporting.reader(directory), public_keys(Home(jieli.home))).entries


@pytest.fixture
def book_keeper(fresh: Jieli) -> Jieli:
    fresh.answer("keys", "init", "--origin", ORIGIN)
    return fresh


def test_an_export_writes_what_is_new_and_takes_away_what_is_old(book_keeper: Jieli, tmp_path: Path) -> None:
    target = tmp_path / "log"
    grow(book_keeper, 300)
    first = book_keeper.answer("ledger", "export", target)
    assert first == {
        "origin": ORIGIN,
        "size": 300,
        "written": 5,
        "removed": 0,
        "verified": True,
        "unsigned": 0,
    }
    assert set(files(target)) == {
        "checkpoint", "tile/entries/000", "tile/entries/001.p/44", "tile/0/000", "tile/0/001.p/44",
        "tile/1/000.p/1",
    }  # fmt: skip
    assert book_keeper.answer("ledger", "export", target)["written"] == 0
    grow(book_keeper, 520)
    second = book_keeper.answer("ledger", "export", target)
    assert (second["written"], second["removed"]) == (5, 3)
    assert set(files(target)) == {
        "checkpoint", "tile/entries/000", "tile/entries/001", "tile/entries/002.p/8", "tile/0/000", "tile/0/001",
        "tile/0/002.p/8", "tile/1/000.p/2",
    }  # fmt: skip
    assert not list(target.rglob("001.p"))
    assert verified(book_keeper, target) == 520
    assert "前 520 条已导出并核验" in book_keeper.said("ledger", "export", target)


@pytest.mark.parametrize("place", ["tile", "export.before_checkpoint", "export.after_checkpoint"])
def test_an_export_that_dies_leaves_a_log_that_verifies_and_goes_on(
    place: str,
    book_keeper: Jieli,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grow(book_keeper, 300)
    book_keeper.answer("ledger", "export", tmp_path)
    grow(book_keeper, 600)

    def die(name: str) -> None:
        if name == place:
            raise Killed

    written = []

    def write(path: Path, data: bytes) -> None:
        written.append(path)
        if place == "tile" and len(written) == 3:
            path.with_name(path.name + ".writing").write_bytes(data[:10])
            raise Killed
        real(path, data)

    real = exporting._write
    with monkeypatch.context() as patch:
        patch.setattr(exporting, "reach", die)
        patch.setattr(exporting, "_write", write)
        with pytest.raises(Killed):
            exporting.export(tmp_path, public_keys(Home(book_keeper.home)))
    assert verified(book_keeper, tmp_path) == (600 if place.endswith("after_checkpoint") else 300)
    book_keeper.answer("ledger", "export", tmp_path)
    assert verified(book_keeper, tmp_path) == 600
    fresh_copy = tmp_path_factory.mktemp("again")
    book_keeper.answer("ledger", "export", fresh_copy)
    assert files(tmp_path) == files(fresh_copy)


def test_a_directory_with_another_history_is_refused_and_left_alone(
    book_keeper: Jieli, tmp_path: Path, owner_sql: Sql
) -> None:
    grow(book_keeper, 300)
    book_keeper.answer("ledger", "export", tmp_path)
    before = files(tmp_path)
    owner_sql("UPDATE ledger_entry SET leaf = sha256('x') WHERE index = 299")
    assert book_keeper.refused("ledger", "export", tmp_path)["code"] == "ledger.export_forked"
    assert files(tmp_path) == before


def test_a_directory_that_is_ahead_of_the_log_is_refused(
    book_keeper: Jieli, tmp_path: Path, owner_sql: Sql
) -> None:
    grow(book_keeper, 20)
    grow(book_keeper, 30)
    book_keeper.answer("ledger", "export", tmp_path)
    owner_sql("DELETE FROM ledger_checkpoint WHERE size = 30")
    assert book_keeper.refused("ledger", "export", tmp_path)["code"] == "ledger.export_forked"


@pytest.mark.parametrize("name", ["tile/0/000", "tile/entries/000", "tile/1/000.p/1", "checkpoint"])
def test_a_file_that_was_changed_in_the_directory_is_found(
    name: str, book_keeper: Jieli, tmp_path: Path
) -> None:
    grow(book_keeper, 300)
    book_keeper.answer("ledger", "export", tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    refused = book_keeper.refused("ledger", "export", tmp_path)
    assert refused["code"] == "ledger.export_damaged"


def test_tampered_entries_are_not_exported_as_verified(
    book_keeper: Jieli, tmp_path: Path, owner_sql: Sql
) -> None:
    grow(book_keeper, 300)
    owner_sql("UPDATE ledger_entry SET time = time + 1 WHERE index = 7")
    assert book_keeper.refused("ledger", "export", tmp_path)["code"] == "ledger.export_damaged"


def test_files_of_others_in_the_directory_stay(book_keeper: Jieli, tmp_path: Path) -> None:
    grow(book_keeper, 299)
    book_keeper.answer("ledger", "export", tmp_path)
    grow(book_keeper, 300)
    (tmp_path / "tile/notes.p").mkdir(parents=True)
    (tmp_path / "tile/notes.p/readme").write_text("mine")
    (tmp_path / "readme.txt").write_text("mine")
    book_keeper.answer("ledger", "export", tmp_path)
    assert {"tile/notes.p/readme", "readme.txt"} <= set(files(tmp_path))


def test_a_place_that_cannot_be_written_is_one_sentence(book_keeper: Jieli, tmp_path: Path) -> None:
    grow(book_keeper, 20)
    (tmp_path / "file").write_text("")
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "tile").write_text("")
    for place in ("file", "blocked"):
        refused = book_keeper.refused("ledger", "export", tmp_path / place)
        assert refused["code"] == "ledger.cannot_write"
        assert f"目录 {tmp_path / place} 无法读写" in refused["error"]
    assert book_keeper.refused("witness", "kit", tmp_path / "file")["code"] == "ledger.kit_not_written"


def test_a_full_disk_leaves_what_was_there_and_the_next_run_goes_on(
    book_keeper: Jieli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(book_keeper, 300)
    book_keeper.answer("ledger", "export", tmp_path)
    grow(book_keeper, 600)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        refused = book_keeper.refused("ledger", "export", tmp_path)
    assert (refused["code"], "ENOSPC" in refused["error"]) == ("ledger.cannot_write", True)
    assert verified(book_keeper, tmp_path) == 300
    assert book_keeper.answer("ledger", "export", tmp_path)["size"] == 600


def full(self: Path, target: Path) -> Path:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_two_exports_into_one_directory_do_not_meet(book_keeper: Jieli, tmp_path: Path) -> None:
    grow(book_keeper, 20)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert book_keeper.refused("ledger", "export", tmp_path)["code"] == "ledger.export_runs"
    os.close(descriptor)
    assert book_keeper.answer("ledger", "export", tmp_path)["size"] == 20


def test_a_book_nobody_signed_has_nothing_to_export(fresh: Jieli, tmp_path: Path) -> None:
    (fresh.home / "trust.policy").write_text("quorum none\n")
    assert fresh.refused("ledger", "export", tmp_path)["code"] == "ledger.nothing_signed"


@contextmanager
def plain_server(directory: Path) -> Iterator[str]:
    """Any file server will do: this one knows nothing of logs."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing on the test's screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(directory)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_stranger_verifies_the_directory_and_the_same_files_from_any_web_server(
    book_keeper: Jieli, tmp_path: Path
) -> None:
    grow(book_keeper, 300)
    book_keeper.answer("ledger", "export", tmp_path)
    vkey = public_keys(Home(book_keeper.home))[0].format()
    told = {"origin": ORIGIN, "size": 300, "entries": 300}
    assert book_keeper.answer("ledger", "verify", tmp_path, "--log", vkey) == told
    with plain_server(tmp_path) as url:
        assert book_keeper.answer("ledger", "verify", url, "--log", vkey) == told
        shutil.rmtree(tmp_path / "tile/entries")
        only = book_keeper.answer("ledger", "verify", url, "--log", vkey, "--tiles-only")
        assert (only["size"], only["entries"]) == (300, 0)
        done = book_keeper("ledger", "verify", url, "--log", vkey, "--json")
        assert (done.exit_code, "log.missing" in done.stdout) == (1, True)
    assert book_keeper.refused("ledger", "verify", url, "--log", vkey)["code"] == "ledger.unreachable"
    done = book_keeper("ledger", "verify", tmp_path, "--log", generate(ORIGIN).vkey.format(), "--json")
    assert (done.exit_code, "log.unsigned" in done.stdout) == (1, True)


def test_a_directory_with_other_things_in_it_is_left_as_it_is(book_keeper: Jieli, tmp_path: Path) -> None:
    grow(book_keeper, 3)
    for name in ("报价单.xlsx", "tile/0/000.png", "sub/checkpoint"):
        target = tmp_path / name.replace("/", "-") / "here"
        (target / name).parent.mkdir(parents=True)
        (target / name).write_bytes(b"mine")
        assert book_keeper.refused("ledger", "export", target)["code"] == "ledger.export_not_empty"
        assert files(target) == {name: b"mine"}


def test_a_log_that_does_not_verify_is_told_with_its_code_once_and_in_chinese_first(
    book_keeper: Jieli, tmp_path: Path
) -> None:
    grow(book_keeper, 3)
    book_keeper.answer("ledger", "export", tmp_path / "log")
    bundle = tmp_path / "log" / "tile" / "entries" / "000.p" / "3"
    bundle.write_bytes(bundle.read_bytes()[:-1] + b"!")
    log = (book_keeper.home / "trust.policy").read_text().split("\n")[0].removeprefix("log ")
    done = book_keeper("ledger", "verify", tmp_path / "log", "--log", log)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.count("log.entries") == 1 and done.stderr.startswith("账本文件与检查点不符")
    coded = book_keeper("ledger", "verify", tmp_path / "log", "--log", log, "--json")
    assert '"code": "log.entries"' in coded.stdout and "[log.entries]" not in coded.stdout
