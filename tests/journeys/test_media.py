"""Files of messages in a browser: listed, seen, heard, kept, cut with their proof; and gone when they are destroyed."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from jieli.access.types import Role
from jieli.archive import operations as archive
from jieli.ledger import checkpoints
from jieli.wiring import signer
from seal.keys import generate
from tests.conftest import NOW, ORIGIN
from tests.doors import sample, sample_media
from tests.doors.sample_media import shelf
from tests.journeys.look import check

__all__ = ["shelf"]
pytestmark = pytest.mark.journey
Begin = Callable[[UUID], None]
HEARD = (
    "async e => { await new Promise(done => { e.onloadedmetadata = done; e.load(); }); return e.duration; }"
)
PLAYED = """async e => { e.muted = true; e.currentTime = 3; await e.play();
  await new Promise(done => { e.ontimeupdate = () => e.currentTime > 3.2 && done(); }); return e.error; }"""
NAMES = frozenset({"wav", "html", "pdf", "png", "MB", "KB", "amr"})


def found(page: Page, matter: str) -> None:
    page.goto("/reading/")
    page.locator("#query").fill("退费")
    page.get_by_label("目的").select_option("投诉溯源")
    page.get_by_label("事项").select_option(matter)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="说明目的并检索").click()


def test_files_are_listed_seen_heard_cut_and_gone_with_their_item(
    page: Page, signed_in: Begin, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = generate(ORIGIN)
    checkpoints.first_checkpoint(key, at=NOW)
    monkeypatch.setattr(signer, "ask", lambda profile: checkpoints.sign_head(key, at=NOW))
    told = sample_media.told(sample.full(), tmp_path / "in")
    signed_in(sample.person("fawu", Role.LEGAL))
    found(page, told.matter)
    check(page, "media-search", names=NAMES)
    page.get_by_role("button", name="打开这段会话").first.click()
    check(page, "media-conversation", names=NAMES)
    picture = opened(page, "打开图片")
    expect(picture.locator("img.picture")).to_be_visible()
    assert picture.locator("img.picture").evaluate("e => e.decode().then(() => e.naturalWidth)") == 48
    check(picture, "media-picture", names=NAMES)
    tune = opened(page, "打开录音")
    assert tune.locator("audio").evaluate(HEARD) == pytest.approx(5, abs=0.1)
    assert tune.locator("audio").evaluate(PLAYED) is None
    check(tune, "media-sound-long-name", names=NAMES)
    other = opened(page, "打开文件")
    expect(other.get_by_text("这种文件不在页面上显示")).to_be_visible()
    with other.expect_download() as kept:
        other.get_by_role("link", name="下载原件").click()
    assert kept.value.suggested_filename == "退费.html"
    assert Path(kept.value.path()).read_bytes() == sample_media.PAGE
    check(other, "media-other", names=NAMES)
    sound = opened(page, "打开语音")
    assert sound.locator("audio").evaluate(HEARD) == pytest.approx(20, abs=0.1)
    check(sound, "media-sound", names=NAMES)
    cut_off(sound)
    done = archive.shred_items(items=[told.items[0]], reason="本人请求", by="user:admin", at=NOW)
    gone = opened(page, "打开语音")
    expect(gone.get_by_text("已销毁", exact=True)).to_be_visible()
    expect(gone.get_by_text(str(done.id))).to_be_visible()
    check(gone, "media-destroyed", names=NAMES)


def opened(page: Page, name: str) -> Page:
    with page.expect_popup() as tab:
        page.get_by_role("button", name=name).first.click()
    return tab.value


def cut_off(page: Page) -> None:
    """A stretch is kept with its proof; one beyond the end is refused, and what was typed stays."""
    page.locator("#from").fill("0:03")
    page.locator("#to").fill("0:05")
    with page.expect_download() as cut:
        page.get_by_role("button", name="摘录并下载").click()
    with zipfile.ZipFile(io.BytesIO(Path(cut.value.path()).read_bytes())) as files:
        sizes: dict[str, Any] = {one.filename: one.file_size for one in files.infolist()}
    assert sizes["excerpt.amr"] == 6 + 2 * 50 * 32
    assert set(sizes) == {"excerpt.amr", "excerpt.json", "proof.tlog", "README.txt"}
    page.locator("#from").fill("0:21")
    page.locator("#to").fill("0:22")
    page.get_by_role("button", name="摘录并下载").click()
    expect(page.get_by_role("alert")).to_contain_text("这一段不在文件之内")
    check(page, "media-excerpt-error", names=NAMES)
