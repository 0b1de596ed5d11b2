"""Items, parts and entries: the derivations of ADR 1, computed here a second time by hand."""

from hashlib import sha256, shake_256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seal import item, part, tree
from seal.canonical import encode
from seal.errors import SealError

SECRET = bytes(range(32))
FIELDS = [
    ("raw", b'{"a":1}'),
    ("text", "您好".encode()),
    ("sender", b"zhang"),
    ("receivers", b'["li"]'),
    ("time", b"1790000000000"),
    ("media.0", b"{}"),
    ("media.1", b'{"size":1}'),
]


def by_hand(fields):
    stream = shake_256(b"jieli.item.v1\n" + SECRET).digest(32 * 64)
    places = ["", "raw", "text", "sender", "receivers", "time", *(f"media.{n}" for n in range(50))]
    lines = ""
    for name, data in fields:
        at = 32 * places.index(name)
        lines += f"{name} {sha256(name.encode() + bytes(1) + stream[at : at + 32] + data).hexdigest()}\n"
    return sha256(lines.encode()).digest(), stream[:32]


@given(st.lists(st.sampled_from(range(len(FIELDS))), unique=True).map(sorted))
def test_any_subset_of_fields_gives_the_digest_of_the_adr(which):
    fields = [FIELDS[n] for n in which]
    assert item.fields_digest_of(SECRET, fields) == by_hand(fields)


def test_opened_and_closed_fields_give_the_same_digest():
    expanded = item.expand(SECRET, 2)
    digests = [
        (name, item.field_digest(name, item.field_salt(expanded, name), data)) for name, data in FIELDS
    ]
    assert item.fields_digest(digests) == item.fields_digest_of(SECRET, FIELDS)[0]


def test_the_item_leaf_is_the_rfc_6962_leaf_of_78_bytes():
    fields, row = sha256(b"f").digest(), item.row_digest(encode({"batch": 1}))
    data = item.leaf_data(fields, row)
    assert (len(data), item.item_leaf(fields, row)) == (78, tree.leaf_hash(data))


def test_the_associated_data_is_origin_zero_batch_and_position():
    assert (
        item.associated_data("日志", 1, 2) == "日志".encode() + b"\0" + b"\0" * 7 + b"\1" + b"\0" * 7 + b"\2"
    )


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ([FIELDS[1], FIELDS[0]], "item.order"),
        ([FIELDS[0], FIELDS[0]], "item.order"),
        ([("media.1", b"{}"), ("media.0", b"{}")], "item.order"),
        ([("Raw", b"")], "item.field"),
        ([("media.", b"")], "item.field"),
        ([("media.01", b"")], "item.field"),
        ([("media.1024", b"")], "item.field"),
        ([("media.-1", b"")], "item.field"),
    ],
)
def test_fields_out_of_order_or_of_unknown_names_are_refused(fields, code):
    with pytest.raises(SealError) as error:
        item.fields_digest_of(SECRET, fields)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("raw", b"a\nb", "item.value"),
        ("text", b"", "item.value"),
        ("text", b"\xff", "item.value"),
        ("sender", b"", "item.value"),
        ("time", b"12.5", "item.value"),
        ("time", b"012", "item.value"),
        ("receivers", b"{}", "item.value"),
        ("receivers", b'[ "a"]', "canonical.form"),
        ("media.0", b"[]", "item.value"),
        ("colour", b"red", "item.field"),
    ],
)
def test_opened_bytes_that_are_not_of_their_field_are_refused(name, data, code):
    with pytest.raises(SealError) as error:
        item.check_field(name, data)
    assert error.value.code == code


def test_an_entry_goes_both_ways_and_is_canonical():
    data = part.entry_bytes(kind="consent.serve", time=1_790_000_000_000, count=2, commitment=bytes(32))
    read = part.parse_entry(data)
    assert data == encode(
        {"commitment": "00" * 32, "count": 2, "kind": "consent.serve", "time": read.time, "v": 1}
    )
    assert (read.encode(), read.leaf()) == (data, tree.leaf_hash(data))


ENTRY = {"commitment": "00" * 32, "count": 1, "kind": "a.b", "time": 0, "v": 1}
BAD_ENTRIES = [
    ("later version", {**ENTRY, "v": 2}, "entry.version"),
    ("no parts", {**ENTRY, "count": 0}, "entry.shape"),
    ("a name in it", {**ENTRY, "by": "zhang"}, "entry.shape"),
    ("no time", {key: value for key, value in ENTRY.items() if key != "time"}, "entry.shape"),
    ("negative time", {**ENTRY, "time": -1}, "entry.shape"),
    ("upper-case hex", {**ENTRY, "commitment": "AB" * 32}, "entry.shape"),
    ("short commitment", {**ENTRY, "commitment": "00" * 31}, "entry.shape"),
    ("kind without a dot", {**ENTRY, "kind": "deposit"}, "entry.value"),
    ("kind with a newline", {**ENTRY, "kind": "a.b\n"}, "entry.value"),
    ("kind of a number", {**ENTRY, "kind": 1}, "entry.shape"),
    ("an array", [ENTRY], "entry.shape"),
]


@pytest.mark.parametrize(
    ("value", "code"), [row[1:] for row in BAD_ENTRIES], ids=[row[0] for row in BAD_ENTRIES]
)
def test_bad_entries_are_refused_by_their_own_code(value, code):
    with pytest.raises(SealError) as error:
        part.parse_entry(encode(value))
    assert error.value.code == code


def test_parts_are_salted_leaves_under_one_root():
    facts, row = part.facts_body({"by": "a"}), part.row_body(table="t.x", id=5, row={"n": 1})
    leaves = [part.part_leaf(bytes(16), facts), part.part_leaf(bytes(16), row)]
    assert leaves[0] == sha256(b"\0" + bytes(16) + b'{"facts":{"by":"a"}}').digest()
    assert part.commitment(leaves) == tree.node_hash(*leaves)
    assert row == b'{"id":5,"row":{"n":1},"table":"t.x"}'


@pytest.mark.parametrize(
    "make",
    [
        lambda: part.part_leaf(bytes(15), b"{}"),
        lambda: part.commitment([]),
        lambda: part.check_body({"facts": {}}, 1),
        lambda: part.check_body({"id": 1, "row": {}, "table": "t"}, 0),
        lambda: part.check_body({"id": [1], "row": {}, "table": "t"}, 1),
        lambda: item.expand(bytes(31)),
    ],
)
def test_parts_and_secrets_of_the_wrong_shape_are_refused(make):
    with pytest.raises(SealError):
        make()
