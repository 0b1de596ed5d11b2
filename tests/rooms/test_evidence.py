"""One conversation leaves the house as a package that a stranger verifies."""

import json
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from jieli.access.types import Person, Role
from jieli.archive import operations as archive
from jieli.archive import queries as archived
from jieli.consent.types import Scope
from jieli.evidence import gathering, operations
from jieli.evidence.errors import NotCovered, NothingToProve, PackageExists
from jieli.evidence.types import Outside, Vouching
from jieli.ledger import checkpoints, queries
from jieli.ledger.bulk import copy_rows
from jieli.ledger.models import Cosignature
from jieli.ledger.operations import book
from jieli.papers.types import Clock
from jieli.reading import operations as reading
from jieli.reading.errors import PurposeDenied
from seal import canonical, cosignature, note
from seal.keys import COSIGNATURE, Signer, generate
from seal.policy import parse as parse_policy
from seal.verify import verify_package
from tests.conftest import NOW, ORIGIN
from tests.rooms.company import Company, bring, chat, company, reader, says, thread, vault
from tests.seal.packages import files_of
from tests.seal.registers import counted

__all__ = ["company", "vault"]
WORDS = ["您好，明前茶还有吗？", "有的，给您留两罐。", "请问可以退换吗", "七天内未拆封可以退换。"]


@pytest.fixture
def signer(db: None) -> Signer:
    made = generate(ORIGIN)
    checkpoints.first_checkpoint(made, at=NOW)
    return made


@pytest.fixture
def outside(signer: Signer) -> Outside:
    return Outside(
        policy=f"log {signer.vkey.format()}\nquorum none\n".encode(),
        page_sha256="0" * 64,
        clock=Clock.DEMO,
        unit="青禾茶业有限公司",
        system_version="0",
        checkpoint=lambda: checkpoints.run_round(signer, [], [], at=NOW),
    )


@pytest.fixture
def talk(signer: Signer, company: Company) -> Iterator[int]:
    lines = [
        chat(
            n,
            text,
            sender=["wm-lin", "HeQing"][n % 2],
            to=["HeQing", "wm-lin"][n % 2],
            when=f"2026-09-18 10:0{n}",
        )
        for n, text in enumerate(WORDS)
    ]
    assert bring(lines).admitted == 4
    account = company.accounts["HeQing"]
    [conversation] = archived.conversations_of_account(account)
    yield conversation.id


@pytest.fixture
def lawyer(talk: int) -> Person:
    return reader(Role.LEGAL)


def make(talk: int, lawyer: Person, outside: Outside, path: Path, purpose: str = "争议举证") -> Path:
    [made] = operations.make_conversation_packages(
        conversation=talk, purpose=purpose, matter=thread(), by=lawyer, at=NOW, path=path, outside=outside
    )
    assert made.sha256 == sha256(path.read_bytes()).hexdigest()
    return path


def test_a_package_verifies_under_the_policy_and_only_under_it(
    talk: int, lawyer: Person, outside: Outside, tmp_path: Path
) -> None:
    path = make(talk, lawyer, outside, tmp_path / "evidence.zip")
    assert verify_package(path, policy=parse_policy(outside.policy)).exit_code == 0
    assert verify_package(path).exit_code == 3
    other = f"log {generate(ORIGIN).vkey.format()}\nquorum none\n".encode()
    assert verify_package(path, policy=parse_policy(other)).exit_code == 3


def test_every_paper_and_the_omissions_are_sealed_in_the_ledger(
    talk: int, lawyer: Person, outside: Outside, tmp_path: Path
) -> None:
    path = make(talk, lawyer, outside, tmp_path / "evidence.zip")
    report = verify_package(path, policy=parse_policy(outside.policy))
    assert [p.entry is not None for p in report.papers] == [True] * len(report.papers)
    assert [p.name for p in report.papers] == [
        "01-证据目录.pdf", "02-提取过程说明.pdf", "03-核验说明.pdf", "04-会话记录.pdf",
    ]  # fmt: skip


def test_a_package_is_under_a_register_that_binds_all_of_it(
    talk: int, lawyer: Person, outside: Outside, tmp_path: Path
) -> None:
    path = make(talk, lawyer, outside, tmp_path / "evidence.zip")
    trusted = parse_policy(outside.policy)
    whole = verify_package(path, policy=trusted).register
    assert whole is not None
    assert whole.whole
    files = files_of(path)
    rest = files["parts.jsonl"].splitlines(keepends=True)[1:]
    assert b'"evidence_package"' in rest[-1]
    for bent in ({"parts.jsonl": b"".join(rest)}, {"items.jsonl": b""}):
        report = verify_package(BytesIO(counted(path, dict(bent))), policy=trusted)
        assert (report.exit_code, report.steps[6].code) == (1, "package.register")


def test_the_text_in_a_package_is_the_source_s_to_the_byte(
    talk: int, lawyer: Person, outside: Outside, tmp_path: Path
) -> None:
    path = make(talk, lawyer, outside, tmp_path / "evidence.zip")
    with zipfile.ZipFile(path) as opened:
        items = [json.loads(line) for line in opened.read("items.jsonl").splitlines()]
        printed = "".join(p.extract_text() for p in PdfReader(BytesIO(opened.read("04-会话记录.pdf"))).pages)
    assert sorted(bytes.fromhex(i["fields"]["text"]["bytes"]).decode() for i in items) == sorted(WORDS)
    assert all(word.rstrip("？。") in printed for word in WORDS)


def test_the_package_carries_the_notice_as_served_and_the_holder_s_history(
    talk: int, lawyer: Person, outside: Outside, tmp_path: Path
) -> None:
    path = make(talk, lawyer, outside, tmp_path / "evidence.zip")
    with zipfile.ZipFile(path) as opened:
        parts = [canonical.decode(line) for line in opened.read("parts.jsonl").splitlines()]
        served = [opened.read(n).decode() for n in opened.namelist() if n.startswith("served/")]
    tables = {p["body"]["table"] for p in parts}  # type: ignore[index,call-overload]
    wanted = {
        "assets_holding",
        "consent_served",
        "consent_step",
        "consent_notice",
        "consent_document",
        "consent_shift",
    }
    assert wanted <= tables
    assert {"员工告知书的text", "客户告知书的text"} <= set(served)


def test_the_opening_stands_before_anything_is_shown_and_is_in_the_package(
    talk: int, lawyer: Person, outside: Outside, tmp_path: Path
) -> None:
    [made] = operations.make_conversation_packages(
        conversation=talk, purpose="争议举证", matter=thread(), by=lawyer, at=NOW,
        path=tmp_path / "evidence.zip", outside=outside,
    )  # fmt: skip
    opening = queries.first_recorded("reading_opening", [made.opening])[str(made.opening)]
    assert opening.entry < made.sealed_in < made.checkpoint


def test_what_lacks_the_scope_is_left_out_and_counted(
    talk: int, lawyer: Person, outside: Outside, tmp_path: Path, company: Company
) -> None:
    says(company, "wm-lin", "withdraw", when=NOW, scope=Scope.EVIDENCE)
    path = make(talk, lawyer, outside, tmp_path / "evidence.zip")
    report = verify_package(path, policy=parse_policy(outside.policy))
    assert report.exit_code == 0
    assert [(o.count, o.reason) for o in report.omissions] == [(2, "已撤回此用途")]
    says(company, "HeQing", "withdraw", when=NOW, scope=Scope.EVIDENCE)
    with pytest.raises(NothingToProve):
        make(talk, lawyer, outside, tmp_path / "nothing.zip")


def test_a_destroyed_item_is_an_omission_with_its_reason(
    talk: int, lawyer: Person, outside: Outside, tmp_path: Path
) -> None:
    first = archived.items_of_conversation(talk)[0].item_id
    archive.shred_items(items=[first], reason="客户请求删除", by="system:test", at=NOW)
    path = make(talk, lawyer, outside, tmp_path / "evidence.zip")
    report = verify_package(path, policy=parse_policy(outside.policy))
    assert report.exit_code == 0
    assert [(o.count, o.reason) for o in report.omissions] == [(1, "已销毁")]


def test_what_was_destroyed_since_it_was_opened_has_no_place_in_the_package(
    talk: int, lawyer: Person, outside: Outside
) -> None:
    ids = archived.ids_of_conversation(talk)
    page, items = reading.open_for_package(items=ids, purpose="争议举证", matter=thread(), by=lawyer, at=NOW)
    archive.shred_items(items=ids[:1], reason="客户请求删除", by="system:test", at=NOW)
    assert archived.bases_of(ids[:1]) == ([], set(ids[:1]))
    found = operations.covered(items, operations.grounds(items, page), outside)
    assert (found.places.keys(), len(found.items)) == (set(ids[1:]), len(ids))
    assert sum(map(len, gathering.lines(found).values())) == len(ids) - 1


def test_a_purpose_that_is_none_is_refused(
    talk: int, lawyer: Person, outside: Outside, tmp_path: Path
) -> None:
    with pytest.raises(PurposeDenied):
        make(talk, lawyer, outside, tmp_path / "evidence.zip", purpose="员工忠诚度分析")
    assert not (tmp_path / "evidence.zip").exists()


def test_a_package_is_never_written_over(talk: int, lawyer: Person, outside: Outside, tmp_path: Path) -> None:
    path = tmp_path / "evidence.zip"
    path.write_bytes(b"older")
    with pytest.raises(PackageExists):
        make(talk, lawyer, outside, path)
    assert path.read_bytes() == b"older"


def test_without_a_signer_no_package_is_made(
    talk: int, lawyer: Person, outside: Outside, tmp_path: Path
) -> None:
    asleep = Outside(**{**outside.__dict__, "checkpoint": lambda: None})
    with pytest.raises(NotCovered):
        make(talk, lawyer, asleep, tmp_path / "evidence.zip")
    assert not (tmp_path / "evidence.zip").exists()


def test_a_package_of_several_batches_is_proved_item_by_item(
    talk: int, lawyer: Person, outside: Outside, tmp_path: Path
) -> None:
    more = [
        chat(n, f"第{n}句", sender="wm-lin", to="HeQing", when=f"2026-09-18 11:0{n}") for n in range(4, 8)
    ]
    assert [bring(more[at : at + 2], place=f"more-{at}.jsonl").admitted for at in (0, 2)] == [2, 2]
    path = make(talk, lawyer, outside, tmp_path / "evidence.zip")
    report = verify_package(path, policy=parse_policy(outside.policy))
    with zipfile.ZipFile(path) as opened:
        lines = opened.read("items.jsonl").splitlines()
    assert (report.exit_code, len(lines)) == (0, 8)
    assert len({json.loads(line)["entry"] for line in lines}) == 3
    assert [canonical.encode(canonical.decode(line)) for line in lines] == lines


def test_sm3_sums_stand_in_a_package_that_asks_for_them(
    talk: int, lawyer: Person, outside: Outside, tmp_path: Path
) -> None:
    path = tmp_path / "evidence.zip"
    operations.make_conversation_packages(
        conversation=talk,
        purpose="争议举证",
        matter=thread(),
        by=lawyer,
        at=NOW,
        path=path,
        outside=outside,
        sm3=True,
    )
    with zipfile.ZipFile(path) as opened:
        assert json.loads(opened.read("package.json"))["v"] == 2
        assert b"items.jsonl" in opened.read("SM3SUMS")
    assert verify_package(path, policy=parse_policy(outside.policy)).exit_code == 0


def cosigned(size: int, witness: Signer) -> None:
    [found] = queries.checkpoints(sizes=[size])
    payload = cosignature.cosign(note.parse(found.note.encode()).text, witness, time=NOW // 1_000)
    line = note.Signature(witness.name, witness.vkey.id, payload).line()
    copy_rows(
        [Cosignature(log=queries.live_log(), size=size, witness=witness.name, line=line, received_at=NOW)]
    )


def signed(signer: Signer) -> int:
    with book(at=NOW) as b:
        b.entry("test.note", by="system:test", facts={"n": 1})
    made = checkpoints.sign_head(signer, at=NOW)
    assert made is not None
    return made.size


def test_only_witnesses_that_the_policy_counts_fix_a_checkpoint(signer: Signer) -> None:
    ours, stranger = (generate(name, kind=COSIGNATURE) for name in ("ours.example/w", "else.example/w"))
    text = f"log {signer.vkey.format()}\nwitness w {ours.vkey.format()}\nquorum w\n"
    trusted = parse_policy(text.encode())
    sizes = [signed(signer) for _ in range(4)]
    cosigned(sizes[0], stranger)
    assert [c.size for c in gathering.covering(0, {0}, trusted)] == [
        sizes[3]
    ]  # nobody who counts: the newest
    cosigned(sizes[1], ours)
    cosigned(sizes[2], ours)
    assert [c.size for c in gathering.covering(0, {0}, trusted)] == [sizes[1], sizes[2]]
    newest = gathering.covering(sizes[2], {0, sizes[2]}, trusted)  # beyond what a witness has seen
    assert [c.size for c in newest] == [sizes[1], sizes[3]]


def test_the_witnesses_of_a_package_are_those_of_the_checkpoint_it_is_verified_by(signer: Signer) -> None:
    ours = generate("ours.example/w", kind=COSIGNATURE)
    text = f"log {signer.vkey.format()}\nwitness w {ours.vkey.format()}\nquorum w\n".encode()
    sizes = [signed(signer) for _ in range(3)]
    nobody = gathering.gather([], more=[], trusted=text).vouching
    assert nobody == Vouching((), counts=False)
    cosigned(sizes[1], ours)
    found = gathering.gather([], more=[], trusted=text)
    assert (found.newest.size, found.vouching) == (sizes[1], Vouching(("ours.example/w",), counts=True))
    found.leaves[sizes[1]] = b""  # an entry that the witness has not seen
    found.places[0] = (0, 0)
    gathering.cover(found)
    assert [c.size for c in found.checkpoints] == [sizes[1], sizes[2]]
    assert found.vouching == Vouching((), counts=False, earlier=sizes[1], earlier_by=("ours.example/w",))
    alone = gathering.gather([], more=[], trusted=f"log {signer.vkey.format()}\nquorum none\n".encode())
    assert alone.vouching == Vouching((), counts=True)
