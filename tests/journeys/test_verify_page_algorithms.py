"""核验.html on ML-DSA-44, SM2 and SM3, worked out by its own script: the command's answer, word for word."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import new, shake_128, shake_256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from seal import mldsa, policy, sm2
from seal.errors import SealError
from seal.verify import verify_package
from tests.journeys.test_verify_page import SOURCE, ask, open_page, show, text64
from tests.journeys.verify_page_signers import (
    NATIONAL,
    QUANTUM,
    WITNESSES,
    Case,
    carrying,
    signed,
    signing_cases,
    trusting,
)
from tests.seal.bad_signatures import BAD_MLDSA, BAD_SM2, right_mldsa, right_sm2
from tests.seal.packages import build, files_of

__all__ = ["open_page"]
pytestmark = pytest.mark.journey

WORK = """(asked) => {
  const bytes = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const hex = (found) =>
    typeof found === "boolean" ? found : Array.from(found, (one) => one.toString(16).padStart(2, "0")).join("");
  return asked.map(([name, ...given]) =>
    hex(sealVerify.algorithms[name](...given.map((one) => typeof one === "string" ? bytes(one) : one))));
}"""
# what a broken engine might do: the known answers no longer come out
WRONG_SM2 = """const real = BigInt;
window.BigInt = Object.assign((value) => real(String(value).startsWith("0xf5a03b06") ? 1 : value), real);"""
WRONG_MLDSA = "Math.abs = () => 2 ** 30"


@pytest.fixture(scope="module")
def opened(browser: Browser) -> Iterator[Page]:
    """The page once for all questions that leave nothing behind in it."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(SOURCE.as_uri())
    yield page
    context.close()


def work(opened: Page, asked: list[tuple[Any, ...]]) -> list[Any]:
    """What the page's own script makes of (name, values…)."""
    coded = [[text64(one) if isinstance(one, bytes) else one for one in row] for row in asked]
    found: list[Any] = opened.evaluate(WORK, coded)
    return found


def judged_by_command(data: bytes, named: bytes | None) -> dict[str, Any]:
    """The command's whole answer, but for the ninth step, which the page leaves to it."""
    try:
        trusted = None if named is None else policy.parse(named)
    except SealError as error:
        return {"exit": 2, "code": error.code}
    report = verify_package(BytesIO(data), policy=trusted)
    said = report.json()
    kept = {key: said[key] for key in ("exit", "witnesses", "times", "unchecked")}
    steps = [(one.n, one.state, one.code, one.zh, one.en) for one in report.steps[:8]]
    return {**kept, "log": report.log, "steps": steps}


def judged_by_page(found: dict[str, Any]) -> dict[str, Any]:
    """The same of the page's answer; a step not reached has a code there that the command has not."""
    if "code" in found:
        return {"exit": found["exit"], "code": found["code"]}
    kept = {key: found[key] for key in ("exit", "witnesses", "times", "unchecked", "log")}
    steps = [
        (one["n"], one["state"], "" if one["state"] == "skipped" else one["code"], one["zh"], one["en"])
        for one in found["steps"][:8]
    ]
    return {**kept, "steps": steps}


def test_page_and_command_agree_word_for_word_however_a_package_is_signed(
    opened: Page, tmp_path: Path
) -> None:
    made: dict[str, Case] = signing_cases(tmp_path)
    found = dict(zip(made, map(judged_by_page, ask(opened, list(made.values()))), strict=True))
    wanted = {name: judged_by_command(*case) for name, case in made.items()}
    assert {name: (found[name], wanted[name]) for name in made if found[name] != wanted[name]} == {}
    assert Counter(one["exit"] for one in wanted.values()).keys() == {0, 1, 2, 3}
    assert {(name, one["exit"]) for name, one in wanted.items() if name.startswith("bad ")} == {
        (f"bad {kind}: {name}", 1)
        for kind, bad in (("ML-DSA-44", BAD_MLDSA), ("SM2", BAD_SM2))
        for name in bad
    }


@pytest.mark.parametrize(
    ("kind", "name"), [("mldsa", name) for name in BAD_MLDSA] + [("sm2", name) for name in BAD_SM2]
)
def test_a_bad_signature_is_refused_by_both(opened: Page, kind: str, name: str) -> None:
    message = b"a message of the tests"
    library, key, bad, right = {
        "mldsa": (mldsa, QUANTUM, BAD_MLDSA, right_mldsa), "sm2": (sm2, NATIONAL, BAD_SM2, right_sm2),
    }[kind]  # fmt: skip
    asked = [(kind, key.vkey.public, make(message), message) for make in (right, bad[name])]
    assert work(opened, asked) == [True, False]
    assert [library.verify(*values) for _kind, *values in asked] == [True, False]


def test_the_page_s_digests_are_those_of_python(opened: Page) -> None:
    rng = random.Random(202)
    lengths = [
        0,
        1,
        55,
        56,
        63,
        64,
        65,
        135,
        136,
        137,
        167,
        168,
        169,
        *(rng.randrange(5000) for _n in range(6)),
    ]
    asked: list[tuple[Any, ...]] = []
    wanted = []
    for length in lengths:
        message, out = rng.randbytes(length), rng.choice([1, 32, 136, 168, 700])
        asked += [("sm3", message), ("shake", 128, out, message), ("shake", 256, out, message)]
        wanted += [
            new("sm3", message).hexdigest(),
            shake_128(message).hexdigest(out),
            shake_256(message).hexdigest(out),
        ]
    assert work(opened, asked) == wanted


def test_the_page_s_signatures_are_those_of_python(opened: Page) -> None:
    rng = random.Random(204)
    asked, wanted = [], []
    for n in range(24):
        name, key, library = (("mldsa", QUANTUM, mldsa), ("sm2", NATIONAL, sm2))[n % 2]
        message = rng.randbytes(rng.randrange(400))
        good = key.sign(message)
        bent = bytearray(good)
        bent[rng.randrange(len(bent))] ^= 1 << rng.randrange(8)
        for signature in (good, bytes(bent)):
            asked.append((name, key.vkey.public, signature, message))
            wanted.append(library.verify(key.vkey.public, signature, message))
    assert work(opened, asked) == wanted == [True, False] * 24


def test_who_signed_is_shown_whatever_the_kind_and_a_missing_time_is_said(
    open_page: Callable[..., Page], tmp_path: Path
) -> None:
    files, named = (
        files_of(build(tmp_path / "plain.zip").path),
        trusting([QUANTUM, NATIONAL], [WITNESSES["b"]], "all"),
    )
    lines = [signed(QUANTUM), signed(NATIONAL), signed(WITNESSES["b"], time=0)]
    (tmp_path / "p.zip").write_bytes(carrying(files, lines, named))
    (tmp_path / "trust.policy").write_bytes(named)
    page = open_page()
    show(page, tmp_path / "p.zip", 0, named=tmp_path / "trust.policy")
    expect(page.locator("#answers")).to_contain_text("，未写明时间。")
    expect(page.locator("#answers")).to_contain_text("没有您指定的见证方为时间作证。")
    page.locator("#language").click()
    expect(page.locator("#answers")).to_contain_text("witness w0, who states no time")


@pytest.mark.parametrize(
    ("script", "one"), [(WRONG_SM2, NATIONAL), (WRONG_MLDSA, QUANTUM)], ids=["SM2", "ML-DSA-44"]
)
def test_a_browser_that_works_it_out_wrongly_gives_no_verdict(
    open_page: Callable[..., Page], tmp_path: Path, script: str, one: Any
) -> None:
    files, named = files_of(build(tmp_path / "plain.zip").path), trusting([one])
    (tmp_path / "p.zip").write_bytes(carrying(files, [signed(one)], named))
    (tmp_path / "trust.policy").write_bytes(named)
    page = open_page(script=script)
    show(page, tmp_path / "p.zip", 2, named=tmp_path / "trust.policy")
    expect(page.locator("#title")).to_contain_text("本页未能完成核验，没有得出结论")
