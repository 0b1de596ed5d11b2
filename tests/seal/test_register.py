"""Who holds a package can take things out of it without any key; what its maker registered in the ledger shows it."""

import io
import json

import pytest

from seal import item, policy
from seal.canonical import encode
from seal.extract import extract
from seal.package import Package
from seal.verify import verify_package
from tests.seal.packages import PDF, files_of
from tests.seal.registers import ABOUT, OMISSIONS, REGISTER, counted, named, registered, whole

FORGED = b"%PDF-1.4 another conversation\n"
LINE = b'{"count":1,"reason":"x","what":"y"}\n'
#: What can be done with no key at all: from the package's files the changed ones.
TAKEN = {
    "a message is taken out": lambda files: {"items.jsonl": files["items.jsonl"].split(b"\n")[0] + b"\n"},
    "all messages are taken out": lambda files: {"items.jsonl": b""},
    "the list of omissions is emptied": lambda files: {"omissions.jsonl": b""},
    "an omission is made up": lambda files: {"omissions.jsonl": files["omissions.jsonl"] + LINE},
    "the paper is taken out": lambda files: {"01-证据目录.pdf": None},
    "the paper is exchanged": lambda files: {"01-证据目录.pdf": FORGED},
}


def _stated(**changed):
    return lambda files: {"package.json": encode({**json.loads(files["package.json"]), **changed}) + b"\n"}


def _closed(files):
    """One word of a message closed: whoever holds it opened can put its digest in its place."""
    first, second = files["items.jsonl"].splitlines()
    line = json.loads(first)
    shown = line["fields"]["text"]
    digest = item.field_digest("text", bytes.fromhex(shown["salt"]), bytes.fromhex(shown["bytes"]))
    line["fields"]["text"] = {"digest": digest.hex()}
    return {"items.jsonl": encode(line) + b"\n" + second + b"\n"}


def _without(name, table):
    return lambda files: {
        name: b"".join(one for one in files[name].splitlines(keepends=True) if table not in one)
    }


def _no_notice_served(files):
    return {name: None for name in files if name.startswith("served/")}


#: What a register of today shows as well.
BOUND = {
    **TAKEN,
    "a word of a message is closed": _closed,
    "a record and the paper it names are taken out": lambda files: (
        _without("parts.jsonl", b"consent.notice")(files) | _no_notice_served(files)
    ),
    "the facts of an entry are taken out": _without("parts.jsonl", b"worker"),
    "a paper as served is taken out": _no_notice_served,
    "a paper is put in": lambda files: {"02-说明.pdf": FORGED},
    "the paper has another name": lambda files: {"01-证据目录.pdf": None, "01-目录.pdf": PDF},
    "whom the maker relies on is changed": lambda files: {"policy": files["policy"] + b"# more\n"},
    "the demo clock is called real": _stated(clock="real"),
    "it was made at another time": _stated(made=ABOUT.made - 1),
    "it is of another kind": _stated(kind="matter"),
    "it is a receipt": _stated(kind="receipt"),
    "it is of another matter": _stated(matter="另一事项"),
    "it has another purpose": _stated(purpose="另一目的"),
    "it proves other things": _stated(not_proved=["x"]),
}


def judged(source, built):
    report = verify_package(source, policy=policy.parse(built.policy))
    bad = [(step.n, step.code) for step in report.steps if step.state not in ("ok", "skipped")]
    return report.exit_code, bad, report.register and report.register.entry


def test_a_package_as_it_was_registered_verifies_and_says_where(tmp_path):
    built = registered(tmp_path / "p.zip")
    assert judged(built.path, built) == (0, [], REGISTER)
    report = verify_package(built.path, policy=policy.parse(built.policy))
    assert report.json()["register"] == {"entry": REGISTER, "whole": False}
    assert "制作登记：条目 4 登记了本包" in report.text()


@pytest.mark.parametrize("what", TAKEN)
def test_what_is_taken_out_or_exchanged_without_a_key_fails_against_the_register(what, tmp_path):
    built = registered(tmp_path / "p.zip")
    bent = counted(built.path, TAKEN[what](files_of(built.path)))
    assert judged(io.BytesIO(bent), built) == (1, [(7, "package.register")], None)


def test_a_register_of_today_binds_all_that_the_package_holds_and_says(tmp_path):
    built = whole(tmp_path / "p.zip")
    report = verify_package(built.path, policy=policy.parse(built.policy))
    assert (report.exit_code, report.json()["register"]) == (0, {"entry": REGISTER, "whole": True})
    assert "本包自称的类别和时钟，都与登记相同" in report.text()


@pytest.mark.parametrize("what", BOUND)
def test_whatever_is_changed_without_a_key_fails_against_a_register_of_today(what, tmp_path):
    built = whole(tmp_path / "p.zip")
    bent = counted(built.path, BOUND[what](files_of(built.path)))
    assert judged(io.BytesIO(bent), built) == (1, [(7, "package.register")], None)


@pytest.mark.parametrize("name", ["files:", "about:", "parts:"])
def test_a_register_that_names_another_digest_of_all_is_not_that_of_the_package(name, tmp_path):
    digests = [*named(PDF, OMISSIONS), name + "0" * 64]
    built = whole(tmp_path / "p.zip", digests=digests)
    assert judged(built.path, built) == (1, [(7, "package.register")], None)
    volume = whole(tmp_path / "v.zip", kind="volume", digests=digests)
    assert judged(volume.path, volume) == (1, [(7, "package.register")], None)


def test_a_record_put_in_is_none_that_the_register_binds(tmp_path):
    built = whole(tmp_path / "p.zip")
    lines = files_of(built.path)["parts.jsonl"].splitlines(keepends=True)
    assert b"evidence_package" in lines[-1]
    digests = json.loads(lines[-1])["body"]["row"]["digests"]
    same = registered(tmp_path / "q.zip", alone=True, digests=digests)
    assert judged(same.path, same) == (0, [], REGISTER)
    more = registered(tmp_path / "r.zip", digests=digests)
    assert judged(more.path, more) == (1, [(7, "package.register")], None)


def test_sm3sums_cannot_be_taken_out_of_what_a_register_binds(tmp_path):
    trusted = b"quorum none\n"
    with Package(ABOUT, policy=trusted) as plain, Package(ABOUT, policy=trusted, sm3=True) as double:
        one, two = plain.bound(), double.bound()
    assert [a == b for a, b in zip(one, two, strict=True)] == [True, False, True]


def test_an_extract_of_a_package_whose_register_binds_all_is_no_such_package(tmp_path):
    built = whole(tmp_path / "p.zip")
    extract(built.path, item=f"{REGISTER}.1", out=tmp_path / "extract")
    assert judged(tmp_path / "extract" / "extract.zip", built) == (0, [], None)


def test_without_its_register_a_package_passes_and_says_that_nothing_shows_it_whole(tmp_path):
    built = registered(tmp_path / "p.zip")
    files = files_of(built.path)
    kept = b"".join(
        line + b"\n" for line in files["parts.jsonl"].splitlines() if b"evidence_package" not in line
    )
    bent = counted(built.path, {"parts.jsonl": kept, "items.jsonl": b"", "omissions.jsonl": b""})
    report = verify_package(io.BytesIO(bent), policy=policy.parse(built.policy))
    assert (report.exit_code, report.json()["register"]) == (0, {})
    assert "没有制作登记" in report.text()
    assert "Not registered" in report.text()


def test_a_paper_put_in_is_told_to_stand_in_no_entry(tmp_path):
    built = registered(tmp_path / "p.zip")
    bent = counted(built.path, {"02-说明.pdf": FORGED})
    report = verify_package(io.BytesIO(bent), policy=policy.parse(built.policy))
    assert [(one.name, one.entry) for one in report.papers if one.entry is None] == [("02-说明.pdf", None)]


def test_an_extract_of_the_register_is_no_package_that_it_registers(tmp_path):
    built = registered(tmp_path / "p.zip")
    extract(built.path, item=f"{REGISTER}.1", out=tmp_path / "extract")
    assert judged(tmp_path / "extract" / "extract.zip", built) == (0, [], None)


def test_an_extract_of_a_message_has_no_register(tmp_path):
    built = registered(tmp_path / "p.zip")
    extract(built.path, item="2.1", out=tmp_path / "extract")
    assert judged(tmp_path / "extract" / "extract.zip", built) == (0, [], None)


def test_a_receipt_that_shows_the_register_of_another_package_is_not_that_package(tmp_path):
    built = registered(tmp_path / "p.zip", about="receipt")
    none = counted(built.path, {"items.jsonl": b"", "omissions.jsonl": b""})
    assert judged(io.BytesIO(none), built) == (0, [], None)
    some = counted(built.path, {"omissions.jsonl": b""})
    assert judged(io.BytesIO(some), built) == (1, [(7, "package.register")], None)


def test_the_register_of_a_volume_also_names_the_files_beside_it(tmp_path):
    beside = named(PDF, OMISSIONS, b"messages.csv")
    volume = registered(tmp_path / "v.zip", kind="volume", digests=beside)
    assert judged(volume.path, volume) == (0, [], REGISTER)
    other = registered(tmp_path / "c.zip", digests=beside)
    assert judged(other.path, other) == (1, [(7, "package.register")], None)


def test_a_matter_without_omissions_has_no_list_of_them_registered(tmp_path):
    none = registered(tmp_path / "m.zip", about="matter", kind="matter", omitted=0, digests=named(PDF))
    assert judged(none.path, none) == (1, [(7, "package.register")], None)
    empty = counted(none.path, {"omissions.jsonl": b""})
    assert judged(io.BytesIO(empty), none) == (0, [], REGISTER)


def test_a_register_may_name_the_messages_themselves(tmp_path):
    plain = files_of(registered(tmp_path / "p.zip").path)["items.jsonl"]
    built = registered(tmp_path / "q.zip", digests=named(PDF, OMISSIONS, plain))
    assert judged(built.path, built) == (0, [], REGISTER)
    other = registered(tmp_path / "r.zip", digests=named(PDF, OMISSIONS, plain + b"\n"))
    assert judged(other.path, other) == (1, [(7, "package.register")], None)


def test_a_part_of_that_name_in_another_form_registers_nothing(tmp_path):
    built = registered(tmp_path / "p.zip", items="two")
    assert judged(built.path, built) == (0, [], None)
