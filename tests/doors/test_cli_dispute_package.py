"""`jieli dispute`: the volume that leaves the house, and what both sides are told."""

import json
import re
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

import seal.cli
from jieli.access.types import Role
from seal import policy as policies
from seal.canonical import encode
from seal.verify import verify_package
from tests.doors.cli import TALK, Jieli, bring, items
from tests.doors.quarrel import Quarrel, brought, opened
from tests.rooms.company import reader
from tests.seal.packages import files_of
from tests.seal.registers import counted


@pytest.fixture
def case(jieli: Jieli, signing: None, tmp_path: Path) -> Quarrel:
    """The worked case, assessed; its lawyer signs in."""
    reader(Role.LEGAL, name="falv")
    found = brought(jieli, tmp_path)
    found("assess")
    return found


def verified(path: Path, policy: Path, capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What `seal verify` says of a package under the installation's policy, and how it ends."""
    capfd.readouterr()
    ended = seal.cli.main(["verify", str(path), "--policy", str(policy), "--json"])
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    assert found["exit"] == ended
    return found


def text_of(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).replace("\n", "")


def test_a_volume_opens_with_its_papers_and_verifies(
    case: Quarrel, jieli: Jieli, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    case("quarantine", "证5", "--grounds", "取得方式待核")
    bring(jieli, tmp_path, *TALK)
    [talk] = {i["conversation"] for i in items(jieli)}
    path, policy = tmp_path / "卷.zip", jieli.home / "trust.policy"
    made = case("package", "--out", path, "--conversation", talk)
    assert (made["exhibits"], made["items"]) == (4, 3)
    found = verified(path, policy, capfd)
    assert found["exit"] == 0
    assert all(paper["entry"] is not None for paper in found["papers"])
    with zipfile.ZipFile(path) as held:
        names = held.namelist()
        assert names[:5] == [
            "01-证据目录.pdf", "02-电子数据来源及提取过程说明.pdf", "03-核验说明.pdf", "04-损失计算说明.pdf",
            f"05-会话记录{talk}.pdf",
        ]  # fmt: skip
        assert sum(n.startswith("served/") for n in names) >= 4
        omitted = [json.loads(line) for line in held.read("omissions.jsonl").splitlines()]
        listed = text_of(held.read("01-证据目录.pdf"))
        tables = {json.loads(line)["body"]["table"] for line in held.read("parts.jsonl").splitlines()}
        about = json.loads(held.read("package.json"))
    told = {o["what"]: (o["count"], o["reason"]) for o in omitted}
    assert told["证据 证5"] == (1, "已隔离，不作为证据提交：取得方式待核")
    assert told["陈述"] == (1, "只依据被隔离的证据，不作为证据提交")
    assert told["评析"] == (4, "评析不是证据，不随卷提交")
    assert (about["kind"], about["matter"]) == ("matter", case.number)
    assert any("陈述是否属实" in line for line in about["not_proved"])
    assert {"evidence_fact", "evidence_exhibit", "evidence_dispute", "papers_paper"} <= tables
    assert "evidence_assessment" not in tables
    assert "证4投放报表" in listed.replace(" ", "")
    assert "证5购课订单" not in listed.replace(" ", "")
    changed = bytearray(path.read_bytes())
    changed[len(changed) // 2] ^= 1
    (tmp_path / "changed.zip").write_bytes(changed)
    assert seal.cli.main(["verify", str(tmp_path / "changed.zip"), "--policy", str(policy)]) in (1, 2)
    assert seal.cli.main(["verify", str(path)]) == 3
    assert case.refused("package", "--out", path) == "evidence.exists"
    assert jieli.answer("fsck")["clean"] is True


def test_verdicts_and_the_settlement_go_in_only_where_asked_and_attached(
    case: Quarrel, jieli: Jieli, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    signed = case.file("协议.txt", "双方签署的协议")
    terms = [
        {"类别": "交还", "义务人": "员工", "权利人": "公司", "内容": "交还", "凭证": "签收", "期限": "10日内"}
    ]  # fmt: skip
    case("settle", case.file("t.json", terms), "--paper", signed)
    path = tmp_path / "附评析.zip"
    case("package", "--out", path, "--with-verdicts")
    assert verified(path, jieli.home / "trust.policy", capfd)["exit"] == 0
    with zipfile.ZipFile(path) as held:
        printed = text_of(held.read("05-争点评析.pdf"))
        loss = text_of(held.read("04-损失计算说明.pdf"))
        tables = {json.loads(line)["body"]["table"] for line in held.read("parts.jsonl").splitlines()}
    assert {"evidence_assessment", "evidence_settlement", "evidence_term", "duties_duty"} <= tables
    assert printed.index("焦点一") < printed.index("焦点二")
    assert "非法律意见" in printed
    assert "¥0.00" in loss
    assert "不计入" in loss


@pytest.mark.req("R0.33")
def test_both_sides_are_told_out_of_one_verdict_and_not_a_word_more(
    case: Quarrel, jieli: Jieli, tmp_path: Path
) -> None:
    """Two sheets exist; neither contains words absent from the verdict reasons."""
    made = case("explain", "--out", tmp_path)["sheets"]
    assert [s["side"] for s in made] == ["公司", "员工"]
    verdicts = case("show")["verdicts"].values()
    said = [v["text"] for v in verdicts] + [m["text"] for v in verdicts for m in v["missing"]]
    said = [one.replace(" ", "") for one in said + [step for v in verdicts for step in v["trace"]]]
    printed = {s["side"]: text_of(Path(s["file"]).read_bytes()) for s in made}
    assert "往期转化率" in printed["公司"]
    assert "应当交还账号并协助公司恢复使用。" in printed["员工"]
    for text in printed.values():
        reasons = [r for r in text.replace("理由", "\0理由").split("\0") if r.startswith("理由")]
        assert reasons
        assert [s for s in sentences(reasons) if not any(s in one for one in said)] == []
    fresh = opened(jieli, tmp_path, exhibits=0)
    assert fresh.refused("explain", "--out", tmp_path) == "evidence.not_assessed"
    assert fresh.refused("explain", "--out", tmp_path / "nowhere") == "cli.cannot_write"


def sentences(parts: list[str]) -> list[str]:
    """The sentences of the reasons on a sheet, without its own headings, numbers, and what follows them."""
    said = "。".join(part.removeprefix("理由").partition("尚缺")[0] for part in parts)
    plain = (re.sub(r"^\d+\.", "", s.replace(" ", "")) for s in said.split("。"))
    return [s for s in plain if s]


def test_nothing_can_be_taken_out_of_a_volume_without_a_key(
    case: Quarrel, jieli: Jieli, tmp_path: Path
) -> None:
    bring(jieli, tmp_path, *TALK)
    [talk] = {i["conversation"] for i in items(jieli)}
    path = tmp_path / "卷.zip"
    case("package", "--out", path, "--conversation", talk)
    trusted = policies.parse((jieli.home / "trust.policy").read_bytes())
    whole = verify_package(path, policy=trusted)
    assert whole.exit_code == 0
    assert whole.register is not None
    assert whole.register.whole
    files = files_of(path)
    bent: dict[str, dict[str, bytes | None]] = {}
    for name in ("parts.jsonl", "items.jsonl", "omissions.jsonl"):
        lines = files[name].splitlines(keepends=True)
        kept = [line for line in lines if b'"evidence_package"' not in line]
        bent |= {
            f"{name} {at}": {name: b"".join(one for one in lines if one is not line)}
            for at, line in enumerate(kept)
        }
    bent |= {name: {name: None} for name in files if name.endswith(".pdf") or name.startswith("served/")}
    about = json.loads(files["package.json"])
    clock = {"demo": "real", "real": "demo"}[about["clock"]]
    stated = {"clock": clock, "made": about["made"] + 1, "kind": "conversation", "purpose": "x"}
    for key, value in stated.items():
        bent[key] = {"package.json": encode({**about, key: value}) + b"\n"}
    found = {
        what: verify_package(BytesIO(counted(path, changes)), policy=trusted)
        for what, changes in bent.items()
    }
    assert {what for what, report in found.items() if report.exit_code != 1} == set()
    assert len(bent) > 30
    codes = [step.code for report in found.values() for step in report.steps if step.state == "failed"]
    assert set(codes) <= {"package.register", "package.served"}
