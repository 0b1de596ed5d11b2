"""A keyring, an extractor and invented conversations for the archive's tests; and that they are what they claim."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from jieli.archive import checks, keys, operations, ports
from jieli.archive.keys.store import open_store
from jieli.archive.types import POSITIONS, ConversationKey, Extracted, NewItem
from jieli.kernel.times import DAY
from jieli.ledger import checks as ledger_checks
from jieli.ledger import fsck
from tests.conftest import NOW

SOURCE = "wecom:samples"
EXTRACTOR = 1
ACCOUNT, OTHER_ACCOUNT = UUID(int=0xA1), UUID(int=0xA2)
STAFF, CUSTOMER, OTHER_CUSTOMER = UUID(int=0x51), UUID(int=0xC1), UUID(int=0xC2)
OPENING = UUID(int=0x0E)
NOTICE = (("consent_notice", "n-1"), ("consent_statement", "s-1"))
LATER = (("consent_notice", "n-2"), ("consent_statement", "s-2"))
SCOPES = frozenset({"采集", "质检使用"})
TALK = (
    "您好，请问这周六的试听课还能报名吗？",
    "可以的，还剩三个名额，我帮您登记。",
    "孩子上四年级，数学有点跟不上",
    "建议先做一次测评，费用是 199 元，电话 13800001234",
    "好的，那就周六上午十点见。",
)


def extract(source: str, version: int, raw: bytes) -> Extracted:
    """The samples' lines are JSON; the extractor is pure, as wiring's are."""
    line = orjson.loads(raw)
    return Extracted(line["text"], line["from"], tuple(line["to"]), tuple(line["media"]))


def sample(
    n: int,
    *,
    text: str | None = None,
    customer: UUID = CUSTOMER,
    person: str = "wm-li",
    room: str = "",
    event_ms: int | None = None,
    account: UUID = ACCOUNT,
    **changed: Any,
) -> NewItem:
    """Message n of an invented talk; customer (even n) and adviser (odd n) take turns."""
    words = TALK[n % len(TALK)] if text is None else text
    (sender, kind, speaker), (receiver, _, _) = rotated(
        [(person, "客户", customer), ("adviser-1", "员工", STAFF)], n % 2
    )
    media = [(), ({"kind": "image", "locator": f"file-{n}", "size": 10 + n},)][n % 7 == 3]
    line = {"from": sender, "id": f"m{n}", "media": media, "text": words, "to": [receiver]}
    [digest] = ports.keyring().message_keys([(SOURCE, f"m{n}")])
    key = {True: ConversationKey(SOURCE, room), False: ConversationKey(SOURCE, "", account, person)}[
        bool(room)
    ]
    item = NewItem(
        source=SOURCE, message_key=digest, event_ms=NOW - DAY + n * 1_000 if event_ms is None else event_ms,
        conversation=key, raw=orjson.dumps(line), text=words, sender=sender, receivers=(receiver,), media=media,
        channel="chat", msgtype="text", speaker_kind=kind, speaker=speaker, account=account, holder=STAFF,
        basis_rows=NOTICE, documented_later=False, scopes=SCOPES,
    )  # fmt: skip
    return item._replace(**changed)


def rotated(pair: list[Any], by: int) -> list[Any]:
    return pair[by:] + pair[:by]


def keep(items: Sequence[NewItem], *, at: int = NOW) -> list[int]:
    """Deposit a batch; the ids of its items."""
    batch = operations.deposit(source=SOURCE, items=items, extractor=EXTRACTOR, by="system:capture", at=at)
    return [batch.id * POSITIONS + n for n in range(batch.count)]


def codes(*, at: int = NOW) -> set[str]:
    """What fsck finds, by code: the book's own checks, and all of the archive's that open no content."""
    every = [*ledger_checks.checks(checks.FOREIGN), *checks.checks(), *checks.key_checks(at=at)]
    return {finding.code for finding in fsck.run(every).findings}


@pytest.fixture
def ring(db: None, tmp_path: Path) -> Iterator[keys.Keyring]:
    """An open archive: keyring made, key store open, ports filled; the one opening is confirmed for everything."""
    made = keys.init(tmp_path / "home")
    ports.use(keyring=made, extract=extract, confirm_opening=lambda receipt, items: receipt == OPENING)
    open_store(made, at=NOW)
    yield made
    ports.use(confirm_opening=lambda receipt, items: False)


def test_the_extractor_gives_back_what_a_sample_holds(ring: keys.Keyring) -> None:
    item = sample(3)
    assert extract(SOURCE, EXTRACTOR, item.raw) == Extracted(
        item.text, item.sender, item.receivers, item.media
    )
    assert item.media
