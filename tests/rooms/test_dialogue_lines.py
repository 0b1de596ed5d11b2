"""Dialogues and their mapping: who is who and when comes from one small file, the words from the lines."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.capture.types import CALL, CHAT, Incoming, Malformed, conversation_key
from jieli.connectors.files.dialogue import SENTENCES, parse
from jieli.connectors.files.mapping import MappingError, load_mapping, number_of
from tests.shared_data import shared

NINE = 1_772_413_200_000  # 2026-03-02 09:00 in China
RULE = {
    "prefix": "desk-",
    "kind": "chat",
    "account": "acct-tea",
    "speakers": {"staff": "@account", "customer": "wm-{dialogue_id}"},
    "start": "2026-03-02T09:00:00+08:00",
    "step_s": 20,
    "every_s": 600,
}


def mapping(*rules, dialogues=(), **more):
    document = {
        "format": "jieli.dialogue-mapping",
        "version": 1,
        "rules": list(rules or [RULE]),
        "dialogues": list(dialogues),
        **more,
    }
    return load_mapping(json.dumps(document).encode())


def line(dialogue_id="desk-0003", turn=0, speaker="customer", text="有明前茶吗", **more):
    fields = {"dialogue_id": dialogue_id, "turn": turn, "speaker": speaker, "text": text, **more}
    return json.dumps(fields, ensure_ascii=False).encode()


def one(raw, using=None):
    [value] = parse([raw], using or mapping())
    return value


def code_of(raw, using=None):
    value = one(raw, using)
    assert isinstance(value, Malformed)
    return value.code


def refusal(**change):
    with pytest.raises(MappingError) as caught:
        mapping({**RULE, **change})
    return caught.value


def test_a_line_becomes_a_message_of_the_party_in_the_mapping():
    raw = line(turn=2)
    assert one(raw) == Incoming(
        source="dialogue",
        message_id="desk-0003#2",
        raw=raw,
        action="send",
        channel=CHAT,
        sender="wm-desk-0003",
        receivers=("acct-tea",),
        room="",
        event_ms=NINE + 3 * 600_000 + 2 * 20_000,
        msgtype="text",
        text="有明前茶吗",
        media=(),
        recalls="",
        line=1,
    )


def test_staff_speak_through_the_companys_account():
    value = one(line(speaker="staff"))
    assert (value.sender, value.receivers) == ("acct-tea", ("wm-desk-0003",))
    assert conversation_key(value, "acct-tea") == ("dialogue", "acct-tea", "wm-desk-0003")


def test_a_call_is_a_dialogue_whose_kind_is_call():
    value = one(line(), mapping({**RULE, "kind": "call"}))
    assert (value.channel, value.room) == (CALL, "")


def test_a_group_has_a_room_and_further_members():
    group = {**RULE, "kind": "group", "members": ["staff-an", "wm-bo"]}
    value = one(line(), mapping(group))
    assert value.room == "desk-0003"
    assert value.receivers == ("acct-tea", "staff-an", "wm-bo")
    assert one(line(), mapping({**group, "room": "wr-{dialogue_id}"})).room == "wr-desk-0003"


def test_a_speaker_known_to_be_unknown_has_no_id():
    using = mapping({**RULE, "kind": "group", "speakers": {"member_unknown": None}})
    value = one(line(speaker="member_unknown"), using)
    assert (value.sender, value.receivers) == ("", ("acct-tea",))


def test_the_longest_prefix_counts_and_a_row_of_its_own_overrides_it():
    using = mapping(
        {**RULE, "prefix": "", "account": "acct-rest"},
        RULE,
        {**RULE, "prefix": "desk-9", "account": "acct-nine"},
        dialogues=[{"dialogue_id": "desk-9001", "start": "2026-03-02T23:00:00+08:00"}],
    )
    assert one(line("other-1"), using).receivers == ("acct-rest",)
    assert one(line("desk-1"), using).receivers == ("acct-tea",)
    assert one(line("desk-9002"), using).receivers == ("acct-nine",)
    late = one(line("desk-9001", turn=1), using)
    assert late.receivers == ("acct-nine",)
    assert late.event_ms == NINE + 14 * 3_600_000 + 20_000


def test_a_row_without_a_rule_stands_alone():
    row = {key: value for key, value in RULE.items() if key not in {"prefix", "every_s"}}
    using = mapping({**RULE, "prefix": "none-"}, dialogues=[{**row, "dialogue_id": "solo"}])
    assert one(line("solo"), using).event_ms == NINE


def test_several_references_take_turns_by_number():
    using = mapping({**RULE, "account": ["acct-0", "acct-1", "acct-2"]})
    accounts = [one(line(f"desk-{number:04}"), using).receivers for number in range(6)]
    assert accounts == [("acct-0",), ("acct-1",), ("acct-2",)] * 2


def test_the_number_of_a_dialogue_stands_at_the_end_of_its_id():
    assert [number_of(name) for name in ("a-0012", "a12-b", "7", "", "x" + "9" * 30)] == [
        12,
        0,
        7,
        0,
        999_999_999,
    ]


def test_the_expectation_is_kept_verbatim():
    expected = {"admitted": 7, "refused": {"发言人不明": 2, "班次外": 1}}
    assert mapping(expected=expected).expected == expected
    assert mapping().expected == {}


def test_the_source_may_carry_a_name():
    assert one(line(), mapping(source="dialogue.spring")).source == "dialogue.spring"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", "not_json"),
        (b"\xff", "not_utf8"),
        (b"[]", "not_object"),
        (line()[:-1] + b',"turn":4}', "duplicate_key"),
        (line(dialogue_id=""), "no_dialogue_id"),
        (line(dialogue_id=3), "no_dialogue_id"),
        (line(dialogue_id="desk-" + "x" * 200), "no_dialogue_id"),
        (line(dialogue_id="desk-\x00"), "no_dialogue_id"),
        (line(turn=-1), "bad_turn"),
        (line(turn=1.0), "bad_turn"),
        (line(turn=True), "bad_turn"),
        (line(turn=1_000_000), "bad_turn"),
        (line(turn="1"), "bad_turn"),
        (line(speaker=""), "no_speaker"),
        (line(speaker=None), "no_speaker"),
        (line(text=None), "no_text"),
        (line(speaker="ghost"), "unmapped_speaker"),
        (line(dialogue_id="lobby-1"), "no_rule"),
    ],
)
def test_a_line_that_cannot_be_read_has_its_own_code(raw, code):
    assert code_of(raw) == f"dialogue.{code}"


def test_what_the_mapping_cannot_place_is_malformed_and_not_bent():
    far = mapping({**RULE, "every_s": 31_622_400})
    assert code_of(line("desk-999999999"), far) == "dialogue.bad_time"
    wide = mapping({**RULE, "speakers": {"customer": "x" * 200 + "{dialogue_id}"}})
    assert code_of(line("desk-" + "y" * 100), wide) == "dialogue.bad_ref"


def test_good_lines_beside_bad_ones_survive_with_their_numbers():
    lines = [line(turn=0) + b"\r\n", b"\n", b"{\n", line("lobby-1") + b"\n", line(turn=1) + b"\n"]
    values = list(parse(lines, mapping()))
    assert [(type(value), value.line) for value in values] == [
        (Incoming, 1),
        (Malformed, 3),
        (Malformed, 4),
        (Incoming, 5),
    ]


def test_mixed_up_dialogues_give_the_same_messages_as_ordered_ones():
    names = [f"desk-{number}" for number in range(3)]
    ordered = [line(name, turn) for name in names for turn in range(3)]
    mixed = [line(name, turn) for turn in range(3) for name in names]
    by_id = {value.message_id: (value.sender, value.event_ms) for value in parse(ordered, mapping())}
    assert len(by_id) == 9
    assert {v.message_id: (v.sender, v.event_ms) for v in parse(mixed, mapping())} == by_id


@given(st.binary(max_size=120).map(lambda raw: raw.replace(b"\n", b" ")))
def test_any_bytes_give_one_report_or_none_when_blank(raw):
    values = list(parse([raw], mapping(), first_line=2))
    assert len(values) == (not (not raw or raw.isspace()))
    assert all(value.sentence in SENTENCES.values() for value in values)


@given(
    st.fixed_dictionaries(
        {
            "dialogue_id": st.sampled_from(["desk-1", "desk-", "else"]) | st.integers(),
            "turn": st.integers(-2, 2) | st.none(),
            "speaker": st.sampled_from(["staff", "customer", "ghost"]) | st.none(),
            "text": st.text(max_size=5) | st.none(),
        }
    )
)
def test_any_fields_give_exactly_one_value(fields):
    assert isinstance(one(line(**fields)), Incoming | Malformed)


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        ({"kind": "fax"}, "bad_kind", "rules[0].kind"),
        ({"room": "wr1"}, "bad_field", "rules[0].room"),
        ({"account": None}, "bad_ref", "rules[0].account"),
        ({"account": []}, "bad_ref", "rules[0].account"),
        ({"account": "@account"}, "bad_ref", "rules[0].account"),
        ({"speakers": {}}, "no_speakers", "rules[0].speakers"),
        ({"speakers": {"staff": ""}}, "bad_ref", "rules[0].speakers.staff"),
        ({"members": "a\nb"}, "bad_ref", "rules[0].members"),
        ({"start": "2026-03-02T09:00:00"}, "bad_time", "rules[0].start"),
        ({"start": 5}, "bad_time", "rules[0].start"),
        ({"start": "1969-12-31T00:00:00+00:00"}, "bad_time", "rules[0].start"),
        ({"step_s": -1}, "bad_time", "rules[0].step_s"),
        ({"every_s": 1.5}, "bad_time", "rules[0].every_s"),
        ({"prefix": None}, "bad_ref", "rules[0].prefix"),
        ({"colour": "red"}, "unknown_field", "rules[0]"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_where(change, code, place):
    found = refusal(**change)
    assert (found.code, found.place) == (f"mapping.{code}", place)
    assert found.remedy


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_json"),
        (b"\xff", "not_json"),
        (b'{"format":"jieli.dialogue-mapping","version":1,"version":1}', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[]", "wrong_format"),
        (b'{"format":"jieli.dialogue-mapping","version":2}', "wrong_format"),
        (b'{"format":"jieli.dialogue-mapping","version":1,"rules":{}}', "bad_field"),
        (b'{"format":"jieli.dialogue-mapping","version":1,"source":"WeCom"}', "bad_field"),
        (b'{"format":"jieli.dialogue-mapping","version":1,"expected":[]}', "bad_field"),
        (b'{"format":"jieli.dialogue-mapping","version":1,"rule":[]}', "unknown_field"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(data, code):
    with pytest.raises(MappingError) as caught:
        load_mapping(data)
    assert caught.value.code == f"mapping.{code}"


def test_a_prefix_or_dialogue_may_stand_only_once():
    with pytest.raises(MappingError, match="前缀重复"):
        mapping(RULE, RULE)
    with pytest.raises(MappingError, match="对话重复"):
        mapping(dialogues=[{"dialogue_id": "desk-1"}] * 2)


def test_the_example_of_the_reference_page_works_as_it_says():
    page = (Path(__file__).parents[2] / "docs/reference/import-formats.md").read_text(encoding="utf-8")
    blocks = [block.partition("```")[0] for block in page.split("```json\n")[1:]]
    using = load_mapping(blocks[2].encode())
    asked, answered = parse(blocks[1].encode().splitlines(), using)
    assert (asked.sender, answered.sender) == ("wm-tea-0007", "acct-sales-2")
    assert answered.event_ms == NINE + 7 * 600_000 + 20_000
    assert one(line("hotline-1", speaker="staff"), using).channel == CALL
    assert one(line("tasting-1", speaker="somebody"), using).room == "wr-tasting-1"
    assert one(line("tea-0009"), using).event_ms == NINE + 14 * 3_600_000
    assert one(line("tea-0009"), using).source == "dialogue.tea"


def test_all_shared_dialogues_are_read_in_the_numbers_of_their_register():
    pair = {"staff": "@account", "customer": "wm-{dialogue_id}"}
    using = mapping(
        {**RULE, "prefix": "crosswoz-", "account": ["acct-0", "acct-1"], "speakers": pair},
        {**RULE, "prefix": "kdconv-", "speakers": {"member_a": "@account", "member_b": "acct-b"}},
        {**RULE, "prefix": "g0v-", "kind": "group", "speakers": {"member_unknown": None}},
        {**RULE, "prefix": "call-", "kind": "call", "speakers": pair},
    )
    register = [json.loads(row) for row in shared("dialogues/dialogues_meta.jsonl").read_bytes().splitlines()]
    files = sorted({row["file"] for row in register})
    found = [
        value
        for name in files
        for value in parse(shared(f"dialogues/{name}").read_bytes().splitlines(), using)
    ]
    assert not [value for value in found if isinstance(value, Malformed)]
    counts = Counter(value.message_id.rpartition("#")[0] for value in found)
    assert counts == {row["dialogue_id"]: row["messages"] for row in register}
    assert len(counts) == 3_121
    assert len({value.message_id for value in found}) == len(found) == 43_042
    calls = {row["dialogue_id"] for row in register if row["kind"].startswith("call")}
    assert {v.message_id.rpartition("#")[0] for v in found if v.channel == CALL} == calls
    assert {v.message_id.partition("-")[0] for v in found if not v.sender} == {"g0v"}
    assert all(value.text == json.loads(value.raw)["text"] for value in found)
