"""What lies in the log of before a restore and in the one after it leaves by one command, as one package for each."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jieli.access.types import Person, Role
from jieli.archive import ports
from jieli.archive import queries as archived
from jieli.evidence import disputes_operations, facts_operations, matter_package, operations
from jieli.evidence.disputes_types import NewDispute, NewExhibit, Party
from jieli.evidence.errors import PackageExists
from jieli.evidence.models import PackageRecord
from jieli.evidence.types import Outside
from jieli.law.verdicts import StatedBy
from jieli.ledger import queries as ledger
from jieli.matters import operations as matters
from jieli.matters.types import MatterKind
from jieli.papers import operations as papers
from jieli.papers.types import Clock
from jieli.reading.models import Opening
from jieli.reading.types import Window
from jieli.wiring import backup as backups
from jieli.wiring import keys, restoring, signer
from jieli.wiring import ports as wired
from jieli.wiring.profile import Profile, read_profile
from seal import policy
from seal.verify import verify_package
from tests.conftest import NOW, ORIGIN
from tests.rooms.company import bring, chat, found_company, reader
from tests.rooms.test_restore import elsewhere, events, lose

__all__ = ["elsewhere"]
BY, NEW = "system:test", "test.jieli.example/log/2"


@dataclass(frozen=True)
class Both:
    """A house after its restore: a talk and a dispute that began in the old log and go on in the new one."""

    talk: int
    dispute: str
    lawyer: Person
    outside: Outside
    folder: Path

    def asked(self, **more: Any) -> dict[str, Any]:
        return {
            "by": self.lawyer,
            "at": NOW + 60,
            "path": self.folder / "证据.zip",
            "outside": self.outside,
        } | more


def exhibit(number: str, label: str, *, at: int) -> None:
    """A paper as it was handed in, which a package carries beside the PDFs."""
    kept = papers.receive(
        kind="证据材料",
        title=f"材料{label}",
        content=f"材料 {label}".encode(),
        media_type="text/plain",
        by=BY,
        at=at,
    )
    new = NewExhibit(kept.id, StatedBy.COMPANY, "证明往来", label)
    facts_operations.attach_exhibits(number=number, exhibits=[new], by=BY, at=at)


def newest() -> str:
    last = ledger.last_checkpoint()
    assert last is not None
    return last.note


@pytest.fixture
def both(db: None, elsewhere: Profile, tmp_path: Path) -> Iterator[Both]:
    old = read_profile({"JIELI_HOME": str(tmp_path / "old")})
    keys.init(old, origin=ORIGIN, witness_lines=[], at=NOW)
    wired.fill(old, at=NOW)
    company = found_company()
    bring([chat(n, f"旧账第{n}句", when=f"2026-09-18 10:0{n}") for n in range(3)])
    lawyer = reader(Role.LEGAL)
    number = matters.open_matter(kind=MatterKind.DISPUTE, title="账号归属", by=BY, at=NOW).number
    new = NewDispute(
        cause="其他", claimant=Party.COMPANY, person_label="何青", account_label="HeQing", tribunal="人民法院"
    )
    disputes_operations.open_dispute(number=number, new=new, by=BY, at=NOW)
    exhibit(number, "甲一", at=NOW)
    signer.sign_once(old, at=NOW + 1)
    copy = backups.backup(old, tmp_path / "copy", at=NOW + 2)
    backups.export(old, tmp_path / "out", for_restore=True)
    events(3)
    signer.sign_once(old, at=NOW + 7)
    (tmp_path / "seen").write_text(newest())
    lose(old, elsewhere)
    restoring.restore(
        elsewhere, copy.directory, outside_directory=tmp_path / "out", shown=[tmp_path / "seen"], new_origin=NEW,
        at=NOW + 20,
    )  # fmt: skip
    wired.fill(elsewhere, at=NOW + 21)
    bring(
        [chat(n, f"新账第{n}句", when=f"2026-09-18 10:0{n}") for n in range(3, 8)],
        at=NOW + 30,
        place="new.jsonl",
    )
    exhibit(number, "甲二", at=NOW + 31)
    world = Outside(
        policy=(elsewhere.home / "trust.policy").read_bytes(), page_sha256="0" * 64, clock=Clock.DEMO,
        unit="青禾茶业有限公司", system_version="0", checkpoint=lambda: signer.sign_once(elsewhere, at=NOW + 70),
    )  # fmt: skip
    [talk] = archived.conversations_of_account(company.accounts["HeQing"])
    yield Both(talk.id, number, lawyer, world, tmp_path)
    ports.use(confirm_opening=lambda receipt, items: False)


def content(path: Path, name: str) -> list[Any]:
    with zipfile.ZipFile(path) as opened:
        return [json.loads(line) for line in opened.read(name).splitlines()]


def tables(path: Path) -> set[str]:
    return {part["body"].get("table", "") for part in content(path, "parts.jsonl")}


def verdict(path: Path, world: Outside) -> tuple[int, list[str]]:
    report = verify_package(path, policy=policy.parse(world.policy))
    return report.exit_code, [step.code for step in report.steps if step.code]


def test_one_command_makes_a_package_of_each_log_and_each_names_the_other(both: Both) -> None:
    thread = matters.open_matter(kind=MatterKind.REQUEST, title="核查", by=BY, at=NOW + 40).number

    old, new = operations.make_conversation_packages(
        conversation=both.talk, purpose="争议举证", matter=thread, **both.asked()
    )

    assert (old.path.name, new.path.name) == ("证据-账本1.zip", "证据-账本2.zip")
    assert (old.origin, new.origin) == (ORIGIN, NEW)
    assert [verdict(one.path, both.outside) for one in (old, new)] == [(0, []), (0, [])]
    about = [content(one.path, "package.json")[0] for one in (old, new)]
    assert [a["origin"] for a in about] == [ORIGIN, NEW]
    assert [(a["counts"]["items"], a["omissions"]) for a in about] == [(3, 5), (5, 3)]
    assert [(one.items, one.omitted) for one in (old, new)] == [(3, 5), (5, 3)]
    assert {a["matter"] for a in about} == {thread}
    [of_old], [of_new] = (content(one.path, "omissions.jsonl") for one in (old, new))
    assert (of_old["count"], of_new["count"]) == (5, 3)
    assert NEW in of_old["reason"] and new.path.name in of_old["reason"]
    assert ORIGIN in of_new["reason"] and old.path.name in of_new["reason"] and old.sha256 in of_new["reason"]
    # What the items of both rest on was written before the loss; the openings and both seals after it.
    assert "见同时生成的另一份" in "".join(about[0]["not_proved"])
    assert {"consent_notice", "assets_holding"} <= tables(old.path)
    assert {"reading_opening", "evidence_package"} <= tables(new.path) - tables(old.path)
    sealed = [
        p["body"]["row"]
        for p in content(new.path, "parts.jsonl")
        if p["body"].get("table") == "evidence_package"
    ]
    assert {row["id"] for row in sealed} == {str(old.id), str(new.id)}


def test_each_item_is_opened_once_and_its_opening_named_by_its_own_package(both: Both) -> None:
    thread = matters.open_matter(kind=MatterKind.REQUEST, title="核查", by=BY, at=NOW + 40).number
    made = operations.make_conversation_packages(
        conversation=both.talk, purpose="争议举证", matter=thread, **both.asked()
    )
    kept = archived.ids_of_conversation(both.talk)
    openings = [Opening.objects.get(id=one.opening).items for one in made]
    assert sorted(item for items in openings for item in items) == sorted(kept)
    assert Opening.objects.count() == PackageRecord.objects.count() == 2
    assert [r.omitted for r in PackageRecord.objects.order_by("items")] == [5, 3]


def test_where_a_name_is_taken_nothing_is_opened_and_one_log_needs_no_second_name(both: Both) -> None:
    thread = matters.open_matter(kind=MatterKind.REQUEST, title="核查", by=BY, at=NOW + 40).number
    asked: dict[str, Any] = {"conversation": both.talk, "purpose": "争议举证", "matter": thread}
    (both.folder / "证据-账本2.zip").write_bytes(b"")
    with pytest.raises(PackageExists):
        operations.make_conversation_packages(**asked, **both.asked())
    assert not Opening.objects.exists()
    assert not PackageRecord.objects.exists()
    # All of one log fits into one, under the name that was asked for.
    late = Window(from_ms=archived.items_of_conversation(both.talk)[3].event_ms)
    [made] = operations.make_conversation_packages(**asked, **both.asked(window=late))
    assert (made.path.name, made.items, made.omitted) == ("证据.zip", 5, 0)
    assert "须另出一份" in "".join(content(made.path, "package.json")[0]["not_proved"])


def test_the_volume_of_a_dispute_over_both_logs_is_two_packages(both: Both) -> None:
    old, new = matter_package.make_matter_packages(
        number=both.dispute, **both.asked(conversations=[both.talk])
    )
    assert [verdict(one.path, both.outside) for one in (old, new)] == [(0, []), (0, [])]
    assert [(one.origin, one.exhibits, one.items) for one in (old, new)] == [(ORIGIN, 1, 3), (NEW, 1, 5)]
    told = [{o["what"]: o for o in content(one.path, "omissions.jsonl")} for one in (old, new)]
    talk = f"会话 {both.talk}"
    assert [(t[talk]["count"], t["证据与文书"]["count"]) for t in told] == [(5, 1), (3, 1)]
    assert all(new.path.name in o["reason"] for o in told[0].values())
    assert all(old.sha256 in o["reason"] for o in told[1].values())
    served = [
        [p for p in zipfile.ZipFile(one.path).namelist() if p.startswith("served/")] for one in (old, new)
    ]
    assert not set(served[0]) & set(served[1])
