"""Valid inputs bent by their structure: a value exchanged, a key gone or added, a line twice or elsewhere.

Random bytes end at the first check of the form. What is bent here passes it, and reaches what stands behind.
"""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seal.errors import SealError
from tests.seal import as_bytes
from tests.seal.test_fuzz import PARSERS, outcome

#: Readers of one canonical JSON object.
OBJECTS = ["entry", "excerpt claim", "item line", "item line, quickly", "omission", "part line"]
#: Readers of lines.
LINES = ["excerpt proof", "kit request", "log checkpoint", "note", "policy", "proof", "witness request"]
#: Files of a log that are committed to down to the last byte: nothing but the right one is ever read.
FIXED = ["log bundle", "log checkpoint", "log tile", "log tile above"]

HEX = st.sampled_from(["", "0", "00", "0G", "ab" * 16, "AB" * 16, "ab" * 32, "ab" * 33])
WORDS = st.sampled_from(["../x", "excerpt.json", "excerpt.amr\0", "raw", "archive_media", "接力", "\x1b[0m"])
PLAIN = (
    st.integers(-2, 3)
    | st.sampled_from([2**31, 2**53 - 1, 2**53, 2**63, 10**30, 1.0, 1e300, True, None])
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
    | HEX
    | WORDS
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | HEX, inner, max_size=2),
    max_leaves=5,
)


def places(value):
    """Every (container, key) of a JSON value."""
    found = []
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        found += [(value, key), *places(one)]
    return found


def canonical_text(value):
    """JSON in the one form, also of values that no right file holds."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@st.composite
def bent_objects(draw, good):
    """A right object with one to three places changed."""
    value = json.loads(good)
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(places(value) or [({"": 0}, "")]))
        change = draw(st.sampled_from(["exchange", "remove", "add", "twice", "nudge"]))
        if change == "exchange":
            container[key] = draw(VALUES)
        elif change == "remove":
            del container[key]
        elif isinstance(container, dict):
            container[draw(WORDS)] = draw(VALUES)
        elif change == "twice":
            container.insert(key, container[key])
        else:
            container[key] = container[(key + 1) % len(container)]
    return canonical_text(value)


@st.composite
def bent_lines(draw, good):
    """Right lines of which some are gone, there twice, elsewhere, or end otherwise."""
    lines = good.split(b"\n")
    for _ in range(draw(st.integers(1, 3))):
        at, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        new = {
            "gone": [],
            "twice": [lines[at], lines[at]],
            "exchanged": [lines[other]],
            "longer": [lines[at] + draw(st.sampled_from([b" ", b"=", b"0", b"A", b"\r", b"+", b"\xff"]))],
            "shorter": [lines[at][:-1]],
            "number": [
                draw(st.sampled_from([b"0", b"00", b"-1", b"9" * 19, b"9" * 5000, b"old 9", b"index 9"]))
            ],
            "blank": [b"", lines[at]],
        }
        lines[at : at + 1] = new[draw(st.sampled_from(sorted(new)))]
        lines = lines or [b""]
    return b"\n".join(lines)


@pytest.mark.parametrize("name", OBJECTS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_right_object_bent_in_its_values_is_read_or_refused_by_a_code(name, data):
    read, good = PARSERS[name]
    found = outcome(read, data.draw(bent_objects(good)))
    assert "." in found or found == "read"


@pytest.mark.parametrize("name", LINES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_right_lines_bent_in_their_order_are_read_or_refused_by_a_code(name, data):
    read, good = PARSERS[name]
    found = outcome(read, data.draw(bent_lines(good)))
    assert "." in found or found == "read"


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_bent_claim_passes_for_a_right_excerpt(data):
    read, good = PARSERS["excerpt claim"]
    bent = data.draw(bent_objects(good))
    assert (outcome(read, bent) == "read") is (bent == good)


@pytest.mark.parametrize("name", FIXED)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_bent_file_of_a_log_passes_for_a_right_one(name, data):
    read, good = PARSERS[name]
    at, other = (data.draw(st.integers(0, len(good) // 32)) * 32 for _ in range(2))
    moved = good[:at] + good[other : other + 32] + good[at + data.draw(st.sampled_from([0, 32])) :]
    assert (outcome(read, moved) == "read") is (moved == good)


COSIGNED = as_bytes.kit_request(as_bytes.good_request()).body


def signed(request):
    """What an offline witness signs of a request; nothing where it refuses."""
    try:
        answer = as_bytes.kit_request(request)
    except SealError as error:
        return error.code
    return answer.body if answer.status == 200 else answer.status


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_witness_signs_no_bent_request_but_over_the_same_checkpoint(data):
    """What it cosigns is exactly the checkpoint that the log has signed, whatever else stands in the folder."""
    found = signed(data.draw(bent_lines(as_bytes.good_request())))
    assert found in (COSIGNED, "witness.request", *as_bytes.ANSWERS[1:])
