"""The suite speaks to this machine alone."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


def test_no_test_reaches_another_machine() -> None:
    expected = pytest.raises(SocketConnectBlockedError)
    with socket.socket() as s, pytest.warns(UserWarning, match="192.0.2.1"), expected:
        s.connect(("192.0.2.1", 80))
