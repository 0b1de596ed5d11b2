"""What the sample company was told, agreed to, and said to its customers; and an archive that can be opened."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from jieli.archive import keys, ports
from jieli.archive.keys.store import open_store
from jieli.archive.types import ConversationKey, NewItem
from jieli.consent import operations as consent
from jieli.consent.types import (
    DocumentKind,
    Means,
    NewConsent,
    NewDocument,
    NewNotice,
    NewShift,
    Rules,
    Scope,
    SubjectKind,
)
from jieli.kernel.times import DAY, HOUR, MINUTE, start_of_day
from jieli.matters import operations as matters
from jieli.matters.types import Involved, MatterKind, PersonKind
from jieli.parties import operations as parties
from jieli.parties import queries as party_queries
from jieli.parties.types import NewCustomer
from jieli.reading.queries import opening_names
from tests.conftest import NOW
from tests.doors.sample import BY, Sample
from tests.rooms import test_archive_samples as archive

TODAY = start_of_day(date(2026, 9, 21))
NOTICE = NewNotice(
    kind=SubjectKind.STAFF, title="工作账号会话存档告知书",
    text="远帆教育科技（北京）有限公司只在班次之内，保存您用工作账号与客户的沟通。\n\n私人账号、私人通话、屏幕、位置，一律不保存。",
    means=(Means.CHAT, Means.CALL), scopes=(Scope.CAPTURE, Scope.QUALITY, Scope.EVIDENCE), purpose="客户沟通留痕",
    hours="班次之内", use="投诉溯源、质检、争议举证", retention="三年", categories="文字、图片、文件、通话录音",
    contact="远帆教育科技（北京）有限公司 010-5550-0101", rights="可随时查阅、撤回、提出异议",
    summary="您同意的是工作账号里与客户的沟通被保存；其余可以拒绝，不受影响。",
)  # fmt: skip
TALK = (
    "您好，周六上午的试听课还有名额吗？",
    "有的，还剩三个。孩子几年级？",
    "四年级，数学有点吃力，之前报过一个班，退费一直没有到账。",
    "退费我帮您查，登记时间是八月十二日，财务说三个工作日内原路退回。",
    "好的，那试听课也帮我报上，谢谢。",
    "已经报好，周六九点半，地址我发您。",
)


def consented(sample: Sample, *numbers: str, at: int = NOW - 15 * DAY) -> UUID:
    """These people were told, agreed to chats for three uses, signed all four papers, and are on shift at NOW."""
    staff = [sample.staff[n] for n in numbers]
    notice = consent.publish_notice(NOTICE, by=BY, at=at)
    kind = SubjectKind.STAFF
    consent.serve(
        notice=notice, subject_kind=kind, subjects=staff, claimed_at=at, how="企业微信", by=BY, at=at
    )
    said = [
        NewConsent(kind, who, Means.CHAT, scope, at, notice)
        for who in staff
        for scope in (Scope.CAPTURE, Scope.QUALITY, Scope.EVIDENCE)
    ]
    consent.give(said, by=BY, at=at)
    consent.load_documents(
        [NewDocument(w, k, date(2026, 9, 1)) for w in staff for k in DocumentKind], by=BY, at=at
    )
    consent.load_shifts([NewShift(w, TODAY + 9 * HOUR, TODAY + 23 * HOUR) for w in staff], by=BY, at=at)
    consent.load_calendar(2026, by=BY, at=at)
    consent.set_policy(Rules(), starts_at=at, by=BY, at=at)
    return notice


@pytest.fixture
def archive_open(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An archive with a keyring, whose ports are filled as wiring fills them."""
    from jieli.doors.console import reading

    ring = keys.init(tmp_path / "home")
    ports.use(keyring=ring, extract=archive.extract, confirm_opening=opening_names)
    open_store(ring, at=NOW)
    monkeypatch.setattr(reading.ports, "fill", lambda profile, at: None)
    yield
    ports.use(confirm_opening=lambda receipt, items: False)


def talked(sample: Sample, *, times: int = 1, at: int = NOW - 10 * DAY) -> str:
    """A talk of 李敏 with a customer, kept so many times over on following days; the number of an open matter."""
    parties.register_customers([NewCustomer("K-0001", "刘女士")], by=BY, at=at)
    customer = party_queries.customers_by_no()["K-0001"].id
    items = [
        _item(sample, customer, day * len(TALK) + n, day, n, text)
        for day in range(times)
        for n, text in enumerate(TALK)
    ]
    archive.keep(items, at=at)
    opened = matters.open_matter(
        kind=MatterKind.DISPUTE, title="刘女士投诉退费迟延", by=BY, at=at,
        people=[Involved(PersonKind.STAFF, sample.staff["1001"], "经办人")],
    )  # fmt: skip
    return opened.number


def _item(sample: Sample, customer: UUID, number: int, day: int, n: int, text: str) -> NewItem:
    account, staff = sample.accounts["YuanFan01"], sample.staff["1001"]
    key = ConversationKey(archive.SOURCE, "", account, "wm-liu")
    ms = TODAY - 20 * DAY + day * DAY + 10 * HOUR + n * MINUTE
    # The sample's even messages are the customer's; two more keep media out of most of them.
    found = archive.sample(
        number * 14 + n % 2, text=text, person="wm-liu", customer=customer, event_ms=ms, account=account
    )
    return found._replace(conversation=key, holder=staff, speaker=[customer, staff][n % 2])
