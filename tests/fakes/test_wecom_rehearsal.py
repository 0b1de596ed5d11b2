"""The rehearsal platform itself: only here, says what it is, and can be steered from outside."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from jieli.connectors.wecom.client import Api
from jieli.connectors.wecom.rehearsal import Rehearsal
from jieli.connectors.wecom.rehearsal.endpoints import CALLS
from jieli.connectors.wecom.rehearsal.platform import UnknownHere
from jieli.connectors.wecom.rehearsal.state import BadSeed
from jieli.connectors.wecom.transfers import WeCom
from jieli.kernel.times import HOUR
from tests.fakes.platform import APPROVAL, NOW, stage

HTTP = httpx.Client(timeout=60)  # by itself httpx waits for five seconds
SEED = {
    "members": [{"userid": "li", "name": "李老师"}, {"userid": "wang", "name": "王老师", "limit": 500}],
    "customers": [
        {"external_userid": "wm1", "name": "周女士", "follows": ["li"]},
        {"external_userid": "wm2", "follows": {"li": {"createtime": 1_700_000_000, "remark": "周三回访"}}},
    ],
    "groups": [{"chat_id": "wr1", "owner": "li", "name": "家长群"}],
}


def test_every_answer_says_that_it_is_a_rehearsal() -> None:
    with stage(customers=1) as s:
        token = HTTP.get(f"{s.platform.base}/gettoken?corpid=wwyanlian&corpsecret=yanlian").json()
        said = [token["errmsg"], HTTP.get(f"{s.platform.base}/user/get?userid=li").json()["errmsg"]]
        for method, call in CALLS:
            address = f"{s.platform.base}/{call}?access_token={token['access_token']}"
            said.append(
                HTTP.request(method, address, content=b"{}" if method == "POST" else None).json()["errmsg"]
            )
        assert len(said) == 2 + len(CALLS)
        assert [m for m in said if not m.startswith("演练")] == []


def test_it_listens_on_this_machine_s_own_address_alone() -> None:
    with Rehearsal(clock=lambda: NOW) as platform:
        assert platform._server._http is not None
        assert platform._server._http.server_address[0] == "127.0.0.1"
        port = int(platform.base.split(":")[2].split("/")[0])
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", port))


@pytest.mark.parametrize(
    ("address", "body", "errcode"),
    [
        ("user/get?userid=li", None, 41001),
        ("user/get?userid=li&access_token=x", None, 40014),
        ("externalcontact/transfer?access_token={}", b"{}", 40060),
        ("externalcontact/transfer_result?access_token={}", b"[]", 47001),
        ("externalcontact/transfer_result?access_token={}", b"{", 47001),
        ("externalcontact/groupchat/list?access_token={}", b'{"limit": 1001}', 40058),
        ("externalcontact/groupchat/list?access_token={}", b'{"cursor": "guessed"}', 40058),
        (
            "externalcontact/add_contact_way?access_token={}",
            b'{"type": 2, "scene": 2, "user": ["li"]}',
            40058,
        ),
    ],
)
def test_wrong_requests_get_an_errcode_with_http_200(address: str, body: bytes | None, errcode: int) -> None:
    with stage() as s:
        asked = HTTP.get(f"{s.platform.base}/gettoken?corpid=wwyanlian&corpsecret=yanlian").json()
        url = f"{s.platform.base}/{address.format(asked['access_token'])}"
        answer = HTTP.request("GET" if body is None else "POST", url, content=body)
        assert (answer.status_code, answer.json()["errcode"]) == (200, errcode)


def test_a_seed_fills_members_customers_and_groups() -> None:
    with (
        Rehearsal(clock=lambda: NOW, seed=SEED) as platform,
        Api(corpid=platform.corpid, secret=platform.secret, base=platform.base, clock=platform.clock) as api,
    ):
        found = WeCom(api).customers_of("li")
        assert [(c.external_userid, c.name, c.remark) for c in found] == [
            ("wm1", "周女士", ""), ("wm2", "", "周三回访"),
        ]  # fmt: skip
        assert WeCom(api).member("wang").name == "王老师"
        assert WeCom(api).groups_of(["li"])[0].room == "wr1"


@pytest.mark.parametrize(
    "seed",
    [
        {"members": {}},
        {"members": [{}]},
        {"members": ["li"]},
        {"members": [{"userid": "li", "age": 3}]},
        {"customers": [{"external_userid": "wm1", "follows": 3}]},
    ],
)
def test_a_seed_that_is_not_understood_is_refused(seed: dict[str, object]) -> None:
    with pytest.raises(BadSeed):
        Rehearsal(clock=lambda: NOW, seed=seed)


def test_refusing_what_is_not_running_is_an_error() -> None:
    with stage(customers=1) as s:
        with pytest.raises(UnknownHere):
            s.platform.refuse("wm000")
        s.transfer("wm000")
        s.platform.advance(24 * HOUR)
        with pytest.raises(UnknownHere):
            s.platform.refuse("wm000")


def test_the_log_holds_neither_token_nor_secret_nor_approval() -> None:
    with stage(customers=1) as s:
        s.transfer("wm000")
        token = next(iter(s.platform._tokens))
        logged = repr(s.platform.calls)
        assert [word for word in (token, s.platform.secret, APPROVAL) if word in logged] == []


def steer(
    platform_base: str, what: str, body: object, media_type: str = "application/json"
) -> httpx.Response:
    address = platform_base.replace("/cgi-bin", f"/rehearsal/{what}")
    return HTTP.post(address, content=json.dumps(body).encode(), headers={"Content-Type": media_type})


def test_it_is_steered_over_http() -> None:
    with stage(customers=2) as s:
        base = s.platform.base
        assert steer(base, "member", {"userid": "sun", "real_name": False}).status_code == 200
        assert steer(base, "reject", {"key": "wm001", "errcode": 40128}).status_code == 200
        assert s.transfer("wm000", "wm001") == {"wm000": 0, "wm001": 40128}
        assert s.transfer("wm001", takeover="sun") == {"wm001": 40098}
        assert steer(base, "clock", {"advance_ms": 24 * HOUR}).json() == {"at": NOW + 24 * HOUR}
        looked = base.replace("/cgi-bin", "/rehearsal")
        assert HTTP.get(f"{looked}/followers?external_userid=wm000").json() == {"followers": ["wang"]}
        assert HTTP.get(f"{looked}/clock").json() == {"at": NOW + 24 * HOUR}
        assert len(HTTP.get(f"{looked}/calls").json()["calls"]) == 3


@pytest.mark.parametrize(
    ("what", "body", "media_type", "status"),
    [
        ("clock", {"advance_ms": 1}, "text/plain", 404),
        ("shutdown", {}, "application/json", 404),
        ("clock", {"hours": 1}, "application/json", 400),
        ("clock", [1], "application/json", 400),
        ("resign", {"userid": "nobody"}, "application/json", 400),
    ],
)
def test_wrong_steering_changes_nothing(what: str, body: object, media_type: str, status: int) -> None:
    with stage() as s:
        assert steer(s.platform.base, what, body, media_type).status_code == status
        assert s.platform.clock() == NOW


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "jieli.connectors.wecom.rehearsal", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        yield running
        running.terminate()
        running.communicate(timeout=60)


def test_it_runs_as_a_process_with_a_seed_and_a_standing_clock(tmp_path: Path) -> None:
    (tmp_path / "seed.json").write_text(json.dumps(SEED), encoding="utf-8")
    with process("--at", "2026-09-21T09:00", "--state", str(tmp_path / "seed.json")) as running:
        assert running.stdout is not None
        base = running.stdout.readline().strip()
        told = HTTP.get(base.replace("/cgi-bin", "/rehearsal/clock")).json()
        assert told == {"at": 1_789_952_400_000}
        with Api(corpid="wwyanlian", secret="yanlian", base=base, clock=lambda: NOW) as api:
            assert len(WeCom(api).customers_of("li")) == 2


def test_a_missing_seed_is_told_in_one_sentence(tmp_path: Path) -> None:
    with process("--at", "2026-09-21T09:00", "--state", str(tmp_path / "none.json")) as running:
        _, told = running.communicate(timeout=120)
        assert (running.returncode, "rehearsal.bad_seed" in told, "Traceback" in told) == (2, True, False)
