"""附件 at the console's door: under an opening of its own, by range, and never as a page of this house."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from jieli.access.types import Role
from jieli.archive import destruction
from jieli.archive import operations as archive
from jieli.archive.media import refusing
from jieli.archive.media.types import Refusal
from jieli.archive.types import ShredScope
from jieli.doors.web import door
from jieli.kernel.times import MINUTE
from jieli.ledger import checkpoints
from jieli.reading import queries as reading
from jieli.reading import showing
from jieli.reading.models import Opening
from jieli.wiring import signer
from seal.keys import generate
from tests.conftest import NOW, ORIGIN
from tests.doors import sample, sample_media
from tests.doors.sample_media import LONG_NAME, PAGE, PICTURE, SOUND, TUNE, Told, shelf

__all__ = ["shelf"]
As = Callable[[UUID], Client]
FOR = "投诉溯源"


@pytest.fixture
def house(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> sample.Sample:
    key = generate(ORIGIN)
    checkpoints.first_checkpoint(key, at=NOW)
    monkeypatch.setattr(signer, "ask", lambda profile: checkpoints.sign_head(key, at=NOW))
    return sample.full()


@pytest.fixture
def told(house: sample.Sample, tmp_path: Path) -> Iterator[Told]:
    yield sample_media.told(house, tmp_path / "in")


@pytest.fixture
def client(as_person: As, told: Told) -> Client:
    return as_person(sample.person("fawu", Role.LEGAL))


def opened(client: Client, told: Told, place: int, *, status: int = 200, **changed: Any) -> str:
    asked = {"item": told.items[place], "n": 0, "purpose": FOR, "matter": told.matter, **changed}
    response = client.post("/reading/media", asked)
    assert response.status_code == status
    return response.content.decode()


def link(page: str, how: str) -> str:
    found = re.search(rf'"(/reading/media/[0-9a-f-]+/\d+/0/{how})"', page)
    assert found is not None
    return found[1]


def got(response: HttpResponse) -> bytes:
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


@pytest.mark.req("R3.35")
def test_a_file_is_opened_under_a_row_that_its_person_sees_and_fetched_under_that_row_alone(
    client: Client, told: Told, house: sample.Sample
) -> None:
    before = len(reading.openings())
    page = opened(client, told, 2)
    assert len(reading.openings()) == before + 1
    [newest, *_] = reading.openings()
    assert (newest.items, newest.purpose) == ((told.items[2],), FOR)
    assert reading.openings_concerning(house.staff["1001"])[0].id == newest.id
    response = client.get(link(page, "picture"))
    assert got(response) == PICTURE
    assert response["Content-Type"] == "image/png"
    assert len(reading.openings()) == before + 1


def test_what_is_served_is_nobodys_page(client: Client, told: Told) -> None:
    page = opened(client, told, 3)
    assert "/picture" not in page
    response = client.get(link(page, "file"))
    assert got(response) == PAGE
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''%E9%80%80")
    for name, value in (
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", "default-src 'none'; sandbox"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "private, no-store"),
    ):
        assert response[name] == value
    assert client.get(link(page, "file").replace("/file", "/picture")).status_code == 400


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=50000-50001", 50_000, 50_002),
        ("bytes=70000-", 70_000, None),
        ("bytes=-10", -10, None),
    ],
)
def test_a_player_gets_the_range_it_asks_for(
    client: Client, told: Told, asked: str, start: int, stop: int | None
) -> None:
    response = client.get(link(opened(client, told, 1), "sound"), headers={"range": asked})
    assert response.status_code == 206
    assert got(response) == TUNE[start:stop]
    first = start % len(TUNE)
    last = (stop or len(TUNE)) - 1
    assert response["Content-Range"] == f"bytes {first}-{last}/{len(TUNE)}"


def test_a_range_that_is_none_is_told_so_and_one_that_cannot_be_read_is_the_whole(
    client: Client, told: Told
) -> None:
    address = link(opened(client, told, 1), "sound")
    past = client.get(address, headers={"range": f"bytes={len(TUNE)}-"})
    assert (past.status_code, past["Content-Range"]) == (416, f"bytes */{len(TUNE)}")
    for odd in ("bytes=5-2", "bytes=a-b", "bytes=0-1,4-5", "chars=0-1", "bytes=-"):
        answer = client.get(address, headers={"range": odd})
        assert (answer.status_code, int(answer["Content-Length"])) == (200, len(TUNE))
        assert got(answer) == TUNE


def test_amr_is_heard_as_a_wav_that_is_on_no_disk_and_whose_ranges_have_their_length(
    client: Client, told: Told, shelf: Path
) -> None:
    page = opened(client, told, 0)
    copy = got(client.get(link(page, "sound")))
    assert copy.startswith(b"RIFF") and len(copy) == 44 + 20 * 16_000
    assert len(set(copy[44:])) > 50  # it is no silence
    for asked, length in (("bytes=0-43", 44), ("bytes=100000-", len(copy) - 100_000), ("bytes=40-50", 11)):
        assert len(got(client.get(link(page, "sound"), headers={"range": asked}))) == length
    late = got(client.get(link(page, "sound"), headers={"range": f"bytes={44 + 16_000 * 10}-"}))
    assert len(late) == 16_000 * 10
    assert got(client.get(link(page, "file"))) == SOUND
    assert list(shelf.rglob("*.wav")) == []


def test_nobody_else_and_nobody_later_fetches_under_an_opening(
    client: Client, as_person: As, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = link(opened(client, told, 2), "picture")
    other = as_person(sample.person("fawu2", Role.LEGAL, name="丁一"))
    assert other.get(address).status_code == 400
    assert as_person(sample.person("hr", Role.PEOPLE)).get(address).status_code == 404
    assert Client(SERVER_NAME="localhost").get(address).status_code == 302
    assert client.get(re.sub(r"[0-9a-f-]{36}", str(uuid4()), address)).status_code == 400
    assert client.get(address.replace(str(told.items[2]), str(told.items[1]))).status_code == 400
    monkeypatch.setattr(door, "now", lambda profile: NOW + showing.GOOD_FOR + MINUTE)
    late = client.get(address)
    assert late.status_code == 400 and "重新打开" in late.content.decode()


def test_a_search_s_own_opening_gives_no_file_away(client: Client, told: Told) -> None:
    asked = {"query": "退费", "purpose": FOR, "matter": told.matter}
    page = client.post("/reading/search", asked).content.decode()
    assert "未取回" not in page and "0:20" in page
    [search, *_] = reading.openings()
    assert client.get(f"/reading/media/{search.id}/{told.items[0]}/0/file").status_code == 400


def test_a_conversation_lists_each_file_with_what_there_is_of_it(client: Client, told: Told) -> None:
    page = client.post(
        "/reading/search", {"query": "退费", "purpose": FOR, "matter": told.matter}
    ).content.decode()
    number = re.search(r'name="conversation" value="(\d+)"', page)
    assert number is not None
    asked = {"conversation": number[1], "purpose": FOR, "matter": told.matter}
    page = client.post("/reading/conversation", asked).content.decode()
    assert page.count("已存入") == 4 and page.count("未取回") == 1
    for words in (LONG_NAME, "0:05", "78.2 KB", "平台称 10 字节", "合同.pdf"):
        assert words in page


def test_a_file_that_did_not_come_in_says_why_and_since_when(client: Client, told: Told) -> None:
    asked = {"query": "退费", "purpose": FOR, "matter": told.matter}
    page = client.post("/reading/search", asked).content.decode()
    number = re.search(r'name="conversation" value="(\d+)"', page)
    assert number is not None
    shown = {"conversation": number[1], "purpose": FOR, "matter": told.matter}
    before = client.post("/reading/conversation", shown).content.decode()
    everything = [
        (item, n, Refusal.EXPIRED) for item in told.items for n in (0, 1)
    ]  # most of it came in meanwhile
    refusing.refuse(everything, by="person:desk", at=NOW)
    page = client.post("/reading/conversation", shown).content.decode()
    assert before.count("未取回") == 1 and page.count("未取回") == 0
    assert page.count("未能存入") == 1 and "平台已过期，<time>2026-09-21" in page
    assert page.count("已存入") == 4


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"purpose": "好奇"}, 400, "不能为这个目的查阅"),
        ({"matter": "M-0"}, 400, "没有这个在办事项"),
        ({"n": 7}, 400, "media.unknown"),
        ({"item": 999}, 400, "media.unknown"),
        ({"item": "x"}, 400, "没有这个文件"),
        ({"purpose": "争议举证"}, 400, "未授权此用途"),
    ],
)
def test_a_file_that_may_not_be_opened_says_why(
    client: Client, told: Told, changed: dict[str, Any], status: int, said: str
) -> None:
    assert said in opened(client, told, 2, status=status, **changed)


def test_a_destroyed_file_is_fetched_no_more_and_its_page_says_so(client: Client, told: Told) -> None:
    address = link(opened(client, told, 2), "file")
    done = archive.shred_items(items=[told.items[2]], reason="本人请求", by="user:admin", at=NOW)
    openings = Opening.objects.count()
    assert client.get(address).status_code == 400
    page = opened(client, told, 2, status=410)
    for words in ("已销毁", "主存储销毁", "2026-09-21", "最后备份失效", str(done.id), str(done.shred)):
        assert words in page
    assert Opening.objects.count() == openings


def test_of_a_file_whose_destruction_is_not_finished_the_page_names_no_certificate(
    client: Client, told: Told
) -> None:
    destruction.intend(
        items=[told.items[2]], scope=ShredScope.ITEMS, target=None, reason="本人请求", by="user:admin", at=NOW
    )
    page = opened(client, told, 2, status=410)
    assert "尚未出具" in page
    assert "正在销毁" in page
    assert "密钥已毁" not in page


def test_an_object_that_was_changed_is_no_answer(client: Client, told: Told, shelf: Path) -> None:
    address = link(opened(client, told, 2), "picture")
    [small] = [
        p
        for p in shelf.rglob("*")
        if p.is_file() and p.stat().st_size < 400 + len(PICTURE) and p.stat().st_size > len(PICTURE)
    ]
    small.chmod(0o600)
    small.write_bytes(small.read_bytes()[:-1] + b"x")
    assert client.get(address).status_code == 400
    small.unlink()
    gone = client.get(address)
    assert gone.status_code == 400 and "存储中没有对象" in gone.content.decode()


def test_a_stretch_comes_as_a_zip_with_its_proof(client: Client, told: Told) -> None:
    asked = {"item": told.items[0], "n": 0, "purpose": FOR, "matter": told.matter, "from": "0:02", "to": "4"}
    response = client.post("/reading/media/excerpt", asked)
    with zipfile.ZipFile(io.BytesIO(response.content)) as files:
        assert files.read("excerpt.amr") == SOUND[:6] + SOUND[6 + 100 * 32 : 6 + 200 * 32]
        assert b"checkpoint" in files.read("README.txt")
    assert response["X-Content-Type-Options"] == "nosniff"
    refused = client.post("/reading/media/excerpt", {**asked, "from": "半截"})
    assert refused.status_code == 400 and 'value="半截"' in refused.content.decode()
    assert client.get("/reading/media/excerpt").status_code == 405
