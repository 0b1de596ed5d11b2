"""What is done for thousands of items at once gives what it gives for each alone."""

from uuid import UUID

import pytest

from jieli.archive import rows
from jieli.archive.types import ItemRef, OpenedItem
from jieli.capture.types import EXTRACTOR_VERSION
from jieli.evidence.gathering import opened_line
from jieli.wiring import extraction
from jieli.wiring.extraction import CannotDerive
from seal.item import expand, field_digest, fields_digest, fields_digest_of
from tests.rooms.company import chat

NOBODY = UUID(int=7)
RAW = [
    chat(1, "明前茶还有吗？"),
    chat(2, '有的 \\ " 😀', sender="HeQing", to="wm-lin"),
    chat(3, "", sender="wm-lin"),
    chat(4, "带\x7f控制"),
]


def item(text: str, sender: str, receivers: tuple[str, ...], media: int) -> OpenedItem:
    ref = ItemRef(
        65_537, 1, "wecom", 1_790_000_000_123, "chat", "text", None, "staff", NOBODY, NOBODY, NOBODY, (), False,
        frozenset(), False, False,
    )  # fmt: skip
    claims = tuple({"n": n, "kind": "image"} for n in range(media))
    return OpenedItem(ref, b"{}", text, sender, receivers, claims, bytes(range(32)), b"{}")


@pytest.mark.parametrize("text", ["", "您好"])
@pytest.mark.parametrize("sender", ["", "wm-lin"])
@pytest.mark.parametrize("receivers", [(), ("HeQing",), ("甲", "乙")])
@pytest.mark.parametrize("media", [0, 1, 12])
def test_the_fields_that_a_package_opens_are_those_that_the_item_committed_to(
    text: str, sender: str, receivers: tuple[str, ...], media: int
) -> None:
    one = item(text, sender, receivers, media)
    fields = rows.fields_of(
        raw=one.raw, text=text, sender=sender, receivers=rows.receivers_json(receivers), event_ms=one.item.event_ms,
        media=one.media,
    )  # fmt: skip
    n, row, names, salts, shown = opened_line(7, one)
    assert (n, row, list(zip(names, shown, strict=True))) == (7, one.row, fields)
    assert opened_line(7, one._replace(expanded=expand(one.secret))) == (n, row, names, salts, shown)
    each = [salts[at : at + 32] for at in range(0, len(salts), 32)]
    digests = [
        (name, field_digest(name, salt, data)) for (name, data), salt in zip(fields, each, strict=True)
    ]
    assert fields_digest(digests) == fields_digest_of(one.secret, fields)[0]


def test_lines_read_together_give_what_each_gives_alone() -> None:
    alone = [extraction.extract("wecom", EXTRACTOR_VERSION, raw) for raw in RAW]
    assert extraction.extract_all("wecom", EXTRACTOR_VERSION, RAW) == alone
    assert alone[1].text == '有的 \\ " 😀'
    assert extraction.extract_all("wecom", EXTRACTOR_VERSION, []) == []


@pytest.mark.parametrize("bad", [b"", b"   ", b"{", b"[]", b'{"a":1}', RAW[0][:-1]])
def test_one_line_that_is_none_fails_them_all(bad: bytes) -> None:
    with pytest.raises(CannotDerive):
        extraction.extract_all("wecom", EXTRACTOR_VERSION, [RAW[0], bad, RAW[1]])


def test_no_opened_item_says_its_content_in_an_error() -> None:
    assert repr(item("榴花渡口的暗号", "wm-lin", (), 0)) == "OpenedItem(65537)"
