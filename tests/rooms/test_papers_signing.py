"""What stands beside a paper: each grade has what it needs, a refusal is never a signature, and the digest rules."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg.errors
import pytest
from django.db import IntegrityError
from fido2 import cbor
from fido2.cose import ES256

from jieli.kernel.ids import new_id
from jieli.ledger import checks as ledger_checks
from jieli.ledger import fsck
from jieli.ledger.operations import book
from jieli.papers import assertions, checks, facts, operations, ports, queries
from jieli.papers.errors import AlreadyAnswered, NoSuchDelivery, NoSuchPaper, PaperRefused, SignatureRefused
from jieli.papers.rendering import render
from jieli.papers.signing import Channel, Grade, Outcome
from tests.conftest import NOW
from tests.fakes.authenticator import VERIFIED, Authenticator, b64
from tests.rooms import forms

BY = "person:0190a000-0000-7000-8000-000000000193"
ZHOU, SHEN = (UUID(f"0190a000-0000-7000-8000-00000000019{n}") for n in (3, 4))
CA = {"provider": "虚构签名平台", "certificate": "MIIB", "signature": "c2ln"}
TRACE = {"session": "企业微信扫码登录 2026-09-21 22:10"}
Sql = Callable[..., list[tuple[Any, ...]]]
pytestmark = pytest.mark.usefixtures("db")


def issued() -> UUID:
    return operations.issue(forms.CERTIFICATE, title="周敏的文书", by=BY, at=NOW).id


def scan() -> UUID:
    return operations.receive(
        kind="签署页照片", title="", content=b"\xff\xd8\xff photo", media_type="image/jpeg", by=BY, at=NOW
    ).id


def asserted(digest: bytes, *, flags: int | None = None, key: Authenticator | None = None) -> dict[str, str]:
    """What a person's phone answers when it is asked to sign the digest of a paper."""
    phone = key or Authenticator("qinghe.example", "https://qinghe.example")
    phone.flags = phone.flags if flags is None else flags
    answer = phone.get({"publicKey": {"challenge": b64(digest)}})
    return {
        "credential_id": answer["id"],
        "public_key": b64(cbor.encode(dict(ES256.from_cryptography_key(phone.key.public_key())))),
        "client_data": answer["response"]["clientDataJSON"],
        "authenticator_data": answer["response"]["authenticatorData"],
        "signature": answer["response"]["signature"],
    }


def sign(paper: UUID, grade: Grade, **changed: Any) -> Any:
    given: dict[str, Any] = {
        "role": "移交人", "signer": ZHOU, "signer_name": "周敏", "evidence": {}, "scan": None, "signed_at": NOW - 5,
        **changed,
    }  # fmt: skip
    return operations.sign(paper=paper, grade=grade, by=BY, at=NOW, **given)


def refuse(paper: UUID, **changed: Any) -> Any:
    given: dict[str, Any] = {
        "role": "移交人", "refuser": ZHOU, "refuser_name": "周敏", "reason": "对提成有异议", "witnesses": ["祁芸"],
        **changed,
    }  # fmt: skip
    return operations.refuse(paper=paper, by=BY, at=NOW, **given)


def findings() -> list[str]:
    return [f.code for f in fsck.run([*ledger_checks.checks({}), *checks.checks()]).findings]


@dataclass
class Mark:
    """A sealer that shows in the bytes that it was asked, and with which time."""

    name: str = "虚构签章"

    def seal(self, pdf: bytes, *, at: int) -> bytes:
        return pdf + f"%sealed {at}".encode()


@pytest.fixture
def sealer() -> Iterator[None]:
    ports.use(sealer=Mark())
    yield
    ports.use(sealer=None)


@pytest.mark.usefixtures("sealer")
def test_a_paper_is_sealed_with_its_own_time_before_its_digest_is_taken() -> None:
    made = operations.prepare(forms.CERTIFICATE)
    assert made == render(forms.CERTIFICATE) + f"%sealed {NOW}".encode()
    kept = operations.issue(forms.CERTIFICATE, title="", by=BY, at=NOW + 9)
    assert queries.content(kept.id) == made
    assert kept.sha256 == sha256(made).hexdigest()


def test_the_code_on_a_page_leads_to_the_paper_and_to_its_printed_version_but_not_under_another_number() -> (
    None
):
    first = operations.issue(forms.HANDOVER, title="", by=BY, at=NOW)
    second = operations.issue(replace(forms.HANDOVER, print_layout=True), title="", by=BY, at=NOW + 1)
    operations.issue(replace(forms.HANDOVER, copies=9), title="", by=BY, at=NOW + 2)
    code = facts.code_of(forms.HANDOVER)
    assert queries.by_code(code) == [first, second]
    assert first.sha256 != second.sha256
    assert first.facts_digest == facts.facts_digest(forms.HANDOVER).hex()
    assert queries.by_code(code.replace("JL-2026-0193", "JL-2026-0194")) == []
    assert queries.by_code("JIELI1:JL-2026-0193:" + "0" * 32) == []
    assert queries.paper(scan()).facts_digest == ""


@pytest.mark.req("R0.47")
def test_the_three_who_hand_over_sign_each_by_his_own_grade_over_the_papers_digest() -> None:
    paper, photo = issued(), scan()
    digest = bytes.fromhex(queries.paper(paper).sha256)
    made = [
        sign(paper, Grade.PASSKEY, evidence=asserted(digest)),
        sign(
            paper, Grade.INK, role="接收人", signer=SHEN, signer_name="沈知远", scan=photo, signed_at=NOW - 4
        ),
        sign(paper, Grade.CA, role="监交人", signer=None, signer_name="高岚", evidence=CA, signed_at=NOW - 3),
        sign(
            paper,
            Grade.TRACE,
            role="人力",
            signer=None,
            signer_name="罗晓",
            evidence=TRACE,
            signed_at=NOW - 2,
        ),
    ]
    kept = queries.signatures([paper])
    assert kept == {paper: made}
    assert {s.paper_sha256 for s in kept[paper]} == {sha256(queries.content(paper)).hexdigest()}
    assert assertions.holds(kept[paper][0].evidence, digest)
    assert kept[paper][1].scan == photo
    assert findings() == []


def test_a_passkey_signs_this_paper_by_a_verified_person_or_nothing() -> None:
    paper = issued()
    digest = bytes.fromhex(queries.paper(paper).sha256)
    good = asserted(digest)
    other = Authenticator("qinghe.example", "https://qinghe.example")
    wrong = {
        "another paper": asserted(sha256(b"other").digest()),
        "nobody verified": asserted(digest, flags=0x01),
        "nobody present": asserted(digest, flags=VERIFIED),
        "another key": {**good, "public_key": asserted(digest, key=other)["public_key"]},
        "another client": {**good, "client_data": asserted(digest, key=other)["client_data"] + "AA"},
        "not base64url": {**good, "signature": good["signature"] + "=="},
        "no map": {**good, "public_key": b64(cbor.encode(7))},
        "nothing": {},
        **{f"without {k}": {n: v for n, v in good.items() if n != k} for k in assertions.KEYS},
        **{
            f"{k} empty": {**good, k: ""}
            for k in ("public_key", "client_data", "authenticator_data", "signature")
        },
    }
    assert assertions.holds(good, digest)
    assert [name for name, evidence in wrong.items() if assertions.holds(evidence, digest)] == []
    with pytest.raises(SignatureRefused, match=r"papers\.assertion"):
        sign(paper, Grade.PASSKEY, evidence=wrong["another paper"])
    assert queries.signatures([paper]) == {}


@pytest.mark.parametrize(
    ("grade", "evidence", "scanned", "code"),
    [
        (Grade.CA, {}, False, "papers.ca_evidence"),
        (Grade.CA, {**CA, "signature": ""}, False, "papers.ca_evidence"),
        (Grade.PASSKEY, {}, True, "papers.assertion"),
        (Grade.TRACE, {}, False, "papers.trace"),
        (Grade.TRACE, {**TRACE, "signature": "c2ln"}, False, "papers.trace"),
        (Grade.TRACE, TRACE, True, "papers.trace"),
        (Grade.INK, {}, False, "papers.ink"),
        (Grade.INK, TRACE, True, "papers.ink"),
    ],
)
def test_a_signature_without_what_its_grade_needs_is_refused(
    grade: Grade, evidence: dict[str, str], scanned: bool, code: str
) -> None:
    paper, photo = issued(), scan()
    with pytest.raises(SignatureRefused) as refused:
        sign(paper, grade, evidence=evidence, scan={True: photo, False: None}[scanned])
    assert refused.value.code == code
    assert queries.signatures([paper]) == {}


@pytest.mark.parametrize(
    ("grade", "evidence", "constraint"),
    [
        ("乙", {}, "papers_signature_passkey"),
        ("乙", {"signature": "x"}, "papers_signature_passkey"),
        ("甲", {"provider": "x"}, "papers_signature_ca"),
        ("丙", {"signature": "x"}, "papers_signature_trace"),
        ("丙", {"certificate": "x"}, "papers_signature_trace"),
        ("线下", {}, "papers_signature_ink"),
        ("丁", {}, "papers_signature_grade"),
    ],
)
def test_the_database_itself_refuses_a_grade_without_what_it_needs(
    grade: str, evidence: dict[str, str], constraint: str
) -> None:
    from jieli.papers.models import Signature

    row = Signature(
        id=new_id(NOW), paper_id=issued(), sha256=bytes(32), role="移交人", signer=ZHOU, signer_name="周敏",
        grade=grade, evidence=evidence, scan_id=None, signed_at=NOW,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match=constraint), book(at=NOW) as b:
        b.entry("test.forge", by=BY).insert(row)


def test_who_has_refused_cannot_be_entered_as_having_signed_nor_the_other_way_round() -> None:
    paper, photo = issued(), scan()
    refused = refuse(paper, proof=photo)
    with pytest.raises(AlreadyAnswered, match=r"papers\.already_answered"):
        sign(paper, Grade.INK, scan=photo)
    with pytest.raises(AlreadyAnswered):
        refuse(paper)
    assert queries.signatures([paper]) == {}
    assert queries.refusals([paper]) == {paper: [refused]}
    signed = sign(paper, Grade.INK, role="接收人", scan=photo)
    with pytest.raises(AlreadyAnswered):
        refuse(paper, role="接收人")
    with pytest.raises(AlreadyAnswered):
        sign(paper, Grade.INK, role="接收人", scan=photo)
    assert queries.signatures([paper]) == {paper: [signed]}
    assert (refused.reason, refused.witnesses, refused.refused_at) == ("对提成有异议", ("祁芸",), NOW)
    assert findings() == []


def test_two_without_an_id_are_told_apart_by_name() -> None:
    paper, photo = issued(), scan()
    sign(paper, Grade.INK, signer=None, signer_name="祁芸", role="见证人", scan=photo)
    sign(paper, Grade.INK, signer=None, signer_name="宋怀", role="见证人", scan=photo)
    with pytest.raises(AlreadyAnswered):
        sign(paper, Grade.INK, signer=None, signer_name="祁芸", role="见证人", scan=photo)


@pytest.mark.parametrize("witnesses", [[], [""], ["祁芸", " "]])
def test_a_refusal_needs_witnesses_with_names(witnesses: list[str]) -> None:
    with pytest.raises(PaperRefused, match=r"papers\.no_witness"):
        refuse(issued(), witnesses=witnesses)


def test_what_names_a_paper_that_does_not_exist_is_refused_before_the_book_is_opened() -> None:
    paper, nowhere = issued(), new_id(NOW)
    with pytest.raises(NoSuchPaper):
        sign(nowhere, Grade.TRACE, evidence=TRACE)
    with pytest.raises(NoSuchPaper):
        sign(paper, Grade.INK, scan=nowhere)
    with pytest.raises(NoSuchPaper):
        refuse(nowhere)
    with pytest.raises(NoSuchDelivery):
        operations.delivery_result(delivery=nowhere, outcome=Outcome.SEEN, outcome_at=NOW, by=BY, at=NOW)
    with pytest.raises(SignatureRefused, match=r"papers\.unnamed"):
        sign(paper, Grade.TRACE, evidence=TRACE, role="")


def test_a_delivery_keeps_what_came_of_it_in_order_and_ems_has_its_number() -> None:
    paper, slip = issued(), scan()
    whom: dict[str, Any] = {"paper": paper, "to": ZHOU, "to_name": "周敏", "by": BY, "at": NOW}
    with pytest.raises(PaperRefused, match=r"papers\.ems_number"):
        operations.deliver(channel=Channel.EMS, address="杭州", sent_at=NOW, **whom)
    ems = operations.deliver(channel=Channel.EMS, address="杭州", number="1000000000193", sent_at=NOW, **whom)
    text = operations.deliver(channel=Channel.SMS, address="13800000193", sent_at=NOW + 1, **whom)
    first = operations.delivery_result(
        delivery=ems.id, outcome=Outcome.NO_ANSWER, outcome_at=NOW + 5, by=BY, at=NOW + 5
    )
    last = operations.delivery_result(
        delivery=ems.id,
        outcome=Outcome.RETURNED,
        who="门卫",
        proof=slip,
        outcome_at=NOW + 9,
        by=BY,
        at=NOW + 9,
    )
    assert ems.outcome is None
    assert queries.deliveries([paper]) == {paper: [replace(ems, results=(first, last)), text]}
    assert queries.deliveries([paper])[paper][0].outcome is Outcome.RETURNED
    assert queries.deliveries([slip]) == {}
    assert findings() == []


def test_a_use_of_the_seal_is_entered_once_for_each_order() -> None:
    paper = issued()
    use: dict[str, Any] = {
        "paper": paper,
        "seal_no": "公章 01",
        "handler": "罗晓",
        "used_at": NOW,
        "by": BY,
        "at": NOW,
    }
    made = operations.use_seal(order_no="用印 2026-118", **use)
    with pytest.raises(PaperRefused, match=r"papers\.seal_use_again"):
        operations.use_seal(order_no="用印 2026-118", **use)
    with pytest.raises(PaperRefused, match=r"papers\.seal_use\b"):
        operations.use_seal(order_no="", **use)
    assert queries.seal_uses([paper]) == {paper: [made]}
    assert (made.seal_no, made.order_no, made.handler) == ("公章 01", "用印 2026-118", "罗晓")


def test_a_failed_transaction_leaves_neither_signature_nor_answer() -> None:
    paper = issued()
    with pytest.raises(ZeroDivisionError), book(at=NOW):
        sign(paper, Grade.TRACE, evidence=TRACE)
        raise ZeroDivisionError
    assert queries.signatures([paper]) == {}
    sign(paper, Grade.TRACE, evidence=TRACE)
    assert findings() == []


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE papers_signature SET sha256 = sha256('other')", "papers.signed_otherwise"),
        (
            'UPDATE papers_signature SET evidence = evidence || \'{"signature": "AAAA"}\'',
            "papers.signature_fails",
        ),
        ("DELETE FROM papers_answer", "papers.answer_missing"),
        ("UPDATE papers_answer SET kind = '拒签'", "papers.answer_missing"),
        ("DELETE FROM papers_signature", "papers.answer_alone"),
    ],
)
def test_signatures_changed_behind_the_book_are_named(owner_sql: Sql, statement: str, code: str) -> None:
    paper = issued()
    sign(paper, Grade.PASSKEY, evidence=asserted(bytes.fromhex(queries.paper(paper).sha256)))
    owner_sql(statement)
    assert code in findings()


@pytest.mark.parametrize(
    "table", ["answer", "signature", "refusal", "delivery", "delivery_result", "seal_use"]
)
def test_the_application_may_not_change_what_stands_beside_a_paper(other_connection: Any, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        other_connection().execute(f"DELETE FROM papers_{table}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        other_connection().execute(f"UPDATE papers_{table} SET id = id")
