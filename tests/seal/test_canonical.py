"""Canonical JSON: one spelling for each value, every other one refused by its own code."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seal.canonical import MAX_DEPTH, decode, encode
from seal.errors import SealError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
VALUES = st.recursive(
    TEXTS | INTEGERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_a_value_comes_back_from_its_canonical_bytes_and_any_json_reader_agrees(value):
    data = encode(value)
    assert decode(data) == value
    assert json.loads(data) == value


@given(VALUES)
def test_the_bytes_are_those_of_sorted_compact_json(value):
    wanted = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert encode(value) == wanted


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "canonical.json"),
        (b"{", "canonical.json"),
        (b'"\xff"', "canonical.utf8"),
        (b"\xef\xbb\xbf{}", "canonical.json"),
        ('{"a":1}'.encode("utf-16"), "canonical.utf8"),
        (b'{"a":1,"a":1}', "canonical.duplicate_key"),
        (b'{"a":{"b":1,"b":2}}', "canonical.duplicate_key"),
        (b'{"b":1,"a":2}', "canonical.form"),
        (b'{"a": 1}', "canonical.form"),
        (b'{"a":1}\n', "canonical.form"),
        (b'"\\u0041"', "canonical.form"),
        (b'"\\/"', "canonical.form"),
        (b'"\\u000A"', "canonical.form"),
        (b"-0", "canonical.form"),
        (b"1.0", "canonical.number"),
        (b"1e3", "canonical.number"),
        (b"NaN", "canonical.number"),
        (b"9007199254740992", "canonical.number"),
        (b"-9007199254740992", "canonical.number"),
        (b"1" * 5000, "canonical.number"),
        (b"null", "canonical.type"),
        (b"true", "canonical.type"),
        (b'{"a":null}', "canonical.type"),
        (b'["\\ud800"]', "canonical.surrogate"),
        (b'"\\udc00"', "canonical.surrogate"),
        ('{"é":1}'.encode(), "canonical.key"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "canonical.depth"),
        (b"[" * 100_000, "canonical.depth"),
    ],
)
def test_bytes_that_are_not_canonical_are_refused_by_their_own_code(data, code):
    with pytest.raises(SealError) as error:
        decode(data)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "canonical.type"),
        (True, "canonical.type"),
        ((1, 2), "canonical.type"),
        (b"x", "canonical.type"),
        ([1.5], "canonical.number"),
        ({"a": 2**53}, "canonical.number"),
        ({1: "a"}, "canonical.key"),
        ({"名": "a"}, "canonical.key"),
        (["\ud800"], "canonical.surrogate"),
    ],
)
def test_values_outside_the_subset_are_never_encoded(value, code):
    with pytest.raises(SealError) as error:
        encode(value)
    assert error.value.code == code


def test_the_deepest_nesting_allowed_goes_both_ways():
    data = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert encode(decode(data)) == data


def test_control_characters_are_escaped_as_rfc_8785_says():
    assert (
        encode('\x00\b\t\n\f\r\x1f\x7f"\\/\u2028')
        == b'"\\u0000\\b\\t\\n\\f\\r\\u001f\x7f\\"\\\\/\xe2\x80\xa8"'
    )
