"""The demo's timestamp authority answers the real client, seal's own reader, and openssl."""

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.connectors.stamp import HttpAuthority
from jieli.connectors.stamp.demo import ROOT_FILE, BadQuery, DemoAuthority, make_authority, serve
from jieli.ledger.ports import Unreachable
from seal import timestamp

AT = 1_790_000_000_000


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    make_authority(tmp_path / "tsa", at=AT)
    return tmp_path / "tsa"


@pytest.fixture
def url(directory: Path) -> Iterator[str]:
    server = serve(DemoAuthority(directory, lambda: AT), port=0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_response_verifies_under_the_demo_root_and_states_the_demo_time(url: str, directory: Path) -> None:
    response = HttpAuthority(name="demo", url=url, roots=directory / ROOT_FILE).stamp(b"checkpoint text\n")
    token = timestamp.verify(response, b"checkpoint text\n", roots=(directory / ROOT_FILE).read_bytes())
    assert token.time == AT


def test_openssl_accepts_the_response(url: str, directory: Path, tmp_path: Path) -> None:
    response = HttpAuthority(name="demo", url=url, roots=directory / ROOT_FILE).stamp(b"x")
    (tmp_path / "r.tsr").write_bytes(response)
    (tmp_path / "x").write_bytes(b"x")
    command = [
        "openssl",
        "ts",
        "-verify",
        "-in",
        "r.tsr",
        "-data",
        "x",
        "-CAfile",
        str(directory / ROOT_FILE),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout + done.stderr


def test_another_root_is_refused_as_no_answer(url: str, tmp_path: Path) -> None:
    make_authority(tmp_path / "other", at=AT)
    with pytest.raises(Unreachable):
        HttpAuthority(name="demo", url=url, roots=tmp_path / "other" / ROOT_FILE).stamp(b"x")


@given(st.binary(max_size=200))
def test_any_bytes_that_are_no_query_are_refused(data: bytes) -> None:
    with pytest.raises(BadQuery):
        DemoAuthority(Path("unused"), lambda: AT).respond(data)
