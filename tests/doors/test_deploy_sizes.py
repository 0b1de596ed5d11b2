"""A server of one's own whose settings are too small for many millions of messages is told of, and lived with."""

from dataclasses import replace

import pytest

from jieli.wiring import deploy
from jieli.wiring.profile import Urls
from tests.doors.cli import Jieli

URLS = Urls(
    *(f"postgresql:///jieli?host={host}" for host in ("main", "main", "main", "main", "keys", "keys"))
)


def faults(jieli: Jieli) -> dict[str, deploy.Fault]:
    profile = replace(jieli.profile, urls=URLS)
    return {fault.code: fault for fault in deploy.check(profile, deploy=True, at=jieli.at)}


def test_a_server_with_postgresqls_own_defaults_is_told_of(
    fresh: Jieli, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The suite's server keeps the defaults: 128 MB and 1 GB.
    found = faults(fresh)["check.small_server"]
    assert not found.grave
    assert "shared_buffers 是 128 MB，max_wal_size 是 1024 MB" in found.sentence
    assert "8GB" in found.remedy
    monkeypatch.setattr(deploy, "ENOUGH_CACHE", 2**27)
    assert "check.small_server" in faults(fresh)
    monkeypatch.setattr(deploy, "ENOUGH_LOG", 2**30)
    assert "check.small_server" not in faults(fresh)


def test_of_its_own_private_server_nothing_is_said(fresh: Jieli) -> None:
    assert "check.small_server" not in {f.code for f in deploy.check(fresh.profile, deploy=True, at=fresh.at)}
