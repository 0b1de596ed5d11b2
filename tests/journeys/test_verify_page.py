"""核验.html against the command, in a real browser without a network: the same answer, and how it looks."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from seal import policy
from seal.errors import SealError
from seal.keys import COSIGNATURE, signer_of
from seal.package import About, Package
from seal.page import page, page_digest, policy_digests
from seal.verify import verify_package
from seal.verify.words import NOT_REACHED, STEPS, TEMPLATES, VERDICTS
from seal.visible import visible
from tests.journeys.conftest import PATIENCE, SHOTS
from tests.journeys.look import RULES, SMALL_TARGETS, picture
from tests.journeys.verify_page_cases import Case, cases
from tests.seal.packages import (
    ORIGIN,
    PDF,
    Built,
    build,
    files_of,
    policy_text,
    remade,
    signed_checkpoint,
    signer,
)
from tests.seal.registers import OMISSIONS, REGISTER, counted, named, registered, whole
from tests.seal.test_package import edit
from tests.seal.test_register import BOUND, TAKEN

SOURCE = Path(__file__).parents[2] / "src" / "seal" / "page" / "verify.html"
ASK = """async (asked) => {
  const bytes = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0)), answers = [];
  for (const [data, policy] of asked) {
    answers.push(await sealVerify(bytes(data), policy === null ? null : bytes(policy)));
  }
  return answers;
}"""
FLIP = """async ([data, policy, places]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0)), exits = [];
  const bent = bytes(data), named = bytes(policy);
  for (const [at, bit] of places) {
    bent[at] ^= bit;
    const found = await sealVerify(bent, named);
    exits.push([found.exit, found.steps.find((one) => !["ok", "skipped"].includes(one.state))?.n ?? 0]);
    bent[at] ^= bit;
  }
  return exits;
}"""
SLICED = """async ([data, policy]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  return (await sealVerify(new Blob([bytes(data)]), bytes(policy), 0)).exit;
}"""
DROP = """async ([target, name, data]) => {
  const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0)), dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name));
  const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
  document.querySelector(target).dispatchEvent(drop);
}"""
NO_ED25519 = "crypto.subtle.importKey = () => Promise.reject(new DOMException('no', 'NotSupportedError'))"
NO_SUBTLE = "Object.defineProperty(crypto, 'subtle', { value: undefined })"
TROUBLE = '<img src=x onerror="document.title=1"><b>bold</b> \u202egnp.exe \x07 </script>'

SEEN_AND_UNSEEN = (range(0x800), range(0x2000, 0x2100), range(0xFE00, 0xFF00), range(0xFFF0, 0xFFFC),
                   range(0x1F600, 0x1F650), range(0x20BB0, 0x20BC0), range(0xE0000, 0xE0080))  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def built(folder: Path) -> Built:
    (folder / "sample").mkdir()
    made = build(folder / "sample" / "证据包.zip", stamp=lambda text: b"not judged by the page")
    (folder / "trust.policy").write_bytes(made.policy)
    return made


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens the file, cut off from every network; afterwards nothing but the file may have been asked for."""
    asked: list[str] = []
    complaints: list[str] = []
    contexts = []

    def start(*, width: int = 1280, scheme: str = "light", script: str = "") -> Page:
        context = browser.new_context(
            offline=True,
            locale="zh-CN",
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.on("request", lambda request: asked.append(request.url))
        context.add_init_script(script)
        opened = context.new_page()
        opened.on("console", lambda said: complaints.append(said.text))
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.goto(SOURCE.as_uri())
        return opened

    yield start
    for context in contexts:
        context.close()
    assert set(asked) == {SOURCE.as_uri()}
    assert complaints == []


def text64(data: bytes) -> str:
    return b64encode(data).decode()


def ask(opened: Page, asked: list[Case]) -> list[dict[str, Any]]:
    coded = [[text64(data), None if named is None else text64(named)] for data, named in asked]
    found: list[dict[str, Any]] = opened.evaluate(ASK, coded)
    return found


def command(data: bytes, named: bytes | None) -> tuple[int, list[tuple[int, str, str]]]:
    """Exit code and steps of the command, whose bad policy ends it before any step."""
    try:
        trusted = None if named is None else policy.parse(named)
    except SealError as error:
        return 2, [(0, "malformed", error.code)]
    report = verify_package(BytesIO(data), policy=trusted)
    return report.exit_code, [(step.n, step.state, code(step.code)) for step in report.steps]


def answer(found: dict[str, Any]) -> tuple[int, list[tuple[int, str, str]]]:
    """The same of the page; a step that was not done has a code there that the command has not."""
    refused = [(0, "malformed", found["code"])] if "code" in found else []
    steps = [(one["n"], one["state"], code(one["code"])) for one in found["steps"]]
    return found["exit"], refused or steps


def code(reason: str) -> str:
    """The reason; of canonical JSON its room alone: two parsers meet the faults of one line in their own order."""
    return re.sub(r"^page\..*", "", re.sub(r"^canonical\..*", "canonical", reason))


def show(opened: Page, package: Path, exit_code: int, *, named: Path | None = None) -> None:
    """Choose files as a person does, and wait for the answer."""
    for path in filter(None, [named]):
        opened.set_input_files("#policy-file", path)
    opened.set_input_files("#package", package)
    expect(opened.locator("html")).to_have_attribute("data-exit", str(exit_code))


def test_the_digest_is_that_of_the_bytes_which_are_utf8() -> None:
    assert re.fullmatch("[0-9a-f]{64}", page_digest())
    assert page() == SOURCE.read_bytes()
    assert page().decode("utf-8").startswith("<!doctype html>")


def test_the_security_policy_names_the_one_script_and_the_one_style_and_allows_nothing_else() -> None:
    digests = policy_digests(page())
    wanted = (
        f"default-src 'none'; script-src '{digests['SCRIPT']}'; style-src '{digests['STYLE']}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )
    assert re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page().decode()) == [wanted]


def test_the_page_has_no_way_to_make_markup_from_text_or_to_reach_anything() -> None:
    text = page().decode().replace('"http://www.w3.org/2000/svg"', "")
    ways = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|createContextualFragment"
    )
    reach = r"fetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|import\(|https?://|\ssrc=|\shref=|@import|url\("
    assert re.findall(f"{ways}|{reach}", text) == []


def test_the_page_says_the_command_s_sentences() -> None:
    text = page().decode()
    inner = [STEPS[n][1][state] for n in range(1, 9) for state in ("ok", "bad")]
    pairs = [*VERDICTS.values(), *inner, STEPS[8][1]["unvouched"], NOT_REACHED, STEPS[9][1]["none"]]
    pairs.append(TEMPLATES["unchecked"])
    assert [sentence for pair in pairs for sentence in pair if sentence not in text] == []


@pytest.mark.journey
def test_page_and_command_agree_on_every_good_and_bad_package(
    open_page: Callable[..., Page], tmp_path: Path
) -> None:
    made = cases(tmp_path)
    found = dict(zip(made, map(answer, ask(open_page(), list(made.values()))), strict=True))
    wanted = {name: command(*case) for name, case in made.items()}
    assert {name: (found[name], wanted[name]) for name in made if found[name] != wanted[name]} == {}
    assert len(made) >= 150
    assert {exit_code for exit_code, _steps in wanted.values()} == {0, 1, 2, 3}


@pytest.mark.journey
def test_page_and_command_agree_wherever_a_bit_is_flipped(
    open_page: Callable[..., Page], built: Built
) -> None:
    good = built.path.read_bytes()
    places = [(at, 1 << at % 8) for at in range(0, len(good), 17)]
    wanted = []
    for at, bit in places:
        bent = good[:at] + bytes([good[at] ^ bit]) + good[at + 1 :]
        exit_code, steps = command(bent, built.policy)
        wanted.append([exit_code, next((n for n, state, _ in steps if state not in ("ok", "skipped")), 0)])
    assert open_page().evaluate(FLIP, [text64(good), text64(built.policy), places]) == wanted
    assert {exit_code for exit_code, _n in wanted} <= {1, 2}


@pytest.mark.journey
@pytest.mark.parametrize(
    "name", ["items.jsonl", "parts.jsonl", "checkpoints/5", "proofs/2.tlog-proof", "consistency/3"]
)
def test_page_and_command_agree_when_digests_and_container_are_made_anew(
    open_page: Callable[..., Page], built: Built, name: str
) -> None:
    files = files_of(built.path)
    good = files[name]
    bent = [good[:at] + bytes([good[at] ^ 1 << at % 7]) + good[at + 1 :] for at in range(0, len(good), 13)]
    asked = [(remade(files, {name: data}), built.policy) for data in bent]
    assert [answer(one) for one in ask(open_page(), asked)] == [command(*case) for case in asked]


@pytest.mark.journey
def test_the_page_finds_what_the_command_finds(open_page: Callable[..., Page], built: Built) -> None:
    report = verify_package(built.path, policy=policy.parse(built.policy)).json()
    (found,) = ask(open_page(), [(built.path.read_bytes(), built.policy)])
    for paper in found["papers"]:
        [paper.pop("entry") for _ in range(paper["entry"] is None)]
    same = ("exit", "log", "witnesses", "times", "not_proved", "omissions", "papers", "register")
    assert {key: found[key] for key in same} == {key: report[key] for key in same}
    assert found["papers"][0]["entry"] == 3


@pytest.mark.journey
def test_page_and_command_find_the_same_of_what_was_taken_out_of_a_registered_package(
    open_page: Callable[..., Page], folder: Path
) -> None:
    sealed = registered(folder / "registered.zip")
    volume = registered(folder / "volume.zip", kind="volume", digests=named(PDF, OMISSIONS, b"beside"))
    odd = registered(folder / "odd.zip", items="two")
    own = registered(
        folder / "own_items.zip", digests=named(PDF, OMISSIONS, files_of(sealed.path)["items.jsonl"])
    )
    files = files_of(sealed.path)
    bent = [counted(sealed.path, taken(files)) for taken in TAKEN.values()]
    bound = whole(folder / "bound.zip")
    files = files_of(bound.path)
    bent += [counted(bound.path, changed(files)) for changed in BOUND.values()]
    bent += [one.path.read_bytes() for one in (sealed, volume, own, bound, odd)]
    asked = [(one, sealed.policy) for one in bent]
    found = ask(open_page(), asked)
    assert [answer(one) for one in found] == [command(*case) for case in asked]
    plain, all_of_it = {"entry": REGISTER, "whole": False}, {"entry": REGISTER, "whole": True}
    assert [one["register"] for one in found][-5:] == [plain, plain, plain, all_of_it, {}]


@pytest.mark.journey
def test_on_the_page_too_a_log_is_no_witness_of_itself(open_page: Callable[..., Page], folder: Path) -> None:
    log = signer(ORIGIN, seed="own log")
    own = signer_of("witness0.sample.example", log.seed, kind=COSIGNATURE)
    about = About("receipt", ORIGIN, 1, "demo", "", "", ())
    named = policy_text(log, (own,))
    with Package(about, policy=named) as package:
        package.add_checkpoint(signed_checkpoint(log, 1, bytes(32), (own,)))
        package.write(folder / "own.zip")
    asked = ((folder / "own.zip").read_bytes(), named)
    (found,) = ask(open_page(), [asked])
    assert answer(found) == command(*asked)
    assert (found["exit"], found["witnesses"]) == (3, [])


@pytest.mark.journey
def test_a_file_too_large_for_memory_is_read_in_slices_to_the_same_end(
    open_page: Callable[..., Page], built: Built
) -> None:
    good = built.path.read_bytes()
    bent = good[:900] + bytes([good[900] ^ 1]) + good[901:]
    exits = [open_page().evaluate(SLICED, [text64(data), text64(built.policy)]) for data in (good, bent)]
    assert exits == [0, 2]


FAULTS = [
    ("items.jsonl", lambda v: v[1].update(n=9), 1, "items.jsonl，第 2 行"),
    ("parts.jsonl", lambda v: v[0].update(salt="00" * 16), 1, "parts.jsonl，第 1 行"),
    ("package.json", lambda v: v[0].update(v=2), 2, "package.json"),
    ("omissions.jsonl", lambda v: v[0].update(count=0), 2, "omissions.jsonl，第 1 行"),
]


@pytest.mark.journey
@pytest.mark.parametrize(("name", "change", "exit_code", "place"), FAULTS, ids=[row[0] for row in FAULTS])
def test_the_file_at_fault_is_named(
    open_page: Callable[..., Page],
    built: Built,
    tmp_path: Path,
    name: str,
    change: Any,
    exit_code: int,
    place: str,
) -> None:
    files = files_of(built.path)
    path = tmp_path / "bad.zip"
    path.write_bytes(remade(files, {name: edit(files[name], change)}))
    opened = open_page()
    show(opened, path, exit_code)
    said = opened.locator("#verdict .where").inner_text().replace("\u2009", " ")
    assert said == f"有问题的文件：{place}"


@pytest.mark.journey
def test_a_damaged_paper_is_named_and_the_content_is_not_shown(
    open_page: Callable[..., Page], built: Built, folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "bad.zip"
    path.write_bytes(built.path.read_bytes().replace(b"sample list of evidence", b"simple list of evidence"))
    opened = open_page()
    show(opened, path, 2, named=folder / "trust.policy")
    assert "01-证据目录.pdf" in opened.locator("#verdict .where").inner_text()
    assert opened.locator("table.items").count() == 0


@pytest.mark.journey
def test_what_a_package_says_is_shown_as_text_and_never_as_markup(
    open_page: Callable[..., Page], tmp_path: Path
) -> None:
    log = signer(ORIGIN)
    about = About("matter", ORIGIN, 1, "real", TROUBLE, TROUBLE, (TROUBLE,))
    with Package(about, policy=policy_text(log, ())) as package:
        package.add_checkpoint(signed_checkpoint(log, 1, b"r" * 32))
        package.add_omission(what=TROUBLE, count=1, reason=TROUBLE)
        package.add_pdf("01-a\u202efdp.pdf", b"%PDF")
        package.write(tmp_path / "p.zip")
    opened = open_page()
    show(opened, tmp_path / "p.zip", 3)
    opened.locator("#details > summary").click()
    assert opened.locator("main img, #report b, #report script").count() == 0
    text = opened.locator("main").inner_text()
    assert "\u202e" not in text and "\\u202egnp" in text and "\\u0007" in text and "<img src=x" in text
    assert opened.title() == "核验证据包"


@pytest.mark.journey
def test_page_and_command_write_each_unseen_character_alike_and_leave_every_other(
    open_page: Callable[..., Page],
) -> None:
    words = [chr(number) for block in SEEN_AND_UNSEEN for number in block]
    assert open_page().evaluate("(words) => words.map(sealVerify.visible)", words) == list(
        map(visible, words)
    )
    assert {one for one in words if visible(one) != one} >= set(
        "\x00\t\n\x1b\x7f\x9b\u00ad\u200f\u2028\u202e\u2069"
    )


@pytest.mark.journey
def test_no_word_of_a_package_makes_a_line_of_its_own_on_the_page(
    open_page: Callable[..., Page], built: Built, folder: Path, tmp_path: Path
) -> None:
    said = f"此外没有说过别的话\n\u2029{VERDICTS[0][0]}\u202e\x1b[2J"

    def forge(values: list[dict[str, Any]]) -> None:
        values[0]["not_proved"] = [said]
        values[0]["matter"] = said

    files = files_of(built.path)
    forged = remade(files, {"package.json": edit(files["package.json"], forge)})
    (tmp_path / "p.zip").write_bytes(forged)
    opened = open_page()
    show(opened, tmp_path / "p.zip", 3)
    shown = opened.locator("bdi.foreign", has_text=VERDICTS[0][0])
    assert shown.all_inner_texts() == [visible(said)] * 2
    assert [shown.nth(n).evaluate("node => getComputedStyle(node).unicodeBidi") for n in (0, 1)] == [
        "isolate"
    ] * 2
    lines = opened.locator("main").inner_text().splitlines()
    assert [line for line in lines if line.startswith(VERDICTS[0][0])] == []
    show(opened, tmp_path / "p.zip", 0, named=folder / "trust.policy")


@pytest.mark.journey
@pytest.mark.parametrize("script", [NO_ED25519, NO_SUBTLE], ids=["no Ed25519", "no SubtleCrypto"])
def test_a_browser_without_ed25519_says_so_and_never_says_verified(
    open_page: Callable[..., Page], built: Built, folder: Path, script: str
) -> None:
    opened = open_page(script=script)
    show(opened, built.path, 3, named=folder / "trust.policy")
    expect(opened.locator("#status")).to_contain_text("本浏览器不能验证")
    expect(opened.locator('[data-step="counts"]')).to_have_attribute("data-result", "ok")
    expect(opened.locator('[data-step="trust"]')).to_have_attribute("data-result", "unvouched")


@pytest.mark.journey
def test_files_are_dropped_and_a_policy_is_pasted(open_page: Callable[..., Page], built: Built) -> None:
    opened = open_page()
    opened.evaluate(DROP, ["#drop-package h2", "证据包.zip", text64(built.path.read_bytes())])
    expect(opened.locator("html")).to_have_attribute("data-exit", "3")
    expect(opened.locator("#status")).to_contain_text("您还没有给出信任策略")
    opened.evaluate(DROP, ["#policy", "trust.policy", text64(built.policy)])
    expect(opened.locator("html")).to_have_attribute("data-exit", "0")
    opened.locator("#policy-clear").click()
    expect(opened.locator("html")).to_have_attribute("data-exit", "3")
    opened.locator("#policy").fill(built.policy.decode().rstrip("\n"))
    expect(opened.locator("html")).to_have_attribute("data-exit", "0")
    opened.evaluate(DROP, ["#policy", "trust.policy", text64(built.policy.replace(b"\n", b"\r\n"))])
    expect(opened.locator("html")).to_have_attribute("data-exit", "2")
    expect(opened.locator("#title")).to_contain_text("信任策略写得不规范")
    expect(opened.locator("#policy-note")).to_contain_text("CRLF")


@pytest.mark.journey
def test_everything_is_reached_by_keyboard(open_page: Callable[..., Page], built: Built) -> None:
    opened = open_page()
    opened.on("filechooser", lambda chosen: chosen.set_files(built.path))
    opened.locator("#language").focus()
    opened.keyboard.press("Tab")
    expect(opened.locator("#package")).to_be_focused()
    opened.keyboard.press("Space")
    expect(opened.locator("html")).to_have_attribute("data-exit", "3")
    opened.locator("#policy").focus()
    opened.keyboard.insert_text(built.policy.decode())
    expect(opened.locator("html")).to_have_attribute("data-exit", "0")
    opened.locator("button.quiet").first.focus()
    opened.keyboard.press("Enter")
    expect(opened.locator("td dl")).to_contain_text("xiaoshou01")
    opened.locator("#details > summary").focus()
    opened.keyboard.press("Enter")
    expect(opened.locator("#package-digest")).to_have_text(re.compile("^[0-9a-f]{64}$"))


@pytest.mark.journey
def test_the_answer_says_what_a_stranger_asks_in_both_languages(
    open_page: Callable[..., Page], built: Built, folder: Path
) -> None:
    opened = open_page()
    show(opened, built.path, 0, named=folder / "trust.policy")
    chinese = opened.locator("#verdict").inner_text().replace("\u2009", "")
    assert VERDICTS[0][0] in chinese
    assert "全部3个条目至迟于2026-09-21 周一 22:15:05（北京时间）已固定（见证方w0）" in chinese
    assert "未收入2项" in chinese and "演示时钟" in chinese
    assert opened.locator('[data-step="timestamps"]').inner_text().count("时间未在网页核验") == 1
    opened.locator("#language").click()
    expect(opened.locator("#title")).to_have_text(VERDICTS[0][1])
    expect(opened.locator("html")).to_have_attribute("lang", "en")
    assert not re.search("[\u4e00-\u9fff]", opened.locator("#verdict").inner_text())


@pytest.mark.journey
def test_on_paper_the_controls_are_gone_and_the_details_stand(
    open_page: Callable[..., Page], built: Built, folder: Path
) -> None:
    opened = open_page()
    show(opened, built.path, 0, named=folder / "trust.policy")
    opened.evaluate("dispatchEvent(new Event('beforeprint'))")
    opened.emulate_media(media="print")
    expect(opened.locator("#inputs")).to_be_hidden()
    expect(opened.locator("#print")).to_be_hidden()
    expect(opened.locator("#package-digest")).to_be_visible()
    expect(opened.locator("#title")).to_be_visible()


STATES = {
    "empty": lambda opened, folder: None,
    "green": lambda opened, folder: show(
        opened, folder / "sample" / "证据包.zip", 0, named=folder / "trust.policy"
    ),
    "amber": lambda opened, folder: show(opened, folder / "sample" / "证据包.zip", 3),
    "red": lambda opened, folder: show(opened, folder / "bad.zip", 1, named=folder / "trust.policy"),
    "malformed": lambda opened, folder: show(opened, folder / "trust.policy", 2),
}


@pytest.mark.journey
@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
@pytest.mark.parametrize("state", STATES)
def test_every_state_can_be_read_by_everybody(
    open_page: Callable[..., Page], built: Built, folder: Path, state: str, width: int, scheme: str
) -> None:
    files = files_of(built.path)
    moved = edit(files["items.jsonl"], lambda values: values[1].update(n=9))
    (folder / "bad.zip").write_bytes(remade(files, {"items.jsonl": moved}))
    opened = open_page(width=width, scheme=scheme)
    STATES[state](opened, folder)
    SHOTS.mkdir(parents=True, exist_ok=True)
    picture(opened, SHOTS / f"verify-page-{state}-{width}.png")
    found = Axe().run(opened, options=RULES).response["violations"]
    assert [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found] == []
    assert opened.evaluate(SMALL_TARGETS) == []
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert opened.evaluate(overflow) == 0
    assert opened.locator("#word").inner_text() != ""
