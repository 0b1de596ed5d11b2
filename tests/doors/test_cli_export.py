"""`jieli export`: a company leaves with everything that may be opened, and says what is not among it."""

import csv
import json
import signal
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import seal.cli
from jieli.access import queries as access
from jieli.access.types import Role
from jieli.archive import operations as archive
from jieli.consent.types import Scope
from jieli.evidence.leaving_export import operations, volumes
from jieli.evidence.leaving_export.types import A_VOLUME
from jieli.kernel import failpoints
from jieli.ledger import queries as ledger
from jieli.reading.models import Opening
from jieli.wiring import leaving
from jieli.wiring.profile import read_profile
from seal.keys import COSIGNATURE, generate
from tests.conftest import NOW
from tests.doors.cli import TALK, Jieli, bring, matter
from tests.doors.test_cli_ledger import policy_of
from tests.doors.test_cli_media import OTHER, SOUND, voice, written
from tests.rooms.child_process import Tell, run_in_child
from tests.rooms.company import chat, open_vault, reader, says
from tests.rooms.test_evidence import cosigned

Sql = Callable[..., list[tuple[Any, ...]]]
MORE = (
    chat(4, '=HYPERLINK("http://x")\n繁體也有，😀', when="2026-09-18 11:00"),
    chat(5, "苏打饼干也要一盒。", sender="wm-gu", when="2026-09-18 11:30"),
    chat(6, "مرحبا", sender="wm-gu", when="2026-09-17 11:30"),
)


@pytest.fixture
def leaving_firm(jieli: Jieli, tmp_path: Path, signing: None) -> str:
    """The company with two talks, and an approved request that all of it may leave; the matter's number."""
    assert bring(jieli, tmp_path, *TALK, *MORE)["admitted"] == 6
    return approved(jieli)


def approved(jieli: Jieli) -> str:
    """A matter in which somebody else agreed that everything may leave; its number."""
    reader(Role.LEGAL, name="fa")
    number = matter(jieli)
    ask = ("export", "ask", "--matter", number, "--as", "yan", "--reason", "合同到期，迁往新系统")
    request = jieli.answer(*ask)["request"]
    jieli.answer("approve", "decide", request, "同意", "--as", "fa")
    return number


def everything(jieli: Jieli, number: str, to: Path, *more: object) -> dict[str, Any]:
    done = jieli("export", "all", to, "--matter", number, "--as", "yan", "--json", *more)
    assert done.exit_code in (0, 3), done.output
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["complete"] is (done.exit_code == 0)
    return found


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_everything_leaves_and_a_stranger_verifies_it(
    jieli: Jieli, leaving_firm: str, tmp_path: Path
) -> None:
    to = tmp_path / "out"
    done = everything(jieli, leaving_firm, to)
    assert (done["items"], done["volumes"], done["omitted"], done["missed"]) == (6, 1, {}, 0)
    volume = to / "volumes" / "000001"
    assert {p.relative_to(volume).parts[0] for p in volume.rglob("*") if p.is_file()} == {
        "messages.csv", "messages.dat", "edrm.xml", "eml", "vcon", "proof.zip", "omissions.csv", "volume.json",
    }  # fmt: skip
    policy = to / "policy"
    assert seal.cli.main(["verify", str(volume / "proof.zip"), "--policy", str(policy)]) == 0
    assert seal.cli.main(["verify", str(volume / "proof.zip")]) == 3
    listed = rows(volume / "messages.csv")
    assert [r["text"].removeprefix("'") for r in listed if r["sender"] == "wm-gu"] == [
        "مرحبا",
        "苏打饼干也要一盒。",
    ]
    assert {r["sender_name"] for r in listed} == {"林晚", "何青", "顾客甲"}
    manifest = json.loads((to / "manifest.json").read_bytes())
    assert manifest["sources"] == {"wecom": {"exported": 6, "kept": 6, "omitted": 0}}
    assert sha256((to / "manifest.json").read_bytes()).hexdigest() == done["manifest_sha256"]
    log = next(line.split()[1] for line in policy.read_text().splitlines() if line.startswith("log"))
    read = jieli.answer("ledger", "verify", to / "ledger", "--log", log)
    assert read["size"] == done["ledger"]
    assert jieli.answer("fsck")["clean"] is True


def test_without_a_witness_the_export_says_so_and_counts_where_the_policy_asks_for_none(
    jieli: Jieli, leaving_firm: str, tmp_path: Path
) -> None:
    words = ("export", "all", tmp_path / "out", "--matter", leaving_firm, "--as", "yan")
    said = jieli.said(*words, "--formats", "csv")
    assert "证据包未见证，未经中立第三方固定\n" in said and "核验会得 3" not in said
    assert "全部内容都已导出，没有略去" in said
    [volume] = json.loads((tmp_path / "out" / "manifest.json").read_bytes())["volumes"]
    assert (volume["witnessed"], volume["counts"], volume["witnessed_earlier"]) == ([], True, None)


def test_an_export_whose_proofs_do_not_count_yet_ends_with_3_as_verifying_it_will(
    jieli: Jieli, leaving_firm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "A_VOLUME", 4)
    witness = generate("witness.example/w", kind=COSIGNATURE)
    policy_of(jieli, f"witness w {witness.vkey.format()}", "quorum w")
    seen = jieli.answer("ledger", "status")["checkpoint"]
    cosigned(seen, witness)
    to = tmp_path / "out"
    done = everything(jieli, leaving_firm, to, "--formats", "csv")
    assert (done["items"], done["omitted"], done["counts"], done["complete"]) == (6, {}, False, False)
    earlier = {"size": seen, "witnessed": ["witness.example/w"]}
    told = {"package": "proof.zip", "witnessed": [], "counts": False, "witnessed_earlier": earlier}
    assert done["vouched"] == [{"volume": 1, **told}, {"volume": 2, **told}]
    manifest = json.loads((to / "manifest.json").read_bytes())
    assert (manifest["counts"], manifest["complete"]) == (False, False)
    assert [(v["witnessed"], v["counts"]) for v in manifest["volumes"]] == [([], False)] * 2
    for n in (1, 2):
        proof = to / "volumes" / f"{n:06d}" / "proof.zip"
        assert seal.cli.main(["verify", str(proof), "--policy", str(to / "policy")]) == 3
    # Run again, the finished volumes are what they were: the sentence is the one that `evidence package` says.
    again = jieli("export", "all", to, "--matter", leaving_firm, "--as", "yan", "--formats", "csv")
    assert again.exit_code == 3
    sentence = f"最新检查点未见证（较早的 {seen} 条已由 witness.example/w 见证）；核验会得 3，待见证后重做"
    assert f"2 份证据包{sentence}" in again.stdout
    assert "全部内容都已导出，没有略去" in again.stdout and "不完整" not in again.stdout
    assert "请另给一个空目录，再导出一次" in again.stdout


def test_an_export_whose_ledger_nobody_signed_to_its_end_says_so_and_ends_with_3(
    jieli: Jieli, leaving_firm: str, tmp_path: Path, signing: Callable[[], None]
) -> None:
    to = tmp_path / "out"
    first = everything(jieli, leaving_firm, to, "--formats", "csv")
    assert (first["complete"], first["unsigned"], first["why"]) == (True, 0, None)
    signing()
    jieli.profile = read_profile({"JIELI_HOME": str(jieli.home), "JIELI_PROFILE": "production"})
    done = everything(jieli, leaving_firm, to, "--formats", "csv")
    # The volume stands and counts; of the book only the entry that closes this run is missing.
    assert (done["complete"], done["counts"], done["resumed"], done["unsigned"]) == (False, True, 1, 1)
    assert done["ledger"] == first["ledger"] and "jieli serve" in done["why"]
    again = jieli("export", "all", to, "--matter", leaving_firm, "--as", "yan", "--formats", "csv")
    assert again.exit_code == 3
    assert "签名进程没有签到最新：账本其后 2 条还没有签名，不在 ledger/ 里。\n原因：" in again.stdout
    assert "请让签名进程运行" in again.stdout and "不完整" not in again.stdout
    policy = (to / "policy").read_text()
    log = next(line.split()[1] for line in policy.splitlines() if line.startswith("log"))
    assert jieli.answer("ledger", "verify", to / "ledger", "--log", log)["size"] == first["ledger"]


def test_load_files_are_sealed_and_point_into_the_proof(
    jieli: Jieli, leaving_firm: str, tmp_path: Path
) -> None:
    everything(jieli, leaving_firm, tmp_path / "out")
    volume = tmp_path / "out" / "volumes" / "000001"
    said = json.loads((volume / "volume.json").read_bytes())
    for one in said["files"]:
        data = (volume / one["name"]).read_bytes()
        assert (one["sha256"], one["bytes"]) == (sha256(data).hexdigest(), len(data))
    sealed = ledger.parts([("evidence_package", str(row)) for row in _records()])
    [part] = [p for found in sealed.values() for p in found]
    files = [one for one in said["files"] if one["name"] != "proof.zip"]
    assert all(one["sha256"].encode() in part.body for one in files)
    [opening] = Opening.objects.filter(kind="取证")
    assert str(opening.id) == said["opening"]
    assert (opening.purpose, len(opening.items)) == ("合规审计", 6)
    kinds = [e.kind for e in ledger.entries(range(ledger.head(ledger.live_log()).size)).values()]
    assert kinds.count("evidence.export_begun") == kinds.count("evidence.exported") == 1


def _records() -> list[Any]:
    from jieli.evidence.models import PackageRecord

    return list(PackageRecord.objects.filter(kind="volume").values_list("id", flat=True))


def test_what_may_not_be_opened_is_listed_one_by_one_with_its_reason(
    jieli: Jieli, leaving_firm: str, tmp_path: Path
) -> None:
    says(jieli.company, "wm-gu", "object_", when=NOW, scope=Scope.CAPTURE)
    shown = rows_of_talk(jieli, leaving_firm)
    archive.shred_items(items=[shown[0]], reason="本人要求", by="system:test", at=NOW)
    to = tmp_path / "out"
    done = everything(jieli, leaving_firm, to)
    assert (done["items"], done["omitted"]) == (3, {"已销毁": 1, "有异议待答复": 2})
    left = rows(to / "omissions.csv")
    assert sorted(r["reason"] for r in left) == ["已销毁", "有异议待答复", "有异议待答复"]
    assert str(shown[0]) in {r["item"] for r in left if r["reason"] == "已销毁"}
    assert "顾客" not in (to / "volumes/000001/messages.csv").read_text()
    said = jieli("export", "all", to, "--matter", leaving_firm, "--as", "yan")
    assert said.exit_code == 3
    for word in ("略去 2 条：有异议待答复", "不完整", "第 1 卷早已完成"):
        assert word in said.output


def rows_of_talk(jieli: Jieli, number: str) -> list[int]:
    asked = ("search", "明前茶", "--purpose", "投诉溯源", "--matter", number, "--as", "yan")
    return [int(one["item"]) for one in jieli.answer(*asked)["items"]]


def test_an_altered_item_is_named_and_the_rest_leaves(
    jieli: Jieli, leaving_firm: str, tmp_path: Path, owner_sql: Sql
) -> None:
    [bad] = rows_of_talk(jieli, leaving_firm)
    owner_sql("ALTER TABLE archive_item DISABLE TRIGGER USER")
    owner_sql("UPDATE archive_item SET ciphertext = ciphertext || 'x' WHERE item_id = %s", [bad])
    owner_sql("ALTER TABLE archive_item ENABLE TRIGGER USER")
    done = everything(jieli, leaving_firm, tmp_path / "out")
    assert (done["items"], done["omitted"]) == (5, {volumes.ALTERED: 1})
    assert [r["item"] for r in rows(tmp_path / "out" / "omissions.csv")] == [str(bad)]


def test_without_somebody_else_s_approval_nothing_leaves(jieli: Jieli, tmp_path: Path, signing: None) -> None:
    number, to = matter(jieli), tmp_path / "out"
    words = ("export", "all", to, "--matter", number, "--as")
    assert jieli.refused(*words, "yan")["code"] == "evidence.export_not_approved"
    request = jieli.answer("export", "ask", "--matter", number, "--as", "yan", "--reason", "迁移")["request"]
    assert (
        jieli.refused("approve", "decide", request, "同意", "--as", "yan")["code"] == "approvals.own_request"
    )
    reader(Role.LEGAL, name="fa")
    jieli.answer("approve", "decide", request, "同意", "--as", "fa")
    assert jieli.refused(*words, "fa")["code"] == "evidence.export_not_approved"
    assert jieli.refused(*words, "admin")["code"] == "access.forbidden"
    assert jieli.refused(*words, "yan", "--purpose", "质检")["code"] == "evidence.export_not_approved"
    assert jieli.refused(*words, "yan", "--purpose", "绩效")["code"] == "reading.purpose_denied"
    assert jieli.refused(*words, "yan", "--formats", "csv,pst")["code"] == "export.unknown_format"
    assert not to.exists()
    assert Opening.objects.count() == 0
    assert everything(jieli, number, to)["items"] == 0


def test_a_directory_of_something_else_is_refused(jieli: Jieli, leaving_firm: str, tmp_path: Path) -> None:
    words = ("export", "all", tmp_path / "out", "--matter", leaving_firm, "--as", "yan")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    assert jieli.refused(*words)["code"] == "evidence.other_export"
    (tmp_path / "out" / "mine.txt").unlink()
    everything(jieli, leaving_firm, tmp_path / "out", "--formats", "csv")
    assert jieli.refused(*words)["code"] == "evidence.other_export"


def _leave(tell: Tell, home: Path, number: str, to: Path) -> None:
    """What the command does, in a process of its own that asks the signer of the test."""
    operations.A_VOLUME = 2
    open_vault(home)
    by = access.person_by_sign_in("yan")
    assert by is not None
    profile = read_profile({"JIELI_HOME": str(home)})
    done = leaving.export_everything(
        profile, to, ("csv", "eml"), purpose="合规审计", matter=number, by=by, clock=lambda: NOW,
        tell=lambda made: None,
    )  # fmt: skip
    tell(done.items)


def test_an_export_killed_twice_keeps_its_finished_volumes_and_goes_on(
    jieli: Jieli, leaving_firm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "out"
    for where, kept in (("leaving.after_seal:2", 1), ("leaving.after_volume", 2)):
        monkeypatch.setenv(failpoints.VARIABLE, where)
        assert run_in_child(_leave, jieli.home, leaving_firm, to) == (-signal.SIGKILL, [])
        finished = sorted(p.name for p in (to / "volumes").iterdir() if not p.name.endswith(".writing"))
        assert finished == [f"{n:06d}" for n in range(1, kept + 1)]
    monkeypatch.delenv(failpoints.VARIABLE)
    before = {p: p.read_bytes() for p in (to / "volumes" / "000001").rglob("*") if p.is_file()}
    bring(jieli, tmp_path, chat(7, "导出开始以后才来的", when="2026-09-18 12:00"))
    monkeypatch.setattr(operations, "A_VOLUME", 2)
    done = everything(jieli, leaving_firm, to, "--formats", "csv,eml")
    assert (done["items"], done["volumes"], done["resumed"], done["missed"]) == (6, 3, 2, 0)
    assert {p: p.read_bytes() for p in before} == before
    numbers = [r["item"] for n in (1, 2, 3) for r in rows(to / "volumes" / f"{n:06d}" / "messages.csv")]
    assert len(set(numbers)) == len(numbers) == 6
    for n in (1, 2, 3):
        proof = to / "volumes" / f"{n:06d}" / "proof.zip"
        assert seal.cli.main(["verify", str(proof), "--policy", str(to / "policy")]) == 0
    assert not list(to.rglob("*.writing"))


def test_a_volume_takes_what_one_opening_may_name() -> None:
    from jieli.reading.policy import MOST_AN_OPENING

    assert A_VOLUME <= MOST_AN_OPENING
    assert leaving.formats("csv, dat,csv") == ("csv", "dat")
    assert leaving.formats("") == ()


def test_stored_files_leave_beside_their_messages_and_what_is_missing_is_listed(
    jieli: Jieli, tmp_path: Path, signing: None
) -> None:
    lines = [voice(n, data, when=f"2026-09-18 10:0{n}") for n, data in ((3, SOUND), (4, OTHER), (5, b"x"))]
    assert bring(jieli, tmp_path, TALK[0], *lines)["admitted"] == 4
    number = approved(jieli)
    for name, data in (("a.amr", SOUND), ("b.amr", OTHER)):
        written(tmp_path / "in", name, data)
    jieli.answer("media", "import", tmp_path / "in", "--matter", number, "--as", "admin")
    done = everything(jieli, number, tmp_path / "whole")
    assert (done["complete"], done["files"], done["files_not_fetched"], done["files_lost"]) == (True, 2, 1, 0)
    volume = tmp_path / "whole" / "volumes" / "000001"
    listed = {row["item"]: json.loads(row["files"]) for row in rows(volume / "messages.csv")}
    names = [name for names in listed.values() for name in names]
    assert sorted((volume / name).read_bytes() for name in names) == sorted((SOUND, OTHER))
    told = json.loads((volume / "volume.json").read_text())
    digests = {one["name"]: one["sha256"] for one in told["files"]}
    assert all(digests[name] == sha256((volume / name).read_bytes()).hexdigest() for name in names)
    edrm, [vcon] = (volume / "edrm.xml").read_text(), (volume / "vcon").glob("*.json")
    mails = "".join(p.read_text() for p in (volume / "eml").rglob("*.eml"))
    for name in names:
        assert f'FilePath="media" FileName="{name.removeprefix("media/")}"' in edrm
        assert f'"url": "../{name}"' in vcon.read_text()
        assert f"X-Jieli-File: {name}" in mails
    [left] = [
        row for row in rows(tmp_path / "whole" / "omissions.csv") if row["reason"].startswith("附件未取回")
    ]
    assert listed[left["item"]] == []
    packed = (volume / "proof.zip").read_bytes()
    assert digests["media.csv"].encode() in packed and digests[names[0]].encode() not in packed
    [first, *_] = [p for p in (jieli.home / "media").rglob("*") if p.is_file()]
    first.unlink()
    again = everything(jieli, number, tmp_path / "lost")
    assert (again["complete"], again["files"], again["files_lost"]) == (False, 1, 1)
    assert "附件在存储中缺失" in (tmp_path / "lost" / "omissions.csv").read_text()
    assert (
        "存有而取不出 1 个"
        in jieli("export", "all", tmp_path / "lost", "--matter", number, "--as", "yan").stdout
    )
