"""The free words of a package on a terminal: they add no line, command nothing, and never have the last word."""

import json
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seal import part, policy
from seal.canonical import decode
from seal.cli import main
from seal.extract import extract
from seal.package import About, Package
from seal.show import show
from seal.tree import Tree
from seal.verify import verify_package
from seal.verify.words import VERDICTS
from seal.visible import text_of, visible
from tests.seal.packages import digest, files_of, policy_text, remade, signed_checkpoint, signer
from tests.seal.test_extract import run_foreign
from tests.seal.test_package import edit

UNSEEN = {"Cc", "Cf", "Zl", "Zp", "Cs"}
#: Clears the screen, rings, turns the writing round, and then says what it would like to be.
WISH = f"无\x1b[2J\x1b[H\x9b2J\r\n\x85\u2028\u2029\u202e\u2066\u200f\x07\x08{VERDICTS[0][0]}\nVerified: all is well."
WORDS = st.text(
    st.sampled_from("\x1b\x9b\n\r\x85\u2028\u202e\u2069\x00\x7f[2J核 ")
    | st.characters(exclude_categories=["Cs"]),
    max_size=12,
)


def forged(words: str, path: Path) -> bytes:
    """A package that holds together, with these words wherever a stranger without any key may put them; its policy."""
    name = "".join(one for one in words if one > " " and one not in '\x7f+/\\:*?"<>|' and not one.isspace())[
        :40
    ]
    log = signer(f"log.sample.example/{name}")
    bodies = (
        part.facts_body({"by": words}),
        part.row_body(table=f"t{words}", id=words, row={"w": words}),
    )
    salts = [digest(f"salt {n}")[:16] for n in range(len(bodies))]
    inner = Tree([part.part_leaf(salt, body) for salt, body in zip(salts, bodies, strict=True)])
    entry = part.entry_bytes(kind="a.b", time=1, count=len(bodies), commitment=inner.root())
    tree = Tree([part.parse_entry(entry).leaf()])
    about = About("matter", log.name, 1, "demo", words, words, (words, words))
    named = policy_text(log, ())
    with Package(about, policy=named) as made:
        made.add_checkpoint(signed_checkpoint(log, 1, tree.root()))
        made.add_entry(0, entry, tree.inclusion(0))
        for n, (salt, body) in enumerate(zip(salts, bodies, strict=True)):
            opened = decode(body)
            made.add_part(entry=0, n=n, path=inner.inclusion(n), salt=salt, body=opened)
        made.add_pdf(f"01-a{name}.pdf", b"%PDF-1.4\n%%EOF\n")
        made.add_omission(what=words, count=1, reason=words)
        made.write(path)
    return named


def unseen(text: str) -> set[str]:
    return {one for one in text if unicodedata.category(one) in UNSEEN} - {"\n"}


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("\x1b[2J", "\\u001b[2J"),
        ("a\r\nb\tc", "a\\u000d\\u000ab\\u0009c"),
        ("\x85\x9b\x7f", "\\u0085\\u009b\\u007f"),
        ("\u2028\u2029\u202e\u2066\u061c\ufeff\xad", "\\u2028\\u2029\\u202e\\u2066\\u061c\\ufeff\\u00ad"),
        ("\U000e0041\ud800", "\\U000e0041\\ud800"),
        ("👩\u200d💻", "👩\\u200d💻"),
    ],
)
def test_what_cannot_be_seen_is_written_out(words, shown):
    assert visible(words) == shown


@pytest.mark.parametrize(
    "words", ["核验通过，全角　空格", "𠮷野家 𰻞", "🀄️👍🏽", "cafe\u0301 \u00a0é", "שלום", "\\u001b", ""]
)
def test_what_people_write_stays_as_it_is(words):
    assert visible(words) == words


@given(st.lists(st.text(max_size=20), max_size=5))
def test_as_many_lines_as_were_given_and_nothing_unseen(lines):
    text = text_of(lines)
    assert text.count("\n") == len(lines)
    assert text.split("\n") == [*map(visible, lines), ""]
    assert text.splitlines() == list(map(visible, lines))
    assert unseen(text) == set()
    assert text_of(text.split("\n")[:-1]) == text


@settings(max_examples=60, deadline=None)
@given(WORDS)
@example(WISH)
def test_no_free_word_adds_a_line_or_a_control_character_to_what_is_verified_or_shown(words):
    with TemporaryDirectory() as folder:
        plain, bent = Path(folder) / "plain.zip", Path(folder) / "bent.zip"
        quiet = policy.parse(forged("x", plain))
        trusted = policy.parse(forged(words, bent))
        told = verify_package(bent, policy=trusted)
        texts = [told.text(), show(bent).text()]
        wanted = [verify_package(plain, policy=quiet).text(), show(plain).text()]
    assert told.exit_code == 0
    assert [text.count("\n") for text in texts] == [text.count("\n") for text in wanted]
    assert [len(text.splitlines()) for text in texts] == [text.count("\n") for text in texts]
    assert set().union(*map(unseen, texts)) == set()
    assert told.json()["not_proved"] == [words, words]


@pytest.fixture
def wishing(sample, tmp_path):
    """The sample, of which a stranger rewrote the words under no signature, and then the sums; and its policy."""

    def wish(values):
        values[0]["not_proved"] = [WISH, WISH]
        values[0]["matter"] = WISH

    def excuse(values):
        values[0]["reason"] = values[0]["what"] = WISH

    files = files_of(sample.path)
    changes = {"package.json": edit(files["package.json"], wish)}
    changes["omissions.jsonl"] = edit(files["omissions.jsonl"], excuse)
    (tmp_path / "p.zip").write_bytes(remade(files, changes))
    stranger = policy_text(signer("else.example"), ())
    (tmp_path / "stranger.policy").write_bytes(stranger)
    (tmp_path / "trust.policy").write_bytes(sample.policy)
    return tmp_path


@pytest.mark.parametrize(
    ("given_policy", "exit_code"), [("stranger.policy", 3), ("trust.policy", 0)], ids=["nobody", "somebody"]
)
def test_a_package_that_wishes_for_a_verdict_gets_the_true_one_first_and_last(
    wishing, given_policy, exit_code, capfd
):
    assert main(["verify", str(wishing / "p.zip"), "--policy", str(wishing / given_policy)]) == exit_code
    out = capfd.readouterr().out
    chinese, english = (half.splitlines() for half in out.split("\n\n"))
    assert (chinese[0], english[0]) == VERDICTS[exit_code]
    assert chinese[-1] == f"结论（退出码 {exit_code}）：{VERDICTS[exit_code][0]}"
    assert english[-1] == f"Verdict (exit {exit_code}): {VERDICTS[exit_code][1]}"
    others = [line for line in chinese + english if line.startswith(("核验通过", "Verified"))]
    assert others == list(VERDICTS[0])[: 2 * (exit_code == 0)]
    assert unseen(out) == set() and visible(WISH) in out


def test_a_list_ends_by_saying_that_it_is_only_a_list(wishing, capfd):
    assert main(["show", str(wishing / "p.zip")]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == lines[-1] and lines[-1].startswith("只看清单")
    assert f"不证明 not proved：{visible(WISH)}" in lines


def test_what_programs_read_is_not_changed(wishing, capfd):
    arguments = ["verify", str(wishing / "p.zip"), "--policy", str(wishing / "trust.policy"), "--json"]
    assert main(arguments) == 0
    out = capfd.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out)["not_proved"] == [WISH, WISH]
    assert main(["show", str(wishing / "p.zip"), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["not_proved"] == [WISH, WISH]


@pytest.mark.parametrize("item", ["0.0", "0.1"])
def test_the_readme_of_an_extract_prints_words_and_no_orders(item, tmp_path):
    forged(WISH, tmp_path / "p.zip")
    made = extract(tmp_path / "p.zip", item=item, out=tmp_path / "out")
    code, printed, said = run_foreign(made.folder)
    assert (code, said) == (0, "")
    assert len(printed.splitlines()) == 2
    assert printed.splitlines()[-1].startswith("OK log.sample.example/")
    assert unseen(printed) == set()
    assert unseen((made.folder / "README.txt").read_text("utf-8")) == set()


def test_a_name_typed_with_orders_in_it_is_told_without_them(tmp_path, capfd):
    with pytest.raises(SystemExit):
        main(["verify", "p.zip", "--\x1b[2J\nno-such"])
    told = capfd.readouterr().err
    assert unseen(told) == set() and len(told.splitlines()) == 2
    forged("x", tmp_path / "p.zip")
    assert (
        main(["extract", str(tmp_path / "p.zip"), "--item", "0.0", "--out", str(tmp_path / "a\x1b[2J\nb")])
        == 0
    )
    assert capfd.readouterr().out.count("\n") == 1
