"""RFC 3161: an authority made by openssl, verified by the library and by the command, each on its own."""

import builtins
import subprocess
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seal import timestamp
from seal.errors import MismatchError, NoCryptoError, SealError
from tests.seal.authority import Authority

DATA = b"log.example/one\n7\nAAAA\n"


@pytest.fixture(scope="module")
def response(authority):
    return authority.stamp(DATA)


@pytest.fixture
def no_library(monkeypatch):
    monkeypatch.setattr(timestamp, "_by_library", lambda *_arguments: None)


@pytest.fixture
def no_command(monkeypatch):
    monkeypatch.setattr(timestamp, "_by_command", lambda *_arguments: None)


def code_of(response, data, roots):
    with pytest.raises(SealError) as error:
        timestamp.verify(response, data, roots=roots)
    return error.value.code


def test_a_token_states_its_time_and_latest_is_time_and_accuracy(authority, response):
    token = timestamp.verify(response, DATA, roots=authority.roots)
    assert token.imprint == sha256(DATA).digest()
    assert token.latest - token.time == 1500
    assert token.time > 1_700_000_000_000


def test_the_library_alone_verifies_it(authority, response, no_command):
    timestamp.verify(response, DATA, roots=authority.roots)


def test_the_command_alone_verifies_it(authority, response, no_library):
    timestamp.verify(response, DATA, roots=authority.roots)


@pytest.mark.parametrize("absent", ["no_command", "no_library"])
def test_other_data_other_roots_and_changed_tokens_are_refused_either_way(
    authority, response, absent, request, tmp_path
):
    request.getfixturevalue(absent)
    stranger = Authority(tmp_path / "other", "Other")
    signature_changed = response[:-1] + bytes([response[-1] ^ 1])
    assert code_of(response, DATA + b"x", authority.roots) == "timestamp.imprint"
    assert code_of(response, DATA, stranger.roots) == "timestamp.signature"
    assert code_of(signature_changed, DATA, authority.roots) == "timestamp.signature"
    assert code_of(response, DATA, b"no certificates") == "timestamp.roots"


@pytest.mark.parametrize("absent", ["no_command", "no_library"])
def test_a_token_made_after_its_certificate_ended_is_refused_either_way(absent, request, tmp_path):
    request.getfixturevalue(absent)
    late = Authority(tmp_path / "late", "Late")
    late.expire(datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC))
    assert code_of(late.stamp(DATA), DATA, late.roots) == "timestamp.signature"


def test_with_neither_at_hand_nothing_is_decided(authority, response, no_library, no_command):
    with pytest.raises(NoCryptoError):
        timestamp.verify(response, DATA, roots=authority.roots)


def test_an_absent_library_and_an_absent_command_are_noticed(authority, response, monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **named):
        if name.startswith("rfc3161_client"):
            raise ImportError(name)
        return real(name, *arguments, **named)

    def no_program(*_arguments, **_named):
        raise FileNotFoundError("openssl")

    monkeypatch.setattr(builtins, "__import__", without)
    timestamp.verify(response, DATA, roots=authority.roots)
    monkeypatch.setattr(subprocess, "run", no_program)
    with pytest.raises(NoCryptoError):
        timestamp.verify(response, DATA, roots=authority.roots)


def test_a_changed_time_is_refused(authority, response):
    year = b"20260101000000Z"
    at = response.index(b"\x18\x0f") + 2
    changed = response[:at] + year + response[at + 15 :]
    assert timestamp.parse(changed).time == 1_767_225_600_000
    with pytest.raises(MismatchError):
        timestamp.verify(changed, DATA, roots=authority.roots)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "timestamp.form"),
        (b"\x30\x80", "timestamp.form"),
        (b"\x30\x81\x05" + b"\x02\x01\x00", "timestamp.form"),
        (b"\x30\x05\x30\x03\x02\x01\x02", "timestamp.refused"),
        (b"0" * (timestamp.MAX_RESPONSE + 1), "timestamp.size"),
    ],
)
def test_responses_of_another_form_are_refused_by_their_own_code(data, code):
    with pytest.raises(SealError) as error:
        timestamp.parse(data)
    assert error.value.code == code


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_changed_response_is_read_or_refused(response, data):
    at = data.draw(st.integers(0, len(response) - 1))
    piece = data.draw(st.binary(max_size=6))
    bent = response[:at] + piece + response[at + data.draw(st.integers(0, 6)) :]
    assert outcome(bent) in ("read", "refused")


def outcome(data):
    try:
        timestamp.parse(data)
    except SealError:
        return "refused"
    return "read"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_no_bent_response_leaves_the_library_by_another_error(authority, response, data):
    at = data.draw(st.integers(0, len(response) - 1))
    bent = response[:at] + data.draw(st.binary(max_size=4)) + response[at + data.draw(st.integers(0, 4)) :]
    assert timestamp._by_library(bent, sha256(DATA).digest(), authority.roots) in (None, True, False)
