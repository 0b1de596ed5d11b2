"""Looking at a page as different people do: wide and narrow, light and dark, by ear, and on paper."""

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.journeys.conftest import PATIENCE, SHOTS

RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
WIDTHS = (360, 1280, 1920)
JUDGED = {
    (360, "light"),
    (1280, "dark"),
    (1280, "light"),
}  # by axe; the others differ in neither words nor colours
SMALL_TARGETS = """() => [...document.querySelectorAll(
  'button, a.button, nav a, summary, select, label.pick, input:not([type=hidden], [type=radio], [type=checkbox])')]
  .filter(e => e.offsetParent && e.getBoundingClientRect().height < 43.5)
  .map(e => e.outerHTML.slice(0, 120))"""
LATIN = """() => { const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); const found = [];
  while (walk.nextNode()) { const node = walk.currentNode;
    if (node.parentElement.closest('script, style, noscript, .mono, [hidden]')) continue;
    for (const word of node.textContent.match(/[A-Za-z]{2,}/g) || []) found.push(word); }
  return [...new Set(found)]; }"""


def check(page: Page, name: str, *, names: frozenset[str] = frozenset()) -> None:
    """Judge a page at three widths and in both colour schemes; leaves a screenshot of each width.

    `names` are the Latin words that may stand on it: names of people's accounts and units, nothing of ours.
    """
    SHOTS.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            if (width, scheme) in JUDGED:
                said = Axe().run(page, options=RULES).response["violations"]
                assert not said, _told(name, width, scheme, said)
            picture(page, SHOTS / f"{name}-{width}{'-dark' if scheme == 'dark' else ''}.png")
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{name} is {overflow} px too wide at {width} px"
        assert page.evaluate(SMALL_TARGETS) == [], f"{name} at {width} px"
    latin = sorted(set(page.evaluate(LATIN)) - names)
    assert not latin, f"{name} speaks {latin}"
    page.set_viewport_size({"width": 1280, "height": 900})


def picture(page: Page, path: Path) -> None:
    """Take the whole page. A busy machine may draw no frame for many seconds: that says nothing of the page.

    Headless chromium can also lose the one frame it was asked for; drawing anew asks again. What the page holds
    was judged before, so a second attempt hides no fault of ours; a browser that draws nothing twice fails.
    """
    try:
        page.screenshot(path=path, full_page=True, timeout=PATIENCE)
    except PlaywrightTimeout:
        wide = page.viewport_size
        page.set_viewport_size({"width": 800, "height": 600})
        if wide is not None:
            page.set_viewport_size(wide)
        page.screenshot(path=path, full_page=True, timeout=PATIENCE)


def _told(name: str, width: int, scheme: str, said: list[dict[str, Any]]) -> str:
    lines = [
        f"{v['id']}: {n['html'][:160]} {n['failureSummary'][:300]}" for v in said for n in v["nodes"][:3]
    ]
    return f"{name} {width} px {scheme}\n" + "\n".join(lines)
