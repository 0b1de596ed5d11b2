"""What is done for thousands of items at once gives what it gives for each alone."""

from uuid import UUID

import pytest

from jieli.archive import rows
from jieli.archive.types import ItemRef, OpenedItem
from jieli.capture.types import EXTRACTOR_VERSION, Incoming
from jieli.connectors.wecom import kept, lines
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


def test_the_digest_of_five_fields_is_the_one_they_were_sealed_with() -> None:
    one = item("您好", "wm-lin", ("HeQing",), 0)
    receivers = rows.receivers_json(one.receivers)
    sealed, _ = rows.digest_and_key(
        one.secret, one.raw, one.text, one.sender, receivers, one.item.event_ms, one.media
    )
    five = one.raw, one.text.encode(), one.sender.encode(), receivers, b"%d" % one.item.event_ms
    assert rows.five_digest(expand(one.secret), *five) == sealed
    opened = one._replace(expanded=expand(one.secret), five=five)
    assert opened_line(7, opened) == (*opened_line(7, one)[:4], five)


def test_lines_read_together_give_what_each_gives_alone() -> None:
    alone = [extraction.extract("wecom", EXTRACTOR_VERSION, raw) for raw in RAW]
    assert extraction.extract_all("wecom", EXTRACTOR_VERSION, RAW) == alone
    assert alone[1].text == '有的 \\ " 😀'
    assert extraction.extract_all("wecom", EXTRACTOR_VERSION, []) == []


def alone(raw: bytes) -> tuple[str, str, tuple[str, ...]] | None:
    """What the reader of files gives of a line that is plainly words, None for any other."""
    [found] = [*lines.parse([raw], first_line=2), None][:1]
    if not isinstance(found, Incoming) or found.media or found.recalls:
        return None
    return found.text, found.sender, found.receivers


PLAIN = chat(7, "秋茶什么时候到？")
#: One line each that is nearly the plain one, and what makes it another.
NEARLY = [
    PLAIN.replace(b'"send"', b'"recall"'), PLAIN.replace(b'"send"', b'"switch"'), PLAIN.replace(b'"send"', b'""'),
    PLAIN.replace(b'"text"', b'"image"', 1), PLAIN.replace(b'"msgtype"', b'"msgtype":"text","msgtype"'),
    PLAIN.replace(b'"content"', b'"content":"a","content"'), PLAIN.replace(b'"content"', b'"other"'),
    PLAIN.replace(b"}", b',"n":{"a":1}}', 1), PLAIN + b"}", PLAIN + b" ", PLAIN + b"\r", b" " + PLAIN,
    b"[" + PLAIN + b"]",
    PLAIN.replace(b'"msgid":"', b'"msgid":"' + b"9" * 300), PLAIN.replace(b'"msgid"', b'"id"'),
    PLAIN.replace(b'"tolist":[', b'"tolist":[[],'), PLAIN.replace(b'"tolist":[', b'"tolist":[null,'),
    PLAIN.replace(b'"msgtime":', b'"msgtime":-'), PLAIN.replace(b'"msgtime":', b'"msgtime":9999'),
    PLAIN.replace("秋茶".encode(), b"\\u0007"), PLAIN.replace("秋茶".encode(), b"\x7f"),
    PLAIN.replace(b":", b": \n", 1),
    PLAIN.replace("秋茶".encode(), b"\xff"), PLAIN.replace("秋茶".encode(), b":"), b"", b"null", b"1",
]  # fmt: skip


@pytest.mark.parametrize("raw", [*RAW, PLAIN, *NEARLY])
def test_a_kept_line_read_quickly_is_read_as_the_reader_reads_it_or_not_at_all(raw: bytes) -> None:
    [found] = kept.words([raw], {})
    assert found is None or found == alone(raw)


def test_words_between_people_are_read_quickly_and_leave_one_envelope_each() -> None:
    seen: lines.Seen = {}
    assert kept.words([PLAIN, PLAIN], seen) == [alone(PLAIN)] * 2
    assert len(seen) == 1
    assert len(set(NEARLY) - {PLAIN}) == len(NEARLY)


@pytest.mark.parametrize("bad", [b"", b"   ", b"{", b"[]", b'{"a":1}', RAW[0][:-1]])
def test_one_line_that_is_none_fails_them_all(bad: bytes) -> None:
    with pytest.raises(CannotDerive):
        extraction.extract_all("wecom", EXTRACTOR_VERSION, [RAW[0], bad, RAW[1]])


def test_no_opened_item_says_its_content_in_an_error() -> None:
    assert repr(item("榴花渡口的暗号", "wm-lin", (), 0)) == "OpenedItem(65537)"
